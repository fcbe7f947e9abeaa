"""A picture in the language of Graphviz, and places that its program `dot` finds."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from html import escape
from typing import Any

from fgrad.debug._colours import colour
from fgrad.debug._places import PADDING, Layout, Point, Rectangle
from fgrad.debug._scene import Card, Scene, printable

__all__ = ["as_dot", "drawn_by_dot", "placed_by_dot"]

POINTS = 72.0
"""How many points an inch has: `dot` measures in both."""

SECONDS = 20
"""How long `dot` may take; it can be slow on large graphs."""


def as_dot(scene: Scene) -> str:
    """The picture as the source of a graph."""
    inside: dict[int, list[int]] = defaultdict(list)
    for i, frame in enumerate(scene.frames):
        if i:
            inside[frame.parent].append(i)
    lines = [
        "digraph {",
        f'  graph [label=<{_head(scene)}> labelloc=t labeljust=l fontname="monospace" '
        f'fontsize=14 bgcolor="{colour("page")}" ranksep=0.45 nodesep=0.3]',
        '  node [shape=box style="rounded,filled" fontname="monospace" fontsize=11 '
        'margin="0.12,0.06"]',
        f'  edge [color="{colour("line")}" arrowsize=0.7 fontname="monospace" '
        f'fontsize=10 fontcolor="{colour("muted")}"]',
        *_inside(scene, inside, 0, "  "),
    ]
    for arrow in scene.arrows:
        options = f" label={_string(arrow.label)}" if arrow.label else ""
        options += " style=dashed" if arrow.dashed else ""
        lines.append(f"  n{arrow.source} -> n{arrow.target} [{options.strip()}]")
    lines += [f"  n{a} -> n{b} [style=invis]" for a, b in scene.later()]
    return "\n".join([*lines, "}", ""])


def _head(scene: Scene) -> str:
    """The name, and below it what colours and signs mean."""
    name = _line([("name", scene.name)])
    if not scene.legend:
        return f"{name}<br/>"
    legend = f'<font point-size="11">{_line(scene.legend)}</font>'
    return f'{name}<br align="left"/>{legend}<br align="left"/>'


def _inside(
    scene: Scene, inside: dict[int, list[int]], frame: int, indent: str
) -> Iterator[str]:
    """The cards and frames in a frame."""
    for i, card in enumerate(scene.cards):
        if card.frame == frame:
            yield f"{indent}n{i} [{_options(card)}]"
    for i in inside[frame]:
        yield f"{indent}subgraph cluster_{i} {{"
        yield (
            f"{indent}  label={_string(scene.frames[i].label)} labeljust=l "
            f'style="rounded,filled" fillcolor="{colour("frame")}" '
            f'color="{colour("frame-line")}" fontcolor="{colour("muted")}" '
            f'fontname="monospace" fontsize=11 margin=12'
        )
        yield from _inside(scene, inside, i, f"{indent}  ")
        yield f"{indent}}}"


def _options(card: Card) -> str:
    """How a card looks."""
    error = card.style == "error"
    fill = colour("error-card" if error else card.style)
    line = colour("error" if error else f"{card.style}-line")
    line = colour("result") if card.is_output else line
    style = "rounded,filled"
    style += ",dashed" if card.style in ("constant", "rest") else ""
    return (
        f"label=<{'<br/>'.join(map(_line, card.lines))}> tooltip={_string(card.title)} "
        f'style="{style}" fillcolor="{fill}" color="{line}" '
        f"penwidth={2.2 if card.is_output else 1.1} "
        f"width={card.width / POINTS:.3f} height={card.height / POINTS:.3f}"
    )


def _line(spans: list[tuple[str, str]]) -> str:
    parts: list[str] = []
    for style, text in spans:
        if style == "hidden":
            parts.append("\N{NO-BREAK SPACE}" * len(text))
            continue
        shown = escape(printable(text))
        shown = f"<b>{shown}</b>" if style == "name" else shown
        name = "ink" if style == "name" else style
        parts.append(f'<font color="{colour(name)}">{shown}</font>')
    return " ".join(parts)


def _string(text: str) -> str:
    """A string between quotes; a backslash would be the beginning of an escape."""
    text = "\n".join(map(printable, text.splitlines()))
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def drawn_by_dot(source: str, *options: str) -> bytes | None:
    """What `dot` makes of a graph; ``None`` if it is not there, or takes too long."""
    program = shutil.which("dot")
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 (the program that was found, and no shell)
            [program, *options],
            input=source.encode(),
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def placed_by_dot(scene: Scene) -> Layout | None:
    """Places for all that is in a picture, by `dot`; ``None`` if it is not there."""
    drawn = drawn_by_dot(as_dot(scene), "-Tjson")
    if drawn is None:
        return None
    found = json.loads(drawn)
    objects: dict[str, Any] = {thing["name"]: thing for thing in found["objects"]}
    cards = [_card(objects[f"n{i}"]) for i in range(len(scene.cards))]
    frames = [_frame(objects[f"cluster_{i}"]) for i in range(1, len(scene.frames))]
    names = {thing["_gvid"]: thing["name"] for thing in found["objects"]}
    edges = {
        (names[edge["tail"]], names[edge["head"]]): _curve(edge["pos"])
        for edge in found.get("edges", [])
    }
    curves = [edges[f"n{a.source}", f"n{a.target}"] for a in scene.arrows]
    boxes = [*cards, *frames]
    xs = [x for curve in curves for x, _ in curve] + [box.x for box in boxes]
    ys = [y for curve in curves for _, y in curve] + [box.y for box in boxes]
    left, top = min(xs) - PADDING, min(ys) - PADDING
    right = max([*xs, *(box.x + box.width for box in boxes)]) + PADDING
    bottom = max([*ys, *(box.y + box.height for box in boxes)]) + PADDING

    def moved(box: Rectangle) -> Rectangle:
        return box._replace(x=box.x - left, y=box.y - top)

    whole = Rectangle(0, 0, right - left, bottom - top)
    return Layout(
        whole.width,
        whole.height,
        [*map(moved, cards)],
        [whole, *map(moved, frames)],
        [[(x - left, y - top) for x, y in curve] for curve in curves],
    )


# `dot` measures upwards, and pictures downwards.


def _frame(thing: Any) -> Rectangle:
    x0, y0, x1, y1 = _numbers(thing["bb"])
    return Rectangle(x0, -y1, x1 - x0, y1 - y0)


def _card(thing: Any) -> Rectangle:
    x, y = _numbers(thing["pos"])
    width, height = (POINTS * float(thing[name]) for name in ("width", "height"))
    return Rectangle(x - width / 2, -y - height / 2, width, height)


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def _curve(text: str) -> list[Point]:
    """The points of an edge: where its arrow ends, and those of its curves."""
    end, *points = text.split(" ")
    curve = [(x, -y) for x, y in map(_numbers, points)]
    x, y = _numbers(end.removeprefix("e,"))
    return [*curve, curve[-1], curve[-1], (x, -y)]
