"""Gradient checks: how many mistakes they find, whom they accuse, and their time.

The cases are those of ``tests/mistakes.py``. Each library gets the same formulas, its
own way to set a derivative, and its own check with default settings up to the second
order: `fgrad.testing.check_grads`, `torch.autograd.gradcheck` and `gradgradcheck`,
`jax.test_util.check_grads`.

    python -m benchmarks.checking
"""

import time
import warnings
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import torch

import fgrad
from benchmarks.interleaved import best_times
from fgrad.testing import GradientError, check_grads
from tests.mistakes import RIGHT, WRONG, Case

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)

NAMES = {name for name in np.__all__ if hasattr(np, name)}


def namespace(module: Any, **others: Any) -> SimpleNamespace:
    """The names that formulas use, from one library."""
    found = {name: getattr(module, name) for name in NAMES if hasattr(module, name)}
    return SimpleNamespace(**found | others)


NUMPY = namespace(np, stop=fgrad.stop_gradient)
JAX = namespace(jnp, stop=jax.lax.stop_gradient)
TORCH = namespace(torch, stop=torch.detach, array=torch.tensor)


def by_fgrad(case: Case) -> None:
    def f(*args: Any) -> Any:
        return case.value(NUMPY, *args)

    if case.kind != "right":
        custom = fgrad.custom_vjp(f)
        custom.defvjp(
            lambda *args: (f(*args), args),
            lambda args, g: case.pullback(NUMPY, g, *args),
        )
        check_grads(custom, case.args)
    else:
        check_grads(f, case.args)


def by_jax(case: Case) -> None:
    def f(*args: Any) -> Any:
        return case.value(JAX, *args)

    if case.kind != "right":
        custom = jax.custom_vjp(f)
        custom.defvjp(
            lambda *args: (f(*args), args),
            lambda args, g: case.pullback(JAX, g, *args),
        )
        args = tuple(map(jnp.asarray, case.args))
        jax.test_util.check_grads(custom, args, order=2, modes=["rev"])
    else:
        jax.test_util.check_grads(f, tuple(map(jnp.asarray, case.args)), order=2)


def by_torch(case: Case) -> None:
    class Custom(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *args: Any) -> Any:
            ctx.save_for_backward(*args)
            return case.value(TORCH, *args)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:  # pyright: ignore
            return case.pullback(TORCH, g, *ctx.saved_tensors)

    args = tuple(torch.tensor(a, requires_grad=True) for a in case.args)

    def f(*args: Any) -> Any:
        return case.value(TORCH, *args)

    fun = f if case.kind == "right" else Custom.apply
    torch.autograd.gradcheck(fun, args)
    torch.autograd.gradgradcheck(fun, args)


CHECKS: dict[str, Callable[[Case], None]] = {
    "fgrad": by_fgrad,
    "torch": by_torch,
    "JAX": by_jax,
}


def outcome(check: Callable[[Case], None], case: Case) -> str:
    """What a check says: nothing, an error, and whether it has the right name."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(case)
    except GradientError as error:
        return "named" if error.kind == case.kind else "caught"
    except Exception:  # noqa: BLE001 (each library has its own)
        return "caught"
    return "silent"


def mistakes() -> None:
    """Print the table of mistakes and false alarms."""
    for name, check in CHECKS.items():
        found = {case.name: outcome(check, case) for case in WRONG}
        alarms = [case.name for case in RIGHT if outcome(check, case) != "silent"]
        counts = Counter(found.values())
        caught = counts["named"] + counts["caught"]
        print(
            f"{name}: {caught} of {len(WRONG)} mistakes caught, {counts['named']} with "
            f"the right kind, {len(alarms)} false alarms on {len(RIGHT)} right ones"
        )
        print("  missed:", [name for name, said in found.items() if said == "silent"])
        print("  false alarms:", alarms)


def passing() -> None:
    """Time a check that passes, of a network with ten inputs at order 2."""
    rng = np.random.default_rng(0)
    w, x = rng.normal(size=(10, 10)) / 3, rng.normal(size=10)

    def network(np: Any, w: Any, x: Any) -> Any:
        return np.sum(np.tanh(w @ np.tanh(w @ x)))

    def with_numpy(x: Any) -> Any:
        return network(NUMPY, w, x)

    v, y = torch.tensor(w), torch.tensor(x, requires_grad=True)

    def with_torch(x: Any) -> Any:
        return network(TORCH, v, x)

    def with_jax(x: Any) -> Any:
        return network(JAX, w, x)

    def by_torch() -> None:
        torch.autograd.gradcheck(with_torch, (y,))
        torch.autograd.gradgradcheck(with_torch, (y,))

    times = best_times(
        {
            "fgrad": lambda: check_grads(with_numpy, (x,)),
            "torch": by_torch,
            "JAX": lambda: jax.test_util.check_grads(with_jax, (jnp.asarray(x),), 2),
        },
        rounds=10,
    )
    for name, seconds in times.items():
        print(f"{name}: {1e3 * seconds:.2f} ms, {seconds / times['fgrad']:.1f} times")


def failing() -> None:
    """Time a check that finds the one wrong entry of 30,000."""
    x = np.random.default_rng(0).normal(size=(300, 100))
    mask = np.ones(x.shape)
    mask[123, 45] = 1.01

    @fgrad.primitive
    def square(x: Any) -> Any:
        return x * x

    fgrad.defvjp(square, x=lambda g, x: 2 * g * x * mask)
    start = time.perf_counter()
    try:
        check_grads(lambda x: np.sum(np.sin(square(x))), (x,))
    except GradientError as error:
        print(f"{time.perf_counter() - start:.2f} s: {error}")


if __name__ == "__main__":
    mistakes()
    passing()
    failing()
