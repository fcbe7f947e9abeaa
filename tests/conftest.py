"""What holds for every test."""

import gc
import os

import pytest

# The arrays of tests are small: more threads would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings

from fgrad.batching import loops

# Tests draw the same each time, also those in docstrings and pages, and on a machine
# that has more to do.
settings.register_profile(
    "same",
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("same")

EXPECTED = {loops.NO_ENTRY, loops.REFUSED, loops.ASKED}
"""Why examples may go one by one. Everything else is an error in a batching table."""


def pytest_collection_finish():
    """Keep the garbage collector from going through all tests again and again.

    They are many objects, and they live until the end.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_entry_fails():
    """An entry of the batching tables must not raise where each example is fine.

    The result is right all the same, because the examples then go one by one: without
    this fixture, no test sees the fault.
    """
    loops.LOOPS.clear()
    yield
    failed = [loop for loop in loops.LOOPS if loop.why not in EXPECTED]
    assert not failed, f"entries of the batching tables failed: {failed}"
