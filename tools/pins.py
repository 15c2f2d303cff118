"""Freeze the environment into constraints.txt: everything that is not a direct, exact pin already."""

from __future__ import annotations

import re
import subprocess
import sys

from tools.execute import ROOT

HEAD = "# Everything that requirements.txt and requirements-dev.txt bring along, frozen by `make pins`.\n"


def direct() -> set[str]:
    """Names that the requirements files pin."""
    text = "".join((ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt"))
    return {re.split(r"[=<>\[; ]", line)[0].lower().replace("_", "-") for line in text.splitlines() if line and line[0] != "#"}


def frozen() -> list[str]:
    """`name==version` of every installed package that is not a direct pin, without local version parts."""
    lines = subprocess.run([sys.executable, "-m", "pip", "freeze", "--exclude-editable"], capture_output=True, text=True, check=True).stdout
    pins = [re.sub(r"\+[\w.]+$", "", line) for line in lines.splitlines() if "==" in line]
    return [pin for pin in pins if pin.split("==")[0].lower().replace("_", "-") not in direct() | {"introddsp-helpers"}]


if __name__ == "__main__":
    (ROOT / "constraints.txt").write_text(HEAD + "\n".join(sorted(frozen(), key=str.lower)) + "\n")
