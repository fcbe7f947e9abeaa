"""What transforms return: small objects that stand for the function they wrap."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Coroutine
from functools import reduce, update_wrapper
from types import MethodType
from typing import Any, cast

from fgrad._transforms._argnums import Argnums, checked_argnums, positions
from fgrad._transforms._run import Run
from fgrad._transforms._running import running, up_to_date
from fgrad._transforms._values import check_function, label

__all__ = ["Transformed", "Wrapped"]


class Wrapped:
    """A function with something added: it keeps name, documentation and signature.

    It pickles when its function does, also where it has taken that function's place
    in a module (as a decorator).
    """

    __module__: str
    __qualname__: str

    def __init__(self, fun: Callable[..., Any]) -> None:
        update_wrapper(cast("Any", self), fun, updated=())
        self.fun = fun

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(cast("Any", self), instance)

    def __reduce_ex__(self, protocol: Any) -> Any:
        module: Any = sys.modules.get(getattr(self, "__module__", ""))
        path = getattr(self, "__qualname__", "").split(".")
        try:
            found: Any = reduce(getattr, path, module)
        except AttributeError:
            found = None
        return self.__qualname__ if found is self else super().__reduce_ex__(protocol)


class Transformed(Wrapped):
    """A function given to a transform, waiting for its arguments."""

    transform = ""
    """The name of the transform."""

    takes_aux = True
    """Whether the transform has the option `has_aux`."""

    def __init__(
        self,
        fun: Callable[..., Any],
        argnums: Argnums = 0,
        has_aux: bool = False,
        holomorphic: bool = False,
        allow_int: bool | None = False,
    ) -> None:
        name = self.transform
        check_function(name, fun, f"{name}(fun)(x), not {name}(fun(x))")
        super().__init__(fun)
        self.argnums = argnums
        checked_argnums(self, argnums)
        self.has_aux = has_aux
        self.holomorphic = holomorphic
        self.allow_int = allow_int

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        argnums = positions(self, self.argnums, len(args), kwargs)
        run = Run(
            self.transform,
            self.fun,
            args,
            argnums,
            takes_aux=self.takes_aux,
            allow_int=self.allow_int,
        )
        out = run.call(kwargs, self._through())
        return (
            self._later(run, out) if inspect.iscoroutine(out) else self._end(run, out)
        )

    def _through(self) -> Callable[..., Any] | None:
        """A transform of the function that runs in its place, if there is one."""
        return None

    async def _later(self, run: Run, out: Coroutine[Any, Any, Any]) -> Any:
        """The end for an async function, once it is done."""
        with running(run.trace):
            out = up_to_date(await out)
        return self._end(run, out)

    def _end(self, run: Run, out: Any) -> Any:
        """The result of the transform, from the output of the function."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{self.transform}({label(self.fun)})"
