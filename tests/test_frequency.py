"""helpers.frequency: random starts, noise, several at once, and odd sounds."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from benchmarks import frequency as bench
from fakecuda import assert_device_clean
from helpers import frequency


@pytest.mark.parametrize("snr_db", [None, 0.0])
def test_one_sinusoid_from_anywhere(snr_db, monkeypatch):
    """The full 200 trials run in the benchmark."""
    monkeypatch.setattr(bench, "TRIALS", 40)
    found, _ = bench.one_sinusoid(snr_db)
    assert found >= 0.97


@pytest.mark.parametrize("count", [2, 4])
def test_several_sinusoids(count):
    found, _ = bench.several(count, sets=10)
    assert found >= 0.9


def test_from_the_far_end():
    x = bench.mixture(torch.tensor([[30.0], [7900.0]]), torch.ones(2, 1), torch.zeros(2, 1))
    found = frequency.fit_sinusoid(x, 16_000, torch.tensor([7000.0, 20.0]))
    assert bench.is_right(found, torch.tensor([30.0, 7900.0])).all()


def test_examples_do_not_mix():
    x = bench.mixture(torch.tensor([[440.0], [1234.5]]), torch.ones(2, 1), torch.zeros(2, 1))[:, :1000]
    start = torch.tensor([3000.0, 100.0])
    together = frequency.fit_sinusoid(x, 16_000, start, steps=60)
    alone = [frequency.fit_sinusoid(x[i : i + 1], 16_000, start[i : i + 1], steps=60) for i in range(2)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-2)


def test_transport_is_the_distance_of_the_peaks():
    target = bench.mixture(torch.tensor([[1000.0]]), torch.ones(1, 1), torch.zeros(1, 1))
    away = torch.tensor([[1000.0], [2000.0], [5000.0]])
    distance = frequency.transport_loss(bench.mixture(away, torch.ones(3, 1), torch.rand(3, 1)), target)
    torch.testing.assert_close(distance, torch.tensor([0.0, 1 / 8, 4 / 8]), atol=2e-3, rtol=0)


def test_transport_has_a_slope_everywhere():
    """Unlike a spectral loss, it falls all the way from 200 to 7000 Hz towards a target at either side."""
    target = bench.mixture(torch.tensor([[3000.0]]), torch.ones(1, 1), torch.zeros(1, 1))
    sweep = torch.arange(200.0, 7000.0, 100.0)[:, None]
    distance = frequency.transport_loss(bench.mixture(sweep, torch.ones_like(sweep), torch.zeros_like(sweep)), target)
    assert (distance.diff()[:27] < 0).all() and (distance.diff()[29:] > 0).all()


def test_transport_gradient():
    prediction, target = torch.randn(2, 2, 24, dtype=torch.float64)
    assert gradcheck(lambda x: frequency.transport_loss(x, target), prediction.requires_grad_())


def test_projection_recovers_amplitudes_and_phases():
    frequencies_hz = torch.tensor([[440.0, 470.0, 3000.0]], dtype=torch.float64)
    amplitudes, turns = torch.tensor([[1.0, 0.5, 0.25], [0.1, -0.2, 0.3]], dtype=torch.float64)[:, None]
    x = bench.mixture(frequencies_hz, amplitudes, turns)
    found, phases, residual = frequency.project(x, frequencies_hz, 16_000)
    torch.testing.assert_close(found, amplitudes, rtol=1e-5, atol=0)
    torch.testing.assert_close(phases, 2 * math.pi * turns, rtol=0, atol=1e-5)
    assert residual.abs().max() < 1e-5


@pytest.mark.parametrize("n_samples", [1, 2, 101])
@pytest.mark.parametrize("kind", ["silence", "click", "constant", "noise"])
def test_odd_sounds_give_a_finite_frequency(kind, n_samples):
    x = {"silence": torch.zeros, "click": torch.zeros, "constant": torch.ones, "noise": torch.randn}[kind](2, n_samples)
    if kind == "click":
        x[:, n_samples // 2] = 1.0
    found = frequency.fit_sinusoid(x, 16_000, torch.tensor([20.0, 9000.0]), steps=20)
    several = frequency.fit_sinusoids(x, 16_000, 2, steps=20)
    for hz in (found, several):
        assert hz.isfinite().all() and (hz >= 0).all() and (hz <= 8000).all()


def test_transport_of_silence_has_finite_gradient():
    x = torch.zeros(1, 64, requires_grad=True)
    frequency.transport_loss(x, torch.randn(1, 64)).sum().backward()
    assert x.grad.isfinite().all()


def test_types_stay():
    x = torch.randn(1, 64, dtype=torch.float64)
    assert frequency.fit_sinusoid(x, 16_000, torch.tensor([100.0]), steps=3).dtype == torch.float64
    assert frequency.fit_sinusoids(x.float(), 16_000, 1, steps=3).dtype == torch.float32


def test_errors_say_what_is_meant():
    x = torch.randn(2, 64)
    with pytest.raises(ValueError, match=r"initial_hz must be \(2,\), got \(1,\)"):
        frequency.fit_sinusoid(x, 16_000, torch.ones(1))
    with pytest.raises(ValueError, match=r"x must be \(batch, n\), got \(64,\)"):
        frequency.fit_sinusoids(x[0], 16_000, 2)
    with pytest.raises(ValueError, match="x must be finite"):
        frequency.fit_sinusoid(x * math.nan, 16_000, torch.ones(2))


def test_on_another_device():
    x, hz = torch.randn(2, 64), torch.rand(2, 3) * 1000
    assert_device_clean(lambda a, b: frequency.transport_loss(a, b), x.clone().requires_grad_(), x)
    assert_device_clean(lambda a, f: frequency.project(a, f, 16_000), x.clone().requires_grad_(), hz)
