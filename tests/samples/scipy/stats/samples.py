"""Calls of statistics of samples."""

import numpy as np
import scipy.stats as ss

from tests.samples import fixed, positive, real, sample, spread

CENTER = fixed(0.3)
REAL = "they are for real numbers"

for _fun, _options in (
    (ss.skew, [{}, {"bias": False}]),
    (ss.kurtosis, [{}, {"bias": False, "fisher": False}]),
    (
        ss.moment,
        [{"order": 3}, {"order": [1, 2, 4]}, {"order": 3, "center": CENTER}],
    ),
    (ss.variation, [{}, {"ddof": 1}]),
    (ss.sem, [{}, {"ddof": 0}]),
    (ss.kstat, [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]),
    (ss.zscore, [{}, {"ddof": 1}]),
    (ss.gzscore, [{}]),
    (ss.gmean, [{}]),
    (ss.hmean, [{}]),
    (ss.gstd, [{}, {"ddof": 0}]),
    (ss.tmean, [{}, {"limits": (fixed(0.6), fixed(1.8))}]),
    (ss.tvar, [{"limits": (fixed(0.6), fixed(1.8))}, {"ddof": 0}]),
    (ss.tstd, [{"limits": (fixed(0.6), None), "inclusive": (False, True)}]),
    (ss.tsem, [{"limits": (fixed(0.6), fixed(1.8))}]),
    (ss.entropy, [{}, {"base": 2}]),
    (ss.circvar, [{}, {"high": 3.0}]),
    (ss.circstd, [{}, {"normalize": True, "high": 5.0, "low": 0.3}]),
    (ss.circmean, [{}, {"high": 3.0}]),
):
    for _given in _options:
        sample(_fun, positive(7), **_given, _real_only=REAL)
        sample(_fun, positive(2, 7), axis=-1, **_given, _real_only=REAL)
    sample(_fun, positive(7, 2), axis=None, _real_only=REAL)
    if _fun not in (ss.zscore, ss.gzscore):
        sample(_fun, positive(7, 2), axis=0, keepdims=True, _real_only=REAL)
    sample(_fun, positive(3, 2, 2), axis=(0, -1), _real_only=REAL)
sample(ss.circmean, -positive(7), _real_only=REAL)  # one turn is added
sample(ss.zmap, real(3), real(5), _real_only=REAL)
sample(ss.pmean, positive(5, 2), 1.7, _real_only=REAL)
sample(ss.pmean, positive(5), 0, weights=positive(5), _real_only=REAL)
for _fun in (ss.gmean, ss.hmean):
    sample(_fun, positive(5), weights=positive(5), _real_only=REAL)
    sample(_fun, positive(2, 5), axis=1, weights=positive(2, 5), _real_only=REAL)
ABSOLUTE = {"scale": "SciPy's solver stops at an absolute tolerance"}
for _weights in (None, positive(6)):
    sample(
        *(ss.expectile, spread(6), 0.3),
        weights=_weights,
        _real_only=REAL,
        _keeps=ABSOLUTE,
    )
sample(ss.trim_mean, spread(7), fixed(0.2), _real_only=REAL)
sample(ss.trim_mean, spread(2, 7), fixed(0.2), axis=1, keepdims=True, _real_only=REAL)
sample(ss.iqr, spread(3, 5), _real_only=REAL)
sample(ss.iqr, spread(3, 5), axis=1, rng=(10, 80), scale="normal", _real_only=REAL)
sample(ss.iqr, spread(7), interpolation="midpoint", keepdims=True, _real_only=REAL)
sample(ss.median_abs_deviation, spread(6), _real_only=REAL)
sample(ss.median_abs_deviation, spread(7, 2), scale="normal", _real_only=REAL)
sample(ss.median_abs_deviation, spread(6), center=np.mean, _real_only=REAL)
sample(ss.entropy, positive(2, 3), positive(2, 3), axis=1, _real_only=REAL)
sample(ss.entropy, positive(2, 1), positive(3), axis=1, _real_only=REAL)
sample(ss.boxcox, positive(4), 0.7, _real_only=REAL)
sample(ss.yeojohnson, spread(5), 0.7, _real_only=REAL)
sample(ss.boxcox_llf, 0.7, positive(6), _real_only=REAL)
sample(ss.yeojohnson_llf, 0.7, spread(6), _real_only=REAL)
sample(ss.yeojohnson_llf, 0.7, np.array([0.0, 1.3, -0.4]), _real_only=REAL)
