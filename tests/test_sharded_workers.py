"""Sums over shards on processes: of Python, joblib's loky, Dask and MPI.

Each kind of worker gives the same bits, also after one of them was killed.
"""

import logging
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import Lock, Timer

import numpy as np
import pytest

from fgrad import errors, sharded
from tests import sharded_programs as programs
from tests.sharded_programs import loss, simple
from tests.test_sharded import PARAMS, SHARDS, same_bits

SPAWN = multiprocessing.get_context("spawn")
"""A process with threads, as that of pytest may be, must not be forked."""

NUMBERS = np.arange(6.0)
SUM = 0.1 * np.float64(15.0)


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """A pool of processes; in the end, no process and no letter is left."""
    folder, children = tmp_path_factory.mktemp("letters"), children_now()
    with (
        pytest.MonkeyPatch.context() as patch,
        ProcessPoolExecutor(2, SPAWN) as pool,
    ):
        patch.setattr(tempfile, "tempdir", str(folder))
        yield pool
    assert children_now() <= children
    assert not list(folder.glob("*.job"))


def children_now():
    return {*multiprocessing.active_children()}


@pytest.fixture(scope="module")
def loky():
    from joblib.externals.loky import get_reusable_executor

    pool = get_reusable_executor(2, timeout=60)
    yield pool
    pool.shutdown(kill_workers=True)


@pytest.fixture(scope="module")
def dask():
    """A client of a cluster of two processes."""
    from dask.distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=":0",  # another cluster may run on this machine
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(params=["processes", "loky", "dask"])
def executor(request):
    return request.getfixturevalue(request.param)


# the same bits ------------------------------------------------------------------------


@pytest.mark.parametrize("block", [1, 4])
def test_the_same_bits(executor, block):
    step = sharded.value_and_grad(loss, SHARDS, executor=executor, block=block)
    expected = sharded.value_and_grad(loss, SHARDS)(PARAMS)
    for _ in range(2):
        assert same_bits(step(PARAMS), expected)


def test_memory_maps_travel_as_places(executor, tmp_path):
    np.save(tmp_path / "x.npy", np.concatenate([x for x, _ in SHARDS]))
    whole = np.load(tmp_path / "x.npy", mmap_mode="r")
    shards = [(whole[i : i + 4], np.arange(4.0)) for i in range(0, 52, 4)]
    step = sharded.value_and_grad(loss, shards, executor=executor)
    copies = [(np.array(x), y) for x, y in shards]
    assert same_bits(step(PARAMS), sharded.value_and_grad(loss, copies)(PARAMS))


def test_a_memory_map_that_begins_within_a_file(executor, tmp_path):
    rows, path = np.concatenate([x for x, _ in SHARDS]), tmp_path / "x"
    path.write_bytes(bytes(range(256)) * 48 + rows.tobytes())  # some pages before
    whole = np.memmap(path, rows.dtype, "r", 256 * 48, rows.shape)
    shards = [(whole[i : i + 4], np.arange(4.0)) for i in range(0, 52, 4)]
    step = sharded.value_and_grad(loss, shards, executor=executor)
    copies = [(np.array(x), y) for x, y in shards]
    assert same_bits(step(PARAMS), sharded.value_and_grad(loss, copies)(PARAMS))


def test_other_transforms(executor):
    found = sharded.jacobian(programs.residuals, SHARDS, executor=executor)(PARAMS)
    assert same_bits(found, sharded.jacobian(programs.residuals, SHARDS)(PARAMS))
    found = sharded.vmap(programs.residual, SHARDS, executor=executor)(PARAMS)
    assert same_bits(found, sharded.vmap(programs.residual, SHARDS)(PARAMS))
    vector = ((PARAMS,), (PARAMS,))
    found = sharded.hvp(loss, SHARDS, executor=executor)(*vector)
    assert same_bits(found, sharded.hvp(loss, SHARDS)(*vector))


def test_the_executor_of_dask_and_its_futures(dask):
    expected = sharded.grad(loss, SHARDS)(PARAMS)
    on_workers = dask.scatter(SHARDS)
    step = sharded.grad(loss, on_workers, executor=dask.get_executor(), block=2)
    assert same_bits(step(PARAMS), expected)


# workers that die ---------------------------------------------------------------------


def words_of(caught):
    return [str(w.message) for w in caught if w.category is RuntimeWarning]


@pytest.fixture
def no_children_stay():
    """A pool that fgrad has made ends with the one that it replaces."""
    before = children_now()
    yield
    assert children_now() <= before


@pytest.mark.usefixtures("no_children_stay")
def test_a_pool_without_a_worker_is_made_again(tmp_path):
    with ProcessPoolExecutor(2, SPAWN) as pool:
        step = sharded.grad(programs.dies_once, NUMBERS, executor=pool)
        with pytest.warns(RuntimeWarning) as caught:
            assert step(1.0, tmp_path / "flag") == SUM
        assert words_of(caught) == [
            "sharded.grad(dies_once): a worker of ProcessPoolExecutor died; a new one "
            "like it, with 2 workers, goes on"
        ]
        assert caught[0].filename == __file__
        # The next step has workers, also that of another function.
        assert step(1.0, tmp_path / "flag") == SUM
        assert sharded.grad(simple, NUMBERS, executor=pool)(1.0) == 15.0
    with pytest.raises(errors.SettingError, match="after shutdown"):
        step(1.0, tmp_path / "flag")


@pytest.mark.usefixtures("no_children_stay")
def test_a_shard_that_kills_its_workers_is_named():
    with ProcessPoolExecutor(2, SPAWN) as pool:
        step = sharded.grad(
            programs.dies_at_three, NUMBERS, executor=pool, retries=1, window=2
        )
        with pytest.warns(RuntimeWarning), pytest.raises(errors.ShardError) as info:
            step(1.0)
        assert str(info.value) == (
            "sharded.grad(dies_at_three): a worker died 2 times while it had shard 3, "
            "and retries=1. Perhaps it needs more memory than there is"
        )
        assert info.value.shard == 3


def test_no_retries():
    with ProcessPoolExecutor(1, SPAWN) as pool:
        step = sharded.grad(
            programs.dies_at_three, [3.0], executor=pool, retries=0, window=1
        )
        with pytest.raises(errors.ShardError) as info:
            step(1.0)
        assert str(info.value) == (
            "sharded.grad(dies_at_three): a worker died once while it had shard 0, and "
            "retries=0. Perhaps it needs more memory than there is"
        )


def test_loky_without_a_worker(loky, tmp_path):
    step = sharded.grad(programs.dies_once, NUMBERS, executor=loky)
    with pytest.warns(RuntimeWarning) as caught:
        assert step(1.0, tmp_path / "flag") == SUM
    assert len(words_of(caught)) == 1
    assert step(1.0, tmp_path / "flag") == SUM


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_dask_without_a_worker(dask, tmp_path):
    """Dask itself gives the shards to others, if the parameters are still there."""
    step = sharded.grad(programs.dies_once, NUMBERS, executor=dask)
    assert step(1.0, tmp_path / "flag") == SUM
    dask.wait_for_workers(2, timeout=60)
    assert step(1.0, tmp_path / "flag") == SUM


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_dask_that_lost_the_parameters(dask):
    """If all workers die at once, they get the parameters again."""
    numbers = [0.0, 1.0, 0.5]
    step = sharded.grad(programs.sleeps, numbers, executor=dask)
    end = Timer(0.5, lambda: dask.restart_workers(list(dask.nthreads()), timeout=60))
    end.start()
    assert step(1.0) == 1.5
    end.join()


# words --------------------------------------------------------------------------------


def test_exceptions_name_the_shard_and_show_where(executor):
    step = sharded.grad(programs.fails_at_three, NUMBERS, executor=executor)
    with pytest.raises(errors.ShardError) as info:
        step(1.0)
    assert str(info.value) == (
        "sharded.grad(fails_at_three) failed at shard 3 (an array of shape ()): "
        "ValueError: three is not allowed"
    )
    assert info.value.shard == 3
    assert type(info.value.__cause__) is ValueError
    assert step.fun(1.0, 2.0) == 2.0


def test_the_traceback_of_the_worker_is_shown(processes):
    step = sharded.grad(programs.fails_at_three, NUMBERS, executor=processes)
    with pytest.raises(errors.ShardError) as info:
        step(1.0)
    (note,) = info.value.__notes__
    assert note.startswith("The traceback in process ")
    assert 'raise ValueError("three is not allowed")' in note


def test_exceptions_that_do_not_travel(processes):
    step = sharded.grad(programs.fails_stubbornly, [3.0], executor=processes)
    with pytest.raises(errors.ShardError, match="Stubborn: 1.0 and 3.0") as info:
        step(1.0)
    assert info.value.__cause__ is None
    assert "Stubborn" in info.value.__notes__[0]
    assert sharded.grad(simple, NUMBERS, executor=processes)(1.0) == 15.0


LOCK = Lock()


def uses_lock(p, shard):
    with LOCK:
        return p * shard


def unpicklable(executor, fun, shards, *args, **kwargs):
    with pytest.raises(errors.UnpicklableError) as info:
        sharded.grad(fun, shards, executor=executor)(*args, **kwargs)
    return str(info.value)


def test_what_cannot_be_pickled_is_named(processes):
    assert unpicklable(processes, lambda p, s: p * s, [1.0], 1.0) == (
        "sharded.grad(<lambda>) cannot send <lambda> to a worker process: <lambda> is "
        "not found under its name in a module. Define it with def at the top of a "
        "file, and pass what it needs as arguments; or use an executor that sends "
        "functions as they are, such as loky's or Dask's"
    )
    assert unpicklable(processes, simple, [{"x": [1.0, LOCK]}], 1.0) == (
        "sharded.grad(simple) cannot send shard 0['x'][1] to a worker process: a lock "
        "cannot be pickled (cannot pickle '_thread.lock' object)"
    )
    words = unpicklable(processes, programs.shifted, [1.0], 1.0, LOCK)
    assert words.startswith("sharded.grad(shifted) cannot send offset to a worker")
    assert unpicklable(processes, loss, SHARDS, PARAMS, scale=LOCK) == (
        "sharded.grad(loss) cannot send scale to a worker process: a lock cannot be "
        "pickled (cannot pickle '_thread.lock' object)"
    )


@pytest.mark.parametrize("name", ["loky", "dask"])
def test_functions_travel_with_what_they_use(name, request):
    executor = request.getfixturevalue(name)
    two, lock = 2.0, Lock()
    doubled = sharded.grad(lambda p, s: two * p * s, NUMBERS, executor=executor)
    assert doubled(1.0) == 30.0

    def locked(p, shard):
        with lock:
            return p * shard

    assert unpicklable(executor, locked, [1.0], 1.0) == (
        "sharded.grad(locked) cannot send lock, which locked uses, to a worker "
        "process: a lock cannot be pickled (cannot pickle '_thread.lock' object)"
    )


def test_functions_that_the_worker_does_not_have(processes, monkeypatch):
    """They were defined after the worker had started, as in a notebook."""
    sharded.grad(simple, NUMBERS, executor=processes)(1.0)

    def later(p, shard):
        return p * shard

    later.__module__, later.__qualname__ = programs.__name__, "later"
    monkeypatch.setattr(programs, "later", later, raising=False)
    with pytest.raises(errors.ShardError) as info:
        sharded.grad(later, NUMBERS, executor=processes)(1.0)
    assert str(info.value).startswith(
        "sharded.grad(later) cannot be unpacked by a worker, which finds functions by "
        "their names: AttributeError: Can't get attribute 'later' on <module"
    )
    assert info.value.shard is None


def test_results_that_cannot_be_pickled(processes):
    step = sharded.grad(
        programs.returns_function, [1.0], has_aux=True, executor=processes
    )
    with pytest.raises(errors.ShardError) as info:
        step(1.0)
    assert str(info.value).startswith(
        "sharded.grad(returns_function) got no result for shard 0: "
    )
    assert "pickle" in str(info.value)


def test_executors_that_are_shut_down():
    with ProcessPoolExecutor(1, SPAWN) as pool:
        pass
    with pytest.raises(errors.SettingError, match="ProcessPoolExecutor of sharded"):
        sharded.grad(simple, [1.0], executor=pool)(1.0)


def test_a_client_that_is_closed(dask):
    from dask.distributed import Client

    client = Client(dask.cluster.scheduler_address, set_as_default=False)
    step = sharded.grad(simple, NUMBERS, executor=client)
    assert step(1.0) == 15.0
    client.close()
    with pytest.raises(errors.SettingError, match="ClientExecutor of sharded"):
        step(1.0)


# ends ---------------------------------------------------------------------------------

INTERRUPTED = """
    import os, signal, threading
    from concurrent.futures import ProcessPoolExecutor
    from fgrad import sharded
    from tests.sharded_programs import sleeps

    if __name__ == "__main__":
        with ProcessPoolExecutor(2) as pool:
            step = sharded.grad(sleeps, [0.0] * 4 + [0.2] * 1000, executor=pool)
            # A shell that starts tests in the background lets them ignore Ctrl-C.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()
            try:
                step(1.0)
            except KeyboardInterrupt:
                print("workers", *pool._processes, flush=True)
        print("closed")
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_leaves_no_process(tmp_path):
    done = python(INTERRUPTED, tmp_path)
    workers, closed = done.stdout.splitlines()
    assert closed == "closed"
    assert len(workers.split()) == 3
    for worker in workers.split()[1:]:
        with pytest.raises(ProcessLookupError):
            os.kill(int(worker), 0)
    assert not list(tmp_path.glob("*.job"))


def python(code, folder, *command):
    """What a program prints that runs for itself."""
    script = folder / "script.py"
    script.write_text(textwrap.dedent(code))
    done = subprocess.run(
        [*command, str(script)] if command else [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ
        | {
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "TMPDIR": str(folder),
            # Open MPI, as root and on fewer than three cores.
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_rmaps_base_oversubscribe": "1",
            "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
        },
    )
    assert done.returncode == 0, done.stderr
    return done


MPI = """
    from mpi4py.futures import MPIPoolExecutor
    from fgrad import errors, sharded
    from tests.sharded_programs import fails_at_three, loss
    from tests.test_sharded import PARAMS, SHARDS, same_bits

    if __name__ == "__main__":
        with MPIPoolExecutor() as pool:
            for block in (1, 4):
                step = sharded.value_and_grad(loss, SHARDS, executor=pool, block=block)
                expected = sharded.value_and_grad(loss, SHARDS)(PARAMS)
                print("same bits", same_bits(step(PARAMS), expected))
            try:
                sharded.grad(fails_at_three, [1.0, 3.0], executor=pool)(1.0)
            except errors.ShardError as error:
                print(error)
"""


@pytest.mark.skipif(not shutil.which("mpiexec"), reason="there is no mpiexec")
def test_mpi(tmp_path):
    pytest.importorskip("mpi4py")
    command = ["mpiexec", "-n", "3", sys.executable, "-m", "mpi4py.futures"]
    assert python(MPI, tmp_path, *command).stdout.splitlines() == [
        "same bits True",
        "same bits True",
        "sharded.grad(fails_at_three) failed at shard 1 (a float): ValueError: three "
        "is not allowed",
    ]
