"""`checkpoint`: less memory, by running parts of a function again in replay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from copy import copy
from functools import partial, update_wrapper
from typing import Any, ParamSpec, TypeVar, overload

import numpy as np

from fgrad._engine.assignment import replace, unchanging
from fgrad._engine.bind import record_tree
from fgrad._engine.box import Box, stored
from fgrad._engine.forward import push
from fgrad._engine.memory import fresh, kept
from fgrad._engine.replay import replay
from fgrad._engine.rules import Pullback, Rule
from fgrad._engine.tags import CotangentTags
from fgrad._engine.trace import Node, Trace, next_order, reachable
from fgrad._transforms._values import check_function, described, label
from fgrad._transforms._wrapped import Wrapped
from fgrad._tree import flatten, tree_map
from fgrad.errors import RuleError

__all__ = ["Checkpoint", "Steps", "checkpoint"]

P = ParamSpec("P")
R = TypeVar("R")


class Checkpoint(Wrapped):
    """What ``checkpoint(fun)`` returns."""

    @property
    def pullback(self) -> Pullback:
        """The rule, as replay wants it; its name says whose it is."""
        rule = Rule(self.fun, pullbacks={"what it uses": _rerun})
        rule.tagged = _tagged
        rule.forward = _forward
        return rule.pullbacks["what it uses"]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = tree_map(kept, (args, kwargs))
        run = partial(_called, self.fun, given)
        out, changed = Segment(self, run, _traces(given)).result()
        for leaf, new in zip(flatten((args, kwargs))[0], changed, strict=True):
            if new is not None:
                replace(leaf, new)
        return out


def _called(fun: Callable[..., Any], given: Any) -> tuple[Any, list[Any]]:
    """The output of a run, and each argument that it has written to."""
    with unchanging(CLOSED_OVER):
        args, kwargs = handed_out = tree_map(fresh, given)
        leaves = flatten(handed_out)[0]
        before = [leaf._node if type(leaf) is Box else None for leaf in leaves]
        out = tree_map(_now, fun(*args, **kwargs))
    changed = [
        None if node is None or _now(leaf)._node is node else leaf
        for leaf, node in zip(leaves, before, strict=True)
    ]
    return out, changed


CLOSED_OVER = (
    "a checkpointed function runs again in replay, so it cannot write to an array that "
    "it has not made; pass that array as an argument"
)


def _now(leaf: Any) -> Any:
    return leaf.now() if type(leaf) is Box else leaf


class Segment:
    """A computation that runs now, and again when a derivative needs its tape."""

    def __init__(
        self, checkpoint: Checkpoint, run: Callable[[], Any], traces: set[Trace]
    ) -> None:
        self.checkpoint = checkpoint
        self._run = run
        self.traces = traces
        """The traces of the values in it, which must be open when it runs again."""
        self._seen: list[Any] | None = None

    def value(self) -> Any:
        """The result of a run: the same each time, or an error."""
        out = self._run()
        seen = [_sample(leaf) for leaf in flatten(out)[0]]
        if self._seen is None:
            self._seen = seen
        elif len(seen) != len(self._seen) or not all(map(_alike, seen, self._seen)):
            raise self.error()
        return out

    def result(self, below: float = np.inf) -> Any:
        """The result, after all that a trace recorded for it has become one node.

        This is done for each trace that is older than number `below`.
        """
        before = next_order()
        out = self.value()
        self.traces |= _traces(out)
        made: dict[Node, Node] = {}
        for trace in self.traces:
            results = _results(out, trace, before)
            if not (results and trace.open and trace.id < below):
                continue
            inputs = tuple(_inputs(_tape(results, before), before))
            if not inputs:
                continue  # this trace keeps no tape
            kept = (self, trace, inputs)
            values = tuple(results.values())
            new = record_tree(trace, values, inputs, self.checkpoint.pullback, kept)
            made |= {node: box._node for node, box in zip(results, new, strict=True)}
        return tree_map(partial(_renewed, made=made), out) if made else out

    def error(self) -> RuleError:
        """The error if a run returns something else than the first one."""
        return RuleError(
            f"{label(self.checkpoint)} did something else when it ran again: a "
            f"checkpointed function must depend on its arguments only. Draw random "
            f"numbers outside, and pass them to it."
        )


def _sample(leaf: Any) -> Any:
    """A few entries of an array, by which it is recognised."""
    array = np.asarray(stored(leaf))
    numbers = array.dtype.kind in "biufc"
    return array.flat[:: max(1, array.size // 16)] if numbers else np.zeros(0)


def _alike(a: Any, b: Any) -> bool:
    """Whether samples are equal, but for rounding."""
    if np.array_equal(a, b):
        return True
    if a.shape != b.shape or a.dtype.kind not in "fc":
        return False
    scale = np.max(np.abs(b), initial=0, where=np.isfinite(b))
    return np.allclose(a, b, rtol=1e-3, atol=1e-3 * scale, equal_nan=True)


def _layers(value: Any) -> Iterator[Box]:
    """A box, the boxes inside it from the outermost on, and those of their tangents."""
    if type(value) is Box:
        yield value
        yield from _layers(value._value)
        tangent = getattr(value._node, "tangent", None)
        if tangent is not None:
            yield from _layers(tangent)


def _traces(tree: Any) -> set[Trace]:
    """All traces that the leaves of a tree belong to, at any level."""
    return {box._trace for leaf in flatten(tree)[0] for box in _layers(leaf)}


def _results(out: Any, trace: Trace, before: int) -> dict[Node, Any]:
    """The results in a tree that a trace has recorded since `before`: their values."""
    return {
        box._node: box._value
        for leaf in flatten(out)[0]
        for box in _layers(leaf)
        if box._trace is trace and box._node.order < before
    }


def _renewed(value: Any, made: dict[Node, Node]) -> Any:
    """A box with other nodes, at all levels."""
    if type(value) is not Box:
        return value
    node: Any = made.get(value._node, value._node)
    tangent = getattr(node, "tangent", None)
    if tangent is not None:
        node = copy(node)
        node.tangent = _renewed(tangent, made)
    return Box(_renewed(value._value, made), value._trace, node)


def _tape(roots: Iterable[Node], before: int) -> list[Node]:
    """The nodes that were recorded since `before`."""
    return [*reachable(roots, lambda node: node.order < before)]


def _inputs(tape: list[Node], before: int) -> dict[Node, None]:
    """The older nodes from which a tape grew.

    They are found on the tape, so values from enclosing scopes count like arguments.
    """
    parents = (parent for node in tape for parent in node.parents())
    return dict.fromkeys(node for node in parents if node.order >= before)


def _cut(tape: list[Node], leaves: dict[Node, Node]) -> None:
    """Let a tape end at `leaves` instead of the older nodes."""

    def end(parent: Any) -> Any:
        if type(parent) is tuple:
            return tuple(map(end, parent))
        return leaves.get(parent, parent)

    for node in tape:
        node.edges = tuple((end(parent), *rest) for parent, *rest in node.edges)


def _rerun(g: Any, segment: Segment, trace: Trace, inputs: tuple[Node, ...]) -> Any:
    """The cotangents of the inputs, which are again a segment for older traces."""
    run = partial(_replayed, g, segment, trace, inputs)
    return Segment(segment.checkpoint, run, segment.traces | _traces(g)).result(
        trace.id
    )


def _replayed(g: Any, segment: Segment, trace: Trace, inputs: tuple[Node, ...]) -> Any:
    """Record the segment again, and replay its tape from the cotangents `g`."""
    results, leaves = _recorded_again(segment, trace, inputs, len(g))
    pairs = zip(results, g, strict=True)
    roots = [(node, c) for node, c in pairs if c is not None]
    del results  # so that replay frees what it has passed
    # A zero in `g` may just happen, which the replay outside knows.
    cotangents = replay(roots, consume=True, meant=False)
    return tuple(
        cotangents.result(leaves[node]) if node in leaves else None for node in inputs
    )


def _tagged(g: Any, segment: Segment, trace: Trace, inputs: tuple[Node, ...]) -> Any:
    """The tags of the inputs from those of the results."""
    results, leaves = _recorded_again(segment, trace, inputs, len(g))
    pairs = zip(results, g, strict=True)
    tags = CotangentTags.carried(
        replay, [(node, p) for node, p in pairs if p is not None]
    )
    return tuple(
        tags.result(leaves[node]) if node in leaves else None for node in inputs
    )


def _forward(
    tangents: dict[int, Any],
    segment: Segment,
    trace: Trace,
    inputs: tuple[Node, ...],
) -> Any:
    """The tangents of the results, which are again a segment for older traces."""
    run = partial(_pushed, tangents, segment, trace, inputs)
    traces = segment.traces | _traces([*tangents.values()])
    return Segment(segment.checkpoint, run, traces).result(trace.id)


def _pushed(
    tangents: dict[int, Any],
    segment: Segment,
    trace: Trace,
    inputs: tuple[Node, ...],
) -> Any:
    """Record the segment again, and push the tangents of its inputs along its tape."""
    results, leaves = _recorded_again(segment, trace, inputs)
    given = {inputs[i]: t for i, t in tangents.items()}
    known = {leaf: given[node] for node, leaf in leaves.items() if node in given}
    # A zero among them may just happen; and about a nan, there is a push outside.
    found = push(results, known, consume=True, words=lambda: False, meant=False)
    return tuple(found.get(n, np.zeros(n.shape, n.dtype)) for n in results)


def _recorded_again(
    segment: Segment,
    trace: Trace,
    inputs: tuple[Node, ...],
    count: int | None = None,
) -> tuple[list[Node], dict[Node, Node]]:
    """The results of a run of the segment, and a leaf in place of each input."""
    with ExitStack() as stack:
        for other in segment.traces:
            other.rerun()
            if other.id >= trace.id:
                stack.enter_context(other.reopened())
        before = next_order()
        out = segment.value()
    results = [*_results(out, trace, before)]
    tape = _tape(results, before)
    leaves = {
        node: Node(node.order, node.shape, node.dtype, (), node.code, node.lasti)
        for node in _inputs(tape, before)
    }
    _cut(tape, leaves)
    if len(results) != (count or len(results)) or leaves.keys() - set(inputs):
        raise segment.error()
    return results, leaves


class Steps(Wrapped):
    """What ``checkpoint(step, every=k)`` returns: a loop over the step."""

    def __init__(self, fun: Callable[..., Any], every: int) -> None:
        super().__init__(fun)
        given: Any = every
        if not isinstance(given, int | np.integer) or every < 1:
            raise ValueError(f"checkpoint needs every >= 1, but got every={every!r}")
        self.every = int(every)
        self._block = Checkpoint(update_wrapper(partial(_block, fun), fun))

    def __call__(self, state: Any, steps: int | Sequence[Any], *args: Any) -> Any:
        counted = isinstance(steps, int | np.integer)
        count = int(steps) if counted else _length(steps)
        inputs = None if counted else steps
        for start in range(0, count, self.every):
            stop = min(start + self.every, count)
            here = None if inputs is None else inputs[start:stop]
            state = self._block(state, stop - start, here, args)
        return state


def _length(inputs: Any) -> int:
    try:
        return len(inputs)
    except TypeError:
        raise TypeError(
            f"checkpoint(step, every=k) needs the number of steps, or a sequence with "
            f"the input of each, but got {described(inputs)}"
        ) from None


def _block(
    step: Callable[..., Any], state: Any, count: int, inputs: Any, args: Any
) -> Any:
    """Some steps of the loop."""
    for i in range(count):
        state = step(state, *args) if inputs is None else step(state, inputs[i], *args)
    return state


@overload
def checkpoint(fun: Callable[P, R], *, every: None = None) -> Callable[P, R]: ...
@overload
def checkpoint(fun: Callable[..., R], *, every: int) -> Callable[..., R]: ...
@overload
def checkpoint(
    fun: None = None, *, every: int | None = None
) -> Callable[[Callable[..., R]], Callable[..., R]]: ...
def checkpoint(
    fun: Callable[..., Any] | None = None, *, every: int | None = None
) -> Any:
    """The same function, keeping nothing for its derivative but what it was given.

    In replay the function runs again to find what the rules need. With `every`, `fun`
    is one step of a loop, and only every so many states are kept.

    Parameters
    ----------
    fun : callable
        A function of trees; with `every`, ``step(state, *args) -> state``. It must
        return the same when it runs again. It may use values of enclosing scopes.
    every : int, optional
        How many steps to run again at a time. The memory for n steps is that of n/every
        states and the tape of `every` steps: least at √n.

    Returns
    -------
    callable
        Without `every`, takes the arguments of `fun`. With it,
        ``loop(state, steps, *args)`` runs ``state = step(state, *args)`` `steps` times
        if that is an int; ``state = step(state, x, *args)`` for each x of a sequence or
        array. Returns the last state.

    Raises
    ------
    RuleError
        In replay, if the function used or returned other values when it ran again.

    Notes
    -----
    Memory is saved in derivatives of any order, in both modes and under `vmap`: what
    replay computes is in turn run again for the next derivative, so each order about
    doubles how often the function runs. While it runs, all of its tape is there:
    checkpoint the parts of a long computation, not the whole.

    Whether `fun` returned the same is seen from a sample of the entries.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import checkpoint, grad
    >>> grad(checkpoint(np.sin))(0.0)
    np.float64(1.0)
    >>> decay = checkpoint(lambda x, rate: x - rate * x, every=10)
    >>> float(round(grad(decay)(1.0, 100, 0.01) - 0.99**100, 9))
    0.0
    """
    if fun is None:
        return partial(checkpoint, every=every)
    check_function("checkpoint", fun, "checkpoint(fun)(x), not checkpoint(fun(x))")
    return Checkpoint(fun) if every is None else Steps(fun, every)
