"""Calls of medians, quantiles and percentiles."""

import numpy as np

from tests.samples import fixed, real, sample, spread

NAN = np.array(
    [[1.0, np.nan, 0.5, 4.1], [np.nan, -0.7, 2.2, np.nan], [3.0, 2.5, 0.1, 1.7]]
)

for fun in (np.median, np.nanmedian):
    sample(fun, spread(5))
    sample(fun, spread(2, 4), axis=1)
    sample(fun, spread(3, 4), axis=0, keepdims=True)
    sample(fun, spread(2, 3, 2), axis=(0, -1))
    sample(fun, spread(2, 3))
    sample(fun, real())
    sample(fun, real(1, 2), axis=0)
sample(np.nanmedian, NAN)
sample(np.nanmedian, NAN, axis=1)
sample(np.nanmedian, NAN, axis=0, keepdims=True)

METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
    "interpolated_inverted_cdf", "hazen", "weibull", "linear", "median_unbiased",
    "normal_unbiased", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip
for fun, scale in (
    (np.quantile, 1),
    (np.percentile, 100),
    (np.nanquantile, 1),
    (np.nanpercentile, 100),
):
    for method in METHODS:
        q = np.array([0.13, 0.55, 0.97])
        sample(fun, spread(3, 4), scale * q, axis=1, method=method)
        sample(fun, spread(5), scale * 0.33, method=method)
    sample(fun, spread(4), fixed(scale * 0.0))
    sample(fun, spread(4), fixed(scale * np.array([0.5, 1.0])))
    sample(fun, spread(2, 3, 2), scale * 0.4, axis=(0, 2), keepdims=True)
    sample(fun, spread(2, 3), scale * np.array([[0.41, 0.77]]), axis=0)
    sample(fun, real(1), scale * 0.3)
    sample(
        fun, spread(5), scale * 0.43, method="inverted_cdf", weights=np.arange(1, 6) / 3
    )
    sample(fun, spread(2, 3), scale * np.array([0.25, 0.75]), axis=1,
           method="inverted_cdf", weights=np.array([[0.5, 1.2, 0.8]] * 2))  # fmt: skip
for fun, scale in ((np.quantile, 1), (np.percentile, 100)):
    sample(fun, spread(2, 3), scale * 0.25, axis=-1, keepdims=True,
           method="inverted_cdf", weights=np.array([0.5, 1.2, 0.8]))  # fmt: skip
for fun, scale in ((np.nanquantile, 1), (np.nanpercentile, 100)):
    for method in METHODS:
        sample(fun, NAN, scale * 0.37, axis=1, method=method)
    sample(fun, NAN, scale * np.array([0.37, 0.81]), axis=0, keepdims=True)
