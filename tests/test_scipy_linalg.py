"""`fgrad.scipy.linalg`: what samples of calls cannot say."""

import inspect
import warnings

import numpy as np
import pytest
import scipy.linalg

import fgrad
from fgrad._engine.rules import is_known, parameters_of
from fgrad.errors import (
    ConversionError,
    MissingRuleError,
    UndefinedDerivativeWarning,
)
from fgrad.scipy import linalg as sl
from fgrad.testing import check_grads

RNG = np.random.default_rng(13)
A = RNG.normal(size=(3, 3)) + np.diag([3.0, 6.0, 10.0])
B = RNG.normal(size=(3, 3)) * 0.1 + 2 * np.eye(3)
S = np.diag([1.0, 8.0, 20.0]) + 0.1 * (A + A.T)
TIGHT = {"rtol": 1e-9, "order": 2}
STACKS = "assume_a" in parameters_of(scipy.linalg.inv)
"""Whether SciPy takes stacks of matrices everywhere, as it does since 1.17."""


def complex_like(a):
    return a + 1j * np.random.default_rng(a.size).normal(size=a.shape) * 0.3


def check(fun, *args):
    """Real and complex, both modes, first and second order."""
    check_grads(fun, args, **TIGHT)
    check_grads(fun, tuple(map(complex_like, args)), **TIGHT)


# Where one entry alone may not change, or a sign may ----------------------------------


def hermitian(a):
    return (a + np.conjugate(a.mT)) / 2


def symmetric(a):
    return (a + a.mT) / 2


@pytest.mark.parametrize(
    "solve", [sl.solve_continuous_are, sl.solve_discrete_are], ids=["care", "dare"]
)
@pytest.mark.parametrize("given", ["", "e", "s", "es"])
def test_riccati_equations(solve, given):
    b = np.array([[1.0, 0.3], [-0.2, 1.5], [0.6, 0.4]])
    parts = {"e": B, "s": 0.1 * b[::-1]}
    rest = [parts[name] for name in given]

    def fun(a, b, q, r, *rest):
        q, r = hermitian(q) + 4 * np.eye(3), hermitian(r) + 4 * np.eye(2)
        a = a if solve is sl.solve_continuous_are else 0.3 * a
        options = dict(zip(given, rest, strict=True))
        return solve(a, b, q, r, balanced=False, **options)

    check(fun, 0.1 * A - 2 * np.eye(3), b, 0.1 * B, 0.1 * np.eye(2), *rest)


@pytest.mark.parametrize("kind", ["continuous", "discrete"])
def test_an_equation_that_is_not_solved(kind, monkeypatch):
    """SciPy 1.17 does so for some `e`, unless it is asked not to balance."""
    name = f"solve_{kind}_are"
    solve = getattr(scipy.linalg, name)
    monkeypatch.setattr(scipy.linalg, name, lambda **given: 3.0 * solve(**given))

    def loss(a):
        return np.sum(getattr(sl, name)(a, np.eye(2), np.eye(2), np.eye(2)))

    with pytest.raises(np.linalg.LinAlgError) as caught:
        fgrad.grad(loss)(np.zeros((2, 2)))
    rest = {"continuous": 8.0, "discrete": 2.0}[kind]
    assert str(caught.value).startswith(
        f"scipy.linalg.{name} returned a matrix that does not solve the equation: what "
        f"should be 0 is {rest:.1e}, so there is no derivative. Use balanced=False."
    )


def test_riccati_equations_of_a_stack():
    a = 0.1 * (np.stack([A, B]) if STACKS else B) - 2 * np.eye(3)
    b = np.array([[1.0, 0.3], [-0.2, 1.5], [0.6, 0.4]])
    check_grads(
        lambda a, b: sl.solve_continuous_are(a, b, np.eye(3), np.eye(2)),
        (a, b),
        rtol=1e-9,
        order=1,
    )


@pytest.mark.parametrize("generalised", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"subset_by_index": [1, 2]},
        {"subset_by_value": (-np.inf, 6.0)},
        {"driver": "ev"},
        {"lower": False, "subset_by_index": [0, 0]},
    ],
    ids=str,
)
def test_vectors_up_to_sign(generalised, options):
    if generalised and "driver" in options:
        options = {"driver": "gv"}

    def fun(a, *b):
        w, v = sl.eigh(hermitian(a), *map(hermitian, b), **options)
        return w, v @ np.conjugate(v.mT * np.expand_dims(w, -1))

    check(fun, S, *([B] if generalised else []))


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_generalised_vectors_up_to_sign(kind):
    def fun(a, b):
        w, v = sl.eigh(hermitian(a), hermitian(b), type=kind)
        return w, np.abs(v) ** 2

    check(fun, S, B)


def test_general_vectors_up_to_sign():
    check(lambda a: np.abs(sl.eig(a)[1]) ** 2, A)


@pytest.mark.parametrize("lower", [False, True])
def test_ldl_of_complex_matrices(lower):
    def fun(a):
        low, d, _ = sl.ldl(hermitian(a), lower=lower)
        return low, d

    check(fun, A)


@pytest.mark.parametrize("t", [0.5, -1.5, 3, 2.0])
def test_powers(t):
    check(lambda a: sl.fractional_matrix_power(a, t), S)
    if t != 3:
        check_grads(sl.fractional_matrix_power, (S, float(t)), **TIGHT)


def test_logarithms():
    check(sl.logm, S)
    check_grads(sl.logm, (np.stack([S, B]) if STACKS else B,), **TIGHT)
    check_grads(sl.logm, (np.array([[2.0, 1.0], [0.0, 2.0]]),), **TIGHT)


def test_svd_up_to_phases():
    def fun(a):
        u, s, vh = sl.svd(a, full_matrices=False)
        return s, u @ (np.expand_dims(s**2, -1) * vh)

    check(fun, A[:, :2])
    check(fun, A[:2])


def test_complete_bases_by_their_projectors():
    def fun(a):
        q = sl.qr(a)[0][:, 1:]
        return q @ np.conjugate(q.T)

    check(fun, A[:, :1])


# Values, options and what SciPy may overwrite -----------------------------------------


def test_a_program_of_gaussian_processes():
    x = np.linspace(0, 1, 6)

    def loss(scale, noise):
        k = np.exp(-((x[:, None] - x) ** 2) / scale) + noise * np.eye(6)
        c, lower = sl.cho_factor(k, lower=True)
        alpha = sl.cho_solve((c, lower), np.sin(x))
        return np.sin(x) @ alpha + 2 * np.sum(np.log(np.diagonal(c)))

    check_grads(loss, (0.3, 0.2), **TIGHT)


@pytest.mark.parametrize("stack", [False, True] if STACKS else [False])
def test_factors_of_stacks(stack):
    a = np.stack([S, S + np.eye(3)]) if stack else S
    for lower in (False, True):
        check_grads(
            lambda a, lower=lower: sl.cho_factor(symmetric(a), lower)[0], (a,), **TIGHT
        )
    check_grads(lambda a: sl.lu_solve(sl.lu_factor(a), np.ones(3)), (a,), **TIGHT)
    plain, traced = scipy.linalg.cho_factor(a), []
    fgrad.grad(lambda a: traced.append(sl.cho_factor(a)) or np.sum(a))(a)
    np.testing.assert_array_equal(traced[0][1], plain[1])


OVERWRITTEN = [
    (sl.inv, (A,)),
    (sl.det, (A,)),
    (sl.svdvals, (A,)),
    (sl.eigvals, (A,)),
    (sl.lu_factor, (A,)),
    (sl.lu, (A,)),
    (sl.qr, (A,)),
    (sl.cholesky, (S,)),
    (sl.cho_factor, (S,)),
    (sl.eigh, (S,)),
    (sl.solve, (A, B)),
    (sl.lstsq, (A, B)),
    (sl.solve_triangular, (A, B)),
    (sl.solveh_banded, (np.array([[0.0, 0.3, 0.4], [3.0, 4.0, 5.0]]), B)),
    (sl.cholesky_banded, (np.array([[0.0, 0.3, 0.4], [3.0, 4.0, 5.0]]),)),
]


@pytest.mark.parametrize(
    ("fun", "args"), OVERWRITTEN, ids=[f.__name__ for f, _ in OVERWRITTEN]
)
def test_nothing_is_overwritten(fun, args):
    options = {n: True for n in parameters_of(fun) if n.startswith("overwrite")}
    assert options
    args = [np.asfortranarray(a) for a in args]
    before = [a.copy() for a in args]

    def gradients(**options):
        def loss(*args):
            ans = fun(*args, **options)
            ans = ans[0] if isinstance(ans, tuple) else ans
            return np.sum(np.abs(ans) ** 2)

        return fgrad.grad(loss, argnums=tuple(range(len(args))))(*args)

    for one, other in zip(gradients(**options), gradients(), strict=True):
        np.testing.assert_array_equal(one, other)
    for a, b in zip(args, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_values_are_those_of_scipy():
    for fun, args in OVERWRITTEN:
        plain = getattr(scipy.linalg, fun.__name__)(*args)
        seen = []

        def traced(a, fun=fun, args=args, seen=seen):
            seen.append(fgrad.stop_gradient(fun(a, *args[1:])))
            return np.sum(a)

        fgrad.grad(traced)(args[0])
        seen, plain = (x if type(x) is tuple else (x,) for x in (seen[0], plain))
        for x, y in zip(seen, plain, strict=True):
            np.testing.assert_array_equal(x, y)


def test_other_names_are_those_of_scipy():
    for name in scipy.linalg.__all__:
        thing = getattr(scipy.linalg, name)
        here = getattr(sl, name)
        assert here is thing or here.__wrapped__ is thing or here.__name__ == name
    assert sl.hilbert is scipy.linalg.hilbert
    assert sl.LinAlgError is np.linalg.LinAlgError
    assert sl.expm is sl.expm


NO_ARRAYS = {
    *("dft", "hadamard", "helmert", "hilbert", "invhilbert", "invpascal", "pascal"),
    *("find_best_blas_type", "get_blas_funcs", "get_lapack_funcs"),
}
"""Functions of counts, and about LAPACK."""


def test_each_function_is_in_a_table():
    functions = {
        name
        for name in scipy.linalg.__all__
        if inspect.isfunction(getattr(scipy.linalg, name))
    }
    known = {name for name in functions if is_known(getattr(scipy.linalg, name))}
    assert functions - known == NO_ARRAYS


def test_finite_is_checked_as_asked():
    b = np.array([1.0, np.nan, 2.0])
    with pytest.raises(ValueError, match="array must not contain infs or NaNs"):
        fgrad.grad(lambda a: np.sum(sl.solve_triangular(a, b)))(A)
    loss = lambda a: np.sum(sl.solve_triangular(a, b, check_finite=False))  # noqa: E731
    assert np.isnan(fgrad.grad(loss)(A)).any()


def test_constants_of_matrices():
    def loss(a):
        assert sl.bandwidth(a) == (2, 2)
        assert not sl.issymmetric(a)
        assert not sl.ishermitian(a)
        return np.sum(a)

    np.testing.assert_array_equal(fgrad.grad(loss)(A), np.ones((3, 3)))


# Words --------------------------------------------------------------------------------


def words(kind, fun, a=A):
    with pytest.raises(kind) as caught:
        fgrad.grad(lambda a: np.sum(np.abs(fun(a)[0])))(a)
    return str(caught.value).partition(", at File")[0].partition(", called at")[0]


@pytest.mark.parametrize("name", ["expm", "cholesky", "solve_sylvester", "svdvals"])
def test_the_plain_function_names_the_import(name):
    fun = getattr(scipy.linalg, name)
    rest = (A, A) if name == "solve_sylvester" else ()
    with pytest.raises(ConversionError) as caught:
        fgrad.grad(lambda a: np.sum(fun(a, *rest)))(A)
    advice = f"Use fgrad's own (from fgrad.scipy.linalg import {name}) to keep it"
    assert advice in str(caught.value)


REFUSED = {
    "null_space": "the basis that scipy.linalg.null_space returns is one of many, so "
    "it has no derivative; the projector onto it has: np.eye(n) - "
    "scipy.linalg.pinv(A) @ A",
    "orth": "the basis that scipy.linalg.orth returns is one of many, so it has no "
    "derivative; the projector onto it has: A @ scipy.linalg.pinv(A)",
    "schur": "the factors of a Schur decomposition are some of many, so they have no "
    "derivative; use scipy.linalg.eig, or a function of the matrix, such as "
    "scipy.linalg.expm, sqrtm or logm",
    "hessenberg": "the factors of a Hessenberg decomposition have no derivative rule; "
    "use scipy.linalg.qr or eig",
    "expm_cond": "scipy.linalg.expm_cond has no derivative rule; use the norm of what "
    "scipy.linalg.expm_frechet returns",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_unique_is_refused(name):
    assert words(ConversionError, getattr(sl, name)) == REFUSED[name]


OPTIONS = [
    (
        lambda a: sl.qr(a, mode="raw"),
        "no derivative rule for scipy.linalg.qr(..., mode='raw'). Use "
        "mode='economic', which returns the factors themselves.",
    ),
    (
        lambda a: sl.lstsq(a, np.ones(3), lapack_driver="gelsy"),
        "no derivative rule for scipy.linalg.lstsq(..., lapack_driver='gelsy'). Use "
        "'gelsd' or 'gelss', which also return the singular values.",
    ),
    (
        lambda a: sl.inv(a, assume_a="diagonal"),
        "no derivative rule for scipy.linalg.inv(..., assume_a='diagonal'), which "
        "leaves the entries beside the diagonal as they are. Use "
        "np.diag(1 / np.diagonal(a)).",
    )
    if STACKS
    else None,
    (
        lambda a: sl.eig_banded(a, select="i", select_range=(0, 1)),
        "no derivative rule for scipy.linalg.eig_banded(..., select='i'). Use "
        "scipy.linalg.eigh(..., subset_by_index=...) of the whole matrix.",
    ),
    (
        lambda a: sl.eig(a, left=True),
        "no derivative rule for scipy.linalg.eig(..., left=...)",
    ),
    (
        lambda a: sl.solve_circulant(
            np.sum(a) * np.ones(3), np.ones(3), singular="lstsq"
        )[None],
        "no derivative rule for scipy.linalg.solve_circulant(..., singular='lstsq') "
        "of a matrix that is singular. Use "
        "scipy.linalg.pinv(scipy.linalg.circulant(c)) @ b.",
    ),
]


@pytest.mark.parametrize(("fun", "expected"), [*filter(None, OPTIONS)])
def test_options_without_a_derivative_are_refused(fun, expected):
    assert words(MissingRuleError, fun) == expected


def test_a_number_is_no_right_hand_side():
    a, q = np.stack([0.5 * np.eye(2)] * 2), np.float64(0.5)
    for fun in (
        lambda q: sl.solve_sylvester(a, a, q),
        lambda q: sl.solve_discrete_lyapunov(a, q, method="bilinear"),
    ):
        with pytest.raises(MissingRuleError) as caught:
            fgrad.grad(lambda q, fun=fun: np.sum(fun(q)))(q)
        words = str(caught.value)
        assert words.startswith(
            "no derivative rule for a matrix equation where q has shape (), called at "
        )
        assert words.endswith("\nPass the whole matrix, such as np.full((m, n), q).")


@pytest.mark.filterwarnings("ignore::scipy.linalg.LinAlgWarning")
def test_matrices_without_an_inverse():
    ones = np.ones((3, 3))
    assert words(np.linalg.LinAlgError, sl.lu_factor, ones) == (
        "the derivative of a matrix's LU decomposition needs nonzero pivots, but the "
        "matrix is singular: a pivot is 0. Use np.linalg.det or scipy.linalg.qr, which "
        "have derivatives there."
    )
    assert words(np.linalg.LinAlgError, sl.ldl, np.zeros((2, 2))) == (
        "the derivative of scipy.linalg.ldl needs a matrix that has an inverse, but "
        "this one is singular. Use scipy.linalg.eigh, which has derivatives there."
    )


@pytest.mark.filterwarnings("ignore::scipy.linalg.LinAlgWarning")
def test_equations_without_a_unique_solution():
    sentence = (
        "the derivative of a matrix equation's solution is nan: the solution is not "
        "unique, since two eigenvalues cancel"
    )
    for fun in (
        lambda a: sl.solve_sylvester(a, -np.eye(2), np.eye(2)),
        lambda a: sl.sqrtm(a - np.diag([0.0, 1.0])),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UndefinedDerivativeWarning)
            gradient = fgrad.grad(lambda a, fun=fun: np.sum(fun(a)))(np.eye(2))
        assert np.isnan(gradient).all()
        assert sentence in [str(warning.message) for warning in caught]


def test_repeated_eigenvalues_of_a_generalised_problem():
    def total(a):
        return np.sum(sl.eigvalsh(a, 2 * np.eye(2)))

    np.testing.assert_allclose(fgrad.grad(total)(np.eye(2)), 0.5 * np.eye(2))
    with pytest.warns(UndefinedDerivativeWarning, match="a derivative"):
        c = fgrad.grad(lambda a: sl.eigh(a, 2 * np.eye(2))[1][0, 1])(np.eye(2))
    assert np.isnan(c).any()


@pytest.mark.parametrize("lower", [False, True])
def test_a_band_of_one_column(lower):
    """SciPy reads its first row."""
    a = np.array([[1.5], [2.5]])
    value, gradient = fgrad.value_and_grad(lambda a: sl.eigvals_banded(a, lower)[0])(a)
    assert value == 1.5
    np.testing.assert_array_equal(gradient, [[1.0], [0.0]])


def test_vectors_of_equal_values_that_are_multiplied_by_zero():
    """V f(L) V^T has a derivative where f vanishes: the cotangents do not show it."""
    weights = np.arange(9.0).reshape(3, 3)

    def fun(a, b):
        w, v = sl.eigh(a, b)
        return np.sum((v * (w - 1)) @ v.T * weights)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = fgrad.grad(fun, argnums=(0, 1))(np.diag([1.0, 1.0, 2.0]), np.eye(3))
    assert all(np.isnan(c).any() for c in found)
