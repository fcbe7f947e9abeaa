"""What NumPy's series classes need in order to carry traced coefficients."""

from typing import Any

import numpy as np

from fgrad.derived.creation import as_traced
from fgrad.derived.series import as_series
from fgrad.numpy.polynomial.polyutils import mapparms


class Traced:
    """Comes before NumPy's class, whose functions of coefficients are replaced."""

    coef: Any
    domain: Any
    window: Any
    _val: Any
    _roots: Any

    def __init__(self, coef: Any, *args: Any, **kwargs: Any) -> None:
        given = as_traced(coef)
        plain = type(given) is np.ndarray
        parent: Any = super()
        parent.__init__(coef if plain else [0.0], *args, **kwargs)
        if not plain:
            self.coef = as_series(given)

    def __call__(self, arg: Any) -> Any:
        offset, scale = mapparms(self.domain, self.window)
        return self._val(offset + scale * as_traced(arg), self.coef)

    def roots(self) -> Any:
        offset, scale = mapparms(self.window, self.domain)
        return offset + scale * self._roots(self.coef)
