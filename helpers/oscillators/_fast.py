"""The numba kernels of `_kernels` as differentiable functions; the backward pass makes the phases again."""

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from helpers.oscillators import _kernels
from helpers.oscillators._segments import bounds


class HarmonicBank(torch.autograd.Function):
    """``HarmonicBank.apply(begin, rate, bend, start, slope, counts, n_samples)``, see `_kernels.harmonic_bank`."""

    @staticmethod
    def forward(ctx, *inputs):
        *tensors, n_samples = inputs
        ctx.save_for_backward(*tensors)
        out = torch.empty(len(tensors[0]), n_samples, dtype=tensors[3].dtype)
        _kernels.harmonic_bank(*_arrays(tensors, out), _kernels.CIRCLE[np.float64], out.numpy())
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        grads = _zeros(ctx.saved_tensors[:5])
        arrays = _arrays(ctx.saved_tensors, grad)
        _kernels.harmonic_bank_gradient(*arrays, _kernels.CIRCLE[np.float64], _array(grad), grads)
        return *map(torch.from_numpy, grads), None, None


class FreeBank(torch.autograd.Function):
    """``FreeBank.apply(begin, rate, bend, start, slope, n_samples)``, see `_kernels.free_bank`."""

    @staticmethod
    def forward(ctx, *inputs):
        *tensors, n_samples = inputs
        ctx.save_for_backward(*tensors)
        out = torch.empty(len(tensors[0]), n_samples, dtype=tensors[3].dtype)
        _kernels.free_bank(*_arrays(tensors, out), _circle(out), out.numpy())
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        grads = _zeros(ctx.saved_tensors)
        _kernels.free_bank_gradient(*_arrays(ctx.saved_tensors, grad), _circle(grad), _array(grad), grads)
        return *map(torch.from_numpy, grads), None


def _arrays(tensors, sound):
    """All inputs of a kernel as arrays, and the first sample of each segment."""
    return *map(_array, tensors), bounds(sound.shape[-1], tensors[0].shape[-1]).numpy()


def _array(tensor):
    return tensor.detach().contiguous().numpy()


def _zeros(tensors):
    return tuple(np.zeros_like(_array(tensor)) for tensor in tensors)


def _circle(tensor):
    return _kernels.CIRCLE[np.float64 if tensor.dtype == torch.float64 else np.float32]
