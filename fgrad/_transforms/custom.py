"""`custom_vjp`: a function with a pullback of one's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, ParamSpec, TypeVar

import numpy as np

from fgrad._engine.bind import record_tree
from fgrad._engine.box import Box, boxes_in, innermost, space
from fgrad._engine.rule_checks import read_only, refuse_writing
from fgrad._engine.rules import Pullback, Rule
from fgrad._engine.trace import Space
from fgrad._transforms._argnums import Argnums, argument_name, as_ints
from fgrad._transforms._values import check_function, described, is_numeric, label
from fgrad._transforms._wrapped import Wrapped
from fgrad._tree import Structure, flatten, flatten_like, leaf_paths, unflatten
from fgrad._words.callsite import at, no_rule
from fgrad.errors import ArgnumsError, ConversionError, RuleError

__all__ = [
    "Call",
    "CustomVJP",
    "backward",
    "custom_call",
    "custom_vjp",
    "skipped",
    "space_of",
]

P = ParamSpec("P")
R = TypeVar("R")


class CustomVJP(Wrapped):
    """What `custom_vjp` returns."""

    def __init__(self, fun: Callable[..., Any], nondiff_argnums: Argnums = ()) -> None:
        check_function("custom_vjp", fun, "custom_vjp(fun)")
        super().__init__(fun)
        self.nondiff_argnums = _argnums(label(self), nondiff_argnums)
        self.fwd: Callable[..., Any] | None = None
        self.bwd: Callable[..., Any] | None = None

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

    @cached_property
    def signature(self) -> inspect.Signature | None:
        """How keywords become positional arguments."""
        try:
            return inspect.signature(self.fun)
        except (TypeError, ValueError):
            return None

    @cached_property
    def pullback(self) -> Pullback:
        """The rule, as replay wants it; its name says whose it is."""
        rule = Rule(self.fun, owned=False, pullbacks={"its arguments": backward})
        return rule.pullbacks["its arguments"]

    def __getstate__(self) -> dict[str, Any]:
        cached = ("signature", "pullback")
        return {k: v for k, v in self.__dict__.items() if k not in cached}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = self._positional(args, kwargs)
        leaves, structure = flatten(args)
        trace = innermost(leaf for leaf in leaves if type(leaf) is Box)
        if trace is None:
            if any(map(_hides_boxes, leaves)):
                raise ConversionError(
                    at(
                        f"{label(self)} has a custom_vjp and cannot take traced values "
                        f"in an array of objects; pass a list, or fgrad.numpy.array of "
                        f"it"
                    )
                )
            return self.fun(*args)
        if self.fwd is None or self.bwd is None:
            raise no_rule(f"{label(self)}: set it with {label(self)}.defvjp(fwd, bwd)")
        positions = skipped(self, args)
        if trace.prefers(custom_call):
            call = (self, structure, *leaves)
            return trace.interpret(CUSTOM_CALL, call, {}, custom_call)
        if trace.opaque:
            return self.fun(*args)  # the operations in it are interpreted
        mine = [trace.holds(leaf) for leaf in leaves]
        if not trace.open:
            trace.leaked(leaves[mine.index(True)])
        values = [x._value if m else x for x, m in zip(leaves, mine, strict=True)]
        inner = unflatten(structure, values)
        out, residuals = self.forward(*inner)
        for leaf in flatten((out, residuals))[0]:
            if type(leaf) is Box and leaf._trace.id >= trace.id:
                raise ConversionError(leaf._trace.enclosed(label(self)))
        parents = tuple(
            x._node if m else None for x, m in zip(leaves, mine, strict=True)
        )
        call = Call(self, inner, positions, out, residuals)
        return record_tree(trace, out, parents, self.pullback, (call, call.kept))

    def forward(self, *args: Any) -> tuple[Any, Any]:
        """Output and residuals."""
        fwd: Any = self.fwd
        pair = fwd(*args)
        if type(pair) is not tuple or len(pair) != 2:
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

    def _positional(self, args: tuple[Any, ...], kwargs: Any) -> tuple[Any, ...]:
        """All arguments by position, with defaults: the cotangents that bwd returns."""
        if self.signature is None:
            return args
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if bound.kwargs:
            raise TypeError(
                f"{label(self)} has a custom_vjp, so its arguments are passed by "
                f"position; it cannot take the keyword-only {sorted(bound.kwargs)}"
            )
        return bound.args


def custom_call(custom: CustomVJP, structure: Structure, *leaves: Any) -> Any:
    """A call as one operation on its leaves, for traces that prefer to have it so."""
    return custom(*unflatten(structure, leaves))


CUSTOM_CALL = Rule(custom_call)


def skipped(custom: CustomVJP, args: tuple[Any, ...]) -> set[int]:
    """Positions of the arguments that are not differentiated."""
    name, count = label(custom), len(args)
    for argnum in custom.nondiff_argnums:
        if not -count <= argnum < count:
            raise ArgnumsError(
                f"nondiff_argnums={custom.nondiff_argnums} of custom_vjp({name}), "
                f"but {name} was called with {count} arguments"
            )
    positions = {argnum % count for argnum in custom.nondiff_argnums}
    for i in positions:
        for leaf in flatten(args[i])[0]:
            while type(leaf) is Box:
                if not leaf._trace.opaque:
                    raise ArgnumsError(
                        f"argument {i} of {name} is in nondiff_argnums, but is "
                        f"traced by {leaf._trace.name}. Take it out of "
                        f"nondiff_argnums, or pass stop_gradient of it."
                    )
                leaf = leaf._value
    return positions


def _argnums(name: str, given: Argnums) -> tuple[int, ...]:
    found = as_ints(given)
    if found is None:
        raise ArgnumsError(
            f"nondiff_argnums={given!r} of custom_vjp({name}): give an int, or a "
            f"sequence of ints"
        )
    return tuple(found)


def _hides_boxes(leaf: Any) -> bool:
    """Whether a leaf is an array of objects of which some are traced."""
    objects = type(leaf) is np.ndarray and leaf.dtype == object
    return objects and bool(boxes_in([*leaf.flat]))


class Call:
    """One call: all that its pullback must know, and the values that it keeps."""

    def __init__(
        self,
        custom: CustomVJP,
        args: tuple[Any, ...],
        skipped: set[int],
        out: Any,
        residuals: Any,
    ) -> None:
        self.custom = custom
        self.output = flatten(out)[1]
        nondiff = [args[i] for i in sorted(skipped)]
        self.kept, self.structure = flatten((nondiff, residuals))
        """Leaves, which may be batched; given to the pullback beside this."""
        self.inputs: list[tuple[int, Structure, list[Space | None]]] = []
        """The position of each argument (-1 if it is not differentiated), its structure
        and the spaces of its leaves."""
        for i, arg in enumerate(args):
            leaves, arg_structure = flatten(arg)
            spaces = [space_of(leaf) for leaf in leaves]
            self.inputs.append((-1 if i in skipped else i, arg_structure, spaces))


def space_of(leaf: Any) -> Space | None:
    """Shape and dtype of an array; ``None`` for other leaves, such as strings."""
    if isinstance(leaf, np.ndarray | np.generic | int | float | complex):
        return Space(*space(leaf))
    return None


def backward(g: tuple[Any, ...], call: Call, kept: list[Any]) -> tuple[Any, ...]:
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
