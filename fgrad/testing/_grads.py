"""`check_grads`: the derivatives of a function, held against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np

from fgrad._transforms import vjp
from fgrad._transforms._values import check_function, described, label
from fgrad._tree import flatten, flatten_like
from fgrad.errors import GradientError
from fgrad.testing._blame import (
    Blame,
    blame as find_blame,
    blamed,
    kinks as find_kinks,
)
from fgrad.testing._leaves import Flat, flat_function, float_positions, widened
from fgrad.testing._level import Level, Settings, weights
from fgrad.testing._levels import check_level, check_levels
from fgrad.testing._preflight import check_arguments, check_call
from fgrad.testing._pullback import check_pullback
from fgrad.testing._report import Report, Verdict
from fgrad.testing._single import check_single

__all__ = ["check_grads", "check_named", "checked", "kink_places"]

MODES = ("rev", "fwd", "vmap")
KINKS = ("subgradient", "raise", "skip")


def check_grads(
    fun: Callable[..., Any],
    args: Sequence[Any],
    *,
    grad: Callable[..., Any] | None = None,
    order: int = 2,
    modes: Sequence[str] = ("rev", "fwd"),
    kinks: Literal["subgradient", "raise", "skip"] = "subgradient",
    scale: Any = None,
    rtol: float = 1e-7,
    atol: float = 0.0,
    noise: float = 0.0,
    blame: bool = True,
    rng: np.random.Generator | int = 0,
) -> Report:
    """Check the derivatives of a function against finite differences.

    Parameters
    ----------
    fun : callable
        Returns a tree of arrays.
    args : tuple of trees
        Its positional arguments. All float and complex leaves are differentiated;
        those in single precision are checked in double precision.
    grad : callable, optional
        A gradient of your own, which need not come from fgrad: for one argument,
        ``grad(x)`` is like `x`; for several it is a tuple, with ``None`` for what is
        not checked. Then `fun` returns one real number, and `order` and `modes` do not
        matter.
    order : int
        Up to which derivative.
    modes : sequence of {"rev", "fwd", "vmap"}
        What is checked besides reverse mode, which always is: forward mode, and
        whether a batch of gradients equals the gradients one by one.
    kinks : {"subgradient", "raise", "skip"}
        At a kink, the derivative must lie between the slopes of both sides; or a kink
        is an error; or anything goes.
    scale : float or tree like `args`, optional
        The natural size of the arguments; steps are fractions of it. By default the
        size of each entry itself, or that of the leaf's largest if it is much smaller.
    rtol, atol : float
        How far a derivative may be off, besides the error of the differences: relative
        to the size of its terms, and absolute.
    noise : float
        The relative error of the function's values, if it is larger than rounding.
    blame : bool
        Whether to look for the operation that is wrong.
    rng : numpy.random.Generator or int
        Draws the directions.

    Returns
    -------
    Report
        A verdict for each leaf, order and mode.

    Raises
    ------
    GradientError
        If a derivative is wrong, with the entry, both numbers, and the rule and line to
        blame; if the function is not deterministic or changes its arguments; if its
        value is nan; if there is nothing to check.
    TypeError
        If `args` is not a tuple.

    Warns
    -----
    UncheckedDerivativeWarning
        If a derivative can be called neither right nor wrong.

    Notes
    -----
    Slopes come from the five-point stencil: Abramowitz and Stegun, Handbook of
    Mathematical Functions, table 25.2. Where one step does not agree with the
    derivative, a ladder of steps finds the best one, and its error.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.testing import check_grads
    >>> def loss(x):
    ...     return np.sum(np.tanh(x) * x)
    >>> check_grads(loss, (np.array([0.5, 1.5]),))
    loss:
        derivative 1 right (args[0], all)
        derivative 2 right (args[0], all)
    >>> check_grads(lambda x: x**3, (2.0,), grad=lambda x: 2 * x**2)
    Traceback (most recent call last):
      ...
    fgrad.errors.GradientError: the derivative of <lambda> with respect to args[0] is
    wrong: it is 8, 0.6667 times as much, but finite differences give 12 ± 1e-11.
    """
    return check_named(
        fun,
        args,
        None,
        grad=grad,
        order=order,
        modes=modes,
        kinks=kinks,
        scale=scale,
        rtol=rtol,
        atol=atol,
        noise=noise,
        blame=blame,
        rng=rng,
    )


def check_named(
    fun: Callable[..., Any],
    args: Sequence[Any],
    names: Sequence[str] | None,
    *,
    grad: Callable[..., Any] | None = None,
    order: int = 2,
    modes: Sequence[str] = ("rev", "fwd"),
    kinks: str = "subgradient",
    scale: Any = None,
    rtol: float = 1e-7,
    atol: float = 0.0,
    noise: float = 0.0,
    blame: bool = True,
    rng: np.random.Generator | int = 0,
) -> Report:
    """`check_grads`, where messages may call the arguments by other names."""
    check_function("check_grads", fun, "check_grads(fun, args)")
    name = label(fun)
    check_arguments("check_grads", name, args, None)
    _check_choice("modes", modes, MODES)
    _check_choice("kinks", (kinks,), KINKS)
    flat = flat_function(fun, tuple(args), names)
    check_arguments("check_grads", name, args, flat)
    scales = None if scale is None else _scales(scale, args, flat)
    settings = Settings(name, flat.paths, modes, kinks, scales, rtol, atol, noise)
    rng = np.random.default_rng(rng)
    if grad is not None:
        return _check_own(fun, args, grad, flat, settings, rng)
    xs = [widened(x) for x in flat.values]

    def blamer(order: int) -> Blame:
        if not blame:
            return Blame(())
        return find_blame(flat.call, xs, order, check_alone)

    try:
        first = _first_level(fun, args, flat, xs, settings, rng)
    except GradientError as error:
        if error.kind == "not linear in g":
            blamed(error, blamer(1))
        raise
    return Report(name, tuple(check_levels(first, order, rng, blamer)))


def checked(
    call: Callable[..., list[Any]],
    xs: list[Any],
    settings: Settings,
    order: int,
    rng: np.random.Generator,
) -> list[Verdict]:
    """Check a function of arrays that is known to be deterministic and linear."""
    out, pull = vjp(call, *xs)
    if not out:
        return []
    ws = weights(out, rng)
    first = Level(settings, 1, call, xs, out, ws, list(pull(ws)), pull)
    return check_levels(first, order, rng, lambda _: Blame(()))


def kink_places(fun: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """Which calls of a function are at a kink: ``np.maximum, model.py:9``."""
    flat = flat_function(fun, tuple(args))
    xs = [widened(x) for x in flat.values]
    return find_kinks(flat.call, xs, partial(check_alone, kinks="raise"))


def check_alone(
    call: Callable[..., list[Any]],
    xs: list[Any],
    order: int,
    kinks: str = "subgradient",
) -> None:
    """Check one call that a function has made."""
    rng = np.random.default_rng(0)
    paths = [f"args[{i}]" for i in range(len(xs))]
    settings = Settings("it", paths, ("rev",), kinks)
    out, pull = vjp(call, *xs)
    ws = weights(out, rng)
    gradient = check_pullback("it", pull, ws, xs, settings.paths)
    first = Level(settings, 1, call, xs, out, ws, gradient, pull)
    check_levels(first, order, rng, lambda _: Blame(()))


def _first_level(
    fun: Callable[..., Any],
    args: Sequence[Any],
    flat: Flat,
    xs: list[Any],
    settings: Settings,
    rng: np.random.Generator,
) -> Level:
    """The gradient of a function that is fit to be checked."""
    # Traced first: a function that keeps traced values is not to be warmed up.
    out, pull = vjp(flat.call, *xs)
    ys = check_call(settings.name, fun, args, flat, xs, out)
    ws = weights(ys, rng)
    gradient = check_pullback(settings.name, pull, ws, xs, settings.paths)
    if any(x is not given for x, given in zip(xs, flat.values, strict=True)):
        narrow, pull_narrow = vjp(_narrow(fun, args), *flat.values)
        ws_narrow = [
            np.asarray(w, np.asarray(y).dtype)[()]
            for w, y in zip(ws, narrow, strict=True)
        ]
        names = settings.name, settings.paths
        single = check_pullback(names[0], pull_narrow, ws_narrow, flat.values, names[1])
        check_single(names[0], flat.call, flat.values, ws_narrow, single, names[1])
    return Level(settings, 1, flat.call, xs, ys, ws, gradient, pull)


def _narrow(fun: Callable[..., Any], args: Sequence[Any]) -> Callable[..., Any]:
    """The function as it was given, in the user's precision."""
    return flat_function(fun, tuple(args), keep=True).call


def _check_own(
    fun: Callable[..., Any],
    args: Sequence[Any],
    grad: Callable[..., Any],
    flat: Flat,
    settings: Settings,
    rng: np.random.Generator,
) -> Report:
    """Check a gradient that comes from elsewhere."""
    name = settings.name
    xs = [widened(x) for x in flat.values]
    ys = check_call(name, fun, args, flat, xs, None)
    if [np.shape(y) for y in ys] != [()] or np.asarray(ys[0]).dtype.kind == "c":
        raise TypeError(
            f"check_grads with grad= needs a function that returns one real number, "
            f"but {name} returned {described(fun(*args))}. For a Jacobian, use "
            f"check_jac."
        )
    leaves, structure = flatten(tuple(args))
    found = grad(*args)
    own = flatten_like(structure, (found,) if len(args) == 1 else _as_tuple(found))
    if own is None:
        what = "its argument" if len(args) == 1 else f"a tuple of {len(args)} trees"
        raise GradientError(
            f"{label(grad)} must return a gradient like {what}, but returned "
            f"{described(found)}.",
            kind="shape",
        )
    positions = [i for i in float_positions(leaves) if own[i] is not None]
    kept = [j for j, i in enumerate(float_positions(leaves)) if i in positions]
    if not kept:
        raise GradientError(
            f"check_grads has nothing to check: {label(grad)} returned None for all "
            f"that varies.",
            kind="nothing to check",
        )
    gradient: list[Any] = []
    for j, i in zip(kept, positions, strict=True):
        if np.shape(own[i]) != np.shape(xs[j]):
            raise GradientError(
                f"the gradient of {name} with respect to {flat.paths[j]} has shape "
                f"{np.shape(own[i])}, but {flat.paths[j]} has shape "
                f"{np.shape(xs[j])}.",
                kind="shape",
                path=flat.paths[j],
            )
        gradient.append(np.asarray(own[i])[()])

    def call(*values: Any) -> list[Any]:
        full = list(xs)
        for j, value in zip(kept, values, strict=True):
            full[j] = value
        return flat.call(*full)

    scales = settings.scales
    level = Level(
        Settings(
            name,
            [flat.paths[j] for j in kept],
            ("rev",),
            settings.kinks,
            None if scales is None else [scales[j] for j in kept],
            settings.rtol,
            settings.atol,
            settings.noise,
        ),
        1,
        call,
        [xs[j] for j in kept],
        ys,
        [np.ones_like(ys[0])],
        gradient,
        None,
    )
    return Report(name, tuple(check_level(level, rng, lambda _: Blame(()))))


def _as_tuple(found: Any) -> Any:
    return tuple(found) if isinstance(found, list) else found


def _scales(scale: Any, args: Sequence[Any], flat: Flat) -> list[Any]:
    """The natural size of each leaf, as the user says."""
    leaves, structure = flatten(tuple(args))
    if isinstance(scale, int | float):
        return [abs(float(scale))] * len(flat.values)
    found = flatten_like(structure, tuple(scale) if isinstance(scale, list) else scale)
    if found is None:
        raise TypeError(
            f"scale= of check_grads must be a number, or a tree like args, but it is "
            f"{described(scale)}."
        )
    chosen = [found[i] for i in float_positions(leaves)]
    return [1.0 if s is None else np.abs(s) for s in chosen]


def _check_choice(name: str, given: Sequence[str], known: Sequence[str]) -> None:
    for one in given:
        if one not in known:
            raise ValueError(
                f"{name} of check_grads may be {', '.join(map(repr, known))}, but got "
                f"{one!r}."
            )
