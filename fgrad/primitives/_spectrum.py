"""Division by gaps of a spectrum, where equal values make it 0 / 0.

Eigenvectors of equal eigenvalues, and singular vectors of equal singular values, are
not unique, and there is no bound on how fast they rotate. What is computed from them
may have a derivative all the same. If the cotangent of the rotation vanishes, they
take no part in it: 0 / 0 is 0. If not, either the derivative does not exist, or it
depends on more than the vectors (on the derivative of f in ``V f(L) V.T``): there the
quotient is nan, which says so, and not a finite number, which may be wrong.

That cannot be told from the vectors alone for ``V diag(g) V.T``, what the derivative of
a function of the values is: where g vanishes, its derivative need not. So `spectral`
and `singular` are operations of their own, which know whether g moves with the matrix.
If not, their derivative exists; if so, it is nan for what mixes equal values. Whatever
would take one more derivative through vectors of equal values is nan: see `once`.

A nan comes with a warning that says what to write instead: `name` is the decomposition.
"""

from typing import Any

import numpy as np

from fgrad._engine.box import primal, values
from fgrad._engine.cotangents import Parts
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad._words.undefined import warn_undefined
from fgrad.primitives._matrices import adjoint, columns, conjugate, onto_triangle

__all__ = [
    "equal",
    "gauge",
    "mixed",
    "once",
    "over",
    "over_gaps",
    "singular",
    "size",
    "spectral",
    "undecided",
]

ROUNDING = 1e4
"""How many machine epsilons, relative to the largest entry, a cotangent's zero has."""
EQUAL = 1e2
"""How many machine epsilons, relative to the largest value, equal values differ."""


WHY = {
    "eigh": "two eigenvalues are equal, or a phase is arbitrary",
    "svd": "two singular values are equal, or one is 0, or a phase is arbitrary",
    "eig": "two eigenvalues are equal, or the matrix is defective",
}
"""What may be the reason."""

INSTEAD = {
    "eigh": "fgrad.linalg.spectral_function(f, a) in place of V @ diag(f(w)) @ V.T, "
    "its trace in place of sum(f(w)), or np.linalg.slogdet in place of sum(log(w))",
    "svd": "fgrad.linalg.polar(a) in place of U @ Vh, or "
    "fgrad.linalg.spectral_function(f, a.T @ a) in place of V @ diag(f(s**2)) @ V.T",
    "eig": "fgrad.linalg.expm, logm or sqrtm in place of V @ diag(f(w)) @ inv(V), or "
    "np.trace(a) in place of sum(w)",
}
"""What has all derivatives, in place of what is made of a decomposition's vectors."""


def unknown(name: str) -> None:
    """Say that equal values make a derivative nan."""
    if name == "qr":
        warn_undefined(
            "a derivative through np.linalg.qr is nan: a column of the matrix is a "
            "combination of those before it, and the derivative of its column of Q is "
            "infinite. Use no more of Q and R than the columns and rows before it, or "
            "leave such columns out of the matrix."
        )
        return
    kind = "singular " if name == "svd" else "eigen"
    warn_undefined(
        f"a derivative through np.linalg.{name} is nan: {WHY[name]}, and the "
        f"derivative of the {kind}vectors is infinite. "
        f"What is computed from them may have a derivative all the same, which the "
        f"{kind}vectors do not tell. Write {INSTEAD[name]}."
    )


def size(x: Any) -> Any:
    """The largest entry of each matrix, as a plain matrix of one entry."""
    return np.max(np.abs(primal(x)), axis=(-2, -1), keepdims=True, initial=0)


def _divided(x: Any, d: Any, x_size: Any, d_size: Any, name: str) -> Any:
    zero = np.abs(d) <= EQUAL * np.finfo(d.dtype).eps * d_size
    none = np.abs(x) <= ROUNDING * np.finfo(x.dtype).eps * x_size
    if np.any(zero & ~none & np.isfinite(x)):
        unknown(name)
    return np.where(zero, np.where(none, 0, np.nan), x / np.where(zero, 1, d))


@primitive
def over(x: Any, d: Any, name: str, x_size: Any = None, d_size: Any = None) -> Any:
    """``x / d`` for matrices, where 0 / 0 is 0, and anything else over 0 is nan."""
    x_size = size(x) if x_size is None else x_size
    return _divided(x, d, x_size, size(d) if d_size is None else d_size, name)


@primitive
def over_gaps(x: Any, w: Any, name: str, phases: bool = True) -> Any:
    """``x[i, j] / (w[j] - w[i])``, where 0 / 0 is 0, and anything else over 0 is nan.

    The diagonal has no gaps. With `phases`, its imaginary part is the cotangent of a
    vector's phase, which is as arbitrary as a rotation among equal values.
    """
    own = np.eye(x.shape[-1], dtype=bool)
    phase = 1j * x.imag if phases and x.dtype.kind == "c" else 0
    rotations = np.where(own, phase, x).astype(x.dtype, copy=False)
    gaps = w[..., None, :] - w[..., :, None]
    return _divided(rotations, gaps, size(x), _largest(w), name)


def over_gaps_w_pullback(g: Any, ans: Any, w: Any, name: str, phases: bool) -> Any:
    """Each value is in the gaps of a row and of a column."""
    c = -over_gaps(g * ans, w, name, phases)
    return np.sum(c, axis=-2) - np.sum(c, axis=-1)


def gauge(x: Any, name: str) -> Any:
    """0 where the antihermitian part of a matrix is rounding, and nan elsewhere.

    It is the cotangent of a rotation among vectors that any rotation may replace.
    """
    x = primal(x)
    rotation = 0.5 * (x - np.conjugate(x.mT))
    none = size(rotation) <= ROUNDING * np.finfo(x.dtype).eps * size(x)
    if not bool(np.all(values(none))):
        warn_undefined(
            f"a derivative through np.linalg.{name} is nan: the vectors that complete "
            f"a basis are arbitrary, and so is what is computed from their entries. "
            f"Use what any such basis gives, as the projector Q @ Q.T."
        )
    return np.where(none, 0, np.nan).astype(x.real.dtype)


defvjp(
    over,
    broadcasts=True,
    neutral=("x_size", "d_size"),
    x=lambda g, d, name, d_size=None: over(g, d, name, None, d_size),
    d=lambda g, ans, d, name, d_size=None: -over(g * ans, d, name, None, d_size),
)
defvjp(
    over_gaps,
    x=lambda g, w, name, phases: over_gaps(g, w, name, phases),
    w=over_gaps_w_pullback,
)

# Weighted vectors ---------------------------------------------------------------------


def equal(w: Any) -> Any:
    """Which values of a spectrum have an equal one, as a plain array."""
    return np.sum(_same(w), axis=-1) > 1


def _same(w: Any) -> Any:
    w = primal(w)
    return _zero(_gaps(w), w)


def _gaps(w: Any, sign: int = -1) -> Any:
    return np.expand_dims(w, -1) + sign * columns(w)


def _zero(gaps: Any, w: Any) -> Any:
    return np.abs(gaps) <= EQUAL * np.finfo(gaps.dtype).eps * _largest(w)


def _largest(w: Any) -> Any:
    return np.max(np.abs(primal(w)), axis=-1, initial=0)[..., None, None]


@primitive
def once(x: Any, repeated: Any, name: str) -> Any:
    """Vectors or their values, with a derivative of nan for the `repeated` ones.

    Zero cotangents stay zero, and so do those that are rounding.
    """
    return np.array(x)


def once_pullback(g: Any, repeated: Any, name: str) -> Any:
    """Divided by 1, or by 0."""
    return over(g, np.where(repeated, 0, 1).astype(g.real.dtype), name)


@primitive
def mixed(gv: Any, w: Any, name: str) -> Any:
    """Zeros, to be added to what `over_gaps` made of vectors' cotangents.

    How these change, in a basis of equal values that is arbitrary, is known only if the
    cotangent of the sum does not depend on that basis either: a multiple of 1.
    """
    return np.zeros((*gv.shape[:-2], *w.shape[-1:] * 2), gv.dtype)


def mixed_pullback(g: Any, w: Any, name: str, like: Any) -> Any:
    """0, or nan for the vectors of equal values."""
    same = _same(w)
    count = np.sum(same, axis=-1, keepdims=True)
    own = np.diagonal(g, axis1=-2, axis2=-1)[..., None]
    mean = same.astype(w.dtype) @ own / count
    g = g * same - np.eye(w.shape[-1], dtype=w.dtype) * mean
    known = np.where(same & (count > 1), 0, 1).astype(g.real.dtype)
    g = over(g, known, name, size(own))
    return np.broadcast_to(np.sum(g, axis=-2, keepdims=True), like.shape)


def undecided(g: Any, gv: Any, w: Any, name: str) -> Any:
    """A nan for equal values with vectors whose cotangent vanishes, but not for sure.

    As in ``V f(L) V.T`` where f vanishes: it has a derivative, but gv does not say it.
    If the vectors or the values are not used, there is nothing to say: then their
    cotangents are zero around this point, too, which their tags tell. Those of a
    product (gv is V times 0) do not tell that from an unused vector.

    The `g` are the cotangents of all results.
    """
    at = 1 if name == "svd" else 0  # which result is the values
    size_of = np.max(np.abs(primal(gv)), axis=-2, initial=0)
    vectors = [
        i for i in range(len(g)) if i != at and isinstance(g, Parts) and g.used[i]
    ]
    if not vectors or not g.used[at]:  # or the pullback is about to be transposed
        return np.zeros((), size_of.dtype)
    most = np.max(size_of, axis=-1, keepdims=True, initial=0)
    none = size_of <= ROUNDING * np.finfo(size_of.dtype).eps * most
    own = np.eye(w.shape[-1], dtype=bool)
    both = none[..., None, :] & none[..., :, None] & _same(w) & ~own
    if g.tags is not None and bool(np.any(values(both))):
        tags = [np.not_equal(tag, 0) for tag in g.tags()]
        count = w.shape[-1]
        used = [np.any(tags[i], axis=-1 if i == 2 else -2) for i in vectors]
        both = both & _either(sum(one[..., :count] for one in used))
        both = both & _either(tags[at])
    if bool(np.any(values(both))):
        unknown(name)
    return np.where(both, np.nan, 0).astype(size_of.dtype)


def _either(x: Any) -> Any:
    """For each pair of entries of each row, whether one of them is not 0."""
    return np.expand_dims(x, -1) + columns(x) > 0


def _slope(
    x: Any,
    steps: Any,
    gaps: Any,
    g: Any,
    w: Any,
    moving: bool,
    name: str,
    own: Any = False,
) -> Any:
    """``x * steps / gaps``: times divided differences of the weights g.

    Where that is 0 / 0, the slope is 0 for weights that do not move. For others it is
    their derivative, which is not known: 0 times it is 0, anything else is nan. On the
    diagonal, if it is `own`, there is no rotation, and no slope.
    """
    zero = _zero(primal(gaps), w)
    flat = np.abs(primal(steps)) <= ROUNDING * np.finfo(g.dtype).eps * _largest(g)
    known = zero & (own | flat if not moving else own)
    steps = np.where(known, 0, np.where(zero, 1, steps) if moving else steps)
    w_size = _largest(w)
    gaps = np.where(known, np.where(w_size > 0, w_size, 1), gaps)
    return over(x * steps, gaps, name, size(x) * size(steps), w_size)


def _eye(w: Any) -> Any:
    return np.eye(w.shape[-1], dtype=bool)


@primitive
def spectral(parts: Any, w: Any, v: Any, inverse: Any, UPLO: str = "") -> Any:
    """``V diag(g) inv(V)``, transposed, of a matrix and g, the two `parts`.

    The values, the vectors and their inverse are those of the matrix, and bring no
    derivative of their own. Of a Hermitian matrix, one triangle gets all of it.
    """
    return ((v * columns(parts[1])) @ inverse).mT


def spectral_pullback(
    g: Any, parts: Any, wanted: Any, w: Any, v: Any, inverse: Any, UPLO: str
) -> Any:
    """Daleckii and Krein (1965): in the basis of V, times divided differences.

    Integration and differentiation of functions of Hermitian operators.
    """
    name = "eigh" if UPLO else "eig"
    repeated = equal(w)
    across = columns(repeated)
    v, w = once(v, across, name), once(columns(w), across, name)[..., 0, :]
    inverse = once(inverse, repeated[..., None], name)
    inner, weights, moving = inverse @ g @ v, parts[1], wanted[1] is not None
    own = np.diagonal(inner, axis1=-2, axis2=-1)
    if wanted[0] is None:
        return None, own
    gaps = _gaps(weights), _gaps(w)
    change = _slope(inner, *gaps, weights, w, moving, name, _eye(w))
    c = (v @ change @ inverse).mT
    return onto_triangle(c, UPLO) if UPLO else c, own


@primitive
def singular(parts: Any, u: Any, s: Any, vh: Any) -> Any:
    """``U diag(g) Vh``, conjugated, of a matrix and g, the two `parts`.

    The singular values and vectors are those of the matrix; as for `spectral`.
    """
    return conjugate((u * columns(parts[1])) @ vh)


def singular_pullback(g: Any, parts: Any, wanted: Any, u: Any, s: Any, vh: Any) -> Any:
    """Noferini (2017): as for `spectral`, with weights continued as an odd function.

    A formula for the Fréchet derivative of a generalized matrix function.
    """
    weights, moving = parts[1], wanted[1] is not None
    plain = primal(s)
    both = np.concatenate([plain, -plain], axis=-1)
    repeated = equal(both)[..., : plain.shape[-1]]
    across = columns(repeated)
    u, s = once(u, across, "svd"), once(columns(s), across, "svd")[..., 0, :]
    vh = once(vh, repeated[..., None], "svd")
    uh, v = adjoint(u), adjoint(vh)
    rows, cols = uh @ g, g @ v
    inner = rows @ v
    own = np.diagonal(inner, axis1=-2, axis2=-1)
    if wanted[0] is None:
        return None, own
    even = 0.5 * (inner + adjoint(inner))
    rest = weights, s, moving, "svd"
    change = _slope(even, _gaps(weights), _gaps(s), *rest, _eye(s))
    change = change + _slope(inner - even, _gaps(weights, 1), _gaps(s, 1), *rest)
    c = u @ change @ vh
    if u.shape[-2] > s.shape[-1]:
        out = cols - u @ inner
        c = c + _slope(out, columns(weights), columns(s), *rest) @ vh
    if vh.shape[-1] > s.shape[-1]:
        out = rows - inner @ vh
        steps, gaps = np.expand_dims(weights, -1), np.expand_dims(s, -1)
        c = c + u @ _slope(out, steps, gaps, *rest)
    return conjugate(c), own


def _nothing(g: Any) -> None:
    """No cotangent: another argument has all of the derivative."""


defvjp(once, x=once_pullback)
defvjp(mixed, gv=mixed_pullback, w=_nothing)
defvjp(
    spectral,
    sequences=("parts",),
    parts=spectral_pullback,
    w=_nothing,
    v=_nothing,
    inverse=_nothing,
)
defvjp(
    singular,
    sequences=("parts",),
    parts=singular_pullback,
    u=_nothing,
    s=_nothing,
    vh=_nothing,
)
