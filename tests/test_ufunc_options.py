"""The options that all ufuncs have: followed, or refused in words."""

from typing import Any

import numpy as np
import pytest

from fgrad import grad
from fgrad.errors import ConversionError, MissingRuleError

X = np.array([0.5, 0.25])
MASK = np.array([True, False])

CALLS = [
    lambda x, **options: np.exp(x, **options),
    lambda x, **options: np.add(x, 1.0, **options),
    lambda x, **options: np.add(1.0, x, **options),
    lambda x, **options: np.clip(x, 0.0, 1.0, **options),
    lambda x, **options: np.clip(0.5, x, 1.0, **options),
    lambda x, **options: np.remainder(x, 1.0, **options),
]


@pytest.mark.parametrize("fun", CALLS)
@pytest.mark.filterwarnings("ignore:'where' used without 'out'")
def test_where_is_refused(fun: Any) -> None:
    """It leaves entries of the result uninitialised."""
    with pytest.raises(MissingRuleError, match=r"\(\.\.\., where=\.\.\.\)"):
        grad(lambda x: np.sum(fun(x, where=MASK)))(X)
    grad(lambda x: np.sum(fun(x, where=True)))(X)


@pytest.mark.parametrize("fun", CALLS)
def test_out_is_refused(fun: Any) -> None:
    with pytest.raises((ConversionError, MissingRuleError)):
        grad(lambda x: np.sum(fun(x, out=np.zeros(2))))(X)


@pytest.mark.parametrize("fun", CALLS)
def test_dtype(fun: Any) -> None:
    """The gradient keeps the argument's dtype, whatever that of the computation."""
    expected = grad(lambda x: np.sum(fun(x)))(X)
    wide = grad(lambda x: np.sum(fun(x, dtype=np.float64)))(X.astype(np.float32))
    narrow = grad(lambda x: np.sum(fun(x, dtype=np.float32, casting="same_kind")))(X)
    assert (wide.dtype, narrow.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(wide, expected, rtol=1e-6)
    np.testing.assert_allclose(narrow, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "fun", [np.sqrt, np.log, np.arcsin, lambda x, **o: np.power(x, 0.3, **o)]
)
def test_complex_dtype(fun: Any) -> None:
    """Real numbers outside of the real function's domain."""
    x = np.array([-2.0, 3.0])
    got = grad(lambda x: np.sum(np.abs(fun(x, dtype=complex))))(x)
    wide = grad(lambda z: np.sum(np.abs(fun(z))))(x.astype(complex))
    np.testing.assert_allclose(got, wide.real, rtol=1e-14)
