"""Figures in one style. Every function draws into ``ax`` or into a new figure of the page's width, and returns the axes.

Imported in a notebook, this module also gives the notebook's own matplotlib figures that style.

Chapters: all of them.
"""

import functools
import math

import matplotlib as mpl
import matplotlib.figure
import matplotlib.pyplot as plt
import numpy as np
import torch

from helpers import _style
from helpers._style import COLOURS, DECIBELS, STYLE, WIDTH_INCH
from helpers._video import Video, film

__all__ = ["COLOURS", "DECIBELS", "animation", "bode", "figure", "landscape", "loss_curve", "poles_zeros",
           "spectrogram", "spectrum", "waveform"]

_COLUMNS = 1400  # pixels across a figure on a dense screen: more points than this are drawn as an envelope
_CELLS = (200, 320)  # of a spectrogram, rows and columns at most, and its finest step of level:
_STEP_DB = 2.0  # recorded noise does not compress, and these keep a picture of it under 60 kB

if _style.in_notebook():
    _style.apply()


def _styled(draw):
    """Run a drawing function under the style, wherever it is called; the global settings stay as they were."""

    @functools.wraps(draw)
    def run(*args, **kwargs):
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return run


@_styled
def figure(rows=1, cols=1, height=2.4):
    """A figure as wide as the page.

    Args:
        rows, cols: of axes.
        height: of one row, in inches (100 pixels each).

    Returns:
        the figure, and its axes: one, or an array as from ``plt.subplots``.
    """
    fig, axes = plt.subplots(rows, cols, figsize=(WIDTH_INCH, height * rows))
    for ax in np.ravel(axes):
        ax.tick_params(labelsize=STYLE["xtick.labelsize"])  # ticks made later would follow the global style
    return fig, axes


@_styled
def waveform(x, sample_rate, ax=None, label=None):
    """Amplitude over time.

    Args:
        x: (n,) or (1, n) samples.
        sample_rate: in Hz.
        ax: axes to draw into.
        label: for the legend.
    """
    x, ax = _array("x", x, 1), _axes(ax)
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
    return _finish(ax, label)


def _envelope(x):
    """Lowest and highest sample of each of _COLUMNS stretches."""
    edges = np.linspace(0, x.size, _COLUMNS + 1).astype(int)[:-1]
    return np.minimum.reduceat(x, edges), np.maximum.reduceat(x, edges)


@_styled
def spectrum(x, sample_rate, ax=None, label=None):
    """Level over frequency of the whole sound; a sine of amplitude one reads 0 dB.

    Args:
        x: (n,) or (1, n) samples.
        sample_rate: in Hz.
        ax: axes to draw into.
        label: for the legend.
    """
    x, ax = _array("x", x, 1), _axes(ax)
    window = np.hanning(x.size + 2)[1:-1]  # without its zeros, so that one sample is a sound too
    magnitude = np.abs(np.fft.rfft(x * window)) * 2 / window.sum()
    level_db = 20 * np.log10(np.maximum(magnitude, 1e-6))
    khz = np.fft.rfftfreq(x.size, 1 / sample_rate) / 1000
    if khz.size > 2 * _COLUMNS:  # peaks are what one looks for, and they must not fall between the pixels
        khz, level_db = np.linspace(0, khz[-1], _COLUMNS), _envelope(level_db)[1]
    ax.plot(khz, level_db, label=label, linewidth=1.1)
    ax.set(xlabel="frequency (kHz)", ylabel="level (dB)")
    return _finish(ax, label)


@_styled
def spectrogram(x, sample_rate, ax=None, n_fft=1024, range_db=80):
    """Level over time and frequency, in decibels below the loudest point.

    Args:
        x: (n,) or (1, n) samples.
        sample_rate: in Hz.
        ax: axes to draw into.
        n_fft: length of the analysis window in samples.
        range_db: how far below the loudest point the colours reach.
    """
    from helpers import signals

    x, ax = _array("x", x, 1), _axes(ax)
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


@_styled
def bode(b, a, sample_rate, ax=None, label=None):
    """Magnitude and phase response of a filter.

    Args:
        b, a: coefficients, scipy's convention.
        sample_rate: in Hz.
        ax: two axes (magnitude, phase), or one for the magnitude alone.
        label: for the legend.

    Returns:
        the axes: an array of two, or the one given.
    """
    from scipy.signal import freqz

    axes = figure(2, height=1.8)[1] if ax is None else ax
    magnitude_ax, *phase_ax = np.ravel(axes)
    hz, response = freqz(_array("b", b, 1), _array("a", a, 1), worN=2048, fs=sample_rate)
    magnitude_ax.plot(hz / 1000, 20 * np.log10(np.maximum(np.abs(response), 1e-6)), label=label)
    magnitude_ax.set(xlabel="frequency (kHz)", ylabel="gain (dB)")
    for panel in phase_ax:
        magnitude_ax.set_xlabel("")
        panel.plot(hz / 1000, np.unwrap(np.angle(response)), label=label)
        panel.set(xlabel="frequency (kHz)", ylabel="phase (rad)")
    _finish(magnitude_ax, label)
    return axes


@_styled
def loss_curve(losses, ax=None, label=None, log=True):
    """Loss over optimisation steps.

    Args:
        losses: (steps,) or (steps, batch), one curve for each restart.
        ax: axes to draw into.
        label: for the legend.
        log: logarithmic loss axis; ignored where a loss is not positive.
    """
    losses, ax = _array("losses", losses, 1, 2), _axes(ax)
    curves = losses if losses.ndim == 1 else losses[:, 0]
    ax.plot(np.arange(len(losses)), curves, label=label)
    if losses.ndim == 2:
        ax.plot(np.arange(len(losses)), losses[:, 1:], color=ax.lines[-1].get_color(), alpha=0.45, linewidth=1)
    if log and (losses > 0).all():
        ax.set_yscale("log")
    ax.set(xlabel="step", ylabel="loss")
    return _finish(ax, label)


@_styled
def landscape(values, losses, ax=None, label=None, xlabel=None, mark=None):
    """Loss over one parameter, or over two as a map.

    Args:
        values: (n,) parameter values; for a map a pair of (n,) horizontal and (m,) vertical values.
        losses: (n,), or (m, n) for a map.
        ax: axes to draw into.
        label: for the legend.
        xlabel: name and unit of the parameter; a pair of them for a map.
        mark: the value, or pair of values, to point out, such as the target.
    """
    losses, ax = _array("losses", losses, 1, 2), _axes(ax)
    if losses.ndim == 2:
        return _map(values, losses, ax, xlabel, mark)
    ax.plot(_array("values", values, 1), losses, label=label)
    if mark is not None:
        ax.axvline(float(mark), color="#888888", linestyle=(0, (4, 3)), linewidth=1.2, zorder=1)
    ax.set(xlabel=xlabel or "parameter", ylabel="loss")
    return _finish(ax, label)


def _map(values, losses, ax, xlabel, mark):
    """Loss over two parameters, dark where it is low, with contours."""
    horizontal, vertical = (_array("values", v, 1) for v in values)
    picture = ax.pcolormesh(horizontal, vertical, losses, cmap="magma", shading="nearest", rasterized=True)
    ax.contour(horizontal, vertical, losses, levels=12, colors="white", linewidths=0.5, alpha=0.5)
    if mark is not None:
        ax.plot(*mark, marker="*", markersize=13, color=COLOURS["sky"], markeredgecolor="white", linestyle="")
    xlabel, ylabel = xlabel or ("first parameter", "second parameter")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(False)
    ax.figure.colorbar(picture, ax=ax, label="loss", pad=0.015, aspect=14).outline.set_visible(False)
    return ax


@_styled
def poles_zeros(b, a, ax=None):
    """Zeros (circles) and poles (crosses) of a filter in the z plane, with the unit circle.

    Args:
        b, a: coefficients, scipy's convention.
        ax: axes to draw into.
    """
    ax = figure(height=3.4)[1] if ax is None else ax
    turn = np.linspace(0, 2 * math.pi, 361)
    ax.plot(np.cos(turn), np.sin(turn), color="#999999", linewidth=1)
    zeros, poles = np.roots(_array("b", b, 1)), np.roots(_array("a", a, 1))
    ax.plot(zeros.real, zeros.imag, "o", markerfacecolor="none", markersize=8, color=COLOURS["blue"], label="zeros")
    ax.plot(poles.real, poles.imag, "x", markersize=8, markeredgewidth=2, color=COLOURS["vermilion"], label="poles")
    ax.set(xlabel="real part", ylabel="imaginary part", aspect="equal")
    ax.margins(0.08)
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return ax


@_styled
def animation(draw, frames, figsize=(7.2, 2.8), fps=16, *, label):
    """A small film of a figure.

    Args:
        draw: ``draw(ax, frame)`` draws one picture into empty axes.
        frames: how many pictures, or the sequence of what to hand to ``draw``.
        figsize: in inches (100 pixels each).
        fps: pictures a second.
        label: what the film shows, for those who cannot see it.

    Returns:
        a `Video`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    frames = range(frames) if isinstance(frames, int) else frames
    fig = mpl.figure.Figure(figsize=figsize, dpi=150)
    canvas, ax = FigureCanvasAgg(fig), fig.subplots()
    width, height = (int(v) // 2 * 2 for v in canvas.get_width_height())  # H.264 halves the colour grid

    def picture(frame):
        ax.clear()
        draw(ax, frame)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[:height, :width, :3]

    return Video(film(map(picture, frames), (width, height), fps), label)


def _array(name, x, *dims):
    """A tensor or sequence as an array of one of the allowed numbers of dimensions; (1, n) counts as (n,)."""
    x = x.detach().cpu().numpy() if torch.is_tensor(x) else np.asarray(x, dtype=float)
    if 1 in dims and x.ndim == 2 and x.shape[0] == 1:
        x = x[0]
    if x.ndim not in dims or x.size == 0:
        raise ValueError(f"{name} must be non-empty with {' or '.join(map(str, dims))} dimensions, got {tuple(x.shape)}")
    return x


def _axes(ax):
    return figure()[1] if ax is None else ax


def _finish(ax, label):
    if label is not None:
        ax.legend()
    return ax
