"""``np.vectorize``, a class that NumPy does not dispatch: fgrad's own subclass."""

import re
from typing import Any

import numpy as np

from fgrad._engine.box import Box, primal
from fgrad.derived.creation import array, as_traced
from fgrad.primitives.creation import asarray

__all__ = ["vectorize"]


class vectorize(np.vectorize):  # noqa: N801 # pyright: ignore[reportIncompatibleVariableOverride] (NumPy's name)
    """NumPy's `vectorize`; for traced arguments, a loop over their entries."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        named: dict[Any, Any] = {**dict(enumerate(args)), **kwargs}
        if not any(_is_traced(value) for value in named.values()):
            return super().__call__(*args, **kwargs)
        excluded: Any = self.excluded
        looped = {k: as_traced(v) for k, v in named.items() if k not in excluded}
        core, results = _core_axes(self.signature, len(looped))
        if len(core) != len(looped):
            raise TypeError(f"wrong number of arguments for {self.signature}")
        lead = np.broadcast_shapes(
            *(x.shape[: x.ndim - n] for x, n in zip(looped.values(), core, strict=True))
        )
        looped = {
            k: np.broadcast_to(x, lead + x.shape[x.ndim - n :])
            for (k, x), n in zip(looped.items(), core, strict=True)
        }

        def at(index: Any) -> Any:
            given = named | {k: x[index] for k, x in looped.items()}
            by_position = [given[i] for i in range(len(args))]
            return self.pyfunc(*by_position, **{k: given[k] for k in kwargs})

        rows = [at(index) for index in np.ndindex(lead)]
        if not rows:
            raise ValueError("cannot call `vectorize` on size 0 traced inputs")
        several = isinstance(rows[0], tuple) if results is None else results > 1
        columns = list(zip(*rows, strict=True)) if several else [rows]
        outputs = tuple(
            self._joined(column, lead, i) for i, column in enumerate(columns)
        )
        return outputs if several else outputs[0]

    def _joined(self, column: Any, lead: tuple[int, ...], i: int) -> Any:
        """One output, in the dtype asked for; else in that of its first entry."""
        otypes: Any = self.otypes
        first = as_traced(column[0])
        dtype = otypes[i] if otypes else first.dtype
        values = asarray(array(list(column)), dtype=dtype)
        return np.reshape(values, lead + first.shape)


def _is_traced(value: Any) -> bool:
    return type(value) is Box or primal(value) is not value


def _core_axes(signature: Any, count: int) -> tuple[list[int], int | None]:
    """How many axes of each argument the function takes whole; how many results."""
    if signature is None:
        return [0] * count, None
    inputs, _, outputs = signature.partition("->")
    groups = re.findall(r"\(([^)]*)\)", inputs)
    return [len(re.findall(r"\w+", group)) for group in groups], outputs.count("(")
