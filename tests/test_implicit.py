"""`custom_root` and `fixed_point`: solutions of equations, and their derivatives."""

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse.linalg

import fgrad
from fgrad import (
    custom_root,
    errors,
    fixed_point,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    ravel,
    value_and_grad,
    vmap,
)
from fgrad.testing import check_grads
from tests.test_errors import raised

X = np.array([0.3, 0.8])
W = np.array([[0.2, 0.5], [0.1, -0.4]])


def cubic(x, a, b):
    return x**3 + a * x - b


def dense(matvec, b):
    """A solver that is no NumPy function of its arguments: it sees plain values."""
    assert type(b) is np.ndarray
    assert b.dtype == np.float64
    matrix = np.stack([matvec(unit) for unit in np.eye(len(b))], axis=1)
    return np.array(np.linalg.solve(matrix, b).tolist())


@pytest.mark.parametrize("linear_solve", [None, dense])
def test_custom_root(linear_solve):
    def root(a, b):
        return custom_root(cubic, np.ones(2), a, b, linear_solve=linear_solve)

    np.testing.assert_allclose(cubic(root(X, X + 1), X, X + 1), 0, atol=1e-14)
    check_grads(root, (X, X + 1), order=3, rtol=1e-8)
    check_grads(vmap(root), (np.stack([X, X + 1]), np.stack([X + 1, X])), rtol=1e-8)
    np.testing.assert_allclose(jacfwd(root)(X, X + 1), jacrev(root)(X, X + 1))


def test_custom_root_with_a_solver():
    def bisect(f, x0):
        low, high = 0.0, 10.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if f(middle) < 0 else (low, middle)
        return middle

    def root(a):
        return custom_root(lambda x, p, n: x**n - p["a"], 1.0, {"a": a}, 2,
                           solve=bisect)  # fmt: skip

    np.testing.assert_allclose(root(4.0), 2.0)
    np.testing.assert_allclose(grad(root)(4.0), 0.25, rtol=1e-9)
    np.testing.assert_allclose(grad(grad(root))(4.0), -1 / 32, rtol=1e-9)


@pytest.mark.parametrize("linear_solve", [None, dense])
def test_fixed_point(linear_solve):
    def state(x, w, a):
        return {"u": np.tanh(w @ x["u"]) + a, "s": 0.5 * x["s"] + x["u"][0]}

    def solve(w, a):
        x0 = {"u": np.zeros(2), "s": 0.0}
        return fixed_point(state, x0, w, a, linear_solve=linear_solve)

    x = solve(W, X)
    np.testing.assert_allclose(x["u"], state(x, W, X)["u"], rtol=1e-12)
    assert type(x["s"]) is np.float64
    check_grads(solve, (W, X), order=3, rtol=1e-8)


# one example after the other ----------------------------------------------------------


def gmres(matvec, b):
    """SciPy's solver, as one would call it."""
    assert type(b) is np.ndarray
    operator = scipy.sparse.linalg.LinearOperator((b.size, b.size), matvec, dtype=float)
    w, failed = scipy.sparse.linalg.gmres(operator, b, rtol=1e-13, atol=0.0)
    assert not failed
    return w


def hybrid(f, x0):
    """SciPy's solver of vectors, for a tree."""
    start, tree = ravel(x0)
    found = scipy.optimize.root(lambda x: ravel(f(tree(x)))[0], start, tol=1e-13)
    return tree(found.x)


def coupled(x, p, c):
    """A contraction of a tree."""
    u = np.tanh(p["w"] @ x["u"]) + c * p["a"]
    return {"u": u, "s": 0.5 * np.sin(x["s"]) + x["u"][0] * p["a"][1]}


def residual(x, p, c):
    y = coupled(x, p, c)
    return {"u": y["u"] - x["u"], "s": y["s"] - x["s"]}


def iterated(x0, p, c):
    return fixed_point(coupled, x0, p, c)


def solved(x0, p, c):
    return custom_root(residual, x0, p, c, solve=hybrid, linear_solve=gmres)


def looped(fun, axes):
    """What `vmap` does, in Python."""

    def call(*args):
        sizes = [
            len(fgrad.tree.leaves(arg)[0])
            for arg, axis in zip(args, axes, strict=True)
            if axis == 0
        ]
        return stacked(
            [
                fun(
                    *(
                        fgrad.tree.map(lambda leaf, i=i: leaf[i], arg)
                        if axis == 0
                        else arg
                        for arg, axis in zip(args, axes, strict=True)
                    )
                )
                for i in range(sizes[0])
            ]
        )

    return call


def stacked(trees):
    _, structure = fgrad.tree.flatten(trees[0])
    columns = zip(*map(fgrad.tree.leaves, trees), strict=True)
    return fgrad.tree.unflatten(structure, map(np.stack, columns))


def same(got, expected):
    pairs = zip(fgrad.tree.leaves(got), fgrad.tree.leaves(expected), strict=True)
    for a, b in pairs:
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


RNG = np.random.default_rng(7)
X0 = {"u": RNG.normal(size=(3, 2)), "s": RNG.normal(size=3)}
P = {"w": 0.4 * RNG.normal(size=(3, 2, 2)), "a": RNG.normal(size=(3, 2))}
C = np.array([0.5, 1.0, -0.7])
FIRST = [{name: leaf[0] for name, leaf in tree.items()} for tree in (X0, P)]
MAPPED = {
    "all": ((0, 0, 0), (X0, P, C)),
    "parameters": ((None, 0, None), (FIRST[0], P, 0.5)),
    "numbers": ((None, None, 0), (*FIRST, C)),
    "guesses": ((0, None, None), (X0, FIRST[1], 0.5)),
}


@pytest.mark.parametrize("solution", [iterated, solved])
@pytest.mark.parametrize("name", MAPPED)
def test_vmap_is_a_loop(solution, name):
    axes, args = MAPPED[name]
    x0, *moving = args
    vs = tuple(fgrad.tree.map(np.cos, arg) for arg in moving)

    def number(*args):
        return np.sum(np.sin(ravel(solution(*args))[0]))

    def along(*args):
        tangents = tuple(fgrad.tree.map(np.cos, arg) for arg in args[1:])
        return jvp(lambda *rest: solution(args[0], *rest), args[1:], tangents)[1]

    for each in (
        solution,
        grad(number, (1, 2)),
        along,
        jacobian(solution, (1, 2)),
        hessian(number, (1, 2)),
    ):
        same(vmap(each, axes)(*args), looped(each, axes)(*args))
    mapped, loop = (
        lambda *rest, many=many: many(solution, axes)(x0, *rest)
        for many in (vmap, looped)
    )

    def total(many):
        return lambda *rest: np.sum(np.sin(ravel(many(*rest))[0]))

    same(*(grad(total(many), (0, 1))(*moving) for many in (mapped, loop)))
    same(*(jvp(many, moving, vs)[1] for many in (mapped, loop)))
    same(*(hvp(total(many), moving, vs) for many in (mapped, loop)))
    same(jacrev(mapped, (0, 1))(*moving), jacfwd(loop, (0, 1))(*moving))
    same(jacfwd(mapped, (0, 1))(*moving), jacrev(loop, (0, 1))(*moving))


@pytest.mark.parametrize("solution", [iterated, solved])
def test_vmaps_nest(solution):
    """A grid: each set of parameters with each number."""

    def grid(many):
        def f(p, c):
            row = many(lambda p, c: solution(FIRST[0], p, c), (None, 0))
            return many(row, (0, None))(p, c)

        return f

    def total(many):
        return lambda p, c: np.sum(np.sin(ravel(grid(many)(p, c))[0]))

    same(grid(vmap)(P, C), grid(looped)(P, C))
    same(*(grad(total(many), (0, 1))(P, C) for many in (vmap, looped)))
    same(*(hvp(total(many), (P, C), (P, C)) for many in (vmap, looped)))
    slopes = vmap(grad(lambda p: total(lambda f, axes: vmap(f, axes))(p, C)))
    many = fgrad.tree.map(lambda leaf: np.stack([leaf, 0.5 * leaf]), P)
    expected = looped(grad(lambda p: total(looped)(p, C)), (0,))
    same(slopes(many), expected(many))


def powers(x, a, n, kind, inner):
    """Arguments that are no floats; and it branches on values."""
    for _ in range(n):
        x = np.cos(x) if kind == "cos" else inner(x)
    return x * a if x > 0.5 else a * a


def test_vmap_of_functions_that_branch():
    xs, ns = np.array([0.3, 0.9, -0.4]), np.array([2, 2, 2])

    def f(a, n=2):
        return fixed_point(powers, 1.0, a, int(n), "cos", np.sin)

    axes = (0,)
    for each in (f, grad(f), hessian(f)):
        same(vmap(each)(xs), looped(each, axes)(xs))
    total = lambda many: lambda xs: np.sum(many(f, axes)(xs) ** 2)  # noqa: E731
    for transform in (grad, hessian):
        same(*(transform(total(many))(xs) for many in (vmap, looped)))
    same(jvp(vmap(f), (xs,), (xs,)), jvp(looped(f, axes), (xs,), (xs,)))
    counted = lambda a, n: custom_root(lambda x, a, n: x**n - a, 1.0, a, n)  # noqa: E731
    expected = looped(grad(counted), (0, 0))(1 + xs, ns)
    same(vmap(grad(counted))(1 + xs, ns), expected)


def test_the_first_guess_chooses_the_solution_of_each_example():
    def root(x0, a):
        return custom_root(lambda x, a: x * x - a, x0, a)

    x0 = np.array([-1.0, 1.0])
    np.testing.assert_allclose(vmap(root, (0, None))(x0, 4.0), [-2, 2])
    slopes = vmap(grad(root, (0, 1)), (0, None))(x0, 4.0)
    np.testing.assert_allclose(slopes, [[0, 0], [-0.25, 0.25]])
    total = grad(lambda x0, a: np.sum(vmap(root, (0, None))(x0, a) ** 3), (0, 1))
    np.testing.assert_allclose(total(x0, 4.0)[0], [0, 0])
    np.testing.assert_allclose(total(x0, 4.0)[1], 0, atol=1e-14)


def test_errors_under_vmap():
    root = lambda a: custom_root(lambda x, a: x * x - a, 1.0, a)  # noqa: E731
    with pytest.raises(errors.ConvergenceError) as caught:
        vmap(root)(np.array([1.0, 4.0, -1.0]))
    assert caught.value.__notes__ == ["for example 2 of vmap(<lambda>)"]
    hidden = lambda a: fixed_point(lambda x: np.cos(x) * a, 1.0)  # noqa: E731
    assert raised(errors.ConversionError, lambda: vmap(hidden)(X)) == (
        "<lambda> uses a value batched by vmap(<lambda>) that is not among its "
        "arguments, so it cannot be called for one example. Pass it as an argument of "
        "<lambda>."
    )


# complex unknowns ---------------------------------------------------------------------

A = np.array([0.4 + 0.3j, -0.2 + 0.5j])
V = np.array([[0.3 - 0.1j, 0.2j], [0.1, -0.2 + 0.2j]])
R = np.array([0.3, -0.4])


def holomorphic(z, v, a):
    return 0.3 * np.sin(v @ z) + a


def conjugating(z, v, a):
    return np.tanh(np.abs(v @ z)) * 0.3 + 0.2 * np.conj(z) * a + a


def mixed(x, v, a, r):
    z = 0.3 * np.sin(v @ x["z"]) + 0.3 * a * x["r"][0]
    size = 0.2 * r * np.abs(x["z"]) ** 2 + 0.3 * np.real(x["z"] * np.conj(a)) + r
    return {"z": z, "r": size, "s": 0.1 * np.sum(x["r"]) + 0.1 * np.imag(x["z"][0])}


def zero(fun):
    """The equation of a fixed point."""
    return lambda x, *args: fgrad.tree.map(np.subtract, fun(x, *args), x)


Z0 = np.zeros(2, complex)
M0 = {"z": Z0, "r": np.zeros(2), "s": 0.0}


@pytest.mark.parametrize("linear_solve", [None, dense])
@pytest.mark.parametrize(
    ("fun", "x0", "args"),
    [(holomorphic, Z0, (V, A)), (conjugating, Z0, (V, A)), (mixed, M0, (V, A, R))],
    ids=["holomorphic", "conjugating", "mixed"],
)
def test_complex_unknowns(fun, x0, args, linear_solve):
    def point(*args):
        return fixed_point(fun, x0, *args, linear_solve=linear_solve)

    def root(*args):
        return custom_root(zero(fun), x0, *args, linear_solve=linear_solve)

    same(point(*args), root(*args))
    same(fun(point(*args), *args), point(*args))
    check_grads(point, args, order=2, rtol=1e-8)
    check_grads(root, args, order=3, rtol=1e-7)


def test_complex_unknowns_under_vmap():
    args = tuple(np.stack([x, 0.5 * x, -x]) for x in (V, A, R))

    def point(v, a, r):
        return fixed_point(mixed, M0, v, a, r)

    same(vmap(point)(*args), looped(point, (0, 0, 0))(*args))
    check_grads(vmap(point), args, order=2, rtol=1e-8)


def test_holomorphic_roots():
    root = lambda a: custom_root(lambda z, a: z * z - a, 1 + 0j, a)  # noqa: E731
    slope = grad(root, holomorphic=True)
    np.testing.assert_allclose(root(2j), 1 + 1j, rtol=1e-14)
    np.testing.assert_allclose(slope(2j), 0.5 / (1 + 1j), rtol=1e-14)
    np.testing.assert_allclose(
        grad(slope, holomorphic=True)(2j), -0.25 * (1 + 1j) ** -3, rtol=1e-13
    )
    np.testing.assert_allclose(jacfwd(root, holomorphic=True)(2j), slope(2j))
    # The convention of `grad`: ∂f/∂x - i ∂f/∂y.
    np.testing.assert_allclose(grad(lambda a: np.real(root(a)))(2j), slope(2j))
    # A real parameter of a complex solution.
    ring = lambda t: custom_root(lambda z, t: z * z - np.exp(1j * t), 1 + 0j, t)  # noqa: E731
    np.testing.assert_allclose(jvp(ring, (0.8,), (1.0,))[1], 0.5j * np.exp(0.4j))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.complex64, np.complex128])
def test_dtypes_of_solutions(dtype):
    a = dtype(0.5)
    for solution in (
        lambda a: fixed_point(lambda x, a: a * np.cos(x), dtype(1), a),
        lambda a: custom_root(lambda x, a: a * np.cos(x) - x, dtype(1), a),
    ):
        x = solution(a)
        slope = grad(solution, holomorphic=np.iscomplexobj(a))(a)
        assert x.dtype == slope.dtype == dtype
        eps = np.finfo(dtype).eps
        exact = 0.45018361129487357
        np.testing.assert_allclose(x, exact, rtol=4 * eps)
        np.testing.assert_allclose(
            slope, np.cos(exact) / (1 + 0.5 * np.sin(exact)), rtol=16 * eps
        )


def test_each_leaf_has_its_own_precision():
    def f(x, a):
        return {
            "a": np.float32(0.3) * np.sin(x["a"]) + np.float32(0.1),
            "b": a * np.cos(x["b"]),
        }

    x0 = {"a": np.float32(0.1), "b": 1.0}
    for x in (fixed_point(f, x0, 0.5), custom_root(zero(f), x0, 0.5)):
        assert (x["a"].dtype, x["b"].dtype) == (np.float32, np.float64)
        np.testing.assert_allclose(x["b"], 0.45018361129487357, rtol=1e-13)
        np.testing.assert_allclose(x["a"], f(x, 0.5)["a"], rtol=1e-6)


# programs -----------------------------------------------------------------------------


def test_kepler():
    """Positions on an orbit, one equation for each time."""
    kepler = lambda E, e, M: E - e * np.sin(E) - M  # noqa: E731
    anomaly = lambda e, M: custom_root(kepler, M, e, M)  # noqa: E731
    t = np.linspace(0.1, 6.0, 9)

    def orbit(a, e, n):
        E = vmap(anomaly, (None, 0))(e, n * t)
        return a * np.stack([np.cos(E) - e, np.sqrt(1 - e**2) * np.sin(E)])

    check_grads(orbit, (1.2, 0.4, 0.9), order=2, rtol=1e-8)
    E = vmap(anomaly)(np.full(9, 0.4), t)
    slopes = vmap(grad(anomaly, 1))(np.full(9, 0.4), t)
    np.testing.assert_allclose(slopes, 1 / (1 - 0.4 * np.cos(E)), rtol=1e-12)


def test_implicit_euler():
    """Steps of a stiff equation, of which each is an equation."""

    def slope(y, mu):
        return np.stack([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])

    def step(y, mu):
        return custom_root(lambda z, y, mu: z - y - 0.05 * slope(z, mu), y, y, mu)

    def last(y, mu):
        for _ in range(4):
            y = step(y, mu)
        return y

    y, mus = np.array([2.0, 0.0]), np.array([1.0, 10.0, 100.0])
    check_grads(last, (y, 10.0), order=2, rtol=1e-8)
    loop = fgrad.checkpoint(step, every=2)
    same(jacobian(lambda y: loop(y, 4, 10.0))(y), jacobian(last)(y, 10.0))
    for each in (last, jacobian(last, 1)):
        same(vmap(each, (None, 0))(y, mus), looped(each, (None, 0))(y, mus))


def test_equilibrium_layers():
    """A network whose hidden state is an equilibrium, for a batch of inputs."""
    rng = np.random.default_rng(0)
    params = {"w": 0.2 * rng.normal(size=(4, 4)), "u": rng.normal(size=(4, 3))}
    xs, ys = rng.normal(size=(5, 3)), rng.normal(size=5)

    def cell(z, p, x):
        return np.tanh(p["w"] @ z + p["u"] @ x)

    def model(p, x):
        return np.sum(fixed_point(cell, np.zeros(4), p, x, linear_solve=gmres))

    def loss(many):
        return lambda p: np.mean((many(model, (None, 0))(p, xs) - ys) ** 2)

    same(*(value_and_grad(loss(many))(params) for many in (vmap, looped)))
    same(*(hvp(loss(many), (params,), (params,)) for many in (vmap, looped)))


def test_bilevel():
    """The weights of a penalty, by the error of the fit on other data."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(3, 8, 3)), rng.normal(size=(3, 8))
    held, wanted = rng.normal(size=(6, 3)), rng.normal(size=6)

    def inner(w, penalty, a, b):
        return np.sum((a @ w - b) ** 2) + np.sum(np.exp(penalty) * w**2)

    def fit(penalty, a, b):
        return custom_root(grad(inner), np.zeros(3), penalty, a, b)

    def outer(penalty):
        fits = vmap(fit, (None, 0, 0))(penalty, a, b)
        return np.mean((fits @ held.T - wanted) ** 2)

    check_grads(outer, (np.array([0.1, -0.5, 0.3]),), order=2, rtol=1e-8)
    found = scipy.optimize.minimize(
        value_and_grad(outer),
        np.zeros(3),
        jac=True,
        hessp=lambda x, v: hvp(outer, (x,), (v,))[1],
        method="trust-ncg",
    )
    assert found.success
    np.testing.assert_allclose(grad(outer)(found.x), 0, atol=1e-4)


# errors -------------------------------------------------------------------------------


def test_implicit_errors():
    assert raised(
        errors.ConversionError,
        lambda: grad(lambda a: custom_root(lambda x: x * x - a, 1.0))(2.0),
    ) == (
        "<lambda> uses a value traced by grad(<lambda>) that is not among its "
        "arguments, so its derivative would be dropped. Pass it as an argument of "
        "<lambda>, or use stop_gradient of it."
    )
    assert raised(errors.OutputTypeError, lambda: custom_root(np.sum, X)) == (
        "sum must return a tree like x, which is * with [float64 (2,)], but it "
        "returned * with [float64 ()]."
    )
    assert raised(errors.OutputTypeError, lambda: fixed_point(np.sum, X)) == (
        "sum must return a tree like x, which is * with [float64 (2,)], but it "
        "returned * with [float64 ()]."
    )
    assert raised(errors.InputTypeError, lambda: fixed_point(np.cos, 1)) == (
        "fixed_point of cos needs a first guess of real or complex floats, but x0 is 1."
    )
    assert raised(
        errors.ConvergenceError, lambda: fixed_point(lambda x: -x, 1.0, max_steps=5)
    ) == (
        "fixed_point of <lambda> did not converge in 5 steps: x still changes by 2. "
        "Begin nearer to the solution, or damp the step."
    )
    message = raised(errors.ConvergenceError, lambda: custom_root(np.cosh, 1.0))
    assert message.startswith(
        "custom_root of cosh did not converge: the residual stays at 1"
    )
    assert raised(
        errors.OutputTypeError,
        lambda: grad(
            lambda a: np.sum(
                custom_root(cubic, X, a, a + 1, linear_solve=lambda m, b: b[:1])
            )
        )(X),
    ) == (
        "the linear_solve of cubic must return a real vector of shape (2,), but "
        "returned float64 (1,)."
    )


def test_solvers_must_return_what_they_were_asked_for():
    equation = lambda x, a: x * x - a  # noqa: E731
    root = lambda x0, solve: custom_root(equation, x0, 4.0, solve=solve)  # noqa: E731
    begin = "the solve of <lambda> must return a tree like x0, which is * with "
    ones = np.ones((2, 3))
    for x0, solve, end in (
        (ones, lambda f, x: np.full((3, 2), 2.0), "[float64 (2, 3)], but it returned "
         "* with [float64 (3, 2)]."),
        (1.0, lambda f, x: 2 + 0j, "[float64 ()], but it returned * with "
         "[complex128 ()]."),
        (1.0, scipy.optimize.root, "[float64 ()], but it returned * with "
         "[OptimizeResult]."),
    ):  # fmt: skip
        message = raised(errors.OutputTypeError, lambda x=x0, s=solve: root(x, s))
        assert message == begin + end
    found = root(1.0, lambda f, x: scipy.optimize.root(f, x).x)  # of shape (1,)
    assert found.shape == ()
    np.testing.assert_allclose(found, 2)
    assert root(1.0, lambda f, x: 2).dtype == np.float64
    hidden = lambda b: custom_root(equation, 1.0, 4.0, solve=lambda f, x: b)  # noqa: E731
    assert raised(errors.ConversionError, lambda: grad(hidden)(2.0)).startswith(
        "the solve of <lambda> uses a value traced by grad(<lambda>)"
    )
    turned = lambda matvec, b: b * 1j  # noqa: E731
    point = lambda a: fixed_point(lambda x, a: a * x, 1.0, a, linear_solve=turned)  # noqa: E731
    assert raised(errors.OutputTypeError, lambda: grad(point)(0.5)) == (
        "the linear_solve of <lambda> must return a real vector of shape (1,), but "
        "returned complex128 (1,)."
    )


def test_equations_must_be_as_many_as_unknowns():
    """A complex residual of a real unknown is two equations for one number."""
    begin = "<lambda> must return a tree like x, which is * with "
    for x0, a, end in (
        (1.0, 0.5j, "[float64 ()], but it returned * with [complex128 ()]."),
        (1j, 0.5, "[complex128 ()], but it returned * with [float64 ()]."),
    ):
        equation = lambda x, a: np.real(x) - a  # noqa: E731
        assert raised(
            errors.OutputTypeError, lambda x=x0, a=a: custom_root(equation, x, a)
        ) == (begin + end)
    assert raised(
        errors.OutputTypeError, lambda: fixed_point(lambda x, a: x * a, 1.0, 0.5j)
    ) == (begin + "[float64 ()], but it returned * with [complex128 ()].")


@pytest.mark.parametrize("names", ["ab", "ba"])
@pytest.mark.parametrize("slope", [np.nan, 2.0, 1e200])
def test_a_leaf_that_leaves_the_numbers_is_no_solution(names, slope):
    """Whichever of the leaves it is, and though the other has converged."""
    slopes = {"a": 0.0, "b": slope}
    f = lambda x: {name: slopes[name] * x[name] for name in names}  # noqa: E731
    with np.errstate(over="ignore"), pytest.raises(errors.ConvergenceError):
        fixed_point(f, dict.fromkeys(names, 1.0))


def test_newtons_method():
    """It begins at solutions, ends at double ones, and gives up in words."""
    cube = lambda x, a: x**3 - a  # noqa: E731
    assert custom_root(cube, 0.0, 0.0) == 0
    assert abs(custom_root(lambda x: x * x, 1.0)) < 1e-12
    steep = lambda x: np.where(x > 0, 1e-320 * x + 1, 1.0)  # noqa: E731
    message = raised(errors.ConvergenceError, lambda: custom_root(steep, 1.0))
    assert message.startswith("custom_root of <lambda> did not converge")


def test_newton_halves_steps_that_do_not_help():
    """Whole steps lead away from the only zero."""

    def root(a):
        return custom_root(lambda x, a: np.arctan(x - a), 3.0, a)

    assert abs(root(0.5) - 0.5) < 1e-12
    assert abs(grad(root)(0.5) - 1) < 1e-12


def test_all_leaves_are_within_the_tolerance():
    def step(x, a):
        return {"a": x["a"], "b": np.cos(a * x["b"])}

    x = fixed_point(step, {"a": 1.0, "b": 1.0}, 1.0, tol=1e-12)
    assert abs(np.cos(x["b"]) - x["b"]) < 1e-11


def test_a_solver_of_another_precision():
    root = custom_root(
        lambda x, a: x * x - a,
        np.float32(1),
        np.float32(2),
        solve=lambda residual, x0: np.float64(2.0) ** 0.5,
    )
    assert type(root) is np.float32


def test_a_function_that_changes_its_shape_at_the_solution():
    def fun(x, a):
        return x - a if np.abs(x - a) > 1e-8 else np.stack([x - a, x - a])

    with pytest.raises(errors.OutputTypeError, match="must return a tree like x"):
        custom_root(fun, 1.0, 2.0, solve=lambda residual, x0: 2.0)
