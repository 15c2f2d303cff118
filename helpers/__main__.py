"""The package from a terminal: ``python -m helpers match FOLDER --out FOLDER``."""

import argparse
import sys

_EXAMPLES = """examples:
  python -m helpers match my-sounds --out my-matches
  torchrun --nproc-per-node 4 -m helpers match my-sounds --out my-matches

Stop it whenever you like: the same command goes on where it was. Under torchrun the processes share the work.
Exit status: 0, 1 when a file was skipped, 2 when there was nothing to do."""


def main(arguments=None):
    """Read the command line and do what it says; returns the exit status."""
    options = _parser().parse_args(arguments)
    import torch

    from helpers import folder
    from helpers._ranks import is_first

    torch.set_num_threads(1)  # the same sums in the same order on every machine; more cores are torchrun's business
    settings = folder.Settings(options.quality, options.sample_rate, options.steps)
    try:
        report = folder.match_folder(options.folder, options.out, settings, options.batch, options.device)
    except (FileNotFoundError, NotADirectoryError, RuntimeError) as error:
        print(f"helpers match: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nhelpers match: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    if is_first():
        for problem in report.problems.values():
            print(f"skipped: {problem}", file=sys.stderr)
        print(f"{report.done} matched, {report.kept} had been, {len(report.problems)} skipped: {options.out}/gallery.html")
    return 1 if report.problems and is_first() else 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m helpers", description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    match = commands.add_parser(
        "match", help="match every sound of a folder", epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    match.add_argument("folder", help="folder of sound files; its subfolders count")
    match.add_argument("--out", required=True, help="folder for matches, results.csv and gallery.html")
    match.add_argument("--quality", default="standard", choices=("standard", "high"), help="default: standard")
    match.add_argument("--batch", type=_positive, help="sounds side by side; default: 8 on a CPU, 64 on a GPU")
    match.add_argument("--sample-rate", type=_positive, default=16000, help="in Hz; default: 16000")
    match.add_argument("--steps", type=_positive, help="of the optimiser; default: as the quality has it")
    match.add_argument("--device", help="such as cpu or cuda; default: a GPU where there is one")
    return parser


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


if __name__ == "__main__":
    sys.exit(main())
