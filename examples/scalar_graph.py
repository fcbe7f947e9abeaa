"""The graph of a function of three numbers, with all values and gradients.

Writes scalar_graph.svg and scalar_graph.png beside this file, or to --folder. The first
needs nothing but fgrad; the second one, Graphviz or Matplotlib.
"""

import argparse
from pathlib import Path

from fgrad.debug import graph

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--folder", type=Path, default=Path(__file__).parent)
folder = parser.parse_args().folder


def f(a, b, c):
    return a * b + c


picture = graph(f, 2.0, 3.0, 4.0)
print(picture)
for name in ("scalar_graph.svg", "scalar_graph.png"):
    picture.save(folder / name)
    print(f"wrote {name}")
