"""The gamma function and its kin: their derivatives are polygamma functions."""

import scipy.special as sp

from fgrad._engine.rules import defvjp

__all__: list[str] = []

defvjp(sp.gammaln, x=lambda g, x: g * sp.psi(x))  # DLMF 5.2.2
