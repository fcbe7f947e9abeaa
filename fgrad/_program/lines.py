"""The lines of a program as text: one for each call, or a few."""

from __future__ import annotations

import operator
from textwrap import indent
from types import EllipsisType
from typing import Any

import numpy as np

from fgrad._engine.scatter import scatter_add
from fgrad._program.calls import OPERATORS, Call, Program, Variable, finite, ufunc_of
from fgrad._program.into import REDUCERS, is_basic
from fgrad._program.loops import Loop
from fgrad._program.memory import Memory
from fgrad._program.names import Names
from fgrad._program.native.function import Layout, Native
from fgrad._program.passes.blocked import Blocked
from fgrad._program.passes.lowered import (
    method_reshape,
    method_transpose,
    product_of_axes,
)

__all__ = ["Lines"]

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

LARGE_WORK = 1 << 20
"""Bytes of memory to work in that are given back after each call."""


class Lines:
    """Writes the lines of a program, one call after the other."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.memory = Memory(program)
        self.names = Names()
        self._name: dict[Variable, str] = {}
        self.lines: list[tuple[str, Call | None]] = []
        self.inner: dict[Call, list[Call | None]] = {}
        """The calls in the lines of a loop."""
        self.buffers: dict[Call, int] = {}
        """The bytes of the memory for blocks of a loop."""
        self.setup: list[str] = []
        self._views: dict[str, str] = {}
        self._guards = 0
        self._count = 0
        self._buffers = self._owned = 0
        for i, v in enumerate(program.inputs):
            self._name[v] = f"a{i}"
        for shape, dtype in self.memory.spaces:
            self._own(f"np.empty({shape!r}, {self.dtype_text(dtype)})")
        for i, call in enumerate(program.calls):
            self._emit(call)
            freed = [
                self._name[v]
                for v in self.memory.freed.get(i, ())
                if not self.memory.is_static(v) and v not in self._taken_over(call)
            ]
            if freed:
                self.lines.append((f"del {', '.join(freed)}", None))

    def _taken_over(self, call: Call) -> set[Variable]:
        reused = self.memory.reused
        return {reused[out] for out in call.outs if out in reused}

    def dtype_text(self, dtype: np.dtype[Any]) -> str:
        """A dtype, as an argument."""
        return "float" if dtype.str == np.dtype(float).str else repr(dtype.str)

    # Arguments

    def ref(self, value: Any) -> str:
        """An argument."""
        kind = type(value)
        if kind is Variable:
            return self._name[value]
        if kind is tuple:
            inner = ", ".join(map(self.ref, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if kind is list:
            return f"[{', '.join(map(self.ref, value))}]"
        if kind is dict:
            items = (f"{key!r}: {self.ref(item)}" for key, item in value.items())
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
        return repr(index) if type(index) is int else self.ref(index)

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
            return [*map(self.ref, call.args)]
        dtype = next(iter(dtypes))
        return [
            self.names.zero_d(arg, dtype)
            if type(arg) in (int, float) or isinstance(arg, np.floating)
            else self.ref(arg)
            for arg in call.args
        ]

    # Expressions

    def expression(self, call: Call) -> str:
        """A call as an expression."""
        fun, args = call.fun, call.args
        if not call.kwargs:
            if fun is operator.getitem:
                return f"{self.ref(args[0])}[{self._index(args[1])}]"
            if fun is method_reshape:
                return f"{self.ref(args[0])}.reshape({self.ref(args[1])})"
            if fun is method_transpose:
                axes = ", ".join(map(self.ref, args[1:]))
                return f"{self.ref(args[0])}" + (
                    f".transpose({axes})" if axes else ".T"
                )
            sign = INFIX.get(OPERATORS.get(fun, fun))
            if sign and len(args) == 2 and self._may_be_infix(call):
                return f"{self.ref(args[0])} {sign} {self.ref(args[1])}"
            if OPERATORS.get(fun) is np.negative:
                return f"-{self.ref(args[0])}"
        parts = [self.ref(arg) for arg in args]
        parts += [f"{name}={self.ref(value)}" for name, value in call.kwargs.items()]
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
        if isinstance(call.fun, Native):
            self._native(call, call.fun)
            return
        before = len(self.lines)
        if isinstance(call.fun, Blocked):
            loop = Loop(self, call.fun, call.outs)
            self._add("\n".join(text for text, _ in loop.lines), call)
            self.inner[call] = [made for _, made in loop.lines]
            self.buffers[call] = loop.nbytes
        elif len(call.outs) == 1 and not call.several:
            self._emit_single(call)
        else:
            names = [self.new_name(out) for out in call.outs]
            expression = self.expression(call)
            left = f"{', '.join(names)}{',' * (len(names) == 1)}" if names else ""
            self._add(f"{left} = {expression}" if left else expression, call)
        if call.quiet and len(self.lines) > before:
            modes = ", ".join(f'{kind}="ignore"' for kind in call.quiet)
            quiet = "\n".join(text for text, _ in self.lines[before:])
            text = f"with np.errstate({modes}):\n{indent(quiet, '    ')}"
            self.lines[before:] = [(text, call)]

    def _emit_single(self, call: Call) -> None:
        out, memory = call.out, self.memory
        if out in memory.views:
            expression = self.expression(call)
            self._name[out] = self._view(expression)
        elif out in memory.rows:
            stack, row = memory.rows[out]
            self._name[stack] = name = f"w{memory.registers[stack]}"
            self._name[out] = view = self._view(f"{name}[{row}]")
            self._into(call, view)
        elif call.fun is np.stack and out in memory.registers:
            pass  # its rows are written
        elif out in memory.registers:
            self._name[out] = name = f"w{memory.registers[out]}"
            self._into(call, name)
        elif out in memory.reused:
            name = self._name[memory.reused[out]]
            self._name[out] = name
            self._into(call, name)
        elif call.fun is scatter_add and all(map(is_basic, call.args[1])):
            self._scatter(call, self.new_name(out), made=False)
        else:
            expression = self.expression(call)
            element = ufunc_of(call)
            if element is not None and out.kind is np.ndarray:
                operands = ", ".join(self._operands(call, element))
                expression = f"{self.names.function(element)}({operands})"
            self._add(f"{self.new_name(out)} = {expression}", call)

    def _native(self, call: Call, fun: Native) -> None:
        """A call of C, with what it writes to."""
        given = [*map(self.ref, call.args)]
        numbers: list[tuple[Variable, str]] = []
        for out, layout in zip(call.outs, fun.layouts, strict=True):
            empty = self._empty(out, layout)
            if out in self.memory.registers:
                self._name[out] = given_name = f"w{self.memory.registers[out]}"
            elif out.kind is np.ndarray:
                given_name = self.new_name(out)
                self._add(f"{given_name} = {empty}", call)
            else:
                given_name = self._own(empty)
                numbers.append((out, given_name))
            given.append(given_name)
        if fun.work > LARGE_WORK:
            given.append(f"np.empty({fun.work}, 'u1')")
        elif fun.work:
            given.append(self._own(f"np.empty({fun.work}, 'u1')"))
        name = self.names.function(fun)
        self._add(f"if {name}({', '.join(given)}): return None", call)
        for out, given_name in numbers:
            self._add(f"{self.new_name(out)} = {given_name}[()]", call)

    def _empty(self, out: Variable, layout: Layout) -> str:
        """An array for a result of C."""
        made = f"np.empty({layout.shape!r}, {self.dtype_text(out.dtype)})"
        if layout.axes == (*range(out.ndim),):
            return made
        return f"{made}.transpose({layout.axes!r})"

    def _own(self, text: str) -> str:
        """The name of memory that is made once, or of a view of it."""
        name = f"w{self._owned}"
        self._owned += 1
        self.setup.append(f"{name} = {text}")
        return name

    def _into(self, call: Call, name: str) -> None:
        """Write the result of a call into memory that there is."""
        if call.fun is scatter_add:
            self._scatter(call, name, made=True)
        else:
            self._add(self.call_into(call, name), call)

    def call_into(self, call: Call, name: str) -> str:
        """A call that writes its result into memory that there is."""
        if call.fun in REDUCERS:
            x, axis, *rest = call.args
            dtype, _, keepdims = rest or (None, None, False)
            more = ", True" if keepdims else ""
            parts = f"{self.ref(x)}, {self.ref(axis)}, {self.ref(dtype)}, {name}{more}"
            return f"{self.names.function(call.fun)}({parts})"
        element = ufunc_of(call)
        fun = element or (np.dot if call.fun is np.dot else np.matmul)
        if element is not None:
            operands = self._operands(call, element)
        else:
            operands = [*map(self.ref, call.args)]
        into = f"out={name}" if fun in (np.maximum, np.minimum) else name
        return f"{self.names.function(fun)}({', '.join([*operands, into])})"

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
            self._add(f"{name}[...] = {self.ref(begin)}", call)
        elif begin is not None:
            self._add(f"{name} = np.array({self.ref(begin)})", call)
        elif made:
            self._add(f"{name}.fill(0)", call)
        else:
            dtype = self.dtype_text(call.out.dtype)
            self._add(f"{name} = np.zeros({shape!r}, {dtype})", call)
        views: dict[str, str] = {}
        for part, index in zip(parts[whole:], indices[whole:], strict=True):
            text, value = f"{name}[{self._index(index)}]", self.ref(part)
            if not is_basic(index, slice | EllipsisType):
                self._add(f"{text} += {value}", call)
                continue
            if made:
                views[text] = self._view(text)
            elif text not in views:
                views[text] = self._next_name()
                self._add(f"{views[text]} = {text}", call)
            view = views[text]
            self._add(f"np.add({view}, {value}, {view})", call)

    def _view(self, text: str) -> str:
        """The name of a view of a register."""
        if text not in self._views:
            self._views[text] = self._own(text)
        return self._views[text]

    def _emit_guard(self, call: Call) -> None:
        x = self.ref(call.args[0])
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

    def new_name(self, out: Variable) -> str:
        """A new name for a value."""
        self._name[out] = name = self._next_name()
        return name

    def _next_name(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def rename(self, v: Variable, name: str) -> None:
        """Call a value so from now on."""
        self._name[v] = name

    def buffer(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
        """The name of memory that is made once, for blocks of a loop."""
        self._buffers += 1
        text = f"b{self._buffers} = np.empty({shape!r}, {self.dtype_text(dtype)})"
        self.setup.append(text)
        return f"b{self._buffers}"

    def _add(self, text: str, call: Call) -> None:
        self.lines.append((text, call))
