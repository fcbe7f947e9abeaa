"""`check_jac`: a Jacobian in SciPy's form, held against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fgrad._transforms._values import check_function, label
from fgrad.errors import GradientError
from fgrad.testing._blame import Blame
from fgrad.testing._failure import react
from fgrad.testing._leaves import flat_function, widened
from fgrad.testing._level import Level, Settings, weights
from fgrad.testing._preflight import check_call
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
        ``fun(x, *args)``: a number, or an array of shape (m,).
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
        If the Jacobian is wrong, with the entry and both numbers; if `fun` is not
        deterministic, changes its argument or is not finite.

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
        return fun(x, *args)

    flat = flat_function(bound, (x,))
    flat = flat._replace(paths=["x"])
    (y,) = check_call(label(fun), bound, (x,), flat, [x], None)
    found = jac(x.copy(), *args)
    found = found.toarray() if hasattr(found, "toarray") else np.asarray(found)
    expected = np.shape(y) + x.shape
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
    v = level.direction(0, rng)
    got, _, finding = level.along(0, v)
    kind = react(level, 0, v, finding, lambda _: Blame(()))
    return Report(label(fun), (level.verdict(kind, "x", "rev", got, finding.slope),))
