"""Functions of matrices whose derivatives need no gaps between eigenvalues.

``V @ diag(f(w)) @ V.T`` from `np.linalg.eigh` is such a function, too; but its rule has
the derivative of V, which is infinite where eigenvalues are equal. Of the functions
here, all derivatives are exact there, in both modes and under `vmap`.

>>> import numpy as np
>>> import fgrad.linalg
>>> def loss(a):
...     return np.sum(fgrad.linalg.spectral_function(np.log, a))
>>> fgrad.grad(loss)(np.eye(2))
array([[1., 1.],
       [1., 1.]])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fgrad._engine.box import Box
from fgrad._transforms import jvp
from fgrad._words.callsite import at
from fgrad.derived.creation import as_traced
from fgrad.errors import ConversionError
from fgrad.primitives._matrices import adjoint
from fgrad.primitives.matrix_functions import (
    corner,
    hermitian_corner,
    unitary_factor,
)

__all__ = ["Polar", "expm", "logm", "polar", "spectral_function", "sqrtm"]


def spectral_function(f: Callable[[Any], Any], A: Any) -> Any:
    """A function of a symmetric or Hermitian matrix, by its eigenvalues.

    It is ``V @ diag(f(w)) @ V^H`` for the eigenvalues w and eigenvectors V of `A`. Its
    derivatives are exact, also where eigenvalues are equal or nearly so.

    Parameters
    ----------
    f : callable
        An elementwise function of a vector of real numbers, such as `np.exp` or
        ``lambda w: 1 / w``. It is written with NumPy's functions, and differentiated by
        fgrad. It may return complex numbers, but it may not use traced values of its
        own.
    A : array_like
        Square matrices, of shape (..., n, n). What counts is ``(A + A^H) / 2``: so the
        gradient is symmetric or Hermitian.

    Returns
    -------
    array
        Matrices of the same shape, in the precision of `A`.

    Raises
    ------
    LinAlgError
        If the matrices are not square.
    ValueError
        If `f` is not elementwise.
    ConversionError
        If `f` uses a traced value.

    Notes
    -----
    The formula is that of Daleckii and Krein (1965): in the basis of eigenvectors, the
    derivative is a product with divided differences of `f`, and higher ones for higher
    derivatives. Equal eigenvalues have derivatives of `f` in their place.

    Examples
    --------
    >>> import numpy as np
    >>> import fgrad
    >>> from fgrad.linalg import spectral_function
    >>> fgrad.grad(lambda a: spectral_function(np.sqrt, a)[0, 1])(np.eye(2))
    array([[0.  , 0.25],
           [0.25, 0.  ]])
    """
    a = _square(A, "spectral_function")
    return hermitian_corner([a], _Derivatives(f))


class _Derivatives:
    """The k-th derivatives of an elementwise function of plain numbers."""

    def __init__(self, fun: Callable[[Any], Any]) -> None:
        self._derivatives = [fun]

    def __call__(self, x: Any, k: int) -> Any:
        while len(self._derivatives) <= k:
            self._derivatives.append(_slope(self._derivatives[-1]))
        fun = self._derivatives[k]
        ans = fun(x)
        if isinstance(ans, Box):
            raise ConversionError(
                at(
                    "the function given to spectral_function uses a traced value, "
                    "which would lose its derivative; put it into the matrix: "
                    "spectral_function(np.exp, -t * a) for lambda w: np.exp(-t * w)"
                )
            )
        ans = np.asarray(ans)
        if ans.shape != x.shape:
            raise ValueError(
                f"the function given to spectral_function must be elementwise, but for "
                f"a vector of shape {x.shape} it returned shape {ans.shape}"
            )
        if not k and x.size > 1:
            self._check_elementwise(fun, x, ans)
        return ans

    def _check_elementwise(self, fun: Callable[[Any], Any], x: Any, ans: Any) -> None:
        """One number alone must give what it gives among others, up to rounding."""
        one = np.asarray(fun(x[:1]))
        near = 1e-10 * np.max(np.abs(ans))
        if not np.allclose(one, ans[:1], rtol=0, atol=near, equal_nan=True):
            raise ValueError(
                f"the function given to spectral_function must be elementwise, but it "
                f"returned {ans[0]} for the number {x[0]} among others, and {one[0]} "
                f"for that number alone"
            )


def _slope(fun: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: jvp(fun, (x,), (np.ones_like(x),))[1]


def expm(A: Any) -> Any:
    """The exponential of a square matrix.

    Parameters
    ----------
    A : array_like
        Real or complex matrices, of shape (..., n, n).

    Returns
    -------
    array
        Matrices of the same shape, in the precision of `A`.

    Raises
    ------
    LinAlgError
        If the matrices are not square.

    Notes
    -----
    The value is by scaling and squaring: Higham, The scaling and squaring method for
    the matrix exponential (2005). The derivative is a block of the exponential of
    ``[[A, E], [0, A]]``: Mathias, A chain rule for matrix functions (1996).

    Examples
    --------
    >>> import numpy as np
    >>> import fgrad
    >>> from fgrad.linalg import expm
    >>> turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    >>> fgrad.jvp(lambda t: expm(t * turn), (0.0,), (1.0,))[1]
    array([[ 0., -1.],
           [ 1.,  0.]])
    """
    return corner([_square(A, "expm")], "expm")


def logm(A: Any) -> Any:
    """The principal logarithm of a square matrix.

    Parameters
    ----------
    A : array_like
        Real or complex matrices, of shape (..., n, n), without eigenvalues that are
        negative or 0.

    Returns
    -------
    array
        Matrices of the same shape, in the precision of `A`.

    Raises
    ------
    LinAlgError
        If the matrices are not square, or have an eigenvalue that is negative or 0.

    Notes
    -----
    The value is by inverse scaling and squaring: Higham, Functions of matrices (2008),
    chapter 11. The derivative is a block of the logarithm of ``[[A, E], [0, A]]``.

    Examples
    --------
    >>> import numpy as np
    >>> import fgrad
    >>> from fgrad.linalg import logm
    >>> fgrad.grad(lambda a: logm(a)[0, 1])(np.eye(2))
    array([[0., 1.],
           [0., 0.]])
    """
    return corner([_square(A, "logm")], "logm")


def sqrtm(A: Any) -> Any:
    """The principal square root of a square matrix.

    Parameters
    ----------
    A : array_like
        Real or complex matrices, of shape (..., n, n), without eigenvalues that are
        negative or 0.

    Returns
    -------
    array
        Matrices of the same shape, in the precision of `A`.

    Raises
    ------
    LinAlgError
        If the matrices are not square, or have an eigenvalue that is negative or 0.

    Notes
    -----
    The value is by the iteration of Denman and Beavers: Higham, Functions of matrices
    (2008), formula 6.29. The derivative is a block of the root of ``[[A, E], [0, A]]``.

    Examples
    --------
    >>> import numpy as np
    >>> import fgrad
    >>> from fgrad.linalg import sqrtm
    >>> fgrad.grad(lambda a: np.trace(sqrtm(a)))(4 * np.eye(2))
    array([[0.25, 0.  ],
           [0.  , 0.25]])
    """
    return corner([_square(A, "sqrtm")], "sqrtm")


class Polar(NamedTuple):
    """What `polar` returns: a unitary and a positive semidefinite factor."""

    U: Any
    P: Any


def polar(A: Any) -> Polar:
    """The polar decomposition of a matrix, ``A = U @ P``.

    Parameters
    ----------
    A : array_like
        Real or complex matrices of full rank, of shape (..., m, n).

    Returns
    -------
    Polar
        U, of shape (..., m, n), with orthonormal columns, or rows if there are fewer of
        them; and the Hermitian matrix P, of shape (..., n, n), with eigenvalues that
        are positive or 0. U is the nearest such matrix to `A`.

    Raises
    ------
    LinAlgError
        If `A` is no matrix.

    Notes
    -----
    The derivative divides by sums of two singular values, so equal ones do no harm:
    Higham, Functions of matrices (2008), section 8.2. If a singular value is 0, the
    derivative of U is nan, with a warning.

    Examples
    --------
    >>> import numpy as np
    >>> import fgrad
    >>> from fgrad.linalg import polar
    >>> fgrad.grad(lambda a: polar(a).U[0, 1])(np.eye(2))
    array([[ 0. ,  0.5],
           [-0.5,  0. ]])
    """
    a = _matrices(A, "polar")
    if a.shape[-2] < a.shape[-1]:
        u = adjoint(unitary_factor(adjoint(a)))
    else:
        u = unitary_factor(a)
    p = adjoint(u) @ a
    return Polar(u, 0.5 * (p + adjoint(p)))


def _matrices(A: Any, name: str) -> Any:
    """Floating-point matrices, traced or not."""
    a = as_traced(A)
    if a.ndim < 2:
        raise np.linalg.LinAlgError(
            f"fgrad.linalg.{name} needs matrices, of shape (..., n, n), but got shape "
            f"{a.shape}"
        )
    return a if a.dtype.kind in "fc" else a.astype(float)


def _square(A: Any, name: str) -> Any:
    a = _matrices(A, name)
    if a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError(
            f"fgrad.linalg.{name} needs square matrices, but got shape {a.shape}"
        )
    return a
