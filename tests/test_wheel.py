"""Every chapter's downloaded notebook, run outside the repository with `helpers` installed from a wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from tests.browser import HTML

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(p.relative_to(HTML / "_sources") for p in (HTML / "_sources").rglob("*.ipynb"))
RUN = "from nbclient.cli import main; main()"


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment that has every package but `helpers`, which a notebook's first cell installs."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "helpers", source / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    _call([*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source])
    (wheel,) = folder.glob("*.whl")

    _call([sys.executable, "-m", "venv", "--without-pip", folder / "env"])
    python = folder / "env" / "bin" / "python"
    # The packages of this environment, without the files that would make the repository importable.
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    (packages / "everything-else.pth").write_text(sysconfig.get_path("purelib") + "\n")
    there = subprocess.run([python, "-c", "import helpers"], cwd=folder, env=_environment(), capture_output=True)
    assert there.returncode, "helpers is there already"
    first_cell = nbformat.read(HTML / "_sources" / NOTEBOOKS[0], as_version=4).cells[0].source
    _call([python, "-c", first_cell], cwd=folder, env=_environment(INTRODDSP_HELPERS=str(wheel), PIP_NO_INDEX="1"))
    where = _call([python, "-c", "import helpers; print(helpers.__file__)"], cwd=folder, env=_environment())
    assert Path(where.strip()).is_relative_to(folder), f"helpers comes from {where}"
    return python


@pytest.fixture(scope="module")
def runs(python, tmp_path_factory):
    """A running or finished execution for each notebook, as many side by side as there are cores."""
    with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
        yield {name: pool.submit(_execute, python, name, tmp_path_factory.mktemp("reader")) for name in NOTEBOOKS}


@pytest.mark.parametrize("name", NOTEBOOKS, ids=str)
def test_a_downloaded_notebook_runs_top_to_bottom(name, runs):
    runs[name].result()


def test_every_chapter_can_be_downloaded():
    from tools.execute import notebooks

    assert [str(p) for p in NOTEBOOKS] == sorted(str(p.relative_to(ROOT).with_suffix(".ipynb")) for p in notebooks())


def _execute(python, name, folder):
    notebook = shutil.copy(HTML / "_sources" / name, folder)
    _call([python, "-W", "ignore", "-c", RUN, notebook, "--timeout=120"], cwd=folder, env=_environment())


def _environment(**more):
    """As a reader has it: nothing of the repository on the path, and no way to install in secret."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "INTRODDSP", "JUPYTER", "HELPERS"))}
    return kept | {"OMP_NUM_THREADS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"} | more


def _call(command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, (done.stderr or done.stdout)[-3000:]
    return done.stdout
