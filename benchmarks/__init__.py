"""Speed, as ratios: ``python -m benchmarks`` runs every module of this folder, ``python -m benchmarks losses`` one.

A module is a subject. Its ``run()`` returns rows ``(what, ratio, required, detail)``: what is compared, the measured
ratio, what is required of it (such as ``">= 2.5"`` or ``"<= 1.05"``, or None), and one line of detail; a fifth entry, a
dictionary, adds columns of its own. ``PEERS`` names the packages that it races against, whose versions are kept. Use
`compare` for the ratio: only ratios can be compared between machines.

Results go to helpers/measurements.json, which is committed: `helpers.pages.measurements` gives them to the chapters.
"""

import contextlib
import importlib
import statistics
import time
import warnings


class Unmeasured(Exception):
    """A benchmark cannot run here, as a package that it is about is missing; its message says which."""


def compare(reference, candidate, rounds=20, clock=time.process_time):
    """Time two functions in turn; both see the same moods of the machine.

    Args:
        reference: a function without arguments.
        candidate: another one.
        rounds: how often each is timed; both run once before, for compilation and caches.
        clock: what tells the time in seconds. Process time does not count what other programs do.

    Returns:
        Medians of reference seconds, candidate seconds, and of their ratio reference / candidate.
    """
    reference(), candidate()
    seconds = [(_timed(reference, clock), _timed(candidate, clock)) for _ in range(rounds)]
    ratios = [slow / fast for slow, fast in seconds]
    return *(statistics.median(column) for column in zip(*seconds)), statistics.median(ratios)


def race(steps):
    """Process times in ms of each function of a dictionary, in turns; as many rounds as fit in some five seconds."""
    started = time.process_time()
    for step in steps.values():
        step()
    rounds = min(25, max(5, round(5 / (time.process_time() - started))))
    times = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(1e3 * _timed(step, time.process_time))
    return times


def load_peer(name):
    """A module of another library; `Unmeasured` where it does not import."""
    with warnings.catch_warnings(), contextlib.suppress(ImportError, OSError):
        warnings.simplefilter("ignore")  # some tell of parts that only serve a GPU
        return importlib.import_module(name)
    raise Unmeasured(f"{name.partition('.')[0]} does not import (see benchmarks/requirements.txt)")


def _timed(function, clock):
    started = clock()
    function()
    return clock() - started
