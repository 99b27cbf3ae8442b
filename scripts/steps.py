"""Steps of a command a person waits for: each says its name when it starts and its duration when it ends."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"

LOG_TAIL = 40
HEARTBEAT_SECONDS = 10
STOP_SECONDS = 10
CLEAR_LINE = "\r\x1b[2K"


class Failed(Exception):
    """A step that cannot go on. The message is one line that says how to mend it."""


def say(text: str = "") -> None:
    print(text, flush=True)


def tail(path: Path, lines: int = LOG_TAIL) -> str:
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


class Progress:
    """What a running step says of itself: the last line that its command wrote."""

    line = ""


@contextlib.contextmanager
def step(name: str) -> Iterator[Progress]:
    """Print `name`, count the seconds while the block runs, print how long it took.

    A terminal sees the seconds move; a log file gets a line every ten seconds, so that neither looks hung.
    """
    started = time.monotonic()
    done = threading.Event()
    progress = Progress()
    moving = sys.stdout.isatty()
    print(f"· {name} …", end="" if moving else "\n", flush=True)
    ticker = threading.Thread(target=_tick, args=(name, started, done, progress), daemon=True)
    ticker.start()
    mark = "✗"
    try:
        yield progress
        mark = "✓"
    finally:
        done.set()
        ticker.join()
        print(f"{CLEAR_LINE if moving else ''}{mark} {name}  {time.monotonic() - started:.1f} s", flush=True)


def _tick(name: str, started: float, done: threading.Event, progress: Progress) -> None:
    moving = sys.stdout.isatty()
    while not done.wait(1 if moving else HEARTBEAT_SECONDS):
        text = f"{name} … {time.monotonic() - started:.0f} s  {progress.line}".rstrip()
        if moving:
            width = shutil.get_terminal_size().columns
            print(f"{CLEAR_LINE}· {text}"[: width + len(CLEAR_LINE) - 1], end="", flush=True)
        else:
            print(f"  … {text}", flush=True)


def run_step(name: str, command: Sequence[str | Path], *, environ: Mapping[str, str] | None = None) -> str:
    """Run `command` from the project's root and return its output. When it fails, all of it is shown.

    While it runs, the last line it wrote stands beside the seconds.
    """
    lines: list[str] = []
    with step(name) as progress:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=None if environ is None else dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            for line in process.stdout or ():
                lines.append(line)
                progress.line = line.strip()
            process.wait()
        finally:
            stop(process, signal.SIGTERM)
            if process.stdout:
                process.stdout.close()
        if process.returncode:
            say()
            say("".join(lines).rstrip())
            raise Failed(f"{name} failed (exit code {process.returncode})")
    return "".join(lines)


def run_loud(
    name: str, command: Sequence[str | Path], *, environ: Mapping[str, str], fine: Collection[int] = (0,)
) -> None:
    """Run `command` with its output passing through, between a line with the name and a line with the duration.

    An exit code that is not `fine` ends in Failed.
    """
    say(f"· {name} …")
    started = time.monotonic()
    code = run_child(command, environ)
    say(f"{'✓' if code in fine else '✗'} {name}  {time.monotonic() - started:.1f} s")
    if code not in fine:
        raise Failed(f"{name} failed (exit code {code})")


def run_child(command: Sequence[str | Path], environ: Mapping[str, str]) -> int:
    """Run the command to its end and return its exit code.

    A terminal's Ctrl-C reaches the command directly, so here it is only given the time to end in its own way; with any
    other interruption it is stopped.
    """
    child = subprocess.Popen([str(part) for part in command], cwd=ROOT, env=dict(environ))
    try:
        return child.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            child.wait(STOP_SECONDS)
        raise
    finally:
        stop(child, signal.SIGTERM)


def stop(process: subprocess.Popen[bytes] | subprocess.Popen[str], politely: signal.Signals) -> None:
    """Ask the process to end, and end it when it has not after ten seconds."""
    if process.poll() is not None:
        return
    process.send_signal(politely)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def plain_environment() -> dict[str, str]:
    """The environment without a colleague's virtual environment or Python path in it."""
    foreign = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "DJANGO_ALLOW_ASYNC_UNSAFE"}
    return {name: value for name, value in os.environ.items() if name not in foreign}
