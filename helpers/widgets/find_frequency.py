"""Descent to a frequency, by five losses. Chapter: synths/finding-frequency."""

import anywidget
import traitlets

from helpers.widgets._bundle import bundle, style

METHODS = ["waveform", "spectral", "damped", "annealed", "transport"]


class FindFrequency(anywidget.AnyWidget):
    """Drag a sine to a start, choose a loss, and watch gradient descent look for the target on its landscape.

    The steps are those of the chapter: of a set length, shrinking, against the sign of the gradient. Target and sine
    begin at phase 0.

    Args:
        target_hz: frequency of the target.
        start_hz: where the descent begins.
        low_hz, high_hz: ends of the landscape.
        sample_rate: in Hz.
        n_samples: length that the loss compares, a power of two.
        n_fft: window of the spectral loss, a power of two, at most `n_samples`.
        method: ``"waveform"``, ``"spectral"``, ``"damped"``, ``"annealed"`` or ``"transport"``.

    Raises:
        ValueError: when the frequencies are not in order, or a length is no power of two.
    """

    _esm = bundle("find_frequency.js")
    _css = style()
    target_hz = traitlets.Float().tag(sync=True)
    start_hz = traitlets.Float().tag(sync=True)
    low_hz = traitlets.Float().tag(sync=True)
    high_hz = traitlets.Float().tag(sync=True)
    sample_rate = traitlets.Float().tag(sync=True)
    n_samples = traitlets.Int().tag(sync=True)
    n_fft = traitlets.Int().tag(sync=True)
    method = traitlets.Enum(METHODS).tag(sync=True)

    def __init__(self, target_hz=700.0, start_hz=1300.0, low_hz=100.0, high_hz=1600.0, sample_rate=4000,
                 n_samples=256, n_fft=128, method="waveform"):
        if not 0 < low_hz < high_hz < sample_rate / 2 or not all(low_hz <= hz <= high_hz for hz in (target_hz, start_hz)):
            raise ValueError(f"target_hz and start_hz must lie between low_hz and high_hz, and those between 0 and "
                             f"{sample_rate / 2} Hz, got {target_hz}, {start_hz}, {low_hz}, {high_hz}")
        if n_samples & (n_samples - 1) or n_fft & (n_fft - 1) or not 16 <= n_fft <= n_samples or n_samples < 128:
            raise ValueError(f"n_samples and n_fft must be powers of two, from 128 and from 16 to n_samples, "
                             f"got {n_samples} and {n_fft}")
        super().__init__(target_hz=target_hz, start_hz=start_hz, low_hz=low_hz, high_hz=high_hz,
                         sample_rate=sample_rate, n_samples=n_samples, n_fft=n_fft, method=method)

    def __repr__(self):
        return f"<FindFrequency, target {self.target_hz:g} Hz, {self.method} loss>"
