"""What MkDocs is told about fgrad's pages, beside `mkdocs.yml`.

The pages of `docs/` are written for two places: GitHub, and the site. Relative links
lead to files of the repository; here, they are turned into links to the pages of the
site that are made of these files. MkDocs finds the functions by their names.
"""

import re
from pathlib import Path
from posixpath import dirname, join, normpath, relpath
from typing import Any

import notebooks
import reference

ROOT = Path(__file__).parents[2]

MADE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",
    "benchmarks/README.md": "benchmarks.md",
    **{
        f"docs/notebooks/{path.name}": f"notebooks/{path.stem}.md"
        for path in (ROOT / "docs" / "notebooks").glob("*.ipynb")
    },
    **{
        f"examples/{path.name}": f"examples/{path.stem}.md"
        for path in (ROOT / "examples").glob("*.py")
    },
}
"""Files of the repository, and the pages that the site has for them."""

SOURCES = {page: source for source, page in MADE.items() if page != "index.md"}
"""The other way round. The front page of the site is one of its own."""

LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
CODE = re.compile(r"(^```[^\n`]+\n.*?^```$)", re.MULTILINE | re.DOTALL)
UNDESCRIBED = re.compile(r'–\s*<div class="doc-md-description">\s*</div>')


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made of other files than those of `docs/`."""
    from mkdocs.structure.files import File

    pages = reference.pages((ROOT / "docs" / "reference.md").read_text("utf-8"))
    for page, source in SOURCES.items():
        pages[page] = content(ROOT / source)
    for page, text in pages.items():
        made = File.generated(config, page, content=text)
        if page.startswith(("examples/", "api/")):
            made.inclusion = made.inclusion.NOT_IN_NAV
        files.append(made)
    return files


def content(path: Path) -> str:
    """A file of the repository as Markdown."""
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        return notebooks.markdown(text)
    if path.suffix == ".py":
        title = f"# `{path.relative_to(ROOT)}`"
        return f"{title}\n\n[Gallery](../docs/gallery.md)\n\n```python\n{text}```\n"
    return text


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn what GitHub shows into what the site shows."""
    uri = page.file.src_uri
    if uri.startswith("api/"):
        return markdown
    if uri == "reference.md":
        markdown = reference.linked(markdown)
    if uri == "errors.md":
        markdown = reference.named(markdown)
    source = SOURCES.get(uri, f"docs/{uri}")
    parts = CODE.split(markdown)
    parts[::2] = [
        LINK.sub(lambda link: f"]({target(link, source, uri)})", text)
        for text in parts[::2]
    ]
    parts[1::2] = [
        code.replace("```python\n>>>", "```pycon\n>>>").replace("<BLANKLINE>", "")
        for code in parts[1::2]
    ]
    return "".join(parts)


def on_page_content(html: str, **_: Any) -> str:
    """Leave out the dash before a description that is not there."""
    return UNDESCRIBED.sub("", html)


def target(link: re.Match[str], source: str, uri: str) -> str:
    """Where a link of a file of the repository leads on a page of the site."""
    path = normpath(join(dirname(source), link[1]))
    page = MADE.get(path, path.removeprefix("docs/"))
    return relpath(page, dirname(uri) or ".") + (link[2] or "")
