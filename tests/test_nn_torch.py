"""`fgrad.nn` against PyTorch: values, first and second derivatives, on drawn shapes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from fgrad import nn, vjp

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed; pip install '.[bench]' has it"
)
F = torch.nn.functional

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")

drawn = settings(
    max_examples=15,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def numbers(shape: Any, data: Any, *, ties: bool = False) -> Any:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    if ties:
        return rng.integers(-2, 3, shape).astype(float)
    return rng.normal(size=shape)


def agree(
    ours: Callable[..., Any],
    theirs: Callable[..., Any],
    *arrays: Any,
    rtol: float = 1e-9,
    order: int = 2,
) -> None:
    """Value, gradients and the gradient of a product with the gradients."""
    rng = np.random.default_rng(0)
    tensors = [torch.tensor(x, requires_grad=True) for x in arrays]
    value = theirs(*tensors)
    w = rng.normal(size=tuple(value.shape))
    vs = [rng.normal(size=x.shape) for x in arrays]
    first = torch.autograd.grad(
        (value * torch.tensor(w)).sum(), tensors, create_graph=True, allow_unused=True
    )
    first = [
        torch.zeros_like(t) if c is None else c
        for t, c in zip(tensors, first, strict=True)
    ]

    def gradients(*xs: Any) -> Any:
        return vjp(ours, *xs)[1](w)

    mine = ours(*arrays)
    assert mine.shape == tuple(value.shape)
    close(mine, value, rtol)
    for got, want in zip(gradients(*arrays), first, strict=True):
        close(got, want, rtol)
    total = sum((c * torch.tensor(v)).sum() for c, v in zip(first, vs, strict=True))
    if order < 2 or not total.requires_grad:
        return
    second = torch.autograd.grad(total, tensors, allow_unused=True)
    for got, want in zip(vjp(gradients, *arrays)[1](tuple(vs)), second, strict=True):
        close(got, np.zeros(got.shape) if want is None else want, rtol)
    single = ours(*[x.astype(np.float32) for x in arrays])
    assert single.dtype == np.float32


def close(got: Any, want: Any, rtol: float) -> None:
    want = want.detach().numpy() if isinstance(want, torch.Tensor) else want
    scale = np.max(np.abs(want[np.isfinite(want)]), initial=1e-3)
    np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol * scale)


# Convolutions -------------------------------------------------------------------------


def convolution(data: Any, ndim: int) -> tuple[dict[str, Any], list[Any]]:
    """Options and arrays of a convolution whose kernels fit."""
    few = lambda low, high: tuple(  # noqa: E731
        data.draw(st.integers(low, high)) for _ in range(ndim)
    )
    groups = data.draw(st.integers(1, 2))
    c, o = groups * data.draw(st.integers(1, 2)), groups * data.draw(st.integers(1, 2))
    size, dilation = few(1, 3), few(1, 2)
    padding: Any = data.draw(st.sampled_from(["same", "valid", "numbers"]))
    stride = (1,) * ndim if padding == "same" else few(1, 3)
    room = few(0, 2) if padding == "numbers" else (0,) * ndim
    padding = room if padding == "numbers" else padding
    shape = [
        max(1, (k - 1) * d + 1 - 2 * p) + data.draw(st.integers(0, 3))
        for k, d, p in zip(size, dilation, room, strict=True)
    ]
    n = data.draw(st.sampled_from([(), (0,), (1,), (3,)]))
    arrays = [
        numbers((*n, c, *shape), data),
        numbers((o, c // groups, *size), data),
        numbers((o,), data),
    ]
    if data.draw(st.booleans()):
        arrays.pop()
    options = {
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
    }
    return options, arrays


@pytest.mark.parametrize("ndim", [1, 2, 3])
@drawn
@given(data=st.data())
def test_conv(ndim: int, data: Any) -> None:
    options, arrays = convolution(data, ndim)
    name = f"conv{ndim}d"
    ours = lambda *xs: getattr(nn, name)(*xs, **options)  # noqa: E731
    agree(ours, lambda *xs: getattr(F, name)(*xs, **options), *arrays)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@drawn
@given(data=st.data())
def test_conv_transpose(ndim: int, data: Any) -> None:
    options, (x, w, *_) = convolution(data, ndim)
    channels = -ndim - 1
    w = numbers((x.shape[channels], w.shape[1], *w.shape[2:]), data)
    bias = [numbers((w.shape[1] * options["groups"],), data)]
    span = [(k - 1) * d for k, d in zip(w.shape[2:], options["dilation"], strict=True)]
    most = map(max, options["stride"], options["dilation"])
    more = tuple(data.draw(st.integers(0, m - 1)) for m in most)
    room = tuple(
        data.draw(st.integers(0, min(2, ((n - 1) * s + e) // 2)))
        for n, s, e in zip(x.shape[-ndim:], options["stride"], span, strict=True)
    )
    options |= {"output_padding": more, "padding": room}
    name = f"conv_transpose{ndim}d"
    ours = lambda *xs: getattr(nn, name)(*xs, **options)  # noqa: E731
    theirs = lambda *xs: getattr(F, name)(*xs, **options)  # noqa: E731
    agree(ours, theirs, x, w, *(bias if data.draw(st.booleans()) else []))


@drawn
@given(data=st.data())
def test_unfold_and_fold(data: Any) -> None:
    options, (x, w, *_) = convolution(data, 2)
    if isinstance(options["padding"], str):
        options["padding"] = 0
    del options["groups"]
    size, shape = w.shape[2:], x.shape[-2:]
    agree(
        lambda x: nn.unfold(x, size, **options),
        lambda x: F.unfold(x, size, **options),
        x,
    )
    columns = numbers(nn.unfold(x, size, **options).shape, data)
    agree(
        lambda x: nn.fold(x, shape, size, **options),
        lambda x: F.fold(x, shape, size, **options),
        columns,
    )


# Pooling ------------------------------------------------------------------------------


def pooling(data: Any, ndim: int, *, dilated: bool) -> tuple[dict[str, Any], Any]:
    few = lambda low, high: tuple(  # noqa: E731
        data.draw(st.integers(low, high)) for _ in range(ndim)
    )
    size = few(1, 3)
    dilation = few(1, 2) if dilated else (1,) * ndim
    span = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
    room = tuple(data.draw(st.integers(0, k // 2)) for k in size)
    shape = [
        (e if dilated or ndim == 3 else max(1, e - 2 * p))
        + data.draw(st.integers(0, 4))
        for e, p in zip(span, room, strict=True)
    ]
    rest = data.draw(st.sampled_from([(2,), (0, 2), (1, 1), (2, 3)]))
    options: dict[str, Any] = {
        "kernel_size": size,
        "stride": data.draw(st.sampled_from([None, few(1, 3)])),
        "padding": room,
        "ceil_mode": data.draw(st.booleans()),
    }
    if dilated:
        options["dilation"] = dilation
    return options, numbers((*rest, *shape), data, ties=data.draw(st.booleans()))


@pytest.mark.parametrize("ndim", [1, 2, 3])
@drawn
@given(data=st.data())
def test_max_pool(ndim: int, data: Any) -> None:
    """Also of equal entries: the first has the derivative."""
    options, x = pooling(data, ndim, dilated=True)
    name = f"max_pool{ndim}d"
    ours = lambda x: getattr(nn, name)(x, **options)  # noqa: E731
    agree(ours, lambda x: getattr(F, name)(x, **options), x)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@drawn
@given(data=st.data())
def test_avg_pool(ndim: int, data: Any) -> None:
    options, x = pooling(data, ndim, dilated=False)
    options["count_include_pad"] = data.draw(st.booleans())
    if ndim > 1:
        options["divisor_override"] = data.draw(st.sampled_from([None, 3]))
    name = f"avg_pool{ndim}d"
    stride = options.pop("stride") or options["kernel_size"]
    ours = lambda x: getattr(nn, name)(x, stride=stride, **options)  # noqa: E731
    theirs = lambda x: getattr(F, name)(x, stride=stride, **options)  # noqa: E731
    agree(ours, theirs, x)


@pytest.mark.parametrize("ndim", [1, 2])
@drawn
@given(data=st.data())
def test_adaptive_avg_pool(ndim: int, data: Any) -> None:
    sizes = tuple(data.draw(st.integers(1, 5)) for _ in range(2 * ndim))
    x = numbers((data.draw(st.integers(0, 2)), 2, *sizes[:ndim]), data)
    out = sizes[ndim:]
    if ndim == 2 and data.draw(st.booleans()):
        out = (None, out[1])
    name = f"adaptive_avg_pool{ndim}d"
    agree(lambda x: getattr(nn, name)(x, out), lambda x: getattr(F, name)(x, out), x)


# Activations --------------------------------------------------------------------------

SHAPES = st.sampled_from([(), (1,), (0, 3), (4,), (2, 3), (2, 1, 3)])

ACTIVATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "relu": (nn.relu, F.relu),
    "leaky_relu": (nn.leaky_relu, F.leaky_relu),
    "leaky_relu, slope": (
        lambda x: nn.leaky_relu(x, 0.3),
        lambda x: F.leaky_relu(x, 0.3),
    ),
    "elu": (nn.elu, F.elu),
    "elu, alpha": (lambda x: nn.elu(x, 1.5), lambda x: F.elu(x, 1.5)),
    "gelu": (nn.gelu, F.gelu),
    "gelu, tanh": (
        lambda x: nn.gelu(x, approximate="tanh"),
        lambda x: F.gelu(x, approximate="tanh"),
    ),
    "silu": (nn.silu, F.silu),
    "softplus": (nn.softplus, lambda x: F.softplus(x, threshold=40)),
    "softplus, beta": (
        lambda x: nn.softplus(x, beta=2.5),
        lambda x: F.softplus(x, beta=2.5, threshold=40),
    ),
    "sigmoid": (nn.sigmoid, torch.sigmoid),
    "tanh": (nn.tanh, torch.tanh),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@drawn
@given(data=st.data(), shape=SHAPES, scale=st.sampled_from([1.0, 8.0, 100.0]))
def test_activations(name: str, data: Any, shape: Any, scale: float) -> None:
    kinks = "elu" not in name.split(", ")  # PyTorch's second derivative at 0 is 0
    x = scale * numbers(shape, data, ties=kinks and data.draw(st.booleans()))
    agree(*ACTIVATIONS[name], np.asarray(x))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@drawn
@given(data=st.data(), scale=st.sampled_from([1.0, 100.0, 1e4]))
def test_softmax(name: str, data: Any, scale: float) -> None:
    shape = tuple(data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=3)))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = scale * numbers(shape, data)
    agree(lambda x: getattr(nn, name)(x, dim), lambda x: getattr(F, name)(x, dim), x)


@drawn
@given(data=st.data(), keepdim=st.booleans())
def test_logsumexp(data: Any, keepdim: bool) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=2, max_size=3)))
    dim = data.draw(st.sampled_from([0, -1, (0, 1), (1,)]))
    x = 50 * numbers(shape, data)
    ours = lambda x: nn.logsumexp(x, dim, keepdim)  # noqa: E731
    agree(ours, lambda x: torch.logsumexp(x, dim, keepdim), x)


# Layers -------------------------------------------------------------------------------


@drawn
@given(data=st.data())
def test_linear(data: Any) -> None:
    m, n = data.draw(st.integers(0, 3)), data.draw(st.integers(1, 3))
    rest = data.draw(st.sampled_from([(), (2,), (0,), (2, 3)]))
    arrays = [numbers((*rest, m), data), numbers((n, m), data), numbers((n,), data)]
    if data.draw(st.booleans()):
        arrays.pop()
    agree(nn.linear, F.linear, *arrays)


@drawn
@given(data=st.data())
def test_embedding(data: Any) -> None:
    rows = data.draw(st.integers(1, 4))
    shape = data.draw(SHAPES)
    which = np.random.default_rng(0).integers(0, rows, shape)
    padding = data.draw(st.sampled_from([None, 0, -1]))
    agree(
        lambda table: nn.embedding(which, table, padding),
        lambda table: F.embedding(torch.tensor(which), table, padding),
        numbers((rows, 3), data),
    )


@drawn
@given(data=st.data())
def test_one_hot(data: Any) -> None:
    which = np.random.default_rng(0).integers(0, 4, data.draw(SHAPES))
    count = data.draw(st.sampled_from([4, 6]))
    for n in (count, -1) if which.size else (count,):
        got = nn.one_hot(which, n)
        want = F.one_hot(torch.tensor(which), n).numpy()
        np.testing.assert_array_equal(got, want)
        assert got.dtype == want.dtype


@drawn
@given(data=st.data(), value=st.sampled_from([0.0, -np.inf, 2.5]))
def test_masked_fill(data: Any, value: float) -> None:
    mask = np.random.default_rng(0).integers(0, 2, (2, 1, 3)) == 1
    x = numbers((2, 4, 3), data)
    agree(
        lambda x: nn.masked_fill(x, mask, value),
        lambda x: x.masked_fill(torch.tensor(mask), value),
        x,
    )


@drawn
@given(data=st.data(), bias=st.booleans(), training=st.booleans())
def test_batch_norm(data: Any, bias: bool, training: bool) -> None:
    c = data.draw(st.integers(1, 3))
    shape = (data.draw(st.integers(2, 4)), c, *data.draw(st.sampled_from([(), (2, 3)])))
    mean, var = numbers((c,), data), np.exp(numbers((c,), data))
    arrays = [numbers(shape, data), numbers((c,), data), numbers((c,), data)]
    arrays = arrays[: 3 if bias else 1]
    options = {"training": training, "momentum": 0.3, "eps": 1e-3}
    means = [torch.tensor(mean), torch.tensor(var)]

    def theirs(x: Any, *scale: Any) -> Any:
        return F.batch_norm(x, *[t.clone() for t in means], *scale, **options)

    agree(
        lambda x, *scale: (
            nn.batch_norm(
                x, *[v.astype(x.dtype) for v in (mean, var)], *scale, **options
            ).output
        ),
        theirs,
        *arrays,
        rtol=1e-8,
    )
    F.batch_norm(torch.tensor(arrays[0]), *means, **options)
    found = nn.batch_norm(arrays[0], mean, var, **options)
    np.testing.assert_allclose(found.running_mean, means[0].numpy(), rtol=1e-12)
    np.testing.assert_allclose(found.running_var, means[1].numpy(), rtol=1e-12)


@drawn
@given(data=st.data(), bias=st.booleans())
def test_layer_norm(data: Any, bias: bool) -> None:
    shape = tuple(data.draw(st.lists(st.integers(2, 4), min_size=1, max_size=2)))
    rest = data.draw(st.sampled_from([(), (0,), (2,), (2, 3)]))
    arrays = [numbers(s, data) for s in ((*rest, *shape), shape, shape)]
    ours = lambda x, *scale: nn.layer_norm(x, shape, *scale)  # noqa: E731
    theirs = lambda x, *scale: F.layer_norm(x, shape, *scale)  # noqa: E731
    agree(ours, theirs, *arrays[: 3 if bias else 1], rtol=1e-8)


@drawn
@given(data=st.data(), bias=st.booleans())
def test_group_norm(data: Any, bias: bool) -> None:
    groups = data.draw(st.integers(1, 3))
    c = groups * data.draw(st.integers(1, 2))
    shape = (
        data.draw(st.integers(1, 3)),
        c,
        *data.draw(st.sampled_from([(2,), (3, 2)])),
    )
    arrays = [numbers(s, data) for s in (shape, (c,), (c,))]
    ours = lambda x, *scale: nn.group_norm(x, groups, *scale)  # noqa: E731
    theirs = lambda x, *scale: F.group_norm(x, groups, *scale)  # noqa: E731
    agree(ours, theirs, *arrays[: 3 if bias else 1], rtol=1e-8)


@drawn
@given(data=st.data(), kind=st.sampled_from(["none", "causal", "bool", "float"]))
def test_attention(data: Any, kind: str) -> None:
    rest = data.draw(st.sampled_from([(), (2,), (2, 1), (0,)]))
    n, s, e, v = (data.draw(st.integers(1, 4)) for _ in range(4))
    arrays = [numbers((*rest, *shape), data) for shape in ((n, e), (s, e), (s, v))]
    mask: Any = None
    if kind == "bool":
        mask = numbers((n, s), data) > -0.5
    if kind == "float":
        mask = numbers((n, s), data)
    scale = data.draw(st.sampled_from([None, 0.3]))
    other = None if mask is None else torch.tensor(mask)
    f = torch.nn.functional.scaled_dot_product_attention
    options = {"is_causal": kind == "causal", "scale": scale}
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        agree(
            lambda *xs: nn.scaled_dot_product_attention(
                *xs, mask if kind != "float" else mask.astype(xs[0].dtype), **options
            ),
            lambda *xs: f(*xs, other, **options),
            *arrays,
        )


# Losses -------------------------------------------------------------------------------

REDUCTIONS = st.sampled_from(["mean", "sum", "none"])


@drawn
@given(data=st.data(), reduction=REDUCTIONS, shape=SHAPES)
def test_losses_of_numbers(data: Any, reduction: str, shape: Any) -> None:
    if not np.prod(shape):
        reduction = "sum"
    x, y = numbers(shape, data, ties=data.draw(st.booleans())), numbers(shape, data)
    x, y = np.asarray(x), np.asarray(y)
    agree(
        lambda x, y: nn.mse_loss(x, y, reduction),
        lambda x, y: F.mse_loss(x, y, reduction=reduction),
        x,
        y,
    )
    delta = data.draw(st.sampled_from([1.0, 0.4]))
    agree(
        lambda x, y: nn.huber_loss(x, y, reduction, delta),
        lambda x, y: F.huber_loss(x, y, reduction=reduction, delta=delta),
        x,
        y,
    )


@drawn
@given(data=st.data(), reduction=REDUCTIONS, scale=st.sampled_from([1.0, 100.0]))
def test_binary_cross_entropy(data: Any, reduction: str, scale: float) -> None:
    x = scale * numbers((3, 4), data)
    y = np.round(1 / (1 + np.exp(numbers((3, 4), data))), data.draw(st.integers(0, 3)))
    weight = np.exp(numbers((4,), data)) if data.draw(st.booleans()) else None
    positive = np.exp(numbers((4,), data)) if data.draw(st.booleans()) else None

    def theirs(x: Any, y: Any) -> Any:
        w, p = (None if a is None else torch.tensor(a) for a in (weight, positive))
        return F.binary_cross_entropy_with_logits(
            x, y, w, reduction=reduction, pos_weight=p
        )

    def ours(x: Any, y: Any) -> Any:
        w, p = (None if a is None else a.astype(x.dtype) for a in (weight, positive))
        return nn.binary_cross_entropy_with_logits(x, y, w, reduction, p)

    agree(ours, theirs, x, y)


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
@drawn
@given(data=st.data(), reduction=REDUCTIONS, scale=st.sampled_from([1.0, 100.0]))
def test_losses_of_labels(name: str, data: Any, reduction: str, scale: float) -> None:
    classes = data.draw(st.integers(1, 4))
    rest = data.draw(st.sampled_from([(), (3,), (2, 3), (2, 2, 1)]))
    shape = (*rest[:1], classes, *rest[1:])
    x = scale * numbers(shape, data)
    labels = np.random.default_rng(data.draw(st.integers(0, 99))).integers(
        0, classes, rest
    )
    options: dict[str, Any] = {"reduction": reduction}
    if name == "cross_entropy":
        options["label_smoothing"] = data.draw(st.sampled_from([0.0, 0.2]))
    if labels.size > 1 and data.draw(st.booleans()):
        labels.flat[0] = -100
    weight = np.exp(numbers((classes,), data)) if data.draw(st.booleans()) else None
    w = None if weight is None else torch.tensor(weight)
    agree(
        lambda x: getattr(nn, name)(
            x, labels, None if weight is None else weight.astype(x.dtype), **options
        ),
        lambda x: getattr(F, name)(x, torch.tensor(labels), w, **options),
        x,
    )


@drawn
@given(data=st.data(), reduction=REDUCTIONS)
def test_cross_entropy_of_probabilities(data: Any, reduction: str) -> None:
    shape = data.draw(st.sampled_from([(4,), (3, 4), (2, 4, 3)]))
    x, y = numbers(shape, data), np.abs(numbers(shape, data))
    weight = np.exp(numbers((4,), data)) if data.draw(st.booleans()) else None
    w = None if weight is None else torch.tensor(weight)
    options = {"reduction": reduction, "label_smoothing": 0.1}
    agree(
        lambda x, y: nn.cross_entropy(
            x, y, None if weight is None else weight.astype(x.dtype), **options
        ),
        lambda x, y: F.cross_entropy(x, y, w, **options),
        x,
        y,
    )
