"""What is in a picture: cards with lines of text, arrows between them, frames around.

A picture of thousands of nodes tells nothing. So where a call has many, its first and
last ones are drawn, with a card between them that says how many are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from linecache import getline
from textwrap import wrap
from typing import NamedTuple

from fgrad._words.callsite import line, short
from fgrad.debug._program import Node, Program, Result
from fgrad.debug._values import rows, shortened

__all__ = [
    "CHARACTER",
    "LINE",
    "Arrow",
    "Card",
    "Frame",
    "Scene",
    "printable",
    "scene_of",
]

LIMIT = 160
"""How many cards a picture has at most."""

DEPTH = 6
"""How deep calls lie in others that get a frame of their own."""

CHARACTER, LINE = 7.3, 17.0
"""The width of a character and the height of a line, in pixels."""

MARGIN, LEAST = 11.0, 52.0
"""The space beside the text of a card, and its least width."""

Span = tuple[str, str]
"""A style and a text: ``("value", "6.0")``. What is ``"hidden"`` keeps its place."""


def printable(text: str) -> str:
    """A text as it may stand in a picture: its spaces count, and nothing is hidden."""
    shown = (c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return "".join(shown).replace(" ", "\N{NO-BREAK SPACE}")


class Arrow(NamedTuple):
    """From a card to one that uses its value."""

    source: int
    target: int
    labels: tuple[str, ...] = ()
    """Which of several results of the card are used."""
    dashed: bool = False

    @property
    def label(self) -> str:
        return ", ".join(self.labels[:3]) + ", …" * (len(self.labels) > 3)


class Frame(NamedTuple):
    """What is around the cards of one call."""

    label: str
    parent: int
    phase: str


@dataclass(slots=True)
class Card:
    """A node as it is drawn."""

    style: str
    """``"argument"``, ``"constant"``, ``"operation"``, ``"replay"``, ``"tangent"``,
    ``"error"`` or ``"rest"``, which stands for what is left out."""
    lines: list[list[Span]]
    title: str
    """What is said when the mouse is over it."""
    frame: int
    is_output: bool = False
    width: float = field(init=False)
    height: float = field(init=False)

    def __post_init__(self) -> None:
        longest = max(
            sum(len(text) for _, text in line) + len(line) - 1 for line in self.lines
        )
        self.width = max(longest * CHARACTER + 2 * MARGIN, LEAST)
        self.height = len(self.lines) * LINE + 12


@dataclass(slots=True)
class Scene:
    """All that is in a picture, without places."""

    name: str
    legend: list[Span]
    cards: list[Card]
    arrows: list[Arrow]
    frames: list[Frame]
    """The first one is the picture itself, and is not drawn."""

    def later(self) -> Iterator[tuple[int, int]]:
        """Pairs of cards, of which the second stands below, although no arrow says so.

        That is the beginning of each replay, which comes after the forward run.
        """
        begun: set[int] = set()
        known = {(arrow.source, arrow.target) for arrow in self.arrows}
        for i, card in enumerate(self.cards):
            frame = card.frame
            if frame not in begun and self.frames[frame].phase == "replay":
                begun.add(frame)
                pair = (i - 1, i)
                if i and self.cards[i - 1].style != "argument" and pair not in known:
                    yield pair


class Selection:
    """Which nodes are drawn, and what stands for the others."""

    def __init__(self, program: Program, many: int, depth: int) -> None:
        self._program = program
        self._many, self._depth = many, depth
        self.members: list[tuple[str, int, list[int]]] = []
        """For each card, what is said if it stands for several nodes, its group, and
        its nodes."""
        self.groups = [0]
        """The groups that get a frame."""
        self._children: dict[int, list[tuple[bool, int]]] = defaultdict(list)
        seen = {0}
        for i, node in enumerate(program.nodes):
            group, path = node.group, list[int]()
            while group not in seen:
                seen.add(group)
                path.append(group)
                group = program.groups[group].parent
            for inner in reversed(path):
                self._children[program.groups[inner].parent].append((True, inner))
            self._children[node.group].append((False, i))
        self._collect(0)

    def _collect(self, group: int) -> None:
        """The cards in a group; of many children, those of the first and last ones."""
        children, many = self._children[group], self._many
        left_out: list[tuple[bool, int]] = []
        if len(children) > many:
            half = many // 2
            left_out, rest = children[half:-half], children[-half:]
            children = children[:half]
        else:
            rest = []
        self._draw(children, group)
        if left_out:
            nodes = [i for child in left_out for i in self._nodes(*child)]
            self.members.append((f"⋯ {len(nodes):,} nodes left out ⋯", group, nodes))
        self._draw(rest, group)

    def _draw(self, children: list[tuple[bool, int]], group: int) -> None:
        for is_group, i in children:
            if not is_group:
                self.members.append(("", group, [i]))
            elif self._program.groups[i].depth <= self._depth:
                self.groups.append(i)
                self._collect(i)
            else:
                nodes, name = [*self._nodes(True, i)], self._program.groups[i].name
                words = f"{name}: {len(nodes):,} nodes left out"
                self.members.append((words, group, nodes))

    def _nodes(self, is_group: bool, i: int) -> Iterator[int]:
        """The nodes that a child stands for."""
        if not is_group:
            yield i
            return
        for child in self._children[i]:
            yield from self._nodes(*child)


def selected(program: Program) -> Selection:
    """As many nodes as a picture has room for."""
    steps = [(many, DEPTH) for many in (LIMIT, 64, 40, 24, 14, 8)]
    steps += [(8, depth) for depth in range(DEPTH - 1, -1, -1)]
    found = Selection(program, *steps[0])
    for step in steps[1:]:
        if len(found.members) <= LIMIT:
            break
        found = Selection(program, *step)
    return found


def scene_of(program: Program) -> Scene:
    """The picture of a program."""
    found = selected(program)
    frame_of = {group: i for i, group in enumerate(found.groups)}
    card_of: dict[int, int] = {}
    cards: list[Card] = []
    for words, group, nodes in found.members:
        card_of |= dict.fromkeys(nodes, len(cards))
        frame = frame_of[group]
        if words:
            cards.append(Card("rest", [[("muted", words)]], words, frame))
        else:
            cards.append(card(program.nodes[nodes[0]], frame))
    arrows: dict[tuple[int, int], Arrow] = {}
    for i, node in enumerate(program.nodes):
        for source, result in node.inputs:
            ends = card_of[source], card_of[i]
            if ends[0] == ends[1]:
                continue
            used = program.nodes[source]
            dashed = used.kind == "constant" or node.kind == "error"
            labels = arrows[ends].labels if ends in arrows else ()
            if len(used.results) > 1 and used.results[result].name not in labels:
                labels = (*labels, used.results[result].name)
            arrows[ends] = Arrow(*ends, labels, dashed)
    frames = [Frame("", 0, "forward")]
    for i in found.groups[1:]:
        group = program.groups[i]
        frames.append(Frame(group.name, frame_of[group.parent], group.phase))
    return Scene(
        f"graph of {program.name}", _legend(program), cards, [*arrows.values()], frames
    )


def _legend(program: Program) -> list[Span]:
    """What the numbers and the colours are."""
    legend: list[Span] = []
    results = [r for node in program.nodes for r in node.results]
    if any(r.gradient is not None for r in results):
        legend.append(("gradient", "∂ gradient of the result"))
    phases = {node.phase for node in program.nodes}
    if "replay" in phases:
        legend.append(("replay-words", "■ replay"))
    if "tangent" in phases:
        legend.append(("tangent-words", "■ forward mode"))
    return legend


def card(node: Node, frame: int) -> Card:
    """A node as it is drawn."""
    style = node.kind if node.phase == "forward" else node.phase
    head: list[Span] = [("name", shortened(node.name, 28))]
    if node.kind == "operation":
        head = [("muted", f"{node.name} ="), ("name", node.expression)]
    elif node.kind == "error":
        head = [("error", node.name)]
    lines = [head]
    if node.kind == "error":
        lines += [[("value", line)] for line in wrap(node.expression, 44)[:4]]
    for result in node.results:
        lines += _lines(result)
    lines += [[("result", f"= {name}")] for name in node.outputs[:3]]
    if len(node.outputs) > 3:
        lines.append([("result", f"and {len(node.outputs) - 3} more")])
    return Card(style, lines, title(node), frame, bool(node.outputs))


def _lines(result: Result) -> list[list[Span]]:
    """Type, value and gradient of one result."""
    kind = f"{result.name} {result.kind}".lstrip()
    if result.shape:
        kind += f" {result.shape}"
    lines: list[list[Span]] = [[("muted", kind)]]
    if result.value is not None:
        values = rows(result.value)
        if result.shape:
            lines += [[("value", row)] for row in values]
        else:
            lines = [[("value", values[0]), ("muted", kind)]]
    if result.gradient is not None:
        for i, row in enumerate(rows(result.gradient)):
            lines.append([("hidden" if i else "gradient", "∂"), ("gradient", row)])
    return lines


def title(node: Node) -> str:
    """What is said of a node when the mouse is over it."""
    words = [f"{node.name} = {node.expression}" if node.expression else node.name]
    for result in node.results:
        shape = f" of shape {result.shape}" if result.shape else ""
        words.append(f"{result.name} {result.kind}{shape}".lstrip())
    if node.note:
        words.append(node.note)
    if node.site:
        code, text = node.site[0], getline(node.site[0].co_filename, line(node.site))
        words.append(f"{short(node.site)}, in {code.co_name}")
        words += [f"    {text.strip()}"] if text.strip() else []
    return "\n".join(words)
