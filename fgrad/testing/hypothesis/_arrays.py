"""Numbers and arrays at which derivatives can be checked: finite, and simple first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.extra import numpy as hnp

__all__ = ["Points", "array_shapes", "arrays", "numbers"]

SMALL = 64
"""So many entries are drawn one by one. More come from a generator with a drawn seed,
so that a large array does not use up what Hypothesis has for one example."""

NEAR = 2.0**-6
"""Points nearer to a kink than this part of their size are left out. The first stencil
goes 2**-9 of it to both sides."""

Points = float | Sequence[float] | None


@cache
def simple(low: float, high: float, away_from: tuple[float, ...]) -> tuple[float, ...]:
    """Numbers with two digits and a size between two bounds, the simplest first.

    Their logarithms are evenly spread, so that each power of ten is drawn as often.
    """
    if not 0 < low < high < np.inf:
        raise InvalidArgument(
            f"scale must be two sizes, such as (1e-3, 1e3), but it is {(low, high)}."
        )
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    # From text, so that 0.07 is that, and not 7 * 0.01.
    sizes = {float(f"{n}e{k - 1}") for n in range(10, 100) for k in powers}
    numbers = [s * x for x in sizes for s in (1.0, -1.0) if low <= x <= high]
    numbers += [] if 0.0 in away_from else [0.0]
    kept = [x for x in numbers if not any(_near(x, point) for point in away_from)]
    if not kept:
        raise InvalidArgument(
            f"no number of a size between {low} and {high} is away from {away_from}."
        )
    return tuple(sorted(kept, key=_complexity))


def _near(x: float, point: float) -> bool:
    return abs(x - point) <= NEAR * max(abs(x), abs(point))


def _complexity(x: float) -> tuple[Any, ...]:
    """Few digits, then a size near 1: 1, 2, 0.5, 3, 4, and so on."""
    size = abs(x)
    digits = len(f"{size:.1e}".replace(".0", "").partition("e")[0])
    whole = size == 0.5 or (0 < size < 10 and size == int(size))
    return digits, not whole, abs(np.log(size or 1e-9)), size < 1


def _table(scale: tuple[float, float], away_from: Points) -> tuple[float, ...]:
    points = () if away_from is None else np.atleast_1d(away_from).tolist()
    try:
        low, high = map(float, scale)
    except (TypeError, ValueError):
        raise InvalidArgument(
            f"scale must be two sizes, such as (1e-3, 1e3), but it is {scale!r}."
        ) from None
    return simple(low, high, tuple(points))


def numbers(
    dtype: Any = "float64",
    *,
    scale: tuple[float, float] = (1e-3, 1e3),
    away_from: Points = 0.0,
) -> st.SearchStrategy[Any]:
    """Single numbers at which derivatives can be checked.

    Parameters
    ----------
    dtype : data-type
        Of these numbers: real, complex or integer.
    scale : tuple of two floats
        The smallest and the largest size. All powers of ten between them are equally
        likely.
    away_from : float, sequence of float, or None
        Where the function has kinks or edges: no number is near to these. By default
        0, since `abs`, `sqrt`, `log` and `1 / x` have theirs there.

    Returns
    -------
    SearchStrategy
        It shrinks to 1.

    Raises
    ------
    hypothesis.errors.InvalidArgument
        If nothing is left to be drawn.

    Examples
    --------
    >>> from hypothesis import find
    >>> from fgrad.testing import hypothesis as fh
    >>> find(fh.numbers(), lambda x: x > 1)
    2.0
    """
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        low = 0 if dtype.kind == "u" else -9
        return st.integers(low, 9).map(
            int if dtype.char == np.dtype(int).char else dtype.type
        )
    table = _table(scale, away_from)
    if dtype.kind == "f":
        # Apart from each other, so that a sign that does not matter shrinks to plus.
        signs = [[x for x in table if x >= 0], [x for x in table if x < 0]]
        drawn = [st.sampled_from(_cast(part, dtype)) for part in signs if part]
        return st.one_of(drawn)
    if dtype.kind == "c":
        unit = [complex(re, im) for re in (1, -1, 0.5) for im in (0, 1, -0.5)]
        wide = st.builds(
            lambda x, z: x * z, st.sampled_from(table), st.sampled_from(unit)
        )
        return wide.map(complex if dtype.char == "D" else dtype.type)
    return hnp.from_dtype(dtype)


def _cast(table: Sequence[float], dtype: np.dtype[Any]) -> Sequence[Any]:
    if dtype.char == "d":
        return table
    with np.errstate(all="ignore"):
        found = [dtype.type(x) for x in table]
    return [x for x in found if np.isfinite(x)]


def array_shapes(
    *, min_dims: int = 1, max_dims: int = 2, min_side: int = 1, max_side: int = 3
) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes of small arrays.

    They are those of ``hypothesis.extra.numpy.array_shapes``, but small: a wrong
    derivative shows in two or three entries, and each of them is one to be read.

    Parameters
    ----------
    min_dims, max_dims : int
        How many axes.
    min_side, max_side : int
        Their lengths; 0 for arrays without entries.

    Returns
    -------
    SearchStrategy
        It shrinks to ``(1,)``.

    Examples
    --------
    >>> from hypothesis import find
    >>> from fgrad.testing import hypothesis as fh
    >>> find(fh.array_shapes(), lambda shape: len(shape) == 2)
    (1, 1)
    """
    return hnp.array_shapes(
        min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side
    )


def arrays(
    dtype: Any,
    shape: Any,
    *,
    elements: st.SearchStrategy[Any] | Mapping[str, Any] | None = None,
    fill: st.SearchStrategy[Any] | None = None,
    unique: bool = False,
    scale: tuple[float, float] = (1e-3, 1e3),
    away_from: Points = 0.0,
    xp: Any = None,
) -> st.SearchStrategy[Any]:
    """Arrays at which derivatives can be checked.

    They are like those of ``hypothesis.extra.numpy.arrays``, but their numbers are
    finite, of sizes that a program has, and with few digits; and each entry is drawn,
    so that they are not all equal.

    Parameters
    ----------
    dtype : data-type, or a strategy for it
        Of the array.
    shape : int, tuple of int, or a strategy for it
        Of the array; see `array_shapes`.
    elements, fill : strategy, or dict of options, optional
        As in ``hypothesis.extra.numpy.arrays``, in place of the numbers here.
    unique : bool
        Whether all entries are different, for functions with kinks at ties.
    scale, away_from
        As in `numbers`.
    xp : module, optional
        A namespace of the array API, whose arrays are to be drawn.

    Returns
    -------
    SearchStrategy
        It shrinks to a small array of ones.

    Raises
    ------
    hypothesis.errors.InvalidArgument
        If nothing is left to be drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import find
    >>> from fgrad.testing import hypothesis as fh
    >>> find(fh.arrays(float, 2), lambda x: x[0] > 1)
    array([2., 1.])
    """
    if xp is not None:
        plain = arrays(
            dtype,
            shape,
            elements=elements,
            fill=fill,
            unique=unique,
            scale=scale,
            away_from=away_from,
        )
        return plain.map(xp.asarray)
    if elements is not None or fill is not None:
        return hnp.arrays(dtype, shape, elements=elements, fill=fill, unique=unique)
    dtypes = dtype if isinstance(dtype, st.SearchStrategy) else st.just(np.dtype(dtype))
    shapes = shape if isinstance(shape, st.SearchStrategy) else st.just(shape)
    _table(scale, away_from)  # what is wrong is said at once

    def of(pair: tuple[Any, Any]) -> st.SearchStrategy[Any]:
        dtype, shape = np.dtype(pair[0]), pair[1]
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        numbers_of = numbers(dtype, scale=scale, away_from=away_from)
        if dtype.kind in "fc" and np.prod(shape, dtype=int) > SMALL and not unique:
            return _large(dtype, shape, _table(scale, away_from))
        return hnp.arrays(
            dtype, shape, elements=numbers_of, fill=st.nothing(), unique=unique
        )

    return st.tuples(dtypes, shapes).flatmap(of)


def _large(
    dtype: np.dtype[Any], shape: tuple[int, ...], table: tuple[float, ...]
) -> st.SearchStrategy[Any]:
    """Many numbers from one seed; the simplest seed is all ones."""

    def drawn(seed: int) -> Any:
        rng = np.random.default_rng(seed)
        if not seed:
            return np.full(shape, table[0], dtype)
        array = rng.choice(table, shape)
        if dtype.kind == "c":
            array = array * np.exp(2j * np.pi * rng.random(shape))
        return array.astype(dtype)

    return st.integers(0, 2**32).map(drawn)
