"""What code that stands between fgrad and others needs in public."""

import collections
import functools

import numpy as np
import pytest

import fgrad
from fgrad import (
    checkpoint,
    defvjp,
    errors,
    grad,
    hessian,
    is_traced,
    jvp,
    primitive,
    stop_gradient,
    vjp,
    vmap,
)
from fgrad.testing import check_grads
from tests.test_errors import raised

X = np.array([1.0, 2.0])


def test_is_traced():
    seen = []

    def f(x):
        objects = np.empty(1, object)
        objects[0] = x
        seen.extend([x, {"a": [x]}, np.sin(x), objects])
        assert not any(map(is_traced, (stop_gradient(x), x.shape, x > 0)))
        return np.sum(x)

    for run in (grad(f), lambda x: jvp(f, (x,), (x,)), hessian(f)):
        seen.clear()
        run(X)
        assert len(seen) == 4
        assert all(map(is_traced, seen))
    assert vmap(lambda x: x * is_traced(x))(X).tolist() == [1, 2]
    for plain in (X, 2.0, None, "x", {"a": [X, None]}, np.array([None]), f):
        assert not is_traced(plain)


def test_a_pullback_of_all_arguments():
    """`vjp` takes trees by position, and keywords bound beforehand."""

    def f(params, x, *rest, power):
        return {"y": params["w"] * x**power + sum(rest)}

    args = ({"w": 2.0}, X, 1.0, X)
    out, pullback = vjp(functools.partial(f, power=2), *args)
    w, x, one, more = pullback({"y": np.ones(2)})
    np.testing.assert_allclose(out["y"], 2 * X**2 + 1 + X)
    np.testing.assert_allclose(w["w"], 5)
    np.testing.assert_allclose(x, 4 * X)
    np.testing.assert_allclose(more, [1, 1])
    assert one == 2


# Primitives of any callable ---------------------------------------------------------


@functools.cache
def tree():
    """A function with a tree of results; `test_rules` wants none at import."""

    @primitive
    def tree(x, y):
        return {"a": x * y, "b": [x, {"n": 3, "s": np.sin(x)}]}

    defvjp(
        tree,
        x=lambda g, x, y: g["a"] * y + g["b"][0] + g["b"][1]["s"] * np.cos(x),
        y=lambda g, x: g["a"] * x,
    )
    return tree


def of_tree(x, y):
    out = tree()(x, y)
    return out["a"] * out["b"][0] + out["b"][1]["s"]


def test_primitives_that_return_trees():
    assert tree()(X, 2.0)["b"][1]["n"] == 3
    check_grads(of_tree, (X, X + 1), order=3, rtol=1e-9)
    check_grads(checkpoint(of_tree), (X, X + 1), order=2, rtol=1e-9)
    check_grads(vmap(of_tree), (X, X + 1), order=2, rtol=1e-9)
    check_grads(lambda x: tree()(x, 3.0)["b"][0], (X,), rtol=1e-9)
    point = collections.namedtuple("point", "r phi")
    turned = primitive(lambda x: point(x * 2.0, x + 1.0))
    defvjp(turned, x=lambda g: 2.0 * g.r + g.phi)
    assert type(turned(X)) is point
    check_grads(lambda x: turned(x).r * turned(x).phi, (X,), order=2, rtol=1e-9)
    assert set(vjp(tree(), X, X)[0]) == {"a", "b"}


def test_primitives_that_return_other_trees_for_some_examples():
    @primitive
    def odd(x):
        return {"a": x} if x > 1.5 else {"b": x}

    defvjp(odd, x=lambda g: g)
    with pytest.raises(errors.BatchedValueError, match="gives different trees for"):
        vmap(odd)(X)


@functools.cache
def scaled():
    """A function with all kinds of arguments at once."""

    @primitive
    def scaled(x, *others, power=1, **options):
        return x**power * sum(others, 1.0) * options.get("scale", 1.0)

    def of_others(g, x, others, power, scale=1.0):
        slope = g * x**power * scale
        return [slope if np.shape(other) else np.sum(slope) for other in others]

    defvjp(
        scaled,
        neutral=("name",),
        x=lambda g, x, others, power, scale=1.0: (
            g * power * x ** (power - 1) * sum(others, 1.0) * scale
        ),
        others=of_others,
        scale=lambda g, x, others, power: np.sum(g * x**power * sum(others, 1.0)),
    )
    return scaled


def test_primitives_with_any_arguments():
    call = scaled()
    check_grads(lambda x, a, b: call(x, a, b, power=2), (X, 2.0, X), order=2)
    check_grads(lambda x, s: call(x, 2.0, scale=s), (X, 3.0), order=2, rtol=1e-9)
    check_grads(lambda a: call(X, 2.0, a, name="a"), (X,), order=2, rtol=1e-9)
    check_grads(vmap(call), (X, X, X), order=2, rtol=1e-9)
    for alone in (call, lambda x: call(x=x)):
        check_grads(alone, (X,), rtol=1e-9)
    check_grads(functools.partial(call, 2.0), (X, X), rtol=1e-9)
    message = raised(
        errors.MissingRuleError, lambda: grad(lambda t: call(1.0, shift=t))(3.0)
    )
    assert message.startswith("no derivative rule for scaled(..., shift=...), called")


def test_all_arguments_in_one_tuple():
    @primitive
    def total(*terms, **options):
        return sum(terms) * 2.0

    defvjp(total, terms=lambda g, terms: [2.0 * g] * len(terms))
    check_grads(total, (X, X + 1, X), order=2, rtol=1e-9)
    assert grad(total)(1.0) == 2.0
    assert raised(
        errors.RuleError, lambda: defvjp(total, terms=lambda g, scale: g)
    ) == (
        "the rule of total with respect to terms names 'scale', which a call may leave "
        "out. Give it the default that total has for it: lambda g, scale=...: ..."
    )


def test_an_adapter():
    """An interface like autograd's, of public names only."""

    def primitive_of(fun):
        @fgrad.custom_vjp
        def whole(args, kwargs):
            return fun(*args, **kwargs)

        def set_vjps(*makers):
            def fwd(args, kwargs):
                ans = whole(args, kwargs)
                return ans, (ans, args, kwargs)

            def bwd(residuals, g):
                ans, args, kwargs = residuals
                found = [make(ans, *args, **kwargs)(g) for make in makers]
                return tuple(found), None

            whole.defvjp(fwd, bwd)

        def call(*args, **kwargs):
            return (
                whole(args, kwargs)
                if is_traced((args, kwargs))
                else fun(*args, **kwargs)
            )

        return call, set_vjps

    product, set_vjps = primitive_of(lambda x, y, unit="m": x * y)
    set_vjps(
        lambda ans, x, y, unit="m": lambda g: g * y,
        lambda ans, x, y, unit="m": lambda g: g * x,
    )
    check_grads(product, (X, X + 1), order=3, rtol=1e-9)
    check_grads(lambda x: product(x, 2.0 * x, unit="s"), (X,), order=2, rtol=1e-9)
