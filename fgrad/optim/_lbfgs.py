"""L-BFGS, by SciPy: for functions without noise, far fewer steps than Adam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fgrad._engine.box import boxes_in
from fgrad._engine.later import LATER
from fgrad._ravel import components
from fgrad._transforms import value_and_grad
from fgrad._transforms._values import check_function, described, label, numeric_space
from fgrad._tree import flatten
from fgrad._words.callsite import Site, at, caller
from fgrad.errors import ConversionError, NonScalarOutputError
from fgrad.optim._checks import check_params, in_range, steps

__all__ = ["Minimum", "lbfgs"]


class Minimum(NamedTuple):
    """What `lbfgs` returns."""

    params: Any
    """The best parameters."""
    value: float
    """The value of the function there."""
    steps: int
    success: bool
    """Whether the gradient has become small."""
    message: str
    """SciPy's words on why it ended."""


def lbfgs(
    fun: Callable[..., Any],
    params: Any,
    *args: Any,
    max_steps: int = 1000,
    tol: float = 1e-6,
    history: int = 10,
    callback: Callable[[Any], Any] | None = None,
) -> Minimum:
    """The parameters for which a function is smallest, by L-BFGS.

    Parameters
    ----------
    fun : callable
        ``fun(params, *args)`` is a real number, written with NumPy's functions.
    params : tree of array_like of float or complex
        Where to begin.
    *args
        Passed on to `fun`.
    max_steps : int
    tol : float
        It ends when no entry of the gradient is larger.
    history : int
        How many steps the approximation of the Hessian remembers.
    callback : callable, optional
        Called with the parameters after each step.

    Returns
    -------
    Minimum
        ``(params, value, steps, success, message)``; the parameters have the structure
        and the dtypes of `params`.

    Raises
    ------
    NonScalarOutputError
        If `fun` returns something else than one real number.
    ImportError
        If SciPy is not installed.
    SettingError
        If a setting is out of range.
    ConversionError
        If it is called with traced values. `custom_root` of ``grad(fun)``
        differentiates a minimum.

    Notes
    -----
    ``scipy.optimize.minimize(method="L-BFGS-B")``, in double precision: Byrd, Lu,
    Nocedal and Zhu, A limited memory algorithm for bound constrained optimization
    (1995).

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> def rosenbrock(p):
    ...     return (1 - p["x"]) ** 2 + 100 * (p["y"] - p["x"] ** 2) ** 2
    >>> found = optim.lbfgs(rosenbrock, {"x": -1.2, "y": 1.0})
    >>> {name: float(value.round(4)) for name, value in found.params.items()}
    {'x': 1.0, 'y': 1.0}
    """
    options = {
        "maxiter": steps("max_steps", max_steps),
        "maxcor": steps("history", history),
        "gtol": in_range("tol of lbfgs", tol),
        "ftol": 0.0,  # a small gradient is what counts
        "maxfun": 20 * max_steps,
    }
    check_function("lbfgs", fun, "lbfgs(fun, params)")
    check_params(params)
    if boxes_in(flatten(params)[0]):
        raise ConversionError(
            at(
                "lbfgs would drop the gradient of params. Differentiate its minimum "
                "with fgrad.custom_root(grad(fun), ...), or use stop_gradient if that "
                "is intended"
            )
        )
    try:
        minimize = LATER["scipy.optimize"]().minimize
    except ImportError as error:
        raise ImportError(at("lbfgs needs SciPy: pip install scipy")) from error
    vector, joined = components(params)
    site = caller()  # later, SciPy's lines are nearer

    def flat(v: Any) -> Any:
        out = fun(joined(v), *args)
        _check_value(fun, out, site)
        return out

    found = minimize(
        value_and_grad(flat),
        vector,
        jac=True,
        method="L-BFGS-B",
        options=options,
        callback=callback and (lambda v: callback(joined(v))),
    )
    return Minimum(
        joined(found.x), float(found.fun), found.nit, found.success, str(found.message)
    )


def _check_value(fun: Callable[..., Any], out: Any, site: Site) -> None:
    """Refuse an objective that does not return one real number."""
    found = numeric_space(out)
    if found is not None and found.shape == () and found.dtype.kind in "iuf":
        return
    hint = "sum or average it"
    if out is None:
        hint = "did it forget its return?"
    elif found is None:
        hint = "return the number alone"
    elif found.shape == ():
        hint = "take its real part or its absolute value"
        if found.dtype.kind == "b":
            hint = "a truth value has no derivative"
    what = f"a number of dtype {found.dtype}" if found and not found.shape else None
    raise NonScalarOutputError(
        at(
            f"lbfgs needs an objective that returns one real number, but {label(fun)} "
            f"returned {what or described(out)}: {hint}",
            site,
        )
    )
