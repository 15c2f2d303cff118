"""The build: what it refuses, what it says, and when it runs a chapter again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "extensions"))
import repository_buttons
from notebook_download import notebook
from plain_markdown import glue_values, plain

from tools import chromium, execute

HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# A chapter

```{code-cell} ipython3
%s
```
"""


@pytest.fixture
def book(tmp_path):
    """An empty book in a temporary folder: `write` a chapter, then `run` chapters as the build does."""
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "a.py").write_text("x = 1\n")
    for name in ("requirements.txt", "constraints.txt"):
        (tmp_path / name).write_text("torch==1\n")
    return Book(tmp_path)


class Book:
    def __init__(self, root):
        self.root = root

    def write(self, code, name="one.md"):
        (self.root / name).write_text(HEADER % code)
        return name

    def run(self, *names, budget_s=60):
        command = [sys.executable, "-m", "tools.execute", *(str(self.root / n) for n in names), "--root", str(self.root), "--budget", str(budget_s)]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)


def test_a_chapter_runs_once_and_is_then_read_from_the_cache(book):
    name = book.write("print(1)")
    assert "one.md" in (first := book.run(name).stdout) and first.endswith("ran\n")
    assert book.run(name).stdout.endswith("cached\n")
    (book.root / "helpers" / "a.py").write_text("x = 2\n")
    again = book.run(name).stdout
    assert "has changed" in again and again.endswith("ran\n")


def test_one_setting_turns_the_buttons_on(tmp_path):
    """The address of the repository, set or not, with what the buttons on a chapter then point to."""

    def buttons(setting):
        (tmp_path / "_config.yml").write_text(setting)
        config = SimpleNamespace(html_theme_options={})
        app = SimpleNamespace(confdir=tmp_path, config=config)
        context = {"ipynb_source": "synths/additive.ipynb", "header_buttons": []}
        repository_buttons.read_setting(app, config)
        repository_buttons.add_launchers(app, "synths/additive", "page.html", context, None)
        return config.html_theme_options, {button["text"]: button["url"] for button in context["header_buttons"]}

    assert buttons("repository:\n  url: \"\"") == ({}, {})
    options, links = buttons("repository:\n  url: https://github.com/someone/book/\n  branch: trunk")
    assert options["use_repository_button"] and options["use_edit_page_button"] and options["use_issues_button"]
    assert links == {
        "Colab": "https://colab.research.google.com/github/someone/book/blob/notebooks/synths/additive.ipynb",
        "Binder": "https://mybinder.org/v2/gh/someone/book/trunk?urlpath=lab/tree/synths/additive.md",
    }
    assert buttons("repository:\n  url: https://gitlab.com/someone/book")[1] == {}


def test_binder_builds_from_the_same_pins():
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    files = [ROOT / "binder" / line.split()[1] for line in lines if not line.startswith("#")]
    assert [path.resolve() for path in files] == [ROOT / "requirements.txt", ROOT / "constraints.txt"]
    for name in ("postBuild", "start"):
        assert os.access(ROOT / "binder" / name, os.X_OK)
        subprocess.run(["bash", "-n", ROOT / "binder" / name], check=True)


@pytest.mark.parametrize("what", ["helpers/new.js", "helpers/sound.flac", "helpers/measurements.json", "requirements.txt", "constraints.txt"])
def test_the_cache_depends_on_helpers_sounds_and_pins(book, what):
    before = execute.cache_key(book.root)
    (book.root / what).write_text("changed")
    assert execute.cache_key(book.root) != before


def test_a_damaged_cache_is_replaced(book):
    name = book.write("print(1)")
    book.run(name)
    (book.root / "_build" / ".jupyter_cache" / "global.db").write_bytes(b"not a database")
    again = book.run(name).stdout
    assert "cannot be read" in again and again.endswith("ran\n")


def test_every_failure_is_named_and_good_chapters_are_kept(book):
    good = book.write("print(1)", "good.md")
    bad = book.write("x = 1\n```\n\n```{code-cell} ipython3\nx / 0", "bad.md")
    noisy = book.write("import sys\nprint('oh dear', file=sys.stderr)", "noisy.md")
    run = book.run(good, bad, noisy)
    assert run.returncode == 1
    assert "bad.md, cell 2 (x / 0)" in run.stderr and "ZeroDivisionError" in run.stderr
    assert "noisy.md, cell 1 (import sys) wrote to stderr:\noh dear" in run.stderr
    assert book.run(good).stdout.endswith("cached\n")


def test_a_cell_over_the_budget_is_named(book):
    run = book.run(book.write("x = 1\n```\n\n```{code-cell} ipython3\nimport time; time.sleep(60)"), budget_s=2)
    assert run.returncode == 1 and "one.md, cell 2 (import time" in run.stderr and "timed out" in run.stderr


def test_a_chapter_over_the_budget_names_its_slowest_cell(book):
    code = "import time; time.sleep(1.0)\n```\n\n```{code-cell} ipython3\ntime.sleep(1.7)"
    run = book.run(book.write(code), budget_s=2)
    assert "the budget is 2 s; slowest is cell 2 (time.sleep(1.7))" in run.stderr


def test_a_missing_chapter_is_named(tmp_path):
    (tmp_path / "_toc.yml").write_text("root: intro\nchapters:\n- file: nowhere\n")
    with pytest.raises(execute.ChapterError, match="intro.md, nowhere.md"):
        execute.notebooks(tmp_path)


def test_chromium_that_is_missing_is_explained(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert chromium.main() == 1
    assert "apt install chromium" in capsys.readouterr().err


def test_make_alone_lists_the_commands():
    out = subprocess.run(["make"], capture_output=True, text=True, cwd=ROOT, check=True, env={**os.environ, "MAKEFLAGS": ""}).stdout
    assert all(f"make {name} " in out for name in ("book", "test", "lab", "serve", "links", "bench", "clean"))


def test_plain_markdown_reads_without_directives():
    source = "(label)=\n# Title\n\nSee {doc}`/synths/oscillator` and {doc}`the gain <gain>`, {cite:t}`engel_2020_ddsp`: {glue:text}`best` dB.\n\n$$ x $$ (eq-x)\n"
    text = plain(source, {"best": "3.2"})
    assert "{" not in text and "label" not in text
    assert "See oscillator and the gain, (Engel 2020): 3.2 dB." in text


def test_plain_markdown_keeps_admonitions_as_quotations():
    text = plain(":::{admonition} Watch out\n:class: warning\nIt is **loud**.\n:::\n")
    assert text.strip() == "> **Watch out**\n>\n> It is **loud**."


def test_glue_values_come_from_outputs():
    output = nbformat.v4.new_output("display_data", {"application/papermill.record/text/plain": "'3.2'"}, metadata={"scrapbook": {"name": "best"}})
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])])
    assert glue_values(nb) == {"best": "3.2"}


def test_a_downloaded_notebook_installs_helpers_first(book):
    nb = notebook(book.root / book.write("print(1)"), "https://github.com/a/b", {})
    assert "git+https://github.com/a/b" in nb.cells[0].source
    assert [c.source for c in nb.cells if c.cell_type == "code"][1] == "print(1)"
    compile(nb.cells[0].source, "cell", "exec")
