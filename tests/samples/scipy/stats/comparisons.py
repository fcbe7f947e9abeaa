"""Calls of distances of samples, lines through points, and statistics of tests."""

import numpy as np
import scipy.stats as ss

from tests.samples import fixed, positive, real, sample, spread

WIDE = "of one argument alone, float32 has fewer digits"
REAL = "they are for real numbers"

for _fun in (ss.wasserstein_distance, ss.energy_distance):
    sample(_fun, spread(5), 1.1 * spread(4) + 0.13, _real_only=REAL)
    sample(_fun, spread(4), spread(3) + 0.13, positive(4), positive(3), _real_only=REAL)
for _side in ("two-sided", "less", "greater"):
    sample(ss.pearsonr, real(6), real(6), alternative=_side, _real_only=REAL)
    sample(ss.linregress, real(6), real(6), alternative=_side, _real_only=REAL)
    sample(ss.ttest_1samp, real(6), fixed(0.3), alternative=_side, _real_only=REAL)
sample(ss.pearsonr, real(2, 6), real(2, 6), axis=1, _real_only=REAL)
sample(ss.ttest_1samp, real(2, 6), 0.1, axis=1, _real_only=REAL, _double_only=WIDE)
sample(ss.ttest_1samp, real(6, 2), real(1, 2), axis=0, _real_only=REAL)
sample(ss.ttest_rel, real(6, 2), real(6, 2), _real_only=REAL)
sample(ss.pearsonr, real(2), real(2), _real_only=REAL)
sample(ss.ttest_ind, real(6, 2), real(5, 2), _real_only=REAL)
sample(ss.ttest_ind, real(6), real(5), equal_var=False, _real_only=REAL)
sample(ss.jarque_bera, real(9), _real_only=REAL)
sample(ss.jarque_bera, real(9, 2), axis=0, _real_only=REAL)
sample(ss.chisquare, positive(5), _real_only=REAL)
for _power in (
    None,
    "log-likelihood",
    "mod-log-likelihood",
    "freeman-tukey",
    fixed(2.0),
):
    sample(ss.power_divergence, positive(5), lambda_=_power, _real_only=REAL)
    _observed = np.array([[2.0, 3.0], [4.0, 5.0], [3.0, 1.5]])
    sample(
        ss.power_divergence,
        _observed,
        ddof=1,
        lambda_=_power,
        _real_only=REAL,
    )
