"""Time, level and frames: the small operations that everything else stands on."""

import torch

from helpers.checks import check_count, check_shape, check_signal


def frame_count(n_samples, hop):
    """Number of control values, one every `hop` samples, that cover a sound from end to end.

    Frames are fence posts: frame ``i`` sits at sample ``i * hop``, the last one at the end of the sound.
    It is the number of frames of a centred STFT.
    """
    return check_count("n_samples", n_samples) // check_count("hop", hop) + 1


def upsample(control, n_samples):
    """Draw straight lines between control values: one value for each sample.

    Sample ``n`` sits at frame position ``n * (frames - 1) / n_samples``. One frame alone is held.

    Args:
        control: (..., frames), any unit, at frame rate.
        n_samples: length of the result, in samples.

    Returns:
        (..., n_samples), the same unit.

    Raises:
        TypeError, ValueError: `control` is not a real floating tensor, or is empty.

    Chapter: synths/oscillator.
    """
    check_shape("control", control, "... frames")
    n_samples = check_count("n_samples", n_samples)
    hops = control.shape[-1] - 1
    if hops == 0:
        return control.expand(*control.shape[:-1], n_samples)
    if n_samples % hops == 0:
        return _upsample_whole_hop(control, n_samples // hops)
    # Whole numbers keep the position exact; a float32 position is off by a sample after 2**24 samples.
    position = torch.arange(n_samples, device=control.device) * hops
    frame = position // n_samples
    fraction = (position % n_samples).to(control.dtype) / n_samples
    return torch.lerp(control[..., frame], control[..., frame + 1], fraction)


def _upsample_whole_hop(control, hop):
    """The same lines, hop by hop: no gather, hence five times faster."""
    fraction = torch.arange(hop, device=control.device, dtype=control.dtype) / hop
    left, right = control[..., :-1, None], control[..., 1:, None]
    return torch.lerp(left, right, fraction).flatten(-2)


def time_s(n_samples, sample_rate, device=None):
    """Time of each sample in seconds, (n_samples,), float32. Sample 0 is at time 0."""
    samples = torch.arange(check_count("n_samples", n_samples), device=device)
    return samples.to(torch.float32) / sample_rate


def to_db(x, floor_db=-120.0):
    """Level of amplitudes in decibels, ``20 log10 |x|``, not lower than `floor_db`."""
    return 20.0 * torch.log10(x.abs().clamp(min=from_db(floor_db)))


def from_db(db):
    """Amplitude of a level in decibels, ``10 ** (db / 20)``; a number or a tensor."""
    return 10.0 ** (db / 20.0)


def stft(x, n_fft, hop=None):
    """Centred short-time Fourier transform with a periodic Hann window.

    The edges are mirrored; a sound too short to be mirrored is surrounded by silence.

    Args:
        x: (batch, n) audio.
        n_fft: window length in samples.
        hop: samples from one frame to the next; a quarter of the window when left out.

    Returns:
        (batch, n_fft // 2 + 1, n // hop + 1), complex.

    Raises:
        TypeError, ValueError: `x` is not audio of shape (batch, n).

    Chapter: first-steps/losses.
    """
    check_signal("x", x)
    hop = hop or n_fft // 4
    window = torch.hann_window(n_fft, device=x.device, dtype=x.dtype)
    pad_mode = "reflect" if x.shape[-1] > n_fft // 2 else "constant"
    return torch.stft(x, n_fft, hop, window=window, pad_mode=pad_mode, return_complex=True)


def rms(x):
    """Root mean square over the last axis: (..., n) -> (...). Its gradient in silence is zero, not NaN."""
    return torch.linalg.vector_norm(x, dim=-1) / x.shape[-1] ** 0.5


def set_peak_db(x, peak_db=-1.0):
    """Scale each sound so that its largest absolute sample is at `peak_db` (dBFS). Silence stays silent."""
    peak = x.abs().amax(dim=-1, keepdim=True)
    return x * (from_db(peak_db) / torch.where(peak > 0, peak, 1.0))
