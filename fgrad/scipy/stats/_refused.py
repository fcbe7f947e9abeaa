"""Functions of `scipy.stats` without a derivative here, and what to write instead."""

import scipy.stats as ss

from fgrad._engine.rules import constant, refuse

__all__: list[str] = []


def refuse_all(words: str, names: str) -> None:
    """Those of the names that this version of SciPy has."""
    refuse(words, *(getattr(ss, name) for name in names.split() if hasattr(ss, name)))


RANKS = (
    "rankdata percentileofscore tiecorrect spearmanr spearmanrho kendalltau "
    "weightedtau somersd chatterjeexi mannwhitneyu wilcoxon kruskal ranksums "
    "friedmanchisquare brunnermunzel cramervonmises_2samp mood median_test "
    "page_trend_test ansari"
)
"""What depends on the order of the entries only."""

constant(*(getattr(ss, name) for name in RANKS.split() if hasattr(ss, name)))


refuse_all(
    "this test has no derivative in fgrad; write its statistic with NumPy's functions, "
    "and the p-value with the method sf of a distribution from fgrad.scipy.stats",
    "alexandergovern anderson anderson_ksamp barnard_exact bartlett boschloo_exact "
    "bws_test chi2_contingency cramervonmises dunnett epps_singleton_2samp "
    "fisher_exact fligner ks_1samp ks_2samp kstest levene logrank "
    "poisson_means_test quantile_test shapiro tukey_hsd combine_pvalues "
    "false_discovery_control pointbiserialr binomtest",
)
refuse_all(
    "what is found by a search has no derivative in fgrad; use fgrad.optim, and "
    "fgrad.custom_root to differentiate what it finds",
    "fit boxcox_normmax yeojohnson_normmax ppcc_max ppcc_plot probplot boxcox_normplot "
    "yeojohnson_normplot bayes_mvs mvsdist goodness_of_fit",
)
refuse_all(
    "this has no derivative in fgrad; draw the indices with NumPy, and compute the "
    "statistic of x[indices]",
    "bootstrap monte_carlo_test permutation_test power multiscale_graphcorr "
    "sobol_indices",
)
refuse_all(
    "this has no derivative in fgrad; use np.sort, np.quantile, np.minimum or the like",
    "mode sigmaclip trimboth trim1 tmin tmax theilslopes siegelslopes "
    "scoreatpercentile quantile lmoment differential_entropy obrientransform kstatvar",
)
refuse_all(
    "this has no derivative in fgrad; use np.histogram, or fgrad.index_add",
    "binned_statistic binned_statistic_2d binned_statistic_dd cumfreq relfreq ecdf",
)
refuse_all(
    "this has no derivative in fgrad; use the mean of unit vectors and its norm",
    "directional_stats",
)
refuse_all(
    "this distance is the minimum of a linear program; use wasserstein_distance of "
    "projections",
    "wasserstein_distance_nd",
)
