"""The computation graph of a function: `graph`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fgrad._engine.box import Box
from fgrad._transforms._argnums import argument_name
from fgrad._transforms._running import running
from fgrad._transforms._values import check_function, described_leaf, label
from fgrad._tree import flatten, leaf_paths, unflatten
from fgrad._words.callsite import LIBRARY
from fgrad.debug._dot import as_dot, placed_by_dot
from fgrad.debug._layered import placed
from fgrad.debug._naming import give_names
from fgrad.debug._png import as_png
from fgrad.debug._program import Edge, Group, Node, Program
from fgrad.debug._recorder import ProbedTape, Recorder
from fgrad.debug._scene import Scene, scene_of
from fgrad.debug._svg import as_svg
from fgrad.debug._text import as_text
from fgrad.errors import InputTypeError, OutputTypeError

__all__ = ["Graph", "graph"]


class Graph:
    """What `graph` returns: the nodes of a graph, and pictures of it.

    In a notebook, it shows itself.
    """

    def __init__(self, program: Program) -> None:
        self._program = program

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes, in the order in which they were computed."""
        return tuple(self._program.nodes)

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """For each value that a node uses: the number of its node, and of the user."""
        return tuple(
            (edge.source, i)
            for i, node in enumerate(self._program.nodes)
            for edge in node.inputs
        )

    @property
    def groups(self) -> tuple[Group, ...]:
        """The calls that the nodes are in; `Node.group` is a number of one of them."""
        return tuple(self._program.groups)

    @cached_property
    def _scene(self) -> Scene:
        return scene_of(self._program)

    @property
    def dot(self) -> str:
        """The picture in the language of Graphviz."""
        return as_dot(self._scene)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG, for light and dark pages.

        Graphviz finds the places of all nodes if its program ``dot`` is installed;
        otherwise, fgrad does.
        """
        scene = self._scene
        return as_svg(scene, placed_by_dot(scene) or placed(scene))

    @property
    def text(self) -> str:
        """The graph as a program, line by line, with values and gradients."""
        return as_text(self._program)

    def save(self, path: str | Path) -> None:
        """Write the picture to a file.

        Parameters
        ----------
        path : str or Path
            A name that ends in ``.svg``, ``.png``, ``.dot`` or ``.txt``.

        Raises
        ------
        ValueError
            If it ends otherwise.
        ModuleNotFoundError
            If it ends in ``.png``, and neither Graphviz nor Matplotlib is installed.
        """
        path = Path(path)
        texts = {".svg": "svg", ".dot": "dot", ".txt": "text"}
        suffix = path.suffix.lower()
        if suffix == ".png":
            path.write_bytes(as_png(self._scene))
        elif suffix in texts:
            path.write_text(getattr(self, texts[suffix]), encoding="utf-8")
        else:
            raise ValueError(
                f"a graph cannot be saved as {path.name!r}: give a name that ends in "
                f".svg, .png, .dot or .txt"
            )

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        kinds = [node.kind for node in self._program.nodes]
        counts = [
            f"{kinds.count(kind)} {kind}{'s' * (kinds.count(kind) != 1)}"
            for kind in ("argument", "operation")
        ]
        return f"<graph of {self._program.name}: {', '.join(counts)}>"


def graph(fun: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Graph:
    """The computation graph of a function at given arguments, to look at.

    Parameters
    ----------
    fun : callable
        Any function that fgrad can differentiate, or a transform of one: the graph of
        ``grad(f)`` has the operations of f and those of replay.
    *args, **kwargs : tree
        The arguments of `fun`. Their leaves of floats or complex numbers are followed.
        Others are passed on as they are.

    Returns
    -------
    Graph
        In a notebook, it shows itself. It has the attributes ``svg``, ``dot`` (for
        Graphviz), ``text`` (for terminals), ``nodes``, ``edges`` and ``groups``, and
        the method ``save(path)``. A node has its operation, shape, dtype, and for a
        small array its value. If `fun` returns one real number, the node also has the
        gradient of that number with respect to its value.

    Raises
    ------
    InputTypeError
        If there is no float or complex number in the arguments.
    OutputTypeError
        If `fun` is async.

    Notes
    -----
    An exception that `fun` raises gets an attribute ``graph``: the graph so far.

    Examples
    --------
    >>> from fgrad.debug import graph
    >>> def f(a, b, c):
    ...     return a * b + c
    >>> print(graph(f, 2.0, 3.0, 4.0))  # doctest: +ELLIPSIS
    graph of f
    <BLANKLINE>
      a            float  2.0   ∂ 3.0
      b            float  3.0   ∂ 2.0
      c            float  4.0   ∂ 1.0
      v₁ = a * b   float  6.0   ∂ 1.0  ...
      v₂ = v₁ + c  float  10.0  ∂ 1.0  ...  result
    """
    check_function("graph", fun, "graph(f, x), not graph(f(x))")
    name = label(fun)
    words = f"graph({name})"
    tape, recorder = ProbedTape(words), Recorder(words, fun, sys._getframe())
    args, kwargs = _boxed(fun, args, kwargs, tape, recorder)
    try:
        with running(tape), running(recorder):
            out = fun(*args, **kwargs)
        if inspect.iscoroutine(out):
            out.close()
            raise OutputTypeError(
                f"graph needs the result of {name}, which is async. Give it a function "
                f"that calls what {name} awaits."
            )
        recorder.close()
        tape.close()
        _mark_outputs(out, recorder, tape)
    except Exception as error:
        _mark_error(error, recorder)
        with suppress(AttributeError):  # few classes allow no attributes
            setattr(error, "graph", _finished(recorder, name))  # noqa: B010 (of any)
            error.add_note("what was computed before is in the attribute graph of this")
        raise
    return _finished(recorder, name)


def _finished(recorder: Recorder, name: str) -> Graph:
    give_names(recorder)
    return Graph(Program(name, recorder.nodes, recorder.groups))


def _boxed(
    fun: Callable[..., Any],
    args: Any,
    kwargs: Any,
    tape: ProbedTape,
    recorder: Recorder,
) -> Any:
    """The arguments with a box for each leaf that can be followed."""
    leaves, structure = flatten((args, kwargs))
    names = [argument_name(fun, i) for i in range(len(args))]
    paths = [
        path
        for name, child in zip(names, structure.children[0].children, strict=True)
        for path in leaf_paths(child, name)
    ]
    for name, child in zip(kwargs, structure.children[1].children, strict=True):
        paths += leaf_paths(child, name)
    boxes: list[Any] = []
    for leaf, path in zip(leaves, paths, strict=True):
        followed = _is_followed(leaf)
        boxes.append(recorder.argument(tape.leaf(leaf), path) if followed else leaf)
    if not recorder.nodes:
        raise InputTypeError(_nothing(label(fun), leaves, paths))
    return unflatten(structure, boxes)


def _is_followed(leaf: Any) -> bool:
    kind = type(leaf)
    if kind is Box or kind is np.ndarray or isinstance(leaf, np.generic):
        return leaf.dtype.kind in "fc"
    return kind is float or kind is complex


def _nothing(name: str, leaves: list[Any], paths: list[str]) -> str:
    """Why there is nothing to draw."""
    if not leaves:
        return f"graph needs the arguments of {name}, as in graph({name}, x)."
    what, instead = described_leaf(leaves[0], root=True)
    return (
        f"graph found no floats to follow in the arguments of {name}: {paths[0]} "
        f"{what}. {instead}."
    )


def _mark_outputs(out: Any, recorder: Recorder, tape: ProbedTape) -> None:
    """Say of nodes that they are in the output, and fill in gradients."""
    leaves, structure = flatten(out)
    roots: list[Any] = []
    for leaf, path in zip(leaves, leaf_paths(structure, "result"), strict=True):
        if recorder.holds(leaf):
            edge = recorder.places[leaf._node]
            node = recorder.nodes[edge.source]
            which = node.results[edge.result].name
            node.outputs.append(f"{path}: {which}" if which else path)
            roots.append(leaf._value)
        elif isinstance(leaf, np.ndarray | np.generic | float | int | complex):
            i = recorder.constant(np.asarray(leaf))
            recorder.nodes[i].outputs.append(path)
    if len(leaves) == 1 and roots and tape.holds(roots[0]):
        node = roots[0]._node
        if node.shape == () and node.dtype.kind == "f":
            recorder.gradients(tape, node)


def _mark_error(error: Exception, recorder: Recorder) -> None:
    """A last node that says what went wrong, and where."""
    words = str(error).partition("\n")[0].partition(", at File ")[0]
    node = Node("error", type(error).__name__, expression=words)
    if recorder.nodes:
        node.inputs = (Edge(len(recorder.nodes) - 1),)
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not LIBRARY[code.co_filename]:
            node.site = (code, traceback.tb_lasti)
        traceback = traceback.tb_next
    recorder.nodes.append(node)
