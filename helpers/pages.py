"""What a chapter leaves in its page besides figures and sounds: numbers for the prose, measurements, and tables.

Chapters: all of them.
"""

import html
import json
from pathlib import Path

import torch

_PREFIX = "application/papermill.record/"
_MEASUREMENTS = Path(__file__).with_name("measurements.json")


def glue(name, value, fmt=None):
    """Leave a computed value for the prose, where ``{glue:text}`name``` shows it.

    The output has the form that MyST-NB collects; the cell itself shows nothing.

    Args:
        name: key, unique in the page.
        value: number, text or one-element tensor.
        fmt: format specification such as ``".2f"``. Without it the prose may give its own: ``{glue:text}`name:.2f```.

    Raises:
        ValueError: for a tensor of more than one element, or an empty name.
    """
    import IPython

    if not isinstance(name, str) or not name:
        raise ValueError(f"name must be a non-empty string, got {name!r}")
    value = _scalar(value)
    # As a quoted string, because MyST-NB evaluates the text: 0.50 without quotes would lose its last digit.
    text = repr(value if fmt is None else format(value, fmt))
    metadata = {"scrapbook": {"name": name, "mime_prefix": _PREFIX}}
    if IPython.get_ipython() is not None:  # a plain script has no page
        IPython.display.display({_PREFIX + "text/plain": text}, raw=True, metadata=metadata)


def _scalar(value):
    if not hasattr(value, "item"):
        return value
    size = value.numel() if torch.is_tensor(value) else value.size
    if size != 1:
        raise ValueError(f"value must have one element, got shape {tuple(value.shape)}")
    return value.item()


def measurements(name):
    """What a benchmark of the book measured when it last ran: figures that no build should have to measure again.

    Args:
        name: of the benchmark, such as ``"losses"``.

    Returns:
        dictionary: ``date``, ``cpu``, ``cores``, ``threads``, ``versions`` (package -> version) and ``rows``, a list of
        dictionaries with ``what``, ``ratio``, ``required``, ``detail``, ``met``, and columns of that benchmark.

    Raises:
        KeyError: the benchmark never ran; the message says how to run it.
    """
    kept = json.loads(_MEASUREMENTS.read_text(encoding="utf-8"))
    if name not in kept:
        raise KeyError(f"{name} was never measured (run: python -m benchmarks {name}); there are {', '.join(sorted(kept))}")
    return kept[name]


def table(rows, columns, caption=None):
    """Show computed results as an accessible table.

    Args:
        rows: sequence of rows; the first entry of each is its header. Numbers are aligned to the right.
        columns: the headings, as many as each row has entries.
        caption: what the table shows, one sentence.

    Returns:
        an object that Jupyter shows as an HTML table, and a terminal as aligned text.

    Raises:
        ValueError: for a row whose length differs from the headings.
    """
    return Table(rows, columns, caption)


class Table:
    """Rows and headings with an HTML and a text view. Made by `table`."""

    def __init__(self, rows, columns, caption=None):
        self.columns = [str(c) for c in columns]
        self.rows = [[_scalar(cell) for cell in row] for row in rows]
        self.caption = caption
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"each row must have {len(self.columns)} entries, got {len(row)}: {row}")

    def _repr_html_(self):
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        head = "".join(f'<th scope="col">{html.escape(c)}</th>' for c in self.columns)
        body = "".join(f"<tr>{_header(row[0])}{''.join(map(_cell, row[1:]))}</tr>" for row in self.rows)
        return f'<table class="table results">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def __repr__(self):
        lines = [self.columns] + [[_text(cell) for cell in row] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(*lines)]
        return "\n".join("  ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths)))
                         for line in lines)


def _text(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _header(value):
    return f'<th scope="row">{html.escape(_text(value))}</th>'


def _cell(value):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    style = ' class="number" style="text-align:right"' if number else ""
    return f"<td{style}>{html.escape(_text(value))}</td>"
