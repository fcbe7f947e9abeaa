"""Whether a pullback is right in shape and dtype, and linear in its cotangent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fgrad._engine.bind import Part
from fgrad._engine.box import Box, primal, stored
from fgrad._engine.cotangents import Parts, broadcasts_to
from fgrad._engine.dispatch import traced
from fgrad._engine.scatter import Scatter, index_add
from fgrad._words.undefined import Listener, listening
from fgrad.batching.trace import BatchTrace
from fgrad.debug._watching import Pulling
from fgrad.errors import RuleError

__all__ = ["check_linear", "check_spaces"]

FACTOR = 1024.0
"""A power of two, so that multiplying by it rounds nothing; and large, since some
rules are linear only for a small g."""


def check_spaces(pulling: Pulling, c: Any) -> None:
    """Raise an error if a cotangent has not the shape or the dtype of its argument."""
    for found, space in _pairs(pulling, c):
        if type(found) is Scatter:
            continue
        if type(found) is not Box:
            found = np.asarray(found)
        _check_shape(pulling, found.shape, space[0])
        _check_dtype(pulling, found, space[1])


def _pairs(pulling: Pulling, c: Any) -> Iterator[tuple[Any, Any]]:
    """What a pullback returned, with shape and dtype of the argument."""
    if c is None or type(c) is Part:
        return
    spaces, dtype = pulling.argument
    if dtype is None:
        for found, space in zip(c, spaces, strict=True):
            if found is not None and space is not None:
                yield found, space
    else:
        yield c, pulling.argument


def _check_shape(pulling: Pulling, found: Any, shape: Any) -> None:
    """Of an elementwise function, sums over too many axes would hide a mistake.

    All other shapes that do not fit, replay refuses by itself.
    """
    if found == shape or not pulling.rule.elementwise or pulling.result[1] is None:
        return
    result = pulling.result[0]
    if not (broadcasts_to(shape, found) and broadcasts_to(found, result)):
        raise RuleError(
            f"{pulling} returned a cotangent of shape {found}; it must have the "
            f"shape of the argument, {shape}, or that of the result, {result}."
        )


def _check_dtype(pulling: Pulling, c: Any, dtype: Any) -> None:
    """Refuse integers, and floats with fewer digits than those of the argument."""
    plain = np.asarray(stored(c))
    if c.dtype.kind in "biu":
        if np.any(plain):
            raise RuleError(
                f"{pulling} returned a cotangent of dtype {c.dtype}, which has no "
                f"fractions, for an argument of dtype {dtype}."
            )
    elif c.dtype.kind in "fc" and np.finfo(c.dtype).eps > np.finfo(dtype).eps:
        of_result = pulling.result[1]
        if of_result is None or np.finfo(c.dtype).eps > np.finfo(of_result).eps:
            raise RuleError(
                f"{pulling} returned a cotangent of dtype {c.dtype}, which has fewer "
                f"digits than the argument, of dtype {dtype}."
            )


def check_linear(
    pulling: Pulling, g: Any, residuals: tuple[Any, ...], c: Any, rng: Any
) -> None:
    """Raise an error if a pullback is not linear: run it on two other cotangents.

    With a random r, P(g + 1024 r) has to be P(g) + 1024 P(r). The three are compared
    with about a third of the digits of their dtype, since a right rule rounds, too.
    """
    if pulling.rule.tagged is not None or type(c) is Part or c is None:
        return
    g, kept = primal(g), tuple(primal(value) for value in residuals)
    with listening(Listener()):
        r = _random_like(g, rng)
        if r is None:
            return
        first = _dense(pulling, pulling.pullback.fun(g, *kept))
        second = _dense(pulling, pulling.pullback.fun(r, *kept))
        both = _dense(pulling, pulling.pullback.fun(_sum(g, r), *kept))
        for one, two, three in zip(first, second, both, strict=True):
            off = _distance(one, two, three)
            if off is not None:
                raise RuleError(
                    f"{pulling} is not linear in g: for a random r, what it returns "
                    f"for g + {FACTOR:.0f} * r is not what it returns for g, plus "
                    f"{FACTOR:.0f} times what it returns for r. {off}"
                )


def _random_like(g: Any, rng: Any) -> Any:
    """Random numbers of the size of those in g; nothing, if those are not finite."""
    if type(g) is Parts:
        parts = [_random_like(part, rng) for part in g]
        if any(part is None for part in parts):
            return None
        return _like_parts(
            g,
            [
                part if used else np.zeros_like(part)
                for part, used in zip(parts, g.used, strict=True)
            ],
        )
    if isinstance(g, tuple):
        return None
    if type(g) is Box:  # of `vmap`; another trace would write down what is done here
        inside = _random_like(g._value, rng)
        known = isinstance(g._trace, BatchTrace) and inside is not None
        return Box(inside, g._trace, g._node) if known else None
    array = np.asarray(g)
    if array.dtype.kind not in "fc" or not np.isfinite(array).all():
        return None
    scale = float(np.max(np.abs(array), initial=0.0)) or 1.0
    noise = rng.standard_normal(np.shape(g)) * scale
    if array.dtype.kind == "c":
        noise = noise + 1j * rng.standard_normal(np.shape(g)) * scale
    noise = np.asarray(noise).astype(array.dtype)[()]
    return noise if type(g) is not float else float(noise)


def _like_parts(g: Parts, parts: Any) -> Parts:
    made = Parts(parts)
    made.used, made.tags = g.used, g.tags
    return made


def _sum(g: Any, r: Any) -> Any:
    if type(g) is Parts:
        return _like_parts(g, [a + FACTOR * b for a, b in zip(g, r, strict=True)])
    total = g + FACTOR * r
    return total if type(total) is float else total.astype(g.dtype)


def _dense(pulling: Pulling, c: Any) -> list[Any]:
    """What a pullback returned, as arrays of all examples."""
    found: list[Any] = []
    for part, (shape, dtype) in _pairs(pulling, c):
        if type(part) is Scatter:
            part = traced(index_add)(np.zeros(shape, dtype), part.index, part.g)
        found.append(np.asarray(stored(part)))
    return found


def _distance(one: Any, two: Any, three: Any) -> str | None:
    """How far two sums are from each other, if that is too far."""
    if one.dtype.kind not in "fc" or one.size == 0:
        return None
    wanted = one + FACTOR * two
    if not (np.isfinite(wanted).all() and np.isfinite(three).all()):
        return None
    size = max(np.max(np.abs(wanted)), np.max(np.abs(three)))
    off = np.max(np.abs(three - wanted))
    digits = float(np.finfo(one.dtype).eps) ** (1 / 3)
    if off <= digits * size:
        return None
    return f"An entry differs by {off:.3g}, where the largest one is {size:.3g}."
