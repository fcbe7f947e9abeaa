"""Calls of SciPy's functions: one file for each file of ``fgrad/scipy``."""
