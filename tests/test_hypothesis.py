"""`fgrad.testing.hypothesis`: what it draws and says, and how that is repeated."""

import os
import subprocess
import sys
import textwrap
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import Phase, example, find, given, settings, strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.extra.array_api import make_strategies_namespace
from numpy.typing import NDArray

import fgrad
import fgrad.numpy
from fgrad.testing import GradientError, check_grads, hypothesis as fh
from fgrad.testing.hypothesis._forms import FORMS


@fgrad.primitive
def softplus(x):
    return np.logaddexp(0, x)


fgrad.defvjp(softplus, x=lambda g, x: np.where(x < 0, 2.0, 1.0) * g / (1 + np.exp(-x)))
"""A rule that is wrong for negative numbers."""

QUICK = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
"""Without explanations, which follow each line that runs."""

FEW = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, phases=QUICK
)


def failed(run, *args, **kwargs):
    """The error of a test that must fail, and all that Hypothesis notes about it."""
    with pytest.raises(GradientError) as info:
        run(*args, **kwargs)
    return info.value, "\n".join(info.value.__notes__)


# Numbers and arrays -------------------------------------------------------------------


def test_numbers_shrink_to_simple_ones():
    assert find(fh.numbers(), lambda x: True) == 1.0
    assert find(fh.numbers(), lambda x: x != 1) in {2.0, -1.0}
    assert find(fh.numbers(), lambda x: x < 1 and x > 0) == 0.5
    assert find(fh.numbers(), lambda x: x < 0) == -1.0
    assert find(fh.numbers(complex), lambda z: z.imag > 0) == 1 + 1j
    assert type(find(fh.numbers(np.float32), lambda x: x > 1)) is np.float32
    assert find(fh.numbers(int), lambda n: n > 3) == 4


@FEW
@given(st.data())
def test_numbers_have_the_sizes_of_programs(data):
    x = data.draw(fh.numbers())
    assert 1e-3 <= abs(x) <= 1e3
    x = data.draw(fh.numbers(scale=(1e-9, 1e-6)))
    assert 1e-9 <= abs(x) <= 1e-6
    x = data.draw(fh.numbers(away_from=[1, -2]))
    assert min(abs(x - 1), abs(x + 2)) > 1e-2
    assert len(f"{abs(x):.15g}".replace(".", "").strip("0")) <= 2


def test_zero_is_drawn_if_it_is_not_kept_away():
    assert find(fh.numbers(away_from=None), lambda x: x == 0) == 0.0
    with pytest.raises(hypothesis.errors.NoSuchExample):
        find(fh.numbers(), lambda x: x == 0)


@FEW
@given(st.data())
def test_arrays(data):
    x = data.draw(fh.arrays(float, fh.array_shapes()))
    assert x.dtype == float
    assert x.ndim <= 2
    assert max(x.shape) <= 3
    assert np.isfinite(x).all()
    x = data.draw(fh.arrays(st.sampled_from(["f4", "c8"]), 3, unique=True))
    assert x.dtype in {np.dtype("f4"), np.dtype("c8")}
    assert len({*x.tolist()}) == 3
    x = data.draw(fh.arrays(float, 2, elements={"min_value": 5, "max_value": 6}))
    assert ((x >= 5) & (x <= 6)).all()
    assert data.draw(fh.arrays(np.float16, (0, 2))).shape == (0, 2)


def test_large_arrays_come_from_a_seed():
    large = fh.arrays(float, (50, 40))
    assert (find(large, lambda x: True) == 1).all()
    x = find(large, lambda x: x[0, 0] != x[0, 1])
    assert len(np.unique(x)) > 500
    assert find(fh.arrays(complex, 100), lambda z: (z.imag != 0).any()).dtype == complex


def test_namespaces_of_the_array_api():
    x = find(fh.arrays(float, 2, xp=fgrad.numpy), lambda x: True)
    assert x.shape == (2,)
    strategies = make_strategies_namespace(fgrad.numpy, api_version="2023.12")
    found = find(strategies.arrays("float64", (2,)), lambda x: x[0] > 1)
    assert found[0] == 2


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(InvalidArgument) as info:
        fh.numbers(scale=2.0)
    assert str(info.value) == (
        "scale must be two sizes, such as (1e-3, 1e3), but it is 2.0."
    )
    with pytest.raises(InvalidArgument) as info:
        fh.arrays(float, 3, scale=(1.0, -1.0))
    assert str(info.value) == (
        "scale must be two sizes, such as (1e-3, 1e3), but it is (1.0, -1.0)."
    )
    with pytest.raises(InvalidArgument) as info:
        fh.numbers(scale=(0.99, 1.01), away_from=(1, -1, 0))
    assert str(info.value) == (
        "no number of a size between 0.99 and 1.01 is away from (1, -1, 0)."
    )


# Trees --------------------------------------------------------------------------------


@fgrad.register_dataclass
@dataclass
class Layer:
    w: NDArray[np.float32]
    b: float


Pair = namedtuple("Pair", "x n")


def test_trees_like_an_example():
    tree = {"w": np.zeros((1, 2), np.float32), "b": [0.5, 3], "z": 1j, "name": "a"}
    found = find(fh.like(tree), lambda t: t["b"][0] < 0)
    assert repr(found) == (
        "{'w': array([[1., 1.]], dtype=float32), 'b': [-1.0, 3], 'z': (1+0j), "
        "'name': 'a'}"
    )
    pair = find(fh.like(Pair(2.0, st.integers(5, 9))), lambda p: True)
    assert pair == Pair(1.0, 5)
    layer = find(fh.like(Layer), lambda layer: layer.w.size > 1)
    assert (layer.w.dtype, layer.w.shape, layer.b) == (np.float32, (2,), 1.0)
    layer = find(fh.like(Layer(np.ones(3, np.float32), 2.0)), lambda layer: True)
    assert layer.w.tolist() == [1.0, 1.0, 1.0]


@FEW
@given(fh.arrays(float, 3), fh.arrays(float, 3), st.data())
def test_directions(x, y, data):
    v = data.draw(fh.directions(x))
    size = np.max(np.abs(v))
    assert size == 0 or 1e-8 < size < 1e8
    (pulled,) = fgrad.vjp(np.sin, x)[1](v)
    np.testing.assert_allclose(pulled, np.cos(x) * v, rtol=1e-12)


def test_some_directions_are_zero_and_some_are_large():
    assert (find(fh.directions(np.ones(2)), lambda v: not v.any()) == 0).all()
    assert np.max(find(fh.directions(1.0), lambda v: abs(v) > 1e5)) == 1e6
    with pytest.raises(InvalidArgument) as info:
        fh.directions({"n": 3})
    assert str(info.value) == (
        "only floats and complex numbers have directions, but 3 is a leaf of the tree."
    )


# differentiable -----------------------------------------------------------------------


@FEW
@given(x=fh.arrays(float, fh.array_shapes()), y=fh.numbers())
@example(x=np.array([0.25]), y=-2.0)
@fh.differentiable
def test_what_is_right(x, y):
    return np.tanh(x) * y


@pytest.fixture(scope="module")
def offset():
    return np.array(0.5)


@FEW
@given(x=fh.arrays(float, 2))
@fh.differentiable(order=1)
def test_fixtures_and_assumptions(offset, x):
    hypothesis.assume(np.all(x > 0))
    return np.sqrt(x + offset)


class TestMethods:
    @FEW
    @given(x=fh.numbers())
    @fh.differentiable
    def test_method(self, x):
        return x * x


def network(w, x):
    return np.sum(softplus(x @ w) ** 2)


def test_the_simplest_example_is_shown_with_a_program_and_who_is_to_blame():
    @FEW
    @given(w=fh.arrays(float, (2, 1)), x=fh.arrays(float, (1, 2)))
    @fh.differentiable(order=1)
    def test_network(w, x):
        return network(w, x)

    error, notes = failed(test_network)
    line = network.__code__.co_firstlineno + 1
    assert error.blame == (
        f"the rule of softplus with respect to x, called at test_hypothesis.py:{line}",
    )
    assert str(error).startswith("the derivative of test_network with respect to ")
    assert "To blame: the rule of softplus" in str(error)
    assert (
        "The check of this example, as a program:\n\nimport numpy as np\nimport fgrad\n"
        "from tests.test_hypothesis import network\n\ndef test_network(w, x):\n"
        "    return network(w, x)\n\n"
        "fgrad.testing.check_grads(test_network, (np.array([[" in notes
    )
    rule = notes.partition("# The rule that is to blame, alone:\n")[2].splitlines()[0]
    with pytest.raises(GradientError):
        eval(rule, {"fgrad": fgrad, "np": np, "softplus": softplus})


MODEL = """
import numpy as np
import fgrad
from fgrad import defvjp

SCALE = 2.0
TABLE = {"a": np.ones(2)}

@fgrad.primitive
def cube(x):
    return x**3

defvjp(cube, x=lambda g, x: 2 * g * x**2)
"""

TEST = """
import numpy as np
from hypothesis import Phase, given, settings, strategies as st
from fgrad.testing import hypothesis as fh
from model import SCALE, TABLE, cube

phases = set(Phase) - {Phase.explain}
settings.register_profile("quick", phases=phases)
settings.load_profile("quick")

@given(x=fh.arrays(float, fh.array_shapes()))
@fh.differentiable(order=1)
def test_cube(*, x):
    return SCALE * cube(x) + TABLE["a"][0]

@given(x=st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
@fh.differentiable
def test_kink(x):
    return abs(x - 1.0) + np.maximum(x, 2.0)
"""


# A machine for CI keeps no failures unless it is asked to: Hypothesis looks for one.
DATABASE = """\
import hypothesis

hypothesis.settings.register_profile("developer", hypothesis.settings(
    database=hypothesis.database.DirectoryBasedExampleDatabase(".hypothesis/examples"),
    derandomize=False,
))
hypothesis.settings.load_profile("developer")
"""


def python(*args, cwd, **options):
    command = [sys.executable, *args]
    variables = os.environ | {"PYTHONPATH": str(Path(fgrad.__file__).parents[1])}
    run = subprocess.run(
        command, cwd=cwd, env=variables, capture_output=True, text=True, **options
    )
    return run.stdout + run.stderr


def test_the_program_runs_without_hypothesis(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "test_model.py").write_text(TEST)
    out = python(
        "-m", "pytest", "-q", "test_model.py", "--hypothesis-show-statistics", "-W",
        "ignore::DeprecationWarning", cwd=tmp_path,
    )  # fmt: skip
    assert "1 failed, 1 passed" in out
    # Kinks are drawn anew, and counted.
    assert "kink: np.absolute, test_model.py:" in out
    assert "kink: np.maximum, test_model.py:" in out
    lines = [line.removeprefix("E").strip("\n") for line in out.splitlines()]
    start = lines.index("       The check of this example, as a program:")
    stop = next(i for i in range(start, len(lines)) if "check_rule(" in lines[i])
    program = textwrap.dedent("\n".join(lines[start + 1 : stop + 1]))
    program, _, rule = program.partition("\n# The rule that is to blame, alone:\n")
    assert program.strip() == (
        "import numpy as np\nimport fgrad\nSCALE = 2.0\nfrom model import cube\n"
        "TABLE = {'a': np.array([1., 1.])}\n\ndef test_cube(*, x):\n"
        '    return SCALE * cube(x) + TABLE["a"][0]\n\n'
        "fgrad.testing.check_grads(lambda x: test_cube(x=x), (np.array([1.]),), "
        "order=1)"
    )
    again = python("-c", program, cwd=tmp_path)
    assert "GradientError: the derivative of <lambda>" in again
    code = f"import numpy as np, fgrad\nfrom model import cube\n{rule}"
    again = python("-c", code, cwd=tmp_path)
    assert "GradientError: the derivative of cube" in again


def test_it_can_be_reproduced(tmp_path):
    (tmp_path / "conftest.py").write_text(DATABASE)
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "test_model.py").write_text(TEST)
    run = ("-m", "pytest", "-q", "test_model.py", "-k", "cube")
    first = python(*run, cwd=tmp_path)
    assert "x=array([1.])" in first
    again = python(*run, "--hypothesis-show-statistics", cwd=tmp_path)
    assert "during reuse phase" in again  # from the database


def test_kinks_may_be_errors_or_have_any_slope_between():
    def relu(x):
        return np.maximum(x, 0.0)

    at_zero = fh.arrays(float, 2, elements=st.sampled_from([0.0, 1.0]))
    fh.check(relu, like=(at_zero,), kinks="subgradient", settings=FEW)
    error, notes = failed(fh.check, relu, (at_zero,), kinks="raise", settings=FEW)
    assert error.kind == "kink"
    assert "order" not in notes
    assert "kinks='raise')" in notes
    with pytest.raises(ValueError) as info:
        fh.check(relu, like=(at_zero,), kinks="skip")
    assert str(info.value) == (
        "kinks of check may be 'reject', 'subgradient', 'raise', but got 'skip'."
    )


def test_how_it_is_used_wrongly():
    with pytest.raises(InvalidArgument) as info:
        fh.differentiable(given(x=fh.numbers())(lambda x: x))
    assert str(info.value) == (
        "@differentiable goes below @given: the strategies draw what it differentiates."
    )
    with pytest.raises(TypeError) as info:
        fh.differentiable()(2)
    assert str(info.value) == (
        "differentiable needs a function, but got 2. Write @differentiable(order=1) "
        "with the name of the option."
    )

    @FEW
    @given(x=fh.numbers())
    @fh.differentiable
    def forgets(x):
        np.sin(x)

    error, _ = failed(forgets)
    assert error.kind == "nothing to check"


def test_points_without_a_value_are_an_error_that_says_how_to_keep_them_away():
    x = fh.numbers()
    with np.errstate(invalid="ignore"):
        error, notes = failed(fh.check, np.log, (x,), settings=FEW)
    assert error.kind == "nan"
    assert (
        "If the function has no value at such points, keep them away from it, as by\n"
        "hypothesis.assume(np.all(x > 0))."
    ) in notes


def test_settings_may_stand_anywhere():
    few = settings(max_examples=3, deadline=None)
    drawn = given(x=fh.numbers())
    below = drawn(fh.differentiable(few(lambda x: x * x)))
    between = drawn(few(fh.differentiable(lambda x: x * x)))
    above = few(drawn(fh.differentiable(lambda x: x * x)))
    for test in (below, between, above):
        test()
        assert test._hypothesis_internal_use_settings.max_examples == 3
    plain = drawn(fh.differentiable(lambda x: x * x))
    assert plain._hypothesis_internal_use_settings.deadline is None


def test_it_can_be_called_without_hypothesis():
    @fh.differentiable
    def f(x):
        return softplus(x)

    f(np.array([0.5]))
    with pytest.raises(GradientError, match="To blame: the rule of softplus"):
        f(np.array([-0.5]))


# check and check_rule -----------------------------------------------------------------


def test_check_is_one_line():
    fh.check(lambda w, x: np.sum(np.sin(x @ w)), (np.ones((2, 2)), np.ones(2)),
             settings=FEW)  # fmt: skip
    error, notes = failed(fh.check, softplus, (fh.numbers(),), settings=FEW)
    assert error.path == "x"
    assert "Falsifying" in notes or "Failing" in notes
    assert "x=-1.0" in notes
    _, notes = failed(
        fh.check, np.sin, (fh.numbers(),), grad=lambda x: -np.cos(x), settings=FEW
    )
    assert "x=1.0" in notes
    with pytest.raises(TypeError) as info:
        fh.check(np.sin, like=1.0)
    assert str(info.value) == (
        "like= must be a tuple of arguments of the function, such as (x,), but it is "
        "1.0."
    )
    with pytest.raises(TypeError, match=r"^check needs a function, but got 1\.0\.$"):
        fh.check(1.0, like=(1.0,))


def test_saturated_functions_are_not_accused():
    """1 - tanh(x)**2 has a few values only at x = 17, which differences cannot see."""
    x = np.array([[1.0, 31.0, 1.0], [1.0, 1.0, 1.0]])

    def loss(w, x):
        return np.sum(np.tanh(x @ w))

    assert check_grads(loss, (np.array([-7.2, 0.77, 1.0]), x)).ok


def test_rules_of_ones_own():
    error, notes = failed(fh.check_rule, softplus, "x: float[...]", settings=FEW)
    assert abs(error.ratio - 2) < 1e-9
    assert "call=softplus(np.array(-1.))" in notes

    @fgrad.primitive
    def weighted(x, w, k):
        return k * (x @ w)

    fgrad.defvjp(
        weighted,
        x=lambda g, w, k: k * np.multiply.outer(g, w),
        w=lambda g, x, k: k * np.tensordot(g, x, np.ndim(g)),
    )
    fh.check_rule(weighted, "x: float[m, n], w: float[n], k: int", settings=FEW)
    fh.check_rule(np.matmul, settings=FEW)
    fh.check_rule(np.sum, vary=True, order=1, settings=settings(FEW, max_examples=5))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("x float", "cannot read the parameters 'x float'. Write them as in 'x: "
         "float[...], y: float[n, 3], k: int'."),
        ("x: flaot[3]", "'flaot' in 'x: flaot[3]' is no dtype. Write float, float32, "
         "complex or int."),
    ],
)  # fmt: skip
def test_parameters_that_cannot_be_read(parameters, words):
    with pytest.raises(InvalidArgument) as info:
        fh.check_rule(softplus, parameters)
    assert str(info.value) == words


def test_calls_that_nobody_knows():
    with pytest.raises(InvalidArgument) as info:
        fh.calls(softplus)
    others = len(FORMS) - 3
    assert str(info.value) == (
        "calls does not know what arguments softplus takes; it knows np.absolute, "
        f"np.add, np.angle and {others} others (see rules()). Draw the arguments with "
        "arrays(...), or say what they are: check_rule(f, 'x: float[...]')."
    )


# Programs -----------------------------------------------------------------------------


@settings(FEW, max_examples=100)
@given(fh.programs(max_ops=6))
def test_programs_can_be_called_and_their_source_runs(program):
    value = program(*program.args)
    assert np.isfinite(value).all()
    scope = {"np": np}
    exec(repr(program), scope)
    assert scope["f"](*scope["args"]).tobytes() == np.asarray(value).tobytes()


def test_programs_of_ones_own_functions():
    drawn = fh.programs([softplus, "{} * {}"], (np.ones(2),), max_ops=4)

    @FEW
    @given(drawn)
    def test_program(program):
        check_grads(program, program.args)

    error, notes = failed(test_program)
    assert error.blame[0].startswith(
        "the rule of softplus with respect to x, called at"
    )
    assert error.blame[0].endswith(":2")
    assert "program=def f(x):" in notes
    assert "a = softplus(x)" in notes
    assert "args = (np.array([" in notes
    with pytest.raises(InvalidArgument) as info:
        fh.programs([3])
    assert str(info.value) == (
        "a step of programs is a function or an expression with {} for values, such as "
        "'{} + {}', but it is 3."
    )


# Where it is missing, and where it is tried -------------------------------------------


def test_without_hypothesis_it_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['hypothesis'] = None; import fgrad.testing.hypothesis"
    )
    out = python("-c", code, cwd=tmp_path)
    assert out.splitlines()[-1] == (
        "ImportError: fgrad.testing.hypothesis needs Hypothesis: "
        "pip install 'fgrad[hypothesis]'"
    )
    code = "import sys, fgrad.testing; assert 'hypothesis' not in sys.modules"
    assert python("-c", code, cwd=tmp_path) == ""


@pytest.mark.parametrize("start", ["-c", "-"])
def test_from_the_command_line(start, tmp_path):
    code = (
        "import numpy as np\nfrom fgrad.testing import hypothesis as fh\n"
        "def f(x):\n    return np.sum(x**2)\n"
        "fh.check(f, like=(np.ones(2),))\n"
        "fh.check(f, like=(np.ones(2),), grad=lambda x: x)\n"
    )
    if start == "-c":
        out = python("-c", code, cwd=tmp_path)
    else:
        out = python("-", cwd=tmp_path, input=code)
    assert "x=array([1., 1.])" in out
    assert "GradientError: the derivative of f with respect to x[" in out
