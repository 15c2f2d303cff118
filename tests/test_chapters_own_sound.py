"""What the chapter on one's own sound defines, against the package; and the whole chapter with other sounds than its own."""

import jupytext
import numpy as np
import pytest
import soundfile
import torch

from chapters import ROOT, definition
from helpers import matching, recordings, resynthesis

CHAPTER = "synths/your-own-sound"
SAMPLE_RATE = 16_000


def sound(model):
    with torch.no_grad():
        return model()


@pytest.fixture(scope="module")
def models():
    torch.manual_seed(0)
    excerpts = [recordings.load("saxophone")[:, :6000], recordings.load("piano_low")[:, :4001]]
    return [one.model for one in matching.match(excerpts, SAMPLE_RATE, steps=3).sounds]


@pytest.mark.parametrize("semitones", [-12, 0, 7])
def test_transpose(models, semitones):
    chapter = definition(CHAPTER, "transpose")
    for model in models:
        assert torch.equal(sound(chapter(model, semitones)), sound(resynthesis.transpose(model, semitones)))


@pytest.mark.parametrize("factor", [0.4, 1, 3])
def test_stretch(models, factor):
    chapter = definition(CHAPTER, "stretch")
    for model in models:
        assert torch.equal(sound(chapter(model, factor)), sound(resynthesis.stretch(model, factor)))


def test_exchange(models):
    chapter = definition(CHAPTER, "exchange")
    for timbre, performance in (models, models[::-1]):
        assert torch.equal(sound(chapter(timbre, performance)), sound(resynthesis.exchange(timbre, performance, loudness=False)))


def test_solutions_leave_what_they_are_given(models):
    before = [sound(model) for model in models]
    stretch_after = definition(CHAPTER, "stretch_after", sample_rate=SAMPLE_RATE)
    longer = sound(stretch_after(models[0], 3))
    assert longer.shape == (1, round(16_000 * (0.08 + 3 * (6000 / 16_000 - 0.08)))) and longer.isfinite().all()
    morph = definition(CHAPTER, "morph")
    half = sound(morph(models[0], models[1], 0.5))
    assert half.shape == (1, 6000) and not torch.equal(half, before[0])
    assert all(torch.equal(sound(model), old) for model, old in zip(models, before))


def door(rate, seconds):
    time_s = np.arange(round(rate * seconds)) / rate
    return 0.5 * np.exp(-20 * time_s) * np.random.default_rng(0).standard_normal(time_s.size)


OWN = {
    "a short noise in stereo": lambda: (np.stack([door(44_100, 0.3), 0.3 * door(44_100, 0.3)], axis=1), 44_100),
    "the shortest that can be loaded": lambda: (door(8000, 0.01), 8000),
    "a long tone": lambda: (0.3 * np.sin(np.arange(5 * 22_050) / 9), 22_050),
}


@pytest.mark.parametrize("kind", OWN)
def test_the_chapter_runs_with_any_sound(tmp_path, monkeypatch, kind):
    """All cells in order, with a path in place of the singer; the fits make three steps, for what they reach is not the point."""
    samples, rate = OWN[kind]()
    soundfile.write(tmp_path / "own.wav", samples, rate)
    notebook = jupytext.read(ROOT / f"{CHAPTER}.md")
    code = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert code.count('path = ""') == 1
    code = code.replace('path = ""', f"path = {str(tmp_path / 'own.wav')!r}")
    match = matching.match

    def quick(target, sample_rate, quality="standard", **options):
        if isinstance(quality, matching.Quality):
            quality = matching.Quality(3, quality.parameters_per_sample, quality.partials)
        return match(target, sample_rate, quality, **options | {"steps": 3})

    monkeypatch.setattr(matching, "match", quick)
    claims = ("cost[", "swell_ms >", "loudest_ms(mended) <=")  # of fits to the book's sounds that were carried through
    code = "\n".join(line for line in code.splitlines() if not (line.startswith("assert") and any(claim in line for claim in claims)))
    space = {"__name__": "chapter"}
    exec(compile(code, CHAPTER, "exec"), space)
    assert not space["is_singer"] and space["own"].shape[1] <= 2 * SAMPLE_RATE
    assert space["result"].audio.shape == space["own"].shape
