"""Rewrite programs for autograd and JAX: ``python -m fgrad.port FILE...``.

What is written in another way here is changed where it stands, and all else stays as it
is, comments and blank lines included. What has no counterpart is listed, with its line
and what to write instead.

>>> from fgrad.port import port
>>> port(b"from autograd import grad; slope = grad(f, argnum=1)").text
b'from fgrad import grad; slope = grad(f, argnums=1)'
"""

from fgrad.port._port import Ported, PortError, port

__all__ = ["PortError", "Ported", "port"]
