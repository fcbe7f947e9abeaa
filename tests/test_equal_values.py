"""Repeated eigenvalues and singular values: a right number, or nan in words."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fgrad
from fgrad.testing import check_grads

ONE = np.eye(2)
PAIR = np.diag([1.0, 1.0, 2.0])
NINE = np.arange(9.0).reshape(3, 3)


def function(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def of_matrix(a: Any) -> Any:
        w, v = np.linalg.eigh(a)
        return (v * f(w)) @ v.T

    return of_matrix


log, exp = function(np.log), function(np.exp)


def generalized_log(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a)
    return (u * np.log(s)) @ vh


UNKNOWN: dict[str, tuple[Callable[[Any], Any], Any, str]] = {
    "maps of positive matrices": (
        lambda b: np.sum(exp(log(b) + np.ones((2, 2)))),
        ONE,
        "spectral_function",
    ),
    "an entry of the logarithm": (lambda b: log(b)[0, 1], ONE, "spectral_function"),
    "a subset": (
        lambda a: np.sum(log(a)[:2, :2] * NINE[:2, :2]),
        PAIR,
        "spectral_function",
    ),
    "the logarithm of singular values": (
        lambda a: np.sum(generalized_log(a) * NINE[:2, :2]),
        ONE,
        "polar",
    ),
    "Procrustes": (
        lambda a: np.sum(NINE * (np.linalg.svd(a).U @ np.linalg.svd(a).Vh)),
        np.eye(3),
        "polar",
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_nan_comes_with_words(name: str) -> None:
    fun, a, instead = UNKNOWN[name]
    with pytest.warns(RuntimeWarning, match=instead) as found:
        slope = fgrad.grad(fun)(a)
    assert {warning.filename for warning in found} == {__file__}
    assert np.isnan(slope).any()
    with pytest.warns(RuntimeWarning, match=instead):
        forward = fgrad.jvp(fun, (a,), (NINE[: len(a), : len(a)],))[1]
    assert np.isnan(forward)


def test_no_words_for_vectors_that_are_not_used() -> None:
    """Forward mode has tangents of the vectors, too."""
    for fun in (
        lambda a: np.sum(np.linalg.eigh(a).eigenvalues ** 2),
        lambda a: np.sum(np.linalg.svd(a).S ** 2),
    ):
        tangent = fgrad.jvp(fun, (ONE,), (NINE[:2, :2],))[1]
        np.testing.assert_allclose(tangent, 2 * np.trace(NINE[:2, :2]))
        np.testing.assert_allclose(fgrad.jacfwd(fun)(ONE), 2 * ONE, atol=1e-14)


def test_second_derivative_in_words() -> None:
    hessian = fgrad.hessian(lambda a: np.sum(np.log(np.linalg.eigvalsh(a))))
    with pytest.warns(RuntimeWarning, match="slogdet"):
        assert np.isnan(hessian(0.7 * ONE)).any()


def of_the_largest(a: Any) -> Any:
    w, v = np.linalg.eigh(a)
    return np.sum((v[:, -1:] * w[-1:]) @ v[:, -1:].T * NINE)


def pseudo_inverse(a: Any) -> Any:
    w, v = np.linalg.eigh(a)
    large = w > 1e-3
    return np.sum((v * np.where(large, 1 / np.where(large, w, 1), 0)) @ v.T * NINE)


def trace_and_vector(a: Any) -> Any:
    w, v = np.linalg.eigh(a)
    return np.sum(w) + v[0, -1] ** 2


KNOWN: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
    "no equal value is used": (of_the_largest, PAIR, None),
    "equal values are masked": (pseudo_inverse, np.diag([0.0, 0.0, 2.0]), None),
    "the trace besides": (trace_and_vector, PAIR, None),
    "a trace of a function": (lambda a: np.trace(exp(a)), ONE, np.e * ONE),
    "all is masked": (
        lambda a: np.sum(np.where(a > 5, log(a), 0)),
        ONE,
        np.zeros((2, 2)),
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_from_the_vectors(name: str) -> None:
    fun, a, expected = KNOWN[name]
    slope = fgrad.grad(fun)(a)
    if expected is None:  # NumPy reads the lower triangle
        expected = np.zeros_like(a)
        for i, j in zip(*np.tril_indices_from(a), strict=True):
            step = np.zeros_like(a)
            step[i, j] = 1e-6
            expected[i, j] = (fun(a + step) - fun(a - step)) / 2e-6
    np.testing.assert_allclose(slope, expected, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", ["eigh", "svd", "eig"])
def test_each_matrix_has_its_own_scale(kind: str, dtype: Any) -> None:
    a = np.array([[2.0, 1.0], [1.0, 3.0]], dtype)
    weights = np.array([[1.0, 2.0], [0.5, 3.0]], dtype)

    def loss(a: Any) -> Any:
        if kind == "svd":
            u, s, vh = np.linalg.svd(a)
            return np.sum((u * np.log(s)[..., None, :]) @ vh * weights)
        w, v = getattr(np.linalg, kind)(a)
        back = np.linalg.inv(v) if kind == "eig" else v.mT
        return np.sum((v * np.log(w)[..., None, :]) @ back * weights)

    large = dtype(1e14 if dtype is np.float64 else 1e5)
    slope = fgrad.grad(loss)(np.stack([large * a, a]))
    rtol = 1e3 * np.finfo(dtype).eps
    np.testing.assert_allclose(slope[1], fgrad.grad(loss)(a), rtol=rtol)
    np.testing.assert_allclose(slope[0], fgrad.grad(loss)(large * a), rtol=rtol)


# Defective matrices -------------------------------------------------------------------

JORDAN = np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 2.0]])
TURNED = NINE + np.diag([3.0, 1.0, 2.0])


@pytest.mark.parametrize("a", [JORDAN, TURNED @ JORDAN @ np.linalg.inv(TURNED)])
@pytest.mark.parametrize(
    "fun",
    [
        lambda a: np.sum(np.linalg.eigvals(a) ** 2).real,  # 2 * a.T, if it were known
        lambda a: np.sum(np.linalg.eig(a).eigenvectors[0]).real,
    ],
)
def test_defective_matrix(fun: Any, a: Any) -> None:
    with pytest.warns(RuntimeWarning, match="the matrix is defective"):
        assert np.isnan(fgrad.grad(fun)(a)).any()


# Determinants out of range ------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize(
    ("a", "dtype"),
    [(1e-170, float), (1e160, float), (1e-310, float), (1e-25, "f4"), (1e25, "f4")],
)
def test_cofactors_of_a_determinant_out_of_range(a: Any, dtype: Any) -> None:
    one = np.eye(2, dtype=dtype)
    slope = fgrad.grad(np.linalg.det)(np.multiply(a, one, dtype=dtype))
    np.testing.assert_allclose(slope, a * one, rtol=1e-6)
    stack = np.multiply([[[a]], [[2.0]]], one, dtype=dtype)
    both = fgrad.vmap(fgrad.grad(np.linalg.det))(stack)
    np.testing.assert_allclose(both, stack, rtol=1e-6)


def test_cofactors_of_larger_matrices_out_of_range() -> None:
    slope = fgrad.grad(np.linalg.det)(1e-110 * np.eye(3))
    np.testing.assert_allclose(slope, 1e-220 * np.eye(3), rtol=1e-12)
    slope = fgrad.grad(np.linalg.det)(1e-200 * np.ones((2, 2)))
    np.testing.assert_allclose(slope, 1e-200 * np.array([[1, -1], [-1, 1]]), rtol=1e-12)
    second = fgrad.hessian(np.linalg.det)(1e-170 * np.eye(2)).reshape(4, 4)
    expected = np.array([[0, 0, 0, 1], [0, 0, -1, 0], [0, -1, 0, 0], [1, 0, 0, 0]])
    np.testing.assert_allclose(second, expected, atol=1e-12)


# Singular matrices --------------------------------------------------------------------


def test_singular_matrix_in_words() -> None:
    words = r"slogdet needs the inverse of the matrix at \(1,\).*rank is 1 of 2"
    with pytest.raises(np.linalg.LinAlgError, match=words) as caught:
        fgrad.grad(lambda a: np.sum(np.linalg.slogdet(a)[1]))(
            np.stack([np.eye(2), np.ones((2, 2))])
        )
    assert "np.linalg.slogdet(a)[1]" in "".join(caught.value.__notes__)
    with pytest.raises(np.linalg.LinAlgError, match=r"np\.linalg\.cond needs"):
        fgrad.grad(lambda a: np.linalg.cond(a, 1))(np.ones((2, 2)))


def dependent(dtype: str) -> Any:
    """Three independent columns, then one that is a combination, one of zeros."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(6, 5)) + 1j * rng.normal(size=(6, 5)) * (dtype == "complex")
    a[:, 3], a[:, 4] = a[:, 2] - a[:, 0], 0
    return a if dtype == "complex" else a.real


@pytest.mark.parametrize("dtype", ["real", "complex"])
def test_qr_of_dependent_columns(dtype: str) -> None:
    a = dependent(dtype)

    def leading(a: Any) -> Any:
        q, r = np.linalg.qr(a)
        return q[:, :3], r[:3]

    check_grads(leading, (a,), rtol=1e-7)
    check_grads(lambda a: np.linalg.qr(a, mode="r")[:3], (a,), rtol=1e-7)
    check_grads(lambda a: leading(a[:4]), (a,), rtol=1e-7)

    def loss(a: Any) -> Any:
        return np.sum(np.abs(np.linalg.qr(a).Q[..., :3]) ** 3)

    stack = np.stack([a, a + 2 * np.eye(6, 5)])
    both = fgrad.vmap(fgrad.grad(loss))(stack)
    for one, matrix in zip(both, stack, strict=True):
        np.testing.assert_allclose(one, fgrad.grad(loss)(matrix), atol=1e-13)


def test_qr_of_dependent_columns_in_words() -> None:
    with pytest.warns(RuntimeWarning, match="a column of the matrix is a combination"):
        slope = fgrad.grad(lambda a: np.sum(np.linalg.qr(a).Q))(dependent("real"))
    assert np.isnan(slope).any()
    with pytest.warns(RuntimeWarning, match="a column of the matrix is a combination"):
        tangent = fgrad.jvp(np.linalg.qr, (np.ones((2, 2)),), (NINE[:2, :2],))[1]
    assert np.isnan(tangent[0][:, 1]).all()
    assert np.isfinite(tangent[0][:, 0]).all()
