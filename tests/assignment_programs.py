"""Random programs that assign, judged by plain NumPy and by a stencil.

    python -m tests.assignment_programs 2000

draws that many programs of 1 to 12 statements: arrays that are made, views of them,
writes of all kinds, loops and calls. Each is run on plain NumPy and on traced values.
It must give the same value, and the derivative of the stencil, in all modes, or be
refused in words. Programs that show something else are printed, made as short as they
can be.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

import fgrad
import fgrad.numpy as fnp
from fgrad.errors import FgradError

SHAPES = [(3,), (4,), (2, 3), (3, 3), (2, 1), (), (1, 4), (0,), (2, 2, 2)]


class Writer:
    """It draws statements, and keeps those that plain NumPy can run."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.lines: list[str] = []
        self.space: dict[str, Any] = {"np": np, "twice": twice}
        x = self.rng.uniform(0.3, 1.4, self.pick([(3,), (4,), (2, 3), (3, 3)]))
        self.x = x
        self.space["x"] = x.copy()
        self.names = ["x"]

    def pick(self, options: Any) -> Any:
        return options[self.rng.integers(len(options))]

    def array(self) -> str:
        return self.pick(self.names)

    def number(self) -> str:
        return str(round(float(self.rng.uniform(0.2, 1.9)), 2))

    def shape(self, name: str) -> tuple[int, ...]:
        return np.shape(self.space[name])

    # Indices

    def part(self, size: int) -> str:
        """An index of one axis that picks a view."""
        i = int(self.rng.integers(-size, size)) if size else 0
        return self.pick([str(i), str(i), "1:", ":-1", "::-1", "::2", ":", "None"])

    def view_index(self, name: str) -> str:
        shape = self.shape(name)
        parts = [self.part(size) for size in shape[: self.rng.integers(1, 3)]]
        if not shape or self.rng.random() < 0.15:
            parts = ["..."]
        elif self.rng.random() < 0.1:
            parts.append("...")
        return ", ".join(parts)

    def copy_index(self, name: str) -> str:
        shape = self.shape(name)
        size = shape[0] if shape else 1
        i, j = (int(self.rng.integers(size)) if size else 0 for _ in "ij")
        ways = [f"[{i}, {j}]", f"{name} > 0.8", f"np.array([{i}, {i}, {j}])"]
        if len(shape) > 1:
            k = int(self.rng.integers(shape[1])) if shape[1] else 0
            ways += [f"[{i}, {j}], {k}", f":, [{k}]", f"[{i}, {j}], [{k}, {k}]"]
        return self.pick(ways)

    def index(self, name: str) -> str:
        basic = self.rng.random() < 0.7
        return self.view_index(name) if basic else self.copy_index(name)

    # Expressions

    def expression(self, depth: int = 0) -> str:
        name = self.array()
        ways: list[Callable[[], str]] = [
            lambda: self.number(),
            lambda: name,
            lambda: f"{name}[{self.index(name)}]",
            lambda: f"np.sin({self.expression(depth + 1)})",
            lambda: f"{self.expression(depth + 1)} * {self.expression(depth + 1)}",
            lambda: f"({self.expression(depth + 1)} + {self.number()})",
            lambda: f"np.sum({name})",
            lambda: f"np.tanh({name})",
            lambda: f"{name} @ {self.array()}",
            lambda: f"twice({name})",
            lambda: f"np.where({name} > 0.7, {name}, {self.number()})",
        ]
        return self.pick(ways[:3] if depth > 2 else ways)()

    def made(self) -> str:
        shape = self.pick(SHAPES)
        name = self.array()
        ways = [
            f"np.zeros({shape})",
            f"np.ones({shape})",
            f"np.full({shape}, {self.number()})",
            f"np.zeros_like({name})",
            f"np.ones_like({name})",
            f"np.array([{self.number()}, {self.number()}, {self.number()}])",
            f"np.array([{name}, {name}])",
            f"np.array({name})",
            "np.eye(3)",
            f"{name}.copy()",
            f"np.copy({name})",
            f"{name} * {self.number()}",
            f"np.linspace(0.1, {self.number()}, 4)",
            f"np.zeros({shape}, dtype=np.float32)",
        ]
        return self.pick(ways)

    def view(self) -> str:
        name = self.array()
        shape = self.shape(name)
        axis = int(self.rng.integers(len(shape))) if shape else 0
        ways = [
            *[f"{name}[{self.view_index(name)}]"] * 4,
            *(f"{name}.reshape(-1)", f"np.ravel({name})", f"{name}.T", f"{name}.real"),
            *(f"{name}[None]", f"np.squeeze({name})", f"np.asarray({name})"),
            *(f"np.flip({name})", f"np.swapaxes({name}, 0, -1)", f"{name}.flatten()"),
            *(f"np.atleast_1d({name})", f"np.atleast_2d({name})", f"{name}.view()"),
            *(f"np.expand_dims({name}, 0)", f"np.moveaxis({name}, 0, -1)"),
            f"np.split({name}, 1, axis={axis})[0]",
            f"np.array_split({name}, 2, axis={axis})[1]",
            f"np.reshape({name}, (-1, 1))",
            f"np.reshape({name}, {shape[::-1]})",
            *(f"np.diagonal({name})", f"np.diag({name})", f"np.rot90({name})"),
            f"np.broadcast_to({name}, (2, *np.shape({name})))",
            *(f"np.flipud({name})", f"list({name})[0]", f"np.transpose({name})"),
            f"np.ascontiguousarray({name})",
            f"np.asfortranarray({name})",
            f"np.require({name}, requirements='C')",
            f"np.ravel({name}, 'K')",
            f"np.ravel({name}.T)",
            f"np.squeeze({name}[None])",
            f"np.trim_zeros({name})",
            f"np.lib.stride_tricks.as_strided({name})",
            f"{name}.astype(float, copy=False)",
            f"np.real({name})",
            f"np.einsum('...i->i...', {name})",
            f"np.unstack({name})[0]",
        ]
        return self.pick(ways)

    # Statements

    def statement(self) -> str:
        name = self.array()
        index = self.index(name)
        value = self.expression()
        new = self.pick("abcdefgh")
        op = self.pick(["+=", "*=", "-=", "/=", "+=", "*="])
        other = self.array()
        size = int(np.size(self.space[name]))
        k = int(self.rng.integers(size)) if size else 0
        k2 = int(self.rng.integers(size)) if size else 0
        ways = [
            *[f"{new} = {self.made()}"] * 3,
            *[f"{new} = {self.view()}"] * 4,
            *[f"{new} = {value}"] * 2,
            f"{new} = {name}",
            *[f"{name}[{index}] = {value}"] * 6,
            *[f"{name}[{index}] {op} {value}"] * 3,
            *[f"{name} {op} {value}"] * 2,
            f"{name}[{self.view_index(name)}][{k}] = {value}",
            f"{name}[{self.view_index(name)}][0] {op} {value}",
            f"{name}.fill({self.number()})",
            f"{name}.sort()",
            f"{name}.sort(axis=0)",
            f"{name}[{k}], {name}[{k2}] = {name}[{k2}], {name}[{k}]",
            f"{name}[[0, 1]] = {name}[[1, 0]]",
            f"np.copyto({name}, {value})",
            f"np.copyto({name}, {value}, where={name} > 0.6)",
            f"np.put({name}, [{k}, {k2}], np.copy({value}))",
            f"np.putmask({name}, {name} > 0.6, np.copy({value}))",
            f"np.place({name}, {name} > 0.6, np.copy({value}))",
            f"np.fill_diagonal({name}, {value})",
            f"np.put_along_axis({name}, np.array([{k}]), {value}, None)",
            f"np.{self.pick(['add', 'multiply', 'subtract', 'maximum'])}.at({name}, "
            f"[{k}, {k}, {k2}], {self.number()})",
            f"np.add.at({name}, {k}, {self.number()})",
            f"np.add({value}, {self.number()}, out={name})",
            f"np.multiply({value}, {self.number()}, out={name})",
            f"np.sin({other}, out={name})",
            f"np.exp({other}, out={name}, where={name} > 0.5)",
            f"{new} = np.sum({other}, axis=0, out={name})",
            f"{name}.flat[{k}] = np.copy({value})",
            f"{name}.flat[1:] = np.copy({value})",
            f"{name}.real = {value}",
            f"np.dot({other}, {other}, out={name})",
            f"np.cumsum({name}, axis=0, out={name})",
            f"for i in range(len({name})): {name}[i] = {self.expression(2)}",
            f"for i in range(1, len({name})): {name}[i] {op} {name}[i - 1]",
            f"for row in {name}: row[...] = {self.expression(2)}",
            f"for row in {name}: row {op} {self.number()}",
            f"{name}.shape = {self.shape(name)[::-1]}",
        ]
        return self.pick(ways)

    def write(self, count: int) -> None:
        """Add statements; each runs on plain NumPy, and stays small."""
        tries = 0
        while len(self.lines) < count and tries < 60:
            tries += 1
            line = self.statement()
            saved = self.snapshot()
            try:
                with np.errstate(all="ignore"):
                    exec(line, self.space)
            except Exception:  # noqa: BLE001
                self.space = saved
                continue
            if not all(map(small, self.arrays().values())):
                self.space = saved
                continue
            self.lines.append(line)
            self.names = list(self.arrays())

    def arrays(self) -> dict[str, Any]:
        return {n: v for n, v in self.space.items() if isinstance(v, NUMERIC)}

    def snapshot(self) -> dict[str, Any]:
        """The program's state again: it is run from the beginning."""
        return executed(np, self.lines, self.x.copy())


NUMERIC = np.ndarray | np.floating


def small(value: Any) -> bool:
    if value.dtype.kind != "f":
        return False
    good = np.all(np.isfinite(value)) and np.all(np.abs(value) < 30)
    return bool(good) and value.size <= 40


def twice(u: Any) -> Any:
    """A function that changes its argument and returns it."""
    if np.ndim(u):
        u[..., 0] = 2 * u[..., -1]
    return u


@lru_cache(maxsize=64)
def compiled(lines: tuple[str, ...]) -> Any:
    return compile("\n".join(lines), "<program>", "exec")


def executed(namespace: Any, lines: Iterable[str], x: Any) -> dict[str, Any]:
    space = {"np": namespace, "twice": twice, "x": x}
    exec(compiled(tuple(lines)), space)
    return space


class Program(NamedTuple):
    """A program as a function of x: a number that depends on all its arrays."""

    lines: tuple[str, ...]
    x: Any

    def results(self, namespace: Any, x: Any) -> list[Any]:
        space = executed(namespace, self.lines, x)
        names = sorted(set(space) - {"np", "twice", "i", "row", "__builtins__"})
        return [space[name] for name in names]

    def total(self, namespace: Any, x: Any) -> Any:
        return combined(namespace, self.results(namespace, x))

    def plain(self, x: Any) -> Any:
        return self.total(np, np.array(x))

    def traced(self, x: Any) -> Any:
        return self.total(fnp, x)


def combined(namespace: Any, results: list[Any]) -> Any:
    total = 0.0
    for k, result in enumerate(results):
        weights = np.cos(np.arange(np.size(result)) + k + 1.0)
        weights = weights.reshape(np.shape(result))
        total = total + namespace.sum(namespace.sin(result) * weights)
    return total


def drawn(seed: int) -> Program:
    writer = Writer(seed)
    writer.write(int(writer.rng.integers(1, 13)))
    return Program(tuple(writer.lines), writer.x)


# Judgement ----------------------------------------------------------------------------

H = 1e-3
STENCIL = ((1, -2), (-8, -1), (8, 1), (-1, 2))


def along(f: Callable[[Any], Any], x: Any, v: Any, h: float = H) -> Any:
    """The five-point stencil along a direction."""
    return sum(c * f(x + k * h * v) for c, k in STENCIL) / (12 * h)


def stencil(f: Callable[[Any], Any], x: Any, h: float = H) -> Any:
    """The five-point stencil along each entry of x."""
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([along(f, x, unit, h) for unit in units]).reshape(x.shape)


def judged(program: Program, order: int = 2) -> str:
    """What a program shows: "right", "refused: ...", "kink", or "wrong: ..."."""
    x = program.x
    value = program.plain(x)
    f = program.traced
    single = any("float32" in line for line in program.lines)
    first = stencil(program.plain, x)
    other = stencil(program.plain, x, H / 3)
    scale = 1 + np.max(np.abs(first))
    if np.max(np.abs(first - other)) > (1e-2 if single else 1e-6) * scale:
        return "kink"
    spread = np.max(np.abs(first - other))
    tolerance = (3e-3 if single else 1e-6) * scale + 2 * spread
    checks: list[tuple[str, Callable[[], Any], Any]] = [
        ("value", lambda: fgrad.value_and_grad(f)(x.copy())[0], value),
        ("grad", lambda: fgrad.grad(f)(x.copy()), first),
        ("jacfwd", lambda: fgrad.jacfwd(f)(x.copy()), first),
        ("vmap", lambda: fgrad.vmap(f)(np.stack([x, x]))[1], value),
        ("vmap(grad)", lambda: fgrad.vmap(fgrad.grad(f))(np.stack([x, x]))[1], first),
        (
            "grad(vmap)",
            lambda: fgrad.grad(lambda z: fnp.sum(fgrad.vmap(f)(z)))(np.stack([x, x]))[
                0
            ],
            first,
        ),
    ]
    refused = ""
    for name, compute, want in checks:
        result = outcome(compute, want, tolerance if name != "value" else 0, name)
        if result.startswith("wrong"):
            return result
        refused = refused or result
    if single or order < 2:
        return refused or "right"
    v = np.cos(np.arange(x.size)).reshape(x.shape)
    try:
        wants = [along(fgrad.grad(f), x, v, h) for h in (H, H / 3)]
    except Exception as error:  # noqa: BLE001
        return refused or f"refused: grad: {error}"
    want, spread = wants[0], np.max(np.abs(wants[0] - wants[1]))
    bound = 1e-6 * (1 + np.max(np.abs(want))) + 2 * spread
    for name, second in {
        "hessian": lambda: fgrad.hessian(f),
        "jacrev(grad)": lambda: fgrad.jacrev(fgrad.grad(f)),
        "jacfwd(jacfwd)": lambda: fgrad.jacfwd(fgrad.jacfwd(f)),
    }.items():

        def product(second: Any = second) -> Any:
            return np.tensordot(second()(x.copy()), v, v.ndim)

        result = outcome(product, want, bound, name)
        if result.startswith("wrong"):
            return result
        refused = refused or result
    return refused or "right"


def outcome(compute: Callable[[], Any], want: Any, tolerance: float, name: str) -> str:
    try:
        got = compute()
    except FgradError as error:
        return f"refused: {name}: {type(error).__name__}: {words(str(error))}"
    except Exception as error:  # noqa: BLE001
        if "object does not support item assignment" in str(error):
            return f"refused: {name}: a number cannot be changed"
        if "read-only" in str(error) or "output array has wrong shape" in str(error):
            return f"refused: {name}: {error}"
        return f"wrong: {name} raised {type(error).__name__}: {error}"
    if np.shape(got) != np.shape(want):
        return f"wrong: {name} has shape {np.shape(got)}"
    error = np.max(np.abs(got - want), initial=0)
    if tolerance == 0:
        same = np.array_equal(got, want)
        return "" if same else f"wrong: {name} is {got}, NumPy has {want}"
    if not error <= tolerance:
        return f"wrong: {name} is off by {error}: {got} for {want}"
    return ""


def words(text: str) -> str:
    """A message without what differs between programs."""
    return text.split(", at File", maxsplit=1)[0].split(", made at", maxsplit=1)[0][:90]


def shortened(program: Program, shown: str) -> Program:
    """The shortest program that shows the same."""
    kind = shown.split(":")[1].split(maxsplit=1)[0] if ":" in shown else shown
    lines = list(program.lines)
    found = True
    while found:
        found = False
        for i in range(len(lines)):
            less = Program(tuple(lines[:i] + lines[i + 1 :]), program.x)
            try:
                again = judged(less)
            except Exception:  # noqa: BLE001
                continue
            if again.startswith("wrong") and kind in again:
                lines, found = list(less.lines), True
                break
    return Program(tuple(lines), program.x)


def main(count: int, start: int = 0) -> None:
    warnings.simplefilter("ignore")
    seen: Counter[str] = Counter()
    for seed in range(start, start + count):
        program = drawn(seed)
        shown = judged(program)
        seen[shown.split(" is ")[0].split(" raised")[0]] += 1
        if shown.startswith("wrong"):
            short = shortened(program, shown)
            print(f"--- seed {seed}, x of shape {short.x.shape}: {judged(short)[:300]}")
            print("\n".join(short.lines), flush=True)
    for shown, times in seen.most_common():
        print(times, shown)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:] or ["200"]))
