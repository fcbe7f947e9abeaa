"""What optimisers refuse: settings out of range, and trees that do not fit."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from fgrad._engine.box import Box, primal, space, stored, values
from fgrad._transforms._values import described_leaf, is_numeric
from fgrad._tree import LEAF, Structure, flatten, leaf_paths
from fgrad._words.callsite import at
from fgrad.errors import InputTypeError, SettingError, TreeError

__all__ = ["agree", "check_params", "check_state", "in_range", "learning_rate", "steps"]


def in_range(
    name: str,
    value: Any,
    *,
    below: float = inf,
    positive: bool = False,
    source: str = "",
) -> Any:
    """A setting, from 0 up to `below`; a scalar of NumPy becomes a Python number.

    So it takes the precision of the arrays that it multiplies.
    """
    plain = primal(value)
    if not is_numeric(plain) or space(plain)[1].kind in "bc":
        raise SettingError(at(f"{name} is a real number, but got {plain!r}{source}"))
    shape = space(plain)[0]
    if shape != ():
        raise SettingError(
            at(f"{name} is one number, but got an array of shape {shape}{source}")
        )
    looked_at = values(plain)
    low = looked_at > 0 if positive else looked_at >= 0
    if not np.all(low & (looked_at < below)):  # a nan is neither
        bound = f"in [0, {below:g})"
        if below == inf:
            bound = "finite and " + ("positive" if positive else "not negative")
        raise SettingError(
            at(f"{name} must be {bound}, but got {stored(plain)}{source}")
        )
    return value if type(value) is Box else float(value)


def learning_rate(value: Any) -> Any:
    """A learning rate, or a schedule, which is checked at each step."""
    return value if callable(value) else in_range("a learning rate", value)


def steps(name: str, value: Any, least: int = 1) -> int:
    """A number of steps."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:
        raise SettingError(
            at(f"{name} is a number of steps, {least} or more, but got {value!r}")
        )
    return int(value)


def check_state(state: Any, kind: type) -> None:
    """Refuse the state of another optimiser."""
    if state is None:
        raise TreeError(
            at(
                "update needs the state that init or update of this optimiser "
                "returned: write update(grads, state, params)"
            )
        )
    if not isinstance(state, kind):
        raise TreeError(
            at(
                f"update needs the state that init or update of this optimiser "
                f"returned, of type {kind.__name__}, but got one of type "
                f"{type(state).__name__}"
            )
        )


def check_params(params: Any) -> None:
    """Refuse parameters that do not vary continuously."""
    leaves, structure = flatten(params)
    for i, leaf in enumerate(leaves):
        if not is_numeric(leaf) or space(leaf)[1].kind not in "fc":
            path = leaf_paths(structure, "params")[i]
            what, advice = described_leaf(leaf, root=structure is LEAF)
            raise InputTypeError(
                at(
                    f"an optimiser moves floating-point numbers, but {path} {what}. "
                    f"{advice}"
                )
            )


def agree(
    name: str,
    tree: Any,
    reference_name: str,
    reference: Any,
    *,
    shapes: bool = True,
    squares: bool = False,
) -> None:
    """Refuse a tree without the structure and the shapes of another one.

    Complex numbers do not fit to real ones, unless these are squares.
    """
    leaves, structure = flatten(tree)
    others, expected = flatten(reference)
    if structure != expected:
        raise TreeError(
            at(
                f"{name} and {reference_name} must have the same structure, but "
                f"{_difference(structure, expected, name, reference_name)}"
            )
        )
    if not shapes:
        return
    for i, (leaf, other) in enumerate(zip(leaves, others, strict=True)):
        (shape, dtype), (wanted, expected_dtype) = space(leaf), space(other)
        complex_for_real = dtype.kind == "c" and expected_dtype.kind != "c"
        if shape == wanted and (squares or not complex_for_real):
            continue
        paths = [leaf_paths(structure, root)[i] for root in (name, reference_name)]
        if shape != wanted:
            raise TreeError(
                at(f"{paths[0]} has shape {shape}, but {paths[1]} has shape {wanted}")
            )
        raise TreeError(
            at(
                f"{paths[0]} is complex, but {paths[1]} is real: a real function of "
                f"real parameters has a real gradient"
            )
        )


def _difference(got: Structure, expected: Structure, here: str, there: str) -> str:
    """The first place where two structures differ, in words."""
    if got.type is not expected.type:
        return f"{here} is {_kind(got)}, and {there} is {_kind(expected)}"
    ours, theirs = _children(got), _children(expected)
    for step in theirs:
        if step not in ours:
            return f"{here} has no {step}, and {there} has"
    for step in ours:
        if step not in theirs:
            return f"{here} has {step}, and {there} has not"
    for step, child in ours.items():
        if child != theirs[step]:
            return _difference(child, theirs[step], here + step, there + step)
    if list(ours) != list(theirs):
        return f"{here} has its keys in another order than {there}"
    return f"{here} has other static fields than {there}"


def _children(structure: Structure) -> dict[str, Structure]:
    level = structure._replace(children=(LEAF,) * len(structure.children))
    return dict(zip(leaf_paths(level), structure.children, strict=True))


def _kind(structure: Structure) -> str:
    if structure.type is None:
        return "an array or a number"
    if structure.type is type(None):
        return "None"
    return f"a {structure.type.__name__}"
