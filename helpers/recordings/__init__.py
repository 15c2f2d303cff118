"""The recordings of the book, and any sound file of your own, as tensors.

Where each sound comes from, and under which licence, stands in ``SOURCES.csv`` beside this file.
"""

import csv
import difflib
import functools
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

from helpers.checks import check_count

LONGEST_S = 600
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
    """Load a sound file of your own: WAV, FLAC, OGG, MP3, AIFF; channels are averaged.

    Args:
        path: of the file.
        sample_rate: of the result, Hz.

    Returns:
        Tensor ``(1, n)``, float32, in [-1, 1]; turned down where it would be louder.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: empty, not a sound, damaged, longer than ten minutes, or a sample rate outside 1 to 192 kHz.
    """
    path, sample_rate = Path(path).expanduser(), _checked_rate(sample_rate)
    if not path.is_file():
        raise FileNotFoundError(f"there is no sound file {path} (looked from {Path.cwd()})")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty: 0 bytes")
    try:
        with path.open("rb") as stream:
            return _decode(stream, sample_rate, str(path), 1.0)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: headerless .raw
        reason = getattr(error, "error_string", error)
        raise ValueError(f"{path} is damaged or of a kind that cannot be read; WAV, FLAC, OGG, MP3, AIFF can: {reason}") from error


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
    """Read, mix down, resample; refuse what is too long before it fills the memory."""
    with soundfile.SoundFile(stream) as sound:
        seconds = sound.frames / sound.samplerate
        if seconds > LONGEST_S:
            raise ValueError(f"{source} lasts {seconds / 60:.1f} minutes, at most {LONGEST_S // 60} can be loaded: cut it first")
        samples = sound.read(dtype="float32", always_2d=True).mean(axis=1)
        expected, file_rate = sound.frames, sound.samplerate
    if len(samples) == 0:
        raise ValueError(f"{source} is empty: it holds no samples")
    if len(samples) < 0.99 * expected:  # the length of an MP3 without a header is an estimate
        raise ValueError(f"{source} is damaged: {len(samples)} of {expected} samples could be read")
    if not np.isfinite(samples).all():
        raise ValueError(f"{source} holds samples that are not finite numbers")
    samples = soxr.resample(samples, file_rate, sample_rate)
    # Band-limiting lifts peaks: the bell, at -1 dBFS in its file, comes to -0.06 dBFS at 16 kHz.
    peak = float(np.abs(samples).max(initial=loudest))
    return torch.from_numpy(samples * np.float32(loudest / peak)).unsqueeze(0)


def _checked_rate(sample_rate):
    sample_rate = check_count("sample_rate", sample_rate)
    if not 1000 <= sample_rate <= 192000:
        raise ValueError(f"sample_rate must be between 1000 and 192000 Hz, got {sample_rate}")
    return sample_rate
