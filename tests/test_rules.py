"""Every rule on every sample: value, shape, dtype, stencil, both modes and orders."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from fgrad._engine.dispatch import lift
from fgrad._engine.rules import DERIVED, RULES
from fgrad._engine.signatures import function_name
from fgrad._transforms import vjp
from fgrad._tree import flatten, tree_map, unflatten
from fgrad.testing import check_rule, fixed
from tests import samples
from tests.samples import SAMPLES, Sample

for _module in pkgutil.iter_modules(samples.__path__):
    importlib.import_module(f"tests.samples.{_module.name}")

_FUNCTIONS = {*(rule.fun for rule in RULES.values() if rule.pullbacks), *DERIVED}


def test_samples() -> None:
    missing = [function_name(fun) for fun in _FUNCTIONS if fun not in SAMPLES]
    assert not missing, f"rules without samples: {sorted(missing)}"


def _cases() -> Iterator[Any]:
    for fun, calls in SAMPLES.items():
        for i, call in enumerate(calls):
            yield pytest.param(call, id=f"{function_name(fun)}-{i}")


CASES = list(_cases())


def _converted(call: Sample, kind: str) -> tuple[Any, Any]:
    """The call's arguments in float32, or with imaginary parts."""
    rng = np.random.default_rng(7)

    def convert(leaf: Any) -> Any:
        if type(leaf) is fixed:
            return leaf
        array = np.asarray(leaf)
        if kind == "single" and array.dtype.kind in "fc" and type(leaf) is not float:
            return array.astype(
                np.complex64 if array.dtype.kind == "c" else np.float32
            )[()]
        if kind == "complex" and array.dtype == np.float64:
            return (array + 1j * rng.uniform(-0.5, 0.5, array.shape))[()]
        return leaf

    leaves, structure = flatten((call.args, call.kwargs))
    return unflatten(structure, [convert(leaf) for leaf in leaves])


@pytest.mark.parametrize("call", CASES)
def test_double(call: Sample) -> None:
    check_rule(call.fun, call.args, call.kwargs, order=call.order)


@pytest.mark.parametrize("call", CASES)
def test_complex(call: Sample) -> None:
    if call.real_only:
        return
    args, kwargs = _converted(call, "complex")
    plain_args, plain_kwargs = tree_map(
        lambda leaf: leaf.value if type(leaf) is fixed else leaf, (args, kwargs)
    )
    try:
        call.fun(*plain_args, **plain_kwargs)
    except TypeError:
        return  # NumPy has no complex version
    check_rule(call.fun, args, kwargs, order=call.order)


@pytest.mark.parametrize("call", CASES)
def test_single(call: Sample) -> None:
    """float32 stays float32, and agrees with float64."""
    args, kwargs = _converted(call, "single")
    check_rule(call.fun, args, kwargs)
    for narrow, wide in zip(
        _gradients(call, args, kwargs),
        _gradients(call, call.args, call.kwargs),
        strict=True,
    ):
        scale = np.max(np.abs(wide), initial=1.0)
        np.testing.assert_allclose(narrow, wide, rtol=0, atol=call.single_rtol * scale)


def _gradients(call: Sample, args: Any, kwargs: Any) -> list[Any]:
    """Cotangents of all float arguments for a cotangent of ones."""
    leaves, structure = flatten((args, kwargs))
    plain = [leaf.value if type(leaf) is fixed else leaf for leaf in leaves]
    moving = [
        i
        for i, leaf in enumerate(leaves)
        if type(leaf) is not fixed and np.asarray(leaf).dtype.kind in "fc"
    ]

    def flat(*values: Any) -> list[Any]:
        full = list(plain)
        for i, value in zip(moving, values, strict=True):
            full[i] = value
        args, kwargs = unflatten(structure, full)
        return flatten(lift(call.fun)(*args, **kwargs))[0]

    out, pullback = vjp(flat, *[plain[i] for i in moving])
    return list(pullback([np.ones_like(y) for y in out]))
