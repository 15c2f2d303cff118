"""A table of the class `filterable` can be searched by the reader: its page gets a small script (``assets/filter-table.js``)."""

from __future__ import annotations

from docutils import nodes


def add_script(app, pagename, templatename, context, doctree):
    """Load the script on the pages that have such a table, and nowhere else."""
    if doctree is not None and any("filterable" in table["classes"] for table in doctree.findall(nodes.table)):
        app.add_js_file("filter-table.js", defer="")
        app.add_css_file("filter-table.css")


def setup(app):
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
