"""Elementwise functions. fgrad sums each cotangent over the broadcast axes."""

import numpy as np

from fgrad._box import astype
from fgrad._rules import defvjp

defvjp(np.add, x1=lambda g: g, x2=lambda g: g)
defvjp(np.subtract, x1=lambda g: g, x2=lambda g: -g)
defvjp(np.multiply, x1=lambda g, x2: g * x2, x2=lambda g, x1: g * x1)
defvjp(np.divide, x1=lambda g, x2: g / x2, x2=lambda g, ans, x2: -g * ans / x2)
defvjp(np.negative, x=lambda g: -g)
defvjp(np.sin, x=lambda g, x: g * np.cos(x))
defvjp(np.cos, x=lambda g, x: -g * np.sin(x))
defvjp(np.exp, x=lambda g, ans: g * ans)
defvjp(np.log, x=lambda g, x: g / x)
defvjp(np.tanh, x=lambda g, ans: g * (1 - ans * ans))
defvjp(np.conjugate, x=lambda g: np.conjugate(g))
defvjp(np.real, val=lambda g: g)
defvjp(np.imag, val=lambda g: -1j * g)
defvjp(astype, neutral=("dtype",), x=lambda g: g)
