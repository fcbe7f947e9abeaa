"""The words of a check that failed, or could not tell."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fgrad._words.callsite import user_frame, warn_at
from fgrad.errors import GradientError, UncheckedDerivativeWarning
from fgrad.testing._blame import Blame, blamed
from fgrad.testing._judge import Finding
from fgrad.testing._level import Level
from fgrad.testing._locate import (
    Entry,
    forward_entry,
    has_corner,
    output_entry,
    single,
    wrong_entry,
)
from fgrad.testing._report import number, ordinal, times

__all__ = ["Blamer", "fail_nan", "fail_with", "react"]

Blamer = Callable[[int], Blame]
"""It looks for wrong rules, up to a derivative."""

MODES = {"rev": "", "fwd": " in forward mode", "vmap": " under vmap"}


def react(level: Level, k: int, v: Any, finding: Finding, blamer: Blamer) -> str:
    """Raise if a finding is an error, warn if nothing can be said.

    What is returned is the verdict.
    """
    kinks = level.settings.kinks
    if finding.kind == "right":
        return "right"
    if finding.kind == "wrong":
        entry = wrong_entry(level, k, v, finding)
        if kinks != "raise" and has_corner(level, k, v):
            return "kink"
        if entry.finding.kind == "wrong" or not entry.finding.between:
            fail_with(level, k, output_entry(level, k, entry), "rev", blamer)
        if entry.finding.kind == "kink":
            return "kink"
        finding = finding._replace(kind="cannot tell")  # no entry alone is wrong
    if finding.kind in {"kink", "jump"} and kinks == "skip":
        return finding.kind
    if finding.kind == "jump" and level.order > 1 and kinks == "subgradient":
        return "kink"  # of the function; so its derivative jumps
    if finding.kind in {"kink", "jump"}:
        entry = wrong_entry(level, k, v, finding)
        if kinks == "raise" or finding.kind == "jump":
            _fail_kink(level, k, entry, finding)
        if entry.finding.kind == "wrong" and has_corner(level, k, v):
            return "kink"
        if entry.finding.kind == "wrong" or not entry.finding.between:
            fail_with(level, k, output_entry(level, k, entry), "rev", blamer)
        return "kink"
    _warn(level, k, finding)
    return finding.kind


def _path(level: Level, k: int, entry: Entry) -> str:
    """The entry of the arguments."""
    path = level.settings.paths[k]
    if np.ndim(level.xs[k]):
        path += f"[{', '.join(map(str, entry.place))}]"
    return path + (" (in the imaginary direction)" if entry.imaginary else "")


def _what(level: Level, entry: Entry) -> str:
    """The derivative of what."""
    name = level.settings.name
    if level.order == 1:
        if entry.output is None:
            one = len(level.ys) == 1 and np.ndim(level.ys[0]) == 0
            return f"the derivative of {name if one else f'the results of {name}'}"
        i, index = entry.output
        which = f"result {i} of {name}" if len(level.ys) > 1 else name
        at = f" at entry [{', '.join(map(str, index))}]" if index else ""
        return f"the derivative of {which}{at}"
    words = f"{ordinal(level.order)} of {name}"
    if entry.output is None or level.order > 2:
        return words
    i, index = entry.output
    at = f"[{', '.join(map(str, index))}]" if index else ""
    return f"{words} with respect to {level.settings.paths[i]}{at} and"


def fail_with(
    level: Level, k: int, entry: Entry, mode: str, blamer: Blamer
) -> GradientError:
    """Raise the error about a wrong entry."""
    found, path = entry.finding, _path(level, k, entry)
    want, error = found.slope.value, found.slope.error
    what = _what(level, entry)
    joint = "" if what.endswith(" and") else " with respect to"
    got = number(entry.got)
    if found.kind == "kink" and found.sides:
        left, right = map(number, found.sides)
        words = (
            f"{what}{joint} {path} is wrong{MODES[mode]}: it is {got}, but there is a "
            f"kink with the slopes {left} and {right}, and it must lie between them."
        )
    else:
        words = (
            f"{what}{joint} {path} is wrong{MODES[mode]}: it is {got}"
            f"{times(entry.got, want)}, but finite differences give {number(want)} "
            f"± {error:.0e}."
        )
    failure = GradientError(
        words,
        kind="wrong",
        order=level.order,
        path=level.settings.paths[k],
        index=entry.place,
        got=entry.got,
        want=want,
        error=error,
    )
    raise blamed(failure, blamer(level.order))


def fail_forward(level: Level, k: int, v: Any, blamer: Blamer) -> None:
    """Raise the error about forward mode."""
    fail_with(level, k, forward_entry(level, k, v), "fwd", blamer)


def _fail_kink(level: Level, k: int, entry: Entry, finding: Finding) -> None:
    kind = finding.kind
    path, name = _path(level, k, entry), level.settings.name
    sides = entry.finding.sides or finding.sides
    if kind == "jump":
        words = (
            f"{name} jumps at this point along {path}, so it has no derivative there. "
            f"Check another point, or pass kinks='skip'."
        )
    else:
        left, right = map(number, sides or (np.nan, np.nan))
        words = (
            f"{name} has a kink at this point along {path}, with the slopes {left} and "
            f"{right}. Check another point, or pass kinks='subgradient'."
        )
    raise GradientError(
        words,
        kind=kind,
        order=level.order,
        path=level.settings.paths[k],
        index=entry.place,
        got=entry.got,
        want=entry.finding.slope.value,
        error=entry.finding.slope.error,
    )


def fail_nan(level: Level, k: int, blamer: Blamer) -> str:
    """A gradient is not finite: an error, unless the function is vertical there."""
    c = np.asarray(level.gradient[k])
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(c))[0])
    scale = np.broadcast_to(level.scale(k), c.shape)[index]
    part = np.zeros(c.shape, c.dtype)
    part[index] = scale
    line = level.line(k, level.like(k, part), 0.0)
    if line.is_vertical() or not np.isfinite(line(2.0**-26) + line(-(2.0**-26))):
        return "edge of domain"
    known = [np.where(np.isfinite(c), c, 0) for c in level.gradient]
    entry = single(replace(level, gradient=known), k, index)
    want = entry.finding.slope.value
    value = complex(c[index]) if c.dtype.kind == "c" else float(c[index])
    failure = GradientError(
        f"{_what(level, entry)} with respect to {_path(level, k, entry)} is {value}, "
        f"but finite differences give {number(want)} ± "
        f"{entry.finding.slope.error:.0e}.",
        kind="nan",
        order=level.order,
        path=level.settings.paths[k],
        index=index,
        got=np.nan,
        want=want,
        error=entry.finding.slope.error,
    )
    raise blamed(failure, blamer(level.order))


REASONS = {
    "edge of domain": "it has no values beside this point",
    "noisy": "its values are noisy. Pass noise=1e-8 if they have eight digits",
    "cannot tell": "finite differences do not agree among themselves. Check another "
    "point, or pass a natural size of the arguments as scale=",
}


def _warn(level: Level, k: int, finding: Finding) -> None:
    """Say that nothing can be said."""
    value, error, _ = finding.slope
    gives = ""
    if np.isfinite(value):
        gives = f" (finite differences give {number(value)} ± {error:.0e})"
    warn_at(
        user_frame(sys._getframe(1)),
        f"{ordinal(level.order)} of {level.settings.name} with respect to "
        f"{level.settings.paths[k]} stays unchecked{gives}: {REASONS[finding.kind]}.",
        UncheckedDerivativeWarning,
    )
