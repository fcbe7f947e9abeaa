"""`fgrad.numpy` is NumPy for whoever imports it as ``np``."""

import contextlib
import doctest
import importlib
import inspect
import io
import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import fgrad.numpy
from fgrad import grad
from fgrad._engine.dispatch import lift
from fgrad.errors import ConversionError, MissingRuleError
from fgrad.numpy._namespace import FOLLOWED, LIFTED, OF_UFUNCS
from fgrad.testing import check_rule

MODULES = """
numpy numpy.char numpy.ctypeslib numpy.dtypes numpy.exceptions numpy.f2py numpy.fft
numpy.lib numpy.lib.array_utils numpy.lib.format numpy.lib.introspect numpy.lib.mixins
numpy.lib.npyio numpy.lib.recfunctions numpy.lib.scimath numpy.lib.stride_tricks
numpy.linalg numpy.ma numpy.ma.extras numpy.ma.mrecords numpy.polynomial
numpy.polynomial.chebyshev numpy.polynomial.hermite numpy.polynomial.hermite_e
numpy.polynomial.laguerre numpy.polynomial.legendre numpy.polynomial.polynomial
numpy.polynomial.polyutils numpy.random numpy.rec numpy.strings numpy.testing
numpy.testing.overrides numpy.typing numpy.version
""".split()  # noqa: SIM905
"""The modules that NumPy documents."""

OWN = {
    "numpy": {"c_", "ndenumerate", "r_", "row_stack", "ufunc", "vectorize"},
    "numpy.random": {"Generator", "RandomState", "default_rng"},
    **{
        f"numpy.polynomial.{basis}": {basis.title().replace("_E", "E")}
        for basis in ("chebyshev", "hermite", "hermite_e", "laguerre", "legendre")
    },
    "numpy.polynomial.polynomial": {"Polynomial"},
}
OWN["numpy.polynomial"] = {
    name for space, names in OWN.items() if "polynomial" in space for name in names
}
"""Objects that are fgrad's; all others are NumPy's, or lifted."""


def public(module: ModuleType) -> list[str]:
    names = {name for name in dir(module) if not name.startswith("_")}
    return sorted({*names, *getattr(module, "__all__", ())})


def attribute(module: Any, name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated names
        return getattr(module, name, None)


@pytest.mark.parametrize("space", MODULES)
def test_every_name_is_there(space: str) -> None:
    """Under the import statement and under the attribute, whichever comes first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = importlib.import_module(space)
        ours = importlib.import_module(f"fgrad.{space}")
    assert ours.__doc__
    assert set(public(theirs)) <= set(dir(ours))
    for name in public(theirs):
        mine, numpys = attribute(ours, name), attribute(theirs, name)
        if isinstance(numpys, ModuleType):
            assert mine is numpys or mine.__name__ == f"fgrad.{numpys.__name__}"
        elif name in OWN.get(space, ()):
            assert mine is not numpys
            assert inspect.getdoc(mine)
        elif mine is not numpys and name != "test":  # which f2py makes when asked
            assert mine is LIFTED[numpys]
            assert mine.__wrapped__ == numpys
            if name != "sinc":  # SciPy adds to its documentation
                assert mine.__doc__ == numpys.__doc__
            assert mine.__name__ == numpys.__name__


def test_what_is_missing_is_said() -> None:
    with pytest.raises(AttributeError, match=r"module 'fgrad\.numpy' has no .*'nope'"):
        _ = fgrad.numpy.nope
    with pytest.raises(AttributeError, match="Use `np.float64` instead"):
        _ = fgrad.numpy.float_
    with pytest.raises(AttributeError, match=r"'fgrad\.numpy\.linalg' has no"):
        _ = attribute_of_linalg("nope")


def attribute_of_linalg(name: str) -> Any:
    return getattr(fgrad.numpy.linalg, name)


@pytest.mark.parametrize("statement", ["*", "testing, random, ma", "char as c"])
def test_import_from(statement: str) -> None:
    ours: dict[str, Any] = {}
    theirs: dict[str, Any] = {}
    exec(f"from fgrad.numpy import {statement}", ours)
    exec(f"from numpy import {statement}", theirs)
    assert set(ours) == set(theirs)


def test_the_import_is_light() -> None:
    late = {"numpy.ctypeslib", "numpy.f2py", "numpy.ma", "numpy.random"}
    late |= {"numpy.strings", "numpy.testing", "numpy.typing", "fgrad.numpy.polynomial"}
    code = (
        "import sys, numpy; before = set(sys.modules); import fgrad.numpy;"
        f"new = {late} & set(sys.modules) - before; assert not new, new"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_object_under_several_names() -> None:
    by_object: dict[Any, str] = {}
    for name in public(np):
        thing = attribute(np, name)
        if getattr(thing, "__hash__", None) and callable(thing):
            first = by_object.setdefault(thing, name)
            assert attribute(fgrad.numpy, name) is attribute(fgrad.numpy, first)


@pytest.mark.parametrize("fun", LIFTED.values(), ids=lambda fun: fun.__qualname__)
def test_lifted_functions_pickle(fun: Any) -> None:
    """Also if they have been lifted elsewhere, as `check_rule` does."""
    lift(fun.__wrapped__)
    assert pickle.loads(pickle.dumps(fun)) is fun


def test_functions_pickle_after_a_check_of_their_derivatives() -> None:
    check_rule(np.cosh, (0.5,))
    assert pickle.loads(pickle.dumps(fgrad.numpy.cosh)) is fgrad.numpy.cosh


def test_signatures() -> None:
    for numpys, ours in LIFTED.items():
        try:
            expected = inspect.signature(numpys)
        except ValueError:
            continue
        assert inspect.signature(ours) == expected


# Ufuncs -------------------------------------------------------------------------------

UFUNCS = [fun for fun in LIFTED if isinstance(fun, np.ufunc)]


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda ufunc: ufunc.__name__)
def test_ufuncs_keep_their_attributes(ufunc: Any) -> None:
    ours = LIFTED[ufunc]
    for name in OF_UFUNCS:
        mine = getattr(ours, name)
        if name in FOLLOWED:
            assert getattr(mine, "__wrapped__", mine) == getattr(ufunc, name)
            assert mine.__doc__ == getattr(ufunc, name).__doc__
            if mine != getattr(ufunc, name):
                assert pickle.loads(pickle.dumps(mine)) is mine
        else:
            assert mine == getattr(ufunc, name)


def test_the_type_of_ufuncs() -> None:
    kind = fgrad.numpy.ufunc
    for fun in UFUNCS:
        assert isinstance(fun, kind)
        assert isinstance(LIFTED[fun], kind)
    own = np.frompyfunc(lambda x: x, 1, 1)
    assert isinstance(own, kind)
    assert not isinstance(fgrad.numpy.sum, kind)
    assert not isinstance(1.0, kind)
    assert issubclass(np.ufunc, kind)
    assert not issubclass(int, kind)
    for add in (np.add, fgrad.numpy.add):
        assert kind.reduce(add, [1, 2]) == 3
        assert kind.__call__(add, 1, 2) == 3
    with pytest.raises(TypeError, match="cannot create"):
        kind()


X = np.array([0.5, 0.25, 1.5])
PLAIN = np.zeros(3)


def test_methods_of_traced_values() -> None:
    """Also in lists, which NumPy's own methods cannot take."""
    fnp = fgrad.numpy
    np.testing.assert_array_equal(grad(lambda x: fnp.add.reduce(x))(X), np.ones(3))
    assert grad(lambda x: fnp.multiply.reduce([x, 2 * x, 3.0]))(1.5) == 18.0
    assert abs(grad(lambda x: fnp.logaddexp.reduce([x, x]))(1.5) - 1.0) < 1e-15
    assert grad(lambda x: fnp.sum(fnp.subtract.outer([x, 1.0], [x, 2.0])))(1.5) == 0.0
    assert grad(lambda x: fnp.maximum.accumulate([x, 1.0, 2 * x])[2])(1.5) == 2.0


@pytest.mark.parametrize(
    "fun",
    [
        lambda np, x: np.add.at(PLAIN, [0, 1, 2], x),
        lambda np, x: np.add.reduce(x, out=PLAIN[:1].reshape(())),
        lambda np, x: np.add(x, 1.0, out=PLAIN),
    ],
)
@pytest.mark.parametrize("through", [np, fgrad.numpy], ids=["numpy", "fgrad.numpy"])
def test_what_cannot_be_followed(fun: Any, through: Any) -> None:
    with pytest.raises((ConversionError, MissingRuleError, TypeError)):
        grad(lambda x: np.sum(x) + 0 * (fun(through, x) or 0))(X)


def test_classes_take_instances_of_numpys() -> None:
    """They come from other libraries, which import NumPy."""
    ours, theirs = fgrad.numpy.random, np.random
    assert isinstance(theirs.default_rng(0), ours.Generator)
    assert isinstance(ours.default_rng(0), theirs.Generator)
    assert isinstance(theirs.RandomState(0), ours.RandomState)
    assert not isinstance(theirs.RandomState(0), ours.Generator)
    assert type(ours.default_rng(theirs.default_rng(0))) is ours.Generator

    class Mine(ours.Generator):
        """A class of a user's."""

    assert not isinstance(theirs.default_rng(0), Mine)
    assert isinstance(Mine(theirs.PCG64(0)), ours.Generator)
    one = np.polynomial.Polynomial([1.0, 2.0])
    assert isinstance(one, fgrad.numpy.polynomial.Polynomial)
    assert not isinstance(one, fgrad.numpy.polynomial.Chebyshev)


# The same behaviour on plain arrays ---------------------------------------------------

PROGRAMS = Path(__file__).parent / "numpy_programs.py"


def programs(package: str) -> dict[str, Any]:
    """The functions of a file of ordinary NumPy code, imported from a package."""
    source = re.sub(
        r"^(\s*)(import|from) numpy\b",
        rf"\1\2 {package}",
        PROGRAMS.read_text(),
        flags=re.MULTILINE,
    )
    found: dict[str, Any] = {"__name__": f"programs_of_{package}"}
    exec(compile(source, str(PROGRAMS), "exec"), found)
    return {name: fun for name, fun in found.items() if name.startswith("program_")}


THEIRS, OURS = programs("numpy"), programs("fgrad.numpy")


def same(ours: Any, theirs: Any) -> None:
    assert type(ours) is type(theirs)
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        same([*ours.values()], [*theirs.values()])
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            same(one, other)
    else:
        np.testing.assert_array_equal(ours, theirs, strict=isinstance(ours, np.ndarray))


@pytest.mark.parametrize("name", THEIRS)
def test_programs(name: str) -> None:
    same(OURS[name](), THEIRS[name]())


DIFFERENT = re.compile(
    r"matplotlib|scipy|distutils|rundocs|time\.|tmp|DataSource|entropy|PCG64\(\)"
    r"|default_rng\(\)|RandomState\(\)|MT19937\(\)|Philox\(\)|SFC64\(\)"
    r"|np\.test\(|lib\.test\(|measure\(|show_config|help\(|\bids?\(|empty_like\("
)
"""What is in examples that are not the same when they run again."""


def examples(space: str) -> list[Any]:
    """The examples in NumPy's own documentation of the names in a module."""
    module = importlib.import_module(space)
    texts: dict[str, str] = {}
    for name in public(module):
        thing = attribute(module, name)
        members = dir(thing) if isinstance(thing, type) else []
        for path in ([name], *([name, m] for m in members if not m.startswith("_"))):
            found = thing if len(path) == 1 else attribute(thing, path[1])
            text = getattr(found, "__doc__", None)
            if isinstance(text, str) and ">>>" in text and not DIFFERENT.search(text):
                texts.setdefault(text, ".".join(path))
    parser, found = doctest.DocTestParser(), []
    for text, name in texts.items():
        with contextlib.suppress(ValueError):  # no doctest
            found.append((name, parser.get_examples(text)))
    return found


def outputs(parts: list[doctest.Example], package: Any) -> list[str]:
    """What each part of an example prints, or the exception that it raises."""
    names: dict[str, Any] = {"np": package}
    printed = []
    for part in parts:
        source = re.sub(
            r"\b(import|from) numpy\b", rf"\1 {package.__name__}", part.source
        )
        out = io.StringIO()
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(compile(source, "<example>", "single"), names)
            except Exception as error:  # noqa: BLE001 (compared with the other's)
                out.write(f"{type(error).__name__}: {error}")
        text = re.sub(r"0x[0-9a-f]+", "", out.getvalue()).replace("fgrad.", "")
        printed.append(f">>> {part.source}{text}")
    return printed


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("space", MODULES)
def test_examples_of_numpys_documentation(
    space: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """They print the same, whichever package is imported as ``np``."""
    monkeypatch.chdir(tmp_path)
    for _, parts in examples(space):
        both = []
        for package in (np, fgrad.numpy):
            state, options = np.random.get_state(), np.get_printoptions()
            np.random.seed(0)
            both.append(outputs(parts, package))
            np.random.set_state(state)
            np.set_printoptions(**options)
        assert both[0] == both[1]


def test_own_examples() -> None:
    """Those of fgrad's own classes; a lifted function has NumPy's."""
    found = 0
    for module in [m for name, m in sys.modules.items() if "fgrad.numpy" in name]:
        for thing in list(vars(module).values()):
            mine = getattr(thing, "__module__", None) == module.__name__
            if mine and not hasattr(thing, "__wrapped__"):
                tests = doctest.DocTestFinder(recurse=False).find(thing)
                for test in (test for test in tests if test.examples):
                    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
                    assert not runner.run(test).failed
                    found += 1
    assert found > 2
