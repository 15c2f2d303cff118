"""Make the slides.

    python -m tools.slides                            all decks, into _build/slides
    python -m tools.slides --only first-steps/gain    one chapter, into _build/preview/slides, checked, with a contact sheet
    python -m tools.slides --sheet                    all decks, and contact sheets of them in _build/slides-sheet
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tools.execute import ROOT, ChapterError
from tools.slides import chapters, site
from tools.slides.deck import Chapter


def weight_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def everything(sheet: bool) -> None:
    book = chapters.load([name for names in chapters.parts().values() for name in names])
    start = time.perf_counter()
    found = site.build(book)
    seconds = time.perf_counter() - start
    for deck in found:
        columns = [column for column in deck.columns if isinstance(column, Chapter)]
        slides = sum(chapter.count for chapter in columns)
        print(f"{deck.title:26s} {len(columns):3d} chapters {slides:4d} slides {sum(c.seconds for c in deck.columns) / 60:6.1f} min")
    print(f"{len(found)} decks, {weight_mb(site.OUT):.1f} MB, {seconds:.1f} s: _build/slides/index.html (double click)")
    if sheet:
        from tools.slides import check

        for deck in found:
            with check.shown(site.OUT / f"{deck.slug}.html") as (page, _):
                picture = check.sheet(page, ROOT / "_build" / "slides-sheet" / f"{deck.slug}.png")
            print(f"all slides on one sheet: {picture.relative_to(ROOT)}", flush=True)


def one(name: str) -> int:
    """One chapter's deck, what is wrong with it, and a picture of all its slides."""
    from tools.slides import check

    name = name.removesuffix(".md").strip("/")
    if not (ROOT / f"{name}.md").exists():
        raise ChapterError(f"there is no chapter {name}")
    folder = ROOT / "_build" / "preview" / "slides"
    found = chapters.load([name])
    if name not in found:
        raise ChapterError(f"{name} marks no slide: give cells slideshow.slide_type")
    chapter = found[name]
    site.copy_assets(folder)
    path = site.write_deck(site.Deck(name.replace("/", "-"), chapter.title, [chapter]), folder)
    print(f"{len(chapter.slides)} slides, {site.minutes(chapter.seconds)}: {path.relative_to(ROOT)}", flush=True)
    with check.shown(path) as (page, complaints):
        problems = check.problems_of(chapter) + check.measure(page) + complaints
        picture = check.sheet(page, path.with_suffix(".png"))
    print(f"all slides on one sheet: {picture.relative_to(ROOT)}")
    print("\n".join(problems) if problems else "no problems")
    return bool(problems)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.slides", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="CHAPTER", help="one chapter")
    parser.add_argument("--sheet", action="store_true", help="make contact sheets too")
    arguments = parser.parse_args()
    try:
        if arguments.only:
            return one(arguments.only)
        everything(arguments.sheet)
        return 0
    except ChapterError as error:
        print(f"\nNo slides were made.\n{error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
