"""The spectral loss on the CPU: value and gradient in one pass, with numba.

`helpers.losses` holds the same thing in plain PyTorch, which is the one to read first. Three facts make this one fast:

- the linear and the logarithmic difference have the same sign, so one comparison gives both gradients,
  ``sign (1 / |X| + 1 / |X|^2) X``, and the gradient needs no logarithm;
- a sum of logarithms is the logarithm of a product: eight finite float32 ratios never overflow a float64,
  so there is one logarithm for eight bins;
- the loss is a number for each example, so its gradient is known but for one factor, and is made while the
  spectra are at hand.
"""

import functools

import numba
import numpy as np
import torch
import torch.nn.functional as F

from helpers.losses import FLOOR

# What lets a sum be vectorised, but not "nnan" and "ninf" (a NaN must come out as NaN), nor "contract" (equal sounds must
# give exactly zero, and the target was squared elsewhere).
_FASTMATH = {"reassoc", "arcp", "nsz"}


def target_powers(target, sizes):
    """Power spectra of a target, frames first as the kernel walks: one (batch, frames, bins) array a size."""
    padded = _pad(target, sizes)
    return [
        torch.view_as_real(_spectrum(padded, size, sizes)).square().sum(-1).clamp(min=FLOOR).numpy() for size in sizes
    ]


def distance(prediction, powers, sizes, reference):
    """Distance of each example to the target.

    Args:
        prediction: (batch, n) float32 on the CPU, with n greater than half of the longest window.
        powers: result of `target_powers`, for one example or for as many as there are predictions.
        sizes: window lengths in samples, even.
        reference: the plain PyTorch distance as a function of `prediction`, for second derivatives.

    Returns:
        (batch,), float32.
    """
    return _Distance.apply(prediction, powers, sizes, reference)


class _Distance(torch.autograd.Function):
    @staticmethod
    def forward(ctx, prediction, powers, sizes, reference):
        padded = _pad(prediction, sizes)
        distance = np.zeros(len(prediction))
        gradient = torch.zeros_like(padded) if ctx.needs_input_grad[0] else None
        for size, power in zip(sizes, powers):
            spectrum = _spectrum(padded, size, sizes)
            weight = 1.0 / (len(sizes) * spectrum[0].numel())
            bins = torch.view_as_real(spectrum).numpy()
            for example in range(len(bins)):
                target = power[example % len(power)]
                distance[example] += weight * _compare(bins[example].reshape(-1), target.reshape(-1))
            if gradient is not None:
                # The adjoint of rfft is irfft, which counts the inner bins twice.
                spectrum[..., 0] *= 2.0
                spectrum[..., -1] *= 2.0
                frames = torch.fft.irfft(spectrum, n=size, norm="forward").mul_(0.5 * weight)
                margin = (max(sizes) - size) // 2
                _overlap_add(frames.numpy(), _window(size).numpy(), size // 4, gradient.numpy()[:, margin:])
        ctx.save_for_backward(prediction, gradient)
        ctx.reference = reference
        ctx.pad = max(sizes) // 2
        return torch.from_numpy(distance).to(prediction.dtype)

    @staticmethod
    def backward(ctx, grad_output):
        prediction, gradient = ctx.saved_tensors
        if torch.is_grad_enabled():  # somebody wants the derivative of this derivative
            distance = ctx.reference(prediction)
            return *torch.autograd.grad(distance, prediction, grad_output, create_graph=True), None, None, None
        return grad_output[:, None] * _unpad(gradient, ctx.pad), None, None, None


def _pad(x, sizes):
    return F.pad(x, (max(sizes) // 2,) * 2, mode="reflect")


def _unpad(gradient, pad):
    """The adjoint of mirroring the edges: what reached a mirrored sample belongs to its original."""
    inner = gradient[:, pad:-pad].clone()
    inner[:, 1 : pad + 1] += gradient[:, :pad].flip(-1)
    inner[:, -pad - 1 : -1] += gradient[:, -pad:].flip(-1)
    return inner


def _spectrum(padded, size, sizes):
    """Centred STFT, (batch, frames, bins), of a signal that is padded for the longest window."""
    margin = (max(sizes) - size) // 2
    frames = padded[:, margin : padded.shape[-1] - margin].unfold(-1, size, size // 4)
    return torch.fft.rfft(frames * _window(size)).contiguous()  # the kernel writes into it


@functools.cache
def _window(size):
    return torch.hann_window(size, device="cpu")


@numba.njit(cache=True, fastmath=_FASTMATH)
def _compare(bins, target):
    """Sum of ``abs(|X| - |T|) + abs(log |X| - log |T|)``; the spectrum is overwritten by its gradient.

    Args:
        bins: (2 * n,) float32, real and imaginary parts in turn.
        target: (n,) float32, powers, not below the floor.
    """
    block = 512  # short loops over a block that stays in the cache: each becomes vector code, one long loop does not
    power, slope, ratio = np.empty((3, block), np.float32)
    zero, one, floor = np.float32(0.0), np.float32(1.0), np.float32(FLOOR)
    total = 0.0
    for start in range(0, len(target), block):
        t = target[start : start + block]
        x = bins[2 * start : 2 * (start + len(t))]
        linear = zero
        for i in range(len(t)):
            power[i] = x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1]
        for i in range(len(t)):
            p = floor if power[i] < floor else power[i]
            magnitude = np.sqrt(p)
            linear += abs(magnitude - np.sqrt(t[i]))
            sign = one if p > t[i] else -one
            slope[i] = zero if (power[i] < floor) | (p == t[i]) else sign * (magnitude + one) / p
            power[i] = p
        for i in range(len(t)):
            ratio[i] = (power[i] if power[i] > t[i] else t[i]) / (t[i] if power[i] > t[i] else power[i])
        for i in range(len(t)):
            x[2 * i] *= slope[i]
            x[2 * i + 1] *= slope[i]
        ratio[len(t) :] = one
        total += linear + 0.5 * _sum_of_logs(ratio)
    return total


@numba.njit(cache=True, fastmath=_FASTMATH)
def _sum_of_logs(ratio):
    logs = 0.0
    for i in range(0, len(ratio), 8):
        product = 1.0
        for j in range(i, i + 8):
            product *= ratio[j]
        logs += np.log(product)
    return logs


@numba.njit(cache=True, fastmath=_FASTMATH)
def _overlap_add(frames, window, hop, out):
    """Add windowed frames (batch, frames, size) into `out`, each `hop` samples after the one before."""
    for example in range(frames.shape[0]):
        for f in range(frames.shape[1]):
            for i in range(frames.shape[2]):
                out[example, f * hop + i] += frames[example, f, i] * window[i]
