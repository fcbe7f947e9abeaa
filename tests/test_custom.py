"""`custom_vjp` and `primitive`."""

import copy
import dataclasses
import functools
import pickle

import numpy as np
import pytest
import scipy.special as sp
from hypothesis import given, settings

from fgrad import (
    checkpoint,
    custom_vjp,
    defvjp,
    errors,
    grad,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    primitive,
    value_and_grad,
    vjp,
    vmap,
)
from fgrad.testing import check_grads
from tests.test_errors import raised
from tests.test_laws import Program, numbers, programs, seeds

X = np.array([0.3, 0.8])
W = np.array([[0.2, 0.5], [0.1, -0.4]])


# custom_vjp ---------------------------------------------------------------------------


@custom_vjp
def waves(x, params, count=3):
    """A tree of results from trees of arguments."""
    return {"y": np.sin(x) * params["k"], "n": count}


def waves_fwd(x, params, count=3):
    return waves(x, params, count), (x, params["k"])


def waves_bwd(residuals, g):
    x, k = residuals
    y = g["y"]
    return y * np.cos(x) * k, {"k": np.sum(y * np.sin(x))}, None


waves.defvjp(waves_fwd, waves_bwd)


def through(x, k):
    return waves(x, {"k": k})["y"]


def test_custom_vjp_composes():
    assert waves(X, {"k": 2.0})["n"] == 3
    check_grads(through, (X, 2.0), order=3, rtol=1e-9)
    np.testing.assert_allclose(jacfwd(through)(X, 2.0), jacrev(through)(X, 2.0))
    np.testing.assert_allclose(
        hessian(lambda x: np.sum(through(x, 2.0)))(X), np.diag(-2 * np.sin(X))
    )
    value, gradient = value_and_grad(
        lambda k: np.sum(waves(params={"k": k}, x=X)["y"])
    )(2.0)
    np.testing.assert_allclose((value, gradient), (2 * sum(np.sin(X)), sum(np.sin(X))))


def test_custom_vjp_under_vmap():
    xs = np.array([X, 2 * X, -X])
    mapped = vmap(through, in_axes=(0, None))
    np.testing.assert_allclose(mapped(xs, 2.0), 2 * np.sin(xs))
    check_grads(mapped, (xs, 2.0), order=2, rtol=1e-9)
    each = vmap(grad(lambda x, k: np.sum(through(x, k))), in_axes=(0, None))
    np.testing.assert_allclose(each(xs, 2.0), 2 * np.cos(xs))


@custom_vjp
def clipped_cube(x, limits, mode):
    return np.where(x < limits[0], x**3, 1.0)


def _clipped_fwd(x, limits, mode):
    return clipped_cube(x, limits, mode), (x, limits, mode, x.shape, None)


def _clipped_bwd(residuals, g):
    """It branches on values, and `None` is the zero of some examples only."""
    x, limits, mode, shape, _ = residuals
    assert (mode, limits, shape) == ("cubic", (2,), ())
    return (None if x > limits[0] else 3 * g * x**2), None, None


clipped_cube.defvjp(_clipped_fwd, _clipped_bwd)


def test_custom_vjp_under_vmap_may_keep_anything_and_branch():
    """What is no array stays as it is; a bwd that branches sees one example."""

    def f(x):
        return clipped_cube(x, (2,), "cubic")

    xs = np.array([[0.5, 3.0, 1.5], [-1.0, 2.5, 0.0]])
    slope, bend = np.where(xs < 2, 3 * xs**2, 0), np.where(xs < 2, 6 * xs, 0)
    total = lambda xs: np.sum(vmap(vmap(f))(xs))  # noqa: E731
    vs = np.cos(xs)
    np.testing.assert_array_equal(vmap(vmap(grad(f)))(xs), slope)
    np.testing.assert_array_equal(grad(total)(xs), slope)
    np.testing.assert_array_equal(vmap(grad(lambda x: np.sum(vmap(f)(x))))(xs), slope)
    np.testing.assert_array_equal(jvp(vmap(vmap(f)), (xs,), (vs,))[1], vs * slope)
    along = vmap(vmap(lambda x, v: jvp(f, (x,), (v,))[1]))
    np.testing.assert_array_equal(along(xs, vs), vs * slope)
    np.testing.assert_array_equal(vmap(vmap(hessian(f)))(xs), bend)
    np.testing.assert_array_equal(
        hessian(total)(xs), np.reshape(np.diag(bend.ravel()), (2, 3, 2, 3))
    )


def test_custom_vjp_sums_over_what_examples_share():
    def total(x, k):
        return np.sum(vmap(through, in_axes=(0, None))(x, k))

    xs = np.stack([X, 2 * X, -X])
    check_grads(total, (xs, 2.0), order=3, rtol=1e-9)
    check_grads(lambda k: np.sum(vmap(total, (0, None))(xs[None], k)), (2.0,))
    kept = custom_vjp(lambda x, w: (x, w))
    kept.defvjp(lambda x, w: ((x, w), None), lambda _, g: g)
    both = lambda w: vmap(kept, in_axes=(0, None))(X, w)  # noqa: E731
    # The second output is the same for both examples, and each has its cotangent.
    np.testing.assert_array_equal(jacrev(lambda w: both(w)[1])(3.0), [1, 1])
    np.testing.assert_array_equal(jacfwd(lambda w: both(w)[1])(3.0), [1, 1])


def test_a_batched_value_hidden_in_residuals_is_an_error():
    @custom_vjp
    def square(x):
        return x * x

    square.defvjp(lambda x: vjp(lambda x: x * x, x), lambda pullback, g: pullback(g))
    assert grad(square)(3.0) == 6.0
    message = raised(
        errors.LeakedTracerError, lambda: grad(lambda x: np.sum(vmap(square)(x)))(X)
    )
    assert message.startswith(
        "this value was batched by the fwd of square and used after it finished"
    )


def test_custom_vjp_is_what_runs():
    """A rule that is wrong on purpose shows that it is the one in use."""

    @custom_vjp
    def half(x):
        return x * 0.5

    half.defvjp(lambda x: (half(x), None), lambda _, g: (g * 7.0,))
    assert grad(half)(1.0) == 7.0
    assert jvp(half, (1.0,), (1.0,))[1] == 7.0
    np.testing.assert_array_equal(vmap(grad(half))(np.ones(2)), [7, 7])
    summed = grad(lambda x: np.sum(vmap(half)(x)))
    np.testing.assert_array_equal(summed(np.ones(2)), [7, 7])
    assert grad(lambda x: x * grad(lambda y: half(x) * y)(2.0))(3.0) == 1.5 + 3 * 7


def test_nondiff_argnums():
    @functools.partial(custom_vjp, nondiff_argnums=(0, 2))
    def apply(fun, x, power):
        return fun(x) ** power

    def fwd(fun, x, power):
        return apply(fun, x, power), x

    def bwd(fun, power, x, g):
        y, pullback = vjp(fun, x)
        return pullback(g * power * y ** (power - 1))

    apply.defvjp(fwd, bwd)
    check_grads(lambda x: apply(np.sin, x, 3), (X,), order=3, rtol=1e-9)
    check_grads(vmap(lambda x: apply(np.sin, x, 3)), (X,), rtol=1e-9)
    message = raised(
        errors.ArgnumsError, lambda: grad(lambda p: apply(np.sin, 0.5, p))(2.0)
    )
    assert message == (
        "argument 2 of apply is in nondiff_argnums, but is traced by grad(<lambda>). "
        "Take it out of nondiff_argnums, or pass stop_gradient of it."
    )


def test_custom_vjp_is_an_ordinary_object():
    assert (waves.__name__, waves.__doc__) == (
        "waves",
        "A tree of results from trees of arguments.",
    )
    assert pickle.loads(pickle.dumps(waves)) is waves
    assert copy.deepcopy(waves) is waves

    class Model:
        scale = 3.0

        @custom_vjp
        def __call__(self, x):
            return self.scale * x

    Model.__call__.defvjp(lambda m, x: (m(x), m.scale), lambda s, g: (None, s * g))
    assert grad(Model())(2.0) == 3.0


def fresh():
    @custom_vjp
    def f(x, params):
        return x * params["w"]

    return f


@pytest.mark.parametrize(
    ("bwd", "message"),
    [
        (
            lambda _, g: g,
            "the bwd of f must return a tuple with 2 cotangents, one for each "
            "differentiated argument, but returned an array of shape (2,).",
        ),
        (
            lambda _, g: (g,),
            "the bwd of f must return a tuple with 2 cotangents, one for each "
            "differentiated argument, but returned a tuple of length 1.",
        ),
        (
            lambda _, g: (g, {"w": g}),
            "the bwd of f returned a cotangent of shape (2,) for params['w'], which "
            "has shape ().",
        ),
        (
            lambda _, g: (g, {"v": 1.0}),
            "the bwd of f returned a cotangent with the tree dict(['v']: *) for "
            "params, which is the tree dict(['w']: *).",
        ),
        (
            lambda _, g: (g, {"w": "zero"}),
            "the bwd of f returned a cotangent that is a str for params['w'].",
        ),
        (
            lambda _, g: (np.array([None, None]), None),
            "the bwd of f returned a cotangent that is an array of dtype object for x.",
        ),
        (
            lambda _, g: (np.ma.masked_array(X, [True, False]), None),
            "the bwd of f returned a cotangent that is a MaskedArray for x.",
        ),
        (
            lambda _, g: None,
            "the bwd of f must return a tuple with 2 cotangents, one for each "
            "differentiated argument, but returned None.",
        ),
    ],
)
def test_wrong_bwd(bwd, message):
    f = fresh()
    f.defvjp(lambda x, params: (f(x, params), None), bwd)

    def run():
        return grad(lambda x, w: np.sum(f(x, {"w": w})), (0, 1))(X, 2.0)

    assert raised(errors.RuleError, run) == message
    with pytest.raises(errors.RuleError) as info:
        run()
    (note,) = info.value.__notes__
    assert note.startswith("in the rule of f with respect to its arguments, for the")
    assert note.endswith('np.sum(f(x, {"w": w})), (0, 1))(X, 2.0)')


def test_wrong_fwd_and_closures():
    f = fresh()
    call = lambda: grad(lambda x: f(x, {"w": 1.0}))(2.0)  # noqa: E731
    assert raised(errors.MissingRuleError, call).startswith(
        "no derivative rule for f: set it with f.defvjp(fwd, bwd), called at File "
    )
    f.defvjp(lambda x, params: x, lambda _, g: (g, None))
    assert raised(errors.RuleError, call) == (
        "the fwd of f must return a pair (output, residuals), but returned a float."
    )
    f.defvjp(lambda x, params: ({x}, None), lambda _, g: (g, None))
    assert raised(errors.RuleError, call) == (
        "the fwd of f must return a tree of arrays as output, but returned a set."
    )

    def closes(z):
        @custom_vjp
        def f(x):
            return x * z

        f.defvjp(lambda x: (x * z, z), lambda z, g: (g * z,))
        return f(z * 2)

    assert raised(errors.ConversionError, lambda: grad(closes)(1.0)) == (
        "f uses a value traced by grad(closes) that is not among its arguments, so its "
        "derivative would be dropped. Pass it as an argument of f, or use "
        "stop_gradient of it."
    )


def test_what_custom_vjp_takes():
    with pytest.raises(TypeError, match=r"custom_vjp needs a function, but got 3\."):
        custom_vjp(3)
    f = fresh()
    for fwd, bwd in ((3, waves_bwd), (waves_fwd, 3)):
        message = raised(errors.RuleError, lambda fwd=fwd, bwd=bwd: f.defvjp(fwd, bwd))
        assert message == "f.defvjp needs two functions, fwd and bwd, but got 3."
    for odd in ("x", 1.0, (True,), ("x",), None):
        make = functools.partial(custom_vjp, waves, nondiff_argnums=odd)
        assert raised(errors.ArgnumsError, make) == (
            f"nondiff_argnums={odd!r} of custom_vjp(waves): give an int, or a "
            "sequence of ints"
        )
    scaled = custom_vjp(lambda x, n: x * n, nondiff_argnums=1)
    scaled.defvjp(lambda x, n: (x * n, None), lambda n, _, g: (7.0 * g,))
    assert grad(scaled)(2.0, 3) == 7.0


def test_keyword_only_arguments_are_refused_where_they_are_given():
    @custom_vjp
    def scaled(x, *, by=2.0):
        return x * by

    scaled.defvjp(lambda x: (2 * x, None), lambda _, g: (2 * g,))
    assert grad(scaled)(3.0) == 2.0
    with pytest.raises(TypeError, match=r"cannot take the keywords \['by'\]"):
        grad(scaled)(3.0, by=4.0)
    sine = custom_vjp(np.sin)
    with pytest.raises(TypeError, match=r"cannot take the keywords \['where'\]"):
        sine(X, where=[True, False])


def test_arrays_of_objects_do_not_hide_traced_values():
    total = custom_vjp(np.sum)
    total.defvjp(lambda a: (np.sum(a), None), lambda _, g: (g * np.full(2, 7.0),))

    def hides(x):
        objects = np.empty(2, object)
        objects[0], objects[1] = x
        return total(objects)

    message = raised(errors.ConversionError, lambda: grad(hides)(X))
    assert message.startswith(
        "sum has a custom_vjp and cannot take traced values in an array of objects; "
        'pass a list, or fgrad.numpy.array of it, at File "'
    )


# primitive ----------------------------------------------------------------------------


class Scaled:
    scale = 3.0

    @primitive
    def apply(self, x, power=1):
        return self.scale * np.asarray(x) ** power


defvjp(
    Scaled.apply,
    x=lambda g, self, x, power: g * self.scale * power * x ** (power - 1),
)


def test_primitive_methods_and_options():
    model = Scaled()
    check_grads(lambda x: model.apply(x), (X,), rtol=1e-9)
    check_grads(lambda x: model.apply(x, power=3), (X,), order=3, rtol=1e-9)
    check_grads(lambda x: Scaled.apply(model, x, 2), (X,), rtol=1e-9)


@dataclasses.dataclass
class Power:
    """An object that can be called, and that has no hash."""

    scale: float

    def __call__(self, x, y=2.0):
        return self.scale * np.asarray(x) ** y

    def method(self, x, y):
        return self(x, y)


MODEL = Power(3.0)


@pytest.mark.parametrize(
    "fun", [MODEL, MODEL.method, functools.partial(Power.method, MODEL)]
)
def test_primitives_of_any_callable(fun):
    lifted = primitive(fun)
    defvjp(
        lifted,
        x=lambda g, x, y: g * 3.0 * y * x ** (y - 1.0),
        y=lambda g, x, ans: g * np.log(x) * ans,
    )
    check_grads(lifted, (1.5, 1.2), rtol=1e-9)


def test_a_primitive_of_a_partial_with_keywords():
    lifted = primitive(functools.partial(MODEL.method, y=2.0))
    defvjp(lifted, x=lambda g, x, y: g * 3.0 * y * x ** (y - 1.0))
    check_grads(lifted, (X,), rtol=1e-9)
    check_grads(lambda x: lifted(x, y=3.0), (X,), rtol=1e-9)


def test_a_primitive_of_a_partial_has_what_is_left():
    right = primitive(functools.partial(MODEL.method, 2.0))
    with pytest.raises(errors.RuleError, match=r"parameters .* are \['y'\]"):
        defvjp(right, x=lambda g: g)
    with pytest.raises(errors.MissingRuleError, match=r"partial\(Power.method\)"):
        grad(right)(1.0)
    with pytest.raises(errors.MissingRuleError, match="rule for Power with"):
        grad(primitive(Power(2.0)))(1.0)


@primitive
def polar(x, y, unit="rad", names=()):
    return np.hypot(x, y), np.arctan2(y, x), len(names)


defvjp(
    polar,
    neutral=("unit", "names"),
    x=lambda g, x, y: (g[0] * x / np.hypot(x, y)) - g[1] * y / (x * x + y * y),
    y=lambda g, x, y: (g[0] * y / np.hypot(x, y)) + g[1] * x / (x * x + y * y),
)


def test_primitives_with_several_outputs_and_other_arguments():
    def f(x, y):
        r, phi, n = polar(x, y, "rad", names=("a", "b"))
        assert n == 2
        return r * phi

    check_grads(f, (X, X[::-1] * 2), order=3, rtol=1e-8)
    check_grads(lambda x, y: polar(x, y)[1], (X, 1.0 + X), order=2, rtol=1e-8)


def test_a_rule_that_writes_into_its_cotangent() -> None:
    """It would change the caller's array, and the result of the next call."""

    @primitive
    def scaled(x):
        return x * 1.0

    @primitive
    def cubed(x):
        return x**3

    def into_cotangent(g):
        g += 1
        return g

    def into_kept(g, x):
        x *= x
        return 3 * g * x

    defvjp(scaled, x=into_cotangent)
    defvjp(cubed, x=into_kept)
    x, g = np.ones(2), np.ones(2)
    for fun, name in ((scaled, "scaled"), (cubed, "cubed")):
        with pytest.raises(errors.RuleError, match=f"rule of {name} .* writes into"):
            vjp(fun, x)[1](g)
        with pytest.raises(errors.RuleError, match="writes into its"):
            grad(lambda x, fun=fun: np.sum(fun(x)) + np.sum(3 * x))(x)
    custom = custom_vjp(lambda x: x * 2.0)
    custom.defvjp(lambda x: (x * 2.0, x), lambda x, g: (np.multiply(g, 2, out=g),))
    with pytest.raises(errors.RuleError, match="the bwd of .* writes into its"):
        vjp(custom, x)[1](g)
    np.testing.assert_array_equal(g, [1, 1])
    np.testing.assert_array_equal(x, [1, 1])


# SciPy ------------------------------------------------------------------------------


def test_rules_of_ufuncs_under_their_documented_names():
    defvjp(sp.jv, z=lambda g, v, z: g * (sp.jv(v - 1, z) - sp.jv(v + 1, z)) / 2)
    defvjp(sp.iv, x2=lambda g, x1, x2: g * (sp.iv(x1 - 1, x2) + sp.iv(x1 + 1, x2)) / 2)
    defvjp(sp.erf, x=lambda g, x: g * 2 / np.sqrt(np.pi) * np.exp(-x * x))
    for fun in (sp.jv, sp.iv):
        check_grads(lambda z, fun=fun: fun(1.0, z), (1.0 + X,), order=3, rtol=1e-8)
        check_grads(vmap(lambda z, fun=fun: fun(2.0, z)), (1.0 + X,), rtol=1e-9)
    check_grads(sp.erf, (X,), order=2, rtol=1e-9)
    np.testing.assert_allclose(grad(lambda z: sp.iv(1.0, z))(2.0), sp.ivp(1, 2.0))
    message = raised(errors.RuleError, lambda: defvjp(sp.betainc, q=lambda g, q: g))
    assert message.startswith(
        "the rule of scipy.special.betainc with respect to q names ['q'], but the "
        "parameters of scipy.special.betainc are ['a', 'b', 'x', "
    )


# both -------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, derandomize=True)
@given(programs, seeds, numbers)
def test_wrappers_change_no_derivative(calls, seed, x):
    program = Program(calls, seed)

    @custom_vjp
    def wrapped(x):
        return program(x)

    wrapped.defvjp(lambda x: vjp(program, x), lambda pullback, g: pullback(g))
    expected, gradient = value_and_grad(program)(x)
    for same in (wrapped, checkpoint(program)):
        assert same(x) == expected
        value, got = value_and_grad(same)(x)
        assert value == expected
        np.testing.assert_allclose(got, gradient, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(
            jvp(same, (x,), (gradient,))[1], gradient @ gradient, atol=1e-9
        )


def test_a_cotangent_has_the_dtype_of_the_output():
    seen = []

    @custom_vjp
    def double(x):
        return 2 * x

    def bwd(_, g):
        seen.append(g.dtype)
        return (2 * g,)

    double.defvjp(lambda x: (2 * x, None), bwd)
    x = np.ones(3, np.float32)
    _, pullback = vjp(double, x)
    for g in (np.ones(3), np.ones(3, int), x):
        assert pullback(g)[0].dtype == np.float32
    assert set(seen) == {np.dtype(np.float32)}


def test_negative_nondiff_argnums():
    @functools.partial(custom_vjp, nondiff_argnums=(-1,))
    def power(x, y, n):
        return x * y**n

    power.defvjp(
        lambda x, y, n: (power(x, y, n), (x, y)),
        lambda n, kept, g: (g * kept[1] ** n, g * kept[0] * n * kept[1] ** (n - 1)),
    )
    assert grad(power, argnums=(0, 1))(2.0, 3.0, 2) == (9.0, 12.0)
    with pytest.raises(errors.ArgnumsError, match="argument 2 of power is in nondiff"):
        grad(lambda n: power(2.0, 3.0, n))(2.0)
