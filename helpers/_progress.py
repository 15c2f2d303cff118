"""How a running fit shows itself: live while somebody watches, and one quiet line in the end.

Nothing is written to stderr in a notebook, where it would count as a warning.
"""

import os
import sys
import time


def start(steps, wanted):
    """The progress display that fits the place: a notebook, a terminal, or nobody watching."""
    if not wanted:
        return _Silent(steps)
    watched = "HELPERS_QUIET" not in os.environ
    if watched and _in_notebook():
        return _Notebook(steps)
    return _Terminal(steps) if watched and sys.stderr.isatty() else _Line(steps)


def _in_notebook():
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


class _Silent:
    def __init__(self, steps):
        self.steps = steps

    def update(self, step, loss):
        """Show that `step` steps are done, the best loss being `loss`."""

    def close(self, line=None):
        """Stop; leave `line`, when the fit came to its end."""


class _Line(_Silent):
    def close(self, line=None):
        if line:
            print(line)


class _Terminal(_Line):
    def __init__(self, steps):
        from tqdm import tqdm

        self.bar = tqdm(total=steps, leave=False)

    def update(self, step, loss):
        self.bar.n = step
        self.bar.set_postfix_str(f"loss {loss:.4g}", refresh=True)

    def close(self, line=None):
        self.bar.close()
        super().close(line)


class _Notebook(_Silent):
    """One output, drawn over again, so that the saved notebook holds the last line alone."""

    def __init__(self, steps):
        super().__init__(steps)
        self.handle, self.started = None, time.perf_counter()

    def update(self, step, loss):
        from tqdm import tqdm

        elapsed = time.perf_counter() - self.started
        self._show(tqdm.format_meter(step, self.steps, elapsed, ncols=80, postfix=f"loss {loss:.4g}"))

    def close(self, line=None):
        if line:
            self._show(line)

    def _show(self, text):
        from IPython.display import display

        if self.handle is None:
            self.handle = display({"text/plain": text}, raw=True, display_id=True)
        else:
            self.handle.update({"text/plain": text}, raw=True)
