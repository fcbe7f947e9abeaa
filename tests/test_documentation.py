"""The pages of the documentation hold together, as files of the repository.

Their examples run as doctests. `test_site.py` looks at the site that is made of them.
"""

import doctest
import inspect
import re
from pathlib import Path

import pytest

from fgrad import errors

ROOT = Path(__file__).parents[1]
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "benchmarks").glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
]

CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)|(?:src|href)=\"([^\"]*)\"")


def places(path):
    """The anchors that GitHub gives to the headings of a page."""
    text = CODE.sub("", path.read_text("utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page):
    for path, place, source in LINK.findall(CODE.sub("", page.read_text("utf-8"))):
        target = (page.parent / (path or source)).resolve() if path or source else page
        assert target.exists(), path or source
        if place:
            assert place in places(target), f"{path}#{place}"


def section(name):
    """What the page of errors says about a class."""
    text = (ROOT / "docs" / "errors.md").read_text("utf-8")
    found = re.search(
        rf"^## `{name}`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found, f"docs/errors.md has no section about {name}"
    return found[1]


@pytest.mark.parametrize("name", errors.__all__)
def test_the_page_of_errors_says_what_the_docstrings_say(name):
    said = " ".join(section(name).split())
    for paragraph in inspect.getdoc(getattr(errors, name)).split("\n\n"):
        assert " ".join(paragraph.split()) in said


def test_the_messages_on_the_page_of_errors_are_those_that_you_get():
    """Word for word, where the doctests of pytest compare the class only."""
    result = doctest.testfile(
        str(ROOT / "docs" / "errors.md"),
        module_relative=False,
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
    )
    assert result.attempted > 20
    assert result.failed == 0
