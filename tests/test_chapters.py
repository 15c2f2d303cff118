"""What the chapters define, against its reference or against what is known otherwise."""

import math

import pytest
import scipy.signal
import scipy.special
import torch

from chapters import definition
from helpers import losses, oscillators, signals


def test_a_missing_definition_is_named():
    with pytest.raises(KeyError, match="best_gain"):
        definition("first-steps/gain", "nothing_of_that_name")


# first-steps/pytorch


@pytest.mark.parametrize("frequency_hz", [440.0, 3621.5])
def test_pytorch_envelope_of_a_known_decay(frequency_hz):
    envelope = definition("first-steps/pytorch", "envelope")
    sample_rate, hop = 16000, 320
    t_s = torch.arange(2 * sample_rate, dtype=torch.float64) / sample_rate
    decay = 0.3 * torch.exp(-1.5 * t_s)
    x = decay * torch.sin(2 * math.pi * frequency_hz * t_s + 0.7)
    x = (x + 0.3 * torch.sin(2 * math.pi * 1500 * t_s)).float()[None, :-7]  # another partial, and no whole last frame
    found = envelope(x, torch.tensor([frequency_hz, 1500.0]), sample_rate, hop)
    assert found.shape == (2, 99) and found.dtype == torch.float32
    middles = decay[hop // 2 :: hop][:99].float()
    torch.testing.assert_close(found[0], middles, rtol=2e-2, atol=1e-3)
    torch.testing.assert_close(found[1], torch.full((99,), 0.3), rtol=2e-2, atol=1e-3)


def test_pytorch_gradient_by_hand_is_that_of_autograd():
    known = {"t_s": torch.linspace(0, 2, 50).double(), "target": torch.rand(1, 50, generator=torch.Generator().manual_seed(0)).double()}
    by_hand = definition("first-steps/pytorch", "gradient_by_hand", **known)
    loss = definition("first-steps/pytorch", "decay_loss", **known)
    amplitude, rate = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.3, 2.0))
    expected = torch.autograd.grad(loss(amplitude, rate), (amplitude, rate))
    torch.testing.assert_close(by_hand(amplitude.detach(), rate.detach()), torch.stack(expected))


def test_pytorch_decay_can_only_fall():
    decay = definition("first-steps/pytorch", "Decay")(2)
    with torch.no_grad():
        decay.log_rate.copy_(torch.tensor([[-3.0], [4.0]]))
        falling = decay(torch.linspace(0, 1, 20))
    assert falling.shape == (2, 20) and (falling > 0).all() and (falling.diff() < 0).all()


def test_pytorch_kept_bytes_counts_each_tensor_once():
    kept_bytes = definition("first-steps/pytorch", "kept_bytes")
    x = torch.ones(100, requires_grad=True)
    assert kept_bytes(lambda: x * x) == 400  # both factors are the same tensor
    assert kept_bytes(lambda: x + x) == 0


# first-steps/gain


@pytest.mark.parametrize("n", [1, 2, 255, 256])
def test_gain_quadrature_is_the_hilbert_transform(n):
    quadrature = definition("first-steps/gain", "quadrature")
    x = torch.randn(3, n, dtype=torch.float64, generator=torch.Generator().manual_seed(n))
    expected = torch.from_numpy(scipy.signal.hilbert(x.numpy()).imag)
    torch.testing.assert_close(quadrature(x), expected)


def test_gain_best_gain_is_the_least_squares_solution():
    best_gain = definition("first-steps/gain", "best_gain")
    x, target = torch.randn(2, 4, 100, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = torch.linalg.lstsq(x[:, :, None], target[:, :, None]).solution[:, 0, 0]
    torch.testing.assert_close(best_gain(x, target), expected)


def test_gain_in_decibels_is_the_same_processor():
    x = torch.randn(2, 64, generator=torch.Generator().manual_seed(2))
    linear, decibel = (definition("first-steps/gain", name) for name in ("Gain", "GainDb"))
    torch.testing.assert_close(linear(0.5)(x), decibel(20 * math.log10(0.5))(x))


# first-steps/losses


def _sounds(n=8000):
    x, target = 0.3 * torch.randn(2, 1, n, generator=torch.Generator().manual_seed(3))
    return x, target


def _values_and_gradients(function, *controls):
    controls = [control.clone().requires_grad_() for control in controls]
    value = function(*controls)
    return value, torch.autograd.grad((value * torch.linspace(0.5, 1.5, value.numel()).reshape(value.shape)).sum(), controls)


def _assert_same(chapter, reference, *controls, rtol=1e-4, atol=1e-5):
    (value, gradients), (expected, expected_gradients) = (_values_and_gradients(f, *controls) for f in (chapter, reference))
    torch.testing.assert_close(value, expected, rtol=rtol, atol=atol)
    for gradient, expected_gradient in zip(gradients, expected_gradients):
        scale = expected_gradient.abs().max().item()
        assert scale > 0
        torch.testing.assert_close(gradient, expected_gradient, rtol=rtol, atol=rtol * scale)


@pytest.mark.parametrize("name", ["WaveformLoss", "SpectralLoss", "MultiScaleSpectralLoss"])
def test_losses_of_the_chapter_are_those_of_the_package(name):
    x, target = _sounds()
    chapter, reference = definition("first-steps/losses", name)(), getattr(losses, name)()
    _assert_same(lambda x: chapter(x, target)[None], lambda x: reference(x, target)[None], x)


@pytest.mark.parametrize("n_fft", [64, 1024])
def test_losses_stft_is_that_of_the_package(n_fft):
    stft = definition("first-steps/losses", "stft")
    x, _ = _sounds()
    _assert_same(lambda x: torch.view_as_real(stft(x, n_fft)), lambda x: torch.view_as_real(signals.stft(x, n_fft)), x)


def test_losses_varispeed_shifts_pitch_and_knows_its_slope():
    varispeed = definition("first-steps/losses", "varispeed")
    sine = torch.sin(0.05 * torch.arange(3000, dtype=torch.float64))[None]
    ratio = torch.tensor([0.5, 1.0, 1.5], dtype=torch.float64)
    expected = torch.sin(0.05 * (100 + torch.arange(1500) * ratio[:, None]))
    torch.testing.assert_close(varispeed(sine, ratio, 1500, 100), expected, rtol=0, atol=4e-4)
    _, (slope,) = _values_and_gradients(lambda r: varispeed(sine, r, 5, 100), ratio + 0.01)  # away from the corners
    steps = varispeed(sine, ratio + 0.01 + 1e-7, 5, 100) - varispeed(sine, ratio + 0.01 - 1e-7, 5, 100)
    weights = torch.linspace(0.5, 1.5, 15).reshape(3, 5)
    torch.testing.assert_close(slope, (weights * steps).sum(dim=1) / 2e-7, rtol=1e-5, atol=1e-6)


# synths/oscillator


@pytest.mark.parametrize("frames, n", [(1, 7), (2, 100), (5, 40), (6, 1001)])
def test_oscillator_upsample_is_that_of_the_package(frames, n):
    upsample = definition("synths/oscillator", "upsample")
    control = torch.randn(2, frames, generator=torch.Generator().manual_seed(4))
    _assert_same(lambda c: upsample(c, n), lambda c: signals.upsample(c, n), control)


def test_oscillator_phase_is_that_of_the_package():
    phase = definition("synths/oscillator", "phase")
    f0_hz = torch.tensor([[220.0, 880.0, 110.0], [50.0, 50.0, 7000.0]], dtype=torch.float64)
    # Through the circle, because 0 and 2 pi are one place.
    _assert_same(lambda f: phase(f, 16000, 4001).sin(),
                 lambda f: oscillators.phase(f, 16000, 4001).sin(), f0_hz, rtol=1e-7, atol=1e-8)


def test_oscillator_sinusoid_is_that_of_the_package():
    sinusoid = definition("synths/oscillator", "sinusoid")
    amplitude, f0_hz = torch.tensor([[0.1, 0.9], [0.5, 0.2]]), torch.tensor([[220.0, 880.0], [1000.0, 90.0]])
    _assert_same(lambda a, f: sinusoid(a, f, 16000, 8000), lambda a, f: oscillators.sinusoid(a, f, 16000, 8000), amplitude, f0_hz)


def test_oscillator_starts_at_phase_zero_and_is_right_after_a_minute():
    phase = definition("synths/oscillator", "phase")
    turns = phase(torch.tensor([[440.0]]), 44100, 60 * 44100)[0].double() / (2 * math.pi)
    exact = (440 * torch.arange(60 * 44100)) % 44100 / 44100
    error = (turns - exact + 0.5) % 1 - 0.5
    assert turns[0] == 0 and error.abs().max() < 1e-5


def test_oscillator_peak_is_found():
    peak_hz = definition("synths/oscillator", "peak_hz", sample_rate=16000)
    x = torch.sin(2 * math.pi * 300.3 * torch.arange(8000) / 16000) + 2 * torch.sin(2 * math.pi * 900 * torch.arange(8000) / 16000)
    assert abs(peak_hz(x) - 900) < 0.05
    assert abs(peak_hz(x, 200, 500) - 300.3) < 0.05


def test_oscillator_envelope_is_the_hilbert_envelope():
    envelope = definition("synths/oscillator", "envelope")
    x = torch.randn(2, 500, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    x = x - x.mean(dim=1, keepdim=True)
    x = torch.fft.irfft(torch.fft.rfft(x)[..., :-1], n=500)  # nothing at Nyquist, as in a partial
    torch.testing.assert_close(envelope(x), torch.from_numpy(abs(scipy.signal.hilbert(x.numpy()))))


# synths/additive


def gradients(bank, controls, weights, *rest):
    """Value of a bank, and the gradients of a weighted sum of it to all controls."""
    controls = [control.clone().requires_grad_() for control in controls]
    sound = bank(*controls, *rest)
    return sound, *torch.autograd.grad((sound * weights).sum(), controls)


@pytest.mark.parametrize(("batch", "count", "frames", "n_samples"), [(1, 4, 1, 500), (3, 5, 11, 1600), (2, 3, 4, 777)])
def test_additive_bank_is_that_of_the_package(batch, count, frames, n_samples):
    dice = torch.Generator().manual_seed(3)
    controls = (torch.rand(batch, count, frames, dtype=torch.float64, generator=dice),
                100 + 3000 * torch.rand(batch, count, frames, dtype=torch.float64, generator=dice))
    weights = torch.randn(batch, n_samples, dtype=torch.float64, generator=dice)
    found = gradients(definition("synths/additive", "additive"), controls, weights, 16000, n_samples)
    expected = gradients(oscillators.additive, controls, weights, 16000, n_samples)
    for one, other in zip(found, expected):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("f0_hz", "frames"), [(220.0, 11), (3000.0, 11), (9000.0, 1)])
def test_additive_harmonics_are_those_of_the_package(f0_hz, frames):
    dice = torch.Generator().manual_seed(4)
    f0 = f0_hz * (1 + 0.1 * torch.rand(2, frames, dtype=torch.float64, generator=dice))
    controls = f0, torch.rand(2, 6, frames, dtype=torch.float64, generator=dice)
    weights = torch.randn(2, 1600, dtype=torch.float64, generator=dice)
    found = gradients(definition("synths/additive", "harmonic"), controls, weights, 16000, 1600)
    expected = gradients(oscillators.harmonic, controls, weights, 16000, 1600)
    assert (f0_hz < 8000) == bool(found[0].abs().max() > 0.1)
    for one, other in zip(found, expected):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-8)


def test_additive_textbook_is_the_same_bank_a_sample_ahead():
    f0_hz, amplitudes = torch.full((1, 11), 250.0), torch.full((1, 8, 11), 0.1)
    textbook = definition("synths/additive", "textbook")(f0_hz, amplitudes, 16000, 1600)
    torch.testing.assert_close(textbook[:, :-1], oscillators.harmonic(f0_hz, amplitudes, 16000, 1600)[:, 1:], rtol=0, atol=1e-3)


def test_additive_peaks_and_overshoot():
    t_s = torch.arange(16000) / 16000
    peaks_hz = definition("synths/additive", "peaks_hz", sample_rate=16000)
    x = sum(a * torch.sin(2 * math.pi * hz * t_s) for hz, a in ((440, 0.1), (3000, 1.0), (100, 0.5)))
    assert peaks_hz(x, 3).tolist() == [100.0, 440.0, 3000.0]
    overshoot = definition("synths/additive", "overshoot")
    wilbraham = scipy.special.sici(math.pi)[0] / math.pi - 0.5
    assert overshoot(500).item() == pytest.approx(wilbraham, abs=1e-5)


# synths/introduction


@pytest.mark.parametrize("length", [60, 72, 200])
def test_introduction_string_averages_its_own_past(length):
    known = {"n_samples": 2000}
    burst, sound = definition("synths/introduction", "string", **known)(0.99, length)
    x, y = burst[0].double(), sound[0].double()
    past = torch.nn.functional.pad(y, (length + 1, 0))
    expected = x + 0.99 * 0.5 * (past[1:-length] + past[: -length - 1])
    torch.testing.assert_close(y, expected, rtol=0, atol=1e-5)


def test_introduction_resonance_peaks_at_its_frequency():
    resonance = definition("synths/introduction", "resonance", sample_rate=16000)
    a1, a2 = resonance(torch.tensor([1000.0]), 50.0)[0, 0].tolist()
    hz, response = scipy.signal.freqz([1.0], [1.0, a1, a2], worN=8000, fs=16000)
    gain = abs(response)
    assert hz[gain.argmax()] == pytest.approx(1000, abs=2)
    wide = hz[gain > gain.max() / math.sqrt(2)]
    assert wide[-1] - wide[0] == pytest.approx(50, abs=3)


def test_introduction_share_and_dips_of_a_known_curve():
    hollow, dips = (definition("synths/introduction", name) for name in ("hollow", "dips"))
    curve = torch.tensor([3.0, 4.0, 2.0, 1.0, 0.0, 1.0, 5.0, 4.0, 4.5])
    assert hollow(curve) == (1, 6) and dips(curve) == 2
    assert hollow(curve[4:7]) == (0, 2) and dips(curve[4:7]) == 0
