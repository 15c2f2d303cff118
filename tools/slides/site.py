"""The folder of decks: one for each part of the book, one for the tutorial, and the page that lists them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jinja2
import yaml
from jupyter_cache import get_cache
from markupsafe import Markup

from extensions.plain_markdown import glue_values
from extensions.shared_modules import move
from tools.book import lock
from tools.execute import ROOT, ChapterError, cache_key, read
from tools.slides import plan
from tools.slides.deck import Chapter, Slide, mark_of, split, title_of
from tools.slides.render import STATE, Renderer, markdown, styles_of_code, widget_state

OUT = ROOT / "_build" / "slides"
CACHE = ROOT / "_build" / ".jupyter_cache"
ASSETS = ROOT / "assets"
NO_DECKS = {"Reference"}
COPIED = {
    "vendor/reveal": "reveal", "vendor/mathjax": "mathjax", "slides/slides.css": "slides.css", "slides/slides.js": "slides.js",
    "slides/index.css": "index.css", "afm-host.js": "afm-host.js", "players.js": "players.js", "logo.svg": "logo.svg",
}  # fmt: skip
_PAGES = jinja2.Environment(loader=jinja2.FileSystemLoader(ASSETS / "slides"), autoescape=True, trim_blocks=True, lstrip_blocks=True)


@dataclass
class Deck:
    """One file: columns of slides. A column is a chapter, or a pause or a task between chapters."""

    slug: str
    title: str
    columns: list


@dataclass
class Interlude:
    """Minutes without slides: a pause, or the reader's own work on the chapter before."""

    text: str
    seconds: float
    name: str | None = None


def parts() -> dict[str, list[str]]:
    """Caption of each part with decks, and the names of its pages, from the table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return {
        part["caption"]: [chapter["file"] for chapter in part["chapters"]]
        for part in toc["parts"] if part["caption"] not in NO_DECKS
    }


def slug_of(names: list[str]) -> str:
    """The file name of a part's deck: the folder of its chapters."""
    return names[0].split("/")[0]


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


def tutorial(chapters: dict[str, Chapter]) -> Deck:
    """The three-hour deck: chapters, the time to work on each, and pauses, as long as the plan says."""
    columns = []
    for stop in plan.stops((ROOT / f"{plan.PAGE}.md").read_text(encoding="utf-8")):
        if stop.name is None:
            columns.append(Interlude("Pause", 60 * stop.minutes))
            continue
        chapter = chapters.get(stop.name)
        if chapter:
            columns.append(chapter)
        rest = 60 * stop.minutes - (chapter.seconds if chapter else 0)
        if rest > 0:
            columns.append(Interlude("Your turn", rest, stop.name))
    return Deck("tutorial", "The three-hour tutorial", columns)


def decks(chapters: dict[str, Chapter]) -> list[Deck]:
    """A deck for each part that has slides, and the tutorial."""
    found = []
    for caption, names in parts().items():
        columns = [chapters[name] for name in names if name in chapters]
        if columns:
            found.append(Deck(slug_of(names), caption, columns))
    return [*found, tutorial(chapters)]


def minutes(seconds: float) -> str:
    """90 seconds as `1.5 min`."""
    return f"{seconds / 60:.1f}".removesuffix(".0") + " min"


def address(folder: Path) -> str:
    """Where the pages of the book are: the configured address, or the built book as seen from this folder."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    online = (settings.get("html") or {}).get("baseurl", "").rstrip("/")
    owner, _, name = (settings.get("repository") or {}).get("url", "").removeprefix("https://github.com/").rstrip("/").partition("/")
    if not online and owner and name:
        online = f"https://{owner.lower()}.github.io/{name}"
    return online or Path(os.path.relpath(ROOT / "_build" / "html", folder)).as_posix()


def copy_assets(folder: Path) -> None:
    """Everything that the decks load, beside them."""
    static = folder / "_static"
    static.mkdir(parents=True, exist_ok=True)
    for source, target in COPIED.items():
        path = ASSETS / source
        shutil.copytree(path, static / target, dirs_exist_ok=True) if path.is_dir() else shutil.copyfile(path, static / target)
    (static / "code.css").write_text(styles_of_code() + "\n", encoding="utf-8")


def write_deck(deck: Deck, folder: Path) -> Path:
    """One deck as a file."""
    renderer, pages = Renderer(folder), address(folder)
    columns = [_chapter(column, renderer, pages) if isinstance(column, Chapter) else [_interlude(column, pages)] for column in deck.columns]
    state, keys = {}, set()
    for column in deck.columns:
        if isinstance(column, Chapter):
            state |= widget_state(column.widgets, renderer.shown)
    for record in state.values():
        keys |= set(move(record["state"], folder))
    text = _PAGES.get_template("deck.html").render(
        deck=deck, columns=columns, keys=sorted(keys), state_type=STATE, state=_json(state), seconds=sum(c.seconds for c in deck.columns),
        minutes=minutes)  # fmt: skip
    path = folder / f"{deck.slug}.html"
    path.write_text(text, encoding="utf-8")
    return path


def _json(state: dict) -> Markup:
    import json

    return Markup(json.dumps({"state": state}, separators=(",", ":")).replace("</", "<\\/"))


def _chapter(chapter: Chapter, renderer: Renderer, pages: str) -> list[dict]:
    """What the template needs of each slide of a chapter."""
    return [_slide(chapter, number, slide, renderer, pages) for number, slide in enumerate(chapter.slides, start=1)]


def _slide(chapter: Chapter, number: int, slide: Slide, renderer: Renderer, pages: str) -> dict:
    cells = [(step, Markup(renderer.cell(cell, chapter.values))) for step, cell in slide.cells]
    return {
        "id": f"{chapter.name.replace('/', '-')}-{number}", "cells": cells, "seconds": slide.seconds or 0, "title": slide.title,
        "notes": Markup("".join(markdown(note, chapter.values) for note in slide.notes)), "chapter": chapter.name, "part": chapter.part,
        "link": f"{pages}/{chapter.name}.html", "number": f"{number} / {len(chapter.slides)}", "kind": "chapter",
        "length": f"{len(chapter.slides)} slides, {minutes(chapter.seconds)}",
    }  # fmt: skip


def _interlude(interlude: Interlude, pages: str) -> dict:
    """A slide that stays while people rest or work."""
    body = f"<h1>{interlude.text}</h1><p>{minutes(interlude.seconds)}</p>"
    if interlude.name:
        body += f'<p class="short-address">{interlude.name}</p>'
    do = f"Open the chapter {interlude.name}, change a number, run it; then its first exercise." if interlude.name else "Say when you go on."
    return {
        "id": f"{interlude.text.lower().replace(' ', '-')}-{(interlude.name or str(id(interlude))).replace('/', '-')}",
        "cells": [(0, Markup(body))], "seconds": interlude.seconds, "title": True, "part": "", "kind": "interlude", "number": "", "length": "",
        "notes": Markup(f"<p><strong>{minutes(interlude.seconds)}.</strong> {do}</p>"), "chapter": interlude.name or "",
        "link": f"{pages}/{interlude.name}.html" if interlude.name else "",
    }  # fmt: skip


def write_index(found: list[Deck], folder: Path) -> None:
    """The page that lists the decks with their slides and minutes."""
    without = [name for names in parts().values() for name in names if not any(name == getattr(c, "name", None) for d in found[:-1] for c in d.columns)]
    text = _PAGES.get_template("index.html").render(
        decks=found, minutes=minutes, without=without, pages=address(folder), is_chapter=lambda column: isinstance(column, Chapter),
        stops=plan.stops((ROOT / f"{plan.PAGE}.md").read_text(encoding="utf-8")),
        chapters={c.name: c for d in found for c in d.columns if isinstance(c, Chapter)}, plan_page=plan.PAGE)  # fmt: skip
    (folder / "index.html").write_text(text, encoding="utf-8")


def build(folder: Path = OUT) -> list[Deck]:
    """All decks and their index."""
    chapters = load([name for names in parts().values() for name in names])
    found = decks(chapters)
    shutil.rmtree(folder, ignore_errors=True)
    copy_assets(folder)
    for deck in found:
        write_deck(deck, folder)
    write_index(found, folder)
    (folder / ".complete").touch()
    return found
