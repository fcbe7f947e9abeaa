"""A traced value never becomes a plain one unasked, and the words say what to write."""

import array
import asyncio
import cmath
import ctypes
import datetime
import decimal
import fractions
import functools
import json
import linecache
import math
import operator
import pickle
import random
import statistics
import struct
from math import sqrt

import numpy as np
import pytest

import fgrad
from fgrad import errors, grad, value_and_grad, vmap

X = np.array([1.0, 2.0, 3.0])


def failure(fun, x):
    """The error of a gradient, and the line on which that was asked for."""
    with pytest.raises(errors.ConversionError) as info:
        grad(fun)(x)
    return str(info.value), here("grad(fun)(x)")


def here(text):
    """Where `text` stands in this file."""
    lines = linecache.getlines(__file__)
    return next(i for i, line in enumerate(lines, 1) if f"    {text}\n" in line)


def at(fun, line=1):
    """The end of a message about a line of a function."""
    number = fun.__code__.co_firstlineno + line
    text = linecache.getline(__file__, number).strip()
    return f'at File "{__file__}", line {number}, in {fun.__name__}\n    {text}'


# Functions that take plain numbers ----------------------------------------------------


def of_float(x):
    return float(x)


def of_int(x):
    return int(x)


def of_complex(x):
    return complex(x, 1.0).real


def of_item(x):
    return x.item()


def of_item_0(x):
    return x.item(0)


def of_int64(x):
    return np.int64(x)


def of_method(x):
    return x.__float__()


def of_sin(x):
    return math.sin(x)


def of_imported(x):
    return sqrt(x)


def of_floor(x):
    return math.floor(x) * x


def of_trunc(x):
    return math.trunc(x) * x


def of_pow(x):
    return math.pow(x, 2)


def of_gamma(x):
    return math.gamma(x)


def of_remainder(x):
    return math.remainder(x, 2.0)


def of_fsum(x):
    return math.fsum([x, 1.0])


def of_cmath(x):
    return abs(cmath.exp(x))


def of_mean(x):
    return statistics.mean([x, 1.0])


def of_fmean(x):
    return statistics.fmean([x, 1.0])


def of_stdev(x):
    return statistics.stdev([x, 1.0])


def of_fraction(x):
    return fractions.Fraction(x)


def of_ctypes(x):
    return ctypes.c_double(x).value


def of_array_array(x):
    return array.array("d", [x])[0]


def of_pickle(x):
    return pickle.dumps(x)


def of_percent(x):
    return x if "%f" % x else 0.0  # noqa: UP031


def of_randint(x):
    return random.randint(0, x)


# Functions of NumPy that do not ask ---------------------------------------------------


def of_array(x):
    return np.array([x, 2.0]).sum()


def of_nested_lists(x):
    return np.array([x, [x, 1.0]], dtype=object).sum()


def of_array_itself(x):
    return np.array(x, dtype=int)


def of_asarray(x):
    return np.asarray([x]).sum()


def of_sum(x):
    return np.sum([x, 1.0])


def of_norm(x):
    return np.linalg.norm([x, 1.0])


def of_full(x):
    return np.full(3, x).sum()


def of_full_like(x):
    return np.full_like(X, x).sum()


def of_ufunc(x):
    return np.exp([x, 1.0]).sum()


def of_operator(x):
    return (X * [x, 1.0, 2.0]).sum()


def of_float64(x):
    return np.float64(x)


def of_ndarray_dot(x):
    return X.dot([x, 1.0, 2.0])


def of_vectorize(x):
    return np.vectorize(lambda t: t * 2)(x)


def of_masked(x):
    return np.ma.masked_array(x).sum()


def of_r(x):
    return np.r_[x, 1.0].sum()


def of_poly1d(x):
    return np.poly1d([x, 1.0])(2.0)


def of_normal(x):
    return np.random.normal(x)


def of_generator(x):
    rng = np.random.default_rng(0)
    return rng.normal(0.0, x)


def of_new_generator(x):
    return np.random.default_rng(0).exponential(x)


def of_testing(x):
    np.testing.assert_allclose(x, 1.5)


def keep(words):
    return f"{words} to keep it, or stop_gradient(x)"


WRAP = (
    "Give it a rule with fgrad.primitive and fgrad.defvjp to keep it, "
    "or use stop_gradient(x)"
)
DRAW = "Draw from fgrad.numpy.random to keep it, or use stop_gradient(x)"
STOP = "Use stop_gradient(x)"


@pytest.mark.parametrize(
    ("fun", "what", "advice"),
    [
        (of_float, "float(x)", STOP),
        (of_int, "int(x)", STOP),
        (of_complex, "complex(x, 1.0)", STOP),
        (of_item, "x.item()", keep("Use x.reshape(())")),
        (of_item_0, "x.item(0)", keep("Use x.ravel()[0]")),
        (of_method, "x.__float__()", STOP),
        (of_sin, "math.sin(x)", keep("Use np.sin")),
        (of_imported, "sqrt(x)", keep("Use np.sqrt")),
        (of_floor, "math.floor(x)", keep("Use np.floor")),
        (of_trunc, "math.trunc(x)", keep("Use np.trunc")),
        (of_pow, "math.pow(x, 2)", keep("Use np.pow")),
        (of_gamma, "math.gamma(x)", WRAP),
        (of_remainder, "math.remainder(x, 2.0)", WRAP),
        (of_fsum, "math.fsum([x, 1.0])", keep("Use np.sum")),
        (of_cmath, "cmath.exp(x)", keep("Use np.exp")),
        (of_mean, "statistics.mean([x, 1.0])", keep("Use np.mean")),
        (of_fmean, "statistics.fmean([x, 1.0])", keep("Use np.mean")),
        (of_stdev, "statistics.stdev([x, 1.0])", keep("Use np.std(..., ddof=1)")),
        (of_fraction, "fractions.Fraction(x)", STOP),
        (of_ctypes, "ctypes.c_double(x)", STOP),
        (of_array_array, "array.array('d', [x])", STOP),
        (of_pickle, "pickle.dumps(x)", STOP),
        (of_percent, "'%f' % x", "Use an f-string, or stop_gradient(x)"),
        (of_array, "np.array([x, 2.0])", keep("Use fgrad.numpy.array or np.stack")),
        (
            of_nested_lists,
            "np.array([x, [x, 1.0]], dtype=object)",
            keep("Use fgrad.numpy.array or np.stack"),
        ),
        (
            of_array_itself,
            "np.array(x, dtype=int)",
            "Use x.astype(int), whose derivative is zero, or stop_gradient(x)",
        ),
        (
            of_int64,
            "np.int64(x)",
            "Use x.astype(np.int64), whose derivative is zero, or stop_gradient(x)",
        ),
        (of_asarray, "np.asarray([x])", keep("Use fgrad.numpy.asarray")),
        (of_sum, "np.sum([x, 1.0])", keep("Use fgrad.numpy.sum")),
        (of_norm, "np.linalg.norm([x, 1.0])", keep("Use fgrad.numpy.linalg.norm")),
        (of_full, "np.full(3, x)", keep("Use fgrad.numpy.full")),
        (of_full_like, "np.full_like(X, x)", keep("Use fgrad.numpy.full_like")),
        (of_ufunc, "np.exp([x, 1.0])", keep("Use fgrad.numpy.exp")),
        (
            of_operator,
            "X * [x, 1.0, 2.0]",
            "Make the list an array with fgrad.numpy.array to keep it, "
            "or use stop_gradient(x)",
        ),
        (
            of_float64,
            "np.float64(x)",
            keep("Use the method astype(np.float64)"),
        ),
        (of_ndarray_dot, "X.dot([x, 1.0, 2.0])", keep("Use np.dot")),
        (
            of_vectorize,
            "np.vectorize(lambda t: t * 2)(x)",
            keep("Use fgrad.numpy.vectorize"),
        ),
        (of_masked, "np.ma.masked_array(x)", keep("Use plain arrays and where=")),
        (of_r, "np.r_[x, 1.0]", keep("Use fgrad.numpy.r_")),
        (of_poly1d, "np.poly1d([x, 1.0])", keep("Use fgrad.numpy.polyval")),
        (of_normal, "np.random.normal(x)", DRAW),
        (of_new_generator, "np.random.default_rng(0).exponential(x)", DRAW),
        (of_testing, "np.testing.assert_allclose(x, 1.5)", STOP),
    ],
)
def test_words(fun, what, advice):
    message, line = failure(fun, 1.5)
    assert message == (
        f"{what} would drop the gradient of x (made at test_conversions.py:{line}). "
        f"{advice} if that is intended, {at(fun)}"
    )


def test_a_generator_by_name():
    message, _ = failure(of_generator, 1.5)
    assert message.startswith("rng.normal(0.0, x) would drop the gradient of x")
    assert message.endswith(f"{DRAW} if that is intended, {at(of_generator, 2)}")


# What the value is called -------------------------------------------------------------


def in_a_list(x):
    parts = [x, x * x]
    return np.array(parts).sum()


def made_there(x):
    return math.cos(x * 2.0)


def in_a_comprehension(x):
    return np.array([t * t for t in x]).sum()


def over_lines(x):
    return np.array(
        [
            x,
            1.0,
        ]
    ).sum()


def too_long(x):
    return np.array([x, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0])


@pytest.mark.parametrize(
    ("fun", "x", "start", "advice", "line"),
    [
        (
            in_a_list,
            1.0,
            "np.array(parts) would drop the gradient of a traced value in parts (made ",
            "np.stack to keep it, or stop_gradient(parts) if that is intended",
            2,
        ),
        (
            made_there,
            1.0,
            "math.cos(x * 2.0) would drop the gradient of a traced value (made ",
            "np.cos to keep it, or stop_gradient of it if that is intended",
            1,
        ),
        (
            in_a_comprehension,
            X,
            "np.array([t * t for t in x]) would drop the gradient of a traced value (",
            "np.stack to keep it, or stop_gradient of it if that is intended",
            1,
        ),
        (
            over_lines,
            1.0,
            "np.array([x, 1.0]) would drop the gradient of x (made ",
            "np.stack to keep it, or stop_gradient(x) if that is intended",
            1,
        ),
        (
            too_long,
            1.0,
            "np.array(...) would drop the gradient of x (made ",
            "np.stack to keep it, or stop_gradient(x) if that is intended",
            1,
        ),
    ],
)
def test_names(fun, x, start, advice, line):
    message, _ = failure(fun, x)
    assert message.startswith(start)
    assert message.endswith(f"{advice}, {at(fun, line)}")


def test_without_source():
    scope = {"math": math, "np": np}
    exec("def sine(x): return math.sin(x)\ndef pair(x): return np.array([x])", scope)
    end = (
        "Use NumPy's functions, np.stack or fgrad.numpy to keep it, or stop_gradient "
        'of it if that is intended, at File "<string>", line '
    )
    message, _ = failure(scope["sine"], 1.0)
    assert message.startswith("float(x) would drop the gradient of a traced value (")
    assert message.endswith(f"{end}1, in sine")
    message, _ = failure(scope["pair"], 1.0)
    assert message.startswith("np.asarray(x) would drop the gradient of a traced value")
    assert message.endswith(f"{end}2, in pair")


# Other libraries ----------------------------------------------------------------------


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A package installed among others, which calls its caller back."""
    source = (
        "import math\n"
        "import numpy as np\n"
        "def norm(x):\n"
        "    return _checked(x).sum()\n"
        "def _checked(x):\n"
        "    return np.asarray(x)\n"
        "def found(f, x):\n"
        "    return math.floor(f(x))\n"
        "class Table:\n"
        "    def __mul__(self, other):\n"
        "        return float(other)\n"
        "    def __setitem__(self, i, value):\n"
        "        np.zeros(3)[i] = value\n"
    )
    (tmp_path / "installed_library.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(fgrad._words.callsite, "_installed", lambda: (str(tmp_path),))
    import installed_library

    return installed_library


def test_the_line_is_that_of_the_user(library):
    def norm(x):
        return library.norm(x)

    message, line = failure(norm, 1.0)
    assert message == (
        f"library.norm(x) would drop the gradient of x (made at test_conversions.py:"
        f"{line}). {WRAP} if that is intended, {at(norm)}"
    )

    def back(x):
        return library.found(lambda t: t * x, 2.0)

    message, _ = failure(back, 1.0)
    assert message.startswith("library.found(lambda t: t * x, 2.0) would drop ")
    assert message.endswith(at(back))

    def inner(x):
        return library.found(lambda t: float(x), 2.0)

    message, _ = failure(inner, 1.0)
    assert message.startswith("float(x) would drop the gradient of x")

    def times(x):
        return library.Table() * x

    message, _ = failure(times, 1.0)
    assert message.startswith("library.Table() * x would drop the gradient of x")
    assert WRAP in message

    def stores(x):
        table = library.Table()
        table[0] = x

    message, _ = failure(stores, 1.0)
    assert message.startswith("table[0] = ... would drop the gradient of a traced")
    assert message.endswith(at(stores, 2))


def test_a_function_of_a_library_that_is_differentiated_itself(library):
    message, _ = failure(library.norm, 1.0)
    assert message.startswith("np.asarray(x) would drop the gradient of x")
    assert message.endswith("in _checked\n    return np.asarray(x)")


# Indices and stores -------------------------------------------------------------------


def of_range(x):
    return sum(range(x))


def of_list(x):
    return [1.0, 2.0][x]


def of_index(x):
    return X[x]


def of_slice(x):
    return X[:x].sum()


def of_operator_index(x):
    return operator.index(x)


def of_linspace(x):
    return np.linspace(0.0, 1.0, x).sum()


def of_eye(x):
    return np.eye(x).sum()


@pytest.mark.parametrize(
    "fun",
    [
        of_range,
        of_list,
        of_index,
        of_slice,
        of_operator_index,
        of_linspace,
        of_eye,
    ],
)
def test_indices(fun):
    message, _ = failure(fun, 1.0)
    assert message == (
        "a traced value cannot be an index or a count; use int(stop_gradient(x)), "
        f"{at(fun)}"
    )


def store(x):
    out = np.zeros(3)
    out[0] = x


def store_slice(x):
    out = np.zeros((2, 3))
    out[1, :] = x * np.ones(3)


def store_list(x):
    out = np.zeros(3)
    out[:] = [x, 1.0, 2.0]


def fill(x):
    out = np.zeros(3)
    out.fill(x)


def store_out(x):
    out = np.zeros(())
    np.add(x, 1.0, out=out)


@pytest.mark.parametrize("fun", [store, store_slice, store_list, fill, store_out])
def test_stores(fun):
    message, _ = failure(fun, 1.0)
    assert message == (
        "cannot store a traced value into a NumPy array; make the array with "
        "fgrad.numpy in the function that is differentiated: out = "
        f"fgrad.numpy.zeros(n), {at(fun, 2)}"
    )


class Sums:
    """An object with an array."""

    def __init__(self):
        self.total = np.zeros(3)


def add_to(x):
    out = np.zeros(3)
    out += x


def divide(x):
    out = np.ones(3)
    out /= x + 1.0


def add_to_attribute(x):
    sums = Sums()
    sums.total -= x


def add_to_entry(x):
    K, i, j = np.zeros((2, 2)), 0, 1
    K[i, j] += x


def take_from_row(x):
    K = np.zeros((2, 2))
    K[0] -= x * x


def add_to_slice(x):
    out = np.zeros(3)
    out[1:] += x


def scale_row(x):
    K = np.ones((2, 2))
    K[-1] *= x


def add_to_entries(x):
    K, i = np.zeros(2), [0, 0]
    K[i] += x


def add_what_is_long(x):
    out = np.zeros(3)
    out += x + 1.0 + 2.0 + 3.0 + 4.0 + 5.0 + 6.0 + 7.0 + 8.0 + 9.0 + 10.0 + 11.0


@pytest.mark.parametrize(
    ("fun", "cure"),
    [
        (add_to, "out = out + x"),
        (divide, "out = out / (x + 1.0)"),
        (add_to_attribute, "sums.total = sums.total - x"),
        (add_to_entry, "K = fgrad.numpy.array(K) before, in the same function"),
        (take_from_row, "K = fgrad.numpy.array(K) before, in the same function"),
        (add_to_slice, "out = fgrad.numpy.array(out) before, in the same function"),
        (add_to_entries, "K = fgrad.numpy.array(K) before, in the same function"),
        (scale_row, "K = fgrad.numpy.array(K) before, in the same function"),
        (add_what_is_long, "out = out + value"),
    ],
)
def test_augmented_assignments(fun, cure):
    message, _ = failure(fun, 1.0)
    words = "cannot store a traced value into a NumPy array; write"
    assert message == f"{words} {cure}, {at(fun, 2)}"


def test_indices_that_are_computed_from_the_input():
    """The advice for integers works."""
    x = np.array([1.0, 2.0, 3.0])

    def scattered(x, integers):
        return np.sum(fgrad.index_update(np.zeros(3), integers(x), x))

    with pytest.raises(errors.ConversionError, match=r"Use \(x - 1\)\.astype"):
        grad(scattered)(x, lambda x: np.array(x - 1, np.int32))
    found = grad(scattered)(x, lambda x: (x - 1).astype(np.int32))
    np.testing.assert_array_equal(found, [1, 1, 1])


def test_augmented_assignments_within_lists():
    rows = [np.zeros(2)]

    def row(x):
        rows[0] += x

    def entry(x):
        rows[0][1] += x

    message, _ = failure(row, 1.0)
    assert "; write rows[0] = rows[0] + x, at" in message
    message, _ = failure(entry, 1.0)
    assert "; make the array with fgrad.numpy in" in message


def delete(x):
    y = x * np.ones(2)
    del y[0]


def resize(x):
    y = x * np.ones(2)
    y.resize(4)


@pytest.mark.parametrize(
    ("fun", "words"),
    [
        (
            delete,
            "cannot delete an item of a traced array; use x = "
            "np.delete(x, index, axis)",
        ),
        (resize, "x.resize would change a traced array in place; use np.resize"),
    ],
)
def test_changes(fun, words):
    message, _ = failure(fun, 1.0)
    assert message == f"{words}, {at(fun, 2)}"


# Attributes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "__array_interface__",
        "__array_struct__",
        "__dlpack__",
        "base",
        "ctypes",
        "data",
        "flags",
        "tobytes",
    ],
)
def test_memory(name):
    def memory(x):
        return getattr(x, name)

    with pytest.raises(errors.TracedAttributeError) as info:
        grad(memory)(X)
    assert str(info.value) == (
        f"a traced value has no {name}; use stop_gradient(x).{name} if the value alone "
        f"is wanted, {at(memory)}"
    )
    assert isinstance(info.value, AttributeError | errors.ConversionError)
    assert grad(lambda x: x[0] * hasattr(x, name))(X)[0] == 0.0


def test_attributes_that_nobody_has():
    with pytest.raises(AttributeError, match="'ndarray' object has no attribute 'app"):
        grad(lambda x: x.append(3.0))(X)
    with pytest.raises(AttributeError, match="'float' object has no attribute 'nope'"):
        grad(lambda x: x.nope)(1.0)
    with pytest.raises(errors.TracedAttributeError, match=r"stop_gradient\(x\)\.hex "):
        grad(lambda x: x.hex())(1.0)


def times_matrix(x):
    return np.sum(np.matrix(np.eye(3)) * x)


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_matrix():
    message, _ = failure(times_matrix, X)
    assert message == (
        "a traced value cannot become a matrix; use plain arrays, from np.asarray, "
        f"{at(times_matrix)}"
    )


# Functions that do not even ask -------------------------------------------------------


def in_json(x):
    return json.dumps({"x": x})


def in_json_list(x):
    log = [x]
    return json.dumps(log)


def in_struct(x):
    return struct.pack("d", x)


def in_decimal(x):
    return decimal.Decimal(x)


def in_timedelta(x):
    return datetime.timedelta(seconds=x)


def in_memoryview(x):
    return memoryview(x)


def in_percent_d(x):
    return "%d" % x  # noqa: UP031


def in_zeros(x):
    return np.zeros(x)


def in_a_set(x):
    return x in {1.0, 2.0}


@functools.cache
def square(x):
    return x * x


def in_a_cache(x):
    return square(x)


@pytest.mark.parametrize(
    ("fun", "name", "line"),
    [
        (in_json, "x", 1),
        (in_json_list, "log", 2),
        (in_struct, "x", 1),
        (in_decimal, "x", 1),
        (in_timedelta, "x", 1),
        (in_memoryview, "x", 1),
        (in_percent_d, "x", 1),
        (in_zeros, "x", 1),
        (in_a_set, "x", 1),
        (in_a_cache, "x", 1),
    ],
)
def test_notes(fun, name, line):
    kind = struct.error if fun is in_struct else TypeError
    with pytest.raises(kind) as info:
        grad(lambda y: value_and_grad(fun)(y)[0])(1.5)
    inside = "" if name == "x" else "holds what "
    assert info.value.__notes__ == [
        f"{name} {inside}is traced by value_and_grad({fun.__name__}), and a plain "
        f"value is needed here; use stop_gradient({name}) if that is intended, "
        f"{at(fun, line)}"
    ]


def test_no_notes_where_they_would_mislead():
    def helper(x, y):
        return x

    for fun in (
        lambda x: helper(x),
        lambda x: x + None,
        lambda x: np.sum(x, nothing=1),
        lambda x: np.dot(x, 1.0, 2.0, 3.0, 4.0),
        lambda x: int("a", x) if x is None else helper(x, y=x, z=x),
    ):
        with pytest.raises(TypeError) as info:
            grad(fun)(1.5)
        assert not getattr(info.value, "__notes__", [])


def test_notes_of_other_transforms():
    with pytest.raises(TypeError) as info:
        vmap(lambda x: decimal.Decimal(x))(X)
    assert info.value.__notes__[0].startswith("x is traced by vmap(<lambda>), and a ")

    async def later(x):
        await asyncio.sleep(0)
        return decimal.Decimal(x)

    with pytest.raises(TypeError) as info:
        asyncio.run(grad(later)(1.0))
    assert info.value.__notes__[0].startswith("x is traced by grad(later), and a plain")


# What works ---------------------------------------------------------------------------


def test_python_computes_with_traced_numbers():
    rng = random.Random(0)
    z = random.Random(0).gauss(0.0, 1.0)
    assert grad(lambda x: rng.gauss(0.0, x))(1.5) == pytest.approx(z)
    assert grad(lambda x: max(x, 2 * x) + min(x, 3.0))(1.5) == 3.0
    assert grad(lambda x: sum([x, x]) * sorted([x, -x, 9.0])[1])(1.5) == 6.0
    assert grad(lambda x: math.prod([x, x, 2.0]))(1.5) == 6.0
    assert grad(lambda x: statistics.median([x, 3 * x, 4 * x]))(1.5) == 3.0
    assert grad(lambda x: functools.reduce(operator.mul, [x, x, x]))(2.0) == 12.0
    assert grad(lambda x: x if x in X else 2 * x)(1.5) == 2.0
    assert grad(lambda x: sum(x.tolist()) * 1.0)(X).tolist() == [1.0] * 3
    assert grad(lambda x: fractions.Fraction(1, 2) * x)(1.5) == 0.5
    assert grad(lambda x: x.astype(int) * x)(1.5) == 1.0


def test_printing_is_not_differentiating():
    seen = []

    def shows(x):
        seen.extend([repr(x), str(x), f"{x:.3f}", f"{x:.2f} {x}", "%s" % x])  # noqa: UP031
        return x

    assert grad(shows)(1.5) == 1.0
    assert seen == [
        "Box(1.5, shape=(), dtype=float64, traced by grad(shows))",
        "1.5",
        "1.500",
        "1.50 1.5",
        "1.5",
    ]


# Lists used like arrays ---------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda p: np.sum((p - 1.0) ** 2),
        lambda p: np.sum(2.0 * p),
        lambda p: p @ p,
        lambda p: -p,
        lambda p: p.sum(),
        lambda p: p**2,
    ],
)
def test_arithmetic_with_a_list(use):
    with pytest.raises((TypeError, AttributeError)) as info:
        grad(use)([0.0, -2.0])
    (note,) = info.value.__notes__
    assert note.startswith(
        "p is a list of traced values; make it an array with fgrad.numpy.array(p), or "
        "pass np.array(...) to the function in place of the list, at File "
    )


def test_errors_of_the_users_get_no_note():
    class Odd:
        pass

    for fails in (lambda x: [x] and Odd().there, lambda x: [x] and "a" - 1):
        with pytest.raises((TypeError, AttributeError)) as info:
            grad(fails)(1.0)
        assert not hasattr(info.value, "__notes__")
