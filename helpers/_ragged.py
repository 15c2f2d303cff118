"""Sounds of different lengths side by side: each row of a batch on a grid of its own, as if it were alone.

A batch is padded with silence behind each sound. What tells the rows apart, lengths, frames and hops, is turned into
indices once, so that a step costs as many operations as for one sound. The arithmetic is that of `oscillators.additive`,
`oscillators.filtered_noise` and `losses.MultiScaleSpectralLoss`, and tests hold it to them, sound by sound.
"""

import torch
from torch import nn

from helpers import losses
from helpers.fastpath import use_numba
from helpers.filters import linear_phase_fir
from helpers.filters.fir import fft_size
from helpers.oscillators import _plain


def stack(rows):
    """Tensors of one rank, padded with zeros behind each axis to the largest: list of (...) -> (batch, ...)."""
    shape = torch.tensor([row.shape for row in rows]).amax(dim=0).tolist()
    stacked = rows[0].new_zeros(len(rows), *shape)
    for place, row in zip(stacked, rows):
        place[tuple(map(slice, row.shape))] = row
    return stacked


def inside(counts, size):
    """1.0 in the first ``counts[i]`` places of row i, and 0.0 behind: (batch, size)."""
    return (torch.arange(size) < torch.tensor(counts)[:, None]).float()


class Bank(nn.Module):
    """`oscillators.additive` for sounds of `lengths` samples with so many `frames` and `partials`, each a list."""

    def __init__(self, lengths, frames, partials):
        super().__init__()
        self.sizes = list(zip(lengths, (max(count - 1, 1) for count in frames), partials))
        samples, segments = (torch.tensor(column)[:, None] for column in list(zip(*self.sizes))[:2])
        frame = torch.arange(max(int(segments.max()) + 1, 2))
        bounds = ((frame * samples + segments - 1) // segments).minimum(samples)
        self.longest = int(bounds.diff().max())
        # Whole numbers, so that a float64 sound gets float64 fractions, and a device without float64 none.
        self.register_buffer("samples", samples[:, None])
        self.register_buffer("segments", segments[:, None])
        self.register_buffer("late", (-frame[:-1] * samples % segments)[:, None])
        self.register_buffer("moves", inside(frames, len(frame))[:, None, 1:].long())
        self.register_buffer("duration", bounds.diff()[:, None])
        sample = torch.arange(max(lengths)).minimum(samples - 1)
        segment = sample * segments // samples
        self.register_buffer("place", segment * self.longest + sample - bounds.gather(1, segment))

    def forward(self, amplitudes, frequencies_hz, sample_rate):
        """(batch, k, frames), both -> (batch, longest); what stands behind a sound is to be ignored."""
        precise = frequencies_hz if frequencies_hz.device.type == "mps" else frequencies_hz.double()
        start, slope = self._lines(precise / sample_rate)
        rate, bend = start - slope / 2, slope / 2
        duration = self.duration.to(rate.dtype)
        total = (rate + bend * duration) * duration
        begin = torch.cumsum(total, dim=-1) - total
        inputs = begin - begin.detach().floor(), rate, bend, *self._lines(amplitudes)
        if use_numba(amplitudes):
            return self._row_by_row(inputs)
        inputs = (x.movedim(1, -1)[..., None] for x in inputs)
        count = self.longest * start.shape[-1]
        pieces = _plain._Pieces.apply(_plain._Partials, 6 * start.shape[1], count, *inputs)
        return pieces.flatten(1).gather(1, self.place)

    def _lines(self, control):
        if control.shape[-1] == 1:
            control = control.expand(*control.shape[:-1], 2)
        slope = control.diff(dim=-1) * ((self.moves * self.segments).to(control.dtype) / self.samples)
        return control[..., :-1] + slope * (self.late.to(control.dtype) / self.segments), slope

    def _row_by_row(self, inputs):
        from helpers.oscillators._fast import FreeBank

        sounds = []
        for (n_samples, segments, partials), *row in zip(self.sizes, *(x.unbind() for x in inputs)):
            sound = FreeBank.apply(*(x[None, :partials, :segments] for x in row), n_samples)
            sounds.append(nn.functional.pad(sound, (0, self.place.shape[1] - n_samples)))
        return torch.cat(sounds)


class Noise(nn.Module):
    """`oscillators.filtered_noise` for sounds of `lengths` samples, whose magnitudes have so many `frames`.

    A row is cut into blocks of two of its own hops. Indices say where a block begins in the white noise, and in which
    two blocks a sample of the result lies.
    """

    def __init__(self, lengths, frames, bands):
        super().__init__()
        samples, frames = torch.tensor(lengths)[:, None], torch.tensor(frames)[:, None]
        hop = (samples.double() / (frames - 1).clamp(min=1)).round().long().clamp(min=1)
        early = -(-2 * bands // hop)
        self.taps = 2 * bands - 1
        self.white_lengths = (samples + early * hop).flatten().tolist()
        # Magnitudes at every hop, the first of them held while the filter fills its memory.
        blocks = samples // hop + 1 + early
        block = torch.arange(int(blocks.max())).minimum(blocks - 1)
        position = (block - early).clamp(min=0) * hop * (frames - 1)
        left = (position // samples).minimum((frames - 2).clamp(min=0))
        self.register_buffer("left", left[:, None])
        self.register_buffer("right", (left + 1).minimum(frames - 1)[:, None])
        self.register_buffer("beyond", (position - left * samples)[:, None])
        self.register_buffer("samples", samples[:, None])
        # The white noise of each block, and the two blocks of each sample.
        self.width = 2 * int(hop.max()) + self.taps - 1
        source = (block * hop - hop - self.taps + 1)[..., None] + torch.arange(self.width)
        self.register_buffer("source", (source + self.width).flatten(1))  # behind a margin of silence
        sample = torch.arange(max(lengths)).minimum(samples - 1) + early * hop
        own, rest = sample // hop, sample % hop
        falling = own * self.width + self.taps - 1 + hop + rest
        rising = torch.where(own + 1 < blocks, falling + self.width - hop, falling)
        self.register_buffer("falling", falling)
        self.register_buffer("rising", rising)
        self.register_buffer("rest", rest)
        self.register_buffer("hop", hop)

    def white(self, seed, like):
        """The noise that each sound would have alone, padded: (batch, longest)."""
        generators = [torch.Generator(like.device).manual_seed(seed) for _ in self.white_lengths]
        draws = [torch.randn((1, length), generator=generator, device=like.device, dtype=like.dtype)
                 for length, generator in zip(self.white_lengths, generators)]  # fmt: skip
        return torch.cat([nn.functional.pad(draw, (0, max(self.white_lengths) - draw.shape[-1])) for draw in draws])

    def forward(self, magnitudes, white):
        """(batch, bands, frames), and the result of `white` -> (batch, longest)."""
        left, right = (
            magnitudes.gather(2, place.expand(-1, magnitudes.shape[1], -1)) for place in (self.left, self.right)
        )
        magnitudes = torch.lerp(left, right, self.beyond.to(magnitudes.dtype) / self.samples)
        window = torch.hann_window(self.taps + 2, periodic=False, device=white.device, dtype=white.dtype)[1:-1]
        responses = linear_phase_fir(magnitudes.mT, window)
        blocks = nn.functional.pad(white, (self.width, 2 * self.width)).gather(1, self.source)
        size = fft_size(self.width)
        spectrum = torch.fft.rfft(blocks.unflatten(1, (-1, self.width)), n=size) * torch.fft.rfft(responses, n=size)
        filtered = torch.fft.irfft(spectrum, n=size)[..., : self.width].flatten(1)
        rise = self.rest.to(filtered.dtype) / self.hop
        return torch.lerp(filtered.gather(1, self.falling), filtered.gather(1, self.rising), rise)


class Loss(nn.Module):
    """`losses.MultiScaleSpectralLoss` of each sound up to its own end: (batch, longest), both -> (batch,)."""

    def __init__(self, lengths):
        super().__init__()
        self.lengths = list(lengths)
        self.alone = [losses.MultiScaleSpectralLoss() for _ in lengths]
        self.sizes = self.alone[0].sizes
        self._kept, self._rows = losses._Kept(), losses._Kept()
        for size in self.sizes:
            place, heard, bins = _frames_of(torch.tensor(self.lengths)[:, None], size)
            self.register_buffer(f"place{size}", place)
            self.register_buffer(f"heard{size}", heard)
            self.register_buffer(f"bins{size}", bins)

    def forward(self, prediction, target):
        if use_numba(prediction):
            targets = self._rows.get(self._cut, target, self.lengths)
            rows = zip(self.alone, prediction.unbind(), self.lengths, targets)
            return torch.cat([loss(row[None, :length], kept)[None] for loss, row, length, kept in rows])
        powers = self._kept.get(self._powers, target, self.sizes)
        return torch.stack([self._distance(prediction, size, kept) for size, kept in zip(self.sizes, powers)]).mean(0)

    def _cut(self, target, lengths):
        return [row[None, :length].clone() for row, length in zip(target, lengths)]

    def _powers(self, target, sizes):
        return [self._power(target, size) for size in sizes]

    def _distance(self, prediction, size, target_power):
        power = self._power(prediction, size)
        linear = (power.sqrt() - target_power.sqrt()).abs()
        logarithmic = 0.5 * (power.log() - target_power.log()).abs()
        bins = getattr(self, f"bins{size}")
        return ((linear + logarithmic).sum(dim=1) * (bins > 0) / bins.clamp(min=1)).sum(dim=1)

    def _power(self, x, size):
        padded = x.gather(1, getattr(self, f"place{size}")) * getattr(self, f"heard{size}").to(x.dtype)
        window = torch.hann_window(size, device=x.device, dtype=x.dtype)
        spectrum = torch.stft(padded, size, size // 4, window=window, center=False, return_complex=True)
        return torch.view_as_real(spectrum).square().sum(dim=-1).clamp(min=losses.FLOOR)


def _frames_of(samples, size):
    """Where the samples of a centred STFT come from, whether they are heard, and how many bins share in a mean.

    Args:
        samples: (batch, 1), length of each sound.
        size: of the window.

    Returns:
        place, heard: (batch, longest + size); bins: (batch, frames), of the whole sound, 0 in frames behind it.
    """
    longest, hop = int(samples.max()), size // 4
    time = torch.arange(longest + size) - size // 2
    mirrored = time.abs()
    mirrored = torch.where(mirrored < samples, mirrored, 2 * (samples - 1) - mirrored)
    place = mirrored.clamp(min=0).minimum(samples - 1)
    heard = (samples > size // 2) | ((time >= 0) & (time < samples))  # a short sound has silence around it
    frames = samples // hop + 1
    return place, heard, torch.where(torch.arange(longest // hop + 1) < frames, frames * (size // 2 + 1), 0)
