"""`numpy.random`, with draws that are differentiable in their parameters.

The streams are NumPy's: the same seed gives the same numbers.
"""

from typing import Any as _Any

import numpy as _np
from numpy.random import (
    MT19937 as MT19937,
    PCG64 as PCG64,
    PCG64DXSM as PCG64DXSM,
    SFC64 as SFC64,
    BitGenerator as BitGenerator,
    Philox as Philox,
    SeedSequence as SeedSequence,
    bytes as bytes,
    get_state as get_state,
    rand as rand,
    randint as randint,
    randn as randn,
    random as random,
    random_integers as random_integers,
    random_sample as random_sample,
    ranf as ranf,
    sample as sample,
    seed as seed,
    set_state as set_state,
    standard_cauchy as standard_cauchy,
    standard_exponential as standard_exponential,
    standard_normal as standard_normal,
)

from fgrad.derived import random as _draws  # noqa: F401 # pyright: ignore[reportUnusedImport] (registers them)
from fgrad.numpy._namespace import Kind as _Kind, lift as _lift, others as _others


class Generator(_np.random.Generator, metaclass=_Kind):
    """`numpy.random.Generator`, whose methods also take traced parameters.

    Parameters
    ----------
    bit_generator : numpy.random.BitGenerator
        Where the randomness comes from.

    Examples
    --------
    >>> import fgrad
    >>> import fgrad.numpy as np
    >>> def loss(scale):
    ...     rng = np.random.default_rng(0)
    ...     return np.mean(rng.normal(0.0, scale, 1000) ** 2)
    >>> bool(abs(fgrad.grad(loss)(3.0) - 2 / 3.0 * loss(3.0)) < 1e-12)
    True
    """

    _numpys = _np.random.Generator

    beta = _lift(_np.random.Generator.beta)
    binomial = _lift(_np.random.Generator.binomial)
    chisquare = _lift(_np.random.Generator.chisquare)
    choice = _lift(_np.random.Generator.choice)
    dirichlet = _lift(_np.random.Generator.dirichlet)
    exponential = _lift(_np.random.Generator.exponential)
    f = _lift(_np.random.Generator.f)
    gamma = _lift(_np.random.Generator.gamma)
    geometric = _lift(_np.random.Generator.geometric)
    gumbel = _lift(_np.random.Generator.gumbel)
    hypergeometric = _lift(_np.random.Generator.hypergeometric)
    laplace = _lift(_np.random.Generator.laplace)
    logistic = _lift(_np.random.Generator.logistic)
    lognormal = _lift(_np.random.Generator.lognormal)
    logseries = _lift(_np.random.Generator.logseries)
    multinomial = _lift(_np.random.Generator.multinomial)
    multivariate_hypergeometric = _lift(
        _np.random.Generator.multivariate_hypergeometric
    )
    multivariate_normal = _lift(_np.random.Generator.multivariate_normal)
    negative_binomial = _lift(_np.random.Generator.negative_binomial)
    noncentral_chisquare = _lift(_np.random.Generator.noncentral_chisquare)
    noncentral_f = _lift(_np.random.Generator.noncentral_f)
    normal = _lift(_np.random.Generator.normal)
    pareto = _lift(_np.random.Generator.pareto)
    permutation = _lift(_np.random.Generator.permutation)
    permuted = _lift(_np.random.Generator.permuted)
    poisson = _lift(_np.random.Generator.poisson)
    power = _lift(_np.random.Generator.power)
    rayleigh = _lift(_np.random.Generator.rayleigh)
    shuffle = _lift(_np.random.Generator.shuffle)
    standard_gamma = _lift(_np.random.Generator.standard_gamma)
    standard_t = _lift(_np.random.Generator.standard_t)
    triangular = _lift(_np.random.Generator.triangular)
    uniform = _lift(_np.random.Generator.uniform)
    vonmises = _lift(_np.random.Generator.vonmises)
    wald = _lift(_np.random.Generator.wald)
    weibull = _lift(_np.random.Generator.weibull)
    zipf = _lift(_np.random.Generator.zipf)

    def __reduce__(self) -> _Any:
        return type(self), (self.bit_generator,)


def default_rng(seed: _Any = None) -> Generator:
    """A `Generator`, as `numpy.random.default_rng` makes it.

    Parameters
    ----------
    seed : None, int, array_like of int, SeedSequence, BitGenerator, Generator
        As NumPy takes it. A generator gives one that shares its stream.

    Returns
    -------
    Generator
        Draws the numbers that NumPy's draws for this seed.

    Raises
    ------
    TypeError, ValueError
        As NumPy does, if `seed` is not one.

    Examples
    --------
    >>> import numpy
    >>> import fgrad.numpy as np
    >>> ours, theirs = np.random.default_rng(0), numpy.random.default_rng(0)
    >>> bool(ours.normal() == theirs.normal())
    True
    """
    if Generator in type(seed).__mro__:
        return seed
    return Generator(_np.random.default_rng(seed).bit_generator)


class RandomState(_np.random.RandomState, metaclass=_Kind):
    """`numpy.random.RandomState`, whose methods also take traced parameters.

    Parameters
    ----------
    seed : None, int, array_like of int, BitGenerator
        As NumPy takes it.

    Examples
    --------
    >>> import numpy
    >>> import fgrad.numpy as np
    >>> ours, theirs = np.random.RandomState(0), numpy.random.RandomState(0)
    >>> bool(ours.normal() == theirs.normal())
    True
    """

    _numpys = _np.random.RandomState

    beta = _lift(_np.random.RandomState.beta)
    binomial = _lift(_np.random.RandomState.binomial)
    chisquare = _lift(_np.random.RandomState.chisquare)
    choice = _lift(_np.random.RandomState.choice)
    dirichlet = _lift(_np.random.RandomState.dirichlet)
    exponential = _lift(_np.random.RandomState.exponential)
    f = _lift(_np.random.RandomState.f)
    gamma = _lift(_np.random.RandomState.gamma)
    geometric = _lift(_np.random.RandomState.geometric)
    gumbel = _lift(_np.random.RandomState.gumbel)
    hypergeometric = _lift(_np.random.RandomState.hypergeometric)
    laplace = _lift(_np.random.RandomState.laplace)
    logistic = _lift(_np.random.RandomState.logistic)
    lognormal = _lift(_np.random.RandomState.lognormal)
    logseries = _lift(_np.random.RandomState.logseries)
    multinomial = _lift(_np.random.RandomState.multinomial)
    multivariate_normal = _lift(_np.random.RandomState.multivariate_normal)
    negative_binomial = _lift(_np.random.RandomState.negative_binomial)
    noncentral_chisquare = _lift(_np.random.RandomState.noncentral_chisquare)
    noncentral_f = _lift(_np.random.RandomState.noncentral_f)
    normal = _lift(_np.random.RandomState.normal)
    pareto = _lift(_np.random.RandomState.pareto)
    permutation = _lift(_np.random.RandomState.permutation)
    poisson = _lift(_np.random.RandomState.poisson)
    power = _lift(_np.random.RandomState.power)
    rayleigh = _lift(_np.random.RandomState.rayleigh)
    shuffle = _lift(_np.random.RandomState.shuffle)
    standard_gamma = _lift(_np.random.RandomState.standard_gamma)
    standard_t = _lift(_np.random.RandomState.standard_t)
    triangular = _lift(_np.random.RandomState.triangular)
    uniform = _lift(_np.random.RandomState.uniform)
    vonmises = _lift(_np.random.RandomState.vonmises)
    wald = _lift(_np.random.RandomState.wald)
    weibull = _lift(_np.random.RandomState.weibull)
    zipf = _lift(_np.random.RandomState.zipf)

    def __reduce__(self) -> _Any:
        _, arguments, state = super().__reduce__()
        return type(self), arguments, state


# NumPy's global generator

beta = _lift(_np.random.beta)
binomial = _lift(_np.random.binomial)
chisquare = _lift(_np.random.chisquare)
choice = _lift(_np.random.choice)
dirichlet = _lift(_np.random.dirichlet)
exponential = _lift(_np.random.exponential)
f = _lift(_np.random.f)
gamma = _lift(_np.random.gamma)
geometric = _lift(_np.random.geometric)
gumbel = _lift(_np.random.gumbel)
hypergeometric = _lift(_np.random.hypergeometric)
laplace = _lift(_np.random.laplace)
logistic = _lift(_np.random.logistic)
lognormal = _lift(_np.random.lognormal)
logseries = _lift(_np.random.logseries)
multinomial = _lift(_np.random.multinomial)
multivariate_normal = _lift(_np.random.multivariate_normal)
negative_binomial = _lift(_np.random.negative_binomial)
noncentral_chisquare = _lift(_np.random.noncentral_chisquare)
noncentral_f = _lift(_np.random.noncentral_f)
normal = _lift(_np.random.normal)
pareto = _lift(_np.random.pareto)
permutation = _lift(_np.random.permutation)
poisson = _lift(_np.random.poisson)
power = _lift(_np.random.power)
rayleigh = _lift(_np.random.rayleigh)
shuffle = _lift(_np.random.shuffle)
standard_gamma = _lift(_np.random.standard_gamma)
standard_t = _lift(_np.random.standard_t)
triangular = _lift(_np.random.triangular)
uniform = _lift(_np.random.uniform)
vonmises = _lift(_np.random.vonmises)
wald = _lift(_np.random.wald)
weibull = _lift(_np.random.weibull)
zipf = _lift(_np.random.zipf)

__getattr__, __dir__ = _others(_np.random, globals())
