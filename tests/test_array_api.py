"""The Python array API standard, 2023.12 and 2024.12, on `fgrad.numpy` as on NumPy.

The standard's functions with their parameters: names before the slash are positional
only, names after the star keyword only. Whatever NumPy itself lacks is allowed to be
missing; nothing else is.
"""

import inspect
from typing import Any

import numpy as np
import pytest

import fgrad.numpy
from fgrad import vjp
from fgrad._engine.box import Box
from fgrad._tree import flatten

UNARY = """
abs acos acosh asin asinh atan atanh bitwise_invert ceil conj cos cosh exp expm1 floor
imag isfinite isinf isnan log log1p log2 log10 logical_not negative positive real
reciprocal round sign signbit sin sinh square sqrt tan tanh trunc
"""
BINARY = """
add atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor
copysign divide equal floor_divide greater greater_equal hypot less less_equal logaddexp
logical_and logical_or logical_xor maximum minimum multiply nextafter not_equal pow
remainder subtract
"""
SIGNATURES = """
arange(start, /, stop, step, *, dtype, device)
asarray(obj, /, *, dtype, device, copy)
empty(shape, *, dtype, device)
empty_like(x, /, *, dtype, device)
eye(n_rows, n_cols, /, *, k, dtype, device)
from_dlpack(x, /, *, device, copy)
full(shape, fill_value, *, dtype, device)
full_like(x, /, fill_value, *, dtype, device)
linspace(start, stop, /, num, *, dtype, device, endpoint)
meshgrid(*arrays, indexing)
ones(shape, *, dtype, device)
ones_like(x, /, *, dtype, device)
tril(x, /, *, k)
triu(x, /, *, k)
zeros(shape, *, dtype, device)
zeros_like(x, /, *, dtype, device)
astype(x, dtype, /, *, copy, device)
broadcast_arrays(*arrays)
broadcast_to(x, /, shape)
can_cast(from_, to, /)
finfo(type, /)
iinfo(type, /)
isdtype(dtype, kind)
result_type(*arrays_and_dtypes)
clip(x, /, min, max)
take(x, indices, /, *, axis)
take_along_axis(x, indices, /, *, axis)
matmul(x1, x2, /)
matrix_transpose(x, /)
tensordot(x1, x2, /, *, axes)
vecdot(x1, x2, /, *, axis)
broadcast_shapes(*shapes)
concat(arrays, /, *, axis)
expand_dims(x, /, *, axis)
flip(x, /, *, axis)
moveaxis(x, source, destination, /)
permute_dims(x, /, axes)
repeat(x, repeats, /, *, axis)
reshape(x, /, shape, *, copy)
roll(x, /, shift, *, axis)
squeeze(x, /, axis)
stack(arrays, /, *, axis)
tile(x, repetitions, /)
unstack(x, /, *, axis)
argmax(x, /, *, axis, keepdims)
argmin(x, /, *, axis, keepdims)
count_nonzero(x, /, *, axis, keepdims)
nonzero(x, /)
searchsorted(x1, x2, /, *, side, sorter)
where(condition, x1, x2, /)
unique_all(x, /)
unique_counts(x, /)
unique_inverse(x, /)
unique_values(x, /)
argsort(x, /, *, axis, descending, stable)
sort(x, /, *, axis, descending, stable)
cumulative_prod(x, /, *, axis, dtype, include_initial)
cumulative_sum(x, /, *, axis, dtype, include_initial)
max(x, /, *, axis, keepdims)
mean(x, /, *, axis, keepdims)
min(x, /, *, axis, keepdims)
prod(x, /, *, axis, dtype, keepdims)
std(x, /, *, axis, correction, keepdims)
sum(x, /, *, axis, dtype, keepdims)
var(x, /, *, axis, correction, keepdims)
all(x, /, *, axis, keepdims)
any(x, /, *, axis, keepdims)
diff(x, /, *, axis, n, prepend, append)
linalg.cholesky(x, /, *, upper)
linalg.cross(x1, x2, /, *, axis)
linalg.det(x, /)
linalg.diagonal(x, /, *, offset)
linalg.eigh(x, /)
linalg.eigvalsh(x, /)
linalg.inv(x, /)
linalg.matmul(x1, x2, /)
linalg.matrix_norm(x, /, *, keepdims, ord)
linalg.matrix_power(x, n, /)
linalg.matrix_rank(x, /, *, rtol)
linalg.matrix_transpose(x, /)
linalg.outer(x1, x2, /)
linalg.pinv(x, /, *, rtol)
linalg.qr(x, /, *, mode)
linalg.slogdet(x, /)
linalg.solve(x1, x2, /)
linalg.svd(x, /, *, full_matrices)
linalg.svdvals(x, /)
linalg.tensordot(x1, x2, /, *, axes)
linalg.trace(x, /, *, offset, dtype)
linalg.vecdot(x1, x2, /, *, axis)
linalg.vector_norm(x, /, *, axis, keepdims, ord)
fft.fft(x, /, *, n, axis, norm)
fft.ifft(x, /, *, n, axis, norm)
fft.fftn(x, /, *, s, axes, norm)
fft.ifftn(x, /, *, s, axes, norm)
fft.rfft(x, /, *, n, axis, norm)
fft.irfft(x, /, *, n, axis, norm)
fft.rfftn(x, /, *, s, axes, norm)
fft.irfftn(x, /, *, s, axes, norm)
fft.hfft(x, /, *, n, axis, norm)
fft.ihfft(x, /, *, n, axis, norm)
fft.fftfreq(n, /, *, d, dtype, device)
fft.rfftfreq(n, /, *, d, dtype, device)
fft.fftshift(x, /, *, axes)
fft.ifftshift(x, /, *, axes)
"""
STANDARD: dict[str, str] = {
    **dict.fromkeys(UNARY.split(), "x, /"),
    **dict.fromkeys(BINARY.split(), "x1, x2, /"),
    **{
        line.partition("(")[0]: line.partition("(")[2].removesuffix(")")
        for line in SIGNATURES.strip().splitlines()
    },
}
CONSTANTS = "e inf nan newaxis pi"
DTYPES = """
bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64
complex128
"""
ATTRIBUTES = "dtype device mT ndim shape size T"
METHODS = """
__abs__ __add__ __and__ __array_namespace__ __bool__ __complex__ __dlpack__
__dlpack_device__ __eq__ __float__ __floordiv__ __ge__ __getitem__ __gt__ __index__
__int__ __invert__ __le__ __lshift__ __lt__ __matmul__ __mod__ __mul__ __ne__ __neg__
__or__ __pos__ __pow__ __rshift__ __setitem__ __sub__ __truediv__ __xor__ to_device
"""
NO_MEMORY = {"__dlpack__", "__dlpack_device__"}
"""What a traced value cannot have: its numbers are not all there is to it."""


def find(namespace: Any, name: str) -> Any:
    for part in name.split("."):
        namespace = getattr(namespace, part, None)
    return namespace


def accepts(fun: Any, signature: str) -> bool:
    """Whether a function can be called with the standard's parameters."""
    try:
        own = inspect.signature(fun)
    except ValueError:
        return True  # written in C: its calls are tested below
    before, _, after = signature.partition("/")
    before, after = (before, after) if "/" in signature else ("", signature)
    positional = [name for name in before.split(", ") if name]
    loose, _, keywords = after.partition("*, ")
    try:
        own.bind(
            *positional,
            **dict.fromkeys(n.strip() for n in loose.split(",") if n.strip(" *")),
            **dict.fromkeys(n.strip() for n in keywords.split(",") if n.strip()),
        )
    except TypeError:
        return "*" in signature and not keywords and not positional
    return True


@pytest.mark.parametrize("name", STANDARD)
def test_signatures(name: str) -> None:
    """What NumPy's function takes, ours takes; and ours is there if NumPy's is."""
    numpy, ours = find(np, name), find(fgrad.numpy, name)
    assert (numpy is None) == (ours is None)
    if numpy is not None:
        assert accepts(ours, STANDARD[name]) >= accepts(numpy, STANDARD[name])


@pytest.mark.parametrize("name", [*CONSTANTS.split(), *DTYPES.split()])
def test_constants(name: str) -> None:
    assert getattr(fgrad.numpy, name) is getattr(np, name)


def test_inspection() -> None:
    info = getattr(np, "__array_namespace_info__", None)
    if info is not None:
        ours = fgrad.numpy.__array_namespace_info__()
        assert ours.capabilities() == info().capabilities()
        assert ours.dtypes() == info().dtypes()


def test_array_object() -> None:
    """Every attribute, method and operator of the standard, reflected ones too."""
    operators = [m for m in METHODS.split() if hasattr(np.ndarray, f"__r{m[2:]}")]
    reflected = [f"__r{m[2:]}" for m in operators if m != "__divmod__"]
    for name in [*ATTRIBUTES.split(), *METHODS.split(), *reflected]:
        if name not in NO_MEMORY:
            assert hasattr(Box, name), name


def test_namespace_of_a_box() -> None:
    def fun(x: Any) -> Any:
        assert x.__array_namespace__() is fgrad.numpy
        assert x.__array_namespace__(api_version="2024.12") is fgrad.numpy
        assert x.device == "cpu"
        assert x.to_device("cpu") is x
        return x

    vjp(fun, 1.5)


X = np.array([[0.9, 0.3, 0.1], [0.3, 0.8, 0.2], [0.1, 0.2, 0.7]])
SPECIAL: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "acosh": ((X + 1,), {}),
    "arange": ((0.5, 2.0, 0.5), {}),
    "astype": ((X, np.float32), {"copy": True}),
    "broadcast_shapes": (((3, 1), (3,)), {}),
    "broadcast_to": ((X, (2, 3, 3)), {}),
    "can_cast": ((X.dtype, np.float32), {}),
    "clip": ((X, 0.2, 0.6), {}),
    "concat": (([X, X],), {"axis": None}),
    "cumulative_prod": ((X,), {"axis": 1, "include_initial": True}),
    "cumulative_sum": ((X,), {"axis": 1, "include_initial": True}),
    "diff": ((X,), {"axis": 0, "n": 1, "prepend": X, "append": X}),
    "expand_dims": ((X,), {"axis": 1}),
    "full": (((2, 2), 1.5), {}),
    "full_like": ((X, 1.5), {}),
    "isdtype": ((X.dtype, "real floating"), {}),
    "linspace": ((0.5, 1.5, 4), {"endpoint": False}),
    "meshgrid": ((X[0], X[1]), {"indexing": "ij"}),
    "moveaxis": ((X, 0, 1), {}),
    "permute_dims": ((X, (1, 0)), {}),
    "repeat": ((X, 2), {"axis": 1}),
    "reshape": ((X, (9,)), {}),
    "roll": ((X, 1), {"axis": 0}),
    "searchsorted": ((np.sort(X[0]), X[1]), {"side": "right"}),
    "squeeze": ((X[None],), {"axis": 0}),
    "stack": (([X, X],), {"axis": -1}),
    "take": ((X, np.array([0, 2])), {"axis": 1}),
    "take_along_axis": ((X, np.zeros((3, 3), int)), {"axis": 1}),
    "tile": ((X, (2, 1)), {}),
    "where": ((X > 0.5, X, X.T), {}),
    "linalg.cholesky": ((X,), {"upper": True}),
    "linalg.cross": ((X, X[::-1]), {"axis": 0}),
    "linalg.matrix_norm": ((X,), {"keepdims": True, "ord": "nuc"}),
    "linalg.matrix_power": ((X, 3), {}),
    "linalg.outer": ((X[0], X[1]), {}),
    "linalg.vector_norm": ((X,), {"axis": (0, 1), "keepdims": True, "ord": 3}),
}
NOT_OF_FLOATS = (
    "bitwise finfo iinfo from_dlpack empty eye ones zeros fftfreq rfftfreq result_type"
)


def calls() -> list[str]:
    skipped = tuple(NOT_OF_FLOATS.split())
    return [
        name
        for name in STANDARD
        if find(np, name) is not None
        and not name.startswith(skipped)
        and name.removeprefix("fft.") not in skipped
    ]


@pytest.mark.parametrize("name", calls())
def test_calls(name: str) -> None:
    """On traced arrays what NumPy's function gives on plain ones."""
    count = 2 if STANDARD[name].startswith("x1, x2") else 1
    args, kwargs = SPECIAL.get(name, ((X, X.T)[:count], {}))
    expected = flatten(find(np, name)(*args, **kwargs))[0]
    leaves, _ = flatten(args)
    moving = [leaf for leaf in leaves if getattr(leaf, "dtype", None) == np.float64]

    def fun(*boxes: Any) -> Any:
        given = iter(boxes)

        def traced(arg: Any) -> Any:
            if isinstance(arg, list):
                return [traced(item) for item in arg]
            return next(given) if any(arg is leaf for leaf in moving) else arg

        found = flatten(find(fgrad.numpy, name)(*map(traced, args), **kwargs))[0]
        return [part for part in found if isinstance(part, Box)] or found

    moving = [leaf for leaf in moving if isinstance(leaf, np.ndarray)]
    out, _ = vjp(fun, *moving)
    floats = [e for e in expected if getattr(e, "dtype", X.dtype).kind in "fc"]
    for ours, theirs in zip(out, floats or expected, strict=True):
        np.testing.assert_array_equal(ours, theirs, strict=np.ndim(theirs) > 0)
