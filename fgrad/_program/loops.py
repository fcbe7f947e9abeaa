"""The lines of a loop over blocks."""

from __future__ import annotations

from math import prod
from typing import Any, Protocol

import numpy as np

from fgrad._program.calls import Call, Variable, ufunc_of
from fgrad._program.into import REDUCERS
from fgrad._program.names import Names
from fgrad._program.passes.blocked import Blocked, in_halves
from fgrad._program.passes.lowered import method_reshape

__all__ = ["Loop"]


class Writer(Protocol):
    """What writes the other lines of the program."""

    names: Names

    def ref(self, value: Any) -> str: ...
    def expression(self, call: Call) -> str: ...
    def call_into(self, call: Call, name: str) -> str: ...
    def new_name(self, out: Variable) -> str: ...
    def rename(self, v: Variable, name: str) -> None: ...
    def buffer(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> str: ...
    def dtype_text(self, dtype: np.dtype[Any]) -> str: ...


class Loop:
    """Writes the lines of a loop, with memory for blocks that is used again."""

    def __init__(
        self, writer: Writer, loop: Blocked, outs: tuple[Variable, ...]
    ) -> None:
        self.writer = writer
        self.loop = loop
        self._most = max(end - begin for begin, end in loop.blocks)
        self._results = {out: writer.new_name(out) for out in outs}
        self._body: list[tuple[str, Call | None]] = []
        self._last: dict[Variable, int] = {}
        """The last call of the loop that uses some memory."""
        self._memory: dict[Variable, Variable] = {}
        """The value in whose memory a value lies."""
        self._buffers: dict[Variable, str] = {}
        self._free: dict[Any, list[str]] = {}
        self.nbytes = 0
        """The memory for blocks."""
        self.lines = self._written()
        """The lines, and the call that is made in each, if one is."""

    def _written(self) -> list[tuple[str, Call | None]]:
        head: list[tuple[str, Call | None]] = []
        tail: list[tuple[str, Call | None]] = []
        for part, whole in self.loop.parts.items():
            self._name(part, "x", f"{self.writer.ref(whole)}[i:j]")
        for out, name in self._results.items():
            if out.shape:
                space = f"{out.shape!r}, {self.writer.dtype_text(out.dtype)}"
                head.append((f"{name} = np.empty({space})", None))
                self._name(out, "y", f"{name}[i:j]")
            else:
                head.append((f"{name} = []", None))
                tree = self.writer.names.constant(self.loop.tree)
                join = self.writer.names.function(in_halves)
                tail.append((f"{name} = {join}({tree}, {name})", None))
        self._find_memory()
        for i, call in enumerate(self.loop.calls):
            self._emit(i, call)
        for out, name in self._results.items():
            self.writer.rename(out, name)
        body = [(f"    {text}", call) for text, call in self._body]
        return [*head, *[(text, None) for text in self._for()], *body, *tail]

    def _for(self) -> list[str]:
        """The head of the loop."""
        if self.loop.tree is not None:
            return [f"for i, j in {self.writer.names.constant(self.loop.blocks)}:"]
        rows, step = self.loop.blocks[-1][1], self._most
        head = f"for i in range(0, {rows}, {step}):"
        return [head, f"    j = min(i + {step}, {rows})"]

    def _add(self, text: str, call: Call | None = None) -> None:
        self._body.append((text, call))

    def _name(
        self, v: Variable, letter: str, text: str, of: Call | None = None
    ) -> None:
        """Give a name to what an expression is for each block."""
        name = f"{letter}{len(self._body)}"
        self._add(f"{name} = {text}", of)
        self.writer.rename(v, name)

    def _emit(self, i: int, call: Call) -> None:
        out, writer = call.out, self.writer
        element = ufunc_of(call) is not None
        if element:  # an entry is read before it is written
            self._release(i, call)
        if not out.shape:
            fun = writer.names.function(call.fun)
            text = f"{self._results[out]}.append({fun}({writer.ref(call.first)}))"
            self._add(text, call)
        elif element or call.fun in REDUCERS:
            if out not in self._results:
                self._give(out)
            self._add(writer.call_into(call, writer.ref(out)), call)
        else:
            text = self._expression(call)
            if out in self._results:
                self._add(f"{writer.ref(out)}[...] = {text}", call)
            else:
                self._name(out, "c", text, call)
        if not element:
            self._release(i, call)

    def _expression(self, call: Call) -> str:
        if call.fun is not method_reshape:
            return self.writer.expression(call)
        shape = ", ".join(["j - i", *map(str, call.out.shape[1:])])
        return f"{self.writer.ref(call.first)}.reshape({shape})"

    # Memory

    def _find_memory(self) -> None:
        """Find what lies in whose memory, and until when that is used."""
        for i, call in enumerate(self.loop.calls):
            root = call.first if call.fun is method_reshape else call.out
            self._memory[call.out] = self._memory.get(root, root)
            for v in (*call.uses(), call.out):
                self._last[self._memory.get(v, v)] = i

    def _give(self, out: Variable) -> None:
        space = out.shape[1:], out.dtype
        free = self._free.get(space)
        if not free:
            shape = (self._most, *out.shape[1:])
            self.nbytes += prod(shape) * out.dtype.itemsize
            whole = self.writer.buffer(shape, out.dtype)
            self._name(out, "c", f"{whole}[:j - i]")
            self._buffers[out] = self.writer.ref(out)
            return
        self._buffers[out] = free.pop()
        self.writer.rename(out, self._buffers[out])

    def _release(self, i: int, call: Call) -> None:
        """Free the memory that no later call of the loop uses."""
        for v in dict.fromkeys(call.uses()):
            root = self._memory.get(v, v)
            if self._last[root] == i and root in self._buffers:
                space = root.shape[1:], root.dtype
                self._free.setdefault(space, []).append(self._buffers.pop(root))
