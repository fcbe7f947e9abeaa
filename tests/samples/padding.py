"""Calls of padding."""

import numpy as np

from tests.samples import real, sample, spread

for _mode in ("edge", "reflect", "symmetric", "wrap"):
    sample(np.pad, real(4), 2, _mode)
    sample(np.pad, real(2, 3), ((1, 0), (1, 2)), mode=_mode)
    sample(np.pad, real(3), (7, 8), mode=_mode)
    sample(np.pad, real(2, 1), 1, _mode)
    sample(np.pad, real(0, 2), ((0, 0), (1, 1)), _mode)
for _mode in ("reflect", "symmetric"):
    sample(np.pad, real(2, 3), 1, _mode, reflect_type="odd")
    sample(np.pad, real(4), (3, 2), _mode, reflect_type="odd")
    sample(np.pad, real(1, 2), 1, _mode, reflect_type="odd")
for _mode in ("maximum", "mean", "median", "minimum"):
    sample(np.pad, spread(4), (1, 2), _mode, _real_only="it compares")
    sample(np.pad, spread(2, 3) + 0.1 * real(2, 3), 1, _mode, _real_only="it compares")
    sample(
        np.pad, spread(4), (1, 2), _mode, stat_length=(2, 3), _real_only="it compares"
    )
    sample(
        np.pad,
        spread(2, 3),
        ((0, 2), (1, 0)),
        _mode,
        stat_length=((1, 1), (2, 9)),
        _real_only="it compares",
    )
sample(np.pad, real(2, 3), 1)
sample(np.pad, real(2, 3), ((1, 2), (0, 1)))
sample(np.pad, real(0), 2)
sample(np.pad, real(), 1)
sample(np.pad, real(2), (1, 2), constant_values=real())
sample(np.pad, real(2), (1, 2), constant_values=(real(), 1.0))
sample(np.pad, real(2, 2), 1, "constant", constant_values=((real(), real()), (1, 2)))
sample(np.pad, real(2, 2), ((1,), (2,)), constant_values=real(2, 1))
sample(np.pad, real(2, 1), [1, 2], constant_values=[1, 2])
sample(np.pad, real(2, 3), 2, "linear_ramp")
sample(np.pad, real(3), (2, 3), "linear_ramp", end_values=(real(), real()))
sample(np.pad, real(2, 2), (2, 1), "linear_ramp", end_values=real(2, 2))
sample(np.pad, real(2, 3), 0, "empty")
