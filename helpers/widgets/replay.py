"""Replay of a fit. Chapters import it as ``players.Replay``."""

import anywidget
import numpy as np
import torch
import traitlets

from helpers.players import encode, safe, samples_of, turned_down_note
from helpers.widgets._bundle import bundle, style

_CURVE_POINTS = 200  # of the loss curve, more than its 600 pixels can tell apart on a logarithmic axis


class Replay(anywidget.AnyWidget):
    """Scrub through the snapshots of a fit: see the loss and the spectrogram, hear each sound and the target.

    Of several restarts in a batch it shows the one that ended best.

    Args:
        fit: what `helpers.fit` returned, called with ``snapshots``.
        sample_rate: in Hz.
        target: (n,) or (1, n) samples to compare with.

    Raises:
        ValueError: when the fit kept no snapshots, or a snapshot's sound is not finite.
    """

    _esm = bundle("replay.js")
    _css = style()
    sounds = traitlets.List().tag(sync=True)
    steps = traitlets.List().tag(sync=True)
    losses = traitlets.List().tag(sync=True)
    readouts = traitlets.List().tag(sync=True)
    curve = traitlets.List().tag(sync=True)
    has_target = traitlets.Bool().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    sample_rate = traitlets.Float().tag(sync=True)
    n_samples = traitlets.Int().tag(sync=True)

    def __init__(self, fit, sample_rate, target=None):
        if not fit.snapshots:
            raise ValueError("fit has no snapshots: call fit(..., snapshots=8)")
        best = _best_restart(fit.losses)
        sounds = [samples_of(f"snapshot at step {s.step}", s.audio[best:best + 1]) for s in fit.snapshots]
        if target is not None:
            sounds.append(samples_of("target", target))
        sounds, down_db = safe(sounds)
        n = max(x.size for x in sounds)
        super().__init__(
            sounds=[encode(np.pad(x, (0, n - x.size)), sample_rate)[0] for x in sounds],
            steps=[int(s.step) for s in fit.snapshots], losses=[_pick(s.loss, best) for s in fit.snapshots],
            readouts=[_readout(s.parameters, best) for s in fit.snapshots], curve=_curve(fit.losses, best),
            has_target=target is not None, note=f"All sounds{turned_down_note(down_db)}." if down_db else "",
            sample_rate=sample_rate, n_samples=n)

    def __repr__(self):
        return f"<Replay of {len(self.steps)} snapshots>"


def _best_restart(losses):
    """Index of the restart with the lowest loss; 0 when there is one."""
    return int(losses.amin(0).argmin()) if losses.ndim == 2 else 0


def _pick(loss, best):
    """Four digits of one restart's loss, which is what the page shows and carries."""
    loss = torch.as_tensor(loss)
    return float(f"{float(loss.reshape(-1)[best if loss.numel() > 1 else 0]):.4g}")


def _curve(losses, best):
    """[step, loss] at steps in equal ratios, where the loss is finite: JSON has no other numbers."""
    losses = losses[:, best] if losses.ndim == 2 else losses
    steps = np.unique(np.geomspace(1, len(losses), _CURVE_POINTS).round().astype(int)) - 1
    return [[int(step), float(f"{float(losses[step]):.4g}")] for step in steps if torch.isfinite(losses[step])]


def _readout(parameters, best):
    """Parameters that are one number each, as text; longer ones are left to the ear."""
    lines = []
    for name, value in parameters.items():
        if value.numel() == 1 or (value.ndim and value.numel() == value.shape[0] > best > 0):
            lines.append(f"{name} {float(value.reshape(-1)[best if value.numel() > 1 else 0]):.3g}")
    return lines[:3]
