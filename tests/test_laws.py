"""Laws, by hypothesis: over cotangents, and random programs from the registry."""

import numpy as np
import pytest
from hypothesis import given, reject, settings, strategies as st

from fgrad import grad, jvp, value_and_grad, vjp
from fgrad._tree import flatten
from fgrad.errors import UndefinedDerivativeWarning
from fgrad.testing import STEP, check_grads, hypothesis as fh, stencil
from tests.test_rules import CASES

CALLS = [case.values[0] for case in CASES]
SMOOTH = [call for call in CALLS if call.order >= 2]


class Program:
    """A chain of calls from the samples, driven by three numbers.

    Each call is nudged by the numbers, within the neighbourhood in which its sample is
    smooth; what it returns is folded back into them.
    """

    def __init__(self, calls, seed, through_numpy=False):
        self.steps = []
        rng = np.random.default_rng(seed)
        for call in calls:
            fun, primals = call.function(plain=through_numpy)
            nudges = [rng.uniform(-1, 1, np.shape(x)) for x in primals]
            self.steps.append((fun, primals, nudges, rng.integers(2**32)))

    def __call__(self, x):
        state = [x[0], x[1], x[2]]
        for fun, primals, nudges, seed in self.steps:
            values = [
                x + 0.01 * direction * np.tanh(state[0])
                for x, direction in zip(primals, nudges, strict=True)
            ]
            folded = fold(fun(*values), seed)
            state = [state[1], state[2], 0.5 * state[0] + np.tanh(folded)]
        return state[0] + 2 * state[1] + 3 * state[2]


def fold(out, seed):
    """One number from a tree of results, of order one."""
    rng = np.random.default_rng(seed)
    total = 0.0
    for leaf in flatten(out)[0]:
        if np.result_type(leaf).kind not in "fc":
            continue
        w = rng.uniform(-1, 1, np.shape(leaf)) / (1 + np.size(leaf))
        total = total + np.sum(w * np.real(leaf)) + np.sum(w * np.imag(leaf))
    return total * 0.1


programs = st.lists(st.sampled_from(SMOOTH), min_size=2, max_size=4)
seeds = st.integers(0, 2**31)
numbers = st.lists(
    st.integers(-1000, 1000).map(lambda n: n / 1000), min_size=3, max_size=3
).map(np.array)


@settings(max_examples=1200, deadline=None, derandomize=True)
@given(programs, seeds, numbers)
def test_programs(calls, seed, x):
    """The gradient equals the stencil, and plain NumPy equals `fgrad.numpy`."""
    program = Program(calls, seed)
    value, gradient = value_and_grad(program)(x)
    np.testing.assert_allclose(value, Program(calls, seed, through_numpy=True)(x))
    direction = np.random.default_rng(seed).uniform(-1, 1, 3)
    (numeric,) = stencil(lambda xs: [program(xs[0])], [x], [direction])
    assert abs(gradient @ direction - numeric) < 1e-9 + 1e-12 / STEP


@settings(max_examples=300, deadline=None, derandomize=True)
@given(fh.programs())
@pytest.mark.filterwarnings("ignore::fgrad.errors.UncheckedDerivativeWarning")
def test_programs_of_arrays(program):
    """Steps on arrays, in both modes and orders, and under `vmap`."""
    modes = ("rev", "fwd", "vmap")
    try:
        check_grads(program, program.args, modes=modes, kinks="skip", atol=1e-12)
    except UndefinedDerivativeWarning:  # such as the deviation of x / x
        reject()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(fh.programs(max_ops=5), st.data())
def test_derivatives_are_linear_in_their_direction(program, data):
    """And ⟨w, J v⟩ = ⟨Jᵀ w, v⟩, for directions that are 0, small or large."""
    out, pullback = vjp(program, *program.args)
    w = data.draw(fh.directions(out))
    vs = data.draw(fh.directions(program.args))
    pulled = pullback(w)
    _, t = jvp(program, program.args, vs)
    left = np.sum(w * t)
    terms = [np.sum(c * v) for c, v in zip(pulled, vs, strict=True)]
    size = max(
        np.sum(np.abs(w * t)),
        *(np.sum(np.abs(c * v)) for c, v in zip(pulled, vs, strict=True)),
    )
    np.testing.assert_allclose(left, sum(terms), rtol=1e-9, atol=1e-9 * size)
    for c, twice in zip(pulled, pullback(-2.0 * w), strict=True):
        np.testing.assert_array_equal(twice, -2.0 * c)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(programs, seeds, numbers)
def test_hessians_of_programs_are_symmetric(calls, seed, x):
    program = Program(calls, seed)
    hessian = [grad(lambda x, i=i: grad(program)(x)[i])(x) for i in range(3)]
    np.testing.assert_allclose(hessian, np.transpose(hessian), rtol=1e-9, atol=1e-12)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from([c for c in CALLS if c.order]), seeds, st.floats(-2, 2))
def test_pullbacks_are_linear(call, seed, factor):
    fun, primals = call.function()

    def floats(*values):
        return [y for y in fun(*values) if np.result_type(y).kind in "fc"]

    out, pullback = vjp(floats, *primals)
    rng = np.random.default_rng(seed)
    a, b = (
        [np.asarray(rng.uniform(-1, 1, np.shape(y)), np.result_type(y)) for y in out]
        for _ in range(2)
    )
    both = pullback([factor * p + q for p, q in zip(a, b, strict=True)])
    for whole, p, q in zip(both, pullback(a), pullback(b), strict=True):
        scale = 1 + np.max(np.abs(p), initial=0) + np.max(np.abs(q), initial=0)
        np.testing.assert_allclose(whole, factor * p + q, rtol=0, atol=1e-10 * scale)


@given(seeds)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_chain_rule(seed):
    """The pullback of a composition is the composition of the pullbacks."""
    rng = np.random.default_rng(seed)
    a, x = rng.normal(size=(3, 4)), rng.normal(size=4)
    inner = lambda x: np.tanh(a @ x)  # noqa: E731
    outer = lambda y: np.cumsum(np.exp(y) * y)  # noqa: E731
    y, inner_pullback = vjp(inner, x)
    z, outer_pullback = vjp(outer, y)
    w = rng.normal(size=z.shape)
    direct = vjp(lambda x: outer(inner(x)), x)[1](w)[0]
    np.testing.assert_allclose(inner_pullback(*outer_pullback(w))[0], direct)
