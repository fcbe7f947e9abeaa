"""Second derivatives of scalar functions: `hessian` and `hvp`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from typing_extensions import override

from fgrad._engine.forward import owned
from fgrad._transforms._argnums import Argnums
from fgrad._transforms._run import Run
from fgrad._transforms.forward import Pushforward, check_pairs
from fgrad._transforms.jacobians import Jacobian, jacobian, signature_of
from fgrad._transforms.reverse import Grad
from fgrad._tree import tree_map
from fgrad.errors import NonScalarOutputError

__all__ = ["hessian", "hvp"]


class HessianGrad(Grad):
    """The gradient whose Jacobian is the Hessian; of several outputs, the Jacobian."""

    transform = "hessian"

    @override
    def _end(self, run: Run, out: Any) -> Any:
        try:
            return super()._end(run, out)
        except NonScalarOutputError:
            each = Jacobian(self.fun, self.argnums, self.has_aux, self.holomorphic)
            return each._end(run, out)


class Hessian(Jacobian):
    """What `hessian` returns: the Jacobian of the gradient."""

    transform = "hessian"

    @override
    def _through(self) -> Callable[..., Any]:
        return self._gradient

    @cached_property
    def _gradient(self) -> Callable[..., Any]:
        return HessianGrad(self.fun, self.argnums, self.has_aux, self.holomorphic)


@signature_of(jacobian)
def hessian(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """The second derivatives of a function.

    Parameters
    ----------
    fun : callable
        Returns a scalar, or an array, or a tree of arrays.
    argnums, has_aux, holomorphic, allow_int
        As for `jacobian`.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Returns an array of the argument's shape twice,
        after the shape of the output. Trees and several `argnums` give nested blocks,
        row by column: ``h["w"]["b"]``. With `has_aux`, ``(hessian, aux)``.

    Raises
    ------
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
    return Hessian(fun, argnums, has_aux, holomorphic, allow_int)


class HvpGrad(Grad):
    """The gradient whose derivative along a vector `hvp` returns."""

    transform = "hvp"
    takes_aux = False
    instead = "Sum its entries, with weights of your own."


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
    run = Run("hvp", fun, primals, range(count), takes_aux=False)
    argnums = 0 if count == 1 else tuple(range(count))
    out, _ = run.finish(run.call({}, HvpGrad(fun, argnums)), has_aux=False)
    seen: set[int] = set()
    gradient = tree_map(lambda leaf: owned(run.value(leaf), seen), out)
    return gradient, Pushforward(run, out, once=True)(*tangents)
