"""``python -m fgrad``: what is installed, for reports of bugs."""

import platform
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, version

import fgrad

__all__ = ["report"]

OPTIONAL = (
    "scipy",
    "matplotlib",
    "scikit-learn",
    "tqdm",
    "hypothesis",
    "IPython",
    "autograd",
    "jax",
    "torch",
)
"""Packages that fgrad can do without, but that may have a part in a bug."""


def report() -> str:
    """The versions of all that may have a part in a bug, one in a line."""
    build = "free-threaded" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    lines = {
        "fgrad": fgrad.__version__,
        "Python": f"{platform.python_version()} {build}".strip(),
        "platform": platform.platform(),
        "numpy": version("numpy"),
    }
    for package in OPTIONAL:
        try:
            lines[package] = version(package)
        except PackageNotFoundError:
            lines[package] = "not installed"
    width = max(map(len, lines))
    return "\n".join(f"{name:{width}}  {value}" for name, value in lines.items())


if __name__ == "__main__":
    sys.stdout.write(report() + "\n")
