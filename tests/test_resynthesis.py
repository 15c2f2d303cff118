"""helpers.resynthesis: what is kept comes back, and a matched sound played anew has the pitch, pace and voice it should."""

import json
import math

import pytest
import torch

from helpers import matching, models, pitch, recordings, resynthesis

SAMPLE_RATE = 16_000


def tone(f0_hz=200.0, levels=(0.3, 0.15, 0.1, 0.05), n_samples=8000, glide=1.0):
    """A harmonic sound as a model whose parameters are known."""
    ends = torch.tensor([[f0_hz, f0_hz * glide]])
    f0_hz = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * torch.linspace(0, 1, 41)
    ratios = torch.arange(1.0, len(levels) + 1)[None]
    model = models.PartialsPlusNoise(torch.zeros(1, n_samples), SAMPLE_RATE, f0_hz, ratios, bands=5, noise_frames=9, taps=7)
    with torch.no_grad():
        model.log_amplitudes.copy_(torch.tensor(levels)[None, :, None].log().expand(-1, -1, 41))
        model.log_magnitudes.fill_(-9)
    return model


def sound(model):
    with torch.no_grad():
        return model()


def spectrum_at(x, hz):
    """Amplitude of a sinusoid of that frequency in the middle of the sound."""
    n = x.shape[-1] // 2
    middle = x[0, n // 2 : n // 2 + n] * torch.hann_window(n)
    return float((middle * torch.exp(-2j * math.pi * hz / SAMPLE_RATE * torch.arange(n))).sum().abs()) * 4 / n


@pytest.mark.parametrize("suffix", ["pt", "json"])
@pytest.mark.parametrize("switches", [{}, {"noise": False, "room": False}])
def test_what_is_saved_comes_back(tmp_path, suffix, switches):
    model = matching.match(recordings.load("tom")[:, :3001], SAMPLE_RATE, steps=3, **switches).model
    path = tmp_path / f"tom.{suffix}"
    resynthesis.save(model, path)
    again = resynthesis.load(path)
    assert torch.equal(sound(again), sound(model))
    assert torch.equal(sound(resynthesis.transpose(again, 3)), sound(resynthesis.transpose(model, 3)))
    if suffix == "json":
        assert json.loads(path.read_text())["sample_rate"] == SAMPLE_RATE


def test_a_file_with_code_in_it_is_refused(tmp_path):
    class Harm:
        def __reduce__(self):
            return (tmp_path.joinpath("harmed").touch, ())

    torch.save({"format": 1, "sample_rate": 8000, "n_samples": 9, "state": Harm()}, tmp_path / "a.pt")
    with pytest.raises(ValueError, match="a.pt does not hold the parameters of a match"):
        resynthesis.load(tmp_path / "a.pt")
    assert not (tmp_path / "harmed").exists()


def test_files_that_cannot_be_used(tmp_path):
    model = tone()
    with pytest.raises(ValueError, match=r"path must end in .pt or .json, got a.wav"):
        resynthesis.save(model, tmp_path / "a.wav")
    with pytest.raises(FileNotFoundError):
        resynthesis.load(tmp_path / "missing.pt")
    for name, content in (("a.pt", b"text"), ("a.json", b"{}"), ("b.json", b"no"), ("c.json", b'{"state": {"ratios": [[1]]}, "sample_rate": 9, "n_samples": 9}')):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} does not hold the parameters of a match"):
            resynthesis.load(tmp_path / name)


@pytest.mark.parametrize("semitones", [-12, -5, 0, 7, 12])
def test_transposed_by_so_many_semitones(semitones):
    model = tone()
    before = sound(model)
    higher = sound(resynthesis.transpose(model, semitones))
    ratio = 2 ** (semitones / 12)
    assert higher.shape == before.shape
    for k, level in enumerate((0.3, 0.15, 0.1, 0.05), 1):
        assert spectrum_at(higher, 200 * k * ratio) == pytest.approx(level, rel=0.02)
    assert torch.equal(sound(model), before), "the model itself stays"


def test_kept_formants_stay_where_they_are():
    """Levels on a straight line in dB over frequency: that line is the envelope, and the new partials lie on it."""
    envelope = lambda hz: 0.3 * 10 ** (-hz / 2000)  # noqa: E731
    model = tone(levels=[envelope(200.0 * k) for k in range(1, 13)])
    for semitones in (-7, 4):
        ratio = 2 ** (semitones / 12)
        kept = sound(resynthesis.transpose(model, semitones, keep_formants=True))
        moved = sound(resynthesis.transpose(model, semitones))
        for k in range(2, 8):
            assert spectrum_at(kept, 200 * k * ratio) == pytest.approx(envelope(200 * k * ratio), rel=0.03)
            assert spectrum_at(moved, 200 * k * ratio) == pytest.approx(envelope(200 * k), rel=0.03)


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.7])
def test_stretched_it_keeps_its_pitch(factor):
    model = tone(glide=1.5)
    longer = sound(resynthesis.stretch(model, factor))
    assert longer.shape == (1, round(8000 * factor)) and longer.isfinite().all()
    track = resynthesis.stretch(model, factor).f0_hz().detach()
    assert float(track[0, 0]) == 200 and float(track[0, -1]) == pytest.approx(300)
    tracked_hz, _ = pitch.track(longer, SAMPLE_RATE, 160)
    expected = torch.linspace(200, 300, tracked_hz.shape[1])
    torch.testing.assert_close(tracked_hz[0, 5:-5], expected[5:-5], rtol=0.01, atol=0)
    assert model.n_samples == 8000


def test_the_timbre_of_one_on_the_pitch_of_another():
    timbre, performance = tone(levels=(0.02, 0.1, 0.02, 0.05)), tone(300.0, n_samples=12_000, levels=(0.4, 0.2))
    plain = sound(resynthesis.exchange(timbre, performance, loudness=False))
    assert plain.shape == (1, 12_000)
    for k, level in enumerate((0.02, 0.1, 0.02, 0.05), 1):
        assert spectrum_at(plain, 300 * k) == pytest.approx(level, rel=0.02)
    louder = sound(resynthesis.exchange(timbre, performance))
    gain = math.hypot(0.4, 0.2) / math.hypot(0.02, 0.1, 0.02, 0.05)
    for k, level in enumerate((0.02, 0.1, 0.02, 0.05), 1):
        assert spectrum_at(louder, 300 * k) == pytest.approx(level * gain, rel=0.02)


def test_loudness_follows_the_performance_over_time():
    timbre, performance = tone(), tone()
    with torch.no_grad():
        performance.log_amplitudes[..., 20:] = -12.0  # it falls silent half-way
    x = sound(resynthesis.exchange(timbre, performance))
    assert x[:, 6000:].abs().max() < 0.01 < 0.2 < x[:, 1000:3000].abs().max()


def test_timbre_exchanged_between_two_recordings():
    one, other = (
        matching.match(recordings.load(name)[:, 4000:n], SAMPLE_RATE, steps=20).model for name, n in (("saxophone", 10_000), ("cello", 9000))
    )
    x = sound(resynthesis.exchange(one, other))
    assert x.shape == (1, 5000) and x.isfinite().all()
    f0_hz, _ = pitch.track(x, SAMPLE_RATE, 160)
    assert float(f0_hz.median()) == pytest.approx(float(other.f0_hz().detach().median()), rel=0.01)


def test_different_sample_rates_are_refused():
    model = matching.match(torch.rand(1, 500), 8000, steps=1).model
    with pytest.raises(ValueError, match="must have the same sample rate, got 16000 and 8000 Hz"):
        resynthesis.exchange(tone(), model)


def test_one_partial_and_one_frame():
    """The smallest model there is."""
    model = models.PartialsPlusNoise(torch.zeros(1, 50), SAMPLE_RATE, torch.full((1, 1), 300.0), torch.ones(1, 1), bands=0)
    for other in (resynthesis.transpose(model, 5, keep_formants=True), resynthesis.stretch(model, 2), resynthesis.exchange(model, tone())):
        assert sound(other).isfinite().all()
