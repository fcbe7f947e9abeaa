"""The public names of NumPy and of SciPy, and what each is for fgrad.

Functions of arrays are looked up in the registry. What is left are names that are not
about arrays of numbers: a table, with the reason.
"""

import inspect
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from fgrad import _coverage_of_scipy as scipys, numpy as ours  # completes the registry
from fgrad._engine.doors import METHODS, OPERATORS
from fgrad._engine.methods import FORWARDED, REFUSED as METHODS_REFUSED
from fgrad._engine.rules import (
    CONSTANTS,
    REFUSED,
    RULES,
    composition,
    of_array_package,
)

__all__ = ["Coverage", "Entry", "coverage"]

KINDS = {
    "primitive": "differentiable, by a rule of its own",
    "composition": "differentiable, as a composition of others",
    "constant": "constant almost everywhere: takes traced values, gives plain ones",
    "refused": "an error says what to write instead",
    "no array": "not about arrays of numbers",
}

SPACES = (
    "numpy",
    "numpy.ndarray",
    "numpy.ufunc",
    "numpy.linalg",
    "numpy.fft",
    "numpy.emath",
    "numpy.lib.stride_tricks",
    "numpy.random",
    "numpy.polynomial",
    *(
        f"numpy.polynomial.{basis}"
        for basis in ("chebyshev", "hermite", "hermite_e", "laguerre", "legendre")
    ),
    "numpy.polynomial.polynomial",
)

PACKAGES = {"numpy": SPACES, "scipy": scipys.SPACES}

FOLLOWED = {
    "numpy.poly1d",
    "numpy.mgrid",
    "numpy.ogrid",
    "numpy.trapz",
    "numpy.fft.fftfreq",
    "numpy.fft.rfftfreq",
}
"""NumPy's own code, which computes with traced values as with any numbers."""

PLATFORM = {"float96", "float128", "complex192", "complex256"}
"""Names of `longdouble` and `clongdouble` on some machines."""

FAMILIES = ("cheb", "herm", "herme", "lag", "leg", "poly")
WITHOUT_RULE = [
    f"{family}{name}" for family in FAMILIES for name in ("companion", "div")
]
"""Of `numpy.polynomial`: lifted, so that a traced value is a `MissingRuleError`."""

DROPS = "would drop the gradient: stop_gradient(x) first, if that is intended"
MATRIX = "use two-dimensional arrays and @"
MEMORY = "a traced value has no memory that others could read or write"
BYTES = "a traced array has no bytes that could be changed: use astype, np.resize"

NOT_FOLLOWED: dict[str, str] = {
    "asmatrix bmat matrix": MATRIX,
    "broadcast flatiter nditer nested_iters": "iterate over the array itself",
    "frompyfunc": "use fgrad.numpy.vectorize",
    "from_dlpack frombuffer isfortran memmap recarray": MEMORY,
    "ma": "use where=, np.where or the nan-functions in place of masked arrays",
    " ".join(WITHOUT_RULE): "no derivative rule",
}
"""What NumPy has for arrays and fgrad does not trace."""

NO_ARRAY: dict[str, str] = {
    "True_ False_ e euler_gamma inf nan newaxis pi little_endian": "a constant",
    "ScalarType dtype finfo iinfo isdtype issubdtype mintypecode promote_types "
    "sctypeDict typecodes typename": "about types",
    "bartlett blackman eye hamming hanning identity indices tri zeros ones empty "
    "chebgauss hermgauss hermegauss laggauss leggauss chebpts1 chebpts2": (
        "makes arrays from counts"
    ),
    "diag_indices mask_indices tril_indices triu_indices index_exp s_ ndindex "
    "broadcast_shapes": "about indices and shapes",
    "base_repr binary_repr format_float_positional format_float_scientific": "text",
    "busday_count busday_offset busdaycalendar datetime_as_string datetime_data "
    "is_busday": "dates",
    "fromfile fromregex fromstring genfromtxt load loadtxt": "reads numbers from text",
    "errstate geterr geterrcall getbufsize get_printoptions printoptions seterr "
    "seterrcall setbufsize set_printoptions set_default_printstyle": "settings",
    "get_include info show_config show_runtime test": "about NumPy itself",
    "iterable ndarray ufunc LinAlgError": "about Python types",
    "rand randn randint random random_integers random_sample ranf sample bytes "
    "standard_cauchy standard_exponential standard_normal": "draws without parameters",
    "seed get_state set_state get_bit_generator set_bit_generator BitGenerator MT19937 "
    "PCG64 PCG64DXSM Philox SFC64 SeedSequence": "where randomness comes from",
}

MEMBERS: dict[str, dict[str, str]] = {
    "composition": {
        "T mT real imag flat __iter__ __copy__ __deepcopy__ __divmod__ __rdivmod__ "
        "reshape transpose clip compress copy flatten tolist view astype "
        "__array_function__ __array_ufunc__": "",
        "__iadd__ __isub__ __imul__ __itruediv__ __imod__ __ipow__ __imatmul__ "
        "__setitem__ fill put sort partition": "writes to the array",
    },
    "constant": {
        "shape dtype ndim size itemsize nbytes strides device to_device __len__ "
        "__bool__ __contains__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __floordiv__ "
        "__rfloordiv__ __ifloordiv__ __array_priority__ __array_namespace__ "
        "__hash__ __str__ __repr__ __format__": "",
    },
    "refused": {
        "__float__ __int__ __index__ __complex__ __array__ __reduce__ __reduce_ex__ "
        "item": DROPS,
        "__delitem__": "use np.delete",
        "base ctypes data flags dump dumps getfield setflags tobytes tofile "
        "__dlpack__ __dlpack_device__ __array_interface__ __array_struct__ "
        "__setstate__ __buffer__": MEMORY,
        "__array_finalize__ __array_wrap__ __class_getitem__": "a box has no subclass",
        "itemset newbyteorder ptp tostring": "gone since NumPy 2.0",
        "choose __and__ __or__ __xor__ __invert__ __lshift__ __rshift__ __rand__ "
        "__ror__ __rxor__ __rlshift__ __rrshift__ __iand__ __ior__ __ixor__ "
        "__ilshift__ __irshift__": "for integers, and a traced value is never one",
    },
}
"""Of an ndarray: what is not a NumPy function applied to the array."""

METHODS_OF_UFUNCS = ("accumulate", "at", "outer", "reduce", "reduceat")


def members(space: str) -> Iterator[tuple[str, Any]]:
    """Public names of a namespace and what they stand for."""
    if space == "numpy.ndarray":
        plain = {*dir(object)} - {
            f"__{n}__" for n in ("eq", "ne", "lt", "le", "gt", "ge")
        }
        names = [name for name in dir(np.ndarray) if name not in plain]
        yield from ((name, getattr(np.ndarray, name)) for name in names)
        return
    if space == "numpy.ufunc":
        yield from ((name, getattr(np.ufunc, name)) for name in METHODS_OF_UFUNCS)
        return
    if space in scipys.SPACES:
        yield from scipys.members(space)
        return
    module = namespace(np, space)
    names = set(getattr(module, "__all__", ()))
    if not names or space == "numpy":
        names |= {name for name in dir(module) if not name.startswith("_")}
    for name in sorted(names - PLATFORM):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecated names
            thing = getattr(module, name, None)
        if not name.startswith("_"):
            yield name, thing


def namespace(root: Any, space: str) -> Any:
    """``numpy.lib.stride_tricks`` in a namespace like NumPy's."""
    for part in space.split(".")[1:]:
        root = getattr(root, part, None)
    return root


def kind_of(space: str, name: str, thing: Any) -> tuple[str, str]:
    """The kind of a public name, and why; the kind is empty if nothing knows it."""
    if space == "numpy.ndarray":
        return _member(name)
    if space == "numpy.ufunc":
        return _ufunc_method(name)
    if space in scipys.SPACES:
        return _kind_in_scipy(space, name, thing)
    own = getattr(namespace(ours, space), name, None)
    if registered := _registered(thing):
        return registered
    if own is not thing and (registered := _registered(_unlifted(own))):
        return registered
    module = getattr(own, "__module__", None) or type(own).__module__
    ours_only = _unlifted(own) is own and module.startswith("fgrad")
    if ours_only and not _listed(name):
        return "composition", "fgrad.numpy's own"
    if f"{space}.{name}" in FOLLOWED:
        return "composition", "NumPy's own code, followed"
    return _otherwise(name, thing)


def _kind_in_scipy(space: str, name: str, thing: Any) -> tuple[str, str]:
    """The same for a name of SciPy's, whose functions may lack some derivatives."""
    if registered := _registered(thing):
        kind, why = registered
        lacks = RULES[thing].lacks if kind == "primitive" else {}
        return kind, f"{why}, but not {', '.join(lacks)}" if lacks else why
    if name in scipys.FOLLOWED:
        return "composition", "SciPy's own code, followed"
    if thing in RULES and (lacks := RULES[thing].lacks):
        return "refused", max(lacks.values(), key=lambda words: (len(words), words))
    if inspect.ismodule(thing):
        return "no array", "a module"
    listed = _listed(name, scipys.NOT_FOLLOWED, scipys.NO_ARRAY)
    return scipys.distribution(space, name) or listed or ("", "")


def _unlifted(thing: Any) -> Any:
    """The NumPy function under a lifted one."""
    return getattr(thing, "__wrapped__", thing)


def _registered(thing: Any) -> tuple[str, str] | None:
    """What the registry says of a function, in the order in which dispatch asks."""
    if not callable(thing) or getattr(thing, "__hash__", None) is None:
        return None
    fun: Callable[..., Any] = thing
    if fun in RULES and RULES[fun].pullbacks:
        return "primitive", ", ".join(RULES[fun].pullbacks)
    if fun in CONSTANTS:
        return "constant", ""
    if composed := composition(fun):
        return "composition", composed.__module__
    if fun in REFUSED:
        return "refused", REFUSED[fun]
    return None


def _otherwise(name: str, thing: Any) -> tuple[str, str]:
    """The reason why a name is not in the registry."""
    if inspect.ismodule(thing) and name != "ma":
        return "no array", "a module"
    if listed := _listed(name):
        return listed
    if isinstance(thing, type) and issubclass(thing, np.generic):
        return "no array", "a type of numbers"
    if not callable(thing) or isinstance(thing, types.GenericAlias):
        return "no array", "a constant"
    return "", ""


def _listed(
    name: str,
    refused: dict[str, str] = NOT_FOLLOWED,
    no_array: dict[str, str] = NO_ARRAY,
) -> tuple[str, str] | None:
    """What the lists of names say."""
    for kind, table in (("refused", refused), ("no array", no_array)):
        for names, why in table.items():
            if name in names.split():
                return kind, why
    return None


def _member(name: str) -> tuple[str, str]:
    """A method, operator or attribute of an array."""
    short = name.strip("_")
    if name in FORWARDED:
        return _registered(getattr(np, name)) or ("", "")
    if name in METHODS:
        return _registered(METHODS[name][0]) or ("", "")
    operators = {"getitem", *OPERATORS, *(f"r{operator}" for operator in OPERATORS)}
    if name == f"__{short}__" and short in operators:
        return "primitive", ""
    if name in METHODS_REFUSED:
        return "refused", BYTES
    for kind, table in MEMBERS.items():
        for names, why in table.items():
            if name in names.split():
                return kind, why
    return "", ""


def _ufunc_method(name: str) -> tuple[str, str]:
    """A method that all ufuncs have: of which of them fgrad knows it."""
    ufuncs = {f for f in vars(np).values() if isinstance(f, np.ufunc)}
    found = {f.__name__: _registered(getattr(f, name)) for f in ufuncs}
    kinds = {kind[0] for kind in found.values() if kind}
    if kinds == {"refused"}:
        return next(kind for kind in found.values() if kind)
    return "composition", "of " + ", ".join(sorted(n for n, k in found.items() if k))


# The table ----------------------------------------------------------------------------


class Entry(NamedTuple):
    """One public name of NumPy or SciPy."""

    namespace: str
    name: str
    kind: str
    """A key of ``Coverage.kinds``; empty if fgrad does not know the name."""
    why: str
    """The parameters of a primitive, the module of a composition, or the reason."""


class Coverage:
    """A library's public names and what each is for fgrad. Prints as its totals."""

    kinds = KINDS

    def __init__(self, package: str, entries: tuple[Entry, ...]) -> None:
        self.package = package
        self.entries = entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def unknown(self) -> list[Entry]:
        """Names that no list knows."""
        return [entry for entry in self.entries if not entry.kind]

    @property
    def differentiable(self) -> list[Entry]:
        """Names with a derivative."""
        kinds = ("primitive", "composition")
        return [entry for entry in self.entries if entry.kind in kinds]

    @property
    def totals(self) -> dict[str, Counter[str]]:
        """How many names of each kind there are in each namespace."""
        totals = {space: Counter[str]() for space in PACKAGES[self.package]}
        for entry in self.entries:
            totals[entry.namespace][entry.kind] += 1
        return totals

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            row[0].ljust(widths[0])
            + "".join(
                cell.rjust(width + 2)
                for cell, width in zip(row[1:], widths[1:], strict=True)
            )
            for row in rows
        ]
        return "\n".join([*lines, "", self._summary()])

    def _rows(self) -> list[tuple[str, ...]]:
        """The totals as cells: a head, a row for each namespace, the sums."""
        rows = [("", *KINDS)]
        for space, count in self.totals.items():
            rows.append((space, *(str(count[kind]) for kind in KINDS)))
        total = Counter(entry.kind for entry in self.entries)
        return [*rows, ("all", *(str(total[kind]) for kind in KINDS))]

    def _summary(self) -> str:
        primitives = sum(
            of_array_package(fun)
            and bool(rule.pullbacks)
            and rule.name.startswith("scipy.") == (self.package == "scipy")
            for fun, rule in RULES.items()
            if fun is rule.fun
        )
        names = len(self.differentiable)
        return f"{primitives} primitives serve {names} differentiable names."

    def to_markdown(self) -> str:
        """The whole table, in Markdown.

        Returns
        -------
        str
            The totals, then each namespace's names by kind and reason.
        """
        head, *rows = self._rows()
        lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * len(KINDS) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
        lines += ["", self._summary(), ""]
        lines += [f"* **{kind}**: {meaning}" for kind, meaning in KINDS.items()]
        for space in PACKAGES[self.package]:
            lines += ["", f"## {space}", ""]
            lines += self._paragraphs(space)
        return "\n".join([*lines, ""])

    def _paragraphs(self, space: str) -> Iterator[str]:
        """The names of a namespace; those of one kind and reason together."""
        for kind in KINDS:
            groups: dict[str, list[str]] = {}
            for entry in self.entries:
                if (entry.namespace, entry.kind) != (space, kind):
                    continue
                why = entry.why.removeprefix(f"{entry.name} ")
                partly = kind == "primitive" and ", but not " in why
                shown = partly or kind in ("refused", "no array")
                why = f", {'in ' * partly}{why}" if shown else ""
                groups.setdefault(why, []).append(f"`{entry.name}`")
            for why in sorted(groups):
                yield f"* {kind}{why}: {', '.join(groups[why])}"


def coverage(package: str = "numpy") -> Coverage:
    """What each public name of NumPy, or of SciPy, is for fgrad.

    Parameters
    ----------
    package : {"numpy", "scipy"}
        The library. Of SciPy, the modules that `fgrad.scipy` has.

    Returns
    -------
    Coverage
        A table with one `Entry` (namespace, name, kind, why) for each name, generated
        from the registry of rules. It prints as its totals; ``to_markdown()`` gives all
        names, ``unknown`` those that fgrad has not heard of.

    Raises
    ------
    ValueError
        If it is another library.
    ImportError
        If it is SciPy, and that is not installed.

    Examples
    --------
    >>> import fgrad
    >>> table = fgrad.coverage()
    >>> {entry.name: entry.kind for entry in table}["trapezoid"]
    'composition'
    >>> table.unknown
    []
    """
    if package not in PACKAGES:
        raise ValueError(f"coverage knows numpy and scipy, but not {package!r}.")
    return Coverage(
        package,
        tuple(
            Entry(space, name, *kind_of(space, name, thing))
            for space in PACKAGES[package]
            for name, thing in members(space)
        ),
    )
