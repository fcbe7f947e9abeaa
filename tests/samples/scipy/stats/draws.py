"""No sample may vary a draw, which fits its shapes: see ``test_scipy_stats.py``."""
