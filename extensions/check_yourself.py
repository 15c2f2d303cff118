"""The directive `check-yourself`: a question with answers that say at once whether they are right, and why.

Plain HTML (`details`), so that it answers without a kernel and without a script, by mouse, touch and keyboard::

    ```{check-yourself} The question, with $mathematics$ if need be?
    - A wrong answer

      Why it is wrong.
    - [x] The right answer

      Why it is right.
    ```
"""

from __future__ import annotations

from docutils import nodes
from docutils.parsers.rst import Directive

MARK = "[x] "


class question(nodes.General, nodes.Element):
    """A question: its text, then its choices."""


class choice(nodes.General, nodes.Element):
    """One answer (`answer`), whether it is right, and after it the explanation."""


class answer(nodes.General, nodes.TextElement):
    """What the reader presses."""


class CheckYourself(Directive):
    """Reads a bullet list: the first paragraph of an item is the answer, the rest is the explanation."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self):
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        items = [item for group in parsed.findall(nodes.bullet_list) for item in group.children]
        right = [is_right(item) for item in items]
        if len(items) < 2 or sum(right) != 1:
            raise self.error(f"needs at least two answers, one of them marked {MARK.strip()}, got {len(items)} and {sum(right)}")
        if any(len(item.children) < 2 for item in items):
            raise self.error("each answer needs an explanation, as a paragraph of its own")
        text, messages = self.state.inline_text(self.arguments[0], self.lineno)
        name = f"check-{self.state.document.settings.env.new_serialno('check-yourself')}"
        heading = nodes.paragraph("", "", *text, classes=["question"], ids=[name])
        return [question("", heading, *(as_choice(item, ok, name) for item, ok in zip(items, right)), name=name), *messages]


def first_text(item):
    return next(iter(item.children[0].findall(nodes.Text)), None)


def is_right(item) -> bool:
    text = first_text(item)
    return text is not None and text.astext().startswith(MARK)


def as_choice(item, right: bool, name: str):
    """A list item as a choice, without its mark."""
    if right:
        text = first_text(item)
        text.parent.replace(text, nodes.Text(text.astext()[len(MARK):]))
    first, *why = item.children
    return choice("", answer("", "", *first.children), *why, right=right, name=name)


def visit_question(self, node):
    self.body.append(f'<div class="check-yourself" role="group" aria-labelledby="{node["name"]}">')


def depart_question(self, node):
    self.body.append("</div>\n")


def visit_choice(self, node):
    kind = "right" if node["right"] else "wrong"
    self.body.append(f'<details class="choice {kind}" name="{node["name"]}">')


def depart_choice(self, node):
    self.body.append("</div></details>\n")


def visit_answer(self, node):
    self.body.append("<summary>")


def depart_answer(self, node):
    verdict = "Right." if node.parent["right"] else "No."
    self.body.append(f'</summary><div class="why"><p class="verdict">{verdict}</p>')


def setup(app):
    app.add_node(question, html=(visit_question, depart_question))
    app.add_node(choice, html=(visit_choice, depart_choice))
    app.add_node(answer, html=(visit_answer, depart_answer))
    app.add_directive("check-yourself", CheckYourself)
    app.add_css_file("check-yourself.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
