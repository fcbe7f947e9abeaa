"""NumPy's elementwise functions as expressions of C."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np

from fgrad._program.calls import Call, Variable, ufunc_of
from fgrad._program.native.places import CTYPES

__all__ = ["VECTORS", "Element", "element", "number"]

INFIX: dict[np.ufunc, str] = {np.add: "+", np.subtract: "-", np.multiply: "*"}

LIBRARY: dict[np.ufunc, str] = {
    np.exp: "exp",
    np.exp2: "exp2",
    np.expm1: "expm1",
    np.log: "log",
    np.log2: "log2",
    np.log10: "log10",
    np.log1p: "log1p",
    np.sin: "sin",
    np.cos: "cos",
    np.tan: "tan",
    np.arcsin: "asin",
    np.arccos: "acos",
    np.arctan: "atan",
    np.sinh: "sinh",
    np.cosh: "cosh",
    np.tanh: "tanh",
    np.arcsinh: "asinh",
    np.arccosh: "acosh",
    np.arctanh: "atanh",
    np.cbrt: "cbrt",
    np.arctan2: "atan2",
    np.hypot: "hypot",
}
"""Functions of the C library."""

VECTORS = {*LIBRARY.values(), "pow"}
"""Those of which glibc's libmvec computes several values at once (since 2.35)."""

BUILTIN: dict[np.ufunc, str] = {
    np.absolute: "fabs",
    np.fabs: "fabs",
    np.sqrt: "sqrt",
    np.floor: "floor",
    np.ceil: "ceil",
    np.trunc: "trunc",
    np.rint: "rint",
    np.copysign: "copysign",
}
"""Functions that are an instruction on most machines."""

ORDER: dict[np.ufunc, tuple[str, str]] = {
    np.less: ("<", "isless"),
    np.less_equal: ("<=", "islessequal"),
    np.greater: (">", "isgreater"),
    np.greater_equal: (">=", "isgreaterequal"),
    np.equal: ("==", ""),
    np.not_equal: ("!=", ""),
}
"""Comparisons, and those of floats, which must say nothing of nan."""

LOGIC: dict[np.ufunc, str] = {
    np.logical_and: "({0} != 0) & ({1} != 0)",
    np.logical_or: "({0} != 0) | ({1} != 0)",
    np.logical_xor: "({0} != 0) ^ ({1} != 0)",
    np.logical_not: "{0} == 0",
}
BITS: dict[np.ufunc, str] = {
    np.bitwise_and: "{0} & {1}",
    np.bitwise_or: "{0} | {1}",
    np.bitwise_xor: "{0} ^ {1}",
}

FLOATS: dict[np.ufunc, str] = {
    np.divide: "{0} / {1}",
    np.reciprocal: "1 / {0}",
    np.maximum: "(__builtin_isgreaterequal({0}, {1}) | ({0} != {0})) ? {0} : {1}",
    np.minimum: "(__builtin_islessequal({0}, {1}) | ({0} != {0})) ? {0} : {1}",
    np.sign: "{0} != {0} ? {0} : "
    "__builtin_isgreater({0}, 0) - __builtin_isless({0}, 0)",
    np.isnan: "{0} != {0}",
    np.isinf: "__builtin_isgreater(__builtin_fabs({0}), {max})",
    np.isfinite: "__builtin_islessequal(__builtin_fabs({0}), {max})",
    np.signbit: "__builtin_signbit({0}) != 0",
    np.deg2rad: f"{{0}} * ({{type}}){pi / 180!r}",
    np.rad2deg: f"{{0}} * ({{type}}){180 / pi!r}",
    np.radians: f"{{0}} * ({{type}}){pi / 180!r}",
    np.degrees: f"{{0}} * ({{type}}){180 / pi!r}",
}
"""Functions of floats alone."""

INTEGERS: dict[np.ufunc, str] = {
    np.maximum: "{0} >= {1} ? {0} : {1}",
    np.minimum: "{0} <= {1} ? {0} : {1}",
    np.absolute: "{0} < 0 ? -{0} : {0}",
    np.sign: "({0} > 0) - ({0} < 0)",
}
"""Functions of integers alone."""

POWERS: dict[Any, str] = {
    2: "{0} * {0}",
    3: "{0} * {0} * {0}",
    1: "{0}",
    -1: "1 / {0}",
    0.5: "__builtin_sqrt{f}({0})",
}


@dataclass(frozen=True, slots=True)
class Element:
    """An elementwise call: what it is in C, of values of these types."""

    text: str
    dtypes: tuple[np.dtype[Any], ...]
    """The dtypes to which the operands are converted before."""
    args: tuple[Any, ...]
    """The operands: variables, arrays and numbers."""
    library: tuple[str, ...] = ()
    """The functions of the C library that it calls."""


def number(value: Any, dtype: np.dtype[Any]) -> str:
    """A number as a constant of C."""
    converted = np.asarray(value).astype(dtype)[()]
    suffix = "f" if dtype.char == "f" else ""
    if dtype.kind != "f":
        return f"(({CTYPES[dtype.char]}){int(converted)})"
    if np.isnan(converted):
        return f'__builtin_nan{suffix}("")'
    if np.isinf(converted):
        return f"{'-' * bool(converted < 0)}__builtin_inf{suffix}()"
    text = f"{float(converted)!r}{suffix}"
    return f"({text})" if text.startswith("-") else text


def element(call: Call) -> Element | None:
    """A call as an expression of C, if it is one of those above."""
    if call.fun is np.where:
        return _choice(call)
    if call.fun is np.copy or call.fun is np.positive:
        plain = len(call.args) == 1 and not {*call.kwargs} - {"order"}
        return Element("{0}", (call.out.dtype,), call.args) if plain else None
    args = call.args
    fun = np.power if call.fun is operator.pow else ufunc_of(call)
    if fun is None or call.kwargs or len(args) != fun.nin:
        return None
    dtypes = _resolved(fun, args, call.out.dtype)
    if dtypes is None or any(d.char not in CTYPES for d in dtypes):
        return None
    kinds = {dtype.kind for dtype in dtypes}
    if len(kinds) > 1:
        return None
    if fun is np.power:
        return _power(args, dtypes)
    if kinds == {"f"}:
        return _of_floats(fun, args, dtypes)
    text = INTEGERS.get(fun) if kinds <= {"i", "u"} else None
    if text is None:
        text = _of_any(fun, kinds)
    return None if text is None else Element(text, dtypes, args)


def _resolved(fun: np.ufunc, args: Any, out: np.dtype[Any]) -> Any:
    """The dtypes with which NumPy computes, if the result is as recorded."""
    given = tuple(map(_weak, args))
    if any(dtype is None for dtype in given):
        return None
    if not any(isinstance(dtype, np.dtype) for dtype in given):
        given = tuple(np.dtype(kind) for kind in given)
    try:
        *dtypes, result = fun.resolve_dtypes((*given, None))
    except TypeError:
        return None
    return tuple(dtypes) if result == out else None


def _weak(arg: Any) -> Any:
    """The dtype of an operand, or the type of one of Python's numbers."""
    kind = arg.kind if type(arg) is Variable else type(arg)
    if kind in (float, int):
        return kind
    if kind is bool:
        return np.dtype(bool)
    known = type(arg) is Variable or isinstance(arg, np.ndarray | np.generic)
    return arg.dtype if known else None


def _of_floats(fun: np.ufunc, args: Any, dtypes: Any) -> Element | None:
    single = dtypes[0].char == "f"
    suffix = "f" if single else ""
    names = {
        "max": "0x1.fffffep+127f" if single else "0x1.fffffffffffffp+1023",
        "type": CTYPES[dtypes[0].char],
    }
    called = ", ".join(f"{{{i}}}" for i in range(fun.nin))
    if fun is np.exp or fun is np.logaddexp:
        exponential = f"exp{suffix}"
        text = f"{exponential}({_bounded('{0}', single)})"
        if fun is np.exp:
            return Element(text, dtypes, args, (exponential,))
        apart = f"({{0}} == {{1}} ? 0 : -__builtin_fabs{suffix}({{0}} - {{1}}))"
        apart = _bounded(apart, single)
        rest = f"log1p{suffix}({exponential}({apart}))"
        text = f"({FLOATS[np.maximum]}) + {rest}"
        return Element(text, dtypes, args, (exponential, f"log1p{suffix}"))
    if fun in LIBRARY:
        name = LIBRARY[fun] + suffix
        return Element(f"{name}({called})", dtypes, args, (name,))
    if fun in BUILTIN:
        return Element(f"__builtin_{BUILTIN[fun]}{suffix}({called})", dtypes, args)
    if fun in FLOATS:
        text = FLOATS[fun].replace("fabs(", f"fabs{suffix}(")
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        return Element(text, dtypes, args)
    text = _of_any(fun, {"f"})
    return None if text is None else Element(text, dtypes, args)


def _bounded(text: str, single: bool) -> str:
    """An exponent, not below where exp is 0: exp(-inf) is an error of libmvec's."""
    least = "-105.0f" if single else "-750.0"
    return f"__builtin_isless({text}, {least}) ? {least} : {text}"


def _of_any(fun: np.ufunc, kinds: set[str]) -> str | None:
    """Functions of floats, integers and truth values."""
    if fun in ORDER:
        sign, quiet = ORDER[fun]
        if "f" in kinds and quiet:
            return f"__builtin_{quiet}({{0}}, {{1}})"
        return f"{{0}} {sign} {{1}}"
    if fun in LOGIC:
        return LOGIC[fun]
    if "f" not in kinds and fun in BITS:
        return BITS[fun]
    if kinds == {"b"}:
        return "!{0}" if fun is np.invert else None
    if fun in INFIX:
        return f"{{0}} {INFIX[fun]} {{1}}"
    if fun is np.negative:
        return "-{0}"
    if fun is np.square:
        return "{0} * {0}"
    return "~{0}" if fun is np.invert and "f" not in kinds else None


def _power(args: Any, dtypes: Any) -> Element | None:
    exponent = args[1]
    constant = isinstance(exponent, int | float | np.generic) and exponent in POWERS
    if dtypes[0].kind != "f":
        whole = constant and exponent in (1, 2)
        return Element(POWERS[exponent], dtypes[:1], args[:1]) if whole else None
    suffix = "f" if dtypes[0].char == "f" else ""
    if constant:
        text = POWERS[exponent].replace("{f}", suffix)
        return Element(text, dtypes[:1], args[:1])
    name = f"pow{suffix}"
    return Element(f"{name}({{0}}, {{1}})", dtypes, args, (name,))


def _choice(call: Call) -> Element | None:
    """`np.where` with three arguments."""
    if len(call.args) != 3 or call.kwargs:
        return None
    out = call.out.dtype
    truth = call.args[0]
    if not isinstance(truth, Variable | np.ndarray | np.generic):
        return None
    return Element("{0} ? {1} : {2}", (np.dtype(bool), out, out), call.args)
