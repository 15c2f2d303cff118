"""Run chapters side by side and keep their outputs in the notebook cache that Sphinx reads.

    python -m tools.execute CHAPTER.md ...     (--root: another book's folder, --budget: seconds for each chapter)
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUDGET_S = 60.0


class ChapterError(Exception):
    """A chapter that cannot go into the book: says which one, which cell, and why."""


@dataclass
class Run:
    """One chapter and the seconds it took; ``fresh`` if it ran now, not read from the cache."""

    chapter: str
    seconds: float
    fresh: bool


def cache_key(root: Path = ROOT) -> str:
    """Hash of all that outputs depend on besides the chapter itself: helpers, sounds, measurements, pins, Python."""
    digest = hashlib.sha256(sys.version.encode())
    sources = [p for p in (root / "helpers").rglob("*") if p.is_file() and p.suffix in {".py", ".js", ".css", ".flac", ".csv", ".json"}]
    for path in sorted(sources) + [root / "requirements.txt", root / "constraints.txt"]:
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def open_cache(root: Path = ROOT):
    """The notebook cache, emptied if helpers, sounds or pins have changed or if it cannot be read."""
    from jupyter_cache import get_cache

    folder = root / "_build" / ".jupyter_cache"
    stamp, key = folder / "KEY", cache_key(root)
    if folder.exists() and (not stamp.exists() or stamp.read_text() != key):
        print("helpers, a recording or a pin has changed: every chapter runs again")
        shutil.rmtree(folder)
    try:
        cache = get_cache(str(folder))
        cache.list_cache_records()
    except Exception as error:  # any damage to the database: outputs can be made again
        print(f"the notebook cache cannot be read ({type(error).__name__}): starting a new one")
        shutil.rmtree(folder, ignore_errors=True)
        cache = get_cache(str(folder))
    cache.change_cache_limit(10_000)
    stamp.write_text(key)
    return cache


def notebooks(root: Path = ROOT) -> list[Path]:
    """The chapters of the table of contents that hold code cells, in order."""
    import yaml

    def files(node):
        if isinstance(node, dict):
            for key, value in node.items():
                yield from [value] if key in {"file", "root"} else files(value)
        elif isinstance(node, list):
            for item in node:
                yield from files(item)

    pages = [root / f"{name}.md" for name in files(yaml.safe_load((root / "_toc.yml").read_text()))]
    missing = [str(p.relative_to(root)) for p in pages if not p.exists()]
    if missing:
        raise ChapterError(f"_toc.yml names files that do not exist: {', '.join(missing)}")
    return [p for p in pages if "```{code-cell}" in p.read_text(encoding="utf-8")]


def read(path: Path):
    """A MyST chapter as a notebook, through the reader that Sphinx uses."""
    from myst_nb.core.read import myst_nb_reader_plugin

    return myst_nb_reader_plugin(str(path))


def run_chapter(path: Path, name: str, budget_s: float):
    """Execute one chapter; returns the notebook and its seconds, or raises ChapterError."""
    from jupyter_cache.executors.utils import single_nb_execution
    from traitlets.config import Config

    with tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        # TCP warns that it is not encrypted. A relative socket path would mean another folder to the kernel than to us.
        ipc = {"KernelManager": {"transport": "ipc", "ip": f"{folder}/socket"}} if os.name == "posix" else {}
        result = single_nb_execution(
            read(path), cwd=str(path.parent), timeout=int(budget_s), allow_errors=False, record_timing=True, config=Config(ipc)
        )
    if result.err is not None:
        number, cell = last_started(result.nb)
        where = f"cell {number}" + (f" ({first_line(cell)})" if cell else "")
        raise ChapterError(f"{name}, {where}: {result.err}")
    for number, cell in code_cells(result.nb):
        noise = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr")
        if noise:
            raise ChapterError(f"{name}, cell {number} ({first_line(cell)}) wrote to stderr:\n{noise.strip()[:800]}")
    if result.time > budget_s:
        number, cell = max(code_cells(result.nb), key=lambda item: cell_seconds(item[1]))
        raise ChapterError(
            f"{name} took {result.time:.0f} s, the budget is {budget_s:.0f} s; "
            f"slowest is cell {number} ({first_line(cell)}): {cell_seconds(cell):.0f} s"
        )
    for _, cell in code_cells(result.nb):
        cell.metadata.pop("execution", None)  # the cache matches chapters by their metadata too
    return result.nb, result.time


def code_cells(nb):
    """Code cells with their number in the page, from 1."""
    return list(enumerate((c for c in nb.cells if c.cell_type == "code"), start=1))


def last_started(nb):
    """Number and cell at which an execution stopped, from the time stamps that nbclient leaves."""
    return max(((i, c) for i, c in code_cells(nb) if "iopub.execute_input" in c.metadata.get("execution", {})), default=(0, None), key=lambda item: item[0])


def first_line(cell) -> str:
    return cell.source.strip().split("\n")[0][:70]


def cell_seconds(cell) -> float:
    """Wall time of a cell from the time stamps that nbclient leaves."""
    stamps = cell.metadata.get("execution", {})
    try:
        begin, end = (datetime.fromisoformat(stamps[k].rstrip("Z")) for k in ("iopub.execute_input", "shell.execute_reply"))
    except KeyError:
        return 0.0
    return (end - begin).total_seconds()


def execute(paths: list[Path], root: Path = ROOT, budget_s: float = BUDGET_S) -> list[Run]:
    """Bring the cache up to date for these chapters, on all cores; raises ChapterError with all failures."""
    from jupyter_cache.base import CacheBundleIn

    cache = open_cache(root)
    os.environ["HELPERS_QUIET"] = "1"
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # whatever the caller draws with, a chapter has its figures
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # chapters run side by side: threads would wait for each other
    names = {path: path.resolve().relative_to(root).as_posix() for path in paths}
    runs, todo, failures = {}, [], []
    for path in paths:
        try:
            record = cache.match_cache_notebook(read(path))
            runs[path] = Run(names[path], record.data["execution_seconds"], False)
        except KeyError:
            todo.append(path)

    def one(path):
        try:
            return path, run_chapter(path, names[path], budget_s), None
        except ChapterError as error:
            return path, None, error

    with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()) as pool:
        for path, done, error in pool.map(one, todo):
            if error:
                failures.append(str(error))
                continue
            nb, seconds = done
            bundle = CacheBundleIn(nb, str(path), data={"execution_seconds": seconds, "at": time.time()})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            runs[path] = Run(names[path], seconds, True)
            print(f"  ran {runs[path].chapter} in {seconds:.1f} s", flush=True)
    if failures:
        raise ChapterError("\n\n".join(failures))
    return [runs[p] for p in paths]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chapters", nargs="+", type=Path)
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--budget", type=float, default=BUDGET_S)
    arguments = parser.parse_args()
    try:
        for run in execute(arguments.chapters, arguments.root.resolve(), arguments.budget):
            print(f"{run.chapter}: {run.seconds:.1f} s, {'ran' if run.fresh else 'cached'}")
    except ChapterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
