"""Products: matrix products, tensor contractions."""
