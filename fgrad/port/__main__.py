"""``python -m fgrad.port FILE...``: port files, and say what is left to do."""

from __future__ import annotations

import argparse
import sys

from fgrad.port._files import found, ported, written
from fgrad.port._report import Summary

__all__ = ["main"]


def main(words: list[str] | None = None) -> int:
    """Port the files that the command line names; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m fgrad.port",
        description="Rewrite programs for autograd and JAX so that they use fgrad, and "
        "list what has no counterpart. Files are changed in place.",
    )
    parser.add_argument(
        "paths", nargs="+", metavar="FILE", help="a file, or a directory of them"
    )
    parser.add_argument(
        "--diff", action="store_true", help="show the changes, and make none"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="change nothing; exit with 1 if there is anything to do",
    )
    options = parser.parse_args(words)
    files, missing = found(options.paths)
    summary = Summary(sys.stdout, sys.stderr, dry=options.diff or options.check)
    for words_ in missing:
        summary.fault(words_)
    for path in files:
        result = ported(path, summary)
        if result is None:
            continue
        old, new = result
        if options.diff:
            summary.difference(path, old, new.text)
        elif not options.check and new.text != old and not written(path, new.text):
            summary.fault(f"{path} cannot be written")
            continue
        summary.file(path, new, changed=new.text != old)
    summary.end()
    return summary.status(check=options.check)


if __name__ == "__main__":
    sys.exit(main())
