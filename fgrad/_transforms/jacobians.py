"""Derivatives of functions of many outputs, and second derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, ParamSpec, TypeVar, overload

import numpy as np

from fgrad._trace import Node, Space, strip
from fgrad._transforms._rows import by_columns, by_rows, pull
from fgrad._transforms._run import Argnums, Run, described, label, sequence
from fgrad._transforms._wrapped import Transformed, is_sequence
from fgrad._transforms.forward import Pushforward, check_pairs
from fgrad._transforms.reverse import Grad, output_space
from fgrad._tree import flatten, tree_map, unflatten
from fgrad.errors import OutputTypeError

__all__ = [
    "elementwise_grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "value_and_jacobian",
]

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")

DIRECTION = {"jacrev": by_rows, "jacfwd": by_columns}
"""Transforms that were told how; the others choose by shape."""


class Jacobian(Transformed):
    """What `jacobian`, `jacrev`, `jacfwd` and `value_and_jacobian` return."""

    def _end(self, run: Run, out: Any) -> Any:
        out, aux = run.finish(out, self.has_aux)
        leaves, structure = flatten(out)
        outputs = [
            (run.node(leaf), Space(*output_space(leaf, run, self.transform)))
            for leaf in leaves
        ]
        inputs = [node for _, nodes in run.inputs for node in nodes]
        if not self.holomorphic:
            self._check_complex(outputs, run)
        rows = sum(space.size for _, space in outputs)
        columns = sum(node.size for node in inputs)
        direction = by_columns if columns < rows else by_rows
        direction = DIRECTION.get(self.transform, direction)
        table = direction(outputs, inputs) if inputs else [[] for _ in outputs]
        blocks = unflatten(structure, [self._row(run, row) for row in table])
        if self.transform != "value_and_jacobian":
            return (blocks, aux) if self.has_aux else blocks
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


class Hessian(Jacobian):
    """What `hessian` returns: the Jacobian of the gradient."""

    def _begin(self, run: Run, kwargs: dict[str, Any]) -> Any:
        gradient = Grad(
            self.transform, self.fun, self.argnums, self.has_aux, self.holomorphic
        )
        return run.call(kwargs, gradient)


class ElementwiseGrad(Transformed):
    """What `elementwise_grad` returns."""

    def _end(self, run: Run, out: Any) -> Any:
        out, _ = run.finish(out, has_aux=False)
        name = label(self.fun)
        plain = strip(out)
        if not isinstance(plain, np.ndarray | np.generic | int | float | complex):
            raise OutputTypeError(
                f"{self.transform} needs one array as output, but {name} returned "
                f"{described(out)}."
            )
        shape, dtype = output_space(out, run, self.transform)
        for argnum, (_, nodes) in zip(sequence(self.argnums), run.inputs, strict=True):
            for leaf in nodes:
                if leaf.shape != shape:
                    raise OutputTypeError(
                        f"{self.transform} needs an output of the shape {leaf.shape} "
                        f"of argument {argnum}, but {name} returned an array of shape "
                        f"{shape}. Use jacobian({name})."
                    )
        inputs = [node for _, nodes in run.inputs for node in nodes]
        results = iter(self._diagonals(run.node(out), Space(shape, dtype), inputs))
        trees = tuple(
            unflatten(structure, [next(results) for _ in nodes])
            for structure, nodes in run.inputs
        )
        return trees if is_sequence(self.argnums) else trees[0]

    def _diagonals(
        self, node: Node | None, space: Space, inputs: list[Node]
    ) -> list[Any]:
        """The sums of the Jacobian's columns, once it is known to be diagonal."""
        if node is None:
            return [np.zeros(space.shape, leaf.dtype)[()] for leaf in inputs]
        ones = np.ones(space.shape, space.dtype)
        sums = pull(node, ones, inputs)
        if space.dtype.kind == "c":
            turned = pull(node, 1j * ones, inputs)
            sums = [
                c - 1j * turn if leaf.dtype.kind == "f" else c
                for c, turn, leaf in zip(sums, turned, inputs, strict=True)
            ]
        if not _is_elementwise(node):
            self._check_diagonal(node, space, inputs, sums)
        return sums

    def _check_diagonal(
        self, node: Node, space: Space, inputs: list[Node], sums: list[Any]
    ) -> None:
        """Weighted sums of a diagonal's columns are its entries times the weights.

        Random weights tell apart anything else: with w of the size of the output,
        Σ wᵢ Jᵢⱼ - wⱼ Σ Jᵢⱼ = Σ (wᵢ - wⱼ) Jᵢⱼ.
        """
        rng = np.random.default_rng(0)
        w = rng.uniform(0.5, 1.5, space.shape).astype(space.dtype)
        if space.dtype.kind == "c":
            w = w * np.exp(1j * rng.uniform(-1, 1, space.shape)).astype(space.dtype)
        for got, c, leaf in zip(pull(node, w, inputs), sums, inputs, strict=True):
            expected = w * c
            if leaf.dtype.kind != "c":
                expected = np.real(expected)
            error, size = np.abs(strip(got - expected)), np.abs(strip(expected))
            if np.any(error > np.finfo(leaf.dtype).eps ** 0.5 * (size + np.max(size))):
                name = label(self.fun)
                raise OutputTypeError(
                    f"{self.transform} needs a function whose outputs depend on the "
                    f"matching input only, but {name} mixes entries (or is complex and "
                    f"not holomorphic). Use jacobian({name})."
                )


def _is_elementwise(output: Node) -> bool:
    """Whether the tape shows that entries never mix: real ufuncs of one shape."""
    seen, stack = {output}, [output]
    while stack:
        node = stack.pop()
        if node.dtype is None or node.dtype.kind != "f" or node.shape != output.shape:
            return False
        for parent, pullback, _ in node.edges:
            if type(parent) is tuple or not pullback.rule.elementwise:
                return False
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return True


@overload
def jacobian(
    fun: Callable[P, Any],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
) -> Callable[P, Any]: ...
@overload
def jacobian(
    fun: Callable[P, tuple[Any, A]],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
def jacobian(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
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
    return Jacobian("jacobian", fun, argnums, has_aux, holomorphic)


@overload
def jacrev(
    fun: Callable[P, Any],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
) -> Callable[P, Any]: ...
@overload
def jacrev(
    fun: Callable[P, tuple[Any, A]],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
def jacrev(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """The Jacobian by reverse mode: one pass for each entry of the output.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic
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
    return Jacobian("jacrev", fun, argnums, has_aux, holomorphic)


@overload
def jacfwd(
    fun: Callable[P, Any],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
) -> Callable[P, Any]: ...
@overload
def jacfwd(
    fun: Callable[P, tuple[Any, A]],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
def jacfwd(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """The Jacobian by forward mode: one pass for each entry of the arguments.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic
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
    >>> jacfwd(lambda t: np.stack([np.cos(t), np.sin(t)]))(0.0)
    array([-0.,  1.])
    """
    return Jacobian("jacfwd", fun, argnums, has_aux, holomorphic)


@overload
def value_and_jacobian(
    fun: Callable[P, R],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
) -> Callable[P, tuple[R, Any]]: ...
@overload
def value_and_jacobian(
    fun: Callable[P, tuple[R, A]],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[P, tuple[tuple[R, A], Any]]: ...
def value_and_jacobian(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """The value of a function and its Jacobian, from one run.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic
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
    return Jacobian("value_and_jacobian", fun, argnums, has_aux, holomorphic)


@overload
def hessian(
    fun: Callable[P, Any],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
) -> Callable[P, Any]: ...
@overload
def hessian(
    fun: Callable[P, tuple[Any, A]],
    argnums: Argnums = 0,
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
def hessian(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """The second derivatives of a scalar function.

    Parameters
    ----------
    fun : callable
        Returns a scalar.
    argnums, has_aux, holomorphic
        As for `jacobian`.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns an array of the argument's shape twice.
        Trees and several `argnums` give nested blocks, row by column:
        ``h["w"]["b"]``. With `has_aux`, ``(hessian, aux)``.

    Raises
    ------
    NonScalarOutputError
        If `fun` returns anything but one number.
    OutputTypeError, InputTypeError, ArgnumsError
        As for `jacobian`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import hessian
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return Hessian("hessian", fun, argnums, has_aux, holomorphic)


def hvp(
    fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """The gradient of a scalar function, and its Hessian times a vector.

    Parameters
    ----------
    fun : callable
        Returns a scalar.
    primals : sequence of trees
        The positional arguments of `fun`.
    tangents : sequence of trees
        The vector: a tree like each primal, with leaves of the same shapes.

    Returns
    -------
    gradient, product : tree
        Each like the primal if there is one, a tuple of trees if there are several.

    Raises
    ------
    NonScalarOutputError
        If `fun` returns anything but one number.
    TangentError
        If the tangents do not look like the primals.
    InputTypeError
        If a leaf of `primals` is not a float or complex number or array.

    Notes
    -----
    Forward over reverse mode: the derivative of the gradient along the tangents, at the
    cost of a few gradients, without the Hessian.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import hvp
    >>> x, v = np.array([1.0, 3.0]), np.array([1.0, 0.0])
    >>> hvp(lambda x: x[0] ** 2 * x[1], (x,), (v,))
    (array([6., 1.]), array([6., 2.]))
    """
    check_pairs("hvp", fun, primals, tangents)
    count = len(primals)
    run = Run("hvp", fun, primals, range(count))
    argnums = 0 if count == 1 else tuple(range(count))
    out, _ = run.finish(run.call({}, Grad("hvp", fun, argnums)), has_aux=False)
    return tree_map(run.value, out), Pushforward(run, out)(*tangents)


def elementwise_grad(fun: Callable[P, Any], argnums: Argnums = 0) -> Callable[P, Any]:
    """The derivative of each output entry with respect to the matching input entry.

    Parameters
    ----------
    fun : callable
        Returns an array of the shape of the differentiated argument, each entry of
        which depends on the matching entry only.
    argnums : int or sequence of int
        Which positional arguments to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns an array like the argument; a tuple of
        these if `argnums` is a sequence.

    Raises
    ------
    OutputTypeError
        If the output is no array of the argument's shape, or depends on other entries.
    InputTypeError, ArgnumsError
        As for `grad`.

    Notes
    -----
    The Jacobian is diagonal, so one pass in reverse mode yields all its entries. Where
    the operations that ran do not prove that it is diagonal, a second pass with random
    weights checks it.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import elementwise_grad
    >>> elementwise_grad(np.tanh)(np.array([0.0, 1.0]))
    array([1.        , 0.41997434])
    """
    return ElementwiseGrad("elementwise_grad", fun, argnums)
