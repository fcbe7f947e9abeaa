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
from typing import Any, TypeVar

import numpy as np

from fgrad.errors import RuleError

__all__ = [
    "CALLS",
    "CONSTANTS",
    "DERIVED",
    "REFUSED",
    "RULES",
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

REQUIRED = inspect.Parameter.empty
NO_VALUE: Any = getattr(np, "_NoValue")  # noqa: B009 (private, but in every default)

_UFUNC_OPTIONS = {
    "out": None,
    "where": True,
    "casting": "same_kind",
    "order": "K",
    "dtype": None,
    "subok": True,
    "signature": None,
}
_GUFUNC_OPTIONS = _UFUNC_OPTIONS | {
    "axes": NO_VALUE,
    "axis": NO_VALUE,
    "keepdims": False,
}

NEUTRAL = frozenset(
    {"casting", "copy", "device", "dtype", "like", "order", "subok", "optimize"}
)
"""Options that change the memory, precision or route of a result, not its derivative.

Where ``order`` means more than memory layout (`reshape`, `ravel`), the pullback names
it, and naming it makes it count.
"""

_C_SIGNATURES: dict[str, dict[str, Any]] = {
    "array": {"object": REQUIRED, "dtype": None, "copy": True, "order": "K",
              "subok": False, "ndmin": 0, "ndmax": 0, "like": None},
    "arange": {"start": REQUIRED, "stop": None, "step": 1, "dtype": None,
               "device": None, "like": None},
    "asarray": {"a": REQUIRED, "dtype": None, "order": None, "device": None,
                "copy": None, "like": None},
    "asanyarray": {"a": REQUIRED, "dtype": None, "order": None, "device": None,
                   "copy": None, "like": None},
    "ascontiguousarray": {"a": REQUIRED, "dtype": None, "like": None},
    "asfortranarray": {"a": REQUIRED, "dtype": None, "like": None},
    "bincount": {"x": REQUIRED, "weights": None, "minlength": 0},
    "concatenate": {"arrays": REQUIRED, "axis": 0, "out": None, "dtype": None,
                    "casting": "same_kind"},
    "dot": {"a": REQUIRED, "b": REQUIRED, "out": None},
    "inner": {"a": REQUIRED, "b": REQUIRED},
    "vdot": {"a": REQUIRED, "b": REQUIRED},
    "where": {"condition": REQUIRED, "x": None, "y": None},
}  # fmt: skip
"""Parameters of functions written in C, which NumPy before 2.4 cannot tell."""


def function_name(fun: Callable[..., Any]) -> str:
    """The public name of a function: ``np.linalg.eigh``, ``loss``."""
    if isinstance(fun, np.ufunc):
        numpys = getattr(np, fun.__name__, None) is fun
        return f"np.{fun.__name__}" if numpys else fun.__name__
    owner = getattr(fun, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"np.{owner.__name__}.{fun.__name__}"
    module = getattr(fun, "__module__", None) or ""
    name = getattr(fun, "__qualname__", None) or repr(fun)
    if module.partition(".")[0] == "numpy":
        return f"{module.replace('numpy', 'np', 1)}.{name}"
    return name.rpartition("<locals>.")[2]


def parameters_of(fun: Callable[..., Any]) -> dict[str, Any]:
    """Parameter names of `fun`, with their defaults or ``REQUIRED``."""
    if isinstance(fun, np.ufunc):
        first = ["x"] if fun.nin == 1 else [f"x{i + 1}" for i in range(fun.nin)]
        options = _GUFUNC_OPTIONS if fun.signature else _UFUNC_OPTIONS
        return dict.fromkeys(first, REQUIRED) | options
    inner = inspect.unwrap(fun)
    code = getattr(inner, "__code__", None)
    if code is None and fun.__name__ in _C_SIGNATURES:
        return _C_SIGNATURES[fun.__name__]
    if code is None:
        try:
            parameters = inspect.signature(fun).parameters.values()
        except ValueError:
            return {}
        return {p.name: p.default for p in parameters}
    # What inspect.signature would say, a hundred times faster: it counts at import.
    count, names = code.co_argcount, code.co_varnames
    keywords = names[count : count + code.co_kwonlyargcount]
    rest = names[count + len(keywords) :][: bool(code.co_flags & inspect.CO_VARARGS)]
    defaults = inner.__defaults__ or ()
    given = dict(zip(names[count - len(defaults) : count], defaults, strict=True))
    given |= inner.__kwdefaults__ or {}
    return {n: given.get(n, REQUIRED) for n in (*names[:count], *rest, *keywords)}


class Pullback:
    """The rule for one parameter: a function of the cotangent and what it keeps."""

    __slots__ = ("defaults", "fun", "masks", "needs", "ours", "parameter", "rule")

    def __init__(self, rule: "Rule", parameter: str, fun: Callable[..., Any]) -> None:
        code = fun.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if not names or names[0] != "g" or code.co_kwonlyargcount:
            raise RuleError(
                f"the pullback of {rule.name} for {parameter} must take g, the "
                f"cotangent of the result, as its first parameter; it takes {names}."
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
        "only",
        "plans",
        "pullbacks",
        "second",
        "sequences",
        "variadic",
    )

    def __init__(self, fun: Callable[..., Any]) -> None:
        self.fun = fun
        self.name = function_name(fun)
        self.pullbacks: dict[str, Pullback] = {}
        self.elementwise = isinstance(fun, np.ufunc) and fun.signature is None
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
        If a pullback or one of its names does not fit the signature of `fun`.

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
    rule = rule_of(fun)
    rule.sequences = rule.sequences | set(sequences)
    rule.indices = rule.indices | set(indices)
    rule.copied = rule.copied | {*indices, *copied}
    rule.variadic = rule.variadic or variadic
    rule.masks = rule.masks or masks
    CALLS.pop(fun, None)
    rule.plans.clear()
    rule.only = rule.first = rule.second = None
    rule.elementwise = rule.elementwise or elementwise
    rule.broadcasts = rule.broadcasts or rule.elementwise or broadcasts
    for parameter, pullback in pullbacks.items():
        rule.pullbacks[parameter] = Pullback(rule, parameter, pullback)
        rule.named |= {parameter, *rule.pullbacks[parameter].needs}
    rule.named |= set(neutral)
    if not isinstance(fun, np.ufunc) and not rule.name.startswith("np."):
        check_names(rule)


def check_names(rule: Rule) -> None:
    """Refuse pullbacks that name something their function does not have."""
    known = {"ans", "like", "wanted", *rule.parameters}
    for pullback in rule.pullbacks.values():
        unknown = {pullback.parameter, *pullback.needs} - known
        if unknown:
            raise RuleError(
                f"{pullback!r} names {sorted(unknown)}, but the parameters of "
                f"{rule.name} are {list(rule.parameters)}."
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
