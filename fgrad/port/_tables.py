"""What the names of autograd, JAX and optax are here, as data."""

from __future__ import annotations

__all__ = [
    "ADAPTED",
    "BUILTINS",
    "SETTING",
    "TOPS",
    "UNWRAPPED",
    "new_name",
    "what_instead",
]

TOPS = ("autograd", "jax", "jaxlib", "optax")
"""The packages that programs are ported from."""

ROOMS = {
    "autograd.numpy": "fgrad.numpy",
    "autograd.scipy": "fgrad.scipy",
    "autograd.scipy.linalg": "fgrad.scipy.linalg",
    "autograd.scipy.special": "fgrad.scipy.special",
    "autograd.scipy.stats": "fgrad.scipy.stats",
    "autograd.misc.optimizers": "fgrad.optim.autograd",
    "jax.numpy": "fgrad.numpy",
    "jax.scipy": "fgrad.scipy",
    "jax.scipy.linalg": "fgrad.scipy.linalg",
    "jax.scipy.special": "fgrad.scipy.special",
    "jax.scipy.stats": "fgrad.scipy.stats",
    "optax": "fgrad.optim",
}
"""Modules whose names are the same here."""

MODULES = {
    "autograd": "fgrad",
    "autograd.extend": "fgrad",
    "jax": "fgrad",
    "jax.nn": "fgrad.nn",
    "jax.tree": "fgrad.tree",
}
"""Modules of which some names are here, and where."""

TRANSFORMS = "value_and_grad grad jacobian hessian checkpoint elementwise_grad"
JAX = (
    "checkpoint custom_jvp custom_vjp grad hessian jacfwd jacobian jacrev jvp "
    "linear_transpose linearize value_and_grad vjp vmap"
)
ELEMENTWISE = (
    "abs acos acosh asin asinh atan atan2 atanh cbrt ceil conj cos cosh exp exp2 expm1 "
    "floor imag log log1p real sign sin sinh sqrt square tan tanh"
)
SPECIAL = {
    "digamma": "digamma",
    "erf": "erf",
    "erf_inv": "erfinv",
    "erfc": "erfc",
    "betainc": "betainc",
    "igamma": "gammainc",
    "igammac": "gammaincc",
    "lgamma": "gammaln",
    "logistic": "expit",
    "polygamma": "polygamma",
}
LAX_ARITHMETIC = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "neg": "negative",
    "max": "maximum",
    "min": "minimum",
    "pow": "power",
}

NAMES = {
    **{f"autograd.{name}": f"fgrad.{name}" for name in TRANSFORMS.split()},
    "autograd.primitive": "fgrad.primitive",
    "autograd.extend.primitive": "fgrad.primitive",
    "autograd.extend.defvjp": "fgrad.defvjp",
    "autograd.core.primitive": "fgrad.primitive",
    "autograd.core.defvjp": "fgrad.defvjp",
    "autograd.tracer.isbox": "fgrad.is_traced",
    "autograd.tracer.getval": "fgrad.stop_gradient",
    "autograd.misc.flatten.flatten": "fgrad.ravel",
    "autograd.util.flatten": "fgrad.ravel",
    "autograd.scipy.misc.logsumexp": "fgrad.scipy.special.logsumexp",
    **{f"jax.{name}": f"fgrad.{name}" for name in JAX.split()},
    "jax.remat": "fgrad.checkpoint",
    "jax.Array": "fgrad.numpy.ndarray",
    "jax.flatten_util.ravel_pytree": "fgrad.ravel",
    "jax.lax.stop_gradient": "fgrad.stop_gradient",
    **{f"jax.lax.{name}": f"fgrad.numpy.{name}" for name in ELEMENTWISE.split()},
    **{f"jax.lax.{a}": f"fgrad.numpy.{b}" for a, b in LAX_ARITHMETIC.items()},
    **{f"jax.lax.{a}": f"fgrad.scipy.special.{b}" for a, b in SPECIAL.items()},
    "jax.nn.elu": "fgrad.nn.elu",
    "jax.nn.gelu": "fgrad.nn.gelu",
    "jax.nn.leaky_relu": "fgrad.nn.leaky_relu",
    "jax.nn.log_softmax": "fgrad.scipy.special.log_softmax",
    "jax.nn.logsumexp": "fgrad.scipy.special.logsumexp",
    "jax.nn.relu": "fgrad.nn.relu",
    "jax.nn.sigmoid": "fgrad.nn.sigmoid",
    "jax.nn.silu": "fgrad.nn.silu",
    "jax.nn.softmax": "fgrad.scipy.special.softmax",
    "jax.nn.softplus": "fgrad.scipy.special.softplus",
    "jax.nn.swish": "fgrad.nn.silu",
    "jax.nn.tanh": "fgrad.numpy.tanh",
    "jax.test_util.check_grads": "fgrad.testing.check_grads",
    "jax.tree.flatten": "fgrad.tree.flatten",
    "jax.tree.leaves": "fgrad.tree.leaves",
    "jax.tree.map": "fgrad.tree.map",
    "jax.tree.unflatten": "fgrad.tree.unflatten",
    "jax.tree_map": "fgrad.tree.map",
    "jax.tree_util.tree_flatten": "fgrad.tree.flatten",
    "jax.tree_util.tree_leaves": "fgrad.tree.leaves",
    "jax.tree_util.tree_map": "fgrad.tree.map",
    "jax.tree_util.tree_unflatten": "fgrad.tree.unflatten",
}
"""Single names, and where they are here."""

UNWRAPPED = {
    "jax.jit": "is removed: there is nothing to compile",
    "jax.block_until_ready": "is removed: a value is there when a line is done",
    "jax.device_put": "is removed: arrays are NumPy's",
}
"""Functions whose argument does as it is, and why."""

BUILTINS = {f"autograd.builtins.{n}" for n in ("dict", "isinstance", "list", "tuple")}
"""What autograd puts in place of Python's own, which do here."""

SETTING = "jax_enable_x64"
"""The setting of ``jax.config.update`` that needs nothing here."""

ADAPTED: dict[str, tuple[int, str, str, dict[str, str]]] = {
    "jax.nn.softmax": (1, "axis", "-1", {}),
    "jax.nn.log_softmax": (1, "axis", "-1", {}),
    "jax.nn.gelu": (
        1,
        "approximate",
        '"tanh"',
        {"True": '"tanh"', "False": '"none"'},
    ),
}
"""Options with another default here: the place, the name, what to say where the program
leaves it out, and new values for old ones if these changed, too."""

LOOP = "Python's own `for`, `while` and `if`, which fgrad follows"

INSTEAD = {
    "autograd.builtins": "Python's own list, tuple, dict and isinstance",
    "autograd.deriv": "fgrad.jvp(f, (x,), (1.0,))[1]",
    "autograd.extend.VSpace": "fgrad.register_node or fgrad.register_dataclass",
    "autograd.extend.defjvp": "fgrad.custom_jvp, or defvjp alone, for both modes",
    "autograd.extend.defvjp": "fgrad.defvjp(f, x=lambda g, ans, x: ...), "
    "with f's own names",
    "autograd.extend.defvjp_argnum": "fgrad.defvjp(f, x=lambda g, ans, x: ...)",
    "autograd.extend.defvjp_argnums": "fgrad.defvjp(f, x=lambda g, ans, x: ...)",
    "autograd.extend.notrace_primitive": "fgrad.stop_gradient of the arguments",
    "autograd.extend.vspace": "NumPy's own zeros_like, or fgrad.tree.map",
    "autograd.grad_named": "fgrad.grad(f, argnums=...), with the place of the name",
    "autograd.make_ggnvp": "fgrad.jvp and fgrad.vjp one after the other",
    "autograd.make_hvp": "fgrad.hvp(f, (x,), (v,))[1]",
    "autograd.make_jvp": "fgrad.jvp(f, (x,), (v,))",
    "autograd.make_vjp": "value, pullback = fgrad.vjp(f, x), and pullback(g)[0]",
    "autograd.misc.fixed_points": "fgrad.fixed_point, whose arguments are others",
    "autograd.multigrad_dict": "fgrad.grad of a function of a dict",
    "autograd.numpy.numpy_boxes": "fgrad.is_traced(x)",
    "autograd.scipy.integrate": "fgrad.custom_vjp around the solver",
    "autograd.scipy.signal": "fgrad.numpy.convolve, or fgrad.nn.conv2d",
    "autograd.tensor_jacobian_product": "fgrad.vjp(f, x)",
    "autograd.test_util.check_grads": "fgrad.testing.check_grads(f, (x,))",
    "autograd.vector_jacobian_product": "fgrad.vjp(f, x)",
    "jax.config": "nothing, if it is a matter of JAX alone",
    "jax.debug": "print(...): the function runs with real values",
    "jax.eval_shape": "the function itself, and .shape of its result",
    "jax.block_until_ready": "nothing: a value is there when a line is done",
    "jax.device_put": "nothing: arrays are NumPy's",
    "jax.jit": "nothing: there is nothing to compile",
    "jax.lax": "fgrad.numpy, with NumPy's name of it",
    "jax.lax.associative_scan": LOOP,
    "jax.lax.cond": LOOP,
    "jax.lax.custom_root": "fgrad.custom_root",
    "jax.lax.fori_loop": LOOP,
    "jax.lax.map": "fgrad.vmap(f)(xs)",
    "jax.lax.rsqrt": "1 / np.sqrt(x)",
    "jax.lax.scan": LOOP,
    "jax.lax.select": "np.where(condition, x, y)",
    "jax.lax.switch": "branches[index](x)",
    "jax.lax.while_loop": LOOP,
    "jax.make_jaxpr": "fgrad.debug.graph(f, x)",
    "jax.nn": "a formula, or a function of fgrad.nn, which has PyTorch's arguments",
    "jax.nn.initializers": "fgrad.nn.init, which takes a generator of NumPy's",
    "jax.nn.one_hot": "np.eye(n)[labels]",
    "jax.ops": "fgrad.index_add(x, index, value)",
    "jax.pmap": "fgrad.vmap",
    "jax.random": "rng = np.random.default_rng(seed), and rng.normal(size=...)",
    "jax.scipy.optimize": "scipy.optimize.minimize(fgrad.value_and_grad(f), x0, "
    "jac=True)",
    "jax.scipy.signal": "fgrad.numpy.convolve, or fgrad.nn.conv2d",
    "jax.scipy.special.bessel_jn": "scipy.special.jv(n, x)",
    "jax.tree_util": "fgrad.tree, or fgrad.register_node",
}
"""What to write for what is not rewritten, by the name or the module it is in."""

LEFT_ROOMS = {
    "autograd.numpy.numpy_boxes",
    "autograd.numpy.numpy_vjps",
    "autograd.numpy.numpy_jvps",
    "autograd.numpy.numpy_vspaces",
    "autograd.numpy.numpy_wrapper",
    "autograd.scipy.integrate",
    "autograd.scipy.signal",
    "autograd.scipy.misc",
    "jax.scipy.ndimage",
    "jax.scipy.optimize",
    "jax.scipy.signal",
    "jax.scipy.special.bessel_jn",
    "jax.scipy.special.lpmn",
    "jax.scipy.special.lpmn_values",
}
"""What is inside the rooms, but not the same here."""


def _above(name: str) -> list[str]:
    """The name and all modules it is in, the nearest first."""
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(len(parts), 0, -1)]


def new_name(name: str) -> str | None:
    """The name of fgrad that stands for one of theirs; None if there is none."""
    if found := NAMES.get(name) or MODULES.get(name):
        return found
    for module in _above(name):
        if module in LEFT_ROOMS:
            return None
        if module in ROOMS:
            return ROOMS[module] + name[len(module) :]
    return None


def what_instead(name: str) -> str:
    """The words on what to write for a name that has no counterpart."""
    for above in _above(name):
        if above in INSTEAD:
            return f"instead: {INSTEAD[above]}"
    return "nothing here corresponds to it"
