"""The public names of SciPy that are not in the registry, and why.

As in the table of NumPy's names, but for the modules that `fgrad.scipy` has.
"""

import sys
from collections.abc import Iterator
from typing import Any

from fgrad._engine.later import LATER

__all__ = [
    "FOLLOWED",
    "NOT_FOLLOWED",
    "NO_ARRAY",
    "SPACES",
    "distribution",
    "members",
]

SPACES = ("scipy.special", "scipy.linalg", "scipy.stats")

FOLLOWED = {
    *("jvp", "yvp", "ivp", "kvp", "h1vp", "h2vp", "zeta", "lambertw", "sinc"),
    *("assoc_laguerre", "softplus", "btdtr", "btdtri"),
}
"""SciPy's own code, which computes with traced values as with any numbers."""

COUNTS = "its arguments count, or the result is a table of many orders"

NOT_FOLLOWED: dict[str, str] = {
    "factorial factorial2 factorialk perm": "use gamma or poch for what does not count",
    "diric": "use np.sin(n x / 2) / (n np.sin(x / 2))",
    "legendre_p legendre_p_all assoc_legendre_p assoc_legendre_p_all sph_legendre_p "
    "sph_legendre_p_all sph_harm_y sph_harm_y_all sph_harm": (
        "not differentiated yet: use eval_legendre or lpmv, or SciPy's own diff_n="
    ),
    "lqn lqmn riccati_jn riccati_yn lmbda pbdv_seq pbvv_seq pbdn_seq obl_cv_seq "
    "pro_cv_seq mathieu_even_coef mathieu_odd_coef clpmn lpmn lpn": COUNTS,
    "ellip_harm ellip_harm_2 ellip_normal nchypergeom_fisher nchypergeom_wallenius "
    "poisson_binom": "no formula is known to fgrad",
    "hypergeom multivariate_hypergeom nhypergeom randint": "its parameters count",
    "Binomial Logistic Mixture Normal Uniform abs exp log make_distribution "
    "order_statistic truncate": "use binom, logistic, norm, uniform",
    "rv_continuous rv_discrete rv_histogram": (
        "a distribution of your own: write its log-density as a function"
    ),
    "CensoredData Covariance": "pass arrays",
    "find_repeats": "use np.unique",
    "rvs_ratio_uniforms": "draw with the method rvs of a distribution",
}
"""What SciPy has for arrays and fgrad does not trace."""

POLYNOMIALS = [
    *("legendre", "chebyt", "chebyu", "chebyc", "chebys", "jacobi", "laguerre"),
    *("genlaguerre", "hermite", "hermitenorm", "gegenbauer", "sh_legendre"),
    *("sh_chebyt", "sh_chebyu", "sh_jacobi"),
]

NO_ARRAY: dict[str, str] = {
    "geterr seterr errstate SpecialFunctionWarning SpecialFunctionError": "settings",
    "bernoulli euler stirling2": "makes arrays from counts",
    " ".join(POLYNOMIALS): "makes a polynomial from counts",
    " ".join(f"roots_{name}" for name in POLYNOMIALS)
    + " p_roots t_roots u_roots c_roots s_roots j_roots l_roots la_roots h_roots "
    "he_roots cg_roots ps_roots ts_roots us_roots js_roots": "makes nodes from counts",
    "ai_zeros bi_zeros bei_zeros beip_zeros ber_zeros berp_zeros erf_zeros "
    "fresnel_zeros fresnelc_zeros fresnels_zeros jn_zeros jnjnp_zeros jnp_zeros "
    "jnyn_zeros kei_zeros keip_zeros kelvin_zeros ker_zeros kerp_zeros y0_zeros "
    "y1_zeros y1p_zeros yn_zeros ynp_zeros": "makes zeros from counts",
    "dft hadamard helmert hilbert invhilbert invpascal pascal": "matrices of counts",
    "find_best_blas_type get_blas_funcs get_lapack_funcs": "about LAPACK",
    "LinAlgError LinAlgWarning": "errors and warnings",
    "bandwidth": "counts",
    "test": "about SciPy itself",
    "BootstrapMethod MonteCarloMethod PermutationMethod": "settings",
    "ConstantInputWarning DegenerateDataWarning FitError NearConstantInputWarning": (
        "errors and warnings"
    ),
    "ortho_group random_correlation random_table special_ortho_group "
    "uniform_direction unitary_group": "draws without parameters to differentiate",
}


def members(space: str) -> Iterator[tuple[str, Any]]:
    """The public names of a module, and what they stand for."""
    module = LATER[f"fgrad.{space}"]()  # and its rules
    loaded = sys.modules[space]
    theirs = sys.modules["fgrad.scipy._special"] if "special" in space else loaded
    for name in sorted({*module.__all__}):
        yield name, getattr(theirs, name)


def distribution(space: str, name: str) -> tuple[str, str] | None:
    """What an object with methods is for fgrad, if it is one."""
    lacks = getattr(getattr(LATER[f"fgrad.{space}"](), name, None), "lacks", None)
    if not isinstance(lacks, str):
        return None
    return "primitive", f"its parameters{', but not ' * bool(lacks)}{lacks}"
