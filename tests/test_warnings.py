"""Floating-point warnings are those of the program without tracing, line for line."""

import asyncio
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import grad, jacobian, jvp, vmap

X = np.array([0.0, 1.0, 2.0])


def seen(call):
    """What a call warns of, and where."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [(str(w.message), w.category, w.filename, w.lineno) for w in caught]


def operators(x):
    y = x / (x - 1.0)
    z = 1.0 / x
    return np.sum(y) + z[1]


def ufuncs(x):
    a = np.log(x - 1.0)
    b = np.exp(1000.0 * x)
    np.sqrt(-x)
    return a[2] + b[0]


def scalars(x):
    a = x[0] / x[0]
    b = x[2] ** 10_000
    return a + b


def methods(x):
    mean = x[:0].mean()
    return mean + x[0]


FUNCTIONS = [operators, ufuncs, scalars]


@pytest.mark.parametrize("fun", FUNCTIONS, ids=lambda fun: fun.__name__)
@pytest.mark.parametrize(
    "run",
    [
        lambda fun: grad(fun)(X),
        lambda fun: jvp(fun, (X,), (X,)),
        lambda fun: jacobian(fun)(X),
        lambda fun: grad(lambda x: fun(x) + grad(lambda y: y * y)(1.0))(X),
        lambda fun: asyncio.run(grad(later(fun))(X)),
    ],
)
def test_the_line_is_that_of_the_user(fun, run):
    plain = seen(lambda: fun(X))
    assert plain
    assert {filename for _, _, filename, _ in plain} == {__file__}
    assert seen(lambda: run(fun)) == plain


def later(fun):
    async def run(x):
        await asyncio.sleep(0)
        return fun(x)

    return run


def test_under_vmap():
    (warning,) = seen(lambda: vmap(lambda x: 1.0 / x)(X))
    assert warning[0] == "divide by zero encountered in divide"
    assert warning[2] == __file__
    (warning,) = seen(lambda: vmap(grad(lambda x: np.log(x)))(X))
    assert warning[2] == __file__


def test_fgrads_own_functions():
    def of_namespace(x):
        return fnp.sum(fnp.log(x))

    def of_composition(x):
        return np.sum(np.corrcoef(x * 0.0, x))

    for fun in (of_namespace, of_composition):
        found = seen(lambda fun=fun: grad(fun)(X))
        line = fun.__code__.co_firstlineno + 1
        assert {(filename, n) for _, _, filename, n in found} == {(__file__, line)}


def test_what_numpys_own_code_computes():
    package = os.path.dirname(fgrad.__file__) + os.sep
    assert not any(name.startswith(package) for _, _, name, _ in seen(overflowing))


def overflowing():
    grad(methods)(X)


def test_once_for_each_line():
    def both(x):
        for _ in range(3):
            a = 1.0 / x
            b = 2.0 / x
        return a[1] + b[1]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        globals().pop("__warningregistry__", None)
        grad(both)(X)
    line = both.__code__.co_firstlineno
    assert [w.lineno - line for w in caught] == [2, 3]


def test_filters_and_settings_are_the_users():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="divide by zero encountered in divid"):
            grad(lambda x: np.sum(1.0 / x))(X)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        grad(lambda x: np.sum(1.0 / x))(X)
    with np.errstate(all="ignore"):
        assert not seen(lambda: grad(lambda x: np.sum(1.0 / x))(X))
    calls = []
    with np.errstate(all="call", call=lambda *found: calls.append(found)):
        assert not seen(lambda: grad(lambda x: np.sum(1.0 / x))(X))
    assert calls == [("divide by zero", 1)]
    with np.errstate(divide="call", call=lambda *found: calls.append(found)):
        grad(lambda x: np.sum(1.0 / x))(X)
        assert seen(lambda: grad(lambda x: np.sum(np.sqrt(-x)))(X))
    assert len(calls) == 2


def test_settings_inside_the_function():
    def quiet(x):
        with np.errstate(divide="ignore"):
            y = 1.0 / x
        return np.sum(y)

    def strict(x):
        with np.errstate(divide="raise"):
            return np.sum(1.0 / x)

    assert not seen(lambda: grad(quiet)(X))
    with pytest.raises(FloatingPointError):
        grad(strict)(X)


@pytest.fixture
def settings():
    with np.errstate():
        yield


@pytest.mark.usefixtures("settings")
def test_settings_are_left_as_they_were():
    before, call = np.geterr(), np.geterrcall()
    grad(np.sin)(1.0)
    vmap(np.sin)(X)
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: 1 / 0)(1.0)
    assert np.geterr() == before
    assert np.geterrcall() is call


SCRIPT = """
import numpy as np, fgrad
print(fgrad.grad(lambda x: 1 / (x - x) + np.exp(1e4 * x))(np.float64(1)))
print(fgrad.grad(lambda x: np.log(x))(0.0))
"""
WORDS = [
    "divide by zero encountered in scalar divide",
    "overflow encountered in exp",
    "divide by zero encountered in log",
]


@pytest.mark.parametrize(
    ("options", "stdin"),
    [
        (["-c", SCRIPT], ""),
        (["-"], SCRIPT),
        (["-i", "-q"], SCRIPT),
        (["-m", "IPython", "--simple-prompt", "--no-banner"], SCRIPT),
    ],
    ids=["command", "stdin", "interactive", "IPython"],
)
def test_where_there_is_no_file(options, stdin, tmp_path):
    """The first minute of a new user: the REPL, ``python -c`` and their like."""
    run = subprocess.run(
        [sys.executable, *options],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "IPYTHONDIR": str(tmp_path), "PYTHONWARNINGS": "always"},
        cwd=os.path.dirname(os.path.dirname(fgrad.__file__)),
        check=False,
    )
    said = run.stdout + run.stderr
    for words in WORDS:
        assert f"RuntimeWarning: {words}" in said, said
    assert "Error" not in said, said
