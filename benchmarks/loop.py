"""`fit` against the loop that a person would write: the same model, loss, optimiser and number of steps."""

import torch

from benchmarks import compare
from helpers import fit, losses, oscillators

SAMPLE_RATE = 16000
STEPS = 50


def run():
    """Rows for a sinusoid under a spectral loss, and for a model so small that only the loop is timed."""
    realistic = _ratio(*_sinusoid(), STEPS)
    tiny_loop, tiny_fit, tiny = _compare(*_tiny(), 500)
    overhead = 1e6 * (tiny_fit - tiny_loop) / 500
    return [
        ("fit time / hand-written loop time, sinusoid of 2 s", realistic, "<= 1.05", f"{STEPS} steps, process time"),
        ("fit time / hand-written loop time, one multiplication", 1 / tiny, None, f"{overhead:.0f} us a step more"),
    ]


def _ratio(model, objective, target, steps):
    return 1 / _compare(model, objective, target, steps)[2]


def _compare(model, objective, target, steps):
    def by_hand():
        optimiser = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
        for _ in range(steps):
            optimiser.zero_grad()
            objective(model(), target).backward()
            optimiser.step()

    def by_fit():
        fit(model, objective, steps, target=target, device="cpu", progress=False)

    return compare(by_hand, by_fit, rounds=15)


class _Sinusoid(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.amplitude = torch.nn.Parameter(torch.full((1, 201), 0.1))
        self.f0_hz = torch.nn.Parameter(torch.full((1, 201), 440.0))

    def forward(self):
        return oscillators.sinusoid(self.amplitude, self.f0_hz, SAMPLE_RATE, 2 * SAMPLE_RATE)


def _sinusoid():
    with torch.no_grad():
        target = 5.0 * _Sinusoid()()
    return _Sinusoid(), losses.MultiScaleSpectralLoss(), target


class _Gain(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.zeros(1))

    def forward(self):
        return self.gain * 2.0


def _tiny():
    return _Gain(), torch.nn.MSELoss(), torch.ones(1)
