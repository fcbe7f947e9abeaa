"""The rule tables. Importing a module registers its rules."""

from fgrad.primitives import elementwise

__all__ = ["elementwise"]
