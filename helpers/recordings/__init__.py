"""The recordings of the book, and any sound file of your own, as tensors.

Where each sound comes from, and under which licence, stands in ``SOURCES.csv`` beside this file.
"""

import csv
import difflib
import functools
import math
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

from helpers.checks import check_count

LONGEST_S, SHORTEST_S = 600, 0.01
SILENT_DB = -80.0
_READABLE = "WAV, FLAC, OGG, MP3 and AIFF can be read; convert it first"
_BLOCK = 2**18  # frames read at once, so that eight channels never stand in memory together
_NUMBERS = {"sample_rate": int, "seconds": float, "f0_hz": float}


def names():
    """Names of the recordings that come with the book, in the order of the table."""
    return list(_table())


def info(name):
    """What is known about a recording: its row of ``SOURCES.csv``.

    Args:
        name: one of `names()`.

    Returns:
        dict with ``role``, ``licence``, ``attribution``, ``sample_rate`` (of the file, Hz), ``seconds``,
        ``f0_hz`` (median, None for a sound without one pitch) and the other columns.

    Raises:
        ValueError: no recording has this name; the message lists those there are.
    """
    table = _table()
    if name not in table:
        begin = [other for other in table if other.startswith(str(name))]
        close = begin or difflib.get_close_matches(str(name), table, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise ValueError(f"no recording is called {name!r}{hint}; there are {', '.join(table)}")
    return dict(table[name])


def load(name, sample_rate=16000):
    """Load a recording of the book.

    Args:
        name: one of `names()`.
        sample_rate: of the result, Hz.

    Returns:
        Tensor ``(1, n)``, float32, peak at most -1 dBFS; a fresh one on every call.

    Raises:
        ValueError: unknown name, or a sample rate outside 1 to 192 kHz.

    Chapter: every one that starts from a sound.
    """
    info(name)
    return _load_packaged(name, _checked_rate(sample_rate)).clone()


def load_file(path, sample_rate=16000):
    """Load a sound file of your own, of any kind that libsndfile reads; channels are averaged.

    Args:
        path: of the file, or a binary stream that is open for reading.
        sample_rate: of the result, Hz.

    Returns:
        Tensor ``(1, n)``, float32, in [-1, 1]; turned down where it would be louder.

    Raises:
        FileNotFoundError: there is no such file.
        IsADirectoryError: it is a folder.
        ValueError: empty, not a sound, damaged, silent, shorter than 10 ms, longer than ten minutes, or a sample rate
            outside 1 to 192 kHz.

    Chapter: synths/your-own-sound.
    """
    sample_rate = _checked_rate(sample_rate)
    if hasattr(path, "read"):
        return _load_stream(path, sample_rate, str(getattr(path, "name", "the stream")))
    path = Path(path).expanduser()
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, one sound file was meant")
    if not path.is_file():
        raise FileNotFoundError(f"there is no sound file {path} (looked from {Path.cwd()})")
    with path.open("rb") as stream:
        return _load_stream(stream, sample_rate, str(path))


def _load_stream(stream, sample_rate, source):
    start = stream.read(64)
    if not start:
        raise ValueError(f"{source} is empty: 0 bytes came, a sound was meant")
    stream.seek(0)
    try:
        return _decode(stream, sample_rate, source, 1.0)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: headerless .raw
        if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start):
            raise ValueError(f"{source} holds text ({start[:24].decode()!r}), a sound was meant; {_READABLE}") from error
        reason = getattr(error, "error_string", error)
        raise ValueError(f"{source} is damaged or of a kind that cannot be read ({reason}); {_READABLE}") from error


@functools.cache
def _table():
    with (resources.files(__name__) / "SOURCES.csv").open(encoding="utf8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row.update({key: kind(row[key]) if row[key] else None for key, kind in _NUMBERS.items()})
    return {row["name"]: row for row in rows}


@functools.lru_cache(maxsize=64)
def _load_packaged(name, sample_rate):
    with (resources.files(__name__) / f"{name}.flac").open("rb") as stream:
        return _decode(stream, sample_rate, name, 10 ** (-1 / 20))


def _decode(stream, sample_rate, source, loudest):
    """Read, mix down, resample; refuse what is of no use."""
    with soundfile.SoundFile(stream) as sound:
        blocks = [(block.mean(axis=1), block.min(axis=0), block.max(axis=0)) for block in _blocks(sound, source)]
        expected, file_rate = _frames(sound), sound.samplerate
    if not blocks:
        raise ValueError(f"{source} is empty: it holds no samples, a sound was meant")
    means, lows, highs = zip(*blocks)
    samples = np.concatenate(means)
    if len(samples) < 0.99 * expected:  # the length of an MP3 without a header is an estimate
        raise ValueError(f"{source} is damaged: {len(samples)} of {expected} samples could be read")
    if len(samples) < SHORTEST_S * file_rate:
        count = "1 sample" if len(samples) == 1 else f"{len(samples)} samples"
        meant = f"at least {math.ceil(SHORTEST_S * file_rate)} were meant ({1000 * SHORTEST_S:.0f} ms)"
        raise ValueError(f"{source} holds {count} at {file_rate} Hz, {meant}")
    _check_heard(samples, (np.max(highs, axis=0) - np.min(lows, axis=0)).max(), source)
    samples = soxr.resample(samples, file_rate, sample_rate)
    # Band-limiting lifts peaks: the bell, at -1 dBFS in its file, comes to -0.06 dBFS at 16 kHz.
    peak = float(np.abs(samples).max(initial=loudest))
    return torch.from_numpy(samples * np.float32(loudest / peak)).unsqueeze(0)


def _blocks(sound, source):
    """The sound piece by piece, (frames, channels); too long a one is refused before it fills the memory."""
    read = 0
    while True:
        if max(read, _frames(sound)) > LONGEST_S * sound.samplerate:
            minutes = max(read, _frames(sound)) / sound.samplerate / 60
            raise ValueError(f"{source} lasts {minutes:.1f} minutes, at most {LONGEST_S // 60} can be loaded: cut it first")
        block = sound.read(_BLOCK, dtype="float32", always_2d=True)
        if not np.isfinite(block).all():
            raise ValueError(f"{source} holds samples that are not finite numbers")
        if len(block) == 0:
            return
        read += len(block)
        yield block


def _frames(sound):
    """Length that the header promises; 0 where it does not tell, for which libsndfile has a very large number."""
    return sound.frames if sound.frames < 2**62 else 0


def _check_heard(samples, loudest_channel, source):
    """A constant cannot be heard, whatever its value; nor can what two channels cancel when they are averaged."""
    least = 2 * 10 ** (SILENT_DB / 20)
    if np.ptp(samples) >= least:
        return
    if loudest_channel >= least:
        raise ValueError(f"{source} is silent once its channels are averaged, they cancel: save one of them alone")
    level_db = 20 * math.log10(max(float(np.ptp(samples)) / 2, 1e-10))
    came = "only silence" if level_db < -150 else f"a sound at {level_db:.0f} dBFS"
    raise ValueError(f"{source} holds {came}, one with a peak of at least {SILENT_DB:.0f} dBFS was meant")


def _checked_rate(sample_rate):
    sample_rate = check_count("sample_rate", sample_rate)
    if not 1000 <= sample_rate <= 192000:
        raise ValueError(f"sample_rate must be between 1000 and 192000 Hz, got {sample_rate}")
    return sample_rate
