"""Derivatives at hard points, against mpmath: the last digits, and no nan or zero."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp

from fgrad import jvp, vjp
from fgrad._engine.rules import RULES
from fgrad._engine.signatures import function_name
from tests.truth import BINARY, UNARY, exact
from tests.ulps import LEFT_OUT, WORST

NUMBERS = [
    0.0, 5e-324, 2.3e-308, 1e-300, 1e-170, 1e-77, 1e-40, 1e-16, 1e-5, 1e-3, 0.3, 0.5,
    np.nextafter(1, 0), 1.0, np.nextafter(1, 2), 1.5, 2, 2.5, 3.7, 9, 15, 20, 37, 88,
    700, 745, 1000.5, 1024, 1e5, 123456.5, 1e8, 1e10, 1e30, 1e77, 1e154, 1e200, 1.7e308,
]  # fmt: skip
FEWER = [
    0.0, 5e-324, 1e-300, 1e-170, 1e-16, 1e-5, 0.3, 1.0, np.nextafter(1, 2), 3.7, 20,
    88, 700, 1e5, 1e10, 1e77, 1e200, 1.7e308,
]  # fmt: skip
NEAR = [1e-12j, 1e-8, -1e-8, 1e-8j, 1e-5 - 1e-5j, 1e-3j, 0.3 + 0.2j]
SIGNED = [(s * x, z) for s in (1, -1) for x in (3, 1e10, 1e200) for z in (0.0, -0.0)]
FAR = [9 + 0.3j, 20 + 0.3j, 40 + 1j, 300 + 1j, 700 + 1j, 0.3 + 20j, 1 + 40j, 1 + 700j]
COMPLEX = [
    *(s * c + d for s in (1, -1) for c in (1, 1j) for d in NEAR),
    *(complex(x, z) for x, z in SIGNED),
    *(complex(z, x) for x, z in SIGNED),
    *(s * z for s in (1, -1) for z in FAR),
    1e-5 + 1e-5j, 1e-17 - 1e-17j, 6e-301 + 8e-301j, 6e199 + 8e199j, -1e77 + 1e77j,
]  # fmt: skip

PIECEWISE = {
    np.add, np.subtract, np.conjugate, np.copysign, np.fmax, np.fmin, np.fmod, np.frexp,
    np.heaviside, np.ldexp, np.maximum, np.minimum, np.modf, np.remainder,
}  # fmt: skip
"""Functions whose derivatives are constant almost everywhere, or powers of two."""

NAMES = {1: ("1", "11"), 2: ("1", "2", "11", "12", "22", "21")}


def points(char: str, count: int) -> list[Any]:
    """Arrays of arguments."""
    if char in "DF":
        real = [np.array(COMPLEX)]
    elif count == 1:
        real = [np.array([s * x for x in NUMBERS for s in (1, -1)])]
    else:
        signed = [s * x for x in FEWER[:: 2 if char == "f" else 1] for s in (1, -1)]
        pairs = list(itertools.product(signed[::2], signed))
        pairs += [(-x, y) for x, y in pairs[::7]]
        pairs += [(x, np.nextafter(x, 2 * x)) for x in signed[2:]]
        pairs += [(x, x - 3) for x in signed]
        real = list(np.array(pairs).T)
    with np.errstate(over="ignore"):
        found = np.stack([x.astype(char) for x in real])
    return list(found[:, np.all(np.isfinite(found), axis=0)])


def derivatives(fun: Callable[..., Any], args: list[Any]) -> list[Any]:
    """All first and second derivatives in reverse mode."""

    def first(*args: Any) -> Any:
        out, pullback = vjp(fun, *args)
        return pullback(np.ones_like(out))

    second: list[Any] = []
    for i in range(len(args)):
        out, pullback = vjp(lambda *args, i=i: first(*args)[i], *args)
        second.append(pullback(np.ones_like(out)))
    found = [*first(*args), *(c for row in second for c in row)]
    return found if len(args) == 1 else [*found[:3], found[3], found[5], found[4]]


def judged(fun: Any, char: str) -> Iterator[tuple[int, float, Any]]:
    """The order of each derivative, its error in ulp, and what it is."""
    formulas = UNARY[fun] if fun in UNARY else (*BINARY[fun], BINARY[fun][3])
    count = 1 if fun in UNARY else 2
    args = points(char, count)
    info = np.finfo(np.dtype(char))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        value = fun(*args)
        found = derivatives(fun, args)
    largest, least = exact(info.max), exact(info.smallest_subnormal)
    for i in np.flatnonzero(np.isfinite(value)):
        point = [x[i] for x in args]
        mine = [exact(x) for x in point]
        for k, (formula, got) in enumerate(zip(formulas, found, strict=True)):
            try:
                truth = formula(*mine)
            except ZeroDivisionError:
                continue
            truth, size = truth if isinstance(truth, tuple) else (truth, truth)
            truth = mpmath.mpmathify(truth)
            size = max(abs(truth), abs(size))
            if char in "fd" and isinstance(truth, mpmath.mpc):
                continue
            if not size <= largest:
                continue
            if fun in LEFT_OUT and LEFT_OUT[fun][1](truth, *point):
                continue
            ulp = least
            if size:
                ulp = max(ulp, mp.ldexp(1, mp.frexp(size)[1] - 1 - info.nmant))
            error = mpmath.inf
            if np.isfinite(got[i]):
                error = abs(mpmath.mpmathify(complex(got[i])) - truth) / ulp
            yield (1 if k < count else 2), float(error), (NAMES[count][k], point, truth)


CASES = [(fun, char) for fun in WORST for char in WORST[fun]]


@pytest.mark.parametrize(
    ("fun", "char"), CASES, ids=[f"{function_name(f)}-{c}" for f, c in CASES]
)
def test_worst(fun: Any, char: str) -> None:
    """No derivative is worse than the table says, which is never far from the truth."""
    with mp.workdps(70):
        for order, error, (name, point, truth) in judged(fun, char):
            assert error <= WORST[fun][char][order - 1], (
                f"derivative {name} at {point} is not {mpmath.nstr(truth, 17)}"
            )


def test_all_functions_are_judged() -> None:
    rules = [rule for rule in RULES.values() if rule.ufunc and rule.elementwise]
    elementwise = {rule.fun for rule in rules if rule.pullbacks}
    elementwise = {fun for fun in elementwise if getattr(np, fun.__name__, 0) is fun}
    assert not elementwise - PIECEWISE - {*UNARY} - {*BINARY}
    assert {*WORST} == {*UNARY} | {*BINARY}


@pytest.mark.parametrize("fun", WORST, ids=function_name)
def test_forward_is_reverse(fun: Any) -> None:
    args = points("d", 1 if fun in UNARY else 2)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        out, pullback = vjp(fun, *args)
        for i, c in enumerate(pullback(np.ones_like(out))):
            along = [np.ones_like(x) if i == j else 0 * x for j, x in enumerate(args)]
            tangent = jvp(fun, tuple(args), tuple(along))[1]
            both = np.isfinite(c) & np.isfinite(tangent)
            np.testing.assert_array_equal(tangent[both], c[both])
            assert np.mean(both) > 0.2
