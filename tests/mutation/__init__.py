"""Small faults that are built into fgrad, to see whether the tests find them."""
