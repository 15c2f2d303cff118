"""Loss over gain on a recording. Chapter: first-steps/gain."""

import anywidget
import traitlets

from helpers.players import encode, safe, samples_of
from helpers.widgets._bundle import bundle, style


class GainLoss(anywidget.AnyWidget):
    """Drag a gain along its loss and hear it, for a target that is scaled, inverted or in quadrature.

    The losses are those of `helpers.losses`: `WaveformLoss` and ``SpectralLoss(1024)``.

    Args:
        x: (n,) or (1, n), the recording; two seconds or less keep the page light.
        sample_rate: in Hz.
        gain: what the target is scaled by, from 0 to 1.
        start: the gain to begin with, from -1 to 1.
        target: ``"scaled"``, ``"inverted"`` or ``"quadrature"``.
        loss: ``"waveform"`` or ``"spectral"``.
    """

    _esm = bundle("gain_loss.js")
    _css = style()
    sound = traitlets.Bytes().tag(sync=True)
    sample_rate = traitlets.Float().tag(sync=True)
    n_samples = traitlets.Int().tag(sync=True)
    gain = traitlets.Float().tag(sync=True)
    start = traitlets.Float().tag(sync=True)
    target = traitlets.Enum(["scaled", "inverted", "quadrature"]).tag(sync=True)
    loss = traitlets.Enum(["waveform", "spectral"]).tag(sync=True)

    def __init__(self, x, sample_rate, gain=0.5, start=-0.8, target="scaled", loss="waveform"):
        (samples,), _ = safe([samples_of("x", x)])
        if not 0 < gain <= 1 or not -1 <= start <= 1:
            raise ValueError(f"gain must be from 0 to 1 and start from -1 to 1, got {gain} and {start}")
        super().__init__(sound=encode(samples, sample_rate)[0], sample_rate=sample_rate, n_samples=samples.size,
                         gain=gain, start=start, target=target, loss=loss)

    def __repr__(self):
        return f"<GainLoss, target {self.target}, {self.loss} loss>"
