"""`numpy.polynomial.laguerre`, for arrays and traced arrays alike."""

from numpy.polynomial import Laguerre as _Laguerre, laguerre as _np
from numpy.polynomial.laguerre import (
    lagdomain as lagdomain,
    laggauss as laggauss,
    lagone as lagone,
    lagx as lagx,
    lagzero as lagzero,
)

from fgrad.numpy._namespace import Kind as _Kind, lift as _lift, others as _others
from fgrad.numpy.polynomial._traced import Traced as _Traced

lag2poly = _lift(_np.lag2poly)
lagadd = _lift(_np.lagadd)
lagcompanion = _lift(_np.lagcompanion)
lagder = _lift(_np.lagder)
lagdiv = _lift(_np.lagdiv)
lagfit = _lift(_np.lagfit)
lagfromroots = _lift(_np.lagfromroots)
laggrid2d = _lift(_np.laggrid2d)
laggrid3d = _lift(_np.laggrid3d)
lagint = _lift(_np.lagint)
lagline = _lift(_np.lagline)
lagmul = _lift(_np.lagmul)
lagmulx = _lift(_np.lagmulx)
lagpow = _lift(_np.lagpow)
lagroots = _lift(_np.lagroots)
lagsub = _lift(_np.lagsub)
lagtrim = _lift(_np.lagtrim)
lagval = _lift(_np.lagval)
lagval2d = _lift(_np.lagval2d)
lagval3d = _lift(_np.lagval3d)
lagvander = _lift(_np.lagvander)
lagvander2d = _lift(_np.lagvander2d)
lagvander3d = _lift(_np.lagvander3d)
lagweight = _lift(_np.lagweight)
poly2lag = _lift(_np.poly2lag)


class Laguerre(_Traced, _Laguerre, metaclass=_Kind):
    """`numpy.polynomial.Laguerre`, also with traced coefficients."""

    _numpys = _Laguerre

    _add = staticmethod(lagadd)
    _sub = staticmethod(lagsub)
    _mul = staticmethod(lagmul)
    _pow = staticmethod(lagpow)
    _val = staticmethod(lagval)
    _der = staticmethod(lagder)
    _int = staticmethod(lagint)
    _roots = staticmethod(lagroots)


__getattr__, __dir__ = _others(_np, globals())
