"""The steps of `helpers.fit`, and what is remembered of each without waiting for the device."""

import math
import time

import torch


class Descent:
    """One optimisation in progress.

    Args:
        predict: gives the model's output.
        judge: gives the loss of that output, () or (batch,).
        named: name -> tensor to optimise.
        optimiser: a torch.optim.Optimizer of these tensors.
        snapshot_steps: set of steps to keep.
    """

    def __init__(self, predict, judge, named, optimiser, snapshot_steps=()):
        self.predict, self.judge = predict, judge
        self.named, self.optimiser = named, optimiser
        self.snapshot_steps, self.snapshots = snapshot_steps, []
        self.best = copy_tensors(named)
        self.best_loss = self.best_total = None
        self.losses = None  # (steps, ...) on the CPU, those that were read
        self.failure = None  # (step, parameter's name or None) of the first NaN or infinity
        self.seconds = 0.0
        self._step, self._is_remembered = 0, False
        self._unread_losses, self._unread_norms, self._labels = [], [], []

    def run(self, steps, schedule, log_every, patience, show):
        """Step until the end, a failure, or until patience is lost; the tensors are left at their best."""
        (group,) = self.optimiser.param_groups
        lr = group["lr"]
        started = time.perf_counter()
        try:
            for step in range(steps):
                group["lr"] = lr * schedule(step / steps)
                self.step(step)
                if (step + 1) % log_every == 0 or step + 1 == steps:
                    self.read()
                    show(step + 1, float(self.losses.min()))
                    if self.failure or (patience and self._stalled_steps() >= patience):
                        break
        finally:
            with torch.no_grad():
                for name, tensor in self.named.items():
                    tensor.copy_(self.best[name])
            self.seconds = time.perf_counter() - started

    def step(self, step):
        """Evaluate, differentiate, remember, update."""
        self._step, self._is_remembered = step, False
        self.optimiser.step(self._evaluate)

    def read(self):
        """Fetch losses and gradients' norms: the one place that waits for the device."""
        losses = torch.stack(self._unread_losses).cpu()
        norms = torch.stack(self._unread_norms).cpu()
        first = 0 if self.losses is None else len(self.losses)
        self.losses = losses if self.losses is None else torch.cat([self.losses, losses])
        bad_losses = _where(~losses.isfinite().reshape(len(losses), -1).all(dim=1))
        candidates = [self._labels[i] for i in _where(~norms.isfinite())[:1]]
        candidates += [(first + i, None) for i in bad_losses[:1]]
        self.failure = min(candidates, key=lambda candidate: candidate[0], default=None)
        self._unread_losses, self._unread_norms, self._labels = [], [], []

    def _evaluate(self):
        self.optimiser.zero_grad()
        prediction = self.predict()
        loss = self.judge(prediction)
        total = loss.sum()
        total.backward()
        if not self._is_remembered:  # L-BFGS evaluates several times in a step
            self._remember(prediction, copy_tensors(loss))
        return total

    @torch.no_grad()
    def _remember(self, prediction, loss):
        self._is_remembered = True
        self._unread_losses.append(loss)
        gradients = {name: tensor.grad for name, tensor in self.named.items() if tensor.grad is not None}
        if not gradients:
            raise ValueError("objective must depend on the parameters, got a loss without a gradient")
        self._unread_norms += torch._foreach_norm(list(gradients.values()), math.inf)
        self._labels += [(self._step, name) for name in gradients]
        self._keep_best(loss)
        if self._step in self.snapshot_steps:
            self.snapshots.append((self._step, loss, copy_tensors(self.named), copy_tensors(prediction)))

    def _keep_best(self, loss):
        """Where a restart is better than before, keep its row; of what all share, keep that of the best total."""
        total = loss.sum()
        if self.best_loss is None:
            self.best_loss, self.best_total = torch.full_like(loss, math.inf), torch.full_like(total, math.inf)
        better, better_total = loss < self.best_loss, total < self.best_total  # never for a NaN
        torch.where(better, loss, self.best_loss, out=self.best_loss)
        torch.where(better_total, total, self.best_total, out=self.best_total)
        for name, tensor in self.named.items():
            own = loss.ndim and tensor.ndim and len(tensor) == len(loss)
            choice = better.reshape(-1, *[1] * (tensor.ndim - 1)) if own else better_total
            torch.where(choice, tensor, self.best[name], out=self.best[name])

    def _stalled_steps(self):
        return len(self.losses) - 1 - int(self.losses.argmin(dim=0).max())


def map_tensors(function, value):
    """The same value with the function applied to every tensor in it."""
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, (tuple, list)):
        return type(value)(map_tensors(function, each) for each in value)
    if isinstance(value, dict):
        return {name: map_tensors(function, each) for name, each in value.items()}
    return value


def copy_tensors(value):
    """The same value, its tensors out of the graph and safe from updates in place."""
    return map_tensors(lambda tensor: tensor.detach().clone(), value)


def _where(flags):
    return flags.nonzero().flatten().tolist()
