"""The functions of neural networks, with PyTorch's names of arguments and layouts.

They are pure functions of arrays: a layer is a call with its parameters, a network is a
function, and a training step is a call of `value_and_grad`. `fgrad.nn.init` draws the
first parameters.

>>> import numpy as np
>>> import fgrad
>>> from fgrad import nn
>>> def network(params, images):
...     hidden = nn.relu(nn.conv2d(images, params["kernels"], padding="same"))
...     hidden = nn.max_pool2d(hidden, 2).reshape(len(images), -1)
...     return nn.linear(hidden, params["weight"])
>>> rng = np.random.default_rng(0)
>>> params = {
...     "kernels": nn.init.he_normal(rng, (4, 1, 3, 3)),
...     "weight": nn.init.he_normal(rng, (10, 64)),
... }
>>> images, labels = rng.normal(size=(5, 1, 8, 8)), np.arange(5)
>>> def loss(params):
...     return nn.cross_entropy(network(params, images), labels)
>>> {name: slope.shape for name, slope in fgrad.grad(loss)(params).items()}
{'kernels': (4, 1, 3, 3), 'weight': (10, 64)}
"""

from fgrad.nn import init
from fgrad.nn._activations import (
    elu,
    gelu,
    leaky_relu,
    relu,
    sigmoid,
    silu,
    softplus,
    tanh,
)
from fgrad.nn._attention import scaled_dot_product_attention
from fgrad.nn._avg_pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
)
from fgrad.nn._classes import cross_entropy, nll_loss
from fgrad.nn._convolution import conv1d, conv2d, conv3d
from fgrad.nn._folding import fold, unfold
from fgrad.nn._layers import dropout, embedding, linear, masked_fill, one_hot
from fgrad.nn._losses import binary_cross_entropy_with_logits, huber_loss, mse_loss
from fgrad.nn._max_pooling import max_pool1d, max_pool2d, max_pool3d
from fgrad.nn._normalisation import BatchNorm, batch_norm, group_norm, layer_norm
from fgrad.nn._softmax import log_softmax, logsumexp, softmax
from fgrad.nn._transposed import conv_transpose1d, conv_transpose2d, conv_transpose3d

mse = mse_loss
huber = huber_loss

__all__ = [
    "BatchNorm",
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "binary_cross_entropy_with_logits",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "fold",
    "gelu",
    "group_norm",
    "huber",
    "huber_loss",
    "init",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsumexp",
    "masked_fill",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "mse",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "relu",
    "scaled_dot_product_attention",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
    "unfold",
]
