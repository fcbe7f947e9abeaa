"""`numpy.lib.stride_tricks`, for arrays and traced arrays alike."""

from numpy.lib import stride_tricks as _np

from fgrad.numpy._namespace import lift as _lift, others as _others

as_strided = _lift(_np.as_strided)
sliding_window_view = _lift(_np.sliding_window_view)

__getattr__, __dir__ = _others(_np, globals())
