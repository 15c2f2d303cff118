"""The directive `run-times`: a table of every chapter's seconds and page weight, from this build."""

from __future__ import annotations

import gzip
import html
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

MARK = "<!-- run-times -->"


class RunTimes(Directive):
    """Leaves a mark that `fill` replaces once every page is written."""

    def run(self):
        return [nodes.raw("", MARK, format="html")]


def rows(app):
    """Title, seconds, bytes of the page and bytes on the wire, for each executed chapter."""
    for name in app.env.metadata:
        data = app.env.nb_metadata.get(name, {}).get("exec_data") if hasattr(app.env, "nb_metadata") else None
        page = Path(app.outdir, name + ".html")
        if data and data.get("runtime") is not None and page.exists():
            raw = page.read_bytes()
            yield name, app.env.titles[name].astext(), data["runtime"], len(raw), len(gzip.compress(raw, 6))


def reading_order(app) -> list[str]:
    """Pages as the table of contents has them."""
    def below(name):
        return [name, *(page for child in app.env.toctree_includes.get(name, []) for page in below(child))]

    return below(app.config.root_doc)


def fill(app, error):
    """Write the table into the pages that asked for it."""
    if error or app.builder.format != "html":
        return
    order = reading_order(app)
    found = sorted(rows(app), key=lambda row: order.index(row[0]))
    body = "".join(
        f'<tr><td><a href="{{root}}{name}.html">{html.escape(title)}</a></td><td>{seconds:.1f}</td>'
        f"<td>{size / 1e3:.0f}</td><td>{wire / 1e3:.0f}</td></tr>"
        for name, title, seconds, size, wire in found
    )
    total = (
        f"<tr><th scope='row'>Whole book</th><td>{sum(r[2] for r in found):.1f}</td>"
        f"<td>{sum(r[3] for r in found) / 1e3:.0f}</td><td>{sum(r[4] for r in found) / 1e3:.0f}</td></tr>"
    )
    table = (
        '<div class="pst-scrollable-table-container"><table class="table run-times"><caption>Seconds to execute, and size of the page, in this build</caption>'
        "<thead><tr><th>Chapter</th><th>Seconds</th><th>Page, kB</th><th>On the wire (gzip), kB</th></tr></thead>"
        f"<tbody>{body}{total}</tbody></table></div>"
    )
    for name in app.env.metadata:
        page = Path(app.outdir, name + ".html")
        if page.exists() and MARK in (text := page.read_text(encoding="utf-8")):
            page.write_text(text.replace(MARK, table.replace("{root}", "../" * name.count("/"))), encoding="utf-8")


def setup(app):
    app.add_directive("run-times", RunTimes)
    app.connect("build-finished", fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
