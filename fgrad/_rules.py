"""The registry: which NumPy function differentiates how.

Four tables, keyed by NumPy's own functions:

* ``RULES``: primitives, with one pullback per differentiable parameter;
* ``DERIVED``: functions that are, for traced values, compositions of primitives;
* ``CONSTANTS``: functions that are constant almost everywhere;
* ``REFUSED``: functions that cannot be followed, and what to write instead.

A pullback's parameters say what it needs. The first is ``g``, the cotangent of the
result; then any of

* ``ans``, the result,
* ``like``, shape and dtype of the argument without its value (for a parameter that is a
  sequence of arrays: a tuple of these),
* ``wanted``, which elements of a sequence need a cotangent,
* the function's own parameters, by NumPy's names.

Exactly those are kept until replay.
"""

import inspect
from collections.abc import Callable, Iterable
from importlib import import_module
from operator import getitem
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from fgrad._signatures import (
    NO_VALUE,
    REQUIRED,
    function_name,
    parameters_of,
    rest_of,
)
from fgrad.errors import RuleError

__all__ = [
    "CALLS",
    "CONSTANTS",
    "DERIVED",
    "NO_VALUE",
    "REFUSED",
    "REQUIRED",
    "RULES",
    "SPECIAL",
    "Pullback",
    "Rule",
    "composition",
    "constant",
    "defvjp",
    "derived",
    "function_name",
    "parameters_of",
    "refuse",
    "rule_of",
]

F = TypeVar("F", bound=Callable[..., Any])

SPECIAL = ("ans", "like", "wanted")
"""What a pullback may keep besides the function's parameters."""

NEUTRAL = frozenset(
    {"casting", "copy", "device", "dtype", "like", "order", "subok", "optimize"}
)
"""Options that change the memory, precision or route of a result, not its derivative.

Where ``order`` means more than memory layout (`reshape`, `ravel`), the pullback names
it, and naming it makes it count.
"""


class Pullback:
    """The rule for one parameter: a function of the cotangent and what it keeps."""

    __slots__ = ("defaults", "fun", "masks", "needs", "ours", "parameter", "rule")

    def __init__(self, rule: "Rule", parameter: str, fun: Callable[..., Any]) -> None:
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
        self.rule = rule
        self.parameter = parameter
        self.fun = fun
        self.needs = names[1:]
        self.masks = rule.masks
        self.ours = (fun.__module__ or "").startswith("fgrad.")
        """Users' rules may return an array that they keep: it is never written to."""
        defaults = fun.__defaults__ or ()
        optional = names[len(names) - len(defaults) :]
        self.defaults = dict(zip(optional, defaults, strict=True))

    def masked(self) -> "Pullback":
        """The same pullback for a call whose ``where=`` leaves entries out."""
        other = Pullback(self.rule, self.parameter, self.fun)
        other.masks = True
        return other

    def default(self, name: str) -> Any:
        """What an option is when the call does not give it."""
        if name in self.defaults:
            return self.defaults[name]
        return self.rule.parameters[name]

    def __repr__(self) -> str:
        return f"the rule of {self.rule.name} with respect to {self.parameter}"


class Rule:
    """One primitive: a function of arrays that is differentiated as a whole."""

    __slots__ = (
        "_parameters",
        "broadcasts",
        "copied",
        "elementwise",
        "first",
        "fun",
        "indices",
        "masks",
        "name",
        "named",
        "numpys",
        "only",
        "plans",
        "pullbacks",
        "second",
        "sequences",
        "ufunc",
        "variadic",
    )

    def __init__(self, fun: Callable[..., Any]) -> None:
        self.fun = fun
        self.name = function_name(fun)
        self.pullbacks: dict[str, Pullback] = {}
        self.ufunc = isinstance(fun, np.ufunc)
        self.elementwise = self.ufunc and getattr(fun, "signature", None) is None
        self.broadcasts = self.elementwise
        self.masks = False
        self.sequences: frozenset[str] = frozenset()
        self.named = NEUTRAL
        """Parameters that the rule knows of: a call that sets another is refused."""
        self.indices: frozenset[str] = frozenset()
        self.copied: frozenset[str] = frozenset()
        self.variadic = False
        self.plans: dict[Any, Any] = {}
        """What `bind` has worked out, by number and names of arguments."""
        self.only: Any = None
        self.first: Any = None
        self.second: Any = None
        """The same for the only, first and second argument of the straight paths."""
        self._parameters: dict[str, Any] | None = None
        self.numpys = self.ufunc or fun is getitem or self.name.startswith("np.")
        """Whether the arguments are arrays; a user's function may take anything."""

    @property
    def parameters(self) -> dict[str, Any]:
        """Names of the function's parameters, with their defaults or ``REQUIRED``."""
        if self._parameters is None:
            self._parameters = parameters_of(self.fun)
        return self._parameters


RULES: dict[Callable[..., Any], Rule] = {}
DERIVED: dict[Callable[..., Any], Callable[..., Any]] = {}
CONSTANTS: set[Callable[..., Any]] = set()
REFUSED: dict[Callable[..., Any], str] = {}
CALLS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""What runs for a traced argument, as worked out from the tables on first need."""


def rule_of(fun: Callable[..., Any]) -> Rule:
    """The rule of `fun`: a new one without pullbacks if there is none yet."""
    rule = RULES.get(fun)
    if rule is None:
        rule = RULES[fun] = Rule(fun)
    return rule


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
        Whether the first parameter is ``*args``: a sequence of arrays.
    broadcasts : bool
        Whether `fun` broadcasts its arguments. Its pullbacks may return cotangents of
        the broadcast shape; fgrad sums them over the axes that were added or stretched.
    elementwise : bool
        Whether, besides, each entry of the result depends on the corresponding
        entries of the arguments only. True for ufuncs.
    masks : bool
        Whether the pullbacks can put exact zeros where an argument was not used, as
        `where` and indexing do.
    **pullbacks : callable
        ``parameter=lambda g, ...: cotangent``. The names after ``g`` say what the rule
        keeps: ``ans``, ``like`` (shape and dtype of the argument), parameters of
        `fun`. A pullback is linear in ``g`` and uses only NumPy functions and operators
        on its arguments, so that it can be differentiated again.

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
    check_operation(fun)
    rule = rule_of(fun)
    found = {name: Pullback(rule, name, p) for name, p in pullbacks.items()}
    options = {
        "neutral": tuple(neutral),
        "sequences": tuple(sequences),
        "indices": tuple(indices),
        "copied": tuple(copied),
    }
    if not rule.name.startswith("np."):
        check_names(rule, found, options, variadic)
    rule.sequences = rule.sequences | {*options["sequences"]}
    rule.indices = rule.indices | {*options["indices"]}
    rule.copied = rule.copied | {*options["indices"], *options["copied"]}
    rule.variadic = rule.variadic or variadic
    rule.masks = rule.masks or masks
    CALLS.pop(fun, None)
    rule.plans.clear()
    rule.only = rule.first = rule.second = None
    rule.elementwise = rule.elementwise or elementwise
    rule.broadcasts = rule.broadcasts or rule.elementwise or broadcasts
    for parameter, pullback in found.items():
        pullback.masks = rule.masks
        rule.pullbacks[parameter] = pullback
        rule.named |= {parameter, *pullback.needs}
    rule.named |= {*options["neutral"]}


def check_operation(fun: Any) -> None:
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


def check_names(
    rule: Rule,
    pullbacks: dict[str, Pullback],
    options: dict[str, tuple[str, ...]],
    variadic: bool,
) -> None:
    """Refuse what names something that the function does not have."""
    name, parameters = rule.name, rule.parameters
    if not pullbacks and not rule.pullbacks:
        first = next(iter(parameters), "x")
        raise RuleError(
            f"defvjp({name}) needs a pullback for each differentiable parameter: "
            f"defvjp({name}, {first}=lambda g, ...: ...)"
        )
    rest = rest_of(rule.fun)
    if rest and not (variadic or rule.variadic):
        raise RuleError(
            f"{name} takes *{rest}, of which a rule cannot name the parts. Take a list "
            f"and name it in sequences; if it comes first, say variadic=True as well."
        )
    if taken := {"g", *SPECIAL} & {*parameters}:
        raise RuleError(
            f"{name} has parameters {sorted(taken)}, but in a pullback these names "
            f"mean something else. Rename them."
        )
    named = {p: {p.parameter, *p.needs} - {*SPECIAL} for p in pullbacks.values()}
    for what, names in (*named.items(), *options.items()):
        if unknown := {*names} - {*parameters}:
            what = f"{what}={names!r}" if isinstance(what, str) else repr(what)
            raise RuleError(
                f"{what} names {sorted(unknown)}, but the parameters of {name} are "
                f"{list(parameters)}."
            )


def derived(*funs: Callable[..., Any]) -> Callable[[F], F]:
    """Say that, for traced values, `funs` are the decorated composition.

    The composition has the parameters of the NumPy function. NumPy's own function is
    still what runs on plain arrays.
    """

    def register(composition: F) -> F:
        for fun in funs:
            DERIVED[fun] = composition
            CALLS.pop(fun, None)
        return composition

    return register


def composition(fun: Callable[..., Any]) -> Any:
    """The composition that stands for `fun`, or ``None``; all load on first need."""
    import_module("fgrad.derived")
    return DERIVED.get(fun)


def constant(*funs: Callable[..., Any]) -> None:
    """Say that `funs` are constant almost everywhere: they see plain values."""
    CONSTANTS.update(funs)


def refuse(words: str, *funs: Callable[..., Any]) -> None:
    """Say that `funs` cannot be followed, and what to write instead."""
    REFUSED.update(dict.fromkeys(funs, words))
