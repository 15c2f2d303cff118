"""Controls between two frames, as polynomials of the sample's number.

`signals.upsample` draws straight lines between frames. Between two frames a frequency is therefore a line and a phase a
parabola, so a whole hop of phase follows from three numbers, and no control needs to be stored at audio rate.
"""

import torch

from helpers.signals import upsample

# Longest piece in samples. Partials are switched off above Nyquist frame by frame, so frames must not lie far apart.
LONGEST = 256


def refine(control, n_samples):
    """Put more frames on the same lines until they are at most `LONGEST` samples apart.

    Args:
        control: (..., frames), any unit; a single frame is held.
        n_samples: length of the sound, in samples.

    Returns:
        (..., more frames), at least two.
    """
    hops = max(control.shape[-1] - 1, 1)
    pieces = -(-n_samples // (hops * LONGEST))
    if pieces == 1 and control.shape[-1] > 1:
        return control
    return torch.cat([upsample(control, hops * pieces), control[..., -1:]], dim=-1)


def bounds(n_samples, segments, device=None):
    """First sample of every segment, and the end of the last: (segments + 1,), whole numbers."""
    return (torch.arange(segments + 1, device=device) * n_samples + segments - 1) // segments


def lines(control, n_samples):
    """Value and slope of a control in each segment.

    Args:
        control: (..., frames), frames on the grid of `signals.upsample`, at least two.
        n_samples: length of the sound, in samples.

    Returns:
        start, slope: (..., frames - 1); sample ``j`` of a segment has the value ``start + slope * j``.
    """
    segments = control.shape[-1] - 1
    slope = control.diff(dim=-1) * (segments / n_samples)
    if n_samples % segments == 0:
        return control[..., :-1], slope
    late = -torch.arange(segments, device=control.device) * n_samples % segments  # first sample after the frame
    return control[..., :-1] + slope * (late.to(control.dtype) / segments), slope


def turns(frequency_hz, sample_rate, n_samples):
    """Phase of an oscillator in each segment, in turns: the sum of the frequency over all samples before.

    Args:
        frequency_hz: (..., frames), frames on the grid of `signals.upsample`, at least two.
        sample_rate: in Hz.
        n_samples: length of the sound, in samples.

    Returns:
        begin, rate, bend: (..., frames - 1), float64; sample ``j`` of a segment is at
        ``begin + (rate + bend * j) * j`` turns, where whole turns are left out of `begin`.
    """
    precise = frequency_hz if frequency_hz.device.type == "mps" else frequency_hz.double()
    start, slope = lines(precise / sample_rate, n_samples)
    length = bounds(n_samples, start.shape[-1], start.device).diff().to(start.dtype)
    rate, bend = start - slope / 2, slope / 2  # the sum of (start + slope i) for i < j
    total = (rate + bend * length) * length
    begin = torch.cumsum(total, dim=-1) - total
    return begin - begin.detach().floor(), rate, bend
