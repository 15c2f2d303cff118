"""Figures in one style. Every function draws into ``ax`` or into a new figure of the page's width, and returns the axes.

Imported in a notebook, this package also gives the notebook's own matplotlib figures that style.

Chapters: all of them.
"""

from helpers.plots import _style
from helpers.plots._base import figure
from helpers.plots._filters import bode, poles_zeros
from helpers.plots._losses import landscape, loss_curve
from helpers.plots._sounds import spectrogram, spectrum, waveform
from helpers.plots._style import COLOURS, DECIBELS, WIDTH_INCH
from helpers.plots._video import animation

__all__ = ["COLOURS", "DECIBELS", "WIDTH_INCH", "animation", "bode", "figure", "landscape", "loss_curve", "poles_zeros",
           "spectrogram", "spectrum", "waveform"]

if _style.in_notebook():
    _style.apply()
