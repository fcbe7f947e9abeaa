"""A picture as SVG, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from fgrad.debug._colours import COLOURS, FONT
from fgrad.debug._places import Layout, Point
from fgrad.debug._scene import CHARACTER, LINE, Card, Scene, printable

__all__ = ["as_svg"]

HEAD, MARGIN = 46.0, 6.0
"""The height of the title, and the space around all."""

WORDS = (
    *("muted", "value", "gradient", "result", "error"),
    *("replay-words", "tangent-words"),
)
CARDS = (*("argument", "constant", "operation", "replay", "tangent", "rest"),)

PAINT: dict[str, dict[str, str]] = {
    "page": {"fill": "page"},
    "name": {"fill": "ink", "font-weight": "600"},
    "hidden": {"fill": "none"},
    "arrow": {"fill": "none", "stroke": "line", "stroke-width": "1.2"},
    "head": {"fill": "line"},
    "dashed": {"stroke-dasharray": "4 3"},
    "frame": {"fill": "frame", "stroke": "frame-line"},
    "failed": {"fill": "error-card", "stroke": "error", "stroke-width": "1.2"},
    **{name: {"fill": name} for name in WORDS},
    **{
        name: {"fill": name, "stroke": f"{name}-line", "stroke-width": "1.2"}
        for name in CARDS
    },
    "output": {"stroke": "result", "stroke-width": "2.4"},
}
"""What each class looks like, with our names of colours."""


def as_svg(scene: Scene, layout: Layout) -> str:
    """The picture."""
    head = HEAD if scene.legend else HEAD - LINE
    width = max(layout.width, CHARACTER * _length(scene) + 24) + 2 * MARGIN
    height = layout.height + head + 2 * MARGIN
    shift = (width - layout.width) / 2, head + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fgrad-graph" role="img" '
        f'font-family="{FONT}" font-size="12" '
        f'width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" '
        f'aria-label="{_words(scene.name)}">',
        f"<style>{_style()}</style>",
        f'<rect {_looks("page")} width="{width:.0f}" height="{height:.0f}" rx="8"/>',
        f'<text {_looks("name")} x="14" y="24" font-size="14">'
        f"{_words(scene.name)}</text>",
        f'<text x="14" y="43">{_spans(scene.legend, 2 * CHARACTER)}</text>',
        f'<g transform="translate({shift[0]:.1f} {shift[1]:.1f})">',
        *_frames(scene, layout),
        *_arrows(scene, layout),
    ]
    for card, place in zip(scene.cards, layout.cards, strict=True):
        parts += _card(card, *place)
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _looks(*names: str) -> str:
    """Classes, and their looks on a light page.

    Attributes are understood everywhere, also where a page drops what is in a style.
    """
    looks: dict[str, str] = {}
    for name in names:
        looks |= PAINT[name]
    attributes = (f' {key}="{_colour(value, 0)}"' for key, value in looks.items())
    return f'class="{" ".join(names)}"{"".join(attributes)}'


def _style() -> str:
    """The colours on a dark page."""
    rules: list[str] = []
    for name, looks in PAINT.items():
        colours = {key: v for key, v in looks.items() if key in ("fill", "stroke")}
        painted = "; ".join(f"{key}: {_colour(v, 1)}" for key, v in colours.items())
        if painted:
            rules.append(f".fgrad-graph .{name} {{ {painted} }}")
    return "@media (prefers-color-scheme: dark) {\n" + "\n".join(rules) + "\n}"


def _colour(name: str, page: int) -> str:
    return COLOURS[name][page] if name in COLOURS else name


def _length(scene: Scene) -> int:
    """How many characters the head is wide."""
    legend = sum(len(text) + 2 for _, text in scene.legend)
    return max(legend, int(len(scene.name) * 14 / 12))


def _words(text: str) -> str:
    return escape(printable(text))


def _spans(line: list[tuple[str, str]], between: float = CHARACTER) -> str:
    """Pieces of text, with space between them: some programs drop that at an end."""
    return "".join(
        f'<tspan {_looks(style)} dx="{between * (i > 0):.1f}">{_words(text)}</tspan>'
        for i, (style, text) in enumerate(line)
    )


def _frames(scene: Scene, layout: Layout) -> Iterator[str]:
    places = zip(scene.frames, layout.frames, strict=True)
    for frame, (x, y, width, height) in [*places][1:]:
        yield (
            f'<rect {_looks("frame")} x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}" rx="8"/>'
        )
        yield (
            f'<text {_looks("muted")} x="{x + 10:.1f}" y="{y + 17:.1f}">'
            f"{_words(frame.label)}</text>"
        )


def _arrows(scene: Scene, layout: Layout) -> Iterator[str]:
    for arrow, points in zip(scene.arrows, layout.curves, strict=True):
        if len(points) < 4:
            continue
        looks = _looks("arrow", *["dashed"] * arrow.dashed)
        yield f'<path {looks} d="{_path(points)}"/>'
        yield f'<path {_looks("head")} d="{_head(points[-2], points[-1])}"/>'
        if arrow.label:
            x, y = points[len(points) // 6 * 3]
            words = _words(arrow.label)
            yield f'<text {_looks("muted")} x="{x + 4:.1f}" y="{y:.1f}">{words}</text>'


def _path(points: list[Point]) -> str:
    rest = " ".join(f"{x:.1f} {y:.1f}" for x, y in points[1:])
    return f"M{points[0][0]:.1f} {points[0][1]:.1f}C{rest}"


def _head(before: Point, end: Point) -> str:
    """The triangle at the end of an arrow."""
    dx, dy = end[0] - before[0], end[1] - before[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    dx, dy = dx / length, dy / length
    x, y = end[0] - 8 * dx, end[1] - 8 * dy
    corners = [end, (x - 3.5 * dy, y + 3.5 * dx), (x + 3.5 * dy, y - 3.5 * dx)]
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in corners) + "Z"


def _card(card: Card, x: float, y: float, width: float, height: float) -> Iterator[str]:
    names = ["failed" if card.style == "error" else card.style]
    names += ["dashed"] * (card.style in ("constant", "rest"))
    names += ["output"] * card.is_output
    radius = 14 if card.style == "argument" else 5
    title = "\n".join(map(_words, card.title.splitlines()))
    yield f"<g><title>{title}</title>"
    yield (
        f'<rect {_looks(*names)} x="{x:.1f}" y="{y:.1f}" '
        f'width="{width:.1f}" height="{height:.1f}" rx="{radius}"/>'
    )
    top = y + (height - len(card.lines) * LINE) / 2 + 12.5
    for i, line in enumerate(card.lines):
        yield (
            f'<text x="{x + width / 2:.1f}" y="{top + i * LINE:.1f}" '
            f'text-anchor="middle">{_spans(line)}</text>'
        )
    yield "</g>"
