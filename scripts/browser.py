"""Find a Chromium or Chrome for the browser tests, or install one. Prints its path.

    python -m scripts.browser

Looked for on PATH, in the usual macOS folders, then in playwright's own store; what is missing is installed by
playwright, or by apt as root. MERCHSTORE_BROWSER names a browser and ends the search.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.steps import BIN, Failed, run_step, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
HOW_TO_GET = (
    "no Chromium or Chrome for the browser tests: install one from your system's packages "
    "(or `.venv/bin/playwright install --with-deps chromium`), or name one in MERCHSTORE_BROWSER"
)


def find() -> Path | None:
    """The browser that is on this machine already, or None. Raises Failed when the one named does not run."""
    if named := os.environ.get("MERCHSTORE_BROWSER"):
        if not _runs(named):
            raise Failed(f"MERCHSTORE_BROWSER={named} does not run: name a Chromium or Chrome binary, or unset it")
        return Path(named)
    on_path = (shutil.which(name) for name in NAMES)
    for candidate in (*on_path, *MAC_PATHS, _playwrights_own()):
        if candidate and _runs(candidate):
            return Path(candidate)
    return None


def find_or_install() -> Path:
    if found := find():
        return found
    for name, command in _ways_to_install():
        try:
            run_step(name, command)
        except Failed:
            continue
        if found := find():
            return found
    raise Failed(HOW_TO_GET)


def _ways_to_install() -> list[tuple[str, list[str | Path]]]:
    ways: list[tuple[str, list[str | Path]]] = []
    if (BIN / "playwright").exists():
        ways.append(("installing Chromium with playwright", [BIN / "playwright", "install", "chromium"]))
    if os.geteuid() == 0 and shutil.which("apt-get"):
        ways.append(("reading the package lists", ["apt-get", "update"]))
        ways.append(("installing Chromium with apt-get", ["apt-get", "install", "-y", "chromium"]))
    return ways


def _playwrights_own() -> str | None:
    """Where playwright keeps the browser it installed itself; asked in a child, since this file knows no packages."""
    probe = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    if not (BIN / "python").exists():
        return None
    answer = subprocess.run([BIN / "python", "-c", probe], capture_output=True, text=True)
    path = answer.stdout.strip()
    return path if path and Path(path).exists() else None


def _runs(path: str) -> bool:
    """A stub that only says "install the snap" is on PATH of some systems, so ask for the version."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    try:
        say(str(find_or_install()))
    except Failed as failure:
        print(f"✗ {failure}", file=sys.stderr)
        sys.exit(1)
