"""Forward mode: `jvp`, `linearize`, `linear_transpose`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from fgrad._engine.box import Box, primal
from fgrad._engine.cotangents import worst
from fgrad._engine.forward import TangentTrace, owned, push
from fgrad._engine.memory import own
from fgrad._engine.trace import Node
from fgrad._transforms._run import Run
from fgrad._transforms._values import described, is_numeric, label
from fgrad._transforms.pullbacks import pulled
from fgrad._tree import flatten, leaf_paths, tree_map, unflatten
from fgrad.errors import TangentError

__all__ = ["Pushforward", "check_pairs", "jvp", "linear_transpose", "linearize"]

R = TypeVar("R")


class Pushforward:
    """The derivative of a finished run: takes tangents, returns those of the output."""

    def __init__(self, run: Run, out: Any, *, once: bool = False) -> None:
        self._run = run
        self._once = once
        """Whether it is called only once, so that the tape may be used up."""
        self._structure = flatten(out)[1]
        self._outputs = run.outputs(out)

    def __call__(self, *tangents: Any) -> Any:
        given = checked(self._run, tangents)
        nodes = [node for _, node, _ in self._outputs if node]
        found = push(nodes, given, consume=self._once, words=self._run.is_finite)
        return unflatten(self._structure, _owned(self._outputs, given, found))


def checked(run: Run, tangents: Sequence[Any]) -> dict[Node, Any]:
    """The tangent of each leaf of the arguments, or an error naming what is wrong."""
    name = label(run.fun)
    if len(tangents) != len(run.inputs):
        raise TangentError(
            f"{run.transform} of {name} needs {len(run.inputs)} tangents, one for each "
            f"argument, but got {len(tangents)}"
        )
    given: dict[Node, Any] = {}
    for i, (tangent, (structure, nodes)) in enumerate(
        zip(tangents, run.inputs, strict=True)
    ):
        leaves, got = flatten(tangent)
        if got != structure:
            raise TangentError(
                f"the tangent of argument {i} of {name} needs the tree "
                f"{structure!r}, but is {got!r}"
            )
        paths = leaf_paths(structure)
        for path, node, leaf in zip(paths, nodes, leaves, strict=True):
            given[node] = _fitting(leaf, node, f"argument {i}{path} of {name}")
    return given


def _fitting(tangent: Any, node: Node, where: str) -> Any:
    if not is_numeric(tangent):
        raise TangentError(
            f"the tangent of {where} needs dtype {node.dtype}, but is "
            f"{described(tangent)}"
        )
    t = tangent if type(tangent) is Box else np.asarray(tangent)
    if t.shape != node.shape:
        raise TangentError(
            f"the tangent of {where} needs shape {node.shape}, but has shape {t.shape}"
        )
    if not np.can_cast(t.dtype, node.dtype, "same_kind"):
        raise TangentError(
            f"the tangent of {where} needs dtype {node.dtype}, but has dtype {t.dtype}"
        )
    return t if t.dtype == node.dtype else t.astype(node.dtype)


def _owned(
    outputs: Sequence[Any], given: dict[Node, Any], found: dict[Node, Any]
) -> list[Any]:
    """The tangent of each leaf of the output, seen by nobody else."""
    seen = {id(tangent) for tangent in given.values()}
    tangents = [
        owned(found[node], seen) if node in found else _zero(leaf)
        for leaf, node, _ in outputs
    ]
    return [own(t) if type(t) is Box else t[()] for t in tangents]


def _zero(leaf: Any) -> Any:
    """The tangent of an output that does not depend on the arguments."""
    return np.zeros_like(primal(leaf))[()]


def jvp(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    has_aux: bool = False,
) -> Any:
    """The value of a function and its derivative along a direction.

    Parameters
    ----------
    fun : callable
        Returns a tree of arrays.
    primals : sequence of trees
        The positional arguments of `fun`.
    tangents : sequence of trees
        A direction for each: trees like the primals, with leaves of the same shapes.
    has_aux : bool
        Whether `fun` returns ``(output, aux)``.

    Returns
    -------
    out, out_tangent : tree
        What `fun` returns, and its derivative, a tree like it.
    aux
        Only with `has_aux`.

    Raises
    ------
    TangentError
        If the tangents do not look like the primals.
    InputTypeError
        If a leaf of `primals` is not a float or complex number or array.
    OutputTypeError
        If `fun` returns something else than a tree of arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import jvp
    >>> jvp(lambda x: x**2, (np.array([1.0, 2.0]),), (np.array([1.0, 10.0]),))
    (array([1., 4.]), array([ 2., 40.]))
    """
    check_pairs("jvp", fun, primals, tangents)
    count = len(primals)
    run = Run("jvp", fun, primals, range(count), kind=TangentTrace)
    given: dict[Any, Any] = checked(run, tangents)
    for node, t in given.items():
        node.tangent = t
    out, aux = run.finish(run.call({}), has_aux)
    outputs: list[Any] = run.outputs(out)
    found = {n: n.tangent for _, n, _ in outputs if n and n.tangent is not None}
    if worst(found.values()):
        # Only a tape can tell whether a nan stands for a zero.
        run = Run("jvp", fun, primals, range(count))
        given = checked(run, tangents)
        with np.errstate(all="ignore"):  # it has warned before
            out, aux = run.finish(run.call({}), has_aux)
        outputs = run.outputs(out)
        nodes = [node for _, node, _ in outputs if node]
        found = push(nodes, given, consume=True, words=run.is_finite)
    tangent = unflatten(flatten(out)[1], _owned(outputs, given, found))
    value = tree_map(run.value, out)
    return (value, tangent, aux) if has_aux else (value, tangent)


def linearize(fun: Callable[..., R], *primals: Any) -> tuple[R, Callable[..., R]]:
    """The value of a function and its derivative at a point, as a linear function.

    Parameters
    ----------
    fun : callable
        Returns a tree of arrays.
    *primals : tree
        The arguments of `fun`.

    Returns
    -------
    out : tree
        What `fun` returns.
    pushforward : callable
        Takes a tangent for each argument and returns that of the output. It may be
        called again: `fun` is run only once.

    Raises
    ------
    TangentError
        By the pushforward, if the tangents do not look like the primals.
    OutputTypeError
        If `fun` returns something else than a tree of arrays.

    Examples
    --------
    >>> from fgrad import linearize
    >>> y, pushforward = linearize(lambda x: x**3, 2.0)
    >>> y, pushforward(1.0), pushforward(10.0)
    (8.0, np.float64(12.0), np.float64(120.0))
    """
    run = Run("linearize", fun, primals, range(len(primals)), takes_aux=False)
    out, _ = run.finish(run.call({}), has_aux=False)
    return tree_map(run.value, out), Pushforward(run, out)


def linear_transpose(
    fun: Callable[..., Any], *primals: Any
) -> Callable[[Any], tuple[Any, ...]]:
    """The transpose of a linear function.

    Parameters
    ----------
    fun : callable
        A linear function of its arguments.
    *primals : tree
        Arrays of the shapes and dtypes that `fun` takes; their values do not matter.

    Returns
    -------
    callable
        Takes a tree like the output of `fun` and returns a tuple of trees like the
        arguments. ⟨w, f(v)⟩ = ⟨f_transposed(w), v⟩, without conjugation.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import linear_transpose
    >>> transposed = linear_transpose(np.cumsum, np.zeros(3))
    >>> transposed(np.array([1.0, 2.0, 3.0]))
    (array([6., 5., 3.]),)
    """
    return pulled("linear_transpose", fun, primals, takes_aux=False)[1]


def check_pairs(
    transform: str, fun: Callable[..., Any], primals: Any, tangents: Any
) -> None:
    """Refuse what is not a sequence: a bare array would be taken for arguments."""
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple | list):
            name = label(fun)
            raise TangentError(
                f"{transform} of {name} needs a tuple of {what}, one for each "
                f"argument, but got {described(given)}. Write "
                f"{transform}({name}, (x,), (v,))."
            )
