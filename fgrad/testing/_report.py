"""What a check found: a verdict for each leaf, order and mode; and the words of it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Report", "Verdict", "number", "ordinal", "times"]


class Verdict(NamedTuple):
    """What was found about one derivative.

    Attributes
    ----------
    kind : str
        "right", "wrong", "kink", "jump", "edge of domain", "noisy" or "cannot tell".
    order : int
        1 for the gradient, 2 for its derivative, and so on.
    path : str
        The leaf of the arguments, such as ``args[0]['w']``.
    mode : str
        "rev", "fwd" or "vmap".
    got, want : float
        The derivative along a random direction, and what finite differences give.
    error : float
        How far off `want` may be.
    step : float
        The step of these differences, relative to the size of the leaf.
    """

    kind: str
    order: int
    path: str
    mode: str
    got: float
    want: float
    error: float
    step: float


class Report:
    """What a check found.

    Attributes
    ----------
    name : str
        The function that was checked.
    verdicts : tuple of Verdict
        One for each leaf, order and mode.
    """

    def __init__(self, name: str, verdicts: tuple[Verdict, ...]) -> None:
        self.name = name
        self.verdicts = verdicts

    @property
    def ok(self) -> bool:
        """Whether all is right, and nothing stayed unchecked."""
        return all(verdict.kind == "right" for verdict in self.verdicts)

    def __repr__(self) -> str:
        lines = [f"{self.name}:"]
        for order in sorted({v.order for v in self.verdicts}):
            found: dict[str, list[str]] = {}
            for verdict in self.verdicts:
                if verdict.order == order:
                    paths = found.setdefault(verdict.kind, [])
                    if verdict.path not in paths:
                        paths.append(verdict.path)
            told = "; ".join(
                f"{kind} ({', '.join(paths)})" for kind, paths in found.items()
            )
            lines.append(f"derivative {order} {told}")
        return " ".join(lines) if len(lines) == 2 else "\n    ".join(lines)


def number(value: float) -> str:
    """A number with as many digits as a message needs."""
    return f"{value + 0.0:.6g}"  # no -0


def times(got: float, want: float) -> str:
    """How many times too large a number is, if that says something."""
    if not want or not abs(got) < float("inf") or not 1e-4 < abs(got / want) < 1e4:
        return ""
    ratio = got / want
    return "" if abs(ratio - 1) < 1e-3 else f", {ratio:.4g} times as much"


def ordinal(order: int) -> str:
    """The derivative in words: the first is "the derivative"."""
    return {1: "the derivative", 2: "the second derivative"}.get(
        order, f"derivative {order}"
    )
