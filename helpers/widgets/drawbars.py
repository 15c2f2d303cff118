"""Sixteen harmonics to drag. Chapter: synths/additive."""

import anywidget
import traitlets

from helpers.widgets._bundle import bundle, style

HARMONICS = 16


class Drawbars(anywidget.AnyWidget):
    """Drag the levels of sixteen harmonics, hear their sum, and see its spectrum and waveform.

    Beside a kernel, `amplitudes` holds what the bars say, linear, harmonic 1 first.

    Args:
        f0_hz: fundamental.
        preset: what the bars show first: ``"sine"``, ``"saw"``, ``"square"`` or ``"organ"``.
        sample_rate: in Hz, of the samples that are drawn.
    """

    _esm = bundle("drawbars.js")
    _css = style()
    f0_hz = traitlets.Float().tag(sync=True)
    sample_rate = traitlets.Float().tag(sync=True)
    preset = traitlets.Enum(["sine", "saw", "square", "organ"]).tag(sync=True)
    amplitudes = traitlets.List().tag(sync=True)

    def __init__(self, f0_hz=220.0, preset="saw", sample_rate=48000):
        highest_hz = sample_rate / 2 / (HARMONICS + 1)
        if not 100 <= f0_hz < highest_hz:
            raise ValueError(f"f0_hz must be from 100 to {highest_hz:g} Hz, to draw {HARMONICS} harmonics apart, got {f0_hz}")
        super().__init__(f0_hz=f0_hz, sample_rate=sample_rate, preset=preset)

    def __repr__(self):
        return f"<Drawbars, {self.f0_hz:g} Hz, {self.preset}>"
