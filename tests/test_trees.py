"""Trees of arguments and results."""

from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import fgrad
from fgrad import grad, register_dataclass, register_node, tree, vjp
from fgrad._tree import flatten, leaf_paths, unflatten
from fgrad.errors import TreeError

Point = namedtuple("Point", "x y")


@register_dataclass
@dataclass(frozen=True)
class Layer:
    w: Any
    b: Any = 0.0
    name: str = field(default="layer", metadata={"static": True})


def total(tree):
    leaves, _ = flatten(tree)
    return sum(np.sum(leaf * (i + 1.0)) for i, leaf in enumerate(leaves))


@pytest.mark.parametrize(
    "tree",
    [
        (1.0, [2.0, {"a": 3.0}]),
        {"z": 1.0, "a": 2.0},
        OrderedDict([("z", 1.0), ("a", 2.0)]),
        defaultdict(list, {"k": 1.0}),
        Point(1.0, (2.0, 3.0)),
        Layer(1.0, 2.0, "first"),
        (None, 1.0, {}),
        [],
    ],
    ids=repr,
)
def test_gradient_is_a_tree_like_the_argument(tree):
    gradient = grad(total)(tree)
    leaves, structure = flatten(gradient)
    assert structure == flatten(tree)[1]
    assert leaves == [i + 1.0 for i in range(len(leaves))]
    assert type(gradient) is type(tree)
    if isinstance(tree, defaultdict):
        assert gradient.default_factory is list
    if isinstance(tree, dict):
        assert list(gradient) == list(tree)


def test_containers_are_themselves_inside_the_function():
    def f(params, layer):
        assert isinstance(params, dict)
        assert isinstance(params["p"], Point)
        assert layer.name == "l"
        return params["p"].x * layer.w

    params, layer = grad(f, (0, 1))({"p": Point(2.0, 3.0)}, Layer(5.0, name="l"))
    assert params == {"p": Point(5.0, 0.0)}
    assert layer == Layer(2.0, 0.0, "l")


def test_output_trees():
    out, pullback = vjp(lambda x: {"a": x * 2, "b": (x * 3, None)}, 1.0)
    assert out == {"a": 2.0, "b": (3.0, None)}
    assert pullback({"a": 1.0, "b": (10.0, None)}) == (32.0,)


def test_the_same_array_in_two_places():
    x = np.ones(2)
    gradient = grad(lambda p: np.sum(p[0] * 2 + p[1] * 3))([x, x])
    np.testing.assert_array_equal(gradient, [[2, 2], [3, 3]])


def test_register_node():
    class Pair:
        def __init__(self, a, b):
            self.a, self.b = a, b

    register_node(Pair, lambda p: ((p.a, p.b), None), lambda _, c: Pair(*c))
    gradient = grad(lambda p: p.a * p.b)(Pair(2.0, 5.0))
    assert (gradient.a, gradient.b) == (5.0, 2.0)
    with pytest.raises(TreeError, match="Pair is registered as a tree node already."):
        register_node(Pair, lambda p: ((), None), lambda _, c: None)
    with pytest.raises(TreeError, match="register_node needs a class, but got 3."):
        register_node(3, lambda p: ((), None), lambda _, c: None)


def test_register_dataclass_refuses_other_classes():
    with pytest.raises(TreeError, match="Odd is not a dataclass."):
        register_dataclass(type("Odd", (), {}))
    with pytest.raises(TreeError, match="Layer is registered as a tree node already."):
        register_dataclass(Layer)
    with pytest.raises(TreeError, match="register_dataclass needs a class, but got 3."):
        register_dataclass(3)


def test_paths():
    tree = {"layers": [Layer(1.0), Point(1.0, 2.0)], 3: (1.0,)}
    assert leaf_paths(flatten(tree)[1], "params") == [
        "params['layers'][0].w",
        "params['layers'][0].b",
        "params['layers'][1].x",
        "params['layers'][1].y",
        "params[3][0]",
    ]


def test_structure_repr():
    structure = flatten({"a": (1.0, None), "b": Layer(2.0)})[1]
    text = "dict(['a']: tuple([0]: *, [1]: None), ['b']: Layer(.w: *, .b: *))"
    assert repr(structure) == text


TREES = st.recursive(
    st.floats(allow_nan=False) | st.none(),
    lambda children: (
        st.lists(children)
        | st.dictionaries(st.text(max_size=3), children)
        | st.tuples(children, children)
        | st.builds(Point, children, children)
        | st.builds(Layer, children, children)
    ),
    max_leaves=10,
)


@given(TREES)
def test_unflatten_inverts_flatten(tree):
    leaves, structure = flatten(tree)
    assert unflatten(structure, leaves) == tree
    assert len(leaf_paths(structure)) == len(leaves)
    assert fgrad.stop_gradient(tree) == tree


def test_public_functions():
    state = {"w": np.ones((2, 1)), "rest": [None, (1.0, Point(2.0, 3.0))]}
    found, structure = tree.flatten(state)
    assert tree.leaves(state)[1:] == found[1:] == [1.0, 2.0, 3.0]
    again = tree.unflatten(structure, found)
    assert tree.flatten(again)[1] == structure
    assert again["rest"][1][1] == Point(2.0, 3.0)
    assert again["w"] is state["w"]
    assert tree.paths(state) == ["['w']", "['rest'][1][0]"] + [
        f"['rest'][1][1].{name}" for name in Point._fields
    ]
    total = tree.map(lambda a, b, c: a + b * c, state, state, state)
    np.testing.assert_array_equal(total["w"], 2 * np.ones((2, 1)))
    assert total["rest"] == [None, (2.0, Point(6.0, 12.0))]
    assert tree.map(np.sin, {}) == {}
    assert tree.map(lambda x: x + 1, 2.0) == 3.0


def test_trees_that_do_not_fit():
    words = r"the first is list\(\[0\]: \*\), but number 3 is tuple\(\[0\]: \*\)"
    with pytest.raises(TreeError, match=words):
        tree.map(max, [1.0], [2.0], (3.0,))
    structure = tree.flatten([1.0, 2.0])[1]
    for leaves in ([1.0], [1.0, 2.0, 3.0]):
        with pytest.raises(TreeError, match=f"needs 2 leaves .* got {len(leaves)}"):
            tree.unflatten(structure, leaves)


def test_a_step_of_descent_inside_a_gradient():
    """`tree.map` takes traced leaves: through one step of gradient descent."""

    def loss(p):
        return np.sum(p["w"] ** 2) + p["b"] ** 2

    def after(rate, p):
        return loss(tree.map(lambda x, g: x - rate * g, p, grad(loss)(p)))

    p = {"w": np.array([1.0, 2.0]), "b": 3.0}
    # (1 - 2 rate)^2 |p|^2 has the slope -4 (1 - 2 rate) |p|^2
    np.testing.assert_allclose(grad(after)(0.1, p), -4 * 0.8 * 14)
