"""helpers.matching: how near it comes on two recordings, what it may spend, and sounds that have no pitch."""

import math

import pytest
import torch

from fakecuda import assert_device_clean
from helpers import losses, matching, models, oscillators, recordings

SAMPLE_RATE = 16_000


def excerpt(name, seconds=0.5):
    return recordings.load(name)[:, : round(seconds * SAMPLE_RATE)]


# Half a second, 120 steps; measured 2026, with a tenth to spare.
@pytest.mark.parametrize(("name", "distance"), [("saxophone", 0.45), ("guitar_nylon", 0.63)])
def test_distance_on_two_recordings(name, distance):
    target = excerpt(name)
    match = matching.match(target, SAMPLE_RATE, steps=120)
    assert match.audio.shape == target.shape
    actual = float(losses.MultiScaleSpectralLoss()(match.audio, target))
    assert actual < distance
    assert actual == pytest.approx(float(match.losses.min()), rel=1e-4)
    assert match.losses[0] > 1.3 * actual


@pytest.mark.parametrize("quality", ["standard", "high"])
@pytest.mark.parametrize("name", ["saxophone", "tom", "snare"])
def test_parameters_stay_within_the_budget(quality, name):
    target = excerpt(name)
    match = matching.match(target, SAMPLE_RATE, quality, steps=1)
    assert match.n_parameters <= matching.QUALITIES[quality].parameters_per_sample * target.shape[-1]


def test_a_quality_of_ones_own():
    target = excerpt("saxophone")
    small = matching.match(target, SAMPLE_RATE, matching.Quality(steps=4, parameters_per_sample=0.25, partials=12), room=False)
    assert 0.2 * target.shape[-1] < small.n_parameters <= 0.25 * target.shape[-1] and len(small.losses) == 4


def test_pitch_is_that_of_the_sound():
    match = matching.match(excerpt("saxophone"), SAMPLE_RATE, steps=20)
    assert float(match.f0_hz.median()) == pytest.approx(recordings.info("saxophone")["f0_hz"], rel=0.01)
    assert len(match.losses) == 20


def test_same_result_twice():
    target = excerpt("bell", 0.2)
    first, second = (matching.match(target, SAMPLE_RATE, steps=10).audio for _ in range(2))
    torch.testing.assert_close(first, second)


def test_parts_can_be_left_out():
    target = excerpt("cello", 0.2)
    bare = matching.match(
        target, SAMPLE_RATE, steps=3, noise=False, room=False, free_partials=False, stretch=False, learn_pitch=False
    )
    assert set(bare.parameters) == {"log_amplitudes"}
    torch.testing.assert_close(bare.audio, bare.model.partials())
    whole = matching.match(target, SAMPLE_RATE, steps=3)
    assert set(whole.parameters) == {"log_amplitudes", "bend", "stretch", "log_magnitudes", "response"}


def test_each_part_helps():
    """Same steps: the noise helps a voice, the room and the free partials a bell."""
    voice, bell = excerpt("singing"), excerpt("bell")
    options = {"steps": 60}
    assert least(voice, **options) < least(voice, noise=False, **options)
    assert least(bell, **options) < least(bell, free_partials=False, **options)
    assert least(bell, **options) < least(bell, room=False, **options)


def least(target, **options):
    return float(matching.match(target, SAMPLE_RATE, **options).losses.min())


def test_another_draw_of_the_noise_still_sounds_alike():
    """A match that had only memorised its noise would be lost with another."""
    target = excerpt("singing")
    match = matching.match(target, SAMPLE_RATE, steps=60)
    loss = losses.MultiScaleSpectralLoss()
    with torch.no_grad():
        other = float(loss(match.model(seed=1), target))
    assert other < 1.5 * float(match.losses.min())
    assert other < 0.6 * float(loss(torch.zeros_like(target), target))


def test_a_batch_is_matched_sound_by_sound():
    target = torch.cat([excerpt("saxophone"), excerpt("cello")])
    match = matching.match(target, SAMPLE_RATE, steps=40)
    assert match.audio.shape == target.shape and match.losses.shape == (40, 2)
    loss = losses.MultiScaleSpectralLoss(reduction="none")
    actual = loss(match.audio, target)
    torch.testing.assert_close(actual, match.losses.amin(dim=0), rtol=1e-3, atol=0)
    alone = matching.match(target[:1], SAMPLE_RATE, steps=40)
    assert float(actual[0]) < 1.25 * float(alone.losses.min())


@pytest.mark.parametrize("kind", ["silence", "click", "constant", "noise", "clipped", "above everything"])
@pytest.mark.parametrize("n_samples", [1, 50, 3001])
def test_odd_sounds_give_a_finite_match(kind, n_samples):
    target = torch.zeros(2, n_samples)
    if kind == "click":
        target[:, n_samples // 2] = 1.0
    elif kind == "constant":
        target += 0.5
    elif kind == "noise":
        target = 0.1 * torch.randn(2, n_samples)
    elif kind == "clipped":
        tone = oscillators.sinusoid(torch.ones(1, 1), torch.full((1, 1), 220.0), SAMPLE_RATE, n_samples)
        target += (4 * tone).clamp(-1, 1)
    elif kind == "above everything":
        target += torch.cos(torch.arange(n_samples) * math.pi)
    match = matching.match(target, SAMPLE_RATE, steps=3)
    assert match.audio.shape == target.shape and match.audio.isfinite().all()
    assert match.f0_hz.isfinite().all() and match.losses.isfinite().all()


def test_silence_stays_silent():
    match = matching.match(torch.zeros(1, 4000), SAMPLE_RATE, steps=5)
    assert match.audio.abs().max() < 0.01


def test_noise_alone_is_matched():
    target = 0.1 * torch.randn(1, 8000)
    match = matching.match(target, SAMPLE_RATE, steps=60)
    loss = losses.MultiScaleSpectralLoss()
    assert float(match.losses.min()) < 0.5 * float(loss(torch.zeros_like(target), target))


def test_without_numba(monkeypatch):
    target = excerpt("tom", 0.2)
    fast = matching.match(target, SAMPLE_RATE, steps=3).losses
    monkeypatch.setenv("HELPERS_NO_NUMBA", "1")
    torch.testing.assert_close(matching.match(target, SAMPLE_RATE, steps=3).losses, fast, rtol=1e-3, atol=0)


def test_snapshots_for_the_replay():
    match = matching.match(excerpt("tom", 0.2), SAMPLE_RATE, steps=5, snapshots=2)
    assert [snapshot.step for snapshot in match.fit.snapshots] == [0, 4]


def test_levels_are_read_off_the_stft():
    frequencies_hz = torch.tensor([[500.0, 1500.0, 3000.0]])[..., None]
    amplitudes = torch.tensor([[1.0, 0.1, 0.01]])[..., None]
    x = oscillators.additive(amplitudes, frequencies_hz, SAMPLE_RATE, 8000)
    read = models.read_partials(x, frequencies_hz.expand(-1, -1, 41), SAMPLE_RATE)[:, :, 5:-5]
    torch.testing.assert_close(read, amplitudes.expand_as(read), rtol=0.1, atol=0)
    noise = 0.3 * torch.randn(8, 8000)
    assert float(models.read_bands(noise, 33, 41).square().mean().sqrt()) == pytest.approx(0.3, rel=0.05)


def test_the_model_on_another_device():
    target = excerpt("tom", 0.1)
    model = matching.match(target, SAMPLE_RATE, steps=1, noise=False).model
    assert_device_clean(model)


def test_errors_say_what_is_meant():
    with pytest.raises(ValueError, match=r"quality must be one of 'standard', 'high', or a Quality, got 'best'"):
        matching.match(torch.zeros(1, 100), SAMPLE_RATE, "best")
    with pytest.raises(ValueError, match=r"target must be \(batch, n\), got \(100,\)"):
        matching.match(torch.zeros(100), SAMPLE_RATE)
    with pytest.raises(ValueError, match="target must be finite, got 1 NaN"):
        matching.match(torch.tensor([[0.0, math.nan]]), SAMPLE_RATE)
