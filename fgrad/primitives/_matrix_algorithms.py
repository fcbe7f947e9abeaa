"""Exponential, logarithm and square root of plain matrices, in stacks.

They are written in NumPy, which has no Schur decomposition: only products, inverses and
solutions of systems. So they also take matrices that cannot be diagonalised.
"""

from typing import Any

import numpy as np

from fgrad.primitives._matrices import scalars

__all__ = ["exponential", "logarithm", "square_root"]

PADE = (
    *(64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800),
    *(129060195264000, 10559470521600, 670442572800, 33522128640, 1323241920),
    *(40840800, 960960, 16380, 182, 1),
)
"""The coefficients of the Padé approximant of degree 13 of the exponential."""
RADIUS = 5.371920351148152
"""Up to which norm that approximant is exact to rounding in double precision."""
NEAR = 0.5
"""Up to which distance from 1 the quadrature of the logarithm is."""
NODES = 12
"""Its number of nodes: it is the Padé approximant of this degree."""
STEPS = 60
"""How many steps a square root may take; about ten are usual."""


def norm(a: Any) -> Any:
    """The largest sum of absolute values in a column, for each matrix."""
    return np.max(np.sum(np.abs(a), axis=-2), axis=-1, initial=0)


def exponential(a: Any) -> Any:
    """Higham, The scaling and squaring method for the matrix exponential (2005)."""
    size = norm(a)
    with np.errstate(all="ignore"):
        halvings = np.ceil(np.log2(size / RADIUS))
    halvings = np.where(np.isfinite(halvings), np.maximum(halvings, 0), 0).astype(int)
    a = a * scalars(np.ldexp(1.0, -halvings))
    one = np.eye(a.shape[-1])
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    b = PADE
    odd = a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2)
    odd = a @ (odd + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2)
    even = even + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    ans = np.linalg.solve(even - odd, even + odd)
    for step in range(int(np.max(halvings, initial=0))):
        ans = np.where(scalars(step < halvings), ans @ ans, ans)
    return ans


def square_root(a: Any) -> Any:
    """Denman and Beavers' iteration in its product form: Higham (2008), formula 6.29.

    Functions of matrices, chapter 6. Its steps are scaled by determinants. Where it
    does not converge, there is no principal square root, and the entries are nan.
    """
    n = a.shape[-1]
    one = np.eye(n)
    root = product = a
    far = np.full(a.shape[:-2], np.inf)
    with np.errstate(all="ignore"):
        for _ in range(STEPS if a.size else 0):
            size = np.linalg.slogdet(product)[1] / (2 * n)
            before, far = far, norm(product - one)
            # Near the end each step squares the distance, until rounding is left.
            going = (far > 1e-2) | (far < 0.5 * before)
            if not np.any(going & (far > 4 * n * np.finfo(float).eps)):
                break
            scale = np.exp(-size)
            scale = scalars(np.where((far > 1e-2) & np.isfinite(scale), scale, 1))
            inverse = _inverse(product) / scale**2
            root = 0.5 * scale * (root + root @ inverse)
            product = 0.5 * (one + 0.5 * (scale**2 * product + inverse))
        wrong = norm(root @ root - a) > 1e-6 * norm(root) ** 2
        wrong |= ~np.isfinite(norm(root))
    return np.where(scalars(wrong), np.nan, root)


def _inverse(a: Any) -> Any:
    """The inverses of a stack, nan for those that are singular."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        singular = scalars(np.linalg.det(a) == 0) | ~np.isfinite(a)
        singular = np.any(singular, axis=(-2, -1), keepdims=True)
        return np.where(
            singular, np.nan, np.linalg.inv(np.where(singular, np.eye(a.shape[-1]), a))
        )


def logarithm(a: Any) -> Any:
    """Inverse scaling and squaring: Higham (2008), chapter 11, with a quadrature.

    Dieci, Morini and Papini, Computational techniques for real logarithms of matrices
    (1996): Gauss's quadrature of ``x (1 + t x)^-1`` over t is the Padé approximant.
    """
    one = np.eye(a.shape[-1])
    roots = np.zeros(a.shape[:-2], int)
    for _ in range(STEPS):
        far = norm(a - one) > NEAR
        if not np.any(far):
            break
        a = a.copy()
        a[far] = square_root(a[far])
        roots = roots + far
    x = a - one
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    terms = (
        0.5 * weight * np.linalg.solve(one + 0.5 * (node + 1) * x, x)
        for node, weight in zip(nodes, weights, strict=True)
    )
    return scalars(np.ldexp(1.0, roots)) * sum(terms, np.zeros_like(x))
