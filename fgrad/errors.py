"""What fgrad raises.

Each class is a subclass of the builtin exception that a caller would catch, and its
docstring is its help page. Every message says what was got, where, and what to write
instead.
"""

__all__ = [
    "ArgnumsError",
    "BatchAxesError",
    "BatchedValueError",
    "ChangedArrayError",
    "ConvergenceError",
    "ConversionError",
    "CotangentError",
    "EagerWarning",
    "FgradError",
    "GradientError",
    "InputTypeError",
    "LeakedTracerError",
    "MissingRuleError",
    "NonFiniteError",
    "NonScalarOutputError",
    "OutputTypeError",
    "RuleError",
    "SettingError",
    "ShardError",
    "TangentError",
    "TracedAttributeError",
    "TreeError",
    "UncheckedDerivativeWarning",
    "UndefinedDerivativeWarning",
    "UnpicklableError",
]


class FgradError(Exception):
    """Base of all exceptions that fgrad raises on its own account."""


class NonScalarOutputError(FgradError, TypeError):
    """The function given to `grad` returned something else than one number.

    A gradient belongs to a scalar function. Sum or average the result, ask for a
    Jacobian, or choose a cotangent of your own with `vjp`. An array of shape ``(1,)``
    is not a scalar: index it (``x[0]``) or ``squeeze`` it. A function that forgets its
    ``return`` ends here too.
    """


class GradientError(FgradError, AssertionError):
    """A check of `fgrad.testing` found a derivative, or a function, that is wrong.

    Attributes
    ----------
    kind : str
        What is wrong: "wrong", "kink", "jump", "edge of domain", "nan", "nothing to
        check", "not deterministic", "changes an argument", "writes into g or what it
        kept", "not linear in g", "depends on the memory order of g", "wrong in single
        precision", "the rule fails", "shape", "dtype" or "value".
    order : int
        Of which derivative: 1 is the gradient, 2 the derivative of that.
    path, index : str, tuple of int or None
        The leaf of the arguments, such as ``args[0]['w']``, and the entry in it.
    got, want, error : float
        The derivative, what finite differences give, and how far off these may be.
    ratio : float
        ``got / want``.
    blame : tuple of str
        The rules that are wrong at this point, and the lines that called them.
    program : str
        Source that repeats the check of the first of them alone.
    variant : str
        The variant of a call for which `check_rule` found it.
    """

    def __init__(
        self,
        *args: object,
        kind: str = "wrong",
        order: int = 1,
        path: str = "",
        index: tuple[int, ...] | None = None,
        got: float = float("nan"),
        want: float = float("nan"),
        error: float = float("nan"),
        blame: tuple[str, ...] = (),
        program: str = "",
        variant: str = "",
    ) -> None:
        super().__init__(*args)
        self.kind, self.order, self.path, self.index = kind, order, path, index
        self.got, self.want, self.error = got, want, error
        self.blame, self.program, self.variant = blame, program, variant

    @property
    def ratio(self) -> float:
        return self.got / self.want if self.want else float("nan")


class InputTypeError(FgradError, TypeError):
    """An argument to be differentiated has a leaf without a derivative.

    Only real and complex floating-point numbers and arrays vary continuously. Convert
    integers with ``float(n)`` or ``x.astype(float)``. Put strings, flags and counts
    into arguments that are not differentiated, or into dataclass fields marked static.
    """


class OutputTypeError(FgradError, TypeError):
    """The result of the function does not have the type that the transform needs.

    Return numbers, arrays of numbers, or trees of these; other data with `has_aux`.
    The gradient of a complex output is defined only for holomorphic functions: pass
    ``holomorphic=True`` if yours is one, or take the real part, or use `vjp`.
    """


class MissingRuleError(FgradError, NotImplementedError):
    """A NumPy function, argument or option has no derivative rule.

    Nothing is ever silently treated as constant. Write the step in terms of other
    functions, or register a rule with `primitive` and `defvjp`. Arrays with rules of
    their own (masked, labelled, sparse) have none: make them plain ones first.
    """


class LeakedTracerError(FgradError, RuntimeError):
    """A traced value outlived the transform that made it.

    It was stored in a global, an attribute or a list and used after the call
    returned. Return it from the function with ``has_aux=True``, or store
    ``stop_gradient(x)``.
    """


class ConversionError(FgradError, TypeError):
    """A traced value was about to become a plain number or array.

    ``float(x)``, ``math.sin(x)``, ``np.asarray(x)`` and ``out[i] = x``, for an `out`
    that plain NumPy made, would drop the derivative. Use NumPy's functions instead of
    ``math``'s, make `out` with ``fgrad.numpy.zeros``, and say `stop_gradient` where the
    value alone is wanted. What cannot be written without a loss, or is a view of what
    has changed since and cannot be taken again, ends here too.
    """


class TracedAttributeError(ConversionError, AttributeError):
    """An attribute that arrays or numbers have, and traced values do not.

    A traced value has no memory that others could read or write (``x.data``,
    ``x.__array_interface__``), and ``x.hex()`` is not differentiating. Ask
    ``stop_gradient(x)`` for it where the value alone is wanted.
    """


class ConvergenceError(FgradError, RuntimeError):
    """A solver did not find the solution that was to be differentiated.

    `fixed_point` needs a contraction, `custom_root` a first guess near the solution.
    Damp the step, begin nearer, or pass a solver of your own.
    """


class ArgnumsError(FgradError, ValueError):
    """`argnums` does not name positional arguments of the call.

    It is an int or a non-empty sequence of different ints; negative numbers count from
    the end. Keyword arguments are never differentiated.
    """


class BatchAxesError(FgradError, ValueError):
    """The arguments of `vmap` do not fit the call.

    ``in_axes`` names an axis for each positional argument, or ``None`` for one that all
    examples share; for an argument that is a tree, it may be a tree. All mapped axes
    have the same size, the number of examples. ``out_axes`` says where that axis goes
    in the output.
    """


class BatchedValueError(ConversionError):
    """One plain value was asked of an array that has one for each example of `vmap`.

    ``if x > 0`` would have to go both ways: write ``np.where(x > 0, a, b)``. What
    decides how large an array is (``np.nonzero(x)``, ``x[x > 0]``, ``range(n)``) must
    be the same for all examples: keep all entries and put zeros where none are wanted.
    """

    def __init__(self, *args: object, trace: object = None) -> None:
        super().__init__(*args)
        self.trace = trace


class CotangentError(FgradError, ValueError):
    """The cotangent given to a pullback does not look like the function's output.

    It must have the same tree structure, and at each leaf the same shape.
    """


class TangentError(FgradError, ValueError):
    """A tangent does not look like the argument that it belongs to.

    It must have the same tree structure, and at each leaf the same shape.
    """


class ChangedArrayError(FgradError, RuntimeError):
    """An array was changed between its use and the derivative that needs it.

    Rules keep arrays as they are, without copying. If the program writes into one
    before replay, the derivative is that of other numbers. Write into a copy, or
    compute a new array. Only `fgrad.debug.checks` looks for this.
    """


class NonFiniteError(FgradError, FloatingPointError):
    """An operation made a nan or an infinity of finite numbers.

    `fgrad.debug.checks` looks for this, and names the line; `fgrad.sharded` names the
    shard whose part of a sum is nan. Keep the point away from the call with
    ``np.where`` before it, or write the function so that it stays finite there.
    """


class RuleError(FgradError, RuntimeError):
    """A derivative rule is wrong: it does not fit its function or its argument.

    The message names the rule. A pullback takes ``g`` and names of parameters of its
    function, and returns an array of numbers with the shape of the argument that it
    belongs to.
    """


class SettingError(FgradError, ValueError):
    """A setting is out of range, such as a learning rate of nan.

    The message says which setting, what it was, and what it may be.
    """


class ShardError(FgradError, RuntimeError):
    """A shard of `fgrad.sharded` gave no result that can be added to the others.

    The message names the shard and says why. If the function raised an exception, that
    is the ``__cause__`` of this one, and the traceback of the worker is shown. If
    workers died, they may have had too little memory: make the shards smaller.

    Attributes
    ----------
    shard : int or None
        The number of the shard, from 0; ``None`` if the reason is no single shard.
    """

    def __init__(self, *args: object, shard: int | None = None) -> None:
        super().__init__(*args)
        self.shard = shard


class TreeError(FgradError, ValueError):
    """A tree does not have the expected structure, or cannot be taken apart."""


class UncheckedDerivativeWarning(UserWarning):
    """A check of `fgrad.testing` could not tell whether a derivative is right.

    The function may be noisy, have no values beside the point, or change too fast.
    Check another point, or tell the check more: ``scale=`` is a natural size of the
    arguments, ``noise=`` the relative error of the values.
    """


class UndefinedDerivativeWarning(RuntimeWarning):
    """A derivative is nan or infinite at this point, where the function has a value.

    The chain rule met 0 times infinity: one function has an infinite derivative here,
    and what follows has derivative 0, or the other way round. Write the function so
    that it is smooth at this point (``np.sum(x**2)`` in place of
    ``np.linalg.norm(x)**2``), or keep the point away from the call with ``np.where``
    before it.
    """


class UnpicklableError(FgradError, TypeError):
    """Something that `fgrad.sharded` has to send to another process cannot be sent.

    Python sends by `pickle`, which carries functions by their names: they must stand at
    the top of a module. Locks, open files and generators cannot be sent at all: open
    them in the function. Threads (``ThreadPoolExecutor``) need nothing to be sent.
    """


class EagerWarning(UserWarning):
    """A compiled function runs as it is, since it cannot become a program.

    The result is right, and no faster than without `fgrad.compile`. The message says
    why, and where; ``with fgrad.debug.eager() as found:`` counts all such calls. A
    function with ``backend="c"`` whose C cannot be built runs as a program of NumPy.
    """
