"""Every public name of NumPy is in a list, and in the right one."""

import csv
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fgrad
import fgrad.numpy
from fgrad import coverage, grad
from fgrad._coverage import namespace
from fgrad._engine.box import Box
from fgrad._engine.methods import FORWARDED
from fgrad.errors import ConversionError
from fgrad.testing import check_grads

TABLE = coverage()
BY_NAME = {(entry.namespace, entry.name): entry for entry in TABLE}
ROOT = Path(__file__).parent.parent

CLASSES = {
    "primitive": "differentiable",
    "composition": "differentiable",
    "constant": "constant",
    "refused": "in-place",
}
"""What the list of the surface calls each kind."""

DROPS = "the value would be a plain number, without its derivative"
DISAGREEMENTS = {
    ("numpy", "arange"): ("composition", "start and step move the numbers"),
    ("numpy", "heaviside"): ("primitive", "constant in x1, linear in x2 at x1 = 0"),
    ("numpy", "intersect1d"): ("composition", "a gather: its entries are those of x"),
    ("numpy", "sign"): ("composition", "of a complex number: z / abs(z)"),
    ("numpy.ndarray", "__float__"): ("refused", DROPS),
    ("numpy.ndarray", "__complex__"): ("refused", DROPS),
    ("numpy.ndarray", "__int__"): ("refused", DROPS),
    ("numpy.ndarray", "__index__"): ("refused", DROPS),
    ("numpy.ndarray", "item"): ("refused", DROPS),
}
"""Names of which the list says otherwise, and why fgrad does not follow it."""

RENAMED = {
    ("numpy.ma", "masked mean"): None,  # NumPy makes an array of every masked one
    ("numpy.random", "RandomState.normal(loc, scale)"): "RandomState",
    ("numpy.random", "default_rng().normal(loc, scale)"): "default_rng",
    ("numpy.random", "uniform(low, high) (reparam.)"): "uniform",
}


def surface() -> list[tuple[str, str, str]]:
    """The list of NumPy's surface: namespace, name, class."""
    with (ROOT / "tests" / "numpy_surface.csv").open() as file:
        rows = [(row[0], ",".join(row[1:-1]), row[-1]) for row in csv.reader(file)]
    names = []
    for space, name, kind in rows[1:]:
        name = RENAMED.get((space, name), name)
        if name is not None:
            space = "numpy.ndarray" if space == "ndarray" else space
            *middle, name = name.split(".")
            names.append((".".join([space, *middle]), name, kind))
    return names


def test_all_names_are_known() -> None:
    assert not TABLE.unknown
    assert all(entry.kind in TABLE.kinds for entry in TABLE)


@pytest.mark.parametrize(("space", "name", "kind"), surface())
def test_kinds(space: str, name: str, kind: str) -> None:
    entry = BY_NAME.get((space, name))
    if entry is None:
        assert not hasattr(namespace(np, space), name)  # newer than this NumPy
    elif (space, name) in DISAGREEMENTS:
        expected, _ = DISAGREEMENTS[space, name]
        assert entry.kind == expected
        assert CLASSES[entry.kind] != kind, "no longer a disagreement"
    else:
        assert CLASSES[entry.kind] == kind


@pytest.mark.parametrize(
    "entry", [e for e in TABLE if e.namespace not in ("numpy.ndarray", "numpy.ufunc")]
)
def test_namespace(entry: Any) -> None:
    """Whatever takes traced values is in `fgrad.numpy`."""
    if entry.kind in ("primitive", "composition", "constant"):
        ours = namespace(fgrad.numpy, entry.namespace)
        assert hasattr(ours, entry.name) or entry.name in ("trapz", "in1d")


def members(kind: str) -> list[str]:
    entries = [e for e in TABLE if e.namespace == "numpy.ndarray" and e.kind == kind]
    return [entry.name for entry in entries]


@pytest.mark.parametrize("kind", ["primitive", "composition", "constant"])
def test_members(kind: str) -> None:
    for name in members(kind):
        rebound = name.startswith("__i") and hasattr(Box, f"__{name[3:]}")
        assert hasattr(Box, name) or rebound, name


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "__delitem__": (0,),
    "__setitem__": (0, 1.0),
    "partition": (1,),
    "put": ([0], 1.0),
    "setfield": (1.0, float),
    "fill": (1.0,),
    "__reduce_ex__": (2,),
    "resize": ((2,),),
}


@pytest.mark.parametrize("name", members("refused"))
def test_refused_members(name: str) -> None:
    """In words; what a box does not have at all is Python's AttributeError."""

    def loss(x: Any) -> Any:
        getattr(x, name)(*ARGUMENTS.get(name, ()))
        return x

    with pytest.raises((ConversionError, AttributeError, TypeError)) as raised:
        grad(loss)(np.float64(1.5))
    if hasattr(Box, name) and raised.type is not ConversionError:
        assert "for integers" in BY_NAME["numpy.ndarray", name].why


@pytest.mark.parametrize("name", FORWARDED)
def test_methods_are_functions(name: str) -> None:
    assert BY_NAME["numpy.ndarray", name].kind == BY_NAME["numpy", name].kind


X = np.array([0.5, 1.5, 2.5])


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: np.poly1d(x)(2.0),
        lambda x: np.poly1d([1.0, 2.0, 3.0])(x),
        lambda x: (np.poly1d(x) * np.poly1d(x)).coeffs,
        lambda x: np.mgrid[0 : x[1] : 3j],
        lambda x: np.ogrid[x[0] : x[1] : 3j],
        lambda x: np.fft.fftfreq(3, x[0]),
        lambda x: np.fft.rfftfreq(3, d=x[0]),
    ],
)
def test_followed(fun: Any) -> None:
    """NumPy's own code computes with traced values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_grads(fun, (X,))


def test_printing() -> None:
    text = repr(TABLE)
    assert "numpy.linalg" in text
    assert f"primitives serve {len(TABLE.differentiable)} differentiable names" in text
    assert sum(sum(count.values()) for count in TABLE.totals.values()) == len(TABLE)


def test_documentation() -> None:
    """``docs/coverage.md`` is what `coverage` says, for the NumPy it names."""
    text = (ROOT / "docs" / "coverage.md").read_text()
    version = ".".join(np.__version__.split(".")[:2])
    if f"with NumPy {version}." in text:
        assert TABLE.to_markdown() in text
    else:  # the page is of another NumPy: what both have, it has to know
        unknown = {row.name for row in TABLE if f"`{row.name}`" not in text}
        assert len(unknown) < len(TABLE) / 20
