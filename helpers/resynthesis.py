"""A matched sound as an instrument: keep its parameters, play them at another pitch, at another pace, by another voice.

Each function takes a `PartialsPlusNoise` of one sound and returns a new one; the old one stays as it is.

Chapter: synths/your-own-sound.
"""

import copy
import json
from pathlib import Path

import torch

from helpers.checks import check_count
from helpers.models import PartialsPlusNoise
from helpers.signals import upsample

_FORMAT = 1


def save(model, path):
    """Write a model's parameters to a file: small with ``.pt``, readable by other programs with ``.json``.

    Args:
        model: `PartialsPlusNoise`, such as ``Match.model``.
        path: of the file; its suffix chooses.

    Raises:
        ValueError: another suffix.
    """
    path = _check_suffix(path)
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    content = {"format": _FORMAT, "sample_rate": model.sample_rate, "n_samples": model.n_samples, "state": state}
    if path.suffix == ".pt":
        torch.save(content, path)
    else:
        content["state"] = {name: tensor.tolist() for name, tensor in state.items()}
        path.write_text(json.dumps(content), encoding="utf-8")


def load(path):
    """Read what `save` wrote. Nothing but numbers is taken from the file, so that one from elsewhere can do no harm.

    Args:
        path: of a ``.pt`` or ``.json`` file.

    Returns:
        `PartialsPlusNoise`, float32.

    Raises:
        ValueError: another suffix, or the file is not what `save` writes.
    """
    path = _check_suffix(path)
    try:
        content = torch.load(path, weights_only=True) if path.suffix == ".pt" else json.loads(path.read_text("utf-8"))
        state = {name: torch.as_tensor(values, dtype=torch.float32) for name, values in content["state"].items()}
        model = _empty(content["sample_rate"], content["n_samples"], state)
        model.load_state_dict(state)
    except OSError:
        raise
    except Exception as error:  # a file of any other kind, in one of many ways
        raise ValueError(f"{path} does not hold the parameters of a match: {error}") from error
    return model


def transpose(model, semitones, keep_formants=False):
    """Another pitch, the same pace.

    Args:
        model: `PartialsPlusNoise`.
        semitones: up, or down when negative.
        keep_formants: whether the levels stay where they are in frequency, as with a singer who sings another note.
            Otherwise they move with their partials, as on a tape that runs faster.

    Returns:
        `PartialsPlusNoise`.
    """
    ratio = 2 ** (semitones / 12)
    model = copy.deepcopy(model)
    model.tracked_hz *= ratio
    if keep_formants:
        harmonics = int((model.ratios[0] == torch.arange(1, model.ratios.shape[1] + 1).to(model.ratios)).sum())
        place = (torch.arange(1, harmonics + 1) * ratio - 1).clamp(0, harmonics - 1).to(model.ratios)
        below = place.long().clamp(max=max(harmonics - 2, 0))
        levels = model.log_amplitudes.data[:, :harmonics]
        above = levels[:, (below + 1).clamp(max=harmonics - 1)]
        model.log_amplitudes.data[:, :harmonics] = torch.lerp(levels[:, below], above, (place - below)[:, None])
    return model


def stretch(model, factor):
    """Another pace, the same pitch. The controls stand on a grid that ends with the sound, so the end is moved.

    Args:
        model: `PartialsPlusNoise`.
        factor: of the length; two is half the pace.

    Returns:
        `PartialsPlusNoise`.
    """
    model = copy.deepcopy(model)
    model.n_samples = check_count("n_samples", max(1, round(factor * model.n_samples)))
    return model


def exchange(timbre, performance, loudness=True):
    """The spectrum of one sound on the pitch of another, over the length of that other.

    Args:
        timbre: `PartialsPlusNoise` that gives the levels of the partials, the noise and the room.
        performance: `PartialsPlusNoise` that gives pitch and length.
        loudness: whether `performance` gives the loudness of each moment too.

    Returns:
        `PartialsPlusNoise`.

    Raises:
        ValueError: the two have different sample rates.
    """
    if timbre.sample_rate != performance.sample_rate:
        rates = f"{timbre.sample_rate} and {performance.sample_rate}"
        raise ValueError(f"timbre and performance must have the same sample rate, got {rates} Hz")
    model = copy.deepcopy(timbre)
    model.n_samples = performance.n_samples
    model.tracked_hz = _on_frames(performance.f0_hz().detach(), model.tracked_hz.shape[-1])
    model.bend.data.zero_()
    if loudness:
        wanted = _on_frames(_level(performance), model.tracked_hz.shape[-1])
        change = (wanted / _level(timbre).clamp(min=1e-4)).clamp(max=10.0).log()
        model.log_amplitudes.data += change.clamp(min=-12)[:, None]
        if model.log_magnitudes is not None:
            model.log_magnitudes.data += _on_frames(change, model.log_magnitudes.shape[-1]).clamp(min=-12)[:, None]
    return model


def _level(model):
    """Root of the summed squares of the partials in each frame, (1, frames)."""
    return model.log_amplitudes.detach().exp().square().sum(dim=1).sqrt()


def _on_frames(control, frames):
    """The same lines on another number of frames."""
    return torch.cat([upsample(control, max(frames - 1, 1)), control[..., -1:]], dim=-1)[..., :frames]


def _empty(sample_rate, n_samples, state):
    """A model with the shapes of a saved one."""
    bands, noise_frames = state["log_magnitudes"].shape[1:] if "log_magnitudes" in state else (0, 0)
    taps = state["response"].shape[1] if "response" in state else 0
    silence = torch.zeros(1, check_count("n_samples", n_samples))
    return PartialsPlusNoise(
        silence, check_count("sample_rate", sample_rate), state["tracked_hz"], state["ratios"], bands, noise_frames, taps
    )  # fmt: skip


def _check_suffix(path):
    path = Path(path).expanduser()
    if path.suffix not in (".pt", ".json"):
        raise ValueError(f"path must end in .pt or .json, got {path.name}")
    return path
