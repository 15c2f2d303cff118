"""The recordings are what SOURCES.csv says, and every way to load a sound works or says why not."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from helpers import recordings

FOLDER = Path(recordings.__file__).parent
MINUS_ONE_DB = 10 ** (-1 / 20)
PROMISED = """saxophone saxophone_tenor cello violin horns guitar_nylon guitar_steel guitar_electric guitar_fifths choir flute
    marimba piano_low piano_mid piano_high singing speech snare tom kick cymbal bell cowbell tabla tabla_loop""".split()
TONAL = [name for name in recordings.names() if recordings.info(name)["f0_hz"]]


def read(name):
    return soundfile.read(FOLDER / f"{name}.flac", always_2d=True)


def autocorrelation_f0_hz(x, sample_rate, low, high):
    """Shortest lag whose autocorrelation comes within 10 % of the best: another way than the table's."""
    spectrum = np.fft.rfft(x - x.mean(), 2 * len(x))
    r = np.fft.irfft(np.abs(spectrum) ** 2)[: int(sample_rate / low) + 2]
    r = r / (len(x) - np.arange(len(r)))
    lags = np.arange(int(sample_rate / high), len(r) - 1)
    peaks = lags[(r[lags] >= r[lags - 1]) & (r[lags] > r[lags + 1])]
    lag = peaks[r[peaks] > 0.9 * r[peaks].max()][0]
    left, centre, right = r[lag - 1: lag + 2]
    return sample_rate / (lag + 0.5 * (left - right) / (left - 2 * centre + right))


def test_the_promised_names_are_there():
    assert sorted(recordings.names()) == sorted(PROMISED)
    assert {path.stem for path in FOLDER.glob("*.flac")} == set(PROMISED)


def test_all_together_under_4_megabytes():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 4e6


@pytest.mark.parametrize("name", recordings.names())
def test_file_agrees_with_the_table(name):
    row = recordings.info(name)
    assert hashlib.sha256((FOLDER / f"{name}.flac").read_bytes()).hexdigest() == row["sha256"]
    samples, sample_rate = read(name)
    assert samples.shape[1] == 1 and sample_rate == row["sample_rate"]
    assert len(samples) / sample_rate == pytest.approx(row["seconds"], abs=1e-3)
    assert row["role"] and row["package"] and row["version"] and row["path"] and row["attribution"]


@pytest.mark.parametrize("name", recordings.names())
def test_licence_lets_the_book_pass_it_on(name):
    row = recordings.info(name)
    text = (FOLDER / row["licence_file"]).read_text(encoding="utf8")
    words = {"MIT": "Permission is hereby granted", "CC0-1.0": Path(row["path"]).name + "\n",
             "BSD-2-Clause": "Redistribution and use", "CC-BY-4.0": "Creative Commons"}
    assert words[row["licence"]] in text


@pytest.mark.parametrize("name", recordings.names())
def test_level_and_start(name):
    samples = np.abs(read(name)[0][:, 0])
    peak = samples.max()
    assert MINUS_ONE_DB - 1e-3 < peak <= MINUS_ONE_DB
    assert np.sum(samples > peak - 1e-4) <= 3, "flat tops: clipped"
    assert np.argmax(samples > 0.02 * peak) <= 0.05 * recordings.info(name)["sample_rate"], "silence at the start"


@pytest.mark.parametrize("name", recordings.names())
@pytest.mark.parametrize("sample_rate", [8000, 16000, 44100])
def test_load(name, sample_rate):
    x = recordings.load(name, sample_rate)
    assert x.dtype == torch.float32 and x.shape[0] == 1
    assert x.shape[1] == pytest.approx(recordings.info(name)["seconds"] * sample_rate, abs=sample_rate / 500)
    assert 0.05 < float(x.abs().max()) <= MINUS_ONE_DB + 1e-6


@pytest.mark.parametrize("name", TONAL)
def test_pitch_agrees_with_the_table(name):
    f0_hz = recordings.info(name)["f0_hz"]
    samples, sample_rate = read(name)
    size = int(max(0.04, 6 / f0_hz) * sample_rate)
    starts = range(0, len(samples) - size, max(size // 2, len(samples) // 150))
    blocks = [samples[s: s + size, 0] for s in starts]
    loud = [b for b in blocks if np.std(b) > 0.1 * max(np.std(block) for block in blocks)]
    estimate = np.median([autocorrelation_f0_hz(b, sample_rate, f0_hz / 3, f0_hz * 3) for b in loud])
    assert estimate == pytest.approx(f0_hz, rel={"singing": 0.05, "speech": 0.05, "tom": 0.03}.get(name, 0.01))


def test_the_bell_rings_at_its_modes():
    samples, sample_rate = read("bell")
    spectrum = np.abs(np.fft.rfft(samples[:, 0] * np.hanning(len(samples))))
    frequency = np.fft.rfftfreq(len(samples), 1 / sample_rate)
    for mode_hz in (1309, 3621, 6748, 10543):
        near, around = np.abs(frequency - mode_hz) < 15, np.abs(frequency - mode_hz) < 400
        assert spectrum[near].max() > 20 * np.median(spectrum[around])


def test_every_call_gives_a_fresh_tensor():
    recordings.load("kick").zero_()
    assert recordings.load("kick").abs().max() > 0.5
    recordings.info("kick")["role"] = "changed"
    assert recordings.info("kick")["role"] != "changed"


def test_works_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert recordings.load("snare").shape[0] == 1


def test_unknown_name_lists_the_names_and_the_closest():
    for call in (recordings.load, recordings.info):
        with pytest.raises(ValueError, match="'sax'.*did you mean 'saxophone'"):
            call("sax")
        with pytest.raises(ValueError, match="'saxophon'.*did you mean 'saxophone'.*tabla_loop"):
            call("saxophon")


@pytest.mark.parametrize("wrong, error", [(0, ValueError), (16, ValueError), (10 ** 6, ValueError), (16000.5, TypeError), ("16000", TypeError)])
def test_wrong_sample_rate(wrong, error):
    with pytest.raises(error, match="sample_rate"):
        recordings.load("kick", wrong)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_own_file_in_stereo(tmp_path, suffix):
    t = np.arange(44100) / 44100
    left = 0.5 * np.sin(2 * np.pi * 440 * t)
    soundfile.write(tmp_path / f"a.{suffix}", np.stack([left, 0 * left], 1), 44100)
    x = recordings.load_file(tmp_path / f"a.{suffix}")
    assert x.shape[0] == 1 and x.shape[1] == pytest.approx(16000, rel=0.1)
    assert float(x[0, 4000:12000].square().mean().sqrt()) == pytest.approx(0.25 / 2 ** 0.5, rel=0.02)


def test_own_file_louder_than_full_scale_is_turned_down(tmp_path):
    soundfile.write(tmp_path / "a.wav", 3 * np.sin(np.arange(8000)), 8000, subtype="FLOAT")
    assert float(recordings.load_file(tmp_path / "a.wav").abs().max()) == pytest.approx(1.0)


def test_own_file_that_cannot_be_used(tmp_path, monkeypatch):
    def refused(name, content, words, error=ValueError):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(error, match=words):
            recordings.load_file(str(tmp_path / name))

    refused("missing.wav", None, "no sound file .*missing.wav", FileNotFoundError)
    refused(".", None, "is a folder", IsADirectoryError)
    refused("empty.wav", b"", "empty: 0 bytes")
    refused("text.wav", b"once upon a time\n" * 50, "holds text")
    refused("headerless.raw", b"\0" * 4000, "cannot be read .*; WAV.*can be read")
    refused("cut.flac", (FOLDER / "kick.flac").read_bytes()[:9000], "damaged")
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 8000)
    refused("none.wav", None, "no samples")
    soundfile.write(tmp_path / "nan.wav", np.full(100, np.nan), 8000, subtype="FLOAT")
    refused("nan.wav", None, "finite")
    soundfile.write(tmp_path / "long.wav", np.zeros(601 * 1000, dtype=np.int16), 1000)
    refused("long.wav", None, "10.0 minutes, at most 10")
