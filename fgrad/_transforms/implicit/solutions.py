"""Solutions of equations, differentiated by the implicit function theorem.

The solver only has to find the solution: it sees plain values, and may use anything.
The derivative follows from the equation that the solution satisfies,

    f(x(a), a) = 0   so   ∂f/∂x · dx + ∂f/∂a · da = 0,

and a cotangent g of x gives w with (∂f/∂x)ᵀ w = -g, then (∂f/∂a)ᵀ w. Here x and f are
vectors of real numbers: the components of trees, whose complex leaves have two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from fgrad._engine.bind import bind
from fgrad._engine.box import space
from fgrad._engine.rules import Rule
from fgrad._ravel import components
from fgrad._transforms._values import label
from fgrad._transforms.custom import CustomVJP
from fgrad._transforms.forward import linearize
from fgrad._transforms.implicit.equation import Matvec, Problem
from fgrad._transforms.implicit.solvers import Difference, Iteration, Newton
from fgrad._transforms.jacobians import jacobian
from fgrad._transforms.pullbacks import vjp
from fgrad._transforms.reverse import stop_gradient
from fgrad._tree import flatten, leaf_paths, unflatten
from fgrad.errors import InputTypeError, OutputTypeError

__all__ = ["custom_root", "fixed_point"]

X = TypeVar("X")


def _plainly(fun: Callable[..., Any], *args: Any) -> Any:
    """``fun(*args)`` as one operation on plain values.

    Nobody differentiates it. It is one so that `vmap` calls it for one example after
    the other: how many steps a solver takes depends on the values.
    """
    leaves, structure = flatten(args)

    def operation(*leaves: Any) -> Any:
        return fun(*unflatten(structure, leaves))

    rule = Rule(operation, name=fun.__name__, variadic=True, sequences=("leaves",))
    return bind(rule, tuple(leaves), {})


def _root(problem: Problem, x0: Any, *args: Any) -> Any:
    """The components of the solution."""

    def solve(x0: Any, *args: Any) -> Any:
        return components(problem.solve(x0, args))[0]

    solve.__name__ = problem.name
    return _plainly(solve, x0, *args)


def _root_fwd(problem: Problem, x0: Any, *args: Any) -> Any:
    x = ROOT(problem, x0, *args)  # traced by the outer levels, if there are any
    return x, (x, args)


def _root_bwd(problem: Problem, x0: Any, residuals: Any, g: Any) -> tuple[Any, ...]:
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
        solver: Any = problem.linear_solver
        w = np.asarray(solver(_product(problem, transposed, x, args), b))
        if w.shape != b.shape or not np.can_cast(w.dtype, b.dtype, "same_kind"):
            raise OutputTypeError(
                f"the linear_solve of {problem.name} must return a real vector of "
                f"shape {b.shape}, but returned {w.dtype} {w.shape}."
            )
        return w.astype(b.dtype)

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
    """For w = M⁻¹ b and u = M⁻ᵀ g: δ⟨g, w⟩ = ⟨u, δb⟩ - ⟨u, δM w⟩."""
    x, args, w = residuals
    u = _solved(problem, not transposed, x, args, g)
    values, rebuild = _continuous((x, args))
    _, pullback = vjp(
        lambda values: _product(problem, transposed, *rebuild(values))(w), values
    )
    return *_cotangents((x, args), pullback(-u)[0]), u


ROOT = CustomVJP(_root, (0, 1))
ROOT.defvjp(_root_fwd, _root_bwd)

LINEAR = CustomVJP(_linear, (0, 1))
LINEAR.defvjp(_linear_fwd, _linear_bwd)


def _solved(problem: Problem, transposed: bool, x: Any, args: Any, b: Any) -> Any:
    """The solution of M w = b, or Mᵀ w = b: by a dense Jacobian unless told how."""
    if problem.linear_solver is not None:
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
        if not _is_continuous(leaf):
            raise InputTypeError(
                f"{transform} of {label(fun)} needs a first guess of real or complex "
                f"floats, but {path} is {leaf!r}."
            )
    tree = components(x0)[1]
    problem = Problem(label(fun), residual, solve, linear_solve, tree)
    return tree(ROOT(problem, x0, *args))


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
    x0 : tree of floats, complex numbers or arrays
        A first guess: its shapes and dtypes are those of x, its derivative is zero.
    *args : tree
        Whatever else `fun` needs; their float and complex leaves are differentiated.
    solve : callable, optional
        ``solve(f, x0)`` returns x with ``f(x) = 0``, for a function `f` of plain
        values. By default Newton's method with a dense Jacobian. Whether a solver of
        yours has converged is yours to check.
    linear_solve : callable, optional
        ``linear_solve(matvec, b)`` returns the vector w with ``matvec(w) = b``, for
        plain real vectors. The matrix is ∂f/∂x or its transpose, between the leaves in
        one vector, where a complex leaf counts as its real parts, then its imaginary
        parts. By default a dense matrix is solved.

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
        If `fun` does not return a tree like `x`, complex where x is complex and real
        where it is real; or `solve` none like `x0`.
    InputTypeError
        If a leaf of `x0` is not a float, a complex number or an array of these.

    Notes
    -----
    By the implicit function theorem, the derivative needs the solution alone, not the
    steps that led to it. It may be differentiated any number of times, in both modes,
    whatever the solvers do. A complex unknown counts as its real and imaginary parts,
    so that `fun` need not be holomorphic.

    Under `vmap`, the solvers see one example after the other, and the rest is computed
    for all at once.

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
    x0 : tree of floats, complex numbers or arrays
        Where to begin: its shapes and dtypes are those of x, its derivative is zero.
    *args : tree
        Whatever else `fun` needs; their float and complex leaves are differentiated.
    tol : float, optional
        The largest change, relative to 1 + max|x|, at which x counts as solution. By
        default `fun` is applied until rounding leaves nothing to gain; the last change
        is then at most a hundred times the spacing of the dtype's numbers.
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
    What is said there of complex unknowns and of `vmap` holds here, too.

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
