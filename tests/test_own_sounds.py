"""Any sound of the reader's own: what libsndfile reads comes in, and what cannot be used is refused in clear words."""

import io
import struct
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch

from helpers import recordings

RATES = (8000, 11025, 22050, 44100, 48000, 96000, 192000)
KINDS = [(kind, subtype) for kind in ("WAV", "AIFF", "FLAC", "CAF", "W64", "AU", "RF64")
         for subtype in ("PCM_16", "PCM_24", "FLOAT") if soundfile.check_format(kind, subtype)]  # fmt: skip
KINDS += [("WAV", "PCM_U8"), ("WAV", "DOUBLE"), ("WAV", "ULAW"), ("WAV", "IMA_ADPCM"), ("WAVEX", "PCM_16"),
          ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]  # fmt: skip


def tone(sample_rate, seconds=0.5, channels=1, level=0.5):
    wave = level * np.sin(2 * np.pi * 440 * np.arange(round(seconds * sample_rate)) / sample_rate)
    return np.tile(wave[:, None], (1, channels))


def assert_is_the_tone(x, seconds=0.5, level=0.5):
    assert x.dtype == torch.float32 and x.shape[0] == 1
    assert x.shape[1] == pytest.approx(seconds * 16_000, abs=1300)  # MP3 brings silence at both ends
    middle = x[0, 2000:6000]
    assert float(middle.square().mean().sqrt()) == pytest.approx(level / 2**0.5, rel=0.05)
    assert int(torch.fft.rfft(middle).abs().argmax()) == 110  # 440 Hz in a quarter of a second


@pytest.mark.parametrize(("kind", "subtype"), KINDS, ids=lambda value: value)
def test_every_kind(tmp_path, kind, subtype):
    path = tmp_path / "a.sound"
    rate = 48_000 if subtype == "OPUS" else 44_100
    soundfile.write(path, tone(rate, channels=2), rate, subtype, format=kind)
    assert_is_the_tone(recordings.load_file(path))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_rate_and_channels(tmp_path, rate, channels):
    soundfile.write(tmp_path / "a.wav", tone(rate, channels=channels), rate)
    assert_is_the_tone(recordings.load_file(tmp_path / "a.wav"))


def test_a_stream_is_as_good_as_a_path():
    stream = io.BytesIO()
    soundfile.write(stream, tone(44_100), 44_100, format="WAV")
    stream.seek(0)
    assert_is_the_tone(recordings.load_file(stream))
    with pytest.raises(ValueError, match="the stream is empty: 0 bytes came"):
        recordings.load_file(io.BytesIO())


def test_a_name_with_spaces_and_accents(tmp_path):
    soundfile.write(tmp_path / "été, le 2.wav", tone(16_000), 16_000)
    assert_is_the_tone(recordings.load_file(tmp_path / "été, le 2.wav"))


def test_ten_minutes_come_in_and_more_does_not(tmp_path):
    path = tmp_path / "long.flac"
    soundfile.write(path, tone(4000, 600), 4000)
    assert recordings.load_file(path, 4000).shape == (1, 2_400_000)
    soundfile.write(path, tone(4000, 606), 4000)
    with pytest.raises(ValueError, match=r"long.flac lasts 10.1 minutes, at most 10 can be loaded: cut it first"):
        recordings.load_file(path)


def test_eight_channels_do_not_fill_the_memory(tmp_path):
    """Ten minutes are 4.8 million frames here: as floats 154 MB in eight channels, 19 MB in one."""
    path = tmp_path / "wide.wav"
    with soundfile.SoundFile(path, "w", 8000, 8, "PCM_16") as sound:
        for _ in range(600):
            sound.write(tone(8000, 1, 8))
    code = (
        "import resource, sys; from helpers import recordings\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == 'darwin' else 1024)\n"
        "before = peak(); recordings.load_file(sys.argv[1], 8000); print(peak() - before)"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 140


def refused(path, words, error=ValueError):
    with pytest.raises(error, match=words) as caught:
        recordings.load_file(path)
    assert path.name in str(caught.value)


@pytest.mark.parametrize("rate", [8000, 44_100])
@pytest.mark.parametrize("samples", [1, 2, 50])
def test_too_short(tmp_path, samples, rate):
    path = tmp_path / "short.wav"
    soundfile.write(path, np.full(samples, 0.5), rate)
    count = "1 sample at" if samples == 1 else f"{samples} samples at"
    refused(path, f"short.wav holds {count} {rate} Hz, at least {rate // 100} were meant .10 ms.")
    soundfile.write(path, tone(rate, 0.01), rate)
    assert recordings.load_file(path).shape == (1, 160)


@pytest.mark.parametrize("value", [0.0, 0.5, -1.0])
def test_silence(tmp_path, value):
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.full(8000, value), 8000)
    refused(path, "silence.wav holds only silence, one with a peak of at least -80 dBFS was meant")


def test_next_to_silence(tmp_path):
    path = tmp_path / "faint.wav"
    soundfile.write(path, tone(8000, level=3e-5), 8000, subtype="FLOAT")
    refused(path, "a sound at -90 dBFS, one with a peak of at least -80 dBFS was meant")
    soundfile.write(path, tone(8000, level=1.1e-4), 8000, subtype="FLOAT")
    assert recordings.load_file(path).abs().max() > 1e-4


def test_channels_that_cancel(tmp_path):
    path = tmp_path / "wide.wav"
    soundfile.write(path, tone(8000, channels=2) * [1, -1], 8000)
    refused(path, "silent once its channels are averaged, they cancel: save one of them alone")


@pytest.mark.parametrize("text", [b"once upon a time\n" * 50, b"a", b"<!DOCTYPE html>\n<html>"])
def test_text_with_the_name_of_a_sound(tmp_path, text):
    path = tmp_path / "text.wav"
    path.write_bytes(text)
    refused(path, "holds text .'.*'., a sound was meant; WAV, FLAC, OGG, MP3 and AIFF can be read; convert it first")


@pytest.mark.parametrize("content", [b"\0" * 5000, bytes(range(256)) * 20, b"RIFF\xff\xff\xff\xffWAVE", b"\x89PNG\r\n\x1a\n" * 9, b"fLaC\0\0"])
def test_broken(tmp_path, content):
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    refused(path, "broken.wav is (damaged|empty)")


@pytest.mark.parametrize("kind", ["FLAC", "OGG"])
def test_cut_in_the_middle(tmp_path, kind):
    path = tmp_path / "cut.sound"
    soundfile.write(path, tone(44_100, 3) + 0.1 * np.random.default_rng(0).standard_normal((132_300, 1)), 44_100, format=kind)
    path.write_bytes(path.read_bytes()[:-20_000])
    try:
        assert recordings.load_file(path).abs().max() > 0.3  # OGG: what is there is a shorter sound
    except ValueError as error:
        assert "cut.sound is damaged" in str(error)


def test_a_header_that_promises_hours(tmp_path):
    """A recorder that was switched off leaves a header of any length: the samples count."""
    path = tmp_path / "promise.wav"
    soundfile.write(path, tone(8000), 8000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", 2**32 - 1)
    path.write_bytes(content)
    assert_is_the_tone(recordings.load_file(path))


def test_not_finite(tmp_path):
    path = tmp_path / "nan.wav"
    for value in (np.nan, np.inf, -np.inf):
        soundfile.write(path, np.full(8000, value), 8000, subtype="FLOAT")
        refused(path, "nan.wav holds samples that are not finite")


def test_empty_missing_and_folder(tmp_path):
    (tmp_path / "empty.wav").write_bytes(b"")
    refused(tmp_path / "empty.wav", "empty.wav is empty: 0 bytes came, a sound was meant")
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 8000)
    refused(tmp_path / "none.wav", "none.wav is empty: it holds no samples, a sound was meant")
    refused(tmp_path / "missing.wav", "there is no sound file .*missing.wav", FileNotFoundError)
    (tmp_path / "folder.wav").mkdir()
    refused(tmp_path / "folder.wav", "folder.wav is a folder, one sound file was meant", IsADirectoryError)
