"""Where derivatives are not unique: the table, its cases, and which rules have none.

Each row of the table in ``docs/how_it_works.md`` is a `Row` here, in the same words. A
case is a program with one number as its result, a point, and what the derivatives have
to be there, in all modes. `SMOOTH` are the other rules: smooth where they are defined.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["ROWS", "SMOOTH", "Case", "Row"]

INF, NAN = np.inf, np.nan
WEIGHTS = np.array([1.0, 2.0, 4.0, 8.0])


class Case(NamedTuple):
    """A program at a point, and its derivatives there.

    In place of a number that is not finite, whatever it is, there is nan. Derivatives
    that are no array are the same for all entries; those that are ``None`` may be
    anything (other tests know more of them).
    """

    rules: str
    """The functions whose convention it is, without ``np.``"""
    fun: Callable[[Any], Any]
    point: Any
    first: Any
    second: Any = 0.0


class Row(NamedTuple):
    """A row of the table."""

    point: str
    value: str
    cases: tuple[Case, ...]


def w(y: Any) -> Any:
    """A number that depends on all entries, on each in another way."""
    return np.sum(WEIGHTS[: y.size].reshape(y.shape) * y)


def of(name: str, *rest: Any, **options: Any) -> Callable[[Any], Any]:
    """A NumPy function with some arguments."""
    fun: Any = np
    for part in name.split("."):
        fun = getattr(fun, part)
    return lambda x: w(fun(x, *rest, **options))


def pair(name: str) -> Callable[[Any], Any]:
    """A function of two numbers, as one of a vector."""
    fun = getattr(np, name)
    return lambda x: fun(x[0], x[1])


def turned(fun: Any) -> Callable[[Any], Any]:
    """A function of a complex number, as one of its parts."""
    return lambda x: fun(x[0] + 1j * x[1])


def of_all(name: str, **options: Any) -> Callable[[Any], Any]:
    """The sum of a function of `np.linalg`."""
    fun = getattr(np.linalg, name.removeprefix("linalg."))
    return lambda x: np.sum(fun(x, **options))


def squares(a: Any) -> Any:
    """The sum of the squares of the eigenvalues."""
    return np.sum(np.linalg.eigh(a)[0] ** 2)


def rebuilt(a: Any) -> Any:
    """The matrix from its eigenvalues and vectors."""
    values, vectors = np.linalg.eigh(a)
    return w((vectors * values) @ vectors.T)


TWO = np.zeros((2, 2))
EYE = np.eye(2)
ONES = np.ones(3)
MASKED = [[NAN, NAN, 0], [NAN, NAN, 0], [0, 0, 0]]
HALVES = [[0.5, -0.5], [-0.5, 0.5]]
TRIANGLE = [[NAN, 0], [NAN, NAN]]
SWAP = [[0, 1], [1, 0]]
RUNNING = getattr(np, "cumulative_prod", np.cumprod)  # from NumPy 2.1
TURN = np.outer([0, 1, -1, 0], [0, 1, -1, 0])

# fmt: off
SIGNS = Row(
    "`abs`, `fabs`, `sign`, `copysign`, `angle` at 0, `arctan2(0, 0)`",
    "0, in all orders",
    (
        Case("absolute", np.abs, 0.0, 0),
        Case("fabs", np.fabs, -0.0, 0),
        Case("signs", np.sign, 0.0, 0),
        Case("direction", turned(lambda z: np.sign(z).real), [0.0, 0.0], 0),
        Case("copysign", pair("copysign"), [0.0, -0.0], 0),
        Case("copysign", pair("copysign"), [2.0, 0.0], [1, 0]),
        Case("angle", turned(np.angle), [0.0, 0.0], 0),
        Case("arctan2 inverted", pair("arctan2"), [0.0, 0.0], 0),
    ),
)

LENGTHS = Row(
    "`norm`, `hypot`, `std`, `nanstd` at 0, and `abs` of complex numbers",
    "0; the second derivative is nan, with a warning",
    (
        Case("absolute unit", turned(np.abs), [0.0, 0.0], 0, NAN),
        Case("hypot cosine", pair("hypot"), [0.0, 0.0], 0, NAN),
        Case("accumulate", lambda x: np.hypot.accumulate(x)[-1], [0.0, 0.0], 0, NAN),
        Case("linalg.norm heading", np.linalg.norm, [0.0, 0.0], 0, NAN),
        Case("linalg.norm over_length", of("linalg.norm", 3), [0.0, 0.0], 0, NAN),
        Case("std", np.std, [2.0, 2.0], 0, NAN),
        Case("nanstd", np.nanstd, [2.0, 2.0, NAN], 0, MASKED),
    ),
)

NORMS = Row(
    "other norms at zero entries and zero singular values",
    "0",
    (
        Case("linalg.norm", of("linalg.norm", 1), [0.0, 2.0], [0, 1]),
        Case("linalg.norm", of("linalg.norm", INF), [0.0, 0.0], 0),
        Case("linalg.norm", of("linalg.norm", -INF), [0.0, 2.0], 0),
        Case("linalg.norm", of("linalg.norm", 3), [0.0, 2.0], [0, 1]),
        Case("linalg.norm", of("linalg.norm", 0.5), [0.0, 2.0], [0, 1]),
        Case("linalg.norm", of("linalg.norm", 0), [0.0, 2.0], 0),
        Case("linalg.norm", of("linalg.norm", 1), [[0.0, 1.0], [0, 2]], [[0, 1]] * 2),
        Case("linalg.norm", of("linalg.norm", "nuc"), np.diag([3.0, 0]),
             np.diag([1, 0]), np.diag([0, 1 / 3, 1 / 3, 0])),
    ),
)

SQUARES = Row(
    "`norm(x)**2` and higher powers of those, at 0, in all orders",
    "the exact value",
    (
        Case("linalg.norm", lambda x: np.linalg.norm(x) ** 2, [0.0, 0.0], 0, 2 * EYE),
        Case("linalg.norm", lambda x: np.linalg.norm(x) ** 3, [0.0, 0.0], 0, 0),
        Case("hypot", lambda x: np.hypot(x[0], x[1]) ** 2, [0.0, 0.0], 0, 2 * EYE),
        Case("absolute", turned(lambda z: np.abs(z) ** 2), [0.0, 0.0], 0, 2 * EYE),
        Case("absolute", lambda x: np.abs(x) ** 2, 0.0, 0, 2),
        Case("std", lambda x: np.std(x) ** 2, [2.0, 2.0], 0, HALVES),
    ),
)

UNKNOWN = Row(
    "`sqrt(x)**2`, `exp(log(x))` and other 0 · inf at 0",
    "nan, with a warning",
    (
        Case("sqrt", lambda x: np.sqrt(x) ** 2, 0.0, NAN, NAN),
        Case("log exp", lambda x: np.exp(np.log(x)), 0.0, NAN, NAN),
        Case("cbrt", lambda x: np.cbrt(x) ** 3, 0.0, NAN, NAN),
        Case("signs", lambda x: np.sign(x) * np.sqrt(np.abs(x)) ** 2, 0.0, NAN, NAN),
        Case("linalg.norm", lambda x: np.linalg.norm(np.cbrt(x), 1) ** 3, [0.0], NAN,
             NAN),
    ),
)

TIES = Row(
    "`max`, `min`, `maximum`, `minimum`, `ptp`, sorting and quantiles, on ties",
    "equal shares",
    (
        *(
            Case(name, pair(name), [1.0, 1.0], 0.5)
            for name in ("maximum", "minimum", "fmax", "fmin")
        ),
        *(
            Case(name, of(name), [2.0, 2.0, 2.0], 1 / 3)
            for name in ("max", "min", "amax", "amin", "nanmax", "nanmin", "median",
                         "nanmedian")
        ),
        *(
            Case(name, of(name, q, method="higher"), [2.0, 2.0, 2.0], 1 / 3)
            for name, q in (("quantile", 0.3), ("percentile", 30),
                            ("nanquantile", 0.3), ("nanpercentile", 30))
        ),
        Case("quantile", of("quantile", 0.5, method="inverted_cdf", weights=ONES),
             [2.0, 2.0, 2.0], 1 / 3),
        Case("ptp", np.ptp, [2.0, 2.0, 2.0], 0),
        Case("ptp", np.ptp, [2.0, 2.0, 1.0], [0.5, 0.5, -1]),
        Case("sort into_sorted from_sorted", of("sort"), [2.0, 1.0, 2.0], [3, 1, 3]),
        Case("partition", of("partition", 1), [2.0, 1.0, 2.0], [3, 1, 3]),
        Case("sort_complex", lambda x: w(np.sort_complex(x).real), [2.0, 1.0, 2.0],
             [3, 1, 3]),
        Case("running_extreme", of("maximum.accumulate"), [2.0, 2.0, 1.0], [4, 3, 0]),
        Case("linalg.norm", of("linalg.norm", INF), [2.0, -2.0], [0.5, -0.5]),
        Case("linalg.norm", of("linalg.norm", -INF), [2.0, -2.0], [0.5, -0.5]),
        Case("linalg.norm", of("linalg.norm", 1), np.ones((2, 2)), 0.5),
        Case("linalg.norm", of("linalg.norm", INF), np.ones((2, 2)), 0.5),
        Case("linalg.norm", of("linalg.norm", -1), np.ones((2, 2)), 0.5),
        Case("linalg.norm singular", of("linalg.norm", 2), EYE, 0.5 * EYE, TURN / 4),
        Case("linalg.norm", of("linalg.norm", -2), EYE, 0.5 * EYE, TURN / 4),
        Case("linalg.cond", of("linalg.cond"), 2 * EYE, 0),
    ),
)

BOUNDS = Row(
    "`clip`",
    "1 on the closed interval, 0 outside",
    (
        Case("clip", of("clip", -1, 1), [-2.0, -1.0, 1.0, 2.0], [0, 2, 4, 0]),
        Case("clip", lambda x: np.clip(3.0, x[0], x[1]), [3.0, 3.0], 0),
        Case("clip", lambda x: np.clip(3.0, x[0], x[1]), [4.0, 3.5], [0, 1]),
    ),
)

JUMPS = Row(
    "rounding, comparisons, positions, `heaviside`, at a jump",
    "0, as elsewhere",
    (
        *(
            Case(name, of(name), [1.0, 2.5], 0)
            for name in ("floor", "ceil", "rint", "trunc", "fix", "round", "signbit",
                         "spacing")
        ),
        Case("heaviside", lambda x: np.heaviside(x, 0.5), 0.0, 0),
        Case("heaviside", lambda x: np.heaviside(0.0, x), 0.5, 1),
        Case("floor_divide", lambda x: x[0] // x[1], [6.0, 3.0], 0),
        Case("digitize", of("digitize", np.array([1.0, 2.0])), [1.0, 2.0], 0),
        Case("searchsorted", lambda x: np.searchsorted([1.0, 2.0], x), 1.0, 0),
        Case("histogram", lambda x: w(np.histogram(x, 3, (0, 3))[0]), [0.0, 1.0], 0),
        Case("linalg.matrix_rank", of("linalg.matrix_rank"), np.diag([1.0, 0]), 0),
    ),
)

BRANCHES = Row(
    "remainders, `modf`, `unwrap`, `frexp`, at a jump; `where`, `select`, `piecewise`, "
    "`choose`, `unique`; `nan_to_num` of missing data",
    "as of the branch or the entry that was taken",
    (
        Case("remainder", pair("remainder"), [6.0, 3.0], [1, -2]),
        Case("remainder", pair("remainder"), [-7.0, 3.0], [1, 3]),
        Case("fmod", pair("fmod"), [6.0, 3.0], [1, -2]),
        Case("fmod", pair("fmod"), [-7.0, 3.0], [1, 2]),
        Case("divmod", lambda x: divmod(x[0], x[1])[1], [6.0, 3.0], [1, -2]),
        Case("modf", lambda x: np.modf(x)[0], 2.0, 1),
        Case("frexp", lambda x: np.frexp(x)[0], 2.0, 0.25),
        Case("ldexp", lambda x: np.ldexp(x, 2), 0.0, 4),
        Case("unwrap", of("unwrap"), [0.0, np.pi], [1, 2]),
        Case("where", lambda x: np.where(x > 0, 2 * x, 3 * x), 0.0, 3),
        Case("where", lambda x: np.where(x > 0, np.sqrt(x), 0), 0.0, 0),
        Case("select", lambda x: np.select([x >= 0], [2 * x], 3 * x), 0.0, 2),
        Case("piecewise", lambda x: w(np.piecewise(x, [x >= 0], [np.sin, 7.0])),
             [0.0, -1.0], [1, 0]),
        Case("choose", lambda x: np.choose(x > 0, [3 * x, 2 * x]), 0.0, 3),
        Case("unique", lambda x: w(np.unique(x)), [2.0, 1.0, 2.0], [2, 1, 0]),
        Case("nan_to_num filled", of("nan_to_num"), [1.0, NAN, INF, -INF],
             [1, 0, 0, 0]),
        Case("real_if_close", lambda x: np.real(np.real_if_close(x + 0j)), 2.0, 1),
    ),
)

KNOTS = Row(
    "`interp` at a knot, a quantile by `q` where it is an entry",
    "the slope to the right, at the last one to the left",
    (
        Case("interp", lambda x: w(np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 5.0])),
             [0.0, 1.0, 2.0], [1, 8, 16]),
        Case("quantile", lambda q: w(np.quantile(np.array([0.0, 1.0, 5.0]), q)),
             [0.0, 0.5, 1.0], [2, 16, 32]),
        Case("percentile", lambda q: np.percentile(np.array([0.0, 1.0, 5.0]), q),
             50.0, 0.08),
    ),
)

EXACT = Row(
    "`x**0`, `x**n` at 0, `0**y`, `prod` and `cumprod` with zeros, `sinc(0)`",
    "the exact value",
    (
        Case("power", lambda x: x**0.0, 0.0, 0),
        Case("power", lambda x: x**1.0, 0.0, 1),
        Case("power", lambda x: x**2.0, 0.0, 0, 2),
        Case("power", lambda x: x**3.0, 0.0, 0),
        Case("float_power", lambda x: np.float_power(x, 2), 0.0, 0, 2),
        Case("float_power", lambda y: np.float_power(0.0, y), 0.5, 0),
        Case("power", lambda y: 0.0**y, 0.0, 0),
        Case("power", lambda y: 0.0**y, 0.5, 0),
        Case("prod", np.prod, [0.0, 2.0, 3.0], [6, 0, 0],
             [[0, 3, 2], [3, 0, 0], [2, 0, 0]]),
        Case("prod", np.prod, [0.0, 0.0, 3.0], 0, [[0, 3, 0], [3, 0, 0], [0, 0, 0]]),
        Case("cumprod", lambda x: np.cumprod(x)[-1], [0.0, 2.0], [2, 0], SWAP),
        Case("cumulative_prod", lambda x: RUNNING(x)[-1], [0.0, 2.0], [2, 0], SWAP),
        Case("sinc sinc_derivative", np.sinc, 0.0, 0, -(np.pi**2) / 3),
        Case("i0 hypergeometric", np.i0, 0.0, 0, 0.5),
        Case("linalg.det", np.linalg.det, TWO, 0,
             [[0, 0, 0, 1], [0, 0, -1, 0], [0, -1, 0, 0], [1, 0, 0, 0]]),
        Case("vander", lambda x: w(np.vander(x, 3)), [0.0], [2], 2),
    ),
)

INFINITIES = Row(
    "`logaddexp` and its reduction, of equal infinities",
    "equal shares",
    (
        *(
            Case(name, fun, [s * INF, s * INF], 0.5)
            for s in (1, -1)
            for name, fun in (
                ("logaddexp weight", pair("logaddexp")),
                ("logaddexp2", pair("logaddexp2")),
                ("log_sum shares", np.logaddexp.reduce),
                ("log_sum", np.logaddexp2.reduce),
            )
        ),
        Case("logaddexp", pair("logaddexp"), [-INF, 0.0], [0, 1]),
        Case("log_sum", np.logaddexp.reduce, [-INF, 0.0], [0, 1]),
    ),
)

POLES = Row(
    "`sqrt`, `log`, `1/x` at 0, `arcsin` at 1, with a non-zero cotangent",
    "inf, with a warning where the value is finite",
    tuple(
        Case(name, fun, 0.0, NAN, NAN)
        for name, fun in (
            ("sqrt", np.sqrt), ("cbrt", np.cbrt), ("log", np.log), ("log2", np.log2),
            ("log10", np.log10), ("reciprocal", np.reciprocal),
            ("divide", lambda x: 1 / x), ("power", lambda x: x**0.5),
            ("float_power", lambda x: np.float_power(x, 0.5)),
            ("log1p", lambda x: np.log1p(x - 1)),
            ("arcsin inside", lambda x: np.arcsin(1 - x)),
            ("arccos", lambda x: np.arccos(1 - x)),
            ("arccosh beyond", lambda x: np.arccosh(1 + x)),
            ("arctanh inverse_complement", lambda x: np.arctanh(1 - x)),
        )
    ),
)  # fmt: skip

REPEATED = Row(
    "`eigh`, `svd`, `eig` with repeated values",
    "finite where it is known from the vectors, see below",
    (
        Case("linalg.eigvalsh spectral once", of_all("linalg.eigvalsh"), 2 * EYE, EYE,
             None),
        Case("linalg.eigh", squares, 2 * EYE, 4 * EYE, None),
        Case("linalg.eigh over_gaps mixed over", rebuilt, 2 * EYE, TRIANGLE, None),
        Case("linalg.svd singular", of_all("linalg.svdvals"), 2 * EYE, EYE, None),
        Case("linalg.eig", lambda a: np.sum(np.linalg.eig(a)[0]), 2 * EYE, EYE, None),
        Case("linalg.eigvals", of_all("linalg.eigvals"), 2 * EYE, EYE, None),
    ),
)

DEPENDENT = Row(
    "`eig` of a defective matrix, columns of `qr` that combine those before",
    "nan, with a warning",
    (
        Case("linalg.qr", lambda a: np.sum(np.linalg.qr(a)[1]), EYE[:1].repeat(2, 0),
             NAN, NAN),
    ),
)

RANK = Row(
    "`pinv`, `lstsq` of a matrix without full rank",
    "as if its rank stayed the same",
    (
        Case("linalg.pinv", of("linalg.pinv"), np.diag([2.0, 0]),
             [[-0.25, 1], [0.5, 0]], None),
        Case("linalg.lstsq", lambda a: w(np.linalg.lstsq(a, WEIGHTS[:2])[0]),
             np.diag([2.0, 0]), [[-0.25, 0.5], [0.5, 0]], None),
    ),
)

ROOTS = Row(
    "`roots` with a double root",
    "inf, or nan",
    (Case("roots", of("roots"), [1.0, -2.0, 1.0], NAN, NAN),),
)

DEGREES = Row(
    "`roots` by a highest coefficient of 0",
    "nan, with a warning: a root comes from infinity",
    (
        Case("of_degree", of("roots"), [0.0, 1.0, -2.0], [NAN, -2, -1],
             [[NAN, NAN, NAN], [NAN, 4, 1], [NAN, 1, 0]]),
    ),
)
# fmt: on

ROWS = (SIGNS, LENGTHS, SQUARES, NORMS, UNKNOWN, TIES, BOUNDS, JUMPS, BRANCHES, KNOTS,
        EXACT, INFINITIES, POLES, REPEATED, DEPENDENT, RANK, ROOTS,
        DEGREES)  # fmt: skip

SMOOTH = """
add arctan arcsinh astype conjugate cos cosh deg2rad degrees exp2 expm1 imag multiply
negative positive rad2deg radians real sin sinh square subtract tan tanh above
inverse_circle secant_squared

asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray broadcast_to copy
require concatenate stack repeat tile expand_dims fliplr flipud matrix_transpose
reshaped rot90 squeeze lib.stride_tricks.sliding_window_view diag tril triu
geomspace linspace

compress take index_add index_update scatter_add add_reduceat bincount cumulative_sum
convolve correlate overlap_add cross fft ifft rfft irfft var

linalg.cholesky linalg.inv linalg.multi_dot linalg.slogdet linalg.solve solve_lower
corner hermitian_corner lyapunov unitary_factor

polyint polynomial.* chebint hermint hermeint lagint legint
"""
"""Names of rules, some with a ``*`` at the end; linear functions are not named."""
