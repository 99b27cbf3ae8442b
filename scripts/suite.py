"""`make test`: everything that must hold, in one go, each step with its name and its duration.

    python3 -m scripts.suite [PYTEST ARGUMENTS…]

The environment, the checks, the suite on PostgreSQL and Redis, then its engine-independent part on SQLite.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator

from scripts import bootstrap, browser, check, servers
from scripts.steps import BIN, Failed, plain_environment, run_loud, run_step, say

ENGINE_INDEPENDENT = "not postgres and not alone and not pure"
#: A file of tests stays together, so that what they share is made once.
SIDE_BY_SIDE = ["-n", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile", "--no-loadscope-reorder"]
NONE_COLLECTED = 5


def main(arguments: list[str]) -> int:
    started = time.monotonic()
    try:
        bootstrap.ensure(dev=True)
        executable = browser.find_or_install()
        check.check([])
        environ = {**plain_environment(), "MERCHSTORE_BROWSER": str(executable)}
        _on_postgres(arguments, environ)
        _on_sqlite(arguments, environ)
    except Failed as failure:
        say(f"✗ {failure}  ({time.monotonic() - started:.0f} s in all)")
        return 1
    except KeyboardInterrupt:
        say("✗ interrupted")
        return 130
    say(f"✓ everything holds  ({time.monotonic() - started:.0f} s in all)")
    return 0


def _on_postgres(arguments: list[str], environ: dict[str, str]) -> None:
    with servers.stopping_on_signals(), servers.running() as urls, _tables({**environ, **urls}) as on_them:
        _run("suite on PostgreSQL and Redis", [*SIDE_BY_SIDE, "-m", "not alone"], arguments, on_them)
        _run("suite on PostgreSQL and Redis, one at a time", ["-m", "alone"], arguments, on_them)


@contextlib.contextmanager
def _tables(environ: dict[str, str]) -> Iterator[dict[str, str]]:
    """Every process of the run, and every measurement, copies these tables; to migrate takes each of them ten seconds."""
    name = f"merchstore_tables_{os.getpid()}"
    make, drop = ([BIN / "python", "-m", "scripts.tables", verb, name] for verb in ("make", "drop"))
    try:
        run_step("making the tables", make, environ=environ)
        yield {**environ, "MERCHSTORE_TABLES": name}
    finally:
        run_step("dropping the tables", drop, environ=environ)


def _on_sqlite(arguments: list[str], environ: dict[str, str]) -> None:
    bare = {name: value for name, value in environ.items() if name not in {"DATABASE_URL", "REDIS_URL", "BROKER_URL"}}
    part = [*SIDE_BY_SIDE, "--one-of-each", "-m", ENGINE_INDEPENDENT]
    _run("engine-independent part on SQLite", part, arguments, bare)


def _run(name: str, part: list[str], arguments: list[str], environ: dict[str, str]) -> None:
    # Whoever names some tests may have named none of this part.
    fine = (0, NONE_COLLECTED) if arguments else (0,)
    run_loud(name, [BIN / "python", "-m", "pytest", *part, *arguments], environ=environ, fine=fine)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
