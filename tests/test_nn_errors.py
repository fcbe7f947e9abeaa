"""What `fgrad.nn` says to wrong arguments, word for word."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fgrad import grad, nn, vmap
from fgrad.nn import init

IMAGES = np.ones((2, 3, 8, 8))
KERNELS = np.ones((4, 3, 3, 3))
RNG = np.random.default_rng(0)


def attention(queries: int = 2, **options: Any) -> Any:
    q, k = np.ones((queries, 3)), np.ones((2, 3))
    return nn.scaled_dot_product_attention(q, k, k, **options)


def yes_or_no(**options: Any) -> Any:
    x = np.ones((2, 3))
    return nn.binary_cross_entropy_with_logits(x, x, **options)


WORDS: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "a kernel larger than the image": (
        lambda: nn.conv2d(IMAGES, np.ones((4, 3, 11, 3)), padding=1),
        ValueError,
        "conv2d has kernels of size (11, 3), larger than the padded input of size "
        "(10, 10): input has shape (2, 3, 8, 8), weight (4, 3, 11, 3), and padding is "
        "1",
    ),
    "a dilated kernel larger than the image": (
        lambda: nn.conv1d(np.ones((3, 4)), np.ones((1, 3, 3)), dilation=2),
        ValueError,
        "conv1d has kernels of size (3,) (with dilation (5,)), larger than the padded "
        "input of size (4,): input has shape (3, 4), weight (1, 3, 3), and padding is "
        "0",
    ),
    "groups that do not divide": (
        lambda: nn.conv2d(IMAGES, KERNELS, groups=2),
        ValueError,
        "conv2d has groups=2, which does not divide the 3 channels of input",
    ),
    "groups that do not divide the kernels": (
        lambda: nn.conv2d(np.ones((3, 8, 8)), np.ones((4, 1, 3, 3)), groups=3),
        ValueError,
        "conv2d has groups=3, which does not divide the 4 channels of weight",
    ),
    "channels last": (
        lambda: nn.conv2d(np.ones((2, 8, 8, 3)), KERNELS),
        ValueError,
        "conv2d needs input with 3 channels along axis 1, for weight of shape "
        "(4, 3, 3, 3), but input has shape (2, 8, 8, 3); its last axis has 3: if the "
        "channels come last, write np.moveaxis(input, -1, 1)",
    ),
    "other channels": (
        lambda: nn.conv_transpose1d(np.ones((5, 7)), np.ones((4, 2, 3))),
        ValueError,
        "conv_transpose1d needs input with 4 channels along axis 0, for weight of "
        "shape (4, 2, 3), but input has shape (5, 7)",
    ),
    "negative padding": (
        lambda: nn.conv2d(IMAGES, KERNELS, padding=(0, -1)),
        ValueError,
        "conv2d needs padding to be a whole number of at least 0, or 2 of them, but "
        "got (0, -1)",
    ),
    "a stride of 0": (
        lambda: nn.max_pool1d(np.ones(4), 2, 0),
        ValueError,
        "max_pool1d needs stride to be a whole number of at least 1, or a tuple of "
        "one, but got 0",
    ),
    "padding of a wrong name": (
        lambda: nn.conv2d(IMAGES, KERNELS, padding="full"),
        ValueError,
        "conv2d has padding='full'; write 'same', 'valid' or a number",
    ),
    "the same size with a stride": (
        lambda: nn.conv2d(IMAGES, KERNELS, padding="same", stride=2),
        ValueError,
        "conv2d has padding='same' and stride (2, 2): the output has the size of the "
        "input only if the stride is 1; give padding as numbers",
    ),
    "integer images": (
        lambda: nn.conv2d(np.ones((2, 3, 8, 8), np.uint8), KERNELS),
        TypeError,
        "conv2d needs floating-point numbers, but input has dtype uint8 and shape "
        "(2, 3, 8, 8); write input.astype(np.float32)",
    ),
    "an integer": (
        lambda: nn.relu(3),
        TypeError,
        "relu needs floating-point numbers, but input has dtype int64 and shape (); "
        "write float(input)",
    ),
    "nothing": (
        lambda: nn.relu(None),
        TypeError,
        "relu needs floating-point numbers, but input has dtype object and shape ()",
    ),
    "complex images": (
        lambda: nn.max_pool2d(1j * IMAGES, 2),
        TypeError,
        "max_pool2d needs real numbers, but input has dtype complex128 and shape "
        "(2, 3, 8, 8); write np.abs(input) or input.real",
    ),
    "one image without channels": (
        lambda: nn.conv2d(np.ones((8, 8)), KERNELS),
        ValueError,
        "conv2d needs input of shape (n, channels, height, width) or (channels, "
        "height, width), but got (8, 8)",
    ),
    "a flat kernel": (
        lambda: nn.conv2d(IMAGES, np.ones((3, 3))),
        ValueError,
        "conv2d needs weight of shape (out, in / groups, height, width), but got (3, "
        "3)",
    ),
    "a bias of a wrong shape": (
        lambda: nn.conv2d(IMAGES, KERNELS, np.ones(3)),
        ValueError,
        "conv2d needs bias of shape (4,), but got (3,)",
    ),
    "output padding": (
        lambda: nn.conv_transpose1d(np.ones((1, 3)), np.ones((1, 1, 2)), None, 2, 0, 2),
        ValueError,
        "conv_transpose1d has output_padding=2; it has to be smaller than the stride "
        "(2,) or the dilation (1,)",
    ),
    "nothing left": (
        lambda: nn.conv_transpose1d(np.ones((1, 2)), np.ones((1, 1, 2)), padding=2),
        ValueError,
        "conv_transpose1d has padding=2, which leaves nothing of the result: input has "
        "shape (1, 1, 2), weight (1, 1, 2), and stride is 1",
    ),
    "a large window": (
        lambda: nn.avg_pool2d(IMAGES, (3, 9)),
        ValueError,
        "avg_pool2d has windows of size (3, 9), larger than the padded input of size "
        "(8, 8): input has shape (2, 3, 8, 8), and padding is 0",
    ),
    "a window of padding": (
        lambda: nn.max_pool1d(np.ones(1), 2, padding=1, dilation=2),
        ValueError,
        "max_pool1d has a window that sees nothing but padding: input has shape (1,), "
        "kernel_size is 2, padding 1 and dilation 2",
    ),
    "much padding": (
        lambda: nn.max_pool2d(IMAGES, 2, padding=2),
        ValueError,
        "max_pool2d has padding=2, which is more than half of the windows of size (2, "
        "2)",
    ),
    "no axes to pool": (
        lambda: nn.max_pool2d(np.ones(4), 2),
        ValueError,
        "max_pool2d needs input of shape (..., height, width), but got (4,)",
    ),
    "nothing to average": (
        lambda: nn.adaptive_avg_pool1d(np.ones((2, 0)), 1),
        ValueError,
        "adaptive_avg_pool1d has nothing to average in input of shape (2, 0)",
    ),
    "a window larger than what is unfolded": (
        lambda: nn.unfold(IMAGES, 9),
        ValueError,
        "unfold has windows of size (9, 9), larger than the padded image of size (8, "
        "8): without padding=0, its size is (8, 8)",
    ),
    "columns that do not fit": (
        lambda: nn.fold(np.ones((4, 5)), (3, 3), 2),
        ValueError,
        "fold needs input of shape (n, c * 4, 4), or without n, for windows of size "
        "(2, 2) at (2, 2) places, but got (4, 5)",
    ),
    "a label out of range": (
        lambda: nn.cross_entropy(np.ones((2, 3)), [0, 3]),
        ValueError,
        "cross_entropy needs labels from 0 to 2, but target of shape (2,) has 3",
    ),
    "a negative label": (
        lambda: nn.nll_loss(np.ones((2, 3)), [0, -1]),
        ValueError,
        "nll_loss needs labels from 0 to 2, but target of shape (2,) has -1",
    ),
    "a label among examples": (
        lambda: vmap(nn.cross_entropy)(np.ones((2, 3)), np.array([0, 7])),
        ValueError,
        "cross_entropy needs labels from 0 to 2, but target of shape () has 7",
    ),
    "labels of a wrong shape": (
        lambda: nn.cross_entropy(np.ones((2, 5, 5, 3)), np.ones((2, 5, 5), int)),
        ValueError,
        "cross_entropy needs labels of shape (2, 5, 3) for input of shape (2, 5, 5, "
        "3), whose classes are along axis 1, but target has shape (2, 5, 5); if the "
        "classes come last, write np.moveaxis(input, -1, 1)",
    ),
    "labels that may be probabilities": (
        lambda: nn.cross_entropy(np.ones((2, 3)), [0.0, 1.0]),
        ValueError,
        "cross_entropy needs a target of integers, or of probabilities of shape (2, 3),"
        " but got dtype float64 and shape (2,); labels are target.astype(int)",
    ),
    "probabilities that may be labels": (
        lambda: nn.cross_entropy(np.ones((2, 2)), np.eye(2, dtype=int)),
        ValueError,
        "cross_entropy needs labels of shape (2,) for input of shape (2, 2), whose "
        "classes are along axis 1, but target has shape (2, 2); probabilities are "
        "target.astype(float)",
    ),
    "a row out of range": (
        lambda: nn.embedding([5], np.ones((5, 2))),
        ValueError,
        "embedding needs labels from 0 to 4, but input of shape (1,) has 5",
    ),
    "labels that are floats": (
        lambda: nn.embedding([0.0], np.ones((5, 2))),
        TypeError,
        "embedding needs integers, but input has dtype float64 and shape (1,); write "
        "input.astype(int)",
    ),
    "a negative class": (
        lambda: nn.one_hot([-2]),
        ValueError,
        "one_hot needs labels of at least 0, but input of shape (1,) has -2",
    ),
    "weights of classes": (
        lambda: nn.cross_entropy(np.ones((2, 3)), [0, 1], np.ones(2)),
        ValueError,
        "cross_entropy needs weight of shape (3,), one for each class, but got (2,)",
    ),
    "another reduction": (
        lambda: nn.mse_loss([1.0], [1.0], "average"),
        ValueError,
        "mse_loss has reduction='average'; write 'mean', 'sum' or 'none'",
    ),
    "a column and a row": (
        lambda: nn.mse_loss(np.ones((4, 1)), np.ones(4)),
        ValueError,
        "mse_loss needs input and target of the same shape, but got (4, 1) and (4,)",
    ),
    "no delta": (
        lambda: nn.huber_loss([1.0], [1.0], delta=0.0),
        ValueError,
        "huber_loss has delta=0.0; it has to be greater than 0",
    ),
    "a batch of one": (
        lambda: nn.batch_norm(np.ones((1, 3)), None, None, training=True),
        ValueError,
        "batch_norm in training needs more than one number for each channel, but input "
        "has shape (1, 3); take a larger batch, or training=False",
    ),
    "no running mean": (
        lambda: nn.batch_norm(IMAGES, None, None),
        ValueError,
        "batch_norm without training=True needs running_mean and running_var, but got "
        "None",
    ),
    "weights of channels": (
        lambda: nn.group_norm(IMAGES, 3, np.ones(8)),
        ValueError,
        "group_norm needs weight of shape (3,), one number for each channel of input "
        "of shape (2, 3, 8, 8), but got (8,)",
    ),
    "groups of a norm": (
        lambda: nn.group_norm(IMAGES, 2),
        ValueError,
        "group_norm has num_groups=2, which does not divide the 3 channels of input",
    ),
    "another layer": (
        lambda: nn.layer_norm(IMAGES, (8, 7)),
        ValueError,
        "layer_norm needs input of shape (..., 8, 7), but got (2, 3, 8, 8)",
    ),
    "dropout of all": (
        lambda: nn.dropout(np.ones(3), 1.0, rng=RNG),
        ValueError,
        "dropout has p=1.0; it has to be at least 0 and less than 1",
    ),
    "dropout of nan": (
        lambda: nn.dropout(np.ones(3), np.nan, rng=RNG),
        ValueError,
        "dropout has p=nan; it has to be at least 0 and less than 1",
    ),
    "dropout without a generator": (
        lambda: nn.dropout(np.ones(3)),
        TypeError,
        "dropout needs a generator: write rng=np.random.default_rng(seed) before, and "
        "pass rng=rng (got rng=None)",
    ),
    "a weight that is transposed": (
        lambda: nn.linear(np.ones((5, 2)), np.ones((2, 3))),
        ValueError,
        "linear needs input of shape (..., m) and weight of shape (n, m) or (m,), but "
        "got (5, 2) and (2, 3); write weight.T",
    ),
    "an axis that is not there": (
        lambda: nn.softmax(np.ones((2, 3)), 2),
        ValueError,
        "softmax has dim=2, but input of shape (2, 3) has the axes 0 to 1",
    ),
    "a mask of numbers": (
        lambda: nn.masked_fill(np.ones(3), np.ones(3), 0.0),
        TypeError,
        "masked_fill needs a mask of truth values, but got dtype float64; write "
        "mask != 0",
    ),
    "a large mask": (
        lambda: nn.masked_fill(np.ones(3), np.ones((2, 3), bool), 0.0),
        ValueError,
        "masked_fill has a mask of shape (2, 3), which does not broadcast to input of "
        "shape (3,)",
    ),
    "keys without values": (
        lambda: nn.scaled_dot_product_attention(
            *[np.ones((2, 3))] * 2, np.ones((4, 3))
        ),
        ValueError,
        "scaled_dot_product_attention needs query, key and value of shapes (..., l, "
        "e), (..., s, e) and (..., s, v), but got (2, 3), (2, 3) and (4, 3)",
    ),
    "two masks": (
        lambda: nn.scaled_dot_product_attention(
            *[np.ones((2, 3))] * 3, np.ones((2, 2), bool), is_causal=True
        ),
        ValueError,
        "scaled_dot_product_attention takes either attn_mask or is_causal=True, but "
        "got both",
    ),
    "another approximation": (
        lambda: nn.gelu([1.0], "fast"),
        ValueError,
        "gelu has approximate='fast'; write 'none' or 'tanh'",
    ),
    "a seed": (
        lambda: init.he_normal(0, (2, 3)),
        TypeError,
        "he_normal needs a generator as its first argument, as "
        "np.random.default_rng(0), but got 0",
    ),
    "a number for a shape": (
        lambda: init.he_normal(RNG, 5),
        ValueError,
        "he_normal needs a shape (out, in, *size), but got 5",
    ),
    "a vector": (
        lambda: init.orthogonal(RNG, (3,)),
        ValueError,
        "orthogonal needs a shape (out, in, *size), but got (3,)",
    ),
    "a mask of integers": (
        lambda: attention(attn_mask=np.tri(2, dtype=int)),
        TypeError,
        "scaled_dot_product_attention needs attn_mask of truth values, or of "
        "floating-point numbers to add, but got dtype int64 and shape (2, 2); write "
        "attn_mask != 0 if it says which keys a query sees, or "
        "attn_mask.astype(float) to add it",
    ),
    "a mask in words": (
        lambda: attention(attn_mask="causal"),
        TypeError,
        "scaled_dot_product_attention needs attn_mask of truth values, or of "
        "floating-point numbers to add, but got 'causal'; write is_causal=True for a "
        "causal mask",
    ),
    "a mask of another shape": (
        lambda: attention(attn_mask=np.zeros((2, 4))),
        ValueError,
        "scaled_dot_product_attention needs attn_mask that broadcasts to (..., l, s), "
        "which is (2, 2) here, but got shape (2, 4)",
    ),
    "a mask for more queries": (
        lambda: attention(1, attn_mask=np.zeros((4, 2))),
        ValueError,
        "scaled_dot_product_attention needs attn_mask that broadcasts to (..., l, s), "
        "which is (1, 2) here, but got shape (4, 2)",
    ),
    "other batches": (
        lambda: nn.scaled_dot_product_attention(
            np.ones((4, 2, 3)), *[np.ones((5, 2, 3))] * 2
        ),
        ValueError,
        "scaled_dot_product_attention needs query, key and value whose axes in front "
        "broadcast, but these are (4,), (5,) and (5,) of shapes (4, 2, 3), (5, 2, 3) "
        "and (5, 2, 3)",
    ),
    "a scale of nan": (
        lambda: attention(scale=np.nan),
        ValueError,
        "scaled_dot_product_attention has scale=nan; it has to be a finite number",
    ),
    "a weight for yes": (
        lambda: yes_or_no(pos_weight=np.ones(4)),
        ValueError,
        "binary_cross_entropy_with_logits needs pos_weight that broadcasts to the "
        "shape (2, 3) of input, but got shape (4,)",
    ),
    "a larger weight": (
        lambda: yes_or_no(weight=np.ones((5, 2, 3))),
        ValueError,
        "binary_cross_entropy_with_logits needs weight that broadcasts to the shape "
        "(2, 3) of input, but got shape (5, 2, 3)",
    ),
    "a weight in words": (
        lambda: yes_or_no(weight="balanced"),
        TypeError,
        "binary_cross_entropy_with_logits needs real numbers, but weight has dtype "
        "<U8 and shape ()",
    ),
    "a negative eps": (
        lambda: nn.batch_norm(IMAGES, np.zeros(3), np.ones(3), eps=-1),
        ValueError,
        "batch_norm has eps=-1; it has to be a finite number of at least 0",
    ),
    "a negative eps of layers": (
        lambda: nn.layer_norm(IMAGES, 8, eps=-1.0),
        ValueError,
        "layer_norm has eps=-1.0; it has to be a finite number of at least 0",
    ),
    "eps of nan": (
        lambda: nn.group_norm(IMAGES, 3, eps=np.nan),
        ValueError,
        "group_norm has eps=nan; it has to be a finite number of at least 0",
    ),
    "a momentum": (
        lambda: nn.batch_norm(IMAGES, None, None, training=True, momentum=2),
        ValueError,
        "batch_norm has momentum=2; it has to be a number from 0 to 1",
    ),
    "no momentum": (
        lambda: nn.batch_norm(IMAGES, None, None, training=True, momentum=None),
        ValueError,
        "batch_norm has momentum=None; it has to be a number from 0 to 1",
    ),
    "a negative variance": (
        lambda: nn.batch_norm(IMAGES, np.zeros(3), np.array([1.0, -0.5, 2.0])),
        ValueError,
        "batch_norm needs running_var of at least 0, but its smallest entry is -0.5",
    ),
    "a slope of nan": (
        lambda: nn.leaky_relu([1.0], np.nan),
        ValueError,
        "leaky_relu has negative_slope=nan; it has to be a finite number",
    ),
    "slopes of infinity": (
        lambda: vmap(nn.leaky_relu)(np.ones(2), np.array([0.5, np.inf])),
        ValueError,
        "leaky_relu has negative_slope=[0.5, inf]; it has to be a finite number",
    ),
    "an elu of words": (
        lambda: nn.elu([1.0], "one"),
        ValueError,
        "elu has alpha='one'; it has to be a finite number",
    ),
    "beta of 0": (
        lambda: nn.softplus([1.0], 0),
        ValueError,
        "softplus has beta=0; it is divided by beta",
    ),
    "labels in words": (
        lambda: nn.cross_entropy(np.ones((2, 3)), np.array(["a", "b"])),
        TypeError,
        "cross_entropy needs integers, but target has dtype <U1 and shape (2,); "
        "labels are whole numbers from 0 on; write np.unique(target, "
        "return_inverse=True)[1]",
    ),
    "no groups": (
        lambda: nn.conv2d(IMAGES, KERNELS, groups=0),
        ValueError,
        "conv2d needs groups to be a whole number of at least 1, but got 0",
    ),
    "half a group": (
        lambda: nn.group_norm(IMAGES, 0.5),
        ValueError,
        "group_norm needs num_groups to be a whole number of at least 1, but got 0.5",
    ),
    "a shape of floats": (
        lambda: init.he_normal(RNG, (3, 2.0)),
        ValueError,
        "he_normal needs shape to be a whole number of at least 0, or 2 of them, but "
        "got (3, 2.0)",
    ),
}


def test_settings_that_are_checked_may_be_traced() -> None:
    x = np.array([-2.0, 1.0])
    assert grad(lambda slope: np.sum(nn.leaky_relu(x, slope)))(0.1) == -2
    assert np.isfinite(grad(lambda beta: np.sum(nn.softplus(x, beta)))(2.0))
    assert grad(lambda eps: np.sum(nn.layer_norm(x, 2, eps=eps) ** 2))(0.1) < 0
    slopes = np.array([0.1, 0.5])
    found = vmap(lambda slope: nn.leaky_relu(x, slope))(slopes)
    np.testing.assert_array_equal(found[:, 0], -2 * slopes)
    with pytest.raises(ValueError, match="negative_slope=nan; it has to be"):
        grad(lambda slope: np.sum(nn.leaky_relu(x, slope)))(np.nan)


@pytest.mark.parametrize("case", WORDS)
def test_words(case: str) -> None:
    call, kind, words = WORDS[case]
    with pytest.raises(kind, match=f"^{re.escape(words)}, at File ") as error:
        call()
    assert type(error.value) is kind


def test_the_line_is_that_of_the_user() -> None:
    def network(w: Any) -> Any:
        return np.sum(nn.conv2d(IMAGES, w, groups=2))

    with pytest.raises(ValueError, match="in network\n    return np.sum"):
        grad(network)(KERNELS)
