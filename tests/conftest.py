"""What all tests share: quiet fits, reproducible numbers, and one thread, as the builds have it."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def same_random_numbers():
    """Each test draws the same numbers, whichever ran before it."""
    torch.manual_seed(0)


@pytest.fixture
def way(request, monkeypatch):
    """Compute with numba kernels, or in plain PyTorch as on other devices."""
    if request.param == "plain":
        monkeypatch.setenv("HELPERS_NO_NUMBA", "1")
    return request.param
