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

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from operator import getitem
from typing import Any, TypedDict, TypeVar, Unpack

import numpy as np

from fgrad._engine.later import LATER
from fgrad._engine.signatures import (
    NO_VALUE,
    REQUIRED,
    aliases_of,
    function_name,
    of_array_package,
    parameters_of,
    rest_of,
)
from fgrad._tree import Structure, unflatten

__all__ = [
    "CALLS",
    "CHANGING",
    "CONSTANTS",
    "DERIVED",
    "NO_VALUE",
    "REFUSED",
    "REQUIRED",
    "RULES",
    "SPECIAL",
    "USERS",
    "Options",
    "Pullback",
    "Rule",
    "complete",
    "composition",
    "constant",
    "defvjp",
    "derived",
    "function_name",
    "is_known",
    "of_array_package",
    "parameters_of",
    "refuse",
    "rule_of",
]

F = TypeVar("F", bound=Callable[..., Any])

SPECIAL = ("ans", "like", "wanted")
"""The names of values besides the function's parameters that a pullback may keep."""

NEUTRAL = frozenset(
    {"casting", "copy", "device", "dtype", "like", "order", "subok", "optimize"}
)
"""Options that change the memory, precision or route of a result, not its derivative.

Where ``order`` means more than memory layout (`reshape`, `ravel`), the pullback names
it, and naming it makes it count.
"""


class Options(TypedDict, total=False):
    """The options of a rule, which `rule_checks.defvjp` describes one by one.

    `complex_only`, `fills`, `lacks` and `proportional` are for fgrad's own: see `Rule`.
    """

    neutral: Iterable[str]
    sequences: Iterable[str]
    indices: Iterable[str]
    copied: Iterable[str]
    complex_only: Iterable[str]
    variadic: bool
    broadcasts: bool
    elementwise: bool
    masks: bool
    linear: bool
    weighs: bool
    by: tuple[str, ...]
    fills: bool
    proportional: str
    lacks: Mapping[str, str]


class Pullback:
    """The rule for one parameter: a function of the cotangent and what it keeps."""

    __slots__ = (
        "_masked",
        "defaults",
        "fun",
        "masks",
        "needs",
        "owned",
        "parameter",
        "rule",
    )

    def __init__(
        self, rule: Rule, parameter: str, fun: Callable[..., Any], *, owned: bool
    ) -> None:
        code: Any = getattr(fun, "__code__")  # noqa: B009 (a Python function has it)
        names = tuple(map(rule.named, code.co_varnames[: code.co_argcount]))
        self.rule = rule
        self.parameter = parameter
        self.fun = fun
        self.needs = names[1:]
        self.masks = rule.masks
        self.owned = owned
        """Whether an array that it returns is nobody else's, so that replay may write
        to it. A rule of the user's may return an array that the user keeps."""
        defaults = fun.__defaults__ or ()
        optional = names[len(names) - len(defaults) :]
        self.defaults = dict(zip(optional, defaults, strict=True))
        self._masked: Pullback | None = None

    @property
    def masked(self) -> Pullback:
        """The pullback for a call whose ``where=`` leaves entries out."""
        if self._masked is None:
            self._masked = copy(self)
            self._masked.masks = True
        return self._masked

    def of_tree(self, structure: Structure) -> Pullback:
        """The pullback for a call whose result is a tree, and so is its cotangent."""
        pullback, fun = copy(self), self.fun
        pullback.fun = lambda g, *kept: fun(unflatten(structure, g), *kept)
        return pullback

    def default(self, name: str) -> Any:
        """The value of an option that the call does not give."""
        if name in self.defaults:
            return self.defaults[name]
        default = self.rule.parameters[name]
        return () if default is REQUIRED else default  # for *args that are not given

    def __repr__(self) -> str:
        return f"the rule of {self.rule.name} with respect to {self.parameter}"


class Rule:
    """One operation: a function of arrays that is differentiated as a whole.

    Those of the tables are made by `rule_of`; one that no table needs to know is made
    here, with its name and pullbacks.
    """

    __slots__ = (
        "_aliases",
        "_parameters",
        "broadcasts",
        "by",
        "complex_only",
        "copied",
        "elementwise",
        "fills",
        "forward",
        "fun",
        "indices",
        "lacks",
        "linear",
        "masks",
        "name",
        "plans",
        "power",
        "proportional",
        "pullbacks",
        "rest",
        "sequences",
        "straight",
        "tagged",
        "takes_arrays",
        "ufunc",
        "understood",
        "weighs",
        "whole",
    )

    def __init__(
        self,
        fun: Callable[..., Any],
        *,
        name: str | None = None,
        sequences: Iterable[str] = (),
        variadic: bool = False,
        owned: bool = True,
        pullbacks: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.fun = fun
        self.name = name or function_name(fun)
        self.pullbacks: dict[str, Pullback] = {}
        self.ufunc = isinstance(fun, np.ufunc)
        self.takes_arrays = fun is getitem or of_array_package(fun)
        """Whether the arguments are arrays; a user's function may take anything."""
        self.elementwise = self.ufunc and getattr(fun, "signature", None) is None
        self.broadcasts = self.elementwise
        self.linear = False
        self.masks = False
        self.weighs = False
        self.by: tuple[str, ...] = ()
        """The parameters that do it, if not all: a rule that masks by the others."""
        self.fills = False
        """Whether it puts a constant in the place of nan. That hides a pole, unless the
        value is nan around this point, too."""
        self.proportional: str | None = None
        """A parameter whose constant zeros are zeros of the result."""
        self.lacks: dict[str, str] = {}
        """Parameters without a pullback, and a sentence that says why."""
        self.understood = NEUTRAL
        """Parameters that the rule knows of: a call that sets another is refused."""
        self.sequences = frozenset(sequences)
        self.indices: frozenset[str] = frozenset()
        self.copied: frozenset[str] = frozenset()
        self.complex_only: frozenset[str] = frozenset()
        """Parameters that pullbacks get only if the result is complex, else ``None``:
        real arguments are not kept for the sake of a formula of complex ones."""
        self.rest: int | None = 0 if variadic else None
        """The position from which on the arguments are one parameter, ``*args``."""
        self.plans: dict[Any, Any] = {}
        """The plans of `bind`, by number and names of arguments."""
        self.straight: list[Any] = [None, None]
        """The pullback and the saver of the first and of the second argument."""
        self.power: Callable[..., Any] | None = None
        """For a length: the edges of a power of it, which lead past its kink at 0."""
        self.tagged: Callable[..., Any] | None = None
        """How tags pass, for a rule that replays a tape of its own."""
        self.forward: Callable[..., Any] | None = None
        """The derivative along tangents, for a rule that is not told by its pullback:
        ``forward(tangents by position, *what the pullback keeps)``."""
        self.whole = False
        """Whether this is a function with a derivative of the user's, of all arguments
        at once: what it keeps may depend on any of them, in ways that nobody knows."""
        self._parameters: dict[str, Any] | None = None
        self._aliases = aliases_of(fun) if isinstance(fun, np.ufunc) else {}
        self.extend(pullbacks or {}, owned=owned)

    def named(self, name: str) -> str:
        """A parameter's own name: a ufunc's x may be called z in its documentation."""
        return self._aliases.get(name, name)

    def take_rest(self) -> None:
        """Let ``*args`` of the function be a parameter: a sequence of arrays."""
        rest = rest_of(self.fun)
        if rest is not None:
            self.rest = list(self.parameters).index(rest)
            self.sequences |= {rest}

    def grouped(self, args: tuple[Any, ...]) -> list[Any]:
        """Positional arguments by parameter, so that ``*args`` are one of them."""
        if self.rest is None or len(args) < self.rest:
            return [*args]
        return [*args[: self.rest], args[self.rest :]]

    @property
    def parameters(self) -> dict[str, Any]:
        """Names of the function's parameters, with their defaults or ``REQUIRED``."""
        if self._parameters is None:
            self._parameters = parameters_of(self.fun)
        return self._parameters

    def extend(
        self,
        pullbacks: Mapping[str, Callable[..., Any]],
        *,
        owned: bool,
        **options: Unpack[Options],
    ) -> None:
        """Add pullbacks and options."""
        self.sequences |= {*options.get("sequences", ())}
        self.indices |= {*options.get("indices", ())}
        self.copied |= self.indices | {*options.get("copied", ())}
        self.complex_only |= {*options.get("complex_only", ())}
        if options.get("variadic", False):
            self.rest = 0
        self.elementwise |= options.get("elementwise", False)
        self.broadcasts |= self.elementwise or options.get("broadcasts", False)
        self.masks |= options.get("masks", False)
        self.linear |= options.get("linear", False)
        self.weighs |= options.get("weighs", False)
        self.by += tuple(options.get("by", ()))
        self.fills |= options.get("fills", False)
        self.proportional = options.get("proportional", self.proportional)
        self.lacks |= options.get("lacks", {})
        self.understood |= {*options.get("neutral", ())}
        for name, fun in pullbacks.items():
            parameter = self.named(name)
            pullback = Pullback(self, parameter, fun, owned=owned)
            self.pullbacks[parameter] = pullback
            self.understood |= {parameter, *pullback.needs}
        self.plans.clear()
        self.straight[:] = [None, None]


RULES: dict[Callable[..., Any], Rule] = {}
DERIVED: dict[Callable[..., Any], Callable[..., Any]] = {}
CONSTANTS: dict[Callable[..., Any], Callable[[Any], Any] | None] = {}
"""The functions see the plain values of their arguments, or what the function that
stands here makes of each argument."""
CHANGING: set[Callable[..., Any]] = set()
"""The functions that change an argument, so that they must not be called again."""
REFUSED: dict[Callable[..., Any], str] = {}
CALLS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""What runs for a traced argument, as worked out from the tables on first need."""


USERS: list[Callable[..., Any]] = []
"""The functions that have got a rule from the user, each time when one was given."""


def rule_of(fun: Callable[..., Any]) -> Rule:
    """The rule of `fun`: a new one without pullbacks if there is none yet."""
    rule = RULES.get(fun)
    if rule is None:
        rule = RULES[fun] = Rule(fun)
    return rule


def defvjp(fun: Callable[..., Any], /, **rule: Any) -> None:
    """Register a derivative of fgrad's own: what users call checks it first.

    The options are those of `Options`, the others are pullbacks by parameter.
    """
    names = [name for name in Options.__annotations__ if name in rule]
    options: Any = {name: rule.pop(name) for name in names}
    rule_of(fun).extend(rule, owned=True, **options)
    CALLS.pop(fun, None)


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
    LATER["compositions"]()
    return DERIVED.get(fun)


def complete(fun: Callable[..., Any]) -> None:
    """Load the tables in which `fun` may be, as far as they load on first need.

    A ufunc does not know its module. One that is not NumPy's may be SciPy's, if that is
    loaded.
    """
    LATER["compositions"]()
    if isinstance(fun, np.ufunc) and "scipy.special" in sys.modules:
        LATER["fgrad.scipy.special"]()


def is_known(fun: Any) -> bool:
    """Whether a table has this thing, which may be anything: all have loaded by now."""
    if not callable(fun) or getattr(fun, "__hash__", None) is None:
        return False
    ruled = fun in RULES and bool(RULES[fun].pullbacks)
    return ruled or fun in DERIVED or fun in CONSTANTS or fun in REFUSED


def constant(
    *funs: Callable[..., Any], sees: Callable[[Any], Any] | None = None
) -> None:
    """Say that `funs` are constant almost everywhere.

    They see the plain values of their arguments, or what `sees` makes of an argument.
    """
    CONSTANTS.update(dict.fromkeys(funs, sees))


def refuse(words: str, *funs: Callable[..., Any]) -> None:
    """Say that `funs` cannot be followed, and what to write instead."""
    REFUSED.update(dict.fromkeys(funs, words))
