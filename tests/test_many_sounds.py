"""Sounds of different lengths matched side by side: each comes out as if it were alone."""

import pytest
import torch

from fakecuda import assert_device_clean
from helpers import _ragged, losses, matching, recordings
from helpers._together import Together

SAMPLE_RATE = 16_000
EXCERPTS = {"saxophone": 8000, "guitar_nylon": 5003, "tom": 3001, "bell": 700, "kick": 400, "snare": 50, "violin": 6, "singing": 1}
BOTH_WAYS = pytest.mark.parametrize("way", ["numba", "plain"], indirect=True)


def excerpts(*names):
    return [recordings.load(name)[:, : EXCERPTS[name]] for name in names or EXCERPTS]


def synthesisers(sounds, spread=0.3, **switches):
    """One for each sound, its parameters moved away from where they start."""
    on = dict.fromkeys(("noise", "room", "free_partials", "stretch", "learn_pitch"), True)
    alone = [matching._model(sound, SAMPLE_RATE, matching.QUALITIES["standard"], **on | switches) for sound in sounds]
    with torch.no_grad():
        for parameter in (parameter for model in alone for parameter in model.parameters()):
            parameter += spread * torch.randn(parameter.shape)
    return alone


@BOTH_WAYS
@pytest.mark.parametrize("part", ["partials", "noise", "forward"])
def test_each_sounds_as_if_alone_and_behind_it_is_silence(way, part):
    alone = synthesisers(excerpts())
    together = Together(alone)
    sound = getattr(together, part)()
    assert sound.shape == (len(EXCERPTS), 8000)
    for row, model in zip(sound, alone):
        torch.testing.assert_close(row[: model.n_samples], getattr(model, part)()[0], rtol=0, atol=3e-6)
        assert not row[model.n_samples :].any()


@BOTH_WAYS
def test_gradients_are_those_of_each_alone_and_padding_has_none(way):
    alone = synthesisers(excerpts())
    together = Together(alone)
    weight = torch.randn(len(alone), 8000)  # silence behind a sound must not answer to it either
    (together() * weight).sum().backward()
    gradients = {name: parameter.grad for name, parameter in together.named_parameters()}
    for i, model in enumerate(alone):
        (model() * weight[i, : model.n_samples]).sum().backward()
        own = together.own(gradients, i)
        for name, parameter in model.named_parameters():
            scale = float(parameter.grad.abs().max())
            torch.testing.assert_close(own[name], parameter.grad, rtol=0, atol=1e-4 * scale + 1e-7)
            padded = gradients[name][i].clone()
            padded[tuple(map(slice, parameter.shape[1:]))] = 0
            assert not padded.any(), name


@BOTH_WAYS
def test_loss_of_each_is_that_of_it_alone(way):
    sounds = excerpts()
    target = _ragged.stack([sound[0] for sound in sounds])
    prediction = (target + 0.1 * torch.randn_like(target)).requires_grad_()
    loss = _ragged.Loss([sound.shape[-1] for sound in sounds])(prediction, target)
    (gradient,) = torch.autograd.grad(loss.sum(), prediction)
    for i, sound in enumerate(sounds):
        n_samples = sound.shape[-1]
        one = prediction[i : i + 1, :n_samples].detach().requires_grad_()
        expected = losses.MultiScaleSpectralLoss()(one, sound)
        torch.testing.assert_close(loss[i], expected, rtol=1e-5, atol=1e-7)
        expected.backward()
        scale = float(one.grad.abs().max())
        torch.testing.assert_close(gradient[i, :n_samples], one.grad[0], rtol=0, atol=1e-3 * scale)
        assert not gradient[i, n_samples:].any()


def test_the_loss_follows_a_target_that_changes():
    loss, prediction = _ragged.Loss([3000, 2000]), torch.randn(2, 3000)
    target = torch.randn(2, 3000)
    before = loss(prediction, target)
    target.mul_(2)
    assert (loss(prediction, target) - before).abs().min() > 0.01


@BOTH_WAYS
def test_a_match_is_that_of_the_sound_alone(way):
    """In float64, where rounding has no say: the same losses, the same sound."""
    sounds = [sound.double() for sound in excerpts("saxophone", "bell", "tom", "guitar_nylon")]
    together = matching.match([sound[0] for sound in sounds], SAMPLE_RATE, steps=12)
    assert len(together) == 4 and together.losses.shape == (12, 4) and together.audio.shape == (4, 8000)
    for i, sound in enumerate(sounds):
        alone = matching.match(sound, SAMPLE_RATE, steps=12)
        torch.testing.assert_close(together[i].losses[:6], alone.losses[:6], rtol=1e-7, atol=0)
        torch.testing.assert_close(together[i].losses, alone.losses, rtol=0.02, atol=0)  # kinks multiply what rounding leaves
        assert together[i].audio.shape == sound.shape
        assert level(together[i].audio - alone.audio) < 0.03 * level(sound)
        torch.testing.assert_close(together[i].f0_hz, alone.f0_hz, rtol=1e-3, atol=0)
        assert {name: each.shape for name, each in together[i].parameters.items()} == {
            name: each.shape for name, each in alone.parameters.items()}  # fmt: skip


def test_in_float32_it_comes_as_near_as_alone():
    """Here the courses part: a target that is louder by a millionth moves these losses by 1 to 8 % as well."""
    sounds = excerpts("saxophone", "bell", "tom", "guitar_nylon")
    together = matching.match(sounds, SAMPLE_RATE, steps=120)
    for one, sound in zip(together.sounds, sounds):
        alone = matching.match(sound, SAMPLE_RATE, steps=120)
        assert one.fit.best_loss == pytest.approx(alone.fit.best_loss, rel=0.06)
        assert float(losses.MultiScaleSpectralLoss()(one.audio, sound)) == pytest.approx(one.fit.best_loss, rel=1e-4)


def level(x):
    return float(x.square().mean().sqrt())


@pytest.mark.parametrize("quality", ["standard", "high"])
def test_each_stays_within_its_own_budget(quality):
    sounds = excerpts("saxophone", "tom", "bell")
    match = matching.match(sounds, SAMPLE_RATE, quality, steps=1)
    for one, sound in zip(match.sounds, sounds):
        assert one.n_parameters <= matching.QUALITIES[quality].parameters_per_sample * sound.shape[-1]
        assert one.n_parameters == matching.match(sound, SAMPLE_RATE, quality, steps=1).n_parameters
    assert match.n_parameters == match[0].n_parameters


def test_a_part_is_a_match_of_its_own():
    sounds = excerpts("tom", "bell")
    match = matching.match(sounds, SAMPLE_RATE, steps=5, snapshots=2)
    for i, one in enumerate(match.sounds):
        assert one is match[i] and one[0] is one and len(one) == 1
        torch.testing.assert_close(one.model(), one.audio, rtol=0, atol=1e-5)
        torch.testing.assert_close(match.audio[i, : sounds[i].shape[-1]], one.audio[0])
        torch.testing.assert_close(one.losses, match.losses[:, i])
        assert one.fit.best_loss == pytest.approx(float(one.losses.min()))
        assert [snapshot.audio.shape for snapshot in one.fit.snapshots] == [sounds[i].shape] * 2
        assert "Match of" in repr(one)


def test_padded_target_with_lengths():
    sounds = excerpts("tom", "bell")
    padded = _ragged.stack([sound[0] for sound in sounds])
    padded[1, 700:] = 0.5  # whatever stands in the padding is not heard
    by_length = matching.match(padded, SAMPLE_RATE, steps=3, lengths=torch.tensor([3001, 700]))
    torch.testing.assert_close(by_length.losses, matching.match(sounds, SAMPLE_RATE, steps=3).losses)


def test_switches_hold_for_all():
    match = matching.match(excerpts("tom", "bell"), SAMPLE_RATE, steps=2, noise=False, room=False, stretch=False)
    assert all(set(one.parameters) == {"log_amplitudes", "bend"} for one in match.sounds)


def test_another_draw_of_the_noise():
    match = matching.match(excerpts("tom", "snare"), SAMPLE_RATE, steps=2)
    with torch.no_grad():
        torch.testing.assert_close(match.model(seed=1)[0], match[0].model(seed=1)[0], rtol=0, atol=1e-5)


@BOTH_WAYS
@pytest.mark.parametrize("kind", [torch.zeros, torch.ones])
def test_silence_and_constants_are_finite(way, kind):
    match = matching.match([0.5 * kind(count) for count in (1, 3001, 50)], SAMPLE_RATE, steps=3)
    assert match.audio.isfinite().all() and match.losses.isfinite().all() and match.f0_hz.isfinite().all()


def test_the_batch_on_another_device():
    sounds = excerpts("tom", "bell", "snare")
    together = Together(synthesisers(sounds, noise=False))
    assert_device_clean(together)
    target = _ragged.stack([sound[0] for sound in sounds])
    assert_device_clean(_ragged.Loss(together.lengths), target.clone().requires_grad_(), target)
    shaper = Together(synthesisers(sounds)).shaper
    magnitudes = torch.rand(3, 33, 10).requires_grad_()
    assert_device_clean(shaper, magnitudes, shaper.white(0, magnitudes).detach())


def test_errors_say_what_is_meant():
    with pytest.raises(ValueError, match=r"target\[1\] must be \(1, n\), got \(2, 5\)"):
        matching.match([torch.zeros(5), torch.zeros(2, 5)], SAMPLE_RATE)
    with pytest.raises(ValueError, match="at least one sound, got an empty list"):
        matching.match([], SAMPLE_RATE)
    with pytest.raises(TypeError, match=r"target\[0\] must be a tensor \(1, n\), got str"):
        matching.match(["a.wav"], SAMPLE_RATE)
    with pytest.raises(ValueError, match=r"lengths must be 2 numbers up to 5, got \[5, 6\]"):
        matching.match(torch.zeros(2, 5), SAMPLE_RATE, lengths=[5, 6])
    with pytest.raises(ValueError, match="lengths must be at least 1, got 0"):
        matching.match(torch.zeros(2, 5), SAMPLE_RATE, lengths=[5, 0])
    with pytest.raises(ValueError, match="lengths belong to a padded target"):
        matching.match([torch.zeros(5)], SAMPLE_RATE, lengths=[5])
    with pytest.raises(ValueError, match="target must be finite, got 1 NaN"):
        matching.match([torch.zeros(5), torch.tensor([0.0, float("nan")])], SAMPLE_RATE)
