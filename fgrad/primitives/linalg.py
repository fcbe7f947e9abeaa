"""Inverses, determinants and linear systems."""

import numpy as np

from fgrad._engine.box import as_array, primal, values
from fgrad._engine.rules import defvjp
from fgrad.primitives._matrices import (
    adjoint,
    columns,
    conjugate,
    from_triangle,
    onto_triangle,
    scalars,
    unbroadcast,
)
from fgrad.primitives._singular import inverse
from fgrad.primitives._spectrum import size
from fgrad.primitives.decompositions import svd_pullback

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
    """The derivative of a determinant are its cofactors, also if it is zero.

    A determinant of n factors under- and overflows before its cofactors of n - 1 do.
    """
    n = a.shape[-1]
    plain = np.abs(values(ans))
    normal = (plain >= np.finfo(plain.dtype).tiny) & np.isfinite(plain)
    if not n or bool(np.all(normal)):
        return scalars(g) * _cofactors(a, ans)
    largest = size(a)
    power = np.floor(np.log2(np.where(largest > 0, largest, 1)))
    scale = np.exp2(power)
    a = a / scale
    c = scalars(g) * _cofactors(a, np.linalg.det(a))
    first = np.floor(power * (n - 1) / 2)  # all of it may be out of range
    return c * np.exp2(first) * np.exp2(power * (n - 1) - first)


def _cofactors(a, det):
    try:
        inverted = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return _adjugate(a).mT
    if np.any(size(inverted) * size(a) > ILL_CONDITIONED):
        return _adjugate(a).mT
    return scalars(det) * inverted.mT


def _adjugate(a):
    """The adjugate of matrices that may be singular, and be differentiated again.

    Between bases that are fixed, and that are the singular vectors here and now, the
    matrix has a leading block that is well-conditioned, and a Schur complement that is
    about zero. The determinant is the product of theirs, and that of the complement, as
    small as the rank's defect, is taken without division.
    """
    n = a.shape[-1]
    u, s, vh = np.linalg.svd(primal(a))
    large = np.sum(s > s[..., :1] / ILL_CONDITIONED, axis=-1)
    k = int(np.min(large, initial=n))
    b = adjoint(u) @ a @ adjoint(vh)
    block, right, below = b[..., :k, :k], b[..., :k, k:], b[..., k:, :k]
    inverted = np.linalg.inv(block)
    complement = b[..., k:, k:] - below @ inverted @ right
    det, adjugate = _characteristic(complement)
    eye = np.broadcast_to(np.eye(n - k, dtype=b.real.dtype), complement.shape)
    rows = np.concatenate([-inverted @ right, eye], axis=-2)
    cols = np.concatenate([-below @ inverted, eye], axis=-1)
    lead = np.eye(n, k, dtype=b.real.dtype)
    inner = rows @ adjugate @ cols + scalars(det) * (lead @ inverted @ lead.T)
    factor = np.linalg.det(block) * (np.linalg.det(u) * np.linalg.det(vh))
    return scalars(factor) * (adjoint(vh) @ inner @ adjoint(u))


def _characteristic(a):
    """Determinant and adjugate of small matrices, by Faddeev and LeVerrier."""
    n = a.shape[-1]
    eye = np.eye(n, dtype=a.real.dtype)
    power = np.broadcast_to(eye, a.shape)
    c = np.ones(a.shape[:-2], a.dtype)  # of a matrix without entries
    for k in range(1, n + 1):
        product = a @ power
        c = -np.trace(product, axis1=-2, axis2=-1) / k
        if k < n:
            power = product + scalars(c) * eye
    return (-1) ** n * c, (-1) ** (n - 1) * power


LOG_OF_ZERO = (
    "The logarithm of its determinant is -inf; add a small multiple of the unit "
    "matrix, or use np.linalg.det, whose derivative is finite."
)


def slogdet_pullback(g, ans, a):
    """The logarithm of the determinant has the derivative ``inv(a).T``."""
    gsign, glog = g
    if gsign.dtype.kind == "c":
        glog = glog + 1j * (gsign * ans[0]).imag
    return scalars(glog) * inverse(a, "np.linalg.slogdet", LOG_OF_ZERO).mT


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
        return _truncated_pinv_pullback(g, ans, a)
    c = left @ ans @ adjoint(ans) + adjoint(ans) @ ans @ right
    return conjugate(c) - ans.mT @ g @ ans.mT


def _truncated_pinv_pullback(g, ans, a):
    """Between singular vectors, with those kept and those cut off told apart.

    With ``p = v f(s) u^H`` and ``x = u^H da v``, the entry (i, j) of ``v^H dp u`` is
    ``-x[i, j] / (s[i] s[j])`` if both are kept. If one is kept, with the value k, and
    one is cut off, with d, it is ``(d x[i, j] + k conj(x[j, i])) / (k (k**2 - d**2))``.
    """
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    inverted = np.sum((primal(vh) @ primal(ans)).mT * primal(u), axis=-2).real
    kept = inverted * primal(s) > 0.5
    both = kept[..., :, None] & kept[..., None, :]
    mixed = kept[..., :, None] != kept[..., None, :]
    rows, cols = np.expand_dims(s, -1), columns(s)
    above = np.where(kept[..., :, None], rows, cols)
    below = np.where(kept[..., :, None], cols, rows)
    gaps = np.where(mixed, above * (above**2 - below**2), 1)
    direct = np.where(mixed, below / gaps, 0)
    direct = direct - np.where(both, 1 / np.where(both, rows * cols, 1), 0)
    inner = conjugate(vh) @ g @ conjugate(u)
    inner = inner * direct + adjoint(inner * np.where(mixed, above / gaps, 0))
    left = g.mT - u @ (adjoint(u) @ g.mT)
    right = g.mT - (g.mT @ adjoint(vh)) @ vh
    c = left @ ans @ adjoint(ans) + adjoint(ans) @ ans @ right
    return conjugate(c) + conjugate(u) @ inner @ conjugate(vh)


def _lstsq_parts(g, ans, a, b):
    """The pseudo-inverse that was applied, and cotangents as for many systems."""
    x, residuals, rank, s = ans
    systems = 1 if b.ndim == 1 else b.shape[1]
    gx, x, b = (np.reshape(part, (part.shape[0], systems)) for part in (g[0], x, b))
    s = primal(s)
    if rank == s.size:
        cutoff = 0.0
    else:
        cutoff = 0.5 * (s[rank - 1] + s[rank]) / s[0] if rank else 2.0
    pseudo = np.linalg.pinv(a, cutoff)
    # By a solution, the squared residuals do not change to first order.
    gerror = np.zeros(b.shape, b.dtype)
    if residuals.size:
        gerror = 2 * conjugate(b - a @ x) * g[1]
    return pseudo, x, b, gx, gerror


def lstsq_a_pullback(g, ans, a, b):
    """As ``pinv(a) @ b``; and of the squared residuals and the singular values."""
    pseudo, x, b, gx, gerror = _lstsq_parts(g, ans, a, as_array(b))
    c = pinv_pullback(gx @ b.T, pseudo, a) - gerror @ x.T
    return c + svd_pullback(g[3], None, a, compute_uv=False)


def lstsq_b_pullback(g, ans, a, b):
    """As ``pinv(a) @ b``; and of the squared residuals."""
    pseudo, _, _, gx, gerror = _lstsq_parts(g, ans, as_array(a), b)
    return np.reshape(pseudo.T @ gx + gerror, b.shape)


defvjp(np.linalg.pinv, neutral=("rcond", "rtol"), a=pinv_pullback)
defvjp(np.linalg.lstsq, neutral=("rcond",), a=lstsq_a_pullback, b=lstsq_b_pullback)
