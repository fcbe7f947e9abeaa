"""A program: a straight line of calls, as recorded, and as the passes leave it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from fgrad._engine.trace import Node, next_order
from fgrad._tree import Structure
from fgrad._words.callsite import Site

__all__ = [
    "Call",
    "Program",
    "Variable",
    "elementwise",
    "finite",
    "is_known",
    "substituted",
    "ufunc_of",
    "variables",
]


class Variable(Node):
    """A value of a program: what is known of it whatever the arguments are."""

    __slots__ = ("kind", "strides")

    kind: type
    """The class of the value: an array, one of NumPy's scalars, a Python number."""
    strides: tuple[int, ...] | None
    """The strides of an array; ``None`` of a number."""

    @property
    def nbytes(self) -> int:
        """The size of an array; 0 for a number."""
        return self.size * self.dtype.itemsize if self.kind is np.ndarray else 0

    def another(self) -> Variable:
        """A new variable for a value of the same kind, made at the same line."""
        return self._new(self.kind, self.shape, self.strides)

    def array(self, shape: tuple[int, ...], strides: tuple[int, ...]) -> Variable:
        """A new variable for an array of the same dtype, made at the same line."""
        return self._new(np.ndarray, shape, strides)

    def number(self) -> Variable:
        """A new variable for a number of NumPy's of the same dtype."""
        return self._new(self.dtype.type, (), None)

    def _new(self, kind: type, shape: tuple[int, ...], strides: Any) -> Variable:
        made = Variable(next_order(), shape, self.dtype, (), self.code, self.lasti)
        made.kind, made.strides = kind, strides
        return made

    def like(self, other: Variable) -> bool:
        """Whether two values have the same class, dtype, shape and layout."""
        return (
            self.kind is other.kind
            and self.dtype == other.dtype
            and self.shape == other.shape
            and self.strides == other.strides
        )


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One line of a program: ``outs = fun(*args, **kwargs)``, or a guard.

    Arguments are constants and variables, also inside lists, tuples and dicts.
    """

    fun: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outs: tuple[Variable, ...]
    site: Site
    several: bool = False
    """Whether the result is a sequence, of which each item is a variable."""
    epoch: int = 0
    """Calls of one epoch may share results; `checkpoint` begins a new one."""
    guard: bool = False
    """Whether another result than the `answer` ends the program, and has no outs."""
    answer: Any = None
    quiet: tuple[str, ...] = ()
    """Floating-point errors that the user's code ignores here."""
    _uses: list[Variable] | None = field(default=None, init=False)

    @property
    def out(self) -> Variable:
        """The only result."""
        return self.outs[0]

    def uses(self) -> list[Variable]:
        """The variables among the arguments, as often as they occur."""
        if self._uses is not None:
            return self._uses
        found: list[Variable] = []
        for value in (*self.args, *self.kwargs.values()):
            kind = type(value)
            if kind is Variable:
                found.append(value)
            elif kind is tuple or kind is list or kind is dict:
                found += variables(value)
        object.__setattr__(self, "_uses", found)
        return found

    def renamed(self, same: dict[Variable, Any]) -> Call:
        """The call with others in place of some variables."""
        if not same or same.keys().isdisjoint(self.uses()):
            return self
        args, kwargs = substituted(self.args, same), substituted(self.kwargs, same)
        return replace(self, args=args, kwargs=kwargs)

    @property
    def first(self) -> Any:
        """The first argument."""
        return self.args[0] if self.args else None

    def with_args(self, args: tuple[Any, ...]) -> Call:
        """The same call of other arguments."""
        return replace(self, args=args)

    def calling(self, fun: Callable[..., Any], *args: Any) -> Call:
        """A call of another function, with the same result."""
        return replace(self, fun=fun, args=args, kwargs={})


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Calls from inputs to outputs. A pass is a function from program to program."""

    inputs: tuple[Variable, ...]
    calls: list[Call]
    outputs: tuple[Any, ...]
    """Variables and constants: the leaves of the result."""
    structure: Structure
    """The tree of the result."""
    captured: frozenset[int] = field(default=frozenset[int]())
    """The identities of arrays that the function reads where they lie."""

    def with_calls(
        self, calls: list[Call], same: dict[Variable, Any] | None = None
    ) -> Program:
        """Other calls; and outputs in place of those that turned out the same."""
        outputs = self.outputs if not same else substituted(self.outputs, same)
        return replace(self, calls=calls, outputs=outputs)


def variables(value: Any) -> Iterator[Variable]:
    """The variables in an argument."""
    kind = type(value)
    if kind is Variable:
        yield value
    elif kind is tuple or kind is list:
        for item in value:
            yield from variables(item)
    elif kind is dict:
        yield from variables([*value.values()])


def substituted(value: Any, same: dict[Variable, Any]) -> Any:
    """An argument with other variables in place of some."""
    kind = type(value)
    if kind is Variable:
        return same.get(value, value)
    if kind is tuple or kind is list:
        return kind([substituted(item, same) for item in value])
    if kind is dict:
        return {name: substituted(item, same) for name, item in value.items()}
    return value


def finite(x: Any) -> bool:
    """Whether there is no inf and no nan: one pass over an array, no copy."""
    total: Any = np.vdot(x, x)  # which never warns
    return -np.inf < total.real < np.inf or bool(np.all(np.isfinite(x)))


OPERATORS: dict[Any, np.ufunc] = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.truediv: np.divide,
    operator.neg: np.negative,
    operator.abs: np.absolute,
    operator.matmul: np.matmul,
    operator.lt: np.less,
    operator.le: np.less_equal,
    operator.gt: np.greater,
    operator.ge: np.greater_equal,
    operator.eq: np.equal,
    operator.ne: np.not_equal,
}
"""Python's operators, and what they call for arrays. (A power is not always one.)"""


def ufunc_of(call: Call) -> np.ufunc | None:
    """The elementwise ufunc that a call is, if its result is one array or number."""
    if call.kwargs or len(call.outs) != 1:
        return None
    return elementwise(call.fun)


@cache
def elementwise(fun: Callable[..., Any]) -> np.ufunc | None:
    """The ufunc that a function is, if it takes entry by entry, and has one result."""
    fun = OPERATORS.get(fun, fun)
    one = isinstance(fun, np.ufunc) and fun.nout == 1 and fun.signature is None
    return fun if one else None  # pyright: ignore[reportReturnType]


@cache
def is_known(fun: Callable[..., Any]) -> bool:
    """Whether a function is one of NumPy, SciPy, Python or fgrad.

    Those depend on their arguments only, do not keep them, and do nothing else.
    """
    if isinstance(fun, np.ufunc):
        return fun.__name__ in {*dir(np)} or "scipy" in str(type(fun).__module__)
    owner = getattr(fun, "__self__", None)
    if isinstance(owner, np.ufunc):
        return is_known(owner)
    module = str(getattr(fun, "__module__", "") or "")
    return module.partition(".")[0] in {
        "numpy",
        "scipy",
        "fgrad",
        "_operator",
        "builtins",
    }
