"""The pass: groups of calls become calls of C."""

from __future__ import annotations

from fgrad._program.calls import Call, Program, Variable
from fgrad._program.native.build import compiler
from fgrad._program.native.function import Layout, Native
from fgrad._program.native.groups import Group, Groups
from fgrad._program.native.loaded import functions
from fgrad._program.native.places import in_order, own
from fgrad._program.native.text import Text

__all__ = ["compiler", "native"]


def native(program: Program, ignored: set[str]) -> Program:
    """Compile what C can do, and leave the rest to NumPy.

    Raises
    ------
    CompilerError
        If there is no compiler, or it fails.
    """
    units = Groups(program).ordered()
    text = Text(ignored)
    groups = [unit for unit in units if isinstance(unit, Group)]
    if not groups:
        return program
    names = [f"group_{i}" for i in range(1, len(groups) + 1)]
    works = [text.add(group, name) for group, name in zip(groups, names, strict=True)]
    lines = [*text.lines()]
    source = "".join(f"{line.text}\n" for line in lines)
    made = functions(source, *names)
    parts = zip(groups, names, works, made, strict=True)
    call: dict[Group, Call] = {}
    for group, name, work, fun in parts:
        layouts = [*map(_layout, group.outs)]
        call[group] = _call(group, Native(name, layouts, work, lines, fun))
    calls = [call[unit] if isinstance(unit, Group) else unit for unit in units]
    return program.with_calls(calls)


def _call(group: Group, fun: Native) -> Call:
    """The call that stands for a group."""
    site = group.calls[-1].site
    args = (*group.roots,)
    return Call(fun, args, {}, (*group.outs,), site, several=True)


def _layout(out: Variable) -> Layout:
    """How an array lies that a group makes."""
    place = own(out)
    if place.strides == in_order(out.shape):
        return Layout(out.shape, (*range(out.ndim),))
    order = sorted(range(out.ndim), key=lambda i: (-place.strides[i], i))
    shape = tuple(out.shape[i] for i in order)
    return Layout(shape, tuple(order.index(i) for i in range(out.ndim)))
