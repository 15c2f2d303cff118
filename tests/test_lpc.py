"""helpers.filters: linear prediction, reflection coefficients, and forms that cannot be unstable."""

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
import torch
from torch.autograd import gradcheck

from fakecuda import assert_device_clean
from helpers import filters


def largest_radius(a):
    """Largest pole radius of each denominator, (sets, order + 1) with the leading one."""
    a = a.detach().double()
    companion = torch.zeros(len(a), a.shape[1] - 1, a.shape[1] - 1, dtype=torch.float64)
    companion[:, 0] = -a[:, 1:]
    companion[:, 1:, :-1] = torch.eye(a.shape[1] - 2)
    return torch.linalg.eigvals(companion).abs().amax(-1)


def with_one(a):
    return torch.cat([torch.ones_like(a[..., :1]), a], dim=-1)


@pytest.mark.parametrize("order", [1, 2, 6, 22])
def test_reflection_coefficients_give_stable_filters_and_come_back(order):
    k = 0.97 * (2 * torch.rand(2000, order, dtype=torch.float64) - 1)
    a = filters.reflection_to_lpc(k)
    assert (largest_radius(with_one(a)) < 1).all()
    if order == 22:  # some of 22 coefficients near one: the inverse loses digits by their product
        k = 0.7 * k
        a = filters.reflection_to_lpc(k)
    torch.testing.assert_close(filters.lpc_to_reflection(a), k, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(filters.reflection_to_lpc(filters.lpc_to_reflection(a)), a, rtol=1e-6, atol=1e-6)


def test_the_step_up_by_hand():
    k1, k2, k3 = 0.5, -0.3, 0.2
    second = [k1 + k2 * k1, k2]
    third = [second[0] + k3 * second[1], second[1] + k3 * second[0], k3]
    torch.testing.assert_close(filters.reflection_to_lpc(torch.tensor([k1, k2, k3])), torch.tensor(third))


def test_an_unstable_filter_shows_in_its_reflection_coefficients():
    a = torch.tensor([[-1.0, 0.25], [-2.1, 1.1025]], dtype=torch.float64)  # double poles at 0.5 and at 1.05
    assert (filters.lpc_to_reflection(a).abs() < 1).all(-1).tolist() == [True, False]


@pytest.mark.parametrize("order", [1, 2, 10])
def test_lpc_solves_the_normal_equations(order):
    x = torch.randn(3, 400, dtype=torch.float64).cumsum(-1) * torch.hann_window(400, dtype=torch.float64)
    for row, a in zip(x.numpy(), filters.lpc(x, order)):
        r = np.array([(row[k:] * row[: len(row) - k]).sum() for k in range(order + 1)])
        np.testing.assert_allclose(a, scipy.linalg.solve_toeplitz(r[:-1], -r[1:]), atol=1e-5)


def test_lpc_finds_the_filter_that_made_the_sound():
    a = filters.reflection_to_lpc(torch.tensor([0.3, -0.8, 0.5, 0.2], dtype=torch.float64))
    noise = torch.randn(1, 100_000, dtype=torch.float64)
    x = filters.allpole(noise, a[None, None])
    estimate = filters.lpc(x, 4)
    torch.testing.assert_close(estimate[0], a, rtol=0, atol=0.02)
    residual = filters.fir(x, with_one(estimate))
    assert residual.std().item() == pytest.approx(noise.std().item(), rel=0.01)
    torch.testing.assert_close(filters.allpole(residual, estimate[:, None]), x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sound", ["silence", "constant", "sine", "impulse", "short"])
def test_lpc_of_awkward_sounds(sound, dtype):
    n = torch.arange(512, dtype=dtype)
    x = {
        "silence": torch.zeros_like(n), "constant": torch.ones_like(n), "sine": torch.sin(0.1 * n),
        "impulse": (n == 5).to(dtype), "short": torch.ones(2, dtype=dtype),
    }[sound][None].requires_grad_()
    a = filters.lpc(x, 20)
    assert a.shape == (1, 20) and a.dtype == dtype
    (gradient,) = torch.autograd.grad(a.sum(), x)
    assert torch.isfinite(a).all() and torch.isfinite(gradient).all()
    assert (filters.lpc_to_reflection(a.double()).abs() < 1).all()
    if sound == "silence":
        assert (a == 0).all()


def test_lpc_of_frames_keeps_the_axes_in_front():
    x = torch.randn(2, 7, 100)
    assert filters.lpc(x, 4).shape == (2, 7, 4)
    torch.testing.assert_close(filters.lpc(x, 4)[1, 3], filters.lpc(x[1, 3], 4))


def test_gradients():
    k = (0.9 * torch.rand(2, 5, dtype=torch.float64) - 0.45).requires_grad_()
    assert gradcheck(filters.reflection_to_lpc, k)
    assert gradcheck(filters.lpc_to_reflection, filters.reflection_to_lpc(k.detach()).requires_grad_())
    assert gradcheck(lambda x: filters.lpc(x, 3), torch.randn(2, 12, dtype=torch.float64, requires_grad=True))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: filters.lpc(torch.zeros(1, 0), 3), "x must not be empty"),
        (lambda: filters.lpc(torch.zeros(1, 9), 0), "order must be at least 1"),
        (lambda: filters.lpc(torch.zeros(1, 9), 2.5), "order must be a whole number"),
        (lambda: filters.lpc(torch.zeros(1, 9, dtype=torch.complex64), 2), "x must hold real"),
        (lambda: filters.reflection_to_lpc(torch.zeros(2, 0)), "k must not be empty"),
        (lambda: filters.lpc_to_reflection(torch.zeros(2, 3, dtype=torch.int64)), "a must hold real"),
    ],
)
def test_refusals(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


FORMS = {
    "pole_pair": lambda raw: filters.pole_pair(raw[:, 0], raw[:, 1]),
    "triangle": lambda raw: filters.triangle(raw[:, 0], raw[:, 1]),
    "reflections": filters.reflections,
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("spread", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("form", FORMS)
def test_no_draw_is_unstable(form, spread, dtype):
    a = FORMS[form](spread * torch.randn(10_000, 2, dtype=dtype))
    assert (a[:, 0] == 1).all()
    assert (largest_radius(a) < 1).all()


@pytest.mark.parametrize(("order", "spread"), [(8, 1.0), (22, 0.5)])
def test_no_draw_of_a_high_order_is_unstable(order, spread):
    assert (largest_radius(filters.reflections(spread * torch.randn(10_000, order, dtype=torch.float64))) < 1).all()


def test_the_triangle_reaches_all_of_itself():
    a = filters.triangle(3 * torch.randn(20_000, dtype=torch.float64), 3 * torch.randn(20_000, dtype=torch.float64))
    for corner in ([1.99, 0.99], [-1.99, 0.99], [0.0, -0.99], [0.0, 0.99]):
        assert (a[:, 1:] - torch.tensor(corner, dtype=torch.float64)).norm(dim=-1).min() < 0.05


def test_forms_have_gradients():
    raw = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    for form in FORMS.values():
        assert gradcheck(form, raw)


def test_optimisation_from_a_hundred_starts_never_leaves_the_circle():
    """A random filter of order 8, matched in its impulse response, all starts as one batch."""
    starts, target = 100, filters.reflections(0.5 * torch.randn(8))
    impulse = torch.eye(1, 256)
    wanted = filters.lfilter(impulse, torch.ones(1), target)
    raw = torch.randn(starts, 8).requires_grad_()
    optimiser = torch.optim.Adam([raw], lr=0.2)
    first = None
    for _ in range(100):
        a = filters.reflections(raw)
        assert (filters.lpc_to_reflection(a[:, 1:].detach().double()).abs() < 1).all()
        losses = (filters.lfilter(impulse.expand(starts, -1), torch.ones(1), a) - wanted).square().sum(-1)
        assert torch.isfinite(losses).all()
        first = losses.detach() if first is None else first
        optimiser.zero_grad()
        losses.sum().backward()
        assert torch.isfinite(raw.grad).all()
        optimiser.step()
    assert (largest_radius(filters.reflections(raw)) < 1).all()
    assert losses.median() < 0.1 * first.median(), (losses.median(), first.median())


def test_devices():
    assert_device_clean(lambda x: filters.lpc(x, 6), torch.zeros(2, 300, requires_grad=True))
    assert_device_clean(filters.reflection_to_lpc, torch.zeros(2, 6, requires_grad=True))
    assert_device_clean(filters.lpc_to_reflection, torch.zeros(2, 6, requires_grad=True))
    for form in FORMS.values():
        assert_device_clean(form, torch.zeros(3, 2, requires_grad=True))
