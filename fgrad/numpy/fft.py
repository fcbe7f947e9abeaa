"""`numpy.fft`, for arrays and traced arrays alike."""

import numpy as _np
from numpy.fft import fftfreq as fftfreq, rfftfreq as rfftfreq

from fgrad.numpy._namespace import lift as _lift, others as _others

fft = _lift(_np.fft.fft)
fft2 = _lift(_np.fft.fft2)
fftn = _lift(_np.fft.fftn)
fftshift = _lift(_np.fft.fftshift)
hfft = _lift(_np.fft.hfft)
ifft = _lift(_np.fft.ifft)
ifft2 = _lift(_np.fft.ifft2)
ifftn = _lift(_np.fft.ifftn)
ifftshift = _lift(_np.fft.ifftshift)
ihfft = _lift(_np.fft.ihfft)
irfft = _lift(_np.fft.irfft)
irfft2 = _lift(_np.fft.irfft2)
irfftn = _lift(_np.fft.irfftn)
rfft = _lift(_np.fft.rfft)
rfft2 = _lift(_np.fft.rfft2)
rfftn = _lift(_np.fft.rfftn)

__getattr__, __dir__ = _others(_np.fft, globals())
