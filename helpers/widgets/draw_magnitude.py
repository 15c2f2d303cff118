"""A magnitude response to draw. Chapter: filters/fir-optimise."""

import anywidget
import traitlets

from helpers.players import encode, safe, samples_of
from helpers.widgets._bundle import bundle, style


class DrawMagnitude(anywidget.AnyWidget):
    """Draw the gain of a filter over frequency, see its impulse response, and hear noise or a recording through it.

    The filter is ``helpers.filters.linear_phase_fir`` of 65 magnitudes, hence 129 taps, with no window or a symmetric Hann.
    Beside a kernel, `magnitudes` holds what is drawn, linear, from 0 Hz to half the sample rate.

    Args:
        x: (n,) or (1, n), the recording; three seconds or less keep the page light.
        sample_rate: in Hz.
        preset: what is drawn first: ``"flat"``, ``"low-pass"``, ``"band"``, ``"telephone"`` or ``"notch"``.
        window: whether the Hann window is on at first.
    """

    _esm = bundle("draw_magnitude.js")
    _css = style()
    sound = traitlets.Bytes().tag(sync=True)
    sample_rate = traitlets.Int().tag(sync=True)
    n_samples = traitlets.Int().tag(sync=True)
    preset = traitlets.Enum(["flat", "low-pass", "band", "telephone", "notch"]).tag(sync=True)
    window = traitlets.Bool().tag(sync=True)
    magnitudes = traitlets.List().tag(sync=True)

    def __init__(self, x, sample_rate, preset="low-pass", window=False):
        if not 8000 <= sample_rate <= 48000:
            raise ValueError(f"sample_rate must be from 8000 to 48000 Hz, got {sample_rate}")
        (samples,), _ = safe([samples_of("x", x)])
        super().__init__(sound=encode(samples, sample_rate)[0], sample_rate=int(sample_rate), n_samples=samples.size,
                         preset=preset, window=window)

    def __repr__(self):
        return f"<DrawMagnitude, {self.preset}, {self.sample_rate} Hz>"
