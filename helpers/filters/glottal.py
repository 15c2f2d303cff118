"""The source of a voice: the flow of air through the vocal folds, as its derivative."""

import math

import torch

from helpers.checks import check_control
from helpers.filters.coefficients import precise
from helpers.oscillators import phase
from helpers.signals import upsample


def glottal_source(f0_hz, rd, sample_rate, n_samples):
    """Derivative of the glottal flow by the transformed Liljencrants-Fant model, one parameter for the shape.

    The lips radiate the derivative of what the tract lets through, so this is what to feed to `allpole`.
    Each period falls to -1 where the folds close, and sums to zero.

    Args:
        f0_hz: (batch, frames), pitch in Hz, at frame rate.
        rd: (batch, frames), shape, 0.3 (pressed, bright) to 2.7 (breathy, dark), at frame rate. Outside it is clamped.
        sample_rate: in Hz.
        n_samples: length of the result, in samples.

    Returns:
        (batch, n_samples), differentiable in pitch and shape.

    Raises:
        TypeError, ValueError: a control has another shape or type.

    Reference: Fant (1995), The LF-model revisited: transformations and frequency domain analysis.
    Chapter: filters/source-filter.
    """
    check_control("f0_hz", f0_hz)
    check_control("rd", rd)
    te, omega, alpha, epsilon = (upsample(each.to(rd.dtype), n_samples) for each in lf_shape(rd))
    t = phase(f0_hz, sample_rate, n_samples) / (2 * math.pi)
    # Each branch is held at -1 on the other one's side, where it would overflow and poison the gradient.
    before, after = (t - te).clamp(max=0.0), (t - te).clamp(min=0.0)
    opening = -torch.exp(alpha * before) * torch.sin(omega * (te + before)) / torch.sin(omega * te)
    rest = torch.exp(-epsilon * (1 - te))
    closing = -(torch.exp(-epsilon * after) - rest) / (1 - rest)
    return torch.where(t < te, opening, closing)


def lf_shape(rd):
    """Parameters of the LF model for a period of length one.

    Args:
        rd: (...), shape, clamped to 0.3 to 2.7.

    Returns:
        Four tensors (...), in float64 where the device has it: instant of closure te, angular frequency and
        growth rate alpha of the opening phase, and rate epsilon of the return phase.

    Reference: Fant (1995), equations for Ra, Rk and Rg.
    """
    rd = precise(rd).clamp(0.3, 2.7)
    ra, rk = (-1 + 4.8 * rd) / 100, (22.4 + 11.8 * rd) / 100
    rg = rk / (4 * (0.11 * rd / (0.5 + 1.2 * rk) - ra))
    te, omega = (1 + rk) / (2 * rg), 2 * math.pi * rg
    epsilon = _solve(_return_rate, 1 / ra, ra, 1 - te)
    return te, omega, _solve(_net_flow, torch.ones_like(rd), te, omega, ra, epsilon), epsilon


def _solve(equation, start, *parameters, steps=12):
    """Root of an equation by Newton's method; the last step alone is recorded, which makes its gradient exact."""
    root = start.detach()
    fixed = [parameter.detach() for parameter in parameters]
    for _ in range(steps):
        value, slope = equation(root, *fixed)
        root = root - value / slope
    # Implicit function theorem: d root = -(d value) / slope.
    return root - equation(root, *parameters)[0] / equation(root, *fixed)[1]


def _return_rate(epsilon, ta, tb):
    """``epsilon ta = 1 - exp(-epsilon tb)``: value and slope."""
    fall = torch.exp(-epsilon * tb)
    return epsilon * ta - 1 + fall, ta - tb * fall


def _net_flow(alpha, te, omega, ta, epsilon):
    """Flow gained in the opening phase plus flow lost in the return phase, which must be zero: value and slope."""
    tb = 1 - te
    fall = torch.exp(-epsilon * tb)
    lost = ((1 - fall) / epsilon - tb * fall) / (epsilon * ta)
    start = omega * torch.exp(-alpha * te) / torch.sin(omega * te)
    above, below = alpha - omega / torch.tan(omega * te) + start, alpha**2 + omega**2
    return -above / below - lost, -((1 - te * start) * below - 2 * alpha * above) / below**2
