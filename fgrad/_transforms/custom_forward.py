"""`custom_jvp`: a function whose derivative along a direction is one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from typing_extensions import override

from fgrad._engine.box import Box, primal, values
from fgrad._engine.cotangents import fit
from fgrad._engine.pushforward import Arrival, transposed
from fgrad._engine.replay import replay
from fgrad._engine.rule_checks import read_only, refuse_writing
from fgrad._engine.rules import Pullback, Rule
from fgrad._engine.trace import Node, Space
from fgrad._transforms._argnums import Argnums
from fgrad._transforms._custom import Call, Custom, space_of
from fgrad._transforms._values import described, is_numeric, label
from fgrad._tree import flatten, flatten_like, leaf_paths, unflatten
from fgrad._words.callsite import caller
from fgrad.errors import RuleError

__all__ = ["CustomJVP", "custom_jvp"]

F = Callable[..., Any]


class CustomJVP(Custom):
    """What `custom_jvp` returns."""

    decorator = "custom_jvp"
    setter = "defjvp(rule)"

    jvp: F | None = None

    def defjvp(self, rule: F) -> F:
        """Set the derivative; also as a decorator of the rule.

        Parameters
        ----------
        rule : callable
            ``rule(primals, tangents)`` takes two tuples, with an argument and its
            tangent at each position, and returns ``(output, tangent)``: the tangent is
            a tree like the output, or ``None`` for zero. Arguments in
            `nondiff_argnums` come first: ``rule(*nondiff, primals, tangents)``.

        Returns
        -------
        callable
            The rule.
        """
        if not callable(rule):
            raise RuleError(
                f"{label(self)}.defjvp needs a function rule(primals, tangents), but "
                f"got {rule!r}."
            )
        self.jvp = rule
        return rule

    def defjvps(self, *jvps: F | None) -> None:
        """Set the derivative by one function for each argument.

        Parameters
        ----------
        *jvps : callable or None
            ``jvp(tangent, output, *primals)`` returns what this argument adds to the
            tangent of the output; ``None`` if the output does not depend on it.
        """
        if self.nondiff_argnums:
            raise RuleError(
                f"{label(self)} has nondiff_argnums, so its derivative is set with "
                f"{label(self)}.defjvp(rule)."
            )
        for given in jvps:
            if given is not None and not callable(given):
                raise RuleError(
                    f"{label(self)}.defjvps needs a function jvp(tangent, output, "
                    f"*primals), or None, for each argument, but got {given!r}."
                )
        self.jvp = partial(_summed, self, jvps)

    @property
    @override
    def is_set(self) -> bool:
        return self.jvp is not None

    @override
    def rule(self) -> Rule:
        rule = Rule(self.fun, owned=False, pullbacks={"its arguments": _backward})
        rule.forward = _forward
        return rule

    @cached_property
    def along(self) -> Pullback:
        """The user's rule as a linear function of tangents, to be transposed."""
        rule = Rule(self.fun, owned=False, pullbacks={"its tangents": _along})
        rule.whole = True
        return rule.pullbacks["its tangents"]

    @override
    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in super().__getstate__().items() if k != "along"}

    @override
    def called(
        self, args: tuple[Any, ...], nondiff: set[int], moved: list[bool]
    ) -> tuple[Any, Call]:
        out = self.fun(*args)
        for leaf in flatten(out)[0]:
            if not is_numeric(leaf):
                raise RuleError(
                    f"{label(self)} has a custom_jvp and must return a tree of arrays, "
                    f"but returned {described(leaf)}."
                )
        return out, PushedCall(self, args, nondiff, moved, out)

    def tangent(self, nondiff: Sequence[Any], primals: Any, tangents: Any) -> Any:
        """The tangent of the output, as the user's rule returns it."""
        rule: Any = self.jvp
        try:
            pair = rule(*nondiff, primals, tangents)
        except ValueError as error:
            refuse_writing(error, f"the rule of {label(self)}", "its arguments", "x")
            raise
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise RuleError(
                f"the rule of {label(self)} must return a pair (output, tangent), but "
                f"returned {described(pair)}."
            )
        return pair[1]


class PushedCall(Call):
    """One call, with what the rule must know of its arguments and its output."""

    def __init__(
        self,
        custom: CustomJVP,
        args: tuple[Any, ...],
        skipped: set[int],
        moved: list[bool],
        out: Any,
    ) -> None:
        nondiff = [args[i] for i in sorted(skipped)]
        primals = tuple(arg for i, arg in enumerate(args) if i not in skipped)
        super().__init__(custom, out, (nondiff, primals))
        self.primals = flatten(primals)[1]
        self.moved = [i for i, m in enumerate(moved) if m]
        """Positions of the leaves that are differentiated, among those of all
        arguments."""
        self.inputs: list[tuple[int, Space | None]] = []
        """The position and the space of each leaf of the primals."""
        at = 0
        for i, arg in enumerate(args):
            leaves = flatten(arg)[0]
            if i not in skipped:
                spaces = map(space_of, leaves)
                self.inputs += zip(range(at, at + len(leaves)), spaces, strict=True)
            at += len(leaves)
        self.count = at
        self.outputs = [space_of(leaf) for leaf in flatten(out)[0]]

    def pushed(self, found: Mapping[int, Any], kept: list[Any]) -> list[Any]:
        """The tangents of the output's leaves, from those of some arguments' leaves.

        What is not differentiated has the tangent zero; what is no number has none.
        """
        nondiff, primals = unflatten(self.structure, [*map(read_only, kept)])
        tangents = unflatten(
            self.primals,
            [read_only(found[i]) if i in found else _zero(s) for i, s in self.inputs],
        )
        given = self.custom.tangent(nondiff, primals, tangents)
        leaves, name = flatten_like(self.output, given), label(self.custom)
        if given is None:
            raise RuleError(
                f"the rule of {name} returned None as its tangent. A tangent of zero "
                f"is np.zeros_like of the output."
            )
        if leaves is None:
            raise RuleError(
                f"the rule of {name} returned a tangent with the tree "
                f"{flatten(given)[1]!r} for the output, which is the tree "
                f"{self.output!r}."
            )
        paths = leaf_paths(self.output, "the output")
        return [
            None
            if t is None or here is None or here.dtype.kind not in "fc"
            else self._fitting(t, here, path)
            for t, here, path in zip(leaves, self.outputs, paths, strict=True)
        ]

    def _fitting(self, t: Any, here: Any, path: str) -> Any:
        """A tangent with the dtype of its leaf of the output, and its shape."""
        name = label(self.custom)
        if not is_numeric(t):
            raise RuleError(
                f"the rule of {name} returned a tangent that is {described(t)} for "
                f"{path}."
            )
        if np.shape(t) != here.shape:
            raise RuleError(
                f"the rule of {name} returned a tangent of shape {np.shape(t)} for "
                f"{path}, which has shape {here.shape}."
            )
        return fit(t, here, self.custom.along)


def _zero(here: Space | None) -> Any:
    """The tangent of a leaf that is not differentiated."""
    if here is None:
        return None
    return np.zeros(here.shape, here.dtype if here.dtype.kind in "fc" else float)[()]


def _along(t: tuple[Any, ...], call: PushedCall, kept: list[Any]) -> list[Any]:
    """The tangents of the output from those of the differentiated leaves."""
    found = call.pushed(dict(zip(call.moved, t, strict=True)), kept)
    if not any(np.any(values(primal(given))) for given in t):
        for part in found:
            plain = values(primal(part))
            if part is not None and np.any(np.isfinite(plain) & (plain != 0)):
                raise RuleError(
                    f"the rule of {label(call.custom)} is not linear in the tangents: "
                    f"for tangents of zero, it returned {described(part)} that is not "
                    f"zero. Did it forget to multiply by the tangent?"
                )
    return found


def _forward(
    found: Mapping[int, Any], call: PushedCall, kept: list[Any]
) -> tuple[Any, ...]:
    """The same, with zeros and copies: nobody else shall see these tangents."""
    return tuple(
        t if type(t) is Box else np.array(_zero(here) if t is None else t)[()]
        for t, here in zip(call.pushed(found, kept), call.outputs, strict=True)
    )


def _backward(g: tuple[Any, ...], call: PushedCall, kept: list[Any]) -> tuple[Any, ...]:
    """The cotangents of the arguments' leaves: the transpose of the user's rule."""
    spaces = dict(call.inputs)
    tangents = Node(0, tuple(spaces[i] for i in call.moved), None, (), *caller())
    outputs: Any = tuple(call.outputs)
    arrived = [
        Arrival(i, here, g[i])
        for i, here in enumerate(outputs)
        if here.dtype.kind in "fc"
    ]
    along, residuals = call.custom.along, (call, kept)
    found = transposed(replay, along, residuals, tangents, outputs, arrived)
    cotangents: list[Any] = [None] * call.count
    for i, c in zip(call.moved, found or (), strict=False):
        cotangents[i] = c
    return tuple(cotangents)


def _summed(
    custom: CustomJVP, jvps: Sequence[F | None], primals: Any, tangents: Any
) -> tuple[Any, Any]:
    """The rule that one function for each argument gives."""
    if len(jvps) != len(primals):
        raise RuleError(
            f"{label(custom)}.defjvps was given {len(jvps)} functions, but "
            f"{label(custom)} was called with {len(primals)} arguments."
        )
    out = custom(*primals)
    structure = flatten(out)[1]
    total: list[Any] | None = None
    for jvp, t in zip(jvps, tangents, strict=True):
        if jvp is not None and t is not None:
            parts = flatten(jvp(t, out, *primals))[0]
            total = parts if total is None else [*map(np.add, total, parts)]
    if total is None:
        total = [np.zeros_like(leaf) for leaf in flatten(out)[0]]
    return out, unflatten(structure, total)


def custom_jvp(fun: F | None = None, *, nondiff_argnums: Argnums = ()) -> Any:
    """A function whose derivative along a direction you write yourself.

    One rule serves both modes: forward mode calls it, reverse mode transposes it. To
    write the pullback instead, use `custom_vjp`.

    Parameters
    ----------
    fun : callable
        Takes and returns trees.
    nondiff_argnums : int or sequence of int
        Positions of arguments that are not differentiated, such as functions and
        options. They are passed to the rule first.

    Returns
    -------
    callable
        The same function, with the method ``defjvp(rule)``. The rule
        ``rule(primals, tangents) -> (output, tangent)`` must be linear in the tangents.
        Reverse mode traces it, so it uses NumPy functions on them. To differentiate
        twice, the rule is differentiated. The method ``defjvps(*jvps)`` takes one
        function ``jvp(tangent, output, *primals)`` for each argument instead.

    Raises
    ------
    MissingRuleError
        When the function is differentiated before ``defjvp``.
    RuleError
        If the rule does not return a pair, or its tangent is no tree of arrays like the
        output.
    ConversionError
        If the function uses a traced value that is not among its arguments.
    ArgnumsError
        If `nondiff_argnums` is no sequence of ints, or an argument in it is traced.

    Notes
    -----
    The value is always that of `fun`; the output that the rule returns is not used.
    The tangent of what is not differentiated in a call is zero, and that of what is no
    number (a string) is ``None``.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import custom_jvp, grad, jvp
    >>> @custom_jvp
    ... def log1pexp(x):
    ...     return np.log1p(np.exp(x))
    >>> @log1pexp.defjvp
    ... def rule(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return log1pexp(x), t / (1 + np.exp(-x))
    >>> grad(log1pexp)(100.0)
    np.float64(1.0)
    >>> jvp(log1pexp, (100.0,), (2.0,))
    (np.float64(100.0), np.float64(2.0))
    """
    if fun is None:
        return partial(CustomJVP, nondiff_argnums=nondiff_argnums)
    return CustomJVP(fun, nondiff_argnums)
