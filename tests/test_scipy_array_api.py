"""SciPy's array-API mode: plain calls on traced arrays, in processes of their own.

SciPy reads ``SCIPY_ARRAY_API`` when it is imported.
"""

import os
import subprocess
import sys
from typing import Any

import pytest
import scipy

SCIPY = tuple(map(int, scipy.__version__.split(".")[:2]))

PROGRAM = """
import warnings
import numpy as np
import scipy.special as sp
import scipy.stats as ss
import fgrad
from fgrad.testing import check_grads

x = np.array([0.3, 1.2, 2.5, 0.7, 1.9])
w = np.array([0.2, 0.3, 0.1, 0.5, 0.4])


def check(*calls):
    for call in calls:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ss.DegenerateDataWarning)
            check_grads(call, (x,), rtol=1e-8, order=1)

"""


def run(code: str) -> None:
    env = os.environ | {"SCIPY_ARRAY_API": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + code], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


FOLLOWED = """
check(
    sp.softmax, sp.log_softmax, sp.logsumexp, ss.skew, ss.gmean, ss.hmean, ss.zscore,
    ss.sem, ss.tvar, ss.circmean, ss.kstat, lambda x: ss.kurtosis(x, bias=False),
    lambda x: ss.moment(x, 3), lambda x: ss.zscore(np.stack([x, w]), axis=None),
    lambda x: ss.describe(x).variance, lambda x: ss.ttest_1samp(x, 0.5).pvalue,
)
"""
MIXED = """
check(
    lambda x: sp.logsumexp(x, b=w), lambda x: sp.logsumexp(w, b=x),
    lambda x: sp.xlogy(w, x), lambda x: sp.rel_entr(x, w), lambda x: ss.zmap(w, x),
    lambda x: ss.gmean(x, weights=w), lambda x: ss.entropy(w, x),
    lambda x: ss.ttest_ind(x, w).statistic, lambda x: ss.variation(x),
)
"""
SINCE = ["followed", "mixed"] if SCIPY >= (1, 16) else []
"""Before, the mode has few functions: those of `fgrad.scipy` are for all versions."""


@pytest.mark.parametrize("code", SINCE)
def test_scipys_own_code_is_followed(code: str) -> None:
    run({"followed": FOLLOWED, "mixed": MIXED}[code])


def test_ufuncs_that_scipy_hides_behind_functions() -> None:
    run("""
from fgrad.scipy import special
assert not isinstance(sp.gammaln, np.ufunc)
check(
    sp.gammaln, sp.expit, sp.entr, special.gammaln, lambda x: sp.gammainc(x, w),
    lambda x: sp.gammainc(w, x), lambda x: sp.stdtr(3, x), lambda x: sp.zeta(x + 1, w),
    lambda x: special.betainc(w, x, w), sp.dawsn,
)
assert not fgrad.coverage("scipy").unknown
""")


@pytest.mark.parametrize("mode", ["", "1"])
def test_calls_without_traced_arrays_are_scipys(mode: Any) -> None:
    code = """
fgrad.grad(lambda x: np.sum(sp.gammaln(x)))(x) if {mode!r} else None
assert type(sp.gammaln(x)) is np.ndarray
assert type(ss.zmap(w, x)) is np.ndarray
assert type(sp.softmax(x)) is np.ndarray
try:
    import torch
except ImportError:
    pass
else:
    assert type(sp.gammaln(torch.tensor(x))) is torch.Tensor
"""
    run(code.format(mode=mode))
