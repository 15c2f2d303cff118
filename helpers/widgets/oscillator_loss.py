"""Loss over the frequency of an oscillator. Chapter: synths/oscillator."""

import anywidget
import traitlets

from helpers.widgets._bundle import bundle, style


class OscillatorLoss(anywidget.AnyWidget):
    """Drag the frequency of a sine along its loss against a target sine, hear both, and let it roll downhill.

    The losses are those of `helpers.losses`: `WaveformLoss` and ``SpectralLoss(n_fft)``, over `n_samples`.

    Args:
        target_hz: frequency of the target.
        start_hz: where the oscillator begins.
        low_hz, high_hz: ends of the landscape.
        sample_rate: in Hz.
        n_samples: length that the loss compares.
        n_fft: window of the spectral loss, a power of two, at most `n_samples`.
        loss: ``"waveform"`` or ``"spectral"``.
    """

    _esm = bundle("oscillator_loss.js")
    _css = style()
    target_hz = traitlets.Float().tag(sync=True)
    start_hz = traitlets.Float().tag(sync=True)
    low_hz = traitlets.Float().tag(sync=True)
    high_hz = traitlets.Float().tag(sync=True)
    sample_rate = traitlets.Float().tag(sync=True)
    n_samples = traitlets.Int().tag(sync=True)
    n_fft = traitlets.Int().tag(sync=True)
    loss = traitlets.Enum(["waveform", "spectral"]).tag(sync=True)

    def __init__(self, target_hz=440.0, start_hz=614.0, low_hz=220.0, high_hz=880.0, sample_rate=16000,
                 n_samples=1024, n_fft=512, loss="waveform"):
        if not low_hz < high_hz <= sample_rate / 2 or not all(low_hz <= hz <= high_hz for hz in (target_hz, start_hz)):
            raise ValueError(f"target_hz and start_hz must lie between low_hz and high_hz, and those below "
                             f"{sample_rate / 2} Hz, got {target_hz}, {start_hz}, {low_hz}, {high_hz}")
        if n_fft & (n_fft - 1) or not 16 <= n_fft <= n_samples:
            raise ValueError(f"n_fft must be a power of two from 16 to n_samples, got {n_fft}")
        super().__init__(target_hz=target_hz, start_hz=start_hz, low_hz=low_hz, high_hz=high_hz,
                         sample_rate=sample_rate, n_samples=n_samples, n_fft=n_fft, loss=loss)

    def __repr__(self):
        return f"<OscillatorLoss, target {self.target_hz:g} Hz, {self.loss} loss>"
