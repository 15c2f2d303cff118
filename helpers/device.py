"""Where to compute."""

import torch


def choose_device(preferred=None):
    """Choose the device: a CUDA GPU where there is one, else the CPU.

    Apple's GPU ("mps") is used only when it is asked for: it has no float64, and for what this book does the CPU
    of the same machine is mostly as fast.

    Args:
        preferred: None to choose, or a device or its name, such as ``"cpu"``, ``"cuda:1"`` or ``"mps"``.

    Returns:
        torch.device.

    Raises:
        RuntimeError: the preferred device is not there, or fails a self-test.

    Chapter: first-steps/pytorch.
    """
    if preferred is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(preferred)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise RuntimeError(f"device {device} was asked for, but PyTorch finds no CUDA GPU here; try cpu")
    if device.type == "mps":
        _check_mps()
    return device


def _check_mps():
    if not torch.backends.mps.is_available():
        raise RuntimeError("device mps was asked for, but PyTorch finds no Apple GPU here; try cpu")
    try:
        sound = _self_test("mps")
    except (RuntimeError, NotImplementedError, TypeError) as error:
        raise RuntimeError(f"device mps cannot do what this book needs ({error}); try cpu") from error
    if not sound:
        raise RuntimeError("device mps computes a Fourier transform or its gradient wrongly; try cpu")


def _self_test(device):
    """Compare an STFT, complex arithmetic and the gradient through both with the CPU's."""

    def gradient(device):
        x = torch.sin(torch.arange(1024.0)).to(device).requires_grad_()
        window = torch.hann_window(256, device=device)
        spectrum = torch.stft(x, 256, 64, window=window, return_complex=True)
        (spectrum * spectrum.conj()).real.clamp(min=1e-8).log().sum().backward()
        return x.grad.cpu()

    return torch.allclose(gradient(device), gradient("cpu"), rtol=1e-2, atol=1e-2)
