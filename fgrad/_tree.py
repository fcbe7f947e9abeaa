"""Trees: nested containers whose leaves are arrays and numbers.

A container type is known by how to take it apart into keys and children and how to put
it together again. Everything that is no known container is a leaf; ``None`` is an empty
container, so it has no leaves.
"""

import dataclasses
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from fgrad.errors import TreeError

__all__ = [
    "Structure",
    "alias",
    "branches",
    "flatten",
    "flatten_like",
    "in_dataclass",
    "leaf_paths",
    "register_dataclass",
    "register_node",
    "tree_map",
    "unflatten",
]

T = TypeVar("T")


class _Kind(NamedTuple):
    """How one container type is taken apart and put together."""

    split: Callable[[Any], tuple[Sequence[Any], Any]]
    """The container's children, and its static data (compared by ``==``)."""
    join: Callable[[Any, Sequence[Any]], Any]
    """The container again, from static data and children."""
    paths: Callable[[Any], Iterable[str]]
    """How each child is reached, from the static data and the number of children."""


class Structure(NamedTuple):
    """The shape of a tree without its leaves. Two trees fit if these are equal."""

    type: type | None
    """The container's type; ``None`` at a leaf."""
    static: Any
    children: tuple["Structure", ...]

    def __repr__(self) -> str:
        if self.type is None:
            return "*"
        if self.type is type(None):
            return "None"
        paths = _KINDS[self.type].paths((self.static, len(self.children)))
        inner = (f"{p}: {c!r}" for p, c in zip(paths, self.children, strict=True))
        return f"{self.type.__name__}({', '.join(inner)})"


LEAF = Structure(None, None, ())


def _items(data: tuple[Any, int]) -> Iterator[str]:
    return (f"[{i}]" for i in range(data[1]))


def _dict_paths(data: tuple[Any, int]) -> Iterator[str]:
    return (f"[{key!r}]" for key in data[0][-1])


_KINDS: dict[type, _Kind] = {
    tuple: _Kind(lambda t: (t, None), lambda _, c: tuple(c), _items),
    list: _Kind(lambda t: (t, None), lambda _, c: list(c), _items),
    type(None): _Kind(lambda _: ((), None), lambda *_: None, _items),
    dict: _Kind(
        lambda t: (tuple(t.values()), (tuple(t),)),
        lambda static, c: dict(zip(static[-1], c, strict=True)),
        _dict_paths,
    ),
    OrderedDict: _Kind(
        lambda t: (tuple(t.values()), (tuple(t),)),
        lambda static, c: OrderedDict(zip(static[-1], c, strict=True)),
        _dict_paths,
    ),
    defaultdict: _Kind(
        lambda t: (tuple(t.values()), (t.default_factory, tuple(t))),
        lambda static, c: defaultdict(static[0], zip(static[-1], c, strict=True)),
        _dict_paths,
    ),
}


_ALIASES: dict[type, type] = {}
"""Types that are taken for others in trees."""


def alias(cls: type, of: type) -> None:
    """Take values of one type for another container type."""
    _ALIASES[cls], _KINDS[cls] = of, _KINDS[of]


def _type(tree: Any) -> type:
    """The type of a container in a structure."""
    cls: type = type(tree)
    return _ALIASES.get(cls, cls)


def _kind(cls: type) -> _Kind | None:
    kind = _KINDS.get(cls)
    if kind is None and issubclass(cls, tuple) and hasattr(cls, "_fields"):
        kind = _KINDS[cls] = _namedtuple_kind(cls)
    return kind


def _namedtuple_kind(cls: Any) -> _Kind:
    return _Kind(
        lambda t: (t, None),
        lambda _, children: cls._make(children),
        lambda _: (f".{name}" for name in cls._fields),
    )


def register_node(
    cls: type[T],
    flatten: Callable[[T], tuple[Sequence[Any], Any]],
    unflatten: Callable[[Any, Sequence[Any]], T],
) -> None:
    """Teach fgrad a container type of yours.

    Parameters
    ----------
    cls : type
        The exact type (subclasses are registered on their own).
    flatten : callable
        ``flatten(container) -> (children, static)``; `static` is compared with ``==``.
    unflatten : callable
        ``unflatten(static, children) -> container``.

    Raises
    ------
    TreeError
        If `cls` is no class, or registered already.

    Examples
    --------
    >>> import fgrad
    >>> class Pair:
    ...     def __init__(self, a, b):
    ...         self.a, self.b = a, b
    >>> fgrad.register_node(Pair, lambda p: ((p.a, p.b), None), lambda _, c: Pair(*c))
    >>> fgrad.grad(lambda p: p.a * p.b)(Pair(2.0, 3.0)).a
    np.float64(3.0)
    """
    _check_class("register_node", cls)
    _KINDS[cls] = _Kind(flatten, unflatten, _items)


def _check_class(function: str, cls: Any) -> None:
    """Refuse what is no class, or is a container already."""
    if not isinstance(cls, type):
        raise TreeError(f"{function} needs a class, but got {cls!r}.")
    if _kind(cls) is not None:
        raise TreeError(f"{cls.__qualname__} is registered as a tree node already.")


def register_dataclass(cls: type[T]) -> type[T]:
    """Make a dataclass a container whose fields are its children.

    Fields with ``field(metadata={"static": True})`` are kept as they are and never
    differentiated. Use it as a decorator above ``@dataclass``.

    Parameters
    ----------
    cls : type
        A dataclass.

    Returns
    -------
    type
        The same class.

    Raises
    ------
    TreeError
        If `cls` is not a dataclass, or registered already.

    Examples
    --------
    >>> from dataclasses import dataclass, field
    >>> import fgrad
    >>> @fgrad.register_dataclass
    ... @dataclass
    ... class Line:
    ...     slope: float
    ...     unit: str = field(default="m", metadata={"static": True})
    >>> fgrad.grad(lambda line: 3.0 * line.slope)(Line(2.0))
    Line(slope=np.float64(3.0), unit='m')
    """
    _check_class("register_dataclass", cls)
    if not dataclasses.is_dataclass(cls):
        raise TreeError(f"{cls.__qualname__} is not a dataclass.")
    fields = dataclasses.fields(cls)
    static = tuple(f.name for f in fields if f.metadata.get("static"))
    moving = tuple(f.name for f in fields if not f.metadata.get("static"))

    def split(tree: Any) -> tuple[Sequence[Any], Any]:
        children = tuple(getattr(tree, name) for name in moving)
        return children, tuple(getattr(tree, name) for name in static)

    def join(data: Any, children: Sequence[Any]) -> Any:
        # Not through __init__: it may check or convert, and leaves may be traced.
        tree = object.__new__(cls)
        for name, value in zip(moving + static, (*children, *data), strict=True):
            object.__setattr__(tree, name, value)
        return tree

    _KINDS[cls] = _Kind(split, join, lambda _: (f".{name}" for name in moving))
    return cls


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of `tree` from left to right, and its structure."""
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves)


def _flatten(tree: Any, leaves: list[Any]) -> Structure:
    cls = _type(tree)
    kind = _kind(cls)
    if kind is None:
        leaves.append(tree)
        return LEAF
    children, static = kind.split(tree)
    return Structure(
        cls, static, tuple([_flatten(child, leaves) for child in children])
    )


def flatten_like(structure: Structure, tree: Any) -> list[Any] | None:
    """The leaves of a tree with `structure`, where ``None`` may stand for a subtree.

    Each leaf of such a subtree is ``None``. Of a tree with another structure: ``None``.
    """
    if structure.type is None:
        return [tree]
    if tree is None:
        return [None] * len(leaf_paths(structure))
    if _type(tree) is not structure.type:
        return None
    children, static = _KINDS[structure.type].split(tree)
    if static != structure.static or len(children) != len(structure.children):
        return None
    leaves: list[Any] = []
    for part, child in zip(structure.children, children, strict=True):
        below = flatten_like(part, child)
        if below is None:
            return None
        leaves += below
    return leaves


def branches(tree: Any) -> tuple[Structure, Sequence[Any]] | None:
    """The first level of a tree, with a leaf for each child; ``None`` for a leaf."""
    kind = _kind(type(tree))
    if kind is None:
        return None
    children, static = kind.split(tree)
    return Structure(_type(tree), static, (LEAF,) * len(children)), children


def unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """The tree with `structure` and `leaves`."""
    return _unflatten(structure, iter(leaves))


def _unflatten(structure: Structure, leaves: Iterator[Any]) -> Any:
    if structure.type is None:
        return next(leaves)
    children = [_unflatten(child, leaves) for child in structure.children]
    return _KINDS[structure.type].join(structure.static, children)


def leaf_paths(structure: Structure, root: str = "") -> list[str]:
    """How each leaf is reached: ``params['layers'][0].w``."""
    if structure.type is None:
        return [root]
    paths = _KINDS[structure.type].paths((structure.static, len(structure.children)))
    return [
        path
        for step, child in zip(paths, structure.children, strict=True)
        for path in leaf_paths(child, root + step)
    ]


def in_dataclass(structure: Structure, i: int) -> bool:
    """Whether the leaf with that number is in a field of a dataclass."""
    for child in structure.children:
        count = len(leaf_paths(child))
        if i < count:
            here = structure.type is not None and dataclasses.is_dataclass(
                structure.type
            )
            return here or in_dataclass(child, i)
        i -= count
    return False


def tree_map(fun: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with `fun` applied to each leaf."""
    leaves, structure = flatten(tree)
    return unflatten(structure, map(fun, leaves))
