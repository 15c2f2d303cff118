"""helpers.oscillators: phase and sinusoid."""

import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from fakecuda import assert_device_clean
from helpers import oscillators

TURN = 2 * math.pi


def distance(angle, expected):
    """Largest difference of two angles, the short way round."""
    return float((torch.remainder(angle.double() - expected + math.pi, TURN) - math.pi).abs().max())


def test_phase_starts_at_zero_and_is_the_sum_before():
    f0_hz = torch.tensor([[100.0, 100.0, 400.0]], dtype=torch.float64)
    steps = torch.tensor([100, 100, 100, 100, 100, 175, 250], dtype=torch.float64) * TURN / 1000
    angle = oscillators.phase(f0_hz, 1000, 8)[0]
    assert angle[0] == 0.0
    torch.testing.assert_close(angle[1:], steps.cumsum(0).remainder(TURN))


@pytest.mark.parametrize("f0_hz", [441.3, 19_997.7])
def test_phase_after_a_minute(f0_hz):
    control = torch.full((1, 2), f0_hz)
    n = torch.arange(60 * 44_100, dtype=torch.float64)
    expected = TURN * (n * control[0, 0].double() / 44_100).remainder(1.0)
    angle = oscillators.phase(control, 44_100, 60 * 44_100)
    assert angle.dtype == torch.float32
    assert distance(angle, expected) < 1e-5  # an error of -100 dB


def test_phase_of_a_glide_after_a_minute():
    n_samples, start, end = 60 * 44_100, 100.0, 1000.0
    n = np.arange(n_samples, dtype=np.longdouble)
    cycles = (start * n + (end - start) / n_samples * n * (n - 1) / 2) / 44_100
    expected = TURN * torch.from_numpy((cycles % 1).astype(np.float64))
    control = torch.linspace(start, end, 6001, dtype=torch.float64)[None]
    assert distance(oscillators.phase(control, 44_100, n_samples), expected) < 1e-6


def test_phase_is_wrapped():
    angle = oscillators.phase(torch.full((1, 1), 7919.0), 16_000, 16_000)
    assert 0 <= angle.min() and angle.max() <= TURN + 1e-6


def test_frequency_is_right_unlike_with_linspace():
    """Half a second of 300 Hz is at 300 Hz."""
    x = oscillators.sinusoid(torch.ones(1, 1), torch.full((1, 1), 300.0), 16_000, 8_000)[0]
    assert torch.fft.rfft(x).abs().argmax() * 2 == 300


def test_sinusoid_against_closed_form():
    n = torch.arange(1000, dtype=torch.float64)
    amplitude = torch.tensor([[0.5], [2.0]], dtype=torch.float64)
    f0_hz = torch.tensor([[440.0], [1234.5]], dtype=torch.float64)
    start = torch.tensor([0.0, 1.0], dtype=torch.float64)
    expected = amplitude * torch.sin(TURN * f0_hz * n / 16_000 + start[:, None])
    actual = oscillators.sinusoid(amplitude, f0_hz, 16_000, 1000, phase=start)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-10)
    assert actual[1, 0] == pytest.approx(2.0 * math.sin(1.0))


def test_sinusoid_gradients():
    amplitude, f0_hz = torch.rand(2, 2, 4, dtype=torch.float64) * torch.tensor([1.0, 100.0])[:, None, None]
    start = torch.rand(2, dtype=torch.float64)
    inputs = [tensor.requires_grad_() for tensor in (amplitude.clone(), f0_hz.clone(), start)]
    assert gradcheck(lambda a, f, p: oscillators.sinusoid(a, f, 1000, 31, phase=p), inputs)
    assert gradgradcheck(lambda a, f, p: oscillators.sinusoid(a, f, 1000, 7, phase=p), inputs)


@pytest.mark.parametrize("f0_hz", [0.0, 440.0, 8_000.0, 50_000.0, -100.0])
@pytest.mark.parametrize("n_samples", [1, 2, 101])
def test_odd_places_are_finite(f0_hz, n_samples):
    amplitude = torch.zeros(2, 3, requires_grad=True)
    control = torch.full((2, 3), f0_hz, requires_grad=True)
    x = oscillators.sinusoid(amplitude, control, 16_000, n_samples)
    x.sum().backward()
    assert x.shape == (2, n_samples)
    assert x.isfinite().all() and amplitude.grad.isfinite().all() and control.grad.isfinite().all()


def test_a_nan_stays_a_nan():
    assert oscillators.phase(torch.full((1, 2), math.nan), 16_000, 4).isnan().all()


def test_types_stay():
    for dtype in (torch.float32, torch.float64):
        ones = torch.ones(1, 2, dtype=dtype)
        assert oscillators.sinusoid(ones, ones, 100, 10).dtype == dtype
        assert oscillators.phase(ones, 100, 10).dtype == dtype


def test_errors_say_what_is_meant():
    ones = torch.ones(1, 2)
    with pytest.raises(ValueError, match=r"f0_hz must be \(batch, frames\), got \(100,\)"):
        oscillators.sinusoid(ones, torch.ones(100), 16_000, 10)
    with pytest.raises(ValueError, match=r"amplitude must be \(batch, frames\), got \(\)"):
        oscillators.sinusoid(torch.tensor(1.0), ones, 16_000, 10)
    with pytest.raises(ValueError, match=r"phase must be \(batch,\), got \(1, 1\)"):
        oscillators.sinusoid(ones, ones, 16_000, 10, phase=torch.ones(1, 1))
    with pytest.raises(TypeError, match="f0_hz must be a tensor"):
        oscillators.phase(440.0, 16_000, 10)


def test_on_another_device():
    controls = torch.ones(2, 5, requires_grad=True), torch.ones(2, 5, requires_grad=True)
    start = torch.ones(2, requires_grad=True)
    assert_device_clean(lambda a, f, p: oscillators.sinusoid(a, f, 16_000, 41, phase=p), *controls, start)
    assert_device_clean(lambda f: oscillators.phase(f, 16_000, 40), controls[0])
