"""The built book in headless Chromium: a server on loopback, and pages that record what goes wrong."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.chromium import find

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
FLAGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]


@dataclass
class Visit:
    """A page that was opened, and everything it did that a reader would regret."""

    page: object
    external: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    bytes_by_url: dict[str, int] = field(default_factory=dict)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def serve(folder: Path):
    """Serve a folder on a free port of loopback; yields its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def chromium():
    """A headless Chromium; a missing one is an error, not a skip."""
    path = find()
    if path is None:
        raise RuntimeError("the page tests need Chromium: run `make test`, which installs it or says how")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def visit(browser, base: str, name: str, width: int = 1280, height: int = 900, scheme: str = "light", settle_ms: int = 300):
    """Open one page at a size and colour scheme, watch it load, and close it."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    seen = Visit(page)

    def gate(route):
        url = route.request.url
        if url.startswith((base, "data:", "blob:", "about:")):
            return route.continue_()
        seen.external.append(url)
        return route.abort()

    context.route("**/*", gate)
    page.on("console", lambda m: seen.console.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda e: seen.console.append(f"uncaught: {e}"))
    page.on("response", functools.partial(_note, seen))
    page.goto(f"{base}/{name}", wait_until="load")
    page.wait_for_timeout(settle_ms)
    try:
        yield seen
    finally:
        context.close()


def _note(seen: Visit, response) -> None:
    if response.url.startswith(("data:", "blob:")):
        return
    if response.status >= 400:
        seen.broken.append(f"{response.status} {response.url}")
    with contextlib.suppress(Exception):  # a redirect or an aborted request has no body
        seen.bytes_by_url[response.url.split("?")[0]] = len(response.body())
