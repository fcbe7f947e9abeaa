"""The optimisers of ``autograd.misc.optimizers``, with the same arguments and results.

They run a whole loop: `grad` gets the parameters and the number of the step, and
`callback`, if there is one, these two and the gradient, before each step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fgrad.optim._adam import adam as adam_steps
from fgrad.optim._checks import in_range
from fgrad.optim._learning_rate import scale_by_learning_rate
from fgrad.optim._momentum import trace
from fgrad.optim._rmsprop import rmsprop as rmsprop_steps
from fgrad.optim._transformation import GradientTransformation, apply_updates, chain

__all__ = ["adam", "rmsprop", "sgd"]

Gradient = Callable[[Any, int], Any]
Callback = Callable[[Any, int, Any], Any]


def _run(
    optimiser: GradientTransformation,
    grad: Gradient,
    x: Any,
    callback: Callback | None,
    num_iters: int,
) -> Any:
    state = optimiser.init(x)
    for i in range(num_iters):
        g = grad(x, i)
        if callback:
            callback(x, i, g)
        updates, state = optimiser.update(g, state, x)
        x = apply_updates(x, updates)
    return x


def sgd(
    grad: Gradient,
    x0: Any,
    callback: Callback | None = None,
    num_iters: int = 200,
    step_size: float = 0.1,
    mass: float = 0.9,
) -> Any:
    """Gradient descent with momentum.

    Parameters
    ----------
    grad : callable
        ``grad(x, i)`` is the gradient at step i: a tree like `x0`.
    x0 : tree of array_like of float
        Where to begin.
    callback : callable, optional
        ``callback(x, i, g)`` is called before each step.
    num_iters : int
        How many steps there are.
    step_size : float
    mass : float
        The momentum; a new gradient has the weight ``1 - mass``.

    Returns
    -------
    tree
        The parameters after the last step.

    Raises
    ------
    SettingError
        If a setting is out of range.
    TreeError
        If a gradient does not have the structure and the shapes of `x0`.

    Examples
    --------
    >>> from fgrad import grad
    >>> from fgrad.optim.autograd import sgd
    >>> slope = grad(lambda x: x**2)
    >>> abs(sgd(lambda x, i: slope(x), 1.0)) < 0.01
    np.True_
    """
    mass = in_range("mass of sgd", mass, below=1)
    rate = in_range("step_size of sgd", step_size)
    optimiser = chain(trace(mass), scale_by_learning_rate(rate * (1 - mass)))
    return _run(optimiser, grad, x0, callback, num_iters)


def rmsprop(
    grad: Gradient,
    x0: Any,
    callback: Callback | None = None,
    num_iters: int = 100,
    step_size: float = 0.1,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> Any:
    """RMSProp, whose average of squares begins at 1.

    Parameters
    ----------
    grad, x0, callback, num_iters
        See `sgd`.
    step_size : float
    gamma : float
        How much of the average of the squares is left after a step.
    eps : float
        Added to the root of the average.

    Returns
    -------
    tree
        The parameters after the last step.

    Raises
    ------
    SettingError
        If a setting is out of range.
    TreeError
        If a gradient does not have the structure and the shapes of `x0`.

    Examples
    --------
    >>> from fgrad import grad
    >>> from fgrad.optim.autograd import rmsprop
    >>> slope = grad(lambda x: x**2)
    >>> abs(rmsprop(lambda x, i: slope(x), 1.0, step_size=0.01)) < 0.3
    np.True_
    """
    optimiser = rmsprop_steps(
        step_size, gamma, eps, initial_scale=1.0, eps_in_sqrt=False
    )
    return _run(optimiser, grad, x0, callback, num_iters)


def adam(
    grad: Gradient,
    x0: Any,
    callback: Callback | None = None,
    num_iters: int = 100,
    step_size: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """Adam.

    Parameters
    ----------
    grad, x0, callback, num_iters
        See `sgd`.
    step_size, b1, b2, eps : float
        See `fgrad.optim.adam`.

    Returns
    -------
    tree
        The parameters after the last step.

    Raises
    ------
    SettingError
        If a setting is out of range.
    TreeError
        If a gradient does not have the structure and the shapes of `x0`.

    Examples
    --------
    >>> from fgrad import grad
    >>> from fgrad.optim.autograd import adam
    >>> slope = grad(lambda x: x**2)
    >>> abs(adam(lambda x, i: slope(x), 1.0, step_size=0.1)) < 0.1
    np.True_
    """
    return _run(adam_steps(step_size, b1, b2, eps), grad, x0, callback, num_iters)
