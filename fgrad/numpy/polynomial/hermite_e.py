"""`numpy.polynomial.hermite_e`, for arrays and traced arrays alike."""

from numpy.polynomial import HermiteE as _HermiteE, hermite_e as _np
from numpy.polynomial.hermite_e import (
    hermedomain as hermedomain,
    hermegauss as hermegauss,
    hermeone as hermeone,
    hermex as hermex,
    hermezero as hermezero,
)

from fgrad.numpy._namespace import Kind as _Kind, lift as _lift, others as _others
from fgrad.numpy.polynomial._traced import Traced as _Traced

herme2poly = _lift(_np.herme2poly)
hermeadd = _lift(_np.hermeadd)
hermecompanion = _lift(_np.hermecompanion)
hermeder = _lift(_np.hermeder)
hermediv = _lift(_np.hermediv)
hermefit = _lift(_np.hermefit)
hermefromroots = _lift(_np.hermefromroots)
hermegrid2d = _lift(_np.hermegrid2d)
hermegrid3d = _lift(_np.hermegrid3d)
hermeint = _lift(_np.hermeint)
hermeline = _lift(_np.hermeline)
hermemul = _lift(_np.hermemul)
hermemulx = _lift(_np.hermemulx)
hermepow = _lift(_np.hermepow)
hermeroots = _lift(_np.hermeroots)
hermesub = _lift(_np.hermesub)
hermetrim = _lift(_np.hermetrim)
hermeval = _lift(_np.hermeval)
hermeval2d = _lift(_np.hermeval2d)
hermeval3d = _lift(_np.hermeval3d)
hermevander = _lift(_np.hermevander)
hermevander2d = _lift(_np.hermevander2d)
hermevander3d = _lift(_np.hermevander3d)
hermeweight = _lift(_np.hermeweight)
poly2herme = _lift(_np.poly2herme)


class HermiteE(_Traced, _HermiteE, metaclass=_Kind):
    """`numpy.polynomial.HermiteE`, also with traced coefficients."""

    _numpys = _HermiteE

    _add = staticmethod(hermeadd)
    _sub = staticmethod(hermesub)
    _mul = staticmethod(hermemul)
    _pow = staticmethod(hermepow)
    _val = staticmethod(hermeval)
    _der = staticmethod(hermeder)
    _int = staticmethod(hermeint)
    _roots = staticmethod(hermeroots)


__getattr__, __dir__ = _others(_np, globals())
