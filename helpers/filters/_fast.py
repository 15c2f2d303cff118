"""The seam between numba kernels and autograd."""

import torch
from torch.autograd.function import once_differentiable


class Fast(torch.autograd.Function):
    """An operation whose value and gradient are computed by kernels.

    ``forward(x, *coefficients) -> y, kept`` and ``backward(g, kept, *coefficients) -> gradients`` are the kernels;
    ``plain(x, *coefficients)`` is the same operation in PyTorch, which serves the second derivative.
    """

    @staticmethod
    def forward(ctx, operation, x, *coefficients):
        # One memory layout, or numba would compile again for each other one.
        x, *coefficients = (tensor.contiguous() for tensor in (x, *coefficients))
        y, ctx.kept = operation.forward(x, *coefficients)
        ctx.operation = operation
        ctx.save_for_backward(x, *coefficients)
        return y

    @staticmethod
    def backward(ctx, g):
        return None, *_FastGradient.apply(ctx.operation, ctx.kept, g, *ctx.saved_tensors)


class _FastGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, operation, kept, g, x, *coefficients):
        ctx.operation = operation
        ctx.save_for_backward(g, x, *coefficients)
        return operation.backward(g.contiguous(), kept, *coefficients)

    @staticmethod
    @once_differentiable
    def backward(ctx, *gradients):
        leaves = [tensor.detach().requires_grad_() for tensor in ctx.saved_tensors]
        with torch.enable_grad():
            y = ctx.operation.plain(*leaves[1:])
            first = torch.autograd.grad(y, leaves[1:], leaves[0], create_graph=True)
        return None, None, *torch.autograd.grad(first, leaves, gradients)
