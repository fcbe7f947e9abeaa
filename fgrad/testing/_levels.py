"""All derivatives up to an order, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._transforms import vjp, vmap
from fgrad.errors import GradientError
from fgrad.testing._failure import Blamer, fail_forward, fail_nan, react
from fgrad.testing._judge import Finding
from fgrad.testing._leaves import direction, paired
from fgrad.testing._level import Level, weights
from fgrad.testing._line import Slope
from fgrad.testing._report import Verdict

__all__ = ["check_level", "check_levels", "next_level"]


def check_levels(
    first: Level, order: int, rng: np.random.Generator, blamer: Blamer
) -> list[Verdict]:
    """Check a derivative, and those of higher order."""
    verdicts = check_level(first, rng, blamer)
    level = first
    while level.order < order and _goes_on(verdicts):
        level = next_level(level, rng)
        verdicts += check_level(level, rng, blamer)
    return verdicts


def _goes_on(verdicts: list[Verdict]) -> bool:
    """At a kink or an edge there is no higher derivative to check."""
    return all(verdict.kind in {"right", "noisy"} for verdict in verdicts)


def next_level(level: Level, rng: np.random.Generator) -> Level:
    """The derivative of the gradient that a level checked."""
    call, fixed = level.call, [primal(w) for w in level.ws]

    def derivative(*xs: Any) -> list[Any]:
        return list(vjp(call, *xs)[1](fixed))

    out, pull = vjp(derivative, *level.xs)
    natural = [level.values / level.scale(k) for k in range(len(level.xs))]
    ws = weights(out, rng, natural, [w for w in fixed if np.size(w)])
    return Level(
        level.settings,
        level.order + 1,
        derivative,
        level.xs,
        out,
        ws,
        list(pull(ws)),
        pull,
        natural,
    )


def check_level(
    level: Level, rng: np.random.Generator, blamer: Blamer
) -> list[Verdict]:
    """Check one derivative, in all modes."""
    settings, verdicts = level.settings, list[Verdict]()
    modes = settings.modes
    vs = [level.direction(k, rng) for k in range(len(level.xs))]
    total = np.zeros(3)
    smooth = True
    for k, (path, v) in enumerate(zip(settings.paths, vs, strict=True)):
        if not np.isfinite(level.gradient[k]).all():
            kind = fail_nan(level, k, blamer)
            slope = Slope(np.inf, np.nan, np.nan)
            verdicts.append(level.verdict(kind, path, "rev", np.inf, slope))
            smooth = False
            continue
        got, size, finding = level.along(k, v)
        if finding.kind != "right":
            whole = got, size, v, finding
            got, size, v, finding = _in_groups(level, k, v, whole)
            vs[k] = v
        judge = level
        if finding.kind in {"wrong", "jump"}:
            judge = level.careful()
            finding = judge.along(k, v)[2]
        if finding.kind == "right":
            judge, v, finding = _evened(level, k, v, finding)
        kind = react(judge, k, v, finding, blamer)
        if "rev" in modes:
            verdicts.append(level.verdict(kind, path, "rev", got, finding.slope))
        smooth &= kind == "right"
        total += finding.slope.value, size, finding.slope.error
    if "fwd" in modes and smooth:
        verdicts.append(_forward(level, vs, total, blamer))
    if "vmap" in modes and smooth and level.order == 1:
        verdicts.append(_batched(level, rng))
    return verdicts


def _evened(
    level: Level, k: int, v: Any, finding: Finding
) -> tuple[Level, Any, Finding]:
    """Look at entries that are much smaller than the largest, too."""
    even = level.evened(k, v)
    if even is not None and level.along(k, even)[2].kind == "wrong":
        judge = level.careful()
        found = judge.along(k, even)[2]
        if found.kind == "wrong":
            return judge, even, found
    return level, v, finding


def _in_groups(level: Level, k: int, v: Any, whole: Any) -> Any:
    """What is found for entries of similar size at a time, if sizes are mixed."""
    found = [(*level.along(k, part), part) for part in level.groups(k, v)]
    for got, size, finding, part in found:
        if finding.kind != "right":
            return got, size, part, finding
    if not found:
        return whole
    v = sum(part for *_, part in found)
    value, error, _ = np.sum([finding.slope for _, _, finding, _ in found], axis=0)
    got, size = (sum(numbers) for numbers in list(zip(*found, strict=True))[:2])
    return got, size, v, Finding("right", Slope(value, error, np.nan))


def _forward(level: Level, vs: list[Any], total: Any, blamer: Blamer) -> Verdict:
    """Compare forward mode along all leaves with the sum of their slopes."""
    want, size, error = map(float, total)
    got = level.forward(vs)
    settings = level.settings
    allowed = settings.rtol * size + settings.atol + 10 * error
    if not abs(got - want) <= allowed:  # a derivative is no more precise than values
        judge = level.careful()
        allowed += 100 * judge.rounding * judge.values
    if not abs(got - want) <= allowed:
        zeros = [np.zeros_like(x) for x in level.xs]
        for k, v in enumerate(vs):
            alone = level.forward([*zeros[:k], v, *zeros[k + 1 :]])
            here = paired([level.gradient[k]], [v])[0]
            if not abs(alone - here) <= allowed:
                fail_forward(level, k, v, blamer)
        raise GradientError(
            f"forward mode of {settings.name} is wrong: along all arguments together "
            f"it gives {got:.6g}, but finite differences give {want:.6g} ± "
            f"{error:.0e}.",
            order=level.order,
            got=got,
            want=want,
            error=error,
        )
    slope = Slope(want, error, np.nan)
    return level.verdict("right", "all", "fwd", got, slope)


def _batched(level: Level, rng: np.random.Generator) -> Verdict:
    """Compare value and gradient under `vmap` with those of the examples."""
    call, settings = level.call, level.settings
    fixed = [primal(w) for w in level.ws]

    def both(*xs: Any) -> tuple[list[Any], list[Any]]:
        out, pull = vjp(call, *xs)
        if [np.shape(y) for y in out] != [np.shape(w) for w in fixed]:
            return list(out), []  # the values will say what is wrong
        return list(out), list(pull(fixed))

    others = [
        x + 2.0**-8 * level.like(k, direction(x, rng) * level.scale(k))
        for k, x in enumerate(level.xs)
    ]
    examples = [level.xs, others, level.xs]
    values, gradients = vmap(both)(*map(np.stack, zip(*examples, strict=True)))
    for i, example in enumerate(examples):
        out, gradient = both(*example)
        what = f"the value of {settings.name}"
        for found, want in zip(values, out, strict=True):
            _check_example(what, "", i, found[i], want)
        for path, *pair in zip(settings.paths, gradients, gradient, strict=True):
            what = f"the derivative of {settings.name} with respect to {path}"
            _check_example(what, path, i, pair[0][i], pair[1])
    return level.verdict("right", "all", "vmap", 0.0, Slope(0.0, 0.0, np.nan))


def _check_example(what: str, path: str, i: int, found: Any, want: Any) -> None:
    """One example of a batch is as it is alone."""
    off = np.inf
    if np.shape(found) == np.shape(want):
        off = np.max(np.abs(found - want), initial=0.0)
    if not off <= 1e-9 * np.max(np.abs(want), initial=0.0):
        raise GradientError(
            f"{what} is wrong only under vmap: example {i} of a batch differs by "
            f"{off:.2g} from the same example alone.",
            kind="wrong",
            path=path,
        )
