"""A GPU that is not there: it tells on every tensor left behind on the CPU, and on every number read back.

Its tensors have a shape and a device but no values, so an operation that mixes devices raises, and so does asking for a
value. PyTorch's CPU builds refuse the name "cuda" for such tensors; a device of our own behaves the same.
"""

import copy

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

_setup_privateuseone_for_python_backend("fakegpu")
DEVICE = torch.device("fakegpu:0")


def assert_device_clean(function, *args, backward=True):
    """Run a function on the fake GPU: forward, and backward when an input or a parameter asks for gradients.

    Args:
        function: a callable, or an nn.Module (a copy of it moves).
        args: its arguments; tensors move, also those in lists, tuples and dicts, and modules.
        backward: whether to run the gradient too.

    Returns:
        What the function returned: tensors with shape, type and device, but no values.

    Raises:
        Exception: what PyTorch raises when devices are mixed or a value is read.
        AssertionError: a result or a gradient is not on the device.
    """
    with FakeTensorMode(allow_non_fake_inputs=False):
        moved = to_fake(args)
        if isinstance(function, nn.Module):
            function = to_fake(function)
        result = function(*moved)
        outputs = _tensors(result)
        assert outputs, "the function returned no tensor"
        for tensor in outputs:
            assert tensor.device == DEVICE, f"a result of shape {tuple(tensor.shape)} is on {tensor.device}"
        if backward and any(tensor.requires_grad for tensor in outputs):
            sum(_real_sum(tensor) for tensor in outputs if tensor.requires_grad).backward()
            for tensor in _tensors(moved):
                assert tensor.grad is None or tensor.grad.device == DEVICE
        return result


def to_fake(value):
    """The same value on the fake GPU; to be called while a FakeTensorMode is active."""
    if isinstance(value, torch.Tensor):
        fake = torch.empty(value.shape, dtype=value.dtype, device=DEVICE, requires_grad=value.requires_grad)
        return nn.Parameter(fake.detach(), value.requires_grad) if isinstance(value, nn.Parameter) else fake
    if isinstance(value, nn.Module):
        return _module_to_fake(value)
    if isinstance(value, (tuple, list)):
        return type(value)(to_fake(each) for each in value)
    if isinstance(value, dict):
        return {name: to_fake(each) for name, each in value.items()}
    return value


def _module_to_fake(module):
    clone = copy.copy(module)
    clone._parameters = {name: None if each is None else to_fake(each) for name, each in module._parameters.items()}
    clone._buffers = {name: None if each is None else to_fake(each) for name, each in module._buffers.items()}
    clone._modules = {name: None if each is None else to_fake(each) for name, each in module._modules.items()}
    return clone


def _tensors(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [tensor for each in value for tensor in _tensors(each)]
    return []


def _real_sum(tensor):
    return (tensor.abs() if tensor.is_complex() else tensor).sum()
