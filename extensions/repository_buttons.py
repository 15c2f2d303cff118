"""One setting, `repository: url:` in _config.yml, turns on every button that needs an address.

Jupyter Book drops that setting when `html_theme_options` are given, so it is read again here.
"""

from __future__ import annotations

from pathlib import Path

import yaml

# (name, icon, address): the publishing workflow keeps the chapters' .ipynb on the branch `notebooks`.
LAUNCHERS = [
    ("Colab", "fas fa-cloud", "https://colab.research.google.com/github/{repository}/blob/notebooks/{page}.ipynb"),
    ("Binder", "fas fa-rocket", "https://mybinder.org/v2/gh/{repository}/{branch}?urlpath=lab/tree/{page}.md"),
]


def read_setting(app, config):
    """Copy the address into the theme's options; without it, no button is shown."""
    settings = yaml.safe_load(Path(app.confdir, "_config.yml").read_text(encoding="utf-8"))
    repository = settings.get("repository") or {}
    url = (repository.get("url") or "").rstrip("/")
    if not url:
        return
    config.html_theme_options.update(
        repository_url=url,
        repository_branch=repository.get("branch", "main"),
        use_repository_button=True,
        use_edit_page_button=True,
        use_issues_button=True,
    )


def add_launchers(app, pagename, templatename, context, doctree):
    """Buttons on chapters that run them elsewhere."""
    options = app.config.html_theme_options
    url = options.get("repository_url", "")
    if not url.startswith("https://github.com/") or "ipynb_source" not in context:
        return
    where = {"repository": url.removeprefix("https://github.com/"), "branch": options["repository_branch"], "page": pagename}
    for name, icon, address in reversed(LAUNCHERS):
        button = {"type": "link", "text": name, "icon": icon, "tooltip": f"Run this chapter on {name}", "url": address.format(**where)}
        context["header_buttons"].insert(0, {**button, "label": f"launch-{name.lower()}"})


def setup(app):
    app.connect("config-inited", read_setting, priority=100)
    app.connect("html-page-context", add_launchers, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
