"""Histograms: counts are constant, but edges, widths and weights are not."""

from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import derived
from fgrad.derived.creation import as_traced


def grid(a: Any, plain: Any, bins: Any, range: Any) -> Any:
    """The traced form of edges that NumPy computed as `plain`."""
    if np.ndim(bins) == 1:
        return as_traced(bins)
    if range is not None:
        low, high = range
    elif a.size:
        low, high = np.min(a), np.max(a)
    else:
        low, high = 0, 1
    if low == high:
        low, high = low - 0.5, high + 0.5
    spaced = traced(np.linspace)
    return spaced(low, high, len(plain), dtype=plain.dtype)


@derived(np.histogram_bin_edges)
def histogram_bin_edges(
    a: Any, bins: Any = 10, range: Any = None, weights: Any = None
) -> Any:
    a = as_traced(a)
    plain = np.histogram_bin_edges(
        primal(a), primal(bins), primal(range), primal(weights)
    )
    return grid(a, plain, bins, range)


@derived(np.histogram)
def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    a = as_traced(a)
    plain = np.ravel(primal(a))
    counts, plain_edges = np.histogram(
        plain, primal(bins), primal(range), False, primal(weights)
    )
    edges = grid(a, plain_edges, bins, range)
    if weights is not None:
        weights = np.ravel(as_traced(weights))
        n = len(counts)
        if np.ndim(bins) == 1 or not np.can_cast(weights.dtype, complex):
            counts = by_sorting(plain, plain_edges, weights)
        else:
            bin = np.searchsorted(plain_edges, plain, "right") - 1
            bin = np.where(plain == plain_edges[-1], n - 1, bin)
            inside = np.flatnonzero((bin >= 0) & (bin < n))
            counts = total_of_bins(bin[inside], weights[inside], n)
    if not density:
        return counts, edges
    return counts / np.diff(edges).astype(float) / np.sum(counts), edges


def total_of_bins(bin: Any, weights: Any, n: int) -> Any:
    """The sum of the weights in each of n bins."""
    count = traced(np.bincount)
    if weights.dtype.kind == "c":
        real, imag = np.real(weights), np.imag(weights)
        counts = count(bin, real, minlength=n) + 1j * count(bin, imag, minlength=n)
    else:
        counts = count(bin, weights, minlength=n)
    return counts.astype(weights.dtype)


def by_sorting(plain: Any, edges: Any, weights: Any) -> Any:
    """The differences of the running sum of sorted weights at the edges."""
    order = np.argsort(plain)
    running = np.cumsum(weights[order])
    running = np.concatenate((np.zeros(1, weights.dtype), running))
    ordered = plain[order]
    places = (
        np.searchsorted(ordered, edges[:-1], "left"),
        np.searchsorted(ordered, edges[-1:], "right"),
    )
    return np.diff(running[np.concatenate(places)])


@derived(np.histogramdd)
def histogramdd(
    sample: Any,
    bins: Any = 10,
    range: Any = None,
    density: Any = None,
    weights: Any = None,
) -> Any:
    if isinstance(sample, tuple | list):
        sample = np.transpose(np.atleast_2d(as_traced(sample)))
    plain = primal(sample)
    dimensions = sample.shape[1]
    hist, plain_edges = np.histogramdd(
        plain, primal(bins), primal(range), False, primal(weights)
    )
    if isinstance(bins, int | np.integer):
        bins = [bins] * dimensions
    ranges = [None] * dimensions if range is None else range
    edges = [
        grid(sample[:, i], plain_edges[i], bins[i], ranges[i])
        for i in np.arange(dimensions)
    ]
    if weights is not None:
        lengths = [len(e) + 1 for e in plain_edges]  # with those outside
        place = [
            np.searchsorted(e, plain[:, i], "right") - (plain[:, i] == e[-1])
            for i, e in enumerate(plain_edges)
        ]
        flat = np.ravel_multi_index(place, lengths)
        total = traced(np.bincount)(
            flat, as_traced(weights), minlength=int(np.prod(lengths))
        )
        core = (slice(1, -1),) * dimensions
        hist = np.reshape(total, lengths)[core]
    if density:
        count = np.sum(hist)
        for i, e in enumerate(edges):
            hist = hist / np.reshape(np.diff(e), (-1,) + (1,) * (dimensions - 1 - i))
        hist = hist / count
    return hist, edges


@derived(np.histogram2d)
def histogram2d(
    x: Any,
    y: Any,
    bins: Any = 10,
    range: Any = None,
    density: Any = None,
    weights: Any = None,
) -> Any:
    if len(x) != len(y):
        raise ValueError("x and y must have the same length.")
    if not isinstance(bins, int | np.integer) and len(bins) not in (1, 2):
        bins = [bins, bins]
    hist, edges = histogramdd([x, y], bins, range, density, weights)
    return hist, edges[0], edges[1]
