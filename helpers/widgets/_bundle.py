"""Put a widget's JavaScript modules together into the one module that anywidget wants.

The files are ordinary ES modules, which Node and a browser also load as they are. They share one scope once joined,
so their top-level names must differ; `bundle` checks that. Comments and indentation stay behind, for the page's sake.
"""

import functools
import re
from pathlib import Path

FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "([^"]+)";\n', re.MULTILINE)
_TOP_LEVEL = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


@functools.cache
def bundle(entry):
    """The text of one module.

    Args:
        entry: file name in this folder, such as ``"compare.js"``, which has the ``export default``.

    Raises:
        ValueError: when two of the modules define the same name.
    """
    texts = [path.read_text(encoding="utf-8") for path in _ordered(FOLDER / entry, [])]
    names = [name for text in texts for name in _TOP_LEVEL.findall(text)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{entry}: defined in more than one module: {', '.join(twice)}")
    return "".join(_joined(text) for text in texts)


@functools.cache
def style():
    """The style sheet that all widgets share."""
    text = (FOLDER / "common" / "widget.css").read_text(encoding="utf-8")
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)).strip()


def _ordered(path, done):
    """The module's imports before the module, each once."""
    path = path.resolve()
    if path not in done:
        for name in _IMPORT.findall(path.read_text(encoding="utf-8")):
            _ordered(path.parent / name, done)
        done.append(path)
    return done


def _joined(text):
    text = _IMPORT.sub("", text)
    text = re.sub(r"^export (?!default)", "", text, flags=re.MULTILINE)
    lines = (re.sub(r"\s+// .*$", "", line).strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))
