"""`numpy.linalg`, for arrays and traced arrays alike."""

import numpy as _np
from numpy.linalg import LinAlgError as LinAlgError

from fgrad.numpy._namespace import lift as _lift, others as _others

cholesky = _lift(_np.linalg.cholesky)
cond = _lift(_np.linalg.cond)
cross = _lift(_np.linalg.cross)
det = _lift(_np.linalg.det)
diagonal = _lift(_np.linalg.diagonal)
eig = _lift(_np.linalg.eig)
eigh = _lift(_np.linalg.eigh)
eigvals = _lift(_np.linalg.eigvals)
eigvalsh = _lift(_np.linalg.eigvalsh)
inv = _lift(_np.linalg.inv)
lstsq = _lift(_np.linalg.lstsq)
matmul = _lift(_np.linalg.matmul)
matrix_norm = _lift(_np.linalg.matrix_norm)
matrix_power = _lift(_np.linalg.matrix_power)
matrix_rank = _lift(_np.linalg.matrix_rank)
matrix_transpose = _lift(_np.linalg.matrix_transpose)
multi_dot = _lift(_np.linalg.multi_dot)
norm = _lift(_np.linalg.norm)
outer = _lift(_np.linalg.outer)
pinv = _lift(_np.linalg.pinv)
qr = _lift(_np.linalg.qr)
slogdet = _lift(_np.linalg.slogdet)
solve = _lift(_np.linalg.solve)
svd = _lift(_np.linalg.svd)
svdvals = _lift(_np.linalg.svdvals)
tensordot = _lift(_np.linalg.tensordot)
tensorinv = _lift(_np.linalg.tensorinv)
tensorsolve = _lift(_np.linalg.tensorsolve)
trace = _lift(_np.linalg.trace)
vecdot = _lift(_np.linalg.vecdot)
vector_norm = _lift(_np.linalg.vector_norm)

__getattr__, __dir__ = _others(_np.linalg, globals())
