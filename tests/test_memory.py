"""What a trace keeps, and when it lets go: counted, not timed."""

import gc
import weakref

import numpy as np

from fgrad import (
    defvjp,
    grad,
    jacrev,
    jvp,
    primitive,
    stop_gradient,
    vjp,
)
from fgrad._engine.replay import replay
from fgrad._engine.trace import Tape
from fgrad.batching.trace import BatchTrace


def kept_arrays(node):
    """All arrays that the nodes behind `node` keep for replay."""
    seen, stack, arrays = {node}, [node], {}
    while stack:
        for parent, _, residuals in stack.pop().edges:
            arrays |= {id(r): r for r in residuals if isinstance(r, np.ndarray)}
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return list(arrays.values())


def test_rules_keep_what_they_name():
    """25 tanh keep their results; 25 scalings and the sum keep nothing."""
    trace = Tape("test")
    x = trace.leaf(np.linspace(0, 1, 100))
    y = x
    for _ in range(25):
        y = np.tanh(y) * 0.9
    kept = kept_arrays(np.sum(y)._node)
    assert len(kept) == 25
    assert {array.size for array in kept} == {100}


def test_replay_frees_as_it_goes():
    """When the last pullback runs, what the first ones kept is gone."""
    trace = Tape("test")
    x = trace.leaf(np.linspace(0, 1, 100))
    nodes, y = [], x
    for _ in range(5):
        y = np.tanh(y)
        nodes.append(y._node)
    residuals = [weakref.ref(array) for array in kept_arrays(y._node)]
    root, leaf = y._node, x._node
    del x, y
    cotangents = replay([(root, np.ones(100))], consume=True)
    assert all(node.edges == () for node in nodes)
    gc.collect()
    assert [ref() for ref in residuals] == [None] * 5
    assert cotangents.result(leaf).shape == (100,)


def test_nothing_is_left_after_a_gradient():
    alive = []

    def f(x):
        y = np.exp(x)
        alive.append(weakref.ref(stop_gradient(y)))
        return np.sum(y * y)

    grad(f)(np.ones(3))
    gc.collect()
    assert alive[0]() is None


def test_a_kept_pullback_keeps_its_residuals():
    _, pullback = vjp(lambda x: np.exp(np.tanh(x)), np.ones(3))
    first = pullback(np.ones(3))[0]
    np.testing.assert_array_equal(pullback(np.ones(3))[0], first)


def test_one_buffer_collects_many_cotangents():
    """An array that is used ten times gets one buffer, which becomes its gradient."""
    trace = Tape("test")
    x = trace.leaf(np.ones(50))
    total = sum((np.sum(x * float(i)) for i in range(10)), 0.0)
    cotangents = replay([(total._node, np.float64(1))], consume=True)
    assert x._node in cotangents.owned
    buffer = cotangents.total[x._node]
    assert np.shares_memory(cotangents.result(x._node), buffer)
    np.testing.assert_array_equal(buffer, 45.0)


def test_a_cotangent_that_others_hold_is_never_written_to():
    """A pullback may pass on one part of a tuple: that array is not the leaf's own."""
    x, w = np.array([0.5, 1.5, 2.7]), np.array([1.0, 2.0, 3.0])

    def f(x):
        b, c, m = np.sin(x), np.cos(x), np.modf(x)[0]
        return np.sum((b + m) * w) + np.sum(c * 10)

    np.testing.assert_allclose(grad(f)(x), w * (np.cos(x) + 1) - 10 * np.sin(x))
    mine = np.ones(3)
    _, pullback = vjp(lambda x: (np.cos(x), np.modf(x)[0]), x)
    (gradient,) = pullback((np.ones(3), mine))
    np.testing.assert_array_equal(mine, 1)
    assert not np.shares_memory(gradient, mine)
    (alone,) = vjp(lambda x: np.modf(x)[0], x)[1](mine)
    assert not np.shares_memory(alone, mine)


def test_byte_order_is_kept():
    x = np.array([1.0, 2.0], ">f8")
    assert grad(lambda x: np.sum(x * x))(x).dtype == ">f8"
    assert grad(lambda x: np.sum(x**2))(x).dtype == ">f8"


def test_an_array_that_a_rule_keeps_is_never_written_to():
    nothing = np.zeros(3)
    flat = primitive(lambda x: np.floor(x) * 1.0)
    defvjp(flat, x=lambda g: nothing)

    def f(x):
        return np.sum(np.sin(x)) + np.sum(flat(x))

    for _ in range(2):
        gradient = grad(f)(np.ones(3))
        np.testing.assert_array_equal(gradient, np.cos(np.ones(3)))
        gradient += 1
    np.testing.assert_array_equal(nothing, 0)
    np.testing.assert_array_equal(
        jvp(f, (np.ones(3),), (np.ones(3),))[1], 3 * np.cos(1)
    )
    np.testing.assert_array_equal(nothing, 0)


def test_forward_mode_keeps_no_tape():
    """While `jvp` runs, an intermediate value dies with the last name for it."""
    alive = []

    def f(x):
        for _ in range(10):
            alive.append(weakref.ref(x._value))
            x = np.tanh(x) * 0.9
            gc.collect()
            assert sum(ref() is not None for ref in alive) == 1  # the argument
        return x

    x, v = np.linspace(0, 1, 7), np.ones(7)
    _, tangent = jvp(f, (x,), (v,))
    for _ in range(10):
        x = np.tanh(x) * 0.9
        v = v * 0.9 * (1 - (x / 0.9) ** 2)
    np.testing.assert_allclose(tangent, v, rtol=1e-12)


def test_one_buffer_collects_the_rows_of_a_jacobian(monkeypatch):
    """A loop over x[i] writes each row's cotangents into one batched buffer."""
    made = []
    buffer = BatchTrace.buffer
    monkeypatch.setattr(BatchTrace, "buffer", lambda *a: made.append(a) or buffer(*a))

    def f(x):
        return np.stack([x[i] * x[i - 1] for i in range(20)])

    x = np.linspace(1, 2, 20)
    found = jacrev(f)(x)
    assert len(made) == 1
    expected = np.roll(np.diag(x), -1, 1) + np.diag(np.roll(x, 1))
    np.testing.assert_array_equal(found, expected)


def test_traced_scatters_are_put_together_once():
    """In a nested gradient, n entries of x cost one operation, not n copies of x."""
    trace = Tape("test")
    x = trace.leaf(np.linspace(1, 2, 20))

    def f(x):
        return sum(x[i] * x[i - 1] for i in range(1, 20))

    inner = grad(f)(x)
    ((_, pullback, _),) = inner._node.edges
    assert pullback.rule.name == "scatter_add"
    assert len(inner._node.edges[0][0]) == 38  # the cotangents of 38 entries
