"""What the chapters on harmonic fits define, against its reference or against what is known otherwise."""

import ast
import math

import jupytext
import pytest
import torch

from chapters import ROOT, definition
from helpers import losses, matching, models, oscillators, recordings, signals

FIT = "synths/harmonic-optimise"
RESULTS = "synths/harmonic-results"
SAMPLE_RATE = 16_000


def values_and_gradients(function, *inputs):
    """The result, and the gradients of a weighted sum of it to every input."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    result = function(*inputs)
    weights = torch.linspace(0.5, 1.5, result.numel(), dtype=result.dtype).reshape(result.shape)
    return result, *torch.autograd.grad((result * weights).sum(), inputs)


def assert_same(one, other, *inputs, **tolerances):
    for found, expected in zip(values_and_gradients(one, *inputs), values_and_gradients(other, *inputs), strict=True):
        torch.testing.assert_close(found, expected, **tolerances)


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_exp_sigmoid_is_that_of_the_package():
    assert_same(definition(FIT, "exp_sigmoid"), oscillators.exp_sigmoid, 20 * random(3, 50))


def test_inverse_exp_sigmoid_is_the_inverse():
    exp_sigmoid, inverse = definition(FIT, "exp_sigmoid"), definition(FIT, "inverse_exp_sigmoid")
    amplitudes = torch.logspace(-4, 0.2, 40, dtype=torch.float64)
    torch.testing.assert_close(exp_sigmoid(inverse(amplitudes)), amplitudes + 1e-7, rtol=1e-8, atol=0)
    edges = inverse(torch.tensor([0.0, 2.0, 100.0]))
    assert edges.isfinite().all() and edges[0] < edges[1] == edges[2]


@pytest.mark.parametrize("f0_hz", [[220.0, 400.0, 1999.0], [9000.0, 220.0, 8000.0]])
def test_harmonic_distribution_is_that_of_the_package(f0_hz):
    f0_hz = torch.tensor([f0_hz, [100.0, 3000.0, 50.0]], dtype=torch.float64)
    mine = definition(FIT, "harmonic_distribution")
    assert_same(lambda x: mine(x, f0_hz, SAMPLE_RATE),
                lambda x: oscillators.harmonic_distribution(x, f0_hz, SAMPLE_RATE), 3 * random(2, 9, 3))


@pytest.mark.parametrize("frames", [1, 11])
def test_harmonic_is_that_of_the_package(frames):
    f0_hz = 400 * (1 + 0.1 * random(2, frames).tanh())
    assert_same(lambda f, a: definition(FIT, "harmonic")(f, a, SAMPLE_RATE, 1600),
                lambda f, a: oscillators.harmonic(f, a, SAMPLE_RATE, 1600), f0_hz, random(2, 30, frames).abs(), rtol=1e-7, atol=1e-8)


def test_partials_are_read_as_in_the_package():
    x = recordings.load("cello")[:, :16000]
    hz = torch.arange(1, 24)[:, None] * torch.full((1, 1, 101), 330.0)
    torch.testing.assert_close(definition(FIT, "read_partials")(x, hz, SAMPLE_RATE), models.read_partials(x, hz, SAMPLE_RATE))


def test_synthesiser_plays_the_levels_that_it_starts_from():
    f0_hz = torch.tensor([[220.0, 230.0, 240.0], [500.0, 510.0, 700.0]])
    levels = 0.01 + 0.1 * random(2, 10, 3).abs().float()
    synth = definition(FIT, "HarmonicSynth")(f0_hz, 10, SAMPLE_RATE, 4000)
    definition(FIT, "start_from")(synth, levels)
    torch.testing.assert_close(synth.amplitudes(), levels, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(synth(), oscillators.harmonic(f0_hz, levels, SAMPLE_RATE, 4000), rtol=0, atol=1e-4)
    synth().square().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in synth.parameters())


def test_an_informed_start_is_near_even_in_silence():
    informed = definition(FIT, "informed", sample_rate=SAMPLE_RATE)
    f0_hz = torch.full((1, 41), 300.0)
    falling = 0.3 / torch.arange(1.0, 11.0)[:, None].expand(1, 10, 41)
    target = oscillators.harmonic(f0_hz, falling, SAMPLE_RATE, 6400)
    levels = informed(target, f0_hz, 10).amplitudes()
    assert signals.to_db(levels / falling)[..., 5:-5].abs().max() < 1.5
    assert informed(torch.zeros(1, 6400), f0_hz, 10)().abs().max() < 1e-4


def test_lags_give_whole_periods_and_the_grid_puts_them_back():
    whole_hz = SAMPLE_RATE / 80
    x = torch.sin(2 * math.pi * whole_hz * torch.arange(16000) / SAMPLE_RATE)[None]
    found = definition(FIT, "track_by_lag")(x + 0.5 * x.square(), SAMPLE_RATE, 160)
    assert found.shape == (1, (16000 - 1024) // 160 + 1)
    assert (found == whole_hz).all()
    on_grid = definition(FIT, "on_grid", hop=160)
    ramp = (512 + 160 * torch.arange(94.0))[None]          # at each window's middle, the sample's own number
    moved = on_grid(ramp, frames=101)
    torch.testing.assert_close(moved[0, 4:96], 160 * torch.arange(4.0, 96.0))
    assert moved[0, 0] == 512 and moved[0, -1] == ramp[0, -1]


def test_residual_is_what_was_added():
    residual = definition(FIT, "residual")
    t_s = torch.arange(16000) / SAMPLE_RATE
    tone, other = (torch.sin(2 * math.pi * hz * t_s)[None] for hz in (440, 3000))
    assert residual(tone, tone).abs().max() < 1e-6
    turned = torch.cos(2 * math.pi * 440 * t_s)[None]      # the same level, another phase
    left = residual(tone + 0.1 * other, turned)[:, 2000:-2000]
    assert signals.to_db(signals.rms(left - 0.1 * other[:, 2000:-2000]) / signals.rms(left)) < -20


def test_levels_db_are_those_of_the_parameters():
    f0_hz = torch.full((1, 3), 200.0)
    known = {"f0_hz": f0_hz, "sample_rate": SAMPLE_RATE}
    parameters = {"loudness": torch.zeros(1, 1, 3), "logits": torch.zeros(1, 5, 3)}
    levels = definition(FIT, "levels_db", **known)(parameters)
    expected = signals.to_db(oscillators.exp_sigmoid(torch.zeros(1)) / 5).item()
    torch.testing.assert_close(levels, torch.full((1, 5, 3), expected))


SHARED = ("HarmonicSynth", "inverse_exp_sigmoid", "read_partials", "start_from", "informed")


def code_of(path, name):
    notebook = jupytext.read(ROOT / f"{path}.md")
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return next(ast.unparse(node) for node in ast.parse(code).body if getattr(node, "name", None) == name)


@pytest.mark.parametrize("name", SHARED)
def test_the_same_code_means_the_same_code(name):
    assert code_of(FIT, name) == code_of(RESULTS, name)


def copy_of(target, steps):
    known = {"sample_rate": SAMPLE_RATE, "hop": 160, "loss": losses.MultiScaleSpectralLoss()}
    return definition(RESULTS, "harmonic_copy", **known)(target, steps)


def test_harmonic_copy_has_every_harmonic_that_is_ever_heard():
    glide_hz = torch.linspace(300, 800, 51)[None]
    target = oscillators.harmonic(glide_hz, torch.full((1, 8, 51), 0.05), SAMPLE_RATE, 8000)
    copy = copy_of(target, 5)
    assert copy.f0_hz.shape == copy.confidence.shape == (1, 51)
    assert copy.fit.model.logits.shape == (1, int(8000 / copy.f0_hz.min()), 51)
    assert 24 <= copy.fit.model.logits.shape[1] <= 27
    assert copy.fit.best_loss <= copy.fit.losses[0] and copy.fit.audio.shape == target.shape


def test_transfer_takes_pitch_and_loudness_from_one_and_colour_from_the_other():
    def note(f0_hz, levels):
        amplitudes = torch.tensor(levels)[None, :, None].expand(1, -1, 51)
        return oscillators.harmonic(torch.full((1, 51), f0_hz), amplitudes, SAMPLE_RATE, 8000)

    voice = copy_of(note(200.0, [0.2, 0.1, 0.05]), 1)
    bright = copy_of(note(500.0, [0.1, 0.05, 0.2]), 1)
    sung = definition(RESULTS, "transfer", sample_rate=SAMPLE_RATE)(voice, bright)
    spectrum = torch.fft.rfft(sung * torch.hann_window(8000)).abs()[0]
    assert spectrum.argmax() * 2 == pytest.approx(600, abs=4)      # the third harmonic, of the voice's pitch
    assert not sung.requires_grad


def test_redrawn_plays_other_noise():
    target = recordings.load("tom")[:, :2000]
    match = matching.match(target, SAMPLE_RATE, steps=20)
    loss = losses.MultiScaleSpectralLoss()
    redrawn = definition(RESULTS, "redrawn", loss=loss)
    assert redrawn(match, target, seeds=(0,)) == pytest.approx(match.losses.min().item(), rel=1e-4)
    with torch.no_grad():
        expected = [loss(match.model(seed=seed), target).item() for seed in (5, 6)]
    assert redrawn(match, target, seeds=(5, 6)) == pytest.approx(sum(expected) / 2)
    assert len(set(expected)) == 2
