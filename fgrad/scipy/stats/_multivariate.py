"""Multivariate distributions, with parameters or without, and draws from them."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import scipy.stats
from scipy._lib._util import check_random_state

from fgrad._engine.box import Box, as_array, primal
from fgrad.derived.creation import as_traced
from fgrad.derived.random import multivariate_normal as normal_draws
from fgrad.scipy.stats._by_formula import by_formula
from fgrad.scipy.stats._draws import drawn
from fgrad.scipy.stats._families import Family, Frozen
from fgrad.scipy.stats._joint import FORMULAS, dimension, rows_and_columns, square

__all__: list[str] = []

Method = Callable[..., Any]


def method(name: str, formula: Method) -> Method:
    """A method whose value is SciPy's, and whose derivative is that of a formula."""

    def call(dist: Any, *args: Any, **kwds: Any) -> Any:
        return by_formula(getattr(dist, name), formula, args, kwds)

    return call


def methods(formulas: Mapping[str, Method]) -> dict[str, Method]:
    """The methods of a distribution; probabilities go with their logarithms."""
    table = {name: method(name, formula) for name, formula in formulas.items()}
    for name in ("pdf", "pmf"):
        if f"log{name}" in formulas:
            table[name] = partial(exponential, f"log{name}")
    return table


def exponential(log: str, dist: Any, *args: Any, **kwds: Any) -> Any:
    """A density, by its logarithm."""
    return np.exp(
        by_formula(getattr(dist, log), FORMULAS[name_of(dist)][log], args, kwds)
    )


def name_of(dist: Any) -> str:
    """SciPy's name of a multivariate distribution: its class has it."""
    return type(dist).__name__.removesuffix("_gen")


# Draws --------------------------------------------------------------------------------


def of_normal(
    dist: Any, mean: Any = None, cov: Any = 1, size: Any = 1, random_state: Any = None
) -> Any:
    """Independent normal numbers times a factor of the covariance, as NumPy does."""
    dim = dimension(mean, cov)
    cov = square(cov, dim)
    mean = np.zeros(dim) if mean is None else np.reshape(as_traced(mean), (dim,))
    rng = check_random_state(random_state)
    return np.squeeze(normal_draws(rng, mean, cov, size))[()]


def of_t(
    dist: Any,
    loc: Any = None,
    shape: Any = 1,
    df: Any = 1,
    size: Any = 1,
    random_state: Any = None,
) -> Any:
    """Normal numbers divided by the root of one that is chi-squared."""
    dim, rng = dimension(loc, shape), check_random_state(random_state)
    loc = np.zeros(dim) if loc is None else np.reshape(as_traced(loc), (dim,))
    plain = primal(df)
    x: Any = np.ones(size)
    if not np.isinf(plain):
        x = rng.chisquare(plain, size=size)
        x = (drawn(scipy.stats.chi2, x, df) if type(df) is Box else x) / df
    z = normal_draws(rng, np.zeros(dim), square(shape, dim), size)
    return np.squeeze(loc + z / np.sqrt(x)[..., None])[()]


def of_dirichlet(dist: Any, alpha: Any, size: Any = 1, random_state: Any = None) -> Any:
    """Each is a share of what is left, and has a beta distribution."""
    alpha = as_traced(alpha)
    x = dist.rvs(primal(alpha), size=size, random_state=random_state)
    parts: list[Any] = []
    left: Any = 1.0
    for j in range(x.shape[-1] - 1):
        rest = np.sum(x[..., j:], -1)
        share = drawn(
            scipy.stats.beta, x[..., j] / rest, alpha[j], np.sum(alpha[j + 1 :])
        )
        parts.append(left * share)
        left = left * (1 - share)
    found = np.stack([*parts, left + np.zeros(x.shape[:-1])], -1)
    return x + (found - primal(found))  # SciPy's numbers, to the last digit


def of_matrix_normal(
    dist: Any,
    mean: Any = None,
    rowcov: Any = 1,
    colcov: Any = 1,
    size: Any = 1,
    random_state: Any = None,
) -> Any:
    """Independent normal numbers between the factors of two covariances."""
    size = int(size)
    rows, columns = rows_and_columns(mean, rowcov, colcov)
    shape = (rows.shape[0], columns.shape[0])
    mean = np.zeros(shape) if mean is None else as_array(mean)
    rng = check_random_state(random_state)
    z = rng.standard_normal((shape[1], size, shape[0])).transpose(1, 2, 0)
    ans = mean + np.linalg.cholesky(rows) @ z @ np.linalg.cholesky(columns).T
    return np.reshape(ans, shape) if size == 1 else ans


DRAWS: dict[str, Method] = {
    "dirichlet": of_dirichlet,
    "matrix_normal": of_matrix_normal,
    "multivariate_normal": of_normal,
    "multivariate_t": of_t,
}

# The distributions --------------------------------------------------------------------


class FrozenJoint(Frozen):
    """A multivariate distribution with given parameters, which have names."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        scipys = self.dist._scipys
        given = inspect.signature(scipys.__call__).bind(*self.args, **self.kwds)
        parameters = dict(given.arguments)
        seed = parameters.pop("seed", None)
        theirs = self._theirs
        if theirs is not None and not callable(getattr(theirs, name)):
            return getattr(theirs, name)
        if name in parameters and not callable(getattr(scipys, name, None)):
            return parameters[name]
        method = getattr(self.dist, name)
        known = inspect.signature(getattr(scipys, name)).parameters
        parameters = {n: value for n, value in parameters.items() if n in known}
        if "random_state" in known and seed is not None:
            parameters["random_state"] = seed

        def call(*args: Any, **kwds: Any) -> Any:
            if theirs is not None and not self.dist.has_traced(args, kwds):
                return getattr(theirs, name)(*args, **kwds)
            own = [n for n in known if n not in parameters]
            named = dict(zip(own, args, strict=False))
            return method(**{**parameters, **named, **kwds})

        return call


class Joint(Family):
    """A multivariate distribution of SciPy's."""

    def __call__(self, *args: Any, **kwds: Any) -> Any:
        """The distribution with these parameters, traced or not."""
        return FrozenJoint(self, args, kwds)


for _name, _dist in vars(scipy.stats).items():
    if _name in FORMULAS:
        _methods = methods(FORMULAS[_name])
        if _name in DRAWS:
            _methods["rvs"] = DRAWS[_name]
        Joint(_dist, _name, _methods)
