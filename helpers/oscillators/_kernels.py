"""Banks of sinusoids on the CPU, with numba: one hop at a time, so that all of it stays in the processor's registers.

- `harmonic_bank`: the partials are powers of one complex exponential ``z``, so the sum is a polynomial in ``z``, and
  Horner's rule needs four multiplications for each partial and no sine. The backward pass makes the powers again
  instead of storing them.
- `free_bank`: the partials have nothing in common; each sample of each costs one polynomial sine.

`helpers.oscillators._plain` does the same in plain PyTorch.
"""

import math

import numba
import numpy as np
from numpy.polynomial import chebyshev, polynomial

# Everything that vectorises a sum, but not "nnan" and "ninf": a NaN must come out as NaN.
_FASTMATH = {"reassoc", "contract", "arcp", "nsz"}
_jit = numba.njit(cache=True, fastmath=_FASTMATH)


def _fit_polynomial(function, terms, dtype):
    """Coefficients, highest power first, of a function of ``z = x^2`` for x in [-1/2, 1/2]."""
    nodes = np.cos(np.pi * (np.arange(64) + 0.5) / 64)
    coefficients = chebyshev.cheb2poly(chebyshev.chebfit(nodes, function(np.sqrt((nodes + 1) / 8)), terms - 1))
    in_z = np.zeros(1)
    for coefficient in coefficients[::-1]:
        in_z = polynomial.polyadd(polynomial.polymul(in_z, [-1, 8]), [coefficient])
    return tuple(dtype(c) for c in in_z[terms - 1 :: -1])


def _sine_over_x(x):
    return np.sin(2 * np.pi * x) / x


def _cosine(x):
    return np.cos(2 * np.pi * x)


# sin(2 pi x) / x and cos(2 pi x), to 2e-7 and 3e-15.
CIRCLE = {
    np.float32: (_fit_polynomial(_sine_over_x, 6, np.float32), _fit_polynomial(_cosine, 7, np.float32)),
    np.float64: (_fit_polynomial(_sine_over_x, 10, np.float64), _fit_polynomial(_cosine, 11, np.float64)),
}


@numba.njit(inline="always")
def _horner(coefficients, z):
    value = coefficients[0]
    for i in range(1, len(coefficients)):
        value = value * z + coefficients[i]
    return value


@numba.njit(inline="always")
def _wrap(turns):
    return turns - np.floor(turns + 0.5)


@numba.njit(inline="always")
def _rows(length, like):
    return np.empty(length, like.dtype)


@_jit
def _exponential(begin, rate, bend, length, circle, re, im):
    """Write ``exp(2 pi i (begin + (rate + bend j) j))`` for one segment."""
    for j in range(length):
        x = _wrap(begin + j * (rate + j * bend))
        re[j] = _horner(circle[1], x * x)
        im[j] = x * _horner(circle[0], x * x)


@_jit
def harmonic_bank(begin, rate, bend, start, slope, counts, bounds, circle, out):
    """Sum ``(start + slope j) sin(k phi)`` over the harmonics ``k`` of each segment.

    Args:
        begin, rate, bend: (batch, segments) float64, phase in turns, see `_segments.turns`.
        start, slope: (batch, k, segments), amplitudes, see `_segments.lines`.
        counts: (batch, segments), how many harmonics are heard; the rest is left out.
        bounds: (segments + 1,), first samples.
        circle: two polynomials of `CIRCLE`.
        out: (batch, n), written.
    """
    longest = np.max(bounds[1:] - bounds[:-1])
    cos, sin, re, im = _rows(longest, out), _rows(longest, out), _rows(longest, out), _rows(longest, out)
    time = np.arange(longest).astype(out.dtype)
    for b in range(begin.shape[0]):
        for s in range(begin.shape[1]):
            first, length = bounds[s], bounds[s + 1] - bounds[s]
            _exponential(begin[b, s], rate[b, s], bend[b, s], length, circle, cos, sin)
            re[:] = 0
            im[:] = 0
            for k in range(counts[b, s] - 1, -1, -1):  # Horner: sum = (sum + a_k) z
                a, d = start[b, k, s], slope[b, k, s]
                for j in range(length):
                    x = re[j] + (a + d * time[j])
                    re[j], im[j] = x * cos[j] - im[j] * sin[j], x * sin[j] + im[j] * cos[j]
            out[b, first : first + length] = im[:length]


@_jit
def harmonic_bank_gradient(begin, rate, bend, start, slope, counts, bounds, circle, grad, grads):
    """Gradients of `harmonic_bank` for `grad` (batch, n), written into `grads`, one for each of its first five."""
    longest = np.max(bounds[1:] - bounds[:-1])
    cos, sin, re, im = _rows(longest, grad), _rows(longest, grad), _rows(longest, grad), _rows(longest, grad)
    g, gt, dphi = _rows(longest, grad), _rows(longest, grad), _rows(longest, grad)
    time = np.arange(longest).astype(grad.dtype)
    zero = grad.dtype.type(0)
    for b in range(begin.shape[0]):
        for s in range(begin.shape[1]):
            first, length = bounds[s], bounds[s + 1] - bounds[s]
            _exponential(begin[b, s], rate[b, s], bend[b, s], length, circle, cos, sin)
            for j in range(length):
                re[j], im[j], dphi[j] = cos[j], sin[j], zero
                g[j] = grad[b, first + j]
                gt[j] = g[j] * time[j]
            for k in range(counts[b, s]):
                order = grad.dtype.type(k + 1)
                a, d = start[b, k, s] * order, slope[b, k, s] * order
                grad_start, grad_slope = zero, zero
                for j in range(length):
                    x, y = re[j], im[j]
                    grad_start += g[j] * y
                    grad_slope += gt[j] * y
                    dphi[j] += (a + d * time[j]) * x
                    re[j], im[j] = x * cos[j] - y * sin[j], x * sin[j] + y * cos[j]
                grads[3][b, k, s], grads[4][b, k, s] = grad_start, grad_slope
            turn0, turn1, turn2 = 0.0, 0.0, 0.0
            for j in range(length):
                turn = 2 * math.pi * np.float64(dphi[j] * g[j])
                turn0 += turn
                turn1 += turn * j
                turn2 += turn * j * j
            grads[0][b, s], grads[1][b, s], grads[2][b, s] = turn0, turn1, turn2


@_jit
def free_bank(begin, rate, bend, start, slope, bounds, circle, out):
    """Sum ``(start + slope j) sin(phi_k)`` over partials; arguments as in `harmonic_bank`, all (batch, k, segments)."""
    for b in range(begin.shape[0]):
        for s in range(begin.shape[2]):
            first, length = bounds[s], bounds[s + 1] - bounds[s]
            total = np.zeros(length, out.dtype)
            for k in range(begin.shape[1]):
                p, r, q, a, d = begin[b, k, s], rate[b, k, s], bend[b, k, s], start[b, k, s], slope[b, k, s]
                for j in range(length):
                    x = out.dtype.type(_wrap(p + j * (r + j * q)))
                    total[j] += (a + d * out.dtype.type(j)) * (x * _horner(circle[0], x * x))
            out[b, first : first + length] = total


@_jit
def free_bank_gradient(begin, rate, bend, start, slope, bounds, circle, grad, grads):
    """Gradients of `free_bank` for `grad` (batch, n), written into `grads`, one for each of its first five."""
    zero = grad.dtype.type(0)
    tau = grad.dtype.type(2 * math.pi)
    for b in range(begin.shape[0]):
        for s in range(begin.shape[2]):
            first, length = bounds[s], bounds[s + 1] - bounds[s]
            for k in range(begin.shape[1]):
                p, r, q, a, d = begin[b, k, s], rate[b, k, s], bend[b, k, s], start[b, k, s], slope[b, k, s]
                grad_start, grad_slope, turn0, turn1, turn2 = zero, zero, zero, zero, zero
                for j in range(length):
                    x, t, g = grad.dtype.type(_wrap(p + j * (r + j * q))), grad.dtype.type(j), grad[b, first + j]
                    sine = g * (x * _horner(circle[0], x * x))
                    grad_start += sine
                    grad_slope += sine * t
                    turn = tau * g * (a + d * t) * _horner(circle[1], x * x)
                    turn0 += turn
                    turn1 += turn * t
                    turn2 += turn * t * t
                grads[3][b, k, s], grads[4][b, k, s] = grad_start, grad_slope
                grads[0][b, k, s], grads[1][b, k, s], grads[2][b, k, s] = turn0, turn1, turn2
