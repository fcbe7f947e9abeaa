"""The typed examples run; lint checks their types."""

import runpy
from pathlib import Path

import pytest

TYPED = Path(__file__).parent / "typing"


@pytest.mark.parametrize("path", sorted(TYPED.glob("*.py")), ids=lambda p: p.name)
def test_typed_examples_run(path):
    names = runpy.run_path(str(path))
    assert names["gradient"]["w"].tolist() == [1, 1]
