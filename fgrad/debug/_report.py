"""What the reports on a run have in common: they print, and show themselves."""

from __future__ import annotations

from linecache import getline
from pathlib import Path

from fgrad._words.callsite import Site, line
from fgrad.debug._table import Table, as_html, as_page, as_text
from fgrad.debug._values import shortened

__all__ = ["Report", "source_of"]


class Report:
    """Tables about a run. In a notebook, it shows itself."""

    name = ""
    """The function that ran."""

    @property
    def heading(self) -> str:
        """The line above all."""
        raise NotImplementedError

    @property
    def tables(self) -> list[Table]:
        """What is told."""
        raise NotImplementedError

    def save(self, path: str | Path) -> None:
        """Write the report to a file.

        Parameters
        ----------
        path : str or Path
            A name that ends in ``.html`` (a page that needs no other file) or ``.txt``.

        Raises
        ------
        ValueError
            If it ends otherwise.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix == ".html":
            text = as_page(self.heading, self.tables)
        elif suffix == ".txt":
            text = f"{self}\n"
        else:
            raise ValueError(
                f"a report cannot be saved as {path.name!r}: give a name that ends in "
                f".html or .txt"
            )
        path.write_text(text, encoding="utf-8")

    def _repr_html_(self) -> str:
        return as_html(self.heading, self.tables)

    def __str__(self) -> str:
        return as_text(self.heading, self.tables)

    def __repr__(self) -> str:
        return f"<{self.heading}>"


def source_of(site: Site) -> str:
    """The text of a line."""
    return shortened(getline(site[0].co_filename, line(site)).strip(), 60)
