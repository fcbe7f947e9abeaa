"""Plain NumPy, fgrad.numpy and the methods of a box say the same."""

import copy
import re
import types

import numpy as np
import pytest
import scipy.sparse
import scipy.sparse.linalg

import fgrad
import fgrad.numpy as fnp
from fgrad import grad, vjp
from fgrad._engine.box import Box

X = np.array([[0.5, 1.5, -0.3], [2.0, 0.1, 0.9]])


def gradients(*funs, x=X):
    """The gradients of sum(w * f(x)), which must agree."""
    results = []
    for fun in funs:
        out, pullback = vjp(fun, x)
        w = np.cos(np.arange(np.size(out))).reshape(np.shape(out))
        results.append((out, pullback(w)[0]))
    for out, gradient in results[1:]:
        np.testing.assert_array_equal(out, results[0][0])
        np.testing.assert_allclose(gradient, results[0][1], rtol=1e-14)
    return results[0]


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("sum", (1,)),
        ("mean", (0,)),
        ("prod", (1,)),
        ("std", (1,)),
        ("var", ()),
        ("max", (0,)),
        ("min", ()),
        ("cumsum", (1,)),
        ("cumprod", (0,)),
        ("conj", ()),
        ("diagonal", (1,)),
        ("dot", (np.arange(3.0),)),
        ("ravel", ("F",)),
        ("repeat", (2, 1)),
        ("squeeze", ()),
        ("swapaxes", (0, 1)),
        ("take", ([0, 2, 2], 1)),
        ("trace", (1,)),
    ],
)
def test_methods(method, args):
    gradients(
        lambda x: getattr(x, method)(*args),
        lambda x: getattr(np, method)(x, *args),
        lambda x: getattr(fnp, method)(x, *args),
    )


def test_methods_with_signatures_of_their_own():
    gradients(lambda x: x.reshape(3, 2), lambda x: x.reshape((3, 2)))
    gradients(lambda x: x.reshape(-1, order="F"), lambda x: x.T.flatten())
    gradients(lambda x: x.transpose(1, 0), lambda x: x.transpose(), lambda x: x.T)
    gradients(lambda x: x.clip(0.2, 1.0), lambda x: x.clip(min=0.2, max=1.0))
    gradients(lambda x: x.compress([True, False, True], 1), lambda x: x[:, ::2])
    gradients(lambda x: fnp.stack(list(x.flat)), lambda x: fnp.ravel(x))
    gradients(lambda x: x.mT, lambda x: x.T)
    gradients(lambda x: x.astype(np.float64), lambda x: x.copy(), lambda x: x.view())
    gradients(lambda x: fnp.array(x.tolist()), lambda x: x)
    gradients(lambda x: (x * 1j).imag, lambda x: x.real)


def test_operators():
    y = np.array([2.0, 3.0, 4.0])
    for a, b in (
        (lambda x: x + y, lambda x: np.add(x, y)),
        (lambda x: y - x, lambda x: np.subtract(y, x)),
        (lambda x: 2.0 * x, lambda x: np.multiply(2.0, x)),
        (lambda x: y / x, lambda x: np.divide(y, x)),
        (lambda x: abs(x) ** y, lambda x: np.power(np.abs(x), y)),
        (lambda x: 2.0**x, lambda x: np.power(2.0, x)),
        (lambda x: x % y, lambda x: np.remainder(x, y)),
        (lambda x: divmod(x, y)[1], lambda x: np.mod(x, y)),
        (lambda x: x @ y, lambda x: np.matmul(x, y)),
        (lambda x: X.T @ x, lambda x: np.matmul(X.T, x)),
        (lambda x: +-x, lambda x: np.negative(x)),
        (lambda x: [1.0, 2.0, 3.0] * x, lambda x: x * np.array([1.0, 2.0, 3.0])),
    ):
        gradients(a, b)


def test_in_place_operators_rebind():
    def f(x):
        y = x
        y += 1
        y *= x
        y -= 2
        y /= 4
        y **= 2
        return np.sum(y)

    gradient = grad(f)(X)
    square = (X + 1) ** 2  # y is x, so x has changed, too
    np.testing.assert_allclose(gradient, (square - 2) / 8 * 2 * (X + 1))


def test_constant_attributes():
    def f(x):
        assert (x.shape, x.ndim, x.size, len(x)) == ((2, 3), 2, 6, 2)
        assert (x.dtype, x.itemsize, x.nbytes) == (np.float64, 8, 48)
        assert x.strides == X.strides
        assert 1.5 in x
        assert 7.0 not in x
        assert bool(x[0, 0])
        assert x.argmax() == X.argmax()
        assert type(x > 1) is np.ndarray
        assert round(x[0, 1]) == 2
        assert x[0, 1] // 1 == 1.0
        assert x[0, 0] != 3
        assert x.round(1)[0, 0] == 0.5
        assert x.all()
        assert np.isfinite(x).any()
        assert x.__array_namespace__() is fnp
        for same in (copy.copy(x), copy.deepcopy(x)):
            assert same is not x
            assert np.all(same == x)
        with pytest.raises(TypeError, match="unhashable"):
            hash(x)
        with pytest.raises(TypeError, match="0-d"):
            iter(x[0, 0])
        return x[0, 0]

    assert grad(f)(X)[0, 0] == 1.0


def test_iteration_and_unpacking():
    def f(x):
        (a, b, c), second = x
        return a * b + c + sum(second)

    np.testing.assert_allclose(grad(f)(X), [[1.5, 0.5, 1], [1, 1, 1]])


def test_boxes_inside_lists():
    def f(x):
        rows = [[x[0, 0], 1.0], [2.0, x[1, 1]]]
        return fnp.sum(rows) + fnp.linalg.det(rows) + np.dot([1.0, 2.0], x[:, 0])

    gradient = grad(f)(X)
    assert gradient[0, 0] == pytest.approx(1 + X[1, 1] + 1)
    assert gradient[1, 1] == pytest.approx(1 + X[0, 0])


def test_untraced_calls_are_numpys():
    for name in ("sin", "sum", "concatenate", "median", "floor", "array", "where"):
        assert type(getattr(fnp, name)([X, X])) is type(getattr(np, name)([X, X]))
    np.testing.assert_array_equal(fnp.sin(X), np.sin(X))
    assert fnp.add(1, 2) == 3
    assert fnp.sum.__name__ == "sum"
    assert fnp.sum.__doc__ == np.sum.__doc__


def test_namespace_is_complete():
    unknown = {
        name
        for name in np.__all__
        if not hasattr(fnp, name)
        and not isinstance(getattr(np, name), types.ModuleType)
    }
    unknown -= {"trapz", "in1d"}  # deprecated since NumPy 2.0
    unknown -= {"complex256", "float128", "__array_namespace_info__", "__version__"}
    assert not {name for name in unknown if not name.startswith("_")}
    assert set(np.linalg.__all__) <= set(dir(fnp.linalg))


def test_numpy_scalars_and_arrays_on_the_left():
    for left in (np.float64(2.0), np.float32(2.0), np.ones(3), 2, True, 1.5):
        seen = []
        grad(lambda x, left=left, seen=seen: seen.append(left * x) or np.sum(x))(X)
        assert type(seen[0]) is Box
        np.testing.assert_array_equal(fgrad.stop_gradient(seen[0]), left * X)


def test_subclasses_of_ndarray_are_refused():
    matrix = np.ma.masked_array([1.0, 2.0, 3.0], [True, False, False])
    with pytest.raises(fgrad.errors.MissingRuleError, match="arrays of type Masked"):
        grad(lambda x: np.sum(x * matrix))(X)


# Arrays of other kinds ----------------------------------------------------------------

V = np.array([0.5, 1.5, -0.3])


class Metres(np.ndarray):
    """A subclass whose operators do something else."""

    def __mul__(self, other):
        return np.asarray(self) * 1000 * other

    __rmul__ = __mul__


class Labelled:
    """Takes part in ufuncs, as a pandas Series does; functions read it as an array."""

    __array_priority__ = 1000

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        plain = [x.values if isinstance(x, Labelled) else x for x in inputs]
        return Labelled(getattr(ufunc, method)(*plain, **options))

    def to_numpy(self):
        return self.values


class Sparse:
    """Would go before arrays in operators, but has none of its own."""

    __array_priority__ = 10.1

    def __init__(self, values):
        self.values = values

    def toarray(self):
        return self.values


class Image:
    """Nothing but readable as an array."""

    def __array__(self, dtype=None, copy=None):
        return np.asarray(V, dtype)


class Vector:
    """Numbers under a name, which know how to be scaled."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __rmul__(self, scale):
        return Vector(scale * self.x, scale * self.y)


class Before:
    """Goes before arrays in operators, as scipy.sparse does."""

    __array_priority__ = 10.1

    def __init__(self, matrix):
        self.matrix = matrix

    def __rmatmul__(self, x):
        return x @ self.matrix

    def __rmul__(self, x):
        return 3.0 * x

    __radd__ = __rsub__ = __rtruediv__ = __rpow__ = __rmod__ = __rmul__


class OptsOut(Before):
    """The newer way to say so."""

    __array_priority__ = -1.0
    __array_ufunc__ = None


class After(Before):
    """NumPy makes an array of one object of it."""

    __array_priority__ = -1.0


@pytest.mark.parametrize("kind", [Before, OptsOut])
def test_objects_that_go_before_arrays(kind):
    """They get the call as NumPy would give it, with the traced array."""
    matrix = np.arange(9.0).reshape(3, 3)
    other, slope = kind(matrix), matrix.sum(axis=1)
    uses = [
        lambda x: x @ other,
        lambda x: x * other,
        lambda x: x + other,
        lambda x: x - other,
        lambda x: x / other,
        lambda x: x**other,
        lambda x: x % other,
    ]
    for use, want in zip(uses, [slope] + [np.full(3, 3.0)] * 6, strict=True):
        total = lambda x, use=use: np.sum(use(x))  # noqa: E731
        np.testing.assert_array_equal(use(V), fgrad.jvp(use, (V,), (V,))[0])
        np.testing.assert_array_equal(grad(total)(V), want)
        mapped = fgrad.vmap(grad(total))(np.stack([V, V]))
        np.testing.assert_array_equal(mapped, [want, want])
        np.testing.assert_array_equal(fgrad.hessian(total)(V), np.zeros((3, 3)))
    for number in (2.0, np.float64(2.0)):
        assert grad(uses[1])(number) == 3.0
    with pytest.raises(fgrad.errors.MissingRuleError, match="arrays of type After"):
        grad(lambda x: np.sum(x * After(matrix)))(V)
    with pytest.raises((fgrad.errors.MissingRuleError, TypeError)):
        grad(lambda x: np.sum(np.multiply(x, other)))(V)


def test_operators_of_scipy():
    """What they do with an array is not traced: that is said, or right."""
    matrix = np.arange(9.0).reshape(3, 3)
    sparse = scipy.sparse.csr_array(matrix)
    operator = scipy.sparse.linalg.aslinearoperator(matrix)
    for use, cure in (
        (lambda x: x @ sparse, "Use plain arrays, from .toarray(), to keep it"),
        (lambda x: sparse @ x, "Use plain arrays, from .toarray(), to keep it"),
        (lambda x: x * sparse, "Use plain arrays, from .toarray(), to keep it"),
        (
            lambda x: x @ operator,
            "Give it a rule with fgrad.primitive and fgrad.defvjp",
        ),
        (
            lambda x: operator @ x,
            "Give it a rule with fgrad.primitive and fgrad.defvjp",
        ),
    ):
        with pytest.raises(fgrad.errors.ConversionError, match=re.escape(cure)):
            grad(lambda x, use=use: np.sum(use(x)))(V)
    found = grad(lambda x: np.sum((x - sparse) ** 2))(V)
    np.testing.assert_allclose(found, grad(lambda x: np.sum((x - matrix) ** 2))(V))


FOREIGN = [
    np.ma.masked_array(V, [True, False, False]),
    V.view(Metres),
    V.view(np.recarray),
    Labelled(V),
    Sparse(V),
]


@pytest.mark.parametrize("other", FOREIGN, ids=lambda other: type(other).__name__)
@pytest.mark.parametrize(
    "use",
    [
        lambda x, m: x * m,
        lambda x, m: x @ m,
        lambda x, m: x - m,
        lambda x, m: np.maximum(x, m),
        lambda x, m: x[0] * m,
    ],
)
def test_arrays_with_rules_of_their_own_are_refused(use, other):
    def loss(x):
        return np.sum(use(x, other))

    form = {"Labelled": ".to_numpy()", "Sparse": ".toarray()"}.get(type(other).__name__)
    if isinstance(other, np.ma.MaskedArray):
        form = ".filled(value)"
    with pytest.raises(fgrad.errors.MissingRuleError) as info:
        grad(loss)(V)
    assert str(info.value).startswith(
        f"no derivative rule for arrays of type {type(other).__name__}; make them "
        f"plain ones with {form or 'np.asarray'} first, or wrap the step in "
        f'fgrad.primitive, called at File "{__file__}", line '
    )
    with pytest.raises(fgrad.errors.MissingRuleError, match="arrays of type"):
        fgrad.vmap(loss)(np.stack([V, V]))


@pytest.mark.parametrize("kind", [Metres, np.ma.MaskedArray, np.recarray])
@pytest.mark.parametrize(
    "use",
    [
        lambda x, m: np.dot(x, m),
        lambda x, m: x.dot(m),
        lambda x, m: np.average(x, weights=m),
        lambda x, m: np.concatenate([x, m]),
        lambda x, m: fnp.stack((m, x)),
        lambda x, m: np.interp(x, m, V),
    ],
)
def test_functions_refuse_subclasses(use, kind):
    with pytest.raises(fgrad.errors.MissingRuleError, match=kind.__name__):
        grad(lambda x: np.sum(use(x, V.view(kind))))(V)


def test_what_an_operator_of_a_subclass_computes_is_differentiated():
    gradient = grad(lambda x: np.sum(V.view(Metres) * x))(V)
    np.testing.assert_array_equal(gradient, 1000 * V)


@pytest.mark.parametrize("other", [Labelled(V), Image()])
def test_functions_read_arrays_as_numpy_does(other):
    for use in (
        lambda x, m: np.dot(x, m),
        lambda x, m: np.einsum("i,i", x, m),
        lambda x, m: np.concatenate([x * 2, m]),
        lambda x, m: np.convolve(x, m),
        lambda x, m: np.where(m, x, 0),
    ):
        gradients(
            lambda x, use=use: use(x, other), lambda x, use=use: use(x, V), x=V * 2
        )


def test_operators_read_arrays_as_numpy_does():
    gradients(lambda x: x * Image() - Image() / x, lambda x: x * V - V / x, x=V)
    gradients(lambda x: x[0] ** Image(), lambda x: x[0] ** V, x=V)


@pytest.mark.parametrize("x", [3.0, np.float64(3.0), np.array(3.0)])
def test_operators_of_other_classes_get_the_traced_number(x):
    def loss(x):
        scaled = x * Vector(x, 2.0)
        return scaled.x * scaled.y

    assert grad(loss)(x) == 6 * x**2
    assert grad(grad(loss))(x) == 12 * x


def test_memory_maps_are_arrays(tmp_path):
    mapped = np.memmap(tmp_path / "a", np.float64, "w+", shape=3)
    mapped[:] = V
    gradients(lambda x: np.dot(x * mapped, mapped), lambda x: np.dot(x * V, V), x=V)
