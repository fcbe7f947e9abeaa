"""Matrix decompositions.

Of a Hermitian matrix NumPy reads one triangle; that triangle gets all of the cotangent.
Vectors whose sign is arbitrary keep it under small changes. Where a phase or a rotation
is arbitrary, results that depend on it have no derivative, and the cotangent is nan.

Repeated values have finite first derivatives. A second derivative that mixes equal ones
is right where the first, as a function of the values, is constant (their sum), and nan
where that is not known; see `spectral`.
"""

import numpy as np

from fgrad._engine.box import primal, values
from fgrad._engine.rules import defvjp
from fgrad.errors import MissingRuleError
from fgrad.primitives._matrices import (
    adjoint,
    columns,
    conjugate,
    lower_half,
    onto_triangle,
)
from fgrad.primitives._spectrum import (
    equal,
    gauge,
    mixed,
    once,
    over,
    over_gaps,
    singular,
    size,
    spectral,
    undecided,
)

# Hermitian matrices -------------------------------------------------------------------


def eigh_pullback(g, ans, a, UPLO="L"):
    """Magnus, On differentiating eigenvalues and eigenvectors (1985), theorem 1."""
    w, v = ans
    gw, gv = g
    c = onto_triangle(spectral([a, gw], w, v, adjoint(v), UPLO), UPLO)
    v = once(v, columns(equal(w)), "eigh")
    inner = over_gaps(v.mT @ gv, w, "eigh") + mixed(gv, w, "eigh")
    inner = inner + undecided(g, gv, w, "eigh")
    return c + onto_triangle(conjugate(v) @ inner @ v.mT, UPLO)


def eigvalsh_pullback(g, a, UPLO="L"):
    """The eigenvectors, weighted by the eigenvalues' cotangents."""
    w, v = np.linalg.eigh(a, UPLO)
    return onto_triangle(spectral([a, g], w, v, adjoint(v), UPLO), UPLO)


defvjp(np.linalg.eigh, a=eigh_pullback)
defvjp(np.linalg.eigvalsh, a=eigvalsh_pullback)

# Singular values ----------------------------------------------------------------------


def svd_pullback(g, ans, a, full_matrices=True, compute_uv=True, hermitian=False):
    """Wan and Zhang, Automatic differentiation for complex valued SVD (2019)."""
    if not compute_uv:
        u, s, vh = np.linalg.svd(a, full_matrices=False, hermitian=hermitian)
        return _values_pullback(g, a, u, s, vh, hermitian)
    values = _values_pullback(g[1], a, *ans, hermitian)
    if hermitian:
        return values + _hermitian_svd_pullback(g, ans)
    (gu, _, gvh), (u, s, vh) = g, ans
    k = s.shape[-1]
    repeated = equal(s)
    left = once(u[..., :k], columns(repeated), "svd")
    right = once(vh[..., :k, :], repeated[..., None], "svd")
    gleft, gright = gu[..., :k], gvh[..., :k, :]
    x = left.mT @ gleft
    y = conjugate(right @ gright.mT)
    together = over_gaps(x + y, s, "svd")
    sums = np.expand_dims(s, -1) + columns(s)
    apart = x - y - adjoint(x - y)
    apart = over(0.5 * apart, sums, "svd", size(x) + size(y))
    used = np.abs(primal(gleft)).sum(-2, keepdims=True)
    used = used + np.abs(primal(gright)).sum(-1)[..., None, :]
    inner = 0.5 * (together + adjoint(together)) + apart
    inner = inner + mixed(gleft, s, "svd") + mixed(gright.mT, s, "svd")
    inner = inner + undecided(g, used, s, "svd")
    c = values + conjugate(left) @ inner @ conjugate(right)
    if u.shape[-2] > k:
        out = gleft - conjugate(left) @ x
        if full_matrices:
            rest, grest = u[..., k:], gu[..., k:]
            out = (
                out - conjugate(rest @ grest.mT @ left) + gauge(rest.mT @ grest, "svd")
            )
        c = c + over(out, columns(s), "svd", size(gu)) @ conjugate(right)
    if vh.shape[-1] > k:
        out = gright - gright @ right.mT @ conjugate(right)
        if full_matrices:
            rest, grest = vh[..., k:, :], gvh[..., k:, :]
            out = (
                out - conjugate(right @ grest.mT @ rest) + gauge(rest @ grest.mT, "svd")
            )
        out = over(out, np.expand_dims(s, -1), "svd", size(gvh))
        c = c + conjugate(left) @ out
    return c


def _values_pullback(g, a, u, s, vh, hermitian):
    """The outer products of vectors, weighted by the values' cotangents."""
    if hermitian:
        sign = _signs(u, vh)
        c = spectral([a, g * sign], s * sign, u, adjoint(u), "L")
        return onto_triangle(c)
    k = s.shape[-1]
    return singular([a, g], u[..., :k], s, vh[..., :k, :])


def _hermitian_svd_pullback(g, ans):
    """Singular values are the absolute eigenvalues; signs go with the right vectors."""
    (gu, _, gvh), (u, s, vh) = g, ans
    sign = _signs(u, vh)
    gv, w = gu + adjoint(gvh) * columns(sign), s * sign
    u = once(u, columns(equal(w)), "eigh")
    inner = over_gaps(u.mT @ gv, w, "eigh") + mixed(gv, w, "eigh")
    inner = inner + undecided(g, gv, w, "svd")
    return onto_triangle(conjugate(u) @ inner @ u.mT)


def _signs(u, vh):
    return np.sign(np.sum(primal(u).mT * primal(vh), axis=-1).real)


defvjp(np.linalg.svd, a=svd_pullback)

# QR -----------------------------------------------------------------------------------


def qr_pullback(g, ans, a, mode="reduced"):
    """Walter and Lehmann, Algorithmic differentiation of linear algebra (2010)."""
    if mode == "raw":
        raise MissingRuleError("no derivative rule for np.linalg.qr(..., mode='raw')")
    if mode == "r":
        q, r = np.linalg.qr(a)
        gq, gr = np.zeros(q.shape, q.dtype), g
    else:
        (q, r), (gq, gr) = ans, g
    dependent = _dependent_columns(values(r))
    if not np.any(dependent):
        return _leading_qr_pullback(gq, gr, a, q, r, min(q.shape[-2], r.shape[-1]))
    if r.ndim > 2:  # of each matrix, another number of columns may be independent
        parts = [(gq, gr), (q, r), a]
        each = range(r.shape[0])
        return np.stack([qr_pullback(*(_nth(part, i) for part in parts)) for i in each])
    k = int(np.argmax(dependent))
    c = _leading_qr_pullback(gq[:, :k], gr[:k], a, q, r, k)
    rest = [gq[:, k:], np.triu(gr, 0)[k:]]
    # Not a zero, in forward mode either: a part that depends on all columns is nan.
    zero = np.zeros((1, 1), np.finfo(r.dtype).dtype)
    lost = [np.sum(over(part, zero, "qr")) for part in rest if part.size]
    entries = np.cos(np.arange(1.0, c.size + 1)).reshape(c.shape)
    # The derivative of a nan is a nan: each entry depends on all of a.
    step = np.sum(np.real(a - primal(a)), keepdims=True)
    return c + sum(lost) * (entries + once(step, np.ones((1, 1)), "qr"))


def _nth(part, i):
    return tuple(x[i] for x in part) if type(part) is tuple else part[i]


def _dependent_columns(r):
    """Which columns are combinations of those before them, up to rounding."""
    diagonal = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
    n = diagonal.shape[-1]
    length = np.sqrt(np.sum(np.abs(r[..., :n]) ** 2, axis=-2))
    return diagonal <= 8 * np.sqrt(max(r.shape)) * np.finfo(r.dtype).eps * length


def _leading_qr_pullback(gq, gr, a, q, r, k):
    """Of the first k columns, and of products with them; k columns are independent."""
    if k == r.shape[-1]:
        return _tall_qr_pullback(gq, gr, q, r)
    # The rows of r to the right of a square are products of q with the other columns.
    if k < q.shape[-1]:
        gq = gq[..., :k]
    rest, grest = a[..., k:], gr[..., :k, k:]
    q, r, gr = q[..., :k], r[..., :k, :k], gr[..., :k, :k]
    square = _tall_qr_pullback(gq + conjugate(rest @ grest.mT), gr, q, r)
    return np.concatenate([square, conjugate(q) @ grest], axis=-1)


def _tall_qr_pullback(gq, gr, q, r):
    n = r.shape[-1]
    first, gfirst = q[..., :n], gq[..., :n]
    r, gr = r[..., :n, :], gr[..., :n, :]
    z = first.mT @ gfirst - gr @ r.mT
    c = gfirst + conjugate(first) @ (lower_half(z - adjoint(z)) - z)
    if q.shape[-1] > n:
        rest, grest = q[..., n:], gq[..., n:]
        c = c - conjugate(rest) @ adjoint(grest) @ conjugate(first)
        c = c + gauge(rest.mT @ grest, "qr")
    return np.linalg.solve(r, c.mT).mT


defvjp(np.linalg.qr, a=qr_pullback)

# General matrices ---------------------------------------------------------------------


def eig_pullback(g, ans, a):
    """Boeddeker et al., On the computation of complex-valued gradients (2017).

    LAPACK gives each eigenvector norm 1 and makes its largest component real.
    """
    w, v = ans
    gw, gv = g
    along = np.sum(gv * v, axis=-2, keepdims=True)
    gv = gv - conjugate(v) * along.real
    if v.dtype.kind == "c" and v.size:
        largest = np.argmax(np.abs(primal(v)), axis=-2, keepdims=True)
        here = np.expand_dims(np.arange(v.shape[-1]), -1) == largest
        component = np.sum(v * here, axis=-2, keepdims=True)
        gv = gv - here * (1j * along.imag / component)
    left, defective = _left_vectors(v)
    gw = _complete(columns(gw), defective)[..., 0, :]
    c = spectral([a, gw], w, v, left)
    v = once(v, columns(equal(w)), "eig")
    gv = _complete(gv, defective)
    inner = over_gaps(v.mT @ gv, w, "eig", phases=False) + mixed(gv, w, "eig")
    inner = inner + undecided(g, gv, w, "eig")
    return c + left.mT @ (inner @ v.mT)


def _left_vectors(v):
    """The inverse of eigenvectors, and which matrices are defective, or nearly so.

    These have no basis of eigenvectors: the inverse is so large that its product with
    rounding is as large as the derivative. A unit matrix stands for it.
    """
    plain = primal(v)
    s = np.linalg.svd(plain, compute_uv=False)
    few = 10 * np.sqrt(np.finfo(s.dtype).eps)
    smallest = np.min(s, axis=-1, keepdims=True, initial=np.inf)
    largest = np.max(s, axis=-1, keepdims=True, initial=0)
    defective = np.expand_dims(smallest <= few * largest, -1)
    safe = np.where(defective, np.eye(v.shape[-1], dtype=v.dtype), v)
    return np.linalg.inv(safe), defective


def _complete(g, defective):
    """The cotangents of eigenvalues or vectors, nan for a matrix that is defective.

    Where its eigenvalues are equal, their weights do not tell the derivative either:
    that of the sum of their squares is ``2 * a.T``.
    """
    return over(g, np.where(defective, 0, 1).astype(g.real.dtype), "eig")


def eigvals_pullback(g, ans, a):
    """Left times right eigenvectors, weighted by the eigenvalues' cotangents."""
    w, v = np.linalg.eig(a)
    order = _same_order(primal(ans), primal(w))
    v = np.take_along_axis(v, columns(order), axis=-1)
    w = np.take_along_axis(w, order, axis=-1)
    left, defective = _left_vectors(v)
    g = _complete(columns(g), defective)[..., 0, :]
    return spectral([a, g], w, v, left)


def _same_order(values, others):
    """Where each value is among others, if `eigvals` and `eig` sort differently."""
    distance = np.abs(values[..., :, None] - others[..., None, :])
    own = np.arange(values.shape[-1])
    if not values.size:
        return np.broadcast_to(own, values.shape)
    nearest = np.argmin(distance, axis=-1)
    unique = np.all(np.sort(nearest, axis=-1) == own, axis=-1, keepdims=True)
    return np.where(unique, nearest, own)


defvjp(np.linalg.eig, a=eig_pullback)
defvjp(np.linalg.eigvals, a=eigvals_pullback)
