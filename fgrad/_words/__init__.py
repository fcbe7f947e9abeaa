"""What messages say: the user's line, foreign arrays, and what to write instead."""
