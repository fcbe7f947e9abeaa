"""The notebooks run, and are stored with what they show."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"

RUN = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""

SHOWN = {
    "understanding_derivatives": [
        "the slope of sin at 1 is 0.5403023058681398",
        " 1e-01    0.497363752535389     4.3e-02",
        "fgrad:       1 call\n",
        "the first and second derivatives of energy are right",
    ],
    "reverse_mode": [
        "2.58 and 2\n",
        "v3 = v1 + v2    6.909   derivatives  v1: 1.000, v2: 1.000",
        "from v1, which has 1, to x1: 1 *  3.000   so x1 has  2.584",
        "  v₃ = v₁ + v₂  float64  6.909   ∂ 1.0    cell:5  result",
        "by fgrad:   -2.6509\nby formula: -2.6509",
    ],
}

PICTURES = {
    "understanding_derivatives": ["image/png"] * 2,
    "reverse_mode": ["image/svg+xml"] * 3,
}


def outputs(path):
    """What all cells print, and the kinds of pictures that they show."""
    text, pictures = "", []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["execution_count"] is not None
        for output in cell.get("outputs", ()):
            assert output["output_type"] != "error"
            text += "".join(output.get("text", ()))
            kinds = output.get("data", {})
            pictures += [kind for kind in kinds if kind.startswith("image/")]
    return text, pictures


def test_all_notebooks_are_tested():
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == {*SHOWN}


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_runs(name, tmp_path):
    path = FOLDER / f"{name}.ipynb"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN, str(path), str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for where in (path, tmp_path / name):  # as it is stored, and as it runs now
        text, pictures = outputs(where)
        for words in SHOWN[name]:
            assert words in text
        assert sorted(pictures) == PICTURES[name]


@pytest.mark.parametrize("name", SHOWN)
def test_a_stored_notebook_names_no_machine(name):
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    for words in ("/home/", "/tmp/", "/work/", "/root/", "stderr"):
        assert words not in text
