"""`differentiable`: what a test returns is checked at the points that are drawn."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial, wraps
from typing import Any, Literal, TypeVar, overload

import hypothesis
import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from typing_extensions import override

from fgrad._transforms._values import label
from fgrad.errors import (
    GradientError,
    UncheckedDerivativeWarning,
    UndefinedDerivativeWarning,
)
from fgrad.testing._grads import check_named, kink_places
from fgrad.testing._report import Report
from fgrad.testing.hypothesis._repeat import repeat
from fgrad.testing.hypothesis._trees import like as trees_like

__all__ = ["check", "check_drawn", "differentiable", "run_given"]

F = TypeVar("F", bound=Callable[..., Any])
Kinks = Literal["reject", "subgradient", "raise"]

APPLIED = "_hypothesis_internal_settings_applied"
"""By this, Hypothesis knows that a test has settings of its own."""

LABEL = "digits of a derivative that are wrong"


@overload
def differentiable(fun: F, /) -> F: ...
@overload
def differentiable(
    *,
    order: int = 2,
    modes: Sequence[str] = ("rev", "fwd"),
    kinks: Kinks = "reject",
    grad: Callable[..., Any] | None = None,
    scale: float | None = None,
    rtol: float = 1e-7,
    atol: float = 0.0,
    noise: float = 0.0,
) -> Callable[[F], F]: ...
def differentiable(
    fun: Callable[..., Any] | None = None,
    /,
    *,
    order: int = 2,
    modes: Sequence[str] = ("rev", "fwd"),
    kinks: Kinks = "reject",
    grad: Callable[..., Any] | None = None,
    scale: float | None = None,
    rtol: float = 1e-7,
    atol: float = 0.0,
    noise: float = 0.0,
) -> Any:
    """Make a test of a function that returns what is to be differentiated.

    It goes below ``@given``, whose strategies draw the point. All floats among the
    arguments are differentiated, also those of fixtures.

    Parameters
    ----------
    fun : callable
        The test. It returns a tree of arrays.
    order, modes, grad, scale, rtol, atol, noise
        As for `check_grads`.
    kinks : {"reject", "subgradient", "raise"}
        Points at kinks, jumps and edges of the domain, and those where nobody can tell,
        are drawn anew, and counted: ``--hypothesis-show-statistics`` says in which
        line they were. Or, as for `check_grads`: the derivative must lie between the
        slopes of both sides; or a kink is an error.

    Returns
    -------
    callable
        The test: a function with the same parameters, which returns nothing.

    Raises
    ------
    GradientError
        By the test, as by `check_grads`. Hypothesis then prints a program that repeats
        the check at the simplest point.

    Notes
    -----
    Directions are always the same, so that an example fails each time or never. How
    wrong a derivative is, is a target of Hypothesis: it searches where digits are lost.
    There is no deadline; settings of your own have one of 200 ms, unless you pass
    ``deadline=None``.

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import given
    >>> from fgrad.testing import hypothesis as fh
    >>> @given(x=fh.arrays(float, fh.array_shapes(max_dims=1)))
    ... @fh.differentiable
    ... def test_softplus(x):
    ...     return np.logaddexp(0, x)
    >>> test_softplus()
    """
    _check_kinks("differentiable", kinks)
    given = {
        "order": (order, 2),
        "modes": (tuple(modes), ("rev", "fwd")),
        "grad": (grad, None),
        "scale": (scale, None),
        "rtol": (rtol, 1e-7),
        "atol": (atol, 0.0),
        "noise": (noise, 0.0),
    }
    options = {name: new for name, (new, usual) in given.items() if new != usual}

    def decorate(fun: Callable[..., Any]) -> Callable[..., None]:
        if not callable(fun):
            raise TypeError(
                f"differentiable needs a function, but got {fun!r}. Write "
                f"@differentiable(order=1) with the name of the option."
            )
        if hasattr(fun, "hypothesis"):
            raise InvalidArgument(
                "@differentiable goes below @given: the strategies draw what it "
                "differentiates."
            )

        @wraps(fun)
        def test(*args: Any, **kwargs: Any) -> None:
            bound = inspect.signature(fun).bind(*args, **kwargs)
            positional, named, words = _positional(fun, bound)
            check_drawn(positional, named, kinks, options, words)

        # A check calls the function some thirty times, so there is no deadline, unless
        # the user's own settings have one: as if these were the first.
        if APPLIED not in vars(test):
            hypothesis.settings(deadline=None)(test)
            vars(test).pop(APPLIED, None)
        return test

    return decorate if fun is None else decorate(fun)


def _check_kinks(name: str, kinks: str) -> None:
    if kinks not in {"reject", "subgradient", "raise"}:
        raise ValueError(
            f"kinks of {name} may be 'reject', 'subgradient', 'raise', but got "
            f"{kinks!r}."
        )


def _positional(
    fun: Callable[..., Any], bound: inspect.BoundArguments
) -> tuple[Callable[..., Any], dict[str, Any], str]:
    """The function, of positional arguments only; these, by name; and its source."""
    named = dict(zip(bound.arguments, bound.args, strict=False))
    if len(named) < len(bound.args):  # ``*args``
        named = {f"args[{i}]": value for i, value in enumerate(bound.args)}
    if not bound.kwargs:
        return fun, named, ""
    count, names = len(named), list(bound.kwargs)

    @wraps(fun)
    def positional(*values: Any) -> Any:
        return fun(*values[:count], **dict(zip(names, values[count:], strict=True)))

    before = "".join(f"{name}, " for name in named)
    given = ", ".join(f"{name}={name}" for name in names)
    words = f"lambda {before}{', '.join(names)}: {fun.__name__}({before}{given})"
    return positional, named | bound.kwargs, words


AWAY = """\
If the function has no value at such points, keep them away from it, as by
hypothesis.assume(np.all(x > 0)).

"""


class _Told:
    """What is said about an error, and who is to blame for it.

    It is found out when it is shown, which is for the simplest example only: to look
    for who is to blame takes longer than the check.
    """

    def __init__(
        self,
        error: GradientError,
        again: Callable[[], Any],
        program: Callable[[str], str],
    ) -> None:
        self._error = error
        self._again = again
        self._program = program

    @override
    def __repr__(self) -> str:
        error = self._error
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self._again()
            except GradientError as found:
                error.args, error.__dict__ = found.args, {**found.__dict__}
        text = self._program(error.program)
        away = AWAY if error.kind == "nan" and not np.isfinite(error.got) else ""
        return f"{away}The check of this example, as a program:\n\n{text}\n"


def check_drawn(
    fun: Callable[..., Any],
    named: dict[str, Any],
    kinks: str,
    options: dict[str, Any],
    words: str = "",
) -> None:
    """Check one example, and tell Hypothesis what was found."""
    args = tuple(named.values())
    mode = "skip" if kinks == "reject" else kinks
    inside = hypothesis.currently_in_test_context()
    try:
        with warnings.catch_warnings():
            if inside:  # the verdict says it, too
                warnings.simplefilter("ignore", UncheckedDerivativeWarning)
                warnings.simplefilter("ignore", UndefinedDerivativeWarning)
            report = check_named(
                fun, args, list(named), kinks=mode, blame=not inside, **options
            )
    except GradientError as error:
        if inside:
            again = partial(check_named, fun, args, list(named), kinks=mode, **options)
            shown = options | ({"kinks": kinks} if kinks == "raise" else {})
            program = partial(repeat, fun, args, shown, words)
            hypothesis.note(_Told(error, again, program))
        raise
    if inside:
        _tell(report, kinks, fun, args)


def _tell(
    report: Report, kinks: str, fun: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    """Count kinks, reject points that cannot be checked, and set the target."""
    first = [v for v in report.verdicts if v.order == 1]
    for kind in dict.fromkeys(v.kind for v in report.verdicts if v.kind != "right"):
        where = kink_places(fun, args) if kind in {"kink", "jump"} else []
        for place in where or [""]:
            hypothesis.event(f"{kind}: {place}" if place else kind)
    if kinks == "reject" and any(v.kind != "right" for v in first):
        hypothesis.reject()
    off = [abs(v.got - v.want) / abs(v.want) for v in first if v.want]
    worst = max([x for x in off if np.isfinite(x)], default=0.0)
    if worst > 1e-10:  # else it is as good as rounding lets it be
        # A test that checks two functions would set the target twice: an error.
        with suppress(InvalidArgument):
            hypothesis.target(16 + float(np.log10(worst)), label=LABEL)


def check(
    fun: Callable[..., Any],
    like: Any,
    *,
    settings: hypothesis.settings | None = None,
    **options: Any,
) -> None:
    """Check the derivatives of a function at points that Hypothesis draws.

    Parameters
    ----------
    fun : callable
        Returns a tree of arrays.
    like : tuple of trees or strategies
        Arguments of the function: other ones like these are drawn, or what a strategy
        draws.
    settings : hypothesis.settings, optional
        For instance ``settings(max_examples=1000, deadline=None)``. By default there
        are no deadline and no explanations.
    options
        Of `differentiable`: ``order=1``, ``grad=my_gradient``.

    Raises
    ------
    GradientError
        If a derivative is wrong, at the simplest point that was found.
    TypeError
        If `like` is not a tuple.

    Examples
    --------
    >>> import fgrad
    >>> import numpy as np
    >>> from fgrad.testing import hypothesis as fh
    >>> def loss(w, x):
    ...     return np.sum(np.tanh(x @ w))
    >>> fh.check(loss, like=(np.ones(3), np.ones((2, 3))))
    >>> try:
    ...     fh.check(np.square, like=(2.0,), grad=lambda x: 4 * x)
    ... except fgrad.errors.GradientError as error:
    ...     print(round(error.ratio, 9))
    2.0
    """
    if not callable(fun):
        raise TypeError(f"check needs a function, but got {fun!r}.")
    if not isinstance(like, tuple | list):
        raise TypeError(
            f"like= must be a tuple of arguments of the function, such as (x,), but it "
            f"is {like!r}."
        )
    names = _parameters(fun, len(like))
    strategies = {
        name: trees_like(value) for name, value in zip(names, like, strict=True)
    }
    kinks = options.pop("kinks", "reject")
    _check_kinks("check", kinks)

    def test(*values: Any, **named: Any) -> None:
        drawn = dict(zip(names, values, strict=False)) | named
        check_drawn(fun, drawn, kinks, options)

    test.__name__ = label(fun)
    run_given(test, strategies, settings)


def run_given(
    test: Callable[..., None],
    strategies: dict[str, st.SearchStrategy[Any]],
    settings: hypothesis.settings | None,
) -> None:
    """Run a test now."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in strategies]
    test.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
    # Explanations follow each line that runs, also those of fgrad: they take longer
    # than the checks, and say nothing about a function that runs as it always does.
    phases = [phase for phase in hypothesis.Phase if phase.name != "explain"]
    settings = settings or hypothesis.settings(deadline=None, phases=phases)
    settings(hypothesis.given(**strategies)(test))()


def _parameters(fun: Callable[..., Any], count: int) -> list[str]:
    """Names of the first arguments."""
    try:
        found = [
            name
            for name, p in inspect.signature(fun).parameters.items()
            if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}
        ]
    except (TypeError, ValueError):
        found = []
    return found[:count] if len(found) >= count else [f"x{i}" for i in range(count)]
