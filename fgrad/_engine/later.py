"""Modules that load when they are first needed: the only late imports of fgrad.

The engine stands below the tables that it asks. `fgrad/__init__.py`, which stands above
all, says here how each of them is imported.
"""

from collections.abc import Callable
from types import ModuleType

__all__ = ["LATER"]

LATER: dict[str, Callable[[], ModuleType]] = {}
"""The import of each table, by the name that asks for it."""
