"""`make test`: everything that must hold, in one go, each step with its name and its duration.

    python3 -m scripts.suite [PYTEST ARGUMENTS…]

The environment, the checks, the suite on PostgreSQL and Redis, then its engine-independent part on SQLite.
"""

import sys
import time
from pathlib import Path

from scripts import bootstrap, browser, check, servers
from scripts.steps import BIN, Failed, plain_environment, run_loud, say

ENGINE_INDEPENDENT = "not postgres and not browser and not house and not pure"


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
    with servers.stopping_on_signals(), servers.running() as urls:
        command: list[str | Path] = [BIN / "python", "-m", "pytest", *arguments]
        run_loud("suite on PostgreSQL and Redis", command, environ={**environ, **urls})


def _on_sqlite(arguments: list[str], environ: dict[str, str]) -> None:
    bare = {name: value for name, value in environ.items() if name not in {"DATABASE_URL", "REDIS_URL", "BROKER_URL"}}
    command: list[str | Path] = [BIN / "python", "-m", "pytest", "-m", ENGINE_INDEPENDENT, *arguments]
    run_loud("engine-independent part on SQLite", command, environ=bare)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
