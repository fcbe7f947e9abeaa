"""What the examples have in common: their options, and pictures without a screen."""

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")


def whole(least):
    """A type of options: whole numbers that are not smaller."""

    def number(text):
        if not text.isdecimal() or int(text) < least:
            words = f"{text!r} is no whole number from {least} on"
            raise argparse.ArgumentTypeError(words)
        return int(text)

    return number


def arguments(doc, file, least=1, **numbers):
    """The place of the picture, and whole numbers with their defaults.

    By default, the picture lies beside the example, and has its name.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    default = Path(file).with_suffix(".png")
    parser.add_argument("--figure", type=Path, default=default)
    for name, number in numbers.items():
        parser.add_argument(f"--{name}", type=whole(least), default=number)
    return parser.parse_args()
