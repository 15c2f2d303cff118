"""helpers.filters: lfilter, sosfilt and frequency sampling."""

import warnings

import numpy as np
import pytest
import scipy.signal
import torch
from torch.autograd import gradcheck, gradgradcheck

from banks import both_ways
from fakecuda import assert_device_clean
from helpers import filters


def draw(*shape, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype)


def stable(sets, order, a0=1.0):
    """Random denominators, (sets, order + 1)."""
    k = 1.6 * torch.rand(sets, order, dtype=torch.float64) - 0.8
    return a0 * torch.cat([torch.ones(sets, 1, dtype=torch.float64), filters.reflection_to_lpc(k)], dim=-1)


def sections(sets, count):
    """Random stable biquads with poles up to radius 0.98, (sets, count, 6)."""
    radius, angle = 0.3 + 0.68 * torch.rand(sets, count, dtype=torch.float64), 3 * torch.rand(sets, count, dtype=torch.float64)
    a = torch.stack([torch.ones_like(radius), -2 * radius * angle.cos(), radius**2], dim=-1)
    return torch.cat([draw(sets, count, 3), a], dim=-1)


def error(actual, expected):
    actual, expected = (np.asarray(each, dtype=np.float64) for each in (actual, expected))
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


def scipy_gradients(x, b, a, g):
    """Gradients of ``(g * lfilter(b, a, x)).sum()`` by the closed form, with scipy, for ``a[0] == 1``."""
    back = scipy.signal.lfilter(b, a, g[:, ::-1])[:, ::-1]
    inside = scipy.signal.lfilter([1.0], a, x)
    twice = scipy.signal.lfilter(b, a, inside)
    gb = [(g[:, k:] * inside[:, : x.shape[1] - k]).sum() for k in range(len(b))]
    ga = [-(g[:, k:] * twice[:, : x.shape[1] - k]).sum() for k in range(1, len(a))]
    return back, np.array(gb), np.array(ga)


@both_ways
@pytest.mark.parametrize("n", [1, 2, 37, 128, 129, 1000])
@pytest.mark.parametrize(("numerator", "denominator"), [(1, 1), (3, 1), (1, 2), (3, 3), (2, 4), (7, 2), (9, 9), (1, 23)])
def test_lfilter_is_that_of_scipy(way, n, numerator, denominator):
    x, b, a = draw(2, n), draw(2, numerator), stable(2, denominator - 1, a0=1.7) if denominator > 1 else draw(2, 1)
    expected = np.stack([scipy.signal.lfilter(*each) for each in zip(b, a, x)])
    np.testing.assert_allclose(filters.lfilter(x, b, a), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(filters.lfilter(x, b[0], a[0]), scipy.signal.lfilter(b[0], a[0], x), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(filters.lfilter(x[:1], b[0], a[:1]), expected[:1], rtol=1e-9, atol=1e-9)


@both_ways
@pytest.mark.parametrize("radius", [0.9, 0.999])
def test_lfilter_in_single_precision(way, radius):
    """Value and gradients within 1e-5 of scipy in float64."""
    b, a = torch.tensor([0.5, 0.2, 0.3]), torch.tensor([1.0, -2 * radius * np.cos(0.3), radius**2])
    x, g = draw(3, 64_001, dtype=torch.float32), draw(3, 64_001, dtype=torch.float32)
    inputs = [tensor.requires_grad_() for tensor in (x, b, a)]
    y = filters.lfilter(*inputs)
    gx, gb, ga = torch.autograd.grad(y, inputs, g)
    x, b, a, g = (tensor.detach().double().numpy() for tensor in (x, b, a, g))
    wanted = scipy_gradients(x, b, a, g)
    assert y.dtype == torch.float32
    assert error(y.detach(), scipy.signal.lfilter(b, a, x)) < 1e-5
    assert error(gx, wanted[0]) < 1e-5
    assert error(gb, wanted[1]) < 1e-5
    assert error(ga[1:], wanted[2]) < 1e-5


@both_ways
@pytest.mark.parametrize("seed", range(5))
def test_cascade_in_single_precision(way, seed):
    torch.manual_seed(seed)
    sos, x = sections(1, 6)[0].float(), draw(2, 30_001, dtype=torch.float32)
    g = draw(2, 30_001, dtype=torch.float32)
    inputs = x.requires_grad_(), sos.requires_grad_()
    y = filters.sosfilt(*inputs)
    gx, gsos = torch.autograd.grad(y, inputs, g)
    assert error(y.detach(), scipy.signal.sosfilt(sos.detach().double().numpy(), x.detach().double().numpy())) < 1e-5
    precise = x.detach().double().requires_grad_(), sos.detach().double().requires_grad_()
    wanted = torch.autograd.grad(filters.sosfilt(*precise), precise, g.double())
    assert error(gx, wanted[0]) < 1e-5
    assert error(gsos, wanted[1]) < 1e-5


@both_ways
@pytest.mark.parametrize(("count", "n"), [(1, 1), (1, 513), (3, 127), (6, 1537)])
def test_sosfilt_is_that_of_scipy(way, count, n):
    x, sos = draw(3, n), sections(3, count)
    expected = np.stack([scipy.signal.sosfilt(*each) for each in zip(sos.numpy(), x.numpy())])
    np.testing.assert_allclose(filters.sosfilt(x, 2 * sos / 2), expected, rtol=1e-9, atol=1e-9)
    scaled = torch.cat([sos[0, :, :3], 3 * sos[0, :, 3:]], dim=-1)
    wanted = scipy.signal.sosfilt(sos[0].numpy(), x.numpy()) / 3**count
    np.testing.assert_allclose(filters.sosfilt(x, scaled), wanted, rtol=1e-9, atol=1e-9)


@both_ways
@pytest.mark.parametrize("sets", [1, 2])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_lfilter_gradients_to_second_order(way, order, sets):
    b, a = draw(sets, order + 2), stable(sets, order, a0=1.3)
    if sets == 1:
        b, a = b[0], a[0]
    inputs = [tensor.requires_grad_() for tensor in (draw(2, 9), b, a)]
    assert gradcheck(filters.lfilter, inputs)
    assert gradgradcheck(filters.lfilter, inputs)


@both_ways
@pytest.mark.parametrize("sets", [1, 2])
def test_sosfilt_gradients_to_second_order(way, sets):
    sos = sections(sets, 3)
    inputs = draw(2, 9).requires_grad_(), (sos[0] if sets == 1 else sos).clone().requires_grad_()
    assert gradcheck(filters.sosfilt, inputs)
    assert gradgradcheck(filters.sosfilt, inputs)


@both_ways
def test_gradients_over_many_blocks(way):
    """Longer than a chunk of the kernel and a block of the plain form, against the closed form."""
    b, a, x, g = draw(4), stable(1, 3)[0], draw(2, 1601), draw(2, 1601)
    inputs = [tensor.requires_grad_() for tensor in (x, b, a)]
    actual = torch.autograd.grad(filters.lfilter(*inputs), inputs, g)
    wanted = scipy_gradients(*(tensor.detach().numpy() for tensor in (x, b, a, g)))
    assert error(actual[0], wanted[0]) < 1e-12
    assert error(actual[1], wanted[1]) < 1e-11
    assert error(actual[2][1:], wanted[2]) < 1e-11


@both_ways
def test_a_response_in_the_coefficients_is_that_of_the_same_tap(way):
    """dy/da_k is -y delayed by k and filtered by 1/A: the k of the coefficient, not of the running index."""
    a, x, epsilon = stable(1, 4)[0], draw(1, 50), 1e-6
    one = torch.ones(1, dtype=torch.float64)
    y = filters.lfilter(x, one, a)
    for k in range(1, 5):
        step = torch.zeros_like(a)
        step[k] = epsilon
        difference = (filters.lfilter(x, one, a + step) - filters.lfilter(x, one, a - step)) / (2 * epsilon)
        delayed = torch.nn.functional.pad(y, (k, 0))[:, :-k]
        torch.testing.assert_close(difference, -filters.lfilter(delayed, one, a), rtol=1e-6, atol=1e-7)


@both_ways
def test_layout_in_memory_does_not_matter(way):
    x, sos = draw(40, 3).T, sections(1, 2)[0]
    torch.testing.assert_close(filters.sosfilt(x, sos), filters.sosfilt(x.contiguous(), sos))
    y = filters.sosfilt(x.clone().requires_grad_(), sos)
    y.sum().backward()  # the gradient arrives as an expanded single number


@pytest.mark.parametrize("n", [63, 64, 1001])
@pytest.mark.parametrize("order", [1, 2, 5])
def test_frequency_sampling_where_the_tail_has_died(n, order):
    b, a, x = draw(order + 1), filters.reflections(0.3 * draw(order)), draw(2, n)
    y = filters.frequency_sampling(x, b, a, n_fft=4096)
    assert y.shape == x.shape
    np.testing.assert_allclose(y, scipy.signal.lfilter(b, a, x), atol=1e-9)
    assert gradcheck(lambda *inputs: filters.frequency_sampling(*inputs, n_fft=64), [
        tensor.clone().requires_grad_() for tensor in (x[:, :5], b, a)
    ])


def test_the_error_of_frequency_sampling_is_time_aliasing():
    """The impulse response in use is the true one with all its periods laid over each other."""
    n, one, a = 64, torch.ones(1, dtype=torch.float64), torch.tensor([1.0, -0.99], dtype=torch.float64)
    impulse = torch.eye(1, n, dtype=torch.float64)
    true = 0.99 ** torch.arange(n, dtype=torch.float64)
    wrapped = true / (1 - 0.99**128)
    torch.testing.assert_close(filters.frequency_sampling(impulse, one, a)[0], wrapped)
    assert (wrapped - true).abs().max() > 0.3
    torch.testing.assert_close(filters.frequency_sampling(impulse, one, a, n_fft=4096)[0], true)


BAD = [
    (torch.zeros(5), torch.ones(2), torch.ones(2), r"x must be \(batch, n\), got \(5,\)"),
    (torch.zeros(2, 0), torch.ones(2), torch.ones(2), "x must not be empty"),
    (torch.zeros(2, 5), torch.ones(0), torch.ones(2), "b must not be empty"),
    (torch.zeros(2, 5), torch.ones(2), torch.ones(0), "a must not be empty"),
    (torch.zeros(2, 5), torch.ones(3, 2), torch.ones(2), r"b must be \(2, order\+1\), got \(3, 2\)"),
    (torch.zeros(2, 5), torch.ones(2), torch.ones(3, 2), r"a must be \(2, order\+1\), got \(3, 2\)"),
    (torch.zeros(2, 5), torch.ones(2), torch.tensor([0.0, 1.0]), r"a must have a\[0\] other than 0"),
    (torch.zeros(2, 5, dtype=torch.complex64), torch.ones(2), torch.ones(2), "x must hold real"),
    (torch.zeros(2, 5), torch.ones(2), torch.ones(2, dtype=torch.complex64), "a must hold real"),
]


@pytest.mark.parametrize("function", [filters.lfilter, filters.frequency_sampling])
@pytest.mark.parametrize(("x", "b", "a", "message"), BAD)
def test_lfilter_refuses(function, x, b, a, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(x, b, a)


@pytest.mark.parametrize(
    ("sos", "message"),
    [
        (torch.ones(6), r"sos must be \(sections, 6\), got \(6,\)"),
        (torch.ones(0, 6), "sos must not be empty"),
        (torch.ones(1, 5), r"sos must be \(sections, 6\), got \(1, 5\)"),
        (torch.ones(3, 1, 6), r"sos must be \(2, sections, 6\), got \(3, 1, 6\)"),
        (torch.zeros(1, 6), r"sos must have a\[0\] other than 0"),
        (torch.ones(1, 6, dtype=torch.complex64), "sos must hold real"),
    ],
)
def test_sosfilt_refuses(sos, message):
    with pytest.raises((TypeError, ValueError), match=message):
        filters.sosfilt(torch.zeros(2, 5), sos)


def test_frequency_sampling_needs_as_many_points_as_samples():
    with pytest.raises(ValueError, match="n_fft must be"):
        filters.frequency_sampling(torch.zeros(1, 100), torch.ones(1), torch.tensor([1.0, -0.5]), n_fft=64)


@both_ways
@pytest.mark.parametrize("pole", [1.0, -1.0, 1.02])
def test_an_unstable_filter_warns_and_does_as_the_formula_says(way, pole):
    x, a = draw(1, 200), torch.tensor([1.0, -pole], dtype=torch.float64)
    with pytest.warns(RuntimeWarning, match="a is unstable") as caught:
        y = filters.lfilter(x, torch.ones(1), a)
    assert caught[0].filename == __file__
    np.testing.assert_allclose(y, scipy.signal.lfilter([1.0], a, x), rtol=1e-9)
    with pytest.warns(RuntimeWarning, match="sos is unstable"):
        filters.sosfilt(x, torch.tensor([[1.0, 0.0, 0.0, 1.0, -pole, 0.0]]))


def test_a_stable_filter_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for order in (1, 2, 8):
            filters.lfilter(torch.zeros(1, 5), torch.ones(1), stable(1, order)[0])


@both_ways
def test_overflow_does_not_crash(way):
    with pytest.warns(RuntimeWarning):
        y = filters.lfilter(torch.ones(1, 3000), torch.ones(1), torch.tensor([1.0, -3.0]))
    assert torch.isfinite(y[0, :64]).all() and not torch.isfinite(y[0, -1])


def test_devices():
    x, a = torch.zeros(2, 300, requires_grad=True), torch.zeros(4, requires_grad=True)
    assert_device_clean(filters.lfilter, x, torch.zeros(2, requires_grad=True), a)
    assert_device_clean(filters.lfilter, x, torch.zeros(2, 2, requires_grad=True), torch.zeros(2, 3, requires_grad=True))
    assert_device_clean(filters.frequency_sampling, x, a, a)
    assert_device_clean(filters.sosfilt, x, torch.zeros(3, 6, requires_grad=True))
    assert_device_clean(filters.sosfilt, x, torch.zeros(2, 3, 6, requires_grad=True))
