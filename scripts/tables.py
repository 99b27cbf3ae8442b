"""A database with every table and no row: made once for a run, and copied where each of several would migrate one of its own.

    .venv/bin/python -m scripts.tables make|drop NAME

It lies on the server of DATABASE_URL, and nobody works in it. Who is given its name as MERCHSTORE_TABLES copies it.
"""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from scripts.steps import BIN, ROOT


def main(arguments: list[str]) -> int:
    verb, name = arguments
    server = urlsplit(os.environ["DATABASE_URL"])
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(server._replace(path="/postgres").geturl(), autocommit=True) as admin:
        admin.execute(drop)
        if verb == "drop":
            return 0
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = server._replace(path=f"/{name}").geturl()
    environ = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [str(BIN / "python"), "manage.py", "migrate", "--verbosity=0"]
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
