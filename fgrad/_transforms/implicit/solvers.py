"""How `custom_root` and `fixed_point` find a solution. They see plain values only."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np

from fgrad._ravel import components
from fgrad._transforms.jacobians import value_and_jacobian
from fgrad._tree import flatten, tree_map, unflatten
from fgrad.errors import ConvergenceError

__all__ = ["Difference", "Iteration", "Newton"]


def _spacing(tree: Any) -> Any:
    """For each component, the spacing of its dtype's numbers around 1."""

    def spacing(leaf: Any) -> Any:
        dtype = np.asarray(leaf).dtype
        eps = np.finfo(dtype).eps
        return np.full_like(leaf, eps * (1 + 1j) if dtype.kind == "c" else eps)

    return components(tree_map(spacing, tree))[0]


def _size(x: Any) -> float:
    return float(np.abs(x).max(initial=0.0))


def _within(step: Any, tol: Any, x: Any) -> bool:
    """Whether a step is below `tol`, relative to 1 + max|x|."""
    return bool(np.all(np.abs(step) <= tol * (1 + _size(x))))


class Difference:
    """The equation of a fixed point: x - fun(x) = 0."""

    def __init__(self, fun: Callable[..., Any]) -> None:
        self.fun = fun

    def __call__(self, x: Any, *args: Any) -> Any:
        xs, structure = flatten(x)
        ys, got = flatten(self.fun(x, *args))
        if got != structure or any(
            np.shape(a) != np.shape(b) for a, b in zip(xs, ys, strict=True)
        ):
            return unflatten(got, ys)  # as it is, to be refused in words
        return unflatten(structure, [a - b for a, b in zip(xs, ys, strict=True)])


class Iteration:
    """Apply a function until its argument no longer changes."""

    def __init__(self, name: str, tol: float | None, max_steps: int) -> None:
        self.name = name
        self.tol = tol
        self.max_steps = max_steps

    def __call__(self, residual: Callable[[Any], Any], x0: Any) -> Any:
        xs, structure = flatten(x0)
        dtypes = [np.asarray(x).dtype for x in xs]
        spacings = [float(np.finfo(dtype).eps) for dtype in dtypes]
        sizes, change = [np.inf], np.inf
        for _ in range(self.max_steps):
            steps = flatten(residual(unflatten(structure, xs)))[0]
            xs = [
                np.asarray(x - step, dtype)[()]
                for x, step, dtype in zip(xs, steps, dtypes, strict=True)
            ]
            sizes = [_size(step) for step in steps]
            steps = [s / eps for s, eps in zip(sizes, spacings, strict=True)]
            if not isfinite(sum(steps)):  # `max` may overlook what is not a number
                break
            before, change = change, max(steps, default=0.0)
            scale = 1 + max(map(_size, xs), default=0.0)
            if self.tol is not None:
                if max(sizes, default=0.0) <= self.tol * scale:
                    return unflatten(structure, xs)
            elif change <= 100 * scale and (change == 0 or change >= before):
                return unflatten(structure, xs)  # rounding leaves nothing to gain
        raise ConvergenceError(
            f"fixed_point of {self.name} did not converge in {self.max_steps} steps: x "
            f"still changes by {np.max(sizes):.3g}. Begin nearer to the solution, or "
            f"damp the step."
        )


class Newton:
    """Newton's method with a dense Jacobian; steps are halved until they help."""

    def __init__(self, name: str, max_steps: int = 100) -> None:
        self.name = name
        self.max_steps = max_steps

    def __call__(self, residual: Callable[[Any], Any], x0: Any) -> Any:
        x, tree = components(x0)
        spacing = _spacing(x0)

        def equations(x: Any) -> Any:
            return components(residual(tree(x)))[0]

        slope = value_and_jacobian(equations)
        y, matrix = slope(x)
        with np.errstate(all="ignore"):  # a step too far is taken back
            for _ in range(self.max_steps):
                if not np.any(y):
                    return tree(x)
                try:
                    step = np.linalg.solve(matrix, y)
                except np.linalg.LinAlgError:
                    break
                if not np.all(np.isfinite(step)):
                    break
                trial = _descend(equations, x, y, step, 100 * spacing)
                x = x if trial is None else trial
                if trial is None or _within(step, 100 * spacing, x):
                    # Rounding stops the descent at a solution; anything else is none.
                    if _within(step, spacing**0.5, x):
                        return tree(x)
                    break
                y, matrix = slope(x)
        raise ConvergenceError(
            f"custom_root of {self.name} did not converge: the residual stays at "
            f"{_size(y):.3g}. Begin nearer to the solution, or pass a solver of your "
            f"own: solve=..."
        )


def _descend(
    equations: Callable[[Any], Any], x: Any, y: Any, step: Any, tol: Any
) -> Any:
    """The first point along the step with a smaller residual; ``None`` if too near."""
    while True:
        trial = x - step
        if np.linalg.norm(equations(trial)) < np.linalg.norm(y):
            return trial
        if _within(step, tol, x):
            return None
        step = step / 2
