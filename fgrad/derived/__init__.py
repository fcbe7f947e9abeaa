"""NumPy functions that are, for traced values, short compositions of primitives.

Importing a module registers its compositions.
"""

from fgrad.derived import joining

__all__ = ["joining"]
