"""The colours of pictures, for light and for dark pages."""

from __future__ import annotations

__all__ = ["COLOURS", "FONT", "colour"]

COLOURS: dict[str, tuple[str, str]] = {
    "page": ("#ffffff", "#0d1117"),
    "ink": ("#1f2328", "#e6edf3"),
    "muted": ("#656d76", "#9198a1"),
    "line": ("#6e7781", "#8b949e"),
    "value": ("#1f2328", "#e6edf3"),
    "gradient": ("#b03a00", "#ffa657"),
    "result": ("#1a7f37", "#56d364"),
    "error": ("#cf222e", "#ff7b72"),
    "argument": ("#ddf4ff", "#0c2d4a"),
    "argument-line": ("#0969da", "#58a6ff"),
    "constant": ("#f6f8fa", "#161b22"),
    "constant-line": ("#8c959f", "#6e7681"),
    "operation": ("#ffffff", "#161b22"),
    "operation-line": ("#57606a", "#9198a1"),
    "replay": ("#fff3e8", "#3a2211"),
    "replay-words": ("#bc4c00", "#f0883e"),
    "replay-line": ("#bc4c00", "#f0883e"),
    "tangent": ("#f7f0ff", "#2a1f3d"),
    "tangent-words": ("#8250df", "#bc8cff"),
    "tangent-line": ("#8250df", "#bc8cff"),
    "error-card": ("#ffebe9", "#3d1215"),
    "rest": ("#f6f8fa", "#161b22"),
    "rest-line": ("#8c959f", "#6e7681"),
    "frame": ("#f6f8fa", "#12171e"),
    "frame-line": ("#d0d7de", "#3d444d"),
}
"""For each part, its colour on a light page, and on a dark one."""

FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def colour(name: str) -> str:
    """The colour of a part on a light page."""
    return COLOURS[name][0]
