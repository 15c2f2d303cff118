"""What the chapters on FIR filters define, against the package or against what is known otherwise."""

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
import torch

from chapters import definition
from helpers import filters


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def assert_same(chapter, reference, *inputs):
    """Equal values, and equal gradients to every input."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    value, expected = chapter(*inputs), reference(*inputs)
    torch.testing.assert_close(value, expected)
    weights = torch.randn_like(value)
    found, known = (torch.autograd.grad((v * weights).sum(), inputs) for v in (value, expected))
    for one, other in zip(found, known):
        assert other.abs().max() > 0
        torch.testing.assert_close(one, other)


# filters/index


def test_index_recipes_are_the_filters_of_the_package():
    x = draw(1, 60)
    average, follow = (definition("filters/index", name) for name in ("average", "follow"))
    torch.testing.assert_close(torch.tensor(average(x[0].tolist(), 8)), filters.fir(x, torch.full((8,), 1 / 8).double())[0].float())
    recursion = filters.lfilter(x, torch.tensor([0.3]).double(), torch.tensor([1, -0.7]).double())[0]
    torch.testing.assert_close(torch.tensor(follow(x[0].tolist(), 0.3)), recursion.float())


def test_index_tells_filters_from_others():
    linear, invariant = (definition("filters/index", name) for name in ("is_linear", "is_time_invariant"))
    x, z = torch.randn(2, 1, 500)
    h = torch.randn(9)
    assert linear(lambda x: filters.fir(x, h), x, z) and invariant(lambda x: filters.fir(x, h), x)
    assert not linear(lambda x: x + 1, x, z) and not linear(torch.tanh, x, z)
    assert not invariant(lambda x: x * torch.arange(x.shape[1]), x)


def test_index_model_is_a_low_pass_with_gain_q_at_its_frequency():
    model = definition("filters/index", "LowPass", sample_rate=16000)(2000, 1.5)
    n = torch.arange(16000)
    y = model(torch.sin(2 * math.pi * n / 8)[None]).detach()
    assert y[0, 8000:].abs().max().item() == pytest.approx(1.5, rel=1e-3)


# filters/fir


@pytest.mark.parametrize("name", ["add_copies", "fir"])
@pytest.mark.parametrize("taps", [1, 2, 7, 40])
def test_fir_convolutions_are_that_of_the_package(name, taps):
    convolve = definition("filters/fir", name)
    assert_same(convolve, filters.fir, draw(2, 40), draw(taps))


@pytest.mark.parametrize("taps", [1, 8, 33])
def test_fir_frequency_response_is_that_of_scipy(taps):
    response = definition("filters/fir", "frequency_response")
    h = draw(taps)
    expected = scipy.signal.freqz(h.numpy(), worN=np.linspace(0, np.pi, 257))[1]
    np.testing.assert_allclose(response(h, 256).numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("taps", [1, 2, 65, 128])
def test_fir_ideal_low_pass_is_that_of_the_package(taps):
    chapter = definition("filters/fir", "ideal_low_pass")
    assert_same(lambda omega: chapter(omega, taps), lambda omega: filters.ideal_low_pass(omega, taps), torch.tensor(0.7).double())


@pytest.mark.parametrize("taps", [33, 65, 257])
def test_fir_low_pass_is_that_of_scipy_and_symmetric(taps):
    h = definition("filters/fir", "low_pass_fir")(2000, taps, 16000)
    expected = scipy.signal.firwin(taps, 2000, window="hann", fs=16000, scale=False)
    np.testing.assert_allclose(h.numpy(), expected, atol=1e-6)
    torch.testing.assert_close(h, h.flip(0), rtol=0, atol=1e-7)


def test_fir_band_pass_passes_its_band():
    h = definition("filters/fir", "band_pass_fir")(300, 3400, 257, 16000)
    gain = abs(scipy.signal.freqz(h.numpy(), worN=[0, 1500, 6000], fs=16000)[1])
    assert gain == pytest.approx([0, 1, 0], abs=1e-2)


# filters/fir-optimise


@pytest.mark.parametrize("taps", [1, 7, 64])
def test_optimise_lags_times_taps_is_the_filter(taps):
    x, h = draw(1, 200), draw(taps)
    X = definition("filters/fir-optimise", "lags")(x, taps)
    torch.testing.assert_close(X @ h, filters.fir(x, h)[0])


def test_optimise_least_squares_finds_the_taps_and_the_ridge_shrinks_them():
    least_squares = definition("filters/fir-optimise", "least_squares_fir")
    x, h = draw(1, 500), draw(20)
    y = filters.fir(x, h)
    torch.testing.assert_close(least_squares(x, y, 20), h)
    noisy = y + 0.1 * draw(1, 500)
    X = scipy.linalg.toeplitz(x[0].numpy(), np.zeros(20))
    torch.testing.assert_close(least_squares(x, noisy, 20), torch.from_numpy(np.linalg.lstsq(X, noisy[0].numpy(), rcond=None)[0]))
    assert least_squares(x, y, 20, ridge=1.0).norm() < 0.7 * h.norm()


@pytest.mark.parametrize(("n", "taps"), [(1, 1), (50, 7), (64, 64), (33, 65), (575, 64)])
def test_optimise_fft_convolution_is_that_of_the_package(n, taps):
    assert_same(definition("filters/fir-optimise", "fft_convolve"), filters.fft_convolve, draw(2, n), draw(taps))


@pytest.mark.parametrize("bins", [2, 3, 33, 64])
def test_optimise_linear_phase_design_is_that_of_the_package(bins):
    design = definition("filters/fir-optimise", "linear_phase_fir")
    assert_same(design, filters.linear_phase_fir, torch.rand(3, bins, dtype=torch.float64))
    window = torch.hann_window(2 * bins - 1, periodic=False, dtype=torch.float64)
    assert_same(lambda m: design(m, window), lambda m: filters.linear_phase_fir(m, window), torch.rand(bins, dtype=torch.float64))


@pytest.mark.parametrize(("hop", "frames", "taps"), [(16, 11, 9), (8, 5, 40), (50, 1, 7)])
def test_optimise_time_varying_filter_is_that_of_the_package(hop, frames, taps):
    chapter = definition("filters/fir-optimise", "time_varying_fir")
    inputs = draw(2, hop * max(frames - 1, 1)), draw(2, frames, taps)
    assert_same(lambda x, h: chapter(x, h, hop), lambda x, h: filters.time_varying_fir(x, h, hop), *inputs)


def test_optimise_shaped_noise_has_the_measured_levels():
    shaped, measured = (definition("filters/fir-optimise", name, bands=65, hop=64, window=torch.hann_window(131, periodic=False)[1:-1])
                        for name in ("shaped", "measured"))
    level = torch.linspace(0, -3, 65).expand(101, -1)
    noise = torch.randn(1, 6400)
    found = measured(shaped(noise, level), 65, 64) - measured(noise, 65, 64)
    torch.testing.assert_close(found[4:-4].mean(0)[2:-2], level[0, 2:-2], rtol=0, atol=0.15)


def test_optimise_losses_are_zero_for_equal_sounds_and_blind_to_the_sign():
    for name in ("fft_loss", "short_loss"):
        loss = definition("filters/fir-optimise", name)
        x = torch.randn(1, 600)
        assert loss(x, x) == 0 and loss(x, -x) < 1e-6 and loss(x, 2 * x) > 0.1
