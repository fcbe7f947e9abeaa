"""Functions that order entries."""
