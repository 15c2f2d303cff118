"""CPU against GPU: milliseconds of the book's heaviest operations, forward and backward, at batch 1, 16 and 256.

Times are of the wall, because a GPU's work costs the CPU no time; the device is waited for before the clock stops.
Where there is no GPU, the rows tell the CPU's time alone.
"""

import statistics
import time

import torch

from helpers import filters, losses, oscillators

_RATE = 16_000
_BATCHES = (1, 16, 256)


def run():
    """Rows of CPU time over GPU time for each operation and batch."""
    torch.manual_seed(0)
    return [row for name, make in _OPERATIONS.items() for batch in _BATCHES for row in _row(name, make, batch)]


def _row(name, make, batch):
    what = f"{name}, batch {batch}, 1 s at 16 kHz"
    cpu = _milliseconds(make(batch, "cpu"), "cpu")
    if not torch.cuda.is_available():
        return [(f"ms on the CPU: {what}", cpu, None, "no GPU here")]
    gpu = _milliseconds(make(batch, "cuda"), "cuda")
    return [(f"CPU time / GPU time: {what}", cpu / gpu, None, f"{cpu:.1f} ms / {gpu:.1f} ms, {torch.cuda.get_device_name()}")]


def _milliseconds(step, device):
    """Median of up to ten runs, after a first one."""
    times = []
    while len(times) < 11 and (len(times) < 4 or sum(times) < 3000):
        started = time.perf_counter()
        step()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - started))
    return statistics.median(times[1:])


def _loss(batch, device):
    loss, target = losses.MultiScaleSpectralLoss(), torch.randn(batch, _RATE, device=device)
    return _gradient(lambda x: loss(x, target), torch.randn(batch, _RATE, device=device))


def _harmonic(batch, device):
    f0_hz = 100 + 100 * torch.rand(batch, 101, device=device)
    amplitudes = torch.rand(batch, 80, 101, device=device) / 80
    return _gradient(lambda f, a: oscillators.harmonic(f, a, _RATE, _RATE), f0_hz, amplitudes)


def _lfilter(batch, device):
    b, a = torch.tensor([1.0, 0.2, 0.3], device=device), torch.tensor([1.0, -1.6, 0.81], device=device)
    return _gradient(filters.lfilter, torch.randn(batch, _RATE, device=device), b, a)


def _fir(batch, device):
    return _gradient(filters.fft_convolve, torch.randn(batch, _RATE, device=device), torch.randn(2048, device=device))


def _gradient(call, *inputs):
    inputs = [tensor.requires_grad_() for tensor in inputs]
    return lambda: torch.autograd.grad(call(*inputs).sum(), inputs)


_OPERATIONS = {
    "multi-scale spectral loss": _loss,
    "harmonic, 80 harmonics": _harmonic,
    "lfilter, order 2": _lfilter,
    "fft_convolve, 2048 taps": _fir,
}
