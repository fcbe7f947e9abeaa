"""Bind: the one gate through which every operation on a box passes.

It finds the innermost trace among the arguments, takes that trace's boxes out of their
boxes, computes the value, and records a node with exactly what the pullbacks keep. What
was unboxed may be a box of an outer trace; the computation is then traced by that one,
and so on outwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from fgrad._engine.arguments import array_scalars, plain_operands
from fgrad._engine.box import (
    ARGUMENTS,
    CONTAINERS,
    Box,
    boxes_in,
    innermost,
    rebuilt,
    space,
)
from fgrad._engine.constants import CONSTANT, ConstantTrace, unwrapped
from fgrad._engine.outputs import has_outputs, into_outputs
from fgrad._engine.plans import Plan, plan_of
from fgrad._engine.powers import POWERS, past_kink
from fgrad._engine.rules import Pullback, Rule
from fgrad._engine.signatures import NO_VALUE
from fgrad._engine.trace import Node, Space, Trace, next_order
from fgrad._tree import branches, flatten, unflatten
from fgrad._words.callsite import caller, no_rule
from fgrad._words.foreign import is_iterable, is_sequence

__all__ = ["PART", "Part", "bind", "is_several", "record", "record_tree", "untraced"]

USUAL = ARGUMENTS | CONTAINERS


def bind(
    rule: Rule,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    compute: Callable[..., Any] | None = None,
) -> Any:
    """Apply an operation to arguments of which any may be traced.

    With `compute`, which computes the value, they are up to date with all that was
    written.
    """
    values = rule.grouped(args)
    count = len(values)
    values += kwargs.values()
    trace, inside = _trace_among(rule, values)
    if trace is None:
        return rule.fun(*args, **kwargs)
    plan = plan_of(rule, count, tuple(kwargs))
    if plan.stores and has_outputs(rule.fun, args, kwargs):
        return into_outputs(rule.fun, lambda *a, **k: bind(rule, a, k), args, kwargs)
    if CONSTANT.used and trace is not CONSTANT:
        args, kwargs = unwrapped(args), unwrapped(kwargs)
        values = [*rule.grouped(args), *kwargs.values()]
    if inside or plan.sequences or plan.arrays:
        if kwargs:
            given = {name: v for name, v in kwargs.items() if v is not NO_VALUE}
            if len(given) < len(kwargs):
                return bind(rule, args, given, compute)
        values = plan.understood(values)
        args, kwargs = plan.call(values)
    if rule.takes_arrays and not ARGUMENTS.issuperset(map(type, values)):
        values = [*plain_operands(rule, values, {})[0]]
        args, kwargs = plan.call(values)
    if not (trace.recording or (compute and trace.written and trace.open)):
        return trace.interpret(rule, args, kwargs, rule.fun)
    inner, parents, nested = plan.unboxed(values, trace)
    if plan.ignored:
        plan.check(inner)
    inner = array_scalars(rule, inner)
    args, kwargs = plan.call(inner)
    ans = bind(rule, args, kwargs) if nested else (compute or rule.fun)(*args, **kwargs)
    return record(trace, plan, parents, inner, ans)


def _trace_among(rule: Rule, values: list[Any]) -> tuple[Trace | None, bool]:
    """The innermost trace among arguments; and whether any of them needs a look.

    Sequences with boxes in them become lists and tuples, for all that comes after.
    """
    trace, inside = None, False
    for i, value in enumerate(values):
        kind = type(value)
        if kind is Box:
            found = value._trace
        elif kind in CONTAINERS and (boxes := boxes_in(value)):
            found, inside = innermost(boxes), True
        elif kind not in USUAL and (boxes := _boxes_of(rule, value)):
            found, inside = innermost(boxes), True
            values[i] = tuple(value) if isinstance(value, tuple) else list(value)
        else:
            inside = inside or value is NO_VALUE
            continue
        if trace is None or found.id > trace.id:
            trace = found
    return trace, inside


def _boxes_of(rule: Rule, value: Any) -> list[Box]:
    """The boxes in an unusual argument, which NumPy must be able to read, too."""
    kind = type(value)
    view = rule.takes_arrays and is_iterable(kind) and not isinstance(value, Iterator)
    boxes = boxes_in(list(value) if view else value)
    if boxes and not (rule.takes_arrays and is_sequence(kind)):
        instead = "make a list of it" if view else "pass it as an argument of its own"
        what = f"{rule.name} with a traced value in a {kind.__name__}"
        raise no_rule(f"{what}; {instead}")
    return boxes


def record(
    trace: Trace, plan: Plan, parents: list[Any], inner: list[Any], ans: Any
) -> Any:
    """Box the result of a call, with a node that leads back to its arguments."""
    rule, leaves, structure = plan.rule, ans, None
    if is_several(rule, ans):
        if not rule.takes_arrays and _is_tree(rule, ans):
            leaves, structure = flatten(ans)
        shape, dtype = tuple(Space(*space(leaf)) for leaf in leaves), None
    else:
        shape, dtype = space(ans)
        if dtype.kind not in "fc":
            return untraced(rule, ans, dtype)
    edges: list[tuple[Any, Pullback, tuple[Any, ...]]] = []
    for i, parent, like in parents:
        pullback, save = plan.saver(i)
        if plan.where is not None and inner[plan.where] is not True:
            pullback = pullback.masked
        if structure is not None:
            pullback = pullback.of_tree(structure)
        edges.append((parent, pullback, save(ans, like, parent, *inner)))
    kept = tuple(edges)
    if rule.fun in POWERS:
        kept = past_kink(rule, kept, inner)
    node = trace.node_type(next_order(), shape, dtype, kept, *caller())
    if dtype is not None:
        return Box(ans, trace, node)
    parts = _parts(trace, node, leaves)
    return rebuilt(ans, parts) if structure is None else unflatten(structure, parts)


def is_several(rule: Rule, ans: Any) -> bool:
    """Whether a result is several values: a tuple or list; of a user's, any tree."""
    if isinstance(ans, tuple | list):
        return True
    return not rule.takes_arrays and ans is not None and branches(ans) is not None


def _is_tree(rule: Rule, ans: Any) -> bool:
    """Whether a result of a user's is more than a flat tuple or list."""
    return type(ans) not in CONTAINERS or any(is_several(rule, part) for part in ans)


def untraced(rule: Rule, ans: Any, dtype: np.dtype[Any]) -> Any:
    """A result that is not floating-point: constant, or nothing we can follow."""
    if dtype.kind in "biu":
        return ans
    what = f"of dtype {dtype}"
    if not isinstance(ans, np.ndarray | np.generic):
        what = f"that is a {type(ans).__name__}"
    raise no_rule(f"{rule.name} with a result {what}")


class Part(NamedTuple):
    """A cotangent of one among several results."""

    position: int
    g: Any
    shape: None = None


PART = Rule(
    tuple,
    name="one of several results",
    pullbacks={"result": lambda g, position: Part(position, g)},
).pullbacks["result"]


def _parts(trace: Trace, node: Node, values: Any) -> list[Any]:
    """Each of several results in a box; those that are not floating-point stay."""
    boxes: list[Any] = []
    for i, (value, here) in enumerate(zip(values, node.shape, strict=True)):
        if here.dtype.kind in "fc":
            edges = ((node, PART, (i,)),)
            part = trace.node_type(next_order(), *here, edges, *node.site)
            value = Box(value, trace, part)
        boxes.append(value)
    return boxes


def record_tree(
    trace: Trace,
    out: Any,
    parents: tuple[Node | None, ...],
    pullback: Pullback,
    residuals: tuple[Any, ...],
) -> Any:
    """Box a tree of values that come from one operation, such as a whole function.

    The pullback gets a tuple with one cotangent for each leaf of `out`, and returns one
    for each of `parents`.
    """
    leaves, structure = flatten(out)
    spaces = tuple(Space(*space(leaf)) for leaf in leaves)
    edges = ((parents, pullback, residuals),)
    node = trace.node_type(next_order(), spaces, None, edges, *caller())
    return unflatten(structure, _parts(trace, node, leaves))


ConstantTrace.bind = staticmethod(bind)
