"""Distributions of vectors and matrices: SciPy's values, and formulas for derivatives.

A covariance, and any other matrix that is symmetric, stays so: its derivative is
symmetric, too.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import fgrad.scipy._special as sp
from fgrad._engine.box import as_array, boxes_in, primal
from fgrad._words.callsite import no_rule
from fgrad.scipy.special._gamma import multigammaln

__all__ = ["FORMULAS"]

LOG_2PI, LOG_2, LOG_PI = math.log(2 * math.pi), math.log(2), math.log(math.pi)

# Arguments ----------------------------------------------------------------------------


def square(matrix: Any, dim: int) -> Any:
    """A number, a diagonal or a matrix, as SciPy takes them, as a matrix."""
    matrix = as_array(getattr(matrix, "covariance", matrix))
    if np.size(matrix) == 1 and dim == 1:
        return np.reshape(matrix, (1, 1))
    if matrix.ndim == 0:
        return matrix * np.eye(dim)
    return matrix[:, None] * np.eye(dim) if matrix.ndim == 1 else matrix


def dimension(mean: Any, matrix: Any) -> int:
    """The length of vectors, as SciPy finds it."""
    if mean is not None:
        return int(np.size(mean))
    matrix = getattr(matrix, "covariance", matrix)
    return 1 if matrix is None or np.ndim(matrix) < 2 else np.shape(matrix)[0]


def vectors(x: Any, dim: int) -> Any:
    """Points, in the last axis."""
    x = as_array(x)
    if x.ndim == 0:
        return np.reshape(x, (1,))
    return x[:, None] if x.ndim == 1 and dim == 1 else x


def logdet(matrix: Any) -> Any:
    """The logarithm of a determinant."""
    return np.linalg.slogdet(matrix)[1]


def quadratic(matrix: Any, x: Any) -> Any:
    """The squared length of vectors, measured by the inverse of a matrix."""
    flat = np.reshape(x, (-1, x.shape[-1]))
    return np.reshape(
        np.sum(flat * np.linalg.solve(matrix, flat.T).T, -1), x.shape[:-1]
    )


def matrices(x: Any, dim: int) -> Any:
    """Matrices along the last axis, as SciPy takes them, along the first."""
    x = as_array(x)
    if x.ndim == 0:
        x = x * np.eye(dim)[:, :, None]
    elif x.ndim == 1:
        x = x[None, None, :] if dim == 1 else (x[:, None] * np.eye(dim))[:, :, None]
    elif x.ndim == 2:
        x = x[None, :, :] if dim == 1 and x.shape != (1, 1) else x[:, :, None]
    return np.moveaxis(x, -1, 0)


def trace(matrix: Any) -> Any:
    """Of each matrix in a stack."""
    return np.trace(matrix, axis1=-2, axis2=-1)


# Normal and Student's -----------------------------------------------------------------


def multivariate_normal(
    x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False
) -> Any:
    """Of full rank; or in x and the mean, in a plane on which all points lie."""
    dim = dimension(mean, cov)
    cov = square(1 if cov is None else cov, dim)
    away = vectors(x, dim) - (0.0 if mean is None else np.reshape(mean, (dim,)))
    plain = primal(cov)
    if allow_singular and bool(np.linalg.matrix_rank(plain, 1e-9, True) < dim):
        if boxes_in([cov]):
            raise no_rule(
                "scipy.stats.multivariate_normal with respect to cov",
                "\nThe matrix is singular, so no change of it keeps the points in the "
                "plane on which they lie.",
            )
        inverse = np.linalg.pinv(plain, 1e6 * np.finfo(float).eps, hermitian=True)
        return -0.5 * np.sum(away @ inverse * away, -1)
    return -0.5 * (dim * LOG_2PI + logdet(cov) + quadratic(cov, away))


def normal_entropy(mean: Any = None, cov: Any = 1) -> Any:
    """Half of the logarithm of a determinant."""
    return 0.5 * logdet(square(1 if cov is None else cov, dimension(mean, cov)))


def multivariate_t(x: Any, loc: Any = None, shape: Any = 1, df: Any = 1) -> Any:
    """Of infinitely many degrees of freedom, the normal."""
    if primal(df) == np.inf:
        return multivariate_normal(x, loc, shape)
    dim = dimension(loc, shape)
    shape = square(1 if shape is None else shape, dim)
    away = vectors(x, dim) - (0.0 if loc is None else np.reshape(loc, (dim,)))
    half = 0.5 * (df + dim)
    front = sp.gammaln(half) - sp.gammaln(0.5 * df) - 0.5 * dim * np.log(df * math.pi)
    power = half * np.log1p(quadratic(shape, away) / df)
    return front - 0.5 * logdet(shape) - power


def t_entropy(loc: Any = None, shape: Any = 1, df: Any = 1) -> Any:
    """Of infinitely many degrees of freedom, that of the normal."""
    if primal(df) == np.inf:
        return normal_entropy(None, shape)
    dim = dimension(None, shape)
    half, part = 0.5 * (df + dim), 0.5 * df
    front = sp.gammaln(part) - sp.gammaln(half) + 0.5 * dim * np.log(df)
    slopes = half * (sp.psi(half) - sp.psi(part))
    return front + slopes + 0.5 * logdet(square(1 if shape is None else shape, dim))


def normal_inverse_gamma(
    x: Any, s2: Any, mu: Any = 0, lmbda: Any = 1, a: Any = 1, b: Any = 1
) -> Any:
    """A normal x with variance s2 / lmbda, and s2 inverse gamma."""
    s2 = np.where(np.greater(primal(s2), 0), s2, 1.0)
    front = 0.5 * np.log(lmbda / s2) + a * np.log(b) - sp.gammaln(a)
    away = as_array(x) - mu
    return front - (a + 1) * np.log(s2) - (2 * b + lmbda * away * away) / (2 * s2)


def vonmises_fisher(x: Any, mu: Any = None, kappa: Any = 1) -> Any:
    """On a sphere; the Bessel function is scaled."""
    dim = np.size(mu)
    bessel = np.log(sp.ive(dim / 2 - 1, kappa)) + kappa
    return (dim / 2 - 1) * np.log(kappa) - bessel + kappa * (as_array(x) @ as_array(mu))


# Of matrices --------------------------------------------------------------------------


def wishart(x: Any, df: Any, scale: Any) -> Any:
    """Muirhead (1982), theorem 3.2.1."""
    dim = 1 if np.ndim(scale) == 0 else np.shape(scale)[0]
    scale, x = square(scale, dim), matrices(x, dim)
    front = 0.5 * df * (dim * LOG_2 + logdet(scale)) + multigammaln(0.5 * df, dim)
    inner = trace(np.linalg.solve(scale, x))
    return 0.5 * (df - dim - 1) * logdet(x) - 0.5 * inner - front


def wishart_entropy(df: Any, scale: Any) -> Any:
    """By the expectation of the logarithm of the determinant."""
    dim = 1 if np.ndim(scale) == 0 else np.shape(scale)[0]
    slopes = sum(sp.psi(0.5 * (df - i)) for i in range(dim))
    front = 0.5 * (dim + 1) * logdet(square(scale, dim)) + multigammaln(0.5 * df, dim)
    return front - 0.5 * (df - dim - 1) * slopes + 0.5 * df * dim


def wishart_var(df: Any, scale: Any) -> Any:
    """Of each entry."""
    scale = square(scale, 1 if np.ndim(scale) == 0 else np.shape(scale)[0])
    diagonal = np.diagonal(scale)
    return df * (scale**2 + diagonal[:, None] * diagonal)


def wishart_mean(df: Any, scale: Any) -> Any:
    """The scale, so many times."""
    return df * square(scale, 1 if np.ndim(scale) == 0 else np.shape(scale)[0])


def invwishart(x: Any, df: Any, scale: Any) -> Any:
    """Of the inverse of a matrix that is distributed as `wishart` says."""
    dim = 1 if np.ndim(scale) == 0 else np.shape(scale)[0]
    scale, x = square(scale, dim), matrices(x, dim)
    front = 0.5 * df * (logdet(scale) - dim * LOG_2) - multigammaln(0.5 * df, dim)
    inner = trace(np.linalg.solve(x, scale + np.zeros(x.shape)))
    return front - 0.5 * (df + dim + 1) * logdet(x) - 0.5 * inner


def invwishart_mean(df: Any, scale: Any) -> Any:
    """The scale, divided."""
    dim = 1 if np.ndim(scale) == 0 else np.shape(scale)[0]
    return square(scale, dim) / (df - dim - 1)


def invwishart_var(df: Any, scale: Any) -> Any:
    """Of each entry: Press (1982), section 5.2."""
    dim = 1 if np.ndim(scale) == 0 else np.shape(scale)[0]
    scale = square(scale, dim)
    diagonal, more = np.diagonal(scale), df - dim
    entries = (more + 1) * scale**2 + (more - 1) * diagonal[:, None] * diagonal
    return entries / (more * (more - 1) ** 2 * (more - 3))


def invwishart_entropy(df: Any, scale: Any) -> Any:
    """By the expectation of the logarithm of the determinant."""
    dim = 1 if np.ndim(scale) == 0 else np.shape(scale)[0]
    slopes = sum(sp.psi(0.5 * (df - dim + i)) for i in range(1, dim + 1))
    front = multigammaln(0.5 * df, dim) + 0.5 * dim * df
    half = 0.5 * (dim + 1) * logdet(square(scale, dim))
    return front + half - 0.5 * (df + dim + 1) * slopes


def rows_and_columns(mean: Any, rows: Any, columns: Any) -> tuple[Any, Any]:
    """Two covariances, whose sizes the mean may tell."""
    shape = (0, 0) if mean is None else np.shape(mean)
    sizes = [shape[i] or (np.shape(m)[0] if np.ndim(m) else 1)
             for i, m in enumerate((rows, columns))]  # fmt: skip
    return square(rows, sizes[0]), square(columns, sizes[1])


def matrix_normal(X: Any, mean: Any = None, rowcov: Any = 1, colcov: Any = 1) -> Any:
    """Independent but for the covariances of rows and of columns."""
    rows, columns = rows_and_columns(mean, rowcov, colcov)
    away = as_array(X) - (0.0 if mean is None else mean)
    inner = np.linalg.solve(rows, away) @ np.linalg.inv(columns)
    dets = columns.shape[0] * logdet(rows) + rows.shape[0] * logdet(columns)
    return -0.5 * (dets + np.sum(away * inner, (-2, -1)))


def matrix_normal_entropy(rowcov: Any = 1, colcov: Any = 1) -> Any:
    """Of the determinants."""
    rows, columns = rows_and_columns(None, rowcov, colcov)
    return 0.5 * (columns.shape[0] * logdet(rows) + rows.shape[0] * logdet(columns))


def matrix_t(
    X: Any, mean: Any = None, row_spread: Any = 1, col_spread: Any = 1, df: Any = 1
) -> Any:
    """Gupta and Nagar (2000), definition 4.2.1."""
    rows, columns = rows_and_columns(mean, row_spread, col_spread)
    m, n = rows.shape[0], columns.shape[0]
    away = as_array(X) - (0.0 if mean is None else mean)
    inner = np.linalg.solve(rows, away)
    whole = np.eye(n) + np.swapaxes(away, -1, -2) @ inner @ np.linalg.inv(columns)
    half = 0.5 * (df + m + n - 1)
    front = multigammaln(half, n) - multigammaln(0.5 * (df + n - 1), n)
    return front - 0.5 * (n * logdet(rows) + m * logdet(columns)) - half * logdet(whole)


# Of shares and counts -----------------------------------------------------------------


def dirichlet(x: Any, alpha: Any) -> Any:
    """Shares along the first axis; the last of them may be left out."""
    x, alpha = as_array(x), as_array(alpha)
    if x.shape[0] == alpha.shape[0] - 1:
        x = np.concatenate([x, (1 - np.sum(x, 0))[None]])
    front = sp.gammaln(np.sum(alpha)) - np.sum(sp.gammaln(alpha))
    return front + np.sum(sp.xlogy(alpha - 1, x.T), -1)


def dirichlet_cov(alpha: Any) -> Any:
    """Of each pair of shares."""
    total = np.sum(alpha)
    share = alpha / total
    whole = share[:, None] * np.eye(share.shape[0]) - share[:, None] * share
    return whole / (total + 1)


def dirichlet_entropy(alpha: Any) -> Any:
    """By the expectations of logarithms."""
    total, count = np.sum(alpha), np.size(alpha)
    front = np.sum(sp.gammaln(alpha)) - sp.gammaln(total)
    return front + (total - count) * sp.psi(total) - np.sum((alpha - 1) * sp.psi(alpha))


def multinomial_cov(n: Any, p: Any) -> Any:
    """Of each pair of counts."""
    p, n = as_array(p), np.expand_dims(n, (-1, -2))
    diagonal = p[..., :, None] * np.eye(p.shape[-1])
    return n * (diagonal - p[..., :, None] * p[..., None, :])


def dirichlet_multinomial(x: Any, alpha: Any, n: Any) -> Any:
    """Up to the number of ways."""
    total = np.sum(alpha, -1)
    ways = np.sum(sp.gammaln(np.add(x, alpha)) - sp.gammaln(alpha), -1)
    return sp.gammaln(total) - sp.gammaln(np.add(n, total)) + ways


def dirichlet_multinomial_cov(alpha: Any, n: Any) -> Any:
    """As of the multinomial distribution, wider."""
    total = np.sum(alpha, -1)
    wider = np.divide(np.add(n, total), 1 + total)
    return multinomial_cov(wider * n, alpha / np.expand_dims(total, -1))


Formula = Callable[..., Any]

FORMULAS: dict[str, dict[str, Formula]] = {
    "dirichlet": {
        "logpdf": dirichlet,
        "mean": lambda alpha: alpha / np.sum(alpha),
        "var": lambda alpha: np.diagonal(dirichlet_cov(alpha)),
        "cov": dirichlet_cov,
        "entropy": dirichlet_entropy,
    },
    "dirichlet_multinomial": {
        "logpmf": dirichlet_multinomial,
        "mean": lambda alpha, n: (
            np.expand_dims(n, -1) * alpha / np.sum(alpha, -1, keepdims=True)
        ),
        "var": lambda alpha, n: np.diagonal(
            dirichlet_multinomial_cov(alpha, n), axis1=-2, axis2=-1
        ),
        "cov": dirichlet_multinomial_cov,
    },
    "invwishart": {
        "logpdf": invwishart,
        "mean": invwishart_mean,
        "var": invwishart_var,
        "entropy": invwishart_entropy,
    },
    "matrix_normal": {"logpdf": matrix_normal, "entropy": matrix_normal_entropy},
    "matrix_t": {"logpdf": matrix_t},
    "multinomial": {
        "logpmf": lambda x, n, p: np.sum(sp.xlogy(x, p), -1),
        "mean": lambda n, p: np.expand_dims(n, -1) * p,
        "cov": multinomial_cov,
    },
    "multivariate_normal": {"logpdf": multivariate_normal, "entropy": normal_entropy},
    "multivariate_t": {"logpdf": multivariate_t, "entropy": t_entropy},
    "normal_inverse_gamma": {"logpdf": normal_inverse_gamma},
    "vonmises_fisher": {"logpdf": vonmises_fisher},
    "wishart": {
        "logpdf": wishart,
        "mean": wishart_mean,
        "var": wishart_var,
        "entropy": wishart_entropy,
    },
}
"""By the name of the distribution and of the method, up to what does not move."""
