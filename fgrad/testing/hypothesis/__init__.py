"""Property-based checks of derivatives: Hypothesis draws the points.

It needs Hypothesis: ``pip install 'fgrad[hypothesis]'``.
"""

try:
    import hypothesis as _hypothesis
except ImportError as error:
    raise ImportError(
        "fgrad.testing.hypothesis needs Hypothesis: pip install 'fgrad[hypothesis]'"
    ) from error

from hypothesis.extra.numpy import array_shapes as array_shapes

from fgrad.testing.hypothesis._arrays import arrays, numbers
from fgrad.testing.hypothesis._differentiable import check, differentiable
from fgrad.testing.hypothesis._trees import directions, like

del _hypothesis

__all__ = [
    "array_shapes",
    "arrays",
    "check",
    "differentiable",
    "directions",
    "like",
    "numbers",
]
