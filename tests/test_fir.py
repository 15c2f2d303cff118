"""helpers.filters: filters with a finite impulse response."""

import numpy as np
import pytest
import scipy.signal
import torch
from torch.autograd import gradcheck, gradgradcheck

from fakecuda import assert_device_clean
from helpers import filters

both_convolutions = pytest.mark.parametrize("convolve", [filters.fir, filters.fft_convolve])


def draw(*shape, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype)


def convolved(x, h):
    """scipy, one example after another."""
    rows = h if h.ndim == 2 else h.expand(len(x), -1)
    return torch.stack([torch.from_numpy(scipy.signal.lfilter(row, [1.0], each)) for row, each in zip(rows, x)])


@both_convolutions
@pytest.mark.parametrize("n", [1, 2, 33, 64])
def test_convolution_of_every_length(convolve, n):
    for taps in range(1, 66):
        x, h = draw(3, n), draw(3, taps)
        torch.testing.assert_close(convolve(x, h), convolved(x, h))
        torch.testing.assert_close(convolve(x, h[0]), convolved(x, h[0]))


@both_convolutions
def test_convolution_in_single_precision(convolve):
    x, h = draw(2, 1001, dtype=torch.float32), draw(2, 300, dtype=torch.float32)
    y = convolve(x, h.double())
    assert y.dtype == torch.float32
    expected = convolved(x.double(), h.double())
    assert (y - expected).norm() < 1e-6 * expected.norm()


@both_convolutions
@pytest.mark.parametrize("shape", [(5,), (2, 5), (2, 9)])
def test_convolution_gradients(convolve, shape):
    inputs = draw(2, 7).requires_grad_(), draw(*shape).requires_grad_()
    assert gradcheck(convolve, inputs)
    assert gradgradcheck(convolve, inputs)


@both_convolutions
@pytest.mark.parametrize(
    ("x", "h", "message"),
    [
        (torch.zeros(5), torch.ones(2), r"x must be \(batch, n\), got \(5,\)"),
        (torch.zeros(2, 0), torch.ones(2), r"x must not be empty"),
        (torch.zeros(2, 5), torch.ones(0), r"h must not be empty"),
        (torch.zeros(2, 5), torch.ones(3, 2), r"h must be \(2, taps\), got \(3, 2\)"),
        (torch.zeros(2, 5), torch.ones(1, 2, 2), r"h must be"),
        (torch.zeros(2, 5), torch.ones(2, dtype=torch.complex64), r"h must hold real"),
        (torch.zeros(2, 5, dtype=torch.complex64), torch.ones(2), r"x must hold real"),
        (torch.zeros(2, 5), [1.0], r"h must be a tensor"),
    ],
)
def test_convolution_refuses(convolve, x, h, message):
    with pytest.raises((TypeError, ValueError), match=message):
        convolve(x, h)


def test_fft_sizes_are_the_smallest_smooth_ones():
    from scipy.fft import next_fast_len

    assert [filters.fft_size(n) for n in range(1, 3000)] == [next_fast_len(n, real=True) for n in range(1, 3000)]
    assert filters.fft_size(441_001) == next_fast_len(441_001, real=True)


@pytest.mark.parametrize("taps", [1, 2, 65, 128])
def test_ideal_low_pass_is_the_inverse_transform_of_a_rectangle(taps):
    cutoff = 0.7
    h = filters.ideal_low_pass(torch.tensor([cutoff], dtype=torch.float64), taps)[0]
    omega = np.linspace(-cutoff, cutoff, 20_001)
    for index in range(taps):
        integral = np.trapezoid(np.cos(omega * (index - taps // 2)), omega) / (2 * np.pi)
        assert h[index].item() == pytest.approx(integral, abs=1e-8)


@pytest.mark.parametrize("bins", range(1, 34))
def test_linear_phase_design(bins):
    magnitudes = torch.rand(2, bins, dtype=torch.float64)
    h = filters.linear_phase_fir(magnitudes)
    assert h.shape == (2, 2 * bins - 1)
    assert torch.equal(h, h.flip(-1))
    omega = np.linspace(0, np.pi, bins)
    for wanted, response in zip(magnitudes, h):
        zero_phase = scipy.signal.freqz(response, worN=omega)[1] * np.exp(1j * omega * (bins - 1))
        np.testing.assert_allclose(zero_phase, wanted, atol=1e-12)


def test_linear_phase_design_with_a_window():
    window = torch.hann_window(65, periodic=False, dtype=torch.float64)
    h = filters.linear_phase_fir(torch.rand(3, 33, dtype=torch.float64), window)
    torch.testing.assert_close(h, h.flip(-1), rtol=0, atol=1e-15)
    with pytest.raises(ValueError, match="window must be"):
        filters.linear_phase_fir(torch.rand(33), torch.hann_window(64))


def test_linear_phase_design_gradients():
    window = torch.hamming_window(9, periodic=False, dtype=torch.float64)
    assert gradcheck(lambda m: filters.linear_phase_fir(m, window), torch.rand(2, 5, dtype=torch.float64, requires_grad=True))


def moving(x, responses, hop):
    """The definition: one dot product for each sample, with the response at that sample."""
    n, (batch, frames, taps) = x.shape[1], responses.shape
    position = torch.arange(n, dtype=torch.float64) / hop
    frame = position.long().clamp(max=frames - 1)
    fraction = (position - frame)[:, None]
    following = (frame + 1).clamp(max=frames - 1)
    h = (1 - fraction) * responses[:, frame] + fraction * responses[:, following]
    windows = torch.nn.functional.pad(x, (taps - 1, 0)).unfold(1, taps, 1).flip(-1)
    return (h * windows).sum(-1)


@pytest.mark.parametrize(("n", "hop", "taps"), [(160, 16, 9), (163, 16, 40), (15, 16, 3), (64, 1, 5), (1, 1, 1), (50, 7, 1)])
def test_time_varying_fir_is_its_definition(n, hop, taps):
    x, responses = draw(2, n), draw(2, n // hop + 1, taps)
    torch.testing.assert_close(filters.time_varying_fir(x, responses, hop), moving(x, responses, hop))


@pytest.mark.parametrize("n", [16_000, 16_037])
def test_a_flat_response_returns_the_input(n):
    x = draw(2, n, dtype=torch.float32)
    delta = torch.zeros(2, n // 160 + 1, 65)
    delta[..., 0] = 1
    assert 20 * torch.log10((filters.time_varying_fir(x, delta, 160) - x).norm() / x.norm()) < -100
    flat = filters.linear_phase_fir(torch.ones(2, n // 160 + 1, 33))
    late = filters.time_varying_fir(x, flat, 160)
    assert 20 * torch.log10((late[:, 32:] - x[:, :-32]).norm() / x.norm()) < -100


def test_a_constant_response_is_plain_convolution():
    x, h = draw(2, 1003), draw(2, 90)
    expected = filters.fir(x, h)
    torch.testing.assert_close(filters.time_varying_fir(x, h[:, None].expand(-1, 1003 // 50 + 1, -1), 50), expected)
    torch.testing.assert_close(filters.time_varying_fir(x, h[:, None], 50), expected)


def test_frames_and_examples_do_not_touch_each_other():
    x, responses = torch.ones(2, 64, dtype=torch.float64), torch.zeros(2, 9, 4, dtype=torch.float64)
    responses[1, 4] = 1.0
    y = filters.time_varying_fir(x, responses, 8)
    assert y[0].abs().max() < 1e-12
    assert y[1, :25].abs().max() < 1e-12 and y[1, 40:].abs().max() < 1e-12 and y[1, 32] == pytest.approx(4)


def test_time_varying_fir_gradients():
    inputs = draw(2, 13).requires_grad_(), draw(2, 4, 5).requires_grad_()
    assert gradcheck(lambda x, h: filters.time_varying_fir(x, h, 4), inputs)


def test_time_varying_fir_refuses():
    with pytest.raises(ValueError, match="responses must have n // hop \\+ 1 = 11 frames, got 10"):
        filters.time_varying_fir(torch.zeros(1, 100), torch.zeros(1, 10, 3), 10)
    with pytest.raises(ValueError, match=r"responses must be \(2, frames, taps\)"):
        filters.time_varying_fir(torch.zeros(2, 100), torch.zeros(1, 11, 3), 10)


def test_devices():
    x, h = torch.zeros(2, 40, requires_grad=True), torch.zeros(2, 9, requires_grad=True)
    for convolve in (filters.fir, filters.fft_convolve):
        assert_device_clean(convolve, x, h)
    assert_device_clean(filters.linear_phase_fir, torch.zeros(2, 9, requires_grad=True))
    assert_device_clean(lambda x, h: filters.time_varying_fir(x, h, 8), x, torch.zeros(2, 6, 9, requires_grad=True))
    assert_device_clean(lambda omega: filters.ideal_low_pass(omega, 9), torch.zeros(2, requires_grad=True))
