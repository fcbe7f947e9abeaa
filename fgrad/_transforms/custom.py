"""`custom_vjp`: a function with a pullback of one's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, ParamSpec, TypeVar

import numpy as np

from fgrad._batching import BatchTrace
from fgrad._callsite import caller, describe
from fgrad._replay import one_by_one
from fgrad._rules import Pullback, Rule
from fgrad._trace import Box, Space, boxes_in, space
from fgrad._transforms._checks import check_function, described, is_numeric
from fgrad._transforms._opaque import innermost, record
from fgrad._transforms._run import Argnums, argument_name, integers, label
from fgrad._transforms._wrapped import Wrapped
from fgrad._transforms.vmap import Vmap
from fgrad._tree import (
    Structure,
    flatten,
    flatten_like,
    leaf_paths,
    tree_map,
    unflatten,
)
from fgrad.errors import ArgnumsError, ConversionError, MissingRuleError, RuleError

__all__ = ["CustomVJP", "closes_over", "custom_vjp"]

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

    @property
    def pullback(self) -> Pullback:
        """The rule, as replay wants it; its name says whose it is."""
        return Pullback(Rule(self.fun), "its arguments", _backward)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "signature"}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = self._positional(args, kwargs)
        leaves, structure = flatten(args)
        trace = innermost(leaves)
        if trace is None:
            if any(map(_hides_boxes, leaves)):
                raise ConversionError(
                    f"{label(self)} has a custom_vjp and cannot take traced values in "
                    f"an array of objects; pass a list, or fgrad.numpy.array of it, "
                    f"at {describe(caller())}"
                )
            return self.fun(*args)
        if self.fwd is None or self.bwd is None:
            raise MissingRuleError(
                f"no derivative rule for {label(self)}: set it with "
                f"{label(self)}.defvjp(fwd, bwd), called at {describe(caller())}"
            )
        skipped = self._skipped(args)
        if isinstance(trace, BatchTrace) and trace.open:
            return self._mapped(trace, leaves, structure, skipped)
        if not trace.recording:
            return trace.interpret(Rule(self.fun), tuple(leaves), {})
        mine = [type(leaf) is Box and leaf._trace is trace for leaf in leaves]
        values = [x._value if m else x for x, m in zip(leaves, mine, strict=True)]
        inner = unflatten(structure, values)
        out, residuals = self._forward(*inner)
        for leaf in flatten((out, residuals))[0]:
            if type(leaf) is Box and leaf._trace.id >= trace.id:
                raise ConversionError(closes_over(label(self), leaf))
        parents = tuple(
            x._node if m else None for x, m in zip(leaves, mine, strict=True)
        )
        call = _Call(self, inner, skipped, out, residuals)
        return record(trace, out, parents, self.pullback, (call, call.kept))

    def _forward(self, *args: Any) -> tuple[Any, Any]:
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

    def _skipped(self, args: tuple[Any, ...]) -> set[int]:
        """Positions of the arguments that are not differentiated."""
        name, count = label(self), len(args)
        for argnum in self.nondiff_argnums:
            if not -count <= argnum < count:
                raise ArgnumsError(
                    f"nondiff_argnums={self.nondiff_argnums} of custom_vjp({name}), "
                    f"but {name} was called with {count} arguments"
                )
        skipped = {argnum % count for argnum in self.nondiff_argnums}
        for i in skipped:
            for leaf in flatten(args[i])[0]:
                while type(leaf) is Box:
                    if leaf._trace.recording:
                        raise ArgnumsError(
                            f"argument {i} of {name} is in nondiff_argnums, but is "
                            f"traced by {leaf._trace.name}. Take it out of "
                            f"nondiff_argnums, or pass stop_gradient of it."
                        )
                    leaf = leaf._value
        return skipped

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

    def _mapped(
        self,
        trace: BatchTrace,
        leaves: list[Any],
        structure: Structure,
        skipped: set[int],
    ) -> Any:
        """The call for all examples of a `vmap`: fwd and bwd are mapped, too."""
        mine = [trace.holds(leaf) for leaf in leaves]
        values = [x._value if m else x for x, m in zip(leaves, mine, strict=True)]
        if innermost(values) is None:
            return self.fun(*unflatten(structure, leaves))  # nothing else to remember
        spaces = tuple(map(_space, leaves))

        def fun(*leaves: Any) -> Any:
            return self.fun(*unflatten(structure, leaves))

        def fwd(*values: Any) -> tuple[Any, Any]:
            batch = BatchTrace(f"the fwd of {label(self)}", trace.size)
            args = unflatten(structure, _boxed(batch, values, mine))
            out, residuals = self._forward(*args)
            batch.close()
            call = _Call(self, args, skipped, out, residuals)
            batched = [batch.holds(leaf) for leaf in call.kept]
            kept = [
                x._value if m else x for x, m in zip(call.kept, batched, strict=True)
            ]
            return tree_map(batch.of_all, out), (call, batched, kept)

        def bwd(residuals: Any, g: Any) -> tuple[Any, ...]:
            call, batched, kept = residuals
            batch = BatchTrace(f"the bwd of {label(self)}", trace.size)
            parts = tuple(map(batch.leaf, flatten(g)[0]))
            here = _boxed(batch, kept, batched)
            try:
                found = _backward(parts, call, here)
            except (TypeError, ValueError) as error:
                found = one_by_one(error, self.pullback, spaces, parts, (call, here))
            batch.close()
            every = [None if c is None else batch.of_all(c) for c in found]
            return tuple(
                c if m or c is None else np.sum(c, axis=0)
                for c, m in zip(every, mine, strict=True)
            )

        axes = tuple(0 if m else None for m in mine)
        fun.__name__ = fun.__qualname__ = label(self)
        mapped = CustomVJP(Vmap(fun, axes, 0))
        mapped.defvjp(fwd, bwd)
        return tree_map(trace.leaf, mapped(*values))


def _boxed(batch: BatchTrace, values: Any, mapped: list[bool]) -> list[Any]:
    """Values for one example, where some are given for all of them."""
    return [batch.leaf(x) if m else x for x, m in zip(values, mapped, strict=True)]


def _argnums(name: str, given: Argnums) -> tuple[int, ...]:
    found = integers(given)
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


class _Call:
    """What the pullback of one call must know, and what it keeps."""

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
        """Of each argument: its position, or -1 if it is not differentiated."""
        for i, arg in enumerate(args):
            leaves, arg_structure = flatten(arg)
            spaces = [_space(leaf) for leaf in leaves]
            self.inputs.append((-1 if i in skipped else i, arg_structure, spaces))


def _space(leaf: Any) -> Space | None:
    """Shape and dtype of an array; ``None`` for other leaves, such as strings."""
    if isinstance(leaf, np.ndarray | np.generic | int | float | complex):
        return Space(*space(leaf))
    return None


def _backward(g: tuple[Any, ...], call: _Call, kept: list[Any]) -> tuple[Any, ...]:
    """The cotangents that the user's bwd returns, one for each leaf."""
    name = label(call.custom)
    bwd: Any = call.custom.bwd
    nondiff, residuals = unflatten(call.structure, kept)
    given = bwd(*nondiff, residuals, unflatten(call.output, g))
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


def closes_over(name: str, box: Box) -> str:
    """What to say of a traced value that was no argument."""
    if box._trace.batching:
        return (
            f"{name} uses a value batched by {box._trace.name} that is not among its "
            f"arguments, so it cannot be called for one example. Pass it as an "
            f"argument of {name}."
        )
    return (
        f"{name} uses a value traced by {box._trace.name} that is not among its "
        f"arguments, so its derivative would be dropped. Pass it as an argument of "
        f"{name}, or use stop_gradient of it."
    )


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
