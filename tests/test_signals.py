"""helpers.checks and helpers.signals."""

import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from fakecuda import assert_device_clean
from helpers import checks, signals


@pytest.mark.parametrize(("frames", "n_samples"), [(11, 1600), (11, 1607), (4, 2), (2, 1), (201, 32000)])
def test_upsample_puts_frame_i_at_i_hops(frames, n_samples):
    ramp = torch.arange(frames, dtype=torch.float64)[None]
    expected = torch.arange(n_samples, dtype=torch.float64) * (frames - 1) / n_samples
    torch.testing.assert_close(signals.upsample(ramp, n_samples)[0], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n_samples", [1600, 1607])
def test_upsample_agrees_with_numpy(n_samples):
    control = torch.randn(3, 2, 17, dtype=torch.float64)
    places = np.arange(n_samples) * 16 / n_samples
    for row, expected in zip(signals.upsample(control, n_samples).flatten(0, 1), control.flatten(0, 1)):
        np.testing.assert_allclose(row, np.interp(places, np.arange(17), expected), atol=1e-12)


def test_upsample_holds_a_single_frame():
    assert signals.upsample(torch.tensor([[3.0], [4.0]]), 5).tolist() == [[3.0] * 5, [4.0] * 5]


def test_upsample_is_exact_far_out():
    n_samples = 2**25 + 3  # beyond the whole numbers of float32
    end = signals.upsample(torch.tensor([0.0, 0.0, 1.0]), n_samples)[-1]
    assert end == pytest.approx(1.0 - 2 / n_samples, abs=1e-7)


@pytest.mark.parametrize("n_samples", [8, 9])
def test_upsample_gradient(n_samples):
    assert gradcheck(lambda c: signals.upsample(c, n_samples), torch.randn(2, 5, dtype=torch.float64).requires_grad_())


def test_frame_count_is_that_of_the_stft():
    for n in (1, 63, 64, 1000, 1600):
        assert signals.stft(torch.zeros(1, n), 64, 16).shape == (1, 33, signals.frame_count(n, 16))


def test_time():
    assert signals.time_s(3, 2).tolist() == [0.0, 0.5, 1.0]


def test_decibels():
    assert signals.to_db(torch.tensor([1.0, -0.1, 0.0])).tolist() == pytest.approx([0.0, -20.0, -120.0], abs=1e-4)
    assert signals.from_db(-20) == pytest.approx(0.1)
    x = torch.rand(5) + 0.1
    torch.testing.assert_close(signals.from_db(signals.to_db(x)), x)


def test_stft_finds_a_sinusoid():
    x = torch.cos(2 * math.pi * 8 * torch.arange(1024) / 64)[None]
    spectrum = signals.stft(x, 64)
    assert spectrum.shape == (1, 33, 65)
    magnitude = spectrum[0, :, 30].abs()
    assert magnitude.argmax() == 8
    assert magnitude[8] == pytest.approx(16.0, rel=1e-4)  # half of the window's sum, which is 32


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33])
def test_stft_of_sounds_shorter_than_the_window(n):
    x = torch.randn(2, n, requires_grad=True)
    signals.stft(x, 64).abs().square().sum().backward()
    assert x.grad.isfinite().all()


def test_rms_and_its_gradient_in_silence():
    x = torch.zeros(2, 4)
    x[0] = torch.tensor([1.0, -1.0, 1.0, -1.0])
    x.requires_grad_()
    level = signals.rms(x)
    assert level.tolist() == [1.0, 0.0]
    level.sum().backward()
    assert x.grad.isfinite().all()


def test_set_peak_db():
    x = signals.set_peak_db(torch.tensor([[0.1, -0.2], [0.0, 0.0]]), -6.0)
    assert x.abs().amax(dim=1).tolist() == pytest.approx([10 ** (-6 / 20), 0.0])


def test_float64_stays():
    x = torch.randn(1, 100, dtype=torch.float64)
    assert signals.stft(x, 16).dtype == torch.complex128
    for result in (signals.upsample(x, 300), signals.upsample(x, 990), signals.rms(x), signals.set_peak_db(x)):
        assert result.dtype == torch.float64


def test_errors_name_the_argument_and_both_shapes():
    with pytest.raises(ValueError, match=r"f0_hz must be \(batch, frames\), got \(100,\)"):
        checks.check_control("f0_hz", torch.ones(100))
    with pytest.raises(ValueError, match=r"a must be \(batch, k, frames\), got \(1, 2\)"):
        checks.check_control("a", torch.ones(1, 2), dims=3)
    with pytest.raises(ValueError, match=r"sos must be \(sections, 6\), got \(2, 5\)"):
        checks.check_shape("sos", torch.ones(2, 5), "sections 6")
    with pytest.raises(ValueError, match=r"x must not be empty, got \(1, 0\)"):
        checks.check_signal("x", torch.ones(1, 0))
    with pytest.raises(TypeError, match=r"x must be a tensor \(batch, n\), got ndarray"):
        checks.check_signal("x", np.ones((1, 4)))
    for wrong in (torch.ones(1, 4, dtype=torch.int64), torch.ones(1, 4, dtype=torch.complex64)):
        with pytest.raises(TypeError, match="x must hold real floating-point numbers"):
            checks.check_signal("x", wrong)
    with pytest.raises(ValueError, match="x must be finite, got 1 NaN or infinite values in 2"):
        checks.check_finite("x", torch.tensor([1.0, math.nan]))
    with pytest.raises(ValueError, match="n_samples must be at least 1, got 0"):
        signals.upsample(torch.ones(1, 2), 0)
    with pytest.raises(TypeError, match="hop must be a whole number, got 2.5"):
        signals.frame_count(10, 2.5)


def test_checks_let_right_things_pass():
    x = torch.ones(2, 3)
    assert checks.check_signal("x", x) is x
    assert checks.check_shape("x", torch.ones(4, 2, 6), "... sections 6").shape == (4, 2, 6)
    assert checks.check_count("hop", np.int64(3)) == 3


@pytest.mark.parametrize("n_samples", [40, 41])
def test_on_another_device(n_samples):
    control = torch.ones(2, 5, requires_grad=True)
    assert_device_clean(lambda c: signals.upsample(c, n_samples), control)
    for function in (signals.to_db, signals.rms, signals.set_peak_db, lambda x: signals.stft(x, 4)):
        assert_device_clean(function, control)
    assert_device_clean(lambda x: signals.time_s(8, 2, device=x.device), control)


def test_the_fake_device_tells_on_what_is_left_behind():
    here = torch.ones(3)
    for wrong in (
        lambda x: x + torch.ones(3),
        lambda x: x + here,
        lambda x: x * float(x.sum()),
        lambda x: torch.ones(3),
    ):
        with pytest.raises((RuntimeError, AssertionError)):
            assert_device_clean(wrong, torch.ones(3))
