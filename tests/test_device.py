"""helpers.device."""

import pytest
import torch

from helpers import choose_device, device


def test_cpu_without_a_gpu_and_cuda_with_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device() == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device() == torch.device("cuda")
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("cuda:1") == torch.device("cuda:1")


def test_a_device_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="cuda was asked for, but PyTorch finds no CUDA GPU"):
        choose_device("cuda")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="mps was asked for, but PyTorch finds no Apple GPU"):
        choose_device("mps")


def test_mps_only_when_asked_and_after_a_self_test(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device() == torch.device("cpu")
    monkeypatch.setattr(device, "_self_test", lambda name: True)
    assert choose_device("mps") == torch.device("mps")
    monkeypatch.setattr(device, "_self_test", lambda name: False)
    with pytest.raises(RuntimeError, match="wrongly; try cpu"):
        choose_device("mps")

    def broken(name):
        raise NotImplementedError("no complex numbers")

    monkeypatch.setattr(device, "_self_test", broken)
    with pytest.raises(RuntimeError, match=r"mps cannot do .* \(no complex numbers\); try cpu"):
        choose_device("mps")


def test_the_self_test_passes_where_the_arithmetic_is_right():
    assert device._self_test("cpu")
