"""The optimisation loop: evaluate, differentiate, step, and remember the best.

A GPU runs ahead of Python as long as Python does not ask it for a number. So losses, gradient norms and the best
parameters stay on the device, and are read only every `log_every` steps.
"""

import contextlib
import math
from dataclasses import dataclass

import torch
from torch import nn

from helpers import _progress
from helpers._descent import Descent, copy_tensors, map_tensors
from helpers.checks import check_count, check_finite
from helpers.device import choose_device

_SCHEDULES = {
    None: lambda progress: 1.0,
    "cosine": lambda progress: 0.5 * (1.0 + math.cos(math.pi * progress)),
    "exponential": lambda progress: 0.01**progress,
}
_OPTIMISERS = {  # the plain Adam of the CPU reads its step counter like a device scalar; the fused one does not
    "adam": lambda tensors, lr: torch.optim.Adam(tensors, lr=lr, fused=True),
    "sgd": lambda tensors, lr: torch.optim.SGD(tensors, lr=lr),
    "lbfgs": lambda tensors, lr: torch.optim.LBFGS(tensors, lr=1.0, max_iter=1, line_search_fn="strong_wolfe"),
}


class FitError(ArithmeticError):
    """A loss or a gradient became NaN or infinite.

    Attributes:
        step: where it happened first.
        parameter: name of the first parameter with such a gradient; None when only the loss is affected.
        fit: the `Fit` up to there; its model carries the best parameters so far.
    """

    def __init__(self, step, parameter, fit):
        what = f"the gradient of {parameter} is" if parameter else "all gradients are finite, but the loss is"
        losses = ", ".join(f"{loss:.4g}" for loss in fit.losses[step].reshape(-1)[:8].tolist())
        super().__init__(f"step {step}: {what} NaN or infinite (loss {losses})")
        self.step, self.parameter, self.fit = step, parameter, fit


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One moment of a fit: the parameters after `step` updates, what they sound like, and their loss."""

    step: int
    loss: torch.Tensor
    parameters: dict
    audio: torch.Tensor

    def __repr__(self):
        return f"Snapshot(step={self.step}, loss={float(self.loss.min()):.4g})"


@dataclass(frozen=True, eq=False)
class Fit:
    """What a fit leaves behind. All tensors are on the CPU.

    Attributes:
        losses: (steps,), or (steps, batch) for independent restarts; ``losses[i]`` is the loss after ``i`` updates.
        parameters: name -> tensor, the best ones; for restarts, the best of each.
        model: what was fitted, carrying the best parameters.
        audio: what the model returns with the best parameters.
        snapshots: list of `Snapshot`.
        seconds: time the loop took.
        device: where it ran.
    """

    losses: torch.Tensor
    parameters: dict
    model: object
    audio: torch.Tensor
    snapshots: list
    seconds: float
    device: torch.device

    @property
    def steps(self):
        """Number of steps made."""
        return len(self.losses)

    @property
    def steps_per_second(self):
        """Steps per second, snapshots and readings included."""
        return self.steps / self.seconds

    @property
    def best_loss(self):
        """Lowest loss, a number; for restarts (batch,), the lowest of each."""
        lowest = _finite_or_inf(self.losses).amin(dim=0)
        return lowest if lowest.ndim else float(lowest)

    @property
    def best_step(self):
        """Number of updates before the lowest loss; for restarts (batch,)."""
        step = _finite_or_inf(self.losses).argmin(dim=0)
        return step if step.ndim else int(step)

    def plot(self, ax=None):
        """Draw the loss curve; returns the axes."""
        from helpers import plots

        return plots.loss_curve(self.losses, ax=ax)

    def __repr__(self):
        restarts = f" (best of {self.losses.shape[1]})" if self.losses.ndim > 1 else ""
        loss = _finite_or_inf(self.losses).min()
        return f"{self.steps} steps in {self.seconds:.1f} s on {self.device}, loss {loss:.4g}{restarts}"


def fit(model, objective, steps=500, *, inputs=(), target=None, parameters=None, lr=0.01, optimiser="adam",
        schedule=None, snapshots=0, log_every=50, patience=None, seed=None, device=None, progress=True):
    """Optimise the parameters of a model by gradient descent.

    Each step computes ``prediction = model(*inputs)`` and ``objective(prediction, target)``, or ``objective(prediction)``
    when there is no target. An objective of shape (batch,) means independent restarts: each keeps its own best values of
    every parameter whose first axis is the batch.

    Args:
        model: an nn.Module, or a callable together with `parameters`.
        objective: a loss, such as one of `helpers.losses`; gives a scalar or (batch,).
        steps: number of updates.
        inputs: a tensor, or a tuple of arguments, for the model.
        target: what the objective compares with.
        parameters: a tensor to optimise, a list of them, or a dict with their names; all of the module's when left out.
        lr: step size of Adam and SGD. L-BFGS searches along its line and needs none.
        optimiser: ``"adam"``, ``"sgd"`` or ``"lbfgs"``. The last is for smooth objectives: it stops at the kinks of a
            spectral loss, and it reads from the device in every step.
        schedule: None, ``"cosine"`` (down to nothing) or ``"exponential"`` (down to a hundredth); None with L-BFGS.
        snapshots: how many, denser in the beginning; or a list of steps.
        log_every: steps between two readings of the loss from the device.
        patience: stop when no restart has improved for so many steps, as seen at a reading.
        seed: for models that draw random numbers; the same seed gives the same result.
        device: where to compute; see `choose_device`. A callable stays with its parameters unless told otherwise.
        progress: show progress, and leave one line. False leaves nothing.

    Returns:
        `Fit`. The model carries the best parameters, and is back on the device that it came from.

    Raises:
        FitError: a loss or a gradient is NaN or infinite; its ``.fit`` holds the best so far.
        TypeError, ValueError: an argument is not what it should be.

    Chapters: first-steps/pytorch, first-steps/gain.
    """
    check_count("steps", steps)
    check_count("log_every", log_every)
    _check_choice("optimiser", optimiser, _OPTIMISERS)
    _check_choice("schedule", schedule, (None,) if optimiser == "lbfgs" else _SCHEDULES)
    named = _named_parameters(model, parameters)
    if device is None and not isinstance(model, nn.Module):
        device = next(iter(named.values())).device
    device = choose_device(device)
    if seed is not None:
        torch.manual_seed(seed)
    with _at(device, (model, objective), named):
        # After the parameters, so that a parameter which is also an input stays the same tensor.
        inputs = map_tensors(lambda tensor: tensor.to(device), inputs if isinstance(inputs, tuple) else (inputs,))
        goal = () if target is None else (check_finite("target", target).detach().to(device),)
        descent = Descent(
            lambda: model(*inputs),
            lambda prediction: _check_loss(objective(prediction, *goal)),
            named,
            _OPTIMISERS[optimiser](list(named.values()), lr),
            _snapshot_steps(snapshots, steps),
        )
        display = _progress.start(steps, progress)
        try:
            descent.run(steps, _SCHEDULES[schedule], log_every, patience, display.update)
            result = _result(descent, model, device)
            display.close(repr(result))
        finally:
            display.close()
    if descent.failure:
        raise FitError(*descent.failure, result)
    return result


def _result(descent, model, device):
    with torch.no_grad():
        audio = copy_tensors(descent.predict())
    snapshots = [Snapshot(*map_tensors(torch.Tensor.cpu, moment)) for moment in descent.snapshots]
    best, audio = map_tensors(torch.Tensor.cpu, (descent.best, audio))
    return Fit(descent.losses, best, model, audio, snapshots, descent.seconds, device)


def _check_loss(loss):
    if not isinstance(loss, torch.Tensor) or loss.ndim > 1:
        came = tuple(loss.shape) if isinstance(loss, torch.Tensor) else type(loss).__name__
        raise ValueError(f"objective must give a tensor of shape () or (batch,), got {came}")
    if not loss.requires_grad:
        raise ValueError("objective must depend on the parameters, got a loss without a gradient")
    return loss


def _named_parameters(model, parameters):
    """Names and tensors to optimise, each a leaf that asks for a gradient and holds finite numbers."""
    known = {}
    if isinstance(model, nn.Module):
        known = {name: tensor for name, tensor in model.named_parameters() if tensor.requires_grad}
    elif not callable(model):
        raise TypeError(f"model must be a module or a callable, got {type(model).__name__}")
    if isinstance(parameters, torch.Tensor):
        parameters = [parameters]
    if parameters is None:
        named = known
    elif isinstance(parameters, dict):
        named = dict(parameters)
    else:
        names = {id(tensor): name for name, tensor in known.items()}
        named = {names.get(id(tensor), f"parameters[{i}]"): tensor for i, tensor in enumerate(parameters)}
    if not named:
        raise ValueError("parameters must hold at least one tensor to optimise, got none")
    for name, tensor in named.items():
        if not isinstance(tensor, torch.Tensor) or not tensor.is_leaf or not tensor.requires_grad:
            raise ValueError(f"{name} must be a leaf tensor with requires_grad=True")
        check_finite(name, tensor.detach())
    return named


def _snapshot_steps(snapshots, steps):
    """Steps to keep: those in the list, or so many, evenly spaced on a logarithmic axis, first and last included."""
    if not isinstance(snapshots, int):
        if any(not 0 <= step < steps for step in snapshots):
            raise ValueError(f"snapshots must be steps from 0 to {steps - 1}, got {list(snapshots)}")
        return set(snapshots)
    return {round(steps ** (i / max(snapshots - 1, 1))) - 1 for i in range(snapshots)}


def _check_choice(name, choice, choices):
    if choice not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {choice!r}")


@contextlib.contextmanager
def _at(device, owners, named):
    """Take modules and parameters to the device, and home again."""
    home = next(iter(named.values())).device

    def move(place):
        for owner in owners:
            if isinstance(owner, nn.Module):
                owner.to(place)
        for tensor in named.values():
            tensor.data = tensor.data.to(place)

    move(device)
    try:
        yield
    finally:
        move(home)


def _finite_or_inf(losses):
    return torch.where(losses.isfinite(), losses, math.inf)
