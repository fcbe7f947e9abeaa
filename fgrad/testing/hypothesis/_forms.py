"""What arguments NumPy's functions take: a few forms, and which functions have them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fgrad.testing._leaves import fixed
from fgrad.testing.hypothesis._arrays import arrays

__all__ = ["FORMS", "Form", "dtypes_of", "shapes"]

Drawn = tuple[tuple[Any, ...], dict[str, Any]]
Form = Callable[[st.DrawFn, Callable[..., Any]], Drawn]
"""It draws the arguments of a function."""

REAL = (np.dtype(float), np.dtype(np.float32))
ANY = (*REAL, np.dtype(complex), np.dtype(np.complex64))


def shapes(least: int = 0, most: int = 3, side: int = 0) -> st.SearchStrategy[Any]:
    """Small shapes, with axes of length 0 and 1 among them."""
    return hnp.array_shapes(min_dims=least, max_dims=most, min_side=side, max_side=3)


def dtypes_of(fun: Callable[..., Any]) -> tuple[np.dtype[Any], ...]:
    """Real dtypes, and complex ones if a function takes these."""
    if isinstance(fun, np.ufunc):
        complex_too = any("D" in kind.partition("->")[0] for kind in fun.types)
    else:
        complex_too = fun not in ORDERED
    return ANY if complex_too else REAL


ORDERED = {
    *(np.max, np.min, np.amax, np.amin, np.nanmax, np.nanmin, np.ptp, np.sort),
    *(np.median, np.nanmedian, np.interp, np.percentile, np.quantile, np.cbrt),
    *(np.partition, np.clip, np.copysign, np.i0, np.fft.rfft, np.fft.ihfft, np.rad2deg),
}
"""Functions of real numbers only, or whose derivative ends where two are equal."""


def _numbers(draw: st.DrawFn, fun: Any, shape: Any, **options: Any) -> Any:
    """An array of different numbers; where a function has a domain, in it."""
    dtype = draw(st.sampled_from(dtypes_of(fun)))
    scale = DOMAINS.get(fun, (0.1, 10.0))
    a = draw(arrays(dtype, shape, scale=scale, unique=True, **options))
    if dtype.kind == "c":
        return a * dtype.type(TURN)
    return abs(a) if fun in POSITIVE else a


TURN = 0.8 + 0.6j
"""Complex functions jump along the axes of the plane, so no number is there."""


DOMAINS = {
    **dict.fromkeys((np.arccos, np.arcsin, np.arctanh), (0.1, 0.9)),
    **dict.fromkeys((np.arccosh,), (1.1, 90.0)),
    **dict.fromkeys((np.exp, np.expm1, np.sinh, np.cosh, np.exp2), (0.1, 9.0)),
    **dict.fromkeys((np.prod, np.cumprod, np.tan, np.cos, np.sin, np.i0), (0.1, 3.0)),
}
"""Sizes of arguments, where functions do not take any; `prod` would overflow."""

POSITIVE = {
    *(np.log, np.log2, np.log10, np.log1p, np.sqrt, np.power, np.float_power),
    np.arccosh,
}


def _axis(
    draw: st.DrawFn, ndim: int, *, none: bool = True, several: bool = True
) -> Any:
    """An axis, several, or none."""
    found: list[st.SearchStrategy[Any]] = [st.none()] if none else []
    if ndim:
        found.append(st.integers(0, ndim - 1))
        found.append(st.integers(-ndim, -1))
        if several:
            found.append(hnp.valid_tuple_axes(ndim, min_size=1))
    return draw(st.one_of(found))


def _options(draw: st.DrawFn, **options: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Some of these options; the others keep their defaults."""
    return draw(st.fixed_dictionaries({}, optional=options))


# The forms ----------------------------------------------------------------------------


def entrywise(draw: st.DrawFn, fun: Any) -> Drawn:
    """Arrays that broadcast, of one dtype or of several."""
    count = fun.nin if isinstance(fun, np.ufunc) else 1
    drawn = hnp.mutually_broadcastable_shapes(
        num_shapes=count, min_side=0, max_side=3, max_dims=2
    )
    found = [_numbers(draw, fun, shape) for shape in draw(drawn).input_shapes]
    return tuple(found), {}


def reduction(draw: st.DrawFn, fun: Any, *, mask: bool = True) -> Drawn:
    """Axes, ``keepdims`` and ``where``."""
    least = 1 if fun in ORDERED or fun in {np.mean, np.var, np.std, np.nanmean} else 0
    a = _numbers(draw, fun, draw(shapes(side=least)))
    axis = _axis(draw, a.ndim)
    options = {} if axis is None else {"axis": axis}
    masks: dict[str, Any] = {}
    if mask and fun not in ORDERED and fun not in {np.std, np.nanstd}:
        masks["where"] = hnp.arrays(bool, a.shape)
    options |= _options(draw, keepdims=st.just(True), **masks)
    return (a,), options


def along(draw: st.DrawFn, fun: Any, *, after: Any = None, **options: Any) -> Drawn:
    """One axis, and perhaps another argument after the array."""
    none = fun in {np.cumsum, np.cumprod, np.flip, np.roll, np.repeat}
    a = _numbers(draw, fun, draw(shapes(least=1, side=1)))
    axis = _axis(draw, a.ndim, none=none, several=False)
    chosen = {} if axis is None else {"axis": axis}
    args = (a,) if after is None else (a, draw(after))
    return args, chosen | _options(draw, **options)


def whole(draw: st.DrawFn, fun: Any, *, least: int = 0, **options: Any) -> Drawn:
    """An array of any shape."""
    a = _numbers(draw, fun, draw(shapes(least=least, side=int(least > 1))))
    return (a,), _options(draw, **options)


def permuted(draw: st.DrawFn, fun: Any) -> Drawn:
    """An order of the axes."""
    a = _numbers(draw, fun, draw(shapes()))
    return (a,), _options(draw, axes=st.permutations(range(a.ndim)).map(tuple))


def reshaped(draw: st.DrawFn, fun: Any) -> Drawn:
    """Another shape of the same size."""
    a = _numbers(draw, fun, draw(shapes(side=1)))
    shape = draw(st.permutations(a.shape).map(tuple) | st.just(-1) | st.just((1, -1)))
    return (a, shape), _options(draw, order=st.just("F"))


def two_axes(draw: st.DrawFn, fun: Any) -> Drawn:
    a = _numbers(draw, fun, draw(shapes(least=1)))
    axis = st.integers(-a.ndim, a.ndim - 1)
    return (a, draw(axis), draw(axis)), {}


def product(draw: st.DrawFn, fun: Any) -> Drawn:
    """Two arrays, of which as many axes meet as the gufunc of products says."""
    ufunc = fun if isinstance(fun, np.ufunc) else np.matmul
    signature = "(n?,k),(k,m?)->(n?,m?)" if ufunc is np.matmul else ufunc.signature
    drawn = hnp.mutually_broadcastable_shapes(
        signature=signature or "", max_side=3, max_dims=1
    )
    found = [_numbers(draw, fun, shape) for shape in draw(drawn).input_shapes]
    return tuple(found), {}


def vectors(draw: st.DrawFn, fun: Any) -> Drawn:
    """Two arrays with the same last axis, each with axes of its own before it."""
    last = draw(st.integers(1, 3))
    free = shapes(most=1, side=1)
    return tuple(_numbers(draw, fun, (*draw(free), last)) for _ in range(2)), {}


def free_vectors(draw: st.DrawFn, fun: Any) -> Drawn:
    """Two arrays of any shape."""
    return tuple(_numbers(draw, fun, draw(shapes(1, 2, side=1))) for _ in range(2)), {}


def in_space(draw: st.DrawFn, fun: Any) -> Drawn:
    drawn = hnp.mutually_broadcastable_shapes(num_shapes=2, max_side=2, max_dims=1)
    found = [_numbers(draw, fun, (*s, 3)) for s in draw(drawn).input_shapes]
    return tuple(found), {}


def joined(draw: st.DrawFn, fun: Any) -> Drawn:
    """Several arrays of one shape."""
    shape = draw(shapes(least=1, most=2))
    count = draw(st.integers(1, 3))
    parts = [_numbers(draw, fun, shape) for _ in range(count)]
    has_axis = fun in {np.concatenate, np.stack}
    axis = {"axis": st.integers(-len(shape), len(shape) - 1)} if has_axis else {}
    return (parts,), _options(draw, **axis)


def regular(draw: st.DrawFn, fun: Any, *, wide: bool = False) -> Drawn:
    """A stack of well-conditioned matrices: small numbers, and a large diagonal."""
    lead = draw(shapes(most=1))
    n = draw(st.integers(1, 3))
    m = n + draw(st.integers(0, 1)) if wide else n
    return (_matrix(draw, (*lead, n, m)),), {}


def _matrix(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    small = draw(arrays(draw(st.sampled_from(ANY)), shape, scale=(0.01, 0.3)))
    lengths = 1 + np.arange(shape[-1])
    return (small + lengths * np.eye(shape[-2], shape[-1])).astype(small.dtype)


def definite(draw: st.DrawFn, fun: Any) -> Drawn:
    """A stack of positive definite matrices."""
    ((a,), _) = regular(draw, fun)
    return (a @ np.conjugate(np.swapaxes(a, -1, -2)),), {}


def system(draw: st.DrawFn, fun: Any) -> Drawn:
    """A matrix, and a right-hand side of a column or several."""
    ((a,), _) = regular(draw, fun)
    n = a.shape[-1]
    columns = draw(st.just((n,)) | st.tuples(st.just(n), st.integers(1, 2)))
    shape = (*a.shape[:-2], *columns) if len(columns) > 1 else columns
    return (a, _numbers(draw, fun, shape)), {}


def normed(draw: st.DrawFn, fun: Any) -> Drawn:
    a = _numbers(draw, fun, draw(shapes(least=1, most=2, side=1)))
    orders = [None, 1, 2, 3, fixed(np.inf), fixed(-np.inf)]
    axis = _axis(draw, a.ndim, several=False)
    options = {"keepdims": st.just(True)}
    if axis is None:
        return (a,), _options(draw, **options)
    return (a, draw(st.sampled_from(orders)), axis), _options(draw, **options)


COUNT = st.integers(-3, 3)
NORM = st.sampled_from(["ortho", "forward"])
LENGTH = st.integers(1, 4)

TABLE: dict[Form, tuple[Any, ...]] = {
    entrywise: (
        np.add, np.subtract, np.multiply, np.divide, np.power, np.float_power,
        np.hypot, np.logaddexp, np.logaddexp2, np.arctan2, np.maximum, np.minimum,
        np.fmax, np.fmin, np.copysign, np.negative, np.positive, np.absolute, np.fabs,
        np.square, np.sqrt, np.cbrt, np.reciprocal, np.exp, np.exp2, np.expm1, np.log,
        np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan, np.arcsin, np.arccos,
        np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh, np.arctanh,
        np.deg2rad, np.rad2deg, np.conjugate, np.sinc, np.real, np.imag, np.angle,
    ),
    reduction: (
        np.sum, np.mean, np.var, np.std, np.prod, np.max, np.min, np.nansum,
        np.nanmean, np.nanvar, np.nanstd, np.nanprod, np.nanmax, np.nanmin,
    ),
    partial(reduction, mask=False): (np.ptp, np.median, np.nanmedian),
    along: (np.cumsum, np.cumprod, np.flip, np.sort, np.nancumsum, np.nancumprod),
    partial(along, after=COUNT): (np.roll,),
    partial(along, after=st.integers(1, 3)): (np.repeat,),
    partial(along, n=st.integers(0, 2)): (np.diff,),
    partial(along, n=LENGTH, norm=NORM): (
        np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft,
    ),
    permuted: (np.transpose,),
    reshaped: (np.reshape,),
    two_axes: (np.swapaxes, np.moveaxis),
    whole: (np.ravel, np.squeeze, np.atleast_1d, np.atleast_2d, np.copy),
    partial(whole, least=2, k=COUNT): (np.triu, np.tril),
    partial(whole, least=2): (np.fliplr, np.flipud),
    product: (np.matmul, np.vecdot),
    vectors: (np.inner,),
    free_vectors: (np.outer, np.kron),
    in_space: (np.cross,),
    joined: (np.concatenate, np.stack, np.hstack, np.vstack, np.dstack),
    regular: (np.linalg.inv, np.linalg.det, np.linalg.slogdet),
    partial(regular, wide=True): (np.linalg.pinv,),
    definite: (np.linalg.cholesky, np.linalg.eigvalsh),
    system: (np.linalg.solve,),
    normed: (np.linalg.norm,),
}  # fmt: skip

FORMS: dict[Callable[..., Any], Form] = {
    fun: form for form, functions in TABLE.items() for fun in functions
}
