"""Functions that join arrays: their cotangents are cut apart again."""

import numpy as np

from fgrad._engine.rules import defvjp
from fgrad.primitives._axes import as_sequence, piece_shapes


def concatenate_pullback(g, like, wanted, axis):
    """Cut the cotangent where the arrays were joined."""
    shapes = piece_shapes(like)
    if axis is None:
        lead, lengths = (), [int(np.prod(shape)) for shape in shapes]
    else:
        lead = (slice(None),) * (axis % g.ndim)
        lengths = [shape[axis] for shape in shapes]
    parts = []
    stop = 0
    for i, (shape, length) in enumerate(zip(shapes, lengths, strict=True)):
        start, stop = stop, stop + length
        if type(wanted) is tuple and wanted[i] is None:
            parts.append(None)
            continue
        part = g[(*lead, slice(start, stop))]
        parts.append(np.reshape(part, shape) if axis is None else part)
    return as_sequence(parts, like)


def stack_pullback(g, like, axis):
    """One slice for each array."""
    lead = (slice(None),) * (axis % g.ndim)
    return as_sequence([g[(*lead, i)] for i in range(g.shape[axis])], like)


defvjp(np.concatenate, sequences=("arrays",), arrays=concatenate_pullback)
defvjp(np.stack, sequences=("arrays",), arrays=stack_pullback)
