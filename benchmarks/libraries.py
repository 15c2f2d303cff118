"""The book's operations beside those of published libraries, in one run: time, and error against float64.

Each row is the library's process time over ours for one operation, forward and backward: the median of ratios in turns,
on one thread, after a first run. Errors are of the output, in dB under the truth: SciPy, or a closed form, in float64.
benchmarks/requirements.txt says how to install the libraries. Without all of them nothing is measured, and what was
measured before stays.
"""

import math
import statistics

import numpy as np
import scipy.linalg
import scipy.signal
import torch
import torch.nn.functional as F

from benchmarks import load_peer, losses, race
from helpers import filters, oscillators, signals
from helpers.losses import MultiScaleSpectralLoss

PEERS = ("auraloss", "torchlpc", "philtorch", "dasp-pytorch", "diffsptk", "torchsynth")
_MODULES = (
    "auraloss", "torchlpc", "philtorch.lti", "philtorch.lpv", "dasp_pytorch.signal", "diffsptk", "torchsynth.config",
    "torchsynth.module",
)  # fmt: skip


def run():
    """Rows for a loss, an oscillator, four recursive filters and linear prediction."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    libraries = {name: load_peer(name) for name in _MODULES}
    subjects = (_loss, _sine, _biquad, _long_resonance, _cascade, _tract, _prediction)
    return [row for subject in subjects for row in subject(libraries)]


def _loss(libraries):
    prediction, target = 0.1 * torch.randn(2, 1, 32_000)
    peer = losses.auraloss()
    truth = MultiScaleSpectralLoss(losses.SIZES)(prediction.double(), target.double())
    ours = MultiScaleSpectralLoss(losses.SIZES)
    calls = {"helpers": lambda x: ours(x, target), "auraloss": lambda x: peer(x, target)}
    return _race("multi-scale spectral loss, 2 s at 16 kHz", calls, [prediction], dict.fromkeys(calls, truth))


def _sine(libraries):
    rate, n = 44_100, 441_000
    config = libraries["torchsynth.config"].SynthConfig(
        batch_size=1, sample_rate=rate, buffer_size_seconds=10.0, reproducible=False
    )  # fmt: skip
    zero = {"tuning": torch.zeros(1), "initial_phase": torch.zeros(1)}
    voice = libraries["torchsynth.module"].SineVCO(config, torch.device("cpu"), **zero)
    one, turns = torch.ones(1, 1), 440 * torch.arange(n + 1, dtype=torch.float64) / rate % 1
    calls = {
        "helpers": lambda note: oscillators.sinusoid(one, 440 * 2 ** ((note[:, None] - 69) / 12), rate, n),
        "torchsynth": lambda note: voice(note).as_subclass(torch.Tensor),
    }
    # Its phase is summed up to and including the sample, and its wave is a cosine.
    truths = {"helpers": (2 * math.pi * turns[None, :-1]).sin(), "torchsynth": (2 * math.pi * turns[None, 1:]).cos()}
    return _race("sine of 440 Hz, 10 s at 44.1 kHz", calls, [torch.tensor([69.0])], truths)


def _biquad(libraries):
    b, a = torch.tensor([1.0, 0.2, 0.3]), torch.tensor([1.0, -1.6, 0.81])
    return _filter(libraries, "biquad, 4 s at 16 kHz", b, a)


def _long_resonance(libraries):
    """A partial of a piano's bass string: 60 dB down after 20 s."""
    radius = 10 ** (-3 / (20 * 16_000))
    a = torch.tensor([1.0, -2 * radius * math.cos(2 * math.pi * 0.02), radius**2])
    return _filter(libraries, "resonance of 20 s, 4 s at 16 kHz", torch.tensor([0.01, 0.0, 0.0]), a)


def _filter(libraries, operation, b, a):
    x = torch.randn(1, 64_000)
    truth = torch.from_numpy(scipy.signal.lfilter(*(c.double().numpy() for c in (b, a, x))))
    calls = {
        "helpers": filters.lfilter,
        "torchlpc": lambda x, b, a: _section(libraries, x, b, a[1:]),
        "philtorch": lambda x, b, a: libraries["philtorch.lti"].lfilter(b, a[1:], x),
        "dasp-pytorch": lambda x, b, a: libraries["dasp_pytorch.signal"].lfilter_via_fsm(x[:, None], b[None], a[None])[:, 0],
    }
    return _race(operation, calls, [x, b, a], dict.fromkeys(calls, truth))


def _cascade(libraries):
    sos = torch.tensor(scipy.signal.butter(6, [0.1, 0.4], "band", output="sos"), dtype=torch.float32)
    x = torch.randn(1, 64_000)
    truth = torch.from_numpy(scipy.signal.sosfilt(sos.double().numpy(), x.double().numpy()))

    def in_turn(section):
        def cascade(x, sos):
            for row in sos:
                x = section(x, row)
            return x

        return cascade

    calls = {
        "helpers": filters.sosfilt,
        "torchlpc": in_turn(lambda x, row: _section(libraries, x, row[:3], row[4:])),
        "philtorch": in_turn(lambda x, row: libraries["philtorch.lti"].lfilter(row[:3], row[4:], x)),
        "dasp-pytorch": lambda x, sos: libraries["dasp_pytorch.signal"].sosfilt_via_fsm(sos[None], x[:, None])[:, 0],
    }
    return _race("six biquads, 4 s at 16 kHz", calls, [x, sos], dict.fromkeys(calls, truth))


def _tract(libraries):
    n, hop, order = 48_000, 480, 22
    frames = filters.reflection_to_lpc(torch.rand(1, n // hop + 1, order) - 0.5)
    frames[:, -1] = frames[:, -2]  # diffsptk holds the last frame
    x = torch.randn(1, n)
    allpole = libraries["diffsptk"].AllPoleDigitalFilter(order, hop, ignore_gain=True)
    calls = {
        "helpers": filters.allpole,
        "torchlpc": lambda x, a: libraries["torchlpc"].sample_wise_lpc(x, signals.upsample(a.mT, n).mT),
        "philtorch": lambda x, a: libraries["philtorch.lpv"].allpole(signals.upsample(a.mT, n).mT, x),
        "diffsptk": lambda x, a: allpole(x, F.pad(a[:, :-1], (1, 0), value=1.0)),
    }
    truth = _recursion(x.double(), signals.upsample(frames.double().mT, n).mT)
    return _race("moving all-pole, order 22, 1 s at 48 kHz", calls, [x, frames], dict.fromkeys(calls, truth))


def _recursion(x, a):
    """``y[n] = x[n] - sum_k a[n, k] y[n - k]``, sample by sample, for one sound."""
    order = a.shape[-1]
    past, y, x, a = np.zeros(order), np.empty(x.shape[1]), x[0].numpy(), a[0].numpy()
    for n in range(len(y)):
        y[n] = x[n] - a[n] @ past
        past = np.roll(past, 1)
        past[0] = y[n]
    return torch.from_numpy(y)[None]


def _prediction(libraries):
    order, x = 22, torch.randn(100, 480).cumsum(dim=1)
    x = (x - x.mean(dim=1, keepdim=True)) * torch.hann_window(480)
    analyse = libraries["diffsptk"].LPC(480, order)
    truth = []
    for row in x.double().numpy():
        r = np.correlate(row, row, "full")[479 : 480 + order]
        truth.append(scipy.linalg.solve_toeplitz(r[:-1], -r[1:]))
    truth = torch.from_numpy(np.array(truth))
    calls = {"helpers": lambda x: filters.lpc(x, order), "diffsptk": lambda x: analyse(x)[:, 1:]}
    return _race("linear prediction, order 22, 100 frames", calls, [x], dict.fromkeys(calls, truth))


def _section(libraries, x, b, a):
    """One biquad: the numerator by shifts, then torchlpc."""
    x = b[0] * x + b[1] * F.pad(x, (1, 0))[:, :-1] + b[2] * F.pad(x, (2, 0))[:, :-2]
    return libraries["torchlpc"].sample_wise_lpc(x, a.expand(*x.shape, 2))


def _race(operation, calls, inputs, truths):
    """Rows of one operation, a library each."""
    inputs = [x.detach().requires_grad_() for x in inputs]
    errors = {name: _error_db(call(*inputs).detach(), truths[name]) for name, call in calls.items()}
    times = race({name: _step(call, inputs) for name, call in calls.items()})
    medians = {name: statistics.median(column) for name, column in times.items()}
    rows = []
    for name in list(calls)[1:]:
        ratio = statistics.median(peer / own for peer, own in zip(times[name], times["helpers"]))
        detail = f"{medians[name]:.2f} ms / {medians['helpers']:.2f} ms; errors {errors[name]:.0f} dB, ours {errors['helpers']:.0f} dB"
        columns = {"operation": operation, "library": name, "error_db": errors[name], "ours_error_db": errors["helpers"]}
        rows.append((f"{name} time / ours, {operation}", ratio, None, detail, columns))
    return rows


def _error_db(found, truth):
    return round(float(20 * torch.log10((found.double() - truth).norm() / truth.norm())), 1)


def _step(call, inputs):
    weights = torch.randn_like(call(*inputs).detach())
    return lambda: torch.autograd.grad(call(*inputs), inputs, weights)
