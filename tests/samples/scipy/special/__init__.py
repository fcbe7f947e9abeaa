"""Calls of `scipy.special`."""
