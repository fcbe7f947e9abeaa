"""The protocol of traces: a new interpretation is one class, written against it alone.

And the straight paths, which are `bind` again: they must do what `bind` does.
"""

from functools import partial

import numpy as np
import pytest

from fgrad import checkpoint, custom_vjp, errors, grad, hessian, jvp, vmap
from fgrad._engine.arguments import array_scalars
from fgrad._engine.bind import bind
from fgrad._engine.box import Box, boxes_in
from fgrad._engine.dispatch import traced
from fgrad._engine.rules import REQUIRED, RULES
from fgrad._engine.straight import binary, unary
from fgrad._engine.trace import Tape, Trace
from fgrad.testing import fixed
from tests.samples import SAMPLES
from tests.test_rules import CASES

X = np.array([0.5, 2.0, 1.5])


# A recorder ---------------------------------------------------------------------------


class Recorder(Trace):
    """Writes down what is called, with the number of each result in place of it."""

    opaque = True

    def __init__(self):
        super().__init__("the recorder")
        self.calls, self.numbers, self.asked = [], {}, []

    def leaf(self, value):
        box = super().leaf(value)
        self.numbers[box._node] = len(self.numbers)
        return box

    def taken(self, value, of):
        if self.holds(value):
            return of(value)
        if isinstance(value, list | tuple) and boxes_in(value):
            return type(value)([self.taken(item, of) for item in value])
        return value

    def interpret(self, rule, args, kwargs, fun):
        given = [*array_scalars(rule, [*args]), *kwargs.values()]
        names = [
            self.taken(v, lambda box: f"v{self.numbers[box._node]}") for v in given
        ]
        values = [self.taken(v, lambda box: box._value) for v in given]
        keywords = dict(zip(kwargs, values[len(args) :], strict=True))
        ans = self.boxed(fun(*values[: len(args)], **keywords))
        for i, keyword in enumerate(kwargs, len(args)):
            names[i] = f"{keyword}={names[i]}"
        out = ", ".join(f"v{self.numbers[box._node]}" for box in boxes_in(ans))
        self.calls.append(f"{out} = {fun.__name__}({', '.join(map(str, names))})")
        return ans

    def prefers(self, fun):
        return True

    def values(self, box):
        return box

    def truth(self, box):
        self.asked.append(f"bool(v{self.numbers[box._node]}) = {bool(box._value)}")
        return bool(box._value)

    def refusal(self, box, words, **options):
        return errors.ConversionError(f"{words} cannot be recorded")


def recorded(fun, *args):
    """The result of a function, and what a recorder wrote down."""
    trace = Recorder()
    out = fun(*map(trace.leaf, args))
    trace.close()
    return out, trace


def test_a_program_is_recorded():
    def program(x):
        y = np.floor(x * 1.5)
        best = x[np.argmax(x)]
        if np.sum(x) > 1.5:
            y = y + best
        return y * (x > 1.0)

    out, trace = recorded(program, X)
    np.testing.assert_array_equal(out._value, program(X))
    assert trace.calls == [
        "v1 = mul(v0, 1.5)",
        "v2 = floor(v1)",
        "v3 = argmax(v0)",
        "v4 = getitem(v0, v3)",
        "v5 = sum(v0)",
        "v6 = gt(v5, 1.5)",
        "v7 = add(v2, v4)",
        "v8 = gt(v0, 1.0)",
        "v9 = mul(v7, v8)",
    ]
    assert trace.asked == ["bool(v6) = True"]


def test_integer_results_and_shapes():
    def program(x):
        places = np.argsort(x)
        return places // 2 + np.shape(x)[0] + np.zeros_like(places)

    out, trace = recorded(program, X)
    np.testing.assert_array_equal(out._value, program(X))
    # What follows from the shape alone is no call.
    assert trace.calls == [
        "v1 = argsort(v0)",
        "v2 = floordiv(v1, 2)",
        "v3 = add(v2, 3)",
        "v4 = add(v3, [0 0 0])",
    ]


def test_nested_gradients_are_recorded():
    def f(x):
        return np.sum(np.sin(x) * x)

    out, trace = recorded(lambda x: grad(lambda x: np.sum(grad(f)(x)))(x), X)
    want = grad(lambda x: np.sum(grad(f)(x)))(X)
    np.testing.assert_array_equal(out._value, want)
    assert {line.split(" = ")[1].split("(")[0] for line in trace.calls} >= {
        *("sin", "cos", "mul", "add")
    }


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: grad(f),
        lambda f: hessian(f),
        lambda f: lambda x: jvp(f, (x,), (x,))[1],
        lambda f: lambda x: vmap(grad(lambda x: f(x * X)))(x),
        lambda f: grad(checkpoint(f)),
    ],
)
def test_transforms_are_recorded(transform):
    def f(x):
        best = np.max(x) + np.median(x) + np.prod(x)
        return np.sum(np.where(x > best, x, np.sqrt(x) * x[0])) + np.sort(x)[0] ** 2

    out, trace = recorded(transform(f), X)
    np.testing.assert_array_equal(out._value, transform(f)(X))
    assert trace.calls


def test_a_decision_of_a_rule_is_seen():
    """The rule of `prod` divides by the factors if products and cotangents allow it."""
    _, trace = recorded(grad(np.prod), X)
    assert len(trace.asked) == 2
    assert trace.asked[0].endswith("= True")
    _, trace = recorded(grad(np.prod), np.array([0.0, 2.0, 3.0]))
    assert len(trace.asked) == 1
    assert trace.asked[0].endswith("= False")


def test_custom_vjp_is_recorded_whole():
    @custom_vjp
    def twice(x):
        return 2.0 * x

    twice.defvjp(lambda x: (twice(x), None), lambda _, g: (2.0 * g,))
    out, trace = recorded(twice, X)
    np.testing.assert_array_equal(out._value, 2 * X)
    assert len(trace.calls) == 1


def test_pythons_numbers_become_numpys():
    """As without tracing: NumPy's functions make arrays of them, operators do not."""
    out, trace = recorded(lambda x: np.sum(x) + x * 2.0, 3.0)
    assert type(out._value) is np.float64
    assert trace.calls == [
        "v1 = float64(v0)",
        "v2 = sum(v1)",
        "v3 = mul(v0, 2.0)",
        "v4 = add(v2, v3)",
    ]


def test_traced_places_are_one_scatter():
    def f(x):
        order = np.argsort(x)
        return x[order[0]] * x[order[1]] + x[order[2]] ** 2

    out, trace = recorded(grad(f), X)
    np.testing.assert_array_equal(out._value, grad(f)(X))
    assert sum("scatter_add(" in line for line in trace.calls) == 1
    assert not any("index_add(" in line for line in trace.calls)


@pytest.mark.parametrize(
    ("convert", "words"),
    [
        (float, "float(x)"),
        (int, "int(x)"),
        (np.asarray, "np.asarray(x)"),
        (lambda x: x.item(), "x.item()"),
        (lambda x: range(x), "int(x)"),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_a_trace_refuses_in_its_own_words(convert, words, inside):
    fun = convert if not inside else grad(lambda x: convert(x) * x)
    with pytest.raises(errors.ConversionError) as info:
        recorded(fun, 2.0)
    assert str(info.value) == f"{words} cannot be recorded"


def test_a_trace_that_has_ended():
    trace = Recorder()
    x = trace.leaf(2.0)
    trace.close()
    assert not trace.open
    with trace.reopened():
        assert trace.open
    with pytest.raises(errors.LeakedTracerError, match="by the recorder and used"):
        trace.leaked(x)
    tape = Tape("a test")
    x = tape.leaf(2.0)
    tape.close()
    with pytest.raises(errors.LeakedTracerError, match="traced by a test"):
        x * 2.0


# The straight paths -------------------------------------------------------------------


def _straight_cases():
    """Samples that a straight path takes: one or two arguments by position."""
    seen = set()
    for case in CASES:
        (call,) = case.values
        rule = RULES.get(call.fun)
        if rule is None or call.kwargs or rule.sequences or rule.rest is not None:
            continue
        required = sum(d is REQUIRED for d in rule.parameters.values())
        if required == len(call.args) in (1, 2):
            seen.add(call.fun)
            yield pytest.param(call, id=case.id)
    assert len(seen) > 100


@pytest.mark.parametrize("call", [*_straight_cases()])
@pytest.mark.parametrize("nested", [False, True])
def test_straight_paths_are_bind(call, nested):
    rule = RULES[call.fun]
    plain = [arg.value if type(arg) is fixed else arg for arg in call.args]
    moving = [
        type(arg) is not fixed
        and not isinstance(arg, list | tuple)
        and np.asarray(arg).dtype.kind in "fc"
        for arg in call.args
    ]
    outer, tape = Tape("outside"), Tape("a test")

    def boxed(arg):
        return tape.leaf(outer.leaf(arg) if nested else arg)

    args = [boxed(arg) if m else arg for arg, m in zip(plain, moving, strict=True)]
    if not any(moving):
        return
    path = (unary if len(args) == 1 else binary)(rule, rule.fun)
    results = []
    for run, given in ((path, args), (partial(bind, rule), [tuple(args), {}])):
        results.append(run(*given))
    _assert_alike(*results)


def _assert_alike(one, other):
    """Two results are the same, and were recorded in the same way."""
    assert type(one) is type(other)
    if isinstance(one, tuple | list) and not isinstance(one, Box):
        for a, b in zip(one, other, strict=True):
            _assert_alike(a, b)
        return
    if type(one) is not Box:
        np.testing.assert_array_equal(one, other)
        return
    _assert_alike(one._value, other._value)
    assert one._trace is other._trace
    a, b = one._node, other._node
    assert (a.shape, a.dtype, a.site) == (b.shape, b.dtype, b.site)
    assert len(a.edges) == len(b.edges)
    for (p, rule, kept), (q, same, others) in zip(a.edges, b.edges, strict=True):
        if p is not q:  # one of several results
            assert (p.shape, p.dtype) == (q.shape, q.dtype)
        assert rule is same
        assert len(kept) == len(others)
        for x, y in zip(kept, others, strict=True):
            if x is not y and isinstance(x, np.ndarray | np.generic | float | complex):
                _assert_alike(x, y)


def test_operators_are_found_on_the_straight_paths():
    assert traced(np.sin).__code__ is unary(RULES[np.sin], np.sin).__code__
    assert traced(np.add).__code__ is binary(RULES[np.add], np.add).__code__
    assert SAMPLES
