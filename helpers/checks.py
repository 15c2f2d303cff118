"""Checks of arguments, with messages that name the argument, what was meant and what came.

They look at types and shapes alone and never at values, so that they cost nothing on a GPU.
The one exception, `check_finite`, is called once before a loop and never inside it.
"""

import torch


def check_shape(name, tensor, shape):
    """Check that a tensor is real, floating, not empty, and has the axes that are meant.

    Args:
        name: the argument's name, for the message.
        tensor: what came.
        shape: names of the axes, separated by spaces, such as ``"batch frames"``. A whole number
            stands for itself (``"batch 6"``); a leading ``...`` allows any axes in front.

    Returns:
        The tensor, unchanged.

    Raises:
        TypeError: not a tensor, or not a real floating one.
        ValueError: other axes than meant, or an empty axis.
    """
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name} must be a tensor {_meant(shape)}, got {type(tensor).__name__}")
    if not tensor.is_floating_point():
        raise TypeError(f"{name} must hold real floating-point numbers, got {tensor.dtype}")
    axes = shape.split()
    free = axes[0] == "..."
    axes = axes[free:]
    came = tuple(tensor.shape)
    tail = came[len(came) - len(axes):] if len(came) >= len(axes) else None
    right = tail is not None and (free or len(came) == len(axes))
    if not right or any(axis.isdigit() and int(axis) != size for axis, size in zip(axes, tail)):
        raise ValueError(f"{name} must be {_meant(shape)}, got {came}")
    if 0 in came:
        raise ValueError(f"{name} must not be empty, got {came}")
    return tensor


def check_signal(name, x):
    """Check that `x` is audio: a real floating tensor ``(batch, n)`` with at least one sample."""
    return check_shape(name, x, "batch n")


def check_control(name, control, dims=2):
    """Check a control signal: ``(batch, frames)``, or ``(batch, k, frames)`` when `dims` is 3."""
    return check_shape(name, control, {1: "batch", 2: "batch frames", 3: "batch k frames"}[dims])


def check_count(name, count):
    """Check that `count` is a whole number of at least one, such as a length or a hop."""
    if isinstance(count, bool) or not hasattr(count, "__index__"):
        raise TypeError(f"{name} must be a whole number, got {count!r}")
    if count < 1:
        raise ValueError(f"{name} must be at least 1, got {count}")
    return int(count)


def check_finite(name, tensor):
    """Check that no value is NaN or infinite. It reads from the device: never call it in a loop."""
    bad = int((~torch.isfinite(tensor)).sum())
    if bad:
        raise ValueError(f"{name} must be finite, got {bad} NaN or infinite values in {tensor.numel()}")
    return tensor


def _meant(shape):
    axes = shape.split()
    return f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"
