"""The lines of a loop over blocks."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from fgrad._program.calls import Call, Variable, ufunc_of
from fgrad._program.names import Names
from fgrad._program.passes.blocked import REDUCERS, Blocked, in_halves
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

    def __init__(self, lines: Writer, call: Call) -> None:
        self.lines = lines
        self.call = call
        self.loop: Blocked = call.fun  # pyright: ignore[reportAttributeAccessIssue]
        self.most = max(end - begin for begin, end in self.loop.blocks)
        self.head: list[str] = []
        self.body: list[str] = []
        self._last: dict[Variable, int] = {}
        """The last call of the loop that uses some memory."""
        self._memory: dict[Variable, Variable] = {}
        """The value in whose memory a value lies."""
        self._buffers: dict[Variable, str] = {}
        self._free: dict[Any, list[str]] = {}

    def write(self) -> str:
        """The text of the loop."""
        lines, loop = self.lines, self.loop
        results = {out: lines.new_name(out) for out in self.call.outs}
        tail: list[str] = []
        for part, whole in loop.parts.items():
            self._name(part, "x", f"{lines.ref(whole)}[i:j]")
        for out, name in results.items():
            if out.shape:
                space = f"{out.shape!r}, {lines.dtype_text(out.dtype)}"
                self.head.append(f"{name} = np.empty({space})")
                self._name(out, "y", f"{name}[i:j]")
        for i, call in enumerate(loop.calls):
            root = call.first if call.fun is method_reshape else call.out
            self._memory[call.out] = self._memory.get(root, root)
            for v in (*call.uses(), call.out):
                self._last[self._memory.get(v, v)] = i
        for i, call in enumerate(loop.calls):
            self._emit(i, call, results)
        for call in loop.calls:
            if not call.out.shape:
                name = results[call.out]
                tree, join = (
                    lines.names.constant(loop.tree),
                    lines.names.function(in_halves),
                )
                tail.append(f"{name} = {join}({tree}, {name})")
        for out, name in results.items():
            lines.rename(out, name)
        return "\n".join([*self.head, self._for(), *self.body, *tail])

    def _for(self) -> str:
        """The head of the loop."""
        rows, step = self.loop.blocks[-1][1], self.loop.blocks[0][1]
        if self.loop.tree is not None:
            return f"for i, j in {self.lines.names.constant(self.loop.blocks)}:"
        self.body.insert(0, f"    j = min(i + {step}, {rows})")
        return f"for i in range(0, {rows}, {step}):"

    def _add(self, text: str) -> None:
        self.body.append(f"    {text}")

    def _name(self, v: Variable, letter: str, text: str) -> None:
        """Give a name to what an expression is for each block."""
        name = f"{letter}{len(self.body)}"
        self._add(f"{name} = {text}")
        self.lines.rename(v, name)

    def _emit(self, i: int, call: Call, results: dict[Variable, str]) -> None:
        out, lines = call.out, self.lines
        if not out.shape:  # a sum, block by block
            self.head.append(f"{results[out]} = []")
            fun = lines.names.function(call.fun)
            self._add(f"{results[out]}.append({fun}({lines.ref(call.first)}))")
            self._release(i, call)
            return
        if call.fun is method_reshape:
            shape = ", ".join(["j - i", *map(str, out.shape[1:])])
            text = f"{lines.ref(call.first)}.reshape({shape})"
            if out in results:
                self._add(f"{lines.ref(out)}[...] = {text}")
            else:
                self._name(out, "c", text)
            self._release(i, call)
            return
        element = ufunc_of(call)
        if element is None and call.fun not in REDUCERS:
            text = lines.expression(call)
            if out in results:
                self._add(f"{lines.ref(out)}[...] = {text}")
            else:
                self._name(out, "c", text)
            self._release(i, call)
            return
        if element is not None:
            self._release(i, call)
        if out not in results:
            self._give(out)
        self._add(lines.call_into(call, lines.ref(out)))
        if element is None:
            self._release(i, call)

    # Memory

    def _give(self, out: Variable) -> None:
        space = out.shape[1:], out.dtype
        free = self._free.get(space)
        if not free:
            whole = self.lines.buffer((self.most, *out.shape[1:]), out.dtype)
            self._name(out, "c", f"{whole}[:j - i]")
            self._buffers[out] = self.lines.ref(out)
            return
        self._buffers[out] = free.pop()
        self.lines.rename(out, self._buffers[out])

    def _release(self, i: int, call: Call) -> None:
        """Free the memory that no later call of the loop uses."""
        for v in dict.fromkeys(call.uses()):
            root = self._memory.get(v, v)
            if self._last[root] == i and root in self._buffers:
                space = root.shape[1:], root.dtype
                self._free.setdefault(space, []).append(self._buffers.pop(root))
