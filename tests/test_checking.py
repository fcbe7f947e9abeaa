"""`fgrad.testing`: it finds mistakes, names them, and does not accuse what is right."""

import pickle
import subprocess
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import fgrad
from fgrad import custom_jvp, custom_vjp, defvjp, primitive, stop_gradient
from fgrad.testing import (
    GradientError,
    UncheckedDerivativeWarning,
    check_grads,
    check_jac,
    check_rule,
)
from tests.mistakes import RIGHT, WRONG, X

NAMESPACE = SimpleNamespace(
    **{name: getattr(np, name) for name in np.__all__}, stop=stop_gradient
)

UNSURE = {"sin of 1e6 x"}
"""What can be called neither right nor wrong, as a warning says."""


def with_pullback(case):
    """The function of a case, with its pullback."""

    @custom_vjp
    def f(*args):
        return case.value(NAMESPACE, *args)

    f.defvjp(
        lambda *args: (f(*args), args),
        lambda args, g: case.pullback(NAMESPACE, g, *args),
    )
    return f


def error_of(check, *args, **kwargs):
    with pytest.raises(GradientError) as info:
        check(*args, **kwargs)
    return info.value


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.name)
def test_mistakes_are_found_and_named(case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fgrad.errors.UndefinedDerivativeWarning)
        error = error_of(check_grads, with_pullback(case), case.args)
    assert (error.kind, error.order) == (case.kind, case.order)


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_right_functions_are_not_accused(case):
    if case.name in UNSURE:
        with pytest.warns(UncheckedDerivativeWarning):
            check_grads(lambda *args: case.value(NAMESPACE, *args), case.args)
        return
    report = check_grads(lambda *args: case.value(NAMESPACE, *args), case.args)
    assert {v.kind for v in report.verdicts} <= {"right", "kink"}


# Where, how much, and who -------------------------------------------------------------


@primitive
def softplus(x):
    return np.logaddexp(0, x)


defvjp(softplus, x=lambda g, x: 2 * g / (1 + np.exp(-x)))


def loss(params, x):
    return np.sum(softplus(x @ params["w"]) ** 2)


PARAMS = {"w": np.array([[0.5, -1.0], [0.25, 0.75]])}


def test_an_error_says_where_and_how_much_and_who():
    error = error_of(check_grads, loss, (PARAMS, np.ones((1, 2))), order=1)
    assert (error.kind, error.order, error.path) == ("wrong", 1, "args[0]['w']")
    assert abs(error.ratio - 2) < 1e-9
    assert abs(error.got - 2 * error.want) < 1e-9
    assert error.error < 1e-9
    line = loss.__code__.co_firstlineno + 1
    blame = f"the rule of softplus with respect to x, called at test_checking.py:{line}"
    assert error.blame == (blame,)
    assert str(error) == (
        "the derivative of loss with respect to args[0]['w']"
        f"[{', '.join(map(str, error.index))}] is wrong: it is {error.got:.6g}, 2 "
        f"times as much, but finite differences give {error.want:.6g} ± "
        f"{error.error:.0e}.\nTo blame: {blame}."
    )
    assert error.program.startswith("fgrad.testing.check_rule(softplus, (np.array([")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.blame, again.index) == (
        str(error),
        error.blame,
        error.index,
    )


def test_the_program_of_an_error_repeats_it():
    error = error_of(check_grads, loss, (PARAMS, np.ones((1, 2))), order=1)
    scope = {"fgrad": fgrad, "np": np, "softplus": softplus}
    again = error_of(eval, error.program, scope)
    assert abs(again.ratio - 2) < 1e-9


@pytest.mark.parametrize("place", [(0, 0), (123, 45), (299, 99)])
def test_one_wrong_entry_among_many(place):
    mask = np.ones((300, 100))
    mask[place] = 1.01
    x = np.random.default_rng(0).normal(size=mask.shape)
    error = error_of(check_grads, lambda x: np.sum(np.sin(x)), (x,),
                     grad=lambda x: np.cos(x) * mask)  # fmt: skip
    assert error.index == place
    assert abs(error.ratio - 1.01) < 1e-6


def test_the_wrong_result_is_named():
    def f(x):
        return fgrad.index_update(np.sin(x), 1, stop_gradient(x[1]) * x[1])

    error = error_of(check_grads, f, (X,))
    assert str(error).startswith(
        "the derivative of f at entry [1] with respect to args[0][1] is wrong: it is "
        "-1.2, 0.5 times as much, but finite differences give -2.4 ± "
    )


def test_a_buffer_that_is_overwritten_is_to_blame():
    def f(x):
        buffer = np.array([1.0, 2.0, 3.0])
        y = x * buffer
        buffer[:] = 0
        return np.sum(y * x)

    error = error_of(check_grads, f, (X,))
    line = f.__code__.co_firstlineno + 2
    assert error.blame == (
        f"an array that was changed after np.multiply was called with it at "
        f"test_checking.py:{line}",
    )


def test_forward_mode_is_checked():
    @custom_jvp
    def sine(x):
        return np.sin(x)

    sine.defjvp(lambda x, v: (np.sin(x[0]), -np.cos(x[0]) * v[0]))
    assert error_of(check_grads, sine, (X,)).kind == "wrong"


def test_imaginary_directions():
    @primitive
    def f(x):
        return np.exp(x)

    defvjp(f, x=lambda g, x: g * np.conj(np.exp(x)))
    z = np.array([1 + 1j, 0.5])
    error = error_of(check_grads, lambda z: np.sum(np.real(f(z))), (z,))
    assert "args[0][0] (in the imaginary direction) is wrong" in str(error)
    check_grads(lambda z: np.exp(z) * z, (z,))


# Kinks, edges, noise ------------------------------------------------------------------


def test_kinks():
    def relu(x):
        return np.sum(np.maximum(x, 0.0))

    at = np.array([-1.0, 0.0, 2.0])
    assert repr(check_grads(relu, (at,))) == "relu: derivative 1 kink (args[0])"
    assert not check_grads(relu, (at,)).ok
    error = error_of(check_grads, relu, (at,), kinks="raise")
    assert (error.kind, error.index) == ("kink", (1,))
    assert str(error) == (
        "relu has a kink at this point along args[0][1], with the slopes 0 and 1. "
        "Check another point, or pass kinks='subgradient'."
    )
    error = error_of(
        check_grads,
        relu,
        (at,),
        grad=lambda x: np.where(x < 0, 0.0, 1.0 + 2 * (x == 0)),
    )
    assert str(error) == (
        "the derivative of relu with respect to args[0][1] is wrong: it is 3, but "
        "there is a kink with the slopes 0 and 1, and it must lie between them."
    )
    check_grads(relu, (at,), grad=lambda x: 0.7 * (x == 0) + (x > 0))


def test_jumps():
    def step(x):
        return np.sum(np.floor(x) + x)

    error = error_of(check_grads, step, (np.array([2.5, 1.0]),))
    assert str(error) == (
        "step jumps at this point along args[0][1], so it has no derivative there. "
        "Check another point, or pass kinks='skip'."
    )
    report = check_grads(step, (np.array([2.5, 1.0]),), kinks="skip")
    assert repr(report) == "step: derivative 1 jump (args[0])"


def test_a_function_that_raises_beside_the_point():
    def careful(x):
        if stop_gradient(x) > 1.0001:
            raise ValueError("too large")
        return x**2

    assert check_grads(careful, (1.0,)).ok

    def alone(x):
        if stop_gradient(x) != 1.0:
            raise ValueError("only 1")
        return x**2

    words = (
        "^the derivative of alone with respect to args.0. stays unchecked: it has no "
        "values beside this point.$"
    )
    with pytest.warns(UncheckedDerivativeWarning, match=words):
        report = check_grads(alone, (1.0,))
    assert repr(report) == "alone: derivative 1 edge of domain (args[0])"


def test_one_side_is_enough():
    def f(x):
        return np.sin(x) if stop_gradient(x) <= 1 else np.nan * x

    check_grads(f, (1.0,), order=1)
    error = error_of(check_grads, f, (1.0,), grad=np.sin)
    assert error.kind == "wrong"


def test_a_tree_that_changes_structure_has_no_value_there():
    def f(x):
        return {"a": x * 2} if stop_gradient(x) <= 1 else (x, x)

    check_grads(f, (1.0,), order=1)


def test_noise():
    def noisy(x):
        return np.sin(x) + 1e-6 * np.sin(1e12 * stop_gradient(x))

    assert check_grads(noisy, (0.3,), order=1, noise=1e-5).ok
    with pytest.raises(GradientError):
        check_grads(noisy, (0.3,), order=1, noise=1e-5, grad=np.sin)


def test_single_precision_inside():
    check_grads(lambda x: np.sin(x.astype(np.float32)), (X,))
    check_grads(lambda x: np.sin(x.astype(np.float32)).astype(float), (X,))


# Before the check ---------------------------------------------------------------------


def counted(calls=[0]):  # noqa: B006 (that is the mistake)
    def f(x):
        calls[0] += 1
        return x * calls[0]

    return f


def changed(x):
    if not fgrad.is_traced(x):
        x *= 2
    return x * 1.0


NOTHING = "nothing to check"

PREFLIGHT = {
    "no float": (lambda x: x * 1.0, (1,), NOTHING,
        "check_grads has nothing to check: no argument of f has a float or complex "
        "leaf. Convert integers with float(n) or x.astype(float)."),
    "no return": (lambda x: None, (1.0,), NOTHING,
        "f returned nothing to differentiate, but None. Return floats; perhaps a "
        "return is missing."),
    "truth": (lambda x: x > 0, (1.0,), NOTHING,
        "f returned nothing to differentiate, but a bool. Return floats; perhaps a "
        "return is missing."),
    "state": (counted(), (1.0,), "not deterministic",
        "f is not deterministic: two calls at the same point differ by 1. Draw random "
        "numbers outside of it, or from a generator that it makes from a seed; let it "
        "keep no state."),
    "changes": (changed, (X.copy(),), "changes an argument",
        "f changes args[0] in place, so what it returns depends on how often it was "
        "called. Make a new array: x = x * 2 in place of x *= 2."),
    "nan": (lambda x: x * np.nan, (X,), "nan",
        "the value of f is nan or inf at this point, so it has no derivative there. "
        "Check another point."),
    "traced": (lambda x: x * (2.0 if fgrad.is_traced(x) else 1.0), (1.0,), "value",
        "f returns something else when it is differentiated: the two values differ by "
        "1. It must not ask whether its arguments are traced, and must keep no state."),
}  # fmt: skip


@pytest.mark.parametrize("name", PREFLIGHT)
def test_preflight(name):
    f, args, kind, words = PREFLIGHT[name]
    f.__name__ = "f"
    error = error_of(check_grads, f, args)
    assert (error.kind, str(error)) == (kind, words)


def test_randomness_and_the_clock():
    rng = np.random.default_rng(0)
    assert error_of(check_grads, lambda x: x * rng.normal(), (1.0,)).kind == (
        "not deterministic"
    )


def test_arguments_are_checked():
    with pytest.raises(TypeError) as info:
        check_grads(np.sin, X)
    assert str(info.value) == (
        "check_grads needs a tuple of arguments for sin, such as (x,), but got an "
        "array of shape (3,)."
    )
    for options, words in {
        "modes": (("reverse",), "modes of check_grads may be 'rev', 'fwd', 'vmap', but "
                  "got 'reverse'."),
        "kinks": ("no", "kinks of check_grads may be 'subgradient', 'raise', 'skip', "
                  "but got 'no'."),
    }.items():  # fmt: skip
        with pytest.raises(ValueError) as info:
            check_grads(np.sin, (X,), **{options: words[0]})
        assert str(info.value) == words[1]


def test_a_natural_scale():
    assert check_grads(np.sin, (X,), scale=0.5).ok
    assert check_grads(np.multiply, (X, 2.0), scale=(X, None)).ok
    with pytest.raises(TypeError, match="scale= of check_grads must be a number, or"):
        check_grads(np.sin, (X,), scale=X)


# Rules and their variants -------------------------------------------------------------


def test_a_rule_that_forgets_keepdims():
    @primitive
    def total(a, axis=None, keepdims=False):
        return np.sum(a, axis=axis, keepdims=keepdims)

    def forgets(g, like, axis=None, keepdims=False):
        g = g if axis is None or keepdims else np.expand_dims(g, axis)
        return np.broadcast_to(-g if keepdims else g, like.shape)

    defvjp(total, a=forgets)
    a = np.arange(6.0).reshape(2, 3)
    assert check_rule(total, (a,)).ok
    error = error_of(check_rule, total, (a,), vary=True)
    assert error.variant == "keepdims=True"
    assert str(error).startswith(
        "With keepdims=True, the derivative of total at entry [0, 0] with respect to "
        f"args[0][{error.index[0]}, {error.index[1]}] is wrong: it is -1, -1 times as "
        f"much, but finite differences give 1 ± "
    )


def test_a_rule_that_is_wrong_for_the_other_sign():
    @primitive
    def f(x):
        return x * np.abs(x)

    defvjp(f, x=lambda g, x: 2 * g * x)
    assert check_rule(f, (np.array([0.5, 1.0]),)).ok
    error = error_of(check_rule, f, (np.array([0.5, 1.0]),), vary=True)
    assert error.variant == "the opposite sign of argument 0"


def test_a_rule_that_fails_on_broadcasts():
    @primitive
    def f(x, y):
        return x * y

    defvjp(f, x=lambda g, y: g * y, y=lambda g, x: g * x)
    error = error_of(check_rule, f, (X, X + 1), vary=True)
    assert str(error) == (
        "With one number instead of argument 0, f has a value, but its rule fails: "
        "RuleError: the rule of f with respect to x returned shape (3,) for an "
        "argument of shape ()."
    )
    defvjp(f, x=lambda g, y: g * y, y=lambda g, x: g * x, elementwise=True)
    check_rule(f, (X, X + 1), vary=True)


VARIED = [
    (np.sum, (np.ones((2, 3)),), {}),
    (np.mean, (np.arange(6.0).reshape(2, 3),), {"axis": 0}),
    (np.exp, (X,), {}),
    (np.multiply, (X, X + 1), {}),
    (np.matmul, (np.ones((2, 3)), np.ones((3, 2))), {}),
    (np.linalg.inv, (np.eye(3) + 0.1,), {}),
    (np.max, (np.arange(6.0).reshape(2, 3),), {}),
    (np.cumsum, (np.arange(6.0).reshape(2, 3),), {}),
]


@pytest.mark.parametrize("call", VARIED, ids=lambda call: call[0].__name__)
def test_right_rules_have_right_variants(call):
    check_rule(*call, vary=True)


def test_vmap_is_a_mode():
    report = check_grads(lambda x: np.sin(x) * x, (X,), modes=("rev", "fwd", "vmap"))
    assert [v.mode for v in report.verdicts if v.order == 1] == ["rev", "fwd", "vmap"]


# Derivatives from elsewhere -----------------------------------------------------------


def test_a_gradient_of_your_own():
    def f(x, y):
        return np.sum(x * y)

    assert check_grads(f, (X, 3.0), grad=lambda x, y: (y + 0 * x, np.sum(x))).ok
    report = check_grads(f, (X, 3.0), grad=lambda x, y: (None, np.sum(x)))
    assert [v.path for v in report.verdicts] == ["args[1]"]
    error = error_of(check_grads, f, (X, 3.0), grad=lambda x, y: (x, np.sum(x)))
    assert (error.path, error.want) == ("args[0]", pytest.approx(3.0))


def test_what_a_gradient_must_look_like():
    def f(x):
        return 2 * x

    with pytest.raises(TypeError) as info:
        check_grads(f, (X,), grad=f)
    assert str(info.value) == (
        "check_grads with grad= needs a function that returns one real number, but f "
        "returned an array of shape (3,). For a Jacobian, use check_jac."
    )

    def g(x):
        return 2.0

    error = error_of(check_grads, lambda x: np.sum(2 * x), (X,), grad=g)
    assert str(error) == (
        "the gradient of <lambda> with respect to args[0] has shape (), but args[0] "
        "has shape (3,)."
    )


def test_jacobians_of_scipy():
    optimize = pytest.importorskip("scipy.optimize")
    sparse = pytest.importorskip("scipy.sparse")
    x = [1.0, 2.0, 0.5]
    assert check_jac(optimize.rosen, optimize.rosen_der, x).ok
    assert check_jac(optimize.rosen_der, optimize.rosen_hess, x).ok
    check_jac(
        optimize.rosen_der, lambda x: sparse.csr_matrix(optimize.rosen_hess(x)), x
    )
    error = error_of(check_jac, optimize.rosen, lambda x: -optimize.rosen_der(x), x)
    assert abs(error.ratio + 1) < 1e-9
    error = error_of(check_jac, optimize.rosen_der, lambda x: np.ones((2, 3)), x)
    assert str(error) == (
        "<lambda> must return an array of shape (3, 3), but returned one of shape "
        "(2, 3)."
    )


@pytest.mark.parametrize("start", [["-c"], ["-"]])
def test_from_the_command_line(start):
    """The words do not need the source of the function."""
    code = (
        "import numpy as np\nfrom fgrad.testing import check_grads\n"
        "print(check_grads(lambda x: np.sum(x**2), (np.ones(2),), order=1))\n"
    )
    given = {"input": code} if start == ["-"] else {}
    command = [sys.executable, *start, *([code] if start == ["-c"] else [])]
    out = subprocess.run(command, capture_output=True, text=True, check=True, **given)
    assert out.stdout == "<lambda>: derivative 1 right (args[0], all)\n"
