"""`make demo` as a newcomer meets it: it loads, serves, launches its campaign, stops, and goes on with its data.

Its own processes, SQLite and the `filesystem://` broker; only the folder and the minute to the launch are shorter.
"""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.steps import ROOT

DRIVER = """
import sys
from pathlib import Path
from scripts import demo
demo.FOLDER = Path(sys.argv[1])
demo.STAMP = demo.FOLDER / "stamp.json"
demo.FIRST_PORT = 8300
demo.LAUNCH_IN_SECONDS = 20
sys.exit(demo.main([]))
"""
PATIENCE_SECONDS = 300


def start(folder: Path, output: Path) -> subprocess.Popen[bytes]:
    with output.open("wb") as sink:
        return subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(folder)], cwd=ROOT, stdout=sink, stderr=subprocess.STDOUT
        )


def wait_for_address(process: subprocess.Popen[bytes], output: Path) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "Ctrl-C stops it" not in output.read_text():
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.1)
    return next(word.rstrip("/") for word in output.read_text().split() if word.startswith("http://localhost:"))


def campaign(site: str) -> dict[str, Any] | None:
    """What an anonymous reader is told of it; nothing before it is staged."""
    with urllib.request.urlopen(f"{site}/api/v1/campaigns", timeout=10) as answer:
        return next(iter(json.load(answer)["data"]), None)


def wait_until_live(site: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (told := campaign(site)) or told["phase"] != "live":
        assert told is None or told["phase"] == "announced"
        assert time.monotonic() < deadline, told
        time.sleep(0.5)
    return told


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    return process.wait(60)


def test_the_demo_launches_its_campaign_and_keeps_its_data(tmp_path: Path) -> None:
    folder, output = tmp_path / "demo", tmp_path / "output"
    first = start(folder, output)
    try:
        site = wait_for_address(first, output)
        live = wait_until_live(site)
        seen_at = datetime.now(UTC)
    finally:
        code = stop(first)
    assert code == 0
    assert datetime.fromisoformat(live["starts_at"]) <= seen_at

    second = start(folder, output)
    try:
        site = wait_for_address(second, output)
        again = campaign(site)
    finally:
        code = stop(second)
    assert code == 0
    assert again == live
    assert "loading" not in output.read_text()
    assert "has been live since" in output.read_text()
