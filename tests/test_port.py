"""``python -m fgrad.port``: programs for autograd and JAX become programs for fgrad."""

import subprocess
import sys

import numpy as np
import pytest

from fgrad.port import PortError, port
from fgrad.port.__main__ import main

AUTOGRAD = '''\
"""Fit a model.

As in the examples."""
from __future__ import annotations

import autograd.numpy as np   # thinly wrapped
import autograd.numpy.random as npr
from autograd.scipy.special import gammaln, logsumexp
from autograd import grad, jacobian, make_vjp, hessian_vector_product
from autograd import make_jvp, holomorphic_grad, grad_and_aux, make_hvp
from autograd.extend import primitive, defvjp
from autograd.misc.flatten import flatten
from autograd.misc.optimizers import adam, sgd  # the loop
from autograd.builtins import isinstance, list
from autograd.test_util import check_grads


@primitive
def stable(a, b):
    """Größe."""
    return np.logaddexp(a, b)

def second(ans, a, b):
    return lambda g: g * np.exp(b - ans)

defvjp(
    stable,
    lambda ans, x, y: lambda gg: gg
    * np.exp(x - ans),  # the first
    second,
)
scale = primitive(lambda x, n: x * n)
defvjp(scale, lambda ans, x, n: (lambda g: (
    g
    * n)), None)


def f(x, y):
    return np.sum(stable(x, y)) + scale(x[0], 3)

x, y = np.array([1., 2.]), np.array([0.5, -1.])
found = [grad(f, argnum=1)(x, y)]
back, value = make_vjp(lambda z: np.sin(z) * 2)(x)
found += [value, back(np.ones(2)) + 1]
times, slope = make_hvp(lambda z: np.sum(z**3))(x)
found += [slope, times(y), make_vjp(np.sin)(x)[0](y)]
found += [hessian_vector_product(lambda z: np.sum(z**3))(x, y)]
found += [holomorphic_grad(lambda z: z**2)(1.0 + 2j)]
found += [make_jvp(np.sin)(x)(y)[1]]
found += [grad_and_aux(lambda z: (z * z, 3.0))(2.0)[0]]
found += [flatten({"a": x, "b": y})[0]]
found += [adam(lambda p, i: grad(lambda q: np.sum(q**2))(p), x, num_iters=3)]
check_grads(lambda z: np.sum(z**2), modes=["rev"], order=1)(x)
found += [gammaln(3.0), logsumexp(x), isinstance(x, list), jacobian(np.sin)(x)]
'''

FGRAD = '''\
"""Fit a model.

As in the examples."""
from __future__ import annotations

import fgrad
import fgrad.numpy as np   # thinly wrapped
import fgrad.numpy.random as npr
from fgrad.scipy.special import gammaln, logsumexp
from fgrad import grad, jacobian
from fgrad import primitive, defvjp
from fgrad import ravel as flatten
from fgrad.optim.autograd import adam, sgd  # the loop


@primitive
def stable(a, b):
    """Größe."""
    return np.logaddexp(a, b)

def second(ans, a, b):
    return lambda g: g * np.exp(b - ans)

defvjp(
    stable,
    a=lambda g, ans, a: g
    * np.exp(a - ans),  # the first
    b=lambda g, ans, a, b: second(ans, a, b)(g),
)
scale = primitive(lambda x, n: x * n)
defvjp(scale, x=lambda g, n: (
    g
    * n))


def f(x, y):
    return np.sum(stable(x, y)) + scale(x[0], 3)

x, y = np.array([1., 2.]), np.array([0.5, -1.])
found = [grad(f, argnums=1)(x, y)]
value, back = fgrad.vjp(lambda z: np.sin(z) * 2, x)
found += [value, back(np.ones(2))[0] + 1]
slope, times = fgrad.vjp(fgrad.grad(lambda z: np.sum(z**3)), x)
found += [slope, times(y)[0], fgrad.vjp(np.sin, x)[1](y)[0]]
found += [fgrad.hvp(lambda z: np.sum(z**3), (x,), (y,))[1]]
found += [fgrad.grad(lambda z: z**2, holomorphic=True)(1.0 + 2j)]
found += [fgrad.jvp(np.sin, (x,), (y,))[1]]
found += [fgrad.grad(lambda z: (z * z, 3.0), has_aux=True)(2.0)[0]]
found += [flatten({"a": x, "b": y})[0]]
found += [adam(lambda p, i: grad(lambda q: np.sum(q**2))(p), x, num_iters=3)]
fgrad.testing.check_grads(lambda z: np.sum(z**2), (x,), modes=["rev"], order=1)
found += [gammaln(3.0), logsumexp(x), isinstance(x, list), jacobian(np.sin)(x)]
'''

OF_AUTOGRAD = [
    [0.3775406687981454, 0.04742587317756678],
    [1.682941969615793, 1.8185948536513634],
    [2.0806046117362795, 0.1677063269057152],
    [3.0, 12.0],
    [3.0, -12.0],
    [0.2701511529340699, 0.4161468365471424],
    [3.0, -12.0],
    2 + 4j,
    [0.2701511529340699, 0.4161468365471424],
    4.0,
    [1.0, 2.0, 0.5, -1.0],
    [0.9970000960651408, 1.9970000478972731],
    0.6931471805599453,
    2.313261687518223,
    False,
    [[0.5403023058681398, 0.0], [0.0, -0.4161468365471424]],
]
"""What the first program finds with autograd."""

JAX = """\
import jax
import jax.numpy as jnp
from functools import partial
from jax import grad, jit, vmap, lax
from jax.nn import softmax, relu
from jax.scipy.special import gammaln
jax.config.update("jax_enable_x64", True)


@jit
def loss(w, x):
    h = jax.nn.gelu(w * x)  # with tanh there
    return jnp.sum(softmax(h) * lax.stop_gradient(h)) + relu(w).sum()

@partial(jax.jit, static_argnums=(1,))
def power(x, n):
    x = x.at[0].set(1.0).at[1:].add(2 * x[0])
    return lax.cond(n > 2, lambda a: a**n, jnp.sin, x).sum()

w, v = jnp.array([0.5, -1.0, 2.0]), jnp.array([1.0, 0.25, -0.5])
step = jax.jit(jax.vmap(jax.grad(loss), in_axes=(0, None)), donate_argnums=0)
found = [grad(loss)(w, v), step(jnp.stack([w, v]), v)[1], grad(power)(w, 3)]
found += [jax.jit(lambda x: x * 2)(3.0)]
found += [jax.tree_util.tree_map(lambda a: a * 2, {"a": 1.0})["a"], gammaln(w[2])]
found += [power(jnp.zeros(2), 1).block_until_ready(), vmap(lax.tanh)(w)]
"""

FROM_JAX = """\
import fgrad
import fgrad.numpy as jnp
from functools import partial
from fgrad import grad, vmap
from fgrad.scipy.special import softmax
from fgrad.nn import relu
from fgrad.scipy.special import gammaln


def loss(w, x):
    h = fgrad.nn.gelu(w * x, approximate="tanh")  # with tanh there
    return jnp.sum(softmax(h, axis=-1) * fgrad.stop_gradient(h)) + relu(w).sum()

def power(x, n):
    x = jnp.at(jnp.at(x)[0].set(1.0))[1:].add(2 * x[0])
    return ((lambda a: a**n)(x) if n > 2 else jnp.sin(x)).sum()

w, v = jnp.array([0.5, -1.0, 2.0]), jnp.array([1.0, 0.25, -0.5])
step = fgrad.vmap(fgrad.grad(loss), in_axes=(0, None))
found = [grad(loss)(w, v), step(jnp.stack([w, v]), v)[1], grad(power)(w, 3)]
found += [(lambda x: x * 2)(3.0)]
found += [fgrad.tree.map(lambda a: a * 2, {"a": 1.0})["a"], gammaln(w[2])]
found += [power(jnp.zeros(2), 1), vmap(fgrad.numpy.tanh)(w)]
"""

OF_JAX = [
    [1.1016597022162709, -0.003976936446237161, 0.9973041904695377],
    [1.2019656834061767, 0.9859852722630159, 0.02938967540158934],
    [54.0, 0.0, 27.0],
    6.0,
    2.0,
    0.0,
    0.8414709848078965,
    [0.4621171572600098, -0.7615941559557649, 0.9640275800758169],
]
"""What the second program finds with JAX."""


def run(text):
    names = {}
    exec(compile(text, "<ported>", "exec"), names)
    return names["found"]


@pytest.mark.parametrize(
    ("old", "new", "numbers"),
    [(AUTOGRAD, FGRAD, OF_AUTOGRAD), (JAX, FROM_JAX, OF_JAX)],
    ids=["autograd", "jax"],
)
def test_programs(old, new, numbers):
    done = port(old.encode())
    assert done.text.decode() == new
    assert done.left == []
    assert port(done.text).text == done.text
    for got, known in zip(run(done.text), numbers, strict=True):
        np.testing.assert_allclose(got, known, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import jax\nf = jax.grad(g)\n", "import fgrad\nf = fgrad.grad(g)\n"),
        ("import jax as j\nf = j.grad(g)\n", "import fgrad as j\nf = j.grad(g)\n"),
        (
            "import optax\no = optax.adam(1e-3)\n",
            "import fgrad.optim\no = fgrad.optim.adam(1e-3)\n",
        ),
        ("from jax.numpy import *\n", "from fgrad.numpy import *\n"),
        ("import autograd.numpy\r\nx = 1\r\n", "x = 1\r\n"),
        ("import jax; import os\n", "pass; import os\n"),
        (
            "try:\n    from jax import jit\nexcept E:\n    x = 1\n",
            "try:\n    pass\nexcept E:\n    x = 1\n",
        ),
        ("import autograd.scipy.stats as st\n", "import fgrad.scipy.stats as st\n"),
        (
            "import autograd.scipy.stats.norm as n\n",
            "from fgrad.scipy.stats import norm as n\n",
        ),
        (
            "from autograd import grad\ndef f(grad):\n    return grad(f, argnum=1)\n",
            "from fgrad import grad\ndef f(grad):\n    return grad(f, argnum=1)\n",
        ),
        ("x = y.at[0].set(1)\n", "x = y.at[0].set(1)\n"),
    ],
)
def test_small_programs(old, new):
    done = port(old.encode())
    assert (done.text.decode(), done.left) == (new, [])


LEFT = """\
import jax
from jax import lax, random
from autograd import make_vjp
from autograd.extend import defvjp
import autograd.numpy as np
w = random.normal(random.PRNGKey(0), (3,))
c = lax.scan(step, 0, w)
a = jax.nn.softmax
p = jax.vmap(f, axis_name="i")
v = use(make_vjp(f)(w))
defvjp(np.exp, lambda ans, x: lambda g: g * ans)
m = w.at[0].set(2, mode="drop")
"""


def test_what_is_left():
    done = port(LEFT.encode())
    assert [(left.line, left.construct, left.instead) for left in done.left] == [
        (
            6,
            "jax.random.PRNGKey",
            "instead: rng = np.random.default_rng(seed), and rng.normal(size=...)",
        ),
        (
            6,
            "jax.random.normal",
            "instead: rng = np.random.default_rng(seed), and rng.normal(size=...)",
        ),
        (
            7,
            "jax.lax.scan",
            "instead: Python's own `for`, `while` and `if`, which fgrad follows",
        ),
        (8, "jax.nn.softmax", "call it with axis=-1, which is the default there"),
        (
            9,
            "jax.vmap",
            "fgrad.vmap does not take this call (got an unexpected keyword argument "
            "'axis_name'); its parameters are fun, in_axes, out_axes",
        ),
        (
            10,
            "autograd.make_vjp",
            "instead: value, pullback = fgrad.vjp(f, x), and pullback(g)[0]",
        ),
        (
            11,
            "autograd.extend.defvjp",
            "instead: fgrad.defvjp(f, x=lambda g, ans, x: ...), with f's own names",
        ),
        (
            12,
            ".at[...].set",
            "instead: fgrad.numpy.at(x)[i].set(v), which has no options",
        ),
    ]
    assert b"from jax import lax, random\nfrom autograd import make_vjp\n" in done.text


def test_an_import_without_use_is_left_too():
    done = port(b"x = 1\nfrom jax import pmap\n")
    assert done.text == b"x = 1\nfrom jax import pmap\n"
    assert [(n.line, n.construct, n.instead) for n in done.left] == [
        (2, "jax.pmap", "instead: fgrad.vmap")
    ]


def test_the_command(tmp_path, capsys):
    path = tmp_path / "model.py"
    path.write_bytes(b"from jax import jit\nimport jax.random\nk = jax.random.key(0)\n")
    (tmp_path / "other.py").write_bytes(b"x = 1  # \xc3\xb6")
    old = path.read_bytes()
    assert main(["--diff", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "\n-from jax import jit\n import jax.random\n" in out
    assert main(["--check", str(tmp_path)]) == 1
    assert path.read_bytes() == old
    capsys.readouterr()
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        f"{path}:3: jax.random.key is left; instead: rng = "
        "np.random.default_rng(seed), and rng.normal(size=...)\n"
        "1 file changed, 1 as before, 1 place left to you\n"
    )
    assert path.read_bytes() == old.removeprefix(b"from jax import jit\n")
    assert (tmp_path / "other.py").read_bytes() == b"x = 1  # \xc3\xb6"
    assert main(["--check", str(tmp_path / "other.py")]) == 0


def test_bad_files(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.py").write_bytes(b"import jax\n# \xf6\n")
    (tmp_path / "two.py").write_bytes(b"import jax\nprint 2\n")
    names = ["none.py", "empty", "latin.py", "two.py"]
    assert main([str(tmp_path / name) for name in names]) == 2
    assert capsys.readouterr().err == (
        f"fgrad.port: {tmp_path}/none.py does not exist\n"
        f"fgrad.port: {tmp_path}/empty is a directory without .py files\n"
        f"fgrad.port: {tmp_path}/latin.py is not UTF-8 (line 2); save it as UTF-8 "
        "first\n"
        f"fgrad.port: {tmp_path}/two.py is no Python: line 2: Missing parentheses in "
        "call to 'print'. Did you mean print(...)?\n"
    )
    with pytest.raises(PortError, match="is no Python"):
        port(b"import jax\n\0")


def test_it_is_a_command(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("import jax.numpy as jnp\n")
    command = [sys.executable, "-m", "fgrad.port", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    assert path.read_text() == "import fgrad.numpy as jnp\n"
