"""Losses: how far one sound is from another, as a number that gradient descent can follow.

All are called as ``loss(prediction, target)`` with audio of shape (batch, n).
"""

import functools
import weakref

import torch
from torch import nn

from helpers.checks import check_count, check_signal
from helpers.fastpath import use_numba
from helpers.signals import stft

# Least power of a bin: -80 dB. It keeps the logarithm and its gradient finite in silence.
FLOOR = 1e-8


class WaveformLoss(nn.Module):
    """Mean squared difference of the samples. It hears phase, where an ear mostly does not.

    Args:
        reduction: ``"mean"`` for one number, ``"none"`` for one per example.

    Chapter: first-steps/losses.
    """

    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = _check_reduction(reduction)

    def forward(self, prediction, target):
        """Compare (batch, n) with (batch, n), or with one target (1, n) for all."""
        _check_pair(prediction, target)
        return _reduce((prediction - target).square().mean(dim=-1), self.reduction)


class MultiScaleSpectralLoss(nn.Module):
    """Mean absolute difference of magnitudes and of log magnitudes, over windows of several lengths.

    It is the mean over window lengths of ``mean(abs(|X| - |T|)) + mean(abs(log |X| - log |T|))``, with the natural
    logarithm, a Hann window and 75 % overlap (Engel et al., 2020; Yamamoto et al., 2020; Steinmetz and Reiss, 2020).
    It does not hear phase. The spectra of the target are kept, and made anew when the target changes.
    (A change behind PyTorch's back, through ``target.data`` or a shared NumPy array, is not seen.)

    Args:
        sizes: window lengths in samples, even.
        reduction: ``"mean"`` for one number, ``"none"`` for one per example.

    Chapter: first-steps/losses.
    """

    def __init__(self, sizes=(2048, 1024, 512, 256, 128, 64), reduction="mean"):
        super().__init__()
        if not sizes or any(check_count("sizes", size) % 4 for size in sizes):
            raise ValueError(f"sizes must be multiples of 4, at least one of them, got {sizes}")
        self.sizes = tuple(sizes)
        self.reduction = _check_reduction(reduction)
        self._kept = _Kept()

    def forward(self, prediction, target):
        """Compare (batch, n) with (batch, n), or with one target (1, n) for all."""
        _check_pair(prediction, target)
        plain = functools.partial(self._plain_distance, target=target)
        fast = self._fast_distance if self._is_fast(prediction, target) else None
        return _reduce(fast(prediction, target, plain) if fast else plain(prediction), self.reduction)

    def extra_repr(self):
        return f"sizes={self.sizes}, reduction={self.reduction!r}"

    def _plain_distance(self, prediction, target):
        powers = self._kept.get(_plain_powers, target, self.sizes)
        distances = [_distance(power(prediction, size), kept) for size, kept in zip(self.sizes, powers)]
        return torch.stack(distances).mean(dim=0)

    def _fast_distance(self, prediction, target, plain):
        from helpers import _spectral_fast

        powers = self._kept.get(_spectral_fast.target_powers, target, self.sizes)
        return _spectral_fast.distance(prediction, powers, self.sizes, plain)

    def _is_fast(self, prediction, target):
        return (
            use_numba(prediction)
            and use_numba(target)
            and prediction.dtype == target.dtype == torch.float32
            and not target.requires_grad
            and prediction.shape[-1] > max(self.sizes) // 2
        )


class SpectralLoss(MultiScaleSpectralLoss):
    """The same loss with windows of one length.

    Args:
        n_fft: window length in samples, even.
        reduction: ``"mean"`` for one number, ``"none"`` for one per example.

    Chapter: first-steps/losses.
    """

    def __init__(self, n_fft=1024, reduction="mean"):
        super().__init__((n_fft,), reduction)


def power(x, n_fft):
    """Power spectrum, (batch, n) -> (batch, bins, frames), not below `FLOOR`."""
    return torch.view_as_real(stft(x, n_fft)).square().sum(dim=-1).clamp(min=FLOOR)


def _plain_powers(target, sizes):
    return [power(target, size) for size in sizes]


def _distance(power, target_power):
    linear = (power.sqrt() - target_power.sqrt()).abs()
    logarithmic = 0.5 * (power.log() - target_power.log()).abs()
    return (linear + logarithmic).mean(dim=(-2, -1))


class _Kept:
    """What was computed from a target, as long as it is the same tensor with the same contents."""

    def __init__(self):
        self._target = self._key = self._result = None

    def get(self, compute, target, sizes):
        # A fake or wrapped tensor has no memory to tell it by, an inference tensor no version.
        if type(target) is not torch.Tensor or target.requires_grad or target.is_inference():
            return compute(target, sizes)
        key = (compute, target._version, target.data_ptr(), target.shape)
        if self._target is None or self._target() is not target or key != self._key:
            self._result = compute(target, sizes)
            self._target, self._key = weakref.ref(target), key
        return self._result

    def __reduce__(self):  # copies and pickles start empty: a weak reference cannot travel
        return _Kept, ()


def _check_pair(prediction, target):
    check_signal("prediction", prediction)
    check_signal("target", target)
    if target.shape[-1] != prediction.shape[-1] or len(target) not in (1, len(prediction)):
        meant = f"{tuple(prediction.shape)} like prediction, or (1, {prediction.shape[-1]})"
        raise ValueError(f"target must be {meant}, got {tuple(target.shape)}")


def _check_reduction(reduction):
    if reduction not in ("mean", "none"):
        raise ValueError(f'reduction must be "mean" or "none", got {reduction!r}')
    return reduction


def _reduce(losses, reduction):
    return losses.mean() if reduction == "mean" else losses
