"""Gradients over NumPy's surface: fgrad and its peers on the same calls.

Every call of ``tests/samples`` whose function is among the differentiable names of
`numpy`, `numpy.linalg` and `numpy.fft` (``tests/numpy_surface.csv``) is differentiated
with respect to each of its float arguments, one at a time: a check. The judge is
the five-point stencil on NumPy's own function, along a random direction. A check is

* right: the value is NumPy's and the derivative the stencil's, both to 1e-4;
* wrong: the value is NumPy's, the derivative another, and nothing was said;
* other: the value already differs from NumPy's;
* error: no such function, or an exception, or a warning that there is no gradient.

    python -m benchmarks.surface [candidate ...]
"""

import csv
import importlib
import pkgutil
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import fgrad
import fgrad.numpy
from fgrad._tree import flatten, unflatten
from fgrad.testing import fixed, stencil
from tests import samples
from tests.samples import SAMPLES, Sample, real

TOLERANCE = 1e-4
SURFACE = Path(__file__).parent.parent / "tests" / "numpy_surface.csv"
SPACES = ("numpy", "numpy.linalg", "numpy.fft")


class Case(NamedTuple):
    """One call, of a function that each candidate looks up in its own namespace."""

    name: str
    fun: Callable[[Any], Callable[..., Any]]
    """From a namespace like NumPy's to the function."""
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Check(NamedTuple):
    """One argument of a call, and the derivative along a direction in it."""

    case: Case
    leaves: list[Any]
    structure: Any
    position: int
    weights: list[Any]
    value: list[Any]
    direction: Any
    derivative: float
    size: float


# Names that are no functions, or have no samples of their own.
CLASSES: dict[str, list[tuple[Callable[[Any], Callable[..., Any]], Any]]] = {
    "c_": [(lambda np: lambda x: np.c_[x, x], [real(3)])],
    "r_": [
        (lambda np: lambda x: np.r_[x, 1.0, x], [real(3)]),
        (lambda np: lambda x: np.r_["0,2", x, x], [real(3)]),
    ],
    "kaiser": [(lambda np: np.kaiser, [5, 3.0])],
    "ndenumerate": [
        (lambda np: lambda x: sum(v * v for _, v in np.ndenumerate(x)), [real(2, 2)])
    ],
    "poly1d": [
        (lambda np: lambda c, x: np.poly1d(c)(x), [real(3), real(2)]),
        (lambda np: lambda c: (np.poly1d(c) * np.poly1d(c)).coeffs, [real(3)]),
    ],
    "vectorize": [
        (lambda np: lambda x: np.vectorize(lambda a: a * a)(x), [real(2, 2)])
    ],
    "row_stack": [(lambda np: np.row_stack, [[real(2), real(2)]])],
}


def names() -> list[tuple[str, str]]:
    """The differentiable names: namespace and name."""
    with SURFACE.open() as file:
        rows = [row for row in csv.DictReader(file) if row["namespace"] in SPACES]
    return [
        (row["namespace"], row["name"])
        for row in rows
        if row["class"] == "differentiable"
    ]


def lookup(namespace: Any, space: str, name: str) -> Any:
    """``numpy.linalg`` and ``norm``: the `norm` of a namespace like NumPy's."""
    for part in [*space.split(".")[1:], *name.split()]:
        namespace = getattr(namespace, part)
    return namespace


def cases() -> Iterator[Case]:
    """All calls, name by name."""
    for module in pkgutil.iter_modules(samples.__path__):
        importlib.import_module(f"tests.samples.{module.name}")
    for space, name in names():
        full = f"{space}.{name}".replace("numpy", "np", 1)
        if name in CLASSES:
            for fun, args in CLASSES[name]:
                yield Case(full, fun, tuple(args), {})
            continue
        if not hasattr(lookup(np, space, ""), name):  # newer than this NumPy
            continue
        calls: list[Sample] = SAMPLES.get(lookup(np, space, name), [])
        for call in calls:
            if call.order:  # 0: not smooth here, no stencil
                yield Case(
                    full,
                    lambda np, s=space, n=name: lookup(np, s, n),
                    call.args,
                    call.kwargs,
                )


def parts(out: Any) -> list[Any]:
    """The float arrays of a result, in order."""
    if isinstance(out, tuple | list) or type(out).__name__ == "SequenceBox":
        return [part for item in out for part in parts(item)]
    kind = getattr(getattr(out, "dtype", None), "kind", None)
    if kind is None:
        kind = np.asarray(out).dtype.kind
    return [out] if kind in "fc" else []


def checks(case: Case) -> Iterator[Check]:
    """One for each float argument of a call."""
    rng = np.random.default_rng(3)
    leaves, structure = flatten((case.args, case.kwargs))
    plain = [leaf.value if type(leaf) is fixed else leaf for leaf in leaves]

    def call(values: list[Any]) -> list[Any]:
        args, kwargs = unflatten(structure, values)
        return parts(case.fun(np)(*args, **kwargs))

    def draw(like: Any) -> Any:
        like = np.asarray(like)
        v = rng.uniform(-1, 1, like.shape)
        if like.dtype.kind == "c":
            v = v + 1j * rng.uniform(-1, 1, like.shape)
        return v[()]

    value = call(plain)
    weights = [draw(y) for y in value]
    for i, leaf in enumerate(leaves):
        if type(leaf) is fixed or np.asarray(leaf).dtype.kind not in "fc":
            continue

        def along(xs: list[Any], i: int = i) -> list[Any]:
            return call([*plain[:i], xs[0], *plain[i + 1 :]])

        def slope(v: Any, along: Any = along, leaf: Any = plain[i]) -> tuple[Any, Any]:
            slopes = stencil(along, [leaf], [v])
            terms = [np.real(w * d) for w, d in zip(weights, slopes, strict=True)]
            return sum(map(np.sum, terms)), sum(np.sum(np.abs(t)) for t in terms)

        for _ in range(10):
            v = draw(leaf)
            derivative, size = slope(v)
            # LAPACK may change an eigenvector's sign between two points.
            if abs(2 * slope(v / 2)[0] - derivative) <= TOLERANCE * (1 + size):
                yield Check(
                    case, plain, structure, i, weights, value, v, derivative, size
                )
                break


class Candidate:
    """A library: how its gradient of Re(sum(w * y)) is asked for."""

    def __init__(self) -> None:
        self.namespace: Any = fgrad.numpy
        self.gradient: Any = fgrad.grad
        self.real: Any = np.real
        self.sum: Any = np.sum

    def run(self, check: Check) -> tuple[list[Any], Any]:
        """The values of the call, and the gradient with respect to the argument."""
        values: list[Any] = []

        def loss(x: Any) -> Any:
            out = self.call(check, x)
            values.append(out)
            return self.total(check, out)

        gradient = self.gradient(loss)(check.leaves[check.position])
        plain = self.call(check, check.leaves[check.position])
        return plain, gradient

    def call(self, check: Check, x: Any) -> list[Any]:
        full = list(check.leaves)
        full[check.position] = x
        args, kwargs = unflatten(check.structure, full)
        return parts(check.case.fun(self.namespace)(*args, **kwargs))

    def total(self, check: Check, out: list[Any]) -> Any:
        total = 0.0
        for w, y in zip(check.weights, out, strict=True):
            total = total + self.sum(self.real(w * y) if np.iscomplexobj(w) else w * y)
        return self.real(total)


class Autograd(Candidate):
    """autograd: `grad` of its own NumPy namespace."""

    def __init__(self) -> None:
        import autograd
        import autograd.numpy

        self.namespace = autograd.numpy
        self.gradient = autograd.grad
        self.real, self.sum = autograd.numpy.real, autograd.numpy.sum


class Jax(Candidate):
    """JAX on the CPU, in double precision, not compiled."""

    def __init__(self) -> None:
        import jax
        import jax.numpy

        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_platforms", "cpu")
        self.namespace = jax.numpy
        self.gradient = jax.grad
        self.real, self.sum = jax.numpy.real, jax.numpy.sum


class Both:
    """MyGrad's namespace where it has the name, NumPy's otherwise."""

    def __init__(self, first: Any, second: Any) -> None:
        self.first, self.second = first, second

    def __getattr__(self, name: str) -> Any:
        if name in ("linalg", "fft"):
            return Both(getattr(self.first, name, None), getattr(self.second, name))
        return getattr(self.first, name, None) or getattr(self.second, name)


class MyGrad(Candidate):
    """MyGrad: `backward` of a tensor. A gradient that stays ``None`` is an error."""

    def __init__(self) -> None:
        import mygrad

        self.namespace = Both(mygrad, np)
        self.tensor = mygrad.tensor
        self.real, self.sum = lambda x: x, mygrad.sum

    def run(self, check: Check) -> tuple[list[Any], Any]:
        x = self.tensor(check.leaves[check.position], copy=True)
        if x.dtype.kind == "c":
            raise TypeError("MyGrad has no complex tensors")
        out = self.call(check, x)
        self.total(check, out).backward()
        if x.grad is None:
            raise ValueError("no gradient")
        return [np.asarray(getattr(y, "data", y)) for y in out], x.grad


CANDIDATES = {"fgrad": Candidate, "autograd": Autograd, "jax": Jax, "mygrad": MyGrad}


def judge(candidate: Candidate, check: Check) -> str:
    """Right, wrong, other or error."""
    try:
        value, gradient = candidate.run(check)
        value = [np.asarray(y) for y in value]
        gradient = np.asarray(gradient)
    except Exception:  # noqa: BLE001 (whatever a peer raises, it is said aloud)
        return "error"
    if len(value) != len(check.value) or not all(
        got.shape == np.shape(want)
        and np.allclose(got, want, TOLERANCE, TOLERANCE, equal_nan=True)
        for got, want in zip(value, check.value, strict=True)
    ):
        return "other"
    if gradient.shape != np.shape(check.direction):
        return "wrong"
    got = float(np.sum(np.real(gradient * check.direction)))
    close = abs(got - check.derivative) <= TOLERANCE * (1 + check.size)
    return "right" if close else "wrong"


def measure(
    chosen: list[str], given: Iterable[Case], *, verbose: bool = False
) -> dict[str, Any]:
    """For each candidate: the verdicts of each name's calls."""
    candidates = {}
    for name in chosen:
        try:
            candidates[name] = CANDIDATES[name]()
        except ImportError:
            print(f"{name} is not installed")
    verdicts: dict[str, Any] = {name: defaultdict(list) for name in candidates}
    for case in given:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", message="Output seems independent")
            found = list(checks(case))
            for name, candidate in candidates.items():
                marks = [judge(candidate, check) for check in found]
                verdicts[name][case.name].append(marks)
                if verbose and set(marks) - {"right"}:
                    print(name, case.name, marks, flush=True)
    return verdicts


def report(verdicts: dict[str, Any]) -> str:
    """The table, in Markdown."""
    head = ["", "plain call right", "every call right"]
    head += ["checks right", "wrong, silently", "other value", "error"]
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * 6 + "|"]
    for name, by_name in verdicts.items():
        plain = sum(set(calls[0]) <= {"right"} for calls in by_name.values())
        every = sum(
            all(set(marks) <= {"right"} for marks in calls)
            for calls in by_name.values()
        )
        count = Counter(
            mark for calls in by_name.values() for marks in calls for mark in marks
        )
        row = [name, f"{plain} / {len(by_name)}", f"{every} / {len(by_name)}"]
        row += [str(count[verdict]) for verdict in ("right", "wrong", "other", "error")]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def main() -> None:
    verbose = "-v" in sys.argv
    chosen = [name for name in sys.argv[1:] if name in CANDIDATES] or list(CANDIDATES)
    verdicts = measure(chosen, cases(), verbose=verbose)
    print(report(verdicts))
    for candidate, by_name in verdicts.items():
        wrong = sorted(
            name
            for name, calls in by_name.items()
            if any("wrong" in marks for marks in calls)
        )
        print(f"\n{candidate}, silently wrong: {', '.join(wrong) or 'none'}")


if __name__ == "__main__":
    main()
