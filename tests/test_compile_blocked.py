"""Elementwise work on large arrays in blocks: the same bits, with less memory."""

import tracemalloc

import numpy as np
import pytest

from fgrad import compile, grad, value_and_grad, vjp  # noqa: A004 (its name)
from fgrad._program.passes.blocked import Blocked, halves, in_halves
from fgrad.debug import profile, source
from tests.test_compile import programs, same

N = 100_003


def loops(fun, *shapes, dtype=float, count=1):
    """Compile, compare at several points; so many loops must be there."""
    compiled, rng = compile(fun), np.random.default_rng(0)
    for _ in range(4):
        args = [rng.normal(size=shape).astype(dtype) for shape in shapes]
        assert same(fun(*args), compiled(*args))
    (program,) = programs(compiled)
    found = [c for c in program.program.calls if type(c.fun) is Blocked]
    assert len(found) == count
    return compiled, found


def waves(x):
    return np.sum(np.tanh(np.sin(x) * np.exp(-x * x)) + np.log1p(np.cos(x) ** 2))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("n", [65_536, 100_000, N])
def test_one_axis(n, dtype):
    for fun in (waves, grad(waves), value_and_grad(waves)):
        loops(fun, n, dtype=dtype)


def test_memory():
    compiled, _ = loops(value_and_grad(waves), 300_000)
    x = np.linspace(-3, 3, 300_000)
    tracemalloc.start()
    try:
        compiled(x)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * x.nbytes
    finally:
        tracemalloc.stop()


def test_sums_are_added_by_halves():
    for n in (1000, 16_384, 16_385, 99_999, 1_000_003):
        for dtype in ("f4", "f8"):
            x = np.random.default_rng(n).normal(size=n).astype(dtype)
            blocks: list[tuple[int, int]] = []
            tree = halves(0, n, 4096, blocks)
            assert [i for i, _ in blocks[1:]] == [j for _, j in blocks[:-1]]
            sums = [np.add.reduce(x[i:j]) for i, j in blocks]
            assert same(in_halves(tree, sums), np.add.reduce(x))


def test_rows():
    def softmax(z, y):
        z = z - np.max(z, axis=1, keepdims=True)
        p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
        return p * y, np.sum(p * y, axis=-1)

    def pulled(z, y):
        out, pullback = vjp(softmax, z, y)
        return out, pullback(out)

    for columns in (3, 64, 1000):
        rows = 200_000 // columns
        loops(softmax, (rows, columns), (rows, columns))
        compiled = compile(pulled)
        for k in (1.0, 2.0, 3.0):
            z = np.random.default_rng(0).normal(size=(rows, columns)) * k
            assert same(compiled(z, z), pulled(z, z))


def test_powers():
    for k in (2, 3, -2.5, 0.5, -1):
        loops(lambda x, k=k: (np.abs(x) + 1) ** k * 2 + x, N)


def test_broadcasting():
    def fun(x, row, column, scale):
        y = np.exp(x * row + column) * scale[0]
        return np.where(y > 1, y, -y) + W * x

    loops(fun, (400, 300), (300,), (400, 1), (2,))
    loops(fun, (400, 300), (1, 300), (400, 300), (2,))


W = np.random.default_rng(1).normal(size=(400, 1))


def test_whole_results_end_a_loop():
    """A result of the loop that is needed as a whole is not there yet."""

    def gram(x):
        y = np.exp(x) * 2.0
        z = y @ y.T
        return np.sin(z) * y + 1.0

    loops(gram, (300, 300), count=2)

    def transposed(x):
        y = np.exp(x) * 2.0
        return np.sin(y.T) + y * 3

    compiled = compile(transposed)
    for k in (1.0, 2.0, 3.0):
        x = np.random.default_rng(0).normal(size=(300, 300)) * k
        assert same(compiled(x), transposed(x))


def test_few_arrays_wait():
    """A loop ends where calls that follow need many of its results."""

    def fun(x):
        total = 0.0
        for k in range(6):
            y = np.sin(x * (k + 1.5))
            total = total + (y @ y) * y[0]
        return total

    _, found = loops(fun, N, count=2)
    assert all(len(call.outs) <= 3 for call in found)


def test_guards():
    def fun(x):
        y = np.exp(x) * 2
        if np.sum(y) > 1e8:
            return np.log(y) + 1
        z = np.sqrt(y) * 3
        return z if np.all(z > 0) else -z

    compiled = compile(fun)
    for shift in (0.0, 20.0, 0.0, 20.0, 0.0):
        x = np.linspace(-1, 1, N) + shift
        assert same(fun(x), compiled(x))
    assert len(programs(compiled)) == 2


def test_floating_point_errors_are_ignored_as_told():
    def fun(x):
        with np.errstate(all="ignore"):
            return np.where(x > 0, np.log(x) * 2 + 1, x)

    compiled = compile(fun)
    for k in (1.0, -1.0, 0.5):
        x = np.linspace(-1, 1, N) * k
        assert same(fun(x), compiled(x))
    assert programs(compiled)
    risky = compile(lambda x: 1 / (x * x) + 1)
    for _ in range(3):
        risky(np.ones(N))
    with pytest.warns(RuntimeWarning, match="divide by zero") as caught:
        risky(np.zeros(N))
    assert caught[0].filename == __file__


def test_layouts():
    fun = value_and_grad(lambda x: np.sum(np.exp(x) * np.sin(x)))
    compiled = compile(fun)
    x = np.random.default_rng(0).normal(size=(600, 400))
    for y in (x, x.T, x[::2], x[:, ::2], x[::-1]):
        for _ in range(3):
            assert same(compiled(y), fun(y))


def test_other_dtypes():
    for dtype in ("c16", "i8", "f4"):
        compiled = compile(lambda x: (x * x + 1, x - x * 2, x * 1.5 + x))
        for k in (1, 2, 3):
            x = np.arange(N).astype(dtype) * k
            assert same(compiled(x), compiled.fun(x))


def test_it_can_be_read():
    compiled, _ = loops(lambda x: np.sin(x) * 2 + np.cos(x), N)
    text = source(compiled)
    assert "for i in range(0, 100003, 16384):" in text
    space = {}
    exec(text, space)
    x = np.linspace(0, 1, N)
    assert same(space["program_1"](x)[0], compiled(x))


def test_a_profile_has_memory():
    compiled, _ = loops(value_and_grad(waves), 300_000)
    found = profile(compiled, np.linspace(-1, 1, 300_000))
    costs = {cost.name: cost for cost in found.primitives}
    assert costs["np.add"].bytes == 2_400_000
    assert costs["np.tanh"].bytes == 0
    assert 500_000 < costs["a loop over blocks"].bytes < 2_000_000
    assert all(cost.calls < 20 for cost in found.primitives)
    assert costs["np.tanh"].forward > costs["a loop over blocks"].forward
    assert found.heading.endswith("MB made")


def test_a_profile_of_a_program_without_loops():
    def fun(x):
        return np.stack([x * 2, x + 1]) @ np.ones((1000, 1000))

    compiled = compile(fun)
    for _ in range(3):
        compiled(np.ones(1000))
    found = profile(compiled, np.ones(1000))
    costs = {cost.name: cost for cost in found.primitives}
    assert "np.stack" not in costs  # they are computed where they are stacked
    assert 16_000 <= costs["np.matmul"].bytes < 17_000
    assert costs["np.multiply"].bytes == 8000
    assert 8000 <= costs["np.add"].bytes < 9000
    assert sum(c.bytes for c in found.lines) == sum(c.bytes for c in found.primitives)


def test_arrays_of_several_lengths():
    def fun(x, y):
        return np.exp(np.sin(x)) + 1, np.exp(np.sin(y)) + 1, np.cos(np.sin(x)) * 2

    loops(fun, 70_000, 80_000, count=3)
