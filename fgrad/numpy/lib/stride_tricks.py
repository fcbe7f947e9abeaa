"""`numpy.lib.stride_tricks`, for arrays and traced arrays alike."""

from numpy.lib import stride_tricks as _np

from fgrad._engine.dispatch import lift as _lift

as_strided = _lift(_np.as_strided)
sliding_window_view = _lift(_np.sliding_window_view)
