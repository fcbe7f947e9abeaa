"""Weights that decay by themselves, so that only what is needed stays large."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from fgrad import tree
from fgrad._words.callsite import at
from fgrad.errors import SettingError
from fgrad.optim._checks import agree, in_range
from fgrad.optim._moments import cast
from fgrad.optim._transformation import GradientTransformation, stateless

__all__ = ["add_decayed_weights"]


def add_decayed_weights(
    weight_decay: float = 0.0, mask: Any = None
) -> GradientTransformation:
    """Add a multiple of the parameters to the gradients.

    Before the rest of an optimiser, this is the gradient of a penalty
    ``weight_decay / 2 * sum(params**2)``; after it, as in `adamw`, it is a decay that
    the rest does not see.

    Parameters
    ----------
    weight_decay : float
        Finite and not negative.
    mask : tree of bool, or callable, optional
        Which parameters decay: a tree with the structure of the parameters, or a
        function that makes one of them. All of them, if it is not given.

    Returns
    -------
    GradientTransformation
        Its ``update`` needs the parameters.

    Raises
    ------
    SettingError
        If `weight_decay` is out of range; by ``update``, if it did not get the
        parameters, or if the mask has leaves that are not True or False.
    TreeError
        By ``update``, if the trees do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim, tree
    >>> def matrices(params):
    ...     return tree.map(lambda p: p.ndim > 1, params)
    >>> decay = optim.add_decayed_weights(0.5, mask=matrices)
    >>> params = {"w": np.ones((1, 2)), "b": np.ones(2)}
    >>> grads = tree.map(np.zeros_like, params)
    >>> decay.update(grads, decay.init(params), params)[0]
    {'w': array([[0.5, 0.5]]), 'b': array([0., 0.])}
    """
    rate = in_range("weight_decay", weight_decay)
    return stateless(partial(_decayed, rate, mask))


def _decayed(rate: Any, mask: Any, grads: Any, params: Any) -> Any:
    if params is None:
        raise SettingError(
            at(
                "weights decay by what they are, but update did not get them: write "
                "update(grads, state, params)"
            )
        )
    agree("grads", grads, "params", params)

    def added(g: Any, p: Any, decays: Any = True) -> Any:
        if not isinstance(decays, bool | np.bool):
            raise SettingError(
                at(f"the leaves of a mask are True or False, but got {decays!r}")
            )
        # The gradient of |p|**2 / 2, with the sign of fgrad for complex numbers.
        like = np.conj(p) if np.iscomplexobj(p) else p
        return cast(g + rate * like, g) if decays else g

    if mask is None:
        return tree.map(added, grads, params)
    decaying = mask(params) if callable(mask) else mask
    agree("mask", decaying, "params", params, shapes=False)
    return tree.map(added, grads, params, decaying)
