"""Recursions over samples for the CPU, compiled by numba. Sums are kept in float64 whatever the signal's type.

A filter runs in direct form II: ``w`` is its input divided by the denominator, and its output is the numerator
applied to ``w``. Backward is the same filter run from the end to the start, and one sum of products of ``w``
for each coefficient. Arrays are (batch, n); coefficients come in one set for all, or one for each row.
"""

import numba
import numpy as np

# Sums may be regrouped and multiply-adds fused; infinities and NaN keep their meaning.
_compile = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})


@_compile
def biquads_forward(x, sos, w, y):
    """Biquads in series: sos (sets, sections, 6) with a0 = 1; fills w (batch, sections, n) and y."""
    sections = sos.shape[1]
    for row in range(x.shape[0]):
        c = sos[min(row, len(sos) - 1)]
        past = np.zeros((sections, 2))
        for n in range(x.shape[1]):
            v = np.float64(x[row, n])
            for s in range(sections):
                w1, w2 = past[s, 0], past[s, 1]
                w0 = v - c[s, 5] * w2 - c[s, 4] * w1
                v = c[s, 0] * w0 + c[s, 1] * w1 + c[s, 2] * w2
                past[s, 0], past[s, 1] = w0, w1
                w[row, s, n] = w0
            y[row, n] = v


@_compile
def biquads_backward(g, sos, w, gx, gsos):
    """Gradients of `biquads_forward` for the gradient g of y: fills gx; gsos (sets, sections, 6) must be zero."""
    sections, size = sos.shape[1], g.shape[1]
    # v[s] is the gradient at the output of section s - 1, with silence behind the end.
    v = np.zeros((sections + 1, size + 2), g.dtype)
    for row in range(g.shape[0]):
        c, total = sos[min(row, len(sos) - 1)], gsos[min(row, len(sos) - 1)]
        past = np.zeros((sections, 4))
        for n in range(size - 1, -1, -1):
            now = np.float64(g[row, n])
            v[sections, n] = now
            for s in range(sections - 1, -1, -1):
                v1, v2, u1, u2 = past[s, 0], past[s, 1], past[s, 2], past[s, 3]
                u0 = c[s, 0] * now + c[s, 1] * v1 + c[s, 2] * v2 - c[s, 5] * u2 - c[s, 4] * u1
                past[s, 0], past[s, 1], past[s, 2], past[s, 3] = now, v1, u0, u1
                v[s, n] = u0
                now = u0
            gx[row, n] = now
        for s in range(sections):
            for k in range(3):
                total[s, k] += _product(v[s + 1, k:], w[row, s])
                if k:
                    total[s, k + 3] -= _product(v[s, k:], w[row, s])


@_compile
def _product(longer, shorter):
    total = 0.0
    for n in range(len(shorter)):
        total += np.float64(longer[n]) * np.float64(shorter[n])
    return total


@_compile
def direct_forward(x, b, a, w, y):
    """One filter of any order: b, a (sets, order + 1) with a0 = 1; fills w and y."""
    order = b.shape[1] - 1
    for row in range(x.shape[0]):
        back, forth = a[min(row, len(a) - 1), :0:-1].copy(), b[min(row, len(b) - 1), ::-1].copy()
        past = np.zeros(x.shape[1] + order)
        for n in range(x.shape[1]):
            v = np.float64(x[row, n])
            for k in range(order):
                v -= back[k] * past[n + k]
            past[n + order] = v
            out = 0.0
            for k in range(order + 1):
                out += forth[k] * past[n + k]
            w[row, n] = v
            y[row, n] = out


@_compile
def direct_backward(g, b, a, w, gx, gb, ga):
    """Gradients of `direct_forward` for the gradient g of y: fills gx; gb, ga (sets, order + 1) must be zero."""
    size, order = g.shape[1], b.shape[1] - 1
    for row in range(g.shape[0]):
        c, d = b[min(row, len(b) - 1)].copy(), a[min(row, len(a) - 1), 1:].copy()
        total_b, total_a = gb[min(row, len(b) - 1)], ga[min(row, len(a) - 1)]
        v = np.zeros(size + order)
        v[:size] = g[row]
        u = np.zeros(size + order)
        for n in range(size - 1, -1, -1):
            out = 0.0
            for k in range(order + 1):
                out += c[k] * v[n + k]
            for k in range(order):
                out -= d[k] * u[n + 1 + k]
            u[n] = out
            gx[row, n] = out
            now = np.float64(w[row, n])
            for k in range(order + 1):
                total_b[k] += v[n + k] * now
                total_a[k] -= u[n + k] * now
        total_a[0] = 0.0
