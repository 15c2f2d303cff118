"""From a chapter's cells to its slides: what starts a slide, what appears later on it, and how long it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from extensions.plain_markdown import plain

MEASURES = {"s": 1.0, "min": 60.0, "h": 3600.0}
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(min|s|h)\b")
_BOLD_START = re.compile(r"\s*\*\*(?P<time>[^*]+)\*\*\s*")
_TITLE = re.compile(r"(?m)^# +(.+)$")


@dataclass
class Slide:
    """One slide: cells with the step at which each appears (0 at once), notes, and the time they ask for."""

    cells: list = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float | None = None
    title: bool = False


@dataclass
class Chapter:
    """The slides of one chapter."""

    name: str
    title: str
    part: str
    slides: list[Slide]
    widgets: dict
    values: dict[str, str]

    @property
    def seconds(self) -> float:
        return sum(slide.seconds or 0.0 for slide in self.slides)

    @property
    def count(self) -> int:
        return len(self.slides)


def seconds_of(note: str) -> float | None:
    """The time that a note begins with: ``**1 min 30 s.** ...`` is 90.0, and None where there is none."""
    bold = _BOLD_START.match(note)
    times = _TIME.findall(bold["time"]) if bold else []
    return sum(float(number) * MEASURES[unit] for number, unit in times) if times else None


def mark_of(cell) -> str:
    """The slide mark of a cell, empty for one that continues the slide before it."""
    mark = cell.metadata.get("slideshow", {}).get("slide_type", "")
    return "" if mark == "-" else mark


def tags_of(cell) -> set[str]:
    return set(cell.metadata.get("tags", []))


def hidden(cell) -> bool:
    """Cells that no slide shows. The tag `remove-cell` keeps Markdown off the page, and code off page and slide."""
    if not plain(cell.source).strip():
        return True
    return mark_of(cell) == "skip" or cell.cell_type == "raw" or (cell.cell_type == "code" and "remove-cell" in tags_of(cell))


def split(cells) -> list[Slide]:
    """The slides of a list of cells. The cell with the page's title starts the first one, marked or not."""
    slides: list[Slide] = []
    step = 0
    for cell in cells:
        mark = mark_of(cell)
        is_title = not slides and cell.cell_type == "markdown" and _TITLE.search(cell.source) is not None
        if hidden(cell) and not is_title:
            continue
        if is_title or mark in {"slide", "subslide"}:
            slides.append(Slide(title=is_title))
            step = 0
        if not slides:
            continue
        if mark == "notes":
            add_note(slides[-1], cell.source)
            continue
        step += mark == "fragment"
        slides[-1].cells.append((step, cell))
    return slides


def add_note(slide: Slide, text: str) -> None:
    """Keep a speaker note, and add its time to the slide's."""
    slide.notes.append(text)
    seconds = seconds_of(text)
    if seconds is not None:
        slide.seconds = (slide.seconds or 0.0) + seconds


def title_of(nb, fallback: str) -> str:
    """The page's first heading."""
    for cell in nb.cells:
        if cell.cell_type == "markdown" and (match := _TITLE.search(cell.source)):
            return match[1].strip()
    return fallback
