"""The chapters of the book with their slides, and the outputs that the book's cache holds for them."""

from __future__ import annotations

import subprocess
import sys

import yaml
from jupyter_cache import get_cache

from extensions.plain_markdown import glue_values
from tools.book import lock
from tools.execute import ROOT, ChapterError, cache_key, read
from tools.slides.deck import Chapter, mark_of, split, title_of

CACHE = ROOT / "_build" / ".jupyter_cache"
NO_DECKS = {"Reference"}


def parts() -> dict[str, list[str]]:
    """Caption of each part with decks, and the names of its pages, from the table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return {
        part["caption"]: [chapter["file"] for chapter in part["chapters"]]
        for part in toc["parts"] if part["caption"] not in NO_DECKS
    }


def load(names: list[str]) -> dict[str, Chapter]:
    """The chapters that have slides, with the outputs of the cache; what is not there runs first."""
    notebooks = {name: read(ROOT / f"{name}.md") for name in names}
    with_slides = {name: nb for name, nb in notebooks.items() if any(mark_of(cell) in {"slide", "subslide"} for cell in nb.cells)}
    merged = outputs(with_slides)
    captions = {name: caption for caption, pages in parts().items() for name in pages}
    return {
        name: Chapter(name, title_of(nb, name), captions.get(name, ""), split(nb.cells), nb.metadata.get("widgets", {}), glue_values(nb))
        for name, nb in merged.items()
    }


def outputs(notebooks: dict) -> dict:
    """Each notebook with its outputs. The book's cache is only read, unless a chapter is missing there."""
    computed = {name for name, nb in notebooks.items() if any(cell.cell_type == "code" for cell in nb.cells)}
    merged, missing = merge(present_cache(), notebooks, computed)
    if missing:
        print(f"not in the book's cache, so they run now: {', '.join(missing)}", flush=True)
        with lock():
            run(missing)
            merged, missing = merge(get_cache(str(CACHE)), notebooks, computed)
    if missing:
        raise ChapterError(f"changed while they ran: {', '.join(missing)}. Run it again")
    return merged


def run(names: list[str]) -> None:
    """Execute chapters, in a process of its own: kernels leave things open behind them."""
    if subprocess.run([sys.executable, "-m", "tools.execute", *(f"{name}.md" for name in names)], cwd=ROOT).returncode:
        raise ChapterError("a chapter does not run, see above")


def present_cache():
    """The book's cache as it stands, None if there is none or if it holds outputs of other helpers than these."""
    stamp = CACHE / "KEY"
    return get_cache(str(CACHE)) if stamp.exists() and stamp.read_text() == cache_key() else None


def merge(cache, notebooks: dict, computed: set[str]) -> tuple[dict, list[str]]:
    """Notebooks with the outputs of a cache, and the names of those that it lacks."""
    merged, missing = {}, []
    for name, nb in notebooks.items():
        try:
            merged[name] = cache.merge_match_into_notebook(nb)[1] if name in computed else nb
        except (KeyError, AttributeError):
            missing.append(name)
    return merged, missing
