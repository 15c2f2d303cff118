"""Numbers and tables that a chapter leaves in its page."""

import pytest
import torch

from helpers.pages import glue, table


@pytest.fixture
def collect(monkeypatch):
    """Calls `glue` as in a notebook and returns the data and metadata of what it displays."""
    shown = []
    monkeypatch.setattr("IPython.get_ipython", object)
    monkeypatch.setattr("IPython.display.display", lambda data, raw, metadata: shown.append((data, metadata)))

    def run(*arguments):
        glue(*arguments)
        return shown

    return run


@pytest.mark.parametrize("value, fmt, text", [
    (0.5, ".2f", "0.50"),
    (torch.tensor([0.25]), ".3f", "0.250"),
    (1234567, ",", "1,234,567"),
    ("saxophone", None, "saxophone"),
    (0.1, None, "0.1"),
])
def test_glue_reaches_the_prose_as_formatted(collect, value, fmt, text):
    from myst_nb.core.variables import format_plain_text
    from myst_nb.ext.glue import extract_glue_data_cell
    from nbformat.v4 import new_code_cell, new_output

    [(data, metadata)] = collect("name", value, fmt)
    cell = new_code_cell(outputs=[new_output("display_data", data=data, metadata=metadata)])
    [(key, output)] = extract_glue_data_cell(cell)
    assert key == "name" and cell.outputs == [], "the cell itself shows nothing"
    assert format_plain_text(output["data"]["text/plain"], "s") == text


def test_prose_may_format_a_bare_number(collect):
    from myst_nb.core.variables import format_plain_text

    [(data, _)] = collect("name", torch.tensor(2.0))
    assert format_plain_text(next(iter(data.values())), ".3f") == "2.000"


def test_glue_refuses_what_prose_cannot_show(collect):
    with pytest.raises(ValueError, match=r"value must have one element, got shape \(3,\)"):
        glue("name", torch.zeros(3))
    with pytest.raises(ValueError, match="name must be a non-empty string"):
        glue("", 1.0)


def test_table_has_headers_caption_and_escapes():
    markup = table([["<b>", 1.23456, True], ["violin", torch.tensor(2.0), "x & y"]], ["sound", "loss", "note"], "Losses")._repr_html_()
    assert "<caption>Losses</caption>" in markup
    assert markup.count('scope="col"') == 3 and markup.count('scope="row"') == 2
    assert "<b>" not in markup and "1.235" in markup and "x &amp; y" in markup


def test_table_in_a_terminal_and_with_a_short_row():
    assert repr(table([["a", 1.5]], ["name", "n"])).splitlines() == ["name    n", "a     1.5"]
    with pytest.raises(ValueError, match="each row must have 2 entries, got 1"):
        table([["a"]], ["name", "n"])


def test_glue_is_silent_in_a_plain_script(capsys):
    glue("name", 1.0)
    assert capsys.readouterr().out == ""
