"""Filters: FIR and IIR, fixed and varying in time, with gradients to everything. One import for all of them.

Chapters: filters/.
"""

from helpers.filters.allpole import allpole
from helpers.filters.biquads import band_pass, high_pass, high_shelf, low_pass, low_shelf, peak
from helpers.filters.fir import fft_convolve, fft_size, fir, ideal_low_pass, linear_phase_fir, time_varying_fir
from helpers.filters.glottal import glottal_source
from helpers.filters.iir import frequency_sampling, lfilter, sosfilt
from helpers.filters.lpc import lpc, lpc_to_reflection, reflection_to_lpc
from helpers.filters.stable import pole_pair, reflections, triangle

__all__ = [
    "allpole", "band_pass", "fft_convolve", "fft_size", "fir", "frequency_sampling", "glottal_source", "high_pass", "high_shelf",
    "ideal_low_pass", "lfilter", "linear_phase_fir", "low_pass", "low_shelf", "lpc", "lpc_to_reflection", "peak",
    "pole_pair", "reflection_to_lpc", "reflections", "sosfilt", "time_varying_fir", "triangle",
]
