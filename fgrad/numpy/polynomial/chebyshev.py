"""`numpy.polynomial.chebyshev`, for arrays and traced arrays alike."""

from numpy.polynomial import Chebyshev as _Chebyshev, chebyshev as _np
from numpy.polynomial.chebyshev import (
    chebdomain as chebdomain,
    chebgauss as chebgauss,
    chebone as chebone,
    chebpts1 as chebpts1,
    chebpts2 as chebpts2,
    chebx as chebx,
    chebzero as chebzero,
)

from fgrad.numpy._namespace import Kind as _Kind, lift as _lift, others as _others
from fgrad.numpy.polynomial._traced import Traced as _Traced

cheb2poly = _lift(_np.cheb2poly)
chebadd = _lift(_np.chebadd)
chebcompanion = _lift(_np.chebcompanion)
chebder = _lift(_np.chebder)
chebdiv = _lift(_np.chebdiv)
chebfit = _lift(_np.chebfit)
chebfromroots = _lift(_np.chebfromroots)
chebgrid2d = _lift(_np.chebgrid2d)
chebgrid3d = _lift(_np.chebgrid3d)
chebint = _lift(_np.chebint)
chebinterpolate = _lift(_np.chebinterpolate)
chebline = _lift(_np.chebline)
chebmul = _lift(_np.chebmul)
chebmulx = _lift(_np.chebmulx)
chebpow = _lift(_np.chebpow)
chebroots = _lift(_np.chebroots)
chebsub = _lift(_np.chebsub)
chebtrim = _lift(_np.chebtrim)
chebval = _lift(_np.chebval)
chebval2d = _lift(_np.chebval2d)
chebval3d = _lift(_np.chebval3d)
chebvander = _lift(_np.chebvander)
chebvander2d = _lift(_np.chebvander2d)
chebvander3d = _lift(_np.chebvander3d)
chebweight = _lift(_np.chebweight)
poly2cheb = _lift(_np.poly2cheb)


class Chebyshev(_Traced, _Chebyshev, metaclass=_Kind):
    """`numpy.polynomial.Chebyshev`, also with traced coefficients."""

    _numpys = _Chebyshev

    _add = staticmethod(chebadd)
    _sub = staticmethod(chebsub)
    _mul = staticmethod(chebmul)
    _pow = staticmethod(chebpow)
    _val = staticmethod(chebval)
    _der = staticmethod(chebder)
    _int = staticmethod(chebint)
    _roots = staticmethod(chebroots)


__getattr__, __dir__ = _others(_np, globals())
