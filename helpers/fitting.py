"""The optimisation loop: evaluate, differentiate, step, and remember the best.

A GPU runs ahead of Python as long as Python does not ask it for a number. So losses, gradient norms and the best
parameters stay on the device, and are read only every `log_every` steps.
"""

import contextlib
import math
import time
from dataclasses import dataclass

import torch
from torch import nn

from helpers import _progress
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

    def __init__(self, message, step, parameter):
        super().__init__(message)
        self.step, self.parameter, self.fit = step, parameter, None


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
        parameters: tensors to optimise, as a list or as a dict with their names; all of the module's when left out.
        lr: step size of Adam and SGD. L-BFGS searches along its line and needs none.
        optimiser: ``"adam"``, ``"sgd"`` or ``"lbfgs"`` (which reads from the device in every step).
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

    Chapter: first-steps/gain.
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
        inputs = _map(lambda tensor: tensor.to(device), inputs if isinstance(inputs, tuple) else (inputs,))
        goal = () if target is None else (check_finite("target", target).detach().to(device),)
        run = _Run(
            lambda: model(*inputs),
            lambda prediction: objective(prediction, *goal),
            named,
            _OPTIMISERS[optimiser](list(named.values()), lr),
            _snapshot_steps(snapshots, steps),
        )
        display = _progress.start(steps, progress)
        try:
            failure = run.descend(steps, _SCHEDULES[schedule], log_every, patience, display)
            result = run.result(model, device)
            display.close(repr(result))
        finally:
            display.close()
    if failure:
        failure.fit = result
        raise failure
    return result


class _Run:
    """A fit in progress. Everything it remembers stays on the device until it is read."""

    def __init__(self, predict, judge, named, optimiser, snapshot_steps):
        self.predict, self.judge, self.optimiser = predict, judge, optimiser
        self.named = named
        self.best = _copy(named)
        self.best_loss = None
        self.snapshot_steps, self.snapshots = snapshot_steps, []
        self.step = 0
        self.remembered = False
        self.losses = torch.empty(0)  # those already read
        self.unread_losses, self.unread_norms, self.norm_labels = [], [], []
        self.seconds = 0.0

    def descend(self, steps, schedule, log_every, patience, display):
        """Make the steps; returns the FitError that ended them early, or None. The best parameters stay."""
        group = self.optimiser.param_groups[0]
        lr = group["lr"]
        started = time.perf_counter()
        try:
            for self.step in range(steps):
                group["lr"] = lr * schedule(self.step / steps)
                self.remembered = False
                self.optimiser.step(self._evaluate)
                if (self.step + 1) % log_every == 0 or self.step + 1 == steps:
                    self._read()
                    display.update(self.step + 1, float(self.losses.min()))
                    if patience and self._stalled_steps() >= patience:
                        break
        except FitError as error:
            return error
        finally:
            self._restore_best()
            self.seconds = time.perf_counter() - started

    def result(self, model, device):
        """The `Fit`, from the best parameters."""
        with torch.no_grad():
            audio = self.predict()
        snapshots = [Snapshot(*_map(torch.Tensor.cpu, moment)) for moment in self.snapshots]
        best, audio = _map(torch.Tensor.cpu, (self.best, _copy(audio)))
        return Fit(self.losses, best, model, audio, snapshots, self.seconds, device)

    def _evaluate(self):
        self.optimiser.zero_grad()
        prediction = self.predict()
        loss = self.judge(prediction)
        total = _checked_loss(loss).sum()
        total.backward()
        if not self.remembered:  # L-BFGS evaluates several times in a step
            self._remember(prediction, _copy(loss))
        return total

    @torch.no_grad()
    def _remember(self, prediction, loss):
        """Note loss, gradient norms, the best parameters, and a snapshot; before the optimiser moves on."""
        self.remembered = True
        self.unread_losses.append(loss)
        graded = [(name, tensor.grad) for name, tensor in self.named.items() if tensor.grad is not None]
        self.unread_norms += torch._foreach_norm([grad for _, grad in graded], math.inf)
        self.norm_labels += [(self.step, name) for name, _ in graded]
        if self.best_loss is None:
            self.best_loss = torch.full_like(loss, math.inf)
        self._keep_best(loss)
        if self.step in self.snapshot_steps:
            self.snapshots.append((self.step, loss, _copy(self.named), _copy(prediction)))

    def _keep_best(self, loss):
        better = loss < self.best_loss  # a NaN is never better
        better_in_all = loss.sum() < self.best_loss.sum() if loss.ndim else better
        torch.where(better, loss, self.best_loss, out=self.best_loss)
        for name, tensor in self.named.items():
            own = loss.ndim and tensor.ndim and len(tensor) == len(loss)
            choice = better.reshape(-1, *[1] * (tensor.ndim - 1)) if own else better_in_all
            torch.where(choice, tensor, self.best[name], out=self.best[name])

    def _restore_best(self):
        with torch.no_grad():
            for name, tensor in self.named.items():
                tensor.copy_(self.best[name])

    def _read(self):
        """Fetch losses and gradient norms from the device: the one place that waits for it."""
        losses = torch.stack(self.unread_losses).cpu()
        norms = torch.stack(self.unread_norms).cpu()
        first = len(self.losses)
        self.losses = torch.cat([self.losses.to(losses.dtype), losses]) if first else losses
        labels = self.norm_labels
        self.unread_losses, self.unread_norms, self.norm_labels = [], [], []
        bad_losses = (~losses.isfinite()).reshape(len(losses), -1).any(dim=1).nonzero().flatten() + first
        bad_norms = (~norms.isfinite()).nonzero().flatten()
        if len(bad_losses) or len(bad_norms):
            step, parameter = labels[bad_norms[0]] if len(bad_norms) else (math.inf, None)
            if len(bad_losses) and bad_losses[0] < step:
                step, parameter = int(bad_losses[0]), None
            raise self._failure(step, parameter, self.losses[step])

    def _failure(self, step, parameter, loss):
        what = f"the gradient of {parameter} is" if parameter else "all gradients are finite, but the loss is"
        shown = ", ".join(f"{each:.4g}" for each in loss.reshape(-1)[:8].tolist())
        return FitError(f"step {step}: {what} NaN or infinite (loss {shown})", step, parameter)

    def _stalled_steps(self):
        return len(self.losses) - 1 - int(self.losses.argmin(dim=0).max())


def _checked_loss(loss):
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


def _copy(value):
    """The same value, its tensors out of the graph and safe from updates in place."""
    return _map(lambda tensor: tensor.detach().clone(), value)


def _map(function, value):
    """The same value with the function applied to every tensor in it."""
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, (tuple, list)):
        return type(value)(_map(function, each) for each in value)
    if isinstance(value, dict):
        return {name: _map(function, each) for name, each in value.items()}
    return value


def _finite_or_inf(losses):
    return torch.where(losses.isfinite(), losses, math.inf)
