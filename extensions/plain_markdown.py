"""MyST Markdown made plain, for readers that know no directives: notebook downloads and slides."""

from __future__ import annotations

import re

GLUE_PREFIX = "application/papermill.record/"
_ROLE_WITH_TITLE = re.compile(r"\{(?:doc|ref|numref|term|eq|prf:ref|download)\}`([^`<]+?)\s*<[^`>]*>`")
_ROLE = re.compile(r"\{(?:doc|ref|numref|term|eq|prf:ref|download|abbr|py:[a-z]+|func|class|mod)\}`~?([^`]+)`")
_CITE = re.compile(r"\{cite:?[a-z]*\}`([^`]*)`")
_GLUE = re.compile(r"\{glue(?::[a-z]+)?\}`([^`:]+)(?::[^`]*)?`")
_FENCE = re.compile(r"(?ms)^(?P<fence>:{3,}|`{3,})\{(?P<name>[\w:-]+)\}[ ]*(?P<title>[^\n]*)\n(?P<body>.*?)^(?P=fence)[ ]*$")


def glue_values(nb) -> dict[str, str]:
    """What each `glue` cell of an executed notebook left, as text, by name."""
    values = {}
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            text = output.get("data", {}).get(GLUE_PREFIX + "text/plain")
            if name and text is not None:
                values[name] = text.strip("'\"")
    return values


def plain(source: str, values: dict[str, str] | None = None) -> str:
    """Plain Markdown from MyST: roles become their text, directives become quotations, labels go."""
    values = values or {}
    source = re.sub(r"(?m)^(\$\$)[ ]*\([\w:-]+\)[ ]*$", r"\1", source)
    source = re.sub(r"(?m)^\([\w:-]+\)=[ ]*(?:\n|\Z)", "", source)
    source = re.sub(r"(?m)^%[^\n]*\n?", "", source)
    source = _GLUE.sub(lambda m: values.get(m[1].strip(), m[1].strip()), source)
    source = _ROLE_WITH_TITLE.sub(r"\1", source)
    source = _CITE.sub(lambda m: "(" + "; ".join(map(_cited, m[1].split(","))) + ")", source)
    source = _ROLE.sub(lambda m: m[1].rsplit("/", 1)[-1], source)
    return _FENCE.sub(_quotation, source)


def _cited(key: str) -> str:
    """`engel_2020_ddsp` as `Engel 2020`."""
    author, _, rest = key.strip().partition("_")
    return f"{author.capitalize()} {rest.partition('_')[0]}".strip()


def _quotation(match: re.Match) -> str:
    """A directive as a quotation with a bold heading; solution brackets and bibliographies vanish."""
    name, title = match["name"], match["title"].strip()
    body = re.sub(r"(?m)\A(?::[\w-]+:[^\n]*\n)+", "", match["body"]).strip()
    if name in {"solution-end", "exercise-end", "bibliography", "tableofcontents"}:
        return ""
    if name == "math":
        return f"$$\n{body}\n$$"
    if name in {"solution-start", "exercise-start"}:
        return f"**{name.split('-')[0].title()}**\n\n{body}".strip()
    heading = title if title and name not in {"solution", "dropdown"} else (title or name.title())
    return "> **" + heading + "**\n>\n" + re.sub(r"(?m)^", "> ", body)
