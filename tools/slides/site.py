"""The folder of decks: one for each part of the book, one for the tutorial, and the page that lists them."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import jinja2
import yaml
from markupsafe import Markup

from extensions.shared_modules import move
from tools.execute import ROOT
from tools.slides import plan
from tools.slides.chapters import parts
from tools.slides.deck import Chapter, Slide
from tools.slides.render import STATE, Renderer, markdown, styles_of_code, widget_state

OUT = ROOT / "_build" / "slides"
ASSETS = ROOT / "assets"
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
    slug: str
    name: str | None = None


def slug_of(names: list[str]) -> str:
    """The file name of a part's deck: the folder of its chapters."""
    return names[0].split("/")[0]


def tutorial(chapters: dict[str, Chapter]) -> Deck:
    """The three-hour deck: chapters, the time to work on each, and pauses, as long as the plan says."""
    columns, pauses = [], 0
    for stop in plan.stops((ROOT / f"{plan.PAGE}.md").read_text(encoding="utf-8")):
        if stop.name is None:
            pauses += 1
            columns.append(Interlude("Pause", 60 * stop.minutes, f"pause-{pauses}"))
            continue
        chapter = chapters.get(stop.name)
        if chapter:
            columns.append(chapter)
        rest = 60 * stop.minutes - (chapter.seconds if chapter else 0)
        if rest > 0:
            columns.append(Interlude("Your turn", rest, f"your-turn-{stop.name.replace('/', '-')}", stop.name))
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
    text = _PAGES.get_template("deck.html").render(deck=deck, columns=columns, keys=sorted(keys), state_type=STATE, state=_json(state))
    path = folder / f"{deck.slug}.html"
    path.write_text(text, encoding="utf-8")
    return path


def _json(state: dict) -> Markup:
    return Markup(json.dumps({"state": state}, separators=(",", ":")).replace("</", "<\\/"))


def _chapter(chapter: Chapter, renderer: Renderer, pages: str) -> list[dict]:
    """What the template needs of each slide of a chapter."""
    return [_slide(chapter, number, slide, renderer, pages) for number, slide in enumerate(chapter.slides, start=1)]


def _slide(chapter: Chapter, number: int, slide: Slide, renderer: Renderer, pages: str) -> dict:
    cells = [(step, Markup(renderer.cell(cell, chapter.values))) for step, cell in slide.cells]
    return {
        "id": f"{chapter.name.replace('/', '-')}-{number}", "cells": cells, "seconds": slide.seconds or 0, "title": slide.title,
        "notes": Markup("".join(_note(note, chapter.values) for note in slide.notes)), "chapter": chapter.name, "part": chapter.part,
        "link": f"{pages}/{chapter.name}.html", "number": f"{number} / {len(chapter.slides)}", "kind": "chapter",
        "length": f"{len(chapter.slides)} slides, {minutes(chapter.seconds)}",
    }  # fmt: skip


def _note(text: str, values: dict[str, str]) -> str:
    """A speaker note. The presenter view sets no formulas, so they stay as they are typed."""
    return markdown(text, values).replace("\\(", "<i>").replace("\\)", "</i>")


def _interlude(interlude: Interlude, pages: str) -> dict:
    """A slide that stays while people rest or work."""
    body = f"<h1>{interlude.text}</h1><p>{minutes(interlude.seconds)}</p>"
    if interlude.name:
        body += f'<p class="short-address">{interlude.name}</p>'
    do = f"Open the chapter {interlude.name}, change a number, run it; then its first exercise." if interlude.name else "Say when you go on."
    return {
        "id": interlude.slug, "cells": [(0, Markup(body))], "seconds": interlude.seconds, "title": True, "part": "", "kind": "interlude", "number": "", "length": "",
        "notes": Markup(f"<p><strong>{minutes(interlude.seconds)}.</strong> {do}</p>"), "chapter": interlude.name or "",
        "link": f"{pages}/{interlude.name}.html" if interlude.name else "",
    }  # fmt: skip


def write_index(found: list[Deck], folder: Path) -> None:
    """The page that lists the decks with their slides and minutes."""
    chapters = {column.name: column for deck in found for column in deck.columns if isinstance(column, Chapter)}
    text = _PAGES.get_template("index.html").render(
        decks=found, chapters=chapters, without=[name for names in parts().values() for name in names if name not in chapters],
        pages=address(folder), minutes=minutes, plan_page=plan.PAGE, stops=plan.stops((ROOT / f"{plan.PAGE}.md").read_text(encoding="utf-8")),
    )  # fmt: skip
    (folder / "index.html").write_text(text, encoding="utf-8")


def build(chapters: dict[str, Chapter], folder: Path = OUT) -> list[Deck]:
    """All decks and their index."""
    found = decks(chapters)
    shutil.rmtree(folder, ignore_errors=True)
    copy_assets(folder)
    for deck in found:
        write_deck(deck, folder)
    write_index(found, folder)
    return found
