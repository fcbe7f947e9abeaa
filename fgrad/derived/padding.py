"""`np.pad`: each mode says what stands before and after an array along one axis."""

from typing import Any

import numpy as np

from fgrad._engine.box import stand_in
from fgrad._engine.rules import derived
from fgrad._words.callsite import no_rule
from fgrad.derived.creation import as_traced
from fgrad.primitives.creation import asarray
from fgrad.primitives.indexing import index_update


@derived(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    if callable(mode):
        raise no_rule(
            "np.pad with a function as mode, which writes into the array; join the "
            "parts with np.concatenate"
        )
    array = as_traced(array)
    widths = _pairs(_by_axis(pad_width, array.ndim), array.ndim)
    if widths and np.asarray(widths).dtype.kind != "i":
        raise TypeError("`pad_width` must be of integral type.")
    if np.any(np.less(widths, 0)):
        raise ValueError("`pad_width` can't contain negative values")
    # The options are NumPy's to check, on an array that costs nothing.
    plain = {name: stand_in(value) for name, value in kwargs.items()}
    np.pad(np.ones((1,) * array.ndim, array.dtype), 0, mode, **plain)
    if mode == "empty" or (
        mode == "constant" and all(plain[name] is kwargs[name] for name in plain)
    ):
        return _framed(array, widths, mode, plain) if array.ndim else array
    options = {
        name: [value] * array.ndim
        if name == "reflect_type"
        else _pairs(value, array.ndim)
        for name, value in kwargs.items()
    }
    for axis, width in enumerate(widths):
        if max(width) and mode != "constant" and not array.shape[axis]:
            raise ValueError(
                f"can't extend empty axis {axis} using modes other than 'constant' or "
                "'empty'"
            )
        if max(width):
            here = {name: values[axis] for name, values in options.items()}
            before, after = MODES[mode](array, axis, width, mode, **here)
            array = np.concatenate([before, array, after], axis)
    return array


def _framed(array: Any, widths: Any, mode: str, options: Any) -> Any:
    """The array within a constant frame: put there in one step."""
    frame = np.pad(np.zeros(array.shape, array.dtype), widths, mode, **options)
    inside = tuple(
        slice(before, before + n)
        for (before, _), n in zip(widths, array.shape, strict=True)
    )
    return index_update(frame, inside, array)


def _by_axis(pad_width: Any, ndim: int) -> Any:
    """The widths of a dictionary, for all axes in turn."""
    if not isinstance(pad_width, dict):
        return pad_width
    widths: list[Any] = [(0, 0)] * ndim
    for axis, width in pad_width.items():
        widths[axis] = (width, width) if isinstance(width, int) else width
    return widths


def _pairs(x: Any, ndim: int) -> list[Any]:
    """A number, a pair or pairs as one pair for each axis: before and after."""
    if x is None:
        return [(None, None)] * ndim
    x = as_traced(x)
    if x.size == 1 or (x.size == 2 and x.shape != (2, 1)):
        x = np.ravel(x)  # so that [[1], [2]] is a number for each of two axes
    x = np.broadcast_to(x, (ndim, 2))
    return [(before, after) for before, after in x]


# What stands before and after an array along one axis, by mode ------------------------


def _repeated(x: Any, array: Any, axis: int, n: int) -> Any:
    """`x`, broadcast to `n` entries along an axis of `array`."""
    return np.broadcast_to(x, (*array.shape[:axis], n, *array.shape[axis + 1 :]))


def _constant(
    array: Any, axis: int, width: Any, mode: str, constant_values: Any
) -> Any:
    return [
        _repeated(asarray(value, dtype=array.dtype), array, axis, n)
        for value, n in zip(constant_values, width, strict=True)
    ]


def _ramped(
    array: Any, axis: int, width: Any, mode: str, end_values: Any = (0, 0)
) -> Any:
    def ramp(end: Any, edge: int, n: int) -> Any:
        """From an end value up to the edge, without it."""
        edge = np.take(array, edge, axis)
        return np.linspace(end, edge, n, False, dtype=array.dtype, axis=axis)

    before = ramp(end_values[0], 0, width[0])
    return before, np.flip(ramp(end_values[1], -1, width[1]), axis)


STATISTICS = {
    "maximum": np.max,
    "mean": np.mean,
    "median": np.median,
    "minimum": np.min,
}


def _summarised(
    array: Any, axis: int, width: Any, mode: str, stat_length: Any = (None, None)
) -> Any:
    length = array.shape[axis]
    before, after = (length if n is None else min(n, length) for n in stat_length)
    lead = (slice(None),) * axis
    statistic = STATISTICS[mode]
    first = statistic(array[(*lead, slice(before))], axis=axis, keepdims=True)
    if before == after == length:
        last = first
    else:
        chunk = array[(*lead, slice(length - after, None))]
        last = statistic(chunk, axis=axis, keepdims=True)
    return [
        _repeated(x, array, axis, n) for x, n in zip((first, last), width, strict=True)
    ]


def _positions(length: int, width: Any, mode: str) -> Any:
    """The entries that NumPy would put there, taken from the array."""
    positions = np.pad(np.arange(length), width, mode)
    return positions[: width[0]], positions[width[0] + length :]


def _copied(array: Any, axis: int, width: Any, mode: str) -> Any:
    before, after = _positions(array.shape[axis], width, mode)
    return np.take(array, before, axis), np.take(array, after, axis)


def _reflected(
    array: Any, axis: int, width: Any, mode: str, reflect_type: str = "even"
) -> Any:
    """Even: the entries in the mirror. Odd: their distances to the edge change sign.

    The odd continuation f obeys f(e + k) = 2 f(e) - f(e - k) at both edges e. Its c-th
    copy of the array therefore is the even one plus c (f(last) - f(first)), if c is
    even; else minus the even one plus (c + 1) f(last) - (c - 1) f(first).
    """
    length = array.shape[axis]
    if reflect_type == "even" or length == 1:
        return _copied(array, axis, width, mode)
    period = length if mode == "symmetric" else length - 1
    first, last = np.take(array, [0], axis), np.take(array, [-1], axis)

    def part(copies: Any, source: Any) -> Any:
        odd = copies % 2
        shape = [-1 if i == axis else 1 for i in range(array.ndim)]
        of_first, of_last, sign = (
            np.reshape(n, shape).astype(array.dtype)
            for n in (odd - copies, odd + copies, 1 - 2 * odd)
        )
        return of_first * first + of_last * last + sign * np.take(array, source, axis)

    before, after = _positions(length, width, mode)
    return (
        part(np.arange(-width[0], 0) // period, before),
        part(1 + np.arange(width[1]) // period, after),
    )


MODES = {
    "constant": _constant,
    "edge": _copied,
    "linear_ramp": _ramped,
    "maximum": _summarised,
    "mean": _summarised,
    "median": _summarised,
    "minimum": _summarised,
    "reflect": _reflected,
    "symmetric": _reflected,
    "wrap": _copied,
}
