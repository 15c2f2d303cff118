"""Pitch tracking, on the one frame grid."""

import math

import numpy as np
import torch

from helpers.checks import check_count, check_finite, check_signal
from helpers.signals import frame_count, stft

_HARMONICS = 12  # looked at to sharpen the pitch
_PERIODS = 6  # of the lowest pitch of the sound, in a window of the sharpening
_SEMITONES = 0.25  # step of the tracker; finer steps cost time, and the sharpening makes them needless
_NEAR = 0.03  # a harmonic whose own frequency is further off than this is not one


def track(x, sample_rate, hop, lowest_hz=50.0, highest_hz=1500.0):
    """Follow the pitch: probabilistic YIN finds it, the phases of the harmonics sharpen it.

    Frame ``i`` lies at sample ``i * n / (frames - 1)``, the grid of `signals.upsample`. Where there is no pitch, its value
    is drawn on a straight line between the voiced neighbours, and the confidence is below a half. A sound without any
    pitch gets `lowest_hz` and confidence zero.

    Args:
        x: (batch, n), audio.
        sample_rate: in Hz.
        hop: samples from one frame to the next.
        lowest_hz, highest_hz: range of the search.

    Returns:
        f0_hz: (batch, frames), in Hz, with ``frames = n // hop + 1``; no gradient.
        confidence: (batch, frames), above a half where the tracker hears a pitch, in [0, 1].

    Raises:
        TypeError, ValueError: `x` is not audio of shape (batch, n), or not finite, or the range is empty.

    Reference: Mauch and Dixon (2014), through librosa; Kawahara et al. (1999) for the sharpening.
    Chapter: synths/harmonic-optimise.
    """
    check_finite("x", check_signal("x", x).detach())
    hop = check_count("hop", hop)
    highest_hz = min(highest_hz, 0.45 * sample_rate)
    if not 0 < lowest_hz < highest_hz:
        raise ValueError(f"lowest_hz must be between 0 and {highest_hz:g}, got {lowest_hz:g}")
    rows = x.detach().cpu().double()
    tracks = [_track_row(row, sample_rate, hop, lowest_hz, highest_hz) for row in rows]
    return tuple(_on_grid(torch.stack(column), hop, x.shape[-1]).to(x) for column in zip(*tracks))


def _track_row(x, sample_rate, hop, lowest_hz, highest_hz):
    """Pitch and confidence of one sound (n,), for frames at ``i * hop``."""
    f0_hz, voiced, probability = _pyin(x, sample_rate, hop, lowest_hz, highest_hz)
    if not voiced.any():
        return torch.full_like(f0_hz, lowest_hz), torch.zeros_like(f0_hz)
    f0_hz = _sharpen(x, _fill(f0_hz, voiced), sample_rate, hop)
    # The tracker decides by the whole path, and more often for a pitch than the single frame would.
    return _fill(f0_hz, voiced), 0.5 * (voiced + probability)


def _pyin(x, sample_rate, hop, lowest_hz, highest_hz):
    """Pitch in Hz, whether voiced, and probability of that, for frames at ``i * hop``."""
    import librosa  # takes a second to load

    f0_hz, voiced, probability = librosa.pyin(
        x.numpy(), fmin=lowest_hz, fmax=highest_hz, sr=sample_rate, resolution=_SEMITONES, fill_na=None,
        frame_length=2 * math.ceil(1.5 * sample_rate / lowest_hz), hop_length=hop,
    )  # fmt: skip
    f0_hz, voiced, probability = map(torch.from_numpy, (f0_hz, voiced, probability))
    return f0_hz, voiced & x.any(), probability  # silence would count as voiced


def _sharpen(x, f0_hz, sample_rate, hop):
    """Read the pitch off the phases: harmonic k turns by ``2 pi k f0 / sample_rate`` from one sample to the next."""
    window = 2 * math.ceil(_PERIODS / 2 * sample_rate / float(f0_hz.min()))
    now, then = (stft(side[None], window, hop)[0] for side in (x, x.roll(-1)))
    order = torch.arange(1, _HARMONICS + 1)[:, None]
    bins = (f0_hz * order * window / sample_rate).round().long()
    heard = bins < window // 2
    bins = bins.clamp(max=window // 2)
    now, then = now.gather(0, bins), then.gather(0, bins)  # (harmonics, frames)
    own_hz = (then * now.conj()).angle().remainder(2 * math.pi) * sample_rate / (2 * math.pi * order)
    near = heard & ((own_hz / f0_hz - 1).abs() < _NEAR)
    weight = near * now.abs().square()
    total = weight.sum(dim=0)
    return torch.where(total > 0, (weight * own_hz).sum(dim=0) / total.clamp(min=1e-300), f0_hz)


def _fill(f0_hz, voiced):
    """Straight lines across unvoiced frames."""
    places = voiced.nonzero().flatten().numpy()
    return torch.from_numpy(np.interp(np.arange(len(f0_hz)), places, f0_hz[voiced].numpy()))


def _on_grid(control, hop, n_samples):
    """Move from frames at ``i * hop`` to frames that end with the sound."""
    frames = frame_count(n_samples, hop)
    places = np.arange(frames) * n_samples / max(frames - 1, 1)
    return torch.from_numpy(np.stack([np.interp(places, np.arange(frames) * hop, row) for row in control.numpy()]))
