"""Optimisers: the figures of optax, torch and autograd; derivatives; words.

The figures were computed with optax 0.2.8, torch 2.13 and autograd 1.9.1 in double
precision, from the gradients that `slope` gives.
"""

import pickle

import numpy as np
import pytest

import fgrad
from fgrad import checkpoint, errors, grad, optim, tree, value_and_grad, vmap
from fgrad.optim import autograd
from fgrad.testing import check_grads
from tests.test_errors import raised

START = {"w": np.array([[0.5, -1.0], [2.0, 0.0]]), "b": np.array([1.0, -0.25])}


def slope(p):
    return {"w": 2 * p["w"] + np.sin(3 * p["w"]), "b": p["b"] ** 3 - 0.5}


def steps(optimiser, params, slope, count):
    state = optimiser.init(params)
    for _ in range(count):
        updates, state = optimiser.update(slope(params), state, params)
        params = optim.apply_updates(params, updates)
    return params, state


# figures ------------------------------------------------------------------------------

OPTAX = {
    "sgd": (
        optim.sgd(0.1),
        [[0.005217191326392164, -0.024961411623844146], [0.3589719514820928, 0.0]],
        [0.8311531918278012, 0.1027538824070415],
    ),
    "momentum": (
        optim.sgd(0.1, momentum=0.9),
        [[0.13697788536791144, 0.3224637886236467], [-1.2875375148881607, 0.0]],
        [0.6254141691144556, 0.8717654184350758],
    ),
    "nesterov": (
        optim.sgd(0.1, momentum=0.9, nesterov=True),
        [[0.04289953206011374, -0.06952832949321312], [-0.07590544760291507, 0.0]],
        [0.7177293346604937, 0.973473618480887],
    ),
    "adam": (
        optim.adam(0.1),
        [[-0.11889107725063096, -0.301704313114107], [1.3221868224848203, 0.0]],
        [0.6769176985797988, 0.44845779740459313],
    ),
    "nadam": (
        optim.adam(0.1, b1=0.8, b2=0.9, eps=1e-3, eps_root=1e-4, nesterov=True),
        [[-0.07729377211862798, -0.2385309783023239], [1.2812398475873292, 0.0]],
        [0.7731740604969104, 0.5159255756431218],
    ),
    "adamw": (
        optim.adamw(0.1, weight_decay=0.1, mask={"w": True, "b": False}),
        [[-0.12611090413929843, -0.25570149646941537], [1.210032188757968, 0.0]],
        [0.6769176985797988, 0.44845779740459313],
    ),
    "rmsprop": (
        optim.rmsprop(0.1),
        [[4.074176290097858e-07, -0.022413742730826296], [0.8522031162685496, 0.0]],
        [0.7936837054344064, 0.7863395598234445],
    ),
    "rmsprop with momentum": (
        optim.rmsprop(0.1, 0.8, 1e-3, 0.5, False, momentum=0.5, nesterov=True),
        [[0.002059171420679678, 0.020541612163129268], [0.38684155638910755, 0.0]],
        [0.7935917953777907, 0.7375099956225377],
    ),
    "adagrad": (
        optim.adagrad(0.1),
        [[0.16224272777124138, -0.5958342863135045], [1.6377522827072468, 0.0]],
        [0.8079146793404774, 0.1186611563890948],
    ),
    "lion": (
        optim.lion(0.1, weight_decay=0.01),
        [[-0.20139301398460985, -0.2951174685328796], [1.2881384335678587, 0.0]],
        [0.6943180683328798, 0.4496482552433545],
    ),
    "clip_by_global_norm": (
        optim.chain(optim.clip_by_global_norm(1.0), optim.sgd(0.3)),
        [[0.0035463356382607475, -0.016317268831197867], [0.3621662097447843, 0.0]],
        [0.8298087869145446, 0.10789083015121637],
    ),
    "clip": (
        optim.chain(optim.clip(0.7), optim.sgd(0.3)),
        [[-0.0024433612999561396, 0.012395055653424018], [0.53, 0.0]],
        [0.7940158669544732, 0.6879461796476795],
    ),
    "decay": (
        optim.chain(optim.add_decayed_weights(0.2), optim.sgd(0.1, momentum=0.5)),
        [[0.027445936115097276, 0.0073905110268302765], [-0.16929160490378048, 0.0]],
        [0.6874946371769752, 0.36151276556779166],
    ),
}

TORCH = {
    "SGD(lr=0.1, momentum=0.9, weight_decay=0.05)": (
        optim.chain(optim.add_decayed_weights(0.05), optim.sgd(0.1, 0.9)),
        [[0.14720981115533804, 0.30100450409383933], [-1.2982466045488754, 0.0]],
        [0.5833912168774764, 0.8719786662249562],
    ),
    "AdamW(lr=0.1, weight_decay=0.1)": (
        optim.adamw(0.1, weight_decay=0.1),
        [[-0.12611090413929849, -0.25570149646941526], [1.2100321887579677, 0.0]],
        [0.6649638606853725, 0.44479663347577447],
    ),
    "RMSprop(lr=0.1, alpha=0.9)": (
        optim.rmsprop(0.1, eps_in_sqrt=False),
        [[4.0741770318749335e-07, -0.022413743633027557], [0.8522031218799422, 0.0]],
        [0.7936837053552662, 0.786339567607787],
    ),
    "Adagrad(lr=0.1, initial_accumulator_value=0.1, eps=0)": (
        optim.adagrad(0.1, eps=0.0),
        [[0.16224272604526327, -0.595834284403219], [1.6377522820665367, 0.0]],
        [0.8079146731697258, 0.11866118209091175],
    ),
}


@pytest.mark.parametrize(
    ("optimiser", "w", "b"),
    [*OPTAX.values(), *TORCH.values()],
    ids=[*OPTAX, *TORCH],
)
def test_seven_steps_as_in_optax_and_torch(optimiser, w, b):
    params, _ = steps(optimiser, START, slope, 7)
    np.testing.assert_allclose(params["w"], w, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(params["b"], b, rtol=1e-12)


SCHEDULES = {
    "constant": (optim.constant_schedule(0.1), [0.1, 0.1, 0.1, 0.1, 0.1]),
    "linear": (optim.linear_schedule(0.1, 0.5, 4, 2), [0.1, 0.1, 0.3, 0.5, 0.5]),
    "cosine": (
        optim.cosine_decay_schedule(0.3, 7, 0.1, 1.5),
        [0.3, 0.28019652728341127, 0.09544128629298025, 0.03, 0.03],
    ),
    "exponential": (
        optim.exponential_decay(0.3, 3, 0.5, 1),
        [0.3, 0.3, 0.15, 0.059527539448807475, 0.029763769724403737],
    ),
    "stairs": (
        optim.exponential_decay(0.3, 3, 0.5, 1, True, 0.1),
        [0.3, 0.3, 0.15, 0.1, 0.1],
    ),
    "growing": (
        optim.exponential_decay(0.1, 4, 2.0, end_value=0.3),
        [0.1, 0.1 * 2**0.25, 0.2, 0.3, 0.3],
    ),
    "warm-up": (
        optim.warmup_cosine_decay_schedule(0.01, 0.2, 3, 9, 0.02, 2.0),
        [0.01, 0.07333333333333333, 0.17669228634059952, 0.020807713659400522, 0.02],
    ),
    "one cycle": (
        optim.cosine_onecycle_schedule(10, 0.4),
        [0.016, 0.112, 0.38019385280538953, 0.0753033384200948, 1.6e-06],
    ),
    "joined": (
        optim.join_schedules(
            [optim.constant_schedule(0.1), optim.exponential_decay(0.3, 3, 0.5)], [4]
        ),
        [0.1, 0.1, 0.3, 0.11905507889761496, 0.059527539448807475],
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_as_in_optax(name):
    schedule, expected = SCHEDULES[name]
    counts = [0, 1, 4, 8, 11]
    np.testing.assert_allclose([schedule(n) for n in counts], expected, rtol=1e-12)
    np.testing.assert_allclose(vmap(schedule)(np.array(counts)), expected, rtol=1e-12)
    assert pickle.loads(pickle.dumps(schedule))(4) == schedule(4)


def test_a_schedule_counts_the_steps():
    seen = []
    optimiser = optim.sgd(lambda count: seen.append(count) or 0.1)
    _, state = steps(optimiser, START, slope, 3)
    assert seen == [0, 1, 2]
    assert state.count == 3


@pytest.mark.parametrize(
    ("optimise", "options", "w", "b"),
    [
        (
            autograd.sgd,
            {"step_size": 0.2, "mass": 0.8},
            [[-0.12511410255166333, 0.3411003576324192], [-0.4402088151721937, 0.0]],
            [0.7315027108595176, 0.30937001924198704],
        ),
        (
            autograd.rmsprop,
            {"step_size": 0.05, "gamma": 0.7},
            [[0.08608651589427915, -0.4883458257675823], [1.5143781388169806, 0.0]],
            [0.8121596251137982, 0.1062433626636079],
        ),
        (
            autograd.adam,
            {"step_size": 0.1},
            [[-0.19176548874212213, -0.11339582329212501], [1.1389274724339369, 0.0]],
            [0.7376208752752137, 0.6432655248358642],
        ),
    ],
)
def test_loops_as_in_autograd(optimise, options, w, b):
    calls = []
    params = optimise(
        lambda p, i: slope(p),
        START,
        lambda p, i, g: calls.append((p, i, g)),
        num_iters=9,
        **options,
    )
    np.testing.assert_allclose(params["w"], w, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(params["b"], b, rtol=1e-12)
    assert [i for _, i, _ in calls] == list(range(9))
    assert calls[0][0] is START
    np.testing.assert_array_equal(calls[4][2]["w"], slope(calls[4][0])["w"])


# states, dtypes, containers -----------------------------------------------------------

MAKERS = {
    "sgd": lambda rate: optim.sgd(rate, 0.9, nesterov=True),
    "adam": optim.adam,
    "nadam": lambda rate: optim.adam(rate, nesterov=True),
    "adamw": lambda rate: optim.adamw(rate, weight_decay=0.1),
    "rmsprop": optim.rmsprop,
    "rmsprop of torch": lambda rate: optim.rmsprop(rate, eps_in_sqrt=False),
    "adagrad": optim.adagrad,
    "lion": optim.lion,
    "clip": lambda rate: optim.chain(optim.clip(0.3), optim.sgd(rate)),
    "clip_by_global_norm": lambda rate: optim.chain(
        optim.clip_by_global_norm(0.3), optim.sgd(rate)
    ),
    "schedule": lambda rate: optim.adam(optim.cosine_onecycle_schedule(10, rate)),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("rate", [0.05, np.float64(0.05), np.array(0.05)])
def test_dtypes_stay(make, rate):
    params = {"w": np.ones(2, np.float32), "h": [np.float16(0.5)], "x": 0.5}
    dtypes = [np.float16, np.float32, np.float64]
    found, state = steps(make(rate), params, lambda p: p, 3)
    assert [np.asarray(p).dtype for p in tree.leaves(found)] == [
        np.float32,
        np.float16,
        np.float64,
    ]
    assert {leaf.dtype for leaf in tree.leaves(state) if hasattr(leaf, "dtype")} <= {
        *map(np.dtype, dtypes)
    }
    np.testing.assert_array_equal(params["w"], 1)


HALVES = {"sgd", "adam", "nadam", "adamw", "rmsprop", "adagrad", "lion"}


@pytest.mark.parametrize("name", sorted(HALVES))
def test_half_precision_moves_as_single_precision(name):
    """The squares of these gradients, and 1e-8, are 0 in float16."""
    gradient = np.array([0.0, 1e-4, -3e-3, 300.0], np.float16)
    found, wanted = (
        steps(MAKERS[name](0.05), np.ones(4, dtype), lambda p, g=g: g, 3)[0]
        for dtype, g in [(np.float16, gradient), (np.float32, gradient.astype("f4"))]
    )
    np.testing.assert_allclose(found, wanted, rtol=3e-3)


def test_without_a_warm_up_the_first_step_has_the_peak():
    schedule = optim.warmup_cosine_decay_schedule(0.0, 1.0, 0, 4)
    np.testing.assert_allclose([schedule(n) for n in (0, 2, 4)], [1, 0.5, 0], atol=1e-9)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_optimisers_and_states_pickle(make):
    optimiser = make(0.1)
    params, state = steps(optimiser, START, slope, 3)
    again, copied = pickle.loads(pickle.dumps((optimiser, state)))
    expected, _ = optimiser.update(slope(params), state, params)
    found, _ = again.update(slope(params), copied, params)
    for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(a, b)


def test_two_functions_as_in_optax():
    init, update = optim.sgd(0.5)
    assert update(1.0, init(1.0))[0] == -0.5


@pytest.mark.parametrize("make", [MAKERS["sgd"], MAKERS["adamw"], optim.rmsprop])
def test_complex_parameters_go_downhill(make):
    """The gradient is conjugated, and the penalty of weights has its sign."""

    def loss(z):
        return np.sum(np.abs(z - np.array([1 - 1j, 2.0])) ** 2)

    def real(parts):
        return loss(parts[0] + 1j * parts[1])

    start = np.array([0.5 + 2j, -0.5j])
    # Of one number, so that the scale of real and imaginary part is the same.
    found, state = steps(make(0.1), start, grad(loss), 40)
    assert loss(found) < 0.1 * loss(start)
    if make is MAKERS["sgd"]:
        parts, _ = steps(make(0.1), [start.real, start.imag], grad(real), 40)
        np.testing.assert_allclose(found, parts[0] + 1j * parts[1], rtol=1e-12)
    if make is optim.rmsprop:
        assert state[0].nu.dtype == float


def test_weights_alone_decay_to_zero():
    optimiser = optim.adamw(0.5, weight_decay=1.0)
    found, _ = steps(optimiser, np.array([1 + 2j, -3j]), np.zeros_like, 60)
    assert np.max(np.abs(found)) < 1e-15


# derivatives --------------------------------------------------------------------------


def loss(p):
    return np.sum((p["w"] - 1) ** 2) + p["b"] ** 2 + np.sin(p["w"][0] * p["b"])


def unrolled(make):
    return lambda rate, p: loss(steps(make(rate), p, grad(loss), 3)[0])


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_hypergradients(make):
    """In the learning rate and in the parameters, through three steps."""
    point = (0.05, {"w": np.array([0.5, 0.7, 1.5]), "b": 0.3})
    check_grads(unrolled(make), point, order=1, rtol=1e-6)
    check_grads(unrolled(optim.adam), point, order=2, rtol=1e-5)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_hypergradients_where_gradients_are_zero(make):
    """The second moment of w is 0 at all steps."""
    start = {"w": np.array([1.0, 0.7]), "b": 0.0}

    def flat(p):
        return np.sum((p["w"] - 1) ** 2) + p["b"] ** 2

    def run(p):
        return np.sum(steps(make(1e-3), p, grad(flat), 3)[0]["w"] ** 2)

    assert np.isfinite(grad(run)(start)["w"]).all()


def test_a_step_has_its_exact_derivative_where_the_second_moment_is_zero():
    """g / (abs(g) + eps) has the slope 1 / eps at 0."""
    for part in (
        optim.scale_by_adam(eps=0.125),
        optim.scale_by_rms(decay=0.0, eps=0.125, eps_in_sqrt=False),
    ):

        def step(g, part=part):
            return part.update(g, part.init(g))[0]

        assert grad(step)(0.0) == 8
        assert grad(step)(1e-200) == 8  # its square is 0
        assert fgrad.jvp(step, (0.0,), (1.0,))[1] == 8
    part = optim.scale_by_rss(0.0, eps=0.25)
    assert grad(lambda g: part.update(g, part.init(g))[0])(0.0) == 2


def test_adaptive_settings_have_derivatives():
    def run(b1, b2, eps, decay):
        optimiser = optim.adamw(0.1, b1, b2, eps, weight_decay=decay)
        return loss(
            steps(optimiser, {"w": np.full(2, 0.3), "b": 0.5}, grad(loss), 3)[0]
        )

    check_grads(run, (0.8, 0.95, 0.01, 0.1), order=1, rtol=1e-6)


def test_checkpointed_steps_have_the_same_derivative():
    start = {"w": np.array([0.5, 0.7]), "b": 0.3}

    def run(rate, wrap):
        optimiser = optim.adam(rate)

        @wrap
        def step(carry):
            params, state = carry
            updates, state = optimiser.update(grad(loss)(params), state, params)
            return optim.apply_updates(params, updates), state

        carry = (start, optimiser.init(start))
        for _ in range(3):
            carry = step(carry)
        return loss(carry[0])

    plain = grad(run)(0.05, lambda f: f)
    np.testing.assert_allclose(grad(run)(0.05, checkpoint), plain, rtol=1e-12)


def test_many_learning_rates_and_many_models_at_once():
    start = {"w": np.array([0.5, 0.7]), "b": 0.3}
    rates = np.array([0.01, 0.1, 0.3])
    runs = {name: unrolled(make) for name, make in MAKERS.items()}
    for run in runs.values():
        found = vmap(run, in_axes=(0, None))(rates, start)
        np.testing.assert_allclose(found, [run(r, start) for r in rates], rtol=1e-12)
    optimiser = optim.chain(
        optim.clip_by_global_norm(0.1), optim.adam(optim.cosine_decay_schedule(0.1, 9))
    )

    def step(params, state):
        updates, state = optimiser.update(grad(loss)(params), state, params)
        return optim.apply_updates(params, updates), state

    models = {"w": np.array([[0.5, 0.7], [1.0, 2.0]]), "b": np.array([0.3, -1.0])}
    many, states = models, vmap(optimiser.init)(models)
    for _ in range(3):
        many, states = vmap(step)(many, states)
    for i in range(2):
        one = tree.map(lambda leaf, i=i: leaf[i], models)
        expected, _ = steps(optimiser, one, grad(loss), 3)
        np.testing.assert_allclose(many["w"][i], expected["w"], rtol=1e-12)


# lengths ------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_lengths_where_squares_overflow(scale):
    grads = {"a": np.array([3.0, 0.0]) * scale, "b": 4j * scale}
    assert np.isclose(optim.global_norm(grads) / scale, 5, rtol=1e-15)
    short, _ = optim.clip_by_global_norm(scale).update(grads, ())
    np.testing.assert_allclose(short["a"] / scale, [0.6, 0.0])
    derivative = grad(optim.global_norm)([3 * scale, 4 * scale])
    np.testing.assert_allclose(derivative, [0.6, 0.8])


def test_lengths_at_the_edges():
    assert optim.global_norm({}) == 0
    assert optim.global_norm([np.zeros((0, 3)), 2.0]) == 2
    assert optim.global_norm([np.inf, 1.0]) == np.inf
    assert np.isnan(optim.global_norm([np.nan, 1.0]))
    assert grad(optim.global_norm)([0.0, 0.0]) == [0, 0]
    kept, _ = optim.clip_by_global_norm(5.0).update([3.0, 4.0], ())
    assert kept == [3, 4]


# L-BFGS -------------------------------------------------------------------------------


def rosenbrock(p, a):
    return (a - p["x"]) ** 2 + 100 * np.sum((p["y"] - p["x"] ** 2) ** 2)


def test_lbfgs():
    seen = []
    start = {"x": -1.2, "y": np.ones(2, np.float32)}
    found = optim.lbfgs(rosenbrock, start, 2.0, callback=seen.append)
    assert found.success, found.message
    assert found.params["y"].dtype == np.float32
    np.testing.assert_allclose(found.params["x"], 2, rtol=1e-5)
    np.testing.assert_allclose(found.params["y"], 4, rtol=1e-5)
    assert len(seen) == found.steps
    assert set(seen[0]) == {"x", "y"}
    assert not optim.lbfgs(rosenbrock, start, 2.0, max_steps=2).success


def test_lbfgs_of_complex_parameters():
    found = optim.lbfgs(lambda z: np.sum(np.abs(z - (1 - 1j)) ** 2), np.array([2j, 0j]))
    np.testing.assert_allclose(found.params, 1 - 1j, rtol=1e-12)


def test_a_minimum_has_derivatives_through_custom_root():
    def bowl(x, a):
        return (x**2 + a * np.exp(x)) / 2

    def minimum(a):
        return fgrad.custom_root(grad(bowl), 0.0, a)

    x = optim.lbfgs(bowl, 0.0, 1.0).params
    assert np.isclose(minimum(1.0), x, rtol=1e-6)
    expected = -np.exp(x) / 2 / (1 + np.exp(x) / 2)
    assert np.isclose(grad(minimum)(1.0), expected, rtol=1e-6)


def test_lbfgs_without_scipy(monkeypatch):
    def missing():
        raise ImportError

    monkeypatch.setitem(fgrad._engine.later.LATER, "scipy.optimize", missing)
    with pytest.raises(ImportError, match="lbfgs needs SciPy: pip install scipy"):
        optim.lbfgs(loss, START)


# words --------------------------------------------------------------------------------

STATE = optim.adam(0.1).init({"a": [1.0], "b": 2.0})


def step(grads):
    return optim.adam(0.1).update(grads, STATE)


@pytest.mark.parametrize(
    ("kind", "call", "message"),
    [
        (
            errors.SettingError,
            lambda: optim.adam(np.nan),
            "a learning rate must be finite and not negative, but got nan",
        ),
        (
            errors.SettingError,
            lambda: optim.sgd(-0.1),
            "a learning rate must be finite and not negative, but got -0.1",
        ),
        (
            errors.SettingError,
            lambda: optim.sgd("fast"),
            "a learning rate is a real number, but got 'fast'",
        ),
        (
            errors.SettingError,
            lambda: optim.sgd(lambda count: -1.0).update(
                1.0, optim.sgd(lambda count: -1.0).init(1.0)
            ),
            "a learning rate must be finite and not negative, but got -1.0 from its "
            "schedule at step 0",
        ),
        (
            errors.SettingError,
            lambda: vmap(lambda r: optim.sgd(r).update(1.0, ())[0])(
                np.array([0.5, np.nan])
            ),
            "a learning rate must be finite and not negative, but got [0.5 nan]",
        ),
        (
            errors.SettingError,
            lambda: optim.adam(0.1, b1=1.0),
            "b1 of adam must be in [0, 1), but got 1.0",
        ),
        (
            errors.SettingError,
            lambda: optim.cosine_onecycle_schedule(10, 1.0, div_factor=0.0),
            "div_factor of a schedule must be finite and positive, but got 0.0",
        ),
        (
            errors.SettingError,
            lambda: optim.linear_schedule(0.1, 0.2, 0),
            "transition_steps is a number of steps, 1 or more, but got 0",
        ),
        (
            errors.SettingError,
            lambda: optim.warmup_cosine_decay_schedule(0.0, 1.0, 5, 5),
            "decay_steps - warmup_steps is a number of steps, 1 or more, but got 0",
        ),
        (
            errors.SettingError,
            lambda: optim.join_schedules([abs], [3]),
            "join_schedules needs one boundary between two schedules, but got 1 "
            "schedules and 1 boundaries",
        ),
        (
            errors.SettingError,
            lambda: optim.join_schedules([abs, abs, abs], [3, 3]),
            "the boundaries of join_schedules increase, but got [3, 3]",
        ),
        (
            errors.SettingError,
            lambda: optim.join_schedules([abs, 0.1], [3]),
            "join_schedules needs schedules, but got 0.1: write "
            "optim.constant_schedule(...) for one number",
        ),
        (
            errors.SettingError,
            lambda: steps(
                optim.sgd(optim.join_schedules([lambda n: np.ones(2), abs], [3])),
                1.0,
                abs,
                1,
            ),
            "a learning rate is one number, but got an array of shape (2,) from its "
            "schedule at step 0",
        ),
        (
            errors.SettingError,
            lambda: optim.adam(np.array([0.1, 0.2])),
            "a learning rate is one number, but got an array of shape (2,)",
        ),
        (
            errors.SettingError,
            lambda: optim.warmup_cosine_decay_schedule(0.0, 1.0, -1, 5),
            "warmup_steps is a number of steps, 0 or more, but got -1",
        ),
        (
            errors.SettingError,
            lambda: optim.linear_schedule(0.0, 1.0, 5, np.nan),
            "transition_begin is a number of steps, 0 or more, but got nan",
        ),
        (
            errors.SettingError,
            lambda: optim.chain(optim.clip),
            "chain takes transformations, but got the function clip: call it with its "
            "settings, as in clip(...)",
        ),
        (
            errors.SettingError,
            lambda: optim.chain([optim.clip(1.0), optim.sgd(0.1)]),
            "chain takes transformations, but got a list: write "
            "chain(*transformations)",
        ),
        (
            errors.SettingError,
            lambda: optim.chain(optim.clip(1.0), 0.1),
            "chain takes transformations, but got 0.1",
        ),
        (
            errors.SettingError,
            lambda: optim.sgd(0.1, nesterov=True),
            "sgd with nesterov=True needs a momentum: write momentum=0.9, or leave "
            "nesterov out",
        ),
        (
            errors.SettingError,
            lambda: optim.rmsprop(0.1, nesterov=True),
            "rmsprop with nesterov=True needs a momentum: write momentum=0.9, or leave "
            "nesterov out",
        ),
        (
            errors.TreeError,
            lambda: optim.adam(0.1).update(1.0),
            "update needs the state that init or update of this optimiser returned: "
            "write update(grads, state, params)",
        ),
        (
            errors.TreeError,
            lambda: optim.sgd(0.1).update(1.0),
            "update needs the state that init or update of this optimiser returned: "
            "write update(grads, state, params)",
        ),
        (
            errors.TreeError,
            lambda: optim.sgd(0.1).update({"w": np.ones(3)}, (), {"w": np.ones(2)}),
            "grads['w'] has shape (3,), but params['w'] has shape (2,)",
        ),
        (
            errors.TreeError,
            lambda: optim.sgd(abs).update([1.0], optim.sgd(abs).init(1.0), 1.0),
            "grads and params must have the same structure, but grads is a list, and "
            "params is an array or a number",
        ),
        (
            errors.TreeError,
            lambda: step({"a": [1j], "b": 2.0}),
            "grads['a'][0] is complex, but state.mu['a'][0] is real: a real function "
            "of real parameters has a real gradient",
        ),
        (
            errors.TreeError,
            lambda: optim.sgd(0.1).update(1j, (), 1.0),
            "grads is complex, but params is real: a real function of real parameters "
            "has a real gradient",
        ),
        (
            errors.TreeError,
            lambda: optim.apply_updates({"w": 1.0}, {"w": 1j}),
            "updates['w'] is complex, but params['w'] is real: a real function of real "
            "parameters has a real gradient",
        ),
        (
            errors.NonScalarOutputError,
            lambda: optim.lbfgs(lambda p: p**2, np.ones(2)),
            "lbfgs needs an objective that returns one real number, but <lambda> "
            "returned an array of shape (2,): sum or average it",
        ),
        (
            errors.NonScalarOutputError,
            lambda: optim.lbfgs(lambda p: None, np.ones(2)),
            "lbfgs needs an objective that returns one real number, but <lambda> "
            "returned None: did it forget its return?",
        ),
        (
            errors.NonScalarOutputError,
            lambda: optim.lbfgs(lambda p: p[0] * 1j, np.ones(2)),
            "lbfgs needs an objective that returns one real number, but <lambda> "
            "returned a number of dtype complex128: take its real part or its "
            "absolute value",
        ),
        (
            errors.NonScalarOutputError,
            lambda: optim.lbfgs(lambda p: (p[0], p[1]), np.ones(2)),
            "lbfgs needs an objective that returns one real number, but <lambda> "
            "returned a tuple of length 2: return the number alone",
        ),
        (
            errors.InputTypeError,
            lambda: optim.adam(0.1).init({"layers": [np.arange(3)]}),
            "an optimiser moves floating-point numbers, but params['layers'][0] has "
            "dtype int64. Convert it to float",
        ),
        (
            errors.InputTypeError,
            lambda: optim.apply_updates({"n": 1}, {"n": 0.5}),
            "an optimiser moves floating-point numbers, but params['n'] is the int 1. "
            "Convert it to float",
        ),
        (
            errors.InputTypeError,
            lambda: optim.sgd(0.1).init({"name": "x"}),
            "an optimiser moves floating-point numbers, but params['name'] is a str. "
            "Pass it as an argument of its own",
        ),
        (
            errors.TreeError,
            lambda: step({"a": [1.0]}),
            "grads and state.mu must have the same structure, but grads has no ['b'], "
            "and state.mu has",
        ),
        (
            errors.TreeError,
            lambda: step({"a": [1.0], "b": 2.0, "c": 3.0}),
            "grads and state.mu must have the same structure, but grads has ['c'], "
            "and state.mu has not",
        ),
        (
            errors.TreeError,
            lambda: step({"a": [(1.0,)], "b": 2.0}),
            "grads and state.mu must have the same structure, but grads['a'][0] is a "
            "tuple, and state.mu['a'][0] is an array or a number",
        ),
        (
            errors.TreeError,
            lambda: step({"a": None, "b": 2.0}),
            "grads and state.mu must have the same structure, but grads['a'] is None, "
            "and state.mu['a'] is a list",
        ),
        (
            errors.TreeError,
            lambda: step({"b": 2.0, "a": [1.0]}),
            "grads and state.mu must have the same structure, but grads has its keys "
            "in another order than state.mu",
        ),
        (
            errors.TreeError,
            lambda: step({"a": [np.ones(3)], "b": 2.0}),
            "grads['a'][0] has shape (3,), but state.mu['a'][0] has shape ()",
        ),
        (
            errors.TreeError,
            lambda: optim.apply_updates({"w": np.ones(3)}, {"w": np.ones((2, 3))}),
            "updates['w'] has shape (2, 3), but params['w'] has shape (3,)",
        ),
        (
            errors.TreeError,
            lambda: autograd.sgd(lambda p, i: np.ones(3), np.ones(2)),
            "grads has shape (3,), but state.trace has shape (2,)",
        ),
        (
            errors.TreeError,
            lambda: optim.adam(0.1).update(1.0, optim.sgd(0.1, 0.9).init(1.0)),
            "update needs the state that init or update of this optimiser returned, of "
            "type AdamState, but got one of type TraceState",
        ),
        (
            errors.TreeError,
            lambda: optim.adam(0.1).update(1.0, optim.sgd(0.1).init(1.0)),
            "update needs the state of each of the 2 parts of this optimiser, but got "
            "0 states: they belong to another one",
        ),
        (
            errors.SettingError,
            lambda: optim.adamw(0.1).update(1.0, optim.adamw(0.1).init(1.0)),
            "weights decay by what they are, but update did not get them: write "
            "update(grads, state, params)",
        ),
        (
            errors.SettingError,
            lambda: optim.add_decayed_weights(0.1, {"a": 1}).update(
                {"a": 1.0}, (), {"a": 1.0}
            ),
            "the leaves of a mask are True or False, but got 1",
        ),
        (
            errors.TreeError,
            lambda: optim.add_decayed_weights(0.1, {"w": True}).update(
                {"a": 1.0}, (), {"a": 1.0}
            ),
            "mask and params must have the same structure, but mask has no ['a'], and "
            "params has",
        ),
        (
            errors.InputTypeError,
            lambda: optim.clip(1.0).update(1j, ()),
            "clip takes real gradients, since complex numbers have no order. Use "
            "clip_by_global_norm",
        ),
        (
            errors.ConversionError,
            lambda: grad(lambda x: optim.lbfgs(lambda p: p**2, x).value)(2.0),
            "lbfgs would drop the gradient of params. Differentiate its minimum with "
            "fgrad.custom_root(grad(fun), ...), or use stop_gradient if that is "
            "intended",
        ),
    ],
)
def test_words(kind, call, message):
    assert raised(kind, call).split(", at File")[0] == message


def test_words_name_a_static_field():
    from dataclasses import dataclass, field

    @fgrad.register_dataclass
    @dataclass
    class Layer:
        w: float
        n: int = field(metadata={"static": True})

    optimiser = optim.sgd(0.1, momentum=0.5)
    with pytest.raises(errors.TreeError, match="grads has other static fields than"):
        optimiser.update(Layer(1.0, 3), optimiser.init(Layer(1.0, 2)))


def test_the_import_waits():
    import subprocess
    import sys

    code = "import sys, fgrad; assert 'fgrad.optim' not in sys.modules; fgrad.optim.sgd"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_training_ends_where_the_loss_is_small():
    value, params = value_and_grad(loss), {"w": np.zeros(2), "b": 1.0}
    found, _ = steps(optim.adam(0.05), params, lambda p: value(p)[1], 400)
    assert np.max(np.abs(grad(loss)(found)["w"])) < 1e-4
