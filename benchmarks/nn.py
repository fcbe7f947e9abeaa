"""Functions of networks against PyTorch, on one thread: values and gradients.

python -m benchmarks.nn
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.interleaved import timings
from benchmarks.peers import restrict
from fgrad import nn, value_and_grad

F = torch.nn.functional

Case = tuple[Callable[..., Any], Callable[..., Any], list[Any]]


def normal(*shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in shapes]


LABELS = np.random.default_rng(0).integers(0, 10, 128)

CASES: dict[str, Case] = {
    "`conv2d`, (2, 5, 28, 28) * (3, 5, 3, 3)": (
        nn.conv2d,
        F.conv2d,
        normal((2, 5, 28, 28), (3, 5, 3, 3)),
    ),
    "`conv2d`, (32, 16, 32, 32) * (32, 16, 3, 3)": (
        nn.conv2d,
        F.conv2d,
        normal((32, 16, 32, 32), (32, 16, 3, 3)),
    ),
    "the same, padding 1": (
        lambda x, w: nn.conv2d(x, w, padding=1),
        lambda x, w: F.conv2d(x, w, padding=1),
        normal((32, 16, 32, 32), (32, 16, 3, 3)),
    ),
    "the same, stride 2": (
        lambda x, w: nn.conv2d(x, w, stride=2),
        lambda x, w: F.conv2d(x, w, stride=2),
        normal((32, 16, 32, 32), (32, 16, 3, 3)),
    ),
    "the same, one group for each channel": (
        lambda x, w: nn.conv2d(x, w, groups=16),
        lambda x, w: F.conv2d(x, w, groups=16),
        normal((32, 16, 32, 32), (16, 1, 3, 3)),
    ),
    "`conv_transpose2d`, (32, 16, 16, 16) * (16, 8, 4, 4), stride 2": (
        lambda x, w: nn.conv_transpose2d(x, w, stride=2, padding=1),
        lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1),
        normal((32, 16, 16, 16), (16, 8, 4, 4)),
    ),
    "`max_pool2d` by 2, (32, 16, 32, 32)": (
        lambda x: nn.max_pool2d(x, 2),
        lambda x: F.max_pool2d(x, 2),
        normal((32, 16, 32, 32)),
    ),
    "`avg_pool2d` by 2, (32, 16, 32, 32)": (
        lambda x: nn.avg_pool2d(x, 2),
        lambda x: F.avg_pool2d(x, 2),
        normal((32, 16, 32, 32)),
    ),
    "`relu`, 1e6 numbers": (nn.relu, F.relu, normal((1_000_000,))),
    "`gelu`, 1e6 numbers": (nn.gelu, F.gelu, normal((1_000_000,))),
    "`softplus`, 1e6 numbers": (nn.softplus, F.softplus, normal((1_000_000,))),
    "`batch_norm`, (32, 16, 32, 32)": (
        lambda x: nn.batch_norm(x, None, None, training=True).output,
        lambda x: F.batch_norm(x, None, None, training=True),
        normal((32, 16, 32, 32)),
    ),
    "`layer_norm`, (512, 256)": (
        lambda x: nn.layer_norm(x, 256),
        lambda x: F.layer_norm(x, (256,)),
        normal((512, 256)),
    ),
    "`scaled_dot_product_attention`, (8, 4, 64, 32)": (
        nn.scaled_dot_product_attention,
        F.scaled_dot_product_attention,
        normal(*[(8, 4, 64, 32)] * 3),
    ),
    "`cross_entropy`, 128 of 10 classes": (
        lambda x: nn.cross_entropy(x, LABELS),
        lambda x: F.cross_entropy(x, torch.tensor(LABELS)),
        normal((128, 10)),
    ),
}


def ratios(case: Case, dtype: Any) -> list[float]:
    """How long a value, and value and gradients take, in units of PyTorch's time."""
    ours, theirs, arrays = case
    arrays = [x.astype(dtype) for x in arrays]
    tensors = [torch.tensor(x, requires_grad=True) for x in arrays]
    argnums = tuple(range(len(arrays)))
    w = np.random.default_rng(1).normal(size=ours(*arrays).shape).astype(dtype)
    other = torch.tensor(w)
    gradients = value_and_grad(lambda *xs: np.sum(w * ours(*xs)), argnums)

    def plain() -> Any:
        with torch.no_grad():
            return theirs(*tensors)

    def backward() -> Any:
        return torch.autograd.grad((theirs(*tensors) * other).sum(), tensors)

    rtol = 1e-9 if dtype == np.float64 else 1e-3
    for mine, found in zip(gradients(*arrays)[1], backward(), strict=True):
        scale = float(found.abs().max())
        np.testing.assert_allclose(mine, found.numpy(), rtol=rtol, atol=rtol * scale)
    times = timings(
        {
            "value": lambda: ours(*arrays),
            "PyTorch's value": plain,
            "gradient": lambda: gradients(*arrays),
            "PyTorch's gradient": backward,
        },
        rounds=60,
        seconds=4,
    )
    best = [timing.best for timing in times.values()]
    return [best[0] / best[1], best[2] / best[3]]


if __name__ == "__main__":
    restrict(1)
    torch.set_num_threads(1)
    print("| | float64: value | gradient | float32: value | gradient |")
    print("|---|---:|---:|---:|---:|")
    for name, case in CASES.items():
        row = [*ratios(case, np.float64), *ratios(case, np.float32)]
        print(f"| {name} | " + " | ".join(f"{x:.2f}" for x in row) + " |")
