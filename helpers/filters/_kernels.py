"""Recursions over samples for the CPU, compiled by numba. Sums are kept in float64 whatever the signal's type.

A filter runs in direct form II: ``w`` is its input divided by the denominator, and its output is the numerator
applied to ``w``. Backward is the same filter run from the end to the start, and one sum of products of ``w``
for each coefficient. Arrays are (batch, n); coefficients come in one set for all, or one for each row.
"""

import numba
import numpy as np

# Copies are written as loops: to compile an assignment of slices takes numba seconds.
# Multiply-adds may be fused, and in the second kind sums regrouped; infinities and NaN keep their meaning.
# A short recursion must not be regrouped: its last product has to be the one that waits for the sample before.
_recursion = numba.njit(cache=True, nogil=True, fastmath={"contract"})
_sums = numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})

_CHUNK = 512  # samples that pass through all sections while they lie in the nearest cache


@_recursion
def biquads_forward(x, sos, w, y):
    """Biquads in series: sos (sets, sections, 6) with a0 = 1; fills w (batch, sections, n) and y."""
    signal = np.empty(_CHUNK)
    for row in range(x.shape[0]):
        c = sos[min(row, len(sos) - 1)]
        past = np.zeros((sos.shape[1], 2))
        for start in range(0, x.shape[1], _CHUNK):
            size = min(_CHUNK, x.shape[1] - start)
            for n in range(size):
                signal[n] = x[row, start + n]
            for s in range(sos.shape[1]):
                b0, b1, b2, a1, a2 = c[s, 0], c[s, 1], c[s, 2], c[s, 4], c[s, 5]
                w1, w2 = past[s, 0], past[s, 1]
                for n in range(size):
                    w0 = signal[n] - a2 * w2 - a1 * w1
                    signal[n] = b0 * w0 + b1 * w1 + b2 * w2
                    w[row, s, start + n] = w0
                    w1, w2 = w0, w1
                past[s, 0], past[s, 1] = w1, w2
            for n in range(size):
                y[row, start + n] = signal[n]


@_recursion
def biquads_backward(g, sos, w, gx, gsos):
    """Gradients of `biquads_forward` for the gradient g of y: fills gx; gsos (sets, sections, 6) must be zero."""
    signal = np.empty(_CHUNK)
    for row in range(g.shape[0]):
        c, total = sos[min(row, len(sos) - 1)], gsos[min(row, len(sos) - 1)]
        past = np.zeros((sos.shape[1], 4))
        for stop in range(g.shape[1], 0, -_CHUNK):
            size = min(_CHUNK, stop)
            start = stop - size
            for n in range(size):
                signal[n] = g[row, start + n]
            for s in range(sos.shape[1] - 1, -1, -1):
                b0, b1, b2, a1, a2 = c[s, 0], c[s, 1], c[s, 2], c[s, 4], c[s, 5]
                v1, v2, u1, u2 = past[s, 0], past[s, 1], past[s, 2], past[s, 3]
                t0, t1, t2, t4, t5 = 0.0, 0.0, 0.0, 0.0, 0.0
                for n in range(size - 1, -1, -1):
                    v0 = signal[n]
                    u0 = b0 * v0 + b1 * v1 + b2 * v2 - a2 * u2 - a1 * u1
                    signal[n] = u0
                    # v[n + k] w[n] for b[k] and u[n + k] w[n] for a[k], so that w is read once.
                    now = w[row, s, start + n]
                    t0 += v0 * now
                    t1 += v1 * now
                    t2 += v2 * now
                    t4 -= u1 * now
                    t5 -= u2 * now
                    v1, v2, u1, u2 = v0, v1, u0, u1
                past[s, 0], past[s, 1], past[s, 2], past[s, 3] = v1, v2, u1, u2
                total[s, 0] += t0
                total[s, 1] += t1
                total[s, 2] += t2
                total[s, 4] += t4
                total[s, 5] += t5
            for n in range(size):
                gx[row, start + n] = signal[n]


@_sums
def direct_forward(x, ba, w, y):
    """One filter of any order: ba (sets, 2, order + 1), numerator above denominator, a0 = 1; fills w and y."""
    order = ba.shape[2] - 1
    for row in range(x.shape[0]):
        own = ba[min(row, len(ba) - 1)]
        # The last coefficient first, as the samples they meet lie.
        back, forth = np.empty(order), np.empty(order + 1)
        for k in range(order + 1):
            forth[order - k] = own[0, k]
            if k:
                back[order - k] = own[1, k]
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


@_sums
def direct_backward(g, ba, w, gx, gba):
    """Gradients of `direct_forward` for the gradient g of y: fills gx; gba (sets, 2, order + 1) must be zero."""
    size, order = g.shape[1], ba.shape[2] - 1
    for row in range(g.shape[0]):
        c, total = ba[min(row, len(ba) - 1)], gba[min(row, len(ba) - 1)]
        u, v = np.zeros(size + order), np.zeros(size + order)
        for n in range(size):
            v[n] = g[row, n]
        for n in range(size - 1, -1, -1):
            out = c[0, 0] * v[n]
            for k in range(1, order + 1):
                out += c[0, k] * v[n + k] - c[1, k] * u[n + k]
            u[n] = out
            gx[row, n] = out
            for k in range(order + 1):
                total[0, k] += v[n + k] * w[row, n]
                total[1, k] -= u[n + k] * w[row, n]
        total[1, 0] = 0.0


@_recursion
def allpole_forward(x, a, y):
    """Time-varying all-pole filter: a (batch, frames, order), without the leading one; fills y."""
    size, order = x.shape[1], a.shape[2]
    rest, slope, past = np.zeros(order), np.zeros(order), np.zeros(size + order)
    for row in range(x.shape[0]):
        for f in range(_lines(a.shape[1], size)):
            start, stop, rate = _line(f, a.shape[1], size)
            _ends(a[row], f, rate, rest, slope)
            for n in range(start, stop):
                t = n * rate - f if rate > 0.0 else 0.0
                v = np.float64(x[row, n])
                for k in range(order):
                    v -= (rest[k] + t * slope[k]) * past[n + k]
                past[n + order] = v
                y[row, n] = v


@_sums
def allpole_backward(g, a, y, gx, ga):
    """Gradients of `allpole_forward` for the gradient g of y: fills gx; ga (batch, frames, order) must be zero."""
    size, order = g.shape[1], a.shape[2]
    rest, slope = np.zeros(order), np.zeros(order)
    u, past = np.zeros(size + order), np.zeros(size + order)
    for row in range(g.shape[0]):
        for k in range(order):
            u[k] = 0.0
        for n in range(size):
            u[n + order], past[n + order] = g[row, n], y[row, n]
        for f in range(_lines(a.shape[1], size) - 1, -1, -1):
            start, stop, rate = _line(f, a.shape[1], size)
            _ends(a[row], f, rate, rest, slope)
            for n in range(stop - 1, start - 1, -1):
                # What y[n] owes to each sample before it goes back there.
                v = u[n + order]
                t = n * rate - f if rate > 0.0 else 0.0
                for k in range(order):
                    u[n + k] -= (rest[k] + t * slope[k]) * v
                gx[row, n] = v
            for k in range(order):
                left, right = 0.0, 0.0
                for n in range(start, stop):
                    product = u[n + order] * past[n + k]
                    left += product
                    right += product * (n * rate - f)
                if rate > 0.0:
                    ga[row, f + 1, order - 1 - k] -= right
                    left -= right
                ga[row, f, order - 1 - k] -= left


@_sums
def _lines(frames, size):
    """Number of straight lines: one between two frames; one a sample, or a single one, where nothing moves."""
    return frames if frames in (1, size) else frames - 1


@_sums
def _line(f, frames, size):
    """First sample of line f, the one behind its last, and how far a sample moves along it."""
    if frames == size:
        return f, f + 1, 0.0
    if frames == 1:
        return 0, size, 0.0
    return -(-f * size // (frames - 1)), -(-(f + 1) * size // (frames - 1)), (frames - 1) / size


@_sums
def _ends(a, f, rate, rest, slope):
    """Value and slope of each coefficient on line f, the last one first, as the samples they meet lie."""
    order = a.shape[1]
    for k in range(order):
        rest[order - 1 - k] = a[f, k]
        slope[order - 1 - k] = a[f + 1, k] - np.float64(a[f, k]) if rate > 0.0 else 0.0
