"""A page of its own for widgets: what MyST-NB writes into a chapter, and the book's widget host, without the book."""

import json
from pathlib import Path

from ipywidgets.embed import dependency_state, embed_data

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def widget_state(*widgets):
    """The state that a page carries for these widgets, as a kernel would save it."""
    return embed_data(views=widgets, state=dependency_state(widgets, drop_defaults=False))


def write_page(folder, *widgets, body="", theme="light"):
    """Write ``page.html`` into a folder; returns the number of bytes of widget state in it."""
    data = widget_state(*widgets) if widgets else {"manager_state": {"state": {}}, "view_specs": []}
    state = json.dumps(data["manager_state"])
    views = "".join(f'<script type="application/vnd.jupyter.widget-view+json">{json.dumps(view)}</script>'
                    for view in data["view_specs"])
    text = f"""<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>Widgets</title>
<meta name="viewport" content="width=device-width">
<style>html {{ --pst-color-text-base: #222; --pst-color-background: #fff }}
html[data-theme=dark] {{ --pst-color-text-base: #ced6dd; --pst-color-background: #14181e }}
body {{ background: var(--pst-color-background) }}</style><link rel="stylesheet" href="book.css">
<main class="bd-content">{body}{views}</main>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<script src="afm-host.js"></script><script src="players.js"></script></html>"""
    for name in ("afm-host.js", "players.js", "book.css"):
        (folder / name).write_bytes((ASSETS / name).read_bytes())
    (folder / "page.html").write_text(text, encoding="utf-8")
    return len(state)
