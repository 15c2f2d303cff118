"""Figures of losses: over steps, over one parameter, over two."""

import numpy as np

from helpers.plots._base import array, axes_or_new, finish, styled
from helpers.plots._style import COLOURS


@styled
def loss_curve(losses, ax=None, label=None, log=True):
    """Loss over optimisation steps.

    Args:
        losses: (steps,) or (steps, batch), one curve for each restart.
        ax: axes to draw into.
        label: for the legend.
        log: logarithmic loss axis; ignored where a loss is not positive.
    """
    losses, ax = array("losses", losses, 1, 2), axes_or_new(ax)
    curves = losses if losses.ndim == 1 else losses[:, 0]
    ax.plot(np.arange(len(losses)), curves, label=label)
    if losses.ndim == 2:
        ax.plot(np.arange(len(losses)), losses[:, 1:], color=ax.lines[-1].get_color(), alpha=0.45, linewidth=1)
    if log and (losses > 0).all():
        ax.set_yscale("log")
    ax.set(xlabel="step", ylabel="loss")
    return finish(ax, label)


@styled
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
    losses, ax = array("losses", losses, 1, 2), axes_or_new(ax)
    if losses.ndim == 2:
        return _map(values, losses, ax, xlabel, mark)
    ax.plot(array("values", values, 1), losses, label=label)
    if mark is not None:
        ax.axvline(float(mark), color="#888888", linestyle=(0, (4, 3)), linewidth=1.2, zorder=1)
    ax.set(xlabel=xlabel or "parameter", ylabel="loss")
    return finish(ax, label)


def _map(values, losses, ax, xlabel, mark):
    """Loss over two parameters, dark where it is low, with contours."""
    horizontal, vertical = (array("values", v, 1) for v in values)
    picture = ax.pcolormesh(horizontal, vertical, losses, cmap="magma", shading="nearest", rasterized=True)
    ax.contour(horizontal, vertical, losses, levels=12, colors="white", linewidths=0.5, alpha=0.5)
    if mark is not None:
        ax.plot(*mark, marker="*", markersize=13, color=COLOURS["sky"], markeredgecolor="white", linestyle="")
    xlabel, ylabel = xlabel or ("first parameter", "second parameter")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(False)
    ax.figure.colorbar(picture, ax=ax, label="loss", pad=0.015, aspect=14).outline.set_visible(False)
    return ax
