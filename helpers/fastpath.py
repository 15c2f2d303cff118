"""The switch between numba kernels, which serve the CPU, and plain PyTorch, which runs everywhere."""

import functools
import importlib.util
import os

import torch


@functools.cache
def numba_available():
    """Say whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def use_numba(tensor):
    """Say whether a numba kernel may work on this tensor.

    Args:
        tensor: the tensor that the kernel would read.

    Returns:
        True for a real float tensor with its samples in CPU memory, when numba is installed and the
        environment variable ``HELPERS_NO_NUMBA`` is not set.
    """
    return (
        type(tensor) in (torch.Tensor, torch.nn.Parameter)  # a fake or wrapped tensor has no memory to read
        and tensor.device.type == "cpu"
        and tensor.dtype in (torch.float32, torch.float64)
        and "HELPERS_NO_NUMBA" not in os.environ
        and numba_available()
    )
