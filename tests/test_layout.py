"""The shape of the package: who imports whom, what is public, what is documented."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import fgrad

ROOT = Path(fgrad.__file__).parent

MAY_IMPORT = {
    "errors": set(),
    "_callsite": set(),
    "_tree": {"errors"},
    "_ravel": {"errors", "_trace", "_tree"},
    "_scatter": set(),
    "_signatures": set(),
    "_rules": {"errors", "_signatures"},
    "_conversions": {"errors", "_callsite"},
    "_box": {"errors", "_callsite", "_conversions"},
    "_foreign": {"errors", "_callsite"},
    "_trace": {"errors", "_callsite", "_foreign", "_rules", "_box"},
    "_arguments": {"_box", "_foreign", "_rules", "_trace"},
    "_bind": {
        "errors",
        "_arguments",
        "_callsite",
        "_conversions",
        "_foreign",
        "_rules",
        "_trace",
    },
    "_batching": {"errors", "_arguments", "_bind", "_callsite", "_rules", "_trace"},
    "batching": {
        "_batching",
        "_bind",
        "_box",
        "_rules",
        "_scatter",
        "_trace",
        "batching",
        "primitives",
    },
    "_dispatch": {
        "errors",
        "_batching",
        "_bind",
        "_box",
        "_callsite",
        "_conversions",
        "_foreign",
        "_rules",
        "_trace",
    },
    "_cotangents": {"_bind", "_dispatch", "_rules", "_scatter", "_trace"},
    "_replay": {
        "errors",
        "_batching",
        "_bind",
        "_box",
        "_callsite",
        "_cotangents",
        "_dispatch",
        "_foreign",
        "_rules",
        "_scatter",
        "_trace",
    },
    "_forward": {
        "_bind",
        "_callsite",
        "_dispatch",
        "_replay",
        "_rules",
        "_scatter",
        "_trace",
    },
    "_transforms": {
        "_batching",
        "_bind",
        "_box",
        "_callsite",
        "_conversions",
        "_foreign",
        "_forward",
        "_ravel",
        "_replay",
        "_rules",
        "_trace",
        "_tree",
        "errors",
        "_transforms",
    },
    "testing": {"_dispatch", "_trace", "_transforms", "_tree"},
    "primitives": {
        "errors",
        "_box",
        "_conversions",
        "_dispatch",
        "_rules",
        "_scatter",
        "_trace",
        "primitives",
    },
    "derived": {
        "errors",
        "_callsite",
        "_conversions",
        "_dispatch",
        "_rules",
        "_trace",
        "derived",
        "primitives",
    },
    "numpy": {"_dispatch", "numpy", "primitives", "derived"},
    "_surface": {"_box", "_rules", "numpy"},
    "debug": {"_batching", "_rules", "_surface"},
    "tree": {"_tree", "errors"},
}
"""Which rooms a room may import; ``__init__`` may import everything."""

LATE = {("_box", "numpy")}
"""Imports inside a function: ``__array_namespace__`` returns `fgrad.numpy`."""

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages([str(ROOT)], "fgrad.")
    if not module.ispkg or module.name.count(".") > 1
)


def room(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "fgrad" and len(parts) > 1:
                yield parts[1]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: p.name)
def test_import_edges(path):
    if path == ROOT / "__init__.py":
        return
    here = room(path)
    rooms = {*MAY_IMPORT, "__init__"}
    edges = {(here, name) for name in imports(path) if name in rooms and name != here}
    allowed = {(here, name) for name in MAY_IMPORT[here]}
    assert edges - LATE <= allowed


def test_the_table_has_no_cycle():
    done = set()

    def visit(name, above):
        assert name not in above, f"cycle through {name}"
        if name not in done:
            for other in MAY_IMPORT[name] - {name}:
                visit(other, {*above, name})
            done.add(name)

    for name in MAY_IMPORT:
        visit(name, set())


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: p.name)
def test_files_stay_one_idea_wide(path):
    limit = 520 if path.parent.name == "numpy" else 450
    assert len(path.read_text().splitlines()) <= limit


@pytest.mark.parametrize("name", MODULES)
def test_modules_say_what_they_are(name):
    assert inspect.getdoc(importlib.import_module(name))


@pytest.mark.parametrize(
    "module", ["fgrad", "fgrad.testing", "fgrad.errors", "fgrad.tree"]
)
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
    for module in ("fgrad", "fgrad.testing", "fgrad.errors", "fgrad.tree"):
        module = importlib.import_module(module)
        for name in module.__all__:
            thing = getattr(module, name)
            if not inspect.ismodule(thing):
                assert f"| `{name}" in text, name
                assert inspect.getdoc(thing).splitlines()[0] in text, name


def test_the_core_needs_only_numpy():
    allowed = {"numpy", "fgrad"}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                assert top in allowed or top in __import__("sys").stdlib_module_names


def test_the_import_is_light():
    """Parts of NumPy that load when they are first asked for are not asked for."""
    code = (
        "import sys, numpy; before = set(sys.modules); import fgrad;"
        "new = set(sys.modules) - before;"
        "assert not {'ast', 'hypothesis', 'numpy.random', 'numpy.testing'} & new, new"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
