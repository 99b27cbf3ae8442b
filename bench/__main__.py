"""`python -m bench SUBJECT [--products N] [--json OUT]`: measure on PostgreSQL, print a table, and say whether it is fast enough
(exit code 1 when a row is not).

The server is that of DATABASE_URL, else one of this machine started for the run (scripts/servers.py). Progress goes to
standard error; so does the table when the JSON goes to standard output.
"""

import argparse
import contextlib
import os
import secrets
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import django
import redis
from django.db import connections

from bench.databases import NAME, new_database
from bench.report import as_json, as_table, machine
from scripts.servers import running, stopping_on_signals
from scripts.steps import Failed, say


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument(
        "subject",
        choices=["launch", "pages", "import", "images", "search", "royalties", "gate", "checkout", "api", "eye"],
    )
    parser.add_argument("--products", "--rows", "--lines", type=int, metavar="N")
    parser.add_argument("--seconds", type=int, metavar="S", help="of checkout: how long each go takes")
    parser.add_argument("--clients", type=int, metavar="C", help="of checkout: how many buy at once")
    parser.add_argument("--json", metavar="OUT", help="a file, or - for standard output")
    arguments = parser.parse_args()
    if arguments.products is None:
        arguments.products = {"royalties": 1_000_000, "api": 1_000_000, "checkout": 1_500}.get(
            arguments.subject, 100_000
        )
    if arguments.products < 60:
        parser.error("at least 60 products: one for each film")
    try:
        options = {name: value for name in ("seconds", "clients") if (value := getattr(arguments, name)) is not None}
        rows, of = _measure(arguments.subject, arguments.products, options)
    except Failed as failure:
        print(f"✗ {failure}", file=sys.stderr)
        return 1
    print(as_table(rows, of=of), file=sys.stderr if arguments.json == "-" else sys.stdout)
    if arguments.json == "-":
        print(as_json(rows))
    elif arguments.json:
        Path(arguments.json).write_text(as_json(rows) + "\n")
    return 0 if all(row.ok for row in rows) else 1


def _measure(subject: str, products: int, options: dict[str, int]) -> tuple[list, str]:
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        stack.enter_context(stopping_on_signals())
        urls = stack.enter_context(running())
        database = stack.enter_context(new_database(urls["DATABASE_URL"]))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="merchstore-bench-"))
        (Path(folder) / "static").mkdir()  # whitenoise warns about a folder that is not there
        os.environ.update(_environment(database, urls["REDIS_URL"], Path(folder)))
        if subject == "eye":
            del os.environ["PLAIN_STATIC"]  # packed and named after what they hold, as a visitor gets them
        django.setup()
        try:
            say(machine())
            module = import_module("bench.imports" if subject == "import" else f"bench.{subject}")
            rows = module.measure(products, server=urls["DATABASE_URL"], folder=Path(folder), **options)
            things = {"import": "rows", "royalties": "lines"}.get(subject, "products")
            of = "" if subject in ("images", "eye") else f", {products:,} {things}"
            return rows, f"bench {subject}{of}\n{machine()}"
        finally:
            connections.close_all()
            _tidy(urls["REDIS_URL"])


def _tidy(address: str) -> None:
    """Drop what the run left on the Redis server: its keys begin with the names of its databases (bench/settings.py)."""
    with redis.Redis.from_url(address) as server:
        for key in server.scan_iter(match=f"{NAME}_*"):
            server.delete(key)


def _environment(database: str, redis_url: str, folder: Path) -> dict[str, str]:
    """What the site's settings read, here and in every process that the run starts."""
    return {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "BROKER_URL": redis_url,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "127.0.0.1,testserver",
        "SITE_URL": "http://127.0.0.1",
        "PLAIN_STATIC": "true",
        "LOG_LEVEL": "ERROR",
        "CONN_MAX_AGE": "3600",
        "MEDIA_ROOT": str(folder / "media"),
        "UPLOAD_ROOT": str(folder / "uploads"),
        "STATIC_ROOT": str(folder / "static"),
        "FEED_ROOT": str(folder / "feeds"),
        "BROKER_FOLDER": str(folder / "broker"),
    }


if __name__ == "__main__":
    sys.exit(main())
