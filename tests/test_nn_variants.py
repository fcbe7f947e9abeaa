"""Functions of `fgrad.nn` on other shapes, sizes, dtypes and orders of memory."""

from typing import Any

import numpy as np
import pytest

from fgrad import nn
from fgrad.testing import check_rule

rng = np.random.default_rng(3)


def normal(*shape: int) -> Any:
    return rng.normal(size=shape)


X, LINE, IMAGE = normal(3, 4), normal(2, 3, 7), normal(2, 3, 6, 5)
LABELS = np.array([0, 3, 1])
SHARES = np.exp(X) / np.sum(np.exp(X), -1, keepdims=True)
HEADS = normal(2, 5, 4), normal(2, 6, 4), normal(2, 6, 3)

CALLS: list[tuple[Any, ...]] = [
    *((fun, X) for fun in (nn.relu, nn.leaky_relu, nn.elu, nn.gelu, nn.silu)),
    *((fun, X) for fun in (nn.softplus, nn.sigmoid, nn.tanh)),
    *((fun, X, 1) for fun in (nn.softmax, nn.log_softmax, nn.logsumexp)),
    (nn.linear, X, normal(2, 4), normal(2)),
    (nn.conv1d, LINE, normal(4, 3, 2), normal(4)),
    (nn.conv2d, IMAGE, normal(4, 3, 3, 2), normal(4), 2, 1),
    (nn.conv3d, normal(2, 2, 4, 3, 3), normal(2, 2, 2, 2, 2)),
    (nn.conv_transpose1d, LINE, normal(3, 4, 2)),
    (nn.conv_transpose2d, IMAGE, normal(3, 4, 3, 2), normal(4), 2),
    (nn.max_pool1d, LINE, 2),
    (nn.max_pool2d, IMAGE, 2),
    (nn.avg_pool1d, LINE, 3, None, 1),
    (nn.avg_pool2d, IMAGE, 2),
    (nn.adaptive_avg_pool2d, IMAGE, (2, 3)),
    (nn.unfold, IMAGE, 2),
    (nn.fold, normal(2, 12, 6), (3, 4), 2),
    (nn.layer_norm, X, (4,), normal(4), normal(4)),
    (nn.group_norm, IMAGE, 3, normal(3)),
    (nn.batch_norm, X, np.zeros(4), np.ones(4)),
    (nn.cross_entropy, X, LABELS),
    (nn.cross_entropy, X, SHARES),
    (nn.nll_loss, X, LABELS),
    (nn.binary_cross_entropy_with_logits, X, SHARES),
    (nn.huber, X, normal(3, 4)),
    (nn.mse, X, normal(3, 4), "none"),
    (nn.scaled_dot_product_attention, *HEADS),
    (nn.scaled_dot_product_attention, *HEADS, None, 0.0, True),
    (nn.embedding, np.array([[0, 2], [1, 1]]), normal(3, 4)),
    (nn.masked_fill, X, X > 0.5, -1.5),
]


@pytest.mark.filterwarnings("ignore::fgrad.errors.UncheckedDerivativeWarning")
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0].__name__)
def test_variants(call: tuple[Any, ...]) -> None:
    fun, *args = call
    check_rule(fun, args, order=1, vary=True)
