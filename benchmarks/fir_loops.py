"""The losses at which the textbook loops end that filters/fir-optimise is measured against.

    python -m benchmarks.fir_loops        a minute; prints the two numbers that the chapter quotes

Plain Adam with a learning rate of 0.001 from random magnitudes: 20,000 steps to take one sinusoid out of ten, and 15,000
to shape one second of white noise. Filters of 64 taps by a periodic Hann window, and of 32 taps a frame by STFT and
inverse STFT with different windows, signs free, as teaching material has them.
"""

import torch
import torch.nn.functional as F

from helpers import filters, fit, recordings


def magnitude(spectrum):
    return (spectrum.real**2 + spectrum.imag**2).clamp(min=1e-7).sqrt()


def periodic_design(magnitudes, taps):
    """Real values as magnitudes, rolled and windowed; all frames are rolled as one row."""
    return torch.hann_window(taps) * torch.roll(torch.fft.irfft(magnitudes), taps // 2)


def sinusoid_out_of_ten(steps=20_000):
    """Loss at the end: L1 between the magnitudes of one FFT over everything."""
    dice = torch.Generator().manual_seed(420)
    omegas, n = torch.rand(10, generator=dice), torch.arange(512)
    tones = torch.sin(omegas[:, None] * n)
    magnitudes = torch.randn(33, generator=dice).requires_grad_()
    return fit(lambda: filters.fir(tones.sum(0)[None], periodic_design(magnitudes, 64)),
               lambda y, target: (magnitude(torch.fft.rfft(y)) - magnitude(torch.fft.rfft(target))).abs().mean(),
               steps, target=tones[:1], parameters=[magnitudes], lr=1e-3, progress=False)


def shaped_noise(name, steps=15_000, n_samples=16_000):
    """Loss at the end: L1 between magnitudes of short spectra, 128 samples long, 64 apart."""
    dice = torch.Generator().manual_seed(0)
    noise = 2 * torch.rand(1, n_samples, generator=dice) - 1
    magnitudes = torch.randn(n_samples // 64 + 1, 17, generator=dice).requires_grad_()
    target = recordings.load(name, 16_000)[:, :n_samples]
    target = F.pad(target, (0, n_samples - target.shape[1]))

    def spectra(x):
        return torch.stft(x, 128, 64, window=torch.ones(128), return_complex=True)

    def model():
        responses = torch.fft.rfft(F.pad(periodic_design(magnitudes, 32), (0, 96))).T
        return torch.istft(responses * spectra(noise), 128, 64, window=torch.hann_window(128), length=n_samples)

    return fit(model, lambda y, goal: (magnitude(spectra(y)) - magnitude(spectra(goal))).abs().mean(),
               steps, target=target, parameters=[magnitudes], lr=1e-3, progress=False)


if __name__ == "__main__":
    for what, result in (("one sinusoid out of ten", sinusoid_out_of_ten()), ("cymbal", shaped_noise("cymbal")), ("snare", shaped_noise("snare"))):
        print(f"{what}: loss {result.losses[-1]:.4f} after {result.steps} steps, {result.seconds:.0f} s")
