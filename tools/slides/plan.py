"""The three-hour tutorial, as the table on the page `background/learning-path` has it: minutes and chapters, pauses too."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

PAGE = "background/learning-path"
HEADING = "## Three hours"
_ROW = re.compile(r"(?m)^\|\s*(\d+)\s*\|\s*([^|]+?)\s*\|")
_DOC = re.compile(r"\{doc\}`([^`]+)`")


@dataclass
class Stop:
    """One row: so many minutes for a chapter, or for a pause (no name)."""

    minutes: int
    name: str | None


def stops(page: str) -> list[Stop]:
    """The rows of the tutorial's table. Where a row offers a choice, the first chapter stands for it.

    Raises:
        ValueError: when the page has no such table.
    """
    _, found, rest = page.partition(HEADING)
    rows = _ROW.findall(rest.partition("\n## ")[0])
    if not found or not rows:
        raise ValueError(f"{PAGE}.md has no table of minutes under '{HEADING}'")
    return [Stop(int(minutes), _name(text)) for minutes, text in rows]


def _name(text: str) -> str | None:
    docs = _DOC.findall(text)
    if not docs:
        return None
    folder = posixpath.dirname(PAGE)
    return posixpath.normpath(docs[0].lstrip("/") if docs[0].startswith("/") else posixpath.join(folder, docs[0]))
