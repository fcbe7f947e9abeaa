"""Random numbers to begin the training of a network with.

Every function takes a generator, and the shape of a weight as `fgrad.nn` has it: (out,
in) for `linear`, (out, in / groups, *size) for convolutions. The weight of a transposed
convolution is (in, out / groups, *size): there, in and out are swapped.

>>> import numpy as np
>>> from fgrad.nn import init
>>> init.he_normal(np.random.default_rng(0), (16, 3, 5, 5)).shape
(16, 3, 5, 5)
"""

from __future__ import annotations

from math import prod, sqrt
from typing import Any

import numpy as np

from fgrad.nn._arguments import each, refuse

__all__ = [
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
]

Array = np.ndarray[Any, Any]


def glorot_normal(
    rng: np.random.Generator, shape: tuple[int, ...], *, dtype: Any = "float64"
) -> Array:
    """Normal numbers of variance ``2 / (fan_in + fan_out)``.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        At least two axes: (out, in, *size).
    dtype : dtype
        A floating-point type.

    Returns
    -------
    array
        Of that shape and dtype.

    Raises
    ------
    ValueError
        If the shape has fewer than two axes.
    TypeError
        If `rng` is no generator.

    Notes
    -----
    ``fan_in`` is the number of inputs that an output has, ``fan_out`` the reverse. So
    the variance is kept, forwards and backwards. Glorot and Bengio, Understanding the
    difficulty of training deep feedforward neural networks (2010).

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.nn import init
    >>> float(init.glorot_normal(np.random.default_rng(0), (300, 100)).std().round(3))
    0.071
    """
    fan_in, fan_out = _fans("glorot_normal", rng, shape)
    return _normal(rng, shape, 2 / (fan_in + fan_out), dtype)


def glorot_uniform(
    rng: np.random.Generator, shape: tuple[int, ...], *, dtype: Any = "float64"
) -> Array:
    """Uniform numbers around 0 of variance ``2 / (fan_in + fan_out)``.

    Parameters
    ----------
    rng, shape, dtype
        As in `glorot_normal`.

    Returns
    -------
    array
        Of that shape and dtype.

    Raises
    ------
    ValueError, TypeError
        As `glorot_normal` does.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.nn import init
    >>> float(init.glorot_uniform(np.random.default_rng(0), (300, 100)).std().round(3))
    0.07
    """
    fan_in, fan_out = _fans("glorot_uniform", rng, shape)
    return _uniform(rng, shape, 2 / (fan_in + fan_out), dtype)


def he_normal(
    rng: np.random.Generator, shape: tuple[int, ...], *, dtype: Any = "float64"
) -> Array:
    """Normal numbers of variance ``2 / fan_in``, for layers before `relu`.

    Parameters
    ----------
    rng, shape, dtype
        As in `glorot_normal`.

    Returns
    -------
    array
        Of that shape and dtype.

    Raises
    ------
    ValueError, TypeError
        As `glorot_normal` does.

    Notes
    -----
    `relu` halves the mean of squares, hence the 2. He, Zhang, Ren and Sun, Delving deep
    into rectifiers (2015). PyTorch says kaiming.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.nn import init
    >>> float(init.he_normal(np.random.default_rng(0), (300, 200)).std().round(3))
    0.1
    """
    return _normal(rng, shape, 2 / _fans("he_normal", rng, shape)[0], dtype)


def he_uniform(
    rng: np.random.Generator, shape: tuple[int, ...], *, dtype: Any = "float64"
) -> Array:
    """Uniform numbers around 0 of variance ``2 / fan_in``, for layers before `relu`.

    Parameters
    ----------
    rng, shape, dtype
        As in `glorot_normal`.

    Returns
    -------
    array
        Of that shape and dtype.

    Raises
    ------
    ValueError, TypeError
        As `glorot_normal` does.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.nn import init
    >>> float(init.he_uniform(np.random.default_rng(0), (300, 200)).std().round(3))
    0.1
    """
    return _uniform(rng, shape, 2 / _fans("he_uniform", rng, shape)[0], dtype)


def lecun_normal(
    rng: np.random.Generator, shape: tuple[int, ...], *, dtype: Any = "float64"
) -> Array:
    """Normal numbers of variance ``1 / fan_in``.

    Parameters
    ----------
    rng, shape, dtype
        As in `glorot_normal`.

    Returns
    -------
    array
        Of that shape and dtype.

    Raises
    ------
    ValueError, TypeError
        As `glorot_normal` does.

    Notes
    -----
    LeCun, Bottou, Orr and Müller, Efficient backprop (1998).

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.nn import init
    >>> float(init.lecun_normal(np.random.default_rng(0), (300, 100)).std().round(3))
    0.1
    """
    return _normal(rng, shape, 1 / _fans("lecun_normal", rng, shape)[0], dtype)


def lecun_uniform(
    rng: np.random.Generator, shape: tuple[int, ...], *, dtype: Any = "float64"
) -> Array:
    """Uniform numbers around 0 of variance ``1 / fan_in``.

    Parameters
    ----------
    rng, shape, dtype
        As in `glorot_normal`.

    Returns
    -------
    array
        Of that shape and dtype.

    Raises
    ------
    ValueError, TypeError
        As `glorot_normal` does.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.nn import init
    >>> float(init.lecun_uniform(np.random.default_rng(0), (300, 100)).std().round(3))
    0.1
    """
    return _uniform(rng, shape, 1 / _fans("lecun_uniform", rng, shape)[0], dtype)


def orthogonal(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    *,
    gain: float = 1.0,
    dtype: Any = "float64",
) -> Array:
    """A random matrix with orthonormal rows, or columns if there are more rows.

    Parameters
    ----------
    rng, shape, dtype
        As in `glorot_normal`. All axes but the first one count as columns.
    gain : float
        What the matrix is multiplied by.

    Returns
    -------
    array
        Of that shape and dtype.

    Raises
    ------
    ValueError, TypeError
        As `glorot_normal` does.

    Notes
    -----
    All such matrices are equally likely. Saxe, McClelland and Ganguli, Exact solutions
    to the nonlinear dynamics of learning in deep linear neural networks (2013).

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.nn import init
    >>> q = init.orthogonal(np.random.default_rng(0), (2, 3))
    >>> np.allclose(q @ q.T, np.eye(2))
    True
    """
    _fans("orthogonal", rng, shape)
    rows, columns = shape[0], prod(shape[1:])
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)  # qr prefers some signs
    q = q if rows >= columns else q.T
    return (gain * np.reshape(q, shape)).astype(dtype)


def _fans(name: str, rng: object, shape: object) -> tuple[int, int]:
    """How many inputs an output has, and how many outputs an input; at least 1."""
    if not isinstance(rng, np.random.Generator):
        refuse(
            f"{name} needs a generator as its first argument, as "
            f"np.random.default_rng(0), but got {rng!r}",
            TypeError,
        )
    if not isinstance(shape, tuple | list) or len(shape) < 2:
        refuse(f"{name} needs a shape (out, in, *size), but got {shape!r}")
    sizes = each(name, "shape", shape, len(shape), 0)
    size = prod(sizes[2:])
    return max(sizes[1] * size, 1), max(sizes[0] * size, 1)


def _normal(
    rng: np.random.Generator, shape: tuple[int, ...], variance: float, dtype: Any
) -> Array:
    return (rng.standard_normal(shape) * sqrt(variance)).astype(dtype)


def _uniform(
    rng: np.random.Generator, shape: tuple[int, ...], variance: float, dtype: Any
) -> Array:
    end = sqrt(3 * variance)
    return rng.uniform(-end, end, shape).astype(dtype)
