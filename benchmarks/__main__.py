"""Run the benchmarks named on the command line, or all; print them and write results.json beside this file."""

import importlib
import json
import operator
import pkgutil
import sys
from pathlib import Path

RESULTS = Path(__file__).with_name("results.json")
OPERATORS = {">=": operator.ge, "<=": operator.le}


def subjects():
    """Names of the modules in this folder that have a subject."""
    names = [module.name for module in pkgutil.iter_modules([str(RESULTS.parent)])]
    return [name for name in names if not name.startswith("_")]


def meets(ratio, required):
    """Whether a ratio is as required, such as ``">= 2.5"``; None requires nothing."""
    if required is None:
        return True
    sign, bound = required.split()
    return OPERATORS[sign](ratio, float(bound))


def main(names):
    unknown = set(names) - set(subjects())
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(subjects())}")
    results = json.loads(RESULTS.read_text()) if names and RESULTS.exists() else {}
    missed = 0
    for name in names or subjects():
        results[name] = []
        for what, ratio, required, detail in importlib.import_module(f"benchmarks.{name}").run():
            met = meets(ratio, required)
            missed += not met
            verdict = "" if required is None else f"{required}, {'met' if met else 'MISSED'}"
            print(f"{name:12} {ratio:8.2f}  {verdict:14}  {what} ({detail})", flush=True)
            row = {"what": what, "ratio": round(ratio, 3), "required": required, "detail": detail, "met": met}
            results[name].append(row)
    RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")
    return missed


if __name__ == "__main__":
    raise SystemExit(1 if main(sys.argv[1:]) else 0)
