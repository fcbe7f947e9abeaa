"""Small arrays: signs, constants and neighbours, with the same bits."""

import tracemalloc
import warnings
import weakref

import numpy as np
import pytest

import fgrad.numpy as fnp
from fgrad import compile, grad, primitive, value_and_grad  # noqa: A004 (its name)
from fgrad._tree import flatten
from fgrad.debug import eager, source
from tests.test_compile import programs

SPECIAL = [0.0, -0.0, 1.0, -1.0, 1e-310, -3e-310, 1e308, np.inf, -np.inf, np.nan, 0.3]
CONSTANTS = [
    2,
    -1,
    1,
    0,
    0.0,
    -0.0,
    2.0,
    0.5,
    3.0,
    1e300,
    5e-324,
    -0.25,
    np.float64(-7),
]


def same_bits(got, want):
    """Whether results are the same, with the sign of each zero; a nan has no bits."""
    for a, b in zip(flatten(got)[0], flatten(want)[0], strict=True):
        a, b = np.ravel(a), np.ravel(b)
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype.kind == "c":
            a, b = a.view(a.real.dtype), b.view(b.real.dtype)
        missing = np.isnan(a)
        if not np.array_equal(missing, np.isnan(b)):
            return False
        if a[~missing].tobytes() != b[~missing].tobytes():
            return False
    return True


def names(fun, *args):
    """What the program of a function calls, after some calls with the same bits."""
    compiled, rng = compile(fun), np.random.default_rng(0)
    for _ in range(4):
        args = [np.asarray(rng.normal(size=np.shape(x)), x.dtype) for x in args]
        assert same_bits(compiled(*args), fun(*args))
    (program,) = programs(compiled)
    return [getattr(call.fun, "__name__", "") for call in program.program.calls]


X = np.zeros(5)


@pytest.mark.parametrize(
    ("fun", "count"),
    [
        (lambda x, y: -(-x * y), 1),
        (lambda x, y: -(-(x / y) * y), 2),
        (lambda x, y: -x * -y, 1),
        (lambda x, y: x - -(y * x), 2),
        (lambda x, y: y + -x / y, 2),
        (lambda x, y: -x + y, 1),
        (lambda x, y: (-x) ** 2 + y, 2),
        (lambda x, y: abs(-x) + y, 2),
        (lambda x, y: -(3 * x) * y, 2),
        (lambda x, y: -(0 * x) * y, 2),
        (lambda x, y: 3 / -x * y, 2),
        (lambda x, y: y * (-x / 3), 2),
        (lambda x, y: 100 * (2 * (x + y)), 2),
        (lambda x, y: -1.5 * (-(4 * x)) + y, 2),
        # Those stay: the bits, or the sign of a zero, would be others.
        (lambda x, y: -(x + y), 2),
        (lambda x, y: -(x - y), 2),
        (lambda x, y: 2 * (3 * (x + y)), 3),
        (lambda x, y: 0.75 * (2 * (x + y)), 3),
        (lambda x, y: 3 * (0.5 * (x + y)), 3),
        (lambda x, y: 1e308 * (4 * (1e-309 * x)) + y, 4),
        (lambda x, y: -np.sum(x) * y, 3),
        (lambda x, y: -x, 1),
        (lambda x, y: (-x, y * -x), 2),
    ],
)  # fmt: skip
def test_signs(fun, count):
    assert len([n for n in names(fun, X, X) if n not in ("getitem", "finite")]) == count


@pytest.mark.parametrize("number", [np.float64, float, np.float32])
def test_signs_of_numbers(number):
    def fun(x, y):
        return -(-x * y) / 2, x - -(y * x), 4 * (2 * x), -x * -y

    compiled = compile(fun)
    for pair in ((1.0, 3.0), (0.0, -0.0), (-0.0, 0.0), (5.0, -0.0), (0.1, 0.3)):
        args = [number(v) for v in pair]
        for found, wanted in zip(compiled(*args), fun(*args), strict=True):
            assert type(found) is type(wanted)
            assert same_bits(found, wanted)


def test_signs_that_stay():
    """A complex product has sums, and a nan keeps its sign."""
    z, w = np.array([1 + 1j, 2 - 1j]), np.array([1 + 1j, 1 - 2j])
    compiled = compile(lambda z, w: (-(-z * w), -(z * -w) / w))
    for _ in range(3):
        assert same_bits(compiled(z, w), compiled.fun(z, w))
    compiled = compile(lambda x, y: (-x * -y, abs(-x) + y))
    for _ in range(3):
        compiled(np.ones(3), np.ones(3))
    x = np.array([np.nan, -np.nan, 1.0])
    for a, b in ((x, np.ones(3)), (np.ones(3), x), (x, x)):
        for found, wanted in zip(compiled(a, b), compiled.fun(a, b), strict=True):
            assert found.tobytes() == wanted.tobytes()


def drawn_signs(seed):
    """A random function of products, quotients, sums and signs."""
    rng = np.random.default_rng(seed)
    inputs, steps = 3, []
    for i in range(rng.integers(4, 40)):
        a, b = rng.integers(0, inputs + i, 2)
        op = rng.choice([*"--**/+~QAcCdDs"])
        constant = CONSTANTS[rng.integers(len(CONSTANTS))]
        steps.append((op, a, b if rng.random() < 0.7 else inputs + i - 1, constant))

    def fun(*args):
        values = [*args]
        for op, a, b, c in steps:
            x, y = values[a], values[b]
            values.append({
                "-": lambda x=x: -x,
                "*": lambda x=x, y=y: x * y,
                "/": lambda x=x, y=y: x / y,
                "+": lambda x=x, y=y: x + y,
                "~": lambda x=x, y=y: x - y,
                "Q": lambda x=x: np.square(x),
                "A": lambda x=x: abs(x),
                "c": lambda x=x, c=c: c * x,
                "C": lambda x=x, c=c: x * c,
                "d": lambda x=x, c=c: x / (c or 7.0),
                "D": lambda x=x, c=c: c / x,
                "s": lambda x=x, y=y: np.sum(x) * y,
            }[op]())  # fmt: skip
        return values[-1], values[-3], values[len(values) // 2]

    return fun


@pytest.mark.parametrize("seed", range(40))
def test_drawn_signs(seed):
    fun, rng = drawn_signs(seed), np.random.default_rng(seed)
    compiled, dtype = compile(fun), (np.float64, np.float32)[seed % 2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for special in (0, 0, 0, 0.3, 0.6, 0.9, 0):
            size = rng.normal(size=(3, 4))
            picked = rng.choice(SPECIAL, (3, 4))
            xs = np.where(rng.random((3, 4)) < special, picked, size).astype(dtype)
            with np.errstate(all=("ignore", "warn")[seed % 3 == 0]):
                assert same_bits(compiled(*xs), fun(*xs))


# Neighbours --------------------------------------------------------------------------


def cell(z, c):
    """One step of an LSTM."""
    i, f, o = (1 / (1 + np.exp(-z[k : k + 4])) for k in (0, 4, 8))
    c = f * c + i * np.tanh(z[12:])
    return c, o * np.tanh(c)


def steps(w, x):
    c = h = x[0][:4]
    for k in range(len(x)):
        c, h = cell(x[k] + w @ h, c)
    return np.sum(h * h)


def test_gates_are_computed_together():
    w, x = np.zeros((16, 4)), np.zeros((10, 16))
    found = names(steps, w, x)
    assert found.count("exp") == 10
    assert found.count("tanh") == 20
    found = names(grad(steps), w, x)
    assert found.count("exp") == 10
    assert found.count("divide") == 20


def test_a_function_of_all_steps_at_once():
    def chain(x):
        for _ in range(20):
            x = np.sin(x) * 1.5
        return np.sum(x)

    found = names(grad(chain), X)
    assert found.count("sin") == 20 - 1  # nobody needs the last one
    assert found.count("cos") == 2  # that of the argument, and all others


def test_a_stack_is_written_where_it_lies():
    def fun(x):
        return np.stack([x * 2, np.sin(x), x - 1]) @ x

    compiled = compile(fun)
    for _ in range(3):
        assert same_bits(compiled(np.arange(4.0)), fun(np.arange(4.0)))
    calls = [line for line in source(compiled).splitlines() if "#" not in line]
    assert not any("stack" in line for line in calls)
    both = compile(lambda x: (np.stack([x * 2, x - 1]), np.stack([x * 2, x * 2]) * x))
    for k in (1.0, 2.0, 3.0):
        x = np.arange(3.0) * k
        first, second = both(x)
        assert same_bits((first, second), both.fun(x))
        both(x + 1)
        assert same_bits((first, second), both.fun(x))


def root(x):
    return np.sqrt(x)


def test_calls_do_not_pass_a_guard():
    def fun(x):
        y = root(x[0])
        if x[1].sum() > 0:
            return y + root(x[1])
        return y - x[1]

    compiled = compile(fun)
    with eager() as found:
        for sign in (1, 1, -1, -1, 1, -1):
            x = np.ones((2, 3)) * [[2], [sign]]
            assert same_bits(compiled(x), fun(x))
    assert len(programs(compiled)) == 2
    assert not found


def test_each_call_has_its_own_modes():
    def fun(x):
        with np.errstate(invalid="ignore"):
            a = root(x[0])
        return a + root(x[1])

    compiled, x = compile(fun), np.ones((2, 3))
    for _ in range(3):
        assert same_bits(compiled(x), fun(x))
    x[1] = -1
    with pytest.warns(RuntimeWarning, match="invalid value encountered in sqrt"):
        compiled(x)


def cosine(x):
    return np.cos(x)


def test_rows_that_come_later():
    def fun(w):
        a, b = w[0] * 2, w[1] * 3
        first = np.sin(a)
        c = first * w[2]
        lower = cosine(a) + cosine(b) + cosine(c)
        return lower * first + np.sin(b)

    def same_line(w):
        a, b = w[0] * 2, w[1] * 3
        found, later = [], []
        for step in range(2):
            found.append(np.sin((a, b)[step]))
            if step == 0:
                c = found[0] * w[2]
                later = [cosine(v) for v in (a, b, c)]
        return sum(later) * found[0] + found[1]

    names(fun, np.zeros((3, 4)))
    names(same_line, np.zeros((3, 4)))


def test_rows_in_any_order():
    def fun(w):
        first = [np.sin(x) for x in w]
        back = [np.exp(y) for y in first[::-1]]
        return sum(np.cos(y) for y in back[::2]) + sum(back)

    found = names(fun, np.zeros((5, 3)))
    assert [found.count(name) for name in ("sin", "exp", "cos")] == [1, 1, 1]


def test_what_is_not_alike():
    def constants(w):
        return sum([x * k for x, k in zip(w, (2.0, 3.0, -0.0, 0.0), strict=True)])

    def parts(z):
        return [np.sin(z[i : i + 2]) for i in (1, 3, 5)]

    def several_parts(z):
        return [np.sin(v) * 2 for v in (z[0:3], z[3:6], z[1:4])]

    for _ in range(3):
        names(constants, np.zeros((4, 3)))
        names(lambda z: np.stack(parts(z)).sum(0), np.zeros(8))
        names(lambda z: sum(several_parts(z)), np.zeros(8))


def test_one_value_in_two_stacks():
    def fun(x):
        a, b = x * 2, np.sin(x)
        first = np.stack([a, b]) @ x, np.stack([b, a]) @ x, np.stack([a, a]) @ x
        return *first, np.stack([a, x * 3]) @ x, np.stack([x - 1, b]) @ x

    def overlapping(x):
        a, b = x * 2, np.sin(x)
        return np.stack([a, b]) @ x + np.stack([a, x * 3]) @ x

    def also_alone(x):
        a, b = x * 2, np.sin(x)
        return np.stack([a, b]) @ x, a + b

    names(fun, np.zeros(4))
    names(overlapping, np.zeros(4))
    names(also_alone, np.zeros(4))


@pytest.mark.parametrize("dtype", [complex, np.complex64])
def test_rows_of_one_complex_number(dtype):
    def fun(w, s):
        return sum([x * s for x in w])

    compiled, rng = compile(fun), np.random.default_rng(0)
    for _ in range(30):
        w, s = rng.normal(size=(3, 1, 2)) @ [1, 1j], rng.normal(size=(1, 2)) @ [1, 1j]
        w, s = w.astype(dtype), s.astype(dtype)
        assert same_bits(compiled(w, s), fun(w, s))


def test_a_program_that_runs_while_it_runs():
    @primitive
    def again(x):
        return x if x[0] < 1 else compiled(x - 1)

    compiled = compile(lambda x: np.sin(x * 2) + again(x) * 3)
    for k in (0.0, 0.5, 0.0, 3.0, 2.0, 3.0, 4.0, 4.0, 4.0):
        x = np.full(3, k)
        assert same_bits(compiled(x), compiled.fun(x))
    assert not any(entry.eager for entry in compiled.variants.entries.values())


def test_results_of_a_group_that_each_other_needs():
    def fun(x):
        a, b = x[0] * 2, x[1] * 2
        c = np.sin(a)
        d = np.sin(b + c)
        return np.stack([c, d]).sum(axis=0) + np.sin(c * d) * a

    names(fun, np.zeros((2, 3)))


MAPS = {
    "sin": np.sin,
    "exp": lambda x: np.exp(-x * x),
    "neg": lambda x: -x,
    "twice": lambda x: x * 2,
    "more": lambda x: x + 1,
    "square": lambda x: x * x,
    "tanh": np.tanh,
    "bell": lambda x: 1.5 / (x * x + 1),
    "less": lambda x: 1.5 - x,
}


def drawn_neighbours(seed):
    """A random function of lists of small arrays."""
    rng = np.random.default_rng(seed)
    m, k = int(rng.choice([1, 2, 4, 5])), int(rng.integers(2, 5))
    ops = ["map", "map", "map", "two", "turn", "back", "part", "mix", "sum", "join"]
    ops += ["stack", "if", "dot", "each", "chain"]
    chosen = [
        (rng.choice(ops), rng.choice([*MAPS]), rng.integers(0, 99, 4))
        for _ in range(rng.integers(5, 25))
    ]

    def fun(w, z):
        lists, alone, found = [[*w], [*z.reshape(k, m)]], [w[0]], []
        for op, name, (i, j, t, n) in chosen:
            u, a, b = MAPS[name], lists[i % len(lists)], lists[j % len(lists)]
            s = alone[t % len(alone)]
            if op == "map":
                new = [u(x) for x in a]
            elif op == "two":
                new = [x * y if n % 2 else x - y for x, y in zip(a, b, strict=True)]
            elif op == "turn":
                new = [x + y for x, y in zip(a[1:] + a[:1], b, strict=True)]
            elif op == "back":
                new = [u(x) * y for x, y in zip(a[::-1], b, strict=True)]
            elif op == "part":
                long = u(z) * 1.1
                new = [long[q * m : (q + 1) * m] for q in range(k)]
            elif op == "mix":
                new = [x * s for x in a]
            elif op == "sum":
                alone.append(np.tanh(sum(a)))
                continue
            elif op == "join":
                joined = np.concatenate([u(x) for x in a])
                new = [joined[q * m : (q + 1) * m] for q in range(k)]
            elif op == "stack":
                stack = np.stack([u(x) for x in a])
                found.append(np.sum(stack, axis=0))
                new = [stack[q] for q in range(k)]
            elif op == "if":
                up = np.sum(a[0]).real > 0
                new = [x + 1 for x in a] if up else [x - 1 for x in b]
            elif op == "dot":
                new = [x.dot(x) * y for x, y in zip(a, b, strict=True)]
            elif op == "each":
                new = [x * (0.5, 2.0, -1.0)[q % 3] for q, x in enumerate(a)]
            else:
                new = []
                for x in a:
                    s = np.sin(s) * 0.9 + x
                    new.append(s)
            lists.append(new)
        return [*found, alone[-1], *lists[-1], lists[len(lists) // 2][0]]

    def total(w, z):
        return sum(np.sum(np.tanh(abs(x))) for x in fun(w, z))

    return (value_and_grad(total, argnums=(0, 1)) if seed % 2 else fun), k, m


@pytest.mark.parametrize("dtype", [float, np.float32, complex, np.complex64])
@pytest.mark.parametrize("seed", range(12))
def test_drawn_neighbours(seed, dtype):
    fun, k, m = drawn_neighbours(seed + 12 * np.dtype(dtype).num)
    compiled, rng = compile(fun), np.random.default_rng(seed)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(5):
            w, z = (rng.normal(size=(2, k * m)) + 0).astype(dtype)
            if np.dtype(dtype).kind == "c":
                w, z = w + 1j * rng.normal(), z * np.exp(1j * rng.normal(size=k * m))
            args = w.reshape(k, m).astype(dtype), z.astype(dtype)
            assert same_bits(compiled(*args), fun(*args))


# What was wrong once -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", [complex, np.complex64])
def test_one_complex_number_is_not_multiplied_in_place(dtype):
    def fun(x, y):
        z = x * y
        return (z * y) * x + x / (z * z)

    compiled, rng = compile(fun), np.random.default_rng(0)
    for size in (1, 2):
        for _ in range(20):
            x, y = (rng.normal(size=(2, size, 2)) @ [1, 1j]).astype(dtype)
            assert same_bits(compiled(x, y), fun(x, y))


@pytest.mark.parametrize("n", [5 * 16384 + 1, 4 * 16384 + 2, 80_001])
def test_no_block_is_one_complex_number(n):
    compiled = compile(lambda x, y: np.exp(x * y) * x - y / x)
    rng = np.random.default_rng(0)
    for _ in range(3):
        x, y = rng.normal(size=(2, n, 2)) @ [1, 1j]
        assert same_bits(compiled(x, y), compiled.fun(x, y))
    assert "for i in range" in source(compiled)


def test_what_may_raise_is_computed_though_nothing_uses_it():
    def fun(x, y):
        x / y
        return x + 1

    compiled = compile(fun)
    for _ in range(3):
        assert compiled(1.0, 2.0) == 2
    with pytest.raises(ZeroDivisionError):
        compiled(1.0, 0.0)


def test_large_constants_are_short_when_they_are_printed():
    from fgrad import hessian

    compiled = compile(hessian(lambda x: np.sum((x[1:] - x[:-1] ** 2) ** 2)))
    x = np.linspace(0, 1, 100)
    for _ in range(3):
        wanted = compiled(x)
    text = source(compiled)
    assert len(text) < 6000
    space = {}
    exec(text, space)
    assert same_bits(space["program_1"](x), [wanted])


def test_functions_of_fgrad_are_imported():
    compiled = compile(grad(lambda z: np.sum(np.tanh(abs(z)))))
    z = np.array([1 + 2j, 3 - 1j])
    for _ in range(3):
        wanted = compiled(z)
    text = source(compiled)
    assert "import unit as unit_" in text
    space = {}
    exec(text, space)
    assert same_bits(space["program_1"](z), [wanted])


def long_program(x, y):
    """Values that live long, guards, a large array, assignment, and an exception."""
    z, total = x * 2, 0.0
    for i in range(5):
        z = np.sin(z) + y * i
        if np.sum(z) > 0:
            z = z - 1
        total = total + z[0] / y[1]
    out = fnp.zeros(6)
    out[1:4] = z
    out[:3] += x
    return {
        "out": out,
        "total": total,
        "inverse": np.linalg.inv(np.outer(x, z) + y[0] * np.eye(3)),
    }


@pytest.mark.parametrize("lines", [1, 2, 7])
def test_long_programs_are_compiled_in_segments(monkeypatch, lines):
    monkeypatch.setattr("fgrad._program.source.LONG", 0)
    monkeypatch.setattr("fgrad._program.source.SEGMENT", lines)
    for fun in (long_program, value_and_grad(lambda x, y: long_program(x, y)["total"])):
        compiled, rng = compile(fun), np.random.default_rng(0)
        for _ in range(12):
            x, y = rng.normal(size=(2, 3))
            assert same_bits(compiled(x, y), fun(x, y))
        assert len(programs(compiled)) > 1
        space = {}
        exec(source(compiled), space)
    with np.errstate(all="ignore"), pytest.raises(np.linalg.LinAlgError):
        compiled(np.zeros(3), np.zeros(3))
    assert same_bits(compiled(x, y), fun(x, y))


def test_segments_keep_no_large_values(monkeypatch):
    monkeypatch.setattr("fgrad._program.source.LONG", 0)
    monkeypatch.setattr("fgrad._program.source.SEGMENT", 1)
    compiled, x = compile(lambda x: np.sum(np.cumsum(x) * np.sort(x))), np.ones(10**5)
    for _ in range(3):
        compiled(x)
    tracemalloc.start()
    compiled(x)
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert now < 10**5
    assert peak > 10**6
    held = weakref.ref(x)
    del x
    assert held() is None
