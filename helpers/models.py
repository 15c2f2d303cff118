"""Synthesisers as modules: sounds made from parameters that gradient descent can move."""

import math

import torch
from torch import nn

from helpers import oscillators
from helpers.filters import fft_convolve
from helpers.signals import stft, upsample

# How far one unit of a parameter reaches; they make one step size fit all.
_BEND_OCTAVES = 0.1 / 12
_STRETCH = 0.003
_TAP = 0.05


class PartialsPlusNoise(nn.Module):
    """Partials that follow one pitch, filtered noise, and a room behind both.

    Partial ``k`` has the frequency ``ratio_k f0``, where the ratios of harmonics are whole numbers to begin with. The
    levels start as they are read off the target's STFT, the pitch as the tracker heard it, the room empty.

    Args:
        target: (batch, n), audio to start from.
        sample_rate: in Hz.
        f0_hz: (batch, frames), pitch in Hz; the partials get as many frames.
        ratios: (batch, k), frequencies of the partials as multiples of the pitch.
        bands, noise_frames: of the noise; none without bands.
        taps: length of the room's response in samples; none with zero.
        learn_pitch, learn_ratios: whether these move.

    Reference: Serra and Smith (1990); Engel et al. (2020). Chapter: synths/harmonic-plus-noise.
    """

    def __init__(self, target, sample_rate, f0_hz, ratios, bands=33, noise_frames=101, taps=0,
                 learn_pitch=True, learn_ratios=True):  # fmt: skip
        super().__init__()
        batch, self.n_samples = target.shape
        self.sample_rate = sample_rate
        self.register_buffer("tracked_hz", f0_hz)
        self.register_buffer("ratios", ratios)
        levels = read_partials(target, f0_hz[:, None] * ratios[..., None], sample_rate)
        self.log_amplitudes = nn.Parameter(levels.clamp(min=1e-5).log())
        self.bend = nn.Parameter(torch.zeros_like(f0_hz), requires_grad=learn_pitch)
        self.stretch = nn.Parameter(torch.zeros_like(ratios), requires_grad=learn_ratios)
        self.log_magnitudes = self.response = None
        if bands:
            magnitudes = 0.1 * read_bands(target, bands, noise_frames)
            self.log_magnitudes = nn.Parameter(magnitudes.clamp(min=1e-6).log())
        if taps:
            self.response = nn.Parameter(target.new_zeros(batch, taps))
            self.register_buffer("decay", _TAP * torch.exp(-3 * torch.arange(taps).to(target) / taps))

    def f0_hz(self):
        """Pitch, (batch, frames), in Hz."""
        return self.tracked_hz * 2 ** (_BEND_OCTAVES * self.bend)

    def frequencies_hz(self):
        """Of the partials, (batch, k, frames), in Hz."""
        return self.f0_hz()[:, None] * (self.ratios * torch.exp(_STRETCH * self.stretch))[..., None]

    def partials(self):
        """The partials alone, without the room: (batch, n)."""
        frequencies_hz = self.frequencies_hz()
        amplitudes = self.log_amplitudes.exp() * oscillators.is_audible(frequencies_hz, self.sample_rate)
        return oscillators.additive(amplitudes, frequencies_hz, self.sample_rate, self.n_samples)

    def noise(self, seed=0):
        """The noise alone, without the room: (batch, n). Another seed is another noise of the same colour."""
        generator = torch.Generator(self.log_magnitudes.device).manual_seed(seed)
        return oscillators.filtered_noise(self.log_magnitudes.exp(), self.n_samples, generator)

    def room(self, dry):
        """What the room makes of a sound, (batch, n): the sound and its echoes."""
        if self.response is None:
            return dry
        late = fft_convolve(dry, self.response * self.decay)
        return dry + nn.functional.pad(late, (1, -1))

    def forward(self, seed=0):
        """The sound, (batch, n)."""
        dry = self.partials()
        if self.log_magnitudes is not None:
            dry = dry + self.noise(seed)
        return self.room(dry)


def read_partials(x, frequencies_hz, sample_rate):
    """Amplitudes of partials as the STFT shows them: (batch, n), (batch, k, frames) -> (batch, k, frames)."""
    size = 4 * 2 ** round(math.log2(0.016 * sample_rate))
    magnitude = stft(x, size, size // 8).abs() * 4 / size  # a sinusoid of amplitude one shows as one
    magnitude = nn.functional.max_pool1d(magnitude.mT, 3, 1, 1).mT  # it may lie between two bins
    frames = frequencies_hz.shape[-1]
    frame = (torch.arange(frames, device=x.device) * (magnitude.shape[-1] - 1) / max(frames - 1, 1)).round().long()
    bins = (frequencies_hz * size / sample_rate).round().long().clamp(max=size // 2)
    return magnitude[..., frame].gather(1, bins)


def read_bands(x, bands, frames):
    """Level of each band as noise would have it: (batch, n) -> (batch, bands, frames)."""
    size = 4 * (bands - 1)
    power = stft(x, size).abs().square() / (0.375 * size)
    power = nn.functional.avg_pool1d(power.mT, 3, 2, 1).mT
    return torch.cat([upsample(power, max(frames - 1, 1)), power[..., -1:]], dim=-1)[..., :frames].sqrt()
