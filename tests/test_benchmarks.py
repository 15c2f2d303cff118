"""The measurements that `make bench` keeps and chapters read."""

import json
import subprocess
import sys
import tomllib
import types
from fnmatch import fnmatch
from pathlib import Path

import pytest
import scipy.signal
import torch

from benchmarks import __main__ as bench
from benchmarks import libraries
from helpers import pages

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Benchmarks named "one" and "two", and an empty file of measurements that both sides use."""
    modules = {
        "one": types.SimpleNamespace(run=lambda: [("theirs / ours", 2.00049, ">= 2.5", "by hand", {"ours_ms": 3})], PEERS=("numba", "no-such-peer")),
        "two": types.SimpleNamespace(run=lambda: [("error", 0.25, "<= 1", "of one"), ("time", 7.0, None, "free")]),
    }
    path = tmp_path / "measurements.json"
    monkeypatch.setattr(bench, "subjects", lambda: list(modules))
    monkeypatch.setattr(bench.importlib, "import_module", lambda name: modules[name.removeprefix("benchmarks.")])
    monkeypatch.setattr(bench, "MEASUREMENTS", path)
    monkeypatch.setattr(pages, "_MEASUREMENTS", path)
    return path


def test_a_benchmark_replaces_its_own_entry_only(kept, capsys):
    assert bench.main(["two"]) == 0
    before = pages.measurements("two")
    assert bench.main(["one"]) == 1, "one requirement was missed"
    assert pages.measurements("two") == before
    [row] = pages.measurements("one")["rows"]
    assert row == {"what": "theirs / ours", "ratio": 2.0, "required": ">= 2.5", "detail": "by hand", "met": False, "ours_ms": 3}
    assert "MISSED" in capsys.readouterr().out


def test_an_entry_says_when_on_what_and_with_which_versions(kept):
    bench.main([])
    entry = pages.measurements("one")
    assert {"date", "cpu", "cores", "threads"} < entry.keys() and entry["cpu"]
    assert entry["versions"]["no-such-peer"] == "not installed"
    assert entry["versions"]["torch"].startswith("2.") and "numba" in entry["versions"] and "numpy" in entry["versions"]
    assert "no-such-peer" not in pages.measurements("two")["versions"]


def test_what_was_never_measured_is_explained(kept):
    bench.main(["two"])
    with pytest.raises(KeyError, match=r"one was never measured \(run: python -m benchmarks one\); there are two"):
        pages.measurements("one")


def test_an_unknown_benchmark_is_named():
    with pytest.raises(SystemExit, match="no benchmark speed; there are .*filters.*losses"):
        bench.main(["speed"])


@pytest.mark.parametrize("name", bench.subjects())
def test_every_benchmark_has_been_run(name):
    entry = pages.measurements(name)
    assert entry["rows"]
    for row in entry["rows"]:
        assert row["met"] == bench.meets(row["ratio"], row["required"]), row


def test_every_data_file_goes_into_the_wheel():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["helpers"]
    names = subprocess.run(["git", "ls-files", "helpers"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    data = [name.removeprefix("helpers/") for name in names if not name.endswith(".py")]
    assert "measurements.json" in data
    assert [name for name in data if not any(fnmatch(name, pattern) for pattern in patterns)] == []


def test_reading_measurements_needs_no_benchmark(tmp_path):
    code = "from helpers.pages import measurements; print(len(measurements('losses')['rows']))"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert int(run.stdout) == len(json.loads((ROOT / "helpers/measurements.json").read_text())["losses"]["rows"])


def test_a_benchmark_that_cannot_run_leaves_what_was_measured(kept, monkeypatch, capsys):
    bench.main(["two"])
    before = kept.read_text()

    def run():
        raise bench.Unmeasured("diffsptk does not import")

    monkeypatch.setattr(bench.importlib, "import_module", lambda name: types.SimpleNamespace(run=run))
    assert bench.main(["two"]) == 0
    assert kept.read_text() == before
    assert "not measured: diffsptk does not import" in capsys.readouterr().out


def test_the_libraries_name_each_operation_and_error():
    entry = pages.measurements("libraries")
    assert {row["library"] for row in entry["rows"]} == set(libraries.PEERS)
    assert all(entry["versions"][name] != "not installed" for name in libraries.PEERS)
    assert all(row["ours_error_db"] < -120 for row in entry["rows"])


def test_the_recursion_that_libraries_are_compared_with():
    x = torch.randn(1, 300, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    a = torch.tensor([-1.6, 0.81], dtype=torch.float64)
    expected = scipy.signal.lfilter([1.0], [1.0, -1.6, 0.81], x.numpy())
    torch.testing.assert_close(libraries._recursion(x, a.expand(1, 300, 2)), torch.from_numpy(expected))
