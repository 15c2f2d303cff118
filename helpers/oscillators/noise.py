"""Noise whose spectrum moves."""

import torch

from helpers.checks import check_count, check_shape
from helpers.filters import linear_phase_fir, time_varying_fir


def filtered_noise(magnitudes, n_samples, generator=None):
    """White noise through a filter whose magnitudes move on straight lines from frame to frame.

    The noise is normal and of power one, so that a flat magnitude `m` gives noise of root mean square `m`.
    Between the bands the magnitude is smooth: the responses are weighted with a Hann window.

    Args:
        magnitudes: (batch, bands, frames), gain at equal steps from 0 Hz to half the sample rate, not negative,
            at frame rate.
        n_samples: length of the result, in samples.
        generator: `torch.Generator` on the device of `magnitudes`, for the same noise every time.

    Returns:
        (batch, n_samples), audio.

    Raises:
        TypeError, ValueError: `magnitudes` has another shape or type.

    Reference: Engel et al. (2020), section 3; Serra and Smith (1990). Chapter: synths/harmonic-plus-noise.
    """
    check_shape("magnitudes", magnitudes, "batch bands frames")
    n_samples = check_count("n_samples", n_samples)
    batch, bands, frames = magnitudes.shape
    hop = max(1, round(n_samples / max(frames - 1, 1)))
    magnitudes = _on_hops(magnitudes, hop, n_samples)
    window = torch.hann_window(2 * bands + 1, periodic=False, device=magnitudes.device, dtype=magnitudes.dtype)[1:-1]
    responses = linear_phase_fir(magnitudes.mT, window)  # (batch, frames, taps)
    # Noise from before the start, so that the filter does not begin with silence in its memory.
    early = -(-2 * bands // hop)
    responses = torch.cat([responses[:, :1].expand(-1, early, -1), responses], dim=1)
    size = (batch, n_samples + early * hop)
    noise = torch.randn(size, generator=generator, device=magnitudes.device, dtype=magnitudes.dtype)
    return time_varying_fir(noise, responses, hop)[:, early * hop :]


def _on_hops(control, hop, n_samples):
    """The same lines, with a frame at every `hop` samples."""
    frames = control.shape[-1]
    if n_samples == hop * (frames - 1):
        return control
    position = torch.arange(n_samples // hop + 1, device=control.device) * hop * max(frames - 1, 0)
    left = (position // n_samples).clamp(max=max(frames - 2, 0))
    fraction = (position - left * n_samples).to(control.dtype) / n_samples
    return torch.lerp(control[..., left], control[..., (left + 1).clamp(max=frames - 1)], fraction)
