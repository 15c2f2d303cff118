"""helpers.oscillators.additive: a bank of free partials."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from banks import both_ways, error_db, truth
from fakecuda import assert_device_clean
from helpers import oscillators
from helpers.signals import upsample

SHAPES = [(2, 5, 11, 1600), (1, 3, 8, 1603), (3, 2, 2, 777), (2, 4, 1, 100), (1, 3, 30, 17), (1, 2, 3, 1)]


def controls(batch, k, frames, dtype=torch.float64):
    return torch.rand(batch, k, frames, dtype=dtype), 20 + 3000 * torch.rand(batch, k, frames, dtype=dtype)


@both_ways
@pytest.mark.parametrize(("batch", "k", "frames", "n_samples"), SHAPES)
def test_additive_is_the_sum_of_sinusoids(way, batch, k, frames, n_samples):
    amplitudes, frequencies_hz = controls(batch, k, frames)
    actual = oscillators.additive(amplitudes, frequencies_hz, 16_000, n_samples)
    expected = truth(amplitudes, frequencies_hz, 16_000, n_samples)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-10)
    alone = [oscillators.sinusoid(amplitudes[:, i], frequencies_hz[:, i], 16_000, n_samples) for i in range(k)]
    torch.testing.assert_close(actual, sum(alone), rtol=0, atol=1e-9)


@both_ways
@pytest.mark.parametrize(("batch", "k", "frames", "n_samples"), [(2, 3, 4, 27), (1, 2, 5, 31), (2, 2, 1, 20)])
def test_additive_gradients(way, batch, k, frames, n_samples):
    amplitudes, frequencies_hz = (x.requires_grad_() for x in controls(batch, k, frames))
    assert gradcheck(lambda a, f: oscillators.additive(a, f, 16_000, n_samples), (amplitudes, frequencies_hz))


@both_ways
def test_additive_gradients_against_the_definition(way):
    pairs = [controls(2, 7, 21), controls(2, 7, 13)]
    for amplitudes, frequencies_hz in pairs:
        inputs = amplitudes.requires_grad_(), frequencies_hz.requires_grad_()
        weights = torch.randn(2, 3001, dtype=torch.float64)
        actual = torch.autograd.grad((oscillators.additive(*inputs, 16_000, 3001) * weights).sum(), inputs)
        expected = torch.autograd.grad((truth(*inputs, 16_000, 3001) * weights).sum(), inputs)
        for gradient, wanted in zip(actual, expected):
            assert error_db(gradient, wanted) < -180


@both_ways
def test_additive_after_a_minute_in_float32(way):
    frequencies_hz = torch.tensor([[[110.3], [1234.5], [9999.9]]]).expand(-1, -1, 6001)
    actual = oscillators.additive(torch.ones(1, 3, 1), frequencies_hz, 44_100, 60 * 44_100)
    n = torch.arange(59 * 44_100, 60 * 44_100, dtype=torch.float64)
    turns = (n * frequencies_hz[:, :, :1].double() / 44_100) % 1
    assert error_db(actual[:, 59 * 44_100 :], torch.sin(2 * math.pi * turns).sum(dim=1)) < -100


@both_ways
def test_saw_and_square_have_their_partials(way):
    """Peaks of the spectrum lie at k f0 for a saw, at (2k - 1) f0 for a square, with amplitudes 1 / order."""
    f0_hz, sample_rate = 110.0, 16_000
    for orders in (torch.arange(1, 41), torch.arange(1, 41, 2)):
        partials = (f0_hz * orders)[None, :, None].double()
        x = oscillators.additive(1 / orders[None, :, None].double(), partials, sample_rate, sample_rate)[0]
        magnitude = torch.fft.rfft(x).abs() * 2 / sample_rate
        peaks = (magnitude > 0.01).nonzero().flatten()
        assert peaks.tolist() == (110 * orders).tolist()
        torch.testing.assert_close(magnitude[peaks], 1 / orders.double(), rtol=1e-9, atol=0)


@both_ways
def test_examples_do_not_mix(way):
    amplitudes, frequencies_hz = controls(3, 4, 6)
    together = oscillators.additive(amplitudes, frequencies_hz, 16_000, 500)
    for i in range(3):
        alone = oscillators.additive(amplitudes[i : i + 1], frequencies_hz[i : i + 1], 16_000, 500)
        torch.testing.assert_close(together[i : i + 1], alone)


@both_ways
def test_an_axis_of_one_serves_for_all(way):
    amplitudes, frequencies_hz = controls(2, 3, 5)
    held = oscillators.additive(amplitudes, frequencies_hz[:1, :, :1], 16_000, 100)
    spread = oscillators.additive(amplitudes, frequencies_hz[:1, :, :1].expand(2, 3, 5), 16_000, 100)
    torch.testing.assert_close(held, spread)


@both_ways
@pytest.mark.parametrize("f0_hz", [0.0, -200.0, 8000.0, 50_000.0])
def test_odd_frequencies_are_finite(way, f0_hz):
    amplitudes = torch.zeros(1, 2, 3, requires_grad=True)
    frequencies_hz = torch.full((1, 2, 3), f0_hz, requires_grad=True)
    x = oscillators.additive(amplitudes, frequencies_hz, 16_000, 101)
    x.sum().backward()
    assert x.isfinite().all() and amplitudes.grad.isfinite().all() and frequencies_hz.grad.isfinite().all()


@both_ways
def test_nan_is_not_hidden(way):
    amplitudes, frequencies_hz = controls(1, 2, 3)
    assert oscillators.additive(amplitudes, frequencies_hz * math.nan, 16_000, 20).isnan().any()
    assert oscillators.additive(amplitudes * math.nan, frequencies_hz, 16_000, 20)[:, 1:].isnan().all()


def test_the_fast_way_is_the_plain_way(monkeypatch):
    amplitudes, frequencies_hz = controls(2, 9, 33, torch.float32)
    fast = oscillators.additive(amplitudes, frequencies_hz, 16_000, 5000)
    monkeypatch.setenv("HELPERS_NO_NUMBA", "1")
    plain = oscillators.additive(amplitudes, frequencies_hz, 16_000, 5000)
    assert fast.dtype == plain.dtype == torch.float32
    assert error_db(fast, plain.double()) < -110


def test_types_are_promoted():
    amplitudes, frequencies_hz = controls(1, 2, 3)
    assert oscillators.additive(amplitudes.float(), frequencies_hz, 16_000, 20).dtype == torch.float64


def test_errors_name_the_argument():
    amplitudes, frequencies_hz = controls(2, 3, 5)
    with pytest.raises(ValueError, match=r"amplitudes must be \(batch, k, frames\), got \(3, 5\)"):
        oscillators.additive(amplitudes[0], frequencies_hz, 16_000, 20)
    with pytest.raises(ValueError, match=r"must fit each other, got \(2, 3, 5\) and \(2, 3, 4\)"):
        oscillators.additive(amplitudes, frequencies_hz[..., 1:], 16_000, 20)
    with pytest.raises(ValueError, match="n_samples must be at least 1"):
        oscillators.additive(amplitudes, frequencies_hz, 16_000, 0)


def test_on_another_device():
    amplitudes, frequencies_hz = (x.requires_grad_() for x in controls(2, 3, 6, torch.float32))
    for n_samples in (50, 53):
        assert_device_clean(lambda a, f: oscillators.additive(a, f, 16_000, n_samples), amplitudes, frequencies_hz)


def test_the_grid_is_that_of_upsample():
    """An amplitude ramp comes out as `upsample` draws it."""
    ramp = torch.arange(6, dtype=torch.float64)[None, None]
    quarter = torch.full_like(ramp, 250.0)  # sin is 0, 1, 0, -1
    x = oscillators.additive(ramp, quarter, 1000, 60)[0]
    torch.testing.assert_close(x[1::4], upsample(ramp, 60)[0, 0, 1::4])
