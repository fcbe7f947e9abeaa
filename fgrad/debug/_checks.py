"""What can be checked while derivatives are computed: `checks`."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
from typing_extensions import override

from fgrad._words.callsite import caller
from fgrad.debug._linearity import check_linear, check_spaces
from fgrad.debug._marks import Marks, arrays_in
from fgrad.debug._nonfinite import check_finite
from fgrad.debug._watching import Operation, Pulling, Watch, watching
from fgrad.errors import ChangedArrayError

__all__ = ["checks"]


class Checks(Watch):
    """Looks at each operation, at what it keeps, and at each pullback that runs."""

    def __init__(self, changes: bool, nonfinite: bool, rules: bool) -> None:
        self.changes = changes
        self.nonfinite = nonfinite
        self.rules = rules
        self._marks = Marks()
        self._rng: Any = np.random.default_rng(0)

    @override
    def computed(self, operation: Operation, compute: Callable[[], Any]) -> Any:
        ans = compute()
        if self.nonfinite:
            check_finite(operation, ans)
        if self.changes:
            self._marks.look(caller())
        return ans

    @override
    def kept(self, pulling: Pulling, residuals: tuple[Any, ...]) -> None:
        if self.changes:
            pulling.seen.extend(self._marks.of(v, pulling.site) for v in residuals)

    @override
    def pulled(self, pulling: Pulling, g: Any, *residuals: Any) -> Any:
        if pulling.seen:
            _check_same(pulling, residuals)
        c = pulling.pullback.fun(g, *residuals)
        if self.rules:
            check_spaces(pulling, c)
            check_linear(pulling, g, residuals, c, self._rng)
        return c


def _check_same(pulling: Pulling, residuals: tuple[Any, ...]) -> None:
    """Raise an error if what the rule has kept is not what it was."""
    for name, value, marks in zip(pulling.needs, residuals, pulling.seen, strict=True):
        for array, mark in zip(arrays_in(value), marks, strict=False):
            if mark.ref() is array and not mark.holds(array, caller()):
                called = "its result" if name == "ans" else name
                raise ChangedArrayError(
                    f"{pulling} needs {called} as it was, but that array has been "
                    f"changed. Change a copy of it, or compute a new array.\n"
                    f"{mark.words(pulling.site)}"
                )


@contextmanager
def checks(
    *, changes: bool = True, nonfinite: bool = True, rules: bool = True
) -> Generator[None]:
    """Find mistakes while derivatives are computed, inside a ``with``.

    Programs give the same results as without it, but run slower. Outside, nothing is
    checked, and nothing costs anything.

    Parameters
    ----------
    changes : bool
        Whether an array that a rule has kept must still be the same when replay uses
        it. Arrays with at most 16,384 entries are compared as a whole, larger ones by
        4,096 of their entries.
    nonfinite : bool
        Whether the first operation that makes a nan or an infinity of finite numbers
        is an error.
    rules : bool
        Whether each pullback that runs must return a cotangent with the shape of the
        argument, of floats with no fewer digits, and must be linear in its cotangent.
        It runs three times more often for that, on random cotangents. That holds for
        rules of fgrad and of yours.

    Raises
    ------
    ChangedArrayError
        In replay: the array, the line that kept it, and the line where it was found to
        be another.
    NonFiniteError
        At the operation: which entry, and of what it was made.
    RuleError
        In replay: which rule, and what is wrong with it.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import grad
    >>> from fgrad.debug import checks
    >>> with checks(), np.errstate(divide="ignore"):
    ...     grad(lambda x: np.sum(np.log(x)))(np.array([1.0, 0.0]))
    Traceback (most recent call last):
    ...
    fgrad.errors.NonFiniteError: np.log made -inf of finite numbers in entry [1], ...
    """
    given: dict[str, Any] = {"changes": changes, "nonfinite": nonfinite, "rules": rules}
    for name, value in given.items():
        if not isinstance(value, bool | np.bool_):
            raise TypeError(
                f"{name}={value!r} of checks: give True or False. The function is "
                f"called inside the with: with checks(): grad(f)(x)."
            )
    with watching(Checks(**given)):
        yield
