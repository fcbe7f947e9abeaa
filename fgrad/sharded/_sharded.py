"""What the transforms return: functions of the parameters that go over all shards."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from fgrad._engine.box import boxes_in
from fgrad._engine.later import LATER
from fgrad._transforms._argnums import checked_argnums, positions
from fgrad._transforms._run import Run
from fgrad._transforms._values import check_function, described, label
from fgrad._transforms._wrapped import Wrapped
from fgrad._tree import flatten
from fgrad.errors import (
    ArgnumsError,
    InputTypeError,
    SettingError,
    ShardError,
    TangentError,
)
from fgrad.sharded._engines import engine_of
from fgrad.sharded._jobs import (
    GradJob,
    HvpJob,
    JacobianJob,
    Job,
    ValueAndGradJob,
    VmapJob,
)
from fgrad.sharded._shards import Source
from fgrad.sharded._step import Step

__all__ = ["Grad", "Hvp", "Jacobian", "Sharded", "ValueAndGrad", "Vmap"]


class Sharded(Wrapped):
    """A function of parameters and a shard, for all shards."""

    transform: ClassVar[str]
    job: ClassVar[type[Job]]
    reductions: ClassVar[tuple[str, ...]] = ("sum", "mean")

    def __init__(
        self,
        fun: Callable[..., Any],
        shards: Any,
        options: dict[str, Any],
        *,
        executor: Any,
        window: int | None,
        block: int,
        reduce: str,
        weight: Callable[[Any], Any] | None,
        retries: int,
        progress: Any,
    ) -> None:
        check_function(self.transform, fun, f"{self.transform}(fun, shards)(params)")
        super().__init__(fun)
        del self.__dict__["__wrapped__"]  # its signature has the shard
        self.__signature__ = inspect.signature(self.__call__)
        self.options = options
        """Those of fgrad's transform."""
        self.executor = executor
        self.progress = progress
        self.shards = self._checked_shards(shards)
        self.used = False
        self.level = self._whole("block", block, 1).bit_length() - 1
        if 2**self.level != block:
            raise SettingError(
                f"block={block!r} of {self!r} must be a power of two, so that a block "
                f"is a part of the tree of sums, and the sum has the same bits for all"
            )
        if window is not None and self._whole("window", window, 1) < block:
            raise SettingError(
                f"window={window} of {self!r} is smaller than block={block}; at least "
                f"one block is in flight"
            )
        self.window = window
        self.retries = self._whole("retries", retries, 0)
        if reduce not in self.reductions:
            raise SettingError(
                f"reduce={reduce!r} of {self!r} must be one of "
                f"{', '.join(map(repr, self.reductions))}"
            )
        self.reduce = reduce
        if weight is not None and not (callable(weight) and reduce == "mean"):
            raise SettingError(
                f"weight={weight!r} of {self!r} must be a function of a shard, and "
                f"reduce='mean': the mean is then weighted"
            )
        self.weight = weight
        if "argnums" in options:
            checked_argnums(self, options["argnums"])

    def __call__(self, params: Any, /, *rest: Any, **kwargs: Any) -> Any:
        return self._all((params, *rest), kwargs)

    def _all(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result over all shards."""
        self._check(args, kwargs)
        job = self.job(
            repr(self),
            self.fun,
            args,
            kwargs,
            options=self.options,
            reduce=self.reduce,
            weight=self.weight,
        )
        engine = engine_of(repr(self), self.executor)
        bar = self._bar()
        try:
            step = Step(
                job,
                Source(repr(self), self._fresh()),
                engine,
                window=self.window and self.window >> self.level,
                level=self.level,
                retries=self.retries,
                bar=bar,
            )
            tree = step.run()
        finally:
            bar.close()
        if tree.is_empty():
            raise ShardError(f"{self!r} needs at least one shard, but shards is empty")
        out, part = tree.result()
        return self._with_aux(out, part.aux) if job.has_aux else out

    def _with_aux(self, out: Any, aux: list[Any]) -> Any:
        """The result, and what the function returned beside it, for each shard."""
        return out, aux

    # What is refused

    def _check(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Refuse arguments that no worker needs to see."""
        boxes = [box for leaf in flatten((args, kwargs))[0] for box in boxes_in(leaf)]
        if boxes:
            raise InputTypeError(
                f"{self!r} has no derivative itself, but its arguments are traced by "
                f"{boxes[0]._trace.name}. Second derivatives are sharded.hvp, and "
                f"sharded.jacobian of a gradient"
            )
        if "argnums" not in self.options:
            return
        argnums = positions(self, self.options["argnums"], len(args) + 1, kwargs)
        if 1 in argnums:
            raise ArgnumsError(
                f"argnums={self.options['argnums']!r} of {self!r} includes the shard, "
                f"which is argument 1 of {label(self.fun)}; fgrad.grad in a function "
                f"given to sharded.vmap differentiates with respect to examples"
            )
        self._check_leaves(args, argnums, self.options["allow_int"])

    def _check_leaves(
        self, args: Sequence[Any], argnums: Sequence[int], allow_int: bool | None = None
    ) -> None:
        """Refuse parameters that do not vary continuously, as each worker would."""
        at_shard = (args[0], None, *args[1:])
        run = Run(self.transform, self.fun, at_shard, argnums, allow_int=allow_int)
        run.trace.close()

    def _checked_shards(self, shards: Any) -> Any:
        kind = type(shards)
        iterable = hasattr(kind, "__iter__") or hasattr(kind, "__getitem__")
        if isinstance(shards, np.ndarray):
            iterable = shards.ndim > 0
        if not iterable or isinstance(shards, str | bytes | dict):
            raise SettingError(
                f"shards of {self!r} must be a list of shards, or an iterator, but got "
                f"{described(shards)}"
            )
        return shards

    def _whole(self, name: str, value: Any, least: int) -> int:
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or value < least:
            raise SettingError(
                f"{name}={value!r} of {self!r} must be a whole number from {least} on"
            )
        return int(value)

    def _fresh(self) -> Iterator[Any]:
        """The shards from the first one on."""
        iterator: Iterator[Any] = iter(self.shards)
        if iterator is self.shards:
            if self.used:
                raise ShardError(
                    f"{self!r} is called again, but its shards are an iterator, which "
                    f"the first call has used up. Give a list, or an object whose "
                    f"__iter__ begins anew"
                )
            self.used = True
        return iterator

    def _bar(self) -> Any:
        """What shows how many shards are done."""
        if self.progress is False:
            return _NoBar()
        make = LATER["tqdm"]().tqdm if self.progress is True else self.progress
        total = len(self.shards) if hasattr(self.shards, "__len__") else None
        return make(total=total, desc=repr(self), unit="shard")

    def __repr__(self) -> str:
        return f"{self.transform}({label(self.fun)})"


class _NoBar:
    """A bar that is not shown."""

    def update(self, count: int) -> None:
        pass

    def close(self) -> None:
        pass


class ValueAndGrad(Sharded):
    """What `sharded.value_and_grad` returns."""

    transform = "sharded.value_and_grad"
    job = ValueAndGradJob

    @override
    def _with_aux(self, out: Any, aux: list[Any]) -> Any:
        value, gradient = out
        return (value, aux), gradient


class Grad(Sharded):
    """What `sharded.grad` returns."""

    transform = "sharded.grad"
    job = GradJob


class Hvp(Sharded):
    """What `sharded.hvp` returns."""

    transform = "sharded.hvp"
    job = HvpJob

    @override
    def __call__(self, primals: Any, tangents: Any) -> Any:
        for what, given in (("primals", primals), ("tangents", tangents)):
            if not isinstance(given, tuple | list) or not given:
                name = label(self.fun)
                raise TangentError(
                    f"{self.transform} of {name} needs a tuple of {what}, one for each "
                    f"argument, but got {described(given)}. Write "
                    f"{self.transform}({name}, shards)((x,), (v,))"
                )
        self._check_leaves(primals, [0, *range(2, len(primals) + 1)])
        return self._all((primals, tangents), {})


class Jacobian(Sharded):
    """What `sharded.jacobian` returns."""

    transform = "sharded.jacobian"
    job = JacobianJob
    reductions = ("rows", "shards", "sum", "mean")


class Vmap(Sharded):
    """What `sharded.vmap` returns."""

    transform = "sharded.vmap"
    job = VmapJob
    reductions = ("rows",)
