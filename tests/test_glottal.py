"""helpers.filters.glottal_source: the source of a voice."""

import pytest
import torch
from torch.autograd import gradcheck

from fakecuda import assert_device_clean
from helpers import filters
from helpers.filters.glottal import lf_shape

RDS = [0.3, 0.5, 1.0, 1.7, 2.7]


def held(value, dtype=torch.float64):
    return torch.full((1, 1), value, dtype=dtype)


@pytest.mark.parametrize("rd", RDS)
def test_a_period_sums_to_zero_and_closes_at_minus_one(rd):
    y = filters.glottal_source(held(100.0), held(rd), 1_000_000, 10_000)[0]
    te = lf_shape(held(rd))[0].item()
    assert y.mean().abs() < 1e-6
    assert y[round(te * 10_000)].item() == pytest.approx(-1, abs=2e-3)
    assert y.min() > -1.01 and y.argmin().item() == pytest.approx(te * 10_000, abs=300)
    assert y[0].abs() < 1e-9 and y[-1].abs() < 0.01
    flow = y.cumsum(0)
    assert (flow > -1).all() and flow.argmax() < y.argmin()


@pytest.mark.parametrize("rd", RDS)
def test_the_rest_of_the_model(rd):
    """Fant's definition: rd is (1 / 0.11) (0.5 + 1.2 rk) (rk / (4 rg) + ra)."""
    te, omega, _, epsilon = (each.item() for each in lf_shape(held(rd)))
    rg = omega / (2 * torch.pi)
    rk, ra = 2 * rg * te - 1, (1 - torch.exp(held(-epsilon * (1 - te))).item()) / epsilon
    assert (0.5 + 1.2 * rk) * (rk / (4 * rg) + ra) / 0.11 == pytest.approx(rd, rel=1e-9)


def test_larger_rd_is_darker():
    def brightness(rd):
        spectrum = torch.fft.rfft(filters.glottal_source(held(100.0), held(rd), 16_000, 16_000)).abs()[0]
        return (spectrum[1000:] ** 2).sum() / (spectrum**2).sum()

    levels = [brightness(rd) for rd in RDS]
    assert levels == sorted(levels, reverse=True) and levels[0] > 3 * levels[-1]


def test_gradients():
    f0_hz = torch.tensor([[100.0, 110.0], [200.0, 190.0]], dtype=torch.float64, requires_grad=True)
    rd = torch.tensor([[1.0, 1.5, 0.5], [0.4, 2.0, 2.6]], dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda f0, rd: filters.glottal_source(f0, rd, 8000, 301), (f0_hz, rd))
    assert gradcheck(lf_shape, rd)


@pytest.mark.parametrize("rd", [0.0, 0.3, 2.7, 9.0])
def test_finite_in_single_precision_and_clamped(rd):
    f0_hz, shape = held(80.0, torch.float32).requires_grad_(), held(rd, torch.float32).requires_grad_()
    y = filters.glottal_source(f0_hz, shape, 16_000, 4001)
    assert y.dtype == torch.float32 and torch.isfinite(y).all() and y.abs().max() < 1.01
    y.square().sum().backward()
    assert torch.isfinite(f0_hz.grad).all() and torch.isfinite(shape.grad).all()
    inside = held(min(max(rd, 0.3), 2.7), torch.float32)
    torch.testing.assert_close(y, filters.glottal_source(f0_hz, inside, 16_000, 4001))


def test_refusals():
    with pytest.raises(ValueError, match=r"rd must be \(batch, frames\), got \(3,\)"):
        filters.glottal_source(held(100.0), torch.ones(3), 16_000, 100)
    with pytest.raises(ValueError, match=r"f0_hz must be \(batch, frames\), got \(3,\)"):
        filters.glottal_source(torch.ones(3), held(1.0), 16_000, 100)


def test_devices():
    f0_hz, rd = torch.ones(2, 4, requires_grad=True), torch.ones(2, 3, requires_grad=True)
    assert_device_clean(lambda f0, rd: filters.glottal_source(f0, rd, 16_000, 160), f0_hz, rd)
