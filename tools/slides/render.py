"""From the cells of a slide to HTML: Markdown, code, and outputs as the notebook cache holds them."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer, get_lexer_by_name
from pygments.util import ClassNotFound

from extensions.plain_markdown import plain
from tools.slides.deck import tags_of

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
RICH = {VIEW, "text/html", "image/png", "image/svg+xml"}
LIGHT, DARK = "a11y-light", "a11y-dark"
_FORMATTER = HtmlFormatter(nowrap=True)


def highlighted(source: str, language: str = "python") -> str:
    """Code in colours."""
    try:
        lexer = PythonLexer() if language == "python" else get_lexer_by_name(language)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    return f'<pre class="code"><code>{highlight(_closer(source), lexer, _FORMATTER).rstrip()}</code></pre>'


def _closer(source: str) -> str:
    """Code with one blank line where a page has two."""
    return re.sub(r"\n{3,}", "\n\n", source.strip())


def _parser() -> MarkdownIt:
    """CommonMark with tables and formulas; a formula stays TeX between the brackets that MathJax looks for."""
    parser = MarkdownIt("commonmark", {"html": True, "highlight": None}).enable(["table", "strikethrough"])
    dollarmath_plugin(parser, allow_labels=True, double_inline=True)
    amsmath_plugin(parser)
    for name in ("math_inline", "math_inline_double"):
        parser.add_render_rule(name, lambda self, tokens, i, *rest: f"\\({html.escape(tokens[i].content)}\\)")
    for name in ("math_block", "math_block_label", "amsmath"):
        parser.add_render_rule(name, lambda self, tokens, i, *rest: f'<div class="formula">\\[{html.escape(tokens[i].content)}\\]</div>\n')
    parser.add_render_rule("fence", lambda self, tokens, i, *rest: highlighted(tokens[i].content, tokens[i].info.strip() or "text") + "\n")
    return parser


_MARKDOWN = _parser()


def markdown(source: str, values: dict[str, str]) -> str:
    """A Markdown cell: MyST made plain, numbers of the cells filled in."""
    return _MARKDOWN.render(plain(source, values))


class Renderer:
    """Renders cells of one deck; pictures go into files beside it, named by what they hold."""

    def __init__(self, folder: Path):
        self.media = folder / "media"
        self.shown: set[str] = set()  # the widgets that stand on slides

    def cell(self, cell, values: dict[str, str]) -> str:
        if cell.cell_type == "markdown":
            return f'<div class="prose">{markdown(cell.source, values)}</div>'
        tags = tags_of(cell)
        outputs = [] if tags & {"hide-output", "remove-output"} else [output for output in cell.outputs if "scrapbook" not in output.get("metadata", {})]
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        # What is to be seen or heard needs the slide for itself; its code is on the page.
        code_hidden = tags & {"hide-input", "remove-input"} or any(RICH & set(output.get("data", {})) for output in outputs)
        return ("" if code_hidden else highlighted(cell.source)) + "".join(self.output(output, alt) for output in outputs)

    def output(self, output, alt: str) -> str:
        """One output in its richest form."""
        if output.output_type == "stream":
            return f'<pre class="printed">{html.escape(output.text.strip())}</pre>' if output.name == "stdout" and output.text.strip() else ""
        data = output.get("data", {})
        if VIEW in data:
            self.shown.add(data[VIEW]["model_id"])
            return f'<div class="widget"><script type="{VIEW}">{json.dumps(data[VIEW])}</script></div>'
        if "text/html" in data:
            return f'<div class="html">{data["text/html"]}</div>'
        for kind, suffix in (("image/svg+xml", "svg"), ("image/png", "png")):
            if kind in data:
                return self.picture(data[kind], suffix, alt)
        if "text/latex" in data:
            return f'<div class="formula">\\[{html.escape(data["text/latex"].strip("$ "))}\\]</div>'
        text = data.get("text/plain", "")
        return f'<pre class="printed">{html.escape(text)}</pre>' if text else ""

    def picture(self, data, suffix: str, alt: str) -> str:
        """Write one figure to a file and show it."""
        content = data.encode() if suffix == "svg" else base64.b64decode(data)
        path = self.media / f"{hashlib.sha256(content).hexdigest()[:16]}.{suffix}"
        if not path.exists():
            self.media.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return f'<div class="figure"><img src="media/{path.name}" alt="{html.escape(alt, quote=True)}"></div>'


def widget_state(widgets: dict, shown: set[str]) -> dict:
    """The records of the widgets on slides and of the models that they refer to."""
    records = widgets.get(STATE, {}).get("state", {})
    wanted, todo = {}, [model for model in shown if model in records]
    while todo:
        model = todo.pop()
        if model not in wanted and model in records:
            wanted[model] = json.loads(json.dumps(records[model]))  # a copy: its texts will be moved to files
            todo += re.findall(r"IPY_MODEL_(\w+)", json.dumps(records[model]["state"].get("layout", "")))
    return wanted


def styles_of_code() -> str:
    """Colours of code, with enough contrast, for the light and the dark theme."""
    return "\n".join(
        HtmlFormatter(style=style).get_style_defs(f'html[data-theme="{theme}"] pre.code') for theme, style in (("light", LIGHT), ("dark", DARK))
    )
