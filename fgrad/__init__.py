from fgrad import derived, primitives
from fgrad.primitives.indexing import index_add, index_update
from fgrad._transforms import grad, value_and_grad, vjp, stop_gradient
from fgrad._trace import primitive
from fgrad._rules import defvjp
from fgrad._tree import register_dataclass, register_node
