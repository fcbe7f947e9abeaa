"""Build faults into a copy of fgrad, one by one, and see whether tests find them.

    python -m tests.mutation                 # all; some hours on two cores
    python -m tests.mutation quantile roll   # those with these words in name or file
    python -m tests.mutation --log found     # goes on with what is in the file

Each mutant is one named edit, in the files beside this one. First the tests run that
are nearest to it: all of rules and of `vmap` that are about some functions. If they all
pass, the other files of tests follow that must find it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from compileall import compile_dir
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import SimpleQueue

from tqdm import tqdm

from tests.mutation import (
    assignment,
    batching,
    checking,
    compositions,
    engine,
    programs,
    rules,
    scipy,
    sharded,
    small,
    transforms,
)
from tests.mutation.mutant import Mutant

ROOT = Path(__file__).parents[2]
MUTANTS = [
    *rules.MUTANTS,
    *compositions.MUTANTS,
    *batching.MUTANTS,
    *engine.MUTANTS,
    *assignment.MUTANTS,
    *programs.MUTANTS,
    *sharded.MUTANTS,
    *small.MUTANTS,
    *checking.MUTANTS,
    *transforms.MUTANTS,
    *scipy.MUTANTS,
]
OVER_ALL = ("test_rules.py", "test_batching.py")
"""Files with tests of all functions, of which the nearest are enough."""

TIMEOUT = 900
"""Seconds. A fault may make a loop that never ends: then it is found, too."""


def copied(folder: Path) -> Path:
    """A copy of all that the tests need."""
    ignored = shutil.ignore_patterns("__pycache__", ".*", "build")
    shutil.copytree(ROOT, folder, ignore=ignored, dirs_exist_ok=True)
    # What is compiled before is used as long as the text is the same.
    for name in ("fgrad", "tests"):
        compile_dir(
            folder / name,
            quiet=1,
            invalidation_mode=PycInvalidationMode.CHECKED_HASH,
        )
    return folder


def found_by(folder: Path, mutant: Mutant, near: bool) -> str:
    """The test that fails on the copy, or nothing."""
    narrow = mutant.near and not near
    files = [
        f"tests/{name}"
        for name in mutant.tests
        if (name in OVER_ALL if near else not narrow or name not in OVER_ALL)
    ]
    if not files:
        return ""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    chosen = ["-k", mutant.near] if near else []
    # Of a fault, nothing may stay behind.
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
            text=True,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return "a test that does not end"
    if run.returncode in (0, 5):  # 5: there are no such tests
        return ""
    failed = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", run.stdout, re.MULTILINE)
    return failed[1] if failed else "no test: pytest itself stops"


def finder(folder: Path, mutant: Mutant, *, only_near: bool = False) -> str:
    """The test that finds the mutant, or nothing if it survives."""
    path = folder / "fgrad" / mutant.file
    text = path.read_text()
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        found = found_by(folder, mutant, near=True) if mutant.near else ""
        return found or ("" if only_near else found_by(folder, mutant, near=False))
    finally:
        path.write_text(text)


def check_unchanged(folder: Path, mutants: list[Mutant]) -> None:
    """The tests must pass without a mutant: else they would find everything."""
    files = dict.fromkeys(name for m in mutants for name in m.tests)
    print("Without a mutant ...", flush=True)
    if failed := found_by(folder, Mutant("", "", "", "", "", tuple(files)), near=False):
        sys.exit(f"A test fails without a mutant: {failed}")


def fits(mutant: Mutant) -> bool:
    """Whether the old text is there exactly once."""
    path = ROOT / "fgrad" / mutant.file
    return path.exists() and path.read_text().count(mutant.old) == 1


def report(what: str, mutants: list[Mutant]) -> None:
    """Say what is wrong with some mutants."""
    for m in mutants:
        print(f"{what}: {m.file}: {m.name}\n  - {m.old!r}\n  + {m.new!r}")


class Log:
    """What is known of mutants, in a file of lines that grows while they run."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path and path.exists() else []
        self.known = {
            (m, old, new): found for m, old, new, found in map(json.loads, lines)
        }

    @staticmethod
    def key(mutant: Mutant) -> tuple[str, str, str]:
        return f"{mutant.file}: {mutant.name}", mutant.old, mutant.new

    def found(self, mutant: Mutant) -> str | None:
        """The test that found the mutant; nothing if it was not run."""
        return self.known.get(self.key(mutant))

    def add(self, mutant: Mutant, found: str) -> None:
        key = self.key(mutant)
        self.known[key] = found
        if self.path:
            with self.path.open("a") as file:
                print(json.dumps([*key, found]), file=file)


def run(mutants: list[Mutant], log: Log, options: argparse.Namespace) -> None:
    """Run the tests on each mutant, several at a time."""
    with tempfile.TemporaryDirectory() as name:
        folders: SimpleQueue[Path] = SimpleQueue()
        for i in range(options.processes):
            folders.put(copied(Path(name) / str(i)))
        if not options.near:
            folder = folders.get()
            check_unchanged(folder, mutants)
            folders.put(folder)

        def one(mutant: Mutant) -> None:
            folder = folders.get()
            try:
                found = finder(folder, mutant, only_near=options.near)
            finally:
                folders.put(folder)
            log.add(mutant, found)
            if not found:
                tqdm.write(f"survives: {mutant.file}: {mutant.name}")
                sys.stdout.flush()

        with ThreadPoolExecutor(options.processes) as pool:
            list(tqdm(pool.map(one, mutants), total=len(mutants), unit="mutant"))


def main() -> None:
    """Run the mutants, and print a table of those that survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("words", nargs="*", help="only mutants with one of these")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--near", action="store_true", help="only the nearest tests")
    parser.add_argument("--check", action="store_true", help="only look for the texts")
    parser.add_argument("--log", type=Path, help="go on with the run in this file")
    options = parser.parse_args()
    chosen = [
        m
        for m in MUTANTS
        if not options.words or any(w in f"{m.file} {m.name}" for w in options.words)
    ]
    gone = [m for m in chosen if not fits(m)]
    if options.check:
        print(f"{len(chosen)} mutants")
        report("the old text is not there exactly once", gone)
        sys.exit(bool(gone))
    real = [m for m in chosen if not m.equivalent and m not in gone]
    if options.near:
        real = [m for m in real if m.near]
    log = Log(options.log)
    if left := [m for m in real if log.found(m) is None]:
        run(left, log, options)
    survivors = [m for m in real if not log.found(m)]
    print(f"{len(real) - len(survivors)} of {len(real)} mutants are found.")
    for m in chosen:
        if m.equivalent:
            print(f"equivalent: {m.file}: {m.name}. {m.equivalent}")
    report("the old text is not there exactly once", gone)
    report("survives", survivors)
    sys.exit(bool(survivors or gone))


if __name__ == "__main__":
    main()
