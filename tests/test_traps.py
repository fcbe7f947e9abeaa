"""What other libraries are known to get silently wrong: each call against the stencil.

One line for each: how NumPy is called, on which arguments. Both spellings are checked,
NumPy's own functions and `fgrad.numpy`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fgrad.numpy
from fgrad import grad, vjp
from fgrad._engine.box import Box
from fgrad.errors import ConversionError
from fgrad.testing import check_grads

RNG = np.random.default_rng(0)


def real(*shape: int) -> Any:
    """Random numbers of which no two are close to each other or to an integer."""
    count = int(np.prod(shape))
    return RNG.permutation(np.arange(count) * 0.37 - 1.13).reshape(shape)[()]


V, W = real(3), real(3) + 0.1
A, B = real(2, 3), real(2, 3) + 0.17
MASK = np.array([[True, False, True], [True, True, False]])
SQUARE = real(3, 3) + 4 * np.eye(3)
BATCH = real(2, 3, 3) + 6 * np.eye(3)
POSITIVE = np.array([[2.0, 0.3, 0.1], [0.3, 1.5, 0.2], [0.1, 0.2, 1.8]])
Z = np.array([1.0 + 0.5j, -0.3 + 2.0j, 0.7 - 1.1j])

TRAPS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    # Options that are easily ignored
    **{
        f"{name}(where=)": (
            lambda np, a, n=name: getattr(np, n)(a, axis=0, where=MASK),
            (A,),
        )
        for name in ("sum", "mean", "prod")
    },
    **{
        f"{name}(where=)": (
            lambda np, a, n=name: getattr(np, n)(a, axis=1, where=MASK),
            (A,),
        )
        for name in ("std", "var")
    },
    "sum(where=, initial=)": (
        lambda np, a, i: np.sum(a, initial=i, where=MASK),
        (A, 0.5),
    ),
    "clip(min=, max=)": (lambda np, a: a.clip(min=-0.5, max=0.4), (A,)),
    "clip(a_min=, a_max=)": (
        lambda np, a, low, high: np.clip(a, a_min=low, a_max=high),
        (A, -0.5, 0.4),
    ),
    "norm(axis, keepdims=True)": (
        lambda np, a: np.linalg.norm(a, axis=1, keepdims=True),
        (A,),
    ),
    "norm(axis=(0, 1), keepdims=True)": (
        lambda np, a: np.linalg.norm(a, axis=(1, 2), keepdims=True),
        (BATCH,),
    ),
    "norm(ord=inf)": (lambda np, v: np.linalg.norm(v, ord=np.inf), (V,)),
    "norm(ord=-inf) of a matrix": (
        lambda np, a: np.linalg.norm(a, ord=-np.inf),
        (SQUARE,),
    ),
    "norm(ord=1.5) with a zero": (
        lambda np, v: np.linalg.norm(np.concatenate([v, [0.0]]), ord=1.5),
        (V,),
    ),
    "roll of tuples": (lambda np, a: np.roll(a, (1, -2), axis=(0, 1)), (A,)),
    "repeat with an array": (lambda np, v: np.repeat(v, [2, 0, 3]), (V,)),
    "repeat with an array, axis": (lambda np, a: np.repeat(a, [2, 0, 3], axis=1), (A,)),
    "diff(prepend=)": (lambda np, a, p: np.diff(a, prepend=p), (A, 0.3)),
    "diff(append=, n=2)": (lambda np, a, p: np.diff(a, 2, 0, append=p), (A, B)),
    "gradient with a spacing": (lambda np, v, h: np.gradient(v, h), (V, 0.7)),
    "gradient with coordinates": (
        lambda np, v, x: np.gradient(v, x, edge_order=2),
        (V, np.array([0.1, 0.7, 1.9])),
    ),
    "linspace without num": (lambda np, a, b: np.linspace(a, b), (0.3, 1.7)),
    "linspace without endpoint": (
        lambda np, a, b: np.linspace(a, b, 4, endpoint=False),
        (0.3, 1.7),
    ),
    "concatenate(axis=None)": (
        lambda np, a, v: np.concatenate([a, v], axis=None),
        (A, V),
    ),
    "diag of a non-square, offset": (lambda np, a: np.diag(a, 1), (A,)),
    "diag of a non-square, below": (lambda np, a: np.diag(a, -1), (A,)),
    **{
        f"sort(axis={axis})": (lambda np, a, axis=axis: np.sort(a, axis=axis), (A,))
        for axis in (0, 1, -1, None)
    },
    "cholesky(upper=True)": (
        lambda np, a: np.linalg.cholesky(a @ a.T + POSITIVE, upper=True),
        (SQUARE,),
    ),
    # Broadcasting, shapes and ranks
    "tile(A2d, 2)": (lambda np, a: np.tile(a, 2), (A,)),
    "full_like(a, s)": (lambda np, a, s: np.full_like(a, s), (A, 0.7)),
    "full((2, 3), vec)": (lambda np, v: np.full((2, 3), v), (V,)),
    "where(cond, vec, scalar)": (lambda np, v, s: np.where(MASK, v, s), (V, 0.3)),
    "cross(A2d, v)": (lambda np, a, v: np.cross(a, v), (A, V)),
    "outer of matrices": (lambda np, a, b: np.outer(a, b), (A, B)),
    "solve(A, batch)": (lambda np, a, b: np.linalg.solve(a, b), (SQUARE, BATCH)),
    "solve(batch, B)": (lambda np, a, b: np.linalg.solve(a, b), (BATCH, SQUARE)),
    "solve(batch, v)": (lambda np, a, v: np.linalg.solve(a, v), (BATCH, V)),
    "einsum('i,i') of length 1": (
        lambda np, x, y: np.einsum("i,i", x, y),
        (V, real(1)),
    ),
    "einsum('ii->i')": (lambda np, a: np.einsum("ii->i", a), (SQUARE,)),
    "rfft(n < len)": (lambda np, v: np.fft.rfft(v, 4), (real(6),)),
    "rfft(norm='forward')": (lambda np, v: np.fft.rfft(v, norm="forward"), (real(5),)),
    "odd irfft": (lambda np, z: np.fft.irfft(z, 5), (Z,)),
    # Points where a formula is 0 / 0
    "prod with one zero": (lambda np, v: np.prod(v), (np.array([1.5, 0.0, 2.0]),)),
    "prod with two zeros": (lambda np, v: np.prod(v), (np.array([0.0, 0.0, 2.0]),)),
    "prod with three zeros": (lambda np, v: np.prod(v), (np.zeros(3),)),
    "cumprod with one zero": (
        lambda np, v: np.cumprod(v),
        (np.array([1.5, 0.0, 2.0, -1.0]),),
    ),
    "cumprod with two zeros": (
        lambda np, v: np.cumprod(v),
        (np.array([1.5, 0.0, 2.0, 0.0, 3.0]),),
    ),
    "sinc(0)": (lambda np, v: np.sinc(v), (np.array([0.0, 1e-9, 0.5]),)),
    "complex sign": (lambda np, z: np.sign(z), (Z,)),
    # Sets and fits
    "unique": (lambda np, v: np.unique(v), (V,)),
    "union1d": (lambda np, v, w: np.union1d(v, w), (V, W)),
    "setdiff1d": (lambda np, v, w: np.setdiff1d(v, w), (V, W)),
    "setxor1d": (lambda np, v, w: np.setxor1d(v, w), (V, W)),
    "intersect1d": (lambda np, v: np.intersect1d(v, v), (V,)),
    "polyfit in x": (
        lambda np, x, y: np.polyfit(x, y, 1),
        (np.array([0.1, 0.7, 1.3, 2.2]), real(4)),
    ),
    # Steps: constant in between, and no error
    "i // 1": (lambda np, a: a // 1 * a, (A,)),
    "divmod": (lambda np, a, b: divmod(a, b)[1], (A, 0.9)),
    "np.divmod": (lambda np, a, b: np.divmod(a, b)[1], (A, 0.9)),
    "heaviside": (lambda np, a: np.heaviside(a, 0.5) * a, (A,)),
    "digitize": (lambda np, v: np.digitize(v, [-0.5, 0.5]) * v, (V,)),
}

ONLY_OURS = ("full((2, 3), vec)",)
"""NumPy asks nobody about a fill value: on a traced one its own function raises."""


@pytest.mark.parametrize("name", TRAPS)
def test_trap(name: str) -> None:
    fun, args = TRAPS[name]
    check_grads(lambda *x: fun(fgrad.numpy, *x), args, order=2, rtol=1e-8)


@pytest.mark.parametrize("name", TRAPS)
def test_trap_of_numpy(name: str) -> None:
    fun, args = TRAPS[name]
    if name in ONLY_OURS:
        with pytest.raises(ConversionError):
            vjp(lambda *x: fun(np, *x), *args)
    else:
        check_grads(lambda *x: fun(np, *x), args, order=2, rtol=1e-8)


def test_isin() -> None:
    """Membership is a plain value."""
    np.testing.assert_array_equal(
        grad(lambda v: np.sum(np.isin(v, V[:2]) * v**2))(V), [2, 2, 0] * V
    )


# Equal singular values and eigenvalues ------------------------------------------------

SYMMETRIC = 2 * np.eye(3)


@pytest.mark.parametrize(
    "fun",
    [
        lambda a: np.sum(np.linalg.svd(a, compute_uv=False) ** 2),
        lambda a: np.sum(np.linalg.svd(a)[1]),
        lambda a: np.sum(np.linalg.eigvalsh(a + a.T) ** 3),
        lambda a: np.sum(np.exp(np.linalg.eigh(a + a.T)[0])),
    ],
)
def test_equal_values(fun: Any) -> None:
    check_grads(fun, (SYMMETRIC,), order=1)


def matrix_exponential(a: Any) -> Any:
    w, v = np.linalg.eigh(a + a.T)
    return (v * np.exp(w)) @ v.T


def test_function_of_a_degenerate_matrix() -> None:
    """Finite where the result's derivative exists: here along the diagonal."""
    _, pullback = vjp(lambda d: matrix_exponential(d * np.eye(3)), 1.0)
    np.testing.assert_allclose(pullback(np.eye(3))[0], 6 * np.exp(2.0), rtol=1e-12)


# float32 stays float32 ----------------------------------------------------------------

SINGLE = np.array([[2.0, 0.5], [0.5, 1.0]], np.float32)


@pytest.mark.parametrize(
    "fun",
    [
        np.max,
        np.mean,
        np.exp2,
        np.trace,
        np.linalg.cholesky,
        lambda x: 2.0**x,
        lambda x: x**2.0,
    ],
)
def test_single_precision(fun: Any) -> None:
    plain = fun(SINGLE)
    out, pullback = vjp(fun, SINGLE)
    assert out.dtype == plain.dtype == np.float32
    assert pullback(np.ones_like(out))[0].dtype == np.float32


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: x // 1,
        lambda x: divmod(x, 1.0)[0],
        lambda x: np.digitize(x, [0.0, 1.0]),
        lambda x: np.isin(x, [0.5]),
        lambda x: x > 0,
    ],
)
def test_steps_are_plain(fun: Any) -> None:
    def loss(x: Any) -> Any:
        assert type(fun(x)) is not Box
        np.testing.assert_array_equal(fun(x), fun(V))
        return np.sum(x)

    np.testing.assert_array_equal(grad(loss)(V), np.ones(3))
