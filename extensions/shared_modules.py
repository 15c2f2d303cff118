"""Widgets of one kind share their code: it goes into one script for the whole site, not into every page's state.

The state of a widget carries its module and its style sheet as text. Here the text becomes a file under
``_static/widgets`` that leaves it in `sharedModules`, where ``afm-host.js`` looks it up. A script, not a module or a
fetched file, because those do not load over ``file://``.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

STATE = "application/vnd.jupyter.widget-state+json"


def share(app, pagename, templatename, context, doctree):
    """Replace the texts in one page's widget state by keys, and add the scripts that hold them."""
    for script in list(context.get("script_files", [])):
        attributes = getattr(script, "attributes", {})
        if attributes.get("type") != STATE:
            continue
        state = json.loads(attributes["body"])
        keys = sorted({key for record in state["state"].values() for key in move(record["state"], app.outdir)})
        attributes["body"] = json.dumps(state, separators=(",", ":")).replace("</", "<\\/")
        for key in keys:
            app.add_js_file(f"widgets/{key}.js")


def move(state, outdir):
    """Move the module and the style sheet of one widget to files; yields their keys."""
    for name in ("_esm", "_css"):
        text = state.get(name)
        if text and len(text) > 200:
            state[name] = key = hashlib.sha256(text.encode()).hexdigest()[:16]
            write(Path(outdir, "_static", "widgets", f"{key}.js"), key, text)
            yield key


def write(path, key, text):
    """Write a script that registers a text under its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"(globalThis.sharedModules ??= {{}})[{json.dumps(key)}] = {json.dumps(text)};\n", encoding="utf-8")


def setup(app):
    app.connect("html-page-context", share, priority=600)  # after MyST-NB has added the state
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
