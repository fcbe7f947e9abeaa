"""Derivatives at special values, judged without the rules that made them.

The truth is a stencil in extended precision, with several steps and from both sides.
Where these do not agree, nobody judges the number, and only the modes are compared with
each other: reverse and forward, first and second order.

    python -m tests.special_values 100000

draws that many programs from `tests.special_programs`, counts what they show, and
prints some of each kind that may be wrong.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import fgrad
from fgrad.errors import UndefinedDerivativeWarning
from tests.special_programs import COARSE, VALUES, WAVES, WIDE, Program

# The truth ----------------------------------------------------------------------------

FIRST = np.array([1, -8, 0, 8, -1]) / WIDE(12)
SECOND = np.array([-1, 16, -30, 16, -1]) / WIDE(12)
CROSS = np.outer(FIRST, FIRST)
OFFSETS = np.arange(-2, 3)
SHRINK = [WIDE(2) ** -9 * np.sqrt(WIDE(2) / k) for k in (2, 31)]
"""How far stencils go; not by whole numbers, where waves look like constants."""


def scales(f: Program, x: Any) -> list[Any]:
    """What may be the scale of each entry: how far to go."""
    size = np.abs(np.where(np.isfinite(x), x, 0)).astype(WIDE)
    small = np.min(size, initial=1, where=size > 0)
    found = [np.where(size == 0, 1, size)]
    if small < 1:
        found.append(np.where(size == 0, small, size))
    if any(op.name in WAVES for op, _ in f.steps):
        found.append(np.minimum(found[-1], 1))
    return found


def agreed(guesses: Any, noises: Any) -> Any:
    """A number on which all guesses agree, with its error, or nan."""
    guesses, noise = np.stack(guesses), np.max(noises, axis=0)
    spread = np.ptp(guesses, axis=0)
    size = np.max(np.abs(guesses), axis=0)
    good = (spread <= 1e-6 * size + noise) & (noise <= 1e-5 * size + 1e-9)
    return np.where(good & np.isfinite(spread), guesses[0], np.nan), spread + noise


def truth(f: Program, x: Any, exactness: Any) -> tuple[Any, Any]:
    """The gradient and the Hessian, nan where nobody knows; each with its error."""
    x = x.astype(WIDE)
    first: list[Any] = []
    second: list[Any] = []
    for h in (scale * shrink for scale in scales(f, x) for shrink in SHRINK):
        g, c = stencils(f, x, h, exactness)
        first.append(g)
        second.append(c)
    return agreed(*zip(*first, strict=True)), agreed(*zip(*second, strict=True))


def stencils(f: Program, x: Any, h: Any, exactness: Any) -> tuple[Any, Any]:
    """Slopes and curvatures with their rounding errors; nan at a kink."""
    unit = np.diag(h)
    along = f(x + OFFSETS[:, None, None] * unit)
    steps = OFFSETS[:, None, None, None]
    table = f(x + steps[:, None] * unit[:, None] + steps * unit)
    size = max(np.max(np.abs(y), initial=0) for y in (along, table))
    noise = 8 * exactness * size / h, 64 * exactness * size / h[:, None] / h
    slope = np.tensordot(FIRST, along, 1) / h
    mixed = np.tensordot(CROSS, table, 2) / h[:, None] / h
    mixed[np.diag_indices(x.size)] = np.tensordot(SECOND, along, 1) / h / h
    # At a kink, what is seen to the left is not what is seen to the right.
    sides = [s * (-3 * along[2] + 4 * along[2 + s] - along[2 + 2 * s]) / 2 / h
             for s in (1, -1)]  # fmt: skip
    bends = [(along[2] - 2 * along[2 + s] + along[2 + 2 * s]) / h / h for s in (1, -1)]
    slack = [4 * noise[0], np.diag(noise[1])]
    bent = 0.1 * np.max(np.abs(bends), axis=0) + slack[1]
    turn = np.abs(sides[0] - sides[1]) - slack[0]
    kink = (turn > 4 * bent * h) | (turn > 1e-2 * np.max(np.abs(sides), axis=0))
    slope = np.where(kink, np.nan, slope)
    kink |= np.abs(bends[0] - bends[1]) > bent
    mixed = np.where(kink | kink[:, None], np.nan, mixed)
    return (slope, noise[0]), (mixed, noise[1])


# Judging ------------------------------------------------------------------------------

FIRST_ORDER: dict[str, Any] = {
    "grad": fgrad.grad,
    "jacfwd": fgrad.jacfwd,
    "jvp": lambda f: (
        lambda x: np.reshape(
            [fgrad.jvp(f, (x,), (t,))[1] for t in np.eye(x.size, dtype=x.dtype)],
            x.shape,
        )
    ),
}
SECOND_ORDER: dict[str, Any] = {
    "hessian": fgrad.hessian,
    "jacrev of grad": lambda f: fgrad.jacrev(fgrad.grad(f)),
    "jacfwd of jacfwd": lambda f: fgrad.jacfwd(fgrad.jacfwd(f)),
}


class Finding(NamedTuple):
    """What a program has shown, and how."""

    kind: str
    got: Any = None
    want: Any = None
    is_fault: bool = False
    """Whether it is a finite number, wrong for no reason but a rule."""


ROUNDED, COARSELY, FAR = " (rounded)", " (double precision)", " (numbers far apart)"


class Judge:
    """All that is said about one program at one point."""

    def __init__(self, f: Program, x: Any) -> None:
        self.f = f
        self.x = x
        self.coarse = any(op.name in COARSE for op, _ in f.steps)
        self.values: list[Any] = []
        self.kinks: list[bool] = []
        self.value = f(x, self.kinks, self.values)
        size = np.abs(x[np.isfinite(x) & (x != 0)])
        far = np.any((size > 1e100) | (size < 1e-100))
        self.where = " at a kink" * any(self.kinks) + FAR * bool(far)

    def findings(self) -> Iterator[Finding]:
        """Compare the modes with each other and with the truth."""
        if not np.isfinite(self.value):
            return
        known = [Finding("not judged: a kink, or an overflow")] * 2
        wide = self.f(self.x.astype(WIDE))
        if not any(self.kinks) and np.isclose(float(wide), self.value, 1e-6, 1e-12):
            eps = np.finfo(float if self.coarse else WIDE).eps
            known = truth(self.f, self.x, eps)
        for modes, best in zip((FIRST_ORDER, SECOND_ORDER), known, strict=True):
            first, *others = modes
            got, silent = said(modes[first], self.f, self.x)
            if silent:
                yield Finding(f"silent nan: {first}", got)
            for other in others:
                yield from self.compared(modes, first, other, got)
            if isinstance(best, Finding):
                yield best
            else:
                yield from self.judged(modes[first], first, got, *best)

    def natural(self, order: int) -> Any:
        """How large derivatives may be, for their rounding to be visible."""
        sizes = [
            np.max(np.abs(v), where=np.isfinite(v), initial=1) for v in self.values
        ]
        h = scales(self.f, self.x)[-1]
        return max(sizes) / (h if order == 1 else h[:, None] * h)

    def compared(self, modes: Any, one: str, other: str, a: Any) -> Iterator[Finding]:
        """Two modes, which ought to agree also at a kink."""
        b, silent = said(modes[other], self.f, self.x)
        if silent:
            yield Finding(f"silent nan: {other}", b)
        both = np.isfinite(a) & np.isfinite(b)
        far = np.abs(a - b) > 1e-7 * np.abs(a) + 1e-11 * self.natural(a.ndim)
        if np.any(both & far):
            how = COARSELY if self.coarse else ""
            if not how:
                x = self.x.astype(WIDE)
                c, d = (said(modes[mode], self.f, x)[0] for mode in (one, other))
                shrunk = np.abs(c - d) <= np.abs(a - b) / 100
                how = ROUNDED * bool(np.all(shrunk[both & far]))
            fault = not how and FAR not in self.where
            yield Finding(f"{one} is not {other}{how}{self.where}", a, b, fault)
        elif np.any(np.isfinite(a) != np.isfinite(b)):
            yield Finding(f"{one} is finite where {other} is not{self.where}", a, b)

    def judged(
        self, mode: Any, name: str, got: Any, want: Any, error: Any
    ) -> Iterator[Finding]:
        """A derivative, and what is known of it."""
        normal = (np.abs(want) < np.finfo(float).max) & (
            (np.abs(want) > 1e-290) | (want == 0)
        )
        distance = np.abs(got - want)
        slack = 1e-5 * np.abs(want) + 8 * error + 1e-12 * self.natural(got.ndim)
        wrong = np.isfinite(got) & np.isfinite(want) & normal & (distance > slack)
        if np.any(wrong):
            if self.coarse:  # is the point itself the reason?
                near = self.x * (1 + 1e-14 * np.arange(1, 1 + self.x.size))
                excused = np.abs(said(mode, self.f, near)[0] - got) > distance / 100
            else:
                wide = said(mode, self.f, self.x.astype(WIDE))[0]
                excused = np.abs(wide - want) < distance / 100 + error
            how = ROUNDED * bool(np.all(excused[wrong]))
            fault = not how and FAR not in self.where
            yield Finding(f"{name} is wrong{how}{self.where}", got, want, fault)
        elif np.any(~np.isfinite(got) & np.isfinite(want) & (np.abs(want) < 1e300)):
            yield Finding(f"{name} is lost{self.where}", got, want)
        yield Finding(f"{name}: judged")


def said(mode: Any, f: Program, x: Any) -> tuple[Any, bool]:
    """A derivative, and whether there is a nan in it without words."""
    with warnings.catch_warnings(record=True) as words:
        warnings.simplefilter("always")
        got = np.asarray(mode(f)(x))
    told = any(issubclass(w.category, UndefinedDerivativeWarning) for w in words)
    return got, bool(np.any(np.isnan(got))) and not told


def drawn(seed: int, k: int) -> tuple[Program, Any]:
    """A program and its argument."""
    rng = np.random.default_rng([seed, k])
    with_matrices = bool(rng.random() < 0.3)
    size = 3 if with_matrices else int(rng.choice([3, 3, 3, 3, 3, 3, 3, 2, 1, 0]))
    return Program(rng, size, with_matrices), rng.choice(VALUES, size)


def findings(seed: int, k: int) -> list[Finding]:
    """What the k-th program shows."""
    f, x = drawn(seed, k)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            judge = Judge(f, x)
        except ValueError:  # NumPy refuses it: a matrix has no inverse, or is empty
            return []
        try:
            return list(judge.findings())
        except np.linalg.LinAlgError:
            return []
        except Exception as error:  # noqa: BLE001 (counted, and shown)
            return [Finding(f"{type(error).__name__}: {str(error)[:60]}", str(error))]


def main(count: int, seed: int = 0) -> None:
    """Judge programs, count the kinds, and print some of each."""
    kinds = Counter({"programs": count})
    examples: dict[str, list[str]] = {}
    for k in range(count):
        for kind, got, want, _ in findings(seed, k):
            kinds[kind] += 1
            if got is not None:
                f, x = drawn(seed, k)
                told = f"{seed} {k}: {f}\n   x = {x}\n   got {got}\n   want {want}"
                examples.setdefault(kind, []).append(told)
    for kind, number in kinds.most_common():
        print(number, kind)
    for kind, told in examples.items():
        print(f"\n== {kind}", *sorted(told, key=len)[:25], sep="\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
