"""Reverse mode: `vjp`, `grad` and `value_and_grad`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, cast, overload

import numpy as np
from typing_extensions import override

from fgrad._engine.box import Box, primal, space
from fgrad._engine.trace import Node
from fgrad._transforms._argnums import Argnums, is_sequence, sequence
from fgrad._transforms._run import Run
from fgrad._transforms._values import check_truth, described, is_numeric, label
from fgrad._transforms._wrapped import Transformed
from fgrad._tree import flatten, leaf_paths, tree_map
from fgrad.errors import (
    CotangentError,
    InputTypeError,
    NonScalarOutputError,
    OutputTypeError,
)

__all__ = ["Grad", "grad", "pulled", "stop_gradient", "value_and_grad", "vjp"]

X = TypeVar("X")
R = TypeVar("R")
A = TypeVar("A")
P = ParamSpec("P")

REALS = frozenset({float, np.float64, np.float32})
"""The usual types of the output."""


class ValueAndGrad(Transformed):
    """What `value_and_grad` returns."""

    transform = "value_and_grad"

    instead = "Use jacobian({name}), or vjp({name}, x) with your own cotangent."
    """The advice when the output is not a scalar."""

    @override
    def _end(self, run: Run, out: Any) -> Any:
        out, aux = run.finish(out, self.has_aux)
        self._check_output(out)
        if self.holomorphic:
            self._check_holomorphic(run, out)
        value, node = run.value(out), run.node(out)
        del out  # so that replay frees what it has passed
        roots = [] if node is None else [(node, node.dtype.type(1))]
        gradients = run.gradients(roots, consume=True)
        gradient = tuple(gradients) if is_sequence(self.argnums) else gradients[0]
        return ((value, aux), gradient) if self.has_aux else (value, gradient)

    def _check_output(self, out: Any) -> None:
        """Refuse what is not one real number (or complex, if holomorphic)."""
        plain = primal(out)
        if type(plain) in REALS:
            return
        name = label(self.fun)
        instead = self.instead.format(name=name)
        if not isinstance(plain, np.ndarray | np.generic | int | float | complex):
            hint = "Did it forget its return?" if out is None else instead
            if flatten(out)[1].type is None:
                hint = "Return a number."
            if type(out) is tuple and len(out) == 2 and self.takes_aux:
                hint = "Pass has_aux=True if the second one is auxiliary."
            raise NonScalarOutputError(
                f"{self.transform} needs a scalar output, but {name} returned "
                f"{described(out)}. {hint}"
            )
        if np.shape(plain) != ():
            hint = instead
            if np.size(plain) == 1:
                hint = "Take its only element with [0] or np.squeeze."
            raise NonScalarOutputError(
                f"{self.transform} needs a scalar output, but {name} returned "
                f"an array of shape {np.shape(plain)}. {hint}"
            )
        dtype = space(plain)[1]
        if dtype.kind == "c" and not self.holomorphic:
            raise OutputTypeError(
                f"{self.transform} needs a real output, but {name} returned {dtype}. "
                f"Pass holomorphic=True if {name} is holomorphic, or use vjp."
            )
        check_truth(self.transform, name, dtype)
        if dtype.kind not in "iufc":
            raise OutputTypeError(
                f"{self.transform} needs a real output, but {name} returned {dtype}."
            )

    def _check_holomorphic(self, run: Run, out: Any) -> None:
        name = label(self.fun)
        for argnum, (_, nodes) in zip(sequence(self.argnums), run.inputs, strict=True):
            for node in nodes:
                if node.dtype.kind != "c":
                    raise InputTypeError(
                        f"{self.transform} with holomorphic=True needs complex inputs, "
                        f"but argument {argnum} of {name} has dtype {node.dtype}."
                    )
        if not np.iscomplexobj(primal(out)):
            raise OutputTypeError(
                f"{self.transform} with holomorphic=True needs a complex output, "
                f"but {name} returned {space(primal(out))[1]}."
            )


class Grad(ValueAndGrad):
    """What `grad` returns."""

    transform = "grad"

    @override
    def _end(self, run: Run, out: Any) -> Any:
        value, gradient = super()._end(run, out)
        return (gradient, value[1]) if self.has_aux else gradient


class VJP:
    """The pullback that `vjp` returns."""

    def __init__(self, run: Run, out: Any) -> None:
        self._structure = flatten(out)[1]
        self._run = run
        self._leaves = [
            (node, here.shape, here.dtype) for _, node, here in run.outputs(out)
        ]

    def __call__(self, *cotangents: Any) -> tuple[Any, ...]:
        name = label(self._run.fun)
        if len(cotangents) != 1:
            raise CotangentError(
                f"the pullback of {name} takes one cotangent, a tree like the output, "
                f"but got {len(cotangents)}"
            )
        leaves, structure = flatten(cotangents[0])
        if structure != self._structure:
            raise CotangentError(
                f"the pullback of {name} expects a cotangent with the tree "
                f"{self._structure!r}, but got {structure!r}"
            )
        roots: list[tuple[Node, Any]] = []
        paths = leaf_paths(structure)
        for path, g, (node, shape, dtype) in zip(
            paths, leaves, self._leaves, strict=True
        ):
            where = f" at {path}" if path else ""
            if type(g) is not Box:
                if not is_numeric(g):
                    raise CotangentError(
                        f"the pullback of {name} expects a cotangent of dtype {dtype}"
                        f"{where}, but got {described(g)}"
                    )
                g = np.asarray(g)
            if g.shape != shape:
                raise CotangentError(
                    f"the pullback of {name} expects a cotangent of shape {shape}"
                    f"{where}, but got shape {g.shape}"
                )
            if not np.can_cast(g.dtype, dtype, "same_kind"):
                raise CotangentError(
                    f"the pullback of {name} expects a cotangent of dtype {dtype}"
                    f"{where}, but got dtype {g.dtype}"
                )
            if node is not None:
                roots.append((node, g if g.dtype == dtype else g.astype(dtype)))
        return tuple(self._run.gradients(roots, consume=False))

    def __repr__(self) -> str:
        return f"the pullback of {label(self._run.fun)}"


@overload
def grad(
    fun: Callable[Concatenate[X, P], tuple[Any, A]],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[Concatenate[X, P], tuple[X, A]]: ...
@overload
def grad(
    fun: Callable[Concatenate[X, P], Any],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
) -> Callable[Concatenate[X, P], X]: ...
@overload
def grad(
    fun: Callable[P, Any],
    argnums: int,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[P, Any]: ...
@overload
def grad(
    fun: Callable[P, tuple[Any, A]],
    argnums: Sequence[int],
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[P, tuple[tuple[Any, ...], A]]: ...
@overload
def grad(
    fun: Callable[P, Any],
    argnums: Sequence[int],
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
) -> Callable[P, tuple[Any, ...]]: ...
def grad(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """The gradient of a scalar function.

    Parameters
    ----------
    fun : callable
        Returns a real scalar: a number or an array of shape ``()``. It may use any
        Python control flow, and `fgrad.numpy` or plain NumPy.
    argnums : int or sequence of int
        Which positional arguments to differentiate. Each is a tree of floats, complex
        numbers and arrays of them. Keyword arguments are passed on.
    has_aux : bool
        Whether `fun` returns ``(output, aux)``, where `aux` is not differentiated.
    holomorphic : bool
        Whether `fun` is a complex-differentiable function with complex input and
        output.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns the gradient, a tree like the
        differentiated argument whose leaves have its leaves' shapes and dtypes (a tuple
        of trees if `argnums` is a sequence); with `has_aux`, ``(gradient, aux)``. It
        may itself be differentiated.

    Raises
    ------
    NonScalarOutputError
        If `fun` returns anything but one number.
    InputTypeError
        If a leaf of a differentiated argument is an integer, string or other object.
    OutputTypeError
        If `fun` returns a complex number and `holomorphic` is false.
    ArgnumsError
        If `argnums` does not fit the call.

    Notes
    -----
    The gradient of a real function of z = x + iy is ∂f/∂x - i ∂f/∂y; its conjugate is
    the direction of steepest ascent.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import grad
    >>> grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])
    >>> grad(grad(np.sin))(0.5) == -np.sin(0.5)
    np.True_
    """
    return Grad(fun, argnums, has_aux, holomorphic)


@overload
def value_and_grad(
    fun: Callable[Concatenate[X, P], tuple[R, A]],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[Concatenate[X, P], tuple[tuple[R, A], X]]: ...
@overload
def value_and_grad(
    fun: Callable[Concatenate[X, P], R],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
) -> Callable[Concatenate[X, P], tuple[R, X]]: ...
@overload
def value_and_grad(
    fun: Callable[P, R],
    argnums: int,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[P, tuple[R, Any]]: ...
@overload
def value_and_grad(
    fun: Callable[P, R],
    argnums: Sequence[int],
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[P, tuple[R, tuple[Any, ...]]]: ...
def value_and_grad(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """The value of a scalar function and its gradient, in one pass.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic
        As for `grad`.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns ``(value, gradient)``; with `has_aux`,
        ``((value, aux), gradient)``.

    Raises
    ------
    NonScalarOutputError, InputTypeError, OutputTypeError, ArgnumsError
        As for `grad`.

    Examples
    --------
    >>> from fgrad import value_and_grad
    >>> value_and_grad(lambda x, y: x * y)(3.0, 4.0)
    (12.0, np.float64(4.0))
    """
    return ValueAndGrad(fun, argnums, has_aux, holomorphic)


@overload
def vjp(
    fun: Callable[..., R], *primals: Any, has_aux: Literal[False] = False
) -> tuple[R, Callable[[Any], tuple[Any, ...]]]: ...
@overload
def vjp(
    fun: Callable[..., tuple[R, A]], *primals: Any, has_aux: Literal[True]
) -> tuple[R, Callable[[Any], tuple[Any, ...]], A]: ...
def vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of a function, and the pullback of cotangents to its arguments.

    Parameters
    ----------
    fun : callable
        Returns a tree of arrays.
    *primals : tree of float or complex arrays
        The arguments of `fun`, all of them differentiated.
    has_aux : bool
        Whether `fun` returns ``(output, aux)``.

    Returns
    -------
    out : tree
        What `fun` returns.
    pullback : callable
        Takes one cotangent, a tree like `out`, and returns a tuple with one tree for
        each argument. It may be called again.
    aux
        Only with `has_aux`.

    Raises
    ------
    InputTypeError
        If a leaf of `primals` is not a float or complex number or array.
    OutputTypeError
        If `fun` returns something else than a tree of arrays.
    CotangentError
        By the pullback, if the cotangent does not look like `out`.

    Notes
    -----
    The pullback is the transpose of the derivative, not its adjoint: for a holomorphic
    `fun` it multiplies by the derivative without conjugating it.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import vjp
    >>> y, pullback = vjp(lambda a, b: a * b, np.array([1.0, 2.0]), 3.0)
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 3., 30.]), np.float64(21.0))
    """
    out, pullback, aux = pulled("vjp", fun, primals, has_aux)
    return (out, pullback, aux) if has_aux else (out, pullback)


def pulled(
    transform: str,
    fun: Callable[..., Any],
    primals: Sequence[Any],
    has_aux: bool = False,
    *,
    takes_aux: bool = True,
) -> tuple[Any, VJP, Any]:
    """Output, pullback and aux of a function."""
    run = Run(transform, fun, primals, range(len(primals)), takes_aux=takes_aux)
    out, aux = run.finish(run.call({}), has_aux)
    return tree_map(run.value, out), VJP(run, out), aux


def stop_gradient(tree: X) -> X:
    """The plain values in a tree, through every level of differentiation.

    Parameters
    ----------
    tree : tree
        Traced or plain arrays and numbers.

    Returns
    -------
    tree
        The same tree with NumPy arrays and numbers.

    Examples
    --------
    >>> from fgrad import grad, stop_gradient
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    return cast(X, tree_map(_stopped, tree))


def _stopped(leaf: Any) -> Any:
    """The plain value of a leaf; of arrays of objects, those of its entries."""
    if type(leaf) is np.ndarray and leaf.dtype == object:
        plain = np.empty(leaf.shape, object)
        plain.flat[:] = [primal(entry) for entry in leaf.flat]
        return plain
    return primal(leaf)
