"""An engine of your own in 20 lines, and the same forward and backward pairs in fgrad.

The pairs `matmul`, `tanh` and `total` return a value and a function that takes a
cotangent back. `backward` is a whole reverse mode for programs made of such pairs, so
that a reader sees what fgrad does. `custom_vjp` gives the same pairs to fgrad, which
adds trees, nesting and words. Saves both gradients beside this file as ``.txt``.

    python examples/own_engine.py [--figure path/to/table.txt]
"""

import numpy as np
from command_line import arguments

from fgrad import custom_vjp, grad
from fgrad.testing import check_grads


def matmul(x, y):
    return x @ y, lambda g: (g @ y.T, x.T @ g)


def tanh(x):
    out = np.tanh(x)
    return out, lambda g: (g * (1 - out**2),)


def total(x):
    return np.sum(x), lambda g: (g * np.ones_like(x),)


def backward(program, values):
    """Run a list of (result, pair, arguments), and walk back over it."""
    values, tape = dict(values), []
    for result, pair, names in program:
        values[result], pullback = pair(*(values[name] for name in names))
        tape.append((result, pullback, names))
    cotangents = {tape[-1][0]: 1.0}
    for result, pullback, names in reversed(tape):
        for name, c in zip(names, pullback(cotangents[result]), strict=True):
            cotangents[name] = cotangents.get(name, 0.0) + c
    return values, cotangents


def for_fgrad(pair):
    """What `pair` keeps for its way back are its arguments: they make it again."""
    function = custom_vjp(lambda *args: pair(*args)[0])
    function.defvjp(lambda *args: (pair(*args)[0], args), lambda a, g: pair(*a)[1](g))
    return function


MATMUL, TANH, TOTAL = map(for_fgrad, (matmul, tanh, total))


def network(x, y):
    return TOTAL(TANH(MATMUL(x, y)))


def main():
    options = arguments(__doc__, __file__)
    x, y = np.array([[1.0, 2.0, 3.0]]), np.array([[0.0], [1.0], [1.0]])
    _, small = backward([("z", matmul, "xy"), ("out", total, "z")], {"x": x, "y": y})
    print(f"x @ y: {small['x'].tolist()} and {small['y'].tolist()}")
    program = [("z", matmul, "xy"), ("a", tanh, "z"), ("out", total, "a")]
    _, ours = backward(program, {"x": x, "y": y})
    theirs = grad(network, argnums=(0, 1))(x, y)
    same = all(np.array_equal(ours[n], g) for n, g in zip("xy", theirs, strict=True))
    print(f"sum(tanh(x @ y)): the engine and fgrad have equal gradients: {same}")
    check_grads(network, (x, y))
    print("fgrad also has second derivatives, and they agree with the stencil")
    rows = [f"{'':8}{'20 lines':>12}{'fgrad':>12}"]
    for name, g in zip("xy", theirs, strict=True):
        for i, pair in enumerate(zip(ours[name].flat, g.flat, strict=True)):
            rows.append(f"d/d{name}[{i}] {pair[0]:12.8f}{pair[1]:12.8f}")
    options.figure.with_suffix(".txt").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
