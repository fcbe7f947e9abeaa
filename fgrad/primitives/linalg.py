"""Inverses, determinants and linear systems."""

import numpy as np

from fgrad._rules import constant, defvjp
from fgrad._trace import strip
from fgrad.primitives._matrices import (
    adjoint,
    as_array,
    conjugate,
    from_triangle,
    onto_triangle,
    scalars,
    unbroadcast,
)
from fgrad.primitives._spectrum import size

constant(np.linalg.matrix_rank)

# Linear systems -----------------------------------------------------------------------


def solve_a_pullback(g, ans, a, like):
    """Minus the outer product of the right-hand side's cotangent and the solution."""
    if ans.ndim < like.ndim:  # the right-hand side is one vector
        g, ans = np.expand_dims(g, -1), np.expand_dims(ans, -1)
    return unbroadcast(-np.linalg.solve(a.mT, g) @ ans.mT, like)


def solve_b_pullback(g, a, like):
    """The solution of the transposed system."""
    transposed = as_array(a).mT
    if like.ndim > 1:
        return unbroadcast(np.linalg.solve(transposed, g), like)
    c = np.linalg.solve(transposed, np.expand_dims(g, -1))
    return unbroadcast(np.squeeze(c, -1), like)


defvjp(np.linalg.inv, a=lambda g, ans: -ans.mT @ g @ ans.mT)
defvjp(np.linalg.solve, a=solve_a_pullback, b=solve_b_pullback)

# Determinants -------------------------------------------------------------------------

ILL_CONDITIONED = 1e6


def det_pullback(g, ans, a):
    """The derivative of a determinant are its cofactors, also if it is zero."""
    return scalars(g) * _cofactors(a, ans)


def _cofactors(a, det):
    try:
        inverse = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return _adjugate(a).mT
    if np.any(size(inverse) * size(a) > ILL_CONDITIONED):
        return _adjugate(a).mT
    return scalars(det) * inverse.mT


def _adjugate(a):
    """The adjugate of matrices that may be singular, and be differentiated again.

    Between bases that are fixed, and that are the singular vectors here and now, the
    matrix has a leading block that is well-conditioned, and a Schur complement that is
    about zero. The determinant is the product of theirs, and that of the complement, as
    small as the rank's defect, is taken without division.
    """
    n = a.shape[-1]
    u, s, vh = np.linalg.svd(strip(a))
    large = np.sum(s > s[..., :1] / ILL_CONDITIONED, axis=-1)
    k = int(np.min(large, initial=n))
    b = adjoint(u) @ a @ adjoint(vh)
    block, right, below = b[..., :k, :k], b[..., :k, k:], b[..., k:, :k]
    inverse = np.linalg.inv(block)
    complement = b[..., k:, k:] - below @ inverse @ right
    det, adjugate = _characteristic(complement)
    eye = np.broadcast_to(np.eye(n - k, dtype=b.real.dtype), complement.shape)
    rows = np.concatenate([-inverse @ right, eye], axis=-2)
    cols = np.concatenate([-below @ inverse, eye], axis=-1)
    lead = np.eye(n, k, dtype=b.real.dtype)
    inner = rows @ adjugate @ cols + scalars(det) * (lead @ inverse @ lead.T)
    factor = np.linalg.det(block) * (np.linalg.det(u) * np.linalg.det(vh))
    return scalars(factor) * (adjoint(vh) @ inner @ adjoint(u))


def _characteristic(a):
    """Determinant and adjugate of small matrices, by Faddeev and LeVerrier."""
    n = a.shape[-1]
    eye = np.eye(n, dtype=a.real.dtype)
    power = np.broadcast_to(eye, a.shape)
    for k in range(1, n + 1):
        product = a @ power
        c = -np.trace(product, axis1=-2, axis2=-1) / k
        if k < n:
            power = product + scalars(c) * eye
    return (-1) ** n * c, (-1) ** (n - 1) * power


def slogdet_pullback(g, ans, a):
    """The logarithm of the determinant has the derivative ``inv(a).T``."""
    gsign, glog = g
    if gsign.dtype.kind == "c":
        glog = glog + 1j * (gsign * ans[0]).imag
    return scalars(glog) * np.linalg.inv(a).mT


defvjp(np.linalg.det, a=det_pullback)
defvjp(np.linalg.slogdet, a=slogdet_pullback)

# Least squares ------------------------------------------------------------------------


def pinv_pullback(g, ans, a, hermitian=False):
    """Golub and Pereyra, The differentiation of pseudo-inverses (1973), equation 4.12.

    That holds while the rank is constant; if singular values were cut off, by ``rcond``
    or ``rtol``, the derivative has gaps between them and the others in it.
    """
    if hermitian:
        return onto_triangle(pinv_pullback(g, ans, from_triangle(a)))
    onto = a @ ans
    left = g.mT - onto @ g.mT
    right = g.mT - g.mT @ (ans @ a)
    if np.any(size(a - onto @ a) > 1e-10 * size(a)):
        return _truncated_pinv_pullback(g, strip(ans), a)
    c = left @ ans @ adjoint(ans) + adjoint(ans) @ ans @ right
    return conjugate(c) - ans.mT @ g @ ans.mT


def _truncated_pinv_pullback(g, ans, a):
    """With x = u.T.conj() da v, entry (j, i) of the result's change has

    -x[j, i] / (s[i] s[j]) if both are kept; (s[i] conj(x[i, j]) + s[j] x[j, i]) /
    (s[i] (s[i]**2 - s[j]**2)) if j is cut off, and the same with i if i is.
    """
    u, s, vh = np.linalg.svd(a)
    raise NotImplementedError


defvjp(np.linalg.pinv, neutral=("rcond", "rtol"), a=pinv_pullback)
