"""Every error: its type, its words, the user's line, and inputs left as they were."""

import traceback
from dataclasses import dataclass

import numpy as np
import pytest

import fgrad
import fgrad.numpy as fnp
from fgrad import custom_jvp, defvjp, errors, grad, jvp, primitive, value_and_grad, vjp

X = np.array([1.0, 2.0, 3.0])


def raised(kind, call):
    """The message of the error, without the name of this file's folder."""
    before = X.copy()
    with pytest.raises(kind) as info:
        call()
    np.testing.assert_array_equal(X, before)
    assert isinstance(info.value, errors.FgradError)
    assert __file__ in "".join(traceback.format_exception(info.value))
    return str(info.value).replace(__file__, "test_errors.py")


def line_of(text):
    """Where `text` stands in this file, apart from this call."""
    with open(__file__) as file:
        lines = [i for i, line in enumerate(file, 1) if text in line]
    return lines[0]


# output -------------------------------------------------------------------------------


def loss(x):
    return x * 2


def forgetful(x):
    loss(x)


@pytest.mark.parametrize(
    ("fun", "argument", "message"),
    [
        (
            loss,
            X,
            "grad needs a scalar output, but loss returned an array of shape (3,). "
            "Use jacobian(loss), or vjp(loss, x) with your own cotangent.",
        ),
        (
            loss,
            X[:1],
            "grad needs a scalar output, but loss returned an array of shape (1,). "
            "Take its only element with [0] or np.squeeze.",
        ),
        (
            forgetful,
            X,
            "grad needs a scalar output, but forgetful returned None. "
            "Did it forget its return?",
        ),
        (
            lambda x: (x, x),
            1.0,
            "grad needs a scalar output, but <lambda> returned a tuple of length 2. "
            "Pass has_aux=True if the second one is auxiliary.",
        ),
        (
            lambda x: "text",
            1.0,
            "grad needs a scalar output, but <lambda> returned a str. Return a number.",
        ),
    ],
)
def test_non_scalar_output(fun, argument, message):
    kind = errors.NonScalarOutputError
    assert raised(kind, lambda: grad(fun)(argument)) == message
    message = message.replace("grad needs", "value_and_grad needs")
    assert raised(kind, lambda: value_and_grad(fun)(argument)) == message
    assert issubclass(kind, TypeError)


def test_complex_output():
    message = raised(errors.OutputTypeError, lambda: grad(loss)(1j))
    assert message == (
        "grad needs a real output, but loss returned complex128. "
        "Pass holomorphic=True if loss is holomorphic, or use vjp."
    )


def positive(x):
    return x > 0


@pytest.mark.parametrize(
    ("transform", "x"),
    [
        ("grad", 1.0),
        ("value_and_grad", np.float64(1.0)),
        ("hessian", 1.0),
        ("jacobian", X),
        ("jacfwd", X),
        ("elementwise_grad", X),
    ],
)
def test_truth_values_have_no_derivative(transform, x):
    call = getattr(fgrad, transform)(positive)
    assert raised(errors.OutputTypeError, lambda: call(x)) == (
        f"{transform} needs a real output, but positive returned bool, which has no "
        "derivative. Use np.where(condition, x, y) to choose between numbers."
    )


def test_holomorphic():
    message = raised(errors.InputTypeError, lambda: grad(loss, holomorphic=True)(1.0))
    assert message == (
        "grad with holomorphic=True needs complex inputs, "
        "but argument 0 of loss has dtype float64."
    )
    call = grad(lambda z: z.real, holomorphic=True)
    assert raised(errors.OutputTypeError, lambda: call(1j)) == (
        "grad with holomorphic=True needs a complex output, "
        "but <lambda> returned float64."
    )


def test_aux():
    message = raised(errors.OutputTypeError, lambda: grad(loss, has_aux=True)(1.0))
    assert message == (
        "grad with has_aux=True needs a pair (output, aux), "
        "but loss returned an array of shape ()."
    )


def test_vjp_output():
    message = raised(errors.OutputTypeError, lambda: vjp(lambda x: (x, "a"), 1.0))
    assert message == (
        "vjp needs a tree of arrays as output, but <lambda> returned a str. "
        "Return other data with has_aux=True."
    )


def objects(x):
    out = np.empty(2, object)
    out[0], out[1] = x[0], x[1] * 2
    return out


def generator(x):
    yield np.sum(x)


AS_TREE = {
    "vjp": lambda fun: vjp(fun, X),
    "jvp": lambda fun: fgrad.jvp(fun, (X,), (X,)),
    "linearize": lambda fun: fgrad.linearize(fun, X),
    "linear_transpose": lambda fun: fgrad.linear_transpose(fun, X),
    "jacobian": lambda fun: fgrad.jacobian(fun)(X),
    "value_and_jacobian": lambda fun: fgrad.value_and_jacobian(fun)(X),
}


@pytest.mark.parametrize("transform", AS_TREE)
@pytest.mark.parametrize(
    ("fun", "words"),
    [
        (forgetful, "None. Did it forget its return?"),
        (
            objects,
            "an array of dtype object. Make it a plain one: "
            "fgrad.numpy.array(x.tolist()).",
        ),
        (generator, "a generator. {other}"),
        (lambda x: {"x": x, "name": "adam"}, "a str. {other}"),
        (lambda x: np.array("2000-01-01", "M8[D]"), "an array of dtype datetime64[D]."),
        (lambda x: np.ma.masked_array([1.0]), "a MaskedArray."),
    ],
)
def test_outputs_that_are_no_tree_of_arrays(transform, fun, words):
    other = "Return other data with has_aux=True."
    if transform.startswith("linear"):
        other = "Return numbers and arrays only."
    message = raised(errors.OutputTypeError, lambda: AS_TREE[transform](fun))
    assert message.startswith(
        f"{transform} needs a tree of arrays as output, but {fun.__name__} returned "
        + words.format(other=other)
    )


def test_elementwise_output():
    call = lambda: fgrad.elementwise_grad(objects)(X)  # noqa: E731
    assert raised(errors.OutputTypeError, call) == (
        "elementwise_grad needs one array as output, but objects returned an array of "
        "dtype object."
    )


def test_arrays_of_objects_are_followed_or_refused():
    np.testing.assert_array_equal(grad(lambda x: objects(x).sum())(X), [1, 2, 0])
    stopped = grad(lambda x: x[0] + fgrad.stop_gradient(objects(x)).sum())
    np.testing.assert_array_equal(stopped(X), [1, 0, 0])
    with pytest.raises(errors.MissingRuleError, match="a result of dtype object"):
        grad(lambda x: np.sum(x[:2] * objects(x)))(X)


@pytest.mark.parametrize("transform", ["vjp", "jvp", "linearize", "linear_transpose"])
def test_what_is_no_function(transform):
    given = ((X,), (X,)) if transform == "jvp" else (X,)
    with pytest.raises(TypeError) as info:
        getattr(fgrad, transform)(3, *given)
    assert str(info.value) == (
        f"{transform} needs a function, but got 3. Write {transform}(fun, ...)."
    )


# input --------------------------------------------------------------------------------


@dataclass
class Settings:
    rate: float


@fgrad.register_dataclass
@dataclass
class Layer:
    w: float
    names: list


class Bag:
    pass


def model(params, data=None):
    return params["a"]


@pytest.mark.parametrize(
    ("params", "ending"),
    [
        (
            {"layers": [{"n": np.int64(3)}]},
            "params['layers'][0]['n'] has dtype int64. Convert it to float, or pass "
            "allow_int=True.",
        ),
        (
            {"n": 3},
            "params['n'] is the int 3. Convert it to float, or pass allow_int=True.",
        ),
        ({"flag": True}, "params['flag'] is the bool True. Convert it to float."),
        (
            {"name": "adam"},
            "params['name'] is a str. Pass it as an argument of its own.",
        ),
        ("adam", "params is a str. Leave it out of what is differentiated."),
        (model, "params is a function. Leave it out of what is differentiated."),
        (
            [{"size": 2.0, "all": (x for x in X)}],
            "params[0]['all'] is a generator. Make it a list.",
        ),
        (
            {"bag": Bag()},
            "params['bag'] is a Bag. Pass it as an argument of its own, or teach fgrad "
            "to take it apart with fgrad.register_node.",
        ),
        (
            [Layer(1.0, ["a"])],
            "params[0].names[0] is a str. Pass it as an argument of its own, or mark "
            "the field static.",
        ),
        (
            Layer(1, []),
            "params.w is the int 1. Convert it to float, pass allow_int=True, or mark "
            "the field static.",
        ),
        (
            np.ma.masked_array([1.0]),
            "params is a MaskedArray. Convert it with .filled(value).",
        ),
        (
            Settings(1.0),
            "params is a Settings. Decorate it with @fgrad.register_dataclass.",
        ),
        (np.array([None]), "params has dtype object. Convert it to float."),
        (
            np.array(["a"]),
            "params has dtype <U1. Leave it out of what is differentiated.",
        ),
        (
            [np.zeros(1, [("a", float)])],
            "params[0] has dtype [('a', '<f8')]. Pass it as an argument of its own.",
        ),
        (
            np.array(["2000-01-01"], "M8[D]"),
            "params has dtype datetime64[D]. Convert it to float.",
        ),
    ],
)
def test_input_leaves(params, ending):
    start = "grad cannot differentiate model with respect to argument 0: "
    assert raised(errors.InputTypeError, lambda: grad(model)(params)) == start + ending
    start = start.replace("grad", "vjp")  # which has no such option
    ending = ending.replace(", or pass allow_int=True.", ".")
    ending = ending.replace(", pass allow_int=True, or", ", or")
    assert raised(errors.InputTypeError, lambda: vjp(model, params)) == start + ending


@pytest.mark.parametrize(
    ("argnums", "message"),
    [
        (2, "argnums=2 of grad(pair), but pair was called with 2 positional arguments"),
        (
            -3,
            "argnums=-3 of grad(pair), but pair was called with 2 positional arguments",
        ),
        ((0, -2), "argnums=(0, -2) of grad(pair) names an argument twice"),
        (
            (),
            "argnums=() of grad(pair): give an int, or a non-empty sequence of ints"
            "; the function's arguments come in a second call, grad(pair)(x)",
        ),
        (
            "x",
            "argnums='x' of grad(pair): give an int, or a non-empty sequence of ints"
            "; the function's arguments come in a second call, grad(pair)(x)",
        ),
        (
            True,
            "argnums=True of grad(pair): give an int, or a non-empty sequence of ints"
            "; the function's arguments come in a second call, grad(pair)(x)",
        ),
        (
            (0, False),
            "argnums=(0, False) of grad(pair): give an int, or a non-empty sequence of "
            "ints; the function's arguments come in a second call, grad(pair)(x)",
        ),
        (
            1.0,
            "argnums=1.0 of grad(pair): give an int, or a non-empty sequence of ints"
            "; the function's arguments come in a second call, grad(pair)(x)",
        ),
    ],
)
def test_argnums(argnums, message):
    def pair(x, y):
        return x * y

    def call():
        return grad(pair, argnums)(1.0, 2.0)

    assert raised(errors.ArgnumsError, call) == message


def test_a_value_instead_of_a_function():
    with pytest.raises(TypeError) as info:
        grad(np.float64(3.0))
    assert str(info.value) == (
        "grad needs a function, but got np.float64(3.0). "
        "Write grad(fun)(x), not grad(fun(x))."
    )


def test_argnums_and_keywords():
    assert raised(errors.ArgnumsError, lambda: grad(loss)(x=1.0)) == (
        "argnums=0 of grad(loss), but loss was called with 0 positional arguments; "
        "pass x by position"
    )


def test_cotangents():
    _, pullback = vjp(loss, X)
    kind = errors.CotangentError
    assert raised(kind, lambda: pullback(np.ones(5))) == (
        "the pullback of loss expects a cotangent of shape (3,), but got shape (5,)"
    )
    assert raised(kind, lambda: pullback(np.ones(3) * 1j)) == (
        "the pullback of loss expects a cotangent of dtype float64, "
        "but got dtype complex128"
    )
    assert raised(kind, lambda: pullback([np.ones(3)])) == (
        "the pullback of loss expects a cotangent with the tree *, but got list([0]: *)"
    )
    for given, words in (
        ("abc", "a str"),
        (np.array(None), "an array of dtype object"),
    ):
        assert raised(kind, lambda given=given: pullback(given)) == (
            "the pullback of loss expects a cotangent of dtype float64, but got "
            + words
        )
    for given in ((), (X, X)):
        assert raised(kind, lambda given=given: pullback(*given)) == (
            "the pullback of loss takes one cotangent, a tree like the output, but got "
            f"{len(given)}"
        )
    _, pullback = vjp(lambda x: {"a": x}, X)
    assert raised(kind, lambda: pullback({"a": 1.0})) == (
        "the pullback of <lambda> expects a cotangent of shape (3,) at ['a'], "
        "but got shape ()"
    )


# leaks --------------------------------------------------------------------------------


def test_leak():
    kept = []

    def leaky(x):
        kept.append(x * 3)
        return x

    grad(leaky)(1.0)
    made = line_of("kept.append(x * 3)")
    message = (
        "this value was traced by grad(leaky) and used after it finished; it was made "
        f"at test_errors.py:{made}. Return it with has_aux=True, "
        "or store stop_gradient(x)."
    )
    uses = (
        lambda x: x + 1,
        lambda x: 1 - x,
        lambda x: -x,
        np.sin,
        fnp.sum,
        lambda x: fnp.concatenate([[x], [1.0]]),
        lambda x: grad(lambda y: x * y)(2.0),
    )
    for use in uses:
        assert raised(errors.LeakedTracerError, lambda use=use: use(kept[0])) == message
    assert kept[0].shape == ()
    assert float(fgrad.stop_gradient(kept[0])) == 3.0


def test_a_leak_that_is_returned():
    def returns(x):
        kept = []
        grad(lambda y: kept.append(x * y) or y)(2.0)
        return kept[0]

    for transform in (grad, fgrad.jacobian, lambda f: lambda x: vjp(f, x)):
        message = raised(errors.LeakedTracerError, lambda t=transform: t(returns)(1.0))
        assert message.startswith("this value was traced by grad(<lambda>) and used ")


def test_leak_after_an_exception():
    kept = []

    def broken(x):
        kept.append(x)
        raise KeyError

    with pytest.raises(KeyError):
        grad(broken)(1.0)
    raised(errors.LeakedTracerError, lambda: kept[0] * 2)


# rules --------------------------------------------------------------------------------


@primitive
def halve(x, mode="exact"):
    return x / 2


def use_halve(x):
    return halve(x)


def use_option(x):
    return halve(x, mode="fast")


def test_missing_rules():
    fresh = primitive(lambda x: x)
    message = raised(errors.MissingRuleError, lambda: grad(lambda x: fresh(x))(1.0))
    assert message.startswith(
        "no derivative rule for <lambda> with respect to x, called at "
        'File "test_errors.py", line '
    )
    assert raised(errors.MissingRuleError, lambda: grad(use_halve)(1.0)) == (
        "no derivative rule for halve with respect to x, called at "
        f'File "test_errors.py", line {line_of("return halve(x)")}, in use_halve\n'
        "    return halve(x)\n"
        "Register one: fgrad.defvjp(halve, x=lambda g, ...: ...)"
    )
    defvjp(halve, x=lambda g: g / 2)
    assert grad(use_halve)(1.0) == 0.5
    assert raised(errors.MissingRuleError, lambda: grad(use_option)(1.0)) == (
        "no derivative rule for halve(..., mode=...), called at "
        'File "test_errors.py", '
        f"line {line_of('return halve(x, mode')}, in use_option\n"
        '    return halve(x, mode="fast")\n'
        "Name mode in the rule, or say that it changes no derivative: "
        "fgrad.defvjp(halve, neutral=['mode'], ...)"
    )


def test_what_a_ufunc_leaves_out():
    """NumPy's usual safe division writes into an array, which cannot be traced."""
    x = np.array([0.0, 1.0])
    message = raised(
        errors.ConversionError,
        lambda: grad(
            lambda x: np.sum(np.divide(1.0, x, out=np.zeros(2), where=x != 0))
        )(x),
    )
    assert message.startswith(
        "cannot store traced values into a NumPy array at where=; write "
        "np.where(where, f(np.where(where, x, 1.0)), out), with a number in the place "
        "of 1.0 at which f is finite, at "
    )
    message = raised(
        errors.MissingRuleError,
        lambda: grad(lambda x: np.sum(np.add(x, 1.0, where=x > 0)))(x),
    )
    assert message.endswith(
        "\nWrite np.where(where, np.add(...), other): what a ufunc leaves out has no "
        "value. Where the arguments are outside of its domain, replace them before: "
        "np.where(where, x, 1.0)."
    )


def test_rules_that_forget_something():
    cube = primitive(lambda x: x**3)
    defvjp(cube, x=lambda g, x: None)
    message = raised(errors.RuleError, lambda: grad(cube)(2.0))
    assert message.startswith(
        "the rule of <lambda> with respect to x returned None. Did it forget its "
        "return? A derivative of zero is np.zeros_like(x)."
    )
    sine = custom_jvp(lambda x: np.sin(x))
    sine.defjvp(lambda x, t: (np.sin(x[0]), np.cos(x[0])))
    message = raised(errors.RuleError, lambda: grad(sine)(1.0))
    assert message.startswith(
        "the rule of <lambda> is not linear in the tangents: for tangents of zero, it "
        "returned an array of shape () that is not zero. Did it forget to multiply by "
        "the tangent?"
    )
    sine.defjvp(lambda x, t: (np.sin(x[0]), None))
    for derivative in (grad(sine), lambda x: jvp(sine, (x,), (1.0,))):
        message = raised(errors.RuleError, lambda: derivative(1.0))
        assert message.startswith(
            "the rule of <lambda> returned None as its tangent. A tangent of zero is "
            "np.zeros_like of the output."
        )
    scaled = primitive(lambda x, **options: x)
    with pytest.raises(errors.RuleError, match="'options', which stands for all"):
        defvjp(scaled, x=lambda g, x, options: g)


def test_a_primitive_of_a_dict():
    sum_of = primitive(lambda params: params["a"] * 2.0)
    defvjp(sum_of, params=lambda g: 2.0 * g)

    def use_dict(x):
        return sum_of({"a": x})

    message = raised(errors.MissingRuleError, lambda: grad(use_dict)(1.0))
    assert message.startswith(
        "no derivative rule for <lambda> with a traced value in a dict; "
        "pass it as an argument of its own, called at "
    )


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("a", "with a result that is a str"),
        (None, "with a result that is a NoneType"),
        ({1.0}, "with a result that is a set"),
        (np.array([None]), "with a result of dtype object"),
    ],
)
def test_results_of_primitives(out, words):
    odd = primitive(lambda x: out)
    defvjp(odd, x=lambda g: g)
    message = raised(errors.MissingRuleError, lambda: grad(odd)(1.0))
    assert message.startswith(f"no derivative rule for <lambda> {words}, called at ")


def test_numpy_function_without_rule():
    def spectral(x):
        return np.busday_offset(x, 0)

    message = raised(errors.MissingRuleError, lambda: grad(spectral)(1.0))
    name = "dates" if np.lib.NumpyVersion(np.__version__) >= "2.4.0" else "args[0]"
    assert message.startswith(
        f"no derivative rule for np.busday_offset with respect to {name}, called at "
    )


def constantly(value):
    return lambda g: value


def test_wrong_rules():
    wide = primitive(lambda x: x * 2)
    defvjp(wide, x=lambda g: np.ones(7))
    message = raised(errors.RuleError, lambda: grad(lambda x: np.sum(wide(x)))(X))
    assert message == (
        "the rule of <lambda> with respect to x returned shape (7,) "
        "for an argument of shape (3,)."
    )
    for argument, given in ((1.0, np.ones(3)), (np.ones((1, 3)), np.ones((4, 3)))):
        defvjp(wide, x=constantly(given))  # it would fit, if the function broadcast
        with pytest.raises(errors.RuleError, match="returned shape") as info:
            grad(lambda x: np.sum(wide(x)))(argument)
        assert f"shape {np.shape(argument)}" in str(info.value)
    for given, words in (
        ("a", "a str with dtype <U1"),
        ({"x": 1.0}, "a dict with dtype object"),
        (np.ma.masked_array(X), "a MaskedArray with dtype float64"),
    ):
        defvjp(wide, x=constantly(given))
        message = raised(errors.RuleError, lambda: grad(lambda x: np.sum(wide(x)))(X))
        assert message == (
            f"the rule of <lambda> with respect to x returned {words}, which is no "
            "plain array of numbers."
        )
    with pytest.raises(errors.RuleError, match="must take g, the cotangent"):
        defvjp(wide, x=lambda ans: ans)
    with pytest.raises(errors.RuleError, match=r"names \['nothing'\], but the param"):
        defvjp(wide, x=lambda g, nothing: g)


def noise(x, like):
    return x


def doubled(x, unit="m"):
    return x * 2


@pytest.mark.parametrize(
    ("fun", "rule", "message"),
    [
        (3, {"x": lambda g: g}, "defvjp needs a function, but got 3."),
        (
            lambda x: x,
            {"x": lambda g: g},
            "<lambda> is an ordinary function, which is differentiated as it runs. "
            "Make it one operation with fgrad.primitive first.",
        ),
        (
            primitive(doubled),
            {},
            "defvjp(doubled) needs a pullback for each differentiable parameter: "
            "defvjp(doubled, x=lambda g, ...: ...)",
        ),
        (
            primitive(doubled),
            {"x": np.negative},
            "the pullback of doubled for x must be a Python function, since its "
            "parameters say what it keeps, but is <ufunc 'negative'>. Write "
            "lambda g, ...: ...",
        ),
        (
            primitive(doubled),
            {"x": lambda g, *kept: g},
            "the pullback of doubled for x must name all that it keeps as positional "
            "parameters, but also takes ('kept',).",
        ),
        (
            primitive(doubled),
            {"x": lambda g, *, x, **kept: g},
            "the pullback of doubled for x must name all that it keeps as positional "
            "parameters, but also takes ('x', 'kept').",
        ),
        (
            primitive(doubled),
            {"x": lambda g: g, "neutral": "unit"},
            "neutral=('u', 'n', 'i', 't') names ['i', 'n', 't', 'u'], but the "
            "parameters of doubled are ['x', 'unit'].",
        ),
        (
            primitive(noise),
            {"x": lambda g: g},
            "noise has parameters ['like'], but in a pullback these names mean "
            "something else. Rename them.",
        ),
    ],
)
def test_rules_that_cannot_work(fun, rule, message):
    assert raised(errors.RuleError, lambda: defvjp(fun, **rule)) == message


@pytest.mark.parametrize("name", ["g", "ans", "like", "wanted"])
def test_parameters_that_mean_something_in_a_pullback(name):
    fun = primitive(eval(f"lambda x, {name}=1.0: x * {name}"))
    with pytest.raises(errors.RuleError, match=f"has parameters .'{name}'."):
        defvjp(fun, x=lambda g: g)
    with pytest.raises(errors.MissingRuleError):  # nothing was registered
        grad(fun)(1.0)


def test_primitives_of_no_function():
    message = raised(errors.RuleError, lambda: primitive(3))
    assert message == "primitive needs a function, but got 3."


def test_powers_modulo():
    def modular(x):
        return pow(x, 3, 5)

    assert raised(errors.MissingRuleError, lambda: grad(modular)(2.0)) == (
        "no derivative rule for pow(x, y, z), which is for integers; use x**y % z, "
        f'called at File "test_errors.py", line {line_of("return pow(x, 3, 5)")}, in '
        "modular\n    return pow(x, 3, 5)"
    )


def test_exception_in_a_rule_names_the_call():
    broken = primitive(lambda x: x)
    defvjp(broken, x=lambda g: g[5])

    def calls(x):
        return np.sum(broken(x))

    with pytest.raises(IndexError) as info:
        grad(calls)(X)
    (note,) = info.value.__notes__
    assert note.replace(__file__, "test_errors.py") == (
        "in the rule of <lambda> with respect to x, for the call at File "
        f'"test_errors.py", line {line_of("return np.sum(broken(x))")}, in calls\n'
        "    return np.sum(broken(x))"
    )


def test_every_error_is_documented_and_a_builtin():
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert len(kind.__doc__) > 40
        if issubclass(kind, Warning):
            assert issubclass(kind, RuntimeWarning | UserWarning)
            continue
        assert issubclass(kind, errors.FgradError)
        if kind is not errors.FgradError:
            builtin = (
                TypeError | ValueError | RuntimeError | AssertionError | ArithmeticError
            )
            assert issubclass(kind, builtin)
