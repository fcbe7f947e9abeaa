"""Calls of the reductions."""

import numpy as np

from tests.samples import cplx, fixed, real, sample, spread

ORDERED = "extrema of complex numbers order them by their real parts first"
MASK = np.array([[True, False, True, True], [False, True, True, True], [True] * 4])
NAN = np.array([[1.0, np.nan, 0.5], [np.nan, -0.7, 2.2], [0.3, 1.4, -1.1]])
HOLES = np.array([[1.0, np.nan, 0.5], [np.nan, -0.7, 2.2]])

AXES = (
    {},
    {"axis": 0},
    {"axis": -1, "keepdims": True},
    {"axis": (0, -1)},
    {"axis": (), "keepdims": True},
    {"axis": None, "keepdims": True},
)

for fun in (np.sum, np.mean, np.prod, np.var, np.std, np.ptp):
    for options in AXES:
        if options.get("axis") != () or fun is not np.std:  # std of one entry: a kink
            sample(
                fun, spread(2, 3, 2), **options, _real_only=ORDERED * (fun is np.ptp)
            )
for fun in (np.max, np.min, np.amax, np.amin):
    for options in AXES:
        sample(fun, spread(2, 3, 2), **options, _real_only=ORDERED)
    sample(fun, spread(4), initial=0.1, _real_only=ORDERED)
    sample(fun, spread(4), initial=20.0, _real_only=ORDERED)
    sample(fun, spread(4), initial=-20.0, _real_only=ORDERED)
    sample(fun, spread(3, 4), axis=1, where=MASK, initial=0.1, _real_only=ORDERED)
    sample(fun, spread(3, 4), axis=1, where=MASK[0], initial=0.1, keepdims=True,
           _real_only=ORDERED)  # fmt: skip
    sample(fun, real(), _real_only=ORDERED)
    sample(fun, real(0, 2), axis=0, initial=1.0, _real_only=ORDERED)
    sample(fun, real(0, 2), axis=1, _real_only=ORDERED)

for fun in (np.sum, np.prod):
    sample(fun, real(3, 4), initial=1.5)
    sample(fun, real(3, 4), axis=0, initial=1.5, where=MASK)
    sample(fun, real(3, 4), axis=1, where=MASK[0], keepdims=True)
    sample(fun, real(2, 3), dtype=np.complex128)
    sample(fun, real(0, 2), axis=0, initial=1.5)
    sample(fun, real(0, 2))
    sample(fun, np.array([1, 2, 3]), initial=1.5, _real_only="the sum of ints is real")
    sample(fun, cplx(2, 3), axis=1)
    sample(fun, real())

sample(np.mean, real(3, 4), axis=0, where=MASK)
sample(np.mean, real(3, 4), where=MASK[0], keepdims=True)
sample(np.mean, real(2, 3), dtype=np.complex128)
sample(np.mean, real(0, 2), axis=1)
sample(np.mean, real())

for fun in (np.var, np.std):
    sample(fun, real(3, 4), axis=1, ddof=1)
    sample(fun, real(3, 4), axis=0, correction=1)
    sample(fun, real(3, 4), axis=1, ddof=fixed(0.5), where=MASK, keepdims=True)
    sample(fun, real(3, 4), where=MASK[0])
    sample(fun, real(3, 4), axis=1, mean=real(3, 1))
    sample(fun, real(3, 4), mean=real(1, 1), where=MASK, ddof=1)
    sample(fun, real(3, 4), axis=1, mean=real(1, 1))
    sample(fun, real(2, 3), dtype=np.float64, _real_only="a real dtype for complex")
    sample(fun, cplx(2, 3), axis=-1)
    sample(fun, real(0, 2), axis=1)
sample(np.var, real())

for zeros in ([1.5, 0.0, -0.5], [0.0, 1.5, 0.0, 2.0], [0.0, 0.0, 0.0]):
    sample(np.prod, np.array(zeros))
sample(np.prod, np.array([[1.5, 0.0, 0.5], [0.7, 2.0, -1.0]]), axis=1)
sample(np.prod, np.array([[1.5, 0.0, 0.5], [0.0, 2.0, -1.0]]), axis=(0, 1))
sample(
    np.prod, np.array([[1.5, 0.0], [0.0, 2.0]]), axis=0, initial=2.0, where=MASK[:2, :2]
)
sample(np.prod, real(3), initial=0.0)

for fun in (np.nansum, np.nanmean, np.nanprod, np.nanvar, np.nanstd):
    sample(fun, NAN)
    sample(fun, NAN, axis=0)
    sample(fun, NAN, axis=-1, keepdims=True)
    sample(fun, NAN, axis=(0, 1), where=MASK[:, :3])
    sample(fun, real(2, 3), axis=1)
for fun in (np.nanmax, np.nanmin):
    for options in AXES:
        sample(fun, spread(2, 3, 2), **options, _real_only=ORDERED)
    sample(fun, NAN, axis=0, _real_only=ORDERED)
    sample(fun, NAN, axis=1, initial=0.1, where=MASK[:, :3], _real_only=ORDERED)
for fun in (np.nansum, np.nanprod):
    sample(fun, NAN, axis=1, initial=1.5)
    sample(fun, np.array([np.nan, np.nan]))
for fun in (np.nanvar, np.nanstd):
    sample(fun, NAN, axis=1, ddof=fixed(0.5))
    sample(fun, NAN, axis=1, correction=fixed(0.5))
    sample(fun, NAN, axis=1, mean=real(3, 1), where=MASK[:, :3])
for fun in (np.nancumsum, np.nancumprod):
    sample(fun, HOLES)
    sample(fun, HOLES, axis=0)
    sample(fun, HOLES, axis=-1)
