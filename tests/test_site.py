"""The built book, every page, in real Chromium: what a reader would trip over fails here."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from bs4 import BeautifulSoup

from tests.browser import HTML, chromium, serve, visit

TEXT = {".html", ".js", ".css", ".json", ".svg"}
FIRST_VIEW_BYTES = 3_000_000
NEXT_CHAPTER_BYTES = 300_000

FORWARDING = "index.html"  # sends the reader on to the first page
PAGES = sorted(p.relative_to(HTML).as_posix() for p in HTML.rglob("*.html") if "_static" not in p.parts and p != HTML / FORWARDING)
CHAPTERS = [p for p in PAGES if p not in {"genindex.html", "search.html", "py-modindex.html"}]


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def address():
    with serve(HTML) as base:
        yield base


def test_the_book_is_built():
    assert (HTML / ".complete").exists(), "run `make book` first"
    assert CHAPTERS


def assert_clean(seen):
    assert seen.external == [], "requests that leave the book"
    assert seen.broken == [], "requests that fail"
    assert seen.console == [], "messages on the console"


@pytest.mark.parametrize("name", PAGES)
def test_page_over_http(browser, address, name):
    with visit(browser, address, name) as seen:
        page = seen.page
        scroll_through(page)
        assert_formulas(page)
        assert_widgets(page)
        assert_players_play(page)
        assert page.locator("input[type=search]:visible").count() <= 1, "more than one search field"
        assert_clean(seen)


@pytest.mark.parametrize("name", PAGES)
def test_page_from_a_folder(browser, name):
    with visit(browser, HTML.as_uri(), name) as seen:
        scroll_through(seen.page)
        assert_formulas(seen.page)
        assert_widgets(seen.page)
        assert_clean(seen)


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_a_phone(browser, address, name):
    with visit(browser, address, name, width=390, height=844) as seen:
        scroll_through(seen.page)
        wide = seen.page.evaluate(
            """() => document.scrollingElement.scrollWidth <= innerWidth + 1 ? [] :
                [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
                .slice(0, 5).map(e => e.outerHTML.slice(0, 120))"""
        )
        assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= 391, wide
        small = seen.page.evaluate(SMALL_TARGETS)
        assert small == [], "touch targets under 40 px"


SMALL_TARGETS = """() => [...document.querySelectorAll('.afm-widget button, .afm-widget select')]
    .filter(e => e.offsetParent && Math.max(e.getBoundingClientRect().height, e.getBoundingClientRect().width) < 40)
    .map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("name", CHAPTERS)
def test_page_reads_on_dark(browser, address, name):
    with visit(browser, address, name, scheme="dark") as seen:
        assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"
        scroll_through(seen.page)
        faint = seen.page.evaluate(FAINT_TEXT)
        assert faint == [], "text with a contrast under 3.5 on the dark page"


# WCAG contrast of every text element of the article against the first opaque background behind it.
FAINT_TEXT = """() => {
  const parse = c => { const v = (c.match(/[\\d.]+/g) || []).map(Number); return v.length < 4 ? [...v, 1] : v; };
  const lum = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > .9) return c; } return [0, 0, 0, 1]; };
  const faint = [];
  for (const e of document.querySelectorAll('article p, article li, article td, article th, article figcaption, article h1, article h2, article label, article button, article pre span')) {
    if (!e.textContent.trim() || !e.offsetParent || e.closest('svg, mjx-container, .toggle-hidden, button.copybtn')) continue;
    const style = getComputedStyle(e);
    if (+style.opacity < .5 || style.visibility === 'hidden') continue;
    const a = lum(parse(style.color)), b = lum(behind(e));
    if ((Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 3.5) faint.push(e.outerHTML.slice(0, 160));
  }
  return faint.slice(0, 5);
}"""


@pytest.mark.parametrize("name", CHAPTERS)
def test_figures_have_alt_text(name):
    for image in soup(name).select("article img, article video, main img"):
        text = image.get("alt") or image.get("aria-label") or ""
        assert len(text.strip()) > 10, f"no alt text: {str(image)[:160]}"
        assert not re.fullmatch(r".*\.(png|svg|jpg)", text), f"a file name is not alt text: {text}"


@pytest.mark.parametrize("name", CHAPTERS)
def test_internal_links_lead_somewhere(name):
    for link in soup(name).select("a[href]"):
        href = link["href"]
        if re.match(r"(https?:|mailto:|data:|javascript:)", href):
            continue
        path, anchor = urldefrag(unquote(href))
        target = (HTML / name).parent.joinpath(path.split("?")[0]).resolve() if path else HTML / name
        assert target.exists(), f"{href} leads nowhere"
        if anchor and target.suffix == ".html":
            inside = target.relative_to(HTML.resolve()) if path else name
            assert soup(str(inside)).find(id=anchor) or soup(str(inside)).find(attrs={"name": anchor}), f"no anchor {href}"


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_page_says_something(name):
    article = soup(name).select_one("article")
    assert len(article.get_text().split()) > 40, "an empty page"
    assert len(soup(name).select("article h1")) == 1


def test_the_front_door_opens(browser):
    with visit(browser, HTML.as_uri(), FORWARDING) as seen:
        seen.page.wait_for_url("**/intro.html")


def test_search_finds_a_word_from_a_folder(browser):
    with visit(browser, HTML.as_uri(), "search.html?q=gain") as seen:
        seen.page.wait_for_selector("#search-results li", timeout=10_000)
        assert_clean(seen)


def test_weight_of_first_view_and_next_chapter(browser, address):
    loaded: set[str] = set()
    for number, name in enumerate(CHAPTERS):
        with visit(browser, address, name) as seen:
            fresh = {url: size for url, size in seen.bytes_by_url.items() if url not in loaded}
            loaded |= set(seen.bytes_by_url)
        weight = sum(on_the_wire(url, address, size) for url, size in fresh.items())
        limit = FIRST_VIEW_BYTES if number == 0 else NEXT_CHAPTER_BYTES
        assert weight <= limit, f"{name} weighs {weight / 1e3:.0f} kB: {heaviest(fresh, address)}"


def on_the_wire(url: str, address: str, size: int) -> int:
    """Bytes with the compression that every web server applies to text."""
    path = HTML / url.removeprefix(address).lstrip("/")
    return len(gzip.compress(path.read_bytes(), 6)) if path.suffix in TEXT else size


def heaviest(sizes: dict[str, int], address: str) -> list[str]:
    return [f"{u.removeprefix(address)} {s}" for u, s in sorted(sizes.items(), key=lambda item: -item[1])[:5]]


_soups: dict[str, BeautifulSoup] = {}


def soup(name: str) -> BeautifulSoup:
    """A page, parsed once."""
    if name not in _soups:
        _soups[name] = BeautifulSoup(Path(HTML, name).read_text(encoding="utf-8"), "html.parser")
    return _soups[name]


def scroll_through(page) -> None:
    """Scroll to the end and back, so that whatever waits for that happens."""
    page.evaluate(
        """async () => { for (let y = 0; y < document.body.scrollHeight; y += 700) { scrollTo(0, y); await new Promise(r => setTimeout(r, 20)); } scrollTo(0, 0); }"""
    )


def assert_formulas(page) -> None:
    """Every formula is typeset, none as an error."""
    if page.locator(".math").count() == 0:
        return
    page.wait_for_selector("mjx-container", timeout=10_000, state="attached")
    left = page.evaluate("() => [...document.querySelectorAll('.math')].filter(e => !e.querySelector('mjx-container')).map(e => e.textContent.slice(0, 80))")
    assert left == [], "formulas that were not typeset"
    assert page.locator("mjx-merror").count() == 0


def assert_widgets(page) -> None:
    """Every widget of the page has drawn itself."""
    expected = page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
    page.wait_for_function(f"document.querySelectorAll('.afm-widget').length >= {expected}", timeout=10_000)
    page.wait_for_function("!document.querySelector('.afm-widget:empty, .afm-widget .busy')", timeout=10_000)
    for text, size in page.evaluate("() => [...document.querySelectorAll('.afm-widget')].map(e => [e.textContent, e.querySelectorAll('*').length])"):
        assert size > 3 and "could not be shown" not in text and "needs a running kernel" not in text, text[:200]


def assert_players_play(page) -> None:
    """Every <audio> and <video> decodes and moves."""
    silent = page.evaluate(
        """async () => {
            const bad = [];
            for (const m of document.querySelectorAll('audio, video')) {
              m.muted = true;
              try {
                await Promise.race([m.play(), new Promise((_, no) => setTimeout(() => no('timeout'), 5000))]);
                if (!(m.duration > 0.01)) bad.push('no duration: ' + m.outerHTML.slice(0, 100));
              } catch (e) { bad.push(e + ': ' + m.outerHTML.slice(0, 100)); }
              m.pause();
            }
            return bad;
        }"""
    )
    assert silent == [], "players that do not play"
