"""Filters with an infinite impulse response, fixed in time: scipy's `lfilter` and `sosfilt`, differentiable."""

import numpy as np
import torch
import torch.nn.functional as F

from helpers.checks import check_signal
from helpers.fastpath import use_numba
from helpers.filters import block
from helpers.filters._fast import Fast
from helpers.filters.coefficients import check_coefficients, check_denominator, precise
from helpers.filters.fir import fft_size, fir


def lfilter(x, b, a):
    """Filter by a difference equation: ``a[0] y[n] = sum_k b[k] x[n - k] - sum_{k>0} a[k] y[n - k]``, from rest.

    Args:
        x: (batch, n), audio.
        b: (order + 1,), numerator shared by the batch, or (batch, order + 1).
        a: the denominator, likewise; ``a[0]`` need not be one. Its length may differ from that of `b`.

    Returns:
        (batch, n), in the type of `x`. An unstable filter grows as the formula says (on the CPU with a warning).

    Raises:
        TypeError, ValueError: an argument is not real, is empty, the batches differ, or (on the CPU) ``a[0]`` is 0.

    Chapter: filters/iir-pytorch.
    """
    check_signal("x", x)
    b, a = _numerator_denominator(b, a, x)
    if a.shape[-1] == 1:
        return fir(x, (b / a).to(x.dtype))
    order = max(2, a.shape[-1] - 1, b.shape[-1] - 1)
    both = torch.cat([_side(b, a, order), _side(a, b, order)], dim=-1) / a[..., :1]
    if order == 2:
        return _run(_Biquads, x, both.reshape(-1, 1, 6))
    return _run(_Direct, x, both.reshape(-1, 2, order + 1))


def sosfilt(x, sos):
    """Filter by second-order sections in series, from rest.

    Args:
        x: (batch, n), audio.
        sos: (sections, 6), rows ``b0 b1 b2 a0 a1 a2``, or (batch, sections, 6).

    Returns:
        (batch, n), in the type of `x`. An unstable filter grows as the formula says (on the CPU with a warning).

    Raises:
        TypeError, ValueError: an argument is not real, is empty, the batches differ, or (on the CPU) an ``a0`` is 0.

    Chapter: filters/iir-pytorch.
    """
    check_signal("x", x)
    sos = precise(check_coefficients("sos", sos, x, "sections 6"))
    check_denominator("sos", sos[..., 3:])
    sos = sos / sos[..., 3:4]
    return _run(_Biquads, x, sos if sos.ndim == 3 else sos[None])


def frequency_sampling(x, b, a, n_fft=None):
    """Filter by multiplying spectra with ``B / A`` at `n_fft` points of the circle: fast, parallel, not exact.

    The impulse response is infinite, so its tail wraps round: with h the true response, the one in use is
    ``sum_m h[i + m * n_fft]``. For poles of radius r the error in n samples shrinks as ``r ** (n_fft - n)``. It is
    time aliasing, not truncation.

    Args:
        x: (batch, n), audio.
        b, a: (order + 1,) or (batch, order + 1), numerator and denominator.
        n_fft: points; a good size of at least twice n when left out. At least n.

    Returns:
        (batch, n), audio.

    Raises:
        TypeError, ValueError: an argument is not real, is empty, the batches differ, or `n_fft` is below n.

    Chapter: filters/iir-differentiable.
    """
    check_signal("x", x)
    b, a = _numerator_denominator(b, a, x)
    n = x.shape[-1]
    n_fft = n_fft or fft_size(max(2 * n, b.shape[-1], a.shape[-1]))
    if n_fft < max(n, b.shape[-1], a.shape[-1]):
        raise ValueError(f"n_fft must be at least the length of x, b and a, got {n_fft}")
    response = torch.fft.rfft(b, n=n_fft) / torch.fft.rfft(a, n=n_fft)
    response = response.to(x.dtype.to_complex())
    # Without n= an odd length would lose its last sample.
    return torch.fft.irfft(torch.fft.rfft(x, n=n_fft) * response, n=n_fft)[..., :n]


class _Biquads:
    """Second-order sections, (sets, sections, 6) with ``a0 == 1``."""

    @staticmethod
    def plain(x, sos):
        if sos.shape[1] == 1:
            return block.Recursion.apply(x, sos[:, 0, :3], sos[:, 0, 3:])
        return block.filter_blocks(x, *block.cascade(sos))

    @staticmethod
    def forward(x, sos):
        from helpers.filters import _kernels

        x, sos = x.detach().numpy(), sos.detach().numpy()
        w, y = np.empty((len(x), sos.shape[1], x.shape[1]), x.dtype), np.empty_like(x)
        _kernels.biquads_forward(x, sos, w, y)
        return torch.from_numpy(y), w

    @staticmethod
    def backward(g, w, sos):
        from helpers.filters import _kernels

        g, c = g.numpy(), sos.detach().numpy()
        gx, gsos = np.empty_like(g), np.zeros_like(c)
        _kernels.biquads_backward(g, c, w, gx, gsos)
        return torch.from_numpy(gx), torch.from_numpy(gsos)


class _Direct:
    """One filter of any order, (sets, 2, order + 1): b above a, with ``a[0] == 1``."""

    @staticmethod
    def plain(x, ba):
        return block.Recursion.apply(x, ba[:, 0], ba[:, 1])

    @staticmethod
    def forward(x, ba):
        from helpers.filters import _kernels

        x, ba = x.detach().numpy(), ba.detach().numpy()
        w, y = np.empty_like(x), np.empty_like(x)
        _kernels.direct_forward(x, ba, w, y)
        return torch.from_numpy(y), w

    @staticmethod
    def backward(g, w, ba):
        from helpers.filters import _kernels

        g, ba = g.numpy(), ba.detach().numpy()
        gx, gba = np.empty_like(g), np.zeros_like(ba)
        _kernels.direct_backward(g, ba, w, gx, gba)
        return torch.from_numpy(gx), torch.from_numpy(gba)


def _side(own, other, order):
    """One side of the fraction, as long as the order asks, with a batch axis if the other side has one."""
    if own.shape[-1] <= order:
        own = F.pad(own, (0, order + 1 - own.shape[-1]))
    return own.expand(len(other), -1) if own.ndim < other.ndim else own


def _numerator_denominator(b, a, x):
    b = precise(check_coefficients("b", b, x, "order+1"))
    a = precise(check_coefficients("a", a, x, "order+1"))
    check_denominator("a", a)
    return b, a


def _run(operation, x, *coefficients):
    if use_numba(x) and all(use_numba(c) for c in coefficients):
        return Fast.apply(operation, x, *coefficients)
    return operation.plain(x, *coefficients)
