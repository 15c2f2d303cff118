"""helpers.oscillators: harmonic, and the controls that belong to it."""

import math
import subprocess
import sys

import pytest
import torch
from torch.autograd import gradcheck

from banks import both_ways, error_db, harmonic_truth
from fakecuda import assert_device_clean
from helpers import oscillators

SHAPES = [(2, 13, 11, 1600), (1, 80, 21, 3201), (3, 7, 2, 777), (2, 5, 1, 100), (1, 3, 30, 17), (1, 2, 3, 1)]


def controls(batch, k, frames, dtype=torch.float64):
    return 60 + 150 * torch.rand(batch, frames, dtype=dtype), torch.rand(batch, k, frames, dtype=dtype)


@both_ways
@pytest.mark.parametrize(("batch", "k", "frames", "n_samples"), SHAPES)
def test_harmonic_is_the_sum_of_harmonics(way, batch, k, frames, n_samples):
    f0_hz, amplitudes = controls(batch, k, frames)
    actual = oscillators.harmonic(f0_hz, amplitudes, 32_000, n_samples)
    torch.testing.assert_close(actual, harmonic_truth(f0_hz, amplitudes, 32_000, n_samples), rtol=0, atol=1e-9)


@both_ways
@pytest.mark.parametrize(("batch", "k", "frames", "n_samples"), [(2, 3, 4, 27), (1, 9, 5, 31), (2, 2, 1, 20)])
def test_harmonic_gradients(way, batch, k, frames, n_samples):
    inputs = [x.requires_grad_() for x in controls(batch, k, frames)]
    assert gradcheck(lambda f, a: oscillators.harmonic(f, a, 16_000, n_samples), inputs)


@both_ways
@pytest.mark.parametrize("n_samples", [3200, 3001])
def test_harmonic_gradients_against_the_definition(way, n_samples):
    inputs = [x.requires_grad_() for x in controls(2, 60, 21)]  # some harmonics cross half the sample rate
    weights = torch.randn(2, n_samples, dtype=torch.float64)
    actual = torch.autograd.grad((oscillators.harmonic(*inputs, 16_000, n_samples) * weights).sum(), inputs)
    expected = torch.autograd.grad((harmonic_truth(*inputs, 16_000, n_samples) * weights).sum(), inputs)
    for gradient, wanted in zip(actual, expected):
        assert error_db(gradient, wanted) < -180


@both_ways
@pytest.mark.parametrize("k", [1, 80, 200])
def test_error_after_a_minute_in_float32(way, k):
    """Against the closed form, at the beginning and at the end of 60 s at 44.1 kHz."""
    f0_hz = torch.full((1, 6001), 109.87)
    amplitudes = (1 / torch.arange(1.0, k + 1)).sqrt()[None, :, None].expand(-1, -1, 6001)
    actual = oscillators.harmonic(f0_hz, amplitudes, 44_100, 60 * 44_100)
    order = torch.arange(1, k + 1, dtype=torch.float64)[:, None]
    for start in (0, 59 * 44_100):
        n = torch.arange(start, start + 44_100, dtype=torch.float64)
        turns = order * ((n * f0_hz[0, 0].double() / 44_100) % 1)
        expected = (amplitudes[0, :, :1].double() * torch.sin(2 * math.pi * turns)).sum(dim=0)
        assert error_db(actual[0, start : start + 44_100], expected) < -100


@both_ways
def test_silent_above_half_the_sample_rate(way):
    f0_hz = torch.tensor([[3000.0]], dtype=torch.float64)
    x = oscillators.harmonic(f0_hz, torch.ones(1, 10, 1, dtype=torch.float64), 16_000, 16_000)[0]
    magnitude = torch.fft.rfft(x).abs() * 2 / 16_000
    assert (magnitude > 1e-6).nonzero().flatten().tolist() == [3000, 6000]
    at_the_limit = oscillators.harmonic(torch.full((1, 1), 8000.0), torch.ones(1, 1, 1), 16_000, 100)
    assert (at_the_limit == 0).all()


@both_ways
def test_a_glide_between_two_frames_does_not_alias(way):
    """Frames lie far apart here; a harmonic must still stop on its way through half the sample rate."""
    f0_hz = torch.tensor([[100.0, 6000.0]], dtype=torch.float64)
    amplitudes = torch.zeros(1, 4, 1, dtype=torch.float64)
    amplitudes[:, 3] = 1.0  # at 8000 Hz after a third of the way
    x = oscillators.harmonic(f0_hz, amplitudes, 16_000, 32_000)[0]
    crossing = int(32_000 * 1900 / 5900)
    assert x[: crossing - 300].abs().max() > 0.99
    assert (x[crossing + 256 :] == 0).all()


@both_ways
@pytest.mark.parametrize("f0_hz", [0.0, 440.0, 7999.0, 8000.0, 50_000.0, -100.0])
@pytest.mark.parametrize("n_samples", [1, 2, 101])
def test_odd_places_are_finite(way, f0_hz, n_samples):
    control = torch.full((2, 3), f0_hz, requires_grad=True)
    amplitudes = torch.zeros(2, 5, 3, requires_grad=True)
    x = oscillators.harmonic(control, amplitudes, 16_000, n_samples)
    x.sum().backward()
    assert x.shape == (2, n_samples)
    assert x.isfinite().all() and control.grad.isfinite().all() and amplitudes.grad.isfinite().all()


@both_ways
def test_nan_is_not_hidden(way):
    f0_hz, amplitudes = controls(1, 3, 4)
    assert oscillators.harmonic(f0_hz * math.nan, amplitudes, 16_000, 20).isnan().any()
    assert oscillators.harmonic(f0_hz, amplitudes * math.nan, 16_000, 20)[:, 1:].isnan().all()
    f0_hz[0, 2] = math.nan
    assert oscillators.harmonic(f0_hz, amplitudes, 16_000, 60)[:, 41:].isnan().all()


@both_ways
def test_random_amplitudes_for_a_batch(way):
    f0_hz, amplitudes = controls(3, 6, 5)
    together = oscillators.harmonic(f0_hz, amplitudes, 16_000, 400)
    for i in range(3):
        torch.testing.assert_close(
            together[i : i + 1], oscillators.harmonic(f0_hz[i : i + 1], amplitudes[i : i + 1], 16_000, 400)
        )


def test_the_fast_way_is_the_plain_way(monkeypatch):
    inputs = [x.requires_grad_() for x in controls(2, 83, 33, torch.float32)]
    results = []
    for _ in range(2):
        x = oscillators.harmonic(*inputs, 16_000, 5001)
        results.append([x.detach(), *torch.autograd.grad(x.square().sum(), inputs)])
        monkeypatch.setenv("HELPERS_NO_NUMBA", "1")
    for fast, plain in zip(*results):
        assert error_db(fast, plain.double()) < -100


def test_a_held_pitch_and_held_amplitudes():
    f0_hz, amplitudes = controls(2, 3, 5)
    held = oscillators.harmonic(f0_hz[:, :1], amplitudes, 16_000, 100)
    torch.testing.assert_close(held, oscillators.harmonic(f0_hz[:, :1].expand(-1, 5), amplitudes, 16_000, 100))
    held = oscillators.harmonic(f0_hz, amplitudes[..., :1], 16_000, 100)
    torch.testing.assert_close(held, oscillators.harmonic(f0_hz, amplitudes[..., :1].expand(-1, -1, 5), 16_000, 100))


def test_errors_name_the_argument():
    f0_hz, amplitudes = controls(2, 3, 5)
    with pytest.raises(ValueError, match=r"f0_hz must be \(batch, frames\), got \(5,\)"):
        oscillators.harmonic(f0_hz[0], amplitudes, 16_000, 10)
    with pytest.raises(ValueError, match=r"amplitudes must be \(batch, k, frames\), got \(2, 5\)"):
        oscillators.harmonic(f0_hz, f0_hz, 16_000, 10)
    with pytest.raises(ValueError, match="amplitudes and f0_hz must fit each other"):
        oscillators.harmonic(f0_hz[:, :4], amplitudes, 16_000, 10)


def test_on_another_device():
    f0_hz, amplitudes = (x.requires_grad_() for x in controls(2, 11, 6, torch.float32))
    for n_samples in (50, 53):
        assert_device_clean(lambda f, a: oscillators.harmonic(f, a, 16_000, n_samples), f0_hz, amplitudes)
    assert_device_clean(lambda f, a: oscillators.harmonic_distribution(a, f, 16_000), f0_hz, amplitudes)


MEMORY = """
import resource, sys, torch
from helpers import oscillators
torch.set_num_threads(1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
f0_hz, amplitudes = torch.full((1, {frames}), 100.0), torch.full((1, {k}, {frames}), 0.01)
inputs = f0_hz.requires_grad_(), amplitudes.requires_grad_()
oscillators.harmonic(*inputs, 44_100, {n_samples}).sum().backward()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@both_ways
def test_memory_for_a_minute(way):
    """100 harmonics, forward and backward, compilation included: 300 MB at most over the import."""
    program = MEMORY.format(frames=6001, k=100, n_samples=60 * 44_100)
    used = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(used.stdout) < 300


def test_exp_sigmoid():
    x = torch.tensor([-1000.0, -6.0, -5.0, 0.0, 1000.0], requires_grad=True)
    y = oscillators.exp_sigmoid(x)
    y.sum().backward()
    assert x.grad.isfinite().all()
    assert y[0].item() == pytest.approx(1e-7) and y[4].item() == pytest.approx(2.0)
    assert y[3].item() == pytest.approx(2 * 0.5 ** math.log(10))
    assert (y[2] / y[1]).item() == pytest.approx(10, rel=0.1)
    assert gradcheck(oscillators.exp_sigmoid, torch.randn(2, 3, dtype=torch.float64).requires_grad_())


def test_distribution_sums_to_one():
    f0_hz, logits = torch.tensor([[100.0, 3000.0], [440.0, 7999.0]]), 5 * torch.randn(2, 9, 2)
    shares = oscillators.harmonic_distribution(logits, f0_hz, 16_000)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(2, 2))
    assert (shares >= 0).all()
    assert (shares[0, 2:, 1] == 0).all() and (shares[0, :2, 1] > 0).all()


@pytest.mark.parametrize("f0_hz", [8000.0, 12_000.0])
def test_distribution_with_every_harmonic_above_half_the_sample_rate(f0_hz):
    """0 / 0 is the trap: values and gradients must be finite."""
    logits = torch.randn(1, 4, 3, requires_grad=True)
    control = torch.full((1, 3), f0_hz, requires_grad=True)
    shares = oscillators.harmonic_distribution(logits, control, 16_000)
    x = oscillators.harmonic(control, shares, 16_000, 100)
    (shares.square().sum() + x.square().sum()).backward()
    assert (shares == 0).all() and (x == 0).all()
    assert logits.grad.isfinite().all() and control.grad.isfinite().all()


def test_distribution_gradient():
    f0_hz = torch.tensor([[100.0, 3000.0, 9000.0]], dtype=torch.float64)
    logits = torch.randn(1, 5, 3, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x: oscillators.harmonic_distribution(x, f0_hz, 16_000), logits)


def test_very_small_logits_still_share():
    shares = oscillators.harmonic_distribution(torch.full((1, 4, 1), -1e4), torch.full((1, 1), 100.0), 16_000)
    torch.testing.assert_close(shares, torch.full((1, 4, 1), 0.25))
