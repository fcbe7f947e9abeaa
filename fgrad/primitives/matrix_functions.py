"""Functions of matrices, and the polar decomposition: what `fgrad.linalg` consists of.

The derivative of a matrix function f at A in the direction E is the upper right block
of f at ``[[A, E], [0, A]]``. More directions give more blocks above the diagonal:

    f([[A, E1, 0 ], [0, A, E2], [0, 0, A]])  has the corner  T(A; E1, E2)

T is linear in each direction, its derivative with respect to A is T with one direction
more, at each place, and its transpose is T with the same matrices, turned around. So
one operation with one rule has the derivatives of all orders. Of a Hermitian matrix, T
is a sum over its eigenvectors with divided differences of f, which need no gaps:
Daleckii and Krein, Integration and differentiation of functions of Hermitian operators
(1965). For the blocks: Mathias, A chain rule for matrix functions (1996).
"""

from typing import Any

import numpy as np

from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad._words.undefined import warn_undefined
from fgrad.primitives._divided_differences import Derivative, divided_differences
from fgrad.primitives._matrices import adjoint, conjugate
from fgrad.primitives._matrix_algorithms import exponential, logarithm, square_root

__all__ = ["FUNCTIONS", "corner", "hermitian_corner", "lyapunov", "unitary_factor"]


def hermitian(x: Any) -> Any:
    """The Hermitian part of each matrix."""
    return 0.5 * (x + adjoint(x))


def _double(x: Any) -> Any:
    """A plain array in double precision, which all of this is computed in."""
    return x.astype(np.result_type(x.dtype, float), copy=False)


def _single(x: Any, parts: Any) -> Any:
    """An array in the precision of others."""
    dtype = np.result_type(*(part.dtype for part in parts))
    if np.finfo(dtype).dtype.itemsize >= 8:
        return x
    return x.astype(np.complex64 if x.dtype.kind == "c" else np.float32)


# Functions of a general matrix --------------------------------------------------------

FUNCTIONS = {"expm": exponential, "logm": logarithm, "sqrtm": square_root}
"""The functions that `corner` knows, for stacks of plain matrices."""


@primitive
def corner(parts: Any, name: str) -> Any:
    """``T(A; E1, E2, ...)`` of a function of `FUNCTIONS`; the `parts` are A, E1, ...

    Without directions, it is the function at A.
    """
    a, *directions = map(_double, parts)
    if any(not np.any(e) for e in directions):
        return _single(np.zeros_like(sum(directions, a)), parts)
    # T is linear in the directions: they may have the size that is best for rounding.
    size = _size(a)
    size = np.where(size > 0, size, 1)
    if name == "expm":
        size = np.maximum(size, 1)
    sizes = [_power_of_2(_size(e), size) for e in directions]
    n, count = a.shape[-1], len(parts)
    blocks = np.zeros((*a.shape[:-2], count * n, count * n), np.result_type(*parts, a))
    for i in range(count):
        here = slice(i * n, (i + 1) * n)
        blocks[..., here, here] = a
        if i:
            e = directions[i - 1] / sizes[i - 1]
            blocks[..., (i - 1) * n : i * n, here] = e
    ans = FUNCTIONS[name](blocks)
    _refuse_undefined(ans, a, name)
    ans = ans[..., :n, (count - 1) * n :]
    for e_size in sizes:
        ans = ans * e_size
    return _single(ans, parts)


def _size(x: Any) -> Any:
    return np.max(np.abs(x), axis=(-2, -1), keepdims=True, initial=0)


def _power_of_2(x: Any, size: Any) -> Any:
    """About ``x / size``, so that dividing by it does not round."""
    ratio = np.where((x > 0) & np.isfinite(x / size), x / size, 1)
    return np.ldexp(1.0, np.frexp(ratio)[1])


def _refuse_undefined(ans: Any, a: Any, name: str) -> None:
    """Say of which matrix there is no principal logarithm or square root."""
    if name == "expm":
        return
    wrong = ~np.isfinite(ans).all(axis=(-2, -1)) & np.isfinite(a).all(axis=(-2, -1))
    if not np.any(wrong):
        return
    index = tuple(map(int, np.argwhere(wrong)[0]))
    values = np.linalg.eigvals(a[index])
    worst = values[np.argmax(np.abs(np.angle(np.where(values == 0, -1, values))))]
    whole = {"logm": "logarithm", "sqrtm": "square root"}[name]
    raise np.linalg.LinAlgError(
        f"fgrad.linalg.{name}: the matrix{f' at {index}' if index else ''} has the "
        f"eigenvalue {worst:.6g}. A principal {whole} that can be differentiated needs "
        f"eigenvalues off the negative real axis, and not 0."
    )


def corner_pullback(g: Any, parts: Any, wanted: Any, name: str) -> Any:
    """The trace of ``g.T @ T`` does not change if its matrices move in a circle."""
    return _around(g, parts, wanted, lambda *parts: corner([*parts], name))


def _around(g: Any, parts: Any, wanted: Any, corner: Any) -> list[Any]:
    a, *es = parts
    gt = g.mT
    cotangents: list[Any] = [None]
    if wanted[0] is not None:
        places = range(len(es) + 1)
        turned = [corner(a, *es[p:], gt, *es[:p]).mT for p in places]
        cotangents = [sum(turned[1:], turned[0])]
    for p in range(len(es)):
        here = wanted[p + 1] is not None
        cotangents += [corner(a, *es[p + 1 :], gt, *es[:p]).mT if here else None]
    return cotangents


defvjp(corner, sequences=("parts",), parts=corner_pullback)

# Functions of a Hermitian matrix ------------------------------------------------------


@primitive
def hermitian_corner(parts: Any, derivative: Derivative) -> Any:
    """``T(A; E1, E2, ...)`` of a function by its derivatives, for Hermitian A.

    The Hermitian part of A is what counts; the directions may be any matrices.
    """
    a, *directions = map(_double, parts)
    order, n = len(directions), a.shape[-1]
    if not a.size or any(not np.any(e) for e in directions):
        return _single(np.zeros_like(sum(directions, a)), parts)
    w, v = np.linalg.eigh(hermitian(a))
    differences = divided_differences(derivative, np.reshape(w, (-1, n)), order)
    differences = np.reshape(differences, (*w.shape[:-1], *(n,) * (order + 1)))
    vh = adjoint(v)
    if not order:
        return _single((v * np.expand_dims(differences, -2)) @ vh, parts)
    inner = [vh @ e @ v for e in directions]
    path = "abcdefghijklmnopqrstuvwxyz"[: order + 1]
    pairs = [f"...{path[i : i + 2]}" for i in range(order)]
    formula = f"...{path},{','.join(pairs)}->...{path[0]}{path[-1]}"
    ans = np.einsum(formula, differences, *inner, optimize=order > 1)
    return _single(v @ ans @ vh, parts)


def hermitian_corner_pullback(
    g: Any, parts: Any, wanted: Any, derivative: Derivative
) -> Any:
    """As for `corner`; the Hermitian part of A has all of its cotangent."""
    first, *others = _around(
        g, parts, wanted, lambda *parts: hermitian_corner([*parts], derivative)
    )
    if first is not None and parts[0].dtype.kind != "c":
        first = first.real
    return [None if first is None else hermitian(first), *others]


defvjp(hermitian_corner, sequences=("parts",), parts=hermitian_corner_pullback)

# Polar decomposition ------------------------------------------------------------------


@primitive
def lyapunov(p: Any, c: Any) -> Any:
    """The solution X of ``p @ X + X @ p = c``, for positive definite p."""
    if not np.any(c):
        return np.zeros(c.shape, np.result_type(p, c))
    w, v = np.linalg.eigh(hermitian(p))
    vh = adjoint(v)
    sums = np.expand_dims(w, -1) + np.expand_dims(w, -2)
    rounding = w.shape[-1] * np.finfo(w.dtype).eps * w[..., -1:]
    singular = w[..., :1] <= rounding
    if np.any(singular):
        warn_undefined(
            "the derivative of fgrad.linalg.polar is nan where a singular value is 0: "
            "there the unitary factor jumps"
        )
    sums = np.where(singular[..., None], np.nan, sums)
    return v @ ((vh @ c @ v) / sums) @ vh


def lyapunov_p_pullback(g: Any, ans: Any, p: Any) -> Any:
    """Minus the products of both solutions."""
    other = lyapunov(p, g.mT)
    c = -(ans @ other + other @ ans).mT
    return hermitian(c if p.dtype.kind == "c" else c.real)


defvjp(
    lyapunov,
    p=lyapunov_p_pullback,
    c=lambda g, p: lyapunov(p, g.mT).mT,
)


@primitive
def unitary_factor(a: Any) -> Any:
    """The unitary factor U of ``a = U @ P``, for no fewer rows than columns."""
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return u @ vh


def unitary_factor_pullback(g: Any, ans: Any, a: Any) -> Any:
    """Sums of singular values divide, not gaps: Higham (2008), theorem 8.9 and 8.10.

    With ``a = U P``, ``dU = U X + (1 - U U^H) da P^-1``, and X is antihermitian with
    ``P X + X P = U^H da - da^H U``.
    """
    p = hermitian(adjoint(ans) @ a)
    inner = g.mT @ ans
    c = conjugate(ans) @ lyapunov(p, inner - adjoint(inner)).mT
    if a.shape[-2] > a.shape[-1]:
        c = c + np.linalg.solve(p, (g - conjugate(ans) @ (ans.mT @ g)).mT).mT
    return c


defvjp(unitary_factor, a=unitary_factor_pullback)
