"""helpers.filters.allpole: the time-varying all-pole filter."""

import numpy as np
import pytest
import scipy.signal
import torch
from torch.autograd import gradcheck, gradgradcheck

from banks import both_ways
from fakecuda import assert_device_clean
from helpers import filters
from helpers.signals import upsample

SIZES = [(2, 37, 5, 3), (2, 100, 100, 4), (1, 64, 1, 2), (2, 101, 7, 22), (2, 5, 2, 22), (2, 1, 1, 2), (2, 30, 40, 2), (1, 1300, 9, 6)]


def draw(batch, n, frames, order, dtype=torch.float64):
    a = filters.reflection_to_lpc(0.6 * torch.rand(batch, frames, order, dtype=dtype) - 0.3)
    return torch.randn(batch, n, dtype=dtype), a


def recursion(x, a):
    """The definition, one sample after another, differentiable."""
    n = x.shape[1]
    a = a if a.shape[1] == n else upsample(a.mT, n).mT
    y = [x.new_zeros(len(x))] * a.shape[2]
    for i in range(n):
        y.append(x[:, i] - sum(a[:, i, k] * y[-1 - k] for k in range(a.shape[2])))
    return torch.stack(y[a.shape[2] :], dim=1)


@both_ways
@pytest.mark.parametrize("size", SIZES)
def test_allpole_is_its_recursion(way, size):
    inputs = [tensor.requires_grad_() for tensor in draw(*size)]
    g = torch.randn(size[0], size[1], dtype=torch.float64)
    y, expected = filters.allpole(*inputs), recursion(*inputs)
    torch.testing.assert_close(y, expected)
    for actual, wanted in zip(torch.autograd.grad(y, inputs, g), torch.autograd.grad(expected, inputs, g)):
        torch.testing.assert_close(actual, wanted)


@both_ways
@pytest.mark.parametrize("order", [1, 2, 22])
def test_held_coefficients_are_a_fixed_filter(way, order):
    x, a = draw(2, 2000, 1, order)
    expected = np.stack([scipy.signal.lfilter([1.0], [1.0, *row[0]], each) for row, each in zip(a, x)])
    for frames in (1, 11, 2000):
        np.testing.assert_allclose(filters.allpole(x, a.expand(-1, frames, -1)), expected, rtol=1e-9, atol=1e-9)


@both_ways
@pytest.mark.parametrize("size", [(2, 9, 4, 3), (2, 7, 7, 2), (1, 8, 1, 3), (1, 4, 3, 6)])
def test_allpole_gradients_to_second_order(way, size):
    inputs = [tensor.requires_grad_() for tensor in draw(*size)]
    assert gradcheck(filters.allpole, inputs)
    assert gradgradcheck(filters.allpole, inputs)


@both_ways
def test_allpole_in_single_precision(way):
    """Order 22 at 16 kHz, poles up to radius 0.99, coefficients at 100 Hz."""
    radius, angle = 0.8 + 0.19 * torch.rand(2, 31, 11, 1, dtype=torch.float64), torch.linspace(0.1, 3, 11, dtype=torch.float64)
    a = torch.ones(2, 31, 1, dtype=torch.float64)
    for r, w in zip(radius.unbind(2), angle):
        pair = torch.cat([torch.ones_like(r), -2 * r * torch.cos(w), r**2], dim=-1)
        a = torch.stack([sum(a[..., j] * pair[..., i - j] for j in range(max(0, i - 2), min(i, a.shape[-1] - 1) + 1)) for i in range(a.shape[-1] + 2)], dim=-1)
    x, a = torch.randn(2, 4800), a[..., 1:].float()
    inputs = x.requires_grad_(), a.requires_grad_()
    precise = x.detach().double().requires_grad_(), a.detach().double().requires_grad_()
    y, expected = filters.allpole(*inputs), filters.allpole(*precise)
    assert y.dtype == torch.float32
    limit = 1e-6 if way == "numba" else 1e-3  # the kernel sums in float64, a GPU solves in float32
    assert (y - expected).norm() < limit * expected.norm()
    gradients = torch.autograd.grad(y.square().sum(), inputs), torch.autograd.grad(expected.square().sum(), precise)
    for actual, wanted in zip(*gradients):
        assert (actual - wanted).norm() < 10 * limit * wanted.norm()


@both_ways
def test_examples_do_not_touch_each_other(way):
    x, a = draw(3, 200, 5, 4)
    alone = torch.cat([filters.allpole(x[i : i + 1], a[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(filters.allpole(x, a), alone)


@pytest.mark.parametrize(
    ("x", "a", "message"),
    [
        (torch.zeros(5), torch.zeros(1, 1, 2), r"x must be \(batch, n\), got \(5,\)"),
        (torch.zeros(2, 0), torch.zeros(2, 1, 2), "x must not be empty"),
        (torch.zeros(2, 5), torch.zeros(2, 2), r"a must be \(2, frames, order\), got \(2, 2\)"),
        (torch.zeros(2, 5), torch.zeros(1, 1, 2), r"a must be \(2, frames, order\), got \(1, 1, 2\)"),
        (torch.zeros(2, 5), torch.zeros(2, 1, 0), "a must not be empty"),
        (torch.zeros(2, 5), torch.zeros(2, 1, 2, dtype=torch.complex64), "a must hold real"),
    ],
)
def test_allpole_refuses(x, a, message):
    with pytest.raises((TypeError, ValueError), match=message):
        filters.allpole(x, a)


def test_devices():
    x = torch.zeros(2, 1200, requires_grad=True)
    for frames in (1, 7, 1200):
        assert_device_clean(filters.allpole, x, torch.zeros(2, frames, 22, requires_grad=True))
