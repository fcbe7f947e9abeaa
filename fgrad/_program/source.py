"""A program as the text of a Python function, and as the function."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fgrad._engine.scatter import scatter_add
from fgrad._engine.signatures import function_name
from fgrad._program.calls import OPERATORS, Call, Program, Variable, finite, ufunc_of
from fgrad._program.memory import REDUCERS, Memory, is_slice
from fgrad._program.names import Names
from fgrad._program.passes.lowered import (
    method_reshape,
    method_transpose,
    product_of_axes,
)
from fgrad._tree import unflatten
from fgrad._words.callsite import Site, quoted

__all__ = ["Source"]

INFIX: dict[Any, str] = {
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.divide: "/",
    np.matmul: "@",
    np.less: "<",
    np.less_equal: "<=",
    np.greater: ">",
    np.greater_equal: ">=",
    np.equal: "==",
    np.not_equal: "!=",
    operator.pow: "**",
    operator.mod: "%",
    operator.floordiv: "//",
}
NAMED: dict[Any, Any] = {
    **OPERATORS,
    method_reshape: np.reshape,
    method_transpose: np.transpose,
    product_of_axes: np.tensordot,
    operator.pow: np.power,
    operator.mod: np.remainder,
}
"""What functions are called in reports."""
PYTHON = (int, float, complex, bool)


class Source:
    """Writes the lines of a program, one call after the other.

    The function gets the leaves of the arguments. It returns a list with the result;
    or ``None`` where the function has to run as it is; or, where a guard has another
    answer than when this was recorded, its number and its answer.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.memory = Memory(program)
        self.names = Names()
        self._name: dict[Variable, str] = {}
        self._lines: list[tuple[str, Call | None]] = []
        self._setup: list[str] = []
        self._views: dict[str, str] = {}
        self._guards = 0
        self._count = 0
        for i, v in enumerate(program.inputs):
            self._name[v] = f"a{i}"
        for i, (shape, dtype) in enumerate(self.memory.spaces):
            self._setup.append(f"w{i} = np.empty({shape!r}, {self._dtype(dtype)})")
        for i, call in enumerate(program.calls):
            self._emit(call)
            freed = [
                self._name[v]
                for v in self.memory.freed.get(i, ())
                if not self.memory.is_static(v) and v not in self._taken_over(call)
            ]
            if freed:
                self._lines.append((f"del {', '.join(freed)}", None))
        self._lines.append((f"return [{self._result()}]", None))

    def _taken_over(self, call: Call) -> set[Variable]:
        reused = self.memory.reused
        return {reused[out] for out in call.outs if out in reused}

    def _dtype(self, dtype: np.dtype[Any]) -> str:
        return "float" if dtype.str == np.dtype(float).str else repr(dtype.str)

    # Arguments

    def _ref(self, value: Any) -> str:
        """An argument."""
        kind = type(value)
        if kind is Variable:
            return self._name[value]
        if kind is tuple:
            inner = ", ".join(map(self._ref, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if kind is list:
            return f"[{', '.join(map(self._ref, value))}]"
        if kind is dict:
            items = (f"{key!r}: {self._ref(item)}" for key, item in value.items())
            return f"{{{', '.join(items)}}}"
        return self.names.constant(value)

    def _index(self, index: Any) -> str:
        """What stands between brackets."""
        if type(index) is slice:
            start, stop, step = (
                "" if part is None else self._index(part)
                for part in (index.start, index.stop, index.step)
            )
            return f"{start}:{stop}" + (f":{step}" if step else "")
        if type(index) is tuple and index:
            inner = ", ".join(map(self._index, index))
            return f"{inner}," if len(index) == 1 else inner
        return repr(index) if type(index) is int else self._ref(index)

    def _operands(self, call: Call, fun: np.ufunc) -> list[str]:
        """The arguments of a ufunc; numbers beside arrays of one dtype as arrays."""
        dtypes = {
            arg.dtype
            for arg in call.args
            if type(arg) is np.ndarray
            or (type(arg) is Variable and arg.kind is np.ndarray)
        }
        others = any(type(a) is Variable and a.kind in PYTHON for a in call.args)
        # Other libraries' ufuncs may look for their loops in another order.
        others = others or not hasattr(np, fun.__name__)
        if len(dtypes) != 1 or others or next(iter(dtypes)).char not in "fd":
            return [*map(self._ref, call.args)]
        dtype = next(iter(dtypes))
        return [
            self.names.zero_d(arg, dtype)
            if type(arg) in (int, float) or isinstance(arg, np.floating)
            else self._ref(arg)
            for arg in call.args
        ]

    # Expressions

    def _expression(self, call: Call) -> str:
        fun, args = call.fun, call.args
        if not call.kwargs:
            if fun is operator.getitem:
                return f"{self._ref(args[0])}[{self._index(args[1])}]"
            if fun is method_reshape:
                return f"{self._ref(args[0])}.reshape({self._ref(args[1])})"
            if fun is method_transpose:
                axes = ", ".join(map(self._ref, args[1:]))
                return f"{self._ref(args[0])}" + (
                    f".transpose({axes})" if axes else ".T"
                )
            sign = INFIX.get(OPERATORS.get(fun, fun))
            if sign and len(args) == 2 and self._may_be_infix(call):
                return f"{self._ref(args[0])} {sign} {self._ref(args[1])}"
            if OPERATORS.get(fun) is np.negative:
                return f"-{self._ref(args[0])}"
        parts = [self._ref(arg) for arg in args]
        parts += [f"{name}={self._ref(value)}" for name, value in call.kwargs.items()]
        return f"{self.names.function(fun)}({', '.join(parts)})"

    def _may_be_infix(self, call: Call) -> bool:
        """Whether an operator computes the same: not for Python's numbers alone."""
        if not isinstance(call.fun, np.ufunc):
            return True
        kinds = [a.kind if type(a) is Variable else type(a) for a in call.args]
        arrays = [k for k in kinds if issubclass(k, np.ndarray | np.generic)]
        return bool(arrays) and all(
            k in arrays or k in (int, float, complex) for k in kinds
        )

    # Lines

    def _emit(self, call: Call) -> None:
        if call.guard:
            self._emit_guard(call)
            return
        before = len(self._lines)
        if len(call.outs) == 1 and not call.several:
            self._emit_single(call)
        else:
            names = [self._new(out) for out in call.outs]
            expression = self._expression(call)
            left = f"{', '.join(names)}{',' * (len(names) == 1)}" if names else ""
            self._add(f"{left} = {expression}" if left else expression, call)
        if call.quiet and len(self._lines) > before:
            modes = ", ".join(f'{kind}="ignore"' for kind in call.quiet)
            quiet = [(f"    {text}", of) for text, of in self._lines[before:]]
            self._lines[before:] = [(f"with np.errstate({modes}):", call), *quiet]

    def _emit_single(self, call: Call) -> None:
        out, memory = call.out, self.memory
        if out in memory.views:
            expression = self._expression(call)
            self._name[out] = self._view(expression)
        elif out in memory.registers:
            self._name[out] = name = f"w{memory.registers[out]}"
            self._into(call, name)
        elif out in memory.reused:
            name = self._name[memory.reused[out]]
            self._name[out] = name
            self._into(call, name)
        elif call.fun is scatter_add and all(map(is_slice, call.args[1])):
            self._scatter(call, self._new(out), made=False)
        else:
            expression = self._expression(call)
            element = ufunc_of(call)
            if element is not None and out.kind is np.ndarray:
                operands = ", ".join(self._operands(call, element))
                expression = f"{self.names.function(element)}({operands})"
            self._add(f"{self._new(out)} = {expression}", call)

    def _into(self, call: Call, name: str) -> None:
        """Write the result of a call into memory that there is."""
        if call.fun is scatter_add:
            self._scatter(call, name, made=True)
            return
        if call.fun in REDUCERS:
            x, axis, *rest = call.args
            dtype, _, keepdims = rest or (None, None, False)
            more = ", True" if keepdims else ""
            parts = (
                f"{self._ref(x)}, {self._ref(axis)}, {self._ref(dtype)}, {name}{more}"
            )
            self._add(f"{self.names.function(call.fun)}({parts})", call)
            return
        element = ufunc_of(call)
        fun = element or (np.dot if call.fun is np.dot else np.matmul)
        if element is not None:
            operands = self._operands(call, element)
        else:
            operands = [*map(self._ref, call.args)]
        text = f"{self.names.function(fun)}({', '.join([*operands, name])})"
        self._add(text, call)

    def _scatter(self, call: Call, name: str, *, made: bool) -> None:
        """Add parts into an array of zeros; the first may be all of it."""
        parts, indices, shape = call.args
        whole = type(parts[0]) is not Variable
        begin: Any = None
        if whole:  # a constant
            begin = scatter_add(parts[:1], indices[:1], shape).astype(call.out.dtype)
            if not np.any(begin) and not np.any(np.signbit(begin.real)):
                begin = None
        elif indices[0] is ... and parts[0].like(call.out):
            whole, begin = True, parts[0]
        if begin is not None and made:
            self._add(f"{name}[...] = {self._ref(begin)}", call)
        elif begin is not None:
            self._add(f"{name} = np.array({self._ref(begin)})", call)
        elif made:
            self._add(f"{name}.fill(0)", call)
        else:
            dtype = self._dtype(call.out.dtype)
            self._add(f"{name} = np.zeros({shape!r}, {dtype})", call)
        for part, index in zip(parts[whole:], indices[whole:], strict=True):
            text = f"[{self._index(index)}]"
            if made:
                view = self._view(f"{name}{text}")
                self._add(f"np.add({view}, {self._ref(part)}, {view})", call)
            else:
                self._add(f"{name}{text} += {self._ref(part)}", call)

    def _view(self, text: str) -> str:
        """The name of a view of a register."""
        if text not in self._views:
            self._views[text] = name = f"w{len(self.memory.spaces) + len(self._views)}"
            self._setup.append(f"{name} = {text}")
        return self._views[text]

    def _emit_guard(self, call: Call) -> None:
        x = self._ref(call.args[0])
        if call.fun is finite:
            self._add(f"if not {self._is_finite(call.args[0], x)}: return None", call)
            return
        number = self._guards
        self._guards += 1
        if call.fun is bool:
            sign = "not " if call.answer else ""
            self._add(f"if {sign}{x}: return {number}, {not call.answer}", call)
            return
        found = f"{self.names.function(call.fun)}({x})"
        answer = self.names.constant(call.answer)
        self._add(f"if {found} != {answer}: return {number}, {found}", call)

    def _is_finite(self, v: Variable, x: str) -> str:
        """A condition, which calls the function only where squares overflow."""
        slow = f"{self.names.function(finite)}({x})"
        if v.dtype.kind != "f":
            return slow
        if v.kind is not np.ndarray:
            return f"abs({x}) < {self.names.constant(np.inf)}"
        square = f"{x}.dot({x})" if v.ndim == 1 else f"np.vdot({x}, {x})"
        return f"({square} < {self.names.constant(np.inf)} or {slow})"

    def _new(self, out: Variable) -> str:
        self._count += 1
        self._name[out] = f"v{self._count}"
        return self._name[out]

    def _add(self, text: str, call: Call) -> None:
        self._lines.append((text, call))

    # The result

    def _result(self) -> str:
        """The tree of the result, fresh in each leaf."""
        seen = set[Variable]()
        texts: list[str] = []
        for leaf in self.program.outputs:
            text = self._ref(leaf)
            if type(leaf) is np.ndarray:
                text = f"np.array({text})"
            elif type(leaf) is Variable and leaf.kind is np.ndarray:
                shared = leaf in seen or leaf in self.program.inputs
                if shared or self.memory.is_shared(leaf):
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
        for i, (text, _) in enumerate(self._lines):
            lines.append(text)
            if ticks and not text.startswith(("with", "return")):
                lines.append(f"tick({i})")
        return self._around(lines)

    def listing(self, count: int) -> str:
        """The text with the user's lines as comments, and with its constants."""
        lines: list[str] = []
        last = ""
        for text, call in self._lines:
            here = quoted(call.site) if call else last
            lines += [f"# {here}"] * (here != last) + [text]
            last = here
        body = self._around(lines).replace("def make():\n", "").splitlines()
        indent = "" if self._setup else "    "
        if not self._setup:
            body += ["", "return program"]
        made = [f"    {text}" for text in self.names.constants()]
        return "\n".join(
            [
                f"def make_{count}():",
                *made,
                *[f"{indent}{text}".rstrip() for text in body],
                "",
                "",
                f"program_{count} = make_{count}()",
            ]
        )

    def _around(self, lines: list[str]) -> str:
        """The text of the function around its lines."""
        arguments = ", ".join(f"a{i}" for i in range(len(self.program.inputs)))
        head = f"def program({arguments}):"
        if not self._setup:
            return "\n    ".join([head, *lines]) + "\n"
        inner = "\n        ".join([head, *lines])
        made = "\n    ".join(["def make():", *self._setup])
        return f"{made}\n\n    {inner}\n\n    return program\n"

    def timed(self, tick: Callable[[int], None]) -> Any:
        """The function, which calls `tick` with the number of each line after it."""
        space: dict[str, Any] = {**self.names.space, "tick": tick}
        exec(compile(self.text(ticks=True), "<fgrad.compile>", "exec"), space)  # noqa: S102
        return space["make"]() if self._setup else space["program"]

    def site(self, number: int) -> tuple[Site, str] | None:
        """The user's line to which a line belongs, and the function it calls."""
        call = self._lines[number][1]
        return call and (call.site, function_name(NAMED.get(call.fun, call.fun)))

    def function(self) -> Any:
        """The program as a function, which may run in several threads at once."""
        code = compile(self.text(), "<fgrad.compile>", "exec")
        exec(code, self.names.space)  # noqa: S102 (it is made of calls above)
        if self._setup:
            return Pool(self.names.space["make"])
        return self.names.space["program"]


class Pool:
    """Programs with registers: as many as run at the same time."""

    __slots__ = ("_free", "_make")

    def __init__(self, make: Any) -> None:
        self._make = make
        self._free: list[Any] = []

    def __call__(self, *leaves: Any) -> Any:
        try:
            program = self._free.pop()
        except IndexError:
            program = self._make()
        try:
            return program(*leaves)
        finally:
            self._free.append(program)
