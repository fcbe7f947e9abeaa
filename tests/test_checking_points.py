"""Checks at hard points, of variants of rules, and of gradients from elsewhere."""

import subprocess
import sys

import numpy as np
import pytest

import fgrad
from fgrad import defvjp, primitive, stop_gradient
from fgrad.batching.loops import batcher
from fgrad.testing import (
    GradientError,
    UncheckedDerivativeWarning,
    check_grads,
    check_jac,
    check_rule,
)
from fgrad.testing._leaves import widened
from fgrad.testing._pullback import same
from tests.mistakes import X
from tests.test_checking import error_of

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

    told, untold = (
        check_grads(noisy, (0.3,), order=1, noise=noise) for noise in (1e-5, 0.0)
    )
    assert told.ok
    assert told.verdicts[0].error > 10 * untold.verdicts[0].error
    with pytest.raises(GradientError):
        check_grads(noisy, (0.3,), order=1, noise=1e-5, grad=np.sin)


def test_noise_that_nobody_has_told_of():
    def noisy(x):
        return np.sin(x) + 1e-3 * np.sin(7.7e9 * x)

    with pytest.warns(UncheckedDerivativeWarning, match="stays unchecked"):
        report = check_grads(noisy, (0.3,), order=1, grad=np.cos)
    assert repr(report) == "noisy: derivative 1 noisy (args[0])"


def test_a_small_mistake_under_large_values():
    """At the first step, rounding hides it; at larger ones, it shows."""

    def large(x):
        return 1e9 + 0.01 * np.sin(x)

    assert check_grads(large, (0.3,), order=1, grad=lambda x: 0.01 * np.cos(x)).ok
    error = error_of(
        check_grads, large, (0.3,), order=1, grad=lambda x: 0.012 * np.cos(x)
    )
    assert error.kind == "wrong"


def test_single_precision_inside():
    check_grads(lambda x: np.sin(x.astype(np.float32)), (X,))
    check_grads(lambda x: np.sin(x.astype(np.float32)).astype(float), (X,))


@pytest.mark.parametrize(
    "fun",
    [
        np.median,
        lambda x: np.quantile(x, 0.3),
        lambda x: np.partition(x, 1)[1],
        lambda x: np.linalg.eigvalsh(np.diag(x))[1],
    ],
)
def test_a_corner_that_no_line_shows(fun):
    """Of equal numbers, each alone may move without changing the result."""
    report = check_grads(fun, (np.ones(5),))
    assert [v.kind for v in report.verdicts] == ["kink"]


def test_mistakes_that_a_direction_could_hide():
    x = np.array([0.5, -1.2, 2.0])
    slopes = np.array([1.0, 1e-3, 1e-6])

    def line(x):
        return np.sum(slopes * x)

    check_grads(line, (x,), grad=lambda x: slopes)
    # The smallest entry has no weight in the sum of all.
    error = error_of(
        check_grads, line, (x,), grad=lambda x: slopes * np.array([1, 1, 1.01])
    )
    assert error.index == (2,)
    # The squares of the terms are beyond all numbers.
    for size in (1e200, 1e-200):
        error = error_of(
            check_grads,
            lambda x, size=size: size * np.sum(x**2),
            (x,),
            grad=lambda x, size=size: 3 * size * x,
        )
        assert error.kind == "wrong"
        assert abs(error.ratio - 1.5) < 1e-9
    # All entries are off by the same, small factor, and may cancel.
    for seed in range(20):
        error = error_of(
            *(check_grads, lambda x: np.sum(np.sin(x)), (x,)),
            grad=lambda x: np.cos(x) * (1 + 1e-6),
            rng=seed,
        )
        assert error.kind == "wrong"


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


def test_kinds_of_variants():
    @primitive
    def f(x):
        return x * np.abs(x)

    defvjp(f, x=lambda g, x: 2 * g * x)
    x = np.array([0.5, 1.0])
    assert check_rule(f, (x,), vary=("scale", "memory")).ok
    error = error_of(check_rule, f, (x,), vary="sign")
    assert error.variant == "the opposite sign of argument 0"
    with pytest.raises(ValueError, match="but got 'signs'") as caught:
        check_rule(f, (x,), vary=("memory", "signs"))
    assert str(caught.value) == (
        "vary of check_rule may be True, False, or some of 'options', 'vmap', 'sign', "
        "'zero', 'repeats', 'number', 'length 1', 'axes', 'size 0', 'memory', 'scale', "
        "'float32', 'complex', but got 'signs'."
    )


def test_rules_that_are_wrong_for_one_variant():
    def ruled(f, **rule):
        f = primitive(f)
        defvjp(f, **rule)
        return f

    def in_single(g, x):
        return g * np.cos(x) * (1.01 if x.dtype == np.float32 else 1.0)

    def of_the_last(g, like, i):
        return fgrad.index_update(np.zeros(like.shape), i, g)

    a = np.array([[0.3, 1.1, 0.7], [1.5, 0.4, 0.9]])
    sine = ruled(lambda x: np.sin(x), x=in_single)
    product = ruled(
        lambda x: np.prod(x, axis=-1),
        x=lambda g, ans, x: np.expand_dims(g * ans, -1) / x,
    )
    picked = ruled(lambda x, i: x[i], x=of_the_last)
    turned = ruled(
        lambda x: 2 * x, x=lambda g: np.reshape(2 * np.ravel(g, "K"), g.shape)
    )
    for fun, args, kind, variant in (
        (sine, (a,), "wrong in single precision", "single precision"),
        (product, (a,), "nan", "a zero in the first place of argument 0"),
        (
            *(picked, (a, np.array([0, 1]))),
            *("wrong", "repeated integers instead of argument 1"),
        ),
    ):
        assert check_rule(fun, args, order=1).ok
        error = error_of(check_rule, fun, args, order=1, vary=True)
        assert (error.kind, error.variant) == (kind, variant)
    error = error_of(check_rule, turned, (a,))
    assert str(error) == (
        "the pullback of <lambda> returns something else with respect to args[0] if g "
        "lies in memory in Fortran order. Do not use order='K' or g.strides."
    )
    error = error_of(check_grads, sine, (np.float32(0.5),))
    assert str(error) == (
        "the derivative of <lambda> with respect to args[0] is wrong in single "
        "precision: it is 0.886358, but in double precision it is 0.877583."
    )


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


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: 1 - np.hypot(np.cos(x), np.sin(x)),
        lambda x: np.arctan2(np.sin(x), np.cos(x)) - x,
        lambda x: 1 - np.abs(np.mean(np.exp(1j * x))),
    ],
)
@pytest.mark.filterwarnings("ignore::fgrad.errors.UncheckedDerivativeWarning")
def test_what_is_0_but_for_rounding_is_not_wrong(fun):
    """The value, its differences, and the derivative in both modes are rounding."""
    for x in (0.3, 0.7, 1.1, 1.9, 2.3):
        report = check_grads(fun, (x,))
        assert {v.kind for v in report.verdicts} <= {"right", "noisy", "cannot tell"}


def test_vmap_is_a_mode():
    report = check_grads(lambda x: np.sin(x) * x, (X,), modes=("rev", "fwd", "vmap"))
    assert [v.mode for v in report.verdicts if v.order == 1] == ["rev", "fwd", "vmap"]


def test_values_are_compared_under_vmap():
    """A sum along another axis has the same derivative here."""
    rows = primitive(lambda a: np.sum(a, axis=-1))
    defvjp(rows, a=lambda g, like: np.expand_dims(g, -1) * np.ones(like.shape))
    batcher(rows)(
        lambda trace, rule, args, kwargs: trace.boxed(np.sum(args[0]._value, axis=1))
    )
    a = np.arange(9.0).reshape(3, 3) ** 2
    assert check_rule(rows, (a,)).ok
    error = error_of(check_grads, rows, (a,), modes=("rev", "vmap"), order=1)
    assert str(error).startswith(
        "the value of <lambda> is wrong only under vmap: example 0 of a batch differs "
        "by "
    )


def test_a_batch_that_takes_one_example_for_all():
    tripled = primitive(lambda x: 3 * x)
    defvjp(tripled, x=lambda g: 3 * g)

    @batcher(tripled)
    def _(trace, rule, args, kwargs):
        first = args[0]._value[:1]
        return trace.boxed(3 * np.repeat(first, trace.size, axis=0))

    assert check_grads(tripled, (X,)).ok
    error = error_of(check_grads, tripled, (X,), modes=("rev", "vmap"), order=1)
    assert str(error).startswith(
        "the value of <lambda> is wrong only under vmap: example 1 of a batch differs "
    )


def test_a_batch_of_another_shape():
    total = primitive(lambda x: np.sum(x))
    defvjp(total, x=lambda g, like: g * np.ones(like.shape))

    @batcher(total)
    def _(trace, rule, args, kwargs):
        return trace.boxed(np.sum(args[0]._value, axis=1, keepdims=True))

    error = error_of(check_grads, total, (X,), modes=("vmap",), order=1)
    assert str(error).startswith(
        "the value of <lambda> is wrong only under vmap: example 0 of a batch differs "
        "by inf "
    )


def test_derivatives_are_compared_under_vmap():
    doubled, back = primitive(lambda x: 2 * x), primitive(lambda c: 2 * c)
    defvjp(doubled, x=lambda g: back(g))
    defvjp(back, c=lambda g: 2 * g)

    @batcher(back)
    def _(trace, rule, args, kwargs):
        return trace.boxed(3 * args[0]._value)

    assert check_grads(lambda x: doubled(x) ** 2, (X,), order=1).ok
    error = error_of(
        check_grads, lambda x: doubled(x) ** 2, (X,), modes=("rev", "vmap"), order=1
    )
    assert error.path == "args[0]"
    assert str(error).startswith(
        "the derivative of <lambda> with respect to args[0] is wrong only under vmap: "
        "example 0 of a batch differs by "
    )


def test_pullbacks_with_ways_of_their_own_to_what_belongs_to_others():
    """What a rule is given cannot be written to, but it may hold more."""
    held = []

    @primitive
    def square(x):
        held.append(x)
        return x * x

    def through_an_old_reference(g, x):
        c = 2 * g * x
        held[-1][0] += 1
        return c

    defvjp(square, x=through_an_old_reference)
    assert str(error_of(check_rule, square, (X.copy(),))) == (
        "the pullback of square changes an argument of square in place."
    )

    def through_the_base(g, x):
        c = 2 * g * x
        base = g if g.base is None else g.base
        base += 1
        return c

    defvjp(square, x=through_the_base)
    assert str(error_of(check_rule, square, (X.copy(),))) == (
        "the pullback of square writes into g, the cotangent that it was given. Write "
        "g = g * 2 in place of g *= 2, in the rule."
    )


def test_a_pullback_with_a_state():
    count = [0]

    @primitive
    def double(x):
        return 2 * x

    def counting(g):
        count[0] += 1
        return 2 * g * count[0]

    defvjp(double, x=counting)
    assert str(error_of(check_rule, double, (X,))) == (
        "the pullback of double returns something else when it is called again: it "
        "writes into what it kept of the forward call, or keeps state."
    )


def test_a_nan_is_equal_to_a_nan_only():
    assert same([np.array([np.nan, 1.0])], [np.array([np.nan, 1.0])])
    assert not same([np.array([np.nan, 1.0])], [np.array([0.0, 1.0])])


def test_double_precision_keeps_the_order_of_memory():
    a = np.asfortranarray(np.arange(6.0, dtype=np.float32).reshape(2, 3))
    assert widened(a).dtype == float
    assert widened(a).flags.f_contiguous


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


def test_jacobians_as_scipy_takes_them():
    x = np.array([0.5, -1.2, 2.0])
    check_jac(lambda x: [x[0] * x[1], x[2]], lambda x: [[x[1], x[0], 0], [0, 0, 1]], x)
    check_jac(lambda x: np.sum(x**2), lambda x: 2 * x[None], x)
    check_jac(lambda x: [np.sum(x**2)], lambda x: 2 * x, x)

    def doubles(x):
        x *= 2
        return np.diag(x)

    error = error_of(check_jac, np.square, doubles, x)
    assert str(error) == (
        "doubles changes x in place, so what it returns depends on how often it was "
        "called. Make a new array: x = x * 2 in place of x *= 2."
    )
    rng = np.random.default_rng(0)
    error = error_of(
        check_jac, np.square, lambda x: np.diag(2 * x) * rng.uniform(0.9, 1.1), x
    )
    assert str(error) == (
        "<lambda> is not deterministic: two calls at the same point return other "
        "arrays."
    )
    error = error_of(
        check_jac, np.square, lambda x: np.diag(2 * x * np.array([1, np.nan, 1])), x
    )
    assert error.kind == "nan"


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
