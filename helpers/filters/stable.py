"""Parameterisations that cannot leave the stable region, for optimisation without constraints.

Each maps any real numbers to denominators of stable filters. Poles stay a little inside the circle, by
`MARGIN`, because a saturated sigmoid is exactly one and a rounded coefficient can cross it.

Chapter: filters/iir-differentiable.
"""

import torch

from helpers.checks import check_shape
from helpers.filters.coefficients import precise
from helpers.filters.lpc import reflection_to_lpc

MARGIN = 1e-3


def pole_pair(radius, angle):
    """Denominators with a pair of complex conjugate poles.

    Args:
        radius: (...), any real number; the sigmoid of it is the poles' radius.
        angle: (...), the poles' angle in radians per sample.

    Returns:
        (..., 3), ``[1, -2 r cos(angle), r**2]``.
    """
    r = (1 - MARGIN) * torch.sigmoid(radius)
    return _denominator(-2 * r * torch.cos(angle), r**2)


def triangle(u, v):
    """Denominators anywhere in the triangle ``|a1| < 1 + a2, a2 < 1``: all stable pairs, real or complex.

    Unlike `pole_pair` it can turn two complex poles into two real ones without a jump.

    Args:
        u: (...), any real number; moves a1.
        v: (...), any real number; moves a2 between its limits.

    Returns:
        (..., 3), ``[1, a1, a2]``.

    Reference: Nercessian et al. (2021), Lightweight and interpretable neural modeling of an audio
    distortion effect using hyperconditioned differentiable biquads.
    """
    r = 1 - MARGIN
    # The triangle is that of the unit circle, shrunk with the circle: a1 by r and a2 by r squared.
    a1 = 2 * torch.tanh(u)
    a2 = ((2 - a1.abs()) * torch.tanh(v) + a1.abs()) / 2
    return _denominator(r * a1, r**2 * a2)


def reflections(raw):
    """Denominators of any order by reflection coefficients ``k = tanh(raw)``: every stable one can be reached.

    Args:
        raw: (..., order), any real numbers.

    Returns:
        (..., order + 1), with the leading one, in float64 (where the device has it): in float32 the rounding
        of eight or more coefficients alone can move poles out of the circle. `lfilter` takes both.
    """
    check_shape("raw", raw, "... order")
    a = reflection_to_lpc((1 - MARGIN) * torch.tanh(precise(raw)))
    return torch.cat([torch.ones_like(a[..., :1]), a], dim=-1)


def _denominator(a1, a2):
    return torch.stack([torch.ones_like(a1), a1, a2], dim=-1)
