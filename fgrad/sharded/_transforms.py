"""The transforms of `fgrad.sharded`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fgrad._transforms._argnums import Argnums
from fgrad.sharded._sharded import Grad, Hvp, Jacobian, ValueAndGrad, Vmap

__all__ = ["grad", "hvp", "jacobian", "value_and_grad", "vmap"]


def value_and_grad(
    fun: Callable[..., Any],
    shards: Iterable[Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    executor: Any = None,
    window: int | None = None,
    block: int = 1,
    reduce: str = "sum",
    weight: Callable[[Any], Any] | None = None,
    retries: int = 2,
    progress: Any = False,
) -> Callable[..., Any]:
    """The sum of a function over all shards of the data, and its gradient.

    Parameters
    ----------
    fun : callable
        ``fun(params, shard, *args, **kwargs)`` returns a real number: the part of one
        shard in the sum.
    shards : sequence or iterator
        Each is given to `fun` as it is: an array, a path, a tree of these. But a memory
        map travels as a place in a file, which the worker maps while it needs it; and a
        function without arguments is called by the worker, and what it returns is the
        shard. An iterator is drawn from as workers become free, and serves one call.
    argnums : int or sequence of int
        Which positional arguments of `fun` to differentiate: any but 1, the shard.
    has_aux : bool
        Whether `fun` returns ``(output, aux)``. You get a list with one `aux` for each
        shard.
    holomorphic, allow_int : bool
        As for `fgrad.grad`.
    executor : Executor, optional
        Where the shards are worked on: any object with ``submit``, such as those of
        `concurrent.futures`, Dask (also its ``Client``), loky and mpi4py. ``None`` is
        one shard after the other, in this thread. It stays yours to shut down.
    window : int, optional
        How many shards are in flight at most. By default two blocks for each worker.
    block : int
        How many shards make one task, a power of two. A worker takes the shards of a
        block one by one, and sends their sum.
    reduce : {"sum", "mean"}
        Whether the results of the shards are summed, or averaged.
    weight : callable, optional
        How much a shard counts in the average: ``weight(shard)``, for example its
        number of examples. By default, all shards count the same.
    retries : int
        How many times the shards of a worker that died are given to others. A shard on
        its last try has a worker while all others wait.
    progress : bool or callable
        Whether tqdm shows how many shards are done; or a class like ``tqdm.tqdm``.

    Returns
    -------
    callable
        ``step(params, *args, **kwargs)`` returns ``(value, gradient)``; with `has_aux`,
        ``((value, aux), gradient)``. It needs at most `window` shards in memory, and as
        many gradients, and a few more: one for each level of the tree of sums.

    Raises
    ------
    ShardError
        If `fun` raises an exception, workers die more than `retries` times, or there
        are no shards.
    NonFiniteError
        If the value or gradient of a shard is nan.
    UnpicklableError
        If something has to go to another process, and cannot be pickled.
    SettingError
        If an option is out of range, or the executor is shut down.
    InputTypeError, ArgnumsError
        As for `fgrad.grad`.

    Warns
    -----
    RuntimeWarning
        If a worker died. The words say who took over.

    Notes
    -----
    The results of shards 0 and 1 are added, those of 2 and 3, then these two sums, and
    so on. So the bits of the result depend on the shards, but not on the executor, the
    number of workers, the window, the block, or on who is done first; provided that
    NumPy's libraries use one number of threads (``OPENBLAS_NUM_THREADS=1``) on
    processors of one kind.

    Examples
    --------
    >>> import numpy as np
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from fgrad import sharded
    >>> def loss(w, shard):
    ...     x, y = shard
    ...     return np.sum((x @ w - y) ** 2)
    >>> x, y = np.arange(12.0).reshape(6, 2), np.ones(6)
    >>> shards = [(x[i : i + 2], y[i : i + 2]) for i in range(0, 6, 2)]
    >>> with ThreadPoolExecutor(2) as pool:
    ...     sharded.value_and_grad(loss, shards, executor=pool)(np.ones(2))
    (np.float64(880.0), array([ 880., 1000.]))
    """
    return ValueAndGrad(
        fun,
        shards,
        {
            "argnums": argnums,
            "has_aux": has_aux,
            "holomorphic": holomorphic,
            "allow_int": allow_int,
        },
        executor=executor,
        window=window,
        block=block,
        reduce=reduce,
        weight=weight,
        retries=retries,
        progress=progress,
    )


def grad(
    fun: Callable[..., Any],
    shards: Iterable[Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    executor: Any = None,
    window: int | None = None,
    block: int = 1,
    reduce: str = "sum",
    weight: Callable[[Any], Any] | None = None,
    retries: int = 2,
    progress: Any = False,
) -> Callable[..., Any]:
    """The gradient of the sum of a function over all shards of the data.

    Parameters
    ----------
    fun, shards, argnums, has_aux, holomorphic, allow_int
        As for `sharded.value_and_grad`.
    executor, window, block, reduce, weight, retries, progress
        As for `sharded.value_and_grad`.

    Returns
    -------
    callable
        ``step(params, *args, **kwargs)`` returns the gradient; with `has_aux`,
        ``(gradient, aux)``, where `aux` is a list with one for each shard.

    Raises
    ------
    ShardError, NonFiniteError, UnpicklableError, SettingError, InputTypeError
        As for `sharded.value_and_grad`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import sharded
    >>> sharded.grad(lambda w, x: np.sum(x * w**2), [np.ones(2), np.ones(3)])(2.0)
    np.float64(20.0)
    """
    return Grad(
        fun,
        shards,
        {
            "argnums": argnums,
            "has_aux": has_aux,
            "holomorphic": holomorphic,
            "allow_int": allow_int,
        },
        executor=executor,
        window=window,
        block=block,
        reduce=reduce,
        weight=weight,
        retries=retries,
        progress=progress,
    )


def hvp(
    fun: Callable[..., Any],
    shards: Iterable[Any],
    *,
    executor: Any = None,
    window: int | None = None,
    block: int = 1,
    reduce: str = "sum",
    weight: Callable[[Any], Any] | None = None,
    retries: int = 2,
    progress: Any = False,
) -> Callable[..., Any]:
    """The gradient of the sum over all shards, and its Hessian times a vector.

    Parameters
    ----------
    fun, shards
        As for `sharded.value_and_grad`.
    executor, window, block, reduce, weight, retries, progress
        As for `sharded.value_and_grad`.

    Returns
    -------
    callable
        ``step(primals, tangents)`` returns ``(gradient, product)``, as `fgrad.hvp`
        does. The primals are the arguments of `fun` without the shard, in a tuple.

    Raises
    ------
    ShardError, NonFiniteError, UnpicklableError, SettingError
        As for `sharded.value_and_grad`.
    TangentError
        If the tangents do not look like the primals.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import sharded
    >>> step = sharded.hvp(lambda w, x: np.sum(x * w**3), [np.ones(2), np.ones(3)])
    >>> step((2.0,), (1.0,))
    (np.float64(60.0), np.float64(60.0))
    """
    return Hvp(
        fun,
        shards,
        {},
        executor=executor,
        window=window,
        block=block,
        reduce=reduce,
        weight=weight,
        retries=retries,
        progress=progress,
    )


def jacobian(
    fun: Callable[..., Any],
    shards: Iterable[Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    executor: Any = None,
    window: int | None = None,
    block: int = 1,
    reduce: str = "rows",
    weight: Callable[[Any], Any] | None = None,
    retries: int = 2,
    progress: Any = False,
) -> Callable[..., Any]:
    """The Jacobian of a function with outputs for each shard, with all their rows.

    Parameters
    ----------
    fun : callable
        ``fun(params, shard, *args, **kwargs)`` returns an array, such as the residuals
        of the examples of a shard, or a tree of arrays.
    shards, argnums, has_aux, holomorphic, allow_int
        As for `sharded.value_and_grad`.
    executor, window, block, weight, retries, progress
        As for `sharded.value_and_grad`.
    reduce : {"rows", "shards", "sum", "mean"}
        ``"rows"`` puts the Jacobians of the shards below each other, along the first
        axis. ``"shards"`` stacks them along a new first axis. Or they are summed or
        averaged.

    Returns
    -------
    callable
        ``step(params, *args, **kwargs)`` returns what `fgrad.jacobian` returns, put
        together; with `has_aux`, ``(jacobian, aux)``, where `aux` is a list with one
        for each shard.

    Raises
    ------
    ShardError
        Also if the results of the shards have different trees, or shapes that do not
        go together.
    NonFiniteError, UnpicklableError, SettingError, InputTypeError, ArgnumsError
        As for `sharded.value_and_grad`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import sharded
    >>> shards = [np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])]
    >>> sharded.jacobian(lambda w, x: x @ w, shards)(np.ones(2))
    array([[1., 2.],
           [3., 4.],
           [5., 6.]])
    """
    return Jacobian(
        fun,
        shards,
        {
            "argnums": argnums,
            "has_aux": has_aux,
            "holomorphic": holomorphic,
            "allow_int": allow_int,
        },
        executor=executor,
        window=window,
        block=block,
        reduce=reduce,
        weight=weight,
        retries=retries,
        progress=progress,
    )


def vmap(
    fun: Callable[..., Any],
    shards: Iterable[Any],
    *,
    executor: Any = None,
    window: int | None = None,
    block: int = 1,
    retries: int = 2,
    progress: Any = False,
) -> Callable[..., Any]:
    """A function of one example, for all examples of all shards.

    Parameters
    ----------
    fun : callable
        ``fun(params, example, *args, **kwargs)`` returns an array, or a tree of arrays.
    shards : sequence or iterator
        As for `sharded.value_and_grad`. The examples of a shard lie along the first
        axis of its arrays.
    executor, window, block, retries, progress
        As for `sharded.value_and_grad`.

    Returns
    -------
    callable
        ``step(params, *args, **kwargs)`` returns the outputs for all examples, stacked
        along the first axis, as `fgrad.vmap` does. All examples share the arguments.

    Raises
    ------
    ShardError, UnpicklableError, SettingError
        As for `sharded.jacobian`.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import grad, sharded
    >>> def loss(w, x):
    ...     return (w @ x) ** 2
    >>> shards = [np.eye(2), np.array([[3.0, 4.0]])]
    >>> sharded.vmap(grad(loss), shards)(np.ones(2))
    array([[ 2.,  0.],
           [ 0.,  2.],
           [42., 56.]])
    """
    return Vmap(
        fun,
        shards,
        {},
        executor=executor,
        window=window,
        block=block,
        reduce="rows",
        weight=None,
        retries=retries,
        progress=progress,
    )
