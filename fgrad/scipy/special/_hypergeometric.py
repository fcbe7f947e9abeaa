"""Hypergeometric functions, in the argument: all parameters rise by 1."""

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.rules import defvjp, rule_of
from fgrad.scipy.special._words import ORDER

__all__: list[str] = []

defvjp(
    sp.hyp0f1,
    lacks={"v": ORDER},
    z=lambda g, v, z: g * sp.hyp0f1(np.add(v, 1), z) / v,
)
defvjp(
    sp.hyp1f1,  # DLMF 13.3.15
    lacks=dict.fromkeys("ab", ORDER),
    x=lambda g, a, b, x: g * np.divide(a, b) * sp.hyp1f1(np.add(a, 1), np.add(b, 1), x),
)
defvjp(
    sp.hyp2f1,  # DLMF 15.5.1
    lacks=dict.fromkeys("abc", ORDER),
    z=lambda g, a, b, c, z: (
        g
        * np.divide(np.multiply(a, b), c)
        * sp.hyp2f1(np.add(a, 1), np.add(b, 1), np.add(c, 1), z)
    ),
)
defvjp(
    sp.hyperu,  # DLMF 13.3.22
    lacks=dict.fromkeys("ab", ORDER),
    x=lambda g, a, b, x: -g * a * sp.hyperu(np.add(a, 1), np.add(b, 1), x),
)
defvjp(
    sp.wright_bessel,
    lacks=dict.fromkeys("ab", ORDER),
    x=lambda g, a, b, x: g * sp.wright_bessel(a, np.add(a, b), x),
)
if hasattr(sp, "log_wright_bessel"):  # SciPy 1.14
    defvjp(
        sp.log_wright_bessel,
        lacks=dict.fromkeys("ab", ORDER),
        x=lambda g, ans, a, b, x: (
            g * np.exp(sp.log_wright_bessel(a, np.add(a, b), x) - ans)
        ),
    )

# Lambert's and Wright's functions -----------------------------------------------------

defvjp(sp.wrightomega, z=lambda g, ans: g * ans / (1 + ans))

_lambertw = getattr(sp._ufuncs, "_lambertw", None)
if _lambertw is not None:  # what ``scipy.special.lambertw`` calls; DLMF 4.13.4
    rule_of(_lambertw).name = "scipy.special.lambertw"
    defvjp(_lambertw, x1=lambda g, ans: g * np.exp(-ans) / (1 + ans))
