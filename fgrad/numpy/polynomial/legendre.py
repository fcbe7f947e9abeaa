"""`numpy.polynomial.legendre`, for arrays and traced arrays alike."""

from numpy.polynomial import Legendre as _Legendre, legendre as _np
from numpy.polynomial.legendre import (
    legdomain as legdomain,
    leggauss as leggauss,
    legone as legone,
    legx as legx,
    legzero as legzero,
)

from fgrad.numpy._namespace import Kind as _Kind, lift as _lift, others as _others
from fgrad.numpy.polynomial._traced import Traced as _Traced

leg2poly = _lift(_np.leg2poly)
legadd = _lift(_np.legadd)
legcompanion = _lift(_np.legcompanion)
legder = _lift(_np.legder)
legdiv = _lift(_np.legdiv)
legfit = _lift(_np.legfit)
legfromroots = _lift(_np.legfromroots)
leggrid2d = _lift(_np.leggrid2d)
leggrid3d = _lift(_np.leggrid3d)
legint = _lift(_np.legint)
legline = _lift(_np.legline)
legmul = _lift(_np.legmul)
legmulx = _lift(_np.legmulx)
legpow = _lift(_np.legpow)
legroots = _lift(_np.legroots)
legsub = _lift(_np.legsub)
legtrim = _lift(_np.legtrim)
legval = _lift(_np.legval)
legval2d = _lift(_np.legval2d)
legval3d = _lift(_np.legval3d)
legvander = _lift(_np.legvander)
legvander2d = _lift(_np.legvander2d)
legvander3d = _lift(_np.legvander3d)
legweight = _lift(_np.legweight)
poly2leg = _lift(_np.poly2leg)


class Legendre(_Traced, _Legendre, metaclass=_Kind):
    """`numpy.polynomial.Legendre`, also with traced coefficients."""

    _numpys = _Legendre

    _add = staticmethod(legadd)
    _sub = staticmethod(legsub)
    _mul = staticmethod(legmul)
    _pow = staticmethod(legpow)
    _val = staticmethod(legval)
    _der = staticmethod(legder)
    _int = staticmethod(legint)
    _roots = staticmethod(legroots)


__getattr__, __dir__ = _others(_np, globals())
