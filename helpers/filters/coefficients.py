"""Checks of filter coefficients, and the precision in which a filter works on them."""

import warnings

import torch

from helpers.checks import check_shape


def check_coefficients(name, coefficients, x, shape="taps"):
    """Check that coefficients are real, and shared by the batch of `x` or one set for each example."""
    batched = isinstance(coefficients, torch.Tensor) and coefficients.ndim > len(shape.split())
    return check_shape(name, coefficients, f"{len(x)} {shape}" if batched else shape)


def check_denominator(name, a):
    """Refuse ``a[0] == 0`` and warn of poles on or outside the unit circle, (..., order + 1).

    Only coefficients in CPU memory are looked at: to read them from a GPU would stall it.
    """
    if a.device.type != "cpu" or type(a) not in (torch.Tensor, torch.nn.Parameter):
        return
    a = a.detach().double().numpy()
    if (a[..., 0] == 0).any():
        raise ValueError(f"{name} must have a[0] other than 0, got {a[..., 0]}")
    if not _is_stable(a):
        message = f"{name} is unstable: a pole lies on or outside the unit circle, so the output grows or never decays"
        warnings.warn(message, RuntimeWarning, stacklevel=4)


def precise(tensor):
    """In float64, wherever the device has it: a pole near the circle multiplies rounding a thousandfold."""
    return tensor if tensor.device.type == "mps" else tensor.double()


def _is_stable(a):
    """Step down to reflection coefficients: all inside (-1, 1) if and only if all poles are inside the circle."""
    rest = a / a[..., :1]
    while rest.shape[-1] > 1:
        k = rest[..., -1:]
        if not (abs(k) < 1).all():
            return False
        rest = (rest - k * rest[..., ::-1])[..., :-1] / (1 - k * k)
    return True
