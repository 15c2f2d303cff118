"""Comparison of sounds by ear and eye. Chapters import it as ``players.Compare``."""

import anywidget
import numpy as np
import traitlets

from helpers.players import encode, safe, samples_of, turned_down_note
from helpers.widgets._bundle import bundle, style


class Compare(anywidget.AnyWidget):
    """Sounds to switch between at the same instant, with their spectrograms on one decibel scale.

    Args:
        sounds: name -> (n,) or (1, n) samples, two or more. A shorter one is followed by silence.
        sample_rate: in Hz.
        lossless: FLAC in place of MP3, where the samples themselves matter.

    Raises:
        TypeError, ValueError: for fewer than two sounds, or one that is not finite, non-empty, floating, one channel.
    """

    _esm = bundle("compare.js")
    _css = style()
    sounds = traitlets.List().tag(sync=True)
    labels = traitlets.List().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    sample_rate = traitlets.Float().tag(sync=True)
    n_samples = traitlets.Int().tag(sync=True)

    def __init__(self, sounds, sample_rate, lossless=False):
        if not isinstance(sounds, dict) or len(sounds) < 2:
            raise ValueError("sounds must be a dictionary of at least two, such as {'target': x, 'result': y}")
        samples, down_db = safe([samples_of(f"sounds[{name!r}]", x) for name, x in sounds.items()])
        n = max(x.size for x in samples)
        samples = [np.pad(x, (0, n - x.size)) for x in samples]
        super().__init__(
            sounds=[encode(x, sample_rate, lossless)[0] for x in samples], labels=[str(name) for name in sounds],
            note=f"All sounds{turned_down_note(down_db)}." if down_db else "", sample_rate=sample_rate, n_samples=n)

    def __repr__(self):
        return f"<Compare {', '.join(self.labels)}>"
