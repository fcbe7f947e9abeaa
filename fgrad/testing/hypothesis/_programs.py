"""Random programs: a few steps of NumPy, each on values of those before."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.extra import numpy as hnp
from typing_extensions import override

from fgrad._engine.signatures import REQUIRED, function_name, parameters_of
from fgrad.testing._source import source
from fgrad.testing.hypothesis._arrays import arrays
from fgrad.testing.hypothesis._trees import like

__all__ = ["Program", "programs"]

STEPS = (
    "np.sin({})", "{} * {}", "{} + {}", "np.sum({}, axis={axis})", "np.tanh({})",
    "{} - {}", "np.exp({})", "{} / {}", "{} ** 2", "0.5 * {}", "{}.T", "{}[..., None]",
    "{}[0]", "{}[::-1]", "np.log({})", "np.sqrt({})", "np.logaddexp({}, {})",
    "np.mean({}, axis={axis}, keepdims=True)", "np.max({}, axis={axis})",
    "np.maximum({}, {})", "np.where({} > 0, {}, {})", "{} @ {}", "np.outer({}, {})",
    "np.stack([{}, {}])", "np.concatenate([{}, {}])", "np.cumsum({}, axis={axis})",
    "np.prod({}, axis={axis})", "np.linalg.norm({})", "np.std({}, axis={axis})",
    "np.reshape({}, -1)", "np.broadcast_to({}, (2, *{}.shape))", "np.abs({})",
    "np.sort({}, axis={axis})", "np.arctan2({}, {})", "np.cos({})", "np.hypot({}, {})",
    "np.einsum('i,j->ij', {}, {})", "np.clip({}, -1.0, 2.0)", "np.linalg.inv({})",
)  # fmt: skip
"""What a step may be; the simplest come first."""

LARGEST = 1e4
MOST = 64
"""So large numbers, and arrays with so many entries, are not computed with."""

LETTERS = "abcdeghijklmnopqrst"

_number = count(1)


class Program:
    """A function that was drawn, and a point at which all its values are finite.

    Attributes
    ----------
    source : str
        Its source.
    args : tuple
        The point.
    """

    def __init__(self, text: str, args: tuple[Any, ...], names: dict[str, Any]) -> None:
        self.source = text
        self.args = args
        self._names = names
        self._call: Callable[..., Any] | None = None
        self.__name__ = "f"

    def __call__(self, *args: Any) -> Any:
        """The value, of arguments that may be traced."""
        call = self._call
        if call is None:
            file = f"<program {next(_number)}>"
            lines = self.source.splitlines(keepends=True)
            linecache.cache[file] = len(self.source), None, lines, file
            scope: dict[str, Any] = {"np": np, **self._names}
            exec(compile(self.source, file, "exec"), scope)  # noqa: S102 (it is ours)
            call = self._call = scope["f"]
        return call(*args)

    @override
    def __repr__(self) -> str:
        return f"{self.source}\n\nargs = {source(self.args)}"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        for i, line in enumerate(repr(self).splitlines()):
            if i:
                printer.break_()
            printer.text(line)


class _Step(NamedTuple):
    """A step that may be taken: an expression with places for values."""

    text: str
    places: int
    has_axis: bool


class _Value(NamedTuple):
    name: str
    value: Any
    text: str
    """What it is, if it is no argument."""
    uses: tuple[str, ...]


def programs(
    functions: Sequence[Callable[..., Any] | str] | None = None,
    leaves: Any = None,
    *,
    max_ops: int = 8,
) -> st.SearchStrategy[Program]:
    """Programs of a few steps, which can be called and differentiated.

    Parameters
    ----------
    functions : sequence of callable or str, optional
        What the steps are: functions of arrays, or expressions such as
        ``"np.sum({}, axis={axis})"``, with ``{}`` for values. By default, some of each
        kind that NumPy has.
    leaves : tuple of strategies or trees, or one strategy, optional
        The arguments. By default one to three small arrays, with different entries.
    max_ops : int
        How many steps there may be.

    Returns
    -------
    SearchStrategy
        Of programs. ``program(*program.args)`` is finite, and ``repr(program)`` is its
        source. It shrinks to few steps and small arguments.

    Raises
    ------
    hypothesis.errors.InvalidArgument
        If a function is neither callable nor an expression.

    Examples
    --------
    >>> from hypothesis import find, given, settings
    >>> from fgrad.testing import check_grads, hypothesis as fh
    >>> @settings(max_examples=20)
    ... @given(fh.programs())
    ... def test_programs(program):
    ...     check_grads(program, program.args)
    >>> find(fh.programs(), lambda program: "np.tanh" in program.source)
    def f(x):
        a = np.tanh(x)
        return a
    <BLANKLINE>
    args = (np.array([1.]),)
    """
    steps, names = _steps(STEPS if functions is None else functions)
    return _program(steps, names, _leaves(leaves), max_ops)


def _leaves(leaves: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    if leaves is None:
        shapes = hnp.array_shapes(max_dims=2, max_side=3)
        leaves = arrays(float, shapes, scale=(0.1, 10.0), unique=True)
    if isinstance(leaves, st.SearchStrategy):
        return st.lists(leaves, min_size=1, max_size=3).map(tuple)
    return like(tuple(leaves))


def _steps(functions: Any) -> tuple[list[_Step], dict[str, Any]]:
    """The steps, and the names of functions in them."""
    steps: list[_Step] = []
    names: dict[str, Any] = {}
    for given in functions:
        text = given
        if callable(given):
            name = function_name(given)
            if not name.startswith("np."):
                name = name.rpartition(".")[2]
                names[name] = given
            required = _required(given)
            text = f"{name}({', '.join(['{}'] * required)})"
        elif not isinstance(given, str) or "{}" not in given:
            raise InvalidArgument(
                f"a step of programs is a function or an expression with {{}} for "
                f"values, such as '{{}} + {{}}', but it is {given!r}."
            )
        steps.append(_Step(text, text.count("{}"), "{axis}" in text))
    return steps, names


def _required(fun: Callable[..., Any]) -> int:
    if isinstance(fun, np.ufunc):
        return fun.nin
    return sum(default is REQUIRED for default in parameters_of(fun).values()) or 1


def _program(
    steps: list[_Step],
    names: dict[str, Any],
    leaves: st.SearchStrategy[tuple[Any, ...]],
    max_ops: int,
) -> st.SearchStrategy[Program]:
    # What a step is done with are numbers, which fit any values: so each step can be
    # left out without the others when an example shrinks.
    back = st.sampled_from([0, 0, 0, 1, 2, 3])
    drawn = st.tuples(
        st.sampled_from(steps),
        st.tuples(back, back, back),
        st.sampled_from([None, 0, -1]),
    )

    def program(found: tuple[tuple[Any, ...], list[Any]]) -> Program:
        args, taken = found
        known = [_Value(n, x, "", ()) for n, x in zip("xyzuvw", args, strict=False)]
        for step, backs, axis in taken:
            used = [known[-1 - i % len(known)] for i in backs[: step.places]]
            name = LETTERS[len(known) - len(args)]
            # What does not fit together fits itself, as a rule.
            for values in (used, known[-1:] * step.places):
                if value := _taken(step, values, axis, names, name):
                    known.append(value)
                    break
        if not known[-1].text:
            name = known[0].name
            known.append(_Value("a", None, f"{name} * {name}", (name,)))
        return Program(_text(known, len(args)), tuple(args), names)

    operations = st.lists(drawn, min_size=1, max_size=max_ops)
    return st.tuples(leaves, operations).map(program)


def _taken(
    step: _Step, used: list[_Value], axis: int | None, names: dict[str, Any], name: str
) -> _Value | None:
    """The value of a step, if it has one that further steps can go on with."""
    variables = [value.name for value in used]
    text = step.text.replace("{axis}", repr(axis))
    for variable in variables:
        text = text.replace("{}", variable, 1)
    scope = {"np": np, **names, **{value.name: value.value for value in used}}
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value: Any = eval(text, scope)  # noqa: S307 (the text is ours)
    except Exception:  # noqa: BLE001 (whatever it says, the arguments do not fit)
        return None
    if not isinstance(value, np.ndarray | np.generic | float | complex):
        return None
    value = np.asarray(value)
    if value.dtype.kind not in "fc" or not 0 < value.size <= MOST:
        return None
    if not np.all(np.abs(value) < LARGEST):
        return None
    return _Value(name, value[()], text, tuple(variables))


def _text(known: list[_Value], count: int) -> str:
    """The source, without steps that have no influence."""
    needed = {known[-1].name}
    for value in reversed(known):
        if value.name in needed:
            needed |= {*value.uses}
    parameters = ", ".join(value.name for value in known[:count])
    lines = [f"    {v.name} = {v.text}" for v in known[count:] if v.name in needed]
    return "\n".join([f"def f({parameters}):", *lines, f"    return {known[-1].name}"])
