"""Offer each chapter as a clean .ipynb in the download menu, and open it in Colab where an address is set.

The first cell installs `helpers` where it is missing; MyST directives become plain Markdown.
"""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat
from plain_markdown import glue_values, plain

INSTALL = '''\
# Installs the book's package `helpers` where it is missing.
import importlib.util
import os
import subprocess
import sys

if importlib.util.find_spec("helpers") is None:
    source = os.environ.get("INTRODDSP_HELPERS", "{source}")
    if not source:
        raise RuntimeError("`helpers` is not installed: set INTRODDSP_HELPERS to a wheel, a folder or an address of the book")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", source], check=True)\
'''


def slides_only(cell) -> bool:
    """Whether a cell is said or shown in a talk only. Code without a place on the page stays: other cells may need it."""
    return cell.cell_type == "markdown" and "remove-cell" in cell.metadata.get("tags", [])


def notebook(path: Path, repository_url: str, values: dict[str, str]):
    """A chapter as a plain notebook, without outputs, with the installing cell in front."""
    nb = jupytext.read(path)
    nb.metadata.pop("jupytext", None)
    nb.cells = [cell for cell in nb.cells if not slides_only(cell)]
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source, values)
    source = f"git+{repository_url}" if repository_url else ""
    install = nbformat.v4.new_code_cell(INSTALL.replace("{source}", source), id="install-helpers")
    nb.cells.insert(0, install)
    return nb


def glued(app, pagename: str) -> dict[str, str]:
    """The numbers that the chapter's cells left in this build, read from the notebook cache."""
    from jupyter_cache import get_cache
    from myst_nb.core.read import myst_nb_reader_plugin

    nb = myst_nb_reader_plugin(app.env.doc2path(pagename))
    try:
        _, nb = get_cache(app.config.nb_execution_cache_path).merge_match_into_notebook(nb)
    except KeyError:  # not executed: the names stand for the numbers
        return {}
    return glue_values(nb)


def offer(app, pagename, templatename, context, doctree):
    """Write the notebook beside the page and name it in the download menu."""
    if app.builder.format != "html" or doctree is None:
        return
    path = Path(app.env.doc2path(pagename))
    if path.suffix != ".md" or "kernelspec" not in app.env.metadata.get(pagename, {}):
        return
    if "```{code-cell}" not in path.read_text(encoding="utf-8"):  # a page with slides, and nothing to run
        return
    out = Path(app.outdir, "_sources", pagename + ".ipynb")
    out.parent.mkdir(parents=True, exist_ok=True)
    url = app.config.html_theme_options.get("repository_url", "")
    nbformat.write(notebook(path, url, glued(app, pagename)), out)
    context["ipynb_source"] = pagename + ".ipynb"


def setup(app):
    app.connect("html-page-context", offer, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
