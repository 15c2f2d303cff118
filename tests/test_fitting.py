"""helpers.fitting: what the loop optimises, remembers, never reads, and how it fails."""

import math
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from fakecuda import DEVICE, to_fake
from helpers import _progress, choose_device, fit, fitting, losses, oscillators
from helpers._descent import Descent
from helpers.fitting import FitError

READS = {"aten._local_scalar_dense", "aten.nonzero", "aten.equal", "aten.is_nonzero", "aten.item"}


class Gain(nn.Module):
    def __init__(self, gain=0.1):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor([gain]))

    def forward(self, x):
        return self.gain * x


def quiet_fit(*args, **options):
    return fit(*args, progress=False, **options)


def leaf(*values, **options):
    return torch.tensor(values, requires_grad=True, **options)


def square(prediction):
    return (prediction - 3.0).square().sum()


# What it optimises


@pytest.mark.parametrize("schedule", [None, "cosine", "exponential"])
@pytest.mark.parametrize(("optimiser", "steps", "lr"), [("adam", 300, 0.05), ("sgd", 300, 0.3), ("lbfgs", 5, 0.01)])
def test_finds_a_gain(optimiser, schedule, steps, lr):
    x = torch.randn(2, 100)
    options = {"optimiser": optimiser, "lr": lr, "schedule": None if optimiser == "lbfgs" else schedule}
    result = quiet_fit(Gain(), losses.WaveformLoss(), steps, inputs=x, target=0.7 * x, **options)
    assert result.model.gain.item() == pytest.approx(0.7, abs=1e-3)
    assert result.losses.shape == (steps,)
    assert result.losses[0] == pytest.approx(float((0.6 * x).square().mean()), rel=1e-4)
    torch.testing.assert_close(result.audio, result.model(x).detach())


@pytest.mark.parametrize(("schedule", "factor"), [(None, 1.0), ("cosine", 0.5), ("exponential", 0.1)])
def test_schedule_halfway(schedule, factor):
    result = quiet_fit(Gain(), lambda y: y.sum(), 10, inputs=torch.ones(1), optimiser="sgd", lr=1.0, schedule=schedule)
    moves = -result.losses.diff()
    assert moves[0] == pytest.approx(1.0)
    assert moves[5] == pytest.approx(factor)


def test_same_steps_as_a_loop_by_hand():
    torch.manual_seed(1)
    x, target = torch.randn(2, 1, 50)
    by_hand, model = Gain(), Gain()
    optimiser = torch.optim.Adam(by_hand.parameters(), lr=0.02)
    expected = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = (by_hand(x) - target).square().mean()
        loss.backward()
        optimiser.step()
        expected.append(loss.detach())
    result = quiet_fit(model, losses.WaveformLoss(), 30, inputs=x, target=target, lr=0.02)
    torch.testing.assert_close(result.losses, torch.stack(expected))


def test_a_callable_with_parameters():
    a, b = leaf(0.0), leaf(1.0)
    result = quiet_fit(lambda: a + b, square, 400, parameters=[a, b], lr=0.05)
    assert list(result.parameters) == ["parameters[0]", "parameters[1]"]
    assert (a + b).item() == pytest.approx(3.0, abs=1e-3)
    assert list(quiet_fit(lambda: a + b, square, 1, parameters=a).parameters) == ["parameters[0]"]
    named = quiet_fit(lambda: a + b, square, 1, parameters={"a": a, "b": b})
    assert list(named.parameters) == ["a", "b"]


def test_a_parameter_may_be_an_input_too():
    a = leaf(0.0)
    quiet_fit(lambda value: 2.0 * value, square, 200, inputs=a, parameters=[a], lr=0.1)
    assert a.item() == pytest.approx(1.5, abs=1e-2)


def test_only_the_chosen_parameters_of_a_module():
    model = nn.Linear(1, 1)
    weight = model.weight.detach().clone()
    result = quiet_fit(model, square, 5, inputs=torch.ones(1, 1), parameters=[model.bias])
    assert list(result.parameters) == ["bias"]
    assert torch.equal(model.weight, weight)


def test_works_where_gradients_are_off():
    a = leaf(0.0)
    with torch.no_grad():
        result = quiet_fit(lambda: a, square, 10, parameters=[a])
    assert result.losses[-1] < result.losses[0]


# What it remembers


def test_keeps_the_best_parameters_not_the_last():
    a = leaf(0.0)
    result = quiet_fit(lambda: a, square, 40, parameters={"a": a}, optimiser="sgd", lr=1.01)  # swings ever wider
    assert result.losses[-1] > result.losses[0]
    assert result.best_step == 0 and result.best_loss == 9.0
    assert a.item() == 0.0 and result.parameters["a"].item() == 0.0


def test_best_parameters_are_those_of_the_best_step():
    a = leaf(0.0)
    result = quiet_fit(lambda: a, square, 40, parameters={"a": a}, lr=0.5, snapshots=range(40))
    assert 0 < result.best_step < 39
    assert torch.equal(result.parameters["a"], result.snapshots[result.best_step].parameters["a"])
    assert result.best_loss == result.losses.min()
    assert square(result.audio) == result.best_loss


def test_restarts_keep_the_best_of_each():
    start = torch.tensor([[0.0], [2.9], [30.0]])
    a, shared = start.clone().requires_grad_(), leaf(0.0)
    each = lambda y: (y - 3.0).square().sum(dim=1)
    result = quiet_fit(lambda: a + 0.0 * shared, each, 60, parameters={"a": a, "shared": shared}, lr=0.5, snapshots=range(60))
    assert result.losses.shape == (60, 3)
    assert result.best_step.shape == result.best_loss.shape == (3,)
    assert len(set(result.best_step.tolist())) == 3
    for row, step in enumerate(result.best_step):
        assert torch.equal(result.parameters["a"][row], result.snapshots[step].parameters["a"][row])
    torch.testing.assert_close(each(result.audio), result.best_loss)
    assert "best of 3" in repr(result)


def test_what_restarts_share_is_kept_where_their_sum_is_least():
    shared = leaf(0.0)
    goals = torch.tensor([1.0, 2.0, 6.0])
    each = lambda y: (y - goals).square()
    result = quiet_fit(lambda: shared.expand(3), each, 200, parameters={"shared": shared}, lr=0.1, snapshots=range(200))
    kept = result.snapshots[result.losses.sum(dim=1).argmin()].parameters["shared"]
    assert torch.equal(result.parameters["shared"], kept)
    assert kept.item() == pytest.approx(3.0, abs=1e-2)


def test_restarts_are_independent():
    start = torch.tensor([[0.0], [5.0]])
    each = lambda y: (y - 3.0).square().sum(dim=1)
    together = quiet_fit(nn.Identity(), each, 20, inputs=(b := start.clone().requires_grad_()), parameters=[b])
    for row in range(2):
        a = start[row : row + 1].clone().requires_grad_()
        alone = quiet_fit(lambda: a, each, 20, parameters=[a])
        torch.testing.assert_close(together.losses[:, row], alone.losses[:, 0])


def test_snapshots_are_taken_before_the_update():
    a = leaf(0.0)
    result = quiet_fit(lambda: a, square, 30, parameters={"a": a}, snapshots=[0, 7, 29])
    assert [snapshot.step for snapshot in result.snapshots] == [0, 7, 29]
    for snapshot in result.snapshots:
        assert snapshot.loss == result.losses[snapshot.step] == square(snapshot.parameters["a"])
        assert torch.equal(snapshot.audio, snapshot.parameters["a"])
    assert result.snapshots[0].audio.item() == 0.0
    assert repr(result.snapshots[0]) == "Snapshot(step=0, loss=9)"


@pytest.mark.parametrize(("count", "steps"), [(1, 10), (5, 500), (24, 500), (24, 10)])
def test_snapshots_are_denser_in_the_beginning(count, steps):
    a = leaf(0.0)
    taken = [s.step for s in quiet_fit(lambda: a, square, steps, parameters=[a], snapshots=count).snapshots]
    assert taken[0] == 0 and len(taken) <= count
    assert count == 1 or taken[-1] == steps - 1
    gaps = torch.tensor(taken).diff()
    assert (gaps.diff() >= -1).all()


def test_lbfgs_takes_one_snapshot_a_step():
    a = leaf(0.0, 5.0)
    result = quiet_fit(lambda: a, square, 4, parameters=[a], optimiser="lbfgs", snapshots=[0, 1, 2, 3])
    assert [snapshot.step for snapshot in result.snapshots] == [0, 1, 2, 3]
    assert result.best_loss < 1e-6


def test_result_says_what_it_was():
    a = leaf(0.0)
    result = quiet_fit(lambda: a, square, 10, parameters=[a])
    assert result.steps == 10 and result.seconds > 0 and result.device == torch.device("cpu")
    assert result.steps_per_second == pytest.approx(10 / result.seconds)
    assert repr(result).startswith("10 steps in ") and " s on cpu, loss 8.4" in repr(result)
    axes = result.plot()
    assert len(axes.lines) >= 1


def test_same_seed_same_result():
    def noisy(seed):
        model = Gain()
        quiet_fit(lambda: model(torch.randn(1, 50)), square, 20, parameters=list(model.parameters()), seed=seed)
        return model.gain.item()

    assert noisy(3) == noisy(3) != noisy(4)


def test_patience():
    a = leaf(3.0)
    result = quiet_fit(lambda: a, square, 1000, parameters=[a], patience=60, log_every=20)
    assert result.steps == 80 and result.best_step == 0
    flowing = leaf(-1000.0)
    assert quiet_fit(lambda: flowing, square, 200, parameters=[flowing], patience=60, log_every=20).steps == 200


# What it never does


class Reads(TorchDispatchMode):
    """Notes, for every number read from a tensor, how many steps had been made."""

    def __init__(self):
        super().__init__()
        self.steps, self.at = 0, []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if str(func).rsplit(".", 1)[0] in READS:
            self.at.append(self.steps)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_reads_nothing_between_two_readings(optimiser):
    a = torch.full((1, 3), 0.1, requires_grad=True)
    f0_hz = torch.full((1, 1), 440.0, requires_grad=True)
    target = oscillators.sinusoid(torch.ones(1, 1), torch.full((1, 1), 440.0), 16_000, 2_000)
    loss = losses.MultiScaleSpectralLoss((256, 64))
    reads = Reads()

    def objective(prediction, target):
        reads.steps += 1
        return loss(prediction, target)

    model = lambda: oscillators.sinusoid(a, f0_hz, 16_000, 2_000)
    with reads:
        quiet_fit(model, objective, 100, target=target, parameters=[a, f0_hz], log_every=25, optimiser=optimiser,
                  snapshots=10, schedule="cosine", patience=80)
    assert set(reads.at) == {0, 25, 50, 75, 100}  # at 0 the arguments are checked


def test_the_test_for_reads_can_fail():
    a, reads = leaf(0.0), Reads()

    def objective(prediction):
        reads.steps += 1
        return square(prediction) + 0.0 * prediction.sum().item()

    with reads:
        quiet_fit(lambda: a, objective, 4, parameters=[a])
    assert {1, 2, 3} <= set(reads.at)


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_steps_on_another_device(optimiser, reduction):
    """A fake GPU has no values: reading any, or mixing devices, raises."""
    with FakeTensorMode():
        a, f0_hz, target = to_fake((torch.ones(2, 5, requires_grad=True), torch.ones(2, 1), torch.ones(1, 4_000)))
        loss = losses.MultiScaleSpectralLoss(reduction=reduction)
        descent = Descent(
            lambda: oscillators.sinusoid(a, f0_hz, 16_000, 4_000),
            lambda prediction: loss(prediction, target),
            {"a": a},
            fitting._OPTIMISERS[optimiser]([a], 0.01),
            {1},
        )
        for step in range(3):
            descent.step(step)
        best = [descent.best["a"], descent.best_loss, descent.best_total]
        remembered = [*best, *descent._unread_losses, *descent._unread_norms, descent.snapshots[0][3]]
        assert len(remembered) == 10
        assert all(tensor.device == DEVICE for tensor in remembered)


def test_everything_moves_to_the_device_and_home_again(monkeypatch):
    moved = []

    class Moves(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            if func is torch.Tensor.to:
                moved.append((id(args[0]), args[1]))
            return func(*args, **(kwargs or {}))

    def to(self, place):
        moved.append((id(self), place))

    monkeypatch.setattr(nn.Module, "to", to)
    model, objective, x, target = Gain(), losses.WaveformLoss(), torch.ones(1, 4), torch.zeros(1, 4)
    monkeypatch.setattr(torch.Tensor, "detach", lambda self, detach=torch.Tensor.detach: self if self is target else detach(self))
    with Moves():
        quiet_fit(model, objective, 1, inputs=(x,), target=target)
    cpu = torch.device("cpu")
    for each in (model, objective):
        assert moved.count((id(each), cpu)) == 2  # there, and home
    for each in (x, target):
        assert (id(each), cpu) in moved


def test_a_module_goes_to_the_chosen_device_a_callable_stays(monkeypatch):
    asked = []
    monkeypatch.setattr(fitting, "choose_device", lambda device: asked.append(device) or choose_device("cpu"))
    a = leaf(0.0)
    quiet_fit(Gain(), square, 1, inputs=torch.ones(1))
    quiet_fit(lambda: a, square, 1, parameters=[a])
    quiet_fit(lambda: a, square, 1, parameters=[a], device="cpu")
    assert asked == [None, torch.device("cpu"), "cpu"]


# How it fails


@pytest.mark.parametrize("log_every", [1, 4, 50])
def test_nan_names_step_and_parameter(log_every):
    good, bad = leaf(1.0), leaf(4.0)
    gradients = iter([1.0, 1.0, 1.0, math.nan])
    bad.register_hook(lambda gradient: gradient * next(gradients, 1.0))
    with pytest.raises(FitError, match=r"step 3: the gradient of bad is NaN or infinite \(loss -1\)") as caught:
        quiet_fit(lambda: good + bad, lambda y: y.sum(), 20, parameters={"good": good, "bad": bad}, optimiser="sgd",
                  lr=1.0, log_every=log_every)
    error = caught.value
    assert isinstance(error, ArithmeticError)
    assert error.step == 3 and error.parameter == "bad"
    assert error.fit.losses[:4].tolist() == [5.0, 3.0, 1.0, -1.0]
    assert error.fit.best_step == 3 and (good.item(), bad.item()) == (-2.0, 1.0)


def test_infinite_loss_with_finite_gradients():
    a = leaf(1.0)
    with pytest.raises(FitError, match=r"step 0: all gradients are finite, but the loss is NaN or infinite \(loss inf\)"):
        quiet_fit(lambda: a, lambda y: y.sum() + math.inf, 5, parameters=[a])
    assert a.item() == 1.0


def test_one_diverging_restart_is_an_error():
    a = torch.tensor([[1.0], [2.0]], requires_grad=True)
    with pytest.raises(FitError, match=r"step 0: the gradient of parameters\[0\] .*\(loss 1, nan\)"):
        quiet_fit(lambda: a, lambda y: (y * torch.tensor([[1.0], [math.nan]])).sum(dim=1), 5, parameters=[a])


def test_interrupting_keeps_the_best():
    a = leaf(0.0)
    seen = []

    def objective(prediction):
        seen.append(prediction.item())
        if len(seen) == 10:
            raise KeyboardInterrupt
        return square(prediction)

    with pytest.raises(KeyboardInterrupt):
        quiet_fit(lambda: a, objective, 100, parameters=[a], lr=0.1)
    assert a.item() == seen[8]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"optimiser": "adamw"}, "optimiser must be one of 'adam', 'sgd', 'lbfgs', got 'adamw'"),
        ({"schedule": "step"}, "schedule must be one of None, 'cosine', 'exponential', got 'step'"),
        ({"snapshots": [0, 10]}, "snapshots must be steps from 0 to 9, got"),
        ({"parameters": []}, "parameters must hold at least one tensor to optimise"),
        ({"parameters": [torch.ones(1)]}, r"parameters\[0\] must be a leaf tensor with requires_grad=True"),
        ({"parameters": {"a": torch.full((1,), math.nan, requires_grad=True)}}, "a must be finite, got 1 NaN"),
        ({"target": torch.tensor([math.nan])}, "target must be finite, got 1 NaN"),
    ],
)
def test_wrong_arguments_are_named(options, message):
    options = {"steps": 10, "parameters": [leaf(0.0)], **options}
    with pytest.raises(ValueError, match=message):
        quiet_fit(lambda: None, square, **options)


def test_wrong_objectives_are_named():
    a = leaf(0.0)
    with pytest.raises(ValueError, match=r"objective must give a tensor of shape \(\) or \(batch,\), got \(1, 1\)"):
        quiet_fit(lambda: a[None], lambda y: y, 1, parameters=[a])
    with pytest.raises(ValueError, match="got float"):
        quiet_fit(lambda: a, lambda y: 1.0, 1, parameters=[a])
    with pytest.raises(ValueError, match="objective must depend on the parameters"):
        quiet_fit(lambda: a.detach(), square, 1, parameters=[a])
    with pytest.raises(TypeError, match="model must be a module or a callable, got Tensor"):
        quiet_fit(a, square, 1, parameters=[a])


# What it shows


def test_leaves_one_quiet_line(capsys, monkeypatch):
    monkeypatch.setenv("HELPERS_QUIET", "1")
    a = leaf(0.0)
    result = fit(lambda: a, square, 100, parameters=[a])
    shown = capsys.readouterr()
    assert shown.out == f"{result}\n" and shown.err == ""
    fit(lambda: a, square, 100, parameters=[a], progress=False)
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""


def test_a_terminal_sees_a_bar_and_then_the_line(capsys, monkeypatch):
    monkeypatch.delenv("HELPERS_QUIET", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    a = leaf(0.0)
    result = fit(lambda: a, square, 100, parameters=[a])
    shown = capsys.readouterr()
    assert shown.out == f"{result}\n"
    assert "100/100" in shown.err and "loss" in shown.err


def test_a_notebook_sees_one_output_drawn_over(monkeypatch, capsys):
    monkeypatch.delenv("HELPERS_QUIET", raising=False)
    monkeypatch.setattr(_progress, "_in_notebook", lambda: True)
    texts = []

    class Handle:
        def update(self, bundle, raw):
            texts.append(bundle["text/plain"])

    def display(bundle, raw, display_id):
        texts.append(bundle["text/plain"])
        return Handle()

    import IPython.display

    monkeypatch.setattr(IPython.display, "display", display)
    a = leaf(0.0)
    result = fit(lambda: a, square, 100, parameters=[a])
    assert "50/100" in texts[0] and "100/100" in texts[1]
    assert texts[2:] == [repr(result)]
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""


def test_lower_floors_know_nothing_of_the_upper_ones():
    code = (
        "import sys, helpers.signals, helpers.oscillators, helpers.losses, helpers.fitting, helpers.device\n"
        "print([name for name in ('matplotlib', 'librosa', 'IPython', 'anywidget', 'helpers.plots') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    code = "import sys, helpers; print([n for n in ('torch', 'numba', 'librosa', 'matplotlib') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
