"""Links to chapters that are planned but not written: their titles stand in the text, and become links when they land."""

from __future__ import annotations

import posixpath

from docutils import nodes

PLANNED = {
}


def name_it(app, env, node, contnode):
    """The title of a planned chapter in place of a link, for a reader and for nobody to click."""
    if node.get("reftype") != "doc":
        return None
    folder, target = node["refdoc"].rpartition("/")[0], node["reftarget"]
    name = posixpath.normpath(target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target))
    if name in PLANNED:
        text = contnode.astext() if node.get("refexplicit") else PLANNED[name]
        return nodes.emphasis("", f"{text} (in preparation)", classes=["planned-chapter"])
    return None


def setup(app):
    app.connect("missing-reference", name_it)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
