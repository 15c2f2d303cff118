"""What the chapters define, against its reference or against what is known otherwise."""

import math

import pytest
import scipy.signal
import torch

from chapters import definition


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
