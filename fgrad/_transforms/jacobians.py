"""Jacobians: derivatives of functions of many outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, ParamSpec, TypeVar, cast, overload

from typing_extensions import override

from fgrad._engine.trace import Space
from fgrad._transforms._argnums import Argnums, is_sequence, sequence
from fgrad._transforms._run import Run
from fgrad._transforms._units import by_columns, by_rows
from fgrad._transforms._values import check_truth, label
from fgrad._transforms._wrapped import Transformed
from fgrad._tree import flatten, tree_map, unflatten
from fgrad.errors import OutputTypeError

__all__ = [
    "Jacobian",
    "jacfwd",
    "jacobian",
    "jacrev",
    "signature_of",
    "value_and_jacobian",
]

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")

F = TypeVar("F", bound=Callable[..., Any])


class ValueAndJacobian(Transformed):
    """What `value_and_jacobian` returns."""

    transform = "value_and_jacobian"

    @staticmethod
    def direction(outputs: Any, inputs: Any, words: Any) -> list[list[Any]]:
        """The blocks of the Jacobian, by the mode that has less to do."""
        rows = sum(space.size for _, space in outputs)
        columns = sum(node.size for node in inputs)
        return (by_columns if columns < rows else by_rows)(outputs, inputs, words)

    @override
    def _end(self, run: Run, out: Any) -> Any:
        out, aux = run.finish(out, self.has_aux)
        structure = flatten(out)[1]
        outputs = [(node, here) for _, node, here in run.outputs(out)]
        for _, space in outputs:
            check_truth(self.transform, label(self.fun), space.dtype)
        inputs = [node for _, nodes in run.inputs for node in nodes]
        if not self.holomorphic:
            self._check_complex(outputs, run)
        table: list[list[Any]] = [[] for _ in outputs]
        if inputs:
            table = self.direction(outputs, inputs, run.is_finite)
        blocks = unflatten(structure, [self._row(run, row) for row in table])
        value = tree_map(run.value, out)
        return ((value, aux), blocks) if self.has_aux else (value, blocks)

    def _row(self, run: Run, blocks: list[Any]) -> Any:
        """The blocks of one output leaf, as trees like the arguments."""
        rest = iter(blocks)
        trees = tuple(
            unflatten(structure, [next(rest) for _ in nodes])
            for structure, nodes in run.inputs
        )
        return trees if is_sequence(self.argnums) else trees[0]

    def _check_complex(self, outputs: list[tuple[Any, Space]], run: Run) -> None:
        """One complex number is the derivative of a holomorphic function only."""
        if all(space.dtype.kind != "c" for node, space in outputs if node is not None):
            return
        for argnum, (_, nodes) in zip(sequence(self.argnums), run.inputs, strict=True):
            for node in nodes:
                if node.dtype.kind == "c":
                    name = label(self.fun)
                    raise OutputTypeError(
                        f"{self.transform} needs a real output where the argument is "
                        f"complex, but {name} returned complex numbers for argument "
                        f"{argnum} of dtype {node.dtype}. Pass holomorphic=True if "
                        f"{name} is holomorphic, or differentiate its real and "
                        f"imaginary parts."
                    )


class Jacobian(ValueAndJacobian):
    """What `jacobian` returns."""

    transform = "jacobian"

    @override
    def _end(self, run: Run, out: Any) -> Any:
        value, blocks = super()._end(run, out)
        return (blocks, value[1]) if self.has_aux else blocks


class JacRev(Jacobian):
    """What `jacrev` returns."""

    transform = "jacrev"
    direction = staticmethod(by_rows)


class JacFwd(Jacobian):
    """What `jacfwd` returns."""

    transform = "jacfwd"
    direction = staticmethod(by_columns)


@overload
def jacobian(
    fun: Callable[P, Any],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, Any]: ...
@overload
def jacobian(
    fun: Callable[P, tuple[Any, A]],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
def jacobian(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """The derivative of every output entry with respect to every input entry.

    Forward or reverse mode, whichever has less to do; `jacrev` and `jacfwd` are told.
    The function runs once.

    Parameters
    ----------
    fun : callable
        Returns a tree of arrays.
    argnums : int or sequence of int
        Which positional arguments to differentiate. Each is a tree of floats, complex
        numbers and arrays of them. Keyword arguments are passed on.
    has_aux : bool
        Whether `fun` returns ``(output, aux)``, where `aux` is not differentiated.
    holomorphic : bool
        Whether `fun` is a complex-differentiable function, where both input and output
        are complex.
    allow_int : bool
        Whether integers are differentiated at their float value. `fun` then gets
        floats in their place.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns an array of the output's shape followed
        by the argument's, in the argument's dtype (complex if the output is). Trees
        give nested blocks: a tree like the output, of trees like the argument (of
        tuples of these if `argnums` is a sequence). With `has_aux`,
        ``(jacobian, aux)``.

    Raises
    ------
    OutputTypeError
        If `fun` returns something else than a tree of arrays, or complex numbers for a
        complex argument and `holomorphic` is false.
    InputTypeError
        If a leaf of a differentiated argument is no float or complex number or array.
    ArgnumsError
        If `argnums` does not fit the call.

    Notes
    -----
    For a real output of a complex argument z = x + iy, the entries are ∂f/∂x - i ∂f/∂y,
    as in `grad`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import jacobian
    >>> jacobian(lambda x: x[:2] * x[1:])(np.array([1.0, 2.0, 3.0]))
    array([[2., 1., 0.],
           [0., 3., 2.]])
    """
    return Jacobian(fun, argnums, has_aux, holomorphic, allow_int)


def signature_of(model: F) -> Callable[[Callable[..., Any]], F]:
    """Type a function as another one, overloads and all."""
    return lambda fun: cast("F", fun)


@signature_of(jacobian)
def jacrev(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """The Jacobian by reverse mode: one pass for each entry of the output.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic, allow_int
        As for `jacobian`.

    Returns
    -------
    callable
        As for `jacobian`.

    Raises
    ------
    OutputTypeError, InputTypeError, ArgnumsError
        As for `jacobian`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import jacrev
    >>> jacrev(lambda x: x[0] * x[1])(np.array([2.0, 3.0]))
    array([3., 2.])
    """
    return JacRev(fun, argnums, has_aux, holomorphic, allow_int)


@signature_of(jacobian)
def jacfwd(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """The Jacobian by forward mode: one pass for each entry of the arguments.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic, allow_int
        As for `jacobian`.

    Returns
    -------
    callable
        As for `jacobian`.

    Raises
    ------
    OutputTypeError, InputTypeError, ArgnumsError
        As for `jacobian`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import jacfwd
    >>> jacfwd(lambda t: np.stack([2.0 * t, t**3]))(1.0)
    array([2., 3.])
    """
    return JacFwd(fun, argnums, has_aux, holomorphic, allow_int)


@overload
def value_and_jacobian(
    fun: Callable[P, R],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[R, Any]]: ...
@overload
def value_and_jacobian(
    fun: Callable[P, tuple[R, A]],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[tuple[R, A], Any]]: ...
def value_and_jacobian(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """The value of a function and its Jacobian, from one run.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic, allow_int
        As for `jacobian`.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns ``(value, jacobian)``; with `has_aux`,
        ``((value, aux), jacobian)``.

    Raises
    ------
    OutputTypeError, InputTypeError, ArgnumsError
        As for `jacobian`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import value_and_jacobian
    >>> value_and_jacobian(lambda x: x**2)(np.array([1.0, 3.0]))
    (array([1., 9.]), array([[2., 0.],
           [0., 6.]]))
    """
    return ValueAndJacobian(fun, argnums, has_aux, holomorphic, allow_int)
