"""`numpy.polynomial.polynomial`, for arrays and traced arrays alike."""

from numpy.polynomial import Polynomial as _Polynomial, polynomial as _np
from numpy.polynomial.polynomial import (
    polydomain as polydomain,
    polyone as polyone,
    polyx as polyx,
    polyzero as polyzero,
)

from fgrad.numpy._namespace import Kind as _Kind, lift as _lift, others as _others
from fgrad.numpy.polynomial._traced import Traced as _Traced

polyadd = _lift(_np.polyadd)
polycompanion = _lift(_np.polycompanion)
polyder = _lift(_np.polyder)
polydiv = _lift(_np.polydiv)
polyfit = _lift(_np.polyfit)
polyfromroots = _lift(_np.polyfromroots)
polygrid2d = _lift(_np.polygrid2d)
polygrid3d = _lift(_np.polygrid3d)
polyint = _lift(_np.polyint)
polyline = _lift(_np.polyline)
polymul = _lift(_np.polymul)
polymulx = _lift(_np.polymulx)
polypow = _lift(_np.polypow)
polyroots = _lift(_np.polyroots)
polysub = _lift(_np.polysub)
polytrim = _lift(_np.polytrim)
polyval = _lift(_np.polyval)
polyval2d = _lift(_np.polyval2d)
polyval3d = _lift(_np.polyval3d)
polyvalfromroots = _lift(_np.polyvalfromroots)
polyvander = _lift(_np.polyvander)
polyvander2d = _lift(_np.polyvander2d)
polyvander3d = _lift(_np.polyvander3d)


class Polynomial(_Traced, _Polynomial, metaclass=_Kind):
    """`numpy.polynomial.Polynomial`, also with traced coefficients."""

    _numpys = _Polynomial

    _add = staticmethod(polyadd)
    _sub = staticmethod(polysub)
    _mul = staticmethod(polymul)
    _pow = staticmethod(polypow)
    _val = staticmethod(polyval)
    _der = staticmethod(polyder)
    _int = staticmethod(polyint)
    _roots = staticmethod(polyroots)


__getattr__, __dir__ = _others(_np, globals())
