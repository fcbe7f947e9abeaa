"""`gaussian_kde`, of a data set, of weights and at points that may be traced."""

from typing import Any

import numpy as np
import scipy.stats as ss

from fgrad._engine.box import as_array, boxes_in
from fgrad.derived.creation import as_traced
from fgrad.numpy._namespace import Kind
from fgrad.scipy.stats._by_formula import by_formula

__all__ = ["gaussian_kde"]


def _log_density(points: Any, dataset: Any, factor: Any, weights: Any = None) -> Any:
    """Normal densities around the points of the data set."""
    dataset = np.reshape(dataset, (-1, np.shape(dataset)[-1]))
    d, n = dataset.shape
    points = np.reshape(points, (d, -1))
    shares = np.full(n, 1 / n) if weights is None else weights / np.sum(weights)
    mean = dataset @ shares
    away = dataset - mean[:, None]
    cov = (away * shares) @ away.T / (1 - np.sum(shares * shares)) * factor**2
    root = np.linalg.cholesky(cov)
    whitened = np.linalg.solve(root, dataset), np.linalg.solve(root, points)
    gap = whitened[0][:, :, None] - whitened[1][:, None, :]
    energy = np.log(shares)[:, None] - 0.5 * np.sum(gap * gap, 0)
    most = np.max(energy, 0)
    front = -np.sum(np.log(np.diagonal(root))) - 0.5 * d * np.log(2 * np.pi)
    return most + np.log(np.sum(np.exp(energy - most), 0)) + front


class gaussian_kde(metaclass=Kind):  # noqa: N801 (SciPy's name)
    """`scipy.stats.gaussian_kde`, also of traced data, weights and points.

    Parameters
    ----------
    dataset : array_like of float, shape (n,) or (d, n)
        The points.
    bw_method : None, str, float or callable
        As SciPy takes it. A number may be traced.
    weights : array_like of float, shape (n,), optional
        How much each of them counts.

    Examples
    --------
    >>> import numpy as np
    >>> import fgrad
    >>> from fgrad.scipy.stats import gaussian_kde
    >>> def smoothed(data):
    ...     return gaussian_kde(data).logpdf(0.5)[0]
    >>> fgrad.grad(smoothed)(np.array([0.0, 1.0])).round(6)
    array([ 0.2, -0.2])
    """

    _numpys = ss.gaussian_kde
    lacks = ""

    def __init__(
        self, dataset: Any, bw_method: Any = None, weights: Any = None
    ) -> None:
        self._arguments = [dataset, bw_method, weights]
        self._traced = bool(boxes_in(self._arguments))
        self._theirs: Any = None
        if not self._traced:
            self._theirs = ss.gaussian_kde(dataset, bw_method, weights)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or self._theirs is None:
            raise AttributeError(
                f"gaussian_kde of traced values has no attribute {name!r}; it has "
                f"evaluate, pdf and logpdf."
            )
        return getattr(self._theirs, name)

    def logpdf(self, x: Any) -> Any:
        """The logarithm of the density at points of shape (m,) or (d, m)."""
        if not (self._traced or boxes_in([x])):
            return self._theirs.logpdf(x)
        return self._of(x, "logpdf")

    def evaluate(self, points: Any) -> Any:
        """The density at points of shape (m,) or (d, m)."""
        if not (self._traced or boxes_in([points])):
            return self._theirs.evaluate(points)
        return self._of(points, "evaluate")

    __call__ = evaluate

    def pdf(self, x: Any) -> Any:
        """The density at points of shape (m,) or (d, m)."""
        return self.evaluate(x)

    def _of(self, points: Any, method: str) -> Any:
        """SciPy's value, with the derivative of the formula."""
        dataset, bandwidth, weights = self._arguments
        factor = bandwidth if boxes_in([bandwidth]) else None

        def theirs(points: Any, dataset: Any, weights: Any = None, factor: Any = None):
            chosen = bandwidth if factor is None else float(factor)
            return getattr(ss.gaussian_kde(dataset, chosen, weights), method)(points)

        def formula(points: Any, dataset: Any, weights: Any = None, factor: Any = None):
            chosen = self._factor(dataset, weights) if factor is None else factor
            log = _log_density(points, dataset, chosen, weights)
            return log if method == "logpdf" else np.exp(log)

        kwds = {"weights": weights, "factor": factor}
        given = {name: value for name, value in kwds.items() if value is not None}
        arrays = as_traced(points), as_traced(dataset)
        return by_formula(theirs, formula, arrays, given)

    def _factor(self, dataset: Any, weights: Any) -> Any:
        """The bandwidth, which may depend on the weights."""
        method = self._arguments[1]
        if isinstance(method, int | float | np.number):
            return method
        n, d = np.shape(dataset)[-1], np.size(dataset) // np.shape(dataset)[-1]
        if weights is not None:
            weights = as_array(weights) / np.sum(weights)
            n = 1 / np.sum(weights * weights)
        if method is None or method == "scott":
            return n ** (-1 / (d + 4))
        if method == "silverman":
            return (n * (d + 2) / 4) ** (-1 / (d + 4))
        kde = ss.gaussian_kde(np.asarray(dataset), method)
        return kde.factor
