"""`fgrad.testing`: it finds mistakes, names them, and does not accuse what is right."""

import pickle
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
    check_rule,
)
from tests.mistakes import RIGHT, WRONG, X

NAMESPACE = SimpleNamespace(
    **{name: getattr(np, name) for name in np.__all__}, stop=stop_gradient
)

UNSURE = {"sin of 1e6 x", "fast saw"}
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


@pytest.mark.parametrize("name", ["/tmp/ipykernel_7/4698.py", "<ipython-input-3-4a>"])
def test_cells_of_notebooks_have_no_names(name):
    space = {"np": np, "softplus": softplus}
    text = "def f(x):\n    y = softplus(x)\n    return np.sum(y)"
    exec(compile(text, name, "exec"), space)
    error = error_of(check_grads, space["f"], (X,))
    blame = "the rule of softplus with respect to x, called at cell:2"
    assert error.blame == (blame,)


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


def test_a_rule_that_is_not_linear_is_to_blame():
    @primitive
    def clipped(x):
        return 2 * x

    defvjp(clipped, x=lambda g: np.clip(2 * g, -9, 9))

    def f(x):
        return np.sum(np.sin(clipped(x)))

    error = error_of(check_grads, f, (X,))
    line = f.__code__.co_firstlineno + 1
    assert (error.kind, error.blame) == (
        "not linear in g",
        (f"the rule of clipped with respect to x, called at test_checking.py:{line}",),
    )
    assert error.program.startswith("fgrad.testing.check_rule(clipped, (np.array([")


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


# Before the check ---------------------------------------------------------------------


def counting(x, counts):
    """Its value does not depend on what it changes."""
    counts += 1
    return x * 2


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
    "traced dtype": (
        lambda x: x * 2 if fgrad.is_traced(x) else np.float32(x * 2), (1.5,), "value",
        "f returns something else when it is differentiated: the two values have "
        "dtypes float32 and float64. It must not ask whether its arguments are traced, "
        "and must keep no state."),
    "changes counts": (counting, (1.0, np.zeros(1, int)), "changes an argument",
        "f changes an argument in place, so what it returns depends on how often it "
        "was called. Make a new array: x = x * 2 in place of x *= 2."),
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


def test_a_scale_makes_a_fast_function_slow():
    def fast(x):
        return np.sin(1e9 * x)

    with pytest.warns(UncheckedDerivativeWarning, match="stays unchecked"):
        assert not check_grads(fast, (1.0,), order=1).ok
    assert check_grads(fast, (1.0,), order=1, scale=1e-9).ok
    error = error_of(
        check_grads, fast, (1.0,), order=1, scale=1e-9,
        grad=lambda x: 1.01e9 * np.cos(1e9 * x),
    )  # fmt: skip
    assert error.kind == "wrong"


def test_results_of_another_shape_on_one_side():
    def f(x):
        return np.stack([x, 2 * x] if x >= 0.3 else [x])

    assert check_grads(f, (0.3,), order=1).ok


def test_a_natural_scale():
    assert check_grads(np.sin, (X,), scale=0.5).ok
    assert check_grads(np.multiply, (X, 2.0), scale=(X, None)).ok
    with pytest.raises(TypeError, match="scale= of check_grads must be a number, or"):
        check_grads(np.sin, (X,), scale=X)


def test_a_function_that_knows_that_it_is_traced():
    def other_value(x):
        return x * 2 if fgrad.is_traced(x) else x * 3

    with pytest.raises(fgrad.errors.GradientError, match="without tracing it is") as e:
        check_rule(other_value, (1.0,))
    assert e.value.kind == "value"

    def other_slope(x, y):
        if fgrad.is_traced(x) and fgrad.is_traced(y):
            return x * y
        return x * y + (x - stop_gradient(x))

    words = "is another one if only this argument is differentiated"
    with pytest.raises(fgrad.errors.GradientError, match=words):
        check_rule(other_slope, (1.5, 2.0))


def test_each_argument_has_its_own_scale():
    def fun(x, y):
        return np.sin(x * 1e9) + np.sin(y)

    def gradient(x, y):
        return 1e9 * np.cos(x * 1e9), np.cos(y)

    report = check_grads(fun, (3e-10, 0.4), grad=gradient, scale=(1e-9, 1.0))
    assert "wrong" not in str(report)
