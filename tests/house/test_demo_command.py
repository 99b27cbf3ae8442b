"""`make demo` minds three processes: it stops them in order, and tells which of them died. Here they are stand-ins."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.steps import ROOT

# A stand-in writes a line when it starts and when it is told to stop; `web` also answers the question for its health.
CHILD = """
import http.server, os, signal, sys, threading, time
name, folder, mood = sys.argv[1:4]
def note(word):
    with open(folder + "/notes", "a") as notes: notes.write(f"{name} {word}\\n")
def stop(*_):
    note("stops")
    if mood != "deaf": os._exit(0)
signal.signal(signal.SIGTERM, stop)
note("starts")
print(f"last words of {name}", flush=True)
if mood == "dies": threading.Timer(2, os._exit, [3]).start()
if mood == "stillborn": os._exit(3)
if name == "web":
    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self): self.send_response(200); self.end_headers()
    http.server.HTTPServer(("127.0.0.1", int(os.environ["BIND"].split(":")[1])), Health).serve_forever()
while True: time.sleep(0.1)
"""

DRIVER = f"""
import sys
from pathlib import Path
from scripts import demo
folder, *moods = sys.argv[1:]
demo.FOLDER, demo.STAMP, demo.STOP_SECONDS = Path(folder), Path(folder) / "stamp.json", 2
demo._prepare = lambda environ: {{"starts_at": "2026-11-22T12:00:00+00:00", "data said": "sign in with a password"}}
child = {CHILD!r}
names = ("web", "worker", "beat")
demo.CHILDREN = {{n: [sys.executable, "-c", child, n, folder, m] for n, m in zip(names, moods, strict=True)}}
sys.exit(demo.main([]))
"""


class Demo:
    """A running `make demo` with stand-ins, and what it said."""

    def __init__(self, folder: Path, moods: list[str]) -> None:
        self.folder = folder
        self.output = folder / "output"
        with self.output.open("wb") as output:
            command = [sys.executable, "-c", DRIVER, str(folder), *moods]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + 20
        while "Sign in with a password" not in self.said() or len(self.notes()) < 3:
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def said(self) -> str:
        return self.output.read_text()

    def notes(self) -> list[str]:
        path = self.folder / "notes"
        return path.read_text().splitlines() if path.exists() else []

    def children(self) -> list[int]:
        return [int(pid) for pid in (self.folder / "lock").read_text().split()[1:]]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def start(tmp_path: Path) -> Iterator:
    demos: list[Demo] = []

    def begin(*moods: str) -> Demo:
        demos.append(Demo(tmp_path, list(moods)))
        return demos[-1]

    yield begin
    for demo in demos:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(20)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_all_three_are_stopped_in_order(start, number: signal.Signals) -> None:
    demo = start("well", "well", "well")
    demo.wait_until_up()
    children = demo.children()

    demo.process.send_signal(number)
    code = demo.process.wait(20)

    assert code == 0
    assert sorted(demo.notes()[:3]) == ["beat starts", "web starts", "worker starts"]
    assert demo.notes()[3:] == ["beat stops", "worker stops", "web stops"]
    assert [pid for pid in children if is_alive(pid)] == []


def test_one_that_does_not_listen_is_ended(start) -> None:
    demo = start("well", "deaf", "well")
    demo.wait_until_up()
    children = demo.children()

    demo.process.send_signal(signal.SIGINT)
    code = demo.process.wait(20)

    assert code == 0
    assert "worker did not stop in time and is ended" in demo.said()
    assert [pid for pid in children if is_alive(pid)] == []


@pytest.mark.parametrize(
    "moods, name", [("dies well well", "web"), ("well dies well", "worker"), ("well well dies", "beat")]
)
def test_one_that_dies_is_named_and_the_others_are_stopped(start, moods: str, name: str) -> None:
    demo = start(*moods.split())

    code = demo.process.wait(20)

    assert code == 1
    assert f"{name} ended by itself (exit code 3), its last words:\nlast words of {name}" in demo.said()
    stopped = [note.removesuffix(" stops") for note in demo.notes() if note.endswith(" stops")]
    assert stopped == [other for other in ("beat", "worker", "web") if other != name]


def test_a_site_that_does_not_come_up_is_told_with_its_last_words(start) -> None:
    demo = start("stillborn", "well", "well")

    code = demo.process.wait(20)

    assert code == 1
    assert "web ended by itself (exit code 3), its last words:\nlast words of web" in demo.said()
    assert demo.notes() == ["web starts"]


def test_a_second_demo_in_the_same_folder_is_refused(start) -> None:
    first = start("well", "well", "well")
    first.wait_until_up()

    second = subprocess.run(
        [sys.executable, "-c", DRIVER, str(first.folder), "well", "well", "well"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert second.returncode == 1
    assert second.stdout.startswith("✗ a demo runs in this folder already: stop it first (processes ")
    assert first.process.poll() is None
