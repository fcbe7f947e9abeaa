"""What transforms return: small objects that stand for the function they wrap."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import reduce, update_wrapper
from types import MethodType
from typing import Any, cast

from fgrad._transforms._checks import check_function
from fgrad._transforms._explained import explained
from fgrad._transforms._located import located
from fgrad._transforms._run import Argnums, Run, label, numbers, positions

__all__ = ["Transformed", "Wrapped", "is_sequence"]


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

    def __init__(
        self,
        transform: str,
        fun: Callable[..., Any],
        argnums: Argnums = 0,
        has_aux: bool = False,
        holomorphic: bool = False,
    ) -> None:
        check_function(transform, fun, f"{transform}(fun)(x), not {transform}(fun(x))")
        super().__init__(fun)
        self.transform = transform
        self.argnums = argnums
        numbers(self, argnums)
        self.has_aux = has_aux
        self.holomorphic = holomorphic

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        argnums = positions(self, self.argnums, len(args), kwargs)
        run = Run(self.transform, self.fun, args, argnums)
        out = self._begin(run, kwargs)
        return (
            self._later(run, out) if inspect.iscoroutine(out) else self._end(run, out)
        )

    def _begin(self, run: Run, kwargs: dict[str, Any]) -> Any:
        """Run the function."""
        return run.call(kwargs)

    async def _later(self, run: Run, out: Coroutine[Any, Any, Any]) -> Any:
        """The same for an async function, once it is done."""
        try:
            with located():
                out = await out
            return self._end(run, out)
        except BaseException as error:
            if explained(error) is not error:
                raise explained(error) from None
            raise
        finally:
            run.trace.close()

    def _end(self, run: Run, out: Any) -> Any:
        """What the transform returns, from the output of the function."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{self.transform}({label(self.fun)})"


def is_sequence(argnums: Argnums) -> bool:
    """Whether the result shall be a tuple."""
    return isinstance(argnums, Sequence)
