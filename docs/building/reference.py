"""The pages of the API: one for each section of `reference.md`, from the docstrings."""

import re
from collections.abc import Iterator

SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
ROW = re.compile(r"^\| `([\w.]+)([^`]*)` \|", re.MULTILINE)
"""The name and the signature of a function or class; classes have no signature."""

ERROR = re.compile(r"^(## `(\w+)`)$", re.MULTILINE)


def sections(text: str) -> Iterator[tuple[str, str, str]]:
    """The title, the module and the rows of each section of the reference."""
    _, *parts = SECTION.split(text)
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        module = title.strip("`") if title.startswith("`fgrad") else "fgrad"
        yield title, module, body


def place(title: str) -> str:
    """The page of a section. That of the errors is written by hand."""
    if title == "`fgrad.errors`":
        return "errors.md"
    words = re.findall(r"\w+", title.removeprefix("`fgrad.").lower())
    return f"api/{'_'.join(words)}.md"


def pages(text: str) -> dict[str, str]:
    """The pages, which mkdocstrings fills with the docstrings of what they name."""
    return {
        place(title): "\n\n".join(
            [
                f"# {title}",
                "[All names](../reference.md)",
                *(f"::: {module}.{row[1]}" for row in ROW.finditer(body)),
            ]
        )
        for title, module, body in sections(text)
        if place(title).startswith("api/") and not is_scipys(module)
    }


def is_scipys(module: str) -> bool:
    """Whether the names of a module are documented by SciPy."""
    return module.startswith("fgrad.scipy")


def linked(text: str) -> str:
    """The reference, where each name leads to its docstring."""
    first, *_ = SECTION.split(text)
    made = [first]
    for title, module, body in sections(text):
        address = f"{place(title)}#{module}."

        def row(found: re.Match[str], address: str = address) -> str:
            name, signature = found.groups()
            return f"| [`{name}`]({address}{name}){signature and f'`{signature}`'} |"

        rows = body if is_scipys(module) else ROW.sub(row, body)
        made.append(f"## {title}\n{rows}")
    return "".join(made)


def named(text: str) -> str:
    """The page of errors, where each class is found as it is in the other pages."""
    return ERROR.sub(r"[](){ #fgrad.errors.\2 }\n\n\1", text)
