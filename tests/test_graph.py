"""The graph of a function: nodes, gradients, groups, words, and pictures."""

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import namedtuple

import numpy as np
import pytest

import fgrad
from fgrad import (
    checkpoint,
    custom_vjp,
    errors,
    grad,
    hessian,
    jvp,
    vmap,
)
from fgrad.debug import _dot, _graph, _png, graph
from fgrad.debug._dot import placed_by_dot
from fgrad.debug._layered import placed
from fgrad.testing import fixed
from tests.test_rules import CASES

X = np.array([0.5, 2.0, 1.5])
SVG = "{http://www.w3.org/2000/svg}"
HAS_DOT = shutil.which("dot") is not None


def f(a, b, c):
    return a * b + c


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def network(params, x):
    hidden = sigmoid(x @ params["w"] + params["b"])
    out = sigmoid(hidden @ params["v"])
    return np.sum(out**2)


PARAMS = {"w": np.ones((3, 2)), "b": np.zeros(2), "v": np.ones(2)}


def named(picture):
    """The nodes of a graph by name."""
    return {node.name: node for node in picture.nodes}


def spaced(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def lines(picture):
    return [f"{n.name} = {n.expression}" for n in picture.nodes if n.expression]


def gradient(picture, name):
    return named(picture)[name].results[0].gradient


# Structure ----------------------------------------------------------------------------


def test_a_graph():
    picture = graph(f, 2.0, 3.0, 4.0)
    assert [node.kind for node in picture.nodes] == ["argument"] * 3 + ["operation"] * 2
    assert lines(picture) == ["v₁ = a * b", "v₂ = v₁ + c"]
    assert picture.edges == ((0, 3), (1, 3), (3, 4), (2, 4))
    assert [node.operation for node in picture.nodes] == ["", "", "", "*", "+"]
    assert [node.results[0].kind for node in picture.nodes] == ["float"] * 5
    assert [float(n.results[0].value) for n in picture.nodes] == [2, 3, 4, 6, 10]
    assert [float(n.results[0].gradient) for n in picture.nodes] == [3, 2, 1, 1, 1]
    assert picture.nodes[-1].outputs == ["result"]
    assert [group.name for group in picture.groups] == ["f"]


def test_arguments_are_named_by_their_paths():
    Line = namedtuple("Line", "slope offset")

    def model(line, layers, *, scale):
        return line.slope * layers[0]["w"] + line.offset * scale

    picture = graph(model, Line(1.0, 2.0), [{"w": 3.0}], scale=4.0)
    assert [n.name for n in picture.nodes if n.kind == "argument"] == [
        "line.slope",
        "line.offset",
        "layers[0]['w']",
        "scale",
    ]
    assert lines(picture)[0] == "v₁ = line.slope * layers[0]['w']"


def test_variables_of_the_user_are_names():
    def steps(x):
        y = x * 2.0
        for _ in range(2):
            y = np.sin(y)
        y += x
        z: float = sigmoid(y)  # what the call returned
        return z * z

    assert [node.name for node in graph(steps, 1.0).nodes] == [
        *("x", "y", "y₂", "y₃", "y₄", "v₁", "v₂", "v₃", "z", "v₄"),
    ]


def test_calls_of_functions_are_groups():
    picture = graph(network, PARAMS, X)
    groups = [picture.groups[node.group].name for node in picture.nodes]
    assert groups == [
        *["network"] * 6,
        *["sigmoid"] * 4,
        "network",
        *["sigmoid"] * 4,
        *["network"] * 2,
    ]
    assert len({node.group for node in picture.nodes}) == 3
    assert named(picture)["hidden"].expression == "1 / v₅"


def test_recursion_has_groups_inside_groups():
    def power(n, x):
        return 1.0 if n == 0 else x * power(n - 1, x)

    picture = graph(lambda x: power(12, x), 2.0)
    assert len(picture.nodes) == 13
    assert max(group.depth for group in picture.groups) == 6
    assert float(gradient(picture, "x")) == 12 * 2.0**11


def test_constants_are_nodes():
    mask = np.array([True, False, True])

    def masked(x):
        return np.where(mask, x, 0.0) + np.ones(3)

    picture = graph(masked, X)
    assert lines(picture) == ["v₁ = where(mask, x, 0.0)", "v₂ = v₁ + k₁"]
    assert [n.name for n in picture.nodes if n.kind == "constant"] == ["mask", "k₁"]
    assert named(picture)["mask"].results[0].kind == "bool"


def test_several_results():
    def lowest(a):
        w, v = np.linalg.eigh(a)
        return v @ w

    picture = graph(lowest, np.diag([1.0, 2.0]))
    names = [result.name for result in picture.nodes[1].results]
    assert names == [".eigenvalues", ".eigenvectors"]
    assert lines(picture)[1] == "v₂ = v₁.eigenvectors @ v₁.eigenvalues"


def test_outputs_are_marked_by_their_paths():
    picture = graph(lambda x: {"twice": 2 * x, "same": (x, 3.0)}, 1.0)
    assert [node.outputs for node in picture.nodes] == [
        ["result['same'][0]"],
        ["result['twice']"],
        ["result['same'][1]"],
    ]
    assert all(n.results[0].gradient is None for n in picture.nodes)


def test_options_and_indices_are_written():
    def program(x):
        y = np.sum(x[None, ::2, -1], axis=1, keepdims=True)
        return np.squeeze(np.concatenate([y, y * 2], axis=0))

    assert lines(graph(program, np.ones((4, 2)))) == [
        "v₁ = x[None, ::2, -1]",
        "y = sum(v₁, axis=1, keepdims=True)",
        "v₂ = y * 2",
        "v₃ = concatenate([y, v₂], axis=0)",
        "v₄ = squeeze(v₃)",
    ]


# Gradients ----------------------------------------------------------------------------


def test_gradients_of_all_values():
    picture = graph(lambda x1, x2: x1 * x2 + np.sin(x1), 2.0, 3.0)
    assert float(gradient(picture, "x1")) == 3 + np.cos(2.0)
    assert float(gradient(picture, "x2")) == 2.0


def test_a_length_that_a_power_passes_has_none():
    picture = graph(lambda x: np.linalg.norm(x) ** 2, np.zeros(2))
    assert gradient(picture, "x").tolist() == [0, 0]
    assert gradient(picture, "v₁") is None
    assert float(gradient(picture, "v₂")) == 1


def test_gradients_are_those_of_grad():
    """For the first call of each function in the samples."""
    seen = set()
    for case in CASES:
        (call,) = case.values
        plain = [arg.value if type(arg) is fixed else arg for arg in call.args]
        moving = [
            i
            for i, arg in enumerate(call.args)
            if isinstance(arg, np.ndarray) and arg.dtype.kind == "f"
        ]
        if call.fun in seen or not moving:
            continue

        def total(*args, call=call, plain=plain, moving=moving):
            full = [*plain]
            for i, arg in zip(moving, args, strict=True):
                full[i] = arg
            leaves = fgrad.tree.leaves(call.fun(*full, **call.kwargs))
            return sum(np.sum(np.real(x)) for x in leaves if x.dtype.kind in "fc")

        args = [plain[i] for i in moving]
        try:
            want = grad(total, range(len(args)))(*args)
        except (AttributeError, errors.FgradError):
            continue  # text among the leaves; no number
        seen.add(call.fun)
        picture = graph(total, *args)
        for node, c in zip(picture.nodes, want, strict=False):
            found = node.results[0].gradient
            if found is not None:
                np.testing.assert_array_equal(found, c)
    assert len(seen) > 250


# Transforms ---------------------------------------------------------------------------


def test_what_replay_does():
    picture = graph(grad(f, (0, 1, 2)), 2.0, 3.0, 4.0)
    replayed = [node for node in picture.nodes if node.phase == "replay"]
    assert [node.expression for node in replayed] == ["1.0 * b", "1.0 * a"]
    assert [node.outputs for node in replayed] == [["result[0]"], ["result[1]"]]
    assert [picture.groups[node.group].name for node in replayed] == ["replay"] * 2
    assert replayed[0].note == ("the rule of np.multiply with respect to x1, for a * b")
    forward = [n for n in picture.nodes if n.kind == "operation" and n not in replayed]
    assert {picture.groups[node.group].name for node in forward} == {"f"}


@pytest.mark.parametrize(
    ("transform", "phases"),
    [
        (lambda f: grad(grad(f)), {"forward", "replay"}),
        (lambda f: lambda x: jvp(f, (x,), (1.0,))[1], {"forward", "tangent"}),
        (lambda f: hessian(f), {"forward", "replay"}),
        (lambda f: lambda x: vmap(f)(x * X), {"forward"}),
        (lambda f: grad(checkpoint(f)), {"forward", "replay"}),
    ],
)
def test_transforms(transform, phases):
    def curve(x):
        return np.sin(x) * x**2

    picture = graph(transform(curve), 0.7)
    assert {node.phase for node in picture.nodes} == phases
    want = transform(curve)(0.7)
    (last,) = [node for node in picture.nodes if node.outputs]
    np.testing.assert_array_equal(last.results[0].value, want)


def test_custom_vjp_is_one_operation():
    @custom_vjp
    def twice(x):
        return 2.0 * x

    twice.defvjp(lambda x: (twice(x), None), lambda _, g: (3.0 * g,))
    picture = graph(twice, 1.0)
    assert lines(picture) == ["v₁ = twice(x)"]
    assert float(gradient(picture, "x")) == 3


def test_checkpoint_claims_no_gradients():
    """The values inside are forgotten, and computed again with others."""
    picture = graph(checkpoint(lambda x: np.sum(np.sin(x) ** 2)), X)
    assert len(picture.nodes) == 4
    np.testing.assert_array_equal(gradient(picture, "x"), 2 * np.sin(X) * np.cos(X))
    assert gradient(picture, "v₁") is None


def test_inside_another_transform():
    seen = []

    def outer(x):
        seen.append(graph(lambda y: y * x, 2.0))
        return x**2

    assert grad(outer)(3.0) == 6
    assert lines(seen[0]) == ["v₁ = y * 3.0"]


# Words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "kind", "words"),
    [
        (
            (3,),
            TypeError,
            "graph needs a function, but got 3. Write graph(f, x), not graph(f(x)).",
        ),
        (
            (f, 2, 3, 4),
            errors.InputTypeError,
            "graph found no floats to follow in the arguments of f: a is the int 2. "
            "Convert it to float.",
        ),
        (
            (f, np.arange(3)),
            errors.InputTypeError,
            "graph found no floats to follow in the arguments of f: a has dtype int64. "
            "Convert it to float.",
        ),
        (
            (f,),
            errors.InputTypeError,
            "graph needs the arguments of f, as in graph(f, x).",
        ),
    ],
)
def test_wrong_arguments(args, kind, words):
    with pytest.raises(kind) as info:
        graph(*args)
    assert str(info.value) == words


def test_an_async_function():
    async def later(x):
        return x

    with pytest.raises(errors.OutputTypeError, match="later, which is async"):
        graph(later, 1.0)


def test_an_exception_has_the_graph_so_far():
    def broken(x):
        y = np.sin(x)
        return y @ np.ones(4)

    with pytest.raises(ValueError, match="mismatch") as info:
        graph(broken, X)
    assert "in the attribute graph of this" in info.value.__notes__[-1]
    picture = info.value.graph
    assert [node.kind for node in picture.nodes] == ["argument", "operation", "error"]
    last = picture.nodes[-1]
    assert last.name == "ValueError"
    assert last.site[0].co_name == "broken"
    assert "mismatch" in picture.svg
    assert "ValueError: matmul" in picture.text


def test_saving_as_something_else(tmp_path):
    with pytest.raises(ValueError, match=r"as 'graph.pdf': give a name that ends in"):
        graph(f, 1.0, 2.0, 3.0).save(tmp_path / "graph.pdf")


def test_png_without_any_program(tmp_path, monkeypatch):
    monkeypatch.setattr(_png, "drawn_by_dot", lambda *_: None)

    def missing():
        raise ModuleNotFoundError("no such module")

    monkeypatch.setitem(_png.LATER, "matplotlib.figure", missing)
    with pytest.raises(ModuleNotFoundError, match="pip install matplotlib"):
        graph(f, 1.0, 2.0, 3.0).save(tmp_path / "graph.png")


# Pictures -----------------------------------------------------------------------------


def test_text():
    text = graph(f, 2.0, 3.0, 4.0).text
    number = f.__code__.co_firstlineno + 1
    assert text.splitlines() == [
        "graph of f",
        "",
        "  a            float  2.0   ∂ 3.0",
        "  b            float  3.0   ∂ 2.0",
        "  c            float  4.0   ∂ 1.0",
        f"  v₁ = a * b   float  6.0   ∂ 1.0  test_graph.py:{number}",
        f"  v₂ = v₁ + c  float  10.0  ∂ 1.0  test_graph.py:{number}  result",
    ]


def test_text_of_groups():
    text = graph(network, PARAMS, X).text.splitlines()
    assert [line for line in text if line.endswith(":")] == ["  sigmoid:"] * 2
    assert sum(line.startswith("    v") for line in text) == 6


def checked(layout, scene):
    """A layout in which nothing lies over anything else."""
    cards = layout.cards
    assert len(cards) == len(scene.cards)
    assert len(layout.curves) == len(scene.arrows)
    for i, a in enumerate(cards):
        assert a.x >= -1
        assert a.x + a.width <= layout.width + 1
        assert a.y >= -1
        assert a.y + a.height <= layout.height + 1
        for b in cards[:i]:
            beside = a.x + a.width <= b.x or b.x + b.width <= a.x
            assert beside or a.y + a.height <= b.y or b.y + b.height <= a.y
    for card, place in zip(scene.cards, cards, strict=True):
        for i, frame in enumerate(layout.frames):
            inside, above = False, card.frame
            while above and not inside:
                inside, above = above == i, scene.frames[above].parent
            overlaps = (
                place.x < frame.x + frame.width
                and frame.x < place.x + place.width
                and place.y < frame.y + frame.height
                and frame.y < place.y + place.height
            )
            assert overlaps == (inside or i == 0)
    for arrow, points in zip(scene.arrows, layout.curves, strict=True):
        assert len(points) % 3 == 1
        source, target = cards[arrow.source], cards[arrow.target]
        assert source.x - 2 <= points[0][0] <= source.x + source.width + 2
        assert source.y - 2 <= points[0][1] <= source.y + source.height + 2
        assert target.x - 2 <= points[-1][0] <= target.x + target.width + 2
        assert target.y - 2 <= points[-1][1] <= target.y + target.height + 2


PICTURES = {
    "f": lambda: graph(f, 2.0, 3.0, 4.0),
    "network": lambda: graph(network, PARAMS, X),
    "gradient": lambda: graph(grad(network), PARAMS, X),
    "hessian": lambda: graph(hessian(lambda x: x[0] ** 2 * x[1]), X),
    "eigh": lambda: graph(lambda a: np.sum(np.linalg.eigh(a)[1]), np.diag(X)),
    "same": lambda: graph(lambda x: x, 1.0),
}


@pytest.mark.parametrize("name", PICTURES)
def test_layouts(name):
    scene = PICTURES[name]()._scene
    checked(placed(scene), scene)
    by_dot = placed_by_dot(scene)
    if HAS_DOT:
        checked(by_dot, scene)
    else:
        assert by_dot is None


def test_what_dot_says_is_understood(monkeypatch):
    """As version 2.42 says it, which measures upwards."""
    answer = {
        "objects": [
            {"_gvid": 0, "name": "n0", "pos": "49,134", "width": "1.1", "height": "1"},
            {"_gvid": 1, "name": "n1", "pos": "49,36", "width": "1.3", "height": "1"},
        ],
        "edges": [
            {"tail": 0, "head": 1, "pos": "e,49,72 49,98 49,93 49,88 49,82"},
        ],
    }
    given = []

    def dot(source, *options):
        given.append((source, *options))
        return json.dumps(answer).encode()

    monkeypatch.setattr(_dot, "drawn_by_dot", dot)
    picture = graph(lambda x: x * 2.0, 1.0)
    layout = placed_by_dot(picture._scene)
    assert given == [(picture.dot, "-Tjson")]
    above, below = layout.cards
    assert below.y - above.y == pytest.approx(98)
    assert (below.width, below.height) == pytest.approx((93.6, 72))
    assert layout.curves[0][-1][1] == pytest.approx(below.y)
    checked(layout, picture._scene)


@pytest.mark.parametrize("error", [OSError, subprocess.TimeoutExpired("dot", 20)])
def test_a_dot_that_fails_is_no_dot(error, monkeypatch):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(_dot.shutil, "which", lambda _: "dot")
    monkeypatch.setattr(_dot.subprocess, "run", fail)
    assert graph(f, 1.0, 2.0, 3.0).svg.startswith("<svg")


def test_layers_follow_the_arrows():
    scene = PICTURES["gradient"]()._scene
    layout = placed(scene)
    for arrow in scene.arrows:
        source, target = layout.cards[arrow.source], layout.cards[arrow.target]
        assert source.y + source.height < target.y
    replays = [i for i, frame in enumerate(scene.frames) if frame.phase == "replay"]
    forward = [i for i, frame in enumerate(scene.frames) if frame.label == "network"]
    first, second = layout.frames[forward[0]], layout.frames[replays[0]]
    assert first.y + first.height < second.y


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("with_dot", [False, True])
def test_svg(name, with_dot, monkeypatch):
    if not with_dot:
        monkeypatch.setattr(_graph, "placed_by_dot", lambda _: None)
    picture = PICTURES[name]()
    root = ET.fromstring(picture.svg)
    assert len(root.findall(f".//{SVG}title")) == len(picture.nodes)
    assert len(root.findall(f".//{SVG}rect")) >= len(picture.nodes)
    style = root.find(f"{SVG}style").text
    assert "prefers-color-scheme: dark" in style
    used = {c for e in root.iter() for c in e.get("class", "").split()}
    assert all(f".{name} " in style for name in used - {"fgrad-graph", "dashed"})
    assert picture._repr_svg_() == picture.svg


def test_the_line_is_said_on_hover():
    root = ET.fromstring(graph(network, PARAMS, X).svg)
    titles = [spaced(title.text) for title in root.iter(f"{SVG}title")]
    (words,) = [title for title in titles if title.startswith("hidden = ")]
    assert words.splitlines()[0] == "hidden = 1 / v₅"
    assert "float64 of shape (2,)" in words
    assert "in sigmoid\n    return 1 / (1 + np.exp(-x))" in words


NASTY = "<b>&\"'\\n\x00\N{GREEK SMALL LETTER ALPHA}]]>"


def test_names_are_escaped():
    picture = graph(lambda d: d[NASTY] * 2.0, {NASTY: 1.0})
    root = ET.fromstring(picture.svg)
    shown = {element.text for element in root.iter(f"{SVG}tspan")}
    path = f"d[{NASTY!r}]"
    assert path in shown
    if HAS_DOT:
        done = subprocess.run(
            ["dot", "-Tjson"], input=picture.dot, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert len(json.loads(done.stdout)["edges"]) == 1


def test_dot():
    source = graph(network, PARAMS, X).dot
    assert source.count(" -> ") == 16
    assert source.count("subgraph cluster_") == 2
    assert source.count("[label=<") == 1 + 17
    assert 'tooltip="hidden = 1 / v₅\\n' in spaced(source)


@pytest.mark.parametrize("with_dot", [False, True])
def test_saving(with_dot, tmp_path, monkeypatch):
    if not with_dot:
        monkeypatch.setattr(_png, "drawn_by_dot", lambda *_: None)
    picture = PICTURES["gradient"]()
    for suffix, begin in {
        "svg": b"<svg",
        "png": b"\x89PNG",
        "dot": b"digraph",
        "txt": b"graph of grad(network)",
    }.items():
        path = tmp_path / f"graph.{suffix}"
        picture.save(str(path))
        assert path.read_bytes().startswith(begin)


# Large graphs -------------------------------------------------------------------------


def long(x):
    for _ in range(2000):
        x = np.sin(x)
    return x


def step(x):
    return np.sin(x) * 0.5


def calls(x):
    for _ in range(1000):
        x = step(x)
    return x


@pytest.mark.parametrize("fun", [long, grad(long), calls, grad(calls)])
def test_large_graphs_are_elided(fun):
    picture = graph(fun, 1.0)
    scene = picture._scene
    assert len(scene.cards) <= 160
    words = [
        int(count.replace(",", ""))
        for card in scene.cards
        for count in re.findall(r"([\d,]+) nodes left out", card.title)
    ]
    kept = sum(card.style != "rest" for card in scene.cards)
    assert sum(words) + kept == len(picture.nodes)
    checked(placed(scene), scene)
    assert len(picture.text.splitlines()) < 2000
    assert "nodes left out" in picture.text


def test_deep_calls_become_one_card():
    def tree(n, x):
        return x * n if n == 0 else tree(n - 1, x) + tree(n - 1, x + 1.0)

    scene = graph(lambda x: tree(9, x), 1.0)._scene
    assert len(scene.cards) <= 160
    assert any(re.match(r"tree: \d+ nodes left out", c.title) for c in scene.cards)


# As users come ------------------------------------------------------------------------


def test_on_the_command_line():
    code = "from fgrad.debug import graph; print(graph(lambda x: x * 2.0, 1.0))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[2:] == [
        "  x             float  1.0  ∂ 2.0",
        "  v₁ = x * 2.0  float  2.0  ∂ 1.0  <string>:1  result",
    ]


def test_in_ipython():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    run = shell.run_cell(
        "from fgrad.debug import graph\n"
        "def program(x):\n"
        "    y = x * x\n"
        "    return y + x\n"
        "graph(program, 3.0)"
    )
    assert lines(run.result) == ["y = x * x", "v₁ = y + x"]
    data, _ = shell.display_formatter.format(run.result)
    assert data["image/svg+xml"].startswith("<svg")
    assert run.result.text.endswith("cell:4  result")
    assert data["text/plain"] == "<graph of program: 1 argument, 2 operations>"
    InteractiveShell.clear_instance()
