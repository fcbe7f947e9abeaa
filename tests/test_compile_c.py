"""`compile(f, backend="c")`: results within the bound, and everything around them."""

import functools
import os
import pickle
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

import fgrad.debug
from fgrad import (
    compile,  # noqa: A004 (its name)
    errors,
    grad,
    hessian,
    value_and_grad,
    vmap,
)
from fgrad._program.native import build, functions, loaded
from fgrad._program.native.build import compiler
from fgrad._program.native.function import CompilerError, Native
from fgrad._tree import flatten
from tests.test_compile import network, parameters, programs, rosenbrock

X = np.linspace(-0.9, 0.8, 12)
EPS = np.finfo(float).eps


def has_compiler():
    try:
        compiler()
    except CompilerError:
        return False
    return True


def in_c(test):
    """A test that needs a compiler; where there is none, of the words that say so."""

    @functools.wraps(test)
    def run(*args, **kwargs):
        if has_compiler():
            test(*args, **kwargs)
        else:
            with pytest.raises(errors.SettingError, match="needs a compiler for C"):
                compile(rosenbrock, backend="c")

    return run


@pytest.fixture(autouse=True, scope="module")
def folder(tmp_path_factory):
    """A folder for what is compiled, which is empty at first."""
    patch = pytest.MonkeyPatch()
    place = tmp_path_factory.mktemp("cache")
    patch.setenv("XDG_CACHE_HOME", str(place))
    yield place / "fgrad" / "compiled"
    patch.undo()


def calls(compiled):
    """The calls of C of all programs, and of their calls those of NumPy."""
    found = [call for v in programs(compiled) for call in v.program.calls]
    return (
        [call for call in found if isinstance(call.fun, Native)],
        [call.fun for call in found if not isinstance(call.fun, Native)],
    )


def close(a, b, tol=1e-13):
    """Whether two trees of results are the same up to rounding."""
    (a, tree), (b, other) = flatten(a), flatten(b)
    assert tree == other
    for x, y in zip(a, b, strict=True):
        assert type(x) is type(y)
        x, y = np.asarray(x), np.asarray(y)
        assert x.dtype == y.dtype
        assert x.shape == y.shape
        eps = tol * (np.finfo(x.dtype).eps / EPS if x.dtype.kind == "f" else 0)
        size = np.max(np.abs(y, where=np.isfinite(y), out=np.zeros(y.shape)), initial=0)
        np.testing.assert_allclose(x, y, eps, eps * size)


def holds(fun, *inputs, tol=1e-13, whole=True, count=1):
    """Compile and compare; all that was recorded must be in C, if it is to be whole."""
    compiled = compile(fun, backend="c")
    for args in (*inputs, *inputs, *inputs):
        close(compiled(*args), fun(*args), tol)
    native, rest = calls(compiled)
    assert len(programs(compiled)) == count
    assert native
    assert not (whole and rest), rest
    return compiled


# Functions ----------------------------------------------------------------------------

DOMAIN = {
    np.arccosh: (1.1, 3.0),
    np.log1p: (-0.5, 3.0),
    np.arctanh: (-0.9, 0.9),
    np.arcsin: (-0.9, 0.9),
    np.arccos: (-0.9, 0.9),
    np.tan: (-1.0, 1.0),
} | dict.fromkeys([np.log, np.log2, np.log10, np.sqrt, np.power], (0.1, 3.0))
"""Between which numbers a function is looked at, if not between -3 and 3."""

TABLES = (
    *(functions.LIBRARY, functions.BUILTIN, functions.FLOATS, functions.ORDER),
    *(functions.LOGIC, functions.BITS, functions.INTEGERS, functions.INFIX),
    dict.fromkeys([np.power, np.logaddexp, np.negative, np.square, np.invert]),
)
UFUNCS = list(dict.fromkeys(fun for table in TABLES for fun in table))
EXACT = [
    *(functions.ORDER | functions.LOGIC | functions.BITS | functions.INTEGERS),
    *(*functions.INFIX, np.power, np.negative, np.square, np.invert),
]


def operands(fun, dtype, rng):
    """Arguments of a function, among them equal ones, and zeros where it has them."""
    low, high = DOMAIN.get(fun, (-3.0, 3.0))
    arrays = [rng.uniform(low, high, 37) for _ in range(fun.nin)]
    if fun not in DOMAIN:
        arrays[0][:5] = 0.0
        if fun not in (np.divide, np.reciprocal, np.arctan2):
            arrays[-1][:5] = 0.0
    if fun is np.reciprocal:
        arrays[0][:5] = 2.0
    return [array.astype(dtype) for array in arrays]


KINDS = {
    "f": (UFUNCS, set()),
    "i": (EXACT, {"power"}),
    "?": (EXACT, {"power", "maximum", "minimum", "absolute", "add", "multiply"}),
}
"""Which functions are looked at for a kind of numbers, and what NumPy does itself."""


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i4", "i2", "?"])
@in_c
def test_functions(dtype):
    """Each function that C has, of arrays of one dtype, in one program."""
    rng = np.random.default_rng(0)
    chosen, left = KINDS[dtype[0]]
    cases = []
    for fun in chosen:
        args = operands(fun, dtype, rng)
        try:
            fun(*args)
        except (TypeError, ValueError):  # NumPy has none of this dtype
            continue
        cases.append((fun, args))

    def all_of_them(*lists):
        return [fun(*args) for (fun, _), args in zip(cases, lists, strict=True)]

    given = [args for _, args in cases]
    compiled = compile(all_of_them, backend="c")
    found = [compiled(*given) for _ in range(3)][-1]
    assert {fun.__name__ for fun in calls(compiled)[1]} == left
    for (fun, args), out in zip(cases, found, strict=True):
        expected = fun(*args)
        assert out.dtype == expected.dtype, fun
        if dtype[0] == "f" and out.dtype.kind == "f":
            np.testing.assert_array_max_ulp(out, expected, 8)  # 4 of each
        else:
            np.testing.assert_array_equal(out, expected, fun.__name__)


@in_c
def test_arithmetic_has_the_same_bits():
    def fun(x, y):
        return ((x + y) * x - y / (x * x + 1)) ** 2, np.sqrt(x * x), -x, x * 2 + 0.1 * y

    x, y = np.random.default_rng(0).normal(size=(2, 101))
    compiled = holds(fun, (x, y))
    for a, b in zip(compiled(x, y), fun(x, y), strict=True):
        assert a.tobytes() == b.tobytes()


@in_c
def test_special_values():
    """C itself gives what NumPy gives, where nobody wants to hear of errors."""
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-310, 1e308])
    x, y = (a.ravel() for a in np.meshgrid(special, special))

    chosen = [f for f in UFUNCS if f not in functions.BITS and f is not np.invert]

    def fun(x, y):
        return [f(*(x, y)[: f.nin]) for f in chosen]

    with np.errstate(all="ignore"):
        compiled = holds(fun, (X, X[::-1]))
        with fgrad.debug.eager() as found:
            close(compiled(x, y), fun(x, y))
    assert not found


# Shapes and layouts -------------------------------------------------------------------


@in_c
def test_broadcasting_and_sums():
    def fun(x, y, z):
        a = np.exp(x * y) + z
        return (
            *(np.sum(a), np.sum(a, 0), np.sum(a, 1), np.sum(a, -1), np.sum(a, (0, 2))),
            *(np.mean(a, 1, keepdims=True), np.max(a, 1), np.min(a, (0, 1)), np.max(a)),
            *(np.sum(a, (1, 2), keepdims=True), np.sum(a > 1.0, 1), a[:, 0, 1:] * 2),
        )

    rng = np.random.default_rng(0)
    args = rng.normal(size=(2, 3, 4)), rng.normal(size=4), rng.normal(size=(3, 1))
    holds(fun, args)
    holds(fun, tuple(a.astype("f4") for a in args), whole=False)


@in_c
def test_layouts():
    def fun(x):
        y = np.sin(x) * 2
        return (
            y.T + y.T[::-1],
            y[1:] - y[:-1],
            y[::2, None, ::-1] * x[0, 1],
            y.ravel() + 1,
        )

    def in_orders(x):
        y = np.sin(x) * 2
        orders = "C", "F", "A", "K"
        return (
            *[y.ravel(order) + 1 for order in orders],
            *[np.ravel(y, order=order) * 3 for order in orders],
            *[np.reshape(y, (-1, 2), order) - 1 for order in "CFA"],
            *[y.reshape(2, -1, order=order) / 2 for order in "CFA"],
        )

    base = np.random.default_rng(0).normal(size=(8, 10))
    for x in (base[:4, :5], base[:4, :5].T.copy().T, base[::2, ::-2], base[::-2, :5]):
        holds(fun, (x,))
        holds(in_orders, (x,), whole=False)
    packed = np.zeros(9, np.dtype([("flag", "i1"), ("x", "f8")]))["x"]
    packed += X[:9]
    compiled = compile(lambda x: np.exp(x) * 2 - x, backend="c")
    for x in (packed, packed, packed):  # lies between the bytes that a machine reads
        close(compiled(x), np.exp(x) * 2 - x)


@in_c
def test_numbers():
    def fun(x, y, n):
        z = np.sin(x) * y
        for _ in range(4):
            z = np.tanh(z) + y * n
        return z, z > 0, np.float32(2.0) * z, z + np.ones(3)

    holds(fun, (0.3, np.float64(0.5), 2), (0.1, np.float64(-0.5), 3))
    holds(fun, (np.array(0.3), np.float64(0.5), 2))
    compiled = compile(fun, backend="c")
    for _ in range(3):  # larger than an integer of C
        close(compiled(0.3, np.float64(1.0), 2**70), fun(0.3, np.float64(1.0), 2**70))


@in_c
def test_size_zero():
    compiled = compile(lambda x: (np.exp(x) * 2 + x, np.sum(x) + 1), backend="c")
    x = np.zeros((0, 3))
    for _ in range(3):
        close(compiled(x), (np.exp(x) * 2 + x, np.sum(x) + 1))


@in_c
def test_integers_and_truth_values():
    def fun(n, b):
        return n * 3 - n // 2, n > 2, (n > 2) & b, ~b | (n == 1), n / 4, n + b, -n * n

    n, b = np.arange(-3, 5), np.arange(8) % 3 == 0
    for dtype in ("i8", "i4", "i1"):
        holds(fun, (n.astype(dtype), b), whole=False)


@in_c
def test_products_parts_and_joins():
    def fun(a, b, v):
        c = np.tanh(a @ b) @ v
        d = np.concatenate([c, v * 2, a[0]])
        return d[1:] * 2, np.dot(v, v) * c, np.tensordot(a, b, 1) + 1, np.outer(c, v)

    rng = np.random.default_rng(0)
    a, b, v = rng.normal(size=(3, 4)), rng.normal(size=(4, 5)), rng.normal(size=5)
    holds(fun, (a, b, v), whole=False)

    def loss(a, b, v):
        return sum(np.sum(np.sin(part)) for part in fun(a, b, v))

    holds(grad(loss), (a, b, v), whole=False)


# Derivatives --------------------------------------------------------------------------


@in_c
@pytest.mark.parametrize("transform", [grad, value_and_grad, hessian])
def test_transforms(transform):
    holds(transform(rosenbrock), (X,), (3 * X,), (X[::-1].copy(),))


@in_c
def test_a_network():
    x = np.random.default_rng(0).normal(size=(7, 3))
    inputs = [(parameters(seed), x) for seed in range(2)]
    holds(grad(network), *inputs)
    examples = np.stack([x, 2 * x])
    compiled = compile(vmap(grad(network), in_axes=(None, 0)), backend="c")
    for p, _ in inputs * 2:
        expected = vmap(grad(network), in_axes=(None, 0))(p, examples)
        close(compiled(p, examples), expected)


@in_c
def test_inside_other_transforms():
    compiled = holds(rosenbrock, (X,))
    close(grad(compiled)(X), grad(rosenbrock)(X))
    close(vmap(compiled)(np.stack([X, 2 * X])), vmap(rosenbrock)(np.stack([X, 2 * X])))


@in_c
def test_guards():
    def fun(x, n):
        y = np.exp(x) * 2
        for _ in range(n):
            y = np.sin(y) + x
        if np.sum(y) > 0:
            return np.log(np.sum(y)) * x
        return y - 1

    inputs = [(X, 1), (-X - 5, 1), (X, 2), (X + 3, 3)]
    holds(fun, *inputs, whole=False, count=4)


def random_program(rng):
    """Steps that each make a value of earlier ones, with some of all that C knows."""
    unary = [np.sin, np.tanh, np.square, np.negative, lambda x: np.exp(-x * x)]
    unary += [lambda x: x.T, lambda x: x[::-1], lambda x: x[..., 1:], np.ravel]
    unary += [lambda x: np.sum(x, 0), lambda x: np.max(x, -1, keepdims=True)]
    unary += [lambda x: np.mean(x), lambda x: x.reshape(-1)[::2], lambda x: x[0]]
    binary = [np.add, np.multiply, np.subtract, np.maximum, np.arctan2]
    binary += [lambda x, y: np.where(x > y, x, 2.0), lambda x, y: x / (1 + y * y)]
    binary += [lambda x, y: np.concatenate([np.ravel(x), np.ravel(y)])]
    steps = []
    values = [(3, 4), (4,), (3, 1), ()]
    while len(steps) < 14:
        one = rng.random() < 0.6
        picked = rng.integers(len(values), size=2 - one)
        fun = rng.choice(np.array(unary if one else binary, object))
        try:
            made = np.shape(fun(*[np.ones(values[i]) for i in picked]))
        except (ValueError, IndexError):
            continue
        if 0 not in made:
            values.append(made)
            steps.append((fun, picked))

    def program(*args):
        found = list(args)
        for fun, picked in steps:
            found.append(fun(*[found[i] for i in picked]))
        return found[4:]

    return program, [rng.normal(size=(1, *shape))[0] for shape in values[:4]]


@in_c
@pytest.mark.parametrize("seed", range(6))
def test_random_programs(seed):
    rng = np.random.default_rng(seed)
    fun, args = random_program(rng)
    holds(fun, tuple(args), tuple(2 * a for a in args), whole=False)
    every = tuple(range(4))

    def loss(*args):
        return sum(np.sum(np.cos(part)) for part in fun(*args))

    holds(grad(loss, every), tuple(args), whole=False)


# Errors -------------------------------------------------------------------------------


@in_c
def test_floating_point_errors():
    def fun(x):
        return np.exp(x) / x * 2 + x

    compiled = holds(fun, (X + 1,))
    with pytest.warns(RuntimeWarning, match="divide by zero") as caught:
        out = compiled(np.append(X[1:] + 1, 0.0))
    assert caught[0].filename == __file__
    assert np.isinf(out[-1])
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        compiled(np.append(X[1:] + 1, 0.0))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        compiled(X + 1000)
    with np.errstate(all="ignore"):
        for _ in range(3):
            close(compiled(X), fun(X))


@in_c
def test_what_the_function_ignores():
    def fun(x):
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.where(x > 0, np.log(x) * 2, 0.0)
        return y + 1 / (x + 5)

    compiled = holds(fun, (X,), (X - 1,))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        compiled(np.full(12, -5.0))


@in_c
def test_structural_zeros_and_nan():
    def fun(x):
        return np.sum(np.where(x > 0, np.sqrt(x) * 3, 0.0) / np.max(x))

    compiled = compile(grad(fun), backend="c")
    for x in (X + 1, X + 1, X + 1, np.append(X[1:] + 1, 0.0), np.append(X[1:], np.nan)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            close(compiled(x), grad(fun)(x))


@in_c
def test_python_numbers_raise():
    compiled = compile(lambda x, y: (x / y) * np.sin(X) * 2 + X, backend="c")
    for _ in range(3):
        compiled(1.0, 2.0)
    with np.errstate(all="ignore"):
        for _ in range(3):
            compiled(1.0, 2.0)
        with pytest.raises(ZeroDivisionError):
            compiled(1.0, 0.0)


# Memory, threads, processes -----------------------------------------------------------


@in_c
def test_results_are_fresh():
    w = np.arange(12.0)
    compiled = compile(
        lambda x: (np.exp(x) * 2, np.sin(x)[1:] + w[1:], w * 2 + x, np.exp(x) * 2 + 0),
        backend="c",
    )
    results = [leaf for _ in range(4) for leaf in compiled(X)]
    arrays = [X, w, *results]
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in arrays[:i])
    assert all(a.flags.writeable for a in arrays)


@in_c
def test_arrays_that_are_changed():
    w = np.ones(20_000)
    compiled = holds(lambda x: np.sum(x * w) * 2 + np.exp(x), (2.0,))
    w[:] = 3.0
    close(compiled(2.0), np.sum(2.0 * w) * 2 + np.exp(2.0))


@in_c
def test_threads():
    compiled = holds(grad(rosenbrock), (X,))
    large = compile(lambda x: np.sum(np.sin(x) * np.exp(x)), backend="c")
    x = np.linspace(0, 1, 100_000)
    expected = large(x)
    wrong = []

    def work(k):
        for i in range(20):
            here = X * (k + i)
            if not np.allclose(compiled(here), grad(rosenbrock)(here), 1e-12):
                wrong.append((k, i))
            if abs(large(x) - expected) > 1e-9 * expected:
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@in_c
def test_pickles():
    compiled = holds(rosenbrock, (X,))
    again = pickle.loads(pickle.dumps(compiled))
    close([again(X) for _ in range(3)][-1], rosenbrock(X))
    assert calls(again)[0]


# Reports ------------------------------------------------------------------------------


@in_c
def test_the_text_runs():
    compiled = holds(grad(rosenbrock), (X,))
    text = fgrad.debug.source(compiled)
    assert "return np.sum(100 * (x[1:] - x[:-1] ** 2)" in text
    assert "for (long i = 0; i < 11; i++) {" in text
    space = {}
    exec(text, space)
    close(space["program_1"](X)[0], grad(rosenbrock)(X))


@in_c
def test_profile():
    compiled = holds(grad(rosenbrock), (X,))
    profile = fgrad.debug.profile(compiled, X)
    assert "group_1" in [cost.name for cost in profile.primitives]
    with fgrad.debug.eager() as found:
        compiled(X)
    assert not found


# The compiler, and its files ----------------------------------------------------------


@pytest.fixture
def no_compiler_known():
    """The compiler is looked for again, before and after."""
    build._compiler.cache_clear()
    loaded.functions.cache_clear()
    yield
    build._compiler.cache_clear()
    loaded.functions.cache_clear()


NEEDED = "Install one, name it in $CC, or use backend='numpy', which needs none."


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("", "there is no cc, gcc or clang on the PATH"),
        ("nonesuch -O3", "there is no nonesuch, which $CC names"),
        ("broken", "broken fails: sorry: fatal error"),
        ("silent", "silent fails: it does not say why"),
    ],
)
def test_no_compiler(command, why, monkeypatch, tmp_path, no_compiler_known):
    for name, text in (
        ("broken", "echo sorry: fatal error >&2; exit 1"),
        ("silent", "exit 1"),
    ):
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", command)
    with pytest.raises(errors.SettingError) as caught:
        compile(rosenbrock, backend="c")
    assert str(caught.value) == (
        f"backend='c' of compile(rosenbrock) needs a compiler for C: {why}. {NEEDED}"
    )


@in_c
def test_a_compiler_that_is_lost(monkeypatch, no_compiler_known):
    compiled = compile(rosenbrock, backend="c")
    monkeypatch.setenv("CC", "nonesuch")
    with pytest.warns(errors.EagerWarning) as caught:
        results = [compiled(X) for _ in range(4)]
    assert len(caught) == 1
    assert str(caught[0].message) == (
        "rosenbrock runs without C: there is no nonesuch, which $CC names"
    )
    close(results, [rosenbrock(X)] * 4)
    assert programs(compiled)
    assert not calls(compiled)[0]


@in_c
def test_what_was_compiled_is_taken(folder, monkeypatch, no_compiler_known):
    def fun(x):
        return np.exp(x) * 17 + x

    holds(fun, (X,))
    files = {*folder.iterdir()}
    assert all(path.suffix == ".so" for path in files)
    loaded.functions.cache_clear()
    monkeypatch.setattr(build, "_compile", None)  # it would fail
    holds(fun, (X,))
    assert {*folder.iterdir()} == files


@in_c
def test_a_broken_file(folder, no_compiler_known):
    def fun(x):
        return np.exp(x) * 19 + x

    before = {*folder.iterdir()} if folder.exists() else set()
    holds(fun, (X,))
    (path,) = {*folder.iterdir()} - before
    path.unlink()
    path.write_text("nothing")
    loaded.functions.cache_clear()
    loaded._loaded.cache_clear()
    holds(fun, (X,))


@in_c
def test_folders_that_cannot_be_used(monkeypatch, tmp_path, no_compiler_known):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    holds(lambda x: np.exp(x) * 23 + x, (X,))
    open_to_all = tmp_path / "fgrad" / "compiled"
    open_to_all.mkdir(parents=True)
    open_to_all.chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    holds(lambda x: np.exp(x) * 29 + x, (X,))
    assert not [*open_to_all.iterdir()]


PROCESS = """
import numpy as np
from fgrad import compile
f = compile(lambda x: np.exp(x) * 31 + np.sin(x), backend="c")
x = np.linspace(0, 1, 50)
for _ in range(3):
    assert np.allclose(f(x), np.exp(x) * 31 + np.sin(x), 1e-14, 0)
assert "group_1" in f.variants.programs()[0].source.text()
"""


@in_c
def test_processes_that_compile_the_same(tmp_path):
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-c", PROCESS]
    root = Path(__file__).parent.parent
    started = [subprocess.Popen(command, env=environment, cwd=root) for _ in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]
    files = [*(tmp_path / "fgrad" / "compiled").iterdir()]
    assert [path.suffix for path in files] == [".so"]


@in_c
def test_a_gradient_of_rounding_errors_only():
    """All of it cancels, and nothing but rounding is left, which C does otherwise."""

    def fun(x):
        y = x - np.mean(x, axis=-1, keepdims=True)
        return np.sum(y / np.sqrt(np.mean(y * y, axis=-1, keepdims=True)))

    compiled = compile(grad(fun), backend="c")
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = rng.normal(size=(3, 7))
        assert np.max(np.abs(compiled(x) - grad(fun)(x))) < 1e-14
    assert programs(compiled)


@in_c
@pytest.mark.parametrize(
    ("names", "shapes"),
    [
        ("i,i->i", [(3,), (1,)]),
        ("i,i->", [(3,), (3,)]),
        ("i,i,i->", [(3,), (1,), (3,)]),
    ],
)
def test_einsum_that_gives_a_number(names, shapes):
    fun = value_and_grad(
        lambda *xs: np.sum(np.sin(np.einsum(names, *xs)) * 2), argnums=(0, 1)
    )
    compiled, rng = compile(fun, backend="c"), np.random.default_rng(0)
    for _ in range(4):
        xs = [rng.normal(size=shape) for shape in shapes]
        found, wanted = flatten(compiled(*xs))[0], flatten(fun(*xs))[0]
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13)
    assert programs(compiled)
