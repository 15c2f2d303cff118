"""Banks of sinusoids: free partials, and harmonics of one fundamental."""

import torch

from helpers.checks import check_control, check_count
from helpers.fastpath import use_numba
from helpers.oscillators import _plain
from helpers.oscillators._segments import lines, refine, turns
from helpers.oscillators.controls import harmonics_hz, is_audible


def additive(amplitudes, frequencies_hz, sample_rate, n_samples):
    """Sum of sinusoids, each with its own amplitude and frequency: ``y[n] = sum_k a_k[n] sin(phi_k[n])``.

    Every partial has phase 0 at sample 0. A frequency above half the sample rate aliases, as the formula does.

    Args:
        amplitudes: (batch, k, frames), linear, at frame rate.
        frequencies_hz: (batch, k, frames), in Hz, at frame rate. In both, an axis of one serves for all.
        sample_rate: in Hz.
        n_samples: length of the result, in samples.

    Returns:
        (batch, n_samples), audio.

    Raises:
        TypeError, ValueError: a control has another shape or type, or they do not fit each other.

    Reference: McAulay and Quatieri (1986), with straight tracks in place of cubic ones. Chapter: synths/additive.
    """
    check_control("amplitudes", amplitudes, dims=3)
    check_control("frequencies_hz", frequencies_hz, dims=3)
    n_samples = check_count("n_samples", n_samples)
    pair = _fit_together(amplitudes, "frequencies_hz", frequencies_hz)
    amplitudes, frequencies_hz = torch.broadcast_tensors(*pair)
    phase = turns(refine(frequencies_hz, n_samples), sample_rate, n_samples)
    level = lines(refine(amplitudes, n_samples), n_samples)
    if use_numba(level[0]):
        from helpers.oscillators._fast import FreeBank

        return FreeBank.apply(*phase, *level, n_samples)
    return _plain.free_bank(*phase, *level, n_samples)


def harmonic(f0_hz, amplitudes, sample_rate, n_samples):
    """Sum of harmonics: ``y[n] = sum_k a_k[n] sin(k phi[n])``, with ``phi`` the phase of the fundamental.

    A harmonic is silent in every frame where it would lie at or above half the sample rate, and fades on the way there.
    (Frames that lie far apart are first divided into pieces of at most 256 samples.)

    Args:
        f0_hz: (batch, frames), fundamental in Hz, at frame rate.
        amplitudes: (batch, k, frames), linear, at frame rate. In both, an axis of one serves for all.
        sample_rate: in Hz.
        n_samples: length of the result, in samples.

    Returns:
        (batch, n_samples), audio.

    Raises:
        TypeError, ValueError: a control has another shape or type, or they do not fit each other.

    Reference: Serra and Smith (1990); Engel et al. (2020), section 3. Chapter: synths/harmonic-optimise.
    """
    check_control("f0_hz", f0_hz)
    check_control("amplitudes", amplitudes, dims=3)
    n_samples = check_count("n_samples", n_samples)
    count = amplitudes.shape[1]
    amplitudes, f0_hz = _fit_together(amplitudes, "f0_hz", f0_hz[:, None])
    f0_hz = refine(f0_hz, n_samples).squeeze(1)
    heard = is_audible(harmonics_hz(f0_hz, count), sample_rate)
    phase = turns(f0_hz, sample_rate, n_samples)
    level = lines(refine(amplitudes, n_samples) * heard, n_samples)
    if use_numba(level[0]):
        from helpers.oscillators._fast import HarmonicBank

        counts = heard.sum(dim=1)
        return HarmonicBank.apply(*phase, *level, torch.maximum(counts[:, :-1], counts[:, 1:]), n_samples)
    return _plain.harmonic_bank(*phase, *level, n_samples)


def _fit_together(amplitudes, name, frequencies_hz):
    """Give amplitudes and frequencies the same batch, frames and type; an axis of one is repeated."""
    try:
        batch, _, frames = torch.broadcast_shapes(amplitudes.shape, frequencies_hz.shape)
    except RuntimeError:
        shapes = f"{tuple(amplitudes.shape)} and {tuple(frequencies_hz.shape)}"
        raise ValueError(f"amplitudes and {name} must fit each other, got {shapes}") from None
    dtype = torch.promote_types(amplitudes.dtype, frequencies_hz.dtype)
    return tuple(x.to(dtype).expand(batch, -1, frames) for x in (amplitudes, frequencies_hz))
