"""What the chapter on source and filter defines, against its reference or against what is known otherwise."""

import math

import pytest
import torch
import torch.nn.functional as F

from chapters import definition
from helpers import filters, signals

CHAPTER = "filters/source-filter"
WINDOW = torch.hann_window(512)


def numbers(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def assert_same(chapter, reference, *inputs):
    """The same values, and the same gradients of a weighted sum to all inputs."""
    inputs = [each.clone().requires_grad_() for each in inputs]
    found, expected = chapter(*inputs), reference(*inputs)
    torch.testing.assert_close(found, expected)
    weights = numbers(*expected.shape, seed=99)
    for one, other in zip(*(torch.autograd.grad((y * weights).sum(), inputs) for y in (found, expected))):
        assert other.abs().max() > 0
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("order", [1, 2, 7, 18])
def test_lpc_is_that_of_the_package(order):
    assert_same(lambda x: definition(CHAPTER, "lpc")(x, order), lambda x: filters.lpc(x, order), numbers(2, 3, 100))


def test_lpc_leaves_the_least_error():
    x = F.pad(numbers(1, 200).cumsum(1) * torch.hann_window(200), (0, 6))
    a = definition(CHAPTER, "lpc")(x, 6)[0]

    def energy(a):
        return filters.fir(x, F.pad(a, (1, 0), value=1.0)).square().sum()

    assert all(energy(a + 0.01 * numbers(6, seed=seed)) > energy(a) for seed in range(20))


@pytest.mark.parametrize("order", [1, 2, 9])
@pytest.mark.parametrize("name", ["reflection_to_lpc", "lpc_to_reflection"])
def test_step_up_and_down_are_those_of_the_package(name, order):
    k = 0.8 * torch.tanh(numbers(3, 4, order))
    given = k if name == "reflection_to_lpc" else filters.reflection_to_lpc(k)
    assert_same(definition(CHAPTER, name), getattr(filters, name), given)


def test_allpole_is_that_of_the_package():
    a = filters.reflection_to_lpc(0.5 * torch.tanh(numbers(2, 60, 4)))
    assert_same(definition(CHAPTER, "allpole"), filters.allpole, numbers(2, 60), a)


def test_residual_is_the_inverse_of_allpole():
    order = 5
    residual = definition(CHAPTER, "residual", order=order)
    x, a = numbers(2, 80), filters.reflection_to_lpc(0.5 * torch.tanh(numbers(2, 80, order)))
    torch.testing.assert_close(filters.allpole(residual(x, a), a), x)
    held = a[:, :1].expand(-1, 80, -1)
    torch.testing.assert_close(residual(x, held), filters.fir(x, F.pad(a[:, 0], (1, 0), value=1.0)))


def test_frames_are_fence_posts():
    x = torch.zeros(1, 1600)
    x[0, 320] = 1.0
    pieces = definition(CHAPTER, "frames", hop=160, window=WINDOW)(x)
    assert pieces.shape == (1, 11, 512)
    assert pieces.square().sum(-1).argmax() == 2 and pieces[0, 2].argmax() == 256


def test_level_of_noise_and_of_an_offset_sound():
    level = definition(CHAPTER, "level", hop=80, window=WINDOW)
    noise = 0.3 * numbers(1, 16000).float()
    assert level(noise)[0, 1000:-1000].mean().item() == pytest.approx(0.3, rel=0.03)
    constant = level(torch.full((1, 1600), 0.2))
    torch.testing.assert_close(constant[0, 400:1200], torch.full((800,), 0.2), rtol=1e-4, atol=0)


def test_tract_of_a_held_filter():
    a = filters.reflection_to_lpc(torch.tensor([[-0.6, 0.5, 0.3]], dtype=torch.float64))
    x = filters.allpole(numbers(1, 40000), a[:, None])
    tract = definition(CHAPTER, "tract", hop=80, window=WINDOW.double(), order=3)(x, 40000)
    assert tract.shape == (1, 40000, 3)
    torch.testing.assert_close(tract[0].mean(0), a[0], rtol=0, atol=0.03)
    assert (filters.lpc_to_reflection(tract).abs() < 1).all()


@pytest.mark.parametrize("hz", [101.0, 173.0])
def test_impulses_have_the_pitch_and_power_one(hz):
    impulses = definition(CHAPTER, "impulses", sample_rate=16000)
    y = impulses(torch.full((1, 5), hz), 16000)
    assert abs(int((y > 0).sum()) - hz) <= 1
    assert y.square().mean().item() == pytest.approx(1, rel=0.02)
    gaps = y[0].nonzero()[:, 0].diff()
    assert gaps.min() >= math.floor(16000 / hz) and gaps.max() <= math.ceil(16000 / hz)


def test_flat_pulses_are_flat_and_of_power_one():
    flat_pulses = definition(CHAPTER, "flat_pulses", sample_rate=16000)
    y = flat_pulses(torch.full((1, 2), 100.0), 16000)
    harmonics = torch.fft.rfft(y[0]).abs()[100:7000:100]
    assert signals.rms(y).item() == pytest.approx(1, rel=1e-4)
    assert signals.to_db(harmonics.max() / harmonics.min()) < 25
    tilted = torch.fft.rfft(filters.glottal_source(torch.full((1, 2), 100.0), torch.ones(1, 1), 16000, 16000)[0]).abs()[100:7000:100]
    assert signals.to_db(tilted.max() / tilted.min()) > 45


def test_formants_of_known_poles():
    formants_hz = definition(CHAPTER, "formants_hz", sample_rate=16000)
    a = torch.ones(1, dtype=torch.float64)
    for hz, bandwidth_hz in ((700.0, 80.0), (1200.0, 90.0), (3000.0, 500.0)):
        radius, angle = math.exp(-math.pi * bandwidth_hz / 16000), 2 * math.pi * hz / 16000
        pair = torch.tensor([1.0, -2 * radius * math.cos(angle), radius**2], dtype=torch.float64)
        a = torch.nn.functional.conv1d(F.pad(a, (2, 2))[None, None], pair.flip(0)[None, None])[0, 0]
    assert formants_hz(a[1:]) == pytest.approx([700, 1200])
    assert formants_hz(a[1:], widest_hz=600) == pytest.approx([700, 1200, 3000])


def test_a_vowel_starts_stable_and_every_setting_has_a_gradient():
    noise = numbers(1, 800).float()
    vowel = definition(CHAPTER, "Vowel", sample_rate=16000, order=18, noise=noise)(torch.full((1, 11), 100.0), 800, voices=3)
    rd, k, levels = vowel.settings()
    assert rd.shape == (3, 1) and k.shape == (3, 18) and levels.shape == (3, 2)
    assert ((rd > 0.3) & (rd < 2.7)).all() and (k.abs() < 0.99).all() and (levels > 0).all()
    y = vowel()
    assert y.shape == (3, 800)
    y.square().sum().backward()
    assert all(p.grad.abs().min() > 0 and torch.isfinite(p.grad).all() for p in vowel.parameters())


def test_speak_is_the_sum_of_folds_and_breath_through_the_tract():
    noise = numbers(1, 500).float()
    speak = definition(CHAPTER, "speak", sample_rate=16000, noise=noise)
    f0_hz, rd, k = torch.full((1, 2), 120.0), torch.ones(1, 1), 0.3 * torch.ones(1, 4)
    both = speak(f0_hz, rd, k, torch.tensor([[0.2, 0.1]]), 500)
    a = filters.reflection_to_lpc(k)[:, None]
    folds = filters.allpole(0.2 * filters.glottal_source(f0_hz, rd, 16000, 500), a)
    torch.testing.assert_close(both, folds + filters.allpole(0.1 * noise, a), rtol=1e-4, atol=1e-6)
