"""Orthogonal polynomials: each derivative is a polynomial of a lower degree."""

from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.rules import defvjp
from fgrad.scipy.special._words import COUNT, KNOWN, ORDER

__all__: list[str] = []


def lower(n: Any) -> Any:
    """The degree of a derivative; a constant has none, and the factor is 0."""
    return n - np.not_equal(n, 0)


def jacobi_slope(n: Any, alpha: Any, beta: Any, x: Any) -> Any:
    """DLMF 18.9.15."""
    factor = np.where(np.equal(n, 0), 0, (1 + n + np.add(alpha, beta)) / 2)
    return factor * sp.eval_jacobi(lower(n), np.add(alpha, 1), np.add(beta, 1), x)


def gegenbauer_slope(n: Any, alpha: Any, x: Any) -> Any:
    """DLMF 18.9.19."""
    factor = np.where(np.equal(n, 0), 0, np.multiply(2, alpha))
    return factor * sp.eval_gegenbauer(lower(n), np.add(alpha, 1), x)


def laguerre_slope(n: Any, alpha: Any, x: Any) -> Any:
    """DLMF 18.9.23."""
    factor = np.where(np.equal(n, 0), 0, -1)
    return factor * sp.eval_genlaguerre(lower(n), np.add(alpha, 1), x)


DEGREE = {"n": COUNT}

defvjp(
    sp.eval_jacobi,
    lacks=DEGREE | dict.fromkeys(("alpha", "beta"), ORDER),
    x=lambda g, n, alpha, beta, x: g * jacobi_slope(n, alpha, beta, x),
)
defvjp(
    sp.eval_sh_jacobi,
    lacks=DEGREE | dict.fromkeys("pq", ORDER),
    x=lambda g, n, p, q, x: (
        g * n * sp.eval_sh_jacobi(lower(n), np.add(p, 2), np.add(q, 1), x)
    ),
)
defvjp(
    sp.eval_gegenbauer,
    lacks=DEGREE | {"alpha": ORDER},
    x=lambda g, n, alpha, x: g * gegenbauer_slope(n, alpha, x),
)
defvjp(
    sp.eval_legendre, lacks=DEGREE, x=lambda g, n, x: g * jacobi_slope(n, 0.0, 0.0, x)
)
defvjp(
    sp.eval_sh_legendre,
    lacks=DEGREE,
    x=lambda g, n, x: g * 2 * jacobi_slope(n, 0.0, 0.0, 2 * x - 1),
)
defvjp(
    sp.eval_chebyt,  # DLMF 18.9.21
    lacks=DEGREE,
    x=lambda g, n, x: g * n * sp.eval_chebyu(lower(n), x),
)
defvjp(sp.eval_chebyu, lacks=DEGREE, x=lambda g, n, x: g * gegenbauer_slope(n, 1.0, x))
defvjp(
    sp.eval_chebyc,  # 2 T(x / 2)
    lacks=DEGREE,
    x=lambda g, n, x: g * n * sp.eval_chebys(lower(n), x),
)
defvjp(
    sp.eval_chebys,  # U(x / 2)
    lacks=DEGREE,
    x=lambda g, n, x: g / 2 * gegenbauer_slope(n, 1.0, x / 2),
)
defvjp(
    sp.eval_sh_chebyt,
    lacks=DEGREE,
    x=lambda g, n, x: g * 2 * n * sp.eval_chebyu(lower(n), 2 * x - 1),
)
defvjp(
    sp.eval_sh_chebyu,
    lacks=DEGREE,
    x=lambda g, n, x: g * 2 * gegenbauer_slope(n, 1.0, 2 * x - 1),
)
defvjp(sp.eval_laguerre, lacks=DEGREE, x=lambda g, n, x: g * laguerre_slope(n, 0.0, x))
defvjp(
    sp.eval_genlaguerre,
    lacks=DEGREE | {"alpha": ORDER},
    x=lambda g, n, alpha, x: g * laguerre_slope(n, alpha, x),
)
defvjp(
    sp.eval_hermite,  # DLMF 18.9.25
    lacks=DEGREE,
    x=lambda g, n, x: g * 2 * n * sp.eval_hermite(lower(n), x),
)
defvjp(
    sp.eval_hermitenorm,
    lacks=DEGREE,
    x=lambda g, n, x: g * n * sp.eval_hermitenorm(lower(n), x),
)
defvjp(
    sp.lpmv,  # DLMF 14.10.5
    lacks={"m": COUNT, "v": ORDER},
    x=lambda g, ans, m, v, x: (
        g
        * (v * x * ans - np.add(v, m) * sp.lpmv(m, np.subtract(v, 1), x))
        / (x * x - 1)
    ),
)
for _name in ("pro", "obl"):
    for _kind in ("ang1", "rad1", "rad2"):
        _lacks = dict.fromkeys("mn", COUNT) | dict.fromkeys("cx", KNOWN)
        defvjp(getattr(sp, f"{_name}_{_kind}"), lacks=_lacks)
        defvjp(getattr(sp, f"{_name}_{_kind}_cv"), lacks=_lacks | {"cv": KNOWN})
    defvjp(getattr(sp, f"{_name}_cv"), lacks=dict.fromkeys("mn", COUNT) | {"c": KNOWN})
