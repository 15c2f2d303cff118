"""Controls of a bank: positive amplitudes, and how they are shared out among the harmonics."""

import math

import torch

from helpers.checks import check_control, check_shape


def exp_sigmoid(x, exponent=10.0, max_value=2.0, threshold=1e-7):
    """Map any number to a positive amplitude: ``max_value * sigmoid(x) ** log(exponent) + threshold``.

    Below zero it is nearly exponential, one unit of `x` being a factor of `exponent`, so that a step of the
    optimiser is a step in loudness.

    Args:
        x: (...), any real number.
        exponent: factor of one unit of `x`, far below zero.
        max_value: limit for large `x`, linear.
        threshold: limit for small `x`, linear; it keeps logarithms finite.

    Returns:
        (...), in [threshold, max_value + threshold].

    Raises:
        TypeError, ValueError: `x` is not a real floating tensor, or is empty.

    Reference: Engel et al. (2020), equation 5. Chapter: synths/harmonic-optimise.
    """
    check_shape("x", x, "...")
    return max_value * torch.sigmoid(x) ** math.log(exponent) + threshold


def harmonic_distribution(logits, f0_hz, sample_rate):
    """Share of each harmonic: not negative, and the shares of a frame sum to one.

    Harmonics at or above half the sample rate get exactly zero, and the others share the whole. If every harmonic
    lies there, all shares are zero. Shares that sum to one do not make a sound of peak or power one.

    Args:
        logits: (batch, k, frames), any real number.
        f0_hz: (batch, frames), in Hz.
        sample_rate: in Hz.

    Returns:
        (batch, k, frames), in [0, 1].

    Raises:
        TypeError, ValueError: a control has another shape or type.

    Reference: Engel et al. (2020), section 3. Chapter: synths/harmonic-optimise.
    """
    check_control("logits", logits, dims=3)
    check_control("f0_hz", f0_hz)
    weights = exp_sigmoid(logits) * is_audible(harmonics_hz(f0_hz, logits.shape[1]), sample_rate)
    total = weights.sum(dim=1, keepdim=True)
    return weights / torch.where(total == 0, 1.0, total)  # 0 / 0 would be NaN, and so would its gradient


def harmonics_hz(f0_hz, count):
    """Frequencies of the first `count` harmonics: (batch, frames) -> (batch, count, frames)."""
    return f0_hz[:, None] * torch.arange(1, count + 1, device=f0_hz.device)[:, None]


def is_audible(frequencies_hz, sample_rate):
    """Where a frequency lies below half the sample rate. NaN counts as audible, so that it is not hidden."""
    return ~(frequencies_hz.abs() >= sample_rate / 2)
