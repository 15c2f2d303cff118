"""Several synthesisers as one, so that a device has more to do in a step: sounds of any lengths, each as if alone."""

import torch
from torch import nn

from helpers import _ragged, oscillators
from helpers.models import PartialsPlusNoise


class Together(PartialsPlusNoise):
    """`PartialsPlusNoise` for sounds of different lengths; its parameters are theirs, padded, with the batch in front.

    Args:
        alone: list of `PartialsPlusNoise`, of one sound each, with the same parts.
    """

    def __init__(self, alone):
        nn.Module.__init__(self)
        self.alone = tuple(alone)  # a tuple hides them from PyTorch: their parameters are not mine
        first = self.alone[0]
        self.sample_rate = first.sample_rate
        self.lengths = [model.n_samples for model in alone]
        for name in ("tracked_hz", "ratios"):
            self.register_buffer(name, _ragged.stack([getattr(model, name)[0] for model in alone]))
        names = dict.fromkeys(name for model in alone for name, _ in model.named_parameters())
        for name in ("log_magnitudes", "response", *names):
            setattr(self, name, self._parameter(name) if name in names else None)
        frames = [model.tracked_hz.shape[-1] for model in alone]
        partials = [model.ratios.shape[-1] for model in alone]
        self.bank = _ragged.Bank(self.lengths, frames, partials)
        self.register_buffer("is_partial", _ragged.inside(partials, max(partials))[..., None])
        self.register_buffer("is_sound", _ragged.inside(self.lengths, max(self.lengths)))
        if self.log_magnitudes is not None:
            counts = [model.log_magnitudes.shape[-1] for model in alone]
            self.shaper = _ragged.Noise(self.lengths, counts, first.log_magnitudes.shape[1])
        if self.response is not None:
            decays = [first.tracked_hz.new_zeros(1) if model.response is None else model.decay for model in alone]
            self.register_buffer("decay", _ragged.stack(decays))

    def _parameter(self, name):
        rows = [getattr(model, name) for model in self.alone]
        given = [row for row in rows if row is not None]  # a very short sound has no room
        rows = [given[0].new_zeros((1,) * given[0].ndim) if row is None else row for row in rows]
        return nn.Parameter(_ragged.stack([row[0].detach() for row in rows]), given[0].requires_grad)

    def partials(self):
        """The partials alone, without the room: (batch, n)."""
        frequencies_hz = self.frequencies_hz()
        amplitudes = self.log_amplitudes.exp() * oscillators.is_audible(frequencies_hz, self.sample_rate)
        return self.bank(amplitudes * self.is_partial, frequencies_hz, self.sample_rate) * self.is_sound

    def noise(self, seed=0):
        """The noise alone, without the room: (batch, n). Each sound has the draw that it would have alone."""
        white = self.shaper.white(seed, self.log_magnitudes)
        return self.shaper(self.log_magnitudes.exp(), white) * self.is_sound

    def forward(self, seed=0):
        """The sounds, (batch, n), with silence behind each."""
        return super().forward(seed) * self.is_sound

    def own(self, parameters, i):
        """The parameters of sound `i` among those of all: name -> (1, ...), without padding."""
        shapes = {name: tensor.shape[1:] for name, tensor in self.alone[i].named_parameters()}
        return {
            name: tensor[i : i + 1, *map(slice, shapes[name])] for name, tensor in parameters.items() if name in shapes
        }

    @torch.no_grad()
    def part(self):
        """Give each synthesiser its parameters back."""
        for i, model in enumerate(self.alone):
            for name, tensor in self.own(dict(self.named_parameters()), i).items():
                getattr(model, name).copy_(tensor)
