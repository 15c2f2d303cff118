"""Figures load when the reader comes near them: the first view of a page stays light."""

from __future__ import annotations


def wait(app, pagename, templatename, context, doctree):
    """Mark every image of the page's body; the browser does the rest, also from a folder."""
    if context.get("body"):
        context["body"] = context["body"].replace("<img ", '<img loading="lazy" ')


def setup(app):
    app.connect("html-page-context", wait, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
