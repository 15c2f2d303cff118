"""Biquad designs, differentiable in frequency, gain and Q. Each returns rows for `sosfilt`.

All follow Bristow-Johnson's cookbook (Cookbook formulae for audio EQ biquad filter coefficients).
Frequencies, gains in dB and Qs are tensors or numbers that broadcast; ``(sections,)`` gives ``(sections, 6)``.
A frequency lies between 0 and half the sample rate, both excluded; a Q is positive: then the filter is stable.

Chapter: filters/iir-pytorch.
"""

import math

import torch


def low_pass(frequency_hz, q, sample_rate):
    """Passes what is below `frequency_hz`; its gain there is `q`. Returns (..., 6)."""
    cos, alpha = _angle(frequency_hz, q, sample_rate)
    edge = (1 - cos) / 2
    return _section(edge, 2 * edge, edge, 1 + alpha, -2 * cos, 1 - alpha)


def high_pass(frequency_hz, q, sample_rate):
    """Passes what is above `frequency_hz`; its gain there is `q`. Returns (..., 6)."""
    cos, alpha = _angle(frequency_hz, q, sample_rate)
    edge = (1 + cos) / 2
    return _section(edge, -2 * edge, edge, 1 + alpha, -2 * cos, 1 - alpha)


def band_pass(frequency_hz, q, sample_rate):
    """Passes what is around `frequency_hz`, with gain 1 there and bandwidth about ``frequency_hz / q``. Returns (..., 6)."""
    cos, alpha = _angle(frequency_hz, q, sample_rate)
    return _section(alpha, torch.zeros_like(alpha), -alpha, 1 + alpha, -2 * cos, 1 - alpha)


def peak(frequency_hz, gain_db, q, sample_rate):
    """Lifts or cuts a band around `frequency_hz` by `gain_db`, and leaves the rest. Returns (..., 6)."""
    cos, alpha = _angle(frequency_hz, q, sample_rate)
    root = _root_gain(gain_db)
    return _section(1 + alpha * root, -2 * cos, 1 - alpha * root, 1 + alpha / root, -2 * cos, 1 - alpha / root)


def low_shelf(frequency_hz, gain_db, q, sample_rate):
    """Lifts or cuts what is below `frequency_hz` by `gain_db`; half of it at that frequency. Returns (..., 6)."""
    return _shelf(frequency_hz, gain_db, q, sample_rate, side=1.0)


def high_shelf(frequency_hz, gain_db, q, sample_rate):
    """Lifts or cuts what is above `frequency_hz` by `gain_db`; half of it at that frequency. Returns (..., 6)."""
    return _shelf(frequency_hz, gain_db, q, sample_rate, side=-1.0)


def _shelf(frequency_hz, gain_db, q, sample_rate, side):
    """The high shelf is the low one with the frequency axis turned round: the sign of the cosine."""
    cos, alpha = _angle(frequency_hz, q, sample_rate)
    root = _root_gain(gain_db)
    cos, skirt = side * cos, 2 * root**0.5 * alpha
    up, down = root + 1, root - 1
    return _section(
        root * (up - down * cos + skirt), 2 * side * root * (down - up * cos), root * (up - down * cos - skirt),
        up + down * cos + skirt, -2 * side * (down + up * cos), up + down * cos - skirt,
    )


def _angle(frequency_hz, q, sample_rate):
    omega = 2 * math.pi * torch.as_tensor(frequency_hz) / sample_rate
    return torch.cos(omega), torch.sin(omega) / (2 * q)


def _root_gain(gain_db):
    return 10 ** (gain_db / 40)


def _section(b0, b1, b2, a0, a1, a2):
    """Put six coefficients of any broadcastable shapes side by side, divided by a0."""
    terms = torch.broadcast_tensors(b0, b1, b2, a0, a1, a2)
    return torch.stack(terms, dim=-1) / terms[3][..., None]
