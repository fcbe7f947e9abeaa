"""The libraries that the transforms are compared with, under one set of names.

A transform that a library lacks is None. A library may have several entries: compiled
or not, or one more for a way to the same derivative that only some transforms have.
"""

import gc
import os
import platform
import sys
import tracemalloc
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from typing import Any

import numpy as np

import fgrad

Transform = Callable[..., Any]
Call = Callable[[], Any]


def restrict(threads: int) -> None:
    """Begin this program again if it may use another number of threads.

    The libraries read these variables when they are loaded: NumPy's and torch's BLAS,
    torch's loops, and XLA. (XLA's own flag, xla_cpu_multi_thread_eigen, leaves products
    of matrices on all cores.)
    """
    wanted = {
        "OPENBLAS_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "VECLIB_MAXIMUM_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        "NPROC": str(threads),
        "PJRT_NPROC": str(threads),
        "JAX_PLATFORMS": "cpu",
    }
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.environ.update(wanted)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def given_threads() -> int:
    """The number that `restrict` was told."""
    return int(os.environ["OMP_NUM_THREADS"])


@dataclass(frozen=True)
class Library:
    """A library's namespace and transforms."""

    name: str
    np: Any
    grad: Transform | None = None
    """``grad(fun)``, in the first argument."""
    jvp: Transform | None = None
    """``jvp(fun)(x, v, *constants)``, the value and the tangent."""
    hvp: Transform | None = None
    """``hvp(fun)(x, v, *constants)``, the gradient and the product."""
    jacfwd: Transform | None = None
    """``jacfwd(fun)``, for a Jacobian with more rows than columns."""
    jacrev: Transform | None = None
    """``jacrev(fun)``, for a Jacobian with more columns than rows."""
    hessian: Transform | None = None
    vmap: Transform | None = None
    """``vmap(fun, in_axes)``."""
    linearize: Transform | None = None
    """``linearize(fun, x)``, the value and the pushforward."""
    fixed_point: Transform | None = None
    """``fixed_point(fun, x0, params)``, of ``x = fun(x, params)``."""
    repeat: Transform = lambda step, n: lambda u, *args: steps(step, n, u, args)
    """``repeat(step, n)(u, *args)``, what `step` makes of u in n steps."""
    blocks: Transform | None = None
    """``blocks(step, n, block)``: `repeat` that keeps every block-th state only."""
    memory: Callable[..., int] | None = None
    """``memory(fun, *args)``, the most bytes that a call holds at a time."""
    array: Callable[[Any], Any] = np.asarray
    ready: Callable[[Any], Any] = lambda result: result
    """Wait until a result has been computed."""
    compiled: Callable[[Transform], Transform] = lambda fun: fun

    def call(self, fun: Transform, *args: Any) -> Call:
        """``fun(*args)`` on arrays of the library, as a function without arguments."""
        fun, args = self.compiled(fun), self._arrays(args)
        return lambda: self.ready(fun(*args))

    def _arrays(self, tree: Any) -> Any:
        if isinstance(tree, tuple):
            return tuple(map(self._arrays, tree))
        return self.array(tree)


def along(transform: Transform) -> Transform:
    """``transform(fun, x, v)`` as ``new(fun)(x, v, *constants)``."""
    return lambda fun: (
        lambda x, v, *constants: transform(lambda x: fun(x, *constants), x, v)
    )


def steps(step: Transform, n: int, u: Any, args: Any) -> Any:
    for _ in range(n):
        u = step(u, *args)
    return u


def peak(fun: Transform, *args: Any) -> int:
    """The most that Python and NumPy allocate during a call, in bytes."""
    gc.collect()
    tracemalloc.start()
    fun(*args)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def named_alike(module: Any) -> dict[str, Transform]:
    """The transforms of a module that has JAX's names."""
    names = ("grad", "jacfwd", "jacrev", "hessian", "vmap", "linearize")
    return {name: getattr(module, name) for name in names} | {
        "jvp": along(lambda fun, x, v: module.jvp(fun, (x,), (v,))),
        "hvp": along(lambda fun, x, v: module.jvp(module.grad(fun), (x,), (v,))),
    }


def of_fgrad() -> list[Library]:
    return [
        Library(
            "fgrad",
            np,  # plain NumPy
            grad=fgrad.grad,
            jvp=along(lambda fun, x, v: fgrad.jvp(fun, (x,), (v,))),
            hvp=along(lambda fun, x, v: fgrad.hvp(fun, (x,), (v,))),
            jacfwd=fgrad.jacobian,
            jacrev=fgrad.jacobian,
            hessian=fgrad.hessian,
            vmap=fgrad.vmap,
            linearize=fgrad.linearize,
            fixed_point=fgrad.fixed_point,
            blocks=lambda step, n, block: (
                lambda u, *args: fgrad.checkpoint(step, every=block)(u, n, *args)
            ),
            memory=peak,
        )
    ]


def of_autograd() -> list[Library]:
    import autograd
    import autograd.numpy as anp
    from autograd.misc.fixed_points import fixed_point

    def hvp(fun, x, v):
        product, gradient = autograd.make_hvp(fun)(x)
        return gradient, product(v)

    def columns(fun):
        def jacobian(x, *constants):
            push = autograd.make_jvp(fun)(x, *constants)
            return np.stack([push(e)[1] for e in np.eye(x.size)], -1)

        return jacobian

    def solution(fun, x0, params):
        tolerance = 100 * np.finfo(float).eps  # fgrad's
        return fixed_point(
            lambda params: lambda x: fun(x, params),
            params,
            x0,
            lambda x, last: np.max(np.abs(x - last)) / (1 + np.max(np.abs(x))),
            tolerance,
        )

    return [
        Library(
            "autograd",
            anp,
            grad=autograd.grad,
            jvp=along(lambda fun, x, v: autograd.make_jvp(fun)(x)(v)),
            hvp=along(hvp),  # faster here than make_jvp of grad
            jacfwd=autograd.jacobian,  # its only one, row by row
            jacrev=autograd.jacobian,
            hessian=autograd.hessian,
            fixed_point=solution,
            memory=peak,
        ),
        Library("autograd, make_jvp", anp, jacfwd=columns),
    ]


def of_jax() -> list[Library]:
    import jax

    jax.config.update("jax_enable_x64", True)
    if given_threads() == 1:  # or calls return while another thread computes
        jax.config.update("jax_cpu_enable_async_dispatch", False)

    def repeat(step, n):
        def loop(u, *args):
            return jax.lax.scan(lambda u, _: (step(u, *args), None), u, None, n)[0]

        return loop

    def planned(fun, *args):
        plan = jax.jit(fun).lower(*args).compile().memory_analysis()
        return plan.temp_size_in_bytes + plan.output_size_in_bytes

    library = Library(
        "JAX",
        jax.numpy,
        **named_alike(jax),
        array=jax.numpy.asarray,
        ready=jax.block_until_ready,
    )
    compiled = replace(
        library,
        name="JAX, jit",
        repeat=repeat,
        blocks=lambda step, n, block: repeat(
            jax.checkpoint(repeat(step, block)), n // block
        ),
        memory=planned,
        compiled=jax.jit,
    )
    return [library, compiled]


def of_torch() -> list[Library]:
    import torch
    from torch import func

    torch.set_num_threads(given_threads())
    warnings.filterwarnings("ignore", module=r"torch\.fx")  # linearize's own

    def reverse_twice(fun, x, v):
        gradient, pullback = func.vjp(func.grad(fun), x)
        return gradient, pullback(v)[0]

    library = Library(
        "torch.func",
        torch,
        **named_alike(func),
        array=torch.from_numpy,
    )
    return [
        library,
        Library(
            "torch.func, reverse twice",
            torch,
            hvp=along(reverse_twice),
            hessian=lambda fun: func.jacrev(func.jacrev(fun)),
            vmap=func.vmap,
            array=torch.from_numpy,
        ),
    ]


PEERS = {"autograd": of_autograd, "jax": of_jax, "torch": of_torch}


@cache
def libraries() -> tuple[Library, ...]:
    """Those that are installed."""
    found = of_fgrad()
    for load in PEERS.values():
        with suppress(ImportError):
            found += load()
    return tuple(found)


def having(*transforms: str) -> list[Library]:
    """The libraries that have all of these transforms."""
    return [
        library
        for library in libraries()
        if all(getattr(library, name) for name in transforms)
    ]


def each(
    make: Callable[[Library], Call], *transforms: str, way: str = ""
) -> dict[str, Call]:
    """A call for each library that has these transforms, by "library, way"."""
    return {
        f"{library.name}, {way}" if way else library.name: make(library)
        for library in having(*transforms)
    }


def setup() -> str:
    """What a run depends on, in one line."""
    libraries()
    missing = [name for name in PEERS if sys.modules.get(name) is None]
    versions = [
        f"{name} {metadata.version(name)}"
        for name in ("numpy", *PEERS)
        if name not in missing
    ]
    return (
        f"CPython {platform.python_version()}, fgrad {fgrad.__version__}, "
        f"{', '.join(versions)}; not installed: {', '.join(missing) or 'none'}; "
        f"threads for each: {given_threads()}"
    )
