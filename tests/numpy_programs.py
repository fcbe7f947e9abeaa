"""Ordinary NumPy code: `test_namespace` runs it with either package as ``np``."""

import io
import operator
import pickle
from collections import deque, namedtuple
from functools import reduce

import numpy as np
import numpy.linalg as la
import numpy.typing as npt
from numpy import exceptions, ma, testing
from numpy.fft import fftfreq, rfft
from numpy.lib.recfunctions import append_fields, structured_to_unstructured
from numpy.lib.stride_tricks import sliding_window_view
from numpy.polynomial import Polynomial, polynomial as P, polyutils
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal


def program_reductions_of_ufuncs():
    table = np.arange(12.0).reshape(3, 4)
    return [
        np.add.reduce(table),
        np.add.reduce(table, axis=1, keepdims=True),
        np.multiply.reduce([2, 3, 4]),
        np.maximum.reduce(table, axis=(0, 1)),
        np.minimum.reduce(table, axis=None, initial=-1.0),
        np.logical_and.reduce(table > 2, axis=0),
        np.logical_or.reduce([False, True]),
        np.bitwise_xor.reduce([1, 2, 4, 1]),
        np.logaddexp.reduce(table, axis=1),
        np.add.reduce(table, where=table > 3, axis=1),
        reduce(np.maximum, [table, table[::-1], 5.0]),
    ]


def program_other_methods_of_ufuncs():
    counts = np.zeros(5)
    np.add.at(counts, [0, 1, 1, 4], 1.0)
    squares = np.arange(4)
    np.negative.at(squares, [1, 3])
    return [
        counts,
        squares,
        np.add.accumulate([1, 2, 3]),
        np.maximum.accumulate(np.array([[3, 1], [2, 5]]), axis=0),
        np.add.reduceat(np.arange(8), [0, 4, 1, 5]),
        np.subtract.outer([1, 2, 3], [10, 20]),
        np.multiply.outer(np.arange(3), np.ones((2, 2))),
        np.greater.outer([1, 2], [1.5, 0.5, 3.0]),
    ]


def program_attributes_of_ufuncs():
    table = {}
    for name in ("sin", "add", "divmod", "matmul", "equal", "frexp", "invert"):
        fun = getattr(np, name)
        assert isinstance(fun, np.ufunc)
        table[name] = (fun.nin, fun.nout, fun.nargs, fun.ntypes, fun.identity)
        table[name] += (fun.signature, fun.types[:3], fun.__name__)
    assert not isinstance(np.mean, np.ufunc)
    assert not isinstance(np.float64, np.ufunc)
    doubled = np.frompyfunc(lambda x: 2 * x, 1, 1)
    assert isinstance(doubled, np.ufunc)
    table["frompyfunc"] = doubled(np.array([1, 2])).tolist()
    table["resolved"] = [
        str(d) for d in np.add.resolve_dtypes((np.dtype("f4"), int, None))
    ]
    return table


def program_dispatch_by_operator():
    operations = {
        "+": np.add,
        "-": np.subtract,
        "*": np.multiply,
        "/": np.divide,
        "min": np.minimum,
        "and": np.logical_and,
    }
    x, y = np.array([3, 1]), np.array([2, 2])
    return {sign: operation(x, y) for sign, operation in operations.items()}


def program_out_and_where():
    out = np.full(4, -1.0)
    np.sqrt(
        np.array([4.0, -1.0, 9.0, -4.0]), out=out, where=np.array([1, 0, 1, 0], bool)
    )
    total = np.zeros(2)
    np.sum(np.ones((3, 2)), axis=0, out=total)
    buffer = np.empty((2, 2), dtype=complex)
    np.multiply([[1, 2], [3, 4]], 1j, out=buffer)
    quotient, rest = np.empty(3), np.empty(3)
    np.divmod([7.0, 8.0, 9.0], 4.0, out=(quotient, rest))
    return [out, total, buffer, quotient, rest, np.add(1, 2, dtype=np.float32)]


def program_types():
    found = [
        np.dtype("f8"),
        np.float32(1.5),
        np.int8(3),
        np.bool_(True),
        np.bytes_(b"ab"),
    ]
    found += [np.dtypes.Float64DType, np.dtypes.StringDType(), np.iinfo(np.int16).max]
    found += [
        np.finfo(np.float32).eps,
        np.result_type(np.int8, 3.0),
        np.can_cast("i4", "f8"),
    ]
    found += [
        np.issubdtype(np.int32, np.integer),
        np.isdtype(np.dtype("c8"), "complex floating"),
    ]
    found += [
        np.promote_types("i2", "u2"),
        np.common_type(np.ones(2, "f4")),
        np.typename("d"),
    ]
    found += [isinstance(np.pi, float), np.newaxis is None, np.__version__, np.True_]
    array: npt.NDArray[np.float64] = np.ones(2)
    return [str(thing) for thing in (*found, array)]


def program_masked_arrays():
    data = ma.masked_array([1.0, 2.0, np.nan, 4.0], mask=[0, 0, 1, 0])
    worse = np.ma.masked_invalid([1.0, np.inf, 3.0])
    wide = ma.masked_where(
        np.arange(6).reshape(2, 3) % 2 == 0, np.arange(6).reshape(2, 3)
    )
    return [
        data.mean(),
        data.filled(-1.0),
        worse.sum(),
        np.ma.getmaskarray(worse),
        wide.sum(axis=0).filled(0),
        ma.median(data),
        isinstance(data, np.ma.MaskedArray),
        data[2] is np.ma.masked,
        np.ma.count(wide, axis=1),
    ]


def program_strings():
    names = np.array(["ada", "grace", "alan"])
    return [
        np.strings.upper(names),
        np.strings.str_len(names),
        np.strings.startswith(names, "a"),
        np.char.capitalize(names),
        np.char.add(names, "!"),
        np.array2string(np.linspace(0, 1, 3), precision=2),
        np.format_float_positional(0.1234567, precision=3),
        np.binary_repr(10, width=6),
        np.base_repr(255, 16),
        repr(np.array([1.5, 2.5])),
        str(np.eye(2)),
    ]


def program_records():
    people = np.array(
        [("ada", 36), ("alan", 41)], dtype=[("name", "U8"), ("age", "i4")]
    )
    records = np.rec.array([(1, 2.5), (2, 3.5)], names="n, x")
    grown = append_fields(people, "height", [1.6, 1.8], usemask=False)
    return [
        people["age"].mean(),
        people[people["age"] > 40]["name"],
        np.sort(people, order="age")["name"],
        records.x,
        grown.dtype.names,
        structured_to_unstructured(grown[["age", "height"]]),
        isinstance(records, np.recarray),
    ]


def program_exceptions():
    found = []
    for error, call in [
        (np.exceptions.AxisError, lambda: np.sum(np.ones(3), axis=2)),
        (la.LinAlgError, lambda: la.inv(np.zeros((2, 2)))),
        (np.linalg.LinAlgError, lambda: la.cholesky(-np.eye(2))),
        (ValueError, lambda: np.ones(2) + np.ones(3)),
        (TypeError, lambda: np.vstack({1, 2})),
        (TypeError, lambda: np.concatenate(3)),
        (ValueError, lambda: np.concatenate([])),
        (ValueError, lambda: np.sin.reduce([1.0])),
        (AttributeError, lambda: np.not_there),
        (
            exceptions.DTypePromotionError,
            lambda: np.array([1]) + np.array(["a"]).view("M8[s]"),
        ),
    ]:
        try:
            call()
        except error as raised:
            found.append((error.__name__, str(raised).replace("fgrad.", "")))
        except Exception as raised:  # noqa: BLE001 (compared with the other's)
            found.append((type(raised).__name__, str(raised)))
        else:
            found.append("nothing")
    return found


def program_assertions():
    assert_allclose(np.sin(np.pi / 6), 0.5)
    assert_array_equal(np.sort([3, 1, 2]), [1, 2, 3])
    testing.assert_equal({"a": np.ones(2)}, {"a": np.ones(2)})
    np.testing.assert_almost_equal(np.exp(1), np.e)
    messages = []
    for call in (np.testing.assert_allclose, np.testing.assert_array_less):
        with np.testing.assert_raises(AssertionError):
            call(np.array([2.0]), np.array([1.0]))
        messages.append(call.__name__)
    with np.errstate(divide="raise"), testing.assert_raises(FloatingPointError):
        np.divide(1.0, 0.0)
    return messages


def program_linear_algebra():
    a = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
    b = np.array([1.0, 2.0, 3.0])
    q, r = la.qr(a)
    u, s, vh = la.svd(a)
    sign, logdet = np.linalg.slogdet(a)
    decomposition = la.eigh(a)
    return [
        la.solve(a, b),
        la.norm(a, "fro"),
        q @ r - a < 1e-12,
        (u * s) @ vh,
        sign * np.exp(logdet),
        decomposition.eigenvalues,
        la.lstsq(a, b, rcond=None)[0],
        la.matrix_rank(a),
        la.multi_dot([a, a, b]),
        np.einsum("ij,jk->ik", a, a),
        np.kron(np.eye(2), [[1, 2]]),
        np.tensordot(a, a, axes=([0], [1])),
        np.linalg.cond(a) > 1,
        np.trace(a),
        np.vdot([1j, 2], [3, 4j]),
    ]


def program_joining():
    Point = namedtuple("Point", "x y")
    p = Point(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    parts = deque([p.x, p.y])
    return [
        np.stack(p),
        np.stack(parts, axis=1),
        np.concatenate(p),
        np.concatenate(parts),
        np.array(p),
        np.array(parts),
        np.hstack(p),
        np.vstack(parts),
        np.dstack(list(parts)),
        np.column_stack(p),
        np.block([[np.eye(2), np.zeros((2, 1))], [np.ones((1, 3))]]),
        np.array({"a": 1.0, "b": 2.0}.keys() | set(), dtype=object).shape,
        np.stack([*{"a": p.x, "b": p.y}.values()]),
        np.r_[1:4, 0, [7, 8]],
        np.c_[p.x, p.y],
        np.array_split(np.arange(7), 3),
        np.append(p.x, 5),
        np.mean(p),
        np.add(p, 1),
    ]


def program_indexing():
    a = np.arange(24).reshape(2, 3, 4)
    a[0, 1] = -1
    a[a > 20] = 0
    b = np.zeros((3, 3))
    b[np.diag_indices(3)] = 1
    np.fill_diagonal(b[:, ::-1], 2)
    np.put(b, [1], 9)
    c = np.arange(5)
    np.copyto(c, [9, 8, 7, 6, 5], where=c > 2)
    np.putmask(c, c == 0, 100)
    return [
        a,
        a[..., np.newaxis].shape,
        a[np.ix_([0, 1], [2], [1, 3])],
        b,
        c,
        np.argwhere(b > 0),
        np.take_along_axis(a, np.argsort(a, axis=-1), axis=-1),
        np.unravel_index(7, (2, 4)),
        np.where(c > 6, c, -c),
        list(np.ndindex(2, 2)),
        list(np.ndenumerate(c)),
        sliding_window_view(np.arange(5), 3),
        np.s_[1:3, ...],
        np.select([c < 7, c > 50], [c, c * 2], 0),
    ]


def program_random_numbers():
    rng = default_rng(7)
    old = np.random.RandomState(3)
    np.random.seed(1)
    child = np.random.Generator(np.random.PCG64(5))
    state = pickle.loads(pickle.dumps(rng)).normal()
    return [
        rng.normal(size=3),
        rng.integers(0, 10, 4),
        rng.choice([1.0, 2.0, 3.0], 2, replace=False),
        rng.permutation(5),
        old.standard_gamma(2.0, 2),
        old.randint(0, 5, 3),
        np.random.rand(2),
        np.random.normal(1.0, 2.0, 2),
        child.random(),
        isinstance(rng, np.random.Generator),
        isinstance(np.random.PCG64(1), np.random.bit_generator.BitGenerator),
        state,
    ]


def program_polynomials():
    p, q = Polynomial([1.0, 2.0, 3.0]), Polynomial([0.0, 1.0])
    t = np.polynomial.Chebyshev.fit(
        np.linspace(-1, 1, 9), np.linspace(-1, 1, 9) ** 2, 4
    )
    return [
        (p * q + 1).coef,
        p(2.0),
        p.deriv().coef,
        p.integ(lbnd=0).coef,
        (p // q).coef,
        q.roots(),
        t.convert(kind=Polynomial).coef.round(10),
        P.polyval(2.0, [1, 2, 3]),
        np.polyfit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1).round(10),
        np.poly1d([1, 0, -1]).roots,
        polyutils.mapdomain([0.0, 1.0], [0, 1], [-1, 1]),
        polyutils.trimcoef([1.0, 0.0, 0.0]),
        str(p),
        isinstance(p, np.polynomial.Polynomial),
    ]


def program_signals():
    t = np.linspace(0, 1, 16, endpoint=False)
    wave = np.sin(2 * np.pi * 3 * t) + 0.5 * np.cos(2 * np.pi * 5 * t)
    spectrum = rfft(wave)
    return [
        np.abs(spectrum).argmax(),
        np.fft.irfft(spectrum).round(12) + 0.0,
        fftfreq(8, d=0.1),
        np.fft.fftshift(np.arange(4)),
        np.convolve(wave, np.hanning(5), mode="same"),
        np.correlate([1, 2, 3], [0, 1, 0.5]),
        np.unwrap(np.array([0, 3, 6.5, 0.2])),
        np.interp([0.5, 1.5], [0, 1, 2], [0, 10, 40]),
        np.gradient(np.array([1.0, 4.0, 9.0])),
        np.emath.sqrt(-1),
        np.lib.scimath.log(-1.0),
    ]


def program_statistics():
    x = np.array([[1.0, 4.0, 2.0], [8.0, np.nan, 3.0]])
    return [
        np.nanmean(x, axis=0),
        np.nanpercentile(x, [25, 50]),
        np.median(x[0]),
        np.cov(x[:, [0, 2]]),
        np.corrcoef(x[0], x[0][::-1]),
        np.histogram([1, 2, 2, 3], bins=3),
        np.bincount([0, 1, 1, 3], minlength=6),
        np.digitize([0.5, 2.5], [0, 1, 2]),
        np.average([1, 2, 3], weights=[3, 1, 0]),
        np.quantile(x[0], 0.3, method="lower"),
        np.unique([3, 1, 3, 2], return_counts=True),
        np.ptp(x[0]),
        np.var(x[0], ddof=1),
        np.cumsum([1, 2, 3]),
        np.diff([1, 4, 9], n=2),
        np.array_equal(x, x, equal_nan=True),
    ]


def program_higher_order():
    def mid(row):
        return row[row.size // 2]

    @np.vectorize
    def step(a, b):
        return a if a > b else b - 1

    table = np.arange(6.0).reshape(2, 3)
    return [
        np.apply_along_axis(mid, 1, table),
        np.apply_over_axes(np.sum, table, [0, 1]),
        step(table, 2.0),
        np.fromfunction(lambda i, j: i + j, (2, 2)),
        np.piecewise(table, [table < 2, table >= 2], [-1, lambda v: v**2]),
        np.fromiter((i * i for i in range(4)), float),
        max([np.sin, np.cos, np.exp], key=operator.attrgetter("__name__"))(0.0),
        [fun(4.0) for fun in (np.sqrt, np.log2, np.square)],
        [*map(np.add, [1, 2], [3, 4])],
    ]


def program_files():
    file = io.BytesIO()
    np.save(file, np.arange(3))
    file.seek(0)
    text = io.StringIO()
    np.savetxt(text, np.eye(2), fmt="%.1f")
    text.seek(0)
    archive = io.BytesIO()
    np.savez(archive, a=np.ones(2), b=np.zeros(1))
    archive.seek(0)
    with np.load(archive) as arrays:
        named = {name: arrays[name] for name in arrays.files}
    header = io.BytesIO()
    np.lib.format.write_array(header, np.ones(2))
    return [
        np.load(file),
        np.loadtxt(text),
        named,
        np.frombuffer(b"\x01\x02", dtype=np.uint8),
        np.genfromtxt(io.StringIO("1,2\n3,"), delimiter=","),
        header.getvalue()[:6],
    ]


def program_pickles():
    kept = (np.sin, np.sum, np.linalg.norm, np.add.reduce, np.fft.fft, np.float64(2.0))
    back = pickle.loads(pickle.dumps(kept))
    assert back[:-1] == kept[:-1]
    return [fun([3.0, 4.0]) for fun in back[:-1]]


def program_duck_arrays():
    class Metres(np.ndarray):
        def __array_finalize__(self, other):
            self.unit = getattr(other, "unit", "m")

    class Logged(np.lib.mixins.NDArrayOperatorsMixin):
        def __init__(self, value):
            self.value, self.calls = np.asarray(value), []

        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            plain = [getattr(x, "value", x) for x in inputs]
            self.calls.append((ufunc.__name__, method))
            return getattr(ufunc, method)(*plain, **kwargs)

        def __array_function__(self, func, types, args, kwargs):
            self.calls.append(func.__name__)
            return func(*(getattr(x, "value", x) for x in args), **kwargs)

    length = np.array([1.0, 2.0]).view(Metres)
    logged = Logged([1.0, 2.0])
    results = [
        logged + 1,
        np.exp(logged),
        np.sum(logged),
        np.multiply.outer(logged, [1, 2]),
    ]
    return [(2 * length).unit, np.asarray(length + 1), results, logged.calls]


def program_settings():
    with np.printoptions(precision=2, suppress=True):
        short = str(np.array([1 / 3, 1e-9]))
    with np.errstate(all="ignore"):
        ratio = np.array([1.0]) / 0
    kept = np.geterr()
    kept = np.seterr(**kept)
    return [short, ratio, kept, np.isscalar(3.0), np.iterable([1]), np.ndim([[1]])]
