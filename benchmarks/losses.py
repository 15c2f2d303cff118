"""The multi-scale spectral loss against auraloss, forward and backward, with an unchanged target of 2 s at 16 kHz."""

import torch
from auraloss.freq import MultiResolutionSTFTLoss

from benchmarks import compare
from helpers import losses

PEERS = ("auraloss",)
SIZES = (2048, 1024, 512, 256, 128, 64)


def auraloss():
    """auraloss in the configuration that gives the same values."""
    hops = [size // 4 for size in SIZES]
    weights = {"w_sc": 0.0, "w_log_mag": 1.0, "w_lin_mag": 1.0}
    loss = MultiResolutionSTFTLoss(fft_sizes=SIZES, hop_sizes=hops, win_lengths=SIZES, mag_distance="L1", **weights)
    return lambda prediction, target: loss(prediction[:, None], target[:, None])


def run():
    """Rows for one example, and for a batch of eight."""
    return [_row(batch) for batch in (1, 8)]


def _row(batch):
    generator = torch.Generator().manual_seed(0)
    prediction, target = 0.1 * torch.randn(2, batch, 32000, generator=generator)
    prediction.requires_grad_()

    def descend(loss):
        prediction.grad = None
        loss(prediction, target).backward()

    theirs, ours = auraloss(), losses.MultiScaleSpectralLoss(SIZES)
    _, _, ratio = compare(lambda: descend(theirs), lambda: descend(ours), rounds=30 // batch + 5)
    what = f"auraloss time / MultiScaleSpectralLoss time, batch {batch}"
    return what, ratio, ">= 2.5" if batch == 1 else None, "forward and backward, 2 s at 16 kHz, process time"
