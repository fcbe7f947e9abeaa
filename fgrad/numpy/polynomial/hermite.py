"""`numpy.polynomial.hermite`, for arrays and traced arrays alike."""

from numpy.polynomial import Hermite as _Hermite, hermite as _np
from numpy.polynomial.hermite import (
    hermdomain as hermdomain,
    hermgauss as hermgauss,
    hermone as hermone,
    hermx as hermx,
    hermzero as hermzero,
)

from fgrad.numpy._namespace import Kind as _Kind, lift as _lift, others as _others
from fgrad.numpy.polynomial._traced import Traced as _Traced

herm2poly = _lift(_np.herm2poly)
hermadd = _lift(_np.hermadd)
hermcompanion = _lift(_np.hermcompanion)
hermder = _lift(_np.hermder)
hermdiv = _lift(_np.hermdiv)
hermfit = _lift(_np.hermfit)
hermfromroots = _lift(_np.hermfromroots)
hermgrid2d = _lift(_np.hermgrid2d)
hermgrid3d = _lift(_np.hermgrid3d)
hermint = _lift(_np.hermint)
hermline = _lift(_np.hermline)
hermmul = _lift(_np.hermmul)
hermmulx = _lift(_np.hermmulx)
hermpow = _lift(_np.hermpow)
hermroots = _lift(_np.hermroots)
hermsub = _lift(_np.hermsub)
hermtrim = _lift(_np.hermtrim)
hermval = _lift(_np.hermval)
hermval2d = _lift(_np.hermval2d)
hermval3d = _lift(_np.hermval3d)
hermvander = _lift(_np.hermvander)
hermvander2d = _lift(_np.hermvander2d)
hermvander3d = _lift(_np.hermvander3d)
hermweight = _lift(_np.hermweight)
poly2herm = _lift(_np.poly2herm)


class Hermite(_Traced, _Hermite, metaclass=_Kind):
    """`numpy.polynomial.Hermite`, also with traced coefficients."""

    _numpys = _Hermite

    _add = staticmethod(hermadd)
    _sub = staticmethod(hermsub)
    _mul = staticmethod(hermmul)
    _pow = staticmethod(hermpow)
    _val = staticmethod(hermval)
    _der = staticmethod(hermder)
    _int = staticmethod(hermint)
    _roots = staticmethod(hermroots)


__getattr__, __dir__ = _others(_np, globals())
