"""A folder of sounds: matched once, again only where something changed, by one process or several, killed or not."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
import torch

from helpers import __main__ as terminal
from helpers import folder, gallery, matching, recordings, resynthesis
from tests.browser import chromium, visit

NAMES = ("saxophone", "guitar_nylon", "tom", "bell", "singing", "cello")
SETTINGS = folder.Settings(steps=3)


@pytest.fixture
def sounds(tmp_path):
    """Six short sounds, two of them in a subfolder, a file that is none, and one that has nothing to do with it."""
    source = tmp_path / "sounds"
    (source / "sub").mkdir(parents=True)
    for i, name in enumerate(NAMES):
        samples = recordings.load(name)[0, : 1600 + 400 * i].numpy()
        soundfile.write(source / ("sub" if i % 3 == 2 else "") / f"{name}.wav", samples, 16_000)
    (source / "broken.wav").write_text("no sound at all")
    (source / "notes.md").write_text("# Notes")
    return source


def rows(out):
    with (out / "results.csv").open(encoding="utf-8", newline="") as stream:
        return {row["file"]: row for row in csv.DictReader(stream)}


def written(out):
    """Everything below matches/, with the time of its last change."""
    return {path.relative_to(out).as_posix(): path.stat().st_mtime_ns for path in (out / "matches").rglob("*.*") if path.is_file()}


def test_every_sound_is_matched_and_what_is_none_is_reported(sounds, tmp_path):
    out = tmp_path / "a" / "b"
    report = folder.match_folder(sounds, out, SETTINGS, batch=4)
    assert (report.done, report.kept, list(report.problems)) == (6, 0, ["broken.wav"])
    assert "broken.wav holds text ('no sound at all')" in report.problems["broken.wav"]
    table = rows(out)
    assert len(table) == 7 and "holds text" in table["broken.wav"]["problem"] and table["broken.wav"]["distance"] == ""
    assert table["sub/tom.wav"]["problem"] == "" and "notes.md" not in table
    row = table["saxophone.wav"]
    assert 0 < float(row["distance"]) < float(row["distance_of_silence"])
    assert float(row["f0_median_hz"]) == pytest.approx(220, rel=0.05)
    assert float(row["parameters_per_sample"]) <= 1
    samples, sample_rate = soundfile.read(out / "matches" / "saxophone.wav" / "match.wav")
    assert samples.shape == (1600,) and sample_rate == 16_000
    model = resynthesis.load(out / "matches" / "saxophone.wav" / "parameters.pt")
    torch.testing.assert_close(model()[0], torch.from_numpy(samples).float(), rtol=0, atol=1e-5)
    assert not list(out.rglob(".part-*"))


def test_a_finished_sound_is_not_done_again_and_a_changed_one_is(sounds, tmp_path):
    out = tmp_path / "out"
    folder.match_folder(sounds, out, SETTINGS)
    before = written(out)
    report = folder.match_folder(sounds, out, SETTINGS, batch=1)
    assert (report.done, report.kept) == (0, 6) and written(out) == before

    soundfile.write(sounds / "bell.wav", recordings.load("kick")[0, :1600].numpy(), 16_000)  # another sound, the same name
    soundfile.write(sounds / "new.flac", recordings.load("kick")[0, :1600].numpy(), 16_000)
    (out / "matches" / "sub" / "tom.wav" / "parameters.pt").unlink()
    (out / "matches" / "singing.wav" / "record.json").write_text("{")
    report = folder.match_folder(sounds, out, SETTINGS)
    assert (report.done, report.kept) == (4, 3)
    changed = {path.rpartition("/")[0] for path, at in written(out).items() if before.get(path) != at}
    assert changed == {f"matches/{name}" for name in ("bell.wav", "new.flac", "sub/tom.wav", "singing.wav")}

    report = folder.match_folder(sounds, out, folder.Settings(steps=4))  # another setting
    assert (report.done, report.kept) == (7, 0)
    (sounds / "new.flac").unlink()
    assert "new.flac" not in rows_after(sounds, out)


def rows_after(source, out):
    folder.match_folder(source, out, folder.Settings(steps=4))
    return rows(out)


def test_results_inside_the_folder_are_not_sounds_of_it(sounds):
    for out in (sounds, sounds / "out"):
        assert folder.match_folder(sounds, out, SETTINGS).done == 6
        assert folder.match_folder(sounds, out, SETTINGS).done == 0
        shutil.rmtree(out / "matches")


def test_batches_depend_on_the_folder_alone_and_are_bounded(sounds, tmp_path, monkeypatch):
    plans = [folder._plan(sounds, tmp_path / "out", SETTINGS, 2, ranks)["shares"] for ranks in (1, 2, 3)]
    assert [len(plan) for plan in plans] == [1, 2, 3]
    first, *others = (sorted(names for share in plan for names in share) for plan in plans)
    assert all(other == first for other in others) and max(map(len, first)) == 2
    monkeypatch.setattr(folder, "SECONDS_AT_ONCE", 0.3)
    (share,) = folder._plan(sounds, tmp_path / "out", SETTINGS, 64, 1)["shares"]
    seconds = {name: folder._seconds(sounds / name) for names in share for name in names}
    assert all(len(names) == 1 or len(names) * max(seconds[name] for name in names) <= 0.3 for names in share)


@pytest.mark.parametrize("error", [ArithmeticError("NaN"), torch.OutOfMemoryError("too much")])
def test_one_that_cannot_be_matched_does_not_take_its_batch_along(sounds, tmp_path, monkeypatch, error):
    match = matching.match

    def fail(targets, *arguments, **options):
        if any(target.shape[-1] == 2000 for target in targets):
            raise error
        return match(targets, *arguments, **options)

    monkeypatch.setattr(matching, "match", fail)
    report = folder.match_folder(sounds, tmp_path / "out", SETTINGS)
    assert report.done == 5 and set(report.problems) == {"broken.wav", "guitar_nylon.wav"}
    assert f"could not be matched: {error}" in report.problems["guitar_nylon.wav"]


def test_a_run_that_is_killed_loses_the_batch_in_hand_and_leaves_no_half_file(sounds, tmp_path, monkeypatch):
    out, save = tmp_path / "out", resynthesis.save

    def killed(model, path):
        if len(list(out.rglob("record.json"))) == 2:
            path.write_bytes(b"half")
            raise KeyboardInterrupt
        save(model, path)

    monkeypatch.setattr(resynthesis, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        folder.match_folder(sounds, out, SETTINGS, batch=1)
    before = written(out)
    monkeypatch.undo()
    report = folder.match_folder(sounds, out, SETTINGS, batch=1)
    assert (report.done, report.kept) == (4, 2)
    assert not list(out.rglob(".part-*"))
    after = written(out)
    kept = [path for path in before if (out / path).parent.joinpath("record.json").relative_to(out).as_posix() in before]
    assert len(kept) == 6 and all(after[path] == before[path] for path in kept)


def test_the_command(sounds, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    out = str(tmp_path / "out")
    assert terminal.main(["match", str(sounds), "--out", out, "--steps", "2", "--batch", "3"]) == 1
    shown = capsys.readouterr()
    assert shown.out == f"6 matched, 0 had been, 1 skipped: {out}/gallery.html\n"
    assert shown.err.startswith("skipped: ") and "broken.wav holds text" in shown.err and shown.err.count("\n") == 1
    (sounds / "broken.wav").unlink()
    assert terminal.main(["match", str(sounds), "--out", out, "--steps", "2"]) == 0
    assert capsys.readouterr().out == f"0 matched, 6 had been, 0 skipped: {out}/gallery.html\n"
    assert terminal.main(["match", str(sounds / "nowhere"), "--out", out]) == 2
    assert "there is no folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert terminal.main(["match", str(tmp_path / "empty"), "--out", out]) == 2
    assert "there is no sound file in" in capsys.readouterr().err
    for wrong in (["--batch", "0"], ["--quality", "best"], ["--sample-rate", "x"]):
        with pytest.raises(SystemExit, match="2"):
            terminal.main(["match", str(sounds), "--out", out, *wrong])


def test_the_bar_is_for_a_terminal_alone(sounds, tmp_path, capsys, monkeypatch):
    folder.match_folder(sounds, tmp_path / "quiet", SETTINGS)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    folder.match_folder(sounds, tmp_path / "shown", SETTINGS)
    assert "7/7" in capsys.readouterr().err
    folder.match_folder(sounds, tmp_path / "unwanted", SETTINGS, progress=False)
    assert capsys.readouterr() == ("", "")


def test_the_gallery_plays_from_the_disk(sounds, tmp_path):
    out = tmp_path / "out"
    folder.match_folder(sounds, out, SETTINGS)
    with chromium() as browser, visit(browser, out.as_uri(), "gallery.html") as seen:
        page = seen.page
        assert page.locator("h2").count() == 7 and "Skipped" in page.inner_text("body")
        page.locator(".dds button.play").first.wait_for()
        page.locator("h2", has_text="sub/tom.wav").scroll_into_view_if_needed()
        page.wait_for_function("document.querySelectorAll('.dds button.play').length === 6")
        page.locator(".dds button.play").last.click()
        page.wait_for_function("document.querySelector('.dds button.play[aria-label=Pause]')")
        assert page.locator(".choice").all_inner_texts()[:2] == ["recording\n1", "match\n2"]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert seen.console == [] and seen.external == []


def test_a_name_cannot_become_code():
    row = {"file": "<script>alert(1)</script>.wav", "distance": 1.0, "distance_of_silence": 2.0, "f0_median_hz": 100.0, "noise_db": -9.0,
           "partials_db": -3.0, "seconds": 1.0, "parameters": 9}  # fmt: skip
    page = gallery.page([(row, {"labels": ["</script>"]})], {"b": "<b>"})
    assert "<script>alert" not in page and '"</script>"' not in page and "&lt;b&gt;" in page


TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "helpers")
QUIET = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}


def command(sounds, out, steps):
    return [*TORCHRUN, "match", str(sounds), "--out", str(out), "--steps", str(steps), "--batch", "1"]


def test_two_processes_do_as_one_and_a_killed_one_is_made_up_for(sounds, tmp_path):
    (sounds / "broken.wav").unlink()
    alone, shared, resumed = (tmp_path / name for name in ("alone", "shared", "resumed"))
    folder.match_folder(sounds, alone, folder.Settings(steps=40), batch=1)
    subprocess.run(command(sounds, shared, 40), check=True, env=QUIET, capture_output=True, timeout=60)
    assert_same(shared, alone)

    run = subprocess.Popen(command(sounds, resumed, 40), env=QUIET, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: list(resumed.rglob("record.json")), run)
        victim = subprocess.run(["pgrep", "-P", str(run.pid)], capture_output=True, text=True, check=True).stdout.split()[-1]
        os.kill(int(victim), signal.SIGKILL)
        assert run.wait(timeout=30) != 0
    finally:
        run.kill()
        run.wait()
    before = {path: at for path, at in written(resumed).items() if not path.rpartition("/")[2].startswith(".part-")}
    finished = [path for path in before if path.endswith("record.json")]
    assert 0 < len(finished) < len(NAMES), "it was to be killed half-way"
    done = subprocess.run(command(sounds, resumed, 40), check=True, env=QUIET, capture_output=True, text=True, timeout=60)
    assert f"{len(NAMES) - len(finished)} matched, {len(finished)} had been, 0 skipped" in done.stdout
    assert all(written(resumed)[path] == before[path] for path in finished)
    assert_same(resumed, alone)


def wait_for(happened, process):
    ends = time.monotonic() + 45
    while not happened():
        assert process.poll() is None and time.monotonic() < ends, "it ended before it was to be killed"
        time.sleep(0.02)


def assert_same(out, expected):
    """The same files, byte for byte: no time of day, no rounding, no order is left to chance."""
    names = sorted(path.relative_to(expected) for path in expected.rglob("*") if path.is_file())
    assert sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file()) == names
    for name in names:
        assert (out / name).read_bytes() == (expected / name).read_bytes(), name


def test_an_error_of_the_first_process_reaches_all(tmp_path):
    run = subprocess.run(command(tmp_path / "nowhere", tmp_path / "out", 1), env=QUIET, capture_output=True, text=True, timeout=60)
    assert run.returncode != 0 and "there is no folder" in run.stderr


def test_summary_of_a_known_sound():
    """Two sinusoids and noise 20 dB below them: the table says so."""
    time_s = np.arange(8000) / 16_000
    tone = 0.3 * np.sin(2 * np.pi * 250 * time_s) + 0.3 * np.sin(2 * np.pi * 500 * time_s)
    noise = 0.03 * np.random.default_rng(0).standard_normal(8000)
    sound = torch.from_numpy(tone + noise).float()[None]
    row = folder.summary(matching.match(sound, 16_000, steps=100), sound, 16_000)
    assert row["f0_median_hz"] == pytest.approx(250, rel=0.01)
    assert row["partials_db"] == pytest.approx(20 * np.log10(0.3), abs=1.5)
    assert -32 < row["noise_db"] - row["partials_db"] < -12
    assert row["inharmonicity_cents"] < 2 and row["seconds"] == 0.5
