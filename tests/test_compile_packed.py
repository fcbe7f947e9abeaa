"""Calls on single numbers become calls on arrays, with the same bits."""

import sys

import numpy as np
import pytest

import fgrad.numpy as fnp
from fgrad import compile, grad, jacobian, value_and_grad  # noqa: A004 (its name)
from fgrad._program.passes.numbers import one_by_one, same_alone
from tests.test_compile import programs, same

N = 60


def lines(fun, *shapes, dtype=float):
    """Compile, compare at several points, and return the calls of the one program."""
    compiled, rng = compile(fun), np.random.default_rng(0)
    for _ in range(4):
        args = [rng.normal(size=shape).astype(dtype) for shape in shapes]
        with np.errstate(all="ignore"):
            assert same(fun(*args), compiled(*args))
    (program,) = programs(compiled)
    return program.program.calls


def squares(x):
    total = 0.0
    for i in range(len(x)):
        total = total + x[i] * x[i]
    return total


def test_a_loop_over_entries():
    assert len(lines(squares, N)) < 10
    assert len(lines(grad(squares), N)) < 5
    assert len(lines(value_and_grad(squares), N)) < 12


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_other_loops(dtype):
    def neighbours(x):
        return sum(
            100 * (x[i + 1] - x[i] * x[i]) ** 2 + (1 - x[i]) ** 2
            for i in range(len(x) - 1)
        )

    def reversed_(x):
        return sum(np.sin(x[-1 - i]) / (2 + x[i] * x[i]) for i in range(len(x)))

    def product(x):
        p = x[0]
        for v in x[1:]:
            p = p * (1 + v / 10)
        return p

    def two(x, y):
        t = y[0]
        for i in range(N):
            t = t + x[i] * y[i]
            t = t + np.exp(-x[i])
        return t

    for fun in (neighbours, reversed_, product):
        assert len(lines(value_and_grad(fun), N, dtype=dtype)) < 60
    assert len(lines(value_and_grad(two), N, N, dtype=dtype)) < 40


def test_two_axes():
    def transposed(x):
        n = len(x)
        return sum(x[i, j] * x[j, i] * (i + 2 * j) for i in range(n) for j in range(n))

    assert len(lines(value_and_grad(transposed), (9, 9))) < 40
    compiled = compile(value_and_grad(transposed))
    for k in (1.0, 2.0, 3.0):
        x = np.asfortranarray(np.arange(81.0).reshape(9, 9) * k)
        assert same(compiled(x), value_and_grad(transposed)(x))


def test_lists():
    assert len(lines(lambda x: fnp.array([v * 2 for v in x]), N)) < 4
    assert len(lines(lambda x: np.stack([v * x[0] for v in x]), N)) < 6
    many = lines(lambda x: [v * 2 for v in x], N)
    assert len(many) == N + 1
    rows = jacobian(lambda a, x: fnp.array([sum(r * x) for r in a]))
    lines(rows, (8, 8), 8)


def test_sums_that_need_each_other():
    def orbit(x):
        s, v = x[0], x[1]
        for _ in range(N):
            v = v - s * 0.1
            s = s + v * 0.1
        return s * v + s

    def running(x):
        s, sums = x[0], []
        for i in range(1, N):
            s = s + x[i]
            sums.append(s)
        t = s
        for before in sums:
            t = t + before * s
        return t

    lines(value_and_grad(orbit), 2)
    assert len(lines(running, N)) < 15
    lines(grad(running), N)


def test_branches_stay_in_order():
    def positive(x):
        t = 0.0
        for i in range(N):
            if x[i] > -100:
                t = t + np.log(x[i] + 200)
        return t

    lines(value_and_grad(positive), N)

    def guarded(x):
        logs = [np.log(v) for v in x] if x[0] > 0 else [v * 2 for v in x]
        return sum(logs)

    compiled = compile(guarded)
    for k in (1.0, -1.0, 1.0, -1.0, 2.0, -2.0):
        x = np.linspace(0.1, 1, N) * k
        assert same(guarded(x), compiled(x))
    assert len(programs(compiled)) == 2


def test_signed_zeros():
    compiled = compile(grad(squares))
    for x in (np.full(N, -0.0), np.zeros(N), np.full(N, -0.0)):
        assert same(grad(squares)(x), compiled(x))


def test_functions_that_are_not_trusted(monkeypatch):
    def waves(x):
        return sum(np.sin(v) ** 3 for v in x)

    assert len(lines(value_and_grad(waves), N)) < 30
    pass_ = sys.modules["fgrad._program.passes.packed"]
    monkeypatch.setattr(pass_, "same_alone", lambda fun, char: False)
    calls = lines(value_and_grad(waves), N)
    assert sum(call.fun is np.sin for call in calls) == N
    assert any(call.fun is one_by_one for call in lines(squared_by_power, N))


def squared_by_power(x):
    return sum(v**2 for v in x)


def test_what_is_compared():
    assert same_alone(np.arctan2, "d") in (True, False)
    assert not same_alone(np.isnan, "d")  # its result has another dtype
    assert not same_alone(np.frompyfunc(abs, 1, 1), "d")  # it is not NumPy's


def test_few_numbers_are_left_alone():
    calls = lines(lambda x: x[0] * x[1] + x[2] * x[3], 4)
    assert len(calls) == 7


def test_arrays_without_axes():
    one = np.array(1.0)
    lines(lambda x: sum((v + one) * v for v in x), N)


def test_mixed_dtypes_and_constants():
    def mixed(x):
        t = np.float64(1)
        for i, v in enumerate(x):
            t = t + v * (i + 0.5) * np.float64(3) / (1 << 60)
        return t

    lines(value_and_grad(mixed), N, dtype="f4")
    lines(value_and_grad(mixed), N)


def test_errors_go_to_the_function():
    compiled = compile(lambda x: sum(1 / v for v in x))
    for _ in range(3):
        compiled(np.ones(N))
    with pytest.warns(RuntimeWarning, match="divide by zero") as caught:
        compiled(np.arange(float(N)))
    assert caught[0].filename == __file__


def test_places_that_come_again():
    """What goes to one place is added in rounds, in the recorded order."""

    def fun(x):
        total = 0.0
        for i in range(3 * N):
            total = total + np.sin(x[i % 7]) * x[(3 * i) % N]
        return total

    def added(x):
        y = fnp.zeros(7)
        for i in range(3 * N):
            y[i % 7] += x[i % N] * x[(5 * i) % N]
        return y

    def counted_from_both_ends(x):
        total = 0.0
        for i in range(N):
            total = total + np.sin(x[i]) * x[i - N] * x[np.int64(i)]
        return total

    def as_many_as_places(x):
        """There are as many numbers as places, but some places come twice."""
        total = 0.0
        for i in range(N):
            total = total + np.sin(x[i // 2]) * (i + 1.5)
        return total

    for one in (fun, added, counted_from_both_ends, as_many_as_places):
        lines(one, N)
        lines(grad(one) if one is not added else jacobian(one), N)
