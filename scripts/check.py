"""Every check that needs no server: `make check`, and the first part of `make test`.

    python -m scripts.check [NAME…]     all of them, or those whose name contains one of the words

All run even when one fails, so that one call shows everything there is to mend.
"""

import secrets
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.steps import BIN, Failed, plain_environment, run_step, say

PYTHON = BIN / "python"


@dataclass(frozen=True)
class Check:
    """A command that answers 0 when all is well. `environ` is what it needs beyond the common part."""

    name: str
    command: tuple[str | Path, ...]
    environ: Mapping[str, str] = field(default_factory=dict)


# What a real site sets, so that django's deployment check judges the settings as they are in production.
PRODUCTION = {
    "SITE_URL": "https://shop.example",
    "ALLOWED_HOSTS": "shop.example",
    "DATABASE_URL": "postgresql://shop@database.example/shop",
    "REDIS_URL": "redis://redis.example/0",
    "BEHIND_PROXY": "true",
}

CHECKS = (
    Check("lint (ruff check)", (BIN / "ruff", "check", "--quiet", "--output-format=concise", ".")),
    Check("format (ruff format)", (BIN / "ruff", "format", "--check", "--output-format=concise", ".")),
    Check("floors (lint-imports)", (BIN / "lint-imports", "--no-cache", "--no-logo")),
    Check("templates", (PYTHON, "-m", "scripts.check_templates")),
    Check("missing migrations", (PYTHON, "manage.py", "makemigrations", "--check", "--dry-run")),
    Check("deployment", (PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"), PRODUCTION),
    Check("types (mypy)", (BIN / "mypy",)),
)


def main(words: list[str]) -> int:
    try:
        check(words)
    except Failed as failure:
        say(f"✗ {failure}")
        return 1
    return 0


def check(words: list[str]) -> None:
    """Run the chosen checks, all of them, then raise Failed with the names of those that did not hold."""
    chosen = [check for check in CHECKS if not words or any(word in check.name for word in words)]
    broken = []
    with tempfile.TemporaryDirectory(prefix="merchstore-check-") as folder:
        for each in chosen:
            try:
                run_step(each.name, each.command, environ=environment(Path(folder), each.environ))
            except Failed:
                broken.append(each.name)
    if broken:
        raise Failed(f"{len(broken)} of {len(chosen)} checks do not hold: {', '.join(broken)}")


def environment(folder: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Settings that start without a server and leave nothing behind: whatever they write lands in `folder`."""
    return {
        **plain_environment(),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DATABASE_URL": f"sqlite:///{folder}/check.sqlite3",
        "REDIS_URL": "",
        "BROKER_FOLDER": f"{folder}/broker",
        "DJANGO_SETTINGS_MODULE": "merchstore.settings",
        "PYTHONWARNINGS": "default",
        **extra,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
