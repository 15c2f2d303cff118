"""Docstrings name their chapter as `Chapter: part/name.`; on the API page that becomes a link."""

from __future__ import annotations

import re

CHAPTER = re.compile(r"\b(background|first-steps|synths|filters)/([a-z][a-z-]*)")


def link(app, what, name, item, options, lines):
    """Turn the names of chapters in one docstring into references to them, in place."""
    for number, line in enumerate(lines):
        lines[number] = CHAPTER.sub(r":doc:`/\g<0>`", line) if "Chapter" in line else line


def setup(app):
    app.connect("autodoc-process-docstring", link)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
