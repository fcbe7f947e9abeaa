"""Gradients of sums over shards of data, on the workers of any executor.

A gradient of a sum is a sum of gradients. So each worker takes a shard, and the results
are added in an order that is the same whoever computed them.

>>> import numpy as np
>>> from fgrad import sharded
>>> def loss(w, x):
...     return np.sum((x * w - 1.0) ** 2)
>>> sharded.value_and_grad(loss, [np.ones(2), np.ones(3)])(2.0)
(np.float64(5.0), np.float64(10.0))
"""

from fgrad.sharded._transforms import grad, hvp, jacobian, value_and_grad, vmap

__all__ = ["grad", "hvp", "jacobian", "value_and_grad", "vmap"]
