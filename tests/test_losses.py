"""helpers.losses: values of auraloss, gradients of the plain formula, and a target that is never stale."""

import copy
import gc
import pickle

import pytest
import torch
from auraloss.freq import MultiResolutionSTFTLoss
from torch.autograd import gradcheck, gradgradcheck

from fakecuda import assert_device_clean
from helpers import losses, recordings

SIZES = (2048, 1024, 512, 256, 128, 64)


def auraloss(prediction, target):
    hops = [size // 4 for size in SIZES]
    weights = {"w_sc": 0.0, "w_log_mag": 1.0, "w_lin_mag": 1.0}
    loss = MultiResolutionSTFTLoss(fft_sizes=SIZES, hop_sizes=hops, win_lengths=SIZES, mag_distance="L1", **weights)
    return loss(prediction[:, None], target[:, None])


def gradient(loss, prediction, target):
    prediction = prediction.detach().clone().requires_grad_()
    return torch.autograd.grad(loss(prediction, target).sum(), prediction)[0]


def pairs():
    noise = 0.1 * torch.randn(2, 3, 20_000)
    sax, violin = recordings.load("saxophone"), recordings.load("violin")
    n = min(sax.shape[-1], violin.shape[-1], 32_001)
    silent_middle = noise[1].clone()
    silent_middle[:, 5_000:15_000] = 0.0
    return {
        "noise": (noise[0], noise[1]),
        "recordings": (sax[:, :n], violin[:, :n]),
        "louder": (2.0 * sax[:, :n], sax[:, :n]),
        "silent middle": (noise[0], silent_middle),
        "silence": (torch.zeros(1, 4_096), noise[:1, 0, :4_096]),
        "one short window": (noise[0][:, :1_025], noise[1][:, :1_025]),
    }


@pytest.fixture(params=["fast", "plain"])
def path(request, monkeypatch):
    if request.param == "plain":
        monkeypatch.setenv("HELPERS_NO_NUMBA", "1")
    return request.param


@pytest.mark.parametrize("name", list(pairs()))
def test_values_are_those_of_auraloss(name, path):
    prediction, target = pairs()[name]
    actual = losses.MultiScaleSpectralLoss()(prediction, target)
    torch.testing.assert_close(actual, auraloss(prediction, target), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", list(pairs()))
def test_gradients_are_those_of_auraloss(name, path):
    prediction, target = pairs()[name]
    actual = gradient(losses.MultiScaleSpectralLoss(), prediction, target)
    expected = gradient(auraloss, prediction, target)
    # Where prediction and target nearly agree, rounding decides the sign of a difference.
    assert (actual - expected).norm() <= 1e-4 * expected.norm()


def test_gradient_is_that_of_the_formula_in_float64():
    prediction, target = pairs()["noise"]
    loss = losses.MultiScaleSpectralLoss()
    fast = gradient(loss, prediction, target)
    exact = gradient(loss, prediction.double(), target.double())
    assert fast.dtype == torch.float32 and exact.dtype == torch.float64
    assert (fast - exact).norm() <= 1e-3 * exact.norm()


def test_fast_path_is_taken(monkeypatch):
    from helpers import _spectral_fast

    called = []
    distance = _spectral_fast.distance
    monkeypatch.setattr(_spectral_fast, "distance", lambda *args: called.append(1) or distance(*args))
    x = torch.randn(1, 4_000)
    losses.MultiScaleSpectralLoss()(x, x)
    losses.MultiScaleSpectralLoss()(x.double(), x.double())
    assert called == [1]


def test_gradcheck():
    target = torch.randn(2, 70, dtype=torch.float64)
    prediction = torch.randn(2, 70, dtype=torch.float64, requires_grad=True)
    for reduction in ("mean", "none"):
        loss = losses.MultiScaleSpectralLoss((64, 16), reduction)
        assert gradcheck(lambda x: loss(x, target), prediction)
    assert gradgradcheck(lambda x: loss(x, target), prediction)
    assert gradcheck(losses.WaveformLoss("none"), (prediction, target))


def test_gradient_reaches_a_target_that_asks_for_one():
    target = torch.randn(1, 70, dtype=torch.float64, requires_grad=True)
    prediction = torch.randn(1, 70, dtype=torch.float64)
    assert gradcheck(lambda t: losses.SpectralLoss(16)(prediction, t), target)


def test_second_derivative_of_the_fast_path():
    target, prediction = torch.randn(2, 1, 200)
    loss = losses.SpectralLoss(64)

    def curvature(prediction):
        prediction = prediction.clone().requires_grad_()
        (slope,) = torch.autograd.grad(loss(prediction, target.to(prediction)), prediction, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), prediction)[0]

    torch.testing.assert_close(curvature(prediction), curvature(prediction.double()).float(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 31, 63, 64, 65, 1_024, 1_025])
def test_short_sounds(n, path):
    target, prediction = torch.randn(2, 2, n)
    loss = losses.MultiScaleSpectralLoss()
    assert loss(prediction, target) > 0
    assert loss(target.clone(), target) == 0
    assert gradient(loss, prediction, target).isfinite().all()


@pytest.mark.parametrize("loss", [losses.WaveformLoss(), losses.SpectralLoss(), losses.MultiScaleSpectralLoss()])
def test_silence(loss, path):
    sound, silence = torch.randn(2, 4_000), torch.zeros(2, 4_000)
    for prediction, target in [(silence, sound), (sound, silence), (silence, silence)]:
        assert loss(prediction, target).isfinite()
        assert gradient(loss, prediction, target).isfinite().all()


def test_equal_sounds_have_no_loss_and_no_gradient(path):
    x = torch.randn(2, 4_000)
    loss = losses.MultiScaleSpectralLoss()
    assert loss(x.clone(), x) == 0
    assert not gradient(loss, x, x).any()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_a_number_shows(bad, path):
    x = torch.randn(1, 4_000)
    x[0, 2_000] = bad
    assert not losses.MultiScaleSpectralLoss()(x, torch.randn(1, 4_000)).isfinite()


@pytest.mark.parametrize("make", [losses.WaveformLoss, losses.SpectralLoss, losses.MultiScaleSpectralLoss])
def test_one_value_for_each_example(make, path):
    target, prediction = torch.randn(2, 3, 3_000)
    each = make(reduction="none")(prediction, target)
    assert each.shape == (3,)
    for i in range(3):
        alone = make()(prediction[i : i + 1], target[i : i + 1])
        torch.testing.assert_close(each[i], alone)
    torch.testing.assert_close(each.mean(), make()(prediction, target))
    weights = torch.tensor([1.0, 0.0, -2.0])
    weighted = gradient(lambda p, t: weights * make(reduction="none")(p, t), prediction, target)
    assert not weighted[1].any() and weighted[2].any()


def test_one_target_for_all(path):
    target, prediction = torch.randn(1, 3_000), torch.randn(3, 3_000)
    loss = losses.MultiScaleSpectralLoss(reduction="none")
    torch.testing.assert_close(loss(prediction, target), loss(prediction, target.repeat(3, 1)))


def test_phase_blind():
    """A sinusoid and its quadrature: far apart as waveforms, the same to a spectral loss."""
    angle = 2 * torch.pi * 1_000 * torch.arange(32_000, dtype=torch.float64) / 16_000
    fade = torch.hann_window(32_000, dtype=torch.float64)  # mirrored edges would differ
    sine, cosine = (fade * angle.sin())[None], (fade * angle.cos())[None]
    wave, spectral = losses.WaveformLoss(), losses.SpectralLoss()
    assert wave(sine, cosine) == pytest.approx(2 * float(sine.square().mean()), rel=1e-3)
    assert spectral(sine, cosine) < 0.02 * spectral(sine, 0.5 * cosine)


def test_target_spectra_are_computed_once(path, monkeypatch):
    count = counted(monkeypatch)
    loss, target = losses.MultiScaleSpectralLoss(), torch.randn(1, 4_000)
    for _ in range(5):
        loss(torch.randn(1, 4_000), target)
    assert count() == 1


def counted(monkeypatch):
    """Count computations of target spectra, on either path."""
    from helpers import _spectral_fast

    calls = []
    for module, name in ((losses, "_plain_powers"), (_spectral_fast, "target_powers")):
        function = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args, function=function: calls.append(1) or function(*args))
    return lambda: len(calls)


def test_target_spectra_are_never_stale(path):
    loss, target, prediction = losses.MultiScaleSpectralLoss(), torch.randn(1, 4_000), torch.randn(1, 4_000)

    def is_fresh(target):
        return loss(prediction, target) == losses.MultiScaleSpectralLoss()(prediction, target)

    assert is_fresh(target)
    target.mul_(0.5)
    assert is_fresh(target), "changed in place"
    view = target[:, :]
    assert is_fresh(view)
    view[0, 100] = 3.0
    assert is_fresh(target), "changed through a view"
    assert is_fresh(view)
    target.data = torch.randn(1, 4_000)
    assert is_fresh(target), "given other memory"
    for _ in range(5):  # the memory and the id of a dead tensor are used again
        del target
        gc.collect()
        target = torch.randn(1, 4_000)
        assert is_fresh(target), "another tensor"


def test_the_path_may_change_between_calls(monkeypatch):
    loss, target, prediction = losses.MultiScaleSpectralLoss(), torch.randn(1, 4_000), torch.randn(1, 4_000)
    fast = loss(prediction, target)
    monkeypatch.setenv("HELPERS_NO_NUMBA", "1")
    torch.testing.assert_close(loss(prediction, target), fast)


def test_target_is_not_kept_alive():
    import weakref

    loss, target = losses.MultiScaleSpectralLoss(), torch.randn(1, 4_000)
    loss(target, target)
    alive = weakref.ref(target)
    del target
    gc.collect()
    assert alive() is None


def test_inference_tensors_work():
    with torch.inference_mode():
        x = torch.randn(1, 4_000)
        assert losses.MultiScaleSpectralLoss()(x, x) == 0


def test_losses_can_be_copied_and_pickled():
    loss, target = losses.SpectralLoss(256, reduction="none"), torch.randn(1, 4_000)
    loss(target, target)
    for other in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert other(target, target) == 0
    assert repr(loss) == "SpectralLoss(sizes=(256,), reduction='none')"


def test_errors_say_what_is_meant():
    x = torch.ones(1, 10)
    for loss in (losses.WaveformLoss(), losses.MultiScaleSpectralLoss()):
        with pytest.raises(ValueError, match=r"prediction must be \(batch, n\), got \(10,\)"):
            loss(x[0], x)
        with pytest.raises(ValueError, match=r"target must be \(1, 10\) like prediction, or \(1, 10\), got \(1, 9\)"):
            loss(x, x[:, :9])
        with pytest.raises(ValueError, match=r"target must be .*, got \(2, 10\)"):
            loss(x, x.repeat(2, 1))
    with pytest.raises(ValueError, match='reduction must be "mean" or "none"'):
        losses.WaveformLoss(reduction="sum")
    with pytest.raises(ValueError, match="sizes must be multiples of 4"):
        losses.MultiScaleSpectralLoss((64, 33))


@pytest.mark.parametrize("loss", [losses.WaveformLoss(), losses.SpectralLoss(64), losses.MultiScaleSpectralLoss()])
def test_on_another_device(loss):
    assert_device_clean(loss, torch.randn(2, 4_000, requires_grad=True), torch.randn(2, 4_000))
