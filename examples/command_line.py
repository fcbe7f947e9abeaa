"""What the examples have in common: their options, and pictures without a screen."""

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")


def arguments(doc, file, **numbers):
    """The place of the picture, and whole numbers with their defaults.

    By default, the picture lies beside the example, and has its name.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    default = Path(file).with_suffix(".png")
    parser.add_argument("--figure", type=Path, default=default)
    for name, number in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=number)
    return parser.parse_args()
