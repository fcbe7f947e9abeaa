"""The examples run, and do what they say."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fgrad

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name, *options, cwd):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *options],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={
            "PYTHONPATH": str(EXAMPLES.parent),
            "PATH": "",
            "HOME": str(cwd),
            "OPENBLAS_NUM_THREADS": "1",  # threads that wait for busy cores are slow
        },
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


def test_larger_than_memory(tmp_path):
    options = ["--megabytes", "280", "--steps", "2"]
    out = run("larger_than_memory.py", *options, cwd=tmp_path)
    first, last = re.search(r"loss ([\d.]+) at first, ([\d.]+) in step 2", out).groups()
    assert float(last) < float(first)
    assert "2187500 rows in 88 shards" in out
    if sys.platform == "linux":
        assert "to load all data at once: Unable to allocate 267. MiB" in out
        assert float(re.search(r"at most (\d+) MB", out)[1]) < 256


def test_dask_cluster(tmp_path):
    out = run("dask_cluster.py", "--steps", "4", cwd=tmp_path)
    assert "a worker was killed" in out
    assert "the cluster and one process end with the same bits: True" in out


# What an example prints, run with options that make it short. Numbers may be off by
# 5 %, since the last bits of a machine decide about the last steps of a search. The
# sign `#` stands for any number.
PRINTED = {
    "bundle_adjustment --points 8": """
        slope of a rotation at angle 0: [[0, 3, -2], [-3, 0, 1], [2, -1, 0]]
        error 0.093 at first, 0.00076 after # steps
        turned by up to 0.77, 0.238 off""",
    "cnn --epochs 2": """
        loss # after 42 steps of 64 digits
        81.33% of 450 held-out digits are read
        # s; one gradient needs # MB at its peak""",
    "custom_rule": """
        both rules agree with the five-point stencil at 1e-9, up to second order
        the gradient of logsumexp is a softmax: [0.09 0.2447 0.6652]
        gradients of ((a @ b) / c) ** d: (3, 2) (2, 4) (1,) (1,)""",
    "fixed_point": """
        dE/de = 0.982516, # from the formula
        loss 23.51 at first, 0.0087 after # steps
        eccentricity 0.599 (truth 0.6), size 1.502 (truth 1.5)""",
    "fluid --steps 3": """
        mean square error 0.2819 without a push
        mean square error 0.1115 after 3 steps
        smoke at first 520, in the end 522""",
    "gaussian_process --points 12": """
        log evidence -39.00, and -17.14 after # steps
        learned: length 0.532, height 1.547, noise 0.109 (the noise is 0.3)
        largest slope that is left: #""",
    "heat_equation --steps 60": """
        the gradient in 200 cells is that of linear algebra: True
        the slope in the diffusivity is that of differences: True
        at most # MB, and # MB with checkpoints""",
    "hmc --draws 8": """
        1400 draws from 200 chains, 99% accepted
        their mean (0.897, -0.024)
        exact mean (0.956, 0.000)""",
    "influence --again 12": """
        568 gradients of 10 weights, in one call
        largest change: +0.0656 predicted, +0.0793 in fact
        correlation 0.9918 with 12 models trained again""",
    "kalman": """
        log-likelihood -632.55 after # steps
        variance of the noise 15099 ± 21% (textbook 15099)
        variance of the drift 1469.2 ± 87% (textbook 1469.1)""",
    "logistic_regression": """
        minimum 25.4586 after # steps of Newton's method
        95.9% of 171 tumours that were held out are told apart
        clearest sign of malignancy: worst texture, weight 1.08 ± 0.65""",
    "lstm --steps 12": """
        5.46 bits for each letter at first, 4.40 in the end
        after 12 steps it writes:
        The Zen of""",
    "lu_factorisation --size 6": """
        gradients of solve by loops and of np.linalg.solve agree: True
        so do products with their Hessians: True
        # of # rows were moved""",
    "map_projection": """
        Hammer: areas 1 to 1, ellipses up to 6.58 times as long as wide
        Aitoff: areas 1.0115 to 1.5071, ellipses up to 5.25 times as long as wide
        132 Jacobians of functions that matplotlib wrote for NumPy""",
    "moons --steps 60": """
        loss 0.293 after 60 steps
        accuracy 89.0% on 500 points that were not trained on
        # s; one gradient needs # MB at its peak""",
    "ode --steps 6": """
        loss 48.8, and 18.54 after 6 steps
        rates a year: a = 0.4417 ± 12%, b = 0.0227 ± 15%, c = 0.9708 ± 11%,
        d = 0.0302 ± 13%
        at rest with 32.2 thousand hares and 19.5 thousand lynx""",
    "own_engine": """
        x @ y: [[0.0, 1.0, 1.0]] and [[1.0], [2.0], [3.0]]
        sum(tanh(x @ y)): the engine and fgrad have equal gradients: True
        fgrad also has second derivatives, and they agree with the stencil""",
    "rosenbrock --size 8": """
        Newton-CG, with hvp: # steps, # values, # products, value #
        BFGS, with grad: # steps, # values, 0 products, value #
        BFGS, by differences: # steps, # values, 0 products, value #""",
    "variational --steps 60": """
        distance 13.96 at first, 3.666 in the end
        mean [-1.79 1.91], of the banana itself [0, 0.5]
        deviations [0.58 1.18], of the banana itself [1, 0.87]: it stays inside""",
}

NUMBER = r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?|#"


def parts(text):
    """The words of a text without white space, and its numbers."""
    return "".join(re.sub(NUMBER, "#", text).split()), re.findall(NUMBER, text)


@pytest.mark.parametrize("command", PRINTED)
def test_examples_print_and_draw(command, tmp_path, monkeypatch, capsys):
    import matplotlib.pyplot as plt

    name, *options = command.split()
    path, picture = EXAMPLES / f"{name}.py", tmp_path / "picture.png"
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setattr(sys, "argv", [str(path), *options, "--figure", str(picture)])
    runpy.run_path(str(path), run_name="__main__")
    plt.close("all")
    words, numbers = parts(capsys.readouterr().out)
    expected_words, expected = parts(PRINTED[command])
    assert words == expected_words
    for number, wanted in zip(numbers, expected, strict=True):
        if wanted != "#":
            assert float(number) == pytest.approx(float(wanted), rel=0.05, abs=2e-3)
    if name == "own_engine":
        rows = picture.with_suffix(".txt").read_text().splitlines()[1:]
        assert len(rows) == 6
        assert all(row.split()[-1] == row.split()[-2] for row in rows)
    else:
        assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "option", "number", "least"),
    [
        ("lstm", "--steps", "-1", 1),
        ("moons", "--steps", "0", 1),
        ("digits", "--steps", "2.5", 1),
        ("hmc", "--draws", "many", 1),
        ("rosenbrock", "--size", "1", 2),
        ("influence", "--again", "1", 2),
    ],
)
def test_options_that_make_no_sense(name, option, number, least, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setattr(sys, "argv", [f"{name}.py", f"{option}={number}"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    words = f"argument {option}: '{number}' is no whole number from {least} on"
    assert words in capsys.readouterr().err


def test_research_examples_stay_on_a_page():
    for command in PRINTED:
        path = EXAMPLES / f"{command.split()[0]}.py"
        assert len(path.read_text().splitlines()) <= 80, path.name


def test_the_gallery_shows_all_examples():
    docs = EXAMPLES.parent / "docs"
    page = (docs / "gallery.md").read_text()
    for command in PRINTED:
        name = command.split()[0]
        assert f"(../examples/{name}.py)" in page
        if name != "own_engine":  # a table, not a picture
            assert f"(gallery/{name}.png)" in page
            assert 5_000 < (docs / "gallery" / f"{name}.png").stat().st_size < 60_000
    assert "```text\n```" not in page, "run python -m docs.gallery"


def test_a_program_of_broadcasting(monkeypatch):
    """((a @ b) / c) ** d: the gradients of all four against their formulas."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    example = runpy.run_path(str(EXAMPLES / "custom_rule.py"))
    rng = np.random.default_rng(0)
    shapes = [(3, 2), (2, 4), (1,), (1,)]
    a, b, c, d = (rng.uniform(1, 2, shape) for shape in shapes)
    found = fgrad.grad(example["power_of_ratio"], argnums=(0, 1, 2, 3))(a, b, c, d)
    ratio = (a @ b) / c
    slope = d * ratio ** (d - 1)
    expected = (
        slope / c @ b.T,
        a.T @ (slope / c),
        [-np.sum(slope * ratio) / c[0]],
        [np.sum(ratio**d * np.log(ratio))],
    )
    for g, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-12)
