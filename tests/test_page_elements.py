"""Questions that answer at once and tables that can be searched: built by Sphinx, used by keyboard in Chromium."""

from __future__ import annotations

import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

from tests.browser import ROOT, chromium

CONFIG = f"""
import sys
sys.path.insert(0, {str(ROOT / "extensions")!r})
extensions = ["myst_parser", "check_yourself", "filterable_tables"]
html_static_path = [{str(ROOT / "assets")!r}]
html_theme = "basic"
"""
PAGE = """# A page

```{check-yourself} How much is *two* times three?
- Five

  That is the sum.
- [x] Six

  As two rows of three.
```

```{list-table}
:header-rows: 1
:class: filterable

* - Kind
  - Work
* - Voice
  - Südholt on tubes
* - Voice
  - a singing saw
* - Room
  - a network of delays
```
"""


def build(folder, text):
    """The page as HTML, and what Sphinx complained about."""
    folder.mkdir(exist_ok=True)
    (folder / "conf.py").write_text(CONFIG)
    (folder / "index.md").write_text(text)
    run = subprocess.run([sys.executable, "-m", "sphinx", "-q", "-b", "html", folder, folder / "html"], capture_output=True, text=True)
    return folder / "html" / "index.html", run.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    page, complaints = build(tmp_path_factory.mktemp("page"), PAGE)
    assert complaints == ""
    return page


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser, built):
    opened = browser.new_page()
    opened.goto(built.as_uri())
    yield opened
    opened.close()


def test_a_question_is_plain_html(built):
    soup = BeautifulSoup(built.read_text(), "html.parser")
    question = soup.select_one(".check-yourself")
    assert soup.find(id=question["aria-labelledby"]).get_text() == "How much is two times three?"
    wrong, right = question.select("details")
    assert wrong.summary.get_text() == "Five" and right.summary.get_text() == "Six"
    assert wrong.select_one(".verdict").get_text() == "No." and right.select_one(".verdict").get_text() == "Right."
    assert "two rows" in right.get_text() and not right.has_attr("open")


@pytest.mark.parametrize("answers, complaint", [
    ("- [x] One\n\n  Why.", "at least two answers"),
    ("- One\n\n  Why.\n- Two\n\n  Why.", "one of them marked [x]"),
    ("- [x] One\n\n  Why.\n- [x] Two\n\n  Why.", "one of them marked [x]"),
    ("- [x] One\n- Two\n\n  Why.", "needs an explanation"),
])
def test_a_question_without_sense_is_refused(tmp_path, answers, complaint):
    _, complaints = build(tmp_path / "bad", f"# Page\n\n```{{check-yourself}} Which?\n{answers}\n```\n")
    assert complaint in complaints


def test_an_answer_opens_by_keyboard_and_closes_the_other(page):
    five, six = page.locator("details.wrong"), page.locator("details.right")
    five.locator("summary").focus()
    page.keyboard.press("Enter")
    assert five.locator(".verdict").is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert six.locator(".verdict").is_visible() and not five.locator(".verdict").is_visible()


def rows(page):
    return page.locator("table.filterable tbody tr:visible").all_inner_texts()


def test_a_table_is_searched_without_accents(page):
    field = page.get_by_label("Find in the table")
    assert len(rows(page)) == 3 and page.get_by_role("status").inner_text() == "All 3 rows"
    field.fill("sudholt TUBES")
    assert len(rows(page)) == 1 and "Südholt" in rows(page)[0]
    assert page.get_by_role("status").inner_text() == "1 of 3 rows"
    field.press("Escape")
    assert len(rows(page)) == 3


def test_a_table_is_narrowed_by_a_button(page):
    button = page.get_by_role("button", name="Room")
    button.press("Enter")
    assert len(rows(page)) == 1 and button.get_attribute("aria-pressed") == "true"
    page.get_by_label("Find in the table").fill("saw")
    assert rows(page) == []
    page.get_by_role("button", name="All").click()
    assert len(rows(page)) == 1 and "singing saw" in rows(page)[0]


def test_without_a_script_the_table_is_whole(browser, built):
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(built.as_uri())
    assert plain.locator("table.filterable tbody tr").count() == 3
    assert plain.locator("table.filterable tbody tr:visible").count() == 3
    context.close()
