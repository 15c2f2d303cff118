"""Figures of sounds: waveform, spectrum, spectrogram."""

import math

import numpy as np
import torch

from helpers import signals
from helpers.plots._base import array, axes_or_new, finish, styled
from helpers.plots._style import DECIBELS

_COLUMNS = 1400  # pixels across a figure on a dense screen: more points than this are drawn as an envelope
_CELLS = (200, 320)  # of a spectrogram, rows and columns at most, and its finest step of level:
_STEP_DB = 2.0  # recorded noise does not compress, and these keep a picture of it under 60 kB


@styled
def waveform(x, sample_rate, ax=None, label=None):
    """Amplitude over time.

    Args:
        x: (n,) or (1, n) samples.
        sample_rate: in Hz.
        ax: axes to draw into.
        label: for the legend.
    """
    x, ax = array("x", x, 1), axes_or_new(ax)
    seconds = np.arange(x.size) / sample_rate
    if x.size <= 2 * _COLUMNS:
        ax.plot(seconds, x, label=label)
    else:
        low, high = _envelope(x)
        t = np.linspace(0, x.size / sample_rate, low.size)
        # A line over the area keeps quiet passages visible, where the area alone has no thickness.
        colour = ax._get_lines.get_next_color()
        ax.fill_between(t, low, high, color=colour, label=label, linewidth=0.6)
    ax.set(xlabel="time (s)", ylabel="amplitude")
    return finish(ax, label)


def _envelope(x):
    """Lowest and highest sample of each of _COLUMNS stretches."""
    edges = np.linspace(0, x.size, _COLUMNS + 1).astype(int)[:-1]
    return np.minimum.reduceat(x, edges), np.maximum.reduceat(x, edges)


@styled
def spectrum(x, sample_rate, ax=None, label=None):
    """Level over frequency of the whole sound; a sine of amplitude one reads 0 dB.

    Args:
        x: (n,) or (1, n) samples.
        sample_rate: in Hz.
        ax: axes to draw into.
        label: for the legend.
    """
    x, ax = array("x", x, 1), axes_or_new(ax)
    window = np.hanning(x.size + 2)[1:-1]  # without its zeros, so that one sample is a sound too
    magnitude = np.abs(np.fft.rfft(x * window)) * 2 / window.sum()
    level_db = 20 * np.log10(np.maximum(magnitude, 1e-6))
    khz = np.fft.rfftfreq(x.size, 1 / sample_rate) / 1000
    if khz.size > 2 * _COLUMNS:  # peaks are what one looks for, and they must not fall between the pixels
        khz, level_db = np.linspace(0, khz[-1], _COLUMNS), _envelope(level_db)[1]
    ax.plot(khz, level_db, label=label, linewidth=1.1)
    ax.set(xlabel="frequency (kHz)", ylabel="level (dB)")
    return finish(ax, label)


@styled
def spectrogram(x, sample_rate, ax=None, n_fft=1024, range_db=80):
    """Level over time and frequency, in decibels below the loudest point.

    Args:
        x: (n,) or (1, n) samples.
        sample_rate: in Hz.
        ax: axes to draw into.
        n_fft: length of the analysis window in samples.
        range_db: how far below the loudest point the colours reach.
    """
    x, ax = array("x", x, 1), axes_or_new(ax)
    hop = max(n_fft // 8, math.ceil(x.size / _CELLS[1]))
    magnitude = signals.stft(torch.from_numpy(x)[None], n_fft, hop)[0].abs().numpy()
    level_db = 20 * np.log10(np.maximum(magnitude / max(magnitude.max(), 1e-12), 10 ** (-range_db / 20)))
    level_db = np.round(_pool(level_db, _CELLS[0]) / _STEP_DB) * _STEP_DB
    extent = (-hop / 2 / sample_rate, (level_db.shape[1] - 0.5) * hop / sample_rate, 0, sample_rate / 2000)
    picture = ax.imshow(level_db, origin="lower", aspect="auto", extent=extent, cmap=DECIBELS, vmin=-range_db, vmax=0,
                        interpolation="nearest")
    ax.set(xlabel="time (s)", ylabel="frequency (kHz)", xlim=(0, x.size / sample_rate))
    ax.grid(False)
    ax.figure.colorbar(picture, ax=ax, label="level (dB)", pad=0.015, aspect=14).outline.set_visible(False)
    return ax


def _pool(level_db, rows):
    """Keep the loudest of neighbouring bins, so that no more than `rows` are left and no partial is lost."""
    size = math.ceil(level_db.shape[0] / rows)
    return np.maximum.reduceat(level_db, np.arange(0, level_db.shape[0], size), axis=0)
