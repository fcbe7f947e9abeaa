"""`compile`: a function recorded once, and replayed as straight-line NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from fgrad._engine.later import LATER
from fgrad._program.native.function import CompilerError
from fgrad._program.variants import Variants
from fgrad._transforms._values import check_function, label
from fgrad._transforms._wrapped import Wrapped
from fgrad.errors import SettingError

__all__ = ["Compiled", "compile"]

P = ParamSpec("P")
R = TypeVar("R")


class Compiled(Wrapped):
    """What `compile` returns."""

    def __init__(
        self,
        fun: Callable[..., Any],
        static_argnums: tuple[int, ...],
        static_argnames: tuple[str, ...],
        max_variants: int,
        exact: bool,
        backend: str,
    ) -> None:
        super().__init__(fun)
        self.exact = exact and backend == "numpy"
        self.backend = backend
        self.static_argnums = static_argnums
        self.static_argnames = static_argnames
        self.max_variants = max_variants
        self.variants = self._none_yet()

    def _none_yet(self) -> Variants:
        options = self.static_argnums, self.static_argnames, self.exact, self.backend
        return Variants(self.fun, label(self.fun), self.max_variants, *options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.variants.call(args, kwargs)

    def __getstate__(self) -> dict[str, Any]:
        """The function, without its programs: they are recorded where it goes."""
        return {k: v for k, v in self.__dict__.items() if k != "variants"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.variants = self._none_yet()

    def __repr__(self) -> str:
        return f"compile({label(self.fun)})"


def compile(  # noqa: A001 (this is its name)
    fun: Callable[P, R],
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    exact: bool = True,
    backend: str = "numpy",
    max_variants: int = 32,
) -> Callable[P, R]:
    """The same function, recorded once and then run as a program of NumPy calls.

    That takes away what fgrad and Python do around the calls: it helps where arrays are
    small, and where derivatives are taken again and again. The results are those of
    `fun`, bit for bit. Python's control flow stays: where a branch or an integer
    depends on an argument, each way becomes a program of its own, a *variant*.

    Parameters
    ----------
    fun : callable
        Any function of trees of arrays and numbers, also what a transform has
        returned: ``compile(value_and_grad(loss))``. It must be pure: what it prints, or
        writes into other objects, happens when it is recorded, not at each call.
    static_argnums : int or sequence of ints, optional
        Positions of arguments whose values are part of a program. They have a hash.
        Arguments that are no arrays or numbers, such as strings, are static anyway.
    static_argnames : str or sequence of str, optional
        The same for keyword arguments.
    exact : bool, optional
        Whether results have the same bits. If not, `np.einsum` may sum in another
        order, by matrix products: a sum of n products of k factors is then off by at
        most ``(n + k) * eps`` times the sum of their absolute values, as in any order.
    backend : str, optional
        ``"numpy"``, or ``"c"`` for C where that can be: elementwise functions, sums,
        and small products of matrices. It needs a compiler, which runs in the first
        call, and is never `exact`: functions are within 4 units in the last place,
        and a sum of n numbers is off by at most ``n * eps`` times the sum of their
        absolute values. Arithmetic has the same bits.
    max_variants : int, optional
        How many programs there may be for arguments of the same shapes and dtypes.

    Returns
    -------
    callable
        Takes the arguments of `fun`. Its results are fresh arrays. Inside other
        transforms (``grad(compile(f))``), and where a program cannot answer, it calls
        `fun`.

    Warns
    -----
    EagerWarning
        Once, if `fun` cannot become a program, with the reason and the line; or if the
        compiler for C fails.

    Raises
    ------
    SettingError
        If a setting is none of those above, or if there is no compiler for C.

    Notes
    -----
    The first call of each variant runs `fun` twice, as it is and with recording values,
    and the second call once; if anything differs, `fun` runs as it is from then on.
    What `fun` uses beside its arguments (globals, attributes, arrays) is compared at
    each call; if it has changed, `fun` is recorded again. Of arrays over 64 KiB, only
    1024 entries are compared: pass such arrays as arguments if they change.
    A call with a floating-point error, a nan in a derivative, or an exception, runs
    `fun` as it is, with its warnings and errors.

    With C, what was compiled lies in ``~/.cache/fgrad/compiled``, where other processes
    find it; it may be deleted.

    ``fgrad.debug.source(compiled)`` prints the programs, ``fgrad.debug.eager()`` says
    where `fun` ran as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from fgrad import compile, grad
    >>> slope = compile(grad(lambda x: np.sum(np.sin(x) ** 2)))
    >>> slope(np.array([0.0, np.pi / 4]))
    array([0., 1.])
    """
    check_function("compile", fun, "compile(fun)(x), not compile(fun(x))")
    if type(exact) is not bool:
        raise SettingError(f"exact={exact!r} of compile({label(fun)}): give a bool.")
    if backend not in ("numpy", "c"):
        raise SettingError(
            f"backend={backend!r} of compile({label(fun)}): give 'numpy', or 'c'."
        )
    if backend == "c":
        _check_compiler(fun)
    if type(max_variants) is not int or max_variants < 1:
        raise SettingError(
            f"max_variants={max_variants!r} of compile({label(fun)}): give an int of "
            f"at least 1."
        )
    numbers, names = _several(static_argnums, int), _several(static_argnames, str)
    if numbers is None:
        raise SettingError(
            f"static_argnums={static_argnums!r} of compile({label(fun)}): give an int, "
            f"or a sequence of ints."
        )
    if names is None:
        raise SettingError(
            f"static_argnames={static_argnames!r} of compile({label(fun)}): give a "
            f"name, or a sequence of names."
        )
    return Compiled(fun, numbers, names, max_variants, exact, backend)


def _check_compiler(fun: Callable[..., Any]) -> None:
    """Say at once that there is no compiler."""
    try:
        LATER["c"]().compiler()
    except CompilerError as error:
        raise SettingError(
            f"backend='c' of compile({label(fun)}) needs a compiler for C: {error}. "
            f"Install one, name it in $CC, or use backend='numpy', which needs none."
        ) from None


def _several(given: Any, kind: type) -> Any:
    """One or several ints or names as a tuple; ``None`` for anything else."""
    if isinstance(given, kind):
        return (given,)
    if isinstance(given, list | tuple) and all(isinstance(x, kind) for x in given):
        return (*given,)
    return None
