"""`matching.match` against the textbook loop, on the recordings of the results chapter: 2 s at 16 kHz.

The textbook loop has 80 harmonics on the pitch that pyin gives, no noise, random starts, and 1000 steps of Adam at 0.05
with auraloss. A distance is the multi-scale STFT distance that both optimise. Beside it stand measures that neither does:
the same distance at other window lengths, log-spectral and mel distance, and the distance when the match plays another
draw of its noise: where that is much larger, the model has memorised the noise it was given.
"""

import math
import statistics
import time

import librosa
import numpy as np
import torch

from benchmarks.harmonic import textbook
from benchmarks.losses import auraloss
from helpers import losses, matching, oscillators, recordings
from helpers.signals import stft

PEERS = ("auraloss", "librosa")
SAMPLE_RATE, SECONDS, HOP, STEPS = 16_000, 2, 160, 1000
SOUNDS = ("saxophone", "guitar_nylon", "cello", "singing", "tom", "bell")
OTHER_SIZES = (3000, 1500, 700, 300, 150)
REQUIRED = {"standard": ("<= 0.70", "<= 1", "<= 8"), "high": ("<= 0.45", "<= 0.8", "<= 48")}


def run():
    """Rows for every sound and quality, then for the mean, the worst and the longest."""
    torch.set_num_threads(1)
    yardsticks = {name: _timed(lambda: yardstick(_target(name))) for name in SOUNDS}
    matching.match(_target("tom")[:, :4000], SAMPLE_RATE, steps=2)  # compiles
    rows = []
    for quality, (mean, worst, seconds) in REQUIRED.items():
        measured = [_row(name, quality, *yardsticks[name]) for name in SOUNDS]
        ratios, times, _ = zip(*measured)
        rows += [row for _, _, row in measured]
        rows.append((f"mean distance / textbook, {quality}", statistics.mean(ratios), mean, ", ".join(SOUNDS)))
        rows.append((f"worst distance / textbook, {quality}", max(ratios), worst, "of the same"))
        longest = max(yardsticks[name][1] for name in SOUNDS)
        detail = f"the textbook loop takes up to {longest:.0f} s"
        rows.append((f"CPU seconds at most, {quality}", max(times), seconds, detail))
    return rows


def yardstick(target):
    """The textbook loop; returns its audio at the lowest loss."""
    f0_hz = _pyin(target)
    frames, n_samples = f0_hz.shape[-1], target.shape[-1]
    generator = torch.Generator().manual_seed(0)
    loudness = torch.randn(1, 1, frames, generator=generator).requires_grad_()
    logits = torch.randn(1, 80, frames, generator=generator).requires_grad_()
    optimiser, loss = torch.optim.Adam([loudness, logits], lr=0.05), auraloss()
    least, best = math.inf, None
    for _ in range(STEPS):
        shares = oscillators.harmonic_distribution(logits, f0_hz, SAMPLE_RATE)
        audio = textbook(f0_hz, oscillators.exp_sigmoid(loudness) * shares, SAMPLE_RATE, n_samples)
        distance = loss(audio, target)
        optimiser.zero_grad()
        distance.backward()
        optimiser.step()
        if distance.item() < least:
            least, best = distance.item(), audio.detach()
    return best


def _pyin(target):
    f0_hz, voiced, _ = librosa.pyin(
        target[0].numpy(), fmin=50, fmax=1500, sr=SAMPLE_RATE, frame_length=1024, hop_length=HOP
    )  # fmt: skip
    frames = np.arange(len(f0_hz))
    return torch.from_numpy(np.interp(frames, frames[voiced], f0_hz[voiced])).float()[None]


def _row(name, quality, textbook_audio, textbook_seconds):
    target = _target(name)
    match, seconds = _timed(lambda: matching.match(target, SAMPLE_RATE, quality))
    measures = {key: (measure(match.audio, target), measure(textbook_audio, target)) for key, measure in MEASURES.items()}
    ratios = {key: ours / theirs for key, (ours, theirs) in measures.items()}
    with torch.no_grad():
        redrawn = [_distance(match.model(seed=seed), target) for seed in (1, 2, 3)]
    detail = (
        f"{measures['distance'][0]:.3f} / {measures['distance'][1]:.3f}; other windows {ratios['other windows']:.2f}, "
        f"log-spectral {ratios['log-spectral']:.2f}, mel {ratios['mel']:.2f}, "
        f"noise redrawn {statistics.mean(redrawn) / measures['distance'][1]:.2f} of the textbook's; "
        f"{match.n_parameters / target.shape[-1]:.2f} parameters a sample; {seconds:.1f} of {textbook_seconds:.0f} CPU s"
    )
    return ratios["distance"], seconds, (f"distance / textbook, {name}, {quality}", ratios["distance"], None, detail)


def _target(name):
    return recordings.load(name, SAMPLE_RATE)[:, : SECONDS * SAMPLE_RATE]


def _timed(function):
    started = time.process_time()
    return function(), time.process_time() - started


def _distance(audio, target, sizes=losses.MultiScaleSpectralLoss().sizes):
    return statistics.mean(_one_size(audio, target, size) for size in sizes)


def _one_size(audio, target, size):
    powers = [losses.power(x, size) for x in (audio, target)]
    linear, logarithmic = (
        (of(powers[0]) - of(powers[1])).abs().mean() for of in (torch.sqrt, lambda power: 0.5 * torch.log(power))
    )
    return float(linear + logarithmic)


def _log_spectral(audio, target):
    """Root mean square over the bins of the difference in dB, mean over the frames."""
    spectra = [10 * losses.power(x, 2048).log10() for x in (audio, target)]
    return float((spectra[0] - spectra[1]).square().mean(dim=1).sqrt().mean())


def _mel(audio, target):
    """Mean absolute difference of 80 mel bands in dB."""
    filters = torch.from_numpy(librosa.filters.mel(sr=SAMPLE_RATE, n_fft=2048, n_mels=80))
    spectra = [10 * (filters @ stft(x, 2048).abs().square()).clamp(min=1e-8).log10() for x in (audio, target)]
    return float((spectra[0] - spectra[1]).abs().mean())


MEASURES = {
    "distance": _distance,
    "other windows": lambda audio, target: _distance(audio, target, OTHER_SIZES),
    "log-spectral": _log_spectral,
    "mel": _mel,
}
