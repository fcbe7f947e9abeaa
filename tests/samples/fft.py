"""Calls of the Fourier transforms."""

import numpy as np

from fgrad.primitives import fft
from tests.samples import cplx, real, sample

REAL = "NumPy transforms real input only"
NORMS = (None, "backward", "ortho", "forward")

# Over a whole axis: odd and even lengths

for norm in NORMS:
    for n in (4, 5):
        for whole in (fft.fft, fft.ifft):
            sample(whole.__wrapped__, cplx(2, n), axis=1, norm=norm)
        sample(fft.rfft.__wrapped__, real(n, 2), axis=0, norm=norm, _real_only=REAL)
        sample(fft.irfft.__wrapped__, cplx(2, 3), n, axis=1, norm=norm)
sample(fft.irfft.__wrapped__, cplx(1, 2), 1, axis=0)
sample(fft.rfft.__wrapped__, real(1), _real_only=REAL)

for fun, draw, why in (
    (np.fft.fft, cplx, ""),
    (np.fft.ifft, cplx, ""),
    (np.fft.rfft, real, REAL),
    (np.fft.irfft, cplx, ""),
    (np.fft.hfft, cplx, ""),
    (np.fft.ihfft, real, REAL),
):
    for norm in NORMS:
        sample(fun, draw(4), norm=norm, _real_only=why)
    for n in (1, 2, 3, 4, 5, 6, 7):
        sample(fun, draw(4), n, _real_only=why)
    sample(fun, real(5), _real_only=why)
    sample(fun, draw(3, 2), axis=0, _real_only=why)
    sample(fun, draw(3, 2, 2), 5, axis=-3, norm="ortho", _real_only=why)
    sample(fun, draw(2, 4, 1), 3, axis=1, norm="forward", _real_only=why)
    sample(fun, draw(0, 4), _real_only=why)
    sample(fun, draw(1), 1, _real_only=why)

for fun, draw, why in (
    (np.fft.fft2, cplx, ""),
    (np.fft.ifft2, cplx, ""),
    (np.fft.rfft2, real, REAL),
    (np.fft.irfft2, cplx, ""),
    (np.fft.fftn, cplx, ""),
    (np.fft.ifftn, cplx, ""),
    (np.fft.rfftn, real, REAL),
    (np.fft.irfftn, cplx, ""),
):
    for norm in NORMS:
        sample(fun, draw(2, 3), norm=norm, _real_only=why)
    sample(fun, real(2, 3), _real_only=why)
    sample(fun, draw(2, 3), s=(3, 2), axes=(0, 1), _real_only=why)
    sample(fun, draw(2, 3), s=(3, -1), axes=(1, 0), norm="ortho", _real_only=why)
    sample(fun, draw(2, 1, 3), axes=(-1, 0), _real_only=why)
    sample(fun, draw(3, 2), axes=(0, 0), _real_only=why)
    sample(fun, draw(2, 3), axes=(-1,), s=(5,), norm="forward", _real_only=why)
    sample(fun, draw(0, 2, 3), axes=(1, 2), _real_only=why)
for fun in (np.fft.fftn, np.fft.ifftn):
    sample(fun, cplx(2, 2, 3))
    sample(fun, cplx(2, 3), axes=())

for fun in (np.fft.fftshift, np.fft.ifftshift):
    sample(fun, real(5))
    sample(fun, real(3, 4))
    sample(fun, real(3, 4), axes=0)
    sample(fun, real(3, 4), axes=(-1, 0))
    sample(fun, real(3, 4), axes=[1, 1])
    sample(fun, real(3, 4), axes=())
    sample(fun, real(0, 3), axes=1)
