"""`check_jac`: a Jacobian in SciPy's form, held against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fgrad._transforms._values import check_function, label
from fgrad.errors import GradientError
from fgrad.testing._blame import Blame
from fgrad.testing._leaves import flat_function, widened
from fgrad.testing._level import Level, Settings, weights
from fgrad.testing._levels import check_level
from fgrad.testing._preflight import changes, check_call
from fgrad.testing._pullback import same
from fgrad.testing._report import Report

__all__ = ["check_jac"]


def check_jac(
    fun: Callable[..., Any],
    jac: Callable[..., Any],
    x0: Any,
    *args: Any,
    scale: Any = None,
    rtol: float = 1e-7,
    atol: float = 0.0,
    noise: float = 0.0,
    rng: np.random.Generator | int = 0,
) -> Report:
    """Check a gradient or Jacobian, as SciPy's solvers take it.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)``: a number, or an array or list of shape (m,).
    jac : callable
        ``jac(x, *args)``: an array of shape (n,) or (m, n), or a sparse one.
    x0 : array_like of float, shape (n,)
        The point.
    *args
        Further arguments of both.
    scale, rtol, atol, noise, rng
        As for `check_grads`; `scale` is a number or an array of shape (n,).

    Returns
    -------
    Report
        One verdict.

    Raises
    ------
    GradientError
        If the Jacobian is wrong, with the entry and both numbers; if `fun` or `jac` is
        not deterministic, or changes its argument; if `fun` is not finite.

    Warns
    -----
    UncheckedDerivativeWarning
        If a derivative can be called neither right nor wrong.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.testing import check_jac
    >>> def residuals(x):
    ...     return np.array([x[0] * x[1], x[1] ** 2])
    >>> def jacobian(x):
    ...     return np.array([[x[1], x[0]], [0.0, x[1]]])
    >>> check_jac(residuals, jacobian, [1.0, 3.0])
    Traceback (most recent call last):
      ...
    fgrad.errors.GradientError: the derivative of residuals at entry [1] with respect to
    x[1] is wrong: it is 3, 0.5 times as much, but finite differences give 6 ± 6e-12.
    """
    check_function("check_jac", fun, "check_jac(fun, jac, x0)")
    check_function("check_jac", jac, "check_jac(fun, jac, x0)")
    rng = np.random.default_rng(rng)
    x = np.asarray(x0)
    x = x.astype(float) if x.dtype.kind in "biu" else widened(x)

    def bound(x: Any) -> Any:
        ans = fun(x, *args)
        return np.asarray(ans) if isinstance(ans, list | tuple) else ans  # as SciPy

    flat = flat_function(bound, (x,))
    flat = flat._replace(paths=["x"])
    (y,) = check_call(label(fun), bound, (x,), flat, [x], None)
    found = _called(jac, x, args)
    expected = np.shape(y) + x.shape
    if np.size(y) == 1 and found.shape in (x.shape, (1, *x.shape)):
        found = np.reshape(found, expected)
    if found.shape != expected:
        raise GradientError(
            f"{label(jac)} must return an array of shape {expected}, but returned one "
            f"of shape {found.shape}.",
            kind="shape",
        )
    scales = None if scale is None else [np.abs(scale)]
    settings = Settings(
        label(fun), ["x"], ("rev",), "subgradient", scales, rtol, atol, noise
    )

    def pull(ws: Sequence[Any]) -> list[Any]:
        return [np.tensordot(ws[0], found, np.ndim(y))]

    ws = weights([y], rng)
    level = Level(settings, 1, flat.call, [x], [y], ws, pull(ws), pull)
    return Report(label(fun), tuple(check_level(level, rng, lambda _: Blame(()))))


def _called(jac: Callable[..., Any], x: Any, args: tuple[Any, ...]) -> Any:
    """The Jacobian, once it is sure that asking is harmless."""
    results: list[Any] = []
    for _ in range(2):
        given = x.copy()
        found = jac(given, *args)
        results.append(
            found.toarray() if hasattr(found, "toarray") else np.array(found)
        )
        if not same([given], [x]):
            raise changes(label(jac), "x")
    if not same(results[:1], results[1:]):
        raise GradientError(
            f"{label(jac)} is not deterministic: two calls at the same point return "
            f"other arrays.",
            kind="not deterministic",
        )
    return results[0]
