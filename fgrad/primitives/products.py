"""Products of vectors, matrices and tensors.

All are linear in each operand, but `vdot`, `vecdot` and `vecmat`, which conjugate the
first.
"""

from types import SimpleNamespace
from typing import Any

import numpy as np

from fgrad._engine.box import as_array
from fgrad._engine.rules import defvjp
from fgrad.primitives._matrices import conjugate, unbroadcast

# Matrix products ----------------------------------------------------------------------


def matmul_x1_pullback(g, x2, like, axes=None):
    """The cotangent times the transpose of the second operand."""
    if axes is not None:
        return _along(matmul_x1_pullback, g, x2, like, axes, 0)
    x2 = as_array(x2)
    n, m = like.ndim, x2.ndim
    if m == 1:
        return g * x2 if n == 1 else np.expand_dims(g, -1) * x2
    if n == 1 and m == 2:
        return x2 @ g
    if n == 1:
        return np.tensordot(x2, g, ((*range(m - 2), -1), range(m - 1)))
    if n == 2 < m:
        summed = (*range(m - 2), -1)
        return np.tensordot(g, x2, (summed, summed))
    return unbroadcast(g @ (x2.T if m == 2 else x2.mT), like)


def matmul_x2_pullback(g, x1, like, axes=None):
    """The transpose of the first operand times the cotangent."""
    if axes is not None:
        return _along(matmul_x2_pullback, g, x1, like, axes, 1)
    x1 = as_array(x1)
    n, m = x1.ndim, like.ndim
    if n == 2 >= m:
        return x1.T @ g
    if n == 1 == m:
        return x1 * g
    if n == 1 and m == 2:
        return x1[:, None] * g
    if n == 1:
        return unbroadcast(np.expand_dims(x1, -1) * np.expand_dims(g, -2), like)
    if m <= 2:  # one large product instead of a sum of small ones
        summed = range(n - 1)
        return np.tensordot(x1, g, (summed, summed))
    return unbroadcast(x1.mT @ g, like)


def _along(pullback, g, other, like, axes, own):
    """A pullback whose operands have their core axes elsewhere than at the end."""
    core = [(axis,) if np.ndim(axis) == 0 else tuple(axis) for axis in axes]
    last = [tuple(range(-len(axis), 0)) for axis in core]
    mine = np.moveaxis(np.broadcast_to(0.0, like.shape), core[own], last[own])
    c = pullback(
        np.moveaxis(g, core[2], last[2]),
        np.moveaxis(other, core[1 - own], last[1 - own]),
        SimpleNamespace(shape=mine.shape, ndim=mine.ndim),
    )
    return np.moveaxis(c, last[own], core[own])


def dot_a_pullback(g, b, like):
    """As `matmul`; more axes are never aligned, but all combined."""
    b = as_array(b)
    if b.ndim == 0:
        return g * b
    if like.ndim == 0:
        return np.sum(g * b)
    if like.ndim <= 2 >= b.ndim:
        return matmul_x1_pullback(g, b, like)
    return tensordot_a_pullback(g, b, like, (-1, max(b.ndim - 2, 0)))


def dot_b_pullback(g, a, like):
    """As `matmul`; more axes are never aligned, but all combined."""
    a = as_array(a)
    if like.ndim == 0:
        return np.sum(g * a)
    if a.ndim == 0:
        return g * a
    if a.ndim <= 2 >= like.ndim:
        return matmul_x2_pullback(g, a, like)
    return tensordot_b_pullback(g, a, like, (-1, max(like.ndim - 2, 0)))


defvjp(
    np.matmul,
    linear=True,
    neutral=("signature",),
    x1=matmul_x1_pullback,
    x2=matmul_x2_pullback,
)
defvjp(np.dot, linear=True, a=dot_a_pullback, b=dot_b_pullback)

# Products of vectors ------------------------------------------------------------------


def vdot_a_pullback(g, b, like):
    """The first vector counts conjugated; shapes do not matter."""
    return np.reshape(conjugate(g * np.ravel(b)), like.shape)


def vdot_b_pullback(g, a, like):
    """The first vector counts conjugated; shapes do not matter."""
    return np.reshape(g * conjugate(np.ravel(a)), like.shape)


defvjp(np.vdot, linear=True, a=vdot_a_pullback, b=vdot_b_pullback)
defvjp(
    np.outer,
    linear=True,
    a=lambda g, b, like: np.reshape(g @ np.ravel(b), like.shape),
    b=lambda g, a, like: np.reshape(np.ravel(a) @ g, like.shape),
)


def _vecdot_axes(g, axes, axis, keepdims):
    """The cotangent without kept axes, and where both operands have their vectors."""
    if axis is not None:
        axes = [axis, axis, axis]
    if axes is None:
        axes = [-1, -1, -1]
    first, second, *kept = [int(np.ravel(a)[0]) if np.size(a) else () for a in axes]
    if keepdims:
        g = np.squeeze(g, kept[0] if kept else -1)
    return g, first, second


def vecdot_x1_pullback(g, x2, like, axes=None, axis=None, keepdims=False):
    """The first vector counts conjugated."""
    g, first, second = _vecdot_axes(g, axes, axis, keepdims)
    c = conjugate(np.expand_dims(g, -1) * np.moveaxis(x2, second, -1))
    return _unbroadcast_along(c, like, first)


def vecdot_x2_pullback(g, x1, like, axes=None, axis=None, keepdims=False):
    """The first vector counts conjugated."""
    g, first, second = _vecdot_axes(g, axes, axis, keepdims)
    c = np.expand_dims(g, -1) * conjugate(np.moveaxis(x1, first, -1))
    return _unbroadcast_along(c, like, second)


def _unbroadcast_along(c, like, axis):
    """The sum over broadcast axes, with the last axis put where it belongs."""
    lead = c.ndim - like.ndim
    c = np.sum(c, axis=tuple(range(lead))) if lead else c
    return unbroadcast(np.moveaxis(c, -1, axis), like)


defvjp(
    np.vecdot,
    linear=True,
    neutral=("signature",),
    x1=vecdot_x1_pullback,
    x2=vecdot_x2_pullback,
)

# Matrix times vector, of NumPy 2.2 ----------------------------------------------------


def matvec_x1_pullback(g, x2, like, axes=None):
    """The outer product of the cotangent and the vector."""
    if axes is not None:
        return _along(matvec_x1_pullback, g, x2, like, axes, 0)
    return unbroadcast(np.expand_dims(g, -1) * np.expand_dims(x2, -2), like)


def matvec_x2_pullback(g, x1, like, axes=None):
    """The transposed matrix times the cotangent."""
    if axes is not None:
        return _along(matvec_x2_pullback, g, x1, like, axes, 1)
    c = np.matrix_transpose(x1) @ np.expand_dims(g, -1)
    return unbroadcast(np.squeeze(c, -1), like)


def vecmat_x1_pullback(g, x2, like, axes=None):
    """The matrix times the cotangent, conjugated as the vector is."""
    if axes is not None:
        return _along(vecmat_x1_pullback, g, x2, like, axes, 0)
    c = conjugate(np.matmul(x2, np.expand_dims(g, -1)))
    return unbroadcast(np.squeeze(c, -1), like)


def vecmat_x2_pullback(g, x1, like, axes=None):
    """The outer product of the conjugate vector and the cotangent."""
    if axes is not None:
        return _along(vecmat_x2_pullback, g, x1, like, axes, 1)
    row = conjugate(np.expand_dims(x1, -1))
    return unbroadcast(row * np.expand_dims(g, -2), like)


if hasattr(np, "matvec"):
    defvjp(
        np.matvec,
        linear=True,
        neutral=("signature",),
        x1=matvec_x1_pullback,
        x2=matvec_x2_pullback,
    )
    defvjp(
        np.vecmat,
        linear=True,
        neutral=("signature",),
        x1=vecmat_x1_pullback,
        x2=vecmat_x2_pullback,
    )

# Tensor contractions ------------------------------------------------------------------


def _contracted(axes, n, m):
    """Contracted axes of both operands and, ascending, those that are left."""
    if np.ndim(axes) == 0 and not isinstance(axes, tuple | list):
        first, second = range(-axes, 0), range(axes)
    else:
        first, second = (np.ravel(a).astype(int) for a in axes)
    first, second = [a % n for a in first], [b % m for b in second]
    left = [i for i in range(n) if i not in first]
    right = [i for i in range(m) if i not in second]
    return first, second, left, right


def tensordot_a_pullback(g, b, like, axes=2):
    """Contract the cotangent with the axes of `b` that it has."""
    first, second, left, right = _contracted(axes, like.ndim, np.ndim(b))
    c = np.tensordot(g, b, (range(len(left), np.ndim(g)), right))
    order = left + [first[i] for i in np.argsort(second)]
    return np.transpose(c, tuple(np.argsort(order))) if order != sorted(order) else c


def tensordot_b_pullback(g, a, like, axes=2):
    """Contract the cotangent with the axes of `a` that it has."""
    first, second, left, right = _contracted(axes, np.ndim(a), like.ndim)
    c = np.tensordot(a, g, (left, range(len(left))))
    order = [second[i] for i in np.argsort(first)] + right
    return np.transpose(c, tuple(np.argsort(order))) if order != sorted(order) else c


def inner_a_pullback(g, b, like):
    """Contract with the cotangent's axes of `b`."""
    if like.ndim == 0 or np.ndim(b) == 0:
        return dot_a_pullback(g, b, like)
    return tensordot_a_pullback(g, b, like, (-1, -1))


def inner_b_pullback(g, a, like):
    """Contract with the cotangent's axes of `a`."""
    if like.ndim == 0 or np.ndim(a) == 0:
        return dot_b_pullback(g, a, like)
    return tensordot_b_pullback(g, a, like, (-1, -1))


defvjp(np.tensordot, linear=True, a=tensordot_a_pullback, b=tensordot_b_pullback)
defvjp(np.inner, linear=True, a=inner_a_pullback, b=inner_b_pullback)

# A chain of matrices ------------------------------------------------------------------


def multi_dot_pullback(g, arrays, like, wanted):
    """Transposes of what stands before and behind, in the order that is cheapest."""
    rows, cols = (part.shape for part in (like[0], like[-1]))
    g = np.reshape(g, ((1, *rows)[-2], (*cols, 1)[1]))
    matrices = [as_array(array).T for array in arrays]
    matrices[0] = np.reshape(matrices[0], (rows[-1], g.shape[0]))
    matrices[-1] = np.reshape(matrices[-1], (g.shape[1], cols[0]))
    result: list[Any] = [None] * len(matrices)
    for i, node in enumerate(wanted):
        if node is not None:
            chain = [*matrices[:i][::-1], g, *matrices[i + 1 :][::-1]]
            result[i] = np.reshape(np.linalg.multi_dot(chain), like[i].shape)
    return result


defvjp(np.linalg.multi_dot, sequences=("arrays",), arrays=multi_dot_pullback)

# Cross product ------------------------------------------------------------------------


def cross_a_pullback(g, b, like, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """``b x g``, for the scalar triple product does not change in a cycle."""
    return _cross_pullback(g, b, like, (axisb, axisa, axisc), axis, 1)


def cross_b_pullback(g, a, like, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """``g x a``, for the scalar triple product does not change in a cycle."""
    return _cross_pullback(g, a, like, (axisa, axisb, axisc), axis, -1)


def _cross_pullback(g, other, like, axes, axis, sign):
    theirs, own, axisc = axes if axis is None else (axis, axis, axis)
    other = np.moveaxis(other, theirs, -1)
    n = like.shape[own]
    if n == 2 == other.shape[-1]:
        g = _in_space(np.expand_dims(g, -1), 2)
    else:
        g = np.moveaxis(g, axisc, -1)
    if other.shape[-1] == 2:
        other = _in_space(other, 0)
    c = np.cross(other, g) if sign > 0 else np.cross(g, other)
    return _unbroadcast_along(c if n == 3 else c[..., :2], like, own)


def _in_space(vectors, before):
    """Vectors with zeros for the components that they do not have."""
    n = vectors.shape[-1]
    zeros = np.zeros((*vectors.shape[:-1], 3 - n), vectors.dtype)
    parts = [zeros[..., :before], vectors, zeros[..., before:]]
    return np.concatenate(parts, axis=-1)


defvjp(np.cross, a=cross_a_pullback, b=cross_b_pullback)
