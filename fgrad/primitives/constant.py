"""Functions that are constant almost everywhere: they pass plain values through."""

import numpy as np

from fgrad._rules import constant

constant(np.shape, np.ndim, np.size, np.iscomplexobj, np.isnan, np.zeros_like, np.argsort)
constant(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
