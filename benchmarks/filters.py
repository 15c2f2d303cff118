"""Recursive filters against the published differentiable ones, torchlpc and philtorch, forward and backward.

Each row is the median of ratios of process times, in turns, on one thread, after a first run.
"""

import os
import statistics

import scipy.signal
import torch
import torch.nn.functional as F

from benchmarks import load_peer, race
from helpers import filters
from helpers.signals import upsample

PEERS = ("torchlpc", "philtorch")


def run():
    """Rows for a biquad, a cascade and a vocal tract, with numba and without, where half is asked for."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    torchlpc, philtorch = load_peer("torchlpc"), load_peer("philtorch.lti")
    rows = []
    for batch in (1, 8):
        rows += _biquad(batch, torchlpc)
        rows += _cascade(batch, 64_000, torchlpc, philtorch)
        rows += _cascade(batch, 441_000, torchlpc, philtorch)
        rows += _tract(batch, torchlpc)
    return rows


def _biquad(batch, torchlpc):
    inputs = _leaves(torch.randn(batch, 64_000), torch.tensor([1.0, 0.2, 0.3]), torch.tensor([1.0, -1.6, 0.81]))
    peers = {"torchlpc": lambda x, b, a: _section(torchlpc, x, b, a[1:])}
    return _rows(f"lfilter, order 2, batch {batch}, 64,000 samples", filters.lfilter, peers, inputs, 2.0)


def _cascade(batch, n, torchlpc, philtorch):
    sos = torch.tensor(scipy.signal.butter(6, [0.1, 0.4], "band", output="sos"), dtype=torch.float32)

    def by_torchlpc(x, sos):
        for row in sos:
            x = _section(torchlpc, x, row[:3], row[4:])
        return x

    def by_philtorch(x, sos):
        for row in sos:
            x = philtorch.lfilter(row[:3], row[4:], x)
        return x

    peers = {"torchlpc": by_torchlpc, "philtorch": by_philtorch}
    inputs = _leaves(torch.randn(batch, n), sos)
    return _rows(f"sosfilt, 6 biquads, batch {batch}, {n:,} samples", filters.sosfilt, peers, inputs, 5.0)


def _tract(batch, torchlpc):
    def by_torchlpc(x, a):
        return torchlpc.sample_wise_lpc(x, upsample(a.mT, x.shape[1]).mT)

    # 1 s at 48 kHz, frames at 100 Hz.
    inputs = _leaves(torch.randn(batch, 48_000), filters.reflection_to_lpc(torch.rand(batch, 101, 22) - 0.5))
    required = 2.5 if batch == 1 else 10.0
    what = f"allpole, order 22, batch {batch}, 48,000 samples"
    return _rows(what, filters.allpole, {"torchlpc": by_torchlpc}, inputs, required)


def _section(torchlpc, x, b, a):
    """One biquad: the numerator by shifts, which is faster than a convolution layer, then torchlpc."""
    x = b[0] * x + b[1] * F.pad(x, (1, 0))[:, :-1] + b[2] * F.pad(x, (2, 0))[:, :-2]
    return torchlpc.sample_wise_lpc(x, a.expand(*x.shape, 2))


def _rows(what, ours, peers, inputs, required):
    """The fastest peer's time over ours; half of what is required is asked for without numba."""
    calls = {**peers, "ours": ours, "without numba": _without_numba(ours)}
    times = race({name: _step(call, inputs) for name, call in calls.items()})
    medians = {name: statistics.median(column) for name, column in times.items()}
    rival = min(peers, key=medians.get)
    rows = []
    for name, share in (("ours", 1.0), ("without numba", 0.5)):
        ratio = statistics.median(peer / own for peer, own in zip(times[rival], times[name]))
        detail = f"{medians[rival]:.2f} ms / {medians[name]:.2f} ms"
        suffix = "" if name == "ours" else ", without numba"
        rows.append((f"{rival} time / ours, {what}{suffix}", ratio, f">= {share * required:g}", detail))
    return rows


def _step(call, inputs):
    weights = torch.randn_like(inputs[0])
    return lambda: torch.autograd.grad(call(*inputs), inputs, weights)


def _leaves(*tensors):
    return [tensor.requires_grad_() for tensor in tensors]


def _without_numba(call):
    def plain(*inputs):
        os.environ["HELPERS_NO_NUMBA"] = "1"
        try:
            return call(*inputs)
        finally:
            del os.environ["HELPERS_NO_NUMBA"]

    return plain
