"""The programs of one function: which one is for a call, and whether it may run.

A call looks for a program by its signature, runs it, and follows its guards to others.
Where there is none, the function runs as it is, and then once more with recording
values; the program must give the same bits. The next call that comes to a new program
records again, and compares. Where anything differs, the function runs as it is.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any

import numpy as np

from fgrad._engine.box import Box
from fgrad._engine.constants import RUNNING
from fgrad._engine.memory import settled
from fgrad._engine.trace import STAND_INS
from fgrad._program.calls import Program
from fgrad._program.captured import Captured, TracedError, UnseenError
from fgrad._program.compare import alike, difference, largest, same_bits
from fgrad._program.eager import EAGER, Eager
from fgrad._program.entry import Entry
from fgrad._program.modes import current, ignored
from fgrad._program.record import Abandoned, RecordTrace
from fgrad._program.signature import Static, entrance, is_value, signature
from fgrad._program.uncollected import uncollected
from fgrad._program.variant import Variant
from fgrad._tree import flatten, tree_map, unflatten
from fgrad._words.callsite import at, caller, short, user_frame, warn_at
from fgrad.errors import EagerWarning

__all__ = ["Variants"]

ATTEMPTS = 3
"""How often a recording may fail for a reason that may not last."""

CHANGES = 10
"""How often what the function captures may change, in calls that follow each other."""

SIGNATURES = 256
"""For how many combinations of shapes, dtypes and static values there are programs."""


class Variants:
    """The programs of a compiled function."""

    def __init__(
        self,
        fun: Callable[..., Any],
        name: str,
        most: int,
        static_argnums: tuple[int, ...] = (),
        static_argnames: tuple[str, ...] = (),
        exact: bool = True,
        backend: str = "numpy",
    ) -> None:
        self.fun = fun
        self._backend = backend
        self.exact = exact
        self._static = static_argnums, static_argnames
        self.name = name
        self.most = most
        self.entries: dict[Any, Entry] = {}
        self._lock = Lock()
        self._latest: tuple[Any, Any, Any, Any, Entry, Variant] | None = None
        """Of the program that ran last: what takes arguments apart, whether all that is
        captured is as it was, the program, and the modes."""
        self._warned = False

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result for these arguments."""
        if STAND_INS.get() is not None:  # somebody watches each operation
            return self.fun(*args, **kwargs)
        latest = self._latest
        if latest is not None:
            enter, unchanged, run, modes, entry, variant = latest
            leaves = enter(args, kwargs)
            if leaves is not None and unchanged() and current() is modes:
                out = run(leaves)
                if type(out) is tuple:
                    out = self._other(entry, variant, leaves, out)
                if type(out) is list:
                    return out[0]
                if out is None:
                    return self._as_it_is(args, kwargs)
        return self._found(args, kwargs)

    def _runs(self, entry: Entry, variant: Variant) -> None:
        """Begin with this program next time."""
        if entry.enter is not None and entry.captured is not None:
            before = entry.enter, entry.captured.unchanged
            self._latest = *before, variant.run, current(), entry, variant

    def _other(self, entry: Entry, variant: Variant, inputs: Any, out: Any) -> Any:
        """What the programs say to which the answers of guards lead."""
        while type(out) is tuple:
            other = entry.tree.get((*variant.answers[: out[0]], out[1]))
            if other is None or not other.confirmed:
                return out
            variant, out = other, other.run(inputs)
        if type(out) is list:
            self._runs(entry, variant)
        return out

    def programs(self) -> list[Variant]:
        """All programs, each once."""
        found = (v for entry in self.entries.values() for v in entry.tree.values())
        return [*dict.fromkeys(found)]

    def chosen(self, args: Any, kwargs: Any) -> tuple[Variant, list[Any]] | None:
        """The program that answers a call, and its inputs."""
        entry, inputs = self._entry(*flatten(self._marked(args, kwargs)))
        path: tuple[Any, ...] = ()
        while (variant := entry.tree.get(path)) is not None:
            out = variant.run(inputs)
            if type(out) is not tuple:
                return None if out is None else (variant, inputs)
            path = (*variant.answers[: out[0]], out[1])
        return None

    # The way to a program

    def _found(self, args: Any, kwargs: Any) -> Any:
        leaves, structure = flatten(self._marked(args, kwargs))
        if any(type(leaf) is Box for leaf in leaves):
            return self.fun(*args, **kwargs)  # another transform follows it
        try:
            entry, inputs = self._entry(leaves, structure)
        except UnseenError as unseen:
            return self._refused(str(unseen), args, kwargs)
        if entry.eager:
            return self.fun(*args, **kwargs)
        if entry.captured is not None and not entry.captured.unchanged():
            self._forget(entry)
            if entry.changes > CHANGES:
                entry.eager = True
                return self._refused(
                    "what it uses beside its arguments changes again and again; make "
                    "that an argument",
                    args,
                    kwargs,
                )
        path: tuple[Any, ...] = ()
        while (variant := entry.tree.get(path)) is not None:
            if not variant.confirmed:
                return self._confirmed(entry, variant, args, kwargs, leaves, structure)
            out = variant.run(inputs)
            if type(out) is list:
                self._runs(entry, variant)
                entry.changes = 0
                return out[0]
            if out is None:
                return self._as_it_is(args, kwargs)
            number, answer = out
            path = (*variant.answers[:number], answer)
        return self._recorded(entry, args, kwargs, leaves, structure)

    def _marked(self, args: Any, kwargs: Any) -> Any:
        """The arguments, with those that are static marked so."""
        numbers, names = self._static
        if not numbers and not names:
            return args, kwargs
        found = {i % len(args) for i in numbers if -len(args) <= i < len(args)}
        marked = tuple([Static(x) if i in found else x for i, x in enumerate(args)])
        return marked, {k: Static(x) if k in names else x for k, x in kwargs.items()}

    def _entry(self, leaves: list[Any], structure: Any) -> tuple[Entry, list[Any]]:
        """The programs for a signature, and the inputs for them."""
        modes = tuple(np.geterr().values())
        for ints in (True, False):
            marks = tuple([signature(leaf, ints=ints) for leaf in leaves])
            key = (structure, marks, modes, ints)
            try:
                entry = self.entries.get(key)
            except TypeError:
                raise UnseenError("a static argument has no hash") from None
            if entry is None and len(self.entries) >= SIGNATURES:
                raise UnseenError(
                    f"its arguments have had more than {SIGNATURES} combinations of "
                    f"shapes, dtypes and static values"
                )
            if entry is None:
                with self._lock:
                    entry = self.entries.setdefault(key, Entry())
                entry.ints = ints
                entry.has_ints = any(type(leaf) is int for leaf in leaves)
            if not (entry.eager and ints and entry.has_ints):
                break
        return entry, [leaf for leaf in leaves if is_value(leaf, ints=ints)]

    def _forget(self, entry: Entry) -> None:
        entry.tree, entry.captured, entry.count = {}, None, 0
        entry.changes += 1
        self._latest = None

    # Recording

    def _recorded(
        self, entry: Entry, args: Any, kwargs: Any, leaves: list[Any], structure: Any
    ) -> Any:
        """Run the function as it is, and record it."""
        if entry.count >= self.most:
            return self._refused(
                f"its branches and integers have taken more than {self.most} ways; "
                f"use np.where, or raise max_variants",
                args,
                kwargs,
            )
        try:
            captured = entry.captured or Captured(
                self.fun,
                *[x for x in leaves if not is_value(x, ints=entry.ints)],
            )
        except TracedError:
            return self.fun(*args, **kwargs)
        except UnseenError as unseen:
            entry.eager = True
            return self._refused(str(unseen), args, kwargs)
        before = [
            np.array(leaf) if type(leaf) is np.ndarray else leaf for leaf in leaves
        ]
        out = self.fun(*args, **kwargs)
        try:
            for leaf in flatten(out)[0]:
                _constant(leaf)
            self._pure(captured, before, leaves)
            program = self._program(captured, entry.ints, leaves, structure)
            self._pure(captured, before, leaves)
            variant = Variant(program, ignored(), self.exact, self._backend)
            inputs = [leaf for leaf in leaves if is_value(leaf, ints=entry.ints)]
            found = variant.run(inputs)
            if type(found) is not list:
                raise Abandoned("its program fails", caller(), of_values=True)
            if not self._same(out, found[0], inputs):
                raise Abandoned("it gives another result when it is recorded", caller())
            if variant.without:
                self._warn(f"runs without C: {variant.without}")
        except Abandoned as abandoned:
            self._abandoned(entry, abandoned)
            return out
        with self._lock:
            for i in range(len(variant.answers) + 1):
                entry.tree.setdefault(variant.answers[:i], variant)
            entry.count += 1
            entry.captured = captured
        entry.enter = entrance(structure, leaves, ints=entry.ints)
        return found[0]

    def _confirmed(
        self,
        entry: Entry,
        variant: Variant,
        args: Any,
        kwargs: Any,
        leaves: list[Any],
        structure: Any,
    ) -> Any:
        """Record again, and let the program run from now on if nothing differs."""
        captured: Any = entry.captured
        inputs = [leaf for leaf in leaves if is_value(leaf, ints=entry.ints)]
        found = variant.run(inputs)
        if type(found) is tuple:
            path = (*variant.answers[: found[0]], found[1])
            other = entry.tree.get(path)
            if other is not None:
                return self._confirmed(entry, other, args, kwargs, leaves, structure)
            return self._recorded(entry, args, kwargs, leaves, structure)
        if found is None:
            return self._as_it_is(args, kwargs)
        out = self.fun(*args, **kwargs)
        try:
            self._pure(captured, leaves, leaves)
            program = self._program(captured, entry.ints, leaves, structure)
            recorded = variant.recorded
            with uncollected():
                words = difference(recorded, program) if recorded else None
            if words is None and not self._same(out, found[0], inputs):
                words = "it gave another result when it was called again"
            if words is not None:
                entry.eager = True
                self._say(words)
                return out
        except Abandoned as abandoned:
            self._abandoned(entry, abandoned)
            return out
        variant.confirmed, variant.recorded = True, None
        return found[0]

    def _program(
        self, captured: Captured, ints: bool, leaves: list[Any], structure: Any
    ) -> Program:
        """Record a run of the function."""
        trace = RecordTrace(f"compile({self.name})", captured.identities, ignored())
        boxed = [trace.leaf(x) if is_value(x, ints=ints) else x for x in leaves]
        inputs = tuple(box._node for box in boxed if type(box) is Box)
        plain = [x.value if type(x) is Static else x for x in boxed]
        args, kwargs = unflatten(structure, plain)
        running = RUNNING.set(True)  # so that new arrays take recorded values
        try:
            with uncollected(), warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                out = tree_map(settled, self.fun(*args, **kwargs))
        except Exception as error:
            raise Abandoned(
                f"it raised {type(error).__name__} when it was recorded: {error}",
                caller(),
                of_values=True,
            ) from error
        finally:
            RUNNING.reset(running)
            trace.close()
        if said:
            raise Abandoned("there was a warning", caller(), of_values=True)
        found, tree = flatten(out)
        outputs = tuple(
            leaf._node if trace.holds(leaf) else _constant(leaf) for leaf in found
        )
        return Program(inputs, trace.calls, outputs, tree, captured.identities)

    def _pure(self, captured: Captured, before: list[Any], after: list[Any]) -> None:
        """Refuse a function that has changed something, or has drawn."""
        if not captured.undrawn():
            raise Abandoned(
                "it draws random numbers; draw them outside, and make them an argument",
                caller(),
            )
        if not captured.unchanged():
            raise Abandoned(
                "it changes what it uses beside its arguments", caller(), of_values=True
            )
        if not all(map(partial(same_bits, layout=False), before, after)):
            raise Abandoned("it changes an argument in place", caller())

    def _same(self, a: Any, b: Any, inputs: list[Any]) -> bool:
        """Whether two results are the same, of these inputs."""
        (a, tree), (b, other) = flatten(a), flatten(b)
        if tree != other:
            return False
        if self.exact:
            return all(map(partial(same_bits, layout=False), a, b))
        return all(map(partial(alike, size=largest([*inputs, *a])), a, b))

    # As it is

    def _as_it_is(self, args: Any, kwargs: Any) -> Any:
        """After a program that could not answer."""
        EAGER[
            Eager(self.name, "a floating-point error, a nan or an exception", "")
        ] += 1
        return self.fun(*args, **kwargs)

    def _refused(self, why: str, args: Any, kwargs: Any) -> Any:
        self._say(why)
        return self.fun(*args, **kwargs)

    def _abandoned(self, entry: Entry, abandoned: Abandoned) -> None:
        entry.failures += 1
        if entry.ints and entry.has_ints:
            entry.eager = True  # the next call takes them as static
            return
        if entry.failures >= ATTEMPTS or not abandoned.of_values:
            entry.eager = True
            self._say(at(abandoned.why, abandoned.site))
            return
        EAGER[Eager(self.name, abandoned.why, short(abandoned.site))] += 1

    def _say(self, why: str) -> None:
        """Say once why a function is not compiled."""
        words, _, where = why.partition(", at File ")
        EAGER[Eager(self.name, words, where.partition("\n")[0])] += 1
        self._warn(f"runs as it is: {why}")

    def _warn(self, words: str) -> None:
        """Say once that something is not as it was asked for."""
        if not self._warned:
            self._warned = True
            warn_at(user_frame(sys._getframe()), f"{self.name} {words}", EagerWarning)


def _constant(leaf: Any) -> Any:
    """A leaf of the result that no argument decides."""
    if type(leaf) is Box:
        leaf._trace.leaked(leaf)
    if isinstance(leaf, np.ndarray | np.generic | int | float | complex | str | bytes):
        return leaf
    raise Abandoned(f"it returns a {type(leaf).__name__}", caller())
