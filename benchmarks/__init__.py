"""Speed, as ratios: ``python -m benchmarks`` runs every module of this folder, ``python -m benchmarks losses`` one.

A module is a subject. Its ``run()`` returns rows ``(what, ratio, required, detail)``: what is compared, the measured
ratio, what is required of it (such as ``">= 2.5"`` or ``"<= 1.05"``, or None), and one line of detail; a fifth entry, a
dictionary, adds columns of its own. ``PEERS`` names the packages that it races against, whose versions are kept. Use
`compare` for the ratio: only ratios can be compared between machines.

Results go to helpers/measurements.json, which is committed: `helpers.pages.measurements` gives them to the chapters.
"""

import statistics
import time


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


def _timed(function, clock):
    started = clock()
    function()
    return clock() - started
