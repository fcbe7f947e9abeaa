"""Functions that are constant almost everywhere."""

import numpy as np

from fgrad._engine.box import stand_in, stored
from fgrad._engine.rules import constant

# Rounding, and what is decided by the order of numbers.
constant(np.ceil, np.fix, np.floor, np.rint, np.trunc)
constant(np.around, np.round, np.nextafter, np.signbit, np.spacing)
constant(np.argmax, np.argmin, np.nanargmax, np.nanargmin)
constant(np.argpartition, np.argsort, np.lexsort)
constant(np.digitize, np.searchsorted)
constant(np.isin)
constant(*(fun for name, fun in vars(np).items() if name == "in1d"))  # until NumPy 2.3

# Comparisons and logic.
LOGIC = (np.logical_and, np.logical_or, np.logical_xor)
OF_PAIRS = (
    *(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
    *(*LOGIC, np.floor_divide),
)
constant(*OF_PAIRS, np.logical_not)
constant(*(ufunc.outer for ufunc in OF_PAIRS))
for _method in ("accumulate", "reduce", "reduceat"):
    constant(*(getattr(ufunc, _method) for ufunc in LOGIC))
constant(np.all, np.any, np.allclose, np.isclose, np.array_equal, np.array_equiv)
constant(np.argwhere, np.count_nonzero, np.flatnonzero, np.nonzero)
constant(np.isfinite, np.isinf, np.isnan, np.isneginf, np.isposinf, np.isnat)
constant(np.iscomplex, np.isreal)

# Functions of integers: no traced value is one, and NumPy says so.
constant(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.bitwise_count)
constant(np.left_shift, np.right_shift, np.gcd, np.lcm, np.packbits, np.unpackbits)
constant(np.ravel_multi_index, np.unravel_index)

constant(np.linalg.matrix_rank)

# What follows from shape and dtype.
constant(np.ndim, np.shape, np.size, sees=stand_in)
constant(np.iscomplexobj, np.isrealobj, np.isscalar, sees=stand_in)
constant(np.can_cast, np.common_type, np.min_scalar_type, np.result_type, sees=stand_in)
constant(np.empty_like, np.ones_like, np.zeros_like, sees=stand_in)
constant(np.diag_indices_from, np.tril_indices_from, sees=stand_in)
constant(np.triu_indices_from, np.einsum_path, sees=stand_in)

# Printing and writing to disk are not differentiating: they show all that is stored.
constant(np.array2string, np.array_repr, np.array_str, sees=stored)
constant(np.save, np.savetxt, np.savez, np.savez_compressed, sees=stored)
constant(np.may_share_memory, np.shares_memory, sees=stored)
