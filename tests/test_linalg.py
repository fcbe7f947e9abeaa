"""What samples of `numpy.linalg` cannot say: arbitrary phases, equal values, kinks."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fgrad
from fgrad import grad, vmap
from fgrad.errors import MissingRuleError
from fgrad.testing import check_grads

Matrix = Any


def draw(*shape: int, dtype: str = "complex") -> Matrix:
    rng = np.random.default_rng(3)
    a = 0.4 * rng.uniform(-1, 1, shape) + np.eye(*shape[-2:]) * 1.5
    a = a * (1 + np.arange(shape[-1]))
    return a if dtype == "real" else a + 0.4j * rng.uniform(-1, 1, shape)


def adjoint(a: Matrix) -> Matrix:
    return np.conj(np.swapaxes(a, -1, -2))


def projector(v: Matrix) -> Matrix:
    return v @ adjoint(v)


def eigh_function(a: Matrix) -> Matrix:
    w, v = np.linalg.eigh(a)
    return (v * np.exp(w / 3)[..., None, :]) @ adjoint(v)


def eig_function(a: Matrix) -> Matrix:
    w, v = np.linalg.eig(a)
    return (v * np.sin(w)) @ np.linalg.inv(v)


def svd_function(a: Matrix, hermitian: bool = False) -> Matrix:
    u, s, vh = np.linalg.svd(a, full_matrices=False, hermitian=hermitian)
    return (u * (s**1.5)[..., None, :]) @ vh


def polar(a: Matrix) -> Matrix:
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return u @ vh


INVARIANT: dict[str, tuple[Callable[[Matrix], Any], tuple[int, ...]]] = {
    "eigh, a function of the matrix": (eigh_function, (3, 3)),
    "eigh, stacked": (eigh_function, (2, 2, 2)),
    "eigh, the upper triangle": (
        lambda a: np.abs(np.linalg.eigh(a, UPLO="U").eigenvectors),
        (3, 3),
    ),
    "eigh, a subspace": (
        lambda a: projector(np.linalg.eigh(a).eigenvectors[:, :2]),
        (3, 3),
    ),
    "svd, a function of the matrix": (svd_function, (3, 3)),
    "svd, tall": (svd_function, (4, 2)),
    "svd, wide and stacked": (svd_function, (2, 2, 3)),
    "svd, of a Hermitian matrix": (lambda a: svd_function(a, True), (3, 3)),
    "svd, the polar factor": (polar, (4, 3)),
    "svd, a null space on the left": (
        lambda a: projector(np.linalg.svd(a).U[:, 2:]),
        (4, 2),
    ),
    "svd, a null space on the right": (
        lambda a: projector(adjoint(np.linalg.svd(a).Vh[2:])),
        (2, 4),
    ),
    "qr, the rest of a basis": (
        lambda a: projector(np.linalg.qr(a, mode="complete").Q[:, 2:]),
        (4, 2),
    ),
    "qr, what is left of a vector": (
        lambda a: np.abs(np.linalg.qr(a, mode="complete").Q[:, 2:]),
        (3, 2),
    ),
    "eig, a function of the matrix": (
        eig_function,
        (3, 3),
    ),
}


@pytest.mark.parametrize("dtype", ["real", "complex"])
@pytest.mark.parametrize("name", INVARIANT)
def test_invariant(name: str, dtype: str) -> None:
    """Results that do not depend on a phase or on a basis have all derivatives."""
    fun, shape = INVARIANT[name]
    check_grads(fun, (draw(*shape, dtype=dtype),), rtol=1e-8)


def test_eigenvalues_of_large_matrices() -> None:
    """LAPACK may find them in another order when it also finds the vectors."""
    a, t = np.random.default_rng(1).normal(size=(2, 150, 150))
    w, slopes = fgrad.jvp(np.linalg.eigvals, (a,), (t,))

    def moved(h: float) -> Matrix:
        """Where each one is for another matrix."""
        others = np.linalg.eigvals(a + h * t)
        return others[np.argmin(np.abs(w[:, None] - others), axis=1)]

    h = 1e-5
    want = (8 * (moved(h) - moved(-h)) - moved(2 * h) + moved(-2 * h)) / (12 * h)
    np.testing.assert_allclose(slopes, want, rtol=1e-5, atol=1e-5)
    g = np.exp(0.1j * np.arange(150))
    (c,) = fgrad.vjp(np.linalg.eigvals, a)[1](g)
    np.testing.assert_allclose(np.sum(c * t), np.sum(g * slopes).real, rtol=1e-9)


@pytest.mark.filterwarnings("ignore:a derivative through np.linalg")
def test_phase() -> None:
    """A result that depends on an arbitrary phase has no derivative."""

    def part(a: Matrix) -> Any:
        return np.linalg.eigh(a).eigenvectors[0, 1].imag

    assert np.isnan(fgrad.grad(part)(draw(3, 3))).any()


EQUAL = {
    "sum of eigenvalues": lambda a: np.sum(np.linalg.eigvalsh(a)),
    "sum of eigh's values": lambda a: np.sum(np.linalg.eigh(a).eigenvalues),
    "norm of the spectrum": lambda a: np.sum(np.linalg.eigvalsh(a) ** 3),
    "trace of a function": lambda a: np.trace(eigh_function(a)),
    "sum of singular values": lambda a: np.sum(np.linalg.svdvals(a)),
    "sum of svd's values": lambda a: np.sum(np.linalg.svd(a).S),
    "nuclear norm": lambda a: np.linalg.norm(a, "nuc"),
    "determinant": np.linalg.det,
    "entry of the inverse": lambda a: np.linalg.pinv(a)[0, 1],
}


@pytest.mark.parametrize("name", EQUAL)
@pytest.mark.parametrize(
    "spectrum", [(2.0, 2.0, 2.0), (2.0, 2.0, 1.0), (1.0, 2.0, 2.0 + 1e-15)]
)
def test_equal_values(name: str, spectrum: tuple[float, ...]) -> None:
    q = np.linalg.qr(draw(3, 3, dtype="real")).Q
    for a in (np.diag(spectrum), (q * np.array(spectrum)) @ q.T):
        check_grads(EQUAL[name], (0.5 * (a + a.T),), order=1, rtol=1e-8, modes=("rev",))


def test_equal_values_unknown() -> None:
    """Better no number than a wrong one: the limit of 0 / 0 is not known."""
    with pytest.warns(RuntimeWarning, match="spectral_function") as found:
        slope = fgrad.grad(lambda a: eigh_function(a)[0, 1])(np.eye(2))
    assert {warning.filename for warning in found} == {__file__}
    assert np.isnan(slope).any()


VALUES: dict[str, Callable[[Matrix], Any]] = {
    "eigvalsh": np.linalg.eigvalsh,
    "eigh": lambda a: np.linalg.eigh(a).eigenvalues,
    "eigvals": np.linalg.eigvals,
    "svdvals": np.linalg.svdvals,
    "svd": lambda a: np.linalg.svd(a).S,
    "svd, without vectors": lambda a: np.linalg.svd(a, compute_uv=False),
    "svd, hermitian": lambda a: np.linalg.svd(a, hermitian=True).S,
}


def matrices_with_equal_values() -> list[Matrix]:
    spectrum = np.array([1.0, 1.0, 2.0])
    turned = []
    for dtype in ("real", "complex"):
        q = np.linalg.qr(draw(3, 3, dtype=dtype)).Q
        a = (q * spectrum) @ adjoint(q)
        turned.append(0.5 * (a + adjoint(a)))
    return [np.eye(2), np.diag(spectrum), *turned]


def hvps(fun: Callable[[Matrix], Any], a: Matrix, direction: Matrix) -> list[Matrix]:
    """A Hessian times a vector, by both modes."""

    def along(a: Matrix) -> Any:
        return np.sum(fgrad.grad(fun)(a) * direction).real

    return [fgrad.grad(along)(a), fgrad.hvp(fun, (a,), (direction,))[1]]


@pytest.mark.filterwarnings("ignore:a derivative through np.linalg")
@pytest.mark.parametrize("power", [2, 3, 4])
@pytest.mark.parametrize("center", [0.0, 1.0])
@pytest.mark.parametrize("name", VALUES)
def test_second_derivative_at_equal_values(
    name: str, center: float, power: int
) -> None:
    """Right, or nan, also where the cotangents of the values happen to vanish."""

    def fun(a: Matrix) -> Any:
        return np.sum((VALUES[name](a) - center) ** power).real

    rng = np.random.default_rng(5)
    for a in matrices_with_equal_values():
        noise = rng.uniform(-1, 1, a.shape) + a.dtype.type(0)
        step = 1e-4 * noise
        slope = fgrad.grad(fun)
        expected = (slope(a + step) - slope(a - step)) / 2e-4
        for product in hvps(fun, a, noise):
            finite = np.isfinite(product)
            assert not finite.all()
            if a.dtype.kind != "c":
                np.testing.assert_allclose(product[finite], expected[finite], atol=1e-4)


EXACT: dict[str, Callable[[Matrix], Any]] = {
    "sum of eigenvalues": lambda a: np.sum(np.linalg.eigvalsh(a)),
    "largest eigenvalue": lambda a: np.linalg.eigvalsh(a)[-1],
    "nuclear norm": lambda a: np.linalg.norm(a, "nuc"),
    "nuclear norm, squared": lambda a: np.linalg.norm(a, "nuc") ** 2,
    "spectral norm": lambda a: np.linalg.norm(a, 2) ** 3,
    "pseudo-inverse": lambda a: np.linalg.pinv(a)[0, 1],
}


@pytest.mark.parametrize("name", EXACT)
def test_second_derivative_of_constant_weights(name: str) -> None:
    """Equal values with weights that do not move: nothing is unknown."""
    for a in matrices_with_equal_values()[1:3]:
        check_grads(EXACT[name], (a,), order=2, rtol=1e-7, modes=("rev",))


@pytest.mark.filterwarnings("ignore:a derivative through np.linalg")
@pytest.mark.parametrize("center", [0.0, 1.0])
def test_vanishing_function_at_equal_values(center: float) -> None:
    """The cotangent of the vectors is zero, and that of the matrix is not."""

    def entry(a: Matrix) -> Any:
        w, v = np.linalg.eigh(a)
        return np.sum((v * (w - center)) @ v.T * np.arange(9.0).reshape(3, 3))

    assert np.isnan(fgrad.grad(entry)(np.diag([center, center, 2.0]))).any()


def test_batches_of_spectra() -> None:
    a = np.stack([draw(3, 3, dtype="real"), np.diag([1.0, 2.0, 4.0])])
    for fun in (lambda a: np.sum(np.linalg.eigvalsh(a) ** 2), np.linalg.cond):
        both = fgrad.vmap(fgrad.hessian(fun))(a)
        for one, matrix in zip(both, a, strict=True):
            expected = fgrad.hessian(fun)(matrix)
            np.testing.assert_allclose(one, expected, atol=1e-10)


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_third_derivative_of_det(rank: int) -> None:
    a = draw(3, 2, dtype="real")[:, :rank] @ draw(2, 3, dtype="real")[:rank]
    check_grads(np.linalg.det, (a,), order=3, rtol=1e-7)


@pytest.mark.parametrize("order", [1, 1.5, 2, 3, 0.5, np.inf, -np.inf])
def test_norm_of_zeros(order: float) -> None:
    for keepdims in (False, True):
        slope = fgrad.grad(
            lambda x: np.sum(np.linalg.norm(x, order, axis=-1, keepdims=keepdims))
        )
        np.testing.assert_array_equal(slope(np.zeros((2, 3))), np.zeros((2, 3)))


@pytest.mark.parametrize("order", [None, "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_matrix_norm_of_zeros(order: Any) -> None:
    slope = fgrad.grad(lambda x: np.linalg.norm(x, order))(np.zeros((2, 3)))
    np.testing.assert_array_equal(slope, np.zeros((2, 3)))


@pytest.mark.parametrize("order", [1.5, 3])
def test_norm_with_zero_entries(order: float) -> None:
    x = np.array([0.0, 3.0, -4.0])
    slope = fgrad.grad(lambda x: np.linalg.norm(x, order))(x)
    rest = fgrad.grad(lambda x: np.linalg.norm(x, order))(x[1:])
    np.testing.assert_allclose(slope, [0.0, *rest], rtol=1e-15)


def test_norm_of_ties() -> None:
    slope = fgrad.grad(lambda x: np.linalg.norm(x, np.inf))(np.array([2.0, -2.0, 1.0]))
    np.testing.assert_array_equal(slope, [0.5, -0.5, 0.0])
    slope = fgrad.grad(lambda x: np.linalg.norm(x, 2))(np.eye(2))
    np.testing.assert_allclose(slope, np.eye(2) / 2, atol=1e-15)


def test_named_results() -> None:
    def names(a: Matrix) -> Any:
        assert np.linalg.eigh(a)._fields == ("eigenvalues", "eigenvectors")
        assert np.linalg.eig(a)._fields == ("eigenvalues", "eigenvectors")
        assert np.linalg.svd(a)._fields == ("U", "S", "Vh")
        assert np.linalg.qr(a)._fields == ("Q", "R")
        assert np.linalg.slogdet(a)._fields == ("sign", "logabsdet")
        assert type(np.linalg.matrix_rank(a)) is not type(a)
        return a[0, 0]

    fgrad.grad(names)(draw(2, 2, dtype="real"))


def test_raw_qr_is_refused() -> None:
    with pytest.raises(MissingRuleError, match="raw"):
        fgrad.grad(lambda a: np.sum(np.linalg.qr(a, mode="raw")[0]))(np.eye(2))


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors")
@pytest.mark.parametrize("sizes", [(2, 2), (2, 3), (3, 2)])
def test_cross_in_the_plane(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.uniform(-1, 1, (2, n)) for n in sizes)
    if np.lib.NumpyVersion(np.__version__) >= "2.5.0":  # NumPy has removed them
        with pytest.raises(ValueError, match="dimension"):
            fgrad.grad(lambda a: np.sum(np.cross(a, b)))(a)
        return
    check_grads(np.cross, (a, b), rtol=1e-9)
    check_grads(np.cross, (a[0], b), rtol=1e-9)


@pytest.mark.parametrize(
    ("fun", "words"),
    [
        (
            np.linalg.cholesky,
            "Matrix is not positive definite: {} has the eigenvalue -1",
        ),
        (
            lambda a: np.linalg.cholesky(a, upper=True),
            "Matrix is not positive definite: {} has the eigenvalue -1",
        ),
        (np.linalg.inv, "Singular matrix: {} has rank 1 of 2"),
        (
            lambda a: np.linalg.solve(a, np.ones(2)),
            "Singular matrix: {} has rank 1 of 2",
        ),
        (
            lambda a: np.linalg.matrix_power(a, -1),
            "Singular matrix: {} has rank 1 of 2",
        ),
    ],
)
def test_which_matrix_is_refused(fun, words):
    """NumPy says neither which one of a stack, nor why."""
    wrong = np.array([[1.0, 1.0], [1.0, 1.0]])
    if "positive" in words:
        wrong[0, 1] = wrong[1, 0] = 2.0
    stack = np.stack([np.eye(2), np.eye(2), wrong])
    total = lambda a: np.sum(fun(a))  # noqa: E731
    for a, place in ((wrong, "the matrix"), (stack, "the matrix at (2,)")):
        with pytest.raises(np.linalg.LinAlgError) as info:
            grad(total)(a)
        assert str(info.value) == words.format(place)
    with pytest.raises(np.linalg.LinAlgError) as info:
        grad(lambda a: np.sum(vmap(fun)(a)))(stack)
    assert str(info.value) == words.format("the matrix")
    assert info.value.__notes__[0].startswith("for example 2 of vmap(")
    stack[1, 0, 0] = np.nan
    if "positive" in words:
        with pytest.raises(np.linalg.LinAlgError, match=r"at \(1,\) has entries that"):
            grad(total)(stack)


@pytest.mark.parametrize("n", [128, 129, 200])
@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_in_blocks(n, dtype, upper):
    """The pullback of a large factor, along one Hermitian direction."""
    rng = np.random.default_rng(n)
    b, g, step = rng.normal(size=(3, n, n)).astype(dtype)
    if dtype is complex:
        b, g, step = (x + 1j * rng.normal(size=(n, n)) for x in (b, g, step))
    a, step = np.eye(n) + b @ b.T.conj() / n, step + step.T.conj()

    def fun(a):
        return np.sum(np.real(np.linalg.cholesky(a, upper=upper) * g))

    found = fgrad.grad(fun)(a)
    h = 1e-4
    f = [fun(a + k * h * step) for k in (-2, -1, 1, 2)]
    wanted = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)
    assert abs(np.real(np.sum(found * step)) - wanted) < 1e-9 * max(1, abs(wanted))
    assert not np.any(np.tril(found, -1) if upper else np.triu(found, 1))
    if dtype is float:
        single = fgrad.grad(fun)(a.astype("f4"))
        assert single.dtype == np.float32
        assert np.max(np.abs(single - found)) < 1e-4 * np.max(np.abs(found))


def test_cholesky_in_blocks_twice():
    """The second derivative follows the formula, and agrees with the first one."""
    n, rng = 130, np.random.default_rng(0)
    b, v = rng.normal(size=(2, n, n))
    a, v = np.eye(n) + b @ b.T / n, v + v.T

    def fun(a):
        return np.sum(np.sin(np.linalg.cholesky(a)))

    _, tangent = fgrad.jvp(fgrad.grad(fun), (a,), (v,))
    h = 1e-4
    f = [fgrad.grad(fun)(a + k * h * v) for k in (-2, -1, 1, 2)]
    wanted = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h)
    assert np.max(np.abs(tangent - wanted)) < 1e-9 * np.max(np.abs(wanted))
    compiled = fgrad.compile(fgrad.grad(fun))
    for k in (0, 0, 0.1, 0.2):
        x = a + k * np.eye(n)
        assert np.array_equal(compiled(x), fgrad.grad(fun)(x))
    assert compiled.variants.programs()
