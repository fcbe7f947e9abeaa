"""Sums over shards in one process: values, trees of sums, options, words."""

import gc
import inspect
import multiprocessing
import pickle
import time
import weakref
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from copy import copy
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Lock, Thread

import numpy as np
import pytest

import fgrad
from fgrad import errors, sharded, tree
from fgrad.sharded._engines import Engine, engine_of
from fgrad.sharded._letters import Letter, check_pickles, opened
from tests import sharded_programs as programs
from tests.sharded_programs import loss, residual, residuals, rows, simple

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(52, 4)), RNG.normal(size=52)
PARAMS = {
    "w": RNG.normal(size=(4, 3)),
    "b": np.zeros(3),
    "v": RNG.normal(size=3),
}
EDGES = [0, 5, 9, 16, 20, 26, 27, 33, 41, 44, 47, 52]
SHARDS = [(X[i:j], Y[i:j]) for i, j in pairwise(EDGES)]


def same_bits(a, b):
    leaves, structure = tree.flatten(a)
    others, structure_of_others = tree.flatten(b)
    return structure == structure_of_others and all(
        type(m) is type(n) and np.asarray(m).tobytes() == np.asarray(n).tobytes()
        for m, n in zip(leaves, others, strict=True)
    )


def close(a, b):
    assert tree.flatten(a)[1] == tree.flatten(b)[1]
    for m, n in zip(tree.leaves(a), tree.leaves(b), strict=True):
        np.testing.assert_allclose(m, n, rtol=1e-12, atol=1e-13)


# values -------------------------------------------------------------------------------


def test_a_gradient_of_a_sum_is_a_sum_of_gradients():
    whole = fgrad.value_and_grad(loss)(PARAMS, (X, Y))
    close(sharded.value_and_grad(loss, SHARDS)(PARAMS), whole)
    close(sharded.grad(loss, SHARDS)(PARAMS), whole[1])


def test_one_shard_is_what_fgrad_gives():
    found = sharded.value_and_grad(loss, [(X, Y)])(PARAMS)
    assert same_bits(found, fgrad.value_and_grad(loss)(PARAMS, (X, Y)))


def test_means():
    whole = fgrad.value_and_grad(loss)(PARAMS, (X, Y))
    mean = sharded.value_and_grad(loss, SHARDS, reduce="mean")(PARAMS)
    close(mean, tree.map(lambda leaf: leaf / len(SHARDS), whole))

    def mean_loss(params, shard):
        return loss(params, shard) / len(shard[1])

    weighted = sharded.value_and_grad(mean_loss, SHARDS, reduce="mean", weight=rows)
    close(weighted(PARAMS), tree.map(lambda leaf: leaf / len(Y), whole))


def test_other_arguments():
    step = sharded.grad(loss, SHARDS, argnums=(0, 2))
    whole = fgrad.grad(loss, argnums=(0, 2))(PARAMS, (X, Y), 3.0)
    close(step(PARAMS, 3.0), whole)
    close(sharded.grad(loss, SHARDS, argnums=-1)(PARAMS, 3.0), whole[1])
    close(sharded.grad(loss, SHARDS)(PARAMS, scale=3.0), whole[0])


def test_aux_is_a_list():
    step = sharded.value_and_grad(programs.loss_and_rows, SHARDS, has_aux=True)
    (value, aux), gradient = step(PARAMS)
    assert [a["rows"] for a in aux] == [len(y) for _, y in SHARDS]
    assert same_bits((value, gradient), sharded.value_and_grad(loss, SHARDS)(PARAMS))
    blocks = sharded.grad(programs.loss_and_rows, SHARDS, has_aux=True, block=4)
    assert same_bits(blocks(PARAMS), (gradient, aux))


def test_hvp():
    primals, tangents = (PARAMS, 2.0), (tree.map(np.cos, PARAMS), 0.5)
    found = sharded.hvp(loss, SHARDS)(primals, tangents)
    close(found, fgrad.hvp(lambda p, s: loss(p, (X, Y), s), primals, tangents))
    found = sharded.hvp(loss, SHARDS)((PARAMS,), tangents[:1])
    close(found, fgrad.hvp(lambda p: loss(p, (X, Y)), (PARAMS,), tangents[:1]))


def test_jacobians():
    whole = fgrad.jacobian(residuals)(PARAMS, (X, Y))
    found = sharded.jacobian(residuals, SHARDS)(PARAMS)
    close(found, whole)
    assert same_bits(sharded.jacobian(residuals, SHARDS, block=4)(PARAMS), found)
    equal = [(X[i : i + 13], Y[i : i + 13]) for i in range(0, 52, 13)]
    stacked = sharded.jacobian(residuals, equal, reduce="shards")(PARAMS)
    close(stacked, tree.map(lambda j: np.reshape(j, (4, 13, *j.shape[1:])), whole))
    summed = sharded.jacobian(residuals, equal, reduce="sum")(PARAMS)
    close(summed, tree.map(lambda j: np.sum(j, axis=0), stacked))
    rows_of_scalars = sharded.jacobian(loss, SHARDS, reduce="shards")(PARAMS)
    close(tree.map(lambda j: np.sum(j, axis=0), rows_of_scalars), loss_slope())


def loss_slope():
    return fgrad.grad(loss)(PARAMS, (X, Y))


def test_vmap_spreads_examples():
    found = sharded.vmap(residual, SHARDS)(PARAMS)
    close(found, residuals(PARAMS, (X, Y)))
    slopes = sharded.vmap(fgrad.grad(loss), SHARDS, block=2)(PARAMS, scale=2.0)
    close(tree.map(lambda s: np.sum(s, axis=0) / 2, slopes), loss_slope())


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.complex128])
def test_dtypes_stay(dtype):
    def power(p, x):
        return np.sum(np.abs(p * x) ** 2)

    p, shards = np.ones(2, dtype), [np.ones(2, dtype)] * 3
    for reduce in ("sum", "mean"):
        value, gradient = sharded.value_and_grad(power, shards, reduce=reduce)(p)
        one = fgrad.value_and_grad(power)(p, shards[0])
        assert gradient.dtype == dtype
        assert value.dtype == one[0].dtype
        count = 3 if reduce == "sum" else 1
        np.testing.assert_allclose(gradient, count * one[1], rtol=1e-3)


def test_float16_is_added_in_float32():
    """The weights are more than float16 can have, and a sum of sums would round."""
    half = np.float16(1.0)
    mean = sharded.grad(simple, [half] * 3, reduce="mean", weight=lambda _: 70_000)
    assert same_bits(mean(half), half)
    total = sharded.grad(simple, np.full(5001, half))(half)
    assert same_bits(total, np.float16(5001))


def test_sums_are_in_the_widest_dtype():
    """Also where the first shards are real, and the others complex."""
    x = np.arange(6.0).reshape(2, 3)
    shards = [x, x + 1, 1j * x, (2 + 1j) * x]

    def f(w, x):
        return w * x

    for order in (shards, shards[::-1]):
        found = sharded.jacobian(f, order, reduce="sum")(np.ones(3))
        want = sum(fgrad.jacobian(f)(np.ones(3), x) for x in order)
        assert found.dtype == complex
        np.testing.assert_allclose(found, want, rtol=1e-14)


def test_arrays_of_users_are_not_written_into():
    x = np.ones((4, 3))
    before = x.copy()
    found = sharded.grad(lambda w, x: np.sum(w * x), x)(np.ones(3))
    np.testing.assert_array_equal(found, 4.0)
    np.testing.assert_array_equal(x, before)


# the tree of sums ---------------------------------------------------------------------


def balanced(terms):
    """What the documentation says of the order."""
    if len(terms) == 1:
        return terms[0]
    half = 1 << (len(terms) - 1).bit_length() - 1
    return balanced(terms[:half]) + balanced(terms[half:])


@pytest.mark.parametrize("count", range(1, 18))
def test_the_order_of_sums(count):
    terms = np.random.default_rng(count).normal(size=count) ** 7
    for block in (1, 2, 4, 8):
        total = sharded.value_and_grad(simple, terms, block=block)(1.0)
        assert same_bits(total, (balanced(terms), balanced(terms)))


class Shuffled:
    """An executor that is done in another order than that in which it was asked."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.waiting = []
        self.most = 0

    def submit(self, fun, *args):
        future = Late(self, partial(fun, *args))
        self.waiting.append(future)
        self.most = max(self.most, len(self.waiting))
        return future


class Late:
    def __init__(self, pool, call):
        self.pool, self.call, self.is_cancelled = pool, call, False

    def add_done_callback(self, callback):
        """Callbacks never come, so that the futures are asked."""

    def done(self):
        waiting = self.pool.waiting
        if self not in waiting:
            return True
        waiting.pop(self.pool.rng.integers(len(waiting)))
        return self not in waiting

    def result(self):
        return self.call()

    def cancel(self):
        self.is_cancelled = True


def test_who_is_done_first_does_not_matter(monkeypatch):
    from fgrad.sharded import _step

    monkeypatch.setattr(_step, "PATIENCE", 0.0)
    expected = sharded.value_and_grad(loss, SHARDS)(PARAMS)
    for seed in range(20):
        pool = Shuffled(seed)
        step = sharded.value_and_grad(loss, SHARDS, executor=pool, window=5)
        assert same_bits(step(PARAMS), expected)
        assert pool.most == 5


# shards -------------------------------------------------------------------------------


def test_iterators_are_drawn_from_as_workers_become_free():
    drawn, alive = [], []

    class Shard:
        def __init__(self, number):
            self.number = number
            alive.append(weakref.ref(self))

    def draw():
        for number in range(9):
            gc.collect()
            drawn.append(sum(ref() is not None for ref in alive))
            yield Shard(number)

    step = sharded.grad(lambda p, s: p * s.number, draw(), window=2)
    assert step(1.0) == 36
    assert max(drawn) <= 2
    with pytest.raises(errors.ShardError) as info:
        step(1.0)
    assert str(info.value) == (
        "sharded.grad(<lambda>) is called again, but its shards are an iterator, which "
        "the first call has used up. Give a list, or an object whose __iter__ begins "
        "anew"
    )


def test_functions_load_shards(tmp_path):
    for i, (x, _) in enumerate(SHARDS):
        np.save(tmp_path / f"{i}.npy", x)
    paths = [tmp_path / f"{i}.npy" for i in range(len(SHARDS))]
    expected = sharded.grad(lambda w, x: np.sum(np.sin(x @ w)), [x for x, _ in SHARDS])

    def of_path(w, path):
        return np.sum(np.sin(np.load(path) @ w))

    loads = [partial(np.load, path) for path in paths]
    found = sharded.grad(lambda w, x: np.sum(np.sin(x @ w)), loads)
    w = PARAMS["w"]
    assert same_bits(found(w), expected(w))
    assert same_bits(sharded.grad(of_path, paths)(w), expected(w))


def seen(shards):
    """The arrays that a function gets."""
    arrays = []

    def look(p, array):
        arrays.append(array)
        return p * np.sum(array)

    sharded.grad(look, shards)(1.0)
    return arrays


def test_memory_maps_are_opened_while_they_are_needed(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(60_000.0).reshape(300, 20, 10))
    whole = np.load(path, mmap_mode="r")
    views = [
        whole[7:9],
        whole[::-3, 1:, ::2].T,
        np.asarray(whole)[250:],
        whole[3, 4, 5:6],
    ]
    for view, array in zip(views, seen(views), strict=True):
        assert type(array) is np.ndarray
        assert not np.shares_memory(array, whole)
        np.testing.assert_array_equal(array, view)
        assert array.dtype == view.dtype
    assert [a.shape for a in seen([whole[:0]])] == [(0, 20, 10)]
    assert isinstance(seen([whole[0] * 2])[0], np.ndarray)


def test_private_memory_maps_are_given_as_they_are(tmp_path):
    """What was written into them is in no file."""
    np.save(tmp_path / "x.npy", np.zeros(5))
    private = np.load(tmp_path / "x.npy", mmap_mode="c")
    private[:] = 7.0
    np.testing.assert_array_equal(seen([private])[0], 7.0)


# progress -----------------------------------------------------------------------------


class Bar:
    def __init__(self, **options):
        self.options, self.steps, self.closed = options, [], False
        Bar.last = self

    def update(self, count):
        self.steps.append(count)

    def close(self):
        self.closed = True


def test_progress(capsys):
    sharded.grad(simple, np.arange(5.0), block=2, progress=Bar)(1.0)
    expected = {"total": 5, "desc": "sharded.grad(simple)", "unit": "shard"}
    assert Bar.last.options == expected
    assert Bar.last.steps == [2, 2, 1]
    assert Bar.last.closed
    sharded.grad(simple, iter([1.0, 2.0]), progress=Bar)(1.0)
    assert Bar.last.options["total"] is None
    with pytest.raises(errors.ShardError):
        sharded.grad(programs.fails_at_three, [3.0], progress=Bar)(1.0)
    assert Bar.last.closed
    sharded.grad(simple, np.arange(5.0), progress=True)(1.0)
    assert "sharded.grad(simple)" in capsys.readouterr().err


# words --------------------------------------------------------------------------------


def traced_parameters():
    fgrad.grad(lambda p: sharded.grad(simple, [1.0])(p))(1.0)


def uneven(p, x):
    return p * x[: int(x[0])]


def trees_that_differ(p, x):
    return {"a": p * x} if x[0] == 1.0 else [p * x]


ONES, TWOS = np.ones(2), np.full(2, 2.0)

WORDS = [
    (
        lambda: sharded.grad(simple, [])(1.0),
        "sharded.grad(simple) needs at least one shard, but shards is empty",
    ),
    (
        lambda: sharded.grad(simple, 3.0),
        "shards of sharded.grad(simple) must be a list of shards, or an iterator, but "
        "got a float",
    ),
    (
        lambda: sharded.grad(simple, {"x": 1.0}),
        "shards of sharded.grad(simple) must be a list of shards, or an iterator, but "
        "got a dict",
    ),
    (
        lambda: sharded.grad(simple, [ONES, (ONES, ONES)])(1.0),
        "sharded.grad(simple) needs shards of one structure: shard 0 is *, but shard 1 "
        "is tuple([0]: *, [1]: *)",
    ),
    (
        lambda: sharded.jacobian(trees_that_differ, [ONES, TWOS])(1.0),
        "sharded.jacobian(trees_that_differ) needs the same tree for all shards, but "
        "shard 0 gave dict(['a']: *), and shard 1 gave list([0]: *)",
    ),
    (
        lambda: sharded.jacobian(uneven, [ONES, TWOS], reduce="sum")(1.0),
        "sharded.jacobian(uneven) cannot put shards together: jacobian of shard 0 has "
        "shape (1,), and that of shard 1 has shape (2,)",
    ),
    (
        lambda: sharded.jacobian(simple, [1.0])(1.0),
        "sharded.jacobian(simple) puts the rows of all shards below each other, but "
        "the output of simple has no rows: its shape is (). With reduce='shards' you "
        "get one row for each shard, with reduce='sum' the sum of them",
    ),
    (
        lambda: sharded.value_and_grad(simple, [1.0, 2.0, np.nan])(1.0),
        "sharded.value_and_grad(simple): value of shard 2 is nan, and so would be the "
        "sum over all shards. The gradient of this shard alone, by fgrad.grad inside "
        "fgrad.debug.checks(), names the line",
    ),
    (
        lambda: sharded.grad(simple, [1.0, np.inf, 2.0, -np.inf])(1.0),
        "sharded.grad(simple): gradient of shard 1 is infinite, and the sum over all "
        "shards is nan",
    ),
    (
        lambda: sharded.grad(programs.fails_at_three, [1.0, 2.0, 4.0, 3.0])(1.0),
        "sharded.grad(fails_at_three) failed at shard 3 (a float): ValueError: three "
        "is not allowed",
    ),
    (
        lambda: sharded.grad(simple, [1.0, "b.npy"])(1.0),
        "sharded.grad(simple) failed at shard 1 ('b.npy'): TypeError: can't "
        "multiply sequence by non-int of type 'float'",
    ),
    (
        lambda: sharded.grad(simple, [1.0], weight=np.sqrt, reduce="mean")("a"),
        "sharded.grad cannot differentiate simple with respect to argument 0: p is a "
        "str. Leave it out of what is differentiated.",
    ),
    (
        lambda: sharded.grad(simple, [-1.0], weight=float, reduce="mean")(1.0),
        "sharded.grad(simple) needs weights that are finite and not negative, but "
        "float returned -1.0 for shard 0",
    ),
    (
        lambda: sharded.grad(simple, [0.0], weight=float, reduce="mean")(1.0),
        "sharded.grad(simple): the weights of all shards are 0",
    ),
    (
        lambda: sharded.grad(simple, [1.0], weight=float),
        "weight=<class 'float'> of sharded.grad(simple) must be a function of a shard, "
        "and reduce='mean': the mean is then weighted",
    ),
    (
        lambda: sharded.grad(simple, [1.0], reduce="rows"),
        "reduce='rows' of sharded.grad(simple) must be one of 'sum', 'mean'",
    ),
    (
        lambda: sharded.grad(simple, [1.0], block=3),
        "block=3 of sharded.grad(simple) must be a power of two, so that a block is a "
        "part of the tree of sums, and the sum has the same bits for all",
    ),
    (
        lambda: sharded.grad(simple, [1.0], window=2, block=4),
        "window=2 of sharded.grad(simple) is smaller than block=4; at least one block "
        "is in flight",
    ),
    (
        lambda: sharded.grad(simple, [1.0], window=0),
        "window=0 of sharded.grad(simple) must be a whole number from 1 on",
    ),
    (
        lambda: sharded.grad(simple, [1.0], retries=True),
        "retries=True of sharded.grad(simple) must be a whole number from 0 on",
    ),
    (
        lambda: sharded.grad(simple, [1.0], executor=4)(1.0),
        "executor=4 of sharded.grad(simple): give an object that has the method "
        "submit, such as concurrent.futures.ThreadPoolExecutor(), or None",
    ),
    (
        lambda: sharded.grad(simple, [1.0], argnums=1)(1.0),
        "argnums=1 of sharded.grad(simple) includes the shard, which is argument 1 of "
        "simple; fgrad.grad in a function given to sharded.vmap differentiates with "
        "respect to examples",
    ),
    (
        lambda: sharded.grad(simple, [1.0])(3),
        "sharded.grad cannot differentiate simple with respect to argument 0: p is the "
        "int 3. Convert it to float, or pass allow_int=True.",
    ),
    (
        lambda: sharded.hvp(simple, [1.0])((3,), (1.0,)),
        "sharded.hvp cannot differentiate simple with respect to argument 0: p is the "
        "int 3. Convert it to float.",
    ),
    (
        lambda: sharded.hvp(simple, [1.0])(3.0, 1.0),
        "sharded.hvp of simple needs a tuple of primals, one for each argument, but "
        "got a float. Write sharded.hvp(simple, shards)((x,), (v,))",
    ),
    (
        traced_parameters,
        "sharded.grad(simple) has no derivative itself, but its arguments are traced "
        "by grad(<lambda>). Second derivatives are sharded.hvp, and sharded.jacobian "
        "of a gradient",
    ),
]


@pytest.mark.parametrize(("call", "words"), WORDS, ids=range(len(WORDS)))
def test_words(call, words):
    with pytest.raises(errors.FgradError) as info:
        call()
    assert str(info.value) == words


def test_words_without_a_function():
    with pytest.raises(TypeError, match=r"Write sharded\.grad\(fun, shards\)\(params"):
        sharded.grad(3.0, [1.0])


def test_tangents_are_checked_by_workers():
    with pytest.raises(errors.ShardError, match="tangent") as info:
        sharded.hvp(simple, [1.0])((1.0,), (np.ones(2),))
    assert isinstance(info.value.__cause__, errors.TangentError)


def test_errors_know_the_shard_and_the_cause():
    step = sharded.grad(programs.fails_at_three, [1.0, 3.0], block=2)
    with pytest.raises(errors.ShardError) as info:
        step(1.0)
    assert info.value.shard == 1
    assert isinstance(info.value.__cause__, ValueError)
    names = [entry.name for entry in info.traceback]
    assert "test_errors_know_the_shard_and_the_cause" in names
    frame = info.value.__cause__.__traceback__
    while frame.tb_next:
        frame = frame.tb_next
    assert frame.tb_frame.f_code.co_name == "fails_at_three"


def test_the_function_looks_like_what_it_is():
    step = sharded.value_and_grad(loss, SHARDS)
    assert repr(step) == "sharded.value_and_grad(loss)"
    assert list(inspect.signature(step).parameters) == ["params", "rest", "kwargs"]
    assert "sharded" in dir(fgrad)


# threads ------------------------------------------------------------------------------


@pytest.fixture
def threads():
    with ThreadPoolExecutor(3) as pool:
        yield pool


@pytest.mark.parametrize("options", [{}, {"block": 4}, {"window": 1}, {"window": 7}])
def test_threads(threads, options):
    step = sharded.value_and_grad(loss, SHARDS, executor=threads, **options)
    assert same_bits(step(PARAMS), sharded.value_and_grad(loss, SHARDS)(PARAMS))


def test_many_threads_ask_one_pool(threads):
    expected = sharded.value_and_grad(loss, SHARDS)(PARAMS)
    step = sharded.value_and_grad(loss, SHARDS, executor=threads)
    found = []
    askers = [Thread(target=lambda: found.append(step(PARAMS))) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(found) == 8
    assert all(same_bits(one, expected) for one in found)


def test_threads_may_use_anything(threads):
    lock = Lock()

    def locked(p, shard):
        with lock:
            return p * shard

    assert sharded.grad(locked, [1.0, 2.0], executor=threads)(1.0) == 3.0


def test_what_has_not_begun_is_cancelled(threads):
    begun = []

    def first_fails(p, shard):
        begun.append(shard)
        if shard == 0.0:
            raise ValueError("stop")
        return p * shard

    step = sharded.grad(first_fails, np.arange(1000.0), executor=threads, window=9)
    with pytest.raises(errors.ShardError, match="stop"):
        step(1.0)
    threads.shutdown()
    assert len(begun) < 1000


def test_a_pool_that_is_shut_down():
    with ThreadPoolExecutor(1) as pool:
        step = sharded.grad(simple, [1.0], executor=pool)
        assert step(1.0) == 1.0
    with pytest.raises(errors.SettingError) as info:
        step(1.0)
    assert str(info.value) == (
        "the ThreadPoolExecutor of sharded.grad(simple) takes no work: cannot schedule "
        "new futures after shutdown. Call sharded.grad(simple) before its executor is "
        "shut down"
    )


def test_a_pool_whose_threads_do_not_start(caplog):
    """This process does the work then, and says so."""
    with ThreadPoolExecutor(1, initializer=programs.fails_to_start) as pool:
        step = sharded.grad(simple, [1.0, 2.0, 4.0], executor=pool)
        with pytest.warns(RuntimeWarning) as caught:
            assert step(1.0) == 7.0
    assert [str(w.message) for w in caught] == [
        "sharded.grad(simple): a worker of ThreadPoolExecutor died; this process goes "
        "on alone"
    ]
    assert caught[0].filename == __file__
    assert "no start" in caplog.text


def test_what_waits_in_the_queue_does_not_begin_after_an_error():
    seen = []

    def fails_first(x, shard):
        seen.append(shard)
        if shard == 0:
            raise KeyError("no such station")
        time.sleep(0.1)  # meanwhile, the others are taken out of the queue
        return x * shard

    with ThreadPoolExecutor(1) as pool:
        step = sharded.grad(fails_first, range(20), executor=pool, window=8)
        with pytest.raises(errors.ShardError, match="no such station"):
            step(1.0)
    assert len(seen) <= 4


class Dying(Executor):
    """The first block dies once; it is written down what begins and ends."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(4)
        self.events = []

    def submit(self, fun, letter, first, shards):
        self.events.append(("begins", first))
        tries = self.events.count(("begins", first))

        def run():
            if first == 0 and tries == 1:
                raise BrokenExecutor("a worker died")
            time.sleep(0.1 if first == 0 else 0.01)
            self.events.append(("ends", first))
            return fun(letter, first, shards)

        return self.pool.submit(run)


@pytest.mark.filterwarnings("ignore:sharded.grad")
def test_the_last_try_of_a_block_is_alone(monkeypatch):
    monkeypatch.setattr(Engine, "renew", lambda self: "it goes on")
    shards, executor = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], Dying()
    step = sharded.grad(simple, shards, executor=executor, retries=1, window=2)
    assert step(1.0) == sharded.grad(simple, shards)(1.0)
    executor.pool.shutdown()
    again = len(executor.events) - 1 - executor.events[::-1].index(("begins", 0))
    assert again > 0
    assert executor.events[again + 1] == ("ends", 0)
    begun = [first for what, first in executor.events[:again] if what == "begins"]
    ended = [first for what, first in executor.events[:again] if what == "ends"]
    assert sorted(ended) == sorted(begun)[1:]


def test_which_part_of_a_partial_cannot_be_sent():
    things = {"f": partial(simple, Lock())}
    with pytest.raises(errors.UnpicklableError, match=r"cannot send f\.args"):
        check_pickles("a step", things, pickle.dumps)


def test_letters_in_files_of_one_name():
    letter = Letter("first", pickle.dumps)
    assert opened(letter) == "first"
    other = copy(letter)
    other.number += 1
    Path(other.path).write_bytes(pickle.dumps("second"))
    assert opened(other) == "second"
    letter.remove()


def test_a_pool_like_another_one():
    settings = {"initializer": print, "initargs": ("x",), "max_tasks_per_child": 3}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context, **settings) as pool:
        one, other = engine_of("a step", pool), engine_of("a step", pool)
        one.renew()
        other.renew()
        assert one.executor is other.executor is not pool
        assert one.executor._max_workers == 2
        assert one.executor._initializer is print
        assert one.executor._initargs == ("x",)
        assert one.executor._max_tasks_per_child == 3
