"""How `custom_root` and `fixed_point` find a solution. They see plain values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fgrad._ravel import ravel
from fgrad._transforms.jacobians import value_and_jacobian
from fgrad._tree import flatten, unflatten
from fgrad.errors import ConvergenceError

__all__ = ["Difference", "Iteration", "Newton"]


def _tolerance(x: Any) -> float:
    """A hundred times the spacing of the numbers around x."""
    return 100 * float(np.finfo(x.dtype).eps)


def _size(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0.0))


@dataclass(frozen=True)
class Difference:
    """The equation of a fixed point: x - fun(x) = 0."""

    fun: Callable[..., Any]

    def __call__(self, x: Any, *args: Any) -> Any:
        xs, structure = flatten(x)
        ys, got = flatten(self.fun(x, *args))
        if got != structure or any(
            np.shape(a) != np.shape(b) for a, b in zip(xs, ys, strict=True)
        ):
            return unflatten(got, ys)  # as it is, to be refused in words
        return unflatten(structure, [a - b for a, b in zip(xs, ys, strict=True)])


@dataclass(frozen=True)
class Iteration:
    """Apply a function until its argument no longer changes."""

    name: str
    tol: float | None
    max_steps: int

    def __call__(self, residual: Callable[[Any], Any], x0: Any) -> Any:
        x, unravel = ravel(x0)
        tol = _tolerance(x) if self.tol is None else self.tol
        change = np.inf
        for _ in range(self.max_steps):
            step = ravel(residual(unravel(x)))[0]
            x, change = x - step, _size(step)
            if change <= tol * (1 + _size(x)):
                return unravel(x)
            if not np.isfinite(change):
                break
        raise ConvergenceError(
            f"fixed_point of {self.name} did not converge in {self.max_steps} steps: x "
            f"still changes by {change:.3g}. Begin nearer to the solution, or damp the "
            f"step."
        )


@dataclass(frozen=True)
class Newton:
    """Newton's method with a dense Jacobian; steps are halved until they help."""

    name: str
    max_steps: int = 100

    def __call__(self, residual: Callable[[Any], Any], x0: Any) -> Any:
        x, unravel = ravel(x0)
        slope = value_and_jacobian(lambda x: ravel(residual(unravel(x)))[0])
        y, matrix = slope(x)
        with np.errstate(all="ignore"):  # a step too far is taken back
            for _ in range(self.max_steps):
                try:
                    step = np.linalg.solve(matrix, y)
                except np.linalg.LinAlgError:
                    break
                trial = self._descend(residual, x, y, step, unravel)
                if trial is None:
                    # Rounding stops the descent at a solution; anything else is none.
                    if _size(step) <= np.finfo(x.dtype).eps ** 0.5 * (1 + _size(x)):
                        return unravel(x)
                    break
                x = trial
                y, matrix = slope(x)
        raise ConvergenceError(
            f"custom_root of {self.name} did not converge: the residual stays at "
            f"{_size(y):.3g}. Begin nearer to the solution, or pass a solver of your "
            f"own: solve=..."
        )

    def _descend(
        self, residual: Callable[[Any], Any], x: Any, y: Any, step: Any, unravel: Any
    ) -> Any:
        """The first point along the step with a smaller residual."""
        while _size(step) > _tolerance(x) * (1 + _size(x)):
            trial = x - step
            value = ravel(residual(unravel(trial)))[0]
            if np.linalg.norm(value) < np.linalg.norm(y):
                return trial
            step = step / 2
        return None
