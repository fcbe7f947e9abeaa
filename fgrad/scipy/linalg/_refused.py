"""What is not unique, or only tells how to store something; and what is constant."""

import scipy.linalg as sl

from fgrad._engine.rules import constant, refuse

__all__: list[str] = []

constant(sl.bandwidth, sl.ishermitian, sl.issymmetric)

refuse(
    "the basis that scipy.linalg.null_space returns is one of many, so it has no "
    "derivative; the projector onto it has: np.eye(n) - scipy.linalg.pinv(A) @ A",
    sl.null_space,
)
refuse(
    "the basis that scipy.linalg.orth returns is one of many, so it has no derivative; "
    "the projector onto it has: A @ scipy.linalg.pinv(A)",
    sl.orth,
)
refuse(
    "the factors of a Schur decomposition are some of many, so they have no "
    "derivative; use scipy.linalg.eig, or a function of the matrix, such as "
    "scipy.linalg.expm, sqrtm or logm",
    *(sl.schur, sl.rsf2csf, sl.qz, sl.ordqz),
)
refuse(
    "the factors of a Hessenberg decomposition have no derivative rule; use "
    "scipy.linalg.qr or eig",
    sl.hessenberg,
)
refuse(
    "the factors of a CS decomposition have no derivative rule; use scipy.linalg.svd "
    "of the blocks",
    sl.cossin,
)
refuse(
    "updates of a QR decomposition have no derivative rule; use scipy.linalg.qr of the "
    "changed matrix",
    *(getattr(sl, f"qr_{how}") for how in ("delete", "insert", "update")),
)
refuse(
    "scipy.linalg.qr_multiply has no derivative rule; use q, r = scipy.linalg.qr(a, "
    "mode='economic') and c @ q",
    sl.qr_multiply,
)
refuse(
    "scipy.linalg.cdf2rdf has no derivative rule; use the complex eigenvalues and "
    "vectors of scipy.linalg.eig",
    sl.cdf2rdf,
)
refuse(
    "scipy.linalg.expm_cond has no derivative rule; use the norm of what "
    "scipy.linalg.expm_frechet returns",
    sl.expm_cond,
)
refuse(
    "scipy.linalg.clarkson_woodruff_transform draws a random matrix; multiply with one "
    "that you draw before",
    sl.clarkson_woodruff_transform,
)
refuse(
    "the bases from which scipy.linalg.subspace_angles starts have no derivative; use "
    "np.arccos of scipy.linalg.svdvals(qa.T @ qb), with qa and qb from "
    "scipy.linalg.qr(a, mode='economic')",
    sl.subspace_angles,
)
