"""One oscillator: its phase, and its sinusoid."""

import math

import torch

from helpers.checks import check_control, check_count, check_shape
from helpers.signals import upsample


def phase(f0_hz, sample_rate, n_samples):
    """Phase of an oscillator: the running sum of its frequency, ``phi[n] = 2 pi sum_{m<n} f0[m] / sample_rate``.

    Args:
        f0_hz: (..., frames), frequency in Hz, at frame rate.
        sample_rate: in Hz.
        n_samples: length of the result, in samples.

    Returns:
        (..., n_samples), radians, in [0, 2 pi]; sample 0 has phase 0.

    Raises:
        TypeError, ValueError: `f0_hz` is not a real floating tensor, or is empty.

    Chapter: synths/oscillator.
    """
    check_shape("f0_hz", f0_hz, "... frames")
    return (2 * math.pi * _cycles(f0_hz, sample_rate, n_samples)).to(f0_hz.dtype)


def sinusoid(amplitude, f0_hz, sample_rate, n_samples, phase=None):
    """One sinusoid for each example, ``a[n] sin(phi[n] + phase)``.

    A frequency above half the sample rate aliases, as the formula does.

    Args:
        amplitude: (batch, frames), linear, at frame rate.
        f0_hz: (batch, frames), frequency in Hz, at frame rate.
        sample_rate: in Hz.
        n_samples: length of the result, in samples.
        phase: (batch,), phase of sample 0 in radians; zero when left out.

    Returns:
        (batch, n_samples), audio.

    Raises:
        TypeError, ValueError: a control has another shape or type.

    Chapter: synths/oscillator.
    """
    check_control("amplitude", amplitude)
    check_control("f0_hz", f0_hz)
    angle = (2 * math.pi * _cycles(f0_hz, sample_rate, n_samples)).to(f0_hz.dtype)
    if phase is not None:
        angle = angle + check_control("phase", phase, dims=1)[:, None]
    return upsample(amplitude, n_samples) * torch.sin(angle)


def _cycles(f0_hz, sample_rate, n_samples):
    """Turns made before each sample, without the whole ones, in float64 (on MPS, which has none, in float32)."""
    n_samples = check_count("n_samples", n_samples)
    precise = f0_hz if f0_hz.device.type == "mps" else f0_hz.double()
    return _WrappedSum.apply(upsample(precise / sample_rate, n_samples))


class _WrappedSum(torch.autograd.Function):
    """Sum of all steps before each sample, modulo one.

    Whole numbers add without rounding and wrap by themselves, as in the phase accumulator of a hardware synthesiser.
    A float64 sum of 20 kHz is wrong by -73 dB after a minute, a float32 sum audibly so after seconds.
    """

    TURN = 2**62  # wraps at 2**64, which is four turns

    @staticmethod
    def forward(ctx, step):
        units = (step.remainder(1.0) * _WrappedSum.TURN).to(torch.int64)
        turned = (units.cumsum(dim=-1) - units) & (_WrappedSum.TURN - 1)
        return turned.to(step.dtype) / _WrappedSum.TURN + 0.0 * step  # whole numbers would lose a NaN

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.flip(-1).cumsum(dim=-1).flip(-1) - grad_output
