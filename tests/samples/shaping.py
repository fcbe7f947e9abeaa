"""Calls of the functions that arrange entries."""

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from fgrad.primitives.shaping import overlap_add, reshaped
from tests.samples import real, sample, spread

# Shapes

sample(reshaped.__wrapped__, real(3, 4), (2, 6))
sample(reshaped.__wrapped__, real(3, 4), (2, -1), "F")
sample(np.reshape, real(3, 4), (2, 6))
sample(np.reshape, real(3, 4), -1)
sample(np.reshape, real(), (1, 1))
sample(np.reshape, real(1), ())
sample(np.reshape, real(0, 3), (3, 0, 2))
sample(np.reshape, [real(), 1.0, 2.0, 3.0], (2, 2))
sample(np.reshape, real(3, 4), (2, -1), order="F")
sample(np.reshape, real(3, 4), (2, 6), "A")
sample(np.reshape, real(3, 4).T, (2, 6), order="A", _order=0)
sample(np.reshape, real(3, 4).T, (2, 6))
sample(np.reshape, real(3, 4, 2).transpose(1, 0, 2), (4, 6), order="A", _order=0)
sample(np.ravel, real(2, 3))
sample(np.ravel, real())
sample(np.ravel, real(0))
for _order in "CFAK":
    sample(np.ravel, real(2, 3), _order)
    # The stencil's shifted arrays lie in memory in another order.
    _smooth = 2 if _order in "CF" else 0
    sample(np.ravel, real(2, 3).T, order=_order, _order=_smooth)
    sample(np.ravel, real(2, 3, 2).transpose(2, 0, 1), order=_order, _order=_smooth)
    sample(np.ravel, real(2, 1, 3).transpose(2, 1, 0), order=_order, _order=_smooth)
sample(np.squeeze, real(1, 3, 1))
sample(np.squeeze, real(1, 3, 1), -1)
sample(np.squeeze, real(1, 3, 1), axis=(0, 2))
sample(np.squeeze, real(1))
sample(np.expand_dims, real(3), 0)
sample(np.expand_dims, real(3), axis=(0, -1))
sample(np.expand_dims, real(), -1)
for _fun in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    sample(_fun, real())
    sample(_fun, real(3))
    sample(_fun, real(2, 3))
    sample(_fun, real(1, 2, 1, 2))
    sample(_fun, real(), real(2), real(2, 0))
    sample(_fun, [real(), 1.0])

# The order of axes

sample(np.transpose, real(3, 4, 2), (2, 0, 1))
sample(np.transpose, real(2, 1, 3), axes=[-1, 0, -2])
sample(np.transpose, real(3, 4))
sample(np.transpose, real())
sample(np.transpose, real(), ())
sample(np.matrix_transpose, real(2, 3))
sample(np.matrix_transpose, real(2, 1, 3))
sample(np.swapaxes, real(2, 3, 2), 0, -1)
sample(np.moveaxis, real(2, 3, 2), 0, -1)
sample(np.moveaxis, real(2, 3, 1, 2), [0, -1], (2, 0))
sample(np.rollaxis, real(2, 3, 2), 2)
sample(np.rollaxis, real(2, 3, 2), 0, 3)
sample(np.rollaxis, real(2, 3, 2), -2, start=-1)
sample(np.rollaxis, real(2, 3, 2), 1, 1)

# The order of entries

sample(np.flip, real(2, 3))
sample(np.flip, real(2, 3), axis=-1)
sample(np.flip, real(2, 3, 2), (0, 2))
sample(np.flip, real())
sample(np.fliplr, real(2, 3))
sample(np.flipud, real(3))
for _k in (-1, 0, 1, 2, 3):
    sample(np.rot90, real(2, 3), _k)
sample(np.rot90, real(2, 3, 2), k=1, axes=(2, -2))
sample(np.roll, real(4), 1)
sample(np.roll, real(2, 3), -2)
sample(np.roll, real(2, 3), 1, axis=-1)
sample(np.roll, real(2, 3), (1, 2), axis=(0, 1))
sample(np.roll, real(2, 3), (1, 1), axis=1)
sample(np.roll, real(2, 3), 1, axis=(0, -1))
sample(np.roll, real(0), 1)

# Copies

sample(np.broadcast_to, real(3, 1), (2, 3, 2))
sample(np.broadcast_to, real(), (2,))
sample(np.broadcast_to, real(3), 3)
sample(np.broadcast_to, real(1), (0,))
sample(np.broadcast_arrays, real(3, 1), real(2), real())
sample(np.broadcast_arrays, real(3))
sample(np.broadcast_arrays, real(1), real(0))
sample(np.broadcast_arrays, [real(), real()], 1.5)
sample(np.tile, real(2), 3)
sample(np.tile, real(2, 2), 2)
sample(np.tile, real(2, 2), (3, 1))
sample(np.tile, real(2), (2, 1, 2))
sample(np.tile, real(), (2, 2))
sample(np.tile, real(2, 1), np.array([2, 2]))
sample(np.tile, real(2), 0)
sample(np.tile, real(2), ())
sample(np.repeat, real(2, 3), 2)
sample(np.repeat, real(2, 3), 2, axis=-1)
sample(np.repeat, real(2, 3), [2], axis=0)
sample(np.repeat, real(2, 3), [2, 0, 1], axis=1)
sample(np.repeat, real(2, 2), repeats=[2, 0, 1, 3])
sample(np.repeat, real(2, 2), np.array([1, 3]), axis=-2)
sample(np.repeat, real(), 3)
sample(np.repeat, real(2), 0)
sample(np.resize, real(2, 3), (2, 4))
sample(np.resize, real(3), 7)
sample(np.resize, real(3), (2,))
sample(np.resize, real(), (2, 2))
sample(np.resize, real(3), (0, 2))
sample(np.resize, real(0), (2,))
sample(sliding_window_view, real(5), 3)
sample(sliding_window_view, real(3, 4), (2, 2))
sample(sliding_window_view, real(3, 4), 2, axis=-1)
sample(sliding_window_view, real(5), (2, 3), axis=(0, 0), writeable=False)
sample(sliding_window_view, real(4), 4)
sample(sliding_window_view, real(0, 3), 2, 1)
sample(overlap_add.__wrapped__, real(3, 2), (4,), 2, None)
sample(overlap_add.__wrapped__, real(2, 3, 2), (2, 4), 2, -1)
sample(overlap_add.__wrapped__, real(2, 3), (4,), (3,), (0,))
sample(as_strided, real(2, 3))
sample(as_strided, real(2, 3).T)
sample(as_strided, real(4), shape=(3, 2), strides=(0, 0))

# Parts of matrices

for _fun in (np.triu, np.tril):
    sample(_fun, real(3, 4))
    sample(_fun, real(3, 2), k=-1)
    sample(_fun, real(2, 2, 3), 1)
    sample(_fun, real(3))
    sample(_fun, [[real(), 1.0], [2.0, real()]])
for _k in (-1, 0, 2, 5):
    sample(np.diag, real(3, 4), _k)
    sample(np.diag, real(2), k=_k)
    sample(np.diagonal, real(3, 4), _k)
    sample(np.diagflat, real(2, 1), _k)
sample(np.diag, real(0))
sample(np.diagflat, real())
sample(np.diagonal, real(2, 3, 2), axis1=0, axis2=2)
sample(np.diagonal, real(2, 3, 2), 1, -1, 0)
sample(np.diagonal, real(2, 3, 2), offset=-1, axis1=1, axis2=-1)
sample(np.diagonal, real(2, 2, 2, 2), 0, 3, 1)
sample(np.vander, real(3))
sample(np.vander, real(3), 5, increasing=True)
sample(np.vander, real(3), N=1)
sample(np.vander, real(3), 0)
sample(np.vander, [real(), 0.0], 4)

# Padding

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
