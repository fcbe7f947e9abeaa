"""What C does for a call: statements, each of which runs over all indices of a space.

A sum is a statement over its operand, whose target stands still along some axes. A
matrix product is a sum of products. What is added into parts of an array, or joined,
is a statement for each part. So there is one kind of statement, and one kind of loop.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from math import prod
from typing import Any

import numpy as np

from fgrad._engine.scatter import scatter_add
from fgrad._program.calls import OPERATORS, Call, Variable, finite
from fgrad._program.into import is_basic
from fgrad._program.native.functions import Element, element
from fgrad._program.native.places import (
    RESHAPES,
    Place,
    dense,
    fits,
    in_order,
    looked,
    own,
    reshapes,
)
from fgrad._program.passes.lowered import product_of_axes
from fgrad._words.callsite import Site

__all__ = ["Operand", "Statement", "statements"]

PRODUCT = 1 << 15
"""How many products a product of matrices may have; of larger ones BLAS makes more."""

CELLS = 16
"""Into how many boxes an array is cut, so that all parts are added in one go."""

Find = Callable[[Any], Place]
"""What says where a variable or a constant array lies."""


@dataclass(frozen=True, slots=True)
class Operand:
    """One value that a statement reads at each index."""

    dtype: np.dtype[Any]
    """To which it is converted."""
    place: Place | None
    number: Any = None
    """A constant, if it has no place."""


@dataclass(frozen=True, slots=True)
class Statement:
    """``target[i] = text(operands[i])`` for all indices i of a space."""

    space: tuple[int, ...]
    target: Variable
    into: Place
    """Where in the target, over the space."""
    text: str
    operands: tuple[Operand, ...]
    site: Site
    how: str = "="
    """``=``, ``+``, ``max``, ``min``, or ``finite``, which only looks."""
    fresh: bool = True
    """Whether it is the first that writes to the target."""
    whole: bool = True
    """Whether it alone makes the target."""
    library: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    """Floating-point errors that are ignored here."""


def statements(call: Call, find: Find) -> list[Statement] | None:
    """What C does for a call; ``None`` if that is left to NumPy."""
    if call.fun is finite:
        return _question(call, find)
    if call.guard or call.several or len(call.outs) != 1 or not fits(call.out):
        return None
    if call.out.kind in (float, int, bool) or not all(map(fits, call.uses())):
        return None  # Python's own numbers raise exceptions, and have no end
    made = element(call)
    if made is not None:
        return _elementwise(call, made, find)
    write = WRITERS.get(OPERATORS.get(call.fun, call.fun))
    return None if write is None else write(call, find)


def _statement(call: Call, find: Find, element: Element, **more: Any) -> Statement:
    out = call.out
    into = own(out)
    options: dict[str, Any] = {
        "space": out.shape,
        "target": out,
        "into": into,
        "text": element.text,
        "operands": _operands(element, more.get("space", out.shape), find),
        "site": call.site,
        "library": element.library,
        "quiet": call.quiet,
    }
    return Statement(**(options | more))


def _one(call: Call, value: Any) -> Element:
    """A value as it is, but of the dtype of the result."""
    return Element("{0}", (call.out.dtype,), (value,))


def _operands(element: Element, space: tuple[int, ...], find: Find) -> Any:
    return tuple(
        _operand(arg, dtype, space, find)
        for arg, dtype in zip(element.args, element.dtypes, strict=True)
    )


def _operand(arg: Any, dtype: Any, space: tuple[int, ...], find: Find) -> Operand:
    if type(arg) is Variable or type(arg) is np.ndarray:
        return Operand(dtype, find(arg).broadcast(space))
    return Operand(dtype, None, arg)


def _elementwise(call: Call, made: Element, find: Find) -> list[Statement] | None:
    arrays = [a for a in made.args if isinstance(a, np.ndarray)]
    if not all(map(fits, arrays)):
        return None
    return [_statement(call, find, made)]


def _question(call: Call, find: Find) -> list[Statement] | None:
    """A guard: whether a value is finite."""
    x = call.args[0]
    if not fits(x) or x.dtype.kind != "f":
        return None
    operand = Operand(x.dtype, find(x))
    return [Statement(x.shape, x, find(x), "{0}", (operand,), call.site, "finite")]


# Sums


def _reduction(how: str, call: Call, find: Find) -> list[Statement] | None:
    """A sum or an extremum over axes."""
    x, axis, dtype, _, keepdims, *more = (*call.args, *(None,) * 4)[:6]
    if len(call.args) > 5 or call.kwargs or len(call.args) == 1:
        return None
    if type(x) is not Variable or not x.shape or any(more):
        return None
    if dtype is not None and dtype != call.out.dtype:
        return None
    if how != "+" and x.dtype.kind != "f":
        return None
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
    kept = [i for i in range(x.ndim) if i not in axes]
    one = _one(call, x)
    into = own(call.out)
    steps = iter(into.strides if not keepdims else [into.strides[i] for i in kept])
    strides = tuple(next(steps) if i in kept else 0 for i in range(x.ndim))
    into = Place(call.out, x.shape, strides)
    return [_statement(call, find, one, space=x.shape, into=into, how=how)]


def _product(call: Call, find: Find) -> list[Statement] | None:
    """A product of small matrices and vectors."""
    a, b = call.args[:2]
    if len(call.args) != 2 or call.kwargs or not _multiply(call, a, b):
        return None
    x, y = find(a), find(b)
    rows, columns = x.shape[:-1], y.shape[-1:] if y.shape[1:] else ()
    if len(rows) > 1 or len(y.shape) > 2:
        return None
    space = (*rows, x.shape[-1], *columns)
    left = Place(x.root, space, (*x.strides, *(0,) * len(columns)), x.offset)
    right = Place(y.root, space, (*(0,) * len(rows), *y.strides), y.offset)
    return _sum_of_products(call, left, right, space, len(rows))


def _sum_of_products(
    call: Call, left: Place, right: Place, space: Any, axis: int
) -> list[Statement] | None:
    """A sum along one axis of a product."""
    if prod(space) > PRODUCT or dense(call.out) is None:
        return None
    strides = list(own(call.out).strides)
    strides.insert(axis, 0)
    dtype, out = call.out.dtype, call.out
    return [
        Statement(
            space,
            out,
            Place(out, space, tuple(strides)),
            "{0} * {1}",
            (Operand(dtype, left), Operand(dtype, right)),
            call.site,
            "+",
            quiet=call.quiet,
        )
    ]


def _multiply(call: Call, a: Any, b: Any) -> bool:
    """Whether two arrays have the dtype of their product, and at least one axis."""
    for x in (a, b):
        array = type(x) is np.ndarray or (type(x) is Variable and x.kind is np.ndarray)
        if not array or not fits(x) or x.dtype != call.out.dtype or not x.shape:
            return False
    return call.out.dtype.kind == "f"


def _tensordot(call: Call, find: Find) -> list[Statement] | None:
    """`np.tensordot` of matrices and vectors, as `lowered` leaves it."""
    a, b, left, right, _ = call.args
    if not _multiply(call, a, b):
        return None
    first, second = find(a), find(b)
    x = [first.strides[i] for i in left[0]]
    y = [second.strides[i] for i in right[0]]
    if len(left[0]) + len(right[0]) != len(call.out.shape) + 2:  # one axis of each
        return None
    rows = tuple(first.shape[i] for i in left[0][:-1])
    columns = tuple(second.shape[i] for i in right[0][1:])
    space = (*rows, first.shape[left[0][-1]], *columns)
    return _sum_of_products(
        call,
        Place(first.root, space, (*x, *(0,) * len(columns)), first.offset),
        Place(second.root, space, (*(0,) * len(rows), *y), second.offset),
        space,
        len(rows),
    )


# Copies and parts


def _reshaped(call: Call, find: Find) -> list[Statement] | None:
    """A copy in C order of what lies in another one."""
    x, out = call.first, call.out
    if not reshapes(call) or own(out).strides != in_order(out.shape):
        return None
    into = Place(out, x.shape, in_order(x.shape))
    return [
        _statement(call, find, _one(call, x), space=x.shape, into=into, whole=False)
    ]


def _scatter(call: Call, find: Find) -> list[Statement] | None:
    """Parts that are added into an array of zeros."""
    parts, indices, shape = call.args
    if not all(map(is_basic, indices)) or not all(map(_is_part, parts)):
        return None
    cells = _cells(indices, shape)
    if cells is not None:
        return [_cell(call, find, cell, among) for cell, among in cells]
    done = [_statement(call, find, Element("0", (), ()), whole=False)]
    for part, index in zip(parts, indices, strict=True):
        into = looked(own(call.out), operator.getitem, index)
        more = {"space": into.shape, "into": into, "how": "+"}
        one = _one(call, part)
        done.append(_statement(call, find, one, **more, fresh=False, whole=False))
    return done


def _cells(indices: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """Boxes that make up an array, and the parts that cover each with an offset.

    ``None`` if parts have gaps, or if there are many boxes.
    """
    boxes: list[list[range]] = []
    for index in indices:
        cuts: Any = index if type(index) is tuple else (index,)
        cuts = cuts if ... in cuts else (*cuts, ...)
        i, missing = cuts.index(...), len(shape) + 1 - len(cuts)
        cuts = (*cuts[:i], *(slice(None),) * missing, *cuts[i + 1 :])
        if not all(type(cut) is slice for cut in cuts):
            return None
        boxes.append([range(n)[cut] for cut, n in zip(cuts, shape, strict=True)])
    if not shape or any(axis.step != 1 for box in boxes for axis in box):
        return None
    ends = [
        sorted({0, n, *(end for box in boxes for end in (box[i].start, box[i].stop))})
        for i, n in enumerate(shape)
    ]
    cells = [*product(*[map(range, e, e[1:]) for e in ends])]
    if len(cells) > CELLS:
        return None
    return [
        (cell, [(k, box) for k, box in enumerate(boxes) if _covers(box, cell)])
        for cell in cells
    ]


def _covers(box: list[range], cell: tuple[range, ...]) -> bool:
    pairs = zip(box, cell, strict=True)
    return all(a.start <= b.start and b.stop <= a.stop for a, b in pairs)


def _cell(call: Call, find: Find, cell: tuple[range, ...], among: Any) -> Statement:
    """The sum of all parts in one box."""
    into = _within(own(call.out), cell, [0] * len(cell))
    operands: list[Operand] = []
    for k, box in among:
        part = _operand(call.args[0][k], call.out.dtype, (*map(len, box),), find)
        if part.place is not None:
            place = _within(part.place, cell, [axis.start for axis in box])
            part = replace(part, place=place)
        operands.append(part)
    text = " + ".join(f"{{{i}}}" for i in range(len(among))) or "0"
    whole = into == own(call.out)
    more = {"space": into.shape, "into": into, "whole": whole, "fresh": whole}
    made = _statement(call, find, Element(text, (), ()), **more)
    return replace(made, operands=(*operands,))


def _within(place: Place, cell: tuple[range, ...], starts: list[int]) -> Place:
    """A box of a place, whose own first entry is at these indices."""
    pairs = zip(cell, starts, strict=True)
    cuts = tuple(slice(axis.start - s, axis.stop - s) for axis, s in pairs)
    return looked(place, operator.getitem, cuts)


def _is_part(part: Any) -> bool:
    return isinstance(part, float) or fits(part)


def _joined(call: Call, find: Find) -> list[Statement] | None:
    """`np.concatenate`."""
    parts, *rest = call.args
    axis = rest[0] if rest else call.kwargs.get("axis", 0)
    if len(rest) > 1 or {*call.kwargs} - {"axis"} or type(axis) is not int:
        return None
    if not isinstance(parts, list | tuple) or not all(map(fits, parts)):
        return None
    done: list[Statement] = []
    begin = 0
    for part in parts:
        n = part.shape[axis]
        cut = (*(slice(None),) * (axis % len(part.shape)), slice(begin, begin + n))
        into = looked(own(call.out), operator.getitem, cut)
        one = _one(call, part)
        more = {"space": into.shape, "into": into, "fresh": not done, "whole": False}
        done.append(_statement(call, find, one, **more))
        begin += n
    return done


WRITERS: dict[Any, Callable[[Call, Find], list[Statement] | None]] = {
    np.add.reduce: partial(_reduction, "+"),
    np.maximum.reduce: partial(_reduction, "max"),
    np.minimum.reduce: partial(_reduction, "min"),
    np.matmul: _product,
    np.dot: _product,
    product_of_axes: _tensordot,
    scatter_add: _scatter,
    np.concatenate: _joined,
    **dict.fromkeys(RESHAPES, _reshaped),
}
