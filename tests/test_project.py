"""What strangers expect of a project: one version, a report of what is installed."""

import re
import subprocess
import sys
from pathlib import Path

import fgrad
from fgrad.__main__ import report

ROOT = Path(__file__).parents[1]


def test_one_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\nversion: {fgrad.__version__}\n" in citation
    newest = re.search(r"^## (\S+),", changelog, re.MULTILINE)
    assert newest
    assert newest[1] == fgrad.__version__


def test_python_m_fgrad():
    command = [sys.executable, "-m", "fgrad"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == report() + "\n"
    lines = dict(line.split(maxsplit=1) for line in printed.splitlines())
    assert lines["fgrad"] == fgrad.__version__
    assert lines["Python"].startswith(sys.version.split()[0])
    assert {"numpy", "platform", "scipy", "torch"} <= {*lines}
