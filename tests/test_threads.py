"""Transforms share nothing, so threads cannot disturb each other."""

import sys
import threading

import numpy as np

from fgrad import grad, vjp


def test_nested_gradients_in_threads():
    """8 threads × 250 third derivatives, each with closures over outer boxes."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    wrong = []

    def cube(a):
        return lambda x: a * x * grad(lambda y: x * y * y)(x)  # 2 a x³

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(250):
            a, x = rng.uniform(1, 2, 2)
            value = grad(grad(cube(a)))(x)
            if not np.isclose(value, 12 * a * x, rtol=1e-12):
                wrong.append((a, x, value))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


def test_one_pullback_in_many_threads():
    _, pullback = vjp(lambda x: np.cumsum(np.tanh(x)) * x[0], np.linspace(0, 1, 50))
    expected = pullback(np.ones(50))[0]
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(pullback(np.ones(50))[0]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_array_equal(result, expected)
