"""What is done with each shard: one of fgrad's transforms, and what belongs to its sum.

A job has everything that is the same for all shards of a step. It travels to each
worker once, and there makes parts of blocks of shards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from typing import Any

import numpy as np
from typing_extensions import override

from fgrad._transforms._values import label
from fgrad._transforms.hessians import hvp
from fgrad._transforms.jacobians import value_and_jacobian
from fgrad._transforms.reverse import grad, value_and_grad
from fgrad._transforms.vmap import vmap
from fgrad._tree import Structure, flatten, leaf_paths
from fgrad.errors import NonFiniteError, ShardError
from fgrad.sharded._reduction import REDUCTIONS, Part, Tree

__all__ = ["GradJob", "HvpJob", "JacobianJob", "Job", "ValueAndGradJob", "VmapJob"]


class Job:
    """What is the same for all shards."""

    words: tuple[str, ...] = ()
    """What the result is in messages; several words if it is a tuple of these."""

    def __init__(
        self,
        name: str,
        fun: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        *,
        options: dict[str, Any],
        reduce: str,
        weight: Callable[[Any], Any] | None,
    ) -> None:
        self.name = name
        self.fun = fun
        self.args = args
        """All positional arguments of the function except the second, the shard."""
        self.kwargs = kwargs
        self.options = options
        """Those of fgrad's transform."""
        self.reduce = reduce
        self.weight = weight

    def output(self, shard: Any) -> tuple[Any, Any]:
        """The result for one shard, and what the function returned beside it."""
        raise NotImplementedError

    def called(self, fun: Callable[..., Any], shard: Any) -> Any:
        """The value of a function of the same arguments as the user's."""
        return fun(self.args[0], shard, *self.args[1:], **self.kwargs)

    def numbered(self) -> list[tuple[int, Any]]:
        """The arguments, each with its place among those of the user's function."""
        return [(i + (i > 0), arg) for i, arg in enumerate(self.args)]

    @property
    def has_aux(self) -> bool:
        return self.options.get("has_aux", False)

    def tree(self) -> Tree:
        """An empty tree for the parts."""
        return Tree(self.name, self.reduce, self.paths)

    def paths(self, structure: Structure) -> list[str]:
        """How the leaves of the result are called in messages."""
        if len(self.words) == 1:
            return leaf_paths(structure, self.words[0])
        parts = zip(structure.children, self.words, strict=True)
        return [path for child, word in parts for path in leaf_paths(child, word)]

    def weighed(self, number: int, shard: Any) -> float:
        """How much a shard counts in a mean."""
        if self.weight is None:
            return 1.0
        found = self.weight(shard)
        real = np.ndim(found) == 0 and np.asarray(found).dtype.kind in "iuf"
        if not real or not 0 <= found < np.inf:
            raise ShardError(
                f"{self.name} needs weights that are finite and not negative, but "
                f"{label(self.weight)} returned {found!r} for shard {number}",
                shard=number,
            )
        return float(found)

    def part(self, number: int, output: tuple[Any, Any], weight: float) -> Part:
        """The part of one shard."""
        reduction = REDUCTIONS[self.reduce]
        leaves, structure = flatten(output[0])
        aux = [output[1]] if self.has_aux else []
        part = Part(number, number + 1, structure, leaves, aux, weight)
        if reduction.adds:
            self._look_for_nan(part)
            half = [i for i, leaf in enumerate(leaves) if _is_half(leaf)]
            part.half = tuple(half)
            for i in half:
                leaves[i] = leaves[i].astype(np.float32)
        if self.weight is not None:
            leaves = [leaf * weight for leaf in leaves]
        part.leaves = list(map(reduction.begin, leaves))
        return part

    def _look_for_nan(self, part: Part) -> None:
        """Name a shard whose nan would be all that is left of the sum."""
        for i, leaf in enumerate(part.leaves):
            bad = _not_finite(leaf)
            if bad is None:
                continue
            where = f"{self.paths(part.structure)[i]} of shard {part.first}"
            if np.isnan(bad).any():
                raise NonFiniteError(
                    f"{self.name}: {where} is nan, and so would be the sum over all "
                    f"shards. The gradient of this shard alone, by fgrad.grad inside "
                    f"fgrad.debug.checks(), names the line"
                )
            part.infinite = part.infinite or where


def _is_half(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray | np.generic) and leaf.dtype == np.float16


def _not_finite(leaf: Any) -> Any:
    """The entries that are nan or infinite; ``None`` if there are none."""
    with np.errstate(all="ignore"):
        if np.isfinite(np.sum(leaf)):
            return None
    bad = np.asarray(leaf)[~np.isfinite(leaf)]
    return bad if bad.size else None


class ValueAndGradJob(Job):
    """`fgrad.value_and_grad` of each shard."""

    words = ("value", "gradient")

    @override
    def output(self, shard: Any) -> tuple[Any, Any]:
        value, gradient = self.called(value_and_grad(self.fun, **self.options), shard)
        value, aux = value if self.has_aux else (value, None)
        return (value, gradient), aux


class GradJob(Job):
    """`fgrad.grad` of each shard."""

    words = ("gradient",)

    @override
    def output(self, shard: Any) -> tuple[Any, Any]:
        out = self.called(grad(self.fun, **self.options), shard)
        return out if self.has_aux else (out, None)


class HvpJob(Job):
    """`fgrad.hvp` of each shard; the arguments are the primals and the tangents."""

    words = ("gradient", "product")

    @override
    def output(self, shard: Any) -> tuple[Any, Any]:
        def at_shard(first: Any, *rest: Any) -> Any:
            return self.fun(first, shard, *rest)

        at_shard.__name__ = label(self.fun)
        return hvp(at_shard, *self.args), None


class JacobianJob(Job):
    """`fgrad.jacobian` of each shard."""

    words = ("jacobian",)

    @override
    def output(self, shard: Any) -> tuple[Any, Any]:
        transformed = value_and_jacobian(self.fun, **self.options)
        value, blocks = self.called(transformed, shard)
        value, aux = value if self.has_aux else (value, None)
        leaves, structure = flatten(value)
        paths = leaf_paths(structure, f"the output of {label(self.fun)}")
        for leaf, path in zip(leaves, paths, strict=True):
            if self.reduce == "rows" and np.ndim(leaf) == 0:
                raise ShardError(
                    f"{self.name} puts the rows of all shards below each other, but "
                    f"{path} has no rows: its shape is (). With reduce='shards' you "
                    f"get one row for each shard, with reduce='sum' the sum of them"
                )
        return blocks, aux


class VmapJob(Job):
    """`fgrad.vmap` of each shard over its examples."""

    words = ("output",)

    @override
    def output(self, shard: Any) -> tuple[Any, Any]:
        fun = self.fun
        if self.kwargs:  # all examples share them
            fun = update_wrapper(partial(fun, **self.kwargs), fun)
        axes = (None, 0, *[None] * (len(self.args) - 1))
        return vmap(fun, axes)(self.args[0], shard, *self.args[1:]), None
