"""Build the book: execute the chapters, then let Sphinx write the pages with warnings as errors.

    python -m tools.book                        the whole book, into _build/html
    python -m tools.book --only first-steps/gain   one chapter, into _build/preview (links elsewhere stay open)
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tools.execute import ROOT, ChapterError, execute, notebooks

BUILD = ROOT / "_build"
COMPLETE = BUILD / "html" / ".complete"
JUPYTER_BOOK = str(Path(sys.executable).parent / "jupyter-book")


@contextmanager
def lock():
    """One build at a time in this folder; a second one waits."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / ".lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def sphinx(strict: bool = True) -> bool:
    """Write the pages; True if there was no warning."""
    command = [JUPYTER_BOOK, "build", ".", "--path-output", ".", "-q", "--keep-going"]
    if strict:
        command += ["-W", "-n"]
    return subprocess.run(command, cwd=ROOT).returncode == 0


def forget_stale_pages() -> None:
    """Remove the pages if the frame around them has changed: Sphinx alone would leave old ones standing."""
    frame = [ROOT / "_toc.yml", ROOT / "_config.yml", *sorted((ROOT / "extensions").glob("*.py")), ROOT / "constraints.txt"]
    key = hashlib.sha256(b"".join(path.read_bytes() for path in frame)).hexdigest()
    stamp = BUILD / ".frame"
    if not stamp.exists() or stamp.read_text() != key:
        shutil.rmtree(BUILD / "html", ignore_errors=True)
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    stamp.write_text(key)


def build() -> None:
    """The whole book, with the times printed."""
    start = time.perf_counter()
    COMPLETE.unlink(missing_ok=True)
    forget_stale_pages()
    runs = execute(notebooks())
    if not sphinx():
        raise ChapterError("Sphinx stopped with the warnings above: each one is an error here")
    COMPLETE.touch()
    report(runs, time.perf_counter() - start)


def report(runs, total_s: float) -> None:
    width = max((len(run.chapter) for run in runs), default=0)
    print("\nseconds  chapter")
    for run in runs:
        print(f"{run.seconds:7.1f}  {run.chapter:{width}s}{'' if run.fresh else '  (cached)'}")
    print(f"\n{sum(r.fresh for r in runs)} of {len(runs)} chapters ran; total {total_s:.1f} s")
    print("The book: _build/html/index.html (double click, or make serve)")


def preview(chapter: str) -> None:
    """One chapter beside an empty landing page: quick to look at while writing."""
    source = ROOT / f"{chapter.removesuffix('.md')}.md"
    if not source.exists():
        raise ChapterError(f"there is no chapter {source.relative_to(ROOT)}")
    work = BUILD / "preview" / source.stem
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for name in ("_config.yml", "references.bib", "assets", "extensions"):
        (work / name).symlink_to(ROOT / name)
    (work / "index.md").write_text("# Preview\n")
    (work / source.parent.relative_to(ROOT)).mkdir(parents=True, exist_ok=True)
    (work / source.relative_to(ROOT)).symlink_to(source)
    (work / "_toc.yml").write_text(f"format: jb-book\nroot: index\nchapters:\n- file: {source.relative_to(ROOT).with_suffix('')}\n")
    if "```{code-cell}" in source.read_text():
        (run,) = execute([source])
        print(f"{run.chapter}: {run.seconds:.1f} s{'' if run.fresh else ' (cached)'}")
    (work / "_build").mkdir()
    (work / "_build" / ".jupyter_cache").symlink_to(BUILD / ".jupyter_cache")
    subprocess.run([JUPYTER_BOOK, "build", ".", "--path-output", ".", "-q", "--keep-going"], cwd=work)
    print(f"preview: {(work / '_build/html' / source.relative_to(ROOT).with_suffix('.html')).relative_to(ROOT)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="CHAPTER", help="build one chapter into _build/preview")
    arguments = parser.parse_args()
    try:
        with lock():
            preview(arguments.only) if arguments.only else build()
    except ChapterError as error:
        print(f"\nThe book was not built.\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
