"""Reverse mode: `grad` and `value_and_grad`, and what has no derivative."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, cast, overload

import numpy as np
from typing_extensions import override

from fgrad._engine.box import Box, boxes_in, primal, space
from fgrad._engine.constants import CONSTANT
from fgrad._transforms._argnums import Argnums, is_sequence, sequence
from fgrad._transforms._run import Run
from fgrad._transforms._values import check_truth, described, label
from fgrad._transforms._wrapped import Transformed
from fgrad._tree import flatten, tree_map
from fgrad.errors import (
    InputTypeError,
    NonScalarOutputError,
    OutputTypeError,
)

__all__ = ["Grad", "grad", "is_traced", "stop_gradient", "value_and_grad"]

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


@overload
def grad(
    fun: Callable[Concatenate[X, P], tuple[Any, A]],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[Concatenate[X, P], tuple[X, A]]: ...
@overload
def grad(
    fun: Callable[Concatenate[X, P], Any],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[Concatenate[X, P], X]: ...
@overload
def grad(
    fun: Callable[P, Any],
    argnums: int,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, Any]: ...
@overload
def grad(
    fun: Callable[P, tuple[Any, A]],
    argnums: Sequence[int],
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[tuple[Any, ...], A]]: ...
@overload
def grad(
    fun: Callable[P, Any],
    argnums: Sequence[int],
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[Any, ...]]: ...
def grad(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
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
    allow_int : bool
        Whether integers are differentiated at their float value. `fun` then gets
        floats in their place, and so is their gradient.

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
        If a leaf of a differentiated argument is a string or another object; or an
        integer, and `allow_int` is false.
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
    return Grad(fun, argnums, has_aux, holomorphic, allow_int)


@overload
def value_and_grad(
    fun: Callable[Concatenate[X, P], tuple[R, A]],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[Concatenate[X, P], tuple[tuple[R, A], X]]: ...
@overload
def value_and_grad(
    fun: Callable[Concatenate[X, P], R],
    argnums: Literal[0] = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[Concatenate[X, P], tuple[R, X]]: ...
@overload
def value_and_grad(
    fun: Callable[P, R],
    argnums: int,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[R, Any]]: ...
@overload
def value_and_grad(
    fun: Callable[P, R],
    argnums: Sequence[int],
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[R, tuple[Any, ...]]]: ...
def value_and_grad(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """The value of a scalar function and its gradient, in one pass.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic, allow_int
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
    return ValueAndGrad(fun, argnums, has_aux, holomorphic, allow_int)


def stop_gradient(tree: X) -> X:
    """The plain values in a tree, through every level of differentiation.

    Parameters
    ----------
    tree : tree
        Traced or plain arrays and numbers.

    Returns
    -------
    tree
        The same tree with numbers and copies of the arrays.

    Examples
    --------
    >>> from fgrad import grad, stop_gradient
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    return cast(X, tree_map(_stopped, tree))


def is_traced(tree: Any) -> bool:
    """Whether a value, or any in a tree, is traced.

    A transform is at work on it: what is done with it must be NumPy's functions, or one
    operation with a rule. All that is not traced may go anywhere.

    Parameters
    ----------
    tree : tree
        Any value; containers and arrays of objects are looked into.

    Returns
    -------
    bool
        True inside `grad`, `vjp`, `jvp`, `vmap` and the others, for their arguments and
        what depends on them.

    Examples
    --------
    >>> from fgrad import grad, is_traced
    >>> is_traced(2.0)
    False
    >>> grad(lambda x: x * is_traced({"x": x}))(2.0)
    np.float64(1.0)
    """
    return any(map(_holds_boxes, flatten(tree)[0]))


def _holds_boxes(leaf: Any) -> bool:
    if type(leaf) is np.ndarray and leaf.dtype == object:
        return any(map(_holds_boxes, leaf.flat))
    return any(box._trace is not CONSTANT for box in boxes_in(leaf))


def _stopped(leaf: Any) -> Any:
    """The plain value of a leaf; of arrays of objects, those of its entries."""
    if type(leaf) is np.ndarray and leaf.dtype == object:
        plain = np.empty(leaf.shape, object)
        plain.flat[:] = [primal(entry) for entry in leaf.flat]
        return plain
    plain = primal(leaf)
    if plain is leaf:
        return leaf
    if type(plain) is Box:
        return plain._trace.copy(plain)
    return plain.copy() if type(plain) is np.ndarray else plain
