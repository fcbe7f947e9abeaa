"""Solutions of equations, differentiated by the implicit function theorem.

The solver only has to find the solution: it sees plain values, and may use anything.
The derivative follows from the equation that the solution satisfies,

    f(x(a), a) = 0   so   ∂f/∂x · dx + ∂f/∂a · da = 0,

and a cotangent g of x gives w with (∂f/∂x)ᵀ w = -g, then (∂f/∂a)ᵀ w.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from fgrad._bind import bind
from fgrad._ravel import Unravel, ravel
from fgrad._rules import Rule
from fgrad._trace import Box, space
from fgrad._transforms._run import label
from fgrad._transforms._solvers import Difference, Iteration, Newton
from fgrad._transforms.custom import CustomVJP, closes_over
from fgrad._transforms.forward import linearize
from fgrad._transforms.jacobians import jacobian
from fgrad._transforms.reverse import stop_gradient, vjp
from fgrad._tree import flatten, leaf_paths, unflatten
from fgrad.errors import ConversionError, InputTypeError, OutputTypeError

__all__ = ["custom_root", "fixed_point"]

X = TypeVar("X")

Matvec = Callable[[Any], Any]


@dataclass(frozen=True)
class Problem:
    """An equation ``residual(vector, *args) = 0`` and how to solve it."""

    name: str
    fun: Callable[..., Any]
    unravel: Unravel
    solve: Callable[[Callable[[Any], Any], Any], Any]
    """From the residual of a tree, and a first guess, to the solution."""
    start: Any
    linear_solve: Callable[[Matvec, Any], Any] | None

    def residual(self, vector: Any, *args: Any) -> Any:
        """The residual as a vector of the size of the unknown."""
        return ravel(self.fun(self.unravel(vector), *args))[0]

    def check(self, x: Any, args: Any) -> None:
        """Refuse a function that returns no residual, or hides what it depends on."""
        out = self.fun(x, *args)
        for leaf in flatten(out)[0]:
            if type(leaf) is Box:
                raise ConversionError(closes_over(self.name, leaf))
        expected, got = _described(x), _described(out)
        if got != expected:
            raise OutputTypeError(
                f"{self.name} must return a tree like x, which is {expected}, but it "
                f"returned {got}."
            )


def _described(tree: Any) -> str:
    leaves, structure = flatten(tree)
    return f"{structure!r} with shapes {[np.shape(leaf) for leaf in leaves]}"


def _plainly(fun: Callable[..., Any], *args: Any) -> Any:
    """``fun(*args)`` as one operation on plain values.

    Nobody differentiates it. It is one so that `vmap` calls it for one example after
    the other: how many steps a solver takes depends on the values.
    """
    leaves, structure = flatten(args)

    def operation(*leaves: Any) -> Any:
        return fun(*unflatten(structure, leaves))

    rule = Rule(operation)
    rule.name, rule.variadic, rule.sequences = fun.__name__, True, frozenset({"leaves"})
    return bind(rule, tuple(leaves), {})


def _root(problem: Problem, *args: Any) -> Any:
    """The solution, a vector."""

    def solve(*args: Any) -> Any:
        problem.check(problem.start, args)
        x = problem.solve(lambda x: problem.fun(x, *args), problem.start)
        problem.check(x, args)  # where the theorem is applied
        return ravel(x)[0]

    solve.__name__ = problem.name
    return _plainly(solve, *args)


def _root_fwd(problem: Problem, *args: Any) -> Any:
    x = ROOT(problem, *args)  # traced by the outer levels, if there are any
    return x, (x, args)


def _root_bwd(problem: Problem, residuals: Any, g: Any) -> tuple[Any, ...]:
    x, args = residuals
    w = _solved(problem, True, x, args, g)
    values, rebuild = _continuous(args)
    _, pullback = vjp(lambda values: problem.residual(x, *rebuild(values)), values)
    return _cotangents(args, pullback(-w)[0])


def _continuous(args: tuple[Any, ...]) -> tuple[list[Any], Callable[[Any], Any]]:
    """The float leaves of arguments, and the arguments from other values of these."""
    leaves, structure = flatten(args)
    moving = [i for i, leaf in enumerate(leaves) if _is_continuous(leaf)]

    def rebuild(values: list[Any]) -> Any:
        full = list(leaves)
        for i, value in zip(moving, values, strict=True):
            full[i] = value
        return unflatten(structure, full)

    return [leaves[i] for i in moving], rebuild


def _cotangents(args: tuple[Any, ...], found: list[Any]) -> tuple[Any, ...]:
    """One tree for each argument; ``None`` at leaves that are no floats."""
    leaves, structure = flatten(args)
    rest = iter(found)
    return unflatten(
        structure, [next(rest) if _is_continuous(leaf) else None for leaf in leaves]
    )


def _is_continuous(leaf: Any) -> bool:
    number = isinstance(leaf, np.ndarray | np.generic | float | complex)
    return number and space(leaf)[1].kind in "fc"


def _linear(problem: Problem, transposed: bool, x: Any, args: Any, b: Any) -> Any:
    """The solution of M w = b, or Mᵀ w = b, with M = ∂f/∂x, by the caller's solver."""

    def solve(x: Any, args: Any, b: Any) -> Any:
        linear_solve: Any = problem.linear_solve
        w = np.asarray(linear_solve(_product(problem, transposed, x, args), b))
        if w.shape != b.shape:
            raise OutputTypeError(
                f"the linear_solve of {problem.name} must return a vector of shape "
                f"{b.shape}, but returned an array of shape {w.shape}."
            )
        return w

    solve.__name__ = f"the linear_solve of {problem.name}"
    return _plainly(solve, x, args, b)


def _product(problem: Problem, transposed: bool, x: Any, args: Any) -> Matvec:
    """The function v -> M v, or v -> Mᵀ v."""
    residual = problem.residual
    if transposed:
        _, pullback = vjp(lambda x: residual(x, *args), x)
        return lambda v: pullback(v)[0]
    _, pushforward = linearize(lambda x: residual(x, *args), x)
    return pushforward


def _linear_fwd(problem: Problem, transposed: bool, x: Any, args: Any, b: Any) -> Any:
    w = LINEAR(problem, transposed, x, args, b)
    return w, (x, args, w)


def _linear_bwd(
    problem: Problem, transposed: bool, residuals: Any, g: Any
) -> tuple[Any, ...]:
    """Of w = M⁻¹ b: with u = M⁻ᵀ g, δ⟨g, w⟩ = ⟨u, δb⟩ - ⟨u, δM w⟩."""
    x, args, w = residuals
    u = _solved(problem, not transposed, x, args, g)
    values, rebuild = _continuous((x, args))
    _, pullback = vjp(
        lambda values: _product(problem, transposed, *rebuild(values))(w), values
    )
    return *_cotangents((x, args), pullback(-u)[0]), u


ROOT = CustomVJP(_root, (0,))
ROOT.defvjp(_root_fwd, _root_bwd)

LINEAR = CustomVJP(_linear, (0, 1))
LINEAR.defvjp(_linear_fwd, _linear_bwd)


def _solved(problem: Problem, transposed: bool, x: Any, args: Any, b: Any) -> Any:
    """The solution of M w = b, or Mᵀ w = b: by a dense Jacobian unless told how."""
    if problem.linear_solve is not None:
        return LINEAR(problem, transposed, x, args, b)
    matrix = jacobian(problem.residual)(x, *args)
    return np.linalg.solve(np.transpose(matrix) if transposed else matrix, b)


def _differentiable_root(
    transform: str,
    fun: Callable[..., Any],
    residual: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...],
    solve: Callable[[Callable[[Any], Any], Any], Any],
    linear_solve: Callable[[Matvec, Any], Any] | None,
) -> Any:
    x0 = stop_gradient(x0)
    leaves, structure = flatten(x0)
    for path, leaf in zip(leaf_paths(structure, "x0"), leaves, strict=True):
        if not _is_continuous(leaf) or np.iscomplexobj(leaf):
            raise InputTypeError(
                f"{transform} of {label(fun)} needs a first guess of real floats, but "
                f"{path} is {leaf!r}."
            )
    problem = Problem(
        label(fun),
        residual,
        ravel(x0)[1],
        solve,
        x0,
        linear_solve,
    )
    return problem.unravel(ROOT(problem, *args))


def custom_root(
    fun: Callable[..., Any],
    x0: X,
    *args: Any,
    solve: Callable[[Callable[[X], Any], X], X] | None = None,
    linear_solve: Callable[[Matvec, Any], Any] | None = None,
) -> X:
    """The solution x of ``fun(x, *args) = 0``, differentiable in `args`.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns a tree like `x`.
    x0 : tree of real floats or arrays
        A first guess. The solution does not depend on it.
    *args : tree
        Whatever else `fun` needs; their float and complex leaves are differentiated.
    solve : callable, optional
        ``solve(f, x0)`` returns x with ``f(x) = 0``, for a function `f` of plain
        values. By default Newton's method with a dense Jacobian.
    linear_solve : callable, optional
        ``linear_solve(matvec, b)`` returns the vector w with ``matvec(w) = b``, for
        plain vectors; the derivative needs it with ∂f/∂x, raveled, or its transpose. By
        default a dense Jacobian is solved.

    Returns
    -------
    tree
        The solution, a tree like `x0`.

    Raises
    ------
    ConvergenceError
        If the default solver does not find a solution.
    ConversionError
        If `fun` uses a traced value that is not among its arguments.
    OutputTypeError
        If `fun` does not return a tree like `x`.
    InputTypeError
        If a leaf of `x0` is not a real float or array.

    Notes
    -----
    By the implicit function theorem, the derivative needs the solution alone, not the
    steps that led to it. It may be differentiated any number of times, in both modes,
    whatever the solvers do.

    Examples
    --------
    >>> from fgrad import custom_root, grad
    >>> def square_root(a):
    ...     return custom_root(lambda x, a: x * x - a, 1.0, a)
    >>> float(round(square_root(4.0), 9)), float(round(grad(square_root)(4.0), 9))
    (2.0, 0.25)
    """
    if solve is None:
        solve = Newton(label(fun))
    return _differentiable_root("custom_root", fun, fun, x0, args, solve, linear_solve)


def fixed_point(
    fun: Callable[..., Any],
    x0: X,
    *args: Any,
    tol: float | None = None,
    max_steps: int = 10_000,
    linear_solve: Callable[[Matvec, Any], Any] | None = None,
) -> X:
    """The solution x of ``x = fun(x, *args)``, differentiable in `args`.

    `fun` is applied until x no longer changes.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns a tree like `x`; a contraction near the solution.
    x0 : tree of real floats or arrays
        Where to begin.
    *args : tree
        Whatever else `fun` needs; their float and complex leaves are differentiated.
    tol : float, optional
        The largest change, relative to 1 + max|x|, at which x counts as solution. By
        default a hundred times the spacing of the dtype's numbers.
    max_steps : int
        How often to apply `fun`.
    linear_solve : callable, optional
        As for `custom_root`, with the matrix I - ∂fun/∂x or its transpose.

    Returns
    -------
    tree
        The solution, a tree like `x0`.

    Raises
    ------
    ConvergenceError
        If x still changes after `max_steps`.
    ConversionError, OutputTypeError, InputTypeError
        As for `custom_root`.

    Notes
    -----
    By the implicit function theorem, as in `custom_root`: the steps are not recorded.

    Examples
    --------
    >>> from fgrad import fixed_point, grad
    >>> def square_root(a):
    ...     return fixed_point(lambda x, a: (x + a / x) / 2, 1.0, a)
    >>> float(round(grad(square_root)(4.0), 9))
    0.25
    """
    solve = Iteration(label(fun), tol, max_steps)
    return _differentiable_root(
        "fixed_point", fun, Difference(fun), x0, args, solve, linear_solve
    )
