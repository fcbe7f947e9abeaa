"""The traced array seen from outside: it behaves like an `ndarray`.

Its methods are NumPy's functions, called on the box itself; its operators are a table.
What would drop a derivative is refused here, in words.
"""

import operator
from collections.abc import Callable, Iterator
from functools import update_wrapper
from typing import Any, NoReturn

import numpy as np

from fgrad._callsite import caller, describe
from fgrad._conversions import conversion_error
from fgrad.errors import BatchedValueError, ConversionError, TracedAttributeError

__all__ = ["METHODS", "OPERATORS", "ArrayFace", "astype", "bare", "plain"]


def astype(
    x: Any,
    dtype: Any,
    order: Any = "K",
    casting: Any = "unsafe",
    subok: bool = True,
    copy: bool = True,
) -> Any:
    """``x.astype(dtype)``."""
    array = np.asarray(x).astype(dtype, order, casting, subok, copy)
    return array if isinstance(x, np.ndarray) else array[()]


OPERATORS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "add": (np.add, operator.add),
    "sub": (np.subtract, operator.sub),
    "mul": (np.multiply, operator.mul),
    "truediv": (np.divide, operator.truediv),
    "pow": (np.power, operator.pow),
    "mod": (np.remainder, operator.mod),
    "matmul": (np.matmul, operator.matmul),
}
"""Operators of two values: whose rule, and how the value is computed.

Python's operator computes it, not the ufunc, so that Python's numbers stay weak.
"""

COMPARISONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "eq": (np.equal, operator.eq),
    "ne": (np.not_equal, operator.ne),
    "lt": (np.less, operator.lt),
    "le": (np.less_equal, operator.le),
    "gt": (np.greater, operator.gt),
    "ge": (np.greater_equal, operator.ge),
}

INTEGER: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "floordiv": (np.floor_divide, operator.floordiv),
    "and": (np.bitwise_and, operator.and_),
    "or": (np.bitwise_or, operator.or_),
    "xor": (np.bitwise_xor, operator.xor),
    "lshift": (np.left_shift, operator.lshift),
    "rshift": (np.right_shift, operator.rshift),
}
"""Operators whose result is constant almost everywhere, or an integer."""

METHODS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "__neg__": (np.negative, operator.neg),
    "__pos__": (np.positive, operator.pos),
    "__abs__": (np.absolute, operator.abs),
    "astype": (astype, astype),
}


# fmt: off
FORWARDED = (
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "conj", "conjugate",
    "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min", "nonzero", "prod",
    "ravel", "repeat", "round", "searchsorted", "squeeze", "std", "sum", "swapaxes",
    "take", "trace", "var",
)
# fmt: on
"""Methods whose parameters are those of NumPy's function after the array."""

IN_PLACE = ("byteswap", "fill", "partition", "put", "resize", "setfield", "sort")
"""Methods that change an array. A traced array never changes."""


class ArrayFace:
    """Methods, attributes and refusals of a traced array."""

    __slots__ = ()
    __array_priority__ = 1000.0
    __hash__ = None  # pyright: ignore  # like an ndarray: == is elementwise

    _value: Any
    _trace: Any
    _node: Any
    __getitem__: Callable[[Any], Any]
    astype: Callable[..., Any]

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """What the value is, so that ``isinstance(x, np.ndarray)`` stays true."""
        return type(bare(self))

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

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        np.empty(0).to_device(device, stream=stream)  # refuses any other device
        return self

    @property
    def strides(self) -> tuple[int, ...]:
        value = bare(self)
        return np.asarray(value).strides[np.ndim(value) - self.ndim :]

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __bool__(self) -> bool:
        value = plain(self)
        if type(value) is type(self):
            raise BatchedValueError(
                "the truth value of a batched array differs between examples; use "
                f"np.where(condition, x, y), at {describe(caller())}"
            )
        return bool(value)

    def __invert__(self) -> Any:
        return np.invert(self)

    def __contains__(self, item: Any) -> bool:
        return bool(np.any(self == item))

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __round__(self, ndigits: int | None = None) -> Any:
        value = plain(self)
        if type(value) is type(self):
            return np.round(value, ndigits or 0)
        return round(value, ndigits)

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
    def flat(self) -> Iterator[Any]:
        return iter(np.ravel(self))

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.shape[0]))

    def __copy__(self) -> Any:
        return self  # a box never changes

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def reshape(self, *shape: Any, order: Any = "C", copy: Any = None) -> Any:
        shape = shape[0] if len(shape) == 1 else shape
        return np.reshape(self, shape, order=order)

    def transpose(self, *axes: Any) -> Any:
        return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def clip(self, min: Any = None, max: Any = None, **kwargs: Any) -> Any:
        return np.clip(self, min, max, **kwargs)

    def compress(self, condition: Any, axis: Any = None, out: Any = None) -> Any:
        return np.compress(condition, self, axis, out=out)

    def copy(self, order: Any = "C") -> Any:
        return self

    def flatten(self, order: Any = "C") -> Any:
        return np.ravel(self, order)

    def tolist(self) -> Any:
        return [x.tolist() for x in self] if self.shape else self

    def view(self, dtype: Any = None) -> Any:
        if isinstance(dtype, type) and issubclass(dtype, np.ndarray):
            raise ConversionError(
                f"a traced value cannot become a {dtype.__name__}; use plain arrays, "
                f"from np.asarray, at {describe(caller())}"
            )
        if dtype is not None and np.dtype(dtype) != self.dtype:
            raise ConversionError(
                f"x.view({np.dtype(dtype)}) would reinterpret the bytes of a traced "
                f"value; use x.astype to convert it, at {describe(caller())}"
            )
        return self

    # Refusals

    def __float__(self) -> float:
        raise _dropped(self, "float(x)")

    def __int__(self) -> int:
        raise _dropped(self, "int(x)")

    def __index__(self) -> int:
        raise _dropped(self, "int(x)", index=True)

    def __trunc__(self) -> int:
        raise _dropped(self, "math.trunc(x)")

    def as_integer_ratio(self) -> tuple[int, int]:
        raise _dropped(self, "x.as_integer_ratio()")

    def __complex__(self) -> complex:
        raise _dropped(self, "complex(x)")

    def item(self, *args: Any) -> Any:
        raise _dropped(self, "x.item()")

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        import fgrad.numpy

        return fgrad.numpy

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise _dropped(self, "np.asarray(x)")

    def __reduce__(self) -> Any:
        raise _dropped(self, "pickle.dumps(x)")

    def __getattr__(self, name: str) -> Any:
        """What else arrays and numbers have: their memory, their digits."""
        value = bare(self)
        if not hasattr(value, name) and not hasattr(np.ndarray, name):
            kind = type(value).__name__
            raise AttributeError(f"{kind!r} object has no attribute {name!r}")
        raise TracedAttributeError(
            f"a traced value has no {name}; use stop_gradient(x).{name} if the value "
            f"alone is wanted, at {describe(caller())}"
        )

    def __delitem__(self, index: Any) -> None:
        raise ConversionError(
            "cannot delete an item of a traced array; "
            f"use x = np.delete(x, index, axis), at {describe(caller())}"
        )

    def __setitem__(self, index: Any, value: Any) -> None:
        raise ConversionError(
            "cannot assign to an item of a traced array; "
            f"use x = fgrad.index_update(x, index, value), at {describe(caller())}"
        )

    # Printing is not differentiating

    def __format__(self, spec: str) -> str:
        return format(bare(self), spec)

    def __str__(self) -> str:
        return str(bare(self))

    def __repr__(self) -> str:
        value = np.array2string(np.asarray(bare(self)), separator=", ", threshold=20)
        name = self._trace.name
        return f"Box({value}, shape={self.shape}, dtype={self.dtype}, traced by {name})"


def bare(value: Any) -> Any:
    """The array that all boxes are about: of a batched value, that of all examples."""
    while issubclass(type(value), ArrayFace):
        value = value._value
    return value


def plain(value: Any) -> Any:
    """The value through every level of differentiation. What is batched stays so."""
    if not issubclass(type(value), ArrayFace):
        return value
    if not value._trace.batching:
        return plain(value._value)
    inner = plain(value._value)
    if inner is value._value:
        return value
    return type(value)(inner, value._trace, value._node)


def _dropped(box: ArrayFace, conversion: str, *, index: bool = False) -> Exception:
    """Why a conversion is refused."""
    batched = type(plain(box)) is type(box)
    return conversion_error(box, conversion, batched=batched, index=index)


def _constant(
    fun: Callable[..., Any], operate: Callable[..., Any], swap: bool = False
) -> Any:
    """An operator without derivative: on plain values, or on batched ones."""

    def method(self: Any, other: Any) -> Any:
        x1, x2 = plain(self), plain(other)
        if swap:
            x1, x2 = x2, x1
        kind = type(self)
        call = fun if type(x1) is kind or type(x2) is kind else operate
        return call(x1, x2)

    return method


def _forward(name: str) -> Callable[..., Any]:
    fun = getattr(np, name)

    def method(self: ArrayFace, *args: Any, **kwargs: Any) -> Any:
        return fun(self, *args, **kwargs)

    return update_wrapper(method, getattr(np.ndarray, name))


def _unchanged(name: str) -> Callable[..., Any]:
    def method(self: ArrayFace, *args: Any, **kwargs: Any) -> NoReturn:
        raise ConversionError(
            f"x.{name} would change a traced array in place; "
            f"{INSTEAD.get(name, 'use fgrad.index_update')}, at {describe(caller())}"
        )

    return method


INSTEAD = {
    "dtype": "use x = x.astype(dtype)",
    "flat": "use x = x.reshape(shape)",
    "imag": "use x = x.real + 1j * value",
    "partition": "use np.partition",
    "real": "use x = value + 1j * x.imag",
    "resize": "use np.resize",
    "shape": "use x = x.reshape(shape)",
    "sort": "use np.sort",
}

for _name, _functions in COMPARISONS.items():
    setattr(ArrayFace, f"__{_name}__", _constant(*_functions))
for _name, _functions in INTEGER.items():
    setattr(ArrayFace, f"__{_name}__", _constant(*_functions))
    setattr(ArrayFace, f"__r{_name}__", _constant(*_functions, swap=True))
for _name in FORWARDED:
    setattr(ArrayFace, _name, _forward(_name))
for _name in IN_PLACE:
    setattr(ArrayFace, _name, _unchanged(_name))
for _name in ("dtype", "flat", "imag", "real", "shape", "strides"):
    setattr(ArrayFace, _name, getattr(ArrayFace, _name).setter(_unchanged(_name)))
