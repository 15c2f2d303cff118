"""Oscillators: signals made from amplitude and frequency controls, at frame rate, on the grid of `signals.upsample`."""

from helpers.oscillators.banks import additive, harmonic
from helpers.oscillators.basic import phase, sinusoid
from helpers.oscillators.controls import exp_sigmoid, harmonic_distribution, is_audible
from helpers.oscillators.noise import filtered_noise

__all__ = [
    "additive", "exp_sigmoid", "filtered_noise", "harmonic", "harmonic_distribution", "is_audible", "phase", "sinusoid",
]
