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

BLOCK = 768


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
        for i in range(lines.samples // size):
            inside, before = lines.system(i)
            known, part = y[:, i * size :].split([order, size, y.shape[1] - order - (i + 1) * size], dim=1)[:2]
            part[:, :order] -= torch.bmm(before, known[..., None])[..., 0]
            solution = torch.linalg.solve_triangular(inside, part[..., None], upper=False, unitriangular=True)
            part.copy_(solution[..., 0])
        return y[:, order : order + x.shape[1]].clone(), y

    @staticmethod
    def backward(g, y, a):
        lines = _Lines(a, g.shape[1])
        order, size = a.shape[2], lines.size
        gx = F.pad(g, (order, lines.samples - g.shape[1]))
        ga = torch.zeros_like(lines.a)
        windows = y.unfold(1, order, 1)
        for i in reversed(range(lines.samples // size)):
            inside, before = lines.system(i)
            known, part = gx[:, i * size :].split([order, size, y.shape[1] - order - (i + 1) * size], dim=1)[:2]
            solution = torch.linalg.solve_triangular(inside.mT, part[..., None], upper=True, unitriangular=True)
            part.copy_(solution[..., 0])
            known -= torch.bmm(before.mT, solution[:, :order])[..., 0]
            lines.add_gradient(ga, i, solution, windows[:, i * size : (i + 1) * size])
        return gx[:, order : order + g.shape[1]].clone(), ga[:, : a.shape[1]].flip(-1)


class _Lines:
    """Coefficients of each block, between their frames, laid out as a triangular system of equations."""

    def __init__(self, a, n):
        batch, frames, order = a.shape
        # The systems of a batch are to stay in the cache together.
        self.size = max(order, min(int(BLOCK / batch**0.36), n))
        self.blocks = -(-n // self.size)
        self.samples = self.blocks * self.size
        if frames == n:
            self.weights = None
            self.a = F.pad(a.flip(-1), (0, 0, 0, self.samples - n))
            self.first, self.width = [i * self.size for i in range(self.blocks)], self.size
            heads = self.a.view(batch, self.blocks, self.size, order)[:, :, :order]
        else:
            heads = self._weigh(a, n)
        self.heads = _skew(heads.flatten(0, 1), 2 * order).view(batch, self.blocks, order, 2 * order)
        self.inside = a.new_zeros(batch, self.size, self.size)
        # Row i holds lag k in column i - k: a band below the diagonal, whole from row `order` on.
        strides = (self.size**2, self.size + 1, 1)
        self.band = self.inside.as_strided((batch, self.size - order, order), strides, order * self.size)

    def _weigh(self, a, n):
        """Weight of each frame in each sample of a block: hats, one hop wide on both sides. Returns the first rows."""
        hops = a.shape[1] - 1
        self.first = [i * self.size * hops // n for i in range(self.blocks)]
        self.width = -(-self.size * hops // n) + 2
        self.a = F.pad(a.flip(-1), (0, 0, 0, self.width))
        at = torch.arange(self.samples, device=a.device).clamp(max=n - 1).view(-1, self.size, 1) * hops
        frame = torch.arange(self.width, device=a.device) + at[:, :1] // n
        weights = (1 - (at - n * frame).abs().to(a.dtype) / n).clamp(min=0)
        self.weights = weights.expand(len(a), -1, -1, -1)
        return weights[:, : a.shape[2]] @ self.a[:, frame[:, 0]]

    def system(self, i):
        """Equations of block i: within it (batch, size, size), and with the outputs before it."""
        order = self.heads.shape[2]
        a = self.a[:, self.first[i] : self.first[i] + self.width]
        if self.weights is None:
            self.band.copy_(a[:, order:])
        else:
            torch.bmm(self.weights[:, i, order:], a, out=self.band)
        before, corner = self.heads[:, i].chunk(2, dim=-1)
        self.inside[:, :order, :order] = corner
        return self.inside, before

    def add_gradient(self, ga, i, gx, windows):
        """Add the gradient of block i: each ``-gx[n] y[n - k]``, handed to the frames around n."""
        ga = ga[:, self.first[i] : self.first[i] + self.width]
        if self.weights is None:
            ga -= gx * windows
        else:
            ga -= torch.bmm((self.weights[:, i] * gx).mT, windows)


def _skew(c, width):
    """Move row i of (batch, rows, order) by i places to the right, in rows of the given width."""
    batch, rows, order = c.shape
    return F.pad(c, (0, width + 1 - order)).flatten(1)[:, : rows * width].view(batch, rows, width)
