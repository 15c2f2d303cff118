"""The slides: marks and times in the chapters, and every slide of every deck on two screens, over http and from a folder."""

import json
import re
import shutil

import pytest
from bs4 import BeautifulSoup

from tests.browser import HTML, chromium, serve, visit
from tools.execute import ROOT, read
from tools.slides import chapters, check, deck, plan, site

PAGES = [name for names in chapters.parts().values() for name in names]
READ_ONLY = [plan.PAGE]  # routes through the book: the index of the decks shows them
SCREENS = {"http": (1280, 720), "file": (1920, 1080)}


@pytest.fixture(scope="session")
def folder(tmp_path_factory, book):
    """The decks of the chapters as they are now, built where nothing else lies beside them."""
    out = tmp_path_factory.mktemp("talk") / "slides"
    site.build(book, out)
    return out


@pytest.fixture(scope="session")
def book():
    return chapters.load(PAGES)


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


def decks_of_parts():
    return [site.slug_of(names) for names in chapters.parts().values() if any(name not in READ_ONLY for name in names)]


@pytest.mark.parametrize("name", [name for name in PAGES if name not in READ_ONLY])
def test_chapter_has_its_slides(name, book):
    assert name in book, f"{name} marks no slides"
    chapter = book[name]
    assert check.problems_of(chapter) == []
    untimed = [number for number, slide in enumerate(chapter.slides, 1) if not slide.seconds]
    assert untimed == [], f"{name}: slides whose notes begin with no time, such as **1 min.**"
    assert 6 * 60 <= chapter.seconds <= 15 * 60, f"{name}: its slides take {chapter.seconds / 60:.0f} minutes"


@pytest.mark.parametrize("name", PAGES)
def test_what_is_said_stays_off_the_page(name):
    loud = [cell.source for cell in read(ROOT / f"{name}.md").cells if deck.mark_of(cell) == "notes" and "remove-cell" not in deck.tags_of(cell)]
    assert loud == [], "speaker notes without the tag remove-cell"


@pytest.mark.parametrize("way", SCREENS)
@pytest.mark.parametrize("slug", [*decks_of_parts(), "tutorial"])
def test_every_slide(browser, folder, slug, way):
    width, height = SCREENS[way]
    with serve(folder) as address:
        base = address if way == "http" else folder.as_uri()
        with visit(browser, base, f"{slug}.html", width, height) as seen:
            plays = (slug == "tutorial") == (way == "file")  # each sound once over http, those of the tutorial from the folder
            wrong = check.measure(seen.page, play=plays)
    assert wrong == [], "\n" + "\n".join(wrong)
    assert seen.external == [] and seen.broken == [] and seen.console == []


@pytest.mark.parametrize("setting, link", [
    ("repository: {url: ''}", "../html"), ("repository: {url: 'https://github.com/NAME/BOOK'}", "https://name.github.io/BOOK"),
    ("html: {baseurl: 'https://book.example/'}\nrepository: {url: 'https://github.com/NAME/BOOK'}", "https://book.example"),
])
def test_slides_link_to_the_book_beside_them_or_to_its_address(tmp_path, monkeypatch, setting, link):
    (tmp_path / "_config.yml").write_text(setting)
    monkeypatch.setattr(site, "ROOT", tmp_path)
    assert site.address(tmp_path / "_build" / "slides") == link


@pytest.mark.parametrize("name", [name for name in PAGES if (HTML / f"{name}.html").exists()])
def test_page_and_download_are_without_what_is_for_the_talk(name):
    said = [cell.source for cell in read(ROOT / f"{name}.md").cells if deck.mark_of(cell) == "notes"]
    text = BeautifulSoup((HTML / f"{name}.html").read_text(), "html.parser").get_text(" ")
    download = HTML / "_sources" / f"{name}.ipynb"
    cells = [cell["source"] for cell in json.loads(download.read_text())["cells"]] if download.exists() else []
    for note in said:
        words = re.search(r"\*\*([^*]+)\*\*( [\w ,]{20,})", note)
        assert not words or words[1] + words[2] not in text, "a speaker note on the page"
        assert not any(note in "".join(source) for source in cells), "a speaker note in the notebook to download"


def test_decks_link_to_every_chapter(folder):
    links = {link for path in folder.glob("*.html") for link in re.findall(r'href="[^"]*?/([a-z-]+/[a-z-]+)\.html"', path.read_text())}
    assert set(PAGES) <= links


def test_times_add_up_to_the_plan(book):
    stops = plan.stops((ROOT / f"{plan.PAGE}.md").read_text())
    tutorial = site.tutorial(book)
    assert sum(stop.minutes for stop in stops) == 180
    assert sum(column.seconds for column in tutorial.columns) == pytest.approx(180 * 60)
    over = [stop.name for stop in stops if stop.name in book and book[stop.name].seconds > 60 * stop.minutes]
    assert over == [], "slides longer than the plan gives their chapter"


@pytest.mark.parametrize("way", ["http", "file"])
def test_presenter_sees_notes_and_clock(browser, folder, way):
    with serve(folder) as address:
        with visit(browser, address if way == "http" else folder.as_uri(), "first-steps.html") as seen:
            with seen.page.expect_popup() as opened:
                seen.page.keyboard.press("s")
            view = opened.value
            view.wait_for_selector(".speaker-controls-notes:not(.hidden) .value strong", timeout=20000)
            first = view.inner_text(".speaker-controls-notes .value")
            assert re.search(r"\d\d:\d\d", view.inner_text(".clock")) and view.is_visible(".pacing")
            seen.page.keyboard.press("PageDown")
            view.wait_for_function("first => document.querySelector('.speaker-controls-notes .value').innerText.trim() !== first.trim()", arg=first, timeout=20000)
            view.close()
    assert seen.external == [] and seen.console == []


@pytest.mark.parametrize("key", ["PageDown", "ArrowRight"])
def test_a_new_slide_is_silent_and_keys_turn_it_after_a_press(browser, folder, key):
    with visit(browser, folder.as_uri(), "synths.html") as seen:
        page = seen.page
        check.prepare(page)
        name = page.evaluate("Reveal.getSlides().find((slide) => slide.querySelector('.widget')).id")
        page.evaluate("name => slideCheck.show(document.getElementById(name))", name)
        play = page.locator(f"#{name} .dds button.play").first
        play.click()
        assert play.get_attribute("aria-label") == "Pause"
        page.keyboard.press(key)
        assert page.evaluate("Reveal.getCurrentSlide().id") != name
        assert play.get_attribute("aria-label") == "Play"


def test_dark_on_request(browser, folder):
    with visit(browser, folder.as_uri(), "synths.html") as seen:
        seen.page.wait_for_function("Reveal.isReady()")
        paper = "() => getComputedStyle(document.body).backgroundColor"
        light = seen.page.evaluate(paper)
        seen.page.keyboard.press("d")
        assert light == "rgb(255, 255, 255)" and seen.page.evaluate(paper) != light
        seen.page.reload()
        assert seen.page.evaluate(paper) != light, "forgotten on the next load"


def test_a_drag_lands_where_the_pointer_is(browser, folder):
    """Slides enlarge the widgets: a press on the middle of a comparison is the middle of its sound."""
    with visit(browser, folder.as_uri(), "synths.html", 1920, 1080) as seen:
        page = seen.page
        check.prepare(page)
        name = page.evaluate("Reveal.getSlides().find((slide) => slide.querySelector('.widget')).id")
        page.evaluate("name => slideCheck.show(document.getElementById(name))", name)
        canvas, clock = page.locator(f"#{name} .dds canvas").first, page.locator(f"#{name} .dds .clock").first
        box = canvas.bounding_box()
        page.mouse.click(box["x"] + box["width"] - 2, box["y"] + 20)
        at, length = (float(value) for value in re.findall(r"[\d.]+", clock.inner_text())[:2])
        assert at == pytest.approx(length, abs=0.02 * length + 0.05)
        sharp = page.evaluate("canvas => canvas.width / canvas.getBoundingClientRect().width", canvas.element_handle())
        assert sharp == pytest.approx(1, abs=0.02), "the picture is drawn for another size than it is shown at"


def test_index_lists_the_decks(browser, folder):
    with visit(browser, folder.as_uri(), "index.html", 390, 844) as seen:
        linked = {link.split("#")[0] for link in seen.page.eval_on_selector_all("a", "all => all.map((a) => a.getAttribute('href'))")}
        assert {f"{slug}.html" for slug in [*decks_of_parts(), "tutorial"]} <= linked
        assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= 391
        assert "180 min" in seen.page.inner_text("main")
    assert seen.external == [] and seen.broken == [] and seen.console == []


def test_a_missing_output_runs_and_says_so(tmp_path, capsys, monkeypatch):
    root = tmp_path / "book"
    (root / "part").mkdir(parents=True)
    for name in ("requirements.txt", "constraints.txt", "_toc.yml"):
        shutil.copy(ROOT / name, root / name)
    (root / "part" / "one.md").write_text(PAGE)
    monkeypatch.setattr(chapters, "ROOT", root)
    monkeypatch.setattr(chapters, "run", lambda names: ran.extend(names))
    monkeypatch.setattr(chapters, "CACHE", root / "_build" / "cache")
    ran = []
    with pytest.raises(chapters.ChapterError, match="part/one"):  # for nothing has run
        chapters.load(["part/one"])
    assert ran == ["part/one"] and "not in the book's cache, so they run now: part/one" in capsys.readouterr().out


PAGE = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# One

+++ {"slideshow": {"slide_type": "slide"}}

Two

```{code-cell} ipython3
print(1)
```
"""


def test_cells_become_slides():
    cells = [
        cell("(chapter-x)=\n# X\n\nSound."), cell("page", "skip"), cell("said", "notes"), cell("**1 min 30 s.** also", "notes"),
        cell("## Second", "slide"), cell("later", "fragment"), cell("with it"), cell("(label)="), cell("glue()", kind="code", tags=["remove-cell"]),
        cell("**30 s.** go on", "notes"), cell("## Third", "subslide", tags=["remove-cell"]),
    ]  # fmt: skip
    slides = deck.split(cells)
    assert [[(step, c.source[:9]) for step, c in slide.cells] for slide in slides] == [
        [(0, "(chapter-")], [(0, "## Second"), (1, "later"), (1, "with it")], [(0, "## Third")],
    ]  # fmt: skip
    assert [slide.seconds for slide in slides] == [90.0, 30.0, None]
    assert slides[0].title and not slides[1].title


@pytest.mark.parametrize("note, seconds", [
    ("**1 min.** Play", 60), ("**30 s.** x", 30), ("**1.5 min** x", 90), ("**1 min 15 s.**", 75), ("Play for 2 min", None), ("**Play** 2 min", None),
])
def test_time_of_a_note(note, seconds):
    assert deck.seconds_of(note) == seconds


def cell(source, mark="", kind="markdown", tags=()):
    import nbformat

    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    return make(source, metadata={"slideshow": {"slide_type": mark}, "tags": list(tags)})


def test_the_plan_must_have_its_table():
    with pytest.raises(ValueError, match="no table of minutes"):
        plan.stops("# Ways\n\n## A week\n")


def test_slides_do_not_change_the_notebook_of_a_chapter(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "extensions")
    from extensions.notebook_download import slides_only

    assert slides_only(cell("## Only here", "slide", tags=["remove-cell"]))
    assert not slides_only(cell("x = 1", kind="code", tags=["remove-cell"])) and not slides_only(cell("## Page", "slide"))
