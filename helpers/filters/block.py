"""Recursive filters without a loop over samples: a state space, worked off block by block.

A filter with `order` memories is ``s[n + 1] = A s[n] + B x[n]``, ``y[n] = C s[n] + D x[n]``. Inside a block of
samples everything is one matrix product. From block to block only the state is carried, by a scan that doubles
its reach at each step. It is plain PyTorch, so it runs on every device and differentiates to any order.

Chapter: filters/iir-differentiable.
"""

import torch
import torch.nn.functional as F

BLOCK = 128


def direct_form(b, a):
    """State space of a filter in transposed direct form II.

    Args:
        b, a: (sets, order + 1), numerator and denominator, with ``a[:, 0] == 1``.

    Returns:
        A (sets, order, order), B (sets, order, 1), C (sets, 1, order), D (sets, 1, 1).
    """
    sets, order = a.shape[0], a.shape[1] - 1
    shift = torch.eye(order, dtype=a.dtype, device=a.device)[:, :-1].expand(sets, -1, -1)
    A = torch.cat([-a[:, 1:, None], shift], dim=-1)
    B = (b[:, 1:] - a[:, 1:] * b[:, :1])[..., None]
    C = F.one_hot(torch.zeros(sets, 1, dtype=torch.long, device=a.device), order).to(a.dtype)
    return A, B, C, b[:, :1, None]


def in_series(first, second):
    """State space of two filters, the second one fed by the first."""
    (A1, B1, C1, D1), (A2, B2, C2, D2) = first, second
    above = torch.cat([A1, A1.new_zeros(A1.shape[0], A1.shape[1], A2.shape[2])], dim=2)
    below = torch.cat([B2 @ C1, A2], dim=2)
    A = torch.cat([above, below], dim=1)
    return A, torch.cat([B1, B2 @ D1], dim=1), torch.cat([D2 @ C1, C2], dim=2), D2 @ D1


def cascade(sos):
    """State space of biquads in series: (sets, sections, 6), each with ``a0 == 1``."""
    sections = [direct_form(section[:, :3], section[:, 3:]) for section in sos.unbind(1)]
    system = sections[0]
    for section in sections[1:]:
        system = in_series(system, section)
    return system


def filter_blocks(x, A, B, C, D, block=BLOCK):
    """Run a state space over a signal, from rest.

    Args:
        x: (batch, n), audio.
        A, B, C, D: state space in float64, as from `direct_form`; as many sets as examples, or one for all.
        block: samples in a block.

    Returns:
        (batch, n), audio.
    """
    batch, n = x.shape
    blocks = -(-n // block)
    # K: what each sample of a block leaves in the state at its end; O: what a state at its start adds to each output.
    K, O, Q = B, C, A
    while K.shape[-1] < block:
        K, O, Q = torch.cat([Q @ K, K], dim=-1), torch.cat([O, O @ Q], dim=-2), Q @ Q
    impulse = torch.cat([D[:, 0], (C @ K[..., 1:])[:, 0].flip(-1)], dim=-1)
    inside = torch.cat([_toeplitz(impulse), K], dim=-2).to(x.dtype)
    pieces = F.pad(x, (0, blocks * block - n)).view(batch, blocks, block)
    alone, left = _product(pieces, inside).split([block, A.shape[-1]], dim=-1)
    start = _scan(left.to(A.dtype), Q)
    return (alone + _product(start.to(x.dtype), O.to(x.dtype))).reshape(batch, -1)[:, :n]


class Recursion(torch.autograd.Function):
    """One filter, (sets, order + 1) b and a with ``a[:, 0] == 1``, whose gradients are filters too.

    With ``v = g / A``, run backwards in time, the gradient to x is ``B v``, to b[k] it is ``sum_n v[n] x[n - k]`` and
    to a[k] ``-sum_n v[n] y[n - k]``. Autograd through the blocks gives the same and takes twice as long.
    """

    @staticmethod
    def forward(ctx, x, b, a):
        y = filter_blocks(x, *direct_form(b, a))
        ctx.save_for_backward(x, b, a, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, b, a, y = ctx.saved_tensors
        one = F.one_hot(torch.zeros_like(a[:, 0], dtype=torch.long), a.shape[1]).to(a.dtype)
        v = Recursion.apply(g.flip(-1), one, a).flip(-1)
        n, lags = x.shape[1], range(a.shape[1])
        gx = sum(b[:, k, None].to(x.dtype) * F.pad(v[:, k:], (0, min(k, n))) for k in lags)
        gb, ga = (torch.stack([_dot(s[:, : max(n - k, 0)], v[:, k:], b.dtype) for k in lags], dim=1) for s in (x, y))
        return gx, gb.sum_to_size(b.shape), -ga.sum_to_size(a.shape)


def _dot(first, second, dtype):
    """Sums in the type of the coefficients, which is double: they reach over the whole signal."""
    return (first * second).sum(dim=-1, dtype=dtype)


def _toeplitz(impulse):
    """(sets, n) -> (sets, n, n), lower triangular, ``T[i, j] = impulse[i - j]``."""
    n = impulse.shape[-1]
    return F.pad(impulse, (n - 1, 0)).unfold(-1, n, 1).flip(-1)


def _product(rows, matrix):
    """Each row times the matrix: one large product when the matrix is shared."""
    if len(matrix) == 1:
        return rows @ matrix[0].mT
    return torch.bmm(rows, matrix.mT)


def _scan(left, Q):
    """State at the start of each block: ``s[i + 1] = Q s[i] + left[i]``, at rest before the first."""
    state = F.pad(left, (0, 0, 1, 0))[:, :-1]
    reach = 1
    while reach < state.shape[1]:
        state = state + F.pad(_product(state[:, :-reach], Q), (0, 0, reach, 0))
        Q, reach = Q @ Q, 2 * reach
    return state
