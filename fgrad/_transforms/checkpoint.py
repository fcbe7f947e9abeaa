"""`checkpoint`: less memory, by running parts of a function again in replay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial, update_wrapper
from typing import Any, ParamSpec, TypeVar, overload

import numpy as np

from fgrad._replay import replay
from fgrad._rules import Pullback, Rule
from fgrad._trace import Box, Node, Trace
from fgrad._transforms._checks import check_function, described
from fgrad._transforms._opaque import innermost, record
from fgrad._transforms._run import label
from fgrad._transforms._wrapped import Wrapped
from fgrad._tree import flatten, unflatten
from fgrad.errors import RuleError

__all__ = ["Checkpoint", "Steps", "checkpoint"]

P = ParamSpec("P")
R = TypeVar("R")


class Checkpoint(Wrapped):
    """What ``checkpoint(fun)`` returns."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        trace = innermost(flatten((args, kwargs))[0])
        if trace is None or not (trace.recording and trace.taping):
            return self.fun(*args, **kwargs)
        before = trace.tick()
        out = self.fun(*args, **kwargs)
        leaves, structure = flatten(out)
        mine = [_is_newer(leaf, trace, before) for leaf in leaves]
        results = [x for x, new in zip(leaves, mine, strict=True) if new]
        if not results:
            return out
        inputs = tuple(_inputs(_tape([box._node for box in results], before), before))
        kept = (self, args, kwargs, trace, inputs)
        pullback = Pullback(Rule(self.fun), "what it uses", _rerun)
        boxes = record(
            trace, tuple(box._value for box in results), inputs, pullback, (kept,)
        )
        rest = iter(boxes)
        return unflatten(
            structure,
            [next(rest) if new else x for x, new in zip(leaves, mine, strict=True)],
        )


def _is_newer(leaf: Any, trace: Trace, before: int) -> bool:
    """Whether a result was made by the call that began at tick `before`."""
    mine = type(leaf) is Box and leaf._trace is trace
    return mine and leaf._node.order < before


def _tape(roots: list[Node], before: int) -> list[Node]:
    """The nodes that were recorded since tick `before`."""
    seen, stack = set(roots), list(roots)
    while stack:
        for parent, _, _ in stack.pop().edges:
            for node in parent if type(parent) is tuple else (parent,):
                if node is not None and node.order < before and node not in seen:
                    seen.add(node)
                    stack.append(node)
    return list(seen)


def _inputs(tape: list[Node], before: int) -> dict[Node, None]:
    """The older nodes from which a tape grew.

    They are found on the tape, so values from enclosing scopes count like arguments.
    """
    found: dict[Node, None] = {}
    for made in tape:
        for parent, _, _ in made.edges:
            for node in parent if type(parent) is tuple else (parent,):
                if node is not None and node.order >= before:
                    found[node] = None
    return found


def _cut(tape: list[Node], leaves: dict[Node, Node]) -> None:
    """Let a tape end at `leaves` instead of the older nodes."""

    def end(parent: Any) -> Any:
        if type(parent) is tuple:
            return tuple(map(end, parent))
        return leaves.get(parent, parent)

    for node in tape:
        node.edges = tuple((end(parent), *rest) for parent, *rest in node.edges)


def _rerun(g: tuple[Any, ...], kept: Any) -> tuple[Any, ...]:
    """Record the call again, and carry its results' cotangents back through it."""
    checkpoint, args, kwargs, trace, inputs = kept
    with _reopened(trace):
        before = trace.tick()
        out = checkpoint.fun(*args, **kwargs)
    results = [x for x in flatten(out)[0] if _is_newer(x, trace, before)]
    tape = _tape([box._node for box in results], before)
    leaves = {
        node: Node(node.order, node.shape, node.dtype, (), node.code, node.lasti)
        for node in _inputs(tape, before)
    }
    _cut(tape, leaves)
    if len(results) != len(g) or leaves.keys() - set(inputs):
        raise RuleError(
            f"{label(checkpoint)} did something else when it ran again: a "
            f"checkpointed function must depend on its arguments only."
        )
    roots = [(box._node, c) for box, c in zip(results, g, strict=True)]
    del out, results, tape  # so that replay frees what it has passed
    cotangents = replay(roots, consume=True)
    return tuple(
        cotangents.result(leaves[node]) if node in leaves else None for node in inputs
    )


_LOCK = threading.Lock()
_REOPENED: dict[Trace, tuple[int, bool]] = {}


@contextmanager
def _reopened(trace: Trace) -> Generator[None]:
    """Let a finished trace record once more, in as many threads as want it."""
    with _LOCK:
        count, recording = _REOPENED.get(trace, (0, trace.recording))
        _REOPENED[trace] = count + 1, recording
        trace.recording = True
    try:
        yield
    finally:
        with _LOCK:
            count, recording = _REOPENED.pop(trace)
            if count > 1:
                _REOPENED[trace] = count - 1, recording
            else:
                trace.recording = recording


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
        In replay, if the function used other values when it ran again.

    Notes
    -----
    When several transforms are nested, the innermost one saves memory. A function none
    of whose arguments is traced is not checkpointed.

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
