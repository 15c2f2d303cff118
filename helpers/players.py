"""Players for the ear: one sound, a comparison of several, a replay of a fit.

All of them carry their sound inside the page, so they play from a web server, from a file and in JupyterLab alike,
start only when pressed, and never play over -1 dBFS: a louder signal is turned down and its label says so.

Chapters: all of them.
"""

import base64
import html
import io
import math

import numpy as np
import soundfile
import torch

SAFE_PEAK_DB = -1.0
_TOLERANCE = 10 ** (0.25 / 20)  # a recording stored at the limit overshoots it by this much when resampled
_MP3_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}
_MP3_LEVEL = 0.2  # of libsndfile, 0 best to 1 smallest: transparent, and a sixth of the size of PCM
_MP3_FRAME = 1152  # a sound of a few frames is smaller, and keeps its exact ends, as FLAC


class Audio:
    """One sound with its name: a plain browser player.

    Args:
        x: (n,) or (1, n) tensor or array, nominally in [-1, 1].
        sample_rate: in Hz.
        label: what is heard, shown and read out.
        lossless: FLAC in place of MP3, where the samples themselves matter.

    Raises:
        TypeError, ValueError: for anything that is not one finite, non-empty channel of floats.
    """

    def __init__(self, x, sample_rate, label, lossless=False):
        samples, self.turned_down_db = safe([samples_of("x", x)])
        self.label = str(label) + turned_down_note(self.turned_down_db)
        self.sample_rate = sample_rate
        self.data, self.mime = encode(samples[0], sample_rate, lossless)
        self.seconds = samples[0].size / sample_rate

    def _repr_html_(self):
        label = html.escape(self.label)
        uri = f"data:{self.mime};base64,{base64.b64encode(self.data).decode()}"
        return (f'<figure class="sound" style="margin:.6em 0"><figcaption>{label} '
                f'<span class="seconds">{self.seconds:.1f} s</span></figcaption>'
                f'<audio controls preload="none" style="width:100%;max-width:28rem" aria-label="{label}" src="{uri}">'
                f"</audio></figure>")

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def __repr__(self):
        return f"<Audio {self.label!r}, {self.seconds:.2f} s>"


def samples_of(name, x):
    """One channel as a float32 array, or an error that says what is wrong with it."""
    x = x.detach().cpu().numpy() if torch.is_tensor(x) else np.asarray(x)
    if x.dtype.kind != "f":
        raise TypeError(f"{name} must hold floating-point samples, got {x.dtype}")
    if x.ndim > 2 or x.ndim == 0 or (x.ndim == 2 and x.shape[0] != 1):
        raise ValueError(f"{name} must be one channel, (n,) or (1, n), got {tuple(x.shape)}")
    x = x.reshape(-1).astype(np.float32)
    if x.size == 0:
        raise ValueError(f"{name} is empty: a player needs at least one sample")
    if not np.isfinite(x).all():
        raise ValueError(f"{name} has {int((~np.isfinite(x)).sum())} samples that are NaN or infinite")
    return x


def safe(sounds):
    """Turn all sounds down by the same amount if one is over the safe level, so that they stay comparable.

    Returns:
        the sounds, and by how many decibels they were turned down.
    """
    peak = max(float(np.abs(x).max()) for x in sounds)
    limit = 10 ** (SAFE_PEAK_DB / 20)
    if peak <= limit * _TOLERANCE:
        return sounds, 0.0
    return [x * (limit / peak) for x in sounds], 20 * math.log10(peak / limit)


def turned_down_note(db):
    """The visible remark about `safe`, empty when nothing was changed."""
    return f" (turned down {db:.1f} dB)" if db > 0 else ""


def encode(x, sample_rate, lossless=False):
    """Encode one channel for the browser.

    Returns:
        the bytes and their MIME type: MP3, or FLAC where that was asked for, is smaller, or MP3 lacks the rate.
    """
    if sample_rate != int(sample_rate) or not 3000 <= sample_rate <= 192000:
        raise ValueError(f"sample_rate must be a whole number from 3000 to 192000 Hz for a browser, got {sample_rate}")
    stream = io.BytesIO()
    if lossless or sample_rate not in _MP3_RATES or x.size < 2 * _MP3_FRAME:
        soundfile.write(stream, x, int(sample_rate), format="FLAC", subtype="PCM_16")
        return stream.getvalue(), "audio/flac"
    soundfile.write(stream, x, int(sample_rate), format="MP3", compression_level=_MP3_LEVEL)
    return stream.getvalue(), "audio/mpeg"


_WIDGETS = {"Compare": "compare", "Replay": "replay"}


def __getattr__(name):
    # The two widget players need anywidget; a page with plain sounds does not.
    if name not in _WIDGETS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"helpers.widgets.{_WIDGETS[name]}"), name)
