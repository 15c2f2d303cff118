"""How often gradient descent finds a frequency: uniformly random targets and starts, 4096 samples at 16 kHz."""

import math
import time

import torch

from helpers import frequency

SAMPLE_RATE, N_SAMPLES, TRIALS, SEED = 16_000, 4096, 200, 0


def run():
    """Rows for one sinusoid at three levels of noise, with the time of each; and for two and four at once."""
    torch.set_num_threads(1)
    rows = []
    for snr_db in (None, 10.0, 0.0):
        found, seconds = one_sinusoid(snr_db)
        noise = "clean" if snr_db is None else f"{snr_db:g} dB"
        detail = f"{TRIALS} trials, 300 steps, seed {SEED}"
        rows.append((f"part within 1 Hz and 10 cents, one sinusoid, {noise}", found, ">= 0.99", detail))
        rows.append((f"CPU seconds, one sinusoid, {noise}", seconds, "<= 10", "all trials as one batch"))
    for count in (2, 4):
        found, seconds = several(count)
        detail = f"100 sets, within 12 dB, 30 Hz apart or more, {seconds:.1f} CPU s, seed {SEED}"
        rows.append((f"part of sets found whole, {count} sinusoids", found, ">= 0.9", detail))
    return rows


def one_sinusoid(snr_db):
    """Part of the trials that succeed, and CPU seconds."""
    generator = torch.Generator().manual_seed(SEED)
    target_hz, initial_hz, phase = torch.rand(3, TRIALS, generator=generator)
    target_hz, initial_hz = 20 + 6980 * target_hz, 20 + 6980 * initial_hz
    x = mixture(target_hz[:, None], torch.ones(TRIALS, 1), phase[:, None])
    if snr_db is not None:
        x = x + torch.randn(x.shape, generator=generator) * math.sqrt(0.5) * 10 ** (-snr_db / 20)
    started = time.process_time()
    found = frequency.fit_sinusoid(x, SAMPLE_RATE, initial_hz, steps=300)
    return float(is_right(found, target_hz).float().mean()), time.process_time() - started


def several(count, sets=100):
    """Part of the sets in which every sinusoid is found, and CPU seconds."""
    generator = torch.Generator().manual_seed(SEED)
    candidates = (20 + 6980 * torch.rand(20 * sets, count, generator=generator)).sort(dim=1).values
    target_hz = candidates[(candidates.diff(dim=1) >= 30).all(dim=1)][:sets]
    amplitude_db, phase = torch.rand(2, sets, count, generator=generator)
    started = time.process_time()
    x = mixture(target_hz, 10 ** (-12 * amplitude_db / 20), phase)
    found = frequency.fit_sinusoids(x, SAMPLE_RATE, count)
    return float(is_right(found, target_hz).all(dim=1).float().mean()), time.process_time() - started


def mixture(frequencies_hz, amplitudes, turns):
    """Sinusoids of (batch, k) frequencies, amplitudes and phases, summed: (batch, n)."""
    cycles = frequencies_hz[..., None] * torch.arange(N_SAMPLES) / SAMPLE_RATE + turns[..., None]
    return (amplitudes[..., None] * torch.sin(2 * math.pi * cycles)).sum(dim=1)


def is_right(found_hz, target_hz):
    """Whether a frequency is within 1 Hz and within 10 cents."""
    cents = 1200 * torch.log2(found_hz.clamp(min=1e-3) / target_hz)
    return ((found_hz - target_hz).abs() < 1) & (cents.abs() < 10)
