"""The machine, in reading order: a file imports only those before it in `ORDER`."""

__all__ = ["ORDER"]

ORDER = (
    "later",
    "signatures",
    "rules",
    "rule_checks",
    "scatter",
    "box",
    "trace",
    "arguments",
    "plans",
    "powers",
    "bind",
    "straight",
    "dispatch",
    "doors",
    "cotangents",
    "zeros",
    "pulling",
    "pushforward",
    "tags",
    "blame",
    "care",
    "replay",
    "forward",
)
