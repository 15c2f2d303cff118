"""Filters with a finite impulse response: convolution, direct and by FFT, fixed and varying in time."""

import functools
import math

import torch
import torch.nn.functional as F

from helpers.checks import check_count, check_shape, check_signal
from helpers.filters.coefficients import check_coefficients


def fir(x, h):
    """Filter with an impulse response: ``y[n] = sum_k h[k] x[n - k]``, silence before the start.

    Args:
        x: (batch, n), audio.
        h: (taps,), one impulse response for all, or (batch, taps), one for each example.

    Returns:
        (batch, n), the first n samples of the convolution.

    Raises:
        TypeError, ValueError: an argument is not real, is empty, or the batches differ.

    Chapter: filters/fir.
    """
    check_signal("x", x)
    h = check_coefficients("h", h, x).to(x.dtype)
    taps = h.shape[-1]
    # A convolution layer slides the kernel without turning it round, hence the flip.
    kernels = h.flip(-1).reshape(-1, 1, taps)
    if h.ndim == 1:
        return F.conv1d(F.pad(x, (taps - 1, 0))[:, None], kernels)[:, 0]
    return F.conv1d(F.pad(x, (taps - 1, 0))[None], kernels, groups=len(x))[0]


def fft_convolve(x, h):
    """The same convolution as `fir`, as a product of spectra: faster when the response is long.

    Args:
        x: (batch, n), audio.
        h: (taps,) or (batch, taps), impulse response.

    Returns:
        (batch, n), the first n samples of the convolution.

    Raises:
        TypeError, ValueError: an argument is not real, is empty, or the batches differ.

    Chapter: filters/fir-optimise.
    """
    check_signal("x", x)
    h = check_coefficients("h", h, x).to(x.dtype)
    n = x.shape[-1]
    # What the FFT wraps round must land behind sample n. Taps past the end of x never sound.
    h = h[..., :n]
    size = fft_size(n + h.shape[-1] - 1)
    spectrum = torch.fft.rfft(x, n=size) * torch.fft.rfft(h, n=size)
    return torch.fft.irfft(spectrum, n=size)[..., :n]


@functools.cache
def fft_size(n):
    """The smallest length of at least `n` with no prime factor but 2, 3 and 5: an FFT of it is fast."""
    powers = range(n.bit_length() + 1)
    odd = (3**i * 5**j for i in powers for j in powers)
    return min(factor << (-(-n // factor) - 1).bit_length() for factor in odd)


def linear_phase_fir(magnitudes, window=None):
    """Design by frequency sampling: a symmetric impulse response with the wanted magnitudes.

    The response delays every frequency by ``bins - 1`` samples. Without a window it meets each magnitude
    exactly at its own frequency, and ripples in between; a window trades sharpness for less ripple.

    Args:
        magnitudes: (..., bins), gain at `bins` equal steps from 0 Hz to half the sample rate, both included.
            Real; zero-phase, hence a negative one turns the sign round.
        window: (2 * bins - 1,), symmetric (``torch.hann_window(taps, periodic=False)``), or None.

    Returns:
        (..., 2 * bins - 1), equal to its own reverse.

    Raises:
        TypeError, ValueError: `magnitudes` is not real or is empty, or the window has another length.

    Reference: Smith, Introduction to Digital Filters, "The window method".
    Chapter: filters/fir-optimise.
    """
    check_shape("magnitudes", magnitudes, "... bins")
    half = magnitudes.shape[-1] - 1
    if half == 0:
        return magnitudes * (1.0 if window is None else window)
    right = torch.fft.irfft(magnitudes, n=2 * half)[..., : half + 1]
    # The sample half a period away belongs to both ends: half of it on each side.
    right = torch.cat([right[..., :-1], right[..., -1:] / 2], dim=-1)
    response = torch.cat([right[..., 1:].flip(-1), right], dim=-1)
    if window is None:
        return response
    return response * check_shape("window", window, str(2 * half + 1))


def ideal_low_pass(omega, taps):
    """The middle `taps` samples of an ideal low-pass filter, ``h[n] = (omega / pi) sinc(omega n / pi)``.

    Args:
        omega: (...), cut-off in radians per sample, 0 to pi.
        taps: length of the result; odd, to have a sample in the middle.

    Returns:
        (..., taps), the time n = 0 at index ``taps // 2``.

    Chapter: filters/fir.
    """
    n = torch.arange(check_count("taps", taps), device=omega.device, dtype=omega.dtype) - taps // 2
    cutoff = omega[..., None] / math.pi
    return cutoff * torch.sinc(cutoff * n)


def time_varying_fir(x, responses, hop):
    """Filter with an impulse response that moves on straight lines from frame to frame.

    ``y[n] = sum_k h[n, k] x[n - k]``, where h[n] lies on the line between the two frames around sample n.
    Frame i sits at sample ``i * hop``; behind the last frame its response is held.

    Args:
        x: (batch, n), audio.
        responses: (batch, n // hop + 1, taps), one impulse response a frame; one frame alone is held.
        hop: samples from one frame to the next.

    Returns:
        (batch, n), audio.

    Raises:
        TypeError, ValueError: a shape is wrong, or there are more or fewer frames than `x` needs.

    Chapter: filters/fir-optimise.
    """
    check_signal("x", x)
    responses = check_shape("responses", responses, f"{len(x)} frames taps").to(x.dtype)
    n, frames, taps = x.shape[-1], responses.shape[1], responses.shape[2]
    if frames == 1:
        return fft_convolve(x, responses[:, 0])
    if frames != n // check_count("hop", hop) + 1:
        raise ValueError(f"responses must have n // hop + 1 = {n // hop + 1} frames, got {frames}")
    # Each frame filters the two hops that it takes part in, and the taps before them.
    blocks = F.pad(x, (hop + taps - 1, 2 * hop)).unfold(-1, 2 * hop + taps - 1, hop)[:, :frames]
    size = fft_size(2 * hop + taps - 1)
    spectrum = torch.fft.rfft(blocks, n=size) * torch.fft.rfft(responses, n=size)
    # Only the first taps - 1 samples are spoiled by wrapping round, and those are dropped.
    filtered = torch.fft.irfft(spectrum, n=size)[..., taps - 1 : taps - 1 + 2 * hop]
    rise = torch.arange(hop, device=x.device, dtype=x.dtype) / hop
    rising, falling = filtered[..., :hop] * rise, filtered[..., hop:] * (1 - rise)
    held = filtered[:, -1:, hop:] * rise
    return torch.cat([falling[:, :-1] + rising[:, 1:], falling[:, -1:] + held], dim=1).flatten(1)[:, :n]
