"""The rules of users: `defvjp` as they call it, which checks what it is given."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from types import FunctionType
from typing import Any

import numpy as np

from fgrad._engine.rules import (
    CALLS,
    RULES,
    SPECIAL,
    USERS,
    Pullback,
    Rule,
    complete,
    rule_of,
)
from fgrad._engine.signatures import function_name, keywords_of
from fgrad.errors import RuleError

__all__ = ["defvjp", "read_only", "refuse_writing"]


def defvjp(
    fun: Callable[..., Any],
    /,
    *,
    neutral: Iterable[str] = (),
    sequences: Iterable[str] = (),
    indices: Iterable[str] = (),
    copied: Iterable[str] = (),
    variadic: bool = False,
    broadcasts: bool = False,
    elementwise: bool = False,
    masks: bool = False,
    linear: bool = False,
    weighs: bool = False,
    **pullbacks: Callable[..., Any],
) -> None:
    """Register the derivative of a primitive.

    Parameters
    ----------
    fun : callable
        A NumPy function, or a function made by `primitive`.
    neutral : iterable of str
        Further parameters of `fun` that do not influence the derivative. A call that
        sets an option which is neither neutral nor named by the pullback is refused.
    sequences : iterable of str
        Parameters that are lists of arrays. Their pullback returns one cotangent for
        each element.
    indices : iterable of str
        Parameters that are an index: a tuple in their place is not one array.
    copied : iterable of str
        Parameters that are masks or places: what is kept of them is a copy, since
        programs change them in place. Indices are copied, too.
    variadic : bool
        Whether the first parameter is ``*args``, for a function that does not tell it.
        Else ``*args`` are known: a sequence of arrays under that name.
    broadcasts : bool
        Whether `fun` broadcasts its arguments. Its pullbacks may return cotangents of
        the broadcast shape; fgrad sums them over the axes that were added or stretched.
    elementwise : bool
        Whether, besides, each entry of the result depends on the corresponding
        entries of the arguments only. True for ufuncs.
    masks : bool
        Whether the pullbacks can put exact zeros where an argument was not used, as
        `where` and indexing do.
    linear : bool
        Whether `fun` is linear in each of its arguments, so that forward mode may call
        it on a tangent. It is only faster than the transpose of the pullback.
    weighs : bool
        Whether a rule that masks also multiplies what is left by values of the
        arguments. Without this, what a rule that masks makes of ``g`` must not change
        with the values of the arguments around this point.
    **pullbacks : callable
        ``parameter=lambda g, ...: cotangent``. The names after ``g`` say what the rule
        keeps: ``ans``, ``like`` (shape and dtype of the argument), parameters of
        `fun`. A ufunc's are x, or x1 and x2, or what its documentation calls them
        (``jv(v, z)``). A pullback is linear in ``g`` and uses only NumPy functions and
        operators on its arguments, so that it can be differentiated again.

    Raises
    ------
    RuleError
        If a pullback or one of its names does not fit the signature of `fun`, or
        `fun` is an ordinary function, which no rule is asked about.

    Examples
    --------
    >>> import fgrad
    >>> import numpy as np
    >>> @fgrad.primitive
    ... def cube(x):
    ...     return x * x * x
    >>> fgrad.defvjp(cube, x=lambda g, x: 3.0 * g * x**2)
    >>> fgrad.grad(cube)(2.0)
    np.float64(12.0)
    """
    if fun not in RULES:
        complete(fun)  # a rule that loads later would replace this one
    _check_operation(fun)
    rule = rule_of(fun)
    rule.take_rest()
    for parameter, pullback in pullbacks.items():
        _check_pullback(rule, parameter, pullback)
    names = {
        "neutral": tuple(neutral),
        "sequences": tuple(sequences),
        "indices": tuple(indices),
        "copied": tuple(copied),
    }
    _check_names(rule, pullbacks, names)
    rule.extend(
        pullbacks,
        owned=False,
        neutral=names["neutral"],
        sequences=names["sequences"],
        indices=names["indices"],
        copied=names["copied"],
        variadic=variadic,
        broadcasts=broadcasts,
        elementwise=elementwise,
        masks=masks,
        linear=linear,
        weighs=weighs,
    )
    for parameter in pullbacks:
        _keep_from_writing(rule.pullbacks[rule.named(parameter)])
    CALLS.pop(fun, None)
    USERS.append(fun)


def _keep_from_writing(pullback: Pullback) -> None:
    """Give a user's pullback arrays that it can only read.

    Its cotangent may be the caller's, or that of another operation, and what was kept
    is needed again if the pullback is called again.
    """
    fun = pullback.fun

    def call(*given: Any) -> Any:
        try:
            c = fun(*map(read_only, given))
        except ValueError as error:
            refuse_writing(error, repr(pullback))
            raise
        if c is None:
            raise RuleError(
                f"{pullback!r} returned None. Did it forget its return? A derivative "
                f"of zero is np.zeros_like({pullback.parameter})."
            )
        return c

    pullback.fun = wraps(fun)(call)


def refuse_writing(
    error: ValueError,
    name: str,
    what: str = "its cotangent, or into a value that it has kept",
    x: str = "g",
) -> None:
    """Say what is wrong if a user's rule wrote into an array it can only read."""
    if "read-only" in str(error):
        raise RuleError(
            f"{name} writes into {what}. They belong to others: write {x} = {x} + 1 in "
            f"place of {x} += 1, or change a copy."
        ) from error


def read_only(value: Any) -> Any:
    """A view of an array through which it cannot be changed."""
    if type(value) is not np.ndarray or not value.flags.writeable:
        return value
    view = value.view()
    view.flags.writeable = False
    return view


def _check_operation(fun: Any) -> None:
    """Refuse a rule for what is no operation: nobody would ask for it."""
    if not callable(fun):
        raise RuleError(f"defvjp needs a function, but got {fun!r}.")
    module = getattr(fun, "__module__", None) or ""
    ordinary = isinstance(fun, FunctionType) and fun not in RULES
    if ordinary and module.partition(".")[0] not in ("numpy", "fgrad"):
        raise RuleError(
            f"{function_name(fun)} is an ordinary function, which is differentiated "
            f"as it runs. Make it one operation with fgrad.primitive first."
        )


def _check_pullback(rule: Rule, parameter: str, fun: Any) -> None:
    """Refuse a pullback whose parameters do not say what it keeps."""
    whose = f"the pullback of {rule.name} for {parameter}"
    code = getattr(fun, "__code__", None)
    if code is None:
        raise RuleError(
            f"{whose} must be a Python function, since its parameters say what it "
            f"keeps, but is {fun!r}. Write lambda g, ...: ..."
        )
    names = code.co_varnames[: code.co_argcount]
    if not names or names[0] != "g":
        raise RuleError(
            f"{whose} must take g, the cotangent of the result, as its first "
            f"parameter; it takes {names}."
        )
    more = code.co_kwonlyargcount + bool(code.co_flags & inspect.CO_VARARGS)
    more += bool(code.co_flags & inspect.CO_VARKEYWORDS)
    if more:
        first = code.co_argcount
        raise RuleError(
            f"{whose} must name all that it keeps as positional parameters, but "
            f"also takes {code.co_varnames[first : first + more]}."
        )


def _check_names(
    rule: Rule,
    pullbacks: Mapping[str, Any],
    options: Mapping[str, Iterable[str]],
) -> None:
    """Refuse what names something that the function does not have."""
    name, parameters = rule.name, list(rule.parameters)
    if not pullbacks and not rule.pullbacks:
        first = parameters[0] if parameters else "x"
        raise RuleError(
            f"defvjp({name}) needs a pullback for each differentiable parameter: "
            f"defvjp({name}, {first}=lambda g, ...: ...)"
        )
    if rule.takes_arrays and not parameters:
        return  # a function in C that does not tell them
    taken = {"g", *SPECIAL} & {*parameters}
    if taken and not rule.takes_arrays:  # NumPy's like= is no parameter of a rule
        raise RuleError(
            f"{name} has parameters {sorted(taken)}, but in a pullback these names "
            f"mean something else. Rename them."
        )
    named = {
        f"the rule of {name} with respect to {parameter}": {
            *(
                parameter,
                *pullback.__code__.co_varnames[: pullback.__code__.co_argcount],
            )
        }
        - {"g", *SPECIAL}
        for parameter, pullback in pullbacks.items()
    }
    named |= {f"{what}={names!r}": {*names} for what, names in options.items()}
    if keywords_of(rule.fun):
        _check_keywords(rule, pullbacks)
        return
    for what, names in named.items():
        if unknown := {*map(rule.named, names)} - {*parameters}:
            raise RuleError(
                f"{what} names {sorted(unknown)}, but the parameters of {name} are "
                f"{parameters}."
            )


def _check_keywords(rule: Rule, pullbacks: Mapping[str, Any]) -> None:
    """Refuse a pullback that keeps a keyword of ``**kwargs`` without a default."""
    for parameter, pullback in pullbacks.items():
        code, count = pullback.__code__, len(pullback.__defaults__ or ())
        for name in code.co_varnames[1 : code.co_argcount - count]:
            if name not in (*SPECIAL, *rule.parameters):
                if name == keywords_of(rule.fun):
                    raise RuleError(
                        f"the rule of {rule.name} with respect to {parameter} names "
                        f"{name!r}, which stands for all keywords. Name the keyword "
                        f"itself, with the default that {rule.name} has for it: "
                        f"lambda g, scale=1.0: ..."
                    )
                raise RuleError(
                    f"the rule of {rule.name} with respect to {parameter} names "
                    f"{name!r}, which a call may leave out. Give it the default that "
                    f"{rule.name} has for it: lambda g, {name}=...: ..."
                )
