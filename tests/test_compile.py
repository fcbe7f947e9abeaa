"""`compile`: the results of the function, bit for bit, whatever happens around it."""

import functools
import os
import pickle
import threading
import time
import warnings
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import pytest

import fgrad
import fgrad.debug
import fgrad.numpy as fnp
from fgrad import (
    checkpoint,
    compile,  # noqa: A004 (its name)
    custom_vjp,
    errors,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    primitive,
    value_and_grad,
    vmap,
)
from fgrad._program import record, variants
from fgrad._program.compare import difference, same_bits
from fgrad._tree import flatten, tree_map
from fgrad.linalg import spectral_function

X = np.array([0.3, -0.2, 0.5])


def programs(compiled):
    """The programs that have been confirmed."""
    entries = compiled.variants.entries.values()
    return {v for entry in entries for v in entry.tree.values() if v.confirmed}


def same(a, b):
    (a, tree), (b, other) = flatten(a), flatten(b)
    alike = functools.partial(same_bits, layout=False)
    return tree == other and all(map(alike, a, b))


def holds(fun, *inputs, count=1):
    """Compile a function and compare; so many programs must answer."""
    compiled = compile(fun)
    for args in (*inputs, *inputs, *inputs):
        assert same(fun(*args), compiled(*args))
    assert len(programs(compiled)) == count
    return compiled


def stays_eager(fun, *args, why):
    """A function that cannot become a program runs as it is, and it is said why."""
    compiled = compile(fun)
    with pytest.warns(errors.EagerWarning) as caught:
        [compiled(*args) for _ in range(5)]
    assert len(caught) == 1
    assert why in str(caught[0].message)
    assert caught[0].filename == __file__
    assert not programs(compiled)
    return compiled


# What is compiled ---------------------------------------------------------------------


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def network(params, x):
    for w, b in params["layers"]:
        x = np.tanh(x @ w + b)
    return np.mean(x**2)


def parameters(seed):
    rng = np.random.default_rng(seed)
    sizes = ((3, 4), (4, 2))
    return {"layers": [(rng.normal(size=s), rng.normal(size=s[1])) for s in sizes]}


@pytest.mark.parametrize("transform", [grad, value_and_grad, hessian, jacobian])
def test_transforms(transform):
    x = np.linspace(-1, 1, 10)
    holds(transform(rosenbrock), (x,), (3 * x,), (x[::-1].copy(),))


def test_a_plain_function():
    holds(rosenbrock, (np.linspace(-1, 1, 10),), (np.ones(10),))


def test_forward_mode():
    def tangent(x, t):
        return jvp(rosenbrock, (x,), (t,))

    def product(x, t):
        return hvp(rosenbrock, (x,), (t,))

    holds(tangent, (X, X), (X, 2 * X))
    holds(product, (X, X), (X, 2 * X))


def test_trees():
    step = value_and_grad(network)
    x = np.random.default_rng(0).normal(size=(5, 3))
    holds(step, (parameters(1), x), (parameters(2), x))


def test_batches():
    x = np.random.default_rng(0).normal(size=(5, 3))
    holds(vmap(grad(rosenbrock)), (x,), (2 * x,))
    holds(lambda x: vmap(grad(rosenbrock))(x), (x,))


@pytest.mark.parametrize("dtype", ["f4", "c8", "c16", ">f8", "i8", "u1", "?"])
def test_dtypes(dtype):
    x = np.array([1, 2, 3]).astype(dtype)
    holds(
        lambda x: (x * 2, x + x, np.sum(x), x > 1 if x.dtype.kind != "c" else x), (x,)
    )


def test_numbers():
    holds(
        lambda x, y: x * y + 1.0, (2.0, 3.0), (np.float32(2), 3.0), (2.0, 3j), count=3
    )
    holds(grad(lambda x: x * x), (2.0,), (3.0,))


@pytest.mark.parametrize("shape", [(0,), (1,), (), (3, 0), (1, 1)])
def test_small_shapes(shape):
    x = np.ones(shape)
    holds(grad(lambda x: np.sum(np.sin(x) ** 2)), (x,))


def test_layouts():
    x = np.random.default_rng(0).normal(size=(6, 8))
    fun = grad(lambda x: np.sum(np.exp(x) * x.T.T))
    holds(fun, (x,), (x[::2, ::3],), (x.T,), (np.asfortranarray(x),), count=4)


def test_arguments_may_be_the_same_array():
    holds(grad(lambda x, y: np.sum(x * y)), (X, X), (X, 2 * X))


def test_bounds_in_registers():
    """NumPy warns where `np.maximum` gets its memory as a third argument."""
    holds(lambda x: np.maximum(x * 2, 0.1) * np.minimum(x + 1, 1.0) * 2, (X,))


def test_keywords_and_containers():
    def shifted(p, *, lr=0.1, mode="down"):
        return {k: v - lr if mode == "down" else v + lr for k, v in p.items()}

    compiled = compile(shifted)
    for lr in (0.1, 0.2, 0.3, 0.4):
        for mode in ("down", "up"):
            p = OrderedDict(b=X, a=2.0)
            assert same(compiled(p, lr=lr, mode=mode), shifted(p, lr=lr, mode=mode))
    assert len(programs(compiled)) == 2


def test_registered_dataclasses():
    @fgrad.register_dataclass
    @dataclass
    class Line:
        slope: float
        offset: np.ndarray

    holds(grad(lambda p: np.sum(p.slope * X + p.offset)), (Line(2.0, X),))


def test_static_arguments():
    def fun(x, power, scale=(1.0,)):
        return x**power * scale[0]

    compiled = compile(fun, static_argnums=1, static_argnames="scale")
    for _ in range(3):
        for power in (2, 3, 2.0):
            assert same(compiled(X, power), fun(X, power))
            assert same(compiled(X, power, scale=(2.0,)), fun(X, power, scale=(2.0,)))
            assert same(compiled(X, power, scale=(-0.0,)), fun(X, power, (-0.0,)))
            assert same(compiled(X, power, scale=(0.0,)), fun(X, power, (0.0,)))
    assert len(programs(compiled)) == 12

    def one_or_true(x, flag):
        return x * (2.0 if flag is True else 3.0)

    compiled = compile(one_or_true, static_argnums=1)
    for _ in range(3):
        for flag in (True, 1, 1.0):
            assert same(compiled(X, flag), one_or_true(X, flag))
    assert len(programs(compiled)) == 3


def test_settings():
    for options, words in (
        ({"exact": 1}, "exact=1 of compile(rosenbrock): give a bool."),
        ({"backend": "d"}, "backend='d' of compile(rosenbrock): give 'numpy', "
         "or 'c'."),
        ({"max_variants": 0}, "max_variants=0 of compile(rosenbrock): give an int of "
         "at least 1."),
        ({"static_argnums": "x"}, "static_argnums='x' of compile(rosenbrock): give an "
         "int, or a sequence of ints."),
        ({"static_argnames": 1}, "static_argnames=1 of compile(rosenbrock): give a "
         "name, or a sequence of names."),
    ):  # fmt: skip
        with pytest.raises(errors.SettingError) as caught:
            compile(rosenbrock, **options)
        assert str(caught.value) == words


# Control flow -------------------------------------------------------------------------


def test_while():
    def newton(x):
        while abs(x * x - 2) > 1e-12:
            x = x - (x * x - 2) / (2 * x)
        return x

    compiled = holds(newton, (1.0,), (3.0,), (1.3,), count=2)
    assert same(compiled(40.0), newton(40.0))


def test_if_inside_of_a_derivative():
    def fun(x):
        return np.sum(x**3) if x[0] > 0 else np.sum(np.sin(x))

    holds(grad(fun), (X,), (-X,), count=2)


def test_integers():
    def steps(x, n):
        for _ in range(n):
            x = np.sin(x)
        return x * n

    holds(steps, (X, 2), (X, 3), count=2)
    counted = holds(lambda x, t: x / (1 - 0.9**t), (X, 1), (X, 2), (X, 3))
    assert same(counted(X, 17), X / (1 - 0.9**17))
    names = {1: np.sin, 2: np.cos}
    holds(lambda x, n: names[n](x), (X, 1), (X, 2), count=2)  # then they are static


def test_shapes_that_values_decide():
    def positive(x):
        return np.sum(x[x > 0] ** 2) / len(x[x > 0])

    holds(grad(positive), (X,), (np.array([1.0, 2.0, 3.0]),), count=2)
    holds(lambda x: np.unique(np.round(x)), (X,), (10 * X,), count=2)
    holds(
        np.linalg.eigvals, (np.eye(2),), (np.array([[0.0, 1.0], [-1.0, 0.0]]),), count=2
    )


def test_max_variants():
    def fun(x, n):
        return x[:n]

    compiled = compile(fun, max_variants=2)
    with pytest.warns(errors.EagerWarning, match="more than 2 ways"):
        results = [compiled(X, n) for _ in range(2) for n in range(1, 4)]
    assert same(results, [X[:n] for _ in range(2) for n in range(1, 4)])


# The world around ---------------------------------------------------------------------

FACTOR = 2.0


def test_rebound_globals():
    global FACTOR
    compiled = holds(lambda x: x * FACTOR, (X,))
    FACTOR = 3.0
    try:
        for _ in range(3):
            assert same(compiled(X), X * 3.0)
    finally:
        FACTOR = 2.0
    assert same(compiled(X), X * 2.0)


def test_rebound_cells_and_defaults():
    k = 2.0

    def inner(x, y=[1.0]):  # noqa: B006
        return x * k + y[0]

    def fun(x):
        return inner(x)

    compiled = holds(fun, (X,))
    k = 4.0
    assert same(compiled(X), X * 4.0 + 1.0)
    inner.__defaults__[0][0] = 7.0
    assert same(compiled(X), X * 4.0 + 7.0)
    inner = np.cos
    assert same(compiled(X), np.cos(X))


class Model:
    scale = 1.0

    def __init__(self):
        self.w = np.ones(3)
        self.options = {"bias": 1.0, "list": [1.0, 2.0]}

    def __call__(self, x):
        return (
            self.w * x * self.scale + self.options["bias"] + sum(self.options["list"])
        )


def test_attributes_and_items():
    model = Model()
    compiled = holds(model, (X,))
    for change in (
        lambda: setattr(model, "w", np.full(3, 2.0)),
        lambda: model.w.fill(3.0),
        lambda: setattr(model, "scale", 2.0),
        lambda: model.options.update(bias=0.5),
        lambda: model.options["list"].append(3.0),
        lambda: setattr(Model, "__call__", lambda self, x: self.w + x),
    ):
        before = compiled(X)
        change()
        assert same(compiled(X), model(X))
        assert not same(compiled(X), before)
        assert same(compiled(X), model(X))


def test_arrays_that_are_changed():
    w = np.ones(3)
    compiled = holds(lambda x: (w * 2.0) * x, (X,))
    w[1] = 5.0
    for _ in range(3):
        assert same(compiled(X), (w * 2.0) * X)
    large = np.ones(20_000)
    compiled = holds(lambda x: np.sum(x * large), (2.0,))
    large[:] = 3.0
    assert same(compiled(2.0), np.sum(2.0 * large))


def test_what_changes_at_each_call():
    state = {"k": 0.0}
    compiled = compile(lambda x: x * state["k"])

    def changed(k):
        state["k"] = k
        return compiled(X)

    with pytest.warns(errors.EagerWarning, match="changes again and again"):
        results = [changed(float(i)) for i in range(40)]
    assert same(results, [X * float(i) for i in range(40)])


def test_arrays_made_on_the_way():
    def fun(x):
        m = np.zeros(3)
        m[0] = 1.0
        first = x * m
        m[1] = 1.0
        return first + x * m

    holds(grad(lambda x: np.sum(fun(x))), (X,), (2 * X,))


def test_random_numbers():
    rng = np.random.default_rng(0)
    why = "it draws random numbers; draw them outside, and make them an argument"
    stays_eager(lambda x: x * rng.normal(), X, why=why)
    stays_eager(lambda x: x * np.random.normal(), X, why=why)
    stays_eager(lambda x: x * fnp.random.normal(x), X, why=why)
    assert holds(lambda x: x * np.random.default_rng(0).normal(), (X,))


def test_a_draw_of_an_unseen_generator():
    compiled = compile(lambda x: x * np.random.default_rng().normal())
    with pytest.warns(errors.EagerWarning, match="another result when it is recorded"):
        first = compiled(X)
    assert not same(compiled(X), first)


def read_text(x):
    with open(__file__) as file:
        return x * len(file.read())


def test_clocks_files_and_iterators():
    numbers = iter(range(100))
    stays_eager(lambda x: x * time.time(), X, why="it reads the clock, by time")
    stays_eager(read_text, X, why="it calls open")
    stays_eager(lambda x: x * next(numbers), X, why="it uses a range_iterator")


def test_the_environment(monkeypatch):
    monkeypatch.setenv("FACTOR", "2")
    compiled = holds(lambda x: x * int(os.environ["FACTOR"]), (X,))
    monkeypatch.setenv("FACTOR", "3")
    assert same(compiled(X), X * 3)


def test_counters():
    count = [0]

    def fun(x):
        count[0] += 1
        return x * 2 if count[0] > 4 else x

    compiled = compile(fun)
    with pytest.warns(errors.EagerWarning, match="it changes what it uses"):
        results = [compiled(1.0) for _ in range(7)]
    assert results == [1.0] * 4 + [2.0] * 3


def test_other_constants_in_the_second_recording():
    """What is not seen from outside is found by the comparison, with its line."""
    hidden = functools.lru_cache(maxsize=None)(lambda: np.random.default_rng())
    compiled = compile(lambda x: np.where(x > 10, hidden().normal(), x))
    with pytest.warns(errors.EagerWarning) as caught:
        assert same([compiled(X) for _ in range(4)], [X] * 4)
    words = str(caught[0].message)
    assert "a number or an array that is no argument was another one" in words
    assert "hidden().normal()" in words


def test_text_and_conversions():
    stays_eager(lambda x: x * len(f"{x}"), X, why="a value is printed, or made text")
    stays_eager(lambda x: np.asarray(x) * 2, X, why="np.asarray(x) makes plain numbers")
    stays_eager(lambda x: float(x) * 2, 2.0, why="float(x) makes a plain number")


def test_arguments_changed_in_place():
    def fun(x):
        x += 1.0
        return 2.0

    compiled, x = compile(fun), np.zeros(3)
    with pytest.warns(errors.EagerWarning, match="it changes an argument in place"):
        [compiled(x) for _ in range(4)]
    assert np.all(x == 4.0)


def test_unusual_arguments():
    masked = np.ma.masked_array(X, [True, False, False])
    stays_eager(lambda x: x * 2, masked, why="an argument is a MaskedArray")
    stays_eager(lambda x: x, np.array(["a"]), why="of dtype <U1")
    stays_eager(lambda x: sum(x), iter([]), why="an argument is a list_iterator")


# Errors and warnings ------------------------------------------------------------------


def test_floating_point_errors():
    compiled = holds(lambda x: 1 / x, (X,))
    with pytest.warns(RuntimeWarning, match="divide by zero") as caught:
        out = compiled(np.array([0.0, 1.0, 2.0]))
    assert caught[0].filename == __file__
    assert np.isinf(out[0])
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        compiled(np.array([0.0, 1.0, 2.0]))
    with np.errstate(divide="ignore"):
        for _ in range(4):
            assert np.isinf(compiled(np.array([0.0, 1.0, 2.0]))[0])


def test_what_the_function_ignores():
    def fun(x):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(x > 0, np.log(x), 0.0)

    holds(fun, (np.array([0.0, 1.0]),), (np.array([-1.0, 2.0]),))


def test_structural_zeros():
    """Replay repairs a nan; a program lets the function do that."""

    def fun(x):
        return np.sum(np.where(x > 0, np.sqrt(x), 0.0))

    compiled = compile(grad(fun))
    for _ in range(3):
        assert same(compiled(np.array([1.0, 2.0])), grad(fun)(np.array([1.0, 2.0])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = np.array([0.0, np.nan])
        assert same(compiled(x), grad(fun)(x))


def test_nan_in_arguments():
    def fun(x):
        slope = grad(lambda x: np.sum(np.where(np.isnan(x), 0.0, x**2)))(x)
        return np.where(slope >= 0, 1.0, 2.0)

    compiled = holds(fun, (X,))
    missing = np.array([np.nan, 1.0, -1.0])
    assert same(compiled(missing), fun(missing))


def test_exceptions():
    def fun(x, bad):
        if bad:
            raise KeyError("no")
        return np.linalg.inv(x)

    compiled = compile(fun)
    for _ in range(3):
        assert same(compiled(np.eye(2), False), np.eye(2))
        with pytest.raises(KeyError, match="no"):
            compiled(np.eye(2), True)
    with pytest.raises(np.linalg.LinAlgError):
        compiled(np.zeros((2, 2)), False)
    assert same(compiled(2 * np.eye(2), False), np.eye(2) / 2)


def test_warnings_of_python():
    compiled = compile(lambda x: np.nanmean(x))
    with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
        compiled(np.array([np.nan]))


@pytest.mark.filterwarnings("ignore::fgrad.errors.EagerWarning")
def test_warnings_of_users_come_at_each_call():
    def fun(x):
        warnings.warn("careful", UserWarning, stacklevel=1)
        return np.sin(x) * 2

    compiled = compile(fun)
    for _ in range(5):
        with pytest.warns(UserWarning, match="careful"):
            assert same(compiled(X), np.sin(X) * 2)


def test_interrupts():
    def fun(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compile(fun)(X)


# Memory -------------------------------------------------------------------------------


def test_results_are_fresh():
    w = np.ones(3)
    compiled = compile(lambda x: (x, x, x[1:], w, x * 2, np.sin(x).reshape(1, 3)))
    results = [leaf for _ in range(4) for leaf in compiled(X)[2:]]
    arrays = [X, w, *results[-8:], *compiled(X)]
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in arrays[:i])
    assert all(a.flags.writeable for a in arrays)


def test_programs_do_not_keep_results():
    compiled = compile(grad(rosenbrock))
    first = [compiled(X) for _ in range(3)][-1]
    kept = first.copy()
    compiled(2 * X)
    assert same(first, kept)


# Limits -------------------------------------------------------------------------------


def test_many_signatures(monkeypatch):
    monkeypatch.setattr(variants, "SIGNATURES", 2)
    compiled = compile(lambda x: x * 2)
    with pytest.warns(errors.EagerWarning, match="more than 2 combinations of shapes"):
        results = [compiled(np.ones(n)) for n in (1, 2, 3, 3)]
    assert same(results, [np.full(n, 2.0) for n in (1, 2, 3, 3)])


def test_long_programs(monkeypatch):
    monkeypatch.setattr(record, "LONGEST", 10)

    def fun(x):
        for _ in range(20):
            x = np.sin(x)
        return x

    stays_eager(fun, X, why="it makes more than 10 calls of NumPy")


def test_what_is_watched_runs_as_it_is():
    compiled = holds(grad(lambda x: np.sum(np.log(x))), (X**2,))
    found = pytest.raises(errors.NonFiniteError, match="np.log")
    with fgrad.debug.checks(), np.errstate(all="ignore"), found:
        compiled(np.zeros(3))

    @fgrad.primitive
    def shifted(x):
        return 2 * x

    fgrad.defvjp(shifted, x=lambda g: 2 * g + 1)
    wrong = compile(grad(lambda x: np.sum(shifted(x))))
    for k in range(4):
        wrong(k * X)
    with fgrad.debug.checks(), pytest.raises(errors.RuleError, match="not linear in g"):
        wrong(X)


# Composition --------------------------------------------------------------------------


def test_inside_other_transforms():
    compiled = compile(rosenbrock)
    x = np.linspace(-1, 1, 5)
    for _ in range(3):
        assert same(grad(compiled)(x), grad(rosenbrock)(x))
        assert same(hessian(compiled)(x), hessian(rosenbrock)(x))
        assert same(vmap(compiled)(x[None]), vmap(rosenbrock)(x[None]))
    holds(grad(compile(rosenbrock)), (x,))
    holds(compile(grad(rosenbrock)), (x,), (2 * x,))


def test_values_of_outer_transforms():
    def outer(x):
        return np.sum(compile(lambda y: x * y)(X))

    assert same(grad(outer)(2.0), np.sum(X))
    assert same(grad(outer)(2.0), np.sum(X))


def test_recursion():
    def power(x, n):
        return x if n == 0 else x * compiled(x, n - 1)

    compiled = compile(power)
    for _ in range(3):
        assert same(compiled(X, 3), X * (X * (X * X)))


def test_checkpoint():
    def layer(x):
        return np.tanh(x * 2.0)

    def deep(x):
        for _ in range(3):
            x = checkpoint(layer)(x)
        return np.sum(x)

    compiled = holds(grad(deep), (X,), (2 * X,))
    (program,) = programs(compiled)
    tanh = [c for c in program.program.calls if c.fun is np.tanh]
    assert len(tanh) == 5  # each layer runs again; the last result is not needed


def test_custom_derivatives():
    @custom_vjp
    def clipped(x):
        return np.sum(x**2)

    clipped.defvjp(lambda x: (clipped(x), x), lambda x, g: (np.clip(g * x, -1.0, 1.0),))
    holds(grad(clipped), (X,), (10 * X,))


def test_primitives_of_users():
    kept = []

    @primitive
    def cube(x):
        kept.append(x)  # not pure, but it may look
        return x**3

    fgrad.defvjp(cube, x=lambda g, x: g * 3.0 * x**2)

    def fun(x):
        return np.sum(np.sin(cube(x * 2.0)) + x)

    @primitive
    def pure(x):
        return x**3

    fgrad.defvjp(pure, x=lambda g, x: g * 3.0 * x**2)
    holds(grad(lambda x: np.sum(np.sin(pure(x * 2.0)) + x)), (X,), (2 * X,))
    stays_eager(grad(fun), X, why="it changes what it uses beside its arguments")


def test_functions_that_are_given_to_others():
    """They run as part of one call, with plain values, and must use no others."""
    a = np.array([[2.0, 0.3], [0.3, 1.0]])

    def power(a, s):
        return spectral_function(lambda t: t**s, a)[0, 1]

    holds(grad(lambda a: power(a, 1.5)), (a,), (2 * a,))
    holds(lambda a: np.apply_along_axis(lambda v: v @ v, 0, a), (a,), (2 * a,))
    why = "a function given to hermitian_corner uses a value from outside"
    stays_eager(power, a, 1.5, why=why)
    exponent = [1.5]
    compiled = holds(lambda a: power(a, exponent[0]), (a,))
    exponent[0] = 2.5
    assert same(compiled(a), power(a, 2.5))


def test_entries_at_traced_places():
    x = np.array([0.3, -0.2, 0.5, 0.3])
    holds(grad(lambda x: np.sum(np.unique(x) ** 2)), (x,), (2 * x,))
    holds(lambda x: np.take(x * 2, np.argsort(x)), (x,), (-x,))
    holds(lambda x: np.take_along_axis(x, np.argsort(x), 0), (x,), (-x,))


def test_rules_that_change():
    @primitive
    def cube(x):
        return x**3

    factor = 3.0
    fgrad.defvjp(cube, x=lambda g, x: g * factor * x**2)
    compiled = holds(grad(lambda x: np.sum(cube(x))), (X,))
    factor = 5.0
    assert same(compiled(X), 5.0 * X**2)
    fgrad.defvjp(cube, x=lambda g, x: g * 7.0 * x**2)
    assert same(compiled(X), 7.0 * X**2)


def test_threads():
    compiled = compile(grad(rosenbrock))
    x = np.linspace(-1, 1, 50)
    wrong = []

    def work(k):
        for i in range(30):
            here = x * (k + i)
            if not same(compiled(here), grad(rosenbrock)(here)):
                wrong.append((k, i))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert programs(compiled)


def test_pickles_and_names():
    compiled = compile(rosenbrock)
    compiled(X)
    again = pickle.loads(pickle.dumps(compiled))
    assert same(again(X), rosenbrock(X))
    assert compiled.__name__ == "rosenbrock"
    assert repr(compiled) == "compile(rosenbrock)"


def test_methods():
    class Scaled:
        factor = 3.0

        @compile
        def times(self, x):
            return x * self.factor

    scaled = Scaled()
    for _ in range(3):
        assert same(scaled.times(X), X * 3.0)
    scaled.factor = 4.0
    assert same(scaled.times(X), X * 4.0)


def test_async_and_generators():
    async def later(x):
        return x * 2

    stays_eager_coroutine = compile(later)
    with pytest.warns(errors.EagerWarning, match="it returns a coroutine"):
        coroutine = stays_eager_coroutine(X)
    with pytest.raises(StopIteration) as done:
        coroutine.send(None)
    assert same(done.value.value, X * 2)


def test_tree_of_results():
    holds(lambda x: {"a": (x, [x[0], None]), "b": 1.0, "c": "text"}, (X,), (2 * X,))
    holds(lambda x: tree_map(lambda y: y * 2, OrderedDict(a=x)), (X,))


def test_functions_that_see_what_is_recorded():
    """NumPy calls them for each row: they may use other arguments."""

    def fun(x):
        return np.apply_along_axis(lambda row: row * np.sum(x[0]), 1, x)

    compiled, x = compile(fun), np.arange(6.0).reshape(2, 3)
    with fgrad.debug.eager() as ran:
        for k in range(4):
            assert same(compiled(x + k), fun(x + k))
    assert not ran


def test_new_arrays_take_recorded_values():
    """Also where no derivative is taken."""

    def fun(x):
        out = fnp.zeros(len(x))
        for i in range(1, len(x)):
            out[i] = out[i - 1] + np.sin(x[i])
        view = out[1:]
        view *= 2
        return out, fnp.ones(2)

    compiled = compile(fun)
    with fgrad.debug.eager() as ran:
        for k in range(4):
            assert same(compiled(X + k), fun(X + k))
    assert not ran


@pytest.mark.parametrize("options", [{}, {"exact": False}])
@pytest.mark.parametrize(
    ("names", "shapes"),
    [
        ("i,i->", [(3,), (1,)]),
        ("ij,jk->ik", [(2, 3), (1, 4)]),
        ("ij,jk->ik", [(2, 1), (3, 4)]),
        ("ij,ij,j->", [(2, 3), (1, 3), (1,)]),
    ],
)
def test_einsum_of_axes_that_are_repeated(names, shapes, options):
    fun = value_and_grad(lambda *xs: np.sum(np.einsum(names, *xs) ** 2), (0, 1))
    compiled, rng = compile(fun, **options), np.random.default_rng(0)
    for _ in range(3):
        xs = [rng.normal(size=shape) for shape in shapes]
        for a, b in zip(*(flatten(f(*xs))[0] for f in (compiled, fun)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13)
    assert programs(compiled)


def recorded(fun, x):
    """A recording, as it is before the passes."""
    compiled = compile(fun)
    compiled(x)
    (program,) = compiled.variants.programs()
    return program.recorded


def test_how_recordings_differ():
    def with_branch(x):
        bool(x > 0)
        return x * 2

    one = recorded(with_branch, 1.0)
    words = difference(one, recorded(with_branch, -1.0))
    assert words.startswith("another branch was taken when it was called again, at")
    assert difference(one, recorded(with_branch, 2.0)) is None
    one = recorded(lambda x: (x * 2, 1.0), 1.0)
    words = difference(one, recorded(lambda x: (x * 2, 2.0), 1.0))
    assert words == "it returned another constant when it was called again"


def test_numbers_of_arguments_on_the_fast_way():
    """Tuples of other lengths, and static values that are equal but others."""
    compiled = compile(lambda xs: sum(xs) * 2)
    for n in (2, 2, 2, 3, 2, 1, 2, 3):
        xs = tuple(float(k + n) for k in range(n))
        assert compiled(xs) == sum(xs) * 2

    class Power:
        def __init__(self, n):
            self.n = n

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 0

    compiled = compile(lambda x, power: x**power.n)
    square, cube = Power(2), Power(3)
    for power in (square, square, square, cube, square, cube):
        assert compiled(3.0, power) == 3.0**power.n


def test_other_dtypes_of_the_same_layout():
    compiled = compile(lambda x: (x * 2, np.sin(x)))
    for dtype in ("f8", "f8", "f8", "i8", "u8", "f8", ">f8", "f8", "c8", "f8"):
        x = np.arange(3).astype(dtype)
        assert same(compiled(x), compiled.fun(x))


def test_words_for_storing_in_an_array_of_numpy():
    def fun(x):
        out = np.zeros(3)
        out[1:] = x[1:]
        return out

    compiled = compile(fun)
    with pytest.warns(errors.EagerWarning) as caught:
        compiled(np.ones(3))
    assert same(compiled(np.ones(3)), fun(np.ones(3)))
    words = str(caught[0].message)
    assert "make the array with fgrad.numpy: out = fgrad.numpy.zeros(n), at" in words
    assert "out[1:] = x[1:]" in words


def test_strides_of_arrays_made_on_the_way():
    """The last bits of a product depend on how its operands lie in memory."""

    def fun(x):
        made = np.linspace(0, 1, 2001)[::2]
        return np.dot(made, x), np.linspace(0, 1, 2800).reshape(40, 70)[:, ::2] @ x[:35]

    rng = np.random.default_rng(0)
    holds(fun, *[(rng.normal(size=1001),) for _ in range(5)])
