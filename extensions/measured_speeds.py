"""The directive `measured-speeds`: what `make bench` last kept of the benchmarks that it names, with date and machine."""

from __future__ import annotations

from docutils import nodes
from docutils.parsers.rst import Directive

COLUMNS = ["What", "Measured", "Asked for", "From"]


class MeasuredSpeeds(Directive):
    """One table for each benchmark: ``{measured-speeds} losses loop``."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        from helpers import pages

        self.state.document.settings.env.note_dependency(str(pages._MEASUREMENTS))
        return [nodes.raw("", table(pages, name), format="html") for name in self.arguments[0].split()]


def table(pages, name) -> str:
    """A benchmark's rows as HTML; what was asked for and missed says so."""
    kept = pages.measurements(name)
    rows = [[row["what"], row["ratio"], asked(row), row["detail"]] for row in kept["rows"]]
    versions = ", ".join(f"{package} {version}" for package, version in kept["versions"].items())
    caption = f"python -m benchmarks {name}: {kept['date']}, {kept['cpu']}, {kept['threads']} thread, {versions}"
    return f'<div class="pst-scrollable-table-container">{pages.table(rows, COLUMNS, caption)._repr_html_()}</div>'


def asked(row) -> str:
    return (row["required"] or "") + ("" if row["met"] else " (missed)")


def setup(app):
    app.add_directive("measured-speeds", MeasuredSpeeds)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
