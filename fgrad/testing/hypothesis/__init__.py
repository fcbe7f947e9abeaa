"""Property-based checks of derivatives: Hypothesis draws the points.

It needs Hypothesis: ``pip install 'fgrad[hypothesis]'``.
"""

try:
    import hypothesis as _hypothesis
except ImportError as error:
    raise ImportError(
        "fgrad.testing.hypothesis needs Hypothesis: pip install 'fgrad[hypothesis]'"
    ) from error

from fgrad.testing.hypothesis._arrays import array_shapes, arrays, numbers
from fgrad.testing.hypothesis._calls import Call, calls, rules
from fgrad.testing.hypothesis._check_rule import check_rule
from fgrad.testing.hypothesis._differentiable import check, differentiable
from fgrad.testing.hypothesis._programs import Program, programs
from fgrad.testing.hypothesis._trees import directions, like

del _hypothesis

__all__ = [
    "Call",
    "Program",
    "array_shapes",
    "arrays",
    "calls",
    "check",
    "check_rule",
    "differentiable",
    "directions",
    "like",
    "numbers",
    "programs",
    "rules",
]
