"""Functions of matrices.

The derivatives of the exponential, the logarithm and the square root need no gaps
between eigenvalues: see `fgrad.primitives.matrix_functions`. Those of trigonometric
functions are made of the exponential's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg as sl

from fgrad._engine.box import Box, as_array
from fgrad._engine.dispatch import lift
from fgrad._engine.rules import defvjp
from fgrad.linalg import polar as _polar
from fgrad.primitives._matrices import adjoint, unbroadcast
from fgrad.primitives.matrix_functions import corner, corner_pullback, unitary_factor
from fgrad.scipy.linalg._equations import sylvester
from fgrad.scipy.linalg._operation import operation, pulled

__all__: list[str] = []

expm: Any = lift(sl.expm)
expm_frechet: Any = lift(sl.expm_frechet)

# Exponential, logarithm, square root, sign --------------------------------------------


def expm_pullback(g, A):
    """The derivative at the transposed matrix: Higham (2008), section 3."""
    return g if not g.size else expm_frechet(A.mT, g, compute_expm=False)


def expm_frechet_pullbacks(g, A, E, compute_expm, wanted):
    """The derivative in a direction has derivatives of the same kind."""
    gexpm, gslope = g if compute_expm else (None, g)
    parts = [np.broadcast_to(x, gslope.shape) for x in (A, E)]
    first, second = corner_pullback(gslope, parts, wanted, "expm")
    if first is not None and gexpm is not None:
        first = unbroadcast(first, A) + expm_pullback(unbroadcast(gexpm, A), A)
    return first, second


def sqrtm_pullback(g, ans):
    """The root of ``ans @ ans`` solves Sylvester's equation: Higham (2008), 6.1."""
    return sylvester(ans.mT, ans.mT, g)


def signm_pullback(g, ans, A):
    """Kenney and Laub, Polar decomposition and matrix sign function (1991)."""
    root = (A @ ans).mT  # of the transposed square
    h = sylvester(root, root, g)
    return h - ans.mT @ h @ ans.mT


operation(sl.expm, A=expm_pullback)
defvjp(
    sl.expm_frechet,
    neutral=("method", "check_finite"),
    A=lambda g, A, E, compute_expm=True: unbroadcast(
        expm_frechet_pullbacks(g, A, as_array(E), compute_expm, (A, None))[0], A
    ),
    E=lambda g, A, E, compute_expm=True: unbroadcast(
        expm_frechet_pullbacks(g, as_array(A), E, compute_expm, (None, E))[1], E
    ),
)
operation(
    sl.logm,
    A=lambda g, A: corner([A, g.mT], "logm").mT,
)
operation(sl.sqrtm, neutral=("blocksize",), A=sqrtm_pullback)
operation(sl.signm, A=signm_pullback)

# Trigonometric functions --------------------------------------------------------------


def _cosine(a: Any) -> Any:
    if a.dtype.kind == "c":
        return 0.5 * (expm(1j * a) + expm(-1j * a))
    return np.real(expm(1j * a))


def _sine(a: Any) -> Any:
    if a.dtype.kind == "c":
        return -0.5j * (expm(1j * a) - expm(-1j * a))
    return np.imag(expm(1j * a))


def _hyperbolic(sign: int) -> Callable[[Any], Any]:
    return lambda a: 0.5 * (expm(a) + sign * expm(-a))


_hyperbolic_cosine, _hyperbolic_sine = _hyperbolic(1), _hyperbolic(-1)


def tanm_pullback(g, ans, A):
    """Of ``solve(cosm(A), sinm(A))``."""
    h = np.linalg.solve(_cosine(A).mT, g)
    return pulled(h, _sine, A) + pulled(-h @ ans.mT, _cosine, A)


def tanhm_pullback(g, ans, A):
    """Of ``solve(coshm(A), sinhm(A))``."""
    h = np.linalg.solve(_hyperbolic_cosine(A).mT, g)
    c = pulled(h, _hyperbolic_sine, A)
    return c + pulled(-h @ ans.mT, _hyperbolic_cosine, A)


operation(sl.cosm, A=lambda g, A: pulled(g, _cosine, A))
operation(sl.sinm, A=lambda g, A: pulled(g, _sine, A))
operation(sl.coshm, A=lambda g, A: pulled(g, _hyperbolic_cosine, A))
operation(sl.sinhm, A=lambda g, A: pulled(g, _hyperbolic_sine, A))
operation(sl.tanm, A=tanm_pullback)
operation(sl.tanhm, A=tanhm_pullback)

# Powers, and functions by eigenvalues -------------------------------------------------


def _power(a: Any, t: Any) -> Any:
    return corner([t * corner([a], "logm")], "expm")


def power_a_pullback(g, A, t):
    """Of the exponential of a multiple of the logarithm, unless t is an integer."""
    if type(t) is not Box and t == np.floor(t):
        return pulled(g, lambda a: np.linalg.matrix_power(a, int(t)), A)
    return pulled(g, lambda a: _power(a, t), A)


def power_t_pullback(g, ans, A):
    """The logarithm times the power."""
    return np.sum(g * (ans @ corner([as_array(A)], "logm")))


def funm_pullback(g, A, func):
    """Of ``V @ diag(func(w)) @ inv(V)`` for the eigenvalues w."""

    def by_eigenvalues(a: Any) -> Any:
        w, v = np.linalg.eig(a)
        ans = np.linalg.solve(v.mT, (v * np.expand_dims(func(w), -2)).mT).mT
        return ans if g.dtype.kind == "c" else np.real(ans)

    return pulled(g, by_eigenvalues, A)


operation(
    sl.fractional_matrix_power,
    A=power_a_pullback,
    t=power_t_pullback,
)
operation(sl.funm, A=funm_pullback)

# Polar decomposition ------------------------------------------------------------------


def _right(a: Any) -> tuple[Any, Any]:
    return tuple(_polar(a))


def _left(a: Any) -> tuple[Any, Any]:
    u = _polar(a).U
    p = a @ adjoint(u)
    return u, 0.5 * (p + adjoint(p))


def _procrustes(a: Any, b: Any) -> tuple[Any, Any]:
    m = adjoint(a) @ b
    r = unitary_factor(m)
    return r, np.trace(adjoint(r) @ m, axis1=-2, axis2=-1).real


operation(
    sl.polar,
    a=lambda g, a, side="right": pulled(g, _right if side == "right" else _left, a),
)
operation(
    sl.orthogonal_procrustes,
    A=lambda g, A, B: pulled(g, lambda a: _procrustes(a, as_array(B)), A),
    B=lambda g, A, B: pulled(g, lambda b: _procrustes(as_array(A), b), B),
)
