"""Functions that are constant almost everywhere, and those that cannot be followed."""

import numpy as np

from fgrad._conversions import STORE
from fgrad._rules import constant, refuse

# Rounding, and what is decided by the order of numbers.
constant(np.ceil, np.fix, np.floor, np.floor_divide, np.rint, np.trunc)
constant(np.around, np.round, np.nextafter, np.signbit, np.spacing)
constant(np.argmax, np.argmin, np.nanargmax, np.nanargmin)
constant(np.argpartition, np.argsort, np.lexsort)
constant(np.digitize, np.searchsorted)
constant(np.isin)
constant(*(fun for name, fun in vars(np).items() if name == "in1d"))  # until NumPy 2.3

# Comparisons and logic.
constant(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
constant(np.logical_and, np.logical_not, np.logical_or, np.logical_xor)
constant(np.all, np.any, np.allclose, np.isclose, np.array_equal, np.array_equiv)
constant(np.argwhere, np.count_nonzero, np.flatnonzero, np.nonzero)
constant(np.isfinite, np.isinf, np.isnan, np.isneginf, np.isposinf, np.isnat)
constant(np.iscomplex, np.isreal)

# Functions of integers: no traced value is one, and NumPy says so.
constant(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.bitwise_count)
constant(np.left_shift, np.right_shift, np.gcd, np.lcm, np.packbits, np.unpackbits)
constant(np.ravel_multi_index, np.unravel_index)

# Shapes, types and memory.
constant(np.ndim, np.shape, np.size)
constant(np.iscomplexobj, np.isrealobj, np.isscalar)
constant(np.can_cast, np.common_type, np.min_scalar_type, np.result_type)
constant(np.empty_like, np.ones_like, np.zeros_like)
constant(np.diag_indices_from, np.tril_indices_from, np.triu_indices_from)
constant(np.may_share_memory, np.shares_memory)
constant(np.linalg.matrix_rank, np.einsum_path)

# Printing and writing to disk are not differentiating.
constant(np.array2string, np.array_repr, np.array_str)
constant(np.save, np.savetxt, np.savez, np.savez_compressed)

# Writing into an array.
refuse(STORE, np.copyto, np.fill_diagonal, np.place, np.put)
refuse(STORE, np.put_along_axis, np.putmask)
refuse(STORE, *(f.at for f in vars(np).values() if isinstance(f, np.ufunc)))
