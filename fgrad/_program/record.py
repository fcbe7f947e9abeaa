"""Recording: one more interpretation of the operations on boxes.

A box of a `RecordTrace` holds the value that it has in this run, and its node is a
variable of a program. The trace is the outermost one, so it records what the rules of
inner traces compute, too: what remains is a straight line of NumPy calls. Where Python
asks for a truth value or an integer, the answer becomes a guard: the program is right
as long as the answers are the same.

Whatever the program could not repeat ends the recording: the function then runs as it
is, which is always right.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, NoReturn

import numpy as np
from typing_extensions import override

from fgrad._engine import forward
from fgrad._engine.box import Box, boxes_in, rebuilt, space
from fgrad._engine.replay import Visit
from fgrad._engine.rules import DERIVED, Rule, composition, rule_of
from fgrad._engine.scatter import index_add, index_update, scatter_add
from fgrad._engine.signatures import function_name
from fgrad._engine.trace import Trace, next_order
from fgrad._program.calls import Call, Variable, finite, is_known
from fgrad._program.compare import same_bits
from fgrad._program.memory_of import frozen, root_of
from fgrad._program.modes import Raising, current, ignored
from fgrad._program.spaces import depends_on_values, space_of
from fgrad._words.callsite import LIBRARY, Site, caller, instruction, user_call

__all__ = ["Abandoned", "RecordTrace"]

NUMBERS = (np.ndarray, np.generic, float, int, complex)
OF_NUMBERS = {operator.getitem, index_add, index_update, scatter_add}
"""Functions besides ufuncs and operators that take a Python int as a value. For others,
it may be a shape or an axis."""


LONGEST = 200_000
"""How many calls a program may have: each needs about 100 µs, and 2 KB."""

WALKS = {Visit.run.__code__, getattr(forward, "_along").__code__}  # noqa: B009 (private)
"""Code that goes from node to node, by a local variable of this name."""


class Abandoned(BaseException):
    """The run cannot become a program.

    It is no `Exception`, so that nothing on the way takes it for an error of a rule.
    """

    def __init__(self, why: str, site: Site, *, of_values: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.site = site
        self.of_values = of_values
        """Whether other values may be recorded: there was a nan, or a warning."""


class RecordTrace(Trace):
    """One run of a function that is being compiled."""

    __slots__ = (
        "_copies",
        "_epoch",
        "_ignored",
        "_inside",
        "_modes",
        "calls",
        "captured",
    )

    opaque = True

    def __init__(self, name: str, captured: frozenset[int], ignored: set[str]) -> None:
        super().__init__(name)
        self.captured = captured
        """Identities of arrays that lie outside, and are read where they lie."""
        self.calls: list[Call] = []
        self._ignored = ignored
        """Floating-point errors that nobody wants to hear of, in the whole call."""
        self._copies: dict[int, tuple[Any, Any]] = {}
        self._epoch = 0
        self._modes: Any = (None, None, None)
        """NumPy's modes now; a context that raises errors; which of them are quiet."""
        self._inside: Any = None
        """The function that runs as one call, and calls a function it was given."""

    def abandon(self, why: str, *, of_values: bool = False) -> NoReturn:
        """End the recording."""
        raise Abandoned(why, caller(), of_values=of_values)

    # Variables

    @override
    def leaf(self, value: Any) -> Box:
        return self._boxed(value, caller())

    def _boxed(self, value: Any, site: Site) -> Box:
        kind = type(value)
        if kind is Box:
            self.abandon("it uses a value that is traced by another transform")
        if issubclass(kind, np.ndarray) and kind is not np.ndarray:
            self.abandon(f"there is a value of type {kind.__name__}")
        here = space(value)
        if here[1].kind not in "biufc":
            self.abandon(f"there is a value of dtype {here[1]}")
        variable = Variable(next_order(), *here, (), *site)
        variable.kind = kind
        variable.strides = value.strides if kind is np.ndarray else None
        return Box(value, self, variable)

    # Operations

    @override
    def interpret(
        self, rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any], fun: Any
    ) -> Any:
        if not self.open:
            return super().interpret(rule, args, kwargs, fun)
        self.refresh(args, kwargs)
        self._uninvolved()
        if fun in DERIVED and any(map(_is_users, (*args, *kwargs.values()))):
            return composition(fun)(*args, **kwargs)
        result = self._computed(rule, args, kwargs, fun)
        self.link(rule, args, kwargs, result)
        return result

    def _uninvolved(self) -> None:
        """Refuse to follow a function that is given to one that is called as a whole.

        It gets plain values, and may use others from outside only if they are plain.
        """
        if self._inside is not None:
            name = function_name(self._inside)
            self.abandon(f"a function given to {name} uses a value from outside")

    @override
    def copy(self, box: Box) -> Box:
        array = type(box._value) is np.ndarray
        return self.interpret(rule_of(np.copy), (box,), {}, np.copy) if array else box

    def _computed(self, rule: Rule, args: Any, kwargs: Any, fun: Any) -> Any:
        """The result of a call, which is written down."""
        whole = _takes_ints(fun)
        pairs = [self._taken(arg, whole) for arg in args]
        args, refs = [v for v, _ in pairs], tuple([ref for _, ref in pairs])
        kwargs, named = self._taken(kwargs, whole) if kwargs else (kwargs, {})
        if self._modes[0] is not current():
            self._modes = current(), Raising(ignored()), ignored() - self._ignored
        _, raising, quiet = self._modes
        if any(map(callable, args)) or any(map(callable, kwargs.values())):
            users = any(map(_is_users, (*args, *kwargs.values())))
            self._inside = fun if users else None
        try:
            ans = raising.run(fun, args, kwargs)
        except Exception as error:  # noqa: BLE001 (whatever it is, eager says it)
            self.abandon(f"{rule.name} raised {type(error).__name__}", of_values=True)
        finally:
            self._inside = None
        return self._recorded(fun, refs, named, ans, tuple(sorted(quiet)))

    def _recorded(
        self, fun: Any, refs: Any, named: Any, ans: Any, quiet: tuple[str, ...]
    ) -> Any:
        """Write a call down, and box its results."""
        site, outs = _site(), list[Variable]()
        result = None if ans is None else self._result(fun, ans, site, outs)
        several = isinstance(ans, tuple | list)
        if several and any(isinstance(part, tuple | list) for part in ans):
            fun = Flattened(fun)
        call = Call(
            fun, refs, named, tuple(outs), site, several, self._epoch, quiet=quiet
        )
        self.calls.append(call)
        if len(self.calls) > LONGEST:
            self.abandon(f"it makes more than {LONGEST} calls of NumPy")
        if depends_on_values(call):
            for out, box in zip(outs, boxes_in(result), strict=True):
                self._guard(space_of, out, space_of(box._value), site)
        return result

    def _result(self, fun: Any, ans: Any, site: Site, outs: list[Variable]) -> Any:
        """Box what a call returns, also inside of lists, and collect the variables."""
        if isinstance(ans, NUMBERS):
            box = self._boxed(ans, site)
            outs.append(box._node)
            return box
        if not isinstance(ans, tuple | list):
            self.abandon(f"{function_name(fun)} returned a {type(ans).__name__}")
        return rebuilt(ans, [self._result(fun, part, site, outs) for part in ans])

    @override
    def prefers(self, fun: Callable[..., Any]) -> bool:
        return fun in DERIVED

    def _taken(self, value: Any, whole: bool) -> tuple[Any, Any]:
        """An argument as it is in this run, and as it stands in the program."""
        kind = type(value)
        if kind is Box:
            if value._trace is not self:
                self.abandon("it uses a value that is traced by another transform")
            if type(value._value) is int and not whole:
                number = self.number(value, operator.index, "")
                return number, number
            return value._value, value._node
        if kind is np.ndarray:
            return value, self._constant(value)
        if kind is slice:
            parts = [
                self.number(part, operator.index, "") if type(part) is Box else part
                for part in (value.start, value.stop, value.step)
            ]
            return slice(*parts), slice(*parts)
        if isinstance(value, tuple | list):
            pairs = [self._taken(item, whole) for item in value]
            values = rebuilt(value, [v for v, _ in pairs])
            refs = [ref for _, ref in pairs]
            return values, refs if isinstance(value, list) else tuple(refs)
        if kind is dict:
            pairs = {name: self._taken(item, whole) for name, item in value.items()}
            values = {name: v for name, (v, _) in pairs.items()}
            return values, {name: ref for name, (_, ref) in pairs.items()}
        if boxes_in(value):
            self.abandon(f"there is a value inside a {kind.__name__}")
        return value, value

    def _constant(self, array: Any) -> Any:
        """An array that is no variable: itself if it lies outside, or as it is now."""
        if array.dtype.kind not in "biufc":
            self.abandon(f"there is an array of dtype {array.dtype}")
        if id(root_of(array)) in self.captured:
            return array
        known = self._copies.get(id(array))
        if known is not None and known[0] is array and same_bits(known[1], array):
            return known[1]
        copy = frozen(array)
        self._copies[id(array)] = (array, copy)
        return copy

    # Decisions

    def _guard(self, fun: Any, variable: Variable, answer: Any, site: Site) -> None:
        self._uninvolved()
        call = Call(fun, (variable,), {}, (), site, guard=True, answer=answer)
        self.calls.append(call)

    @override
    def values(self, box: Box) -> Any:
        return box

    @override
    def truth(self, box: Box) -> bool:
        answer = bool(box._value)
        self._guard(bool, box._node, answer, caller())
        return answer

    @override
    def number(self, box: Box, kind: Callable[[Any], Any], words: str) -> Any:
        if kind not in (int, operator.index):
            self.abandon(f"{words} makes a plain number of a value")
        answer = kind(box._value)
        self._guard(kind, box._node, answer, caller())
        return answer

    @override
    def unrepaired(self, box: Box) -> None:
        if not finite(box._value):
            self.abandon("there is a derivative of nan or infinity", of_values=True)
        self._guard(finite, box._node, True, caller())

    # What a program could not repeat

    @override
    def refusal(
        self, box: Box, words: str, *, index: bool = False, instead: str = ""
    ) -> Exception:
        call = user_call()
        if call and call.callee is None and instruction(call.site).startswith("STORE_"):
            self.abandon(
                "it stores a value in an array of NumPy; make the array with "
                "fgrad.numpy: out = fgrad.numpy.zeros(n)"
            )
        self.abandon(f"{words} makes plain numbers of a value")

    @override
    def enclosed(self, name: str) -> str:
        self.abandon(f"{name} uses a value that is not among its arguments")

    @override
    def shown(self, box: Box) -> Any:
        self.abandon("a value is printed, or made text")

    @override
    def rerun(self) -> None:
        self._epoch += 1


class Flattened:
    """A function with nested results, as one with a flat list of them."""

    def __init__(self, fun: Callable[..., Any]) -> None:
        self.fun = fun

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Flattened) and self.fun == other.fun

    def __hash__(self) -> int:
        return hash(self.fun)

    def __call__(self, *args: Any, **kwargs: Any) -> list[Any]:
        found: list[Any] = []

        def visit(part: Any) -> None:
            if isinstance(part, tuple | list):
                for item in part:
                    visit(item)
            else:
                found.append(part)

        visit(self.fun(*args, **kwargs))
        return found


def _site() -> Site:
    """The user's line; of a derivative, that of the operation it belongs to."""
    frame = sys._getframe(1)
    while LIBRARY[frame.f_code.co_filename] and frame.f_back:
        if frame.f_code in WALKS:
            node = frame.f_locals.get("node")
            if node is not None:
                return node.site
        frame = frame.f_back
    return frame.f_code, frame.f_lasti


@cache
def _takes_ints(fun: Any) -> bool:
    """Whether a Python int among the arguments is a value, and no shape or axis."""
    plain = isinstance(fun, np.ufunc | type) or fun in OF_NUMBERS
    return plain or getattr(fun, "__module__", "") == "_operator"


def _is_users(value: Any) -> bool:
    """Whether an argument is a function whose code may see what is recorded."""
    if not callable(value) or isinstance(value, np.ufunc | type) or type(value) is Box:
        return False
    plain = type(value) is FunctionType and value.__closure__ is None
    return not (plain and is_known(value))
