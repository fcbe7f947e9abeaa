"""Calls of `scipy.stats`."""
