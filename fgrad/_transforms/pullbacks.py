"""Reverse mode: `vjp`, the value of a function and its pullback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar, overload

import numpy as np

from fgrad._engine.box import Box
from fgrad._engine.trace import Node
from fgrad._transforms._pulled import Pulled
from fgrad._transforms._run import Run
from fgrad._transforms._values import described, is_numeric, label
from fgrad._tree import flatten, leaf_paths, tree_map
from fgrad.errors import CotangentError

__all__ = ["pulled", "vjp"]

R = TypeVar("R")
A = TypeVar("A")


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
        return Pulled(self._run.gradients(roots, consume=False))

    def __repr__(self) -> str:
        return f"the pullback of {label(self._run.fun)}"


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
        each argument. It may be called again. Arithmetic of that tuple with arrays is
        an error: take an entry of it first.
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
