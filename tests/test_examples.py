"""The examples run, and do what they say."""

import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name, *options, cwd):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *options],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={"PYTHONPATH": str(EXAMPLES.parent), "PATH": "", "HOME": str(cwd)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_quickstart(tmp_path):
    out = run("quickstart.py", cwd=tmp_path)
    assert "second derivative of sin at 0.5: -0.4794" in out


def test_quickstart_is_the_readme(tmp_path):
    readme = (EXAMPLES.parent / "README.md").read_text()
    code = re.sub(r"^(>>>|\.\.\.) ?", "", readme, flags=re.MULTILINE)
    source = (EXAMPLES / "quickstart.py").read_text()
    for line in source.split('layer."""\n')[1].split("\nprint")[0].splitlines():
        assert line in code


def test_digits(tmp_path):
    figure = tmp_path / "digits.png"
    out = run("digits.py", "--figure", str(figure), cwd=tmp_path)
    accuracy = float(re.search(r"test accuracy ([\d.]+)%", out)[1])
    assert accuracy >= 97
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_scalar_graph(tmp_path):
    out = run("scalar_graph.py", "--folder", str(tmp_path), cwd=tmp_path)
    assert "v₂ = v₁ + c  float  10.0  ∂ 1.0  scalar_graph.py:18  result" in out
    assert (tmp_path / "scalar_graph.svg").read_text().startswith("<svg")
    assert (tmp_path / "scalar_graph.png").read_bytes().startswith(b"\x89PNG")


def test_graphs_are_the_pictures_of_the_documentation(tmp_path):
    """They are drawn without Graphviz, since `run` gives an empty path."""
    run("graphs.py", "--folder", str(tmp_path), cwd=tmp_path)
    drawn = {path.name: path.read_text() for path in tmp_path.glob("*.svg")}
    kept = (EXAMPLES.parent / "docs" / "pictures").glob("*.svg")
    assert drawn == {path.name: path.read_text() for path in kept}
