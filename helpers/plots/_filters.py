"""Figures of filters: frequency response, poles and zeros."""

import math

import numpy as np

from helpers.plots._base import array, figure, finish, styled
from helpers.plots._style import COLOURS


@styled
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
    hz, response = freqz(array("b", b, 1), array("a", a, 1), worN=2048, fs=sample_rate)
    magnitude_ax.plot(hz / 1000, 20 * np.log10(np.maximum(np.abs(response), 1e-6)), label=label)
    magnitude_ax.set(xlabel="frequency (kHz)", ylabel="gain (dB)")
    for panel in phase_ax:
        magnitude_ax.set_xlabel("")
        panel.plot(hz / 1000, np.unwrap(np.angle(response)), label=label)
        panel.set(xlabel="frequency (kHz)", ylabel="phase (rad)")
    finish(magnitude_ax, label)
    return axes


@styled
def poles_zeros(b, a, ax=None):
    """Zeros (circles) and poles (crosses) of a filter in the z plane, with the unit circle.

    Args:
        b, a: coefficients, scipy's convention.
        ax: axes to draw into.
    """
    ax = figure(height=3.4)[1] if ax is None else ax
    turn = np.linspace(0, 2 * math.pi, 361)
    ax.plot(np.cos(turn), np.sin(turn), color="#999999", linewidth=1)
    zeros, poles = np.roots(array("b", b, 1)), np.roots(array("a", a, 1))
    ax.plot(zeros.real, zeros.imag, "o", markerfacecolor="none", markersize=8, color=COLOURS["blue"], label="zeros")
    ax.plot(poles.real, poles.imag, "x", markersize=8, markeredgewidth=2, color=COLOURS["vermilion"], label="poles")
    ax.set(xlabel="real part", ylabel="imaginary part", aspect="equal")
    ax.margins(0.08)
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return ax
