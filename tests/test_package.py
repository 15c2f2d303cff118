"""The house: three floors, cheap import, no forbidden dependency, sources without outputs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {
    1: {"checks", "fastpath", "signals", "oscillators", "filters", "losses", "frequency", "pitch", "_spectral_fast", "_ragged"},
    2: {"device", "fitting", "matching", "models", "recordings", "_progress", "_descent", "_together", "_ranks", "resynthesis"},
    3: {"plots", "players", "widgets", "pages", "folder", "gallery", "_style", "_video"},
}
FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names}
MODULES = sorted((ROOT / "helpers").rglob("*.py"))


def top(path: Path) -> str:
    """Name of the module of `helpers` that a file belongs to."""
    return path.relative_to(ROOT / "helpers").parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Modules of `helpers` that a file imports when it is loaded (imports inside functions come later)."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("helpers.")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_only_go_down(path):
    name = top(path)
    if name == "__init__":
        return
    assert name in FLOOR_OF or name == "__main__", f"{name} stands on no floor: add it to FLOORS"
    floor = FLOOR_OF.get(name, 3)
    above = {other for other in imports(path) if FLOOR_OF.get(other, 0) > floor}
    assert not above, f"{name} (floor {floor}) imports {above} from above"


def test_import_is_cheap():
    code = "import sys, helpers; print([m for m in ('torch', 'librosa', 'matplotlib', 'numba') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_signal_floor_loads_no_plots_nor_notebook():
    code = "import sys; from helpers import fit, losses, oscillators, filters; print([m for m in ('librosa', 'matplotlib', 'IPython', 'anywidget') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_unknown_name_is_explained():
    import helpers

    with pytest.raises(AttributeError, match="has no attribute 'oscilators'; it has .*oscillators"):
        _ = helpers.oscilators


def test_works_from_any_folder(tmp_path):
    code = "from helpers import recordings; print(recordings.load('saxophone').shape[0])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert run.stdout.strip() == "1"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_public_functions_have_docstrings(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module says what it is for"
    bare = [n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name[0] != "_" and not ast.get_docstring(n)]
    assert bare == []


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / n for n in names.split("\0") if n and (ROOT / n).exists()]


def test_no_outputs_nor_large_files_in_git():
    for path in tracked():
        assert path.suffix != ".ipynb", f"{path}: chapters are Markdown, outputs come from the build"
        limit = 2_000_000 if "vendor" in path.parts else 900_000
        assert path.stat().st_size < limit, f"{path} is large"


def test_nothing_forbidden_is_used():
    forbidden = re.compile(r"\b(import torchaudio|from torchaudio|torch\.jit\.script|set_default_tensor_type|urlretrieve|urllib\.request\.urlopen)\b")
    for path in tracked():
        if path.suffix in {".py", ".md"} and path.name not in {"test_package.py", "links.py", "recordings.py"}:
            assert not forbidden.search(path.read_text(encoding="utf-8")), path


def test_pins_are_exact_and_agree():
    direct = "".join((ROOT / n).read_text() for n in ("requirements.txt", "requirements-dev.txt"))
    lines = [line for line in direct.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines), lines
    frozen = [line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]
    assert not {line.split("==")[0].lower() for line in lines} & set(frozen), "pinned twice"


def test_config_keys_are_given_once():
    import yaml

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader, node):
        keys = [loader.construct_object(k) for k, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key is given twice: {keys}"
        return yaml.SafeLoader.construct_mapping(loader, node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    for name in ("_config.yml", "_toc.yml"):
        yaml.load((ROOT / name).read_text(), Strict)
