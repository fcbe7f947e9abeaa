"""Random draws that are differentiable in the parameters of their distribution.

The numbers are SciPy's. The location and the scale move a standardised draw. How it
moves with a shape follows from the theorem of implicit functions: the probability below
it stays (Figurnov, Mohamed and Mnih, Implicit reparameterization gradients, 2018).
"""

from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.dispatch import primitive
from fgrad._engine.rules import defvjp
from fgrad.scipy.stats._parameters import floating
from fgrad.scipy.stats._standard import SHAPES, given, pdf, slope_of_cdf

__all__ = ["draw", "drawn"]


@primitive
def drawn(
    dist: Any, z: Any, a: Any = None, b: Any = None, c: Any = None, d: Any = None
) -> Any:
    """A draw, as a function of the shapes with which it was drawn."""
    return z + np.zeros(np.broadcast_shapes(*map(np.shape, given(z, a, b, c, d))))


def _of(k: int) -> Any:
    """How a draw moves with a shape."""

    def pullback(g, ans, dist, a=None, b=None, c=None, d=None):
        point = (ans, *given(a, b, c, d))
        return slope_of_cdf(-g / pdf(dist, *point), dist, point, k + 1)

    return pullback


defvjp(
    drawn,
    elementwise=True,
    neutral=("z",),
    **{name: _of(k) for k, name in enumerate(SHAPES)},
)


def draw(dist: Any, *args: Any, random_state: Any = None, **kwds: Any) -> Any:
    """``rvs`` of a continuous distribution."""
    plain = [primal(arg) for arg in args]
    named = {name: primal(value) for name, value in kwds.items()}
    shapes, _, scale, size = dist._parse_args_rvs(*plain, **named)
    if np.any(np.less(scale, 0)):
        shapes = [np.nan for _ in shapes]  # SciPy says what is wrong
        dist.rvs(*shapes, loc=0, scale=-1, size=size)
    z = dist.rvs(*shapes, size=size, random_state=random_state)
    kwds.pop("size", None)
    shapes, loc, scale = dist._parse_args(*args, **kwds)
    moved = drawn(dist, z, *map(floating, shapes)) if shapes else z
    ans = moved * scale + loc
    return np.mod(ans + np.pi, 2 * np.pi) - np.pi if dist.name == "vonmises" else ans
