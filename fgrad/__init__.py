from fgrad import primitives
from fgrad._transforms import grad, value_and_grad, vjp, stop_gradient
from fgrad._trace import lift as primitive
from fgrad._rules import defvjp
