"""Einstein summation: the cotangent of an operand is again an `einsum`."""

from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from fgrad._engine.box import as_array
from fgrad._engine.rules import defvjp
from fgrad.primitives.contraction import Layout, layout, product_of_matrices
from fgrad.primitives.indexing import index_update


def einsum_pullback(g, operands, like, wanted, optimize=False):
    """For each wanted operand, contract the cotangent with the other operands."""
    subscripts, positions = _subscripts(operands)
    plans = _plans(subscripts, tuple(like[i].shape for i in positions))
    # A precomputed path is one for the operands, without the cotangent among them.
    route = optimize if isinstance(optimize, bool | str) else True
    result: list[Any] = [None] * len(operands)
    for plan, position in zip(plans, positions, strict=True):
        if wanted[position] is not None:
            others = [operands[i] for i in positions if i != position]
            if plan.matrices:
                c = product_of_matrices(as_array(others[0]), g, *plan.matrices)
            else:
                c = np.einsum(plan.subscripts, *others, g, optimize=route)
            if c.shape != plan.shape:
                c = np.broadcast_to(np.reshape(c, plan.kept), plan.shape)
            if plan.diagonal is not None:
                zeros = np.zeros(like[position].shape, c.dtype)
                c = index_update(zeros, plan.diagonal, c)
            result[position] = c
    return result


class Plan(NamedTuple):
    """How the cotangent of one operand comes about."""

    subscripts: str
    """The sum of products of the other operands and the cotangent of the result."""
    kept: tuple[int, ...]
    """The shape of that `einsum`, with 1 where only this operand has the axis."""
    shape: tuple[int, ...]
    """The operand's shape, with each label once."""
    diagonal: Any
    """Where in the operand that is, if it has a label twice."""
    matrices: Layout | None
    """How that `einsum` is a product of matrices, if it is one."""


@lru_cache(maxsize=512)
def _plans(subscripts, shapes):
    labels, output = _labels(subscripts, tuple(map(len, shapes)))
    lengths = list(map(dict, map(zip, labels, shapes)))
    plans = []
    every = {(label, n) for sizes in lengths for label, n in sizes.items()}
    size = dict(every)
    for k, own in enumerate(labels):
        others = lengths[:k] + lengths[k + 1 :]
        sizes = lengths[k]
        seen = {}  # the length that each label has without this operand
        for label in sizes:
            found = lengths if label in output else others
            found = [other[label] for other in found if label in other]
            if found:
                seen[label] = next((n for n in found if n != 1), 1)
        # An axis of length 1 that was broadcast is summed over.
        kept = [label for label, n in seen.items() if sizes[label] != 1 or n == 1]
        inputs = [*labels[:k], *labels[k + 1 :], output]
        result = "".join(kept)
        # No axis of length 1 may be broadcast.
        product = len(inputs) == 2 and len(size) == len(every)
        diagonal = None
        if len(sizes) < len(own):
            along = np.ix_(*map(np.arange, sizes.values()))
            index = dict(zip(sizes, along, strict=True))
            diagonal = tuple(index[label] for label in own)
        plan = Plan(
            f"{','.join(inputs)}->{result}",
            tuple(seen[label] if label in kept else 1 for label in sizes),
            tuple(sizes.values()),
            diagonal,
            layout(*inputs, result, size) if product else None,
        )
        plans.append(plan)
    return plans


def _subscripts(operands):
    """The subscripts as a string, and the operands' positions among the arguments."""
    if isinstance(operands[0], str):
        positions = range(1, len(operands))
        subscripts = operands[0].replace(" ", "")
    else:
        positions = range(0, len(operands) - 1, 2)
        subscripts = ",".join(_letters(operands[i + 1]) for i in positions)
        if len(operands) % 2:
            subscripts += "->" + _letters(operands[-1])
    return subscripts, positions


def _letters(sublist):
    """A sublist as a string; letters sort as NumPy sorts the numbers."""
    return "".join("..." if s is Ellipsis else _letter(s) for s in sublist)


def _letter(number):
    return chr(ord("A") + number) if number < 26 else chr(ord("a") + number - 26)


def _labels(subscripts, ndims):
    """One letter for each axis of each operand and of the result."""
    inputs, _, output = subscripts.partition("->")
    unused = (c for c in map(_letter, count()) if c not in subscripts)
    parts = inputs.split(",")
    hidden = [n - len(p.replace("...", "")) for p, n in zip(parts, ndims, strict=True)]
    dots = "".join(next(unused) for _ in range(max(hidden, default=0)))
    labels = [
        part.replace("...", dots[len(dots) - n :])
        for part, n in zip(parts, hidden, strict=True)
    ]
    if "->" not in subscripts:
        letters = inputs.replace("...", "").replace(",", "")
        output = "..." + "".join(c for c in sorted(letters) if letters.count(c) == 1)
    return labels, output.replace("...", dots)


defvjp(
    np.einsum,
    linear=True,
    sequences=("operands",),
    variadic=True,
    operands=einsum_pullback,
)
