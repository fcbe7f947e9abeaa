"""Check derivatives against finite differences.

The yardstick is the five-point stencil, whose relative error is about 1e-12 for smooth
functions of order one, where the usual central difference reaches 1e-8.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fgrad._engine.box import primal
from fgrad._engine.dispatch import lift
from fgrad._transforms import jvp, vjp
from fgrad._tree import flatten, leaf_paths, unflatten

__all__ = ["check_grads", "check_rule", "fixed", "stencil"]

STEP = 1e-3
"""Of the stencil: h**4 and machine epsilon / h are then both below 1e-12."""


def _floats(leaves: Sequence[Any]) -> list[int]:
    """Positions of the leaves that vary continuously."""
    return [
        i
        for i, leaf in enumerate(leaves)
        if np.asarray(primal(leaf)).dtype.kind in "fc" and type(leaf) is not fixed
    ]


class fixed:  # noqa: N801 (used like a function)
    """A float argument that `check_rule` shall not differentiate."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _like(leaf: Any, rng: np.random.Generator) -> Any:
    """A random direction for one leaf."""
    leaf = np.asarray(primal(leaf))
    v = rng.uniform(-1, 1, leaf.shape)
    if leaf.dtype.kind == "c":
        v = v + 1j * rng.uniform(-1, 1, leaf.shape)
    return np.asarray(v, leaf.dtype)[()]


def _shifted(leaves: Sequence[Any], tangents: Sequence[Any], t: float) -> list[Any]:
    return [x + t * v for x, v in zip(leaves, tangents, strict=True)]


def stencil(
    fun: Callable[..., Sequence[Any]], leaves: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """The derivative of `fun` along `tangents`, by the five-point stencil.

    Parameters
    ----------
    fun : callable
        ``fun(leaves) -> list of arrays``.
    leaves, tangents : sequence of array
        Where, and in which direction.

    Returns
    -------
    list of array
        One for each output.

    Notes
    -----
    f'(x) = [f(x - 2h) - 8 f(x - h) + 8 f(x + h) - f(x + 2h)] / 12h + O(h**4);
    Abramowitz and Stegun, Handbook of Mathematical Functions, table 25.2.

    Examples
    --------
    >>> import numpy as np
    >>> d = stencil(lambda x: [np.sin(x[0])], [1.0], [1.0])[0]
    >>> bool(abs(d - np.cos(1.0)) < 1e-12)
    True
    """
    shifts = ((-2, 1.0), (-1, -8.0), (1, 8.0), (2, -1.0))
    terms = [
        [w * np.asarray(y) for y in fun(_shifted(leaves, tangents, s * STEP))]
        for s, w in shifts
    ]
    return [
        sum(parts[1:], parts[0]) / (12 * STEP) for parts in zip(*terms, strict=True)
    ]


def _pair(cotangents: Sequence[Any], tangents: Sequence[Any]) -> tuple[float, float]:
    """Re ⟨cotangents, tangents⟩, and the sum of the terms' sizes."""
    products = [np.asarray(c * v) for c, v in zip(cotangents, tangents, strict=True)]
    value = sum(float(np.sum(np.real(p))) for p in products)
    return value, sum(float(np.sum(np.abs(p))) for p in products)


def check_grads(
    fun: Callable[..., Any],
    args: Sequence[Any],
    *,
    order: int = 2,
    modes: Sequence[str] = ("rev", "fwd"),
    rtol: float = 1e-7,
    atol: float | None = None,
    rng: np.random.Generator | int = 0,
) -> None:
    """Check the derivatives of a function against finite differences.

    Parameters
    ----------
    fun : callable
        Returns a tree of arrays.
    args : sequence of trees
        Its positional arguments; all float64 and complex128 leaves are differentiated.
    order : int
        Up to which derivative.
    modes : sequence of {"rev", "fwd"}
        Reverse mode against the stencil; forward mode against the stencil.
    rtol, atol : float
        Allowed difference, relative to the sum of the absolute values of the terms,
        plus an absolute part (by default `rtol`).
    rng : numpy.random.Generator or int
        Draws the directions.

    Raises
    ------
    AssertionError
        Naming the entry of the Jacobian that disagrees, with both numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.testing import check_grads
    >>> check_grads(lambda x: np.tanh(x) * x, (np.array([0.5, 1.5]),))
    """
    rng = np.random.default_rng(rng)
    leaves, structure = flatten(tuple(args))
    positions = _floats(leaves)
    paths = leaf_paths(structure, "args")
    atol = rtol if atol is None else atol

    def flat(*values: Any) -> list[Any]:
        full = list(leaves)
        for position, value in zip(positions, values, strict=True):
            full[position] = value
        out, _ = flatten(fun(*unflatten(structure, full)))
        return [out[i] for i in _floats(out)]

    primals = [leaves[i] for i in positions]
    _check(
        flat, primals, [paths[i] for i in positions], order, modes, rtol, atol, rng, 1
    )


def _check(
    flat: Callable[..., list[Any]],
    primals: list[Any],
    paths: list[str],
    order: int,
    modes: Sequence[str],
    rtol: float,
    atol: float,
    rng: np.random.Generator,
    level: int,
) -> None:
    out, pullback = vjp(flat, *primals)
    ws = [_like(y, rng) for y in out]
    vs = [_like(x, rng) for x in primals]
    numeric = stencil(lambda xs: flat(*xs), primals, vs)
    if "rev" in modes:
        gradient = pullback(ws)
        for x, c, path in zip(primals, gradient, paths, strict=True):
            expected = np.shape(x), np.asarray(x).dtype
            assert (c.shape, c.dtype) == expected, (
                f"the gradient of {path} has shape and dtype {(c.shape, c.dtype)} "
                f"instead of {expected}"
            )
        got, size = _pair(gradient, vs)
        want, size2 = _pair(ws, numeric)
        if not abs(got - want) <= atol + rtol * (size + size2):
            _explain(flat, primals, paths, ws, gradient, level, got, want)
    if "fwd" in modes:
        _, tangents = jvp(flat, primals, vs)
        for k, (y, y2) in enumerate(zip(tangents, numeric, strict=True)):
            error = (
                np.abs(y - y2)
                - atol
                - rtol * (np.abs(y2) + np.max(np.abs(out[k]), initial=0))
            )
            assert not np.any(~(error <= 0)), (
                f"forward mode disagrees with the stencil at derivative {level} in "
                f"output {k}: {y} instead of {y2}"
            )
    if level < order:
        fixed_ws = [primal(w) for w in ws]

        def derivative(*xs: Any) -> list[Any]:
            return list(vjp(flat, *xs)[1](fixed_ws))

        _check(derivative, primals, paths, order, modes, rtol, atol, rng, level + 1)


def _assert_same(ours: Any, theirs: Any) -> None:
    """Equal in shape, dtype and value, where compilers may fuse a product and a sum."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), (
        f"shape and dtype {(ours.shape, ours.dtype)} differ from NumPy's "
        f"{(theirs.shape, theirs.dtype)}"
    )
    if theirs.dtype.kind not in "fc":
        np.testing.assert_array_equal(ours, theirs)
        return
    finite = np.abs(theirs[np.isfinite(theirs)])
    atol = 4 * np.finfo(theirs.dtype).eps * np.max(finite, initial=0)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=atol)


def _explain(
    flat: Callable[..., list[Any]],
    primals: list[Any],
    paths: list[str],
    ws: list[Any],
    gradient: Sequence[Any],
    level: int,
    got: float,
    want: float,
) -> None:
    """Find the entry that is wrong, and raise."""
    worst = (0.0, f"along a random direction: {got} instead of {want}")
    for i, (x, c) in enumerate(zip(primals, gradient, strict=True)):
        x, c = np.asarray(x), np.asarray(c)
        for index in np.ndindex(x.shape):
            for unit in (1.0, 1j) if x.dtype.kind == "c" else (1.0,):
                vs = [np.zeros_like(p) for p in primals]
                vs[i] = np.asarray(vs[i])
                vs[i][index] = unit
                numeric = stencil(lambda xs: flat(*xs), primals, vs)
                want, _ = _pair(ws, numeric)
                got = float((c[index] * unit).real)
                error = abs(got - want)
                if not error <= worst[0]:
                    where = f"{paths[i]}[{', '.join(map(str, index))}]"
                    direction = " (imaginary direction)" if unit == 1j else ""
                    worst = (
                        error,
                        f"with respect to {where}{direction}: {got} instead of {want}",
                    )
    raise AssertionError(f"derivative {level} is wrong {worst[1]}")


def check_rule(
    fun: Callable[..., Any],
    args: Sequence[Any],
    kwargs: dict[str, Any] | None = None,
    *,
    order: int = 2,
    rtol: float = 1e-9,
    rng: np.random.Generator | int = 0,
) -> None:
    """Check the derivative rule of a NumPy function, or of a `primitive`, at one call.

    Parameters
    ----------
    fun : callable
        The function.
    args, kwargs : sequence and dict
        A call of it. All float and complex arguments are differentiated, together and
        one by one, except those wrapped in `fixed`.
    order : int
        Up to which derivative; 0 leaves out the stencil.
    rtol : float
        As for `check_grads`.
    rng : numpy.random.Generator or int
        Draws the directions.

    Raises
    ------
    AssertionError
        If value, shape, dtype or derivative is wrong; if the pullback is not linear or
        turns a zero cotangent into something else; if ``fgrad.numpy`` and plain NumPy
        disagree.

    Examples
    --------
    >>> import numpy as np
    >>> check_rule(np.multiply, (np.array([1.0, 2.0]), 3.0))
    """
    rng = np.random.default_rng(rng)
    call, primals = _flat_call(args, kwargs or {})

    def flat(*values: Any) -> list[Any]:
        return call(lift(fun), *values)

    expected = call(fun, *primals)
    out, pullback = vjp(flat, *primals)
    for results in (out, flat(*primals)):
        for ours, theirs in zip(results, expected, strict=True):
            _assert_same(ours, theirs)
    ws = [_like(y, rng) if np.asarray(y).dtype.kind in "fc" else y for y in out]
    _check_pullback(pullback, ws, primals)
    together = pullback(ws)
    for i, (x, c) in enumerate(zip(primals, together, strict=True)):

        def alone(value: Any, i: int = i) -> list[Any]:
            return flat(*primals[:i], value, *primals[i + 1 :])

        np.testing.assert_array_equal(vjp(alone, x)[1](ws)[0], c)
    if order and all(np.asarray(x).dtype.char in "dD" for x in primals):
        check_grads(flat, primals, order=order, rtol=rtol, rng=rng)


def _flat_call(
    args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Callable[..., list[Any]], list[Any]]:
    """A call as a function of its float arguments, and these.

    That function takes the function to be called first; it returns a list of arrays.
    """
    leaves, structure = flatten((tuple(args), kwargs))
    positions = _floats(leaves)
    plain = [leaf.value if type(leaf) is fixed else leaf for leaf in leaves]

    def call(f: Callable[..., Any], *values: Any) -> list[Any]:
        full = list(plain)
        for position, value in zip(positions, values, strict=True):
            full[position] = value
        args, kwargs = unflatten(structure, full)
        return flatten(f(*args, **kwargs))[0]

    return call, [plain[i] for i in positions]


def _check_pullback(
    pullback: Callable[[Any], Any], ws: list[Any], primals: list[Any]
) -> None:
    """Shapes and dtypes, linearity, and zero for zero."""
    cotangents = zip(
        primals,
        pullback(ws),
        pullback([np.add(w, w) for w in ws]),
        pullback([np.zeros_like(w) for w in ws]),
        strict=True,
    )
    for x, c, doubled, zero in cotangents:
        assert c.shape == np.shape(x), (
            f"cotangent of shape {c.shape}, not {np.shape(x)}"
        )
        assert c.dtype == np.asarray(x).dtype, f"cotangent of dtype {c.dtype}"
        rtol = 1e-3 if c.itemsize < 8 else 1e-9
        np.testing.assert_allclose(doubled, 2 * c, rtol=rtol, atol=1e-30)
        np.testing.assert_array_equal(zero, np.zeros_like(c))
