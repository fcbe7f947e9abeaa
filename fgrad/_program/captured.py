"""What a function sees beside its arguments, and whether it is still the same.

From a function, all that its code can name is followed: globals, cells, defaults, the
attributes of objects, the items of lists and dicts, and the functions among them. Names
are compared by identity, arrays by their entries. A program is run only while all of it
is as it was when the function was recorded.
"""

from __future__ import annotations

import builtins
import datetime
import functools
import io
import operator
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from random import Random
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from fgrad._engine.box import Box
from fgrad._engine.rules import RULES, USERS
from fgrad._program.memory_of import root_of

__all__ = ["Captured", "TracedError", "UnseenError"]

WHOLE = 1 << 16
"""Bytes up to which all entries of an array are compared, and not only a sample."""

SAMPLE = 1024
"""How many entries a sample has."""

MOST = 5_000
"""How many names are watched, before that costs more than it brings."""

MISSING = object()

TITLES = {*functools.WRAPPER_ASSIGNMENTS}
"""What `functools.wraps` copies, and no library computes with."""

PLAIN = (int, float, complex, str, bytes, type(None), range, np.generic, np.dtype)
LIBRARIES = {"numpy", "scipy", "fgrad", "typing_extensions", *sys.stdlib_module_names}

CLOCKS = {
    *(f for f in vars(time).values() if isinstance(f, BuiltinFunctionType)),
    *(datetime.date, datetime.datetime),
}
NAMES = {"open", "input", "eval", "exec", "globals"}
"""Built-in functions by which a program sees what is not watched."""
FILES = {np.load, np.loadtxt, np.genfromtxt, np.fromfile, np.memmap}


class UnseenError(Exception):
    """The function uses something whose state cannot be watched."""


class TracedError(UnseenError):
    """The function uses a value that another transform follows."""


class Captured:
    """All that a function sees beside its arguments, as it is now."""

    def __init__(self, *roots: Any) -> None:
        self.arrays: dict[int, Any] = {}
        """The arrays that lie outside of the function, by identity."""
        self._names: list[tuple[Any, Any, Any]] = []
        self._items: list[tuple[Any, tuple[Any, ...]]] = []
        self._sets: list[tuple[Any, frozenset[Any]]] = []
        self._cells: list[tuple[Any, Any]] = []
        self._entries: list[tuple[Any, Any, Any]] = []
        self._states: list[tuple[Callable[[], Any], Any]] = []
        self._seen: dict[int, Any] = {}
        self._queue: list[Any] = [*roots]
        self._draws_of_all()
        while self._queue:
            value = self._queue.pop()
            if type(value) is Box:
                raise TracedError
            if id(value) not in self._seen and not isinstance(value, PLAIN):
                self._seen[id(value)] = value
                if len(self._seen) + len(self._names) > MOST:
                    raise UnseenError("it can reach too many objects to watch them all")
                self._look(value)
        self._queue.clear()
        self.unchanged: Callable[[], bool] = self._comparison()
        """Returns whether all that was seen is as it was."""

    @property
    def identities(self) -> frozenset[int]:
        """The identities of the arrays outside."""
        return frozenset(self.arrays)

    # Is it the same?

    def _comparison(self) -> Callable[[], bool]:
        """One expression for all of it: a loop would take longer than a program."""
        terms = [f"len(users) == {len(USERS)}"]
        space: dict[str, Any] = {
            "MISSING": MISSING,
            "alike": _alike,
            "sample": _sample,
            "users": USERS,
        }

        def name(value: Any) -> str:
            space[f"k{len(space)}"] = value
            return f"k{len(space) - 1}"

        for names, key, value in self._names:
            terms.append(f"{name(names)}.get({key!r}, MISSING) is {name(value)}")
        for cell, value in self._cells:
            terms.append(f"{name(cell)}.cell_contents is {name(value)}")
        for container, items in self._items:
            now = name(container)
            same = f"alike({now}, {name(items)})" if items else f"len({now}) == 0"
            terms.append(same)
        for value, before in self._sets:
            terms.append(f"{name(value)} == {name(before)}")
        for array, shape, entries in self._entries:
            now = name(array)
            same = f"{now}.tobytes()" if array.nbytes <= WHOLE else f"sample({now})"
            terms.append(f"{now}.shape == {shape!r} and {same} == {name(entries)}")
        # The names of variables are written as text, and nothing else of the user's.
        body = f"try: return {' and '.join(terms)}"
        empty = "except ValueError: return False  # a cell is empty now"
        exec(f"def unchanged():\n {body}\n {empty}", space)  # noqa: S102
        return space["unchanged"]

    def undrawn(self) -> bool:
        """Whether no random number was drawn since then."""
        return all(_equal(state(), before) for state, before in self._states)

    # Looking

    def _look(self, value: Any) -> None:
        kind = type(value)
        if isinstance(value, np.ndarray):
            self._array(value)
        elif isinstance(value, FunctionType):
            self._function(value)
        elif isinstance(value, MethodType):
            self._queue += [value.__func__, value.__self__]
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, ModuleType):
            pass  # its names are looked at where code names them
        elif isinstance(value, BuiltinFunctionType):
            self._builtin(value)
        elif kind in (list, tuple, deque):
            self._watch_items(value, tuple(value))
        elif kind in (set, frozenset):
            self._queue += value
            self._sets.append((value, frozenset(value)))
        elif isinstance(value, dict):
            self._watch_dict(value)
            self._queue += [*value, *value.values()]
            self._attributes(value)
        elif isinstance(value, functools.partial):
            self._queue += [value.func, value.args, value.keywords]
        elif isinstance(value, staticmethod | classmethod):
            self._queue.append(value.__func__)
        elif isinstance(value, property | functools.cached_property):
            self._queue.append(getattr(value, "fget", getattr(value, "func", None)))
        elif not self._draws(value):
            self._object(value)

    def _array(self, array: Any) -> None:
        root = root_of(array)
        self.arrays[id(root)] = root
        if array.dtype == object:
            self._watch_items(array.flat, tuple(array.flat))
            return
        if array.flags.writeable or (
            isinstance(root, np.ndarray) and root.flags.writeable
        ):
            entries = array.tobytes() if array.nbytes <= WHOLE else _sample(array)
            self._entries.append((array, array.shape, entries))

    def _function(self, fun: FunctionType) -> None:
        wrapped = getattr(fun, "__wrapped__", None)
        if fun in RULES:  # a primitive of the user's
            rule = RULES[fun]
            self._watch_dict(rule.pullbacks)
            self._queue += [p.fun for p in rule.pullbacks.values()]
        if wrapped is not None:
            self._queue.append(wrapped)
        if _in_library(fun.__globals__):
            return
        self._queue += [fun.__defaults__, fun.__kwdefaults__]
        for cell in fun.__closure__ or ():
            self._cell(cell)
        self._code(fun.__code__, fun.__globals__)

    def _cell(self, cell: CellType) -> None:
        try:
            value = cell.cell_contents
        except ValueError:
            return  # it is filled later, by what is recorded anew then
        self._cells.append((cell, value))
        self._queue.append(value)

    def _code(self, code: CodeType, names: dict[str, Any]) -> None:
        """The globals that code names, and what it names of modules."""
        used = [*_names_in(code)]
        modules = list[ModuleType]()
        for name in used:
            if name in names:
                value = names[name]
                self._names.append((names, name, value))
                self._queue.append(value)
            elif name in sys.modules:  # imported inside the function
                value = sys.modules[name]
            elif name in NAMES:
                raise UnseenError(f"it calls {name}")
            else:
                if hasattr(builtins, name):
                    self._names.append((names, name, MISSING))
                continue
            if isinstance(value, ModuleType):
                modules.append(value)
        for module in modules:
            self._module(module, used)

    def _module(self, module: ModuleType, used: list[str]) -> None:
        names = vars(module)
        library = _in_library(names)
        for name in used:
            if name in names:
                value = names[name]
                if library:
                    self._refuse(value)
                    if not callable(value) and not isinstance(value, ModuleType):
                        self._queue.append(value)  # such as os.environ
                else:
                    self._names.append((names, name, value))
                    self._queue.append(value)

    def _refuse(self, value: Any) -> None:
        try:
            if value in CLOCKS:
                raise UnseenError(f"it reads the clock, by {value.__name__}")
            if value in FILES:
                raise UnseenError(f"it reads a file, by np.{value.__name__}")
        except (TypeError, ValueError):
            return  # it has no hash, or no truth value

    def _builtin(self, fun: BuiltinFunctionType) -> None:
        self._refuse(fun)
        owner = getattr(fun, "__self__", None)
        if owner is not None and not isinstance(owner, ModuleType):
            self._queue.append(owner)

    def _class(self, cls: type) -> None:
        module = sys.modules.get(cls.__module__)
        if module is None or _in_library(vars(module)):
            return
        skipped = {"__dict__", "__weakref__", "__doc__", "__module__"}
        for name, value in vars(cls).items():
            if name not in skipped:
                self._names.append((vars(cls), name, value))
                self._queue.append(value)
        self._queue += cls.__mro__

    def _object(self, value: Any) -> None:
        """An instance of a class: what it holds, and what its class does."""
        if type(value).__module__ == "fgrad._program.variants":
            return  # programs of another compiled function
        if hasattr(type(value), "__next__"):
            kind = type(value).__name__
            raise UnseenError(f"it uses a {kind}, which changes when used")
        if isinstance(value, io.IOBase) and value.readable():
            raise UnseenError("it uses a file")
        self._queue.append(type(value))
        self._attributes(value)

    def _attributes(self, value: Any) -> None:
        try:
            names = vars(value)
        except TypeError:
            names = None
        if isinstance(names, dict):
            if _in_library(vars(sys.modules.get(type(value).__module__, builtins))):
                for name, item in names.items():  # it may fill in others later
                    if name not in TITLES:
                        self._names.append((names, name, item))
                        self._queue.append(item)
            else:
                self._watch_dict(names)
                self._queue += names.values()
        for cls in type(value).__mro__:
            for name in getattr(cls, "__slots__", ()):
                if hasattr(value, name):
                    item = getattr(value, name)
                    self._names.append((_Slots(value), name, item))
                    self._queue.append(item)

    def _watch_dict(self, names: dict[Any, Any]) -> None:
        if names:
            self._items.append((_Values(names), tuple(names.values())))
        self._items.append((names, tuple(names)))

    def _watch_items(self, container: Any, items: tuple[Any, ...]) -> None:
        if type(container) is not tuple:
            self._items.append((container, items))
        self._queue += items

    # Random numbers

    def _draws_of_all(self) -> None:
        """The states of the generators that everybody shares."""
        numpy = sys.modules.get("numpy.random")
        if numpy is not None:
            self._draws(numpy.mtrand._rand)
        self._draws(sys.modules["random"]._inst)

    def _draws(self, value: Any) -> bool:
        """Whether a value draws random numbers; then its state is kept."""
        if isinstance(value, Random):
            state: Callable[[], Any] = value.getstate
        elif "numpy.random" not in sys.modules:
            return False
        elif isinstance(value, sys.modules["numpy.random"].RandomState):
            state = functools.partial(value.get_state, legacy=False)
        elif isinstance(value, sys.modules["numpy.random"].Generator):
            state = functools.partial(getattr, value.bit_generator, "state")
        else:
            return False
        self._states.append((state, state()))
        return True


class _Values:
    """The values of a dict, as a container."""

    def __init__(self, names: dict[Any, Any]) -> None:
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._names.values())


class _Slots:
    """An object with slots, as a dict of its attributes."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def get(self, name: str, default: Any) -> Any:
        return getattr(self._value, name, default)


def _names_in(code: CodeType) -> dict[str, None]:
    """The names that code and the functions defined in it use."""
    found = dict.fromkeys(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _names_in(constant)
    return found


def _in_library(names: Any) -> bool:
    """Whether a module is one whose functions are known to depend on nothing else."""
    return str(names.get("__name__", "")).partition(".")[0] in LIBRARIES


def _sample(array: Any) -> bytes:
    """Some entries of a large array."""
    return array.flat[:: -(-array.size // SAMPLE)].tobytes()


def _alike(container: Any, items: tuple[Any, ...]) -> bool:
    """Whether a container has the same items."""
    return len(container) == len(items) and all(map(operator.is_, container, items))


def _equal(a: Any, b: Any) -> bool:
    """Whether two states of a generator are equal."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    return bool(np.all(a == b))
