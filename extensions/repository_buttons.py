"""One setting, `repository: url:` in _config.yml, turns on every button that needs an address.

Jupyter Book drops that setting when `html_theme_options` are given, so it is read again here.
"""

from __future__ import annotations

from pathlib import Path

import yaml

COLAB = "https://colab.research.google.com/github/{owner_and_name}/blob/notebooks/{page}.ipynb"


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


def add_colab(app, pagename, templatename, context, doctree):
    """A Colab button on chapters; the publishing workflow keeps their .ipynb on the branch `notebooks`."""
    url = app.config.html_theme_options.get("repository_url", "")
    if not url.startswith("https://github.com/") or "ipynb_source" not in context:
        return
    link = COLAB.format(owner_and_name=url.removeprefix("https://github.com/"), page=pagename)
    button = {"type": "link", "text": "Colab", "icon": "fas fa-cloud", "tooltip": "Run this chapter on Colab", "url": link}
    context["header_buttons"].insert(0, {**button, "label": "launch-colab"})


def setup(app):
    app.connect("config-inited", read_setting, priority=100)
    app.connect("html-page-context", add_colab, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
