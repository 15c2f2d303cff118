"""Finding frequencies by gradient descent.

A spectral or waveform loss has a slope towards the right frequency only within the width of a spectral peak. Two things
reach further: the distance of distributions, which knows how far apart two peaks are, and a window so short that every
peak is wide, made longer step by step.
"""

import math

import torch

from helpers.checks import check_count, check_finite, check_shape, check_signal

_TRAVEL = 6.0  # radians per sample that the first stage can go: twice the whole range
_TINY = 1e-9


def transport_loss(prediction, target, sharpness=4.0):
    """Distance that spectral energy must travel, as a fraction of the range from 0 Hz to half the sample rate.

    Magnitudes to the power of `sharpness`, divided by their sum, are a distribution over frequency. In one dimension
    the optimal transport from one to another costs the area between their cumulative sums. The power lifts peaks out
    of noise.

    Args:
        prediction: (batch, n), audio.
        target: (batch, n) or (1, n), audio.
        sharpness: power of the magnitudes.

    Returns:
        (batch,), in [0, 1].

    Raises:
        TypeError, ValueError: not audio, or lengths differ.

    Reference: Torres, Peeters and Richard (2024). Chapter: synths/finding-frequency.
    """
    check_signal("prediction", prediction)
    check_shape("target", target, f"batch {prediction.shape[-1]}")
    return _area(_cumulative(prediction, sharpness), _cumulative(target, sharpness))


def project(x, frequencies_hz, sample_rate):
    """Amplitudes and phases of sinusoids with given frequencies, in closed form: least squares.

    Args:
        x: (batch, n), audio.
        frequencies_hz: (batch, k), in Hz, different from each other.
        sample_rate: in Hz.

    Returns:
        amplitudes: (batch, k), linear.
        phases: (batch, k), radians, of ``sin`` at sample 0.
        residual: (batch, n), what is left of `x`.

    Raises:
        TypeError, ValueError: a shape is wrong.

    Reference: Golub and Pereyra (1973), variable projection. Chapter: synths/finding-frequency.
    """
    check_signal("x", x)
    check_shape("frequencies_hz", frequencies_hz, f"{len(x)} k")
    n = torch.arange(x.shape[-1], device=x.device, dtype=x.dtype)
    basis = _basis(2 * math.pi * frequencies_hz / sample_rate, n)
    weights, _ = _least_squares(basis, x)
    cos, sin = weights.chunk(2, dim=1)
    residual = x - (weights[:, None] @ basis)[:, 0]
    return torch.hypot(cos, sin), torch.atan2(cos, sin), residual


def fit_sinusoid(x, sample_rate, initial_hz, steps=300):
    """Find the frequency of one sinusoid, from nearly any start, also in noise as strong as the sinusoid.

    The first half of the steps descends the `transport_loss`. The second half solves amplitude and phase in closed form
    under a Gaussian window that grows, so that the peak is followed while it gets narrow.

    Args:
        x: (batch, n), audio.
        sample_rate: in Hz.
        initial_hz: (batch,), where to start, in Hz.
        steps: number of steps.

    Returns:
        (batch,), in Hz, between 0 and half the sample rate. It has no gradient.

    Raises:
        TypeError, ValueError: a shape is wrong, or `x` is not finite.

    Chapter: synths/finding-frequency.
    """
    check_finite("x", check_signal("x", x).detach())
    check_shape("initial_hz", initial_hz, str(len(x)))
    check_count("steps", steps)
    omega = 2 * math.pi * initial_hz.detach().to(x) / sample_rate
    return _to_hz(_descend(x.detach(), omega, steps, transport_share=0.5, widest=20.0), sample_rate)


def fit_sinusoids(x, sample_rate, count, steps=300):
    """Find the frequencies of several sinusoids: the strongest first, then what remains without it, and all together.

    Args:
        x: (batch, n), audio.
        sample_rate: in Hz.
        count: how many to find.
        steps: number of steps for each.

    Returns:
        (batch, count), in Hz, ascending. It has no gradient.

    Raises:
        TypeError, ValueError: `x` is not audio, or not finite.

    Chapter: synths/finding-frequency.
    """
    check_finite("x", check_signal("x", x).detach())
    check_count("count", count)
    precise = x.detach().to(torch.float32 if x.device.type == "mps" else torch.float64)
    rest, found = x.detach(), precise.new_empty(len(x), 0)
    for _ in range(count):
        # Several peaks: the transport settles between them, so the window must first be short enough to see them all.
        start = torch.full_like(rest[:, 0], math.pi / 2)
        omega = _descend(rest, start, check_count("steps", steps), transport_share=0.3, widest=3.0, sharpness=8.0)
        found = _refine(precise, torch.cat([found, _fold(omega)[:, None].to(precise)], dim=1))
        rest = project(precise, found * sample_rate / (2 * math.pi), sample_rate)[2].to(x.dtype)
    return _to_hz(found, sample_rate).to(x.dtype).sort(dim=1).values


def _descend(x, omega, steps, transport_share, widest, sharpness=4.0):
    """Both stages: transport from afar, then projection under a window that grows from `widest` samples."""
    omega = omega.clone().requires_grad_()
    n = _centred(x)
    goal = _cumulative(x, sharpness)
    first = max(1, round(transport_share * steps))
    optimiser = torch.optim.Adam([omega])
    for step in range(first):
        loss = _area(_cumulative(torch.cos(omega[:, None] * n), sharpness), goal)
        _step(optimiser, loss, _TRAVEL / first * 0.5 * (1 + math.cos(math.pi * step / first)))
    optimiser = torch.optim.Adam([omega], betas=(0.8, 0.99))
    longest = max(0.3 * x.shape[-1], widest)
    for step in range(steps - first):
        progress = step / (steps - first)
        width = widest * (longest / widest) ** min(1.0, progress / 0.9)
        loss = -torch.log(_explained(x, omega[:, None], torch.exp(-0.5 * (n / width) ** 2)) + _TINY)
        _step(optimiser, loss, 0.25 / width * (1 - progress))  # a fraction of the width of the peak
    return omega.detach()


def _refine(x, omega, steps=60):
    """Move several frequencies together, from close by."""
    omega = _fold(omega).requires_grad_()
    window = torch.hann_window(x.shape[-1], device=x.device, dtype=x.dtype)
    energy = (x * window).square().sum(dim=-1)
    optimiser = torch.optim.Adam([omega])
    for step in range(steps):
        loss = torch.log((energy - _explained(x, omega, window)).clamp(min=0) + 1e-4 * energy + _TINY)
        _step(optimiser, loss, 2e-4 * 0.5 * (1 + math.cos(math.pi * step / steps)))
    return _fold(omega.detach())


def _step(optimiser, loss, lr):
    optimiser.param_groups[0]["lr"] = lr
    optimiser.zero_grad()
    loss.sum().backward()
    optimiser.step()


def _cumulative(x, sharpness):
    window = torch.hann_window(x.shape[-1], device=x.device, dtype=x.dtype)
    magnitude = torch.fft.rfft(x * window).abs()
    # Relative to the peak, because a high power of a small number is zero; and silence stays silence.
    mass = (magnitude / magnitude.amax(dim=-1, keepdim=True).clamp(min=_TINY)) ** sharpness
    return torch.cumsum(mass / mass.sum(dim=-1, keepdim=True).clamp(min=_TINY), dim=-1)


def _area(cumulative, other):
    return (cumulative - other).abs().mean(dim=-1)


def _centred(x):
    """Sample numbers, zero in the middle: there the phase does not depend on the frequency."""
    return torch.arange(x.shape[-1], device=x.device, dtype=x.dtype) - (x.shape[-1] - 1) / 2


def _basis(omega, n):
    angle = omega[..., None] * n  # (batch, k, n)
    return torch.cat([torch.cos(angle), torch.sin(angle)], dim=1)


def _explained(x, omega, window):
    """Energy of `x` that the sinusoids explain under a window, (batch,)."""
    return _least_squares(_basis(omega, _centred(x)) * window, x * window)[1]


def _least_squares(basis, x):
    gram = basis @ basis.mT
    # At 0 Hz, at half the sample rate and where two frequencies meet the matrix is singular.
    ridge = 1e-7 * gram.diagonal(dim1=-2, dim2=-1).mean(dim=-1)[:, None, None] + _TINY
    correlation = (basis @ x[..., None]).squeeze(-1)
    weights = torch.linalg.solve(gram + ridge * torch.eye(gram.shape[-1], device=x.device, dtype=x.dtype), correlation)
    return weights, (weights * correlation).sum(dim=-1)


def _fold(omega):
    """The same sinusoid between 0 and pi: a negative frequency turns the phase round, and above pi it aliases."""
    return torch.remainder(omega + math.pi, 2 * math.pi).sub(math.pi).abs()


def _to_hz(omega, sample_rate):
    return _fold(omega) * sample_rate / (2 * math.pi)
