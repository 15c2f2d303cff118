"""What the tests of banks share: the truth in float64, written as the formula says, and both ways to compute."""

import math

import pytest
import torch

from helpers.signals import upsample


def truth(amplitudes, frequencies_hz, sample_rate, n_samples):
    """The sum of sinusoids in float64, at audio rate, from the definition."""
    turns = upsample(frequencies_hz.double() / sample_rate, n_samples)
    turns = turns.cumsum(-1) - turns
    return (upsample(amplitudes.double(), n_samples) * torch.sin(2 * math.pi * (turns % 1))).sum(dim=1)


def harmonic_truth(f0_hz, amplitudes, sample_rate, n_samples):
    """The sum of harmonics below half the sample rate, in float64."""
    frequencies_hz = f0_hz.double()[:, None] * torch.arange(1, amplitudes.shape[1] + 1)[:, None]
    return truth(amplitudes * (frequencies_hz < sample_rate / 2), frequencies_hz, sample_rate, n_samples)


def error_db(actual, expected):
    """Level of the difference, relative to what was expected."""
    return float(20 * torch.log10((actual.double() - expected).norm() / expected.norm()))


both_ways = pytest.mark.parametrize("way", ["numba", "plain"], indirect=True)
