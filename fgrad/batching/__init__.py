"""Batching: an interpretation of all operations for several examples at once."""
