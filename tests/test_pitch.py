"""helpers.pitch, against contours that are known."""

import math

import pytest
import torch

from helpers import oscillators, pitch, recordings
from helpers.signals import frame_count

SECONDS = 2


def contour(kind, time_s):
    """Frequency in Hz at each time."""
    return {
        "rising glide": 100 * 2**time_s,
        "falling glide": 800 * 2**-time_s,
        "vibrato": 300 * 2 ** (0.5 / 12 * torch.sin(2 * math.pi * 5.5 * time_s)),
        "wide vibrato": 220 * 2 ** (1 / 12 * torch.sin(2 * math.pi * 6 * time_s)),
        "low": 60.0 + 0 * time_s,
        "high": 1200.0 + 0 * time_s,
    }[kind]


def noisy(f0_hz, sample_rate, n_samples, snr_db=20.0):
    """Twenty harmonics, falling off as in a saw, and white noise."""
    x = oscillators.harmonic(f0_hz, 1 / torch.arange(1.0, 21)[None, :, None], sample_rate, n_samples)
    return x + torch.randn_like(x) * x.std() * 10 ** (-snr_db / 20)


def cents(actual, expected):
    return 1200 * torch.log2(actual / expected)


@pytest.mark.parametrize("kind", ["rising glide", "falling glide", "vibrato", "wide vibrato", "low", "high"])
@pytest.mark.parametrize(("sample_rate", "hop", "surplus"), [(16_000, 160, 0), (16_000, 80, 37), (44_100, 441, 130)])
def test_within_ten_cents_and_aligned(kind, sample_rate, hop, surplus):
    """95 % of voiced frames at 20 dB, on the fence-post grid also when the hop does not divide the length."""
    n_samples = SECONDS * sample_rate + surplus
    frames = frame_count(n_samples, hop)
    expected = contour(kind, torch.arange(frames) * n_samples / (frames - 1) / sample_rate)
    actual, confidence = pitch.track(noisy(expected[None], sample_rate, n_samples), sample_rate, hop)
    assert actual.shape == confidence.shape == (1, frames)
    voiced = confidence[0] > 0.5
    assert voiced.float().mean() > 0.95
    assert (cents(actual[0], expected)[voiced].abs() < 10).float().mean() >= 0.95
    if kind not in ("low", "high"):
        inner = slice(5, -5)
        lags = {lag: float((actual[0].roll(-lag) - expected)[inner].abs().mean()) for lag in range(-4, 5)}
        assert abs(min(lags, key=lags.get)) <= 1


@pytest.mark.parametrize("name", [n for n in recordings.names() if recordings.info(n)["f0_hz"] and n != "singing"])
def test_octave_of_the_recordings(name):
    x = recordings.load(name)[:, : 3 * 16_000]
    f0_hz, _ = pitch.track(x, 16_000, 160)
    assert abs(float(cents(f0_hz.median(), torch.tensor(recordings.info(name)["f0_hz"])))) < 50


def test_octave_of_the_melody():
    """Sung notes between 178 and 350 Hz."""
    f0_hz, confidence = pitch.track(recordings.load("singing"), 16_000, 160)
    sung = f0_hz[confidence > 0.5]
    assert ((sung > 165) & (sung < 380)).float().mean() > 0.97
    assert abs(float(cents(sung.median(), torch.tensor(recordings.info("singing")["f0_hz"])))) < 50


def test_batch_is_each_alone():
    x = torch.cat([recordings.load(name)[:, :8000] for name in ("saxophone", "tom")])
    together = pitch.track(x, 16_000, 160)
    for i in range(2):
        for both, alone in zip(together, pitch.track(x[i : i + 1], 16_000, 160)):
            torch.testing.assert_close(both[i : i + 1], alone)


@pytest.mark.parametrize("n_samples", [1, 5, 100, 1000, 5000])
def test_silence_has_no_pitch(n_samples):
    f0_hz, confidence = pitch.track(torch.zeros(2, n_samples), 16_000, 160)
    assert f0_hz.shape == (2, frame_count(n_samples, 160))
    assert (f0_hz == 50.0).all() and (confidence == 0).all()


@pytest.mark.parametrize("kind", ["noise", "click", "constant", "clipped"])
@pytest.mark.parametrize("n_samples", [1, 100, 1000, 16_000])
def test_odd_sounds_give_finite_positive_pitch(kind, n_samples):
    x = torch.zeros(1, n_samples)
    x[:, n_samples // 2] = 1.0
    if kind == "noise":
        x = torch.randn(1, n_samples)
    elif kind == "constant":
        x = torch.ones(1, n_samples)
    elif kind == "clipped":
        x = (5 * oscillators.harmonic(torch.full((1, 1), 150.0), torch.ones(1, 3, 1), 16_000, n_samples)).clamp(-1, 1)
    f0_hz, confidence = pitch.track(x, 16_000, 160)
    assert f0_hz.isfinite().all() and (f0_hz > 0).all()
    assert ((confidence >= 0) & (confidence <= 1)).all()


def test_types_stay():
    x = torch.randn(1, 2000, dtype=torch.float64)
    assert {tensor.dtype for tensor in pitch.track(x, 16_000, 160)} == {torch.float64}


def test_errors_say_what_is_meant():
    with pytest.raises(ValueError, match=r"x must be \(batch, n\), got \(100,\)"):
        pitch.track(torch.zeros(100), 16_000, 160)
    with pytest.raises(ValueError, match="x must be finite, got 1 NaN"):
        pitch.track(torch.tensor([[0.0, math.nan]]), 16_000, 160)
    with pytest.raises(ValueError, match="lowest_hz must be between 0 and 450, got 500"):
        pitch.track(torch.zeros(1, 100), 1000, 10, lowest_hz=500)
    with pytest.raises(ValueError, match="hop must be at least 1"):
        pitch.track(torch.zeros(1, 100), 16_000, 0)
