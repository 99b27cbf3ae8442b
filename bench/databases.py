"""Databases that live as long as a measurement: made, copied and dropped on the server that was given."""

import contextlib
import os
from collections.abc import Iterator
from itertools import count
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

#: How the names of a run's databases begin.
NAME = f"bench_{os.getpid()}"
_numbers = count(1)


def url_of(server: str, name: str) -> str:
    """The address of the database `name` on the server that the address `server` leads to."""
    parts = urlsplit(server)
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))


@contextlib.contextmanager
def new_database(server: str, *, copy_of: str | None = None) -> Iterator[str]:
    """The address of a fresh database, empty (or with the tables of a run of tests, see scripts/tables.py) or a copy of one that
    nobody is connected to; dropped on the way out."""
    name = f"{NAME}_{next(_numbers)}"
    with psycopg.connect(url_of(server, "postgres"), autocommit=True) as admin:
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        source = os.environ.get("MERCHSTORE_TABLES") if copy_of is None else name_of(copy_of)
        if source:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(source))
            if admin.info.server_version >= 150000:
                # Copies files instead of logging every page: faster, and it leaves no work to a later checkpoint.
                statement += sql.SQL(" STRATEGY file_copy")
        admin.execute(statement)
    try:
        yield url_of(server, name)
    finally:
        with psycopg.connect(url_of(server, "postgres"), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def name_of(url: str) -> str:
    return urlsplit(url).path.lstrip("/")
