"""Calls of what shows and adds up windows; and the windows of other samples."""

from fgrad.nn._windows import Window, folded, unfolded
from tests.samples import real, sample

PLAIN = Window((2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1))
FULL = Window((3, 2), (2, 1), ((1, 2), (0, 1)), (1, 2))
LINE = Window((3,), (2,), ((1, 1),), (1,))
WIDE = Window((4,), (1,), ((0, 0),), (1,))  # it has fewer places than entries

sample(unfolded.__wrapped__, real(2, 3, 3), PLAIN)
sample(unfolded.__wrapped__, real(2, 4, 5), FULL)
sample(unfolded.__wrapped__, real(5), LINE)
sample(unfolded.__wrapped__, real(0, 5), LINE)
sample(folded.__wrapped__, real(2, 2, 2, 2, 2), PLAIN, (3, 3))
sample(folded.__wrapped__, real(2, 3, 2, 3, 4), FULL, (4, 5))
sample(folded.__wrapped__, real(3, 3), LINE, (5,))
sample(folded.__wrapped__, real(4, 2), WIDE, (5,))
sample(folded.__wrapped__, real(0, 3, 3), LINE, (5,))
