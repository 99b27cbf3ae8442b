"""Real processes for tests: a broker that can be stopped and started, a worker that can be killed. Each is ended by its pid."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from django.conf import settings
from django.db import connection

from scripts.server_binaries import find_redis

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 30


def wait_until(is_so: Callable[[], object], what: str, *, patience: float = PATIENCE) -> None:
    """Look again every 20 ms until `is_so`; fail with `what` was waited for."""
    deadline = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience} s in vain until {what}")
        time.sleep(0.02)


class Broker:
    """A Redis of our own on a free port. `stop` loses everything it held, as a crash would."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binary, _origin = find_redis()
        options = [
            *f"--port {self.port} --bind 127.0.0.1 --appendonly no".split(),
            "--save",
            "",
            "--dir",
            str(self._folder),
        ]
        with (self._folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen([str(binary), *options], stdout=log, stderr=log, start_new_session=True)
        wait_until(self._answers, "the broker answers")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as client:
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


class Worker:
    """`celery worker` on the test database: a parent and one child that works (tests/system/worker.py says what `environ`
    may hold)."""

    def __init__(self, broker: Broker, folder: Path, **environ: str) -> None:
        self._log = folder / "worker.log"
        command = [*f"{sys.executable} -m celery -A tests.system.worker worker -c 1 -l warning".split()]
        command += [
            "-Q",
            "default,staging,channels,imports,images,orders,webhooks",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=child_environ(broker.url, **environ),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL to the parent and its child, which are a session of their own: no handler, no goodbye."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self.is_running:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")


def child_environ(broker_url: str, **environ: str) -> Mapping[str, str]:
    """The environment of a child process that works on this test's own database."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.system.settings",
        "DATABASE_URL": database_url(connection.settings_dict["NAME"]),
        "REDIS_URL": broker_url,
        "TEST_BROKER_URL": broker_url,
        "PARENT_FEED_ROOT": str(settings.FEED_ROOT),
        "PARENT_MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "PARENT_UPLOAD_ROOT": str(settings.UPLOAD_ROOT),
        **environ,
    }


def database_url(name: str) -> str:
    at = connection.settings_dict
    password = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
    return f"postgresql://{at['USER']}{password}@{at['HOST']}:{at['PORT'] or 5432}/{name}"
