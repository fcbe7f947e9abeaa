"""Matrix equations: Sylvester, Lyapunov, Riccati.

The derivative of a solution solves a linear equation, and so does the cotangent of the
equation's right-hand side, with transposed matrices: implicit differentiation.
"""

from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad._engine.box import values
from fgrad._engine.dispatch import lift, primitive
from fgrad._engine.rules import defvjp, derived
from fgrad._words.callsite import no_rule
from fgrad._words.undefined import warn_undefined
from fgrad.primitives._matrices import adjoint, conjugate, unbroadcast
from fgrad.primitives.matrix_functions import hermitian
from fgrad.scipy.linalg._operation import operation, pulled

__all__ = ["sylvester"]


@primitive
def sylvester(a: Any, b: Any, q: Any) -> Any:
    """The solution X of ``a @ X + X @ b = q``; nan in words if it is not unique.

    `scipy.linalg.solve_sylvester` would return the solution of an equation nearby.
    """
    dtype = np.result_type(a, b, q)
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2], q.shape[:-2])
    ans = np.zeros((*lead, *q.shape[-2:]), dtype)
    a, b, q = (np.broadcast_to(x, (*lead, *x.shape[-2:])) for x in (a, b, q))
    for index in np.ndindex(lead):
        if ans[index].size:
            ans[index] = _solved(*(x[index].astype(dtype) for x in (a, b, q)))
    return ans


def _solved(a: Any, b: Any, q: Any) -> Any:
    """Bartels and Stewart's algorithm, which sees whether two eigenvalues cancel."""
    schur: Any = sl.schur
    (r, u), (s, v) = schur(a), schur(adjoint(b))
    (solve,) = sl.get_lapack_funcs(("trsyl",), (r, s, q))
    trans = "C" if r.dtype.kind == "c" else "T"
    y, scale, info = solve(r, s, adjoint(u) @ q @ v, tranb=trans)
    if info > 0:
        warn_undefined(
            "the derivative of a matrix equation's solution is nan: the solution is "
            "not unique, since two eigenvalues cancel"
        )
        return np.full_like(q, np.nan)
    return u @ (y / scale) @ adjoint(v)


def sylvester_q_pullback(g, a, b, like):
    """The transposed equation."""
    _refuse_number(like)
    return unbroadcast(sylvester(a.mT, b.mT, g), like)


def sylvester_a_pullback(g, ans, a, b, like):
    """Minus the product with the solution."""
    return unbroadcast(-sylvester(a.mT, b.mT, g) @ ans.mT, like)


def sylvester_b_pullback(g, ans, a, b, like):
    """Minus the product with the solution."""
    return unbroadcast(-ans.mT @ sylvester(a.mT, b.mT, g), like)


def _refuse_number(q: Any) -> None:
    """SciPy multiplies it with matrices of its own, whose product it is not."""
    if q.ndim < 2:
        raise no_rule(
            f"a matrix equation where q has shape {q.shape}",
            "\nPass the whole matrix, such as np.full((m, n), q).",
        )


for fun in (sylvester, sl.solve_sylvester):
    operation(
        fun, a=sylvester_a_pullback, b=sylvester_b_pullback, q=sylvester_q_pullback
    )

# Lyapunov's equations -----------------------------------------------------------------


def continuous_a_pullback(g, ans, a, like):
    """Of ``a @ x + x @ a^H = q``."""
    h = sylvester(a.mT, conjugate(a), g)
    return unbroadcast(-h @ ans.mT - adjoint(h) @ conjugate(ans), like)


def continuous_q_pullback(g, a, like):
    """The transposed equation."""
    _refuse_number(like)
    return unbroadcast(sylvester(a.mT, conjugate(a), g), like)


solve_discrete_lyapunov: Any = lift(sl.solve_discrete_lyapunov)


def discrete_a_pullback(g, ans, a, like, method=None):
    """Of ``x = a @ x @ a^H + q``."""
    h = solve_discrete_lyapunov(a.mT, g, method)
    c = h @ (ans @ adjoint(a)).mT + adjoint(h) @ conjugate(a @ ans)
    return unbroadcast(c, like)


def discrete_q_pullback(g, a, like, method=None):
    """The transposed equation."""
    _refuse_number(like)
    return unbroadcast(solve_discrete_lyapunov(a.mT, g, method), like)


operation(
    sl.solve_continuous_lyapunov, a=continuous_a_pullback, q=continuous_q_pullback
)
operation(sl.solve_discrete_lyapunov, a=discrete_a_pullback, q=discrete_q_pullback)

# Riccati's equations ------------------------------------------------------------------


@primitive
def riccati(parts: Any, discrete: bool, given: Any, balanced: bool = True) -> Any:
    """The solution of an algebraic Riccati equation; the parts are those `given`."""
    solve = sl.solve_discrete_are if discrete else sl.solve_continuous_are
    return solve(**dict(zip(given, parts, strict=True)), balanced=balanced)


def _gain(x: Any, d: dict[str, Any], discrete: bool) -> tuple[Any, Any]:
    """What is inverted in the equation, and what it is multiplied with."""
    e, s = d.get("e"), d.get("s")
    left = x @ (d["a"] if discrete else d["a"] if e is None else e)
    right = adjoint(d["b"]) @ (left if discrete else (x if e is None else x @ e))
    right = right if s is None else right + adjoint(s)
    r = d["r"] + adjoint(d["b"]) @ x @ d["b"] if discrete else d["r"]
    return r, right


def _residual(x: Any, d: dict[str, Any], discrete: bool) -> Any:
    """What is zero for the solution x."""
    a, e = d["a"], d.get("e")
    r, right = _gain(x, d, discrete)
    square = adjoint(right) @ np.linalg.solve(r, right)
    if discrete:
        before = x if e is None else adjoint(e) @ x @ e
        return adjoint(a) @ x @ a - before - square + d["q"]
    half = adjoint(a) @ (x if e is None else x @ e)
    return half + adjoint(half) - square + d["q"]


def _refuse_unsolved(x: Any, d: dict[str, Any], discrete: bool) -> None:
    """SciPy 1.17 scales some equations with `e` such that x solves another one."""
    rest = np.max(np.abs(_residual(x, d, discrete)), initial=0)
    size = np.max(np.abs(d["q"]), initial=0) + np.max(np.abs(x), initial=0)
    if rest > 1e-7 * size:
        name = f"scipy.linalg.solve_{'discrete' if discrete else 'continuous'}_are"
        raise np.linalg.LinAlgError(
            f"{name} returned a matrix that does not solve the equation: what should "
            f"be 0 is {rest:.1e}, so there is no derivative. Use balanced=False."
        )


def riccati_pullback(g, ans, parts, wanted, discrete, given):
    """The closed loop's Lyapunov equation, transposed; then the residual's pullback.

    Only Hermitian q and r are accepted, and so are only Hermitian changes of them.
    """
    d = dict(zip(given, parts, strict=True))
    e = d.get("e")
    _refuse_unsolved(values(ans), {n: values(part) for n, part in d.items()}, discrete)
    r, right = _gain(ans, d, discrete)
    loop = d["a"] - d["b"] @ np.linalg.solve(r, right)
    if e is not None:
        loop = np.linalg.solve(e.mT, loop.mT).mT
    g = hermitian(g)
    if discrete:
        y = -solve_discrete_lyapunov(conjugate(loop), g)
    else:
        y = sylvester(conjugate(loop), loop.mT, g)
    if e is not None:
        y = np.linalg.solve(e, np.linalg.solve(conjugate(e), y).mT).mT
    cotangents = []
    for name, part, asked in zip(given, parts, wanted, strict=True):
        if asked is None:
            cotangents.append(None)
            continue
        c = pulled(-y, lambda x, n=name: _residual(ans, {**d, n: x}, discrete), part)
        cotangents.append(hermitian(c) if name in "qr" else c)
    return cotangents


defvjp(riccati, neutral=("balanced",), sequences=("parts",), parts=riccati_pullback)


def _equation(
    discrete: bool, a: Any, b: Any, q: Any, r: Any, e: Any, s: Any, balanced: bool
) -> Any:
    parts = {"a": a, "b": b, "q": q, "r": r, "e": e, "s": s}
    parts = {name: part for name, part in parts.items() if part is not None}
    return riccati([*parts.values()], discrete, "".join(parts), balanced)


@derived(sl.solve_continuous_are)
def solve_continuous_are(
    a: Any, b: Any, q: Any, r: Any, e: Any = None, s: Any = None, balanced: bool = True
) -> Any:
    return _equation(False, a, b, q, r, e, s, balanced)


@derived(sl.solve_discrete_are)
def solve_discrete_are(
    a: Any, b: Any, q: Any, r: Any, e: Any = None, s: Any = None, balanced: bool = True
) -> Any:
    return _equation(True, a, b, q, r, e, s, balanced)
