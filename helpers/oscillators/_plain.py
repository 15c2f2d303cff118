"""Banks of sinusoids in plain PyTorch, for every device. Same arguments as the kernels, same results.

A sound is made a few segments at a time, and made again in the backward pass, so that memory grows with the samples and
not with samples times partials.
"""

import math

import torch
import torch.nn.functional as F
from torch.autograd.function import once_differentiable

from helpers.oscillators._segments import bounds

_ROOM = {"cpu": 2**20}  # numbers held at once: what a processor's cache holds
_ROOM_ELSEWHERE = 2**26  # what keeps a GPU busy
_BABY = 8  # harmonics reached by baby steps


def harmonic_bank(begin, rate, bend, start, slope, n_samples):
    """Sum ``(start + slope j) sin(k phi)`` over harmonics ``k``, by baby steps and giant steps.

    With ``z = exp(i phi)`` and ``k = 8 p + q + 1``, the sum of ``a_k z^k`` is the sum over ``p`` of ``z^(8 p + 1)``
    times the sum over ``q`` of ``a_pq z^q``. That takes 8 + K / 8 powers for each sample instead of K sines,
    and the inner sum is a matrix product.

    Args:
        begin, rate, bend: (batch, segments), phase in turns, see `_segments.turns`.
        start, slope: (batch, k, segments), amplitudes, see `_segments.lines`.
        n_samples: length of the sound, in samples.

    Returns:
        (batch, n_samples).
    """
    giant = -(-start.shape[1] // _BABY)
    padding = (0, 0, 0, giant * _BABY - start.shape[1])
    levels = (F.pad(x, padding).movedim(1, -1).contiguous().unflatten(-1, (giant, _BABY)) for x in (start, slope))
    phase = (x[:, :, None, None] for x in (begin, rate, bend))
    return _join(_Pieces.apply(_Harmonics, 4 * (giant + _BABY), n_samples, *phase, *levels), n_samples)


def free_bank(begin, rate, bend, start, slope, n_samples):
    """Sum ``(start + slope j) sin(phi_k)`` over partials; all (batch, k, segments), the result (batch, n_samples)."""
    inputs = (x.movedim(1, -1)[..., None] for x in (begin, rate, bend, start, slope))
    return _join(_Pieces.apply(_Partials, 6 * start.shape[1], n_samples, *inputs), n_samples)


class _Pieces(torch.autograd.Function):
    """Call a bank for a few segments at a time: (batch, segments, ...) in, (batch, segments, length) out."""

    @staticmethod
    def forward(ctx, bank, numbers_per_sample, n_samples, *inputs):
        begin, start = inputs[0], inputs[3]
        batch, segments = begin.shape[:2]
        longest = -(-n_samples // segments)
        ctx.size = max(1, _ROOM.get(start.device.type, _ROOM_ELSEWHERE) // (batch * longest * numbers_per_sample))
        ctx.time = torch.arange(longest, device=start.device, dtype=begin.dtype)
        ctx.bank = bank
        ctx.save_for_backward(*inputs)
        sound = start.new_empty(batch, segments, longest)
        for piece, *part in zip(*(x.split(ctx.size, dim=1) for x in (sound, *inputs))):
            piece[:] = bank.sum(ctx.time, *part)
        return sound

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        inputs = ctx.saved_tensors
        gradients = [torch.empty_like(x) for x in inputs]
        parts = zip(*(x.split(ctx.size, dim=1) for x in (grad, *inputs, *gradients)))
        for part in parts:
            for gradient, value in zip(part[6:], ctx.bank.gradient(ctx.time, *part[:6])):
                gradient[:] = value
        return None, None, None, *gradients


class _Harmonics:
    """Phase (batch, segments, 1, 1), amplitudes (batch, segments, giant, baby)."""

    @staticmethod
    def sum(time, begin, rate, bend, start, slope):
        baby, giant = _powers(time, begin, rate, bend, start)
        return _sum_harmonics(time, baby, giant, start, slope).imag

    @staticmethod
    def gradient(time, grad, begin, rate, bend, start, slope):
        baby, giant = _powers(time, begin, rate, bend, start)
        order = torch.arange(1, start[0, 0].numel() + 1, device=grad.device).view(start.shape[2:])
        turn = grad * _sum_harmonics(time, baby, giant, start * order, slope * order).real
        # The sum over samples of Im(giant baby) is a real matrix product, of i conj(giant) with baby.
        left = giant.conj() * (1j * grad[:, :, None])
        levels = (_interleave(x) @ _interleave(baby).mT for x in (left, left * time.to(grad.dtype)))
        return *_phase_gradient(turn[:, :, None], time), *levels


class _Partials:
    """Everything (batch, segments, k, 1)."""

    @staticmethod
    def sum(time, begin, rate, bend, start, slope):
        sine = _circle(begin + (rate + bend * time) * time, start.dtype).imag
        return ((start + slope * time.to(start.dtype)) * sine).sum(dim=2)

    @staticmethod
    def gradient(time, grad, begin, rate, bend, start, slope):
        grad, seconds = grad[:, :, None], time.to(grad.dtype)
        circle = grad * _circle(begin + (rate + bend * time) * time, start.dtype)
        levels = ((circle.imag * seconds**power).sum(dim=-1, keepdim=True) for power in range(2))
        return *_phase_gradient((start + slope * seconds) * circle.real, time), *levels


def _phase_gradient(turn, time):
    """Gradients of begin, rate and bend, from that of the angle."""
    return [2 * math.pi * (turn * time**power).sum(dim=-1, keepdim=True) for power in range(3)]


def _powers(time, begin, rate, bend, start):
    """Powers ``z^q`` and ``z^(8 p + 1)``, each (batch, segments, how many, length)."""
    turns = begin + (rate + bend * time) * time
    z, z8 = _circle(turns, start.dtype), _circle(turns * _BABY, start.dtype)
    return _geometric(torch.ones_like(z), z, _BABY), _geometric(z, z8, start.shape[2])


def _geometric(first, ratio, count):
    """The series first, first ratio, first ratio^2 and so on, by doubling what is there."""
    series = first.new_empty(*first.shape[:2], count, first.shape[-1])
    series[:, :, :1] = first
    done = 1
    while done < count:
        more = min(done, count - done)
        series[:, :, done : done + more] = series[:, :, :more] * ratio
        ratio = ratio * ratio
        done += more
    return series


def _circle(turns, dtype):
    """Complex exponential of an angle in turns, which is wrapped while it is still precise."""
    angle = 2 * math.pi * (turns - turns.round()).to(dtype)
    return torch.complex(torch.cos(angle), torch.sin(angle))


def _sum_harmonics(time, baby, giant, start, slope):
    # A real matrix times a complex one: real and imaginary parts side by side.
    time = time.repeat_interleave(2).to(start.dtype)
    inner = torch.addcmul(start @ _interleave(baby), slope @ _interleave(baby), time)
    return (giant * torch.view_as_complex(inner.unflatten(-1, (-1, 2)))).sum(dim=2)


def _interleave(x):
    """(..., n) complex -> (..., 2 n) real."""
    return torch.view_as_real(x.resolve_conj()).flatten(-2)


def _join(sound, n_samples):
    """Lay segments (batch, segments, length) end to end; with a hop of no whole length, some are a sample shorter."""
    _, segments, longest = sound.shape
    if n_samples == segments * longest:
        return sound.flatten(1)
    sample = torch.arange(n_samples, device=sound.device)
    segment = sample * segments // n_samples
    place = segment * longest + sample - bounds(n_samples, segments, sound.device)[segment]
    return sound.flatten(1).index_select(1, place)
