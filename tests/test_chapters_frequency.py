"""The code of synths/finding-frequency against the package, and against what it claims."""

import math

import pytest
import torch

from helpers import frequency
from tests.chapters import definition

CHAPTER = "synths/finding-frequency"


def sounds(batch=3, n=200, seed=0):
    return torch.randn(2, batch, n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def value_and_gradients(function, *inputs):
    inputs = [x.clone().requires_grad_() for x in inputs]
    values = function(*inputs)
    values = values if isinstance(values, tuple) else (values,)
    total = sum((v * torch.linspace(0.5, 1.5, v.numel(), dtype=v.dtype).reshape(v.shape)).sum() for v in values)
    return (*values, *torch.autograd.grad(total, inputs))


@pytest.mark.parametrize("sharpness", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("n", [64, 201])
def test_transport_is_that_of_the_package(n, sharpness):
    prediction, target = sounds(n=n)
    chapter = definition(CHAPTER, "transport_loss")
    found = value_and_gradients(lambda x: chapter(x, target, sharpness), prediction)
    expected = value_and_gradients(lambda x: frequency.transport_loss(x, target, sharpness), prediction)
    assert expected[1].abs().max() > 0
    for one, other in zip(found, expected):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-12)


def test_projection_is_that_of_the_package():
    x = sounds()[0]
    hz = torch.tensor([[440.0, 1000.0], [300.0, 7000.0], [2000.0, 2500.0]], dtype=torch.float64)
    chapter = definition(CHAPTER, "project")
    found = value_and_gradients(lambda x, f: chapter(x, f, 16000), x, hz)
    expected = value_and_gradients(lambda x, f: frequency.project(x, f, 16000), x, hz)
    for one, other in zip(found, expected):  # the package adds a ridge of 1e-7
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5 * other.detach().abs().max().item())


def test_steps_have_their_length_and_go_downhill():
    descend = definition(CHAPTER, "descend")
    for start in (torch.tensor([5.0, -3.0]), torch.tensor([5.0 + 1j, -3.0 - 2j])):
        path = descend(lambda x, progress: x.abs().square(), start, 40, first=0.5, last=0.005)
        lengths = path.diff(dim=0).abs()
        expected = 0.5 * 0.01 ** (torch.arange(40) / 40)
        torch.testing.assert_close(lengths, expected[:, None].expand(40, 2), rtol=1e-4, atol=1e-4)
        assert path.shape == (41, 2) and (path[-1].abs() < 1).all() and not path.requires_grad


def test_descent_keeps_to_the_disc():
    known = {"n": torch.arange(64)}
    descend, in_disc = definition(CHAPTER, "descend"), definition(CHAPTER, "in_disc")
    path = descend(lambda z, _: -z.abs(), torch.tensor([0.9 + 0j]), 10, 0.1, 0.1, in_disc)
    assert path.abs().max() <= 1 + 1e-6
    ring = definition(CHAPTER, "ring", **known)
    z = torch.tensor([0.9 + 0.2j, 1j], dtype=torch.complex128)
    torch.testing.assert_close(ring(z), (z[:, None] ** torch.arange(64)).real)


@pytest.mark.parametrize("width", [2.0, 20.0, 100.0])
def test_explained_energy_is_that_of_least_squares(width):
    n = 256
    middle_n = torch.arange(n, dtype=torch.float64) - (n - 1) / 2
    explained = definition(CHAPTER, "explained", middle_n=middle_n)
    x, omega = sounds(2, n)[0], torch.tensor([[0.4, 1.9], [1.0, 2.2]], dtype=torch.float64)
    window = torch.exp(-0.5 * (middle_n / width) ** 2)
    for row in range(2):
        angle = omega[row][:, None] * middle_n
        basis = (torch.cat([angle.cos(), angle.sin()]) * window).T
        fitted = basis @ torch.linalg.lstsq(basis, (x[row] * window)[:, None]).solution
        found = explained(x, omega, width)[row]
        torch.testing.assert_close(found, fitted.square().sum(), rtol=0.02, atol=1e-6)


def test_bound_is_reached_by_the_likelihood():
    """The maximum of an unwindowed, long-padded spectrum is the maximum likelihood, which reaches the bound."""
    known = {"sample_rate": 16000, "n_samples": 2048}
    bound = definition(CHAPTER, "bound_hz", **known)(10)
    n, dice = torch.arange(2048, dtype=torch.float64), torch.Generator().manual_seed(1)
    clean = torch.cos(2 * math.pi * 1234.5 * n / 16000 + 0.7)
    x = clean + math.sqrt(0.05) * torch.randn(300, 2048, dtype=torch.float64, generator=dice)
    near = 2 * math.pi * (1234.5 + torch.linspace(-0.3, 0.3, 601, dtype=torch.float64)) / 16000
    level = (x.to(torch.complex128) @ torch.exp(-1j * near * n[:, None])).abs()
    error = torch.linspace(-0.3, 0.3, 601)[level.argmax(dim=1)]
    assert 0.9 < error.square().mean().sqrt() / bound < 1.12


def test_fft_peak_is_found_between_bins():
    fft_peak = definition(CHAPTER, "fft_peak")
    omega = torch.tensor([0.2013, 1.2, 2.9])
    x = torch.cos(omega[:, None] * torch.arange(2048) + 1.0)
    torch.testing.assert_close(fft_peak(x), omega, rtol=0, atol=2e-5)


def test_damped_modes_are_split_exactly():
    known = {"span": 4000}
    split, refine = definition(CHAPTER, "split", **known), definition(CHAPTER, "refine", **known)
    m = torch.arange(4000, dtype=torch.float64)
    omega, decay = torch.tensor([0.5, 1.3], dtype=torch.float64), torch.tensor([1e-3, 3e-4], dtype=torch.float64)
    x = sum(a * torch.exp(-d * m) * torch.cos(w * m + p) for a, d, w, p in zip((1.0, 0.3), decay, omega, (0.2, -1.0)))
    weights, rest = split(x, omega, decay)
    torch.testing.assert_close(torch.hypot(*weights.chunk(2)), torch.tensor([1.0, 0.3], dtype=torch.float64), rtol=1e-3, atol=0)
    assert rest.square().sum() < 1e-8 * x.square().sum()
    found = refine(x, omega + 2e-4, decay * 2, 200)
    torch.testing.assert_close(found[0], omega, rtol=0, atol=2e-5)
    torch.testing.assert_close(found[1], decay, rtol=0.05, atol=0)
