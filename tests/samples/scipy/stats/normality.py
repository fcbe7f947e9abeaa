"""Calls of tests of means and of the normal distribution, and of a description."""

import scipy.stats as ss

from tests.samples import fixed, positive, real, sample, spread

REAL = "they are for real numbers"
SIDES = ("two-sided", "less", "greater")

sample(ss.describe, spread(6), _real_only=REAL)
sample(ss.describe, spread(5, 2), axis=0, ddof=0, bias=False, _real_only=REAL)
sample(ss.describe, spread(4, 2), axis=None, _real_only=REAL)
sample(ss.f_oneway, real(5), real(4) + 0.5, real(6), _real_only=REAL)
sample(ss.f_oneway, real(2, 5), real(2, 4), axis=1, _real_only=REAL)
sample(ss.f_oneway, real(2, 3), real(2, 4), axis=None, _real_only=REAL)
for _side in SIDES:
    sample(ss.skewtest, real(12), alternative=_side, _real_only=REAL)
    sample(ss.kurtosistest, real(24), alternative=_side, _real_only=REAL)
for _equal in (True, False):
    sample(
        ss.ttest_ind_from_stats,
        *(real(2), positive(2), fixed(7.0)),
        *(real(2), positive(2), fixed(9.0)),
        equal_var=_equal,
        _real_only=REAL,
    )
sample(ss.skewtest, real(9, 2), axis=0, _real_only=REAL)
sample(ss.normaltest, real(24), _real_only=REAL)
