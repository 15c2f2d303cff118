"""What a room would see wrong with a deck, found in Chromium, and pictures of all its slides on one sheet."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from tools.chromium import find
from tools.slides.deck import Chapter

FEWEST, MOST = 8, 15
SCRIPT = Path(__file__).with_name("check.js")
THUMBNAIL, COLUMNS = (480, 270), 4
FLAGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]


def problems_of(chapter: Chapter) -> list[str]:
    """What can be said without a screen."""
    count = len(chapter.slides)
    problems = [] if FEWEST <= count <= MOST else [f"{chapter.name}: {count} slides, it should be {FEWEST} to {MOST}"]
    for number, slide in enumerate(chapter.slides, start=1):
        lost = [cell for _, cell in slide.cells if cell.cell_type == "code" and described(cell) and not pictured(cell)]
        problems += [f"{chapter.name}-{number}: a figure with alt text that its cell did not leave" for _ in lost]
    return problems


def described(cell) -> bool:
    return "alt" in cell.metadata.get("mystnb", {}).get("image", {})


def pictured(cell) -> bool:
    return any(kind.startswith("image/") for output in cell.outputs for kind in output.get("data", {}))


def measure(page, play: bool = True) -> list[str]:
    """Walk through the deck that a page shows; one line for each problem, with the slide's name."""
    prepare(page)
    return [f"{slide} ({title}): {problem}" for slide, title, problems in page.evaluate("play => slideCheck.wrong(play)", play) for problem in problems]


def prepare(page) -> list[str]:
    """Load the script into the page, once; returns the names of the slides."""
    if not page.evaluate("Boolean(globalThis.slideCheck)"):
        page.add_script_tag(content=SCRIPT.read_text(encoding="utf-8"))
    return page.evaluate("slideCheck.begin()")


@contextlib.contextmanager
def shown(path: Path, width: int = 1280, height: int = 720):
    """A deck in Chromium, from its file; yields the page, and the list of what it complains about."""
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.on("console", lambda message: complaints.append(f"console: {message.text}") if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        page.on("request", lambda request: complaints.append(f"leaves the folder: {request.url}") if request.url.startswith("http") else None)
        page.goto(path.as_uri(), wait_until="load")
        yield page, complaints
        browser.close()


def sheet(page, path: Path) -> Path:
    """Photograph every slide of the deck that a page shows, on one picture."""
    from PIL import Image

    names, pictures = prepare(page), []
    for name in names:
        page.evaluate("name => slideCheck.show(document.getElementById(name))", name)
        shot = Image.open(io.BytesIO(page.screenshot(type="jpeg", quality=90)))
        pictures.append(shot.resize(THUMBNAIL, Image.Resampling.LANCZOS))
    width, height = THUMBNAIL
    rows = -(-len(pictures) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * (width + 8) + 8, rows * (height + 8) + 8), "#888888")
    for number, picture in enumerate(pictures):
        whole.paste(picture, (8 + number % COLUMNS * (width + 8), 8 + number // COLUMNS * (height + 8)))
    path.parent.mkdir(parents=True, exist_ok=True)
    whole.save(path)
    return path
