"""A picture as PNG: by Graphviz, or by Matplotlib."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from fgrad._engine.later import LATER
from fgrad.debug._colours import colour
from fgrad.debug._dot import as_dot, drawn_by_dot
from fgrad.debug._layered import placed
from fgrad.debug._places import Layout
from fgrad.debug._scene import CHARACTER, LINE, Card, Scene

__all__ = ["as_png"]

PIXELS = 192
"""Per inch, for sharp pictures on today's screens."""

HEAD = 46.0


def as_png(scene: Scene) -> bytes:
    """The picture."""
    drawn = drawn_by_dot(as_dot(scene), "-Tpng", f"-Gdpi={PIXELS}")
    return drawn or by_matplotlib(scene)


def by_matplotlib(scene: Scene) -> bytes:
    """The picture, with places of our own."""
    try:
        figures: Any = LATER["matplotlib.figure"]()
        patches: Any = LATER["matplotlib.patches"]()
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "a graph is saved as PNG by Graphviz (its program dot) or Matplotlib, and "
            "neither is installed. Install one (pip install matplotlib), or save it "
            "as .svg."
        ) from None
    layout = placed(scene)
    width, height = max(layout.width, 320.0), layout.height + HEAD
    figure = figures.Figure(figsize=(width / 96, height / 96), facecolor=colour("page"))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    _write(axes, 12, 24, scene.name, "ink", weight="bold", size=10)
    left = 12.0
    for style, text in scene.legend:
        _write(axes, left, 41, text, style)
        left += (len(text) + 2) * CHARACTER
    _draw(axes, patches, scene, layout, (width - layout.width) / 2)
    file = BytesIO()
    figure.savefig(file, dpi=PIXELS, format="png")
    return file.getvalue()


def _draw(axes: Any, patches: Any, scene: Scene, layout: Layout, dx: float) -> None:
    for frame, (x, y, w, h) in [*zip(scene.frames, layout.frames, strict=True)][1:]:
        _box(axes, patches, (x + dx, y + HEAD, w, h), "frame", "frame-line", radius=8)
        _write(axes, x + dx + 10, y + HEAD + 17, frame.label, "muted")
    for arrow, points in zip(scene.arrows, layout.curves, strict=True):
        moved = [(x + dx, y + HEAD) for x, y in points]
        if len(moved) < 4:
            continue
        path: Any = patches.Path(moved, [1] + [4] * (len(moved) - 1))
        axes.add_patch(
            patches.FancyArrowPatch(
                path=path,
                arrowstyle="-|>",
                mutation_scale=8,
                linewidth=0.9,
                color=colour("line"),
                linestyle="dashed" if arrow.dashed else "solid",
            )
        )
        if arrow.label:
            x, y = moved[len(moved) // 6 * 3]
            _write(axes, x + 4, y, arrow.label, "muted")
    for card, (x, y, w, h) in zip(scene.cards, layout.cards, strict=True):
        _card(axes, patches, card, (x + dx, y + HEAD, w, h))


def _card(axes: Any, patches: Any, card: Card, place: Any) -> None:
    error = card.style == "error"
    fill, line = (
        ("error-card", "error") if error else (card.style, f"{card.style}-line")
    )
    radius = 14 if card.style == "argument" else 5
    _box(axes, patches, place, fill, "result" if card.is_output else line, radius, card)
    x, y, width, height = place
    top = y + (height - len(card.lines) * LINE) / 2 + 12.5
    for i, spans in enumerate(card.lines):
        length = sum(len(text) for _, text in spans) + len(spans) - 1
        left = x + width / 2 - length * CHARACTER / 2
        for style, text in spans:
            name = "ink" if style == "name" else style
            weight = "bold" if style == "name" else "normal"
            if style != "hidden":
                _write(axes, left, top + i * LINE, text, name, weight=weight)
            left += (len(text) + 1) * CHARACTER


def _box(
    axes: Any,
    patches: Any,
    place: Any,
    fill: str,
    line: str,
    radius: float,
    card: Card | None = None,
) -> None:
    x, y, width, height = place
    dashed = card is not None and card.style in ("constant", "rest")
    axes.add_patch(
        patches.FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle=f"round,pad=0,rounding_size={radius}",
            facecolor=colour(fill),
            edgecolor=colour(line),
            linewidth=1.8 if card is not None and card.is_output else 0.9,
            linestyle="dashed" if dashed else "solid",
        )
    )


def _write(axes: Any, x: float, y: float, text: str, name: str, **options: Any) -> None:
    options = {"size": 9.1, "family": "monospace", "color": colour(name)} | options
    axes.text(x, y, text, parse_math=False, **options)
