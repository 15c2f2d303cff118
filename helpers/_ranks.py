"""Several processes at one task: who they are, and how they tell each other.

Chapter: synths/your-own-sound.
"""

import contextlib
import datetime
import os

import torch
import torch.distributed


class _Alone:
    """One process."""

    rank, size = 0, 1

    def __init__(self, device):
        self.device = device

    def told(self, function):
        """What rank 0 computes, for all."""
        return function()

    def gathered(self, value):
        """The value of each rank."""
        return [value]


class _Shared(_Alone):
    """One process of several that `torchrun` started."""

    def __init__(self, device):
        self.group = torch.distributed
        self.rank, self.size, local = (int(os.environ[key]) for key in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
        backend = "gloo"
        if device.type == "cuda":
            count = torch.cuda.device_count()
            device = torch.device("cuda", local % count)
            torch.cuda.set_device(device)
            # NCCL wants a GPU for each process.
            backend = "nccl" if int(os.environ["LOCAL_WORLD_SIZE"]) <= count else "gloo"
        super().__init__(device)
        # Whoever is done early waits for the others, however long they take.
        self.group.init_process_group(backend, timeout=datetime.timedelta(days=7))

    def told(self, function):
        answer = [None]
        if self.rank == 0:
            try:
                answer = [function()]
            except OSError as error:
                answer = [error]
        self.group.broadcast_object_list(answer)
        if isinstance(answer[0], OSError):
            raise answer[0]
        return answer[0]

    def gathered(self, value):
        values = [None] * self.size
        self.group.all_gather_object(values, value)
        return values


def is_first():
    """Whether this process is the one that speaks: the only one, or rank 0."""
    return int(os.environ.get("RANK", 0)) == 0


@contextlib.contextmanager
def together(device):
    """The processes that work on this run: one, or those that `torchrun` started, each with a device of its own."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield _Alone(device)
        return
    ranks = _Shared(device)
    try:
        yield ranks
    finally:
        ranks.group.destroy_process_group()
