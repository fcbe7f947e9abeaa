"""The box: a traced array, which behaves like an `ndarray`.

A box is a value, the trace that it belongs to, and the node that made it. The value may
be a box of an outer trace. Its methods are NumPy's functions, called on the box itself;
`doors` adds the operators. What would drop a derivative is refused here, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter, index
from typing import Any

import numpy as np

from fgrad._engine.later import LATER
from fgrad._words.callsite import at
from fgrad._words.foreign import (
    PLAIN_ARGUMENTS,
    is_foreign,
    is_looked_into,
    is_sequence,
    refuse_foreign,
    sequence_of,
)
from fgrad.errors import ConversionError, TracedAttributeError

__all__ = [
    "ARGUMENTS",
    "CONTAINERS",
    "COTANGENTS",
    "RESULTS",
    "SCALARS",
    "Box",
    "as_array",
    "boxes_in",
    "example",
    "innermost",
    "one_of",
    "primal",
    "rebuilt",
    "space",
    "stand_in",
    "stored",
    "stored_array",
    "values",
]


class Box:
    """A traced array: a value, the trace it belongs to, and the node that made it."""

    __slots__ = ("_kept", "_node", "_trace", "_value")
    __array_priority__ = 1000.0
    __hash__ = None  # pyright: ignore  # like an ndarray: == is elementwise

    _kept: bool
    """Set for a box that does not follow later writes: `memory` says why."""

    __getitem__: Callable[[Any], Any]
    __setitem__: Callable[..., None]
    astype: Callable[..., Any]

    def __init__(self, value: Any, trace: Any, node: Any) -> None:
        self._value = value
        self._trace = trace
        self._node = node

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The class of the value, so that ``isinstance(x, np.ndarray)`` stays true."""
        return type(stored(self))

    def now(self) -> Box:
        """The box itself, bound to what its memory holds now."""
        return self.refreshed() if self._trace.written else self

    refreshed: Callable[..., Box]
    """Look for what was written since: `memory` says how."""

    # Constant attributes

    @property
    def shape(self) -> tuple[int, ...]:
        return self._node.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._node.dtype

    @property
    def ndim(self) -> int:
        return len(self._node.shape)

    @property
    def size(self) -> int:
        return self._node.size

    @property
    def itemsize(self) -> int:
        return self._node.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def device(self) -> str:
        return "cpu"

    @property
    def strides(self) -> tuple[int, ...]:
        value = stored(self)
        return np.asarray(value).strides[np.ndim(value) - self.ndim :]

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    # Copies, and what is none

    def _same(self) -> Any:
        return self

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        np.empty(0).to_device(device, stream=stream)  # refuses any other device
        return self._same()

    def view(self, dtype: Any = None) -> Any:
        if isinstance(dtype, type) and issubclass(dtype, np.ndarray):
            raise ConversionError(
                at(
                    f"a traced value cannot become a {dtype.__name__}; use plain "
                    f"arrays, from np.asarray"
                )
            )
        if dtype is not None and np.dtype(dtype) != self.dtype:
            raise ConversionError(
                at(
                    f"x.view({np.dtype(dtype)}) would reinterpret the bytes of a "
                    f"traced value; use x.astype to convert it"
                )
            )
        return Box(self._value, self._trace, self._node)

    # Differentiable attributes and methods: NumPy's functions

    @property
    def T(self) -> Any:
        return np.transpose(self)

    @property
    def mT(self) -> Any:
        return np.matrix_transpose(self)

    @property
    def real(self) -> Any:
        return np.real(self)

    @property
    def imag(self) -> Any:
        return np.imag(self)

    @property
    def flat(self) -> Any:
        return LATER["flat"]().Flat(self)

    @property
    def at(self) -> Any:
        return LATER["updates"]().at(self)

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.shape[0]))

    def reshape(self, *shape: Any, order: Any = "C", copy: Any = None) -> Any:
        shape = shape[0] if len(shape) == 1 else shape
        return np.reshape(np.copy(self) if copy else self, shape, order=order)

    def transpose(self, *axes: Any) -> Any:
        return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def clip(self, min: Any = None, max: Any = None, **kwargs: Any) -> Any:
        return np.clip(self, min, max, **kwargs)

    def compress(self, condition: Any, axis: Any = None, out: Any = None) -> Any:
        return np.compress(condition, self, axis, out=out)

    def flatten(self, order: Any = "C") -> Any:
        return np.ravel(np.copy(self), order)

    def tolist(self) -> Any:
        return [x.tolist() for x in self] if self.shape else self

    def __invert__(self) -> Any:
        return np.invert(self)

    def __contains__(self, item: Any) -> bool:
        return bool(np.any(self == item))

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __round__(self, ndigits: int | None = None) -> Any:
        value = primal(self)
        if type(value) is Box:
            return np.round(value, ndigits or 0)
        return round(value, ndigits)

    # Python asks for one plain value: the trace answers, or refuses in words

    def __bool__(self) -> bool:
        return self._trace.truth(self)

    def __float__(self) -> float:
        return self._trace.number(self, float, "float(x)")

    def __int__(self) -> int:
        return self._trace.number(self, int, "int(x)")

    def __index__(self) -> int:
        return self._trace.number(self, index, "int(x)")

    def __complex__(self) -> complex:
        return self._trace.number(self, complex, "complex(x)")

    def __trunc__(self) -> int:
        return self._trace.number(self, int, "math.trunc(x)")

    def item(self, *args: Any) -> Any:
        return self._trace.array(self, "x.item()").item(*args)

    def as_integer_ratio(self) -> tuple[int, int]:
        raise self._trace.refusal(self, "x.as_integer_ratio()")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        return self._trace.array(self, "np.asarray(x)").__array__(*args, **kwargs)

    def __reduce__(self) -> Any:
        return self._trace.array(self, "pickle.dumps(x)").__reduce__()

    # Refusals

    def __getattr__(self, name: str) -> Any:
        """Refuse all else that arrays and numbers have: their memory, their digits."""
        value = stored(self)
        if not hasattr(value, name) and not hasattr(np.ndarray, name):
            kind = type(value).__name__
            raise AttributeError(f"{kind!r} object has no attribute {name!r}")
        raise TracedAttributeError(
            at(
                f"a traced value has no {name}; use stop_gradient(x).{name} if the "
                f"value alone is wanted"
            )
        )

    def __delitem__(self, index: Any) -> None:
        raise ConversionError(
            at(
                "cannot delete an item of a traced array; "
                "use x = np.delete(x, index, axis)"
            )
        )

    # Printing is not differentiating

    def __format__(self, spec: str) -> str:
        return format(self._trace.shown(self), spec)

    def __str__(self) -> str:
        return str(self._trace.shown(self))

    def __repr__(self) -> str:
        entries = np.asarray(self._trace.shown(self))
        value = np.array2string(entries, separator=", ", threshold=20)
        name = self._trace.name
        return f"Box({value}, shape={self.shape}, dtype={self.dtype}, traced by {name})"


# The types that need no look ----------------------------------------------------------

CONTAINERS = frozenset({list, tuple})
"""The usual types of a sequence; `is_sequence` knows the others."""

ARGUMENTS = PLAIN_ARGUMENTS | {Box}
"""The usual types of an argument."""

SCALARS = {float: np.float64, complex: np.complex128}
"""Python's numbers that have a derivative, as NumPy's functions make them arrays."""

FLOAT = np.dtype(float)

RESULTS = frozenset({np.ndarray, np.float64, np.float32, Box})
"""The usual types of a result."""

COTANGENTS = RESULTS | {np.complex128}
"""The usual types of what a pullback returns."""


# What is in a box, and which boxes are in a value -------------------------------------


def primal(value: Any) -> Any:
    """The value through every level of differentiation; lists and tuples too.

    An opaque trace keeps its boxes: what is batched stays batched.
    """
    kind = type(value)
    if kind in PLAIN_ARGUMENTS:
        return value
    if kind is Box:
        inner = primal(value.now()._value)
        if not value._trace.opaque:
            return inner
        return value if inner is value._value else Box(inner, value._trace, value._node)
    if is_sequence(kind) and boxes_in(value):
        return sequence_of(map(primal, value), kind)
    return value


def stored(value: Any) -> Any:
    """The array that all boxes are about: of a batched value, that of all examples.

    It is for printing and types. What decides between computations asks for `values`.
    """
    while type(value) is Box:
        value = value.now()._value
    return value


def stored_array(value: Any) -> Any:
    """What all boxes are about, whatever was written since."""
    while type(value) is Box:
        value = value._value
    return value


def example(value: Any) -> Any:
    """What is stored in a value, for one example."""
    kind = type(value)
    if kind in CONTAINERS:
        return kind([example(item) for item in value])
    if kind is dict:
        return {name: example(item) for name, item in value.items()}
    if kind is not Box:
        return value
    return one_of(stored_array(value), value.ndim)


def one_of(array: Any, ndim: int) -> Any:
    """The first of several examples, which have so many axes."""
    more = np.ndim(array) - ndim
    if not more:
        return array
    if 0 in array.shape[:more]:
        return np.empty(array.shape[more:], array.dtype)
    return array[(0,) * more + (...,)]


def values(value: Any) -> Any:
    """The array that a decision looks at, or a box if its trace writes decisions down.

    Write ``if bool(np.all(values(x) > 0))``, so that such a trace sees the decision.
    """
    return value._trace.values(value) if type(value) is Box else value


def stand_in(value: Any) -> Any:
    """Something of the same shape and dtype, with values only if they are plain.

    Of lists and tuples, that of each item.
    """
    x = primal(value)
    if isinstance(x, list | tuple) and boxes_in(x):
        return rebuilt(x, map(stand_in, x))
    return np.zeros_like(stored(x), shape=x.shape) if type(x) is Box else x


def as_array(value: Any) -> Any:
    """A box as it is; anything else as NumPy's array."""
    return value if type(value) is Box else np.asarray(value)


def boxes_in(value: Any) -> list[Box]:
    """The boxes in an argument, looking into (nested) sequences and dicts."""
    kind = type(value)
    if kind in ARGUMENTS:
        return [value] if kind is Box else []
    if kind is dict:
        value = value.values()
    elif kind not in CONTAINERS and not is_looked_into(kind):
        return []
    found: list[Box] = []
    for item in value:
        if type(item) is Box:
            found.append(item)
        elif type(item) not in PLAIN_ARGUMENTS:
            found += boxes_in(item)
    return found


_BY_AGE = attrgetter("id")


def innermost(boxes: Iterable[Box]) -> Any:
    """The youngest trace of these boxes; ``None`` if there are none."""
    return max((box._trace for box in boxes), key=_BY_AGE, default=None)


def space(value: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype, also of Python's numbers."""
    kind = type(value)
    if kind in RESULTS or isinstance(value, np.generic):
        return value.shape, value.dtype
    if kind is float:
        return (), FLOAT
    if kind not in PLAIN_ARGUMENTS and is_foreign(kind, ufunc=True):
        refuse_foreign(kind)
    array = np.asarray(value)
    return array.shape, array.dtype


def rebuilt(like: Any, parts: Iterable[Any]) -> Any:
    """A tuple, named tuple or list like another, of other parts."""
    kind = type(like)
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
