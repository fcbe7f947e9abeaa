"""A program as the text of a Python function, and as the function."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from textwrap import indent
from types import CodeType
from typing import Any

import numpy as np

from fgrad._engine.signatures import function_name
from fgrad._program.calls import Call, Program, Variable
from fgrad._program.lines import NAMED, Lines
from fgrad._tree import unflatten
from fgrad._words.callsite import Site, quoted

__all__ = ["Source"]

LONG = 5_000
"""Lines from which a program is compiled in segments."""

SEGMENT = 2_000

VALUE = re.compile(r"\b[av]\d+\b")
"""The names of values that are made anew in each run."""


class Source:
    """The text of a program, and its function.

    The function gets the leaves of the arguments. It returns a list with the result;
    or ``None`` where the user's function has to run as it is; or, where a guard has
    another answer than when this was recorded, its number and its answer.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._lines = Lines(program)
        self.names = self._lines.names
        self._all: list[tuple[str, Call | None]] = [
            *self._lines.lines,
            (f"return [{self._result()}]", None),
        ]

    # The result

    def _result(self) -> str:
        """The tree of the result, fresh in each leaf."""
        seen = set[Variable]()
        texts: list[str] = []
        for leaf in self.program.outputs:
            text = self._lines.ref(leaf)
            if type(leaf) is np.ndarray:
                text = f"np.array({text})"
            elif type(leaf) is Variable and leaf.kind is np.ndarray:
                shared = leaf in seen or leaf in self.program.inputs
                if shared or self._lines.memory.is_shared(leaf):
                    text = f"np.array({text})"
                seen.add(leaf)
            texts.append(text)
        leaves = iter(texts)
        structure = self.program.structure
        text = self._tree(structure, leaves)
        if text is None:
            name = self.names.function(unflatten)
            return f"{name}({self.names.constant(structure)}, [{', '.join(texts)}])"
        return text

    def _tree(self, structure: Any, leaves: Iterator[str]) -> str | None:
        """The text of a tree of tuples, lists and dicts."""
        if structure.type is None:
            return next(leaves)
        if structure.type is type(None):
            return "None"
        if structure.type not in (tuple, list, dict):
            return None
        children = [self._tree(child, leaves) for child in structure.children]
        if None in children:
            return None
        inner = ", ".join(map(str, children))
        if structure.type is list:
            return f"[{inner}]"
        if structure.type is tuple:
            return f"({inner},)" if len(children) == 1 else f"({inner})"
        keys = structure.static[-1]
        if not all(type(key) is str for key in keys):
            return None
        pairs = zip(keys, children, strict=True)
        return f"{{{', '.join(f'{key!r}: {child}' for key, child in pairs)}}}"

    # Text and function

    def text(self, *, ticks: bool = False) -> str:
        """The text of the function; if wanted, with a call of `tick` after lines."""
        lines: list[str] = []
        for i, (text, call) in enumerate(self._all):
            inner = self._lines.inner.get(call, []) if ticks and call else []
            for k, line in enumerate(text.splitlines()):
                lines.append(line)
                if inner and inner[k]:
                    indent = " " * (len(line) - len(line.lstrip()))
                    lines.append(f"{indent}tick(({i}, {k}))")
            if ticks and not text.startswith("return"):
                lines.append(f"tick(({i}, None))")
        return self._around(lines)

    def listing(self, count: int) -> str:
        """The text with the user's lines as comments, and with its constants."""
        lines: list[str] = []
        last = ""
        for text, call in self._all:
            here = quoted(call.site) if call else last
            lines += [f"# {here}"] * (here != last) + text.splitlines()
            last = here
        body = self._around(lines).replace("def make():\n", "").splitlines()
        indent = "" if self._lines.setup else "    "
        if not self._lines.setup:
            body += ["", "return program"]
        made = [f"    {text}" for text in self.names.constants()]
        return "\n".join(
            [
                *self._c(count),
                f"def make_{count}():",
                *made,
                *[f"{indent}{text}".rstrip() for text in body],
                "",
                "",
                f"program_{count} = make_{count}()",
            ]
        )

    def _c(self, count: int) -> list[str]:
        """The functions of C that the program calls, if there are any."""
        lines, names = self.names.c(), self.names.natives
        if not lines:
            return []
        text = [f'c_{count} = r"""', *lines, '"""']
        made = f"{', '.join(names)}, = functions(c_{count}, {str(names)[1:-1]})"
        return [*text, made, "", ""]

    def _around(self, lines: list[str]) -> str:
        """The text of the function around its lines."""
        arguments = ", ".join(f"a{i}" for i in range(len(self.program.inputs)))
        head = f"def program({arguments}):"
        if not self._lines.setup:
            return "\n    ".join([head, *lines]) + "\n"
        inner = "\n        ".join([head, *lines])
        made = "\n    ".join(["def make():", *self._lines.setup])
        return f"{made}\n\n    {inner}\n\n    return program\n"

    def timed(self, tick: Callable[[tuple[int, int | None]], None]) -> Any:
        """The function, which calls `tick` with the number of each line after it.

        That is a pair: the second number counts the lines of a loop.
        """
        space: dict[str, Any] = {**self.names.space, "tick": tick}
        exec(compile(self.text(ticks=True), "<fgrad.compile>", "exec"), space)  # noqa: S102
        return space["make"]() if self._lines.setup else space["program"]

    def made(self, number: tuple[int, int | None]) -> tuple[Site, str, int] | None:
        """For a line, the user's line, what is called, and bytes that are kept for it.

        Those are registers, and in loops also what is made: there is no more to see.
        """
        i, k = number
        call = self._all[i][1]
        inner = self._lines.inner.get(call) if call else None
        if k is not None and inner is not None:
            outs, call = call.outs if call else (), inner[k]
        else:
            outs = self._lines.memory.made
        if call is None:
            return None
        space = sum(out.nbytes for out in call.outs if out in outs)
        space += self._lines.buffers.get(call, 0)
        name = "a loop over blocks" if inner and k is None else ""
        fun = NAMED.get(call.fun, call.fun)
        return call.site, name or function_name(fun), space

    def is_loop(self, number: tuple[int, int | None]) -> bool:
        """Whether a line is a loop, or one of a loop."""
        return self._all[number[0]][1] in self._lines.inner

    def maker(self) -> Callable[[], Callable[..., Any]]:
        """What makes the function: one with registers of its own, if it has any."""
        if len(self._all) > LONG:
            return self._in_segments()
        code = compile(self.text(), "<fgrad.compile>", "exec")
        exec(code, self.names.space)  # noqa: S102 (it is made of calls above)
        space = self.names.space
        return space["make"] if self._lines.setup else lambda: space["program"]

    def _in_segments(self) -> Callable[[], Callable[..., Any]]:
        """The same for a long program: Python needs 3 KB for each line of a function.

        So it is compiled in segments, and what several of them use is global to them.
        """
        texts = [text for text, _ in self._all]
        parts = [
            "\n".join(texts[i : i + SEGMENT]) for i in range(0, len(texts), SEGMENT)
        ]
        names = [{*VALUE.findall(part)} for part in parts]
        uses = Counter(name for found in names for name in found)
        shared = {name for name, count in uses.items() if count > 1}
        codes: list[CodeType] = []
        for part, found in zip(parts, names, strict=True):
            here = ", ".join(shared & found)
            head = f"global {here}\n" if here else ""
            body = indent(f"{head}{part}\nreturn True", "    ")
            text = f"def segment():\n{body}\n"
            codes.append(compile(text, "<fgrad.compile>", "exec"))
        setup = compile("\n".join(self._lines.setup), "<fgrad.compile>", "exec")
        arguments = [f"a{i}" for i in range(len(self.program.inputs))]

        def make() -> Callable[..., Any]:
            space, segments = {**self.names.space}, list[Any]()
            exec(setup, space)  # noqa: S102
            for code in codes:
                exec(code, space)  # noqa: S102
                segments.append(space["segment"])

            def program(*leaves: Any) -> Any:
                space.update(zip(arguments, leaves, strict=True))
                try:
                    for segment in segments:
                        out = segment()
                        if out is not True:
                            return out
                finally:
                    for name in shared:
                        space.pop(name, None)

            return program

        return make
