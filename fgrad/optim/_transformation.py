"""What an optimiser is: two functions that make a step of a gradient.

``init(params)`` gives the first state. ``update(grads, state, params)`` gives updates
and the next state. `apply_updates` adds updates to parameters. Nothing is changed in
place. A state is a tree of arrays, as parameters are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from fgrad import tree
from fgrad._words.callsite import at
from fgrad.errors import SettingError, TreeError
from fgrad.optim._checks import agree, check_params, check_state
from fgrad.optim._moments import cast

__all__ = ["GradientTransformation", "apply_updates", "chain", "stateless"]


class GradientTransformation(NamedTuple):
    """An optimiser, or a part of one: two pure functions.

    What comes out of a part is again like a gradient, so that parts can follow each
    other in a `chain`; `scale_by_learning_rate` makes a step of it.

    Parameters
    ----------
    init : callable
        ``init(params) -> state``. The state is a tree of arrays.
    update : callable
        ``update(grads, state, params=None) -> (updates, state)``. The updates have the
        structure, shapes and dtypes of the gradients.

    Examples
    --------
    A part of your own, without a state:

    >>> import numpy as np
    >>> from fgrad import optim, tree
    >>> def signs(grads, state, params=None):
    ...     return tree.map(np.sign, grads), state
    >>> part = optim.GradientTransformation(lambda params: (), signs)
    >>> optimiser = optim.chain(part, optim.scale_by_learning_rate(0.5))
    >>> optimiser.update({"w": -3.0}, optimiser.init({"w": 1.0}))[0]
    {'w': np.float64(0.5)}
    """

    init: Callable[[Any], Any]
    update: Callable[..., tuple[Any, Any]]


def apply_updates(params: Any, updates: Any) -> Any:
    """The parameters after a step.

    Parameters
    ----------
    params : tree of array_like of float or complex
    updates : tree of array_like
        What ``update`` has returned: like `params`.

    Returns
    -------
    tree of array
        The sums, each in the dtype of the parameter.

    Raises
    ------
    TreeError
        If the trees do not have the same structure and the same shapes.
    InputTypeError
        If a parameter is no floating-point number.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> params = {"w": np.ones(2, np.float32)}
    >>> optim.apply_updates(params, {"w": np.array([-0.5, 0.5])})
    {'w': array([0.5, 1.5], dtype=float32)}
    """
    check_params(params)
    agree("updates", updates, "params", params)
    return tree.map(lambda p, u: cast(p + u, p), params, updates)


def chain(*transformations: GradientTransformation) -> GradientTransformation:
    """Several transformations, one after the other, as one.

    Parameters
    ----------
    *transformations : GradientTransformation
        The first one gets the gradients, and each other one gets what the one before it
        returned.

    Returns
    -------
    GradientTransformation
        Its state is a tuple with the state of each.

    Raises
    ------
    SettingError
        If something else than transformations is given.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import optim
    >>> optimiser = optim.chain(optim.clip_by_global_norm(1.0), optim.sgd(0.1))
    >>> params = np.zeros(2)
    >>> optimiser.update(np.array([30.0, 40.0]), optimiser.init(params), params)[0]
    array([-0.06, -0.08])
    """
    for part in transformations:
        _check_part(part)
    return GradientTransformation(
        partial(_init_each, transformations), partial(_update_each, transformations)
    )


def _check_part(part: Any) -> None:
    """Refuse what has not the two functions of a transformation."""
    if callable(getattr(part, "init", None)) and callable(
        getattr(part, "update", None)
    ):
        return
    got = repr(part)
    if isinstance(part, list | tuple):
        got = f"a {type(part).__name__}: write chain(*transformations)"
    elif callable(part):
        name = getattr(part, "__name__", repr(part))
        got = f"the function {name}: call it with its settings, as in {name}(...)"
    raise SettingError(at(f"chain takes transformations, but got {got}"))


def _init_each(parts: tuple[GradientTransformation, ...], params: Any) -> Any:
    return tuple(part.init(params) for part in parts)


def _update_each(
    parts: tuple[GradientTransformation, ...],
    grads: Any,
    state: Any = None,
    params: Any = None,
) -> tuple[Any, tuple[Any, ...]]:
    check_state(state, tuple)
    if len(state) != len(parts):
        raise TreeError(
            at(
                f"update needs the state of each of the {len(parts)} parts of this "
                f"optimiser, but got {len(state)} states: they belong to another one"
            )
        )
    states: list[Any] = []
    for part, own in zip(parts, state, strict=True):
        grads, own = part.update(grads, own, params)
        states.append(own)
    return grads, tuple(states)


def stateless(fun: Callable[[Any, Any], Any]) -> GradientTransformation:
    """A transformation without a state, from ``fun(grads, params)``."""
    return GradientTransformation(_nothing, partial(_update_stateless, fun))


def _nothing(params: Any) -> tuple[()]:
    check_params(params)
    return ()


def _update_stateless(
    fun: Callable[[Any, Any], Any], grads: Any, state: Any = None, params: Any = None
) -> tuple[Any, Any]:
    check_state(state, tuple)
    return fun(grads, params), state
