"""Calls of `einsum`, in all its forms."""

import numpy as np

from tests.samples import real, sample

for subscripts, *shapes in (
    ("ij,jk->ik", (2, 3), (3, 2)),
    ("ij,jk", (2, 3), (3, 2)),
    ("ij,kj->ki", (2, 3), (2, 3)),
    (" i j , j -> i ", (2, 3), (3,)),
    ("ba", (2, 3)),
    ("i,i", (3,), (3,)),
    ("i,j->ij", (3,), (2,)),
    ("ij->", (2, 3)),
    ("ij->i", (2, 3)),
    ("ij->ji", (2, 3)),
    ("i->", (0,)),
    (",", (), ()),
    (",ij->i", (), (2, 2)),
    ("ii", (3, 3)),
    ("ii->i", (3, 3)),
    ("iji->j", (2, 3, 2)),
    ("iii->i", (2, 2, 2)),
    ("ii,ij->j", (2, 2), (2, 3)),
    ("iij,jjk->k", (2, 2, 2), (2, 2, 3)),
    ("ii,ii->i", (2, 2), (2, 2)),
    ("i,i->i", (1,), (3,)),
    ("ij,ij", (1, 3), (2, 1)),
    ("i,i->", (3,), (1,)),
    ("ii,i->i", (1, 1), (3,)),
    ("ij,j->i", (2, 1), (3,)),
    ("i,ij,j->", (2,), (2, 3), (3,)),
    ("ij,jk,kl->il", (2, 2), (2, 3), (3, 1)),
    ("ij,kl->k", (2, 2), (2, 2)),
    ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
    ("...ij,...jk", (2, 1, 2, 2), (3, 2, 1)),
    ("i...,i...->...", (2, 3), (2, 1)),
    ("i...,i...", (2, 3), (2,)),
    ("...,...", (2, 1), (3,)),
    ("...i->...", (2, 3)),
    ("...ii->...i", (2, 2, 2)),
    ("...i,...->i...", (3, 2), ()),
    ("...,i->i", (), (2,)),
    ("bA,Ab", (2, 3), (3, 2)),
    ("zA,Ab", (2, 3), (3, 2)),
    ("ij,jk->ik", (0, 2), (2, 2)),
    ("ij,jk->ik", (2, 0), (0, 2)),
):
    sample(np.einsum, subscripts, *(real(*shape) for shape in shapes))

sample(np.einsum, real(2, 3), [0, 1], real(3, 2), [1, 2], [0, 2])
sample(np.einsum, real(2, 3), [0, 1], real(3, 2), [1, 2])
sample(np.einsum, real(2, 3), [27, 3])
sample(np.einsum, real(2, 2), [0, 0], [0])
sample(np.einsum, real(2, 2, 3), [Ellipsis, 1], real(3), [1], [Ellipsis])
sample(np.einsum, real(2, 2), [0, 1], [])

for optimize in (
    True,
    "greedy",
    "optimal",
    ("greedy", 1000),
    ["einsum_path", (1, 2), (0, 1)],
):
    sample(np.einsum, "ij,jk,kl", real(2, 2), real(2, 3), real(3, 1), optimize=optimize)
sample(np.einsum, "i,i->i", real(1), real(3), optimize=True)
sample(np.einsum, "ij,jk", real(2, 2), [[1.0, 2.0], [3.0, 4.0]])
sample(np.einsum, "ij,jk", np.array([[1, 2], [3, 4]]), real(2, 2))
sample(np.einsum, "ij,jk", real(2, 2), real(2, 2), order="F", casting="unsafe")
