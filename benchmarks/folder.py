"""A folder of 50 short sounds through `helpers.folder`: batches against one sound at a time, two processes against one.

The sounds are two excerpts of each recording, a quarter to three quarters of a second, matched with 100 steps, a fifth of
what standard quality takes. All is CPU time, so that other work on the machine does not count.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile
import torch

from helpers import folder, recordings

SAMPLE_RATE, STEPS, COUNT = 16_000, 100, 50
BATCHES = (1, 2, 4, 8, 16)


def run():
    """Rows: each batch size against one at a time, the best of them, and two processes against one."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        source, total_s = _sounds(Path(place) / "sounds")
        settings = folder.Settings(steps=STEPS)
        folder.match_folder(_few(source, Path(place) / "few"), Path(place) / "warm", settings)  # compiles
        seconds = {batch: _cpu_seconds(source, Path(place) / f"batch{batch}", settings, batch) for batch in BATCHES}
        rows = [
            (f"throughput at batch {batch} / batch 1", seconds[1] / cost, None, f"{COUNT / cost * 60:.0f} sounds a CPU minute")
            for batch, cost in seconds.items() if batch > 1
        ]  # fmt: skip
        best = min(seconds, key=seconds.get)
        detail = f"batch {best}; {COUNT} sounds, {total_s:.0f} s together, {STEPS} steps"
        rows.append(("throughput at the best batch / batch 1", seconds[1] / seconds[best], ">= 1.0", detail))
        (one, clock_one), (two, clock_two) = (_processes(source, Path(place) / f"by{count}", count) for count in (1, 2))
        detail = f"start included, CPU time of the busier one, as if each had a core; by the clock {clock_one / clock_two:.2f} on a shared machine"
        rows.append(("throughput of two processes / one", one / two, ">= 1.4", detail))
    return rows


def _sounds(source):
    source.mkdir()
    names, samples = recordings.names(), 0
    for i in range(COUNT):
        length = round((0.25 + 0.5 * (i * 7 % COUNT) / COUNT) * SAMPLE_RATE)
        start = 0 if i < len(names) else 2000
        sound = recordings.load(names[i % len(names)], SAMPLE_RATE)[0, start : start + length]
        soundfile.write(source / f"{i:02d}.wav", sound.numpy(), SAMPLE_RATE)
        samples += len(sound)
    return source, samples / SAMPLE_RATE


def _few(source, few):
    few.mkdir()
    for path in sorted(source.iterdir())[:2]:
        (few / path.name).write_bytes(path.read_bytes())
    return few


def _cpu_seconds(source, out, settings, batch):
    started = time.process_time()
    folder.match_folder(source, out, settings, batch, "cpu", progress=False)
    return time.process_time() - started


def _processes(source, out, count):
    """CPU seconds of the busiest of so many processes, started as torchrun does, and seconds by the clock."""
    command = [sys.executable, "-m", "helpers", "match", source, "--out", out, "--steps", str(STEPS), "--device", "cpu"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": 1}
    started, running = time.perf_counter(), []
    for rank in range(count):
        own = {key: str(value) for key, value in (shared | {"RANK": rank, "LOCAL_RANK": rank}).items()}
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | own))
    seconds = []
    for process in running:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{command} ended with status {process.returncode}")
        seconds.append(usage.ru_utime + usage.ru_stime)
    return max(seconds), time.perf_counter() - started
