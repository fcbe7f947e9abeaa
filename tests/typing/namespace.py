"""What an editor knows of `fgrad.numpy`: what it knows of NumPy."""

from typing import assert_type

import numpy

import fgrad.numpy as np
import fgrad.numpy.linalg as la
import fgrad.numpy.typing as npt
from fgrad import grad
from fgrad.numpy.lib.stride_tricks import sliding_window_view
from fgrad.numpy.testing import assert_allclose

x: npt.NDArray[np.float64] = np.ones(2)
assert_type(x, numpy.typing.NDArray[numpy.float64])

# Lifted functions have NumPy's types, and ufuncs their methods.
add: np.ufunc = np.add
windows: npt.NDArray[np.float64] = sliding_window_view(x, 2)
size = la.norm(np.add.outer(x, x))
assert_allclose(size, 4.0)
gradient = {"w": grad(np.sum)(x)}
