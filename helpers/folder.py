"""Match every sound of a folder, alone or shared among processes; stop and go on as you like.

What is finished lies in ``OUT/matches``, a folder for each sound: ``match.wav``, ``parameters.pt`` and, written last,
``record.json``, which says which file and which settings they belong to. A sound whose record agrees is not done again.

Chapter: synths/your-own-sound.
"""

import csv
import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import soundfile
import torch
from scipy.io import wavfile
from tqdm import tqdm

from helpers import gallery, matching, recordings, resynthesis, signals
from helpers._ranks import together
from helpers.device import choose_device

SUFFIXES = set(".wav .wave .flac .ogg .oga .opus .mp3 .aif .aiff .aifc .au .snd .caf .w64 .rf64 .m4a .aac .wma".split())
SECONDS_AT_ONCE = 120.0  # of padded sound in a batch: it bounds the memory
_BATCH = {"cpu": 8}
_BATCH_ELSEWHERE = 64
_FORMAT = 1


@dataclass(frozen=True)
class Settings:
    """What a match depends on besides its sound."""

    quality: str = "standard"
    sample_rate: int = 16000
    steps: int | None = None
    format: int = _FORMAT


@dataclass
class Report:
    """What a run did.

    Attributes:
        done: how many sounds were matched.
        kept: how many had been matched before.
        problems: file -> why it was skipped.
    """

    done: int = 0
    kept: int = 0
    problems: dict = field(default_factory=dict)


def match_folder(source, out, settings=Settings(), batch=None, device=None, progress=True):
    """Match the sounds of a folder and its subfolders; write their matches, one table, and one page to listen.

    Under ``torchrun`` the processes share the work, and each returns the report of all.

    Args:
        source: folder of sound files.
        out: folder for the results; made when it is not there.
        settings: `Settings`.
        batch: how many sounds are matched side by side; 8 on the CPU, 64 elsewhere, when left out.
        device: see `choose_device`.
        progress: whether to show a bar when standard error is a terminal.

    Returns:
        `Report`.

    Raises:
        FileNotFoundError: `source` is not a folder, or holds no file with a name like a sound's.
    """
    source, out, device = Path(source).expanduser(), Path(out).expanduser(), choose_device(device)
    with together(device) as ranks:
        plan = ranks.told(lambda: _plan(source, out, settings, batch or _BATCH.get(device.type, _BATCH_ELSEWHERE), ranks.size))
        report = Report(kept=plan["kept"])
        share = plan["shares"][ranks.rank]
        bar = tqdm(total=sum(map(len, share)), unit="sound", disable=None if progress and ranks.rank == 0 else True)
        with bar:
            for names in share:
                report.problems |= _match_batch(source, out, names, settings, ranks.device)
                bar.update(len(names))
        for problems in ranks.gathered(report.problems):
            report.problems |= problems
        report.done = sum(len(names) for share in plan["shares"] for names in share) - len(report.problems)
        if ranks.rank == 0:
            _write_results(source, out, report.problems)
        ranks.gathered(None)  # nobody leaves before the results are written
    return report


def find(source, out):
    """Names of the sounds in a folder, relative to it; not those that an earlier run wrote."""
    if not source.is_dir():
        raise FileNotFoundError(f"there is no folder {source}")
    written = (out / "matches").resolve()
    paths = [path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()]
    paths = [path for path in paths if written not in path.resolve().parents and not path.name.startswith(".")]
    if not paths:
        raise FileNotFoundError(f"there is no sound file in {source}")
    return sorted(path.relative_to(source).as_posix() for path in paths)


def _plan(source, out, settings, batch, ranks):
    """Who does what. Batches depend on the folder alone, so that any number of processes computes the same."""
    names = find(source, out)
    seconds = {name: _seconds(source / name) for name in names}
    batches, finished = [], {name for name in names if _is_finished(source, out, name, settings)}
    for name in sorted(names, key=lambda name: (seconds[name], name)):
        room = batches and len(batches[-1]) < batch and (len(batches[-1]) + 1) * seconds[name] <= SECONDS_AT_ONCE
        batches[-1].append(name) if room else batches.append([name])
    waiting = [[name for name in names if name not in finished] for names in batches]
    shares = [[] for _ in range(ranks)]
    costs = [0.0] * ranks
    for names in sorted(filter(None, waiting), key=lambda names: -_cost(names, seconds)):
        least = costs.index(min(costs))
        shares[least].append(names)
        costs[least] += _cost(names, seconds)
    return {"shares": shares, "kept": len(finished)}


def _cost(names, seconds):
    return sum(seconds[name] + 0.3 for name in names)


def _seconds(path):
    """Length as the header has it, for planning; 0 for what cannot be read."""
    try:
        return soundfile.info(path).duration
    except (soundfile.LibsndfileError, TypeError):
        return 0.0


def _key(source, name, settings):
    return asdict(settings) | {"sha256": hashlib.sha256((source / name).read_bytes()).hexdigest()}


def _files(out, name):
    place = out / "matches" / name
    return {"wav": place / "match.wav", "pt": place / "parameters.pt", "json": place / "record.json"}


def _is_finished(source, out, name, settings):
    files = _files(out, name)
    try:
        record = json.loads(files["json"].read_text(encoding="utf-8"))
        return all(path.is_file() for path in files.values()) and record["key"] == _key(source, name, settings)
    except (OSError, ValueError, KeyError):
        return False


def _match_batch(source, out, names, settings, device):
    """Match some sounds and keep what came out; returns name -> problem of those that were skipped."""
    problems, sounds, keys = {}, {}, {}
    for name in names:
        try:
            keys[name] = _key(source, name, settings)
            sounds[name] = recordings.load_file(source / name, settings.sample_rate)
        except (OSError, ValueError) as error:
            problems[name] = str(error)
    if not sounds:
        return problems
    options = {"quality": settings.quality, "steps": settings.steps, "device": device}
    try:
        matches = matching.match(list(sounds.values()), settings.sample_rate, **options)
    except (ArithmeticError, RuntimeError) as error:  # a number that is not finite, or too little memory
        if len(sounds) == 1:
            return problems | {name: f"{source / name} could not be matched: {error}" for name in sounds}
        for name in sounds:
            problems |= _match_batch(source, out, [name], settings, device)
        return problems
    for i, (name, sound) in enumerate(sounds.items()):
        _keep(_files(out, name), name, sound, matches[i], keys[name])
    return problems


def _keep(files, name, sound, match, key):
    """Write the results of one sound; the record comes last and vouches for the others."""
    rate = key["sample_rate"]
    files["wav"].parent.mkdir(parents=True, exist_ok=True)
    # Floats, for a match may go beyond full scale. libsndfile would add the time of day to them.
    _write(files["wav"], lambda path: wavfile.write(path, rate, match.audio[0].numpy()))
    _write(files["pt"], lambda path: resynthesis.save(match.model, path))
    player = gallery.player(sound, match.audio, rate)
    record = {"key": key, "row": {"file": name} | summary(match, sound, rate), "player": player}
    _write(files["json"], lambda path: path.write_text(json.dumps(record), encoding="utf-8"))


def _write(path, writer):
    """Write a file whole or not at all."""
    part = path.with_name(f".part-{path.name}")
    writer(part)
    os.replace(part, path)


@torch.no_grad()
def summary(match, sound, sample_rate):
    """What the parameters of a match say, in a row of the table.

    Args:
        match: `helpers.matching.Match` of one sound.
        sound: (1, n), what was matched.
        sample_rate: in Hz.

    Returns:
        dict: ``distance`` and that of silence, pitch, levels in dB of partials and noise as heard in the room, and of its
        echoes, inharmonicity in cents (deviation of the ratios, weighted by power), numbers of partials and parameters.
    """
    model, (f0_hz,) = match.model, match.f0_hz
    silence = matching.MultiScaleSpectralLoss()(torch.zeros_like(sound), sound)
    partials = model.partials()
    noise = model.noise() if model.log_magnitudes is not None else torch.zeros_like(partials)
    power = model.log_amplitudes.exp().square().sum(dim=-1)
    cents = 1200 * torch.log2(model.frequencies_hz()[..., 0] / model.f0_hz()[:, :1] / model.ratios)
    row = {
        "seconds": sound.shape[-1] / sample_rate, "distance": float(match.losses.min()), "distance_of_silence": float(silence),
        "f0_median_hz": float(f0_hz.median()), "f0_lowest_hz": float(f0_hz.min()), "f0_highest_hz": float(f0_hz.max()),
        "partials_db": _db(model.room(partials)), "noise_db": _db(model.room(noise)),
        "room_db": _db(model.room(partials + noise) - partials - noise),
        "inharmonicity_cents": float((cents.abs() * power).sum() / power.sum()), "partials": model.ratios.shape[1],
        "parameters": match.n_parameters, "parameters_per_sample": match.n_parameters / sound.shape[-1],
    }  # fmt: skip
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}


def _db(x):
    return float(signals.to_db(signals.rms(x)))


def _write_results(source, out, problems):
    """One table and one page of all that is in the folder now."""
    rows, players = [], []
    for name in find(source, out):
        try:
            record = json.loads(_files(out, name)["json"].read_text(encoding="utf-8"))
        except (OSError, ValueError):
            record = None
        if name in problems or record is None:
            rows.append({"file": name, "problem": problems.get(name, "not matched")})
        else:
            rows.append(record["row"])
            players.append((record["row"], record["player"]))
    columns = [*dict.fromkeys(key for row in rows for key in row if key != "problem"), "problem"]
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "results.csv", lambda path: _write_csv(path, columns, rows))
    page = gallery.page(players, problems)
    _write(out / "gallery.html", lambda path: path.write_text(page, encoding="utf-8"))


def _write_csv(path, columns, rows):
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, columns, restval="")
        table.writeheader()
        table.writerows(rows)
