"""Programs: each pass alone, the text that `debug.source` gives, and what it costs."""

import operator
import tracemalloc
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings

from fgrad import (
    compile,  # noqa: A004 (its name)
    debug,
    defvjp,
    grad,
    hessian,
    primitive,
    vjp,
    vmap,
)
from fgrad._program.calls import Call, Program, finite
from fgrad._program.memory import Memory
from fgrad._program.passes import PASSES, optimised
from fgrad._program.passes.common import common
from fgrad._program.passes.dead import dead
from fgrad._program.passes.guards import guards
from fgrad._program.passes.identities import identities
from fgrad._program.passes.lowered import lowered
from fgrad._program.record import Abandoned, RecordTrace
from fgrad._program.source import Source
from fgrad._tree import flatten
from fgrad.primitives.contraction import product_of_matrices
from fgrad.testing import hypothesis as fh
from tests.test_compile import programs, rosenbrock, same, stays_eager

X = np.array([0.3, -0.2, 0.5])
A = np.arange(12.0).reshape(3, 4) / 7


def recorded(fun, *args, captured=()):
    """The program of one run."""
    trace = RecordTrace("test", frozenset(map(id, captured)), {"under"})
    boxes = [trace.leaf(arg) for arg in args]
    leaves, structure = flatten(fun(*boxes))
    trace.close()
    outputs = tuple(leaf._node if trace.holds(leaf) else leaf for leaf in leaves)
    inputs = tuple(box._node for box in boxes)
    return Program(inputs, trace.calls, outputs, structure, trace.captured)


def functions(program):
    return [call.fun for call in program.calls]


def run(program, *args):
    return Source(program).maker()()(*args)[0]


def test_a_complex_number_times_one_is_computed():
    """The part -0.0 becomes 0.0, which is another side of the cut of a root."""
    fast = compile(lambda z: np.sqrt(-(z * 1.0)))
    for z in (1 + 1j, 1 + 1j, 1 + 1j, complex(1, -0.0), complex(-0.0, 1)):
        assert same(fast(z), np.sqrt(-(np.complex128(z) * 1.0)))
    for z in (complex(1, -0.0), complex(-0.0, 1)):
        assert str(compile(lambda z: z / 1)(z)) == str(np.complex128(z) / 1)


def test_dead():
    def fun(x):
        np.sin(x)
        if np.sum(np.cos(x)) > 0:
            np.exp(x)
        return x * 2.0

    program = dead(recorded(fun, X))
    assert functions(program) == [np.cos, np.sum, operator.gt, bool, operator.mul]


def test_common():
    def fun(x, y):
        return np.sin(x * y) + np.sin(np.multiply(y, x)), np.sum(x, axis=0), np.sum(x)

    program = common(recorded(fun, X, X))
    assert functions(program).count(np.sin) == 1
    assert functions(program).count(np.sum) == 2
    z = common(recorded(fun, X + 1j, X + 0j))  # complex products do not commute
    assert functions(z).count(np.sin) == 2


def test_common_keeps_classes_and_signs_apart():
    zeros = common(recorded(lambda x: (x + 0.0, x + -0.0, x + np.float64(0)), X))
    assert len(zeros.calls) == 3


def test_identities():
    def fun(x):
        y = (x * 1.0 / 1).reshape(3)
        z = np.broadcast_to(y, (3,)).reshape(1, 3)
        return np.transpose(np.transpose(z)) + np.full((1, 3), 2.0)

    program = dead(identities(recorded(fun, X)))
    assert functions(program) == [np.reshape, operator.add]
    assert program.calls[-1].args[1] == 2.0
    assert same(run(program, X), fun(X))


def test_sums_with_zero_stay():
    program = optimised(recorded(lambda x: x + 0.0, np.array([-0.0])))
    assert np.signbit(run(program, np.array([-0.0]))[0]) == np.signbit(-0.0 + 0.0)


def test_arrays_of_users_are_read_where_they_lie():
    w = np.full(3, 2.0)
    program = optimised(recorded(lambda x: x * w, X, captured=[w]))
    w[0] = 5.0
    assert same(run(program, X), X * w)


def test_guards():
    program = recorded(grad(rosenbrock), np.linspace(0, 1, 5))
    fewer = guards(program)
    assert functions(program).count(finite) == 3
    assert functions(fewer).count(finite) == 1
    assert fewer.calls[-1].args == fewer.outputs


MASK = np.array([True, False, True])
OPERATIONS = {
    "add": lambda x: x + 1.0,
    "subtract": lambda x: 1.0 - x,
    "multiply": lambda x: x * 0.5,
    "divide": lambda x: x / 2.0,
    "by": lambda x: 2.0 / x,
    "negative": lambda x: -x,
    "maximum": lambda x: np.maximum(x, 0.1),
    "minimum": lambda x: np.minimum(x, 0.1),
    "fmax": lambda x: np.fmax(x, 0.1),
    "power": lambda x: x**-2.0,
    "exp": lambda x: np.exp(-x),
    "tanh": np.tanh,
    "hypot": lambda x: np.hypot(x, 1.0),
    "where": lambda x: np.where(MASK, x, 0.0),
    "sum": np.sum,
    "sum of some": lambda x: np.sum(x, where=MASK),
    "sum of none": lambda x: np.sum(x[:0]),
    "max": np.max,
    "prod": np.prod,
    "picked": lambda x: x[1:],
    "reshape": lambda x: np.reshape(x, (3, 1)),
    "transpose": lambda x: np.transpose(x),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 3)),
    "broadcast to nothing": lambda x: np.broadcast_to(x, (0, 3)),
    "times nothing": lambda x: x * np.zeros((0, 3)),
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "concatenate": lambda x: np.concatenate([x, x]),
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_guard_is_left_out_only_if_another_implies_it(name):
    fun = OPERATIONS[name]
    program = recorded(fun, X)
    x, out = program.inputs[0], program.calls[-1].out

    def guard(v):
        return Call(finite, (v,), {}, (), out.site, guard=True, answer=True)

    fewer = guards(program.with_calls([guard(x), *program.calls, guard(out)]))
    asked = [call.args[0] for call in fewer.calls if call.fun is finite]
    if x not in asked:
        assert out in asked
        for bad in (np.nan, np.inf, -np.inf):
            for i in range(3):
                changed = X.copy()
                changed[i] = bad
                assert not np.isfinite(fun(changed)).all()


def test_lowered():
    x = np.arange(12.0).reshape(3, 4)

    def fun(x):
        parts = np.sum(x, axis=1), np.max(x), np.mean(x, axis=0), np.mean(x)
        return *parts, np.tensordot(x, x, 2), np.transpose(x, (1, 0)), np.squeeze(x[:1])

    program = lowered(recorded(fun, x))
    assert not {np.sum, np.max, np.mean, np.tensordot, np.squeeze} & {
        *functions(program)
    }
    assert same(run(program, x), fun(x))


FORMED_AS_THEY_ARE = {"ij,ij->i", "ij,k->ikj", "ij,jk->k", "iik,kj->ij"}


@pytest.mark.parametrize(
    ("names", "shapes"),
    [
        ("ij,jk->ik", ((3, 4), (4, 5))),
        ("nki,kij,nkj->nk", ((6, 2, 3), (2, 3, 3), (6, 2, 3))),
        ("bij,bjk->kbi", ((2, 3, 4), (2, 4, 5))),
        ("ij,ij->i", ((3, 4), (3, 4))),
        ("ij,k->ikj", ((3, 4), (2,))),
        ("ij,jk->k", ((3, 4), (4, 5))),
        ("iik,kj->ij", ((3, 3, 2), (2, 4))),
        ("ij,jk,kl,lm->im", ((2, 3), (3, 4), (4, 5), (5, 2))),
    ],
)
def test_contracted(names, shapes):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in shapes]
    compiled = compile(partial(np.einsum, names), exact=False)
    for _ in range(3):
        found = compiled(*arrays)
    (program,) = programs(compiled)
    calls = functions(program.program)
    assert len(calls) == len(arrays) - 1
    assert (product_of_matrices in calls) == (names not in FORMED_AS_THEY_ARE)
    bound = np.einsum(names, *map(np.abs, arrays))
    terms = np.einsum(names, *map(np.ones_like, arrays))
    error = np.abs(found - np.einsum(names, *arrays))
    assert np.all(error <= 2 * (terms + len(arrays)) * np.finfo(float).eps * bound)


@pytest.mark.parametrize("improve", PASSES)
def test_a_pass_changes_no_bit(improve):
    x = np.linspace(-1, 1, 7)
    for fun in (grad(rosenbrock), hessian(rosenbrock), vmap(lambda x: np.sin(x) * 2)):
        program = recorded(fun, x)
        assert same(run(improve(program), x), run(program, x))
        assert same(run(program, 2 * x), fun(2 * x))


TWINS = {
    "order": lambda x, y: (x - y, y - x, x / y, y / x, x**y, y**x),
    "order of a comparison": lambda x, y: (x > y, y > x, x >= y, np.less(x, y)),
    "order of a product": lambda x, y: (x @ y, y @ x, x.T @ y, (x * 1.0).T @ y.T),
    "axes": lambda x, y: (np.sum(x, 0), np.sum(x, 1), np.sum(x), np.max(x, -1)),
    "kept axes": lambda x, y: (np.sum(x, 1, keepdims=True), np.sum(x, 1), np.mean(x)),
    "indices": lambda x, y: (x[1], x[True], x[1:], x[[1]], x[..., 1], x[1, 1:]),
    "numbers": lambda x, y: (x + 0.0, x + -0.0, x * 1, x * 1.0, x**2, x**2.0, x**-1),
    "dtypes": lambda x, y: (
        x * np.float32(2),
        x * 2.0,
        x.real.astype(np.float32) * 2.0,
    ),
    "extremes": lambda x, y: (np.maximum(x, y), np.minimum(x, y), np.fmax(y, x)),
    "axes of a transposition": lambda x, y: (
        np.transpose(np.stack([x, y, x]), (1, 2, 0)),
        np.transpose(np.stack([x, y, x]), (2, 0, 1)),
        np.transpose(np.transpose(np.stack([x, y]), (1, 2, 0)), (1, 2, 0)),
        np.transpose(np.stack([x, y, x]).T, (1, 2, 0)),
        np.matrix_transpose(np.stack([x, y])),
    ),
    "orders of memory": lambda x, y: (
        np.reshape(x * y, (-1,), order="F"),
        np.reshape(x * y, (-1,)),
        np.ravel(x.T * y, order="K"),
    ),
    "sums over several axes": lambda x, y: (
        np.tensordot(x, y, axes=([0, -1], [-1, 0])),
        np.tensordot(x, y, axes=([-2, 1], [0, 1])),
        np.tensordot(np.stack([x, y]), y, axes=([-1], [0])),
        np.tensordot(np.stack([x, y, x]), np.stack([y, x]), axes=([1, -1], [2, 1])),
    ),
    "repeated numbers": lambda x, y: (
        x + np.full((3, 3), 0.5),
        x[:1] + np.full((3, 3), 0.5),
        x * np.array([[0.0, -0.0, 0.0]] * 3),
        np.array([[0.0, -0.0, 0.0]] * 3) / x,
        np.full((2, 3, 3), 2.0) * x,
        1 / x,
        x / np.ones((3, 3)),
    ),
    "counts": lambda x, y: (
        np.count_nonzero(x > y, axis=0),
        np.count_nonzero(x > y, axis=1, keepdims=True),
        np.count_nonzero(x > y),
        np.any(x > y, axis=1),
        np.all(x > y),
        np.mean(np.stack([x, y]), axis=(0, 2)),
        np.mean(x.real.astype(np.float32), axis=0),
        np.mean(x * 1j, axis=0, keepdims=True),
    ),
}
"""Calls that are nearly the same, or nearly something simpler."""


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("name", TWINS)
def test_what_is_nearly_the_same_is_not(name, kind):
    x, y = np.random.default_rng(0).uniform(0.5, 2, (2, 3, 3)).astype(kind)
    program = optimised(recorded(TWINS[name], x, y))
    for args in ((x, y), (y, x), (y + 0.5, 2 * x)):
        assert same(run(program, *args), TWINS[name](*args))


@settings(max_examples=60, deadline=None)
@given(fh.programs())
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:Passing more than 2")
def test_drawn_programs(program):
    """No pass changes a bit, of the value or of the gradient."""
    args = program.args
    for fun in (program, lambda *args: vjp(program, *args)[1](np.ones_like(out))):
        out = program(*args)
        try:
            made = recorded(fun, *args)
        except Abandoned:  # there was an overflow, or a nan
            return
        assert same(run(optimised(made), *args), fun(*args))


def test_functions_of_users_run_as_often_as_they_are_called(capsys):
    @primitive
    def loud(x):
        print("called")
        return np.sin(x)

    defvjp(loud, x=lambda g, x: g * np.cos(x))
    compiled = compile(lambda x: np.sum(loud(x) + loud(x)))
    for _ in range(4):
        capsys.readouterr()
        compiled(X)
    assert capsys.readouterr().out == "called\n" * 2


def test_what_functions_of_users_keep_stays_as_it_is():
    """A program writes its results into the same memory at each call, but not these."""
    kept = []

    @primitive
    def keep(x):
        kept.append(x)
        return 2 * x

    def fun(x):
        return np.exp(np.cos(keep(np.sin(x)) + 1.0))

    again = Source(optimised(recorded(fun, X))).maker()()
    kept.clear()
    for k in (1, 2, 3):
        again(k * X)
    assert same(kept, [np.sin(X), np.sin(2 * X), np.sin(3 * X)])


@pytest.mark.parametrize(
    "part",
    [
        lambda y: y[[0, 2]],
        lambda y: np.take(y, [2, 0], axis=1),
        lambda y: y[1:][0],
        lambda y: y.T.reshape(-1),
        lambda y: y[::2].reshape(-1),
        lambda y: y.reshape(-1),
    ],
)
def test_parts_of_registers(part):
    """Views of registers are made once, and copies at each call."""
    again = Source(optimised(recorded(lambda x: part(np.sin(x)) * 2.0, A))).maker()()
    for k in (1, 2, 3):
        assert same(again(k * A)[0], part(np.sin(k * A)) * 2.0)


def test_arrays_that_a_function_changes_while_it_runs():
    def fun(x):
        w = np.zeros(3)
        first = x * w
        w[0] = 5.0
        return first, x * w

    assert same(run(optimised(recorded(fun, X)), X), fun(X))


def test_registers():
    def fun(x):
        for _ in range(20):
            x = np.sin(x) * 2.0
        return x

    memory = Memory(optimised(recorded(fun, X)))
    assert len(memory.spaces) == 1


def test_large_arrays_are_reused():
    compiled = compile(lambda x: np.sqrt(np.exp(np.sin(x * 2.0)) + 1.0) * 3.0)
    x = np.ones(200_000)
    for _ in range(3):
        compiled(x)
    tracemalloc.start()
    compiled(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * x.nbytes


def test_large_arrays_stay_until_their_last_use():
    def fun(x):
        y = np.sort(x)
        return np.sum(y) + np.sum(np.cumsum(y)) + np.max(y)

    compiled = compile(fun)
    for k in range(4):
        x = np.linspace(k, 1.0, 100_000)
        assert same(compiled(x), fun(x))
    (program,) = programs(compiled)
    assert Memory(program.program).freed


def test_large_arrays_are_freed():
    def fun(x):
        total = 0.0
        for i in range(10):
            total = total + np.sum(np.sort(x * i))
        return total

    compiled = compile(fun)
    x = np.ones(100_000)
    for _ in range(3):
        compiled(x)
    tracemalloc.start()
    compiled(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3.1 * x.nbytes


# What fgrad.debug tells ---------------------------------------------------------------


def half(x):
    y = np.sin(x)
    return np.sum(y * 0.5) if x[0] > 0 else np.sum(y)


def test_the_text_runs():
    compiled = compile(grad(half))
    for _ in range(3):
        results = compiled(X), compiled(-X)
    text = debug.source(compiled)
    assert "test_programs.py" in text
    assert "y = np.sin(x)" in text
    space = {}
    exec(text, space)
    assert same(space["program_1"](X), [results[0]])
    assert space["program_1"](-X) == (0, False)
    assert same(space["program_2"](-X), [results[1]])


def test_the_text_has_its_constants():
    large = np.random.default_rng(0).normal(size=(5, 20)).astype("f4")
    few = np.array([[1.0, np.nan], [2.0, np.inf]])
    compiled = compile(lambda x: (x * large.T.copy(), x + few, x * np.float32(0.1), 2j))
    for _ in range(3):
        result = compiled(2.0)
    space = {}
    exec(debug.source(compiled), space)
    assert same(space["program_1"](2.0)[0], result)


def test_source_of_something_else():
    with pytest.raises(TypeError, match="source needs what fgrad.compile has returned"):
        debug.source(np.sin)
    with pytest.raises(TypeError, match="sin has no program: it was not called yet"):
        debug.source(compile(np.sin))


def test_profile():
    compiled = compile(grad(rosenbrock))
    found = debug.profile(compiled, np.linspace(0, 1, 50))
    assert {cost.name for cost in found.primitives} >= {"np.multiply", "np.subtract"}
    assert any("100 * (x[1:]" in cost.source for cost in found.lines)
    assert "in operations" in str(found)
    with pytest.raises(TypeError, match="has no program for these arguments"):
        debug.profile(stays_eager(lambda x: float(x), 1.0, why="float(x)"), 1.0)


def test_eager():
    compiled = compile(lambda x: np.log(x))
    for _ in range(3):
        compiled(X**2)
    with debug.eager() as found, np.errstate(all="ignore"):
        compiled(X - 0.3)
    assert not found  # other modes are another program, and its first call
    with debug.eager() as found, pytest.warns(RuntimeWarning):
        compiled(X - 0.3)
    ((ran, count),) = found.items()
    assert (ran.name, ran.why, count) == (
        "<lambda>",
        "a floating-point error, a nan or an exception",
        1,
    )


def test_a_long_program():
    def fun(x):
        for _ in range(2000):
            x = x * 0.999 + 0.001
        return x

    compiled = compile(fun)
    for _ in range(3):
        assert same(compiled(X), fun(X))
    assert len(programs(compiled)) == 1
