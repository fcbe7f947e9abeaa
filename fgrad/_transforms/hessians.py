"""Second derivatives of scalar functions: `hessian` and `hvp`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, ParamSpec, TypeVar, overload

from fgrad._forward import fresh
from fgrad._transforms._run import Argnums, Run
from fgrad._transforms.forward import Pushforward, check_pairs
from fgrad._transforms.jacobians import Jacobian
from fgrad._transforms.reverse import Grad
from fgrad._tree import tree_map

__all__ = ["hessian", "hvp"]

P = ParamSpec("P")
A = TypeVar("A")


class Hessian(Jacobian):
    """What `hessian` returns: the Jacobian of the gradient."""

    def _begin(self, run: Run, kwargs: dict[str, Any]) -> Any:
        gradient = Grad(
            self.transform, self.fun, self.argnums, self.has_aux, self.holomorphic
        )
        return run.call(kwargs, gradient)


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
    seen: set[int] = set()
    gradient = tree_map(lambda leaf: fresh(run.value(leaf), seen), out)
    return gradient, Pushforward(run, out, once=True)(*tangents)
