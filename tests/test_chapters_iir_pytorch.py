"""What the chapter on IIR filters in PyTorch defines, against its reference, scipy and finite differences."""

import numpy as np
import pytest
import scipy.signal
import torch
from torch.autograd import gradcheck, gradgradcheck

from chapters import definition
from helpers import filters
from helpers.filters import block

CHAPTER = "filters/iir-pytorch"


def numbers(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def design(order):
    """b and a of a stable filter whose a[0] is not one."""
    b, a = scipy.signal.cheby1(order, 1, 0.2)
    return torch.from_numpy(2 * b), torch.from_numpy(2 * a)


def form(name):
    if name == "blocks":
        direct_form, filter_blocks = (definition(CHAPTER, each) for each in ("direct_form", "filter_blocks"))
        return lambda x, b, a: filter_blocks(x, *direct_form(b, a), block=16)
    function = definition(CHAPTER, name)
    return (lambda x, b, a: function(x, b, a, 8192)) if name == "frequency_sampling" else function


FORMS = ["lfilter_loop", "frequency_sampling", "lfilter", "blocks"]


@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize("name", FORMS)
def test_values_of_scipy_and_gradients_of_the_package(name, order):
    x, (b, a) = numbers(3, 77), design(order)
    expected = torch.from_numpy(scipy.signal.lfilter(b.numpy(), a.numpy(), x.numpy()))
    inputs = [each.clone().requires_grad_() for each in (x, b, a)]
    y, reference = form(name)(*inputs), filters.lfilter(*inputs)
    torch.testing.assert_close(y, expected, rtol=1e-8, atol=1e-9)
    for one, other in zip(*(torch.autograd.grad((each * expected).sum(), inputs) for each in (y, reference))):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", FORMS)
def test_gradients_to_second_order(name):
    inputs = [each.clone().requires_grad_() for each in (numbers(2, 12), *design(2))]
    assert gradcheck(form(name), inputs) and gradgradcheck(form(name), inputs)


def test_a_third_derivative_too():
    x, a = numbers(1, 8), torch.tensor([-0.5, 0.2], dtype=torch.float64)
    all_pole = definition(CHAPTER, "AllPole")

    def slope(a):
        return torch.autograd.grad(all_pole.apply(x, a).pow(3).sum(), a, create_graph=True)[0]

    assert gradgradcheck(slope, a.requires_grad_())


def test_frequency_sampling_is_that_of_the_package_aliasing_included():
    b, a = torch.tensor([1.0]).double(), torch.tensor([1.0, -0.995]).double()
    x = numbers(2, 100)
    chapter = definition(CHAPTER, "frequency_sampling")
    torch.testing.assert_close(chapter(x, b, a, 256), filters.frequency_sampling(x, b, a, 256))
    assert (chapter(x, b, a, 256) - filters.lfilter(x, b, a)).abs().max() > 0.1


@pytest.mark.parametrize("size", [8, 128])
@pytest.mark.parametrize("n", [1, 128, 1000])
def test_blocks_are_those_of_the_package(n, size):
    b, a = design(4)
    chapter = definition(CHAPTER, "direct_form")(b, a)
    reference = block.direct_form((b / a[0])[None], (a / a[0])[None])
    for one, other in zip(chapter, reference):
        torch.testing.assert_close(one, other[0])
    x = numbers(2, n)
    torch.testing.assert_close(definition(CHAPTER, "filter_blocks")(x, *chapter, block=size), block.filter_blocks(x, *reference))


def test_response_is_that_of_scipy():
    hz = torch.linspace(60, 7000, 40, dtype=torch.float64)
    z = torch.exp(-2j * torch.pi / 16000 * torch.outer(hz, torch.arange(3).double()))
    sos = filters.peak(torch.tensor([300.0, 2000.0]).double(), torch.tensor([6.0, -9.0]).double(), 2.0, 16000)
    found = definition(CHAPTER, "response_db", z=z)(sos)
    _, expected = scipy.signal.freqz_sos(sos.numpy(), worN=hz.numpy(), fs=16000)
    np.testing.assert_allclose(found, 20 * np.log10(abs(expected)), atol=1e-9)


def test_knobs_and_starts_are_legal_and_apart():
    knobs, start = (definition(CHAPTER, name) for name in ("knobs", "start"))
    hz, gain_db, q = knobs(start(50))
    assert hz.shape == gain_db.shape == q.shape == (50, 4)
    assert (hz > 40).all() and (hz < 7600).all() and (q > 0).all()
    hz, _, q = knobs(100 * numbers(1000, 4, 3))
    assert (hz >= 40).all() and (hz <= 7600).all()
    assert (knobs(start(50))[0].diff(dim=-1).abs().min() > 0).all()


def test_hidden_settings_stay_in_their_bands():
    edges_hz = torch.tensor([80.0, 350.0, 1200.0, 3000.0, 6000.0])
    for seed in range(200):
        hz, gain_db, q = definition(CHAPTER, "hidden_settings", edges_hz=edges_hz)(seed)
        assert ((hz > edges_hz[:-1]) & (hz < edges_hz[1:])).all()
        assert ((gain_db.abs() >= 4) & (gain_db.abs() <= 12)).all() and ((q >= 0.7) & (q <= 3.5)).all()


def test_radius_is_the_largest_pole():
    a = filters.reflections(numbers(5, 8))
    expected = [abs(np.roots(row)).max() for row in a.numpy()]
    np.testing.assert_allclose(definition(CHAPTER, "radius")(a), expected, rtol=1e-8)


def test_newton_solves_a_desk_that_is_nearly_read():
    sample_rate, hz = 16000, torch.logspace(1.8, 3.85, 100, dtype=torch.float64)
    z = torch.exp(-2j * torch.pi / sample_rate * torch.outer(hz, torch.arange(3).double()))
    known = {"z": z, "sample_rate": sample_rate}
    newton = definition(CHAPTER, "newton", **known)
    truth = definition(CHAPTER, "start")(1)[0].detach() + torch.tensor([0.0, 1.0, 0.3])
    knobs, response_db = definition(CHAPTER, "knobs"), definition(CHAPTER, "response_db", z=z)
    target_db = response_db(filters.peak(*knobs(truth), sample_rate))
    raw = truth + 0.02 * numbers(4, 3)
    for _ in range(4):
        raw = newton(raw, target_db)
    torch.testing.assert_close(raw, truth, rtol=0, atol=1e-8)


def test_sosfilt_is_that_of_the_package():
    sos = torch.from_numpy(scipy.signal.butter(5, 0.2, output="sos"))
    x = numbers(2, 100)
    torch.testing.assert_close(definition(CHAPTER, "sosfilt")(x, sos), filters.sosfilt(x, sos))
