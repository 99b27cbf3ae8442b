"""`make demo`: the whole shop on this machine, with data, without a server and without root.

    .venv/bin/python -m scripts.demo [--reset] [--port N]

Web, worker and beat run as children; everything they write lies in `.demo/`. The first start migrates and loads, a
later one serves what is there. Ctrl-C stops the three cleanly.
"""

import argparse
import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from scripts.steps import BIN, ROOT, STOP_SECONDS, Failed, plain_environment, run_step, say, step, tail

FOLDER = ROOT / ".demo"
STAMP = FOLDER / "stamp.json"
FIRST_PORT = 8000
START_SECONDS = 60
LAUNCH_IN_SECONDS = 60
PYTHON = BIN / "python"
QUEUES = "default,staging,channels,imports,images,orders,webhooks"

WELCOME = """
  The shop        {site}/
  The campaign    The Ferryman (摆渡人) {launch}
  The desk        {site}/desk/          films, licences, the campaign's plan, progress and rollback
  Approvals       {site}/desk/licensing/round/       what waits for the reviewer; one is overdue
                  {site}/desk/licensing/articleversion/   K19-AME-MUG-02 was sent back with comments on its picture
  Royalties       {site}/desk/licensing/statement/   LIC-2026-0101: closed, paid and open; 0104 waits to be closed
  Licences        {site}/desk/licensing/licence/     LIC-2026-0112 sells off, 0142 ends soon, 0113 is nearly used up
  Orders          {site}/desk/orders/order/          paid, half sent, delivered, coming back, refunded, waiting for payment
  The panel       {site}/panel/en/      orders, statements and files of goods of one merchant: parcels@, books@merchant.example
  A fan's account {site}/us/en/account/     orders, wishlist, follows, alerts, reviews, addresses: fan@fan.example
  Reviews         {site}/desk/fans/review/      three wait to be read, one is hidden; makers answer theirs in the panel
  The API         {site}/api/v1/films   described at {site}/api/v1/docs

{logins}
Logs are in .demo/, letters in .demo/mail/. Ctrl-C stops it;
`make demo` goes on with the same data, `make demo RESET=1` starts over.
"""

# They stop the other way round, so that no work is handed to a worker that is gone.
CHILDREN: dict[str, list[str | Path]] = {
    "web": [BIN / "gunicorn", "--config", "gunicorn.conf.py", "merchstore.wsgi"],
    "worker": [
        *(BIN / "celery", "-A", "merchstore", "worker", "-Q", QUEUES, "--concurrency=2", "--loglevel=INFO"),
        # One worker has nobody to gossip with, and a folder is a slow place for it.
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ],
    "beat": [BIN / "celery", "-A", "merchstore", "beat", "--loglevel=INFO"],
}


def main(arguments: list[str]) -> int:
    # Also where a shell started us in the background, which has Ctrl-C ignored; but nohup means what it says.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        return _demo(_options(arguments))
    except Failed as failure:
        say(f"✗ {failure}")
        return 1
    except KeyboardInterrupt:
        say("\nstopped before it was ready; the next `make demo` goes on from here")
        return 130


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--reset", action="store_true", help="throw the demo's data away and start over")
    parser.add_argument("--port", type=int, help="default: the first free one from 8000 on")
    return parser.parse_args(arguments)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _demo(options: argparse.Namespace) -> int:
    FOLDER.mkdir(exist_ok=True)
    with _alone() as lock, contextlib.ExitStack() as stack:
        if options.reset:
            _clear()
        port = _port(options.port)
        environ = environment(port)
        stamp = _prepare(environ)
        running: dict[str, subprocess.Popen[bytes]] = {}
        stack.callback(_stop_all, running)
        with step("starting the site"):
            running["web"] = _start("web", environ, lock)
            _wait_until_served(port, running)
        if not stamp.get("starts_at"):
            stamp["starts_at"] = _schedule(environ)
            _write_stamp(stamp)
        # Not earlier: on two cores they would make the reader wait twice as long for the first page.
        for name in ("worker", "beat"):
            running[name] = _start(name, environ, lock)
        _tell(port, stamp)
        return _watch(running)


@contextlib.contextmanager
def _alone() -> Iterator[IO[str]]:
    """Hold the folder's lock. The children inherit it, so that one left behind by a killed demo is noticed too."""
    with (FOLDER / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Failed(
                f"a demo runs in this folder already: stop it first (processes {lock.read().strip()})"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()} ")
        lock.flush()
        yield lock


def _clear() -> None:
    for path in FOLDER.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()


def _port(wanted: int | None) -> int:
    for port in [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does: a past demo does not count
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Failed(f"port {wanted or FIRST_PORT} is taken: make demo PORT=9000")


def environment(port: int) -> dict[str, str]:
    """What a site on this one machine sets; a colleague's own settings do not leak into the demo."""
    secret = FOLDER / "secret"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(50))
    foreign = {"REDIS_URL", "BROKER_URL", "DEBUG", "LOG_LEVEL", "BEHIND_PROXY", "CSRF_TRUSTED_ORIGINS", "MAIL_FROM"}
    inherited = {name: value for name, value in plain_environment().items() if name not in foreign}
    return {
        **inherited,
        "DJANGO_SETTINGS_MODULE": "merchstore.settings",
        "SECRET_KEY": secret.read_text(),
        "SITE_URL": f"http://localhost:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "DATABASE_URL": f"sqlite:///{FOLDER}/db.sqlite3",
        "PAYMENT_PROVIDERS": "sandbox",
        "SANDBOX_PRIVATE_KEY": _sandbox_key(),
        "MEDIA_ROOT": f"{FOLDER}/media",
        "UPLOAD_ROOT": f"{FOLDER}/uploads",
        "STATIC_ROOT": f"{FOLDER}/static",
        "PLAIN_STATIC": "true",  # compressing them all takes a minute, which no reader on this machine would notice
        "FEED_ROOT": f"{FOLDER}/feeds",
        "EMAIL_URL": f"filemail:///{FOLDER}/mail",
        "BROKER_FOLDER": f"{FOLDER}/broker",
        "BEAT_SCHEDULE_FILE": f"{FOLDER}/beat-schedule",
        "BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": "8",
        # Its people have one password, which stands on the screen: no reader has to set an app up to look round.
        "REQUIRE_MFA": "false",
    }


def _sandbox_key() -> str:
    """With which the demo's own cashier signs; made once, like the secret."""
    path = FOLDER / "sandbox-key.pem"
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        plain = serialization.NoEncryption()
        text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        path.touch(mode=0o600)
        path.write_bytes(text)
    return path.read_text()


def _prepare(environ: dict[str, str]) -> dict[str, str]:
    """Bring database, static files and demo data to what the code says; nothing when they are there already."""
    stamp: dict[str, str] = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    lock = [ROOT / "requirements.txt"]
    steps = {
        "migrating the database": ("migrate", [*ROOT.glob("*/migrations/*.py"), *lock], ("migrate", "--verbosity=0")),
        "collecting static files": (
            "static",
            [*(ROOT / "static").rglob("*"), *lock],
            ("collectstatic", "--noinput", "--verbosity=0"),
        ),
        "loading the demo's films, merchants and products": (
            "data",
            [path for part in ("demo", "artwork") for path in (ROOT / part).rglob("*") if path.suffix != ".pyc"],
            ("load_demo",),
        ),
    }
    for name, (key, paths, command) in steps.items():
        digest = _digest(paths)
        if stamp.get(key) != digest:
            stamp[f"{key} said"] = run_step(name, [PYTHON, "manage.py", *command], environ=environ)
            stamp[key] = digest
            _write_stamp(stamp)
    return stamp


def _schedule(environ: dict[str, str]) -> str:
    """Set the campaign's start a minute from now; returns it as the command tells it, which is what the site knows."""
    command: list[str | Path] = [PYTHON, "manage.py", "schedule_demo", "--in", str(LAUNCH_IN_SECONDS)]
    said = run_step("scheduling the campaign", command, environ=environ)
    found = re.search(r"starts at (\S+)$", said.strip())
    if found is None:
        raise Failed(f"schedule_demo did not say when the campaign starts:\n{said}")
    return found.group(1)


def _digest(paths: list[Path]) -> str:
    together = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        together.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return together.hexdigest()


def _write_stamp(stamp: dict[str, str]) -> None:
    draft = STAMP.with_suffix(".new")
    draft.write_text(json.dumps(stamp, indent=2))
    draft.replace(STAMP)


def _start(name: str, environ: dict[str, str], lock: IO[str]) -> subprocess.Popen[bytes]:
    """In a session of its own: a terminal's Ctrl-C reaches only this program, which stops its children in order."""
    with (FOLDER / f"{name}.log").open("wb") as output:
        child = subprocess.Popen(
            [str(part) for part in CHILDREN[name]],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[lock.fileno()],
        )
    lock.write(f"{child.pid} ")
    lock.flush()
    return child


def _wait_until_served(port: int, running: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        _check_alive(running)
        if time.monotonic() > deadline:
            raise Failed(f"the site does not answer after {START_SECONDS} s:\n{tail(FOLDER / 'web.log')}")
        time.sleep(0.1)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _check_alive(running: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, child in running.items():
        if (code := child.poll()) is not None:
            raise Failed(f"{name} ended by itself (exit code {code}), its last words:\n{tail(FOLDER / f'{name}.log')}")


def _watch(running: dict[str, subprocess.Popen[bytes]]) -> int:
    try:
        while True:
            _check_alive(running)
            time.sleep(0.5)
    except KeyboardInterrupt:
        say()
        return 0


def _stop_all(running: dict[str, subprocess.Popen[bytes]]) -> None:
    """Last started, first stopped. A second Ctrl-C does not leave half of them behind, so it is not listened to."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for name, child in reversed(running.items()):
        with step(f"stopping {name}"):
            if child.poll() is None:
                child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                say(f"  {name} did not stop in time and is ended")
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)  # also what it may have left behind in its group
            child.wait()


def _tell(port: int, stamp: dict[str, str]) -> None:
    site = f"http://localhost:{port}"
    starts_at = datetime.fromisoformat(stamp["starts_at"]).astimezone()
    launch = f"goes live at {starts_at:%H:%M:%S}: keep the home page open and watch it"
    if starts_at <= datetime.now(UTC):
        launch = f"has been live since {starts_at:%H:%M:%S on %d %B}; RESET=1 shows the launch again"
    # The loader ends with the accounts that it made.
    _, found, accounts = stamp["data said"].partition("sign in with ")
    logins = f"Sign in with {accounts}" if found else ""
    say(WELCOME.format(site=site, launch=launch, logins=logins))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
