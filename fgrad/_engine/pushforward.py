"""The derivative of one operation along tangents of its arguments, from its pullback.

A pullback is linear in its cotangent, so its transpose is the pushforward. For
elementwise rules of real numbers the transpose is the same formula; any other pullback
is itself traced, at a zero cotangent, and replayed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fgrad._engine.bind import PART
from fgrad._engine.box import CONTAINERS, Box
from fgrad._engine.cotangents import Cotangents, fit, spoiled
from fgrad._engine.dispatch import traced
from fgrad._engine.pulling import pulled_again
from fgrad._engine.rules import REQUIRED, Pullback
from fgrad._engine.scatter import Scatter
from fgrad._engine.trace import Node, Tape
from fgrad._engine.zeros import is_constant, moving

__all__ = ["Arrival", "Replay", "parts", "pushforward", "transposed"]

Replay = Callable[..., Cotangents]
"""The function `replay`, which comes later: it calls what is here in turn."""


class Arrival(NamedTuple):
    """The tangent of an argument, or of one among its elements."""

    part: int | None
    node: Node
    t: Any


def parts(parent: Any) -> list[tuple[Node, int | None]]:
    """The nodes of an argument, with their positions if it is a sequence."""
    if type(parent) is tuple:
        return [(node, i) for i, node in enumerate(parent) if node is not None]
    return [(parent, None)]


def pushforward(
    replay: Replay,
    pullback: Pullback,
    residuals: tuple[Any, ...],
    node: Node,
    parent: Any,
    arrived: list[Arrival],
) -> Any:
    """The derivative of one operation along the tangent of one argument.

    ``None`` where the pullback says that it is zero.
    """
    part, _, t = arrived[0]
    if pullback is PART:
        return t[residuals[0]]
    if pullback.rule.forward is not None:
        return pullback.rule.forward({a.part: a.t for a in arrived}, *residuals)
    if part is None and node.dtype is not None:
        real = node.dtype.kind == parent.dtype.kind == "f"
        if pullback.rule.elementwise and real:
            return _elementwise(pullback, residuals, node, parent, t)
        if pullback.rule.linear:
            t = _applied(pullback, residuals, t)
            if t is not None and t.shape == node.shape:
                return t if t.dtype == node.dtype else t.astype(node.dtype)
    return transposed(replay, pullback, residuals, node, parent, arrived)


def _elementwise(
    pullback: Pullback,
    residuals: tuple[Any, ...],
    node: Node,
    parent: Node,
    t: Any,
) -> Any:
    """The tangent by the formula of the pullback: it multiplies each entry."""
    wide = t if t.shape == node.shape else np.broadcast_to(t, node.shape)
    try:
        t = pullback.fun(wide, *residuals)
    except (TypeError, ValueError, ArithmeticError) as error:
        t = pulled_again(error, pullback, parent, wide, residuals)
    if t is None:
        return None
    if t.shape != node.shape:
        t = np.broadcast_to(t, node.shape)
    return t if t.dtype == node.dtype else t.astype(node.dtype)


def transposed(
    replay: Replay,
    pullback: Pullback,
    residuals: tuple[Any, ...],
    node: Node,
    parent: Any,
    arrived: list[Arrival],
) -> Any:
    """The pullback traced at a zero cotangent, and replayed from the tangents.

    A tape outside makes a difference between coefficients that depend on an argument
    and constant ones. Only zeros among the constant ones are structural.
    """
    moved = moving(node, pullback, residuals)
    constant = is_constant(moved, pullback)
    rest = node, parent, arrived
    t = _replayed(replay, pullback, residuals, *rest, repairs=constant)
    if constant or not spoiled(t):
        return t
    outside = Tape(f"the coefficients of {pullback!r}")
    kept = zip(pullback.needs, residuals, strict=True)
    residuals = tuple(_leaf(outside, v) if n in moved else v for n, v in kept)
    try:
        t = _replayed(replay, pullback, residuals, *rest, repairs=True)
    finally:
        outside.close()
    several = type(t) is tuple
    return tuple(_inside(outside, x) for x in t) if several else _inside(outside, t)


def _leaf(trace: Tape, value: Any) -> Any:
    """Arrays as leaves of a trace; anything else as it is."""
    if type(value) in CONTAINERS:
        return type(value)([_leaf(trace, item) for item in value])
    array = isinstance(value, np.ndarray | np.inexact) and value.dtype.kind in "fc"
    return trace.leaf(value) if array else value


def _inside(trace: Tape, value: Any) -> Any:
    """The value in a box of a trace."""
    return value._value if type(value) is Box and value._trace is trace else value


def _replayed(
    replay: Replay,
    pullback: Pullback,
    residuals: tuple[Any, ...],
    node: Node,
    parent: Any,
    arrived: list[Arrival],
    *,
    repairs: bool,
) -> Any:
    trace = Tape(f"the transpose of {pullback!r}")
    g, leaves = _zero_cotangent(trace, node)
    roots: list[tuple[Node, Any]] = []
    nothing = True
    try:
        try:
            cotangents = pullback.fun(g, *residuals)
        except (TypeError, ValueError, ArithmeticError) as error:
            cotangents = pulled_again(error, pullback, parent, g, residuals)
        for part, argument, t in arrived:
            c = cotangents if part is None else cotangents[part]
            if c is None:
                continue
            nothing = False
            if type(c) is Scatter:
                c, t = c.g, traced(operator.getitem)(t, c.index)
            else:
                c = fit(c, argument, pullback)
            if type(c) is Box and c._trace is trace:
                roots.append((c._node, t))
    finally:
        trace.close()
    if nothing:
        return None
    found = replay(roots, consume=True, meant=False, repairs=repairs)
    results = tuple(map(found.result, leaves))
    return results if node.dtype is None else results[0]


def _zero_cotangent(trace: Tape, node: Node) -> tuple[Any, list[Node]]:
    """A traced zero like the result of `node`, and its leaves."""
    spaces = node.shape if node.dtype is None else [(node.shape, node.dtype)]
    boxes = tuple(trace.leaf(np.zeros(*space)) for space in spaces)
    return boxes if node.dtype is None else boxes[0], [box._node for box in boxes]


def _applied(pullback: Pullback, residuals: tuple[Any, ...], t: Any) -> Any:
    """A linear function of the tangent, and of what the pullback kept.

    ``None`` if that is not all it needs.
    """
    rule = pullback.rule
    kept = {
        name: value
        for name, value in zip(pullback.needs, residuals, strict=True)
        if name in rule.parameters and value is not pullback.defaults.get(name, rule)
    }
    kept[pullback.parameter] = t
    args: list[Any] = []
    for name, default in rule.parameters.items():
        if default is not REQUIRED:
            break
        if name not in kept:
            return None
        args.append(kept.pop(name))
    return traced(rule.fun)(*args, **kept)
