"""Gradients of SciPy's functions against SciPy's values, and against JAX's.

python -m benchmarks.scipy
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.scipy as their_scipy
import numpy as np
import scipy

from benchmarks.interleaved import timings
from benchmarks.peers import restrict
from fgrad import grad, scipy as our_scipy

RNG = np.random.default_rng(0)
SIZE = 100_000


class Case(NamedTuple):
    """One function, in each library, and its arguments: all are differentiated."""

    fun: Callable[[Any, Any], Callable[..., Any]]
    """From SciPy, or what is in its place, and NumPy, to the function."""
    arguments: tuple[Any, ...]


def density(name: str, points: Any, *shapes: float) -> Case:
    """The sum of `logpdf`, in the points, the shapes, the location and the scale."""

    def fun(sp: Any, xp: Any) -> Callable[..., Any]:
        logpdf = getattr(sp.stats, name).logpdf
        return lambda x, *parameters: xp.sum(logpdf(x, *parameters))

    parameters = shapes if name == "vonmises" else (*shapes, 0.1, 1.3)
    return Case(fun, (points, *parameters))


REAL, POSITIVE = RNG.normal(size=SIZE), RNG.gamma(2.0, size=SIZE) + 0.2
UNIT = RNG.uniform(0.15, 1.2, size=SIZE)
SQUARE = RNG.normal(size=(400, 400)) + 40 * np.eye(400)
COVARIANCE = SQUARE @ SQUARE.T / 400
COLUMN = RNG.normal(size=400)

CASES = {
    "`norm.logpdf`": density("norm", REAL),
    "`t.logpdf`": density("t", REAL, 3.4),
    "`cauchy.logpdf`": density("cauchy", REAL),
    "`laplace.logpdf`": density("laplace", REAL),
    "`logistic.logpdf`": density("logistic", REAL),
    "`vonmises.logpdf`": density("vonmises", REAL, 1.7),
    "`expon.logpdf`": density("expon", POSITIVE),
    "`gamma.logpdf`": density("gamma", POSITIVE, 2.3),
    "`chi2.logpdf`": density("chi2", POSITIVE, 2.3),
    "`beta.logpdf`": density("beta", UNIT, 2.3, 1.6),
    "`gammainc`, in both arguments, 1e5 points": Case(
        lambda sp, xp: lambda a, x: xp.sum(sp.special.gammainc(a, x)),
        (POSITIVE, RNG.gamma(2.0, size=SIZE)),
    ),
    "`expm`, 50 × 50": Case(
        lambda sp, xp: lambda a: xp.sum(sp.linalg.expm(a)),
        (RNG.normal(size=(50, 50)) / 7,),
    ),
    "`cho_factor` and `cho_solve`, n = 400": Case(
        lambda sp, xp: (
            lambda a, b: xp.sum(
                sp.linalg.cho_solve(sp.linalg.cho_factor((a + a.T) / 2), b)
            )
        ),
        (COVARIANCE, COLUMN),
    ),
    "`solve_triangular`, n = 400": Case(
        lambda sp, xp: lambda a, b: xp.sum(sp.linalg.solve_triangular(a, b)),
        (SQUARE, COLUMN),
    ),
}


def row(case: Case) -> list[float]:
    """What a gradient takes: of a value here, of one there, and of JAX's gradient."""
    arguments = case.arguments
    argnums = tuple(range(len(arguments)))
    plain = case.fun(scipy, np)
    ours = grad(case.fun(our_scipy, np), argnums)
    other = case.fun(their_scipy, jnp)
    value, theirs = jax.jit(other), jax.jit(jax.grad(other, argnums))
    moved = [jnp.asarray(x) for x in arguments]
    for mine, found in zip(ours(*arguments), theirs(*moved), strict=True):
        np.testing.assert_allclose(mine, found, rtol=1e-4, atol=1e-6)
    calls = {
        "value": lambda: plain(*arguments),
        "gradient": lambda: ours(*arguments),
        "JAX's value": lambda: jax.block_until_ready(value(*moved)),
        "JAX's gradient": lambda: jax.block_until_ready(theirs(*moved)),
    }
    for call in calls.values():
        call()
    best = [timing.best for timing in timings(calls, rounds=60, seconds=5).values()]
    return [best[1] / best[0], best[3] / best[2], best[1] / best[3]]


if __name__ == "__main__":
    restrict(1)
    jax.config.update("jax_enable_x64", True)
    print("| | gradient / value | JAX, jit: gradient / value | gradient / JAX's |")
    print("|---|---:|---:|---:|")
    for name, case in CASES.items():
        print(f"| {name} | " + " | ".join(f"{x:.2g}" for x in row(case)) + " |")
