"""The shape of the package: who imports whom, what is public, what is documented."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fgrad
from fgrad import _engine
from fgrad._engine.later import LATER
from fgrad._engine.rules import DERIVED, RULES
from fgrad._engine.signatures import function_name
from tests import samples
from tests.samples import SAMPLES

ROOT = Path(fgrad.__file__).parent

FLOORS = (
    "errors",
    "_tree",
    "_words",
    "_engine",
    "_ravel",
    "primitives",
    "derived",
    "batching",
    "numpy",
    "_program",
    "_transforms",
    "linalg",
    "nn",
    "scipy",
    "tree",
    "optim",
    "sharded",
    "testing",
    "_coverage_of_scipy",
    "_coverage",
    "debug",
    "port",
    "__init__",
    "__main__",
)
"""The rooms of the house from the ground up: an import leads down, or stays inside."""

PUBLIC = (
    "fgrad",
    "fgrad.linalg",
    "fgrad.nn",
    "fgrad.nn.init",
    "fgrad.testing",
    "fgrad.testing.hypothesis",
    "fgrad.errors",
    "fgrad.optim",
    "fgrad.optim.autograd",
    "fgrad.sharded",
    "fgrad.tree",
)
"""The modules that users import, besides `fgrad.numpy` and `fgrad.debug`."""

FILES = sorted(ROOT.rglob("*.py"))

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages([str(ROOT)], "fgrad.")
    if not module.ispkg or module.name.count(".") > 1
)


def name_of(path):
    """The module that a file is."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(name):
    return name.split(".")[1] if "." in name else "__init__"


MODULE_NAMES = {name_of(path) for path in FILES}


def imported(node):
    """The modules of fgrad that a statement or a call imports."""
    names = []
    if isinstance(node, ast.ImportFrom) and node.module:
        names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
    elif isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    return {name for name in names if name in MODULE_NAMES}


def imports(path):
    """The modules of fgrad that a file imports, without those it lies in."""
    found = set().union(*map(imported, ast.walk(ast.parse(path.read_text()))))
    here = name_of(path)
    return {name for name in found if not f"{here}.".startswith(f"{name}.")}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_lead_down(path):
    here = FLOORS.index(room(name_of(path)))
    assert {n for n in imports(path) if FLOORS.index(room(n)) > here} == set()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_does_not_ask_the_room_it_lies_in(path):
    """The room's ``__init__.py`` imports its files, so that would be a circle."""
    here = name_of(path)
    if path.name == "__init__.py" or path == ROOT / "__main__.py":
        return
    asked = {
        node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module in MODULE_NAMES - {"fgrad"}
    }
    assert not {room for room in asked if here.startswith(f"{room}.")}


@pytest.mark.parametrize("name", _engine.ORDER)
def test_the_engine_is_read_in_order(name):
    """A file of the engine imports only those before it, and the rooms below."""
    before = {f"fgrad._engine.{n}" for n in _engine.ORDER[: _engine.ORDER.index(name)]}
    found = {n for n in imports(ROOT / "_engine" / f"{name}.py") if "_engine" in n}
    assert found <= before


def test_the_engine_is_all_there():
    files = {path.stem for path in (ROOT / "_engine").glob("*.py")} - {"__init__"}
    assert files == {*_engine.ORDER}


def test_nothing_goes_in_a_circle():
    graph = {name_of(path): imports(path) for path in FILES}
    graph["fgrad"] = set()  # it may import everything, and is imported by nobody
    done = set()

    def visit(name, above):
        assert name not in above, f"circle: {[*above[above.index(name) :], name]}"
        if name not in done:
            for other in graph[name]:
                visit(other, [*above, name])
            done.add(name)

    for name in graph:
        visit(name, [])


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_what_loads_late(path):
    """Late imports of fgrad are those of the hook, which `fgrad/__init__.py` fills."""
    if path == ROOT / "__init__.py":
        return
    tree = ast.parse(path.read_text())
    late = [
        node.lineno
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(outer)
        if imported(node)
    ]
    assert not late
    text = path.read_text().replace("importlib.metadata", "")  # it tells versions
    for words in ("import_module", "__import__", "importlib"):
        assert words not in text


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_stay_one_idea_wide(path):
    limit = 530 if path.parent.name == "numpy" else 450
    assert len(path.read_text().splitlines()) <= limit


def rule_files(fun):
    """The files that register a function, by the names of their files of samples."""
    found = [DERIVED[fun].__module__] if fun in DERIVED else []
    if fun in RULES:
        found += [pullback.fun.__module__ for pullback in RULES[fun].pullbacks.values()]
    return {
        re.sub(r"^fgrad\.((primitives|derived|nn)\.)?|(?<=\.)_", "", module)
        for module in found
        if module.startswith("fgrad.")
        and room(module) in {"primitives", "derived", "nn", "scipy"}
    }


def test_samples_have_the_names_of_rule_files():
    """The file `x` is for ``primitives/[_]x.py``, ``derived/x.py`` and ``[_]x.py``."""
    samples.load()
    LATER["compositions"]()
    top = Path(samples.__file__).parent
    paths = [path.relative_to(top).with_suffix("") for path in top.rglob("*.py")]
    files = {".".join(path.parts) for path in paths if path.stem != "__init__"}
    registered = set().union(*map(rule_files, {*RULES, *DERIVED}))
    assert files == registered - {"changing"}  # in `tests.test_assignment`
    misplaced = [
        (function_name(fun), call.file)
        for fun, calls in SAMPLES.items()
        for call in calls
        if (rule_files(fun) or {call.file}) != {call.file}
    ]
    assert not misplaced


@pytest.mark.parametrize("name", MODULES)
def test_modules_say_what_they_are(name):
    assert inspect.getdoc(importlib.import_module(name))


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names(module):
    module = importlib.import_module(module)
    assert sorted(module.__all__) == list(module.__all__)
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.ismodule(thing):
            continue
        doc = inspect.getdoc(thing)
        assert doc, name
        if inspect.isfunction(thing):
            assert "Parameters\n" in doc, name
            assert doctest.DocTestFinder().find(thing, name)[0].examples, name


def test_the_reference_names_everything():
    text = (ROOT.parent / "docs" / "reference.md").read_text()
    for module in PUBLIC:
        module = importlib.import_module(module)
        for name in module.__all__:
            thing = getattr(module, name)
            if not inspect.ismodule(thing):
                assert f"| `{name}" in text, name
                assert inspect.getdoc(thing).splitlines()[0] in text, name


@pytest.mark.parametrize("module", [name for name in PUBLIC if name != "fgrad.errors"])
def test_the_reference_gives_the_signatures(module):
    text = (ROOT.parent / "docs" / "reference.md").read_text()
    module = importlib.import_module(module)
    for name in module.__all__:
        thing = getattr(module, name)
        if not inspect.isfunction(thing):
            continue
        signature = inspect.signature(thing)
        bare = signature.replace(
            parameters=[
                p.replace(annotation=p.empty) for p in signature.parameters.values()
            ],
            return_annotation=signature.empty,
        )
        assert f"| `{name}{bare}` |" in text, f"{name}{bare}"


def test_the_core_needs_numpy_and_typing_extensions():
    allowed = {"numpy", "typing_extensions", "fgrad"}
    for path in ROOT.rglob("*.py"):
        optional = {"scipy", "hypothesis"} & {*path.relative_to(ROOT).parts}
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                assert top in allowed | optional | sys.stdlib_module_names


def test_the_import_is_light():
    """Parts of NumPy that load when they are first asked for are not asked for."""
    late = {"ast", "hypothesis", "numpy.polynomial", "numpy.random", "numpy.testing"}
    late |= {"concurrent.futures", "dask", "distributed", "fgrad.sharded", "scipy"}
    late |= {"fgrad.port", "multiprocessing", "tqdm"}
    code = (
        "import sys, numpy; before = set(sys.modules); import fgrad;"
        f"new = {late} & set(sys.modules) - before; assert not new, new"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
