"""Solutions of equations, differentiated by the implicit function theorem."""
