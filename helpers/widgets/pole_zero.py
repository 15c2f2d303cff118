"""Poles and zeros to drag. Chapter: filters/iir."""

import anywidget
import traitlets

from helpers.widgets._bundle import bundle, style

PRESETS = ["resonance", "notch", "one pole", "low-pass", "vowel"]


class PoleZero(anywidget.AnyWidget):
    """Drag poles and zeros, see the magnitude and impulse response they make, and hear a sound through them.

    The transfer function is the product of ``1 - q / z`` over the zeros q, divided by the same over the poles.
    Beside a kernel, `poles` and `zeros` hold them as pairs of real and imaginary part.

    Args:
        preset: what it shows first: ``"resonance"``, ``"notch"``, ``"one pole"``, ``"low-pass"`` or ``"vowel"``.
        sound: what is heard through it: ``"noise"``, ``"saw"`` or ``"clicks"``.
        sample_rate: in Hz, of filter and sound; a multiple of 4.
    """

    _esm = bundle("pole_zero.js")
    _css = style()
    sample_rate = traitlets.Int().tag(sync=True)
    preset = traitlets.Enum(PRESETS).tag(sync=True)
    sound = traitlets.Enum(["noise", "saw", "clicks"]).tag(sync=True)
    poles = traitlets.List().tag(sync=True)
    zeros = traitlets.List().tag(sync=True)

    def __init__(self, preset="resonance", sound="noise", sample_rate=16000):
        if not 8000 <= sample_rate <= 96000 or sample_rate % 4:
            raise ValueError(f"sample_rate must be a multiple of 4 from 8000 to 96000 Hz, got {sample_rate}")
        super().__init__(sample_rate=int(sample_rate), preset=preset, sound=sound)

    def __repr__(self):
        return f"<PoleZero, {self.preset}, {self.sample_rate} Hz>"
