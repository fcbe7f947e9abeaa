"""Einstein summation: the cotangent of an operand is again an `einsum`."""

from functools import cache
from itertools import count

import numpy as np

from fgrad._rules import constant, defvjp
from fgrad.primitives.indexing import index_update


def einsum_pullback(g, operands, like, wanted, optimize=False):
    """For each wanted operand, contract the cotangent with the other operands."""
    subscripts, arrays, positions = _subscripts(operands)
    spaces = [like[i] for i in positions]
    labels, output = _labels(subscripts, tuple(space.ndim for space in spaces))
    # A precomputed path is one for the operands, without the cotangent among them.
    route = optimize if isinstance(optimize, bool | str) else True
    result = [None] * len(operands)
    for k, position in enumerate(positions):
        if wanted[position] is not None:
            others = [*arrays[:k], *arrays[k + 1 :], g]
            theirs = [*labels[:k], *labels[k + 1 :], output]
            result[position] = _cotangent(others, theirs, labels[k], spaces[k], route)
    return result


def _cotangent(others, theirs, own, space, optimize):
    """Contract, then repeat along what only this operand had, then onto diagonals."""
    sizes = dict(zip(own, space.shape, strict=True))
    full = {
        label: max(np.shape(x)[labels.index(label)] for x, labels in found)
        for label in sizes
        if (
            found := [(x, s) for x, s in zip(others, theirs, strict=True) if label in s]
        )
    }
    # An axis of length 1 that was broadcast is summed over.
    kept = [label for label, n in full.items() if sizes[label] != 1 or n == 1]
    c = np.einsum(f"{','.join(theirs)}->{''.join(kept)}", *others, optimize=optimize)
    shape = tuple(
        n if label in kept and full[label] == n else 1 for label, n in sizes.items()
    )
    c = np.broadcast_to(np.reshape(c, shape), tuple(sizes.values()))
    if len(sizes) == len(own):
        return c
    along = np.ix_(*map(np.arange, sizes.values()))
    index = dict(zip(sizes, along, strict=True))
    zeros = np.zeros(space.shape, c.dtype)
    return index_update(zeros, tuple(index[label] for label in own), c)


def _subscripts(operands):
    """Subscripts, one for each operand and perhaps the output; and the operands.

    Also the operands' positions among the arguments, which may alternate with sublists.
    """
    if isinstance(operands[0], str):
        positions = range(1, len(operands))
        subscripts = operands[0].replace(" ", "")
    else:
        positions = range(0, len(operands) - 1, 2)
        subscripts = ",".join(_letters(operands[i + 1]) for i in positions)
        if len(operands) % 2:
            subscripts += "->" + _letters(operands[-1])
    return subscripts, [operands[i] for i in positions], positions


def _letters(sublist):
    """A sublist as a string; letters sort as NumPy sorts the numbers."""
    return "".join("..." if s is Ellipsis else _letter(s) for s in sublist)


def _letter(number):
    return chr(ord("A") + number) if number < 26 else chr(ord("a") + number - 26)


@cache
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


defvjp(np.einsum, sequences=("operands",), variadic=True, operands=einsum_pullback)
constant(np.einsum_path)
