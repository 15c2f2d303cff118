"""Take a function or a class out of a chapter, in order to compare it with its reference."""

import ast
from pathlib import Path

import jupytext

ROOT = Path(__file__).parents[1]


def definition(path, name, **known):
    """The function or class `name` as the chapter defines it.

    It is executed with the chapter's imports and with those of the chapter's other definitions that it uses. No
    other line of the chapter runs.

    Args:
        path: the chapter, such as ``"first-steps/gain"``.
        name: what to take; the last definition of that name counts.
        **known: values of the chapter's global variables that the definition reads.

    Returns:
        the function or class.

    Raises:
        KeyError: the chapter does not define it.
    """
    notebook = jupytext.read(ROOT / f"{path}.md")
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    top = ast.parse(code).body
    imports = [node for node in top if isinstance(node, (ast.Import, ast.ImportFrom))]
    defined = {node.name: node for node in top if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    if name not in defined:
        raise KeyError(f"{path} defines {', '.join(defined)}, but not {name}")
    needed = _with_dependencies(name, defined)
    module = ast.Module([*imports, *(node for node in top if node in needed)], type_ignores=[])
    exec(compile(module, f"{path}.md", "exec"), known)
    return known[name]


def _with_dependencies(name, defined):
    needed, waiting = [], [name]
    while waiting:
        node = defined[waiting.pop()]
        needed.append(node)
        names = {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}
        waiting += [other for other in names & defined.keys() if defined[other] not in needed]
    return needed
