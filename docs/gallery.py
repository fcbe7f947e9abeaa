"""Make the gallery: run the examples, keep their pictures and what they print.

    python -m docs.gallery [name ...]

The pictures are committed, so that the page can be read without running anything. They
are small: 64 colours, at most 60 kB each. Run this when an example has changed; without
names, it runs all of them, in about five minutes.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_suffix(".md")
FOLDER = Path(__file__).with_suffix("")
LARGEST = 60_000


def run(name: str) -> str:
    """Run an example; save its picture, and return what it prints and its table."""
    picture, table = FOLDER / f"{name}.png", FOLDER / f"{name}.txt"
    done = subprocess.run(  # noqa: S603 (our own examples)
        [sys.executable, f"examples/{name}.py", "--figure", str(picture)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    if picture.exists():
        shrink(picture)
    if not table.exists():
        return done.stdout
    printed = f"{done.stdout}\n{table.read_text()}"
    table.unlink()
    return printed


def shrink(path: Path) -> None:
    """Save a picture with 64 colours, which plots do not need more of."""
    with Image.open(path) as image:
        small = image.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    size = path.stat().st_size
    if size > LARGEST:
        sys.exit(f"{path} has {size} bytes, more than {LARGEST}: draw less in it.")


def main() -> None:
    """Put new output in place of the old one, which is the code block of an example."""
    page = PAGE.read_text()
    names = sys.argv[1:] or re.findall(r"\(\.\./examples/(\w+)\.py\)", page)
    FOLDER.mkdir(exist_ok=True)
    for name in names:
        block = rf"(\(\.\./examples/{name}\.py\).*?```text\n).*?(```)"
        old, printed = re.search(block, page, re.DOTALL), run(name)
        if old is None:
            sys.exit(f"{PAGE.name} has no code block for {name}.")
        page = page[: old.end(1)] + printed + page[old.start(2) :]
        PAGE.write_text(page)


if __name__ == "__main__":
    main()
