"""The harmonic bank against the textbook form, forward and backward, with gradients to f0 and amplitudes.

Time is that of the process, on one thread, in turns, after a first run. The textbook form allocates arrays of samples times
harmonics anew in each run, so page faults are part of it, as they are for a reader. What it frees, the allocator gives back
to the system in the next call, whosever that is: so ours runs twice untimed in between. Memory is
the peak of the resident set in a fresh process, over what was resident before the call.
"""

import contextlib
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from helpers import oscillators

HARMONICS = 80
FRAME_RATE = 100


def textbook(f0_hz, amplitudes, sample_rate, n_samples):
    """Amplitude and frequency of every harmonic at audio rate, and a sum of sines of cumulative sums."""
    order = torch.arange(1, amplitudes.shape[1] + 1)[:, None]
    frequencies_hz = f0_hz[:, None] * order
    amplitudes = amplitudes * (frequencies_hz < sample_rate / 2)
    frequencies_hz = F.interpolate(frequencies_hz, n_samples, mode="linear")
    amplitudes = F.interpolate(amplitudes, n_samples, mode="linear")
    phase = torch.cumsum(2 * math.pi * frequencies_hz / sample_rate, dim=-1)
    return (amplitudes * torch.sin(phase)).sum(dim=1)


def run():
    """Rows for time, with numba and without; for memory; and for the error at the end of a minute."""
    torch.set_num_threads(1)
    rows = []
    for batch, seconds, sample_rate in [(1, 1, 16_000), (8, 1, 16_000), (1, 4, 16_000), (8, 4, 16_000), (1, 4, 44_100)]:
        size = f"batch {batch}, {seconds} s at {sample_rate / 1000:g} kHz"
        rows.append(_time(size, batch, seconds, sample_rate, ">= 20"))
        with _without_numba():
            rows.append(_time(f"{size}, without numba", batch, seconds, sample_rate, ">= 7"))
    return rows + _memory() + [_error()]


def _time(size, batch, seconds, sample_rate, required):
    controls, weights = _controls(batch, seconds, HARMONICS), torch.randn(batch, seconds * sample_rate)

    def step(bank):
        return lambda: torch.autograd.grad((bank(*controls, sample_rate, seconds * sample_rate) * weights).sum(), controls)

    rounds = 6 if batch * seconds > 8 else 25
    pairs = []
    for _ in range(rounds):
        slow = _timed(step(textbook))
        fast = [_timed(step(oscillators.harmonic)) for _ in range(7)]
        pairs.append((slow, statistics.median(fast[2:])))
    slow, fast = (statistics.median(column) for column in zip(*pairs[1:]))
    return f"textbook time / ours, {size}", slow / fast, required, f"{slow * 1e3:.1f} ms / {fast * 1e3:.2f} ms"


def _timed(function):
    started = time.process_time()
    function()
    return time.process_time() - started


def _controls(batch, seconds, harmonics):
    frames = seconds * FRAME_RATE + 1
    f0_hz = 100 + 3 * torch.rand(batch, frames)
    return f0_hz.requires_grad_(), (torch.rand(batch, harmonics, frames) / harmonics).requires_grad_()


def _memory():
    ours, textbooks = _peak_mb("harmonic", 4, HARMONICS), _peak_mb("textbook", 4, HARMONICS)
    long = _peak_mb("harmonic", 60, 100)
    with _without_numba():
        plain, long_plain = _peak_mb("harmonic", 4, HARMONICS), _peak_mb("harmonic", 60, 100)
    size = "4 s at 44.1 kHz"
    return [
        (f"textbook memory / ours, {size}", textbooks / ours, ">= 10", f"{textbooks:.0f} MB / {ours:.1f} MB"),
        (f"textbook memory / ours, {size}, without numba", textbooks / plain, ">= 10", f"{textbooks:.0f} MB / {plain:.1f} MB"),
        ("MB for 60 s at 44.1 kHz, 100 harmonics", long, "<= 300", "forward and backward, over a first short call"),
        ("MB for the same without numba", long_plain, "<= 300", "forward and backward, over a first short call"),
    ]


def _peak_mb(bank, seconds, harmonics):
    command = [sys.executable, "-c", f"from benchmarks import harmonic; harmonic.peak({bank!r}, {seconds}, {harmonics})"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def peak(bank, seconds, harmonics):
    """Print the peak memory in MB of one forward and backward pass at 44.1 kHz; for a fresh process, on Linux."""
    bank = textbook if bank == "textbook" else oscillators.harmonic

    def step(n_samples):
        bank(*_controls(1, seconds, harmonics), 44_100, n_samples).sum().backward()

    step(1000)
    before = _status_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far, that of the compiler
    step(seconds * 44_100)
    print(_status_mb("VmHWM") - before)


def _status_mb(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def _error():
    k, n = torch.arange(1, HARMONICS + 1, dtype=torch.float64)[:, None], torch.arange(59 * 44_100, 60 * 44_100)
    turns = n * torch.tensor(109.87, dtype=torch.float32).double() / 44_100 % 1
    expected = (torch.sin(2 * math.pi * k * turns) / k).sum(dim=0)
    amplitudes = (1 / k.float())[None].expand(-1, -1, 6001)
    actual = oscillators.harmonic(torch.full((1, 6001), 109.87), amplitudes, 44_100, 60 * 44_100)[0, 59 * 44_100 :]
    error_db = float(20 * torch.log10((actual.double() - expected).norm() / expected.norm()))
    return "dB, error in the last of 60 s at 44.1 kHz, float32", error_db, "<= -100", "against the closed form in float64"


@contextlib.contextmanager
def _without_numba():
    os.environ["HELPERS_NO_NUMBA"] = "1"
    try:
        yield
    finally:
        del os.environ["HELPERS_NO_NUMBA"]
