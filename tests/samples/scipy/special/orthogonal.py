"""Calls of orthogonal polynomials."""

import numpy as np
import scipy.special as sp

from tests.samples import fixed, real, sample

N = np.array([[0], [1], [2], [5]])
X = np.array([0.1, 0.45, 0.8])

for _name in [
    "legendre",
    "chebyt",
    "chebyu",
    "chebyc",
    "chebys",
    "sh_legendre",
    "sh_chebyt",
    "sh_chebyu",
    "laguerre",
    "hermite",
    "hermitenorm",
]:
    sample(getattr(sp, f"eval_{_name}"), N, X)
    if "hermite" not in _name:
        sample(getattr(sp, f"eval_{_name}"), fixed(1.5), X / 4 + 0.5)
for _fun in (sp.eval_jacobi, sp.eval_sh_jacobi):
    sample(_fun, N, fixed(2.3), fixed(1.6), X)
for _fun in (sp.eval_gegenbauer, sp.eval_genlaguerre):
    sample(_fun, N, fixed(0.7), X)
sample(sp.lpmv, fixed(1.0), fixed(3.0), X)
sample(sp.lpmv, fixed(0.0), fixed(np.array([[2.0], [2.5]])), X)
sample(sp.eval_legendre, 3, real())
