"""Oscillators: signals made from amplitude and frequency controls."""

from helpers.oscillators.basic import phase, sinusoid

__all__ = ["phase", "sinusoid"]
