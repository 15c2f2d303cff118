"""Time-varying all-pole filters: the vocal tract of a source-filter model.

Without numba the recursion is solved block by block: inside a block of samples it is a triangular system of
equations, and only the last `order` outputs pass from one block to the next.
"""

import numpy as np
import torch
import torch.nn.functional as F

from helpers.checks import check_shape, check_signal
from helpers.fastpath import use_numba
from helpers.filters._fast import Fast
from helpers.signals import upsample

BLOCK = 512


def allpole(x, a):
    """Time-varying all-pole filter: ``y[n] = x[n] - sum_k a[n, k] y[n - k]``, k = 1 to order, from rest.

    Coefficients at frame rate move on straight lines from frame to frame, on the grid of `signals.upsample`.
    Each frame may be stable and the filter between two of them not quite: look at short hops if it rings.

    Args:
        x: (batch, n), audio.
        a: (batch, frames, order), without the leading one, at frame rate; one frame alone is held.
            With frames equal to n there is one set a sample, and nothing is interpolated.

    Returns:
        (batch, n), in the type of `x`.

    Raises:
        TypeError, ValueError: an argument is not real, is empty, or the batches differ.

    Reference: Yu and Fazekas (2024), Differentiable time-varying linear prediction in the context of
    end-to-end analysis-by-synthesis.
    Chapter: filters/source-filter.
    """
    check_signal("x", x)
    a = check_shape("a", a, f"{len(x)} frames order").to(x.dtype)
    return Fast.apply(_Kernels if use_numba(x) and use_numba(a) else _Blocks, x, a)


def reference(x, a, size=BLOCK):
    """The same filter in plain, differentiable PyTorch, block by block: slower, and differentiable twice."""
    n, order = x.shape[1], a.shape[2]
    a = (a if a.shape[1] == n else upsample(a.mT, n).mT).flip(-1)
    past, outputs = x.new_zeros(len(x), order), []
    for part, c in zip(x.split(size, dim=1), a.split(size, dim=1)):
        system = _skew(c, part.shape[1] + order)
        known = part[..., None] - system[..., :order] @ past[..., None]
        y = torch.linalg.solve_triangular(system[..., order:], known, upper=False, unitriangular=True)[..., 0]
        outputs.append(y)
        past = torch.cat([past, y], dim=1)[:, -order:]
    return torch.cat(outputs, dim=1)


class _Kernels:
    """The recursion itself, compiled, for the CPU."""

    plain = staticmethod(reference)

    @staticmethod
    def forward(x, a):
        from helpers.filters import _kernels

        x = x.detach().numpy()
        y = np.empty_like(x)
        _kernels.allpole_forward(x, a.detach().numpy(), y)
        return torch.from_numpy(y), y

    @staticmethod
    def backward(g, y, a):
        from helpers.filters import _kernels

        a = a.detach().numpy()
        gx, ga = np.empty_like(y), np.zeros_like(a)
        _kernels.allpole_backward(g.numpy(), a, y, gx, ga)
        return torch.from_numpy(gx), torch.from_numpy(ga)


class _Blocks:
    """Triangular systems, one after another, for every device; work space is used again from block to block."""

    plain = staticmethod(reference)

    @staticmethod
    def forward(x, a):
        lines = _Lines(a, x.shape[1])
        order, size = a.shape[2], lines.size
        y = F.pad(x, (order, lines.samples - x.shape[1]))
        for start in range(0, lines.samples, size):
            inside, before = lines.system(start)
            part = y[:, start + order : start + order + size, None]
            part[:, :order] -= before @ y[:, start : start + order, None]
            part.copy_(torch.linalg.solve_triangular(inside, part, upper=False, unitriangular=True))
        return y[:, order : order + x.shape[1]].clone(), y

    @staticmethod
    def backward(g, y, a):
        lines = _Lines(a, g.shape[1])
        order, size = a.shape[2], lines.size
        gx = F.pad(g, (order, lines.samples - g.shape[1]))
        ga = torch.zeros_like(lines.a)
        windows = y.unfold(1, order, 1)
        for start in range(lines.samples - size, -1, -size):
            inside, before = lines.system(start)
            part = gx[:, start + order : start + order + size, None]
            part.copy_(torch.linalg.solve_triangular(inside.mT, part, upper=True, unitriangular=True))
            gx[:, start : start + order] -= (before.mT @ part[:, :order])[..., 0]
            lines.add_gradient(ga, start, part, windows[:, start : start + size])
        return gx[:, order : order + g.shape[1]].clone(), ga[:, : a.shape[1]].flip(-1)


class _Lines:
    """Coefficients of each block, between their frames, laid out as a triangular system of equations."""

    def __init__(self, a, n):
        batch, frames, order = a.shape
        self.size = max(order, min(BLOCK, n))
        self.samples = -(-n // self.size) * self.size
        self.each_sample = frames == n
        if self.each_sample:
            self.a = F.pad(a.flip(-1), (0, 0, 0, self.samples - n))
        else:
            self._place_frames(a, n)
        self.flat = a.new_zeros(batch, order + self.size**2)
        # Row i holds lag k in column i - k. Where that is left of the edge it lands above the diagonal, unread.
        strides = (self.flat.stride(0), self.size + 1, 1)
        self.band = self.flat.as_strided((batch, self.size, order), strides)
        self.inside = self.flat[:, order:].view(batch, self.size, self.size)

    def _place_frames(self, a, n):
        """Weight of each frame in each sample of a block: hats, one hop wide on both sides."""
        hops = a.shape[1] - 1
        width = -(-self.size * hops // n) + 2
        self.a = F.pad(a.flip(-1), (0, 0, 0, width))
        at = torch.arange(self.samples, device=a.device, dtype=torch.long).clamp(max=n - 1) * hops
        first = at[:: self.size] // n
        distance = at.view(-1, self.size, 1) - n * (first[:, None, None] + torch.arange(width, device=a.device))
        self.weights = (1 - distance.to(a.dtype).abs() / n).clamp(min=0)
        self.first = [start * hops // n for start in range(0, self.samples, self.size)]
        self.width = width

    def system(self, start):
        """Equations of the block at `start`: within it (batch, size, size), and with the outputs before it."""
        c = self._coefficients(start)
        self.band.copy_(c)
        order = c.shape[-1]
        return self.inside, _skew(c[:, :order], 2 * order)[..., :order]

    def _coefficients(self, start):
        if self.each_sample:
            return self.a[:, start : start + self.size]
        first = self.first[start // self.size]
        return self.weights[start // self.size] @ self.a[:, first : first + self.width]

    def add_gradient(self, ga, start, part, windows):
        """Add the gradient of the block at `start`: each ``-gx[n] y[n - k]``, handed to the frames around n."""
        if self.each_sample:
            ga[:, start : start + self.size] -= part * windows
            return
        first = self.first[start // self.size]
        ga[:, first : first + self.width] -= (self.weights[start // self.size] * part).mT @ windows


def _skew(c, width):
    """Move row i of (batch, rows, order) by i places to the right, in rows of the given width."""
    batch, rows, order = c.shape
    return F.pad(c, (0, width + 1 - order)).flatten(1)[:, : rows * width].view(batch, rows, width)
