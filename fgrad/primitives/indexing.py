"""Picking entries by index, and the functional form of assigning to them."""

import operator

from fgrad import _scatter
from fgrad._rules import defvjp
from fgrad._scatter import Scatter
from fgrad._trace import primitive

index_add = primitive(_scatter.index_add)
index_update = primitive(_scatter.index_update)

defvjp(operator.getitem, masks=True, a=lambda g, b: Scatter(g, b))
defvjp(
    index_add,
    broadcasts=True,
    x=lambda g: g,
    value=lambda g, index: g[index],
)
defvjp(
    index_update,
    broadcasts=True,
    masks=True,
    x=lambda g, index: index_update(g, index, 0),
    value=lambda g, index: g[index],
)
