"""Notebooks as Markdown: their text, their code, and what they show."""

import base64
import json
import re
from typing import Any

FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)

APPLIED = re.compile(r"\\(sin|cos|exp|log)\b(?= )")
"""A function before its argument, where MathML would have no space."""


def markdown(notebook: str) -> str:
    """A notebook, as it is stored, as one page of Markdown."""
    return "\n\n".join(
        with_formulas("".join(cell["source"]))
        if cell["cell_type"] == "markdown"
        else code(cell)
        for cell in json.loads(notebook)["cells"]
    )


def with_formulas(text: str) -> str:
    """Formulas as MathML, which browsers show without help."""
    from latex2mathml.converter import convert

    def mathml(formula: re.Match[str]) -> str:
        block, inline = formula.groups()
        display = "block" if block else "inline"
        spaced = APPLIED.sub(r"\\\1\\,", (block or inline).replace("\n", " "))
        shown = convert(spaced, display=display)
        return f'<div class="formula">{shown}</div>' if block else shown

    return FORMULA.sub(mathml, text)


def code(cell: dict[str, Any]) -> str:
    """The code of a cell, and its outputs."""
    shown = [output(one) for one in cell["outputs"]]
    return "\n\n".join([f"```python\n{''.join(cell['source'])}\n```", *shown])


def output(one: dict[str, Any]) -> str:
    """One output of a cell: a picture if there is one, or else text."""
    data = one.get("data", {})
    if "image/png" in data:
        return image("png", "".join(data["image/png"]).replace("\n", ""))
    if "image/svg+xml" in data:
        svg = "".join(data["image/svg+xml"]).encode()
        return image("svg+xml", base64.b64encode(svg).decode())
    text = "".join(one.get("text") or data["text/plain"])
    return f"```{{ .text .output }}\n{text.rstrip()}\n```"


def image(kind: str, encoded: str) -> str:
    """A picture that is part of the page."""
    return f'<img alt="what the cell draws" src="data:image/{kind};base64,{encoded}">'
