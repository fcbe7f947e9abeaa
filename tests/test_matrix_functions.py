"""`fgrad.linalg`: values, and derivatives where eigenvalues are equal."""

from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.linalg

import fgrad
from fgrad.errors import ConversionError
from fgrad.linalg import _Derivatives, expm, logm, polar, spectral_function, sqrtm
from fgrad.primitives._divided_differences import divided_differences
from fgrad.testing import check_grads

FUNCTIONS = {"expm": expm, "logm": logm, "sqrtm": sqrtm}

ELEMENTWISE: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "exp": (np.exp, mpmath.exp),
    "log": (np.log, mpmath.log),
    "sqrt": (np.sqrt, mpmath.sqrt),
    "1 / w": (lambda w: 1 / w, lambda w: 1 / w),
    "w ** 1.5": (lambda w: w**1.5, lambda w: w ** mpmath.mpf("1.5")),
    "cos 3 w": (lambda w: np.cos(3 * w), lambda w: mpmath.cos(3 * w)),
}

SPECTRA = [
    (1.0, 1.0, 1.0),
    (1.0, 1.0, 2.0),
    (1.0, 1.0 + 1e-15, 1.0 + 1e-8),
    (1.0, 1.0 + 1e-4, 1.01),
    (1.0, 1.3, 1.6),
    (1e-20, 2e-20, 1.0),
    (1e-8, 1e-4, 1.0),
]


def with_spectrum(spectrum: Any, dtype: str) -> Any:
    rng = np.random.default_rng(1)
    n = len(spectrum)
    z = rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n)) * (dtype == "complex")
    q = np.linalg.qr(z if dtype == "complex" else z.real).Q
    return (q * np.array(spectrum)) @ q.conj().T


def random(dtype: str, *shape: int) -> Any:
    rng = np.random.default_rng(2)
    a = rng.normal(size=shape)
    return a + 1j * rng.normal(size=shape) if dtype == "complex" else a


# Values -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["real", "complex"])
@pytest.mark.parametrize("n", [1, 2, 5, 20])
@pytest.mark.parametrize("size", [1e-9, 1.0, 20.0])
def test_expm(dtype: str, n: int, size: float) -> None:
    a = size * random(dtype, 3, n, n) / np.sqrt(n)
    for one, matrix in zip(expm(a), a, strict=True):
        expected = scipy.linalg.expm(matrix)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(one, expected, atol=1e-11 * scale, rtol=0)


@pytest.mark.filterwarnings("ignore:logm result may be inaccurate")
@pytest.mark.parametrize("dtype", ["real", "complex"])
@pytest.mark.parametrize("n", [1, 2, 5, 20])
@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_roots_and_logarithms(dtype: str, n: int, size: float) -> None:
    a = size * (3 * np.eye(n) + random(dtype, 3, n, n) / np.sqrt(n))
    for fun in (sqrtm, logm):
        for one, matrix in zip(fun(a), a, strict=True):
            expected = getattr(scipy.linalg, fun.__name__)(matrix)
            scale = np.abs(expected).max()
            np.testing.assert_allclose(one, expected, atol=1e-13 * scale, rtol=0)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("spectrum", SPECTRA)
def test_divided_differences(name: str, order: int, spectrum: Any) -> None:
    """Against the definition in 260 digits, between numbers that differ a little."""
    fun, exact = ELEMENTWISE[name]
    found = divided_differences(_Derivatives(fun), np.array([spectrum]), order)[0]
    with mpmath.workdps(260):
        for places in combinations_with_replacement(range(3), order + 1):
            x = [mpmath.mpf(spectrum[i]) for i in places]
            x = [xi * (1 + i * mpmath.mpf(10) ** -40) for i, xi in enumerate(x)]
            table = [exact(xi) for xi in x]
            for j in range(1, order + 1):
                table = [
                    (table[i + 1] - table[i]) / (x[i + j] - x[i])
                    for i in range(len(table) - 1)
                ]
            assert abs(found[places] / float(table[0]) - 1) < 2e-13, places


def test_divided_differences_around_a_kink() -> None:
    def positive(w: Any) -> Any:
        return np.maximum(w, 0.0)

    w = np.array([[-1e-9, 3e-9], [-1.0, 1.0], [2.0, 2.0]])
    found = divided_differences(_Derivatives(positive), w, 1)[:, 0, 1]
    np.testing.assert_allclose(found, [0.75, 0.5, 1.0], rtol=1e-14)


# Derivatives --------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["real", "complex"])
@pytest.mark.parametrize("spectrum", SPECTRA[:5])
@pytest.mark.parametrize("name", [*FUNCTIONS, *ELEMENTWISE, "exp iw", "polar"])
def test_all_orders(name: str, spectrum: Any, dtype: str) -> None:
    a = with_spectrum(spectrum, dtype)
    if name in FUNCTIONS:
        fun = FUNCTIONS[name]
    elif name == "polar":
        fun = polar
    else:
        f = {**ELEMENTWISE, "exp iw": (lambda w: np.exp(1j * w), None)}[name][0]
        fun = lambda a: spectral_function(f, a)  # noqa: E731
    check_grads(fun, (a,), order=3, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["real", "complex"])
@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (2, 2, 3), (2, 3, 1)])
def test_polar_of_any_shape(shape: tuple[int, ...], dtype: str) -> None:
    a = random(dtype, *shape)
    u, p = polar(a)
    np.testing.assert_allclose(u @ p, a, atol=1e-13)
    assert np.linalg.eigvalsh(p).min() > -1e-13
    check_grads(polar, (a,), rtol=1e-7)


def test_maps_of_positive_matrices_at_the_identity() -> None:
    """Where V f(w) V.T of `eigh` cannot know it: the logarithm of 1 is 0."""
    a = np.array([[2.0, 1.0], [1.0, 2.0]])
    both = np.array([[0.0, 1.0], [1.0, 0.0]])
    for exp, log in (
        (expm, logm),
        (
            lambda a: spectral_function(np.exp, a),
            lambda a: spectral_function(np.log, a),
        ),
    ):

        def loss(b: Any) -> Any:
            return np.sum(exp(log(b) + a))

        slope = fgrad.grad(loss)(np.eye(2))
        np.testing.assert_allclose(np.sum(slope * both), 2 * np.exp(3), rtol=1e-14)
        forward = fgrad.jvp(loss, (np.eye(2),), (both,))[1]
        np.testing.assert_allclose(forward, 2 * np.exp(3), rtol=1e-14)


def test_hessian_of_log_det() -> None:
    def loss(a: Any) -> Any:
        return np.trace(spectral_function(np.log, a))

    c = 1 / 0.7**2
    expected = -c * np.diag([1.0, 0.5, 0.5, 1.0])
    expected[1, 2] = expected[2, 1] = -c / 2
    found = fgrad.hessian(loss)(0.7 * np.eye(2)).reshape(4, 4)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_procrustes() -> None:
    slope = fgrad.grad(lambda a: np.sum(np.arange(9.0).reshape(3, 3) * polar(a).U))
    expected = [[0.0, -1.0, -2.0], [1.0, 0.0, -1.0], [2.0, 1.0, 0.0]]
    np.testing.assert_allclose(slope(np.eye(3)), expected, atol=1e-14)


@pytest.mark.parametrize("name", [*FUNCTIONS, "spectral", "polar"])
def test_batches_and_single_precision(name: str) -> None:
    fun = (
        FUNCTIONS.get(name)
        or {
            "spectral": lambda a: spectral_function(np.log, a),
            "polar": lambda a: polar(a).U,
        }[name]
    )

    def loss(a: Any) -> Any:
        return np.sum(fun(a) * np.array([[1.0, 2.0], [0.5, 3.0]], a.dtype))

    stack = np.stack([np.eye(2), np.array([[2.0, 1.0], [1.0, 2.0]]), 3 * np.eye(2)])
    for derivative in (fgrad.grad(loss), fgrad.hessian(loss)):
        with fgrad.debug.loops() as found:
            batched = fgrad.vmap(derivative)(stack)
        assert not found
        one_by_one = np.stack([derivative(a) for a in stack])
        np.testing.assert_allclose(batched, one_by_one, atol=1e-13)
    single = fgrad.grad(loss)(stack[1].astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, fgrad.grad(loss)(stack[1]), rtol=1e-5, atol=1e-6)


def test_lists_and_integers() -> None:
    np.testing.assert_allclose(expm([[0, 0], [0, 0]]), np.eye(2))
    np.testing.assert_allclose(spectral_function(np.sqrt, [[4, 0], [0, 9]])[1, 1], 3)


# Words --------------------------------------------------------------------------------


def test_a_matrix_without_a_logarithm() -> None:
    stack = np.stack([np.eye(2), np.diag([-1.0, 2.0])])
    with pytest.raises(np.linalg.LinAlgError, match=r"logm: the matrix at \(1,\) has"):
        logm(stack)
    with pytest.raises(np.linalg.LinAlgError, match="sqrtm: the matrix has the eigenv"):
        sqrtm(np.zeros((2, 2)))


def test_what_is_no_matrix() -> None:
    for fun in FUNCTIONS.values():
        with pytest.raises(np.linalg.LinAlgError, match="matrices, of shape"):
            fun(np.ones(3))
        with pytest.raises(np.linalg.LinAlgError, match="square matrices, but got"):
            fun(np.ones((2, 3)))
    with pytest.raises(np.linalg.LinAlgError, match="polar needs"):
        polar(np.ones(3))


def test_what_is_not_elementwise() -> None:
    a = np.diag([1.0, 3.0])
    with pytest.raises(ValueError, match="among others"):
        spectral_function(lambda w: w / np.sum(w), a)
    with pytest.raises(ValueError, match="returned shape"):
        spectral_function(np.sum, a)


def test_a_function_that_uses_a_traced_value() -> None:
    with pytest.raises(ConversionError, match="put it into the matrix"):
        fgrad.grad(lambda t: np.sum(spectral_function(lambda w: t * w, np.eye(2))))(2.0)


def test_polar_of_a_singular_matrix() -> None:
    with pytest.warns(RuntimeWarning, match=r"fgrad\.linalg\.polar is nan"):
        slope = fgrad.grad(lambda a: polar(a).U[0, 1])(np.diag([1.0, 0.0]))
    assert np.isnan(slope).all()
