"""Find Chromium for the page tests; install it where apt can; otherwise say what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str | None:
    """Path of a Chromium on the PATH, or the one that the variable CHROMIUM names."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


def install() -> None:
    """`apt-get install chromium`, where apt is there and we may."""
    if shutil.which("apt-get") is None:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"] if shutil.which("sudo") else None
    if sudo is None:
        return
    print("Chromium is missing: installing it with apt-get", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        subprocess.run(sudo + command, env=environment, stdout=subprocess.DEVNULL, check=False)


def main() -> int:
    if find() is None:
        install()
    if find() is None:
        print(
            "The page tests need Chromium, and there is none on the PATH.\n"
            "Install it (Debian, Ubuntu: sudo apt install chromium) or name it: CHROMIUM=/path/to/chrome make test",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
