"""Matching: a recording in, a synthesiser that sounds like it out."""

import math
from dataclasses import dataclass

import torch
from torch import nn

from helpers import _ragged, pitch
from helpers._together import Together
from helpers.checks import check_count, check_finite, check_shape, check_signal
from helpers.fitting import Fit, Snapshot, fit
from helpers.losses import MultiScaleSpectralLoss
from helpers.models import PartialsPlusNoise
from helpers.signals import frame_count, upsample

_BANDS = 33
_MOST_HARMONICS = 80
_UNPITCHED_HZ = 100.0  # the pitch of what has none: partials everywhere


@dataclass(frozen=True)
class Quality:
    """What a match may cost.

    Attributes:
        steps: of the optimiser.
        parameters_per_sample: at most.
        partials: free partials are added to the harmonics up to so many.
    """

    steps: int
    parameters_per_sample: float
    partials: int


QUALITIES = {"standard": Quality(500, 1.0, 40), "high": Quality(2400, 2.0, 64)}


@dataclass(frozen=True, eq=False)
class Match:
    """A matched sound, or several: ``match[i]`` is the match of sound `i` alone. Tensors are on the CPU.

    Attributes:
        audio: (batch, n), the synthesised sound; of several, with silence behind the shorter ones.
        f0_hz: (batch, frames), its pitch.
        losses: (steps,) or (steps, batch), multi-scale spectral distance.
        parameters: name -> tensor, padded with zeros where sounds differ in length.
        seconds: time that the optimisation took; of one sound among several, its share.
        model: the synthesiser, with the best parameters.
        fit: the `Fit`, with its snapshots.
        sounds: of several sounds, the `Match` of each.
    """

    audio: torch.Tensor
    f0_hz: torch.Tensor
    losses: torch.Tensor
    parameters: dict
    seconds: float
    model: nn.Module
    fit: Fit
    sounds: tuple = ()

    @property
    def n_parameters(self):
        """Numbers that were optimised; of several sounds, for the largest."""
        if self.sounds:
            return max(sound.n_parameters for sound in self.sounds)
        return sum(tensor[0].numel() for tensor in self.parameters.values())

    def __len__(self):
        return len(self.audio)

    def __getitem__(self, i):
        return (self.sounds or (self,))[i]

    def __repr__(self):
        return f"Match of {self.n_parameters} parameters, {self.fit!r}"


def match(target, sample_rate, quality="standard", *, noise=True, room=True, free_partials=True, stretch=True,
          learn_pitch=True, steps=None, snapshots=0, device=None, progress=False, lengths=None):  # fmt: skip
    """Match recordings with partials, noise and a room.

    Any sound is allowed: where there is no pitch, partials stand 100 Hz apart. Frames are as short as the number of
    parameters permits. The noise is one fixed draw; `Match.model(seed=1)` plays another, which tells how much of the
    match is memory of that draw. Sounds in a batch are matched side by side, each as if it were alone.

    Args:
        target: (batch, n), audio; or a list of sounds of different lengths, each (n,) or (1, n).
        sample_rate: in Hz.
        quality: ``"standard"``, at most one parameter for each sample, or ``"high"``, at most two, or a `Quality`.
        noise, room: whether the synthesiser has them.
        free_partials: whether strong peaks of the spectrum get partials of their own beside the harmonics.
        stretch: whether partials may leave their whole-numbered ratios.
        learn_pitch: whether the tracked pitch is optimised with the rest.
        steps: number of steps, in place of the quality's own.
        snapshots: see `helpers.fit`.
        device: see `helpers.fit`.
        progress: whether to show progress.
        lengths: (batch,), how many samples of each row are sound, where the rest is padding.

    Returns:
        `Match`.

    Raises:
        TypeError, ValueError: `target` is not audio, or not finite, `lengths` does not fit it, or `quality` is unknown.

    Reference: Engel et al. (2020). Chapter: synths/harmonic-results.
    """
    chosen = quality if isinstance(quality, Quality) else QUALITIES.get(quality)
    if chosen is None:
        raise ValueError(f"quality must be one of {', '.join(map(repr, QUALITIES))}, or a Quality, got {quality!r}")
    sounds = _rows(target, lengths)
    alone = [
        _model(sound, sample_rate, chosen, noise, room, free_partials, stretch, learn_pitch) for sound in sounds
    ]  # fmt: skip
    model, loss = alone[0], MultiScaleSpectralLoss()
    if len(alone) > 1:
        model, loss = Together(alone), _ragged.Loss([sound.shape[-1] for sound in sounds])
    result = fit(
        model, loss, steps or chosen.steps, target=_ragged.stack([sound[0] for sound in sounds]), lr=0.05,
        schedule="cosine", snapshots=snapshots, device=device, progress=progress,
    )  # fmt: skip
    if len(alone) == 1:
        return _match(result, model)
    model.part()
    return _match(result, model, tuple(_match(_row(result, model, i), each) for i, each in enumerate(alone)))


def _rows(target, lengths):
    """The sounds, each (1, n), without padding, on the CPU."""
    if isinstance(target, (list, tuple)):
        if lengths is not None:
            raise ValueError("lengths belong to a padded target (batch, n); the sounds of a list have their own")
        if not target:
            raise ValueError("target must hold at least one sound, got an empty list")
        rows = [sound[None] if getattr(sound, "ndim", None) == 1 else sound for sound in target]
        for i, row in enumerate(rows):
            check_shape(f"target[{i}]", row, "1 n")
    else:
        rows = check_signal("target", target).split(1)
        if lengths is not None:
            rows = [row[:, :length] for row, length in zip(rows, _check_lengths(lengths, target))]
    check_finite("target", torch.cat([row.detach() for row in rows], dim=1))
    return [row.detach().cpu() for row in rows]


def _check_lengths(lengths, target):
    lengths = [check_count("lengths", int(length)) for length in lengths]
    if len(lengths) != len(target) or max(lengths) > target.shape[-1]:
        raise ValueError(f"lengths must be {len(target)} numbers up to {target.shape[-1]}, got {lengths}")
    return lengths


def _model(sound, sample_rate, quality, noise, room, free_partials, stretch, learn_pitch):
    """The synthesiser of one sound (1, n), within its budget."""
    tracked_hz = _track(sound, sample_rate)
    ratios = _ratios(sound, tracked_hz, sample_rate, quality.partials if free_partials else 0)
    sizes = _sizes(sound.shape[-1], sample_rate, ratios.shape[1], quality.parameters_per_sample, noise, room)
    frames = sizes.pop("frames")
    f0_hz = torch.cat([upsample(tracked_hz, max(frames - 1, 1)), tracked_hz[:, -1:]], dim=-1)[:, :frames]
    return PartialsPlusNoise(
        sound, sample_rate, f0_hz, ratios, learn_pitch=learn_pitch, learn_ratios=stretch, **sizes
    )  # fmt: skip


def _match(result, model, sounds=()):
    with torch.no_grad():
        f0_hz = model.f0_hz().clone()
    return Match(result.audio, f0_hz, result.losses, result.parameters, result.seconds, model, result, sounds)


def _row(result, together, i):
    """What the fit of all says about sound `i`."""
    length = together.lengths[i]
    snapshots = [
        Snapshot(moment.step, moment.loss[i], together.own(moment.parameters, i), moment.audio[i : i + 1, :length])
        for moment in result.snapshots
    ]
    return Fit(
        result.losses[:, i], together.own(result.parameters, i), together.alone[i], result.audio[i : i + 1, :length],
        snapshots, result.seconds / len(together.lengths), result.device,
    )  # fmt: skip


def _track(target, sample_rate):
    f0_hz, confidence = pitch.track(target, sample_rate, max(1, round(0.01 * sample_rate)))
    return torch.where((confidence > 0).any(dim=1, keepdim=True), f0_hz, _UNPITCHED_HZ)


def _ratios(target, f0_hz, sample_rate, partials):
    """Whole numbers up to half the sample rate, and then the strongest peaks, as multiples of the median pitch."""
    middle_hz = f0_hz.median(dim=1).values
    harmonics = min(_MOST_HARMONICS, max(1, math.ceil(0.49 * sample_rate / float(middle_hz))))
    orders = torch.arange(1, harmonics + 1).to(target).expand(len(target), -1)
    n = target.shape[-1]
    spectrum = torch.fft.rfft(target * torch.hann_window(n).to(target)).abs()
    hz = torch.arange(spectrum.shape[-1]) * sample_rate / n
    spectrum[:, hz < 40] = 0
    peaks = []
    for _ in range(partials - harmonics):
        peaks.append(hz[spectrum.argmax(dim=1)])
        spectrum[(hz - peaks[-1][:, None]).abs() < 15] = 0
    free = [(peak.clamp(min=40) / middle_hz)[:, None] for peak in peaks]
    return torch.cat([orders, *free], dim=1)


def _sizes(n_samples, sample_rate, partials, parameters_per_sample, noise, room):
    """Spend the parameters: an eighth on the room, a tenth on the noise, the rest on frames of the partials."""
    taps = min(round(0.256 * sample_rate), n_samples // 8) if room else 0
    noise_frames = frame_count(n_samples, max(1, round(0.02 * sample_rate))) if noise else 0
    left = parameters_per_sample * n_samples - taps - noise_frames * _BANDS - partials
    shortest = max(1, round(0.0025 * sample_rate))
    frames = max(1, min(int(left // (partials + 1)), frame_count(n_samples, shortest)))
    return {"frames": frames, "bands": _BANDS if noise else 0, "noise_frames": noise_frames, "taps": taps}
