"""Reference implementations, optimisation loop, plots and players of the book.

Three floors, and imports only go down: signal, fitting, showing. Submodules load when they are first used,
so that ``import helpers`` costs nothing.
"""

import importlib

_SUBMODULES = {
    "checks", "signals", "oscillators", "filters", "losses", "frequency", "pitch",
    "device", "fitting", "matching", "models", "recordings", "resynthesis",
    "plots", "players", "widgets", "pages", "folder", "gallery",
}
_FUNCTIONS = {"fit": "fitting", "choose_device": "device"}

__all__ = sorted(_SUBMODULES | set(_FUNCTIONS))


def __getattr__(name):
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'helpers' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__():
    return __all__
