"""All groups of a program as one file of C."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from fgrad._program.calls import Variable
from fgrad._program.native.function import Line
from fgrad._program.native.functions import VECTORS
from fgrad._program.native.groups import Group
from fgrad._program.native.loops import Loop, Work, loops
from fgrad._program.native.nests import Nest
from fgrad._program.native.places import CTYPES, own, place_of

__all__ = ["Text"]

FLAGS = {
    "divide": "FE_DIVBYZERO",
    "over": "FE_OVERFLOW",
    "under": "FE_UNDERFLOW",
    "invalid": "FE_INVALID",
}
"""What C calls floating-point errors."""

LONG = 1 << 17
"""How many statements, at how many indices, are a reason to let other threads run."""

HEAD = """\
#include <fenv.h>
#include <stdint.h>

#ifndef SIMD
#define SIMD
#endif

/* NumPy's arrays, and what this needs of Python. */
typedef struct {{
    char head[{head}], *data;
    int ndim;
    intptr_t *shape, *strides;
}} array;

typedef struct {{
    char head[{head}], value[16];
}} number;

void *PyLong_FromLong(long);
long long PyLong_AsLongLong(void *);
double PyFloat_AsDouble(void *);
void *PyErr_Occurred(void);
int PyObject_IsTrue(void *);
void *PyEval_SaveThread(void);
void PyEval_RestoreThread(void *);

/* Whether an array lies as it says here: axes, bytes of an entry, shape, strides. */
static int lies(const array *a, const intptr_t *layout)
{{
    if (a->ndim != layout[0] || (uintptr_t)a->data % layout[1])
        return 0;
    for (int i = 0; i < a->ndim; i++)
        if (a->shape[i] != layout[2 + 2 * i] ||
            (a->shape[i] > 1 && a->strides[i] != layout[3 + 2 * i]))
            return 0;
    return 1;
}}
"""


class Text:
    """A file of C with a function for each group."""

    def __init__(self, ignored: set[str]) -> None:
        self._ignored = ignored
        self._loops: dict[tuple[str, ...], tuple[str, list[Line]]] = {}
        """The functions of loops, by their text."""
        self._library: dict[str, str] = {}
        """Functions of the C library, and what they are declared as."""
        self._functions: list[list[Line]] = []

    def add(self, group: Group, name: str) -> int:
        """Write a group; the bytes of memory that it works in."""
        made = loops(group.statements)
        for s in group.statements:
            for called in s.library:
                self._library[called] = _declared(called)
        work = Work(made, {*group.outs})
        function = _Function(group, name, work, self._ignored)
        stored = {*group.outs, *work.offsets}
        for loop in made:
            nest = Nest(loop, stored)
            function.call(loop, nest, self._loop(nest))
        self._functions.append([*function.lines()])
        return work.nbytes

    def _loop(self, nest: Nest) -> str:
        """The name of the function of a loop."""
        lines = [*nest.lines()]
        head = ("double" if nest.asks else "void", *nest.parameters)
        key = (*head, *[line.text for line in lines])
        known = self._loops.get(key)
        if known is None:
            name = f"loop_{len(self._loops) + 1}"
            parameters = ", ".join(nest.parameters)
            top = Line(
                f"static __attribute__((noinline)) {head[0]} {name}({parameters})"
            )
            body = [
                line
                if line.text.startswith("#")
                else Line(f"    {line.text}", line.site)
                for line in lines
            ]
            known = self._loops[key] = name, [top, Line("{"), *body, Line("}")]
        return known[0]

    def lines(self) -> Iterator[Line]:
        """The lines of the file."""
        for text in HEAD.format(head=object.__basicsize__).splitlines():
            yield Line(text)
        if self._library:
            yield Line("")
            yield from map(Line, self._library.values())
        for _, lines in self._loops.values():
            yield Line("")
            yield from lines
        for lines in self._functions:
            yield Line("")
            yield from lines


def _declared(name: str) -> str:
    ctype = "float" if name.endswith("f") and name[:-1] in VECTORS else "double"
    binary = name.removesuffix("f" * (ctype == "float")) in {"pow", "atan2", "hypot"}
    return f"SIMD {ctype} {name}({', '.join([ctype] * (1 + binary))});"


class _Function:
    """The function of a group: it looks at its arguments, and calls the loops."""

    def __init__(self, group: Group, name: str, work: Work, ignored: set[str]) -> None:
        self._name = name
        self._work = work
        self._ignored = ignored
        self._arguments: dict[int, str] = {}
        self._head: list[str] = []
        self._calls: list[Line] = []
        self._quiet: tuple[str, ...] = ()
        self._raised = False
        self._asks = False
        self._size = 0
        for i, root in enumerate([*group.roots, *group.outs]):
            made = i >= len(group.roots)
            self._arguments[id(root)] = f"a{i}"
            self._argument(root, i, own(root) if made else None)
        self._last = len(group.roots) + len(group.outs)

    def _argument(self, root: Any, i: int, made: Any) -> None:
        """Lines that find the memory of an argument."""
        ctype = CTYPES[root.dtype.char]
        kind = root.kind if type(root) is Variable else np.ndarray
        if made is not None or kind is np.ndarray:
            place = made or place_of(root)
            nbytes = root.dtype.itemsize
            steps = zip(place.shape, place.strides, strict=True)
            layout = [len(place.shape), nbytes]
            layout += [x for n, step in steps for x in (n, step * nbytes)]
            written = ", ".join(map(str, layout))
            self._head += [
                f"static const intptr_t layout_{i}[] = {{{written}}};",
                f"if (!lies(args[{i}], layout_{i}))",
                "    return PyLong_FromLong(1);",
                f"{ctype} *a{i} = (void *)((array *)args[{i}])->data;",
            ]
        elif kind is float:
            self._head += [
                f"double n{i} = PyFloat_AsDouble(args[{i}]);",
                f"double *a{i} = &n{i};",
            ]
        elif kind is int:
            self._head += [
                f"int64_t n{i} = PyLong_AsLongLong(args[{i}]);",
                f"if (n{i} == -1 && PyErr_Occurred())",
                "    return 0;",
                f"{ctype} m{i} = n{i}, *a{i} = &m{i};",
            ]
        elif kind is bool:
            self._head += [f"unsigned char n{i} = PyObject_IsTrue(args[{i}]);"]
            self._head += [f"unsigned char *a{i} = &n{i};"]
        else:
            self._head += [f"{ctype} *a{i} = (void *)((number *)args[{i}])->value;"]

    def call(self, loop: Loop, nest: Nest, name: str) -> None:
        """A call of a loop."""
        if loop.quiet != self._quiet:
            self._look()
            self._quiet = loop.quiet
        given = ", ".join(self._pointer(p.root, p.offset) for p in nest.pointers)
        self._asks = self._asks or nest.asks
        self._size += prod(loop.space) * len(loop.statements)
        text = f"{'bad += ' * nest.asks}{name}({given});"
        self._calls.append(Line(text, loop.statements[0].site))

    def _pointer(self, root: Any, offset: int) -> str:
        if id(root) in self._arguments:
            text = self._arguments[id(root)]
        else:
            offset += self._work.offsets[root] // root.dtype.itemsize
            text = f"({CTYPES[root.dtype.char]} *)work"
        if not offset:
            return text
        return f"{text} {'-' if offset < 0 else '+'} {abs(offset)}"

    def _flags(self) -> str:
        kinds = [k for k in FLAGS if k not in self._ignored and k not in self._quiet]
        return " | ".join(FLAGS[kind] for kind in kinds) or "0"

    def _look(self) -> None:
        """Note which errors there were, before others are ignored."""
        if self._calls:
            self._raised = True
            self._calls.append(Line(f"raised |= fetestexcept({self._flags()});"))
            self._calls.append(Line("feclearexcept(FE_ALL_EXCEPT);"))

    def lines(self) -> Iterator[Line]:
        """The lines of the function."""
        yield Line(f"void *{self._name}(void *self, void *const *args, intptr_t count)")
        yield Line("{")
        for text in self._head:
            yield Line(f"    {text}")
        if self._work.nbytes:
            yield Line(f"    char *work = ((array *)args[{self._last}])->data;")
        if self._asks:
            yield Line("    double bad = 0;")
        if self._raised:
            yield Line("    int raised = 0;")
        if self._size >= LONG:
            yield Line("    void *thread = PyEval_SaveThread();")
        yield Line("    feclearexcept(FE_ALL_EXCEPT);")
        yield from (Line(f"    {line.text}", line.site) for line in self._calls)
        terms = [f"fetestexcept({self._flags()})"]
        terms += ["raised"] * self._raised + ["!(bad == 0)"] * self._asks
        yield Line(f"    int failed = {' || '.join(terms)};")
        if self._size >= LONG:
            yield Line("    PyEval_RestoreThread(thread);")
        yield Line("    return PyLong_FromLong(failed);")
        yield Line("}")
