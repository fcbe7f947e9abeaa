"""Calls of `scipy.linalg`."""
