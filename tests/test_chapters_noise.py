"""What the chapters on noise, stiff strings and libraries define, against the package or against a closed form."""

import math

import librosa
import numpy as np
import pytest
import scipy.signal
import torch

from chapters import definition
from helpers import filters, oscillators

CHAPTER = "synths/harmonic-plus-noise"


@pytest.fixture
def one_noise(monkeypatch):
    """Every draw ends with the same samples, however far back it begins."""
    endless = torch.randn(2, 5000, dtype=torch.float64, generator=torch.Generator().manual_seed(7))

    def draw(size, generator=None, device=None, dtype=torch.float32):
        return endless[: size[0], endless.shape[1] - size[1] :].to(dtype)

    monkeypatch.setattr(torch, "randn", draw)


@pytest.mark.parametrize(("bands", "frames", "n_samples"), [(65, 11, 3200), (9, 5, 400), (33, 2, 1000), (2, 3, 40)])
def test_filtered_noise_is_that_of_the_package(one_noise, bands, frames, n_samples):
    magnitudes = torch.rand(2, bands, frames, generator=torch.Generator().manual_seed(bands))
    weights = torch.linspace(-1, 1, n_samples)
    values, slopes = [], []
    for function in (definition(CHAPTER, "filtered_noise"), oscillators.filtered_noise):
        bands_of = magnitudes.clone().requires_grad_()
        values.append(function(bands_of, n_samples))
        slopes.append(torch.autograd.grad((values[-1] * weights).sum(), bands_of)[0])
    torch.testing.assert_close(values[0], values[1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-4, atol=1e-4 * slopes[1].abs().max().item())
    assert values[1].abs().max() > 0.1


def test_filtered_noise_of_a_flat_colour_has_its_level():
    noise = definition(CHAPTER, "filtered_noise")(torch.full((1, 17, 21), 0.2), 32000, torch.Generator().manual_seed(0))
    assert noise.square().mean().sqrt().item() == pytest.approx(0.2, rel=0.02)


def test_partials_of_a_stiff_string_are_its_modes():
    """Against the eigenvalues of the discretised equation, for a string that is held and free to turn."""
    points, b = 400, 1e-3
    second = torch.diag(torch.full((points,), -2.0, dtype=torch.float64))
    second += torch.diag(torch.ones(points - 1, dtype=torch.float64), 1) + torch.diag(torch.ones(points - 1, dtype=torch.float64), -1)
    second *= (points + 1) ** 2 / math.pi**2  # in units of (pi / L)^2
    squares = torch.linalg.eigvalsh(-second + b * second @ second)
    found = definition(CHAPTER, "stretched_hz", order=None)(100.0, b, torch.arange(1, 9))
    torch.testing.assert_close(found.double(), 100 * squares[:8].sqrt(), rtol=2e-4, atol=0)


@pytest.mark.parametrize(("f0_hz", "b"), [(110.0, 1.15e-4), (82.4, 3e-5), (196.0, 4e-4)])
def test_the_line_finds_pitch_and_inharmonicity(f0_hz, b):
    k = torch.arange(1, 31)
    partials_hz = k * f0_hz * torch.sqrt(1 + b * k**2)
    found_hz, found_b = definition(CHAPTER, "line")(partials_hz)
    assert found_hz == pytest.approx(f0_hz, rel=1e-5) and found_b == pytest.approx(b, rel=1e-2)
    sound = sum(torch.sin(2 * math.pi * hz * torch.arange(16000) / 16000) / i for i, hz in enumerate(partials_hz, 1))
    peaks = definition(CHAPTER, "peaks_on_a_line", sample_rate=16000)
    read_hz, found_hz, found_b = peaks(sound[None], f0_hz * 1.002, 30)
    torch.testing.assert_close(read_hz, partials_hz, rtol=0, atol=0.5)
    assert found_hz == pytest.approx(f0_hz, rel=1e-3) and found_b == pytest.approx(b, rel=0.05)


def test_modes_are_the_strongest_peaks():
    t_s = torch.arange(16000) / 16000
    x = sum(a * torch.sin(2 * math.pi * hz * t_s) for hz, a in ((1309, 1.0), (3621, 0.5), (30, 2.0), (6748, 0.3)))
    assert definition(CHAPTER, "modes_hz", sample_rate=16000)(x[None], 3).tolist() == [1309.0, 3621.0, 6748.0]


def test_tone_levels_are_a_fourier_transform():
    struck, struck_s = torch.randn(2, 256, generator=torch.Generator().manual_seed(1))[0], torch.arange(256) / 16000
    levels = definition(CHAPTER, "tone_levels", struck=struck, struck_s=struck_s)
    expected = torch.fft.rfft(struck).abs()[[3, 50, 127]]
    torch.testing.assert_close(levels(torch.tensor([3.0, 50.0, 127.0]) * 62.5), expected, rtol=1e-3, atol=1e-3)


# synths/libraries

LIBRARIES = "synths/libraries"


@pytest.mark.parametrize("taps", [1, 3, 12])
def test_scipys_filter_with_a_gradient_is_that_of_the_package(taps):
    apply = definition(LIBRARIES, "SciPyFilter").apply
    x, b = torch.randn(2, 60, dtype=torch.float64), torch.randn(taps, dtype=torch.float64)
    a, weights = torch.tensor([2.0, -3.2, 1.6], dtype=torch.float64), torch.randn(2, 60, dtype=torch.float64)
    values, slopes = [], []
    for function in (apply, filters.lfilter):
        inputs = x.clone().requires_grad_(), b.clone().requires_grad_()
        values.append(function(*inputs, a))
        slopes.append(torch.autograd.grad((values[-1] * weights).sum(), inputs))
    torch.testing.assert_close(values[0], values[1])
    for one, other in zip(*slopes):
        torch.testing.assert_close(one, other)


def test_a_ringing_filter_falls_by_60_db_in_its_time():
    b, a = definition(LIBRARIES, "ringing", sample_rate=16000)(0.5, 330)
    response = scipy.signal.lfilter(b.double(), a.double(), [1.0] + [0.0] * 15999)
    loud = [abs(response[i : i + 400]).max() for i in (0, 8000)]
    assert 20 * math.log10(loud[0] / loud[1]) == pytest.approx(60, abs=1)


def test_mel_loss_is_the_distance_of_librosas_bands():
    mel = librosa.filters.mel(sr=16000, n_fft=1024, n_mels=64)
    x, y = 0.1 * torch.randn(2, 1, 4096)
    bands_db = [10 * np.log10(librosa.feature.melspectrogram(
        y=z[0].numpy(), sr=16000, n_fft=1024, hop_length=256, n_mels=64, pad_mode="reflect") + 1e-8) for z in (x, y)]
    loss = definition(LIBRARIES, "mel_loss", mel=torch.from_numpy(mel))
    assert loss(x, y).item() == pytest.approx(abs(bands_db[0] - bands_db[1]).mean(), rel=1e-3)
