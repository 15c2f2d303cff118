"""What all drawing functions share: the style while they run, a figure of the page's width, checked arrays."""

import functools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import torch

from helpers.plots._style import STYLE, WIDTH_INCH


def styled(draw):
    """Run a drawing function under the style, wherever it is called; the global settings stay as they were."""

    @functools.wraps(draw)
    def run(*args, **kwargs):
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return run


@styled
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


def array(name, x, *dims):
    """A tensor or sequence as an array of one of the allowed numbers of dimensions; (1, n) counts as (n,)."""
    x = x.detach().cpu().numpy() if torch.is_tensor(x) else np.asarray(x, dtype=float)
    if 1 in dims and x.ndim == 2 and x.shape[0] == 1:
        x = x[0]
    if x.ndim not in dims or x.size == 0:
        raise ValueError(f"{name} must be non-empty with {' or '.join(map(str, dims))} dimensions, got {tuple(x.shape)}")
    return x


def axes_or_new(ax):
    """The axes given, or those of a new figure."""
    return figure()[1] if ax is None else ax


def finish(ax, label):
    """A legend, once something in it has a name."""
    if label is not None:
        ax.legend()
    return ax
