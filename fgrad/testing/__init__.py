"""Check derivatives against finite differences, and say what is wrong where.

`check_grads` checks a function at a point, `check_rule` the rule of one operation,
`check_jac` a Jacobian that does not come from fgrad.
"""

from fgrad.errors import GradientError, UncheckedDerivativeWarning
from fgrad.testing._grads import check_grads
from fgrad.testing._jac import check_jac
from fgrad.testing._leaves import fixed
from fgrad.testing._report import Report, Verdict
from fgrad.testing._rule import check_rule
from fgrad.testing._stencil import STEP as STEP, stencil

__all__ = [
    "GradientError",
    "Report",
    "UncheckedDerivativeWarning",
    "Verdict",
    "check_grads",
    "check_jac",
    "check_rule",
    "fixed",
    "stencil",
]
