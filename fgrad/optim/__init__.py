"""Optimisers: pure functions on trees of arrays.

The names, arguments and results are those of optax. A step is three lines, and a state
is a tree that pickles:

>>> from fgrad import optim, value_and_grad
>>> def loss(params):
...     return (params["w"] - 3.0) ** 2
>>> params, optimiser = {"w": 0.0}, optim.adam(0.1)
>>> state = optimiser.init(params)
>>> for _ in range(300):
...     value, grads = value_and_grad(loss)(params)
...     updates, state = optimiser.update(grads, state, params)
...     params = optim.apply_updates(params, updates)
>>> float(params["w"].round(3))
3.0
"""

from fgrad.optim import autograd
from fgrad.optim._adagrad import adagrad, scale_by_rss
from fgrad.optim._adam import adam, adamw, scale_by_adam
from fgrad.optim._clipping import clip, clip_by_global_norm, global_norm
from fgrad.optim._decay import add_decayed_weights
from fgrad.optim._joined_schedules import (
    cosine_onecycle_schedule,
    join_schedules,
    warmup_cosine_decay_schedule,
)
from fgrad.optim._lbfgs import Minimum, lbfgs
from fgrad.optim._learning_rate import scale_by_learning_rate
from fgrad.optim._lion import lion, scale_by_lion
from fgrad.optim._momentum import sgd, trace
from fgrad.optim._rmsprop import rmsprop, scale_by_rms
from fgrad.optim._schedules import (
    constant_schedule,
    cosine_decay_schedule,
    exponential_decay,
    linear_schedule,
)
from fgrad.optim._transformation import GradientTransformation, apply_updates, chain

__all__ = [
    "GradientTransformation",
    "Minimum",
    "adagrad",
    "adam",
    "adamw",
    "add_decayed_weights",
    "apply_updates",
    "autograd",
    "chain",
    "clip",
    "clip_by_global_norm",
    "constant_schedule",
    "cosine_decay_schedule",
    "cosine_onecycle_schedule",
    "exponential_decay",
    "global_norm",
    "join_schedules",
    "lbfgs",
    "linear_schedule",
    "lion",
    "rmsprop",
    "scale_by_adam",
    "scale_by_learning_rate",
    "scale_by_lion",
    "scale_by_rms",
    "scale_by_rss",
    "sgd",
    "trace",
    "warmup_cosine_decay_schedule",
]
