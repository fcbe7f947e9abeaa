"""Build faults into a copy of fgrad, one by one, and see whether tests find them.

    python -m tests.mutation                 # all; about half an hour on two cores
    python -m tests.mutation quantile roll   # those with these words in name or file

Each mutant is one named edit, in the files beside this one. First the tests run that
are nearest to it: all of rules and of `vmap` that are about some functions. If they all
pass, the other files of tests follow that must find it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tqdm import tqdm

from tests.mutation import batching, compositions, engine, rules
from tests.mutation.mutant import Mutant

ROOT = Path(__file__).parents[2]
MUTANTS = [
    *rules.MUTANTS,
    *compositions.MUTANTS,
    *batching.MUTANTS,
    *engine.MUTANTS,
]
OVER_ALL = ("test_rules.py", "test_batching.py")
"""Files with tests of all functions, of which the nearest are enough."""

TIMEOUT = 900
"""Seconds. A fault may make a loop that never ends: then it is found, too."""


def copied(folder: Path) -> Path:
    """A copy of all that the tests need."""
    ignored = shutil.ignore_patterns("__pycache__", ".*", "build")
    shutil.copytree(ROOT, folder, ignore=ignored, dirs_exist_ok=True)
    return folder


def passes(folder: Path, mutant: Mutant, near: bool) -> bool:
    """Whether the tests pass on the copy."""
    narrow = mutant.near and not near
    files = [
        f"tests/{name}"
        for name in mutant.tests
        if (name in OVER_ALL if near else not narrow or name not in OVER_ALL)
    ]
    if not files:
        return True
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    chosen = ["-k", mutant.near] if near else []
    # Without assertions' rewriting, nothing is written beside the files.
    variables = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(folder),
    }
    try:
        run = subprocess.run(
            [*command, *files, *chosen],
            cwd=folder,
            env=variables,
            capture_output=True,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode in (0, 5)  # 5: there are no such tests


def survives(folder: Path, mutant: Mutant, *, only_near: bool = False) -> bool:
    """Whether no test finds the mutant."""
    path = folder / "fgrad" / mutant.file
    text = path.read_text()
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        if mutant.near and not passes(folder, mutant, near=True):
            return False
        return only_near or passes(folder, mutant, near=False)
    finally:
        path.write_text(text)


def check_unchanged(folders: SimpleQueue[Path]) -> None:
    """The tests must pass without a mutant: else they would find everything."""
    files = dict.fromkeys(name for m in MUTANTS for name in m.tests)
    print("Without a mutant ...", flush=True)
    folder = folders.get()
    if not passes(folder, Mutant("", "", "", "", "", tuple(files)), near=False):
        sys.exit("The tests fail without a mutant.")
    folders.put(folder)


def misplaced(mutants: list[Mutant]) -> list[str]:
    """Mutants whose old text is not there exactly once."""
    return [
        f"{m.file}: {m.name}"
        for m in mutants
        if (ROOT / "fgrad" / m.file).read_text().count(m.old) != 1
    ]


def main() -> None:
    """Run the mutants, and print a table of those that survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("words", nargs="*", help="only mutants with one of these")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--near", action="store_true", help="only the nearest tests")
    parser.add_argument("--check", action="store_true", help="only look for the texts")
    options = parser.parse_args()
    chosen = [
        m
        for m in MUTANTS
        if not options.words or any(w in f"{m.file} {m.name}" for w in options.words)
    ]
    if gone := misplaced(chosen):
        sys.exit("The old text is not there exactly once:\n  " + "\n  ".join(gone))
    if options.check:
        print(f"{len(chosen)} mutants")
        return
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory() as name:
        folders: SimpleQueue[Path] = SimpleQueue()
        for i in range(options.processes):
            folders.put(copied(Path(name) / str(i)))
        if not options.near:
            check_unchanged(folders)

        def run(mutant: Mutant) -> None:
            folder = folders.get()
            try:
                if survives(folder, mutant, only_near=options.near):
                    survivors.append(mutant)
                    tqdm.write(f"survives: {mutant.file}: {mutant.name}")
                    sys.stdout.flush()
            finally:
                folders.put(folder)

        real = [m for m in chosen if not m.equivalent and (m.near or not options.near)]
        with ThreadPoolExecutor(options.processes) as pool:
            list(tqdm(pool.map(run, real), total=len(real), unit="mutant"))
    print(f"{len(real) - len(survivors)} of {len(real)} mutants are found.")
    for m in chosen:
        if m.equivalent:
            print(f"equivalent: {m.file}: {m.name}. {m.equivalent}")
    for m in survivors:
        print(f"survives: {m.file}: {m.name}\n  - {m.old!r}\n  + {m.new!r}")
    sys.exit(bool(survivors))


if __name__ == "__main__":
    main()
