"""helpers.filters: biquad designs."""

import math

import numpy as np
import pytest
import scipy.signal
import torch
from torch.autograd import gradcheck

from fakecuda import assert_device_clean
from helpers import filters

RATE = 44_100
PLAIN = {"low_pass": filters.low_pass, "high_pass": filters.high_pass, "band_pass": filters.band_pass}
LIFTING = {"peak": filters.peak, "low_shelf": filters.low_shelf, "high_shelf": filters.high_shelf}


def gain_db(section, frequency_hz):
    b, a = section.double().numpy()[:3], section.double().numpy()[3:]
    response = scipy.signal.freqz(b, a, worN=[frequency_hz], fs=RATE)[1]
    return 20 * math.log10(max(abs(response[0]), 1e-12))


@pytest.mark.parametrize("frequency_hz", [60.0, 1000.0, 15_000.0])
@pytest.mark.parametrize("q", [0.5, 1 / math.sqrt(2), 4.0])
def test_gains_at_the_ends_and_at_the_frequency(frequency_hz, q):
    f, nyquist = torch.tensor(frequency_hz, dtype=torch.float64), RATE / 2
    low, high, band = (design(f, q, RATE) for design in PLAIN.values())
    assert gain_db(low, 0) == pytest.approx(0, abs=1e-6) and gain_db(low, nyquist) < -100
    assert gain_db(high, nyquist) == pytest.approx(0, abs=1e-6) and gain_db(high, 0) < -100
    assert gain_db(low, frequency_hz) == pytest.approx(20 * math.log10(q), abs=1e-6)
    assert gain_db(high, frequency_hz) == pytest.approx(20 * math.log10(q), abs=1e-6)
    assert gain_db(band, frequency_hz) == pytest.approx(0, abs=1e-6)
    for gain in (-12.0, 0.0, 9.0):
        peak, low, high = (design(f, gain, q, RATE) for design in LIFTING.values())
        ends = [(peak, (0, gain, 0)), (low, (gain, gain / 2, 0)), (high, (0, gain / 2, gain))]
        for section, wanted in ends:
            for at, level in zip((0, frequency_hz, nyquist), wanted):
                assert gain_db(section, at) == pytest.approx(level, abs=1e-5)


def test_butterworth_is_the_low_pass_of_q_one_over_root_two():
    for kind, design in (("low", filters.low_pass), ("high", filters.high_pass)):
        wanted = scipy.signal.butter(2, 2000, kind, fs=RATE, output="sos")
        actual = design(torch.tensor([2000.0], dtype=torch.float64), 1 / math.sqrt(2), RATE)
        np.testing.assert_allclose(actual, wanted, atol=1e-12)


def test_shapes_broadcast_and_feed_sosfilt():
    frequencies = torch.tensor([100.0, 1000.0, 5000.0])
    sos = filters.peak(frequencies, torch.tensor([3.0, -6.0, 2.0]), 1.0, RATE)
    assert sos.shape == (3, 6) and sos.dtype == torch.float32
    assert filters.sosfilt(torch.randn(2, 100), sos).shape == (2, 100)
    assert filters.low_pass(frequencies[:, None], torch.rand(4) + 1, RATE).shape == (3, 4, 6)
    assert filters.low_shelf(200.0, 3.0, 0.7, RATE).shape == (6,)


@pytest.mark.parametrize("design", PLAIN.values(), ids=PLAIN)
def test_gradients_of_passes(design):
    f = torch.tensor([300.0, 9000.0], dtype=torch.float64, requires_grad=True)
    q = torch.tensor([0.7, 3.0], dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda f, q: design(f, q, RATE), (f, q))


@pytest.mark.parametrize("design", LIFTING.values(), ids=LIFTING)
def test_gradients_of_lifts(design):
    f = torch.tensor([300.0, 9000.0], dtype=torch.float64, requires_grad=True)
    gain = torch.tensor([0.0, -5.0], dtype=torch.float64, requires_grad=True)
    q = torch.tensor([0.7, 3.0], dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda f, gain, q: design(f, gain, q, RATE), (f, gain, q))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_draw_is_stable(dtype):
    f = RATE / 2 * (0.002 + 0.996 * torch.rand(10_000, dtype=dtype))
    q, gain = 10 ** (2 * torch.rand(10_000, dtype=dtype) - 1), 48 * torch.rand(10_000, dtype=dtype) - 24
    designs = [d(f, q, RATE) for d in PLAIN.values()] + [d(f, gain, q, RATE) for d in LIFTING.values()]
    for sos in designs:
        a1, a2 = sos[:, 4].double(), sos[:, 5].double()
        assert ((a2 < 1) & (a1.abs() < 1 + a2)).all()


def test_devices():
    f, gain = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    for design in PLAIN.values():
        assert_device_clean(lambda f, q, design=design: design(f, q, RATE), f, gain)
        assert_device_clean(lambda f, design=design: design(f, 0.7, RATE), f)
    for design in LIFTING.values():
        assert_device_clean(lambda f, g, design=design: design(f, g, 0.7, RATE), f, gain)
        assert_device_clean(lambda f, design=design: design(f, 3.0, 0.7, RATE), f)
