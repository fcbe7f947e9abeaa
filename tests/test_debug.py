"""Checks while derivatives are computed, profiles, and reports on memory."""

import gc
import re
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest

import fgrad
from fgrad import (
    checkpoint,
    custom_jvp,
    custom_vjp,
    defvjp,
    errors,
    grad,
    hessian,
    jvp,
    linearize,
    primitive,
    value_and_grad,
    vjp,
    vmap,
)
from fgrad.debug import checks, memory, profile
from fgrad.testing import fixed
from tests.test_rules import CASES

X = np.array([0.5, 2.0, 1.5])


def doubled(pullback, **options):
    """A primitive 2 x with a rule that may be wrong."""

    @primitive
    def twice(x):
        return 2.0 * x

    defvjp(twice, x=pullback, **options)
    return twice


# What stays the same ------------------------------------------------------------------


def program(x):
    best = np.max(x) + np.median(x) + np.prod(x)
    y = np.where(x > best, x, np.sqrt(x) * x[0]) @ np.stack([x, x**2, np.sin(x)])
    return np.sum(y) + np.linalg.norm(x) ** 2 + np.linalg.slogdet(np.outer(x, x) + 1)[1]


def smooth(x):
    return np.sum(np.tanh(x) * x[::-1]) + np.prod(x) + np.sort(x)[0] ** 2


@pytest.mark.parametrize(
    "run",
    [
        lambda: value_and_grad(smooth)(X),
        lambda: vjp(np.sort, X)[1](X)[0],
        lambda: jvp(smooth, (X,), (X,)),
        lambda: linearize(smooth, X)[1](X),
        lambda: hessian(smooth)(X),
        lambda: vmap(smooth)(np.stack([X, 2 * X])),
        lambda: vmap(grad(smooth))(np.stack([X, 2 * X])),
        lambda: grad(lambda x: np.sum(vmap(smooth)(x)))(np.stack([X, 2 * X])),
        lambda: grad(checkpoint(smooth))(X),
        lambda: grad(lambda x: np.sum(grad(checkpoint(smooth))(x)))(X),
        lambda: grad(lambda x: grad(lambda y: grad(np.sin)(x * y))(x))(0.3),
        lambda: grad(lambda x: np.einsum("i,i,j->", x, x, x))(X),
    ],
)
@pytest.mark.parametrize("watch", ["checks", "profile", "memory"])
def test_results_stay_the_same(run, watch):
    want = run()
    found = []
    if watch == "checks":
        with checks():
            found.append(run())
    else:

        def kept():
            found.append(run())

        kept.transform = "a test"
        (profile if watch == "profile" else memory)(kept)
    got = fgrad.tree.leaves(found[-1])
    for one, other in zip(fgrad.tree.leaves(want), got, strict=True):
        np.testing.assert_array_equal(one, other)


def _one_in_three():
    return [case for i, case in enumerate(CASES) if i % 3 == 0]


@pytest.mark.filterwarnings("ignore")
def test_rules_of_fgrad_pass():
    """Shape, dtype and linearity of our own pullbacks, for calls of all kinds."""
    passed = 0
    for case in _one_in_three():
        (call,) = case.values
        plain = [a.value if type(a) is fixed else a for a in call.args]
        options = {
            k: v.value if type(v) is fixed else v for k, v in call.kwargs.items()
        }
        moving = [
            i
            for i, (arg, value) in enumerate(zip(call.args, plain, strict=True))
            if type(arg) is not fixed
            and isinstance(value, np.ndarray | np.generic | float | complex)
            and np.asarray(value).dtype.kind in "fc"
        ]
        if not moving:
            continue

        def f(*xs, call=call, plain=plain, moving=moving, options=options):
            full = list(plain)
            for i, x in zip(moving, xs, strict=True):
                full[i] = x
            return call.fun(*full, **options)

        arguments = [plain[i] for i in moving]
        try:
            vjp(f, *arguments)
        except (errors.ConversionError, errors.MissingRuleError):
            continue  # with respect to a number that is an option
        with checks(nonfinite=False):
            out, pullback = vjp(f, *arguments)
            pullback(fgrad.tree.map(lambda a: np.asarray(a)[()] * 0 + 1, out))
        passed += 1
    assert passed > 500


# Arrays that change -------------------------------------------------------------------


def changes_a_weight(x):
    w = np.ones(3)
    y = x * w
    z = np.sin(y)
    w[0] = 5.0
    u = np.cos(z)
    return np.sum(u)


def first_line(fun):
    return fun.__code__.co_firstlineno


def test_a_change_names_its_lines():
    n, file = first_line(changes_a_weight), changes_a_weight.__code__.co_filename
    with checks(), pytest.raises(errors.ChangedArrayError) as info:
        grad(changes_a_weight)(X)
    assert str(info.value) == (
        f"the rule of np.multiply with respect to x1 needs x2 as it was, but that "
        f"array has been changed. Change a copy of it, or compute a new array.\n"
        f'Kept by File "{file}", line {n + 2}, in changes_a_weight\n'
        f"    y = x * w\n"
        f"Changed after test_debug.py:{n + 3}, and before "
        f'File "{file}", line {n + 5}, in changes_a_weight\n'
        f"    u = np.cos(z)"
    )


def test_a_change_after_the_last_operation():
    w = np.ones(3)
    with checks():
        _, pullback = vjp(lambda x: x * w, X)
        np.testing.assert_array_equal(pullback(X)[0], X)
        w += 1
        with pytest.raises(errors.ChangedArrayError) as info:
            pullback(X)
    assert re.search(
        r"Kept by .*\n.*\nChanged after test_debug.py:\d+, and before ", str(info.value)
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda w, x, y: w.__setitem__(2, 0.0),
        lambda w, x, y: w.sort(),
        lambda w, x, y: x.__setitem__(0, 9.0),
    ],
)
def test_whatever_is_changed_is_found(change):
    def f(x, w, given):
        y = np.tanh(x) * w
        out = np.sum(y * x * y)
        change(w, given, y)
        return out

    def run():
        x = X.copy()
        return grad(f)(x, X[::-1] ** 2 + 1, x)

    with checks(), pytest.raises(errors.ChangedArrayError):
        run()
    with checks(changes=False):
        run()


def test_a_change_that_no_derivative_needs():
    def f(x):
        w = np.ones(3)
        unused = x * w
        buffer = np.zeros(3)
        y = x + buffer
        w[:] = 2.0
        buffer[:] = 3.0
        return np.sum(y * w) + 0 * len(unused)

    with checks():
        np.testing.assert_array_equal(grad(f)(X), 2.0)


def test_large_arrays_are_sampled():
    def f(x, change):
        w = np.ones(100_000)
        y = x * w
        change(w)
        return np.sum(y)

    with checks(), pytest.raises(errors.ChangedArrayError):
        grad(f)(2.0, lambda w: w.__imul__(2))
    with checks():
        grad(f)(2.0, lambda w: None)


def test_changes_are_found_in_nested_gradients():
    def f(x):
        return grad(lambda y: np.sum(changes_a_weight(y) * x[0]))(x)[1]

    with checks(), pytest.raises(errors.ChangedArrayError):
        grad(f)(X)
    with checks(), pytest.raises(errors.ChangedArrayError):
        vmap(grad(changes_a_weight))(np.stack([X, X]))


# The first nan ------------------------------------------------------------------------


def logarithm(x):
    y = x - x[1]
    return np.sum(np.log(y + 0.5 - 0.5))


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.filterwarnings("ignore:invalid value")
class TestNonFinite:
    def test_the_first_infinity_names_its_line(self):
        file, n = logarithm.__code__.co_filename, first_line(logarithm)
        with checks(), pytest.raises(errors.NonFiniteError) as info:
            grad(logarithm)(X - X)
        assert str(info.value) == (
            f"np.log made -inf of finite numbers in entry [0] (and in 2 more), where x "
            f'is 0.0, at File "{file}", line {n + 2}, in logarithm\n'
            f"    return np.sum(np.log(y + 0.5 - 0.5))"
        )

    @pytest.mark.parametrize(
        ("run", "words"),
        [
            (
                lambda: grad(lambda x: x / (x - x))(np.float64(1)),
                "where x1 is 1.0 and x2 is 0.0",
            ),
            (
                lambda: grad(np.sqrt)(-1.0),
                "np.sqrt made nan of finite numbers, where x",
            ),
            (lambda: jvp(np.log, (0.0,), (1.0,)), "np.log made -inf"),
            (
                lambda: vmap(np.log)(X - 0.5),
                "made -inf of finite numbers for example 0",
            ),
            (
                lambda: vmap(grad(lambda x: np.sum(1 / x)))(np.array([[1.0, 0.0]])),
                r"np.divide made inf .* in entry \[1\] for example 0, where x1 is 1",
            ),
            (lambda: grad(lambda x: np.sum(vmap(np.log)(x)))(X - 0.5), "example 0"),
            (lambda: hessian(logarithm)(X), "np.log made nan .* where x is -1.5"),
            (
                lambda: grad(lambda x: np.sum(np.exp(x) @ np.ones((3, 2))))(X * 1e3),
                r"np.exp made inf of finite numbers in entry \[1\]",
            ),
        ],
    )
    @pytest.mark.filterwarnings("ignore:overflow")
    def test_its_operands_are_told(self, run, words):
        with checks(), pytest.raises(errors.NonFiniteError, match=words):
            run()
        with checks(nonfinite=False):
            run()

    @pytest.mark.parametrize(
        "run",
        [
            lambda f: grad(f)(-0.5),
            lambda f: vmap(grad(f))(X - 1),
            lambda f: jvp(f, (-0.5,), (1.0,)),
        ],
    )
    def test_a_function_with_a_derivative_of_its_own(self, run):
        @custom_vjp
        def root(x):
            return np.sqrt(x)

        root.defvjp(lambda x: (np.sqrt(x), x), lambda x, g: (g / (2 * np.sqrt(x)),))
        words = (
            r"(root|np.sqrt) made nan of finite numbers.*, where (args\[0\]|x) is -0.5"
        )
        with checks(), pytest.raises(errors.NonFiniteError, match=words):
            run(lambda x: root(x) * 2.0)
        found = profile(grad(lambda x: root(x) * 2.0), 2.0)
        assert {cost.name.split(".")[-1]: cost.calls for cost in found.primitives} == {
            "root": 1,
            "multiply": 1,
        }

    def test_what_is_meant_passes(self):
        """An infinity of the program's own, and zeros in place of nan in replay."""

        def f(x):
            masked = np.where(x > 1, -np.inf, x)
            return np.sum(np.exp(masked)) + np.nansum(np.where(x > 1, np.nan, x))

        def root(x):
            return np.sum(np.where(x > 0, np.sqrt(x), 0.0))

        with checks():
            np.testing.assert_array_equal(grad(f)(X), [np.exp(0.5) + 1, 0, 0])
            np.testing.assert_array_equal(grad(root)(np.zeros(2)), 0)
            np.testing.assert_array_equal(hessian(root)(np.zeros(2)), 0)
            assert grad(lambda x: x * 2.0)(np.inf) == 2


# Rules --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pullback", "words"),
    [
        (
            lambda g: 2 * np.abs(g),
            "is not linear in g: for a random r, what it returns",
        ),
        (lambda g: np.clip(2 * g, -5, 5), "is not linear in g"),
        (lambda g: 2 * g + 1e-3, "is not linear in g"),
        (lambda g: np.where(g > 0, 2 * g, 0), "is not linear in g"),
        (lambda g, x: 2 * x, "is not linear in g"),
        (
            lambda g: (2 * g).astype(np.float32),
            "returned a cotangent of dtype float32, which has fewer digits than the "
            "argument, of dtype float64.",
        ),
        (
            lambda g: (2 * g).astype(int),
            "returned a cotangent of dtype int64, which has no fractions, for an "
            "argument of dtype float64.",
        ),
    ],
)
@pytest.mark.parametrize("mode", ["reverse", "nested", "vmap"])
def test_wrong_rules_are_named(pullback, words, mode):
    twice = doubled(pullback)
    signs = np.array([1.0, -3.0, 2.0])

    def f(x):
        return np.sum(twice(x) * signs)

    run = {
        "reverse": grad(f),
        "nested": grad(lambda x: np.sum(grad(f)(x) * x)),
        "vmap": lambda x: vmap(grad(f))(np.stack([x, x])),
    }[mode]
    with checks(), pytest.raises(errors.RuleError) as info:
        run(X)
    assert words in str(info.value)
    assert re.match(r"the rule of .*twice with respect to x ", str(info.value))
    with checks(rules=False):
        run(X)


def test_a_sum_over_too_many_axes():
    twice = doubled(lambda g: np.stack([g, g]), elementwise=True)
    with checks(), pytest.raises(errors.RuleError) as info:
        grad(lambda x: np.sum(twice(x)))(X)
    assert str(info.value).endswith(
        "returned a cotangent of shape (2, 3); it must have the shape of the argument, "
        "(3,), or that of the result, (3,)."
    )


def test_rules_by_custom_vjp():
    @custom_vjp
    def f(x):
        return np.sin(x)

    f.defvjp(lambda x: (np.sin(x), x), lambda x, g: (np.maximum(g, 0) * np.cos(x),))
    with checks(), pytest.raises(errors.RuleError, match="not linear in g"):
        grad(lambda x: np.sum(f(x)))(X)


def test_right_rules_of_users_pass():
    seen = []

    @custom_vjp
    def f(x, y):
        return {"sum": x + y, "product": x * y}

    def bwd(kept, g):
        seen.append(g)
        x, y = kept
        return g["sum"] + g["product"] * y, g["sum"] + g["product"] * x

    f.defvjp(lambda x, y: (f(x, y), (x, y)), bwd)

    @custom_jvp
    def h(x):
        return np.sin(x)

    h.defjvp(lambda primals, tangents: (h(*primals), np.cos(*primals) * tangents[0]))

    def loss(x):
        out = f(x, x[::-1])
        return np.sum(out["sum"] * h(out["product"]))

    want = grad(loss)(X)
    seen.clear()
    with checks():
        np.testing.assert_array_equal(grad(loss)(X), want)
    assert len(seen) == 4


def test_a_random_cotangent_does_not_move_the_programs_own():
    np.random.seed(0)
    want = np.random.rand()
    np.random.seed(0)
    with checks():
        grad(smooth)(X)
    assert np.random.rand() == want


# The context --------------------------------------------------------------------------


def test_outside_of_the_context_nothing_is_checked():
    with checks():
        pass
    assert np.isfinite(grad(changes_a_weight)(X)).all()
    with pytest.raises(ZeroDivisionError), checks():
        raise ZeroDivisionError
    assert np.isfinite(grad(changes_a_weight)(X)).all()


def test_other_threads_are_not_checked():
    found = []
    with checks():
        thread = threading.Thread(
            target=lambda: found.append(grad(changes_a_weight)(X))
        )
        thread.start()
        thread.join()
    assert np.isfinite(found[0]).all()


def test_nothing_is_left_in_a_long_context():
    x = np.linspace(0.5, 1, 5000)
    with checks():
        before = grown_by(lambda: grad(deep)(x))
        many = grown_by(lambda: [None for _ in range(5) if grad(deep)(x) is None])
    assert many < before + 5 * x.nbytes


def test_a_function_given_to_checks():
    with pytest.raises(TypeError) as info, checks(changes=grad(smooth)):
        pass
    assert str(info.value) == (
        "changes=grad(smooth) of checks: give True or False. The function is called "
        "inside the with: with checks(): grad(f)(x)."
    )


# Profile ------------------------------------------------------------------------------

W = np.full((30, 30), 0.01)


def layer(x):
    return np.tanh(x @ W + 1.0)


def loss(p, x):
    for _ in range(4):
        x = layer(x * p)
    return np.sum(x**2)


P, BATCH = np.ones(30), np.ones((20, 30))


def test_a_profile():
    found = profile(grad(loss), P, BATCH)
    primitives = {cost.name: cost for cost in found.primitives}
    assert {name: cost.calls for name, cost in primitives.items()} == {
        **dict.fromkeys(("np.tanh", "np.matmul", "np.add", "np.multiply"), 4),
        **dict.fromkeys(("np.sum", "np.power"), 1),
    }
    assert primitives["np.tanh"].bytes == 4 * BATCH.nbytes
    n = first_line(layer) + 1
    (line,) = [cost for cost in found.lines if cost.name == f"test_debug.py:{n}"]
    assert line.source == "return np.tanh(x @ W + 1.0)"
    assert line.calls == 12
    assert line.forward > 0 < line.replay
    for costs in (found.lines, found.primitives):
        times = [cost.forward + cost.replay for cost in costs]
        assert times == sorted(times, reverse=True)
        assert sum(times) <= found.seconds
    text = str(found)
    assert text.startswith("profile of grad(loss): ")
    assert "return np.tanh(x @ W + 1.0)" in text
    assert repr(found) == f"<{found.heading}>"


def test_a_profile_of_other_transforms():
    for transform in (hessian(smooth), lambda x: jvp(smooth, (x,), (x,)), vmap(smooth)):
        x = np.stack([X, X]) if getattr(transform, "transform", "") == "vmap" else X
        found = profile(transform, x)
        assert sum(cost.calls for cost in found.primitives) >= 5


def test_pages(tmp_path):
    found = profile(grad(lambda x: np.sum(x < 2) * np.sum(x**2)), X)
    found.save(tmp_path / "profile.html")
    page = (tmp_path / "profile.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "prefers-color-scheme: dark" in page
    assert "width=device-width" in page
    assert "x &lt; 2" in page
    assert "http" not in page
    assert found._repr_html_() in page
    found.save(str(tmp_path / "profile.txt"))
    assert (tmp_path / "profile.txt").read_text(encoding="utf-8") == f"{found}\n"
    with pytest.raises(ValueError, match="as 'profile.pdf': give a name that ends in"):
        found.save("profile.pdf")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: profile(np.sum, X),
            "profile saw no operation of a derivative: give it a transform of sum, as "
            "in profile(grad(sum), x).",
        ),
        (
            lambda: profile(3.0),
            "profile needs a function, but got 3.0. Write profile(grad(f), x), not "
            "profile(grad(f)(x)).",
        ),
        (
            lambda: memory(3.0),
            "memory needs a function, but got 3.0. Write memory(f, x), "
            "not memory(f(x)).",
        ),
    ],
)
def test_what_cannot_be_measured(call, words):
    with pytest.raises(TypeError) as info:
        call()
    assert str(info.value) == words


# Memory -------------------------------------------------------------------------------


def grown_by(run):
    """What a run allocates at its peak, by tracemalloc."""
    run()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    run()
    most = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return most


def deep(x):
    y = x
    for _ in range(25):
        y = np.tanh(y) * 0.9
        z = np.sin(y)
        y = z / (1 + z * z)
    return np.sum(y)


@pytest.mark.parametrize("fun", [deep, checkpoint(deep)])
def test_the_sum_is_that_of_tracemalloc(fun):
    """Up to five arrays at work in replay, and a tenth for nodes."""
    x = np.linspace(0, 1, 20_000)
    found = memory(fun, x)
    most = grown_by(lambda: value_and_grad(fun)(x))
    assert found.bytes <= most <= found.bytes * 1.1 + 5 * x.nbytes
    assert found.bytes > 50 * x.nbytes


def test_who_keeps_what():
    found = memory(loss, P, BATCH)
    assert {(k.operation, k.name, k.shape) for k in found.kept} == {
        ("np.tanh", "the result", (20, 30))
    }
    assert found.bytes == 4 * BATCH.nbytes
    assert {(k.operation, k.name, k.shape) for k in found.own} == {
        ("np.matmul", "x2", (30, 30)),
        ("np.multiply", "x1", (20, 30)),
        ("np.multiply", "x2", (30,)),
    }
    assert str(found).startswith(
        "memory of loss: 19.2 kB in 4 arrays kept for the derivative\n\nkept\n"
    )
    assert "your own arrays, for which no more memory is needed" in str(found)


def test_views_and_loops_count_once():
    def f(x):
        y = np.exp(x)
        return np.sum(y[:50] * y[50:] * y[::2] * y[1::2]) + np.sum(np.sin(y) * y)

    sizes = sorted(k.bytes for k in memory(f, np.ones(100)).kept)
    assert sizes.count(800) == 2
    assert sum(sizes) == memory(grad(f), np.ones(100)).bytes
    steps = checkpoint(lambda x: np.tanh(x), every=4)
    x = np.ones(1000)
    assert memory(lambda x: np.sum(steps(x, 16)), x).bytes <= 9 * x.nbytes


# New users ----------------------------------------------------------------------------

PROGRAM = """import numpy as np
from fgrad import grad
from fgrad.debug import checks, memory, profile
f = lambda x: np.sum(np.tanh(x))
print(profile(grad(f), np.ones(3)).primitives[0].calls, memory(f, np.ones(3)).bytes)
try:
    with checks():
        grad(lambda x: np.sqrt(x) / (x - x))(1.0)
except FloatingPointError as error:
    print(str(error).splitlines()[0])
"""


@pytest.mark.parametrize("way", ["-c", "-"])
def test_without_a_file(way):
    args = [sys.executable, "-W", "ignore", way, *[PROGRAM] * (way == "-c")]
    given = PROGRAM if way == "-" else None
    done = subprocess.run(args, input=given, capture_output=True, text=True, check=True)
    name = "<string>" if way == "-c" else "<stdin>"
    assert done.stdout == (
        "1 24\n"
        "np.divide made inf of finite numbers, where x1 is 1.0 and x2 is 0.0, at File "
        f'"{name}", line 8, in <lambda>\n'
    )
