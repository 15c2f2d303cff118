"""Linear prediction: from a sound to an all-pole filter, and its reflection coefficients."""

import torch

from helpers.checks import check_count, check_shape
from helpers.filters.coefficients import precise
from helpers.filters.fir import fft_size


def lpc(x, order):
    """All-pole model of a sound by the autocorrelation method, with Levinson's recursion.

    The sign is that of `lfilter` and `allpole`: ``x[n] = e[n] - sum_k a[k] x[n - k]`` with the least energy
    in e. So ``fir(x, [1, a])`` gives the residual, and ``allpole`` turns it back into x. Window `x` first.

    Args:
        x: (..., n), audio, or frames of it.
        order: number of coefficients.

    Returns:
        (..., order), without the leading one; the filter is stable. Silence gives zeros.

    Raises:
        TypeError, ValueError: `x` is not real or is empty, or `order` is not a whole number.

    Reference: Makhoul (1975), Linear prediction: a tutorial review.
    Chapter: filters/source-filter.
    """
    check_shape("x", x, "... n")
    order = check_count("order", order)
    correlation = _autocorrelation(x, order)
    energy = correlation[..., :1]
    # A floor far below the quantisation noise keeps silence and pure tones apart from 0/0.
    floor = 1e-9 * energy + 1e-30
    correlation = torch.cat([energy + floor, correlation[..., 1:]], dim=-1)
    return _levinson(correlation).to(x.dtype)


def reflection_to_lpc(k):
    """All-pole coefficients from reflection coefficients (Levinson's step-up).

    Args:
        k: (..., order), stable if every ``|k| < 1``.

    Returns:
        (..., order), without the leading one, in the sign of `allpole`.

    Raises:
        TypeError, ValueError: `k` is not a real tensor, or is empty.

    Reference: Makhoul (1975), Linear prediction: a tutorial review.
    Chapter: filters/source-filter.
    """
    check_shape("k", k, "... order")
    k_precise = precise(k)
    a = k_precise[..., :1]
    for i in range(1, k.shape[-1]):
        a = _step_up(a, k_precise[..., i : i + 1])
    return a.to(k.dtype)


def lpc_to_reflection(a):
    """Reflection coefficients from all-pole coefficients (step-down), the inverse of `reflection_to_lpc`.

    Args:
        a: (..., order), without the leading one.

    Returns:
        (..., order). The filter is stable if and only if every ``|k| < 1``.

    Raises:
        TypeError, ValueError: `a` is not a real tensor, or is empty.

    Chapter: filters/source-filter.
    """
    check_shape("a", a, "... order")
    rest, reflections = precise(a), []
    for _ in range(a.shape[-1]):
        k, rest = rest[..., -1:], rest[..., :-1]
        reflections.append(k)
        rest = (rest - k * rest.flip(-1)) / (1 - k**2)
    return torch.cat(reflections[::-1], dim=-1).to(a.dtype)


def _step_up(a, k):
    """One order more: the reflection coefficient of the order, not of the tap, turns every tap."""
    return torch.cat([a + k * a.flip(-1), k], dim=-1)


def _levinson(correlation):
    """Solve the normal equations: (..., order + 1) autocorrelation -> (..., order)."""
    error = correlation[..., :1]
    a = -correlation[..., 1:2] / error
    for i in range(1, correlation.shape[-1] - 1):
        error = error * (1 - a[..., -1:] ** 2)
        known = (a * correlation[..., 1 : i + 1].flip(-1)).sum(-1, keepdim=True)
        a = _step_up(a, -(correlation[..., i + 1 : i + 2] + known) / error)
    return a


def _autocorrelation(x, order):
    """Lags 0 to `order`, in float64: (..., n) -> (..., order + 1)."""
    size = fft_size(x.shape[-1] + order)
    power = torch.fft.rfft(precise(x), n=size).abs().square()
    return torch.fft.irfft(power, n=size)[..., : order + 1]
