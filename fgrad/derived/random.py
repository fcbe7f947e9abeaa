"""Random draws that are differentiable in the parameters of their distribution.

A draw is a standard variate, from the stream that NumPy uses, and a smooth function of
it and the parameters: the pathwise derivative, or reparametrisation. Seen as a table,
this serves `Generator`, `RandomState` and the functions of `numpy.random`.
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator, RandomState

from fgrad._engine.assignment import setitem
from fgrad._engine.box import Box, primal
from fgrad._engine.rules import derived, refuse
from fgrad._words.callsite import no_rule
from fgrad.derived.changing import changed
from fgrad.derived.creation import as_traced


class Distribution(NamedTuple):
    """How a distribution arises from a standard variate."""

    standard: Callable[..., Any]
    """Draws the variate: takes the generator and a size, and what is in `shape`."""
    transform: Callable[..., Any]
    """Takes the variate and the parameters, with NumPy's names and defaults."""
    shape: tuple[str, ...] = ()
    """Parameters on which the variate itself depends: they cannot be traced."""


def triangular(u: Any, left: Any, mode: Any, right: Any) -> Any:
    """The inverse of the distribution function, one branch on each side of the mode."""
    base = right - left
    rising = left + np.sqrt(u * (mode - left) * base)
    falling = right - np.sqrt((1 - u) * (right - mode) * base)
    return np.where(u * base <= mode - left, rising, falling)[()]


def vonmises(z: Any, mu: Any, kappa: Any) -> Any:
    """Around the circle, from -pi to pi."""
    angle = mu + z
    return angle - 2 * np.pi * np.rint(primal(angle) / (2 * np.pi))


def location(z: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """A standard variate, moved and stretched."""
    return loc + scale * z


DISTRIBUTIONS = {
    "exponential": Distribution(
        lambda rng, size: rng.standard_exponential(size),
        lambda z, scale=1.0: scale * z,
    ),
    "gamma": Distribution(
        lambda rng, size, shape: rng.standard_gamma(shape, size),
        lambda z, shape, scale=1.0: scale * z,  # noqa: ARG005  (NumPy's parameters)
        shape=("shape",),
    ),
    "gumbel": Distribution(lambda rng, size: rng.gumbel(size=size), location),
    "laplace": Distribution(lambda rng, size: rng.laplace(size=size), location),
    "logistic": Distribution(lambda rng, size: rng.logistic(size=size), location),
    "lognormal": Distribution(
        lambda rng, size: rng.standard_normal(size),
        lambda z, mean=0.0, sigma=1.0: np.exp(mean + sigma * z),
    ),
    "normal": Distribution(lambda rng, size: rng.standard_normal(size), location),
    "pareto": Distribution(
        lambda rng, size: rng.standard_exponential(size),
        lambda z, a: np.expm1(z / a),
    ),
    "power": Distribution(
        lambda rng, size: rng.power(1.0, size),
        lambda u, a: u ** (1 / a),
    ),
    "rayleigh": Distribution(
        lambda rng, size: rng.rayleigh(size=size),
        lambda z, scale=1.0: scale * z,
    ),
    "triangular": Distribution(lambda rng, size: rng.random(size), triangular),
    "uniform": Distribution(
        lambda rng, size: rng.random(size),
        lambda u, low=0.0, high=1.0: low + (high - low) * u,
    ),
    "vonmises": Distribution(
        lambda rng, size, kappa: rng.vonmises(0.0, kappa, size),
        vonmises,
        shape=("kappa",),
    ),
    "weibull": Distribution(
        lambda rng, size: rng.standard_exponential(size),
        lambda z, a: z ** (1 / a),
    ),
}

INTEGERS = ["binomial", "geometric", "hypergeometric", "logseries", "multinomial",
            "multivariate_hypergeometric", "negative_binomial", "poisson",
            "zipf"]  # fmt: skip
"""Distributions of integers."""

REJECTION = ["beta", "chisquare", "dirichlet", "f", "noncentral_chisquare",
             "noncentral_f", "standard_gamma", "standard_t", "wald"]  # fmt: skip
"""Distributions whose variates NumPy draws by trial and rejection, or by cases."""

TRIAL = np.random.default_rng(0)
"""Is asked for draws that nobody uses, for NumPy's own checks of the parameters."""


def everywhere(name: str, composition: Callable[..., Any]) -> None:
    """Register a composition for the two classes, and for NumPy's global generator."""
    for owner in (Generator, RandomState):
        if hasattr(owner, name):
            derived(getattr(owner, name))(composition)
    if hasattr(np.random, name):
        function = getattr(np.random, name)
        derived(function)(partial(composition, function.__self__))


def refuse_everywhere(words: str, name: str) -> None:
    """A method that refuses traced values."""
    owners = (Generator, RandomState, np.random)
    refuse(words, *(getattr(o, name) for o in owners if hasattr(o, name)))


# One number from one variate ----------------------------------------------------------


def fits(shape: tuple[int, ...], wide: tuple[int, ...]) -> bool:
    """Whether an array of `shape` broadcasts to the shape `wide`."""
    pairs = zip(shape[::-1], wide[::-1], strict=False)
    return len(shape) <= len(wide) and all(n in (1, m) for n, m in pairs)


def draw(name: str, rng: Any, /, *args: Any, **kwargs: Any) -> Any:
    """A draw from a distribution of the table."""
    distribution = DISTRIBUTIONS[name]
    signature = list(inspect.signature(distribution.transform).parameters.values())[1:]
    given = dict(zip([*(p.name for p in signature), "size"], args, strict=False))
    given |= kwargs
    size = given.pop("size", None)
    parameters = {parameter: as_traced(value) for parameter, value in given.items()}
    fixed = {p: parameters[p] for p in distribution.shape if p in parameters}
    for parameter, value in fixed.items():
        if type(value) is Box:
            raise no_rule(f"np.random {name} with respect to {parameter}")
    plain = {parameter: primal(value) for parameter, value in parameters.items()}
    getattr(TRIAL, name)(**plain)
    shape = np.broadcast_shapes(*map(np.shape, plain.values()))
    if size is not None:
        wide = tuple(np.ravel(size).astype(int).tolist())
        if not fits(shape, wide):
            raise ValueError(
                f"Output size {wide} is not compatible with "
                f"broadcast dimensions of inputs {shape}."
            )
        shape = wide
    z = distribution.standard(rng, shape or None, **fixed)
    return distribution.transform(z, **parameters)


for name in DISTRIBUTIONS:
    everywhere(name, partial(draw, name))


# Normal vectors -----------------------------------------------------------------------


def factor(cov: Any, method: str) -> Any:
    """A matrix A with A A^T = cov: the one that NumPy takes."""
    if method == "cholesky":
        return np.linalg.cholesky(cov)
    if method == "eigh":
        s, u = np.linalg.eigh(cov)
    else:
        u, s, _ = np.linalg.svd(cov)
    return u * np.sqrt(s)


def multivariate_normal(
    rng: Any,
    mean: Any,
    cov: Any,
    size: Any = None,
    check_valid: str = "warn",
    tol: float = 1e-8,
    *,
    method: str = "svd",
) -> Any:
    """Independent normal variates times a factor of the covariance."""
    mean, cov = as_traced(mean), as_traced(cov)
    TRIAL.multivariate_normal(
        primal(mean), primal(cov), None, check_valid, tol, method=method
    )
    shape = () if size is None else tuple(np.ravel(size).astype(int).tolist())
    z = rng.standard_normal((*shape, mean.shape[0]))
    if isinstance(rng, Generator):
        return mean + z @ factor(cov, method).T
    _, s, vh = np.linalg.svd(cov)
    return mean + z @ (np.sqrt(s)[:, None] * vh)


everywhere("multivariate_normal", multivariate_normal)


# Another order of the entries ---------------------------------------------------------


def permutation(rng: Any, x: Any, axis: int = 0) -> Any:
    """Picks entries in the order in which NumPy puts their numbers."""
    x = as_traced(x)
    return np.take(x, rng.permutation(x.shape[axis]), axis)


def permuted(rng: Any, x: Any, *, axis: Any = None, out: Any = None) -> Any:
    """Each vector along an axis, permuted by itself."""
    if out is not None:
        raise no_rule("np.random permuted(..., out=...)")
    x = as_traced(x)
    places = np.reshape(np.arange(x.size), x.shape)
    return np.reshape(x, -1)[rng.permuted(places, axis=axis)]


def choice(
    rng: Any,
    a: Any,
    size: Any = None,
    replace: bool = True,
    p: Any = None,
    axis: int = 0,
    shuffle: bool = True,
) -> Any:
    """Picks entries by the numbers that NumPy chooses."""
    a, p = as_traced(a), None if p is None else as_traced(p)
    if type(p) is Box:
        raise no_rule("np.random choice with respect to p")
    options = {"shuffle": shuffle} if isinstance(rng, Generator) else {}
    return np.take(a, rng.choice(a.shape[axis], size, replace, p, **options), axis)


def shuffle(rng: Any, x: Any, axis: int = 0) -> None:
    """Entries change places as their numbers do."""
    traced = type(x) is Box
    order = np.arange(changed(x).shape[axis] if traced else len(x))
    rng.shuffle(order)
    if traced:
        setitem(x, ..., np.take(x, order, axis))
    else:
        x[:] = [x[i] for i in order]


for composition in (permutation, permuted, choice, shuffle):
    everywhere(composition.__name__, composition)


# What has no derivative ---------------------------------------------------------------

for name in INTEGERS:
    refuse_everywhere(
        f"{name} draws integers, which have no derivative with respect to the "
        "parameters; use stop_gradient(parameter), and the derivative of the "
        "log-probability if you want that of an expectation",
        name,
    )
for name in REJECTION:
    refuse_everywhere(
        f"{name} has no derivative with respect to its parameters, because its draws "
        "are no smooth function of a standard variate; use stop_gradient(parameter)",
        name,
    )
