"""The site's real processes: gunicorn, Celery, and what they and the database cost in CPU."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from scripts.steps import ROOT, Failed, stop, tail

START_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def serving(
    folder: Path, *, app: str = "merchstore.wsgi", settings: str = "bench.settings", workers: int, threads: int
) -> Iterator[Server]:
    """Gunicorn with the site's own configuration, answering; stopped on the way out."""
    port = _free_port()
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings,
        "BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": str(workers),
        "WEB_THREADS": str(threads),
    }
    # A worker replaced in the middle of a measurement would take its CPU time with it.
    process = spawn(["gunicorn", app, "--max-requests", "0", "--keep-alive", "60"], folder / "gunicorn.log", environ)
    try:
        _wait_for(port, process, folder / "gunicorn.log")
        yield Server(port, process)
    finally:
        stop(process, signal.SIGTERM)


@contextlib.contextmanager
def working(folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A Celery worker for every queue and a beat, each in a process group of its own."""
    commands = (
        [
            "celery",
            "-A",
            "merchstore",
            "worker",
            "-Q",
            "default,staging,channels,imports,images,orders",
            "-c",
            "1",
            "--loglevel",
            "ERROR",
        ],
        ["celery", "-A", "merchstore", "beat", "--loglevel", "ERROR", "--schedule", str(folder / "beat-schedule")],
    )
    processes = [spawn(command, folder / "celery.log", dict(os.environ)) for command in commands]
    try:
        yield processes
    finally:
        kill(processes)


def spawn(command: list[str], log: Path, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start `python -m command…` from the project's root, its output in `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environ,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def kill(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """SIGKILL, children included: nothing of them ends in an orderly way."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def cpu_seconds(server: Server) -> float:
    """What the server's workers, and the database's processes that serve them, have spent so far."""
    workers = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return sum(spent(int(pid)) for pid in [*workers, *_backends()])


def _backends() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return [pid for (pid,) in cursor.fetchall()]


def spent(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError as error:
        raise Failed("the CPU of PostgreSQL can only be read on its own Linux machine: give a local server") from error
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            asked = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
            asked.request("GET", "/health/")
            asked.getresponse().read()
            asked.close()
            return
        time.sleep(0.1)
    raise Failed(f"gunicorn does not answer: {tail(log)}")
