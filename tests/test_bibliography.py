"""The bibliography: every entry is cited, complete, well-formed and there once, and every citation has an entry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parent.parent
BIB = ROOT / "references.bib"
ENTRIES = parse_file(BIB).entries  # pybtex refuses a key that is there twice
KEY = re.compile(r"[a-z]+_(1[89]|20)\d\d_[a-z0-9]+")
CITATION = re.compile(r"\{cite(?::[a-z]+)?\}`([^`]+)`")
VENUES = {"article": "journal", "inproceedings": "booktitle", "book": "publisher", "misc": "howpublished"}
LEAST = 90


def pages():
    """The book's own pages, wherever they stand."""
    folders = ["background", "first-steps", "synths", "filters", "physical-modelling", "neural", "reference"]
    return [*ROOT.glob("*.md"), *(page for folder in folders for page in (ROOT / folder).rglob("*.md"))]


def cited():
    """Keys that the pages cite, each with one page that does."""
    return {
        key.strip(): page.relative_to(ROOT).as_posix()
        for page in pages()
        for keys in CITATION.findall(page.read_text(encoding="utf-8"))
        for key in keys.split(",")
    }


def test_there_is_a_bibliography():
    assert len(ENTRIES) >= LEAST


def test_every_entry_is_cited():
    assert sorted(set(ENTRIES) - set(cited())) == []


def test_every_citation_has_an_entry():
    assert {key: page for key, page in cited().items() if key not in ENTRIES} == {}


@pytest.mark.parametrize("key", list(ENTRIES))
def test_entry_is_complete(key):
    entry = ENTRIES[key]
    fields = entry.fields
    assert entry.persons.get("author"), "no author"
    assert all(person.last_names for person in entry.persons["author"])
    assert len(fields["title"]) > 5
    assert fields.get(VENUES[entry.type]), f"a {entry.type} needs its {VENUES[entry.type]}"
    assert {"doi", "eprint", "url"} & set(fields), "nothing to find it by"


@pytest.mark.parametrize("key", list(ENTRIES))
def test_entry_is_well_formed(key):
    fields = ENTRIES[key].fields
    assert re.fullmatch(r"(1[89]|20)\d\d", fields["year"])
    assert "doi" not in fields or re.fullmatch(r"10\.\d{4,9}/\S+", fields["doi"])
    if "eprint" in fields:
        assert re.fullmatch(r"\d{4}\.\d{4,5}", fields["eprint"]) and fields["archiveprefix"] == "arXiv"
    assert "url" not in fields or re.fullmatch(r"https?://\S+", fields["url"])
    assert "pages" not in fields or re.fullmatch(r"\d+(--\d+)?", fields["pages"])
    assert all(text.count("{") == text.count("}") for text in fields.values())


@pytest.mark.parametrize("key", list(ENTRIES))
def test_key_says_who_and_when(key):
    entry = ENTRIES[key]
    assert KEY.fullmatch(key), "a key is firstauthor_year_word"
    author, year, _ = key.split("_")
    assert year == entry.fields["year"]
    surnames = [part for name in entry.persons["author"][0].last_names for part in name.split("-")]
    assert author in map(without_accents, surnames)


def without_accents(name):
    r"""S{\"u}dholt as sudholt, Ram{\'\i}rez as ramirez."""
    return re.sub(r"\\.|[{}]", "", name.replace(r"\i", "i")).lower()


def test_no_title_twice():
    titles = [re.sub(r"\W", "", entry.fields["title"].lower()) for entry in ENTRIES.values()]
    assert sorted({title for title in titles if titles.count(title) > 1}) == []


def test_doi_and_eprint_once():
    for field in ("doi", "eprint"):
        values = [entry.fields[field].lower() for entry in ENTRIES.values() if field in entry.fields]
        assert len(values) == len(set(values)), field
