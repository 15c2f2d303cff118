"""Run the benchmarks named on the command line, or all; print them and keep them in helpers/measurements.json.

Each benchmark replaces its own entry of the file and leaves the others as they are: the pages of the book read it.
"""

import datetime
import importlib
import json
import operator
import os
import pkgutil
import platform
import sys
from importlib import metadata
from pathlib import Path

from benchmarks import Unmeasured

MEASUREMENTS = Path(__file__).parents[1] / "helpers" / "measurements.json"
OPERATORS = {">=": operator.ge, "<=": operator.le}


def subjects():
    """Names of the modules in this folder that have something to run."""
    folder = Path(__file__).parent
    names = [module.name for module in pkgutil.iter_modules([str(folder)]) if module.name != "__main__"]
    return [name for name in names if "\ndef run(" in (folder / f"{name}.py").read_text(encoding="utf-8")]


def meets(ratio, required):
    """Whether a ratio is as required, such as ``">= 2.5"``; None requires nothing."""
    if required is None:
        return True
    sign, bound = required.split()
    return OPERATORS[sign](ratio, float(bound))


def measure(name):
    """Run one benchmark, print its rows, and give its entry for the file."""
    module = importlib.import_module(f"benchmarks.{name}")
    rows = []
    for what, ratio, required, detail, *columns in module.run():
        ratio = _digits(ratio)
        met = meets(ratio, required)
        verdict = "" if required is None else f"{required}, {'met' if met else 'MISSED'}"
        print(f"{name:12} {ratio:8.2f}  {verdict:14}  {what} ({detail})", flush=True)
        row = {"what": what, "ratio": ratio, "required": required, "detail": detail, "met": met}
        rows.append(row | (columns[0] if columns else {}))
    return {**circumstances(getattr(module, "PEERS", ())), "rows": rows}


def circumstances(peers=()):
    """When, on what, and with which versions: what a ratio still depends on."""
    import torch

    versions = {"python": platform.python_version()}
    for package in ("torch", "numpy", "numba", *peers):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {"date": date, "cpu": cpu(), "cores": os.cpu_count(), "threads": torch.get_num_threads(), "versions": versions}


def cpu():
    """Name of the processor, as its maker gives it where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def keep(name, entry):
    """Replace the entry of one benchmark in the file."""
    entries = json.loads(MEASUREMENTS.read_text(encoding="utf-8")) if MEASUREMENTS.exists() else {}
    entries[name] = entry
    MEASUREMENTS.write_text(json.dumps(entries, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def main(names):
    """Measure and keep; returns how many requirements were missed."""
    unknown = set(names) - set(subjects())
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(subjects())}")
    missed = 0
    for name in names or subjects():
        try:
            entry = measure(name)
        except Unmeasured as reason:
            print(f"{name:12} not measured: {reason}; what was measured before stays")
            continue
        keep(name, entry)
        missed += sum(not row["met"] for row in entry["rows"])
    return missed


def _digits(ratio):
    """Four significant digits: more is noise."""
    return float(f"{ratio:.4g}")


if __name__ == "__main__":
    raise SystemExit(1 if main(sys.argv[1:]) else 0)
