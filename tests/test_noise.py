"""helpers.oscillators.filtered_noise."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from fakecuda import assert_device_clean
from helpers import oscillators


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("frames", "n_samples", "bands"), [(201, 32_000, 65), (11, 1001, 9), (1, 500, 5), (50, 20, 4), (2, 1, 1)])
def test_shape(frames, n_samples, bands):
    assert oscillators.filtered_noise(torch.rand(2, bands, frames), n_samples).shape == (2, n_samples)


@pytest.mark.parametrize("frames", [1, 21, 23])
def test_flat_magnitudes_leave_white_noise_without_ripple(frames):
    """The level is the same within a hop and at both ends: windows that do not sum to one show here."""
    x = oscillators.filtered_noise(torch.full((2000, 9, frames), 0.5), 400, generator())
    level = x.square().mean(dim=0).sqrt()
    assert level.mean().item() == pytest.approx(0.5, rel=0.005)
    assert (level - 0.5).abs().max() < 0.5 * 6 / math.sqrt(2 * 2000)
    assert (x[:, 1:] * x[:, :-1]).mean().abs() < 0.002


def test_flat_magnitudes_leave_the_noise_itself():
    """A flat filter does nothing but delay, to 100 dB."""
    x = oscillators.filtered_noise(torch.ones(1, 9, 11, dtype=torch.float64), 400, generator())
    noise = torch.randn((1, 440), generator=generator(), dtype=torch.float64)
    errors = [float((x - noise[:, i : i + 400]).norm() / x.norm()) for i in range(41)]
    assert min(errors) < 1e-5


def test_each_band_goes_where_it_belongs():
    bands = 9
    for band in range(bands):
        magnitudes = torch.zeros(1, bands, 3)
        magnitudes[:, band] = 1.0
        x = oscillators.filtered_noise(magnitudes, 65_536, generator())
        power = torch.fft.rfft(x[0]).abs().square()
        centre = float((power * torch.linspace(0, 1, len(power))).sum() / power.sum())
        assert centre == pytest.approx(band / (bands - 1), abs=0.06)


def test_the_level_moves_on_straight_lines():
    magnitudes = torch.linspace(0, 1, 5).expand(4000, 3, 5)
    level = oscillators.filtered_noise(magnitudes, 200, generator()).square().mean(dim=0).sqrt()
    torch.testing.assert_close(level, torch.arange(200) / 200, rtol=0.06, atol=0.005)


def test_frames_and_examples_do_not_mix():
    magnitudes = torch.zeros(2, 5, 21)
    magnitudes[0, :, 10] = 1.0
    x = oscillators.filtered_noise(magnitudes, 2000, generator())
    assert (x[1] == 0).all()
    assert x[0, :900].abs().max() < 1e-6 and x[0, 1101:].abs().max() < 1e-6
    assert x[0, 950:1050].abs().min() >= 0 and x[0, 950:1050].std() > 0.3


def test_same_generator_same_noise():
    magnitudes = torch.rand(1, 5, 11)
    torch.testing.assert_close(
        oscillators.filtered_noise(magnitudes, 100, generator()), oscillators.filtered_noise(magnitudes, 100, generator())
    )
    other = oscillators.filtered_noise(magnitudes, 100, generator(1))
    assert not torch.equal(oscillators.filtered_noise(magnitudes, 100, generator()), other)


@pytest.mark.parametrize(("frames", "n_samples"), [(4, 30), (4, 31), (1, 9)])
def test_gradient(frames, n_samples):
    magnitudes = torch.rand(2, 3, frames, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda m: oscillators.filtered_noise(m, n_samples, generator()), magnitudes)


def test_types_stay():
    assert oscillators.filtered_noise(torch.rand(1, 3, 4, dtype=torch.float64), 20).dtype == torch.float64


def test_errors_say_what_is_meant():
    with pytest.raises(ValueError, match=r"magnitudes must be \(batch, bands, frames\), got \(3, 4\)"):
        oscillators.filtered_noise(torch.rand(3, 4), 20)


def test_on_another_device():
    magnitudes = torch.rand(2, 5, 11, requires_grad=True)
    for n_samples in (100, 103):
        assert_device_clean(lambda m: oscillators.filtered_noise(m, n_samples), magnitudes)
