"""`check_rule`: the derivative of one operation, at one call and its variants."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from fgrad._engine.dispatch import lift
from fgrad._engine.rules import is_known
from fgrad._engine.signatures import function_name
from fgrad._transforms import vjp
from fgrad._transforms._values import check_function
from fgrad._tree import flatten, leaf_paths, unflatten
from fgrad.errors import GradientError, MissingRuleError
from fgrad.testing._grads import checked
from fgrad.testing._leaves import direction, fixed, float_positions
from fgrad.testing._level import Settings
from fgrad.testing._pullback import check_pullback, same
from fgrad.testing._report import Report, Verdict
from fgrad.testing._single import check_single
from fgrad.testing._variants import KINDS, Variant, variants

__all__ = ["check_rule", "flat_call"]


def check_rule(
    fun: Callable[..., Any],
    args: Sequence[Any],
    kwargs: dict[str, Any] | None = None,
    *,
    order: int = 2,
    vary: bool | Collection[str] = False,
    rtol: float = 1e-9,
    rng: np.random.Generator | int = 0,
) -> Report:
    """Check the derivative rule of a NumPy function, or of a `primitive`, at one call.

    Parameters
    ----------
    fun : callable
        The function. One that is made of others is checked in the same way.
    args, kwargs : sequence and dict
        A call of it. All float and complex arguments are differentiated, together and
        one by one, except those wrapped in `fixed`.
    order : int
        Up to which derivative; 0 leaves out the finite differences.
    vary : bool or collection of str
        Whether to check variants of this call, too; or which kinds of them:

        * ``"options"``: other axes, none, ``keepdims``, ``where``;
        * ``"vmap"``: a batch of three;
        * ``"sign"``: the opposite sign of an argument;
        * ``"zero"``: a zero among its entries;
        * ``"repeats"``: integers, such as indices, that are all the same;
        * ``"number"``, ``"length 1"``, ``"axes"``, ``"size 0"``: one number in place of
          an array, with and without an axis; axes of length 1; one more axis; no
          entries;
        * ``"memory"``: Fortran order, and a strided view;
        * ``"scale"``: large and small arguments;
        * ``"float32"``, ``"complex"``: numbers of these kinds.

        What the function itself refuses is left out.
    rtol : float
        As for `check_grads`.
    rng : numpy.random.Generator or int
        Draws the directions.

    Returns
    -------
    Report
        A verdict for each argument, order and mode.

    Raises
    ------
    GradientError
        If value, shape, dtype or derivative is wrong; if the pullback is not linear,
        or writes into its cotangent or into what it kept; if ``fgrad.numpy`` and plain
        NumPy disagree.
    ValueError
        If `vary` names a kind of variant that does not exist.

    Warns
    -----
    UncheckedDerivativeWarning
        If a derivative can be called neither right nor wrong.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad.testing import check_rule
    >>> check_rule(np.multiply, (np.array([1.0, 2.0]), 3.0))
    np.multiply:
        derivative 1 right (args[0], args[1], all)
        derivative 2 right (args[0], args[1], all)
    """
    check_function("check_rule", fun, "check_rule(fun, args)")
    kwargs = kwargs or {}
    kinds = _kinds(vary)
    rng = np.random.default_rng(rng)
    name = function_name(fun)
    verdicts = _check_call(name, fun, args, kwargs, order, rtol, rng)
    for variant in variants(fun, args, kwargs, kinds) if kinds else ():
        _check_variant(name, fun, variant, order, rtol, rng)
    return Report(name, tuple(verdicts))


def _kinds(vary: bool | Collection[str]) -> Collection[str]:
    """The kinds of variants that are asked for."""
    if isinstance(vary, bool):
        return tuple(KINDS) if vary else ()
    if isinstance(vary, str):
        vary = (vary,)
    for kind in vary:
        if kind not in KINDS:
            raise ValueError(
                f"vary of check_rule may be True, False, or some of "
                f"{', '.join(map(repr, KINDS))}, but got {kind!r}."
            )
    return vary


OF_FUNCTIONS = (RuntimeWarning, FutureWarning, DeprecationWarning)
"""What functions say of calls that nobody meant to make."""


def _check_variant(
    name: str,
    fun: Callable[..., Any],
    variant: Variant,
    order: int,
    rtol: float,
    rng: np.random.Generator,
) -> None:
    """Check another call, and say which it was if something is wrong."""
    args, kwargs = variant.args, variant.kwargs
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            for category in OF_FUNCTIONS:
                warnings.simplefilter("ignore", category)
            _check_call(name, fun, args, kwargs, order, rtol, rng, variant.modes)
    except MissingRuleError:
        return  # said in words, so nobody gets a wrong number
    except GradientError as error:
        if error.kind in {"jump", "edge of domain"}:
            return  # of the function, which nobody meant to check there
        error.args = (f"With {variant.name}, {error}",)
        error.variant = variant.name
        raise
    except Exception as error:
        raise GradientError(
            f"With {variant.name}, {name} has a value, but its rule fails: "
            f"{type(error).__name__}: {error}",
            kind="the rule fails",
            variant=variant.name,
        ) from error


def _check_call(
    name: str,
    fun: Callable[..., Any],
    args: Sequence[Any],
    kwargs: dict[str, Any],
    order: int,
    rtol: float,
    rng: np.random.Generator,
    modes: Sequence[str] = ("rev", "fwd"),
) -> list[Verdict]:
    call, primals, paths = flat_call(args, kwargs)
    lifted = lift(fun) if is_known(fun) else fun

    def flat(*values: Any) -> list[Any]:
        return call(lifted, *values)

    expected = call(fun, *primals)
    out, pullback = vjp(flat, *primals)
    for results in (out, flat(*primals)):
        for ours, theirs in zip(results, expected, strict=True):
            _check_same(name, ours, theirs)
    ws = [
        np.asarray(direction(y, rng), np.asarray(y).dtype)[()]
        if np.asarray(y).dtype.kind in "fc"
        else y
        for y in out
    ]
    together = check_pullback(name, pullback, ws, primals, paths)
    for i, (x, c) in enumerate(zip(primals, together, strict=True)):

        def alone(value: Any, i: int = i) -> list[Any]:
            return flat(*primals[:i], value, *primals[i + 1 :])

        if not same([vjp(alone, x)[1](ws)[0]], [c]):
            raise GradientError(
                f"the gradient of {name} with respect to {paths[i]} is another one if "
                f"only this argument is differentiated.",
                kind="wrong",
                path=paths[i],
            )
    double = all(np.asarray(x).dtype.char in "dD" for x in primals)
    if not double:
        check_single(name, flat, primals, ws, together, paths)
    if not order or not primals or not double:
        return []

    def floats(*values: Any) -> list[Any]:
        found = flat(*values)
        return [found[i] for i in float_positions(found)]

    settings = Settings(name, paths, modes, rtol=rtol)
    return checked(floats, primals, settings, order, rng)


def flat_call(
    args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Callable[..., list[Any]], list[Any], list[str]]:
    """A call as a function of its float arguments, these, and their names.

    That function takes the function to be called first; it returns a list of arrays.
    """
    leaves, structure = flatten((tuple(args), kwargs))
    positions = float_positions(leaves)
    plain = [leaf.value if type(leaf) is fixed else leaf for leaf in leaves]

    def call(f: Callable[..., Any], *values: Any) -> list[Any]:
        full = list(plain)
        for position, value in zip(positions, values, strict=True):
            full[position] = value
        args, kwargs = unflatten(structure, full)
        return flatten(f(*args, **kwargs))[0]

    paths = leaf_paths(structure.children[0], "args")
    paths += leaf_paths(structure.children[1], "kwargs")
    return call, [plain[i] for i in positions], [paths[i] for i in positions]


def _check_same(name: str, ours: Any, theirs: Any) -> None:
    """Equal in shape, dtype and value, where compilers may fuse a product and a sum."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if (ours.shape, ours.dtype) != (theirs.shape, theirs.dtype):
        raise GradientError(
            f"the traced value of {name} has shape {ours.shape} and dtype "
            f"{ours.dtype}, but without tracing it has shape {theirs.shape} and dtype "
            f"{theirs.dtype}.",
            kind="value",
        )
    if theirs.dtype.kind in "fc":
        finite = np.abs(theirs[np.isfinite(theirs)])
        atol = 4 * np.finfo(theirs.dtype).eps * np.max(finite, initial=0)
        with np.errstate(invalid="ignore"):
            close = np.isclose(ours, theirs, rtol=0, atol=atol, equal_nan=True).all()
    else:
        close = np.array_equal(ours, theirs)
    if not close:
        raise GradientError(
            f"the traced value of {name} is {ours}, but without tracing it is "
            f"{theirs}.",
            kind="value",
        )
