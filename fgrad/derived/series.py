"""Series of `numpy.polynomial` that others make up: the lowest power first."""

from typing import Any

import numpy as np
from numpy.polynomial import polyutils

from fgrad._engine.box import stand_in
from fgrad._engine.rules import derived
from fgrad.derived.creation import as_traced
from fgrad.primitives.polynomial import leading_zeros, of_degree
from fgrad.primitives.series import FAMILIES, INTEGRAL, OPERATIONS, function


def as_series(c: Any) -> Any:
    """At least 1-d and floating; what is not traced has no zeros at its end.

    Traced coefficients that are 0 have derivatives, so they stay.
    """
    c = np.atleast_1d(as_traced(c))
    if type(c) is np.ndarray:
        return polyutils.as_series([c])[0]
    if c.ndim != 1 or not c.size:
        polyutils.as_series([np.ones(c.shape)])  # NumPy's words
    return floating(c)


def floating(c: Any) -> Any:
    """Integers become floats."""
    return c if c.dtype.kind in "fc" else c + 0.0


def define_sums(prefix: str, module: Any) -> None:
    """Sums and differences, as long as the longer one."""

    def aligned(c1: Any, c2: Any) -> tuple[Any, Any]:
        c1, c2 = as_series(c1), as_series(c2)
        n = max(len(c1), len(c2))
        return np.pad(c1, (0, n - len(c1))), np.pad(c2, (0, n - len(c2)))

    @derived(getattr(module, prefix + "add"))
    def add(c1: Any, c2: Any) -> Any:
        c1, c2 = aligned(c1, c2)
        return c1 + c2

    @derived(getattr(module, prefix + "sub"))
    def sub(c1: Any, c2: Any) -> Any:
        c1, c2 = aligned(c1, c2)
        return c1 - c2


def define_products(prefix: str, module: Any) -> None:
    """Products and lines, by operations that keep all coefficients."""
    mul, mulx, line = (getattr(module, prefix + x) for x in ("mul", "mulx", "line"))

    @derived(mul)
    def product(c1: Any, c2: Any) -> Any:
        return OPERATIONS[mul](as_series(c1), as_series(c2))

    @derived(line)
    def straight(off: Any, scl: Any) -> Any:
        return OPERATIONS[line](off, scl)

    @derived(mulx)
    def times_x(c: Any) -> Any:
        return OPERATIONS[mulx](as_series(c))


def define_roots(prefix: str, module: Any) -> None:
    """As many as the degree."""
    roots = getattr(module, prefix + "roots")

    @derived(roots)
    def roots_of(c: Any) -> Any:
        c = as_series(c)
        beyond = np.flip(leading_zeros(np.flip(c)))
        return OPERATIONS[roots](of_degree(c, beyond))


def define_conversions(prefix: str, module: Any) -> None:
    """To the powers of x, and from them."""
    to, back = (getattr(module, x) for x in (prefix + "2poly", "poly2" + prefix))

    @derived(to)
    def to_powers(c: Any) -> Any:
        return OPERATIONS[to](as_series(c))

    @derived(back)
    def from_powers(pol: Any) -> Any:
        return OPERATIONS[back](as_series(pol))


def define_integral(prefix: str, module: Any) -> None:
    """Integrals one after the other."""

    @derived(getattr(module, prefix + "int"))
    def integral(
        c: Any, m: int = 1, k: Any = (), lbnd: Any = 0, scl: Any = 1, axis: int = 0
    ) -> Any:
        k = list(k) if np.ndim(stand_in(k)) else [k]
        # NumPy's own checks of the numbers of integrals and constants
        getattr(module, prefix + "int")(np.zeros(1), m, [0] * len(k))
        c = floating(np.atleast_1d(as_traced(c)))
        for constant in k + [0] * (m - len(k)):
            c = INTEGRAL[prefix](c, constant, lbnd, scl, axis)
        return c if m else np.copy(c)


def define_several(prefix: str, module: Any) -> None:
    """Values at points in two and three dimensions, and on grids of these."""
    val = function(prefix, "val")

    def at_points(c: Any, *points: Any) -> Any:
        first, *others = (as_traced(x) for x in points)
        if any(x.shape != first.shape for x in others):
            names = ", ".join("xyz"[: len(points)])
            raise ValueError(f"{names} are incompatible")
        c = val(first, c)
        for x in others:
            c = val(x, c, False)
        return c

    def on_grid(c: Any, *axes: Any) -> Any:
        for x in axes:
            c = val(as_traced(x), c)
        return c

    @derived(getattr(module, prefix + "val2d"))
    def val2d(x: Any, y: Any, c: Any) -> Any:
        return at_points(c, x, y)

    @derived(getattr(module, prefix + "val3d"))
    def val3d(x: Any, y: Any, z: Any, c: Any) -> Any:
        return at_points(c, x, y, z)

    @derived(getattr(module, prefix + "grid2d"))
    def grid2d(x: Any, y: Any, c: Any) -> Any:
        return on_grid(c, x, y)

    @derived(getattr(module, prefix + "grid3d"))
    def grid3d(x: Any, y: Any, z: Any, c: Any) -> Any:
        return on_grid(c, x, y, z)


for prefix, module in FAMILIES.items():
    define_sums(prefix, module)
    define_products(prefix, module)
    define_roots(prefix, module)
    define_integral(prefix, module)
    define_several(prefix, module)
    if prefix != "poly":
        define_conversions(prefix, module)
