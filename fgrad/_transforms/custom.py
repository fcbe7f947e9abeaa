"""`custom_vjp`: a function with a pullback of one's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

import numpy as np
from typing_extensions import override

from fgrad._engine.rule_checks import read_only, refuse_writing
from fgrad._engine.rules import Rule
from fgrad._engine.trace import Space
from fgrad._transforms._argnums import Argnums, argument_name
from fgrad._transforms._custom import Call, Custom, space_of
from fgrad._transforms._values import described, is_numeric, label
from fgrad._tree import Structure, flatten, flatten_like, leaf_paths, unflatten
from fgrad.errors import RuleError

__all__ = ["CustomVJP", "PulledCall", "backward", "custom_vjp"]

P = ParamSpec("P")
R = TypeVar("R")


class CustomVJP(Custom):
    """What `custom_vjp` returns."""

    decorator = "custom_vjp"
    setter = "defvjp(fwd, bwd)"

    fwd: Callable[..., Any] | None = None
    bwd: Callable[..., Any] | None = None

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Set the pullback.

        Parameters
        ----------
        fwd : callable
            Takes the arguments of the function; returns ``(output, residuals)``.
        bwd : callable
            ``bwd(residuals, g)``, with `g` a tree like the output, returns a tuple
            with one cotangent for each argument: a tree like it, or ``None`` for zero.
            Arguments in `nondiff_argnums` come first: ``bwd(*nondiff, residuals, g)``.
        """
        for given in (fwd, bwd):
            if not callable(given):
                raise RuleError(
                    f"{label(self)}.defvjp needs two functions, fwd and bwd, but got "
                    f"{given!r}."
                )
        self.fwd, self.bwd = fwd, bwd

    @property
    @override
    def is_set(self) -> bool:
        return self.fwd is not None and self.bwd is not None

    @override
    def rule(self) -> Rule:
        return Rule(self.fun, owned=False, pullbacks={"its arguments": backward})

    @override
    def called(
        self, args: tuple[Any, ...], nondiff: set[int], moved: list[bool]
    ) -> tuple[Any, Call]:
        out, residuals = self.forward(*args)
        return out, PulledCall(self, args, nondiff, out, residuals)

    def forward(self, *args: Any) -> tuple[Any, Any]:
        """Output and residuals."""
        fwd: Any = self.fwd
        pair = fwd(*args)
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise RuleError(
                f"the fwd of {label(self)} must return a pair (output, residuals), but "
                f"returned {described(pair)}."
            )
        for leaf in flatten(pair[0])[0]:
            if not is_numeric(leaf):
                raise RuleError(
                    f"the fwd of {label(self)} must return a tree of arrays as output, "
                    f"but returned {described(leaf)}."
                )
        return pair


class PulledCall(Call):
    """One call, with what the pullback must know of its arguments."""

    def __init__(
        self,
        custom: CustomVJP,
        args: tuple[Any, ...],
        skipped: set[int],
        out: Any,
        residuals: Any,
    ) -> None:
        nondiff = [args[i] for i in sorted(skipped)]
        super().__init__(custom, out, (nondiff, residuals))
        self.inputs: list[tuple[int, Structure, list[Space | None]]] = []
        """The position of each argument (-1 if it is not differentiated), its structure
        and the spaces of its leaves."""
        for i, arg in enumerate(args):
            leaves, arg_structure = flatten(arg)
            spaces = [space_of(leaf) for leaf in leaves]
            self.inputs.append((-1 if i in skipped else i, arg_structure, spaces))


def backward(g: tuple[Any, ...], call: PulledCall, kept: list[Any]) -> tuple[Any, ...]:
    """The cotangents that the user's bwd returns, one for each leaf."""
    name = label(call.custom)
    bwd: Any = call.custom.bwd
    nondiff, residuals = unflatten(call.structure, [*map(read_only, kept)])
    try:
        given = bwd(*nondiff, residuals, unflatten(call.output, [*map(read_only, g)]))
    except ValueError as error:
        refuse_writing(error, f"the bwd of {name}")
        raise
    wanted = [position for position, _, _ in call.inputs if position >= 0]
    if not isinstance(given, tuple | list) or len(given) != len(wanted):
        got = described(given)
        raise RuleError(
            f"the bwd of {name} must return a tuple with {len(wanted)} cotangents, one "
            f"for each differentiated argument, but returned {got}."
        )
    rest = iter(given)
    cotangents: list[Any] = []
    for position, structure, spaces in call.inputs:
        if position < 0:
            cotangents += [None] * len(spaces)
        else:
            path = argument_name(call.custom.fun, position)
            cotangents += _leaves(next(rest), structure, spaces, name, path)
    return tuple(cotangents)


def _leaves(
    given: Any, structure: Structure, spaces: list[Any], name: str, path: str
) -> list[Any]:
    """The leaves of one argument's cotangent, checked."""
    leaves = flatten_like(structure, given)
    if leaves is None:
        raise RuleError(
            f"the bwd of {name} returned a cotangent with the tree "
            f"{flatten(given)[1]!r} for {path}, which is the tree {structure!r}."
        )
    for where, leaf, here in zip(
        leaf_paths(structure, path), leaves, spaces, strict=True
    ):
        if here is not None and not (leaf is None or _is_numeric(leaf)):
            raise RuleError(
                f"the bwd of {name} returned a cotangent that is {described(leaf)} for "
                f"{where}."
            )
        if leaf is not None and here is not None and np.shape(leaf) != here.shape:
            raise RuleError(
                f"the bwd of {name} returned a cotangent of shape {np.shape(leaf)} for "
                f"{where}, which has shape {here.shape}."
            )
    return leaves


def _is_numeric(leaf: Any) -> bool:
    """Whether a cotangent is numbers, possibly in a list."""
    return is_numeric(np.asarray(leaf) if isinstance(leaf, list | tuple) else leaf)


def custom_vjp(
    fun: Callable[P, R] | None = None, *, nondiff_argnums: Argnums = ()
) -> Any:
    """A function whose pullback you write yourself.

    Use it where the derivative of the formula is right but unstable or wasteful, or
    where there is no formula. As a decorator, then ``fun.defvjp(fwd, bwd)``.

    Parameters
    ----------
    fun : callable
        Takes and returns trees.
    nondiff_argnums : int or sequence of int
        Positions of arguments that are not differentiated, such as functions and
        options. They are passed to `bwd` first.

    Returns
    -------
    callable
        The same function, with the method ``defvjp(fwd, bwd)``:
        ``fwd(*args) -> (output, residuals)`` runs instead of `fun` when an argument is
        traced; ``bwd(residuals, g) -> cotangents`` returns a tuple with one tree for
        each argument, or ``None`` for zero. To differentiate twice, `bwd` (and `fwd`)
        is differentiated; forward mode uses the transpose of `bwd`, so it must be
        linear in `g`.

    Raises
    ------
    MissingRuleError
        When the function is differentiated before ``defvjp``.
    RuleError
        If `fwd` does not return a pair that begins with a tree of arrays, or `bwd` the
        wrong number of cotangents, or trees or shapes that are not those of the
        arguments.
    ConversionError
        If the function uses a traced value that is not among its arguments.
    ArgnumsError
        If `nondiff_argnums` is no sequence of ints, or an argument in it is traced.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import custom_vjp, grad
    >>> @custom_vjp
    ... def log1pexp(x):
    ...     return np.log1p(np.exp(x))
    >>> def fwd(x):
    ...     return log1pexp(x), x
    >>> def bwd(x, g):
    ...     return (g / (1 + np.exp(-x)),)
    >>> log1pexp.defvjp(fwd, bwd)
    >>> grad(log1pexp)(100.0)
    np.float64(1.0)
    """
    if fun is None:
        return partial(CustomVJP, nondiff_argnums=nondiff_argnums)
    return CustomVJP(fun, nondiff_argnums)
