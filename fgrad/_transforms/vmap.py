"""`vmap`: a function of one example, for many at once."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from fgrad._engine.box import Box, stored
from fgrad._engine.memory import own, taken_in
from fgrad._engine.trace import kind_of
from fgrad._transforms._argnums import argument_name
from fgrad._transforms._running import running, up_to_date
from fgrad._transforms._values import check_function, described, is_numeric, label
from fgrad._transforms._wrapped import Wrapped
from fgrad._tree import Structure, branches, flatten, leaf_paths, unflatten
from fgrad._words.foreign import is_foreign, plain_form
from fgrad.batching.trace import BatchTrace
from fgrad.errors import BatchAxesError, OutputTypeError

__all__ = ["vmap"]

R = TypeVar("R")


class Vmap(Wrapped):
    """What `vmap` returns."""

    transform = "vmap"

    def __init__(self, fun: Callable[..., Any], in_axes: Any, out_axes: Any) -> None:
        check_function("vmap", fun, "vmap(fun)(x), not vmap(fun(x))")
        super().__init__(fun)
        self.in_axes = in_axes
        self.out_axes = out_axes

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arguments = _Arguments(self, args, kwargs)
        trace: BatchTrace = kind_of(BatchTrace)(repr(self), arguments.size)
        args, kwargs = arguments.batched(trace)
        with running(trace):
            out = up_to_date(self.fun(*args, **kwargs))
        trace.close()
        if inspect.iscoroutine(out):
            out.close()
            raise OutputTypeError(
                f"vmap cannot wait for {label(self.fun)}, an async function; map the "
                f"function that it calls."
            )
        return self._output(out, trace, arguments.arrays)

    def _output(self, out: Any, trace: BatchTrace, inputs: list[Any]) -> Any:
        seen = list(inputs)
        leaves, structure = flatten(out)
        axes = _spread(self.out_axes, structure, out)
        if axes is None:
            raise BatchAxesError(
                f"out_axes={self.out_axes!r} of {self!r} does not fit the output, "
                f"which has the tree {structure!r}"
            )
        paths = leaf_paths(structure)
        return unflatten(
            structure,
            [
                self._leaf(leaf, axis, path, trace, seen)
                for leaf, axis, path in zip(leaves, axes, paths, strict=True)
            ],
        )

    def _leaf(
        self, leaf: Any, axis: Any, path: str, trace: BatchTrace, seen: list[Any]
    ) -> Any:
        """One array of the output, with the examples along its axis.

        It shares no memory with what was `seen`, and then belongs to that.
        """
        where = f"the output{f' at {path}' if path else ''}"
        mapped = trace.holds(leaf)
        if axis is None:
            if mapped:
                raise BatchAxesError(
                    f"out_axes is None for {where} of {self!r}, but it differs between "
                    f"examples; give the axis along which they shall be"
                )
            return leaf
        if type(leaf) is not Box:
            if not (is_numeric(leaf) or _is_date(leaf)):
                raise OutputTypeError(
                    f"vmap needs a tree of arrays as output, but {label(self.fun)} "
                    f"returned {described(leaf)}{f' at {path}' if path else ''}. "
                    f"Give it the out_axes None."
                )
            leaf = np.asarray(leaf)
        ndim = leaf.ndim
        if not -ndim - 1 <= axis <= ndim:
            raise BatchAxesError(
                f"out_axes={axis} of {self!r}, but {where} has shape {leaf.shape} "
                f"for one example"
            )
        value: Any = own(trace.of_all(leaf))
        if type(value) is not Box:
            if not value.flags.writeable or any(
                np.may_share_memory(value, array) for array in seen
            ):
                value = np.array(value)
            seen.append(value)
        return np.moveaxis(cast("Any", value), 0, axis) if axis else value

    def __repr__(self) -> str:
        return f"vmap({label(self.fun)})"


class _Arguments:
    """The arguments of one call, taken apart, and the axis of each leaf."""

    def __init__(self, vmap: Vmap, args: Any, kwargs: dict[str, Any]) -> None:
        leaves, self._structure = flatten((args, kwargs))
        self._leaves = [*map(taken_in, leaves)]
        count = len(args)
        names = [argument_name(vmap.fun, i) for i in range(count)]
        in_axes = vmap.in_axes
        if isinstance(in_axes, list):
            in_axes = tuple(in_axes)
        if not isinstance(in_axes, tuple):
            in_axes = (in_axes,) * count
        if len(in_axes) != count:
            raise BatchAxesError(
                f"in_axes={vmap.in_axes!r} of {vmap!r} is for {len(in_axes)} "
                f"arguments, but it was called with {count} positional "
                f"argument{'s' if count != 1 else ''}"
            )
        self._axes: list[Any] = []
        paths: list[str] = []
        structures = self._structure.children[0].children
        for name, axes, arg, structure in zip(
            names, in_axes, args, structures, strict=True
        ):
            spread = _spread(axes, structure, arg)
            if spread is None:
                raise BatchAxesError(
                    f"in_axes={axes!r} of {vmap!r} does not fit {name}, which has "
                    f"the tree {structure!r}"
                )
            self._axes += spread
            paths += leaf_paths(structure, name)
        named = self._structure.children[1]
        for name, structure in zip(kwargs, named.children, strict=True):
            paths += leaf_paths(structure, name)
            self._axes += [0] * (len(paths) - len(self._axes))
        self.arrays: list[Any] = []
        self.size = self._find_size(vmap, paths)

    def _find_size(self, vmap: Vmap, paths: list[str]) -> int:
        """How many examples there are."""
        sizes: dict[int, str] = {}
        for i, (path, axis) in enumerate(zip(paths, self._axes, strict=True)):
            if axis is None:
                continue
            leaf = self._leaves[i]
            if type(leaf) is not Box:
                if not (is_numeric(leaf) or _is_date(leaf)):
                    kind = type(leaf)
                    form = "use in_axes None for it"
                    if is_foreign(kind, ufunc=True):
                        form = f"convert it with {plain_form(kind)}, or {form}"
                    raise BatchAxesError(
                        f"{vmap!r} cannot map over {path}, which is {described(leaf)}; "
                        f"{form}"
                    )
                leaf = np.asarray(leaf)
            if not -leaf.ndim <= axis < leaf.ndim:
                raise BatchAxesError(
                    f"in_axes={axis} of {vmap!r}, but {path} has shape {leaf.shape}; "
                    f"use None for what all examples share"
                )
            self.arrays.append(stored(leaf))
            self._leaves[i] = leaf
            sizes.setdefault(leaf.shape[axis], f"{path} has {leaf.shape[axis]}")
        if not sizes:
            raise BatchAxesError(
                f"{vmap!r} has nothing to map over: in_axes is None for all arguments"
            )
        if len(sizes) > 1:
            raise BatchAxesError(
                f"{vmap!r} needs the same number of examples in all mapped arguments, "
                f"but {' and '.join(sizes.values())} (in_axes={vmap.in_axes!r})"
            )
        return next(iter(sizes))

    def batched(self, trace: BatchTrace) -> tuple[Any, Any]:
        """The arguments with batched leaves."""
        return unflatten(
            self._structure,
            [
                leaf
                if axis is None
                else trace.leaf(leaf if axis == 0 else np.moveaxis(leaf, axis, 0))
                for leaf, axis in zip(self._leaves, self._axes, strict=True)
            ],
        )


def _is_date(leaf: Any) -> bool:
    plain = isinstance(leaf, np.generic) or type(leaf) is np.ndarray
    return plain and leaf.dtype.kind in "mM"


def _spread(axes: Any, structure: Structure, tree: Any) -> list[Any] | None:
    """The axis of each leaf of a tree, from axes for whole branches of it.

    ``None`` if they do not fit.
    """
    if axes is None:
        return [None] * len(leaf_paths(structure))
    try:
        return [operator.index(axes)] * len(leaf_paths(structure))
    except TypeError:
        pass
    given, found = branches(axes), branches(tree)
    if given is None or found is None or given[0] != found[0]:
        return None
    result: list[Any] = []
    for part, child, branch in zip(given[1], structure.children, found[1], strict=True):
        spread = _spread(part, child, branch)
        if spread is None:
            return None
        result += spread
    return result


def vmap(
    fun: Callable[..., R], in_axes: Any = 0, out_axes: Any = 0
) -> Callable[..., R]:
    """A function of one example, for many examples at once.

    Parameters
    ----------
    fun : callable
        Takes and returns trees of arrays, for one example.
    in_axes : int, None, or sequence of these
        The axis of the examples in each positional argument, or ``None`` for what all
        examples share. One for all arguments, or a sequence with one for each; for an
        argument that is a tree, possibly a tree. Keyword arguments are mapped over
        axis 0.
    out_axes : int, None, or tree of these
        Where the axis of the examples is in the output. ``None`` for an output that is
        the same for all of them.

    Returns
    -------
    callable
        Takes the arguments of `fun` with one more axis, and returns its output with one
        more axis: the results for all examples, stacked. It may itself be
        differentiated and mapped.

    Raises
    ------
    BatchAxesError
        If `in_axes` or `out_axes` do not fit the arguments or the output, or the
        arguments have different numbers of examples.
    BatchedValueError
        If `fun` asks for the truth or the number in a batched value.

    Notes
    -----
    NumPy functions are computed for all examples at once; the few that cannot be are
    called for one after the other. Random numbers that `fun` draws are the same for all
    examples.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import grad, vmap
    >>> a = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> vmap(np.dot)(a, np.eye(2))
    array([1., 4.])
    >>> loss = lambda w, x, y: (w @ x - y) ** 2
    >>> w, xs, ys = np.array([1.0, 2.0]), np.eye(2), np.zeros(2)
    >>> vmap(grad(loss), in_axes=(None, 0, 0))(w, xs, ys)
    array([[2., 0.],
           [0., 4.]])
    """
    return Vmap(fun, in_axes, out_axes)
