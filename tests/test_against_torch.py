"""NumPy's operations against PyTorch, and three wishes of those who come from it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fgrad
from fgrad import grad, nn, value_and_grad, vjp
from fgrad.errors import NonScalarOutputError

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed; pip install '.[bench]' has it"
)

Both = tuple[Callable[..., Any], Callable[..., Any], tuple[tuple[int, ...], ...]]

MASK = np.array([[True, False, False], [False, True, True]])
WHICH = np.array([1, 0, 1, 1])

OPERATIONS: dict[str, Both] = {
    "+": (lambda a, b: a + b, lambda a, b: a + b, ((2, 3), (3,))),
    "-": (lambda a, b: a - b, lambda a, b: a - b, ((2, 1), (2, 3))),
    "*": (lambda a, b: a * b, lambda a, b: a * b, ((2, 3), (1,))),
    "/": (lambda a, b: a / b, lambda a, b: a / b, ((2, 3), ())),
    "**": (lambda a, b: a**b, lambda a, b: a**b, ((2, 3), (3,))),
    "** 3": (lambda a: a**3, lambda a: a**3, ((2, 3),)),
    "-x": (lambda a: -a, lambda a: -a, ((2, 3),)),
    "@": (lambda a, b: a @ b, lambda a, b: a @ b, ((2, 3), (3, 4))),
    "@, stacked": (lambda a, b: a @ b, lambda a, b: a @ b, ((5, 2, 3), (3, 4))),
    "@, vectors": (lambda a, b: a @ b, lambda a, b: a @ b, ((3,), (3,))),
    "matmul": (np.matmul, torch.matmul, ((2, 1, 2, 3), (4, 3, 2))),
    "max": (np.max, torch.max, ((2, 3),)),
    "max, axis": (lambda a: np.max(a, 1), lambda a: torch.amax(a, 1), ((2, 3),)),
    "min": (np.min, torch.min, ((2, 3),)),
    "min, axis": (
        lambda a: np.min(a, (0, 2), keepdims=True),
        lambda a: torch.amin(a, (0, 2), keepdim=True),
        ((2, 3, 2),),
    ),
    "sum": (np.sum, torch.sum, ((2, 3),)),
    "sum, axis": (lambda a: a.sum(-1), lambda a: a.sum(-1), ((2, 3),)),
    "mean": (np.mean, torch.mean, ((2, 3),)),
    "mean, axes": (
        lambda a: np.mean(a, (0, 1)),
        lambda a: torch.mean(a, (0, 1)),
        ((2, 3, 4),),
    ),
    "reshape": (
        lambda a: a.reshape(3, -1) * np.arange(4),
        lambda a: a.reshape(3, -1) * torch.arange(4),
        ((2, 6),),
    ),
    "transpose": (
        lambda a: a.transpose(2, 0, 1),
        lambda a: a.permute(2, 0, 1),
        ((2, 3, 4),),
    ),
    "T": (lambda a: a.T, lambda a: a.T, ((2, 3),)),
    "swapaxes": (
        lambda a: np.swapaxes(a, 0, -1),
        lambda a: torch.swapaxes(a, 0, -1),
        ((2, 3, 4),),
    ),
    "ravel": (np.ravel, torch.ravel, ((2, 3),)),
    "squeeze": (
        lambda a: np.squeeze(a, 1),
        lambda a: torch.squeeze(a, 1),
        ((2, 1, 3),),
    ),
    "expand_dims": (
        lambda a: np.expand_dims(a, 1),
        lambda a: torch.unsqueeze(a, 1),
        ((2, 3),),
    ),
    "concat": (
        lambda a, b: np.concatenate([a, b, a], 1),
        lambda a, b: torch.concat([a, b, a], 1),
        ((2, 3), (2, 1)),
    ),
    "stack": (
        lambda a, b: np.stack([a, b]),
        lambda a, b: torch.stack([a, b]),
        ((2, 3), (2, 3)),
    ),
    "index": (lambda a: a[1, ::2], lambda a: a[1, ::2], ((2, 3),)),
    "index, repeated": (
        lambda a: a[WHICH],
        lambda a: a[torch.tensor(WHICH)],
        ((2, 3),),
    ),
    "index, mask": (lambda a: a[MASK], lambda a: a[torch.tensor(MASK)], ((2, 3),)),
    "masked_fill": (
        lambda a: nn.masked_fill(a, MASK, -2.0),
        lambda a: a.masked_fill(torch.tensor(MASK), -2.0),
        ((2, 3),),
    ),
    "where": (
        lambda a, b: np.where(MASK, a, b),
        lambda a, b: torch.where(torch.tensor(MASK), a, b),
        ((2, 3), (3,)),
    ),
    "repeat": (
        lambda a: np.repeat(a, 3, 1),
        lambda a: torch.repeat_interleave(a, 3, 1),
        ((2, 3),),
    ),
    "tile": (
        lambda a: np.tile(a, (2, 1, 3)),
        lambda a: torch.tile(a, (2, 1, 3)),
        ((2, 3),),
    ),
    "einsum": (
        lambda a, b: np.einsum("bij,bjk->bki", a, b),
        lambda a, b: torch.einsum("bij,bjk->bki", a, b),
        ((2, 3, 4), (2, 4, 2)),
    ),
    "einsum, trace": (
        lambda a: np.einsum("ii", a),
        lambda a: torch.einsum("ii", a),
        ((3, 3),),
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations(name: str) -> None:
    """Values, and first and second derivatives along some numbers."""
    ours, theirs, shapes = OPERATIONS[name]
    rng = np.random.default_rng(5)
    arrays = [np.asarray(rng.uniform(0.5, 2, shape)) for shape in shapes]
    tensors = [torch.tensor(x, requires_grad=True) for x in arrays]
    value = theirs(*tensors)
    w = rng.normal(size=tuple(value.shape))
    vs = [rng.normal(size=shape) for shape in shapes]
    first = torch.autograd.grad(
        (value**2 * torch.tensor(w)).sum(), tensors, create_graph=True
    )
    along = [(c * torch.tensor(v)).sum() for c, v in zip(first, vs, strict=True)]
    second = torch.autograd.grad(sum(along), tensors)

    def gradients(*xs: Any) -> Any:
        return vjp(lambda *xs: ours(*xs) ** 2, *xs)[1](w)

    np.testing.assert_allclose(ours(*arrays), value.detach().numpy(), rtol=1e-12)
    for mine, other in (
        (gradients(*arrays), first),
        (vjp(gradients, *arrays)[1](tuple(vs)), second),
    ):
        for got, want in zip(mine, other, strict=True):
            np.testing.assert_allclose(got, want.detach().numpy(), rtol=1e-10)


# Three wishes -------------------------------------------------------------------------


def test_comparisons_of_traced_values() -> None:
    """They are NumPy's truth values: for masks, and for Python's branches."""

    def f(x: Any, y: Any) -> Any:
        assert (x > y).dtype == bool
        assert (x == y).shape == (3,)
        assert x.max() >= y.max()
        hidden = np.where(x > y, x, 2 * y)
        return hidden.sum() if hidden.sum() > 0 else -hidden.sum()

    x, y = np.array([1.0, -2.0, 3.0]), np.array([0.5, -1.0, 3.0])
    slopes = grad(f, (0, 1))(x, y)
    tensors = [torch.tensor(v, requires_grad=True) for v in (x, y)]
    torch.where(tensors[0] > tensors[1], tensors[0], 2 * tensors[1]).sum().backward()
    for got, tensor in zip(slopes, tensors, strict=True):
        np.testing.assert_array_equal(got, tensor.grad.numpy())


@pytest.mark.parametrize("other", [2, 2.0, np.float32(2.0), np.full(3, 2.0), [2, 2, 2]])
def test_numbers_and_arrays_on_either_side(other: Any) -> None:
    x = np.array([1.0, 2.0, 4.0])
    two = torch.tensor(np.asarray(other, float))
    for f in (
        lambda x, y: x + y,
        lambda x, y: y - x,
        lambda x, y: x * y,
        lambda x, y: y / x,
        lambda x, y: y**x,
        lambda x, y: x**y,
    ):
        value, slope = value_and_grad(lambda x, f=f: np.sum(f(x, other)))(x)
        tensor = torch.tensor(x, requires_grad=True)
        theirs = f(tensor, two).sum()
        theirs.backward()
        np.testing.assert_allclose(value, theirs.item())
        np.testing.assert_allclose(slope, tensor.grad.numpy())


def test_a_gradient_of_several_numbers_is_refused() -> None:
    def residuals(x: Any) -> Any:
        return 2 * x

    with pytest.raises(NonScalarOutputError) as error:
        grad(residuals)(np.ones(3))
    assert str(error.value) == (
        "grad needs a scalar output, but residuals returned an array of shape (3,). "
        "Use jacobian(residuals), or vjp(residuals, x) with your own cotangent."
    )
    np.testing.assert_array_equal(fgrad.jacobian(residuals)(np.ones(3)), 2 * np.eye(3))
