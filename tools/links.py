"""Check every link of the built book: inside it fully, outside it where a network answers."""

from __future__ import annotations

import re
import socket
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote, urldefrag, urlsplit

from bs4 import BeautifulSoup

from tools.execute import ROOT

HTML = ROOT / "_build" / "html"
# These answer robots with a refusal although the page is there.
REFUSE_ROBOTS = {401, 403, 405, 406, 418, 429, 503, 999}


def pages():
    return sorted(p for p in HTML.rglob("*.html") if "_static" not in p.parts)


def collect() -> tuple[dict, dict[str, str]]:
    """Ids of each page, and each link with the first page that has it: `(ids by file, {link: page})`."""
    ids, links = {}, {}
    for path in pages():
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        ids[path.resolve()] = {e.get("id") or e.get("name") for e in soup.select("[id], a[name]")}
        for a in soup.select("a[href]"):
            links.setdefault((path, a["href"]) if not a["href"].startswith("http") else a["href"], path)
    return ids, links


def inside(ids, page, href) -> str | None:
    """What is wrong with a link inside the book, or None."""
    path, anchor = urldefrag(unquote(href))
    target = (page.parent / path.split("?")[0]).resolve() if path else page.resolve()
    if not target.exists():
        return "leads nowhere"
    if anchor and target in ids and anchor not in ids[target]:
        return f"has no place #{anchor}"
    return None


def outside(url: str) -> str | None:
    """What is wrong with a link to another site, or None."""
    request = urllib.request.Request(urldefrag(url)[0], headers={"User-Agent": "Mozilla/5.0 (link check)"})
    try:
        urllib.request.urlopen(request, timeout=20).close()
    except urllib.error.HTTPError as error:
        return None if error.code in REFUSE_ROBOTS else f"answers {error.code}"
    except (urllib.error.URLError, OSError) as error:
        return f"does not answer ({error})"
    return None


def network(urls) -> bool:
    """True if the name of at least one of the linked sites can be resolved."""
    for host in list(dict.fromkeys(urlsplit(u).hostname for u in urls))[:5]:
        try:
            socket.getaddrinfo(host, 443)
            return True
        except OSError:
            continue
    return False


def main() -> int:
    if not pages():
        print("There is no built book: run `make book` first.", file=sys.stderr)
        return 1
    ids, links = collect()
    local = {k: p for k, p in links.items() if isinstance(k, tuple) and not re.match(r"(mailto|data|javascript):", k[1])}
    remote = [k for k in links if isinstance(k, str)]
    wrong = [(page, key[1], fault) for key, page in local.items() if (fault := inside(ids, *key))]
    if network(remote):
        with ThreadPoolExecutor(16) as pool:
            wrong += [(links[u], u, fault) for u, fault in zip(remote, pool.map(outside, remote), strict=True) if fault]
    else:
        print(f"no network: {len(remote)} external links were not checked")
    for page, href, fault in wrong:
        print(f"{page.relative_to(HTML)}: {href} {fault}")
    print(f"{len(local)} internal and {len(remote)} external links, {len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
