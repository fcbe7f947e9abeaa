"""Watching what runs: traces that show each operation to somebody, and then go on.

Inside `watching`, they stand in for the traces of all runs of functions. They compute,
record and replay what the others do, and hand each step to a `Watch`. Outside, nobody
is asked anything, so watching costs nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from threading import get_ident
from typing import Any, NamedTuple

from typing_extensions import override

from fgrad._engine.arguments import array_scalars
from fgrad._engine.bind import PART, bind, record
from fgrad._engine.forward import TangentTrace
from fgrad._engine.plans import plan_of
from fgrad._engine.rules import Pullback, Rule
from fgrad._engine.trace import STAND_INS, Node, Tape, Trace
from fgrad._transforms._custom import CUSTOM_CALL, custom_call
from fgrad._transforms._values import label
from fgrad._tree import leaf_paths
from fgrad._words.callsite import Site
from fgrad.batching.trace import BatchTrace

__all__ = ["Operation", "Pulling", "Watch", "watching"]


class Operation(NamedTuple):
    """An operation that is about to be computed."""

    rule: Rule
    values: list[Any]
    """The arguments; a tape has taken its boxes away."""
    keywords: tuple[str, ...]
    """The names of the last of them."""

    @property
    def name(self) -> str:
        """What the function is called."""
        whole = self.rule is CUSTOM_CALL
        return label(self.values[0]) if whole else self.rule.name

    @property
    def names(self) -> tuple[str, ...]:
        """What the function calls its arguments."""
        if self.rule is CUSTOM_CALL:
            return "", "", *leaf_paths(self.values[1], "args")
        return plan_of(
            self.rule, len(self.values) - len(self.keywords), self.keywords
        ).names


class Watch:
    """Who sees each step. What a watch does not override, it lets pass."""

    def computed(
        self,
        operation: Operation,  # noqa: ARG002 (for those that override it)
        compute: Callable[[], Any],
    ) -> Any:
        """The result of an operation."""
        return compute()

    def recorded(
        self,
        operation: Operation,  # noqa: ARG002
        record: Callable[[], Any],
    ) -> Any:
        """What is recorded of the result; in forward mode, its tangent is in it."""
        return record()

    def kept(self, pulling: Pulling, residuals: tuple[Any, ...]) -> None:
        """What an operation has kept for the pullback of one argument."""

    def pulled(self, pulling: Pulling, g: Any, *residuals: Any) -> Any:
        """What a pullback returns."""
        return pulling.pullback.fun(g, *residuals)


class Pulling(NamedTuple):
    """A pullback of one operation that was recorded."""

    pullback: Pullback
    argument: tuple[Any, Any]
    """Shape and dtype of the argument; of a sequence, a tuple of both and ``None``."""
    result: tuple[Any, Any]
    """Shape and dtype of the result; of several, spaces and ``None``."""
    site: Site
    seen: list[Any]
    """What the watch wants to know again."""

    @property
    def rule(self) -> Rule:
        """The operation."""
        return self.pullback.rule

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of what it keeps."""
        return self.pullback.needs

    @override
    def __str__(self) -> str:
        return repr(self.pullback)


class Watched(Pullback):
    """A pullback that is run by a watch."""

    __slots__ = ("watched",)

    watched: Pullback


def _watched(
    watch: Watch, pullback: Pullback, parent: Any, result: tuple[Any, Any], site: Site
) -> tuple[Watched, Pulling]:
    """The pullback of an edge, for a watch."""
    if isinstance(pullback, Watched):  # that of a length, past which a power leads
        pullback = pullback.watched
    if type(parent) is tuple:
        argument = tuple(one and (one.shape, one.dtype) for one in parent), None
    else:
        argument = parent.shape, parent.dtype
    pulling = Pulling(pullback, argument, result, site, [])
    made = Watched.__new__(Watched)
    for name in Pullback.__slots__:
        setattr(made, name, getattr(pullback, name))
    made.watched, made.fun = pullback, partial(watch.pulled, pulling)
    return made, pulling


class _Watching(Trace):
    """What the traces that stand in have in common."""

    watch: Watch

    def begin(self, watch: Watch) -> None:
        """Show all that is recorded to a watch."""
        self.watch = watch
        self.node_type = partial(_node, watch, self.node_type)


def _node(
    watch: Watch,
    make: Callable[..., Node],
    order: int,
    shape: Any,
    dtype: Any,
    edges: tuple[Any, ...],
    code: Any,
    lasti: int,
) -> Node:
    """A node whose pullbacks are run by the watch."""
    watched: list[Any] = []
    for parent, pullback, residuals in edges:
        if pullback is PART:
            watched.append((parent, pullback, residuals))
            continue
        site = (code, lasti)
        own, pulling = _watched(watch, pullback, parent, (shape, dtype), site)
        watch.kept(pulling, residuals)
        watched.append((parent, own, residuals))
    return make(order, shape, dtype, tuple(watched), code, lasti)


class _Recording(_Watching):
    """A trace that records each operation itself, after the watch has seen it."""

    def __init__(self, watch: Watch, name: str) -> None:
        super().__init__(name)
        self.begin(watch)
        self.recording = False  # so that operations come to `interpret`
        self._whole: set[int] = set()
        """Threads in which a function with a derivative of the user's is called."""

    @override
    @contextmanager
    def reopened(self) -> Generator[None]:
        with super().reopened():
            self.recording = False
            yield

    @override
    def interpret(
        self, rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any], fun: Any
    ) -> Any:
        """As `bind` does it, with the watch in between."""
        if not self.open:
            return super().interpret(rule, args, kwargs, fun)
        self.refresh(args, kwargs)
        if rule is CUSTOM_CALL:
            operation = Operation(rule, [*args], ())
            return self.watch.computed(operation, lambda: self._called(args))
        values = rule.grouped(args)
        plan = plan_of(rule, len(values), tuple(kwargs))
        values += kwargs.values()
        if plan.sequences:
            values = plan.understood(values)  # ``*args`` are one of them
        inner, parents, nested = plan.unboxed(values, self)
        if plan.ignored:
            plan.check(inner)
        inner = array_scalars(rule, inner)
        operation = Operation(rule, inner, tuple(kwargs))
        args, kwargs = plan.call(inner)

        def compute() -> Any:
            if nested and fun is rule.fun:
                return bind(rule, args, kwargs)
            return fun(*args, **kwargs)  # an operator finds the trace outside itself

        ans = self.watch.computed(operation, compute)
        return self.watch.recorded(
            operation, lambda: record(self, plan, parents, inner, ans)
        )

    @override
    def prefers(self, fun: Callable[..., Any]) -> bool:
        """Functions with a derivative of the user's come whole, to be seen."""
        return fun is custom_call and get_ident() not in self._whole

    def _called(self, args: tuple[Any, ...]) -> Any:
        """Such a function, as it is called without a watch."""
        self._whole.add(get_ident())
        try:
            return custom_call(*args)
        finally:
            self._whole.discard(get_ident())


class WatchedTape(_Recording, Tape):
    """A tape whose operations are seen."""


class WatchedTangents(_Recording, TangentTrace):
    """Forward mode whose operations are seen."""


class WatchedBatch(_Watching, BatchTrace):
    """A batch whose operations are seen."""

    def __init__(self, watch: Watch, name: str, size: int) -> None:
        super().__init__(name, size)
        self.begin(watch)

    @override
    def interpret(
        self, rule: Rule, args: tuple[Any, ...], kwargs: dict[str, Any], fun: Any
    ) -> Any:
        if not self.open:
            return super().interpret(rule, args, kwargs, fun)
        values = [*rule.grouped(args), *kwargs.values()]
        return self.watch.computed(
            Operation(rule, values, tuple(kwargs)),
            lambda: super(WatchedBatch, self).interpret(rule, args, kwargs, fun),
        )


@contextmanager
def watching(watch: Watch) -> Generator[None]:
    """Show a watch what runs inside a ``with``, in this thread or task."""
    stand_ins: dict[type[Trace], Callable[..., Trace]] = {
        Tape: partial(WatchedTape, watch),
        TangentTrace: partial(WatchedTangents, watch),
        BatchTrace: partial(WatchedBatch, watch),
    }
    token = STAND_INS.set(stand_ins)
    try:
        yield
    finally:
        STAND_INS.reset(token)
