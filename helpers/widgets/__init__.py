"""Widgets: small interactive pictures whose logic runs in the browser, with or without a kernel.

Each is ``NAME.py`` (what Python hands over) and ``NAME.js`` (everything that happens), with shared parts in ``common``.
"""

import importlib

_WIDGETS = {
    "DrawMagnitude": "draw_magnitude",
    "Drawbars": "drawbars",
    "FindFrequency": "find_frequency",
    "GainLoss": "gain_loss",
    "OscillatorLoss": "oscillator_loss",
    "PoleZero": "pole_zero",
    "SoundInput": "sound_input",
}

__all__ = sorted(_WIDGETS)


def __getattr__(name):
    if name not in _WIDGETS:
        raise AttributeError(f"module 'helpers.widgets' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(f"{__name__}.{_WIDGETS[name]}"), name)


def __dir__():
    return __all__
