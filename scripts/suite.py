"""`make test`: everything that must hold, in one go, each step with its name and its duration.

    python3 -m scripts.suite [PYTEST ARGUMENTS…]

The environment, the checks, the suite on PostgreSQL and Redis; beside those of its tests that run one at a time, its
engine-independent part on SQLite.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scripts import bootstrap, browser, check, servers
from scripts.steps import BIN, ROOT, Failed, plain_environment, run_loud, run_step, say, stop

ENGINE_INDEPENDENT = "not postgres and not alone and not pure"
#: A file of tests stays together, so that what they share is made once.
SIDE_BY_SIDE = ["-n", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile", "--no-loadscope-reorder"]
NONE_COLLECTED = 5
#: How far the part that runs beside others stands back, so that what must be on time has the processors first.
NICENESS = 10


def main(arguments: list[str]) -> int:
    started = time.monotonic()
    try:
        bootstrap.ensure(dev=True)
        executable = browser.find_or_install()
        check.check([])
        environ = {**plain_environment(), "MERCHSTORE_BROWSER": str(executable)}
        _suite(arguments, environ)
    except Failed as failure:
        say(f"✗ {failure}  ({time.monotonic() - started:.0f} s in all)")
        return 1
    except KeyboardInterrupt:
        say("✗ interrupted")
        return 130
    say(f"✓ everything holds  ({time.monotonic() - started:.0f} s in all)")
    return 0


def _suite(arguments: list[str], environ: dict[str, str]) -> None:
    with servers.stopping_on_signals(), servers.running() as urls, _tables({**environ, **urls}) as on_them:
        _run("suite on PostgreSQL and Redis", [*SIDE_BY_SIDE, "-m", "not alone"], arguments, on_them)
        # One at a time leaves a processor idle half of the time.
        with _beside("engine-independent part on SQLite", _on_sqlite(arguments), _bare(environ), _fine(arguments)):
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


def _on_sqlite(arguments: list[str]) -> list[str | Path]:
    part = [*SIDE_BY_SIDE, "--one-of-each", "-m", ENGINE_INDEPENDENT]
    return ["nice", "-n", str(NICENESS), BIN / "python", "-m", "pytest", *part, *arguments]


def _bare(environ: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in {"DATABASE_URL", "REDIS_URL", "BROKER_URL"}}


def _run(name: str, part: list[str], arguments: list[str], environ: dict[str, str]) -> None:
    command: list[str | Path] = [BIN / "python", "-m", "pytest", *part, *arguments]
    run_loud(name, command, environ=environ, fine=_fine(arguments))


def _fine(arguments: list[str]) -> tuple[int, ...]:
    # Whoever names some tests may have named none of a part.
    return (0, NONE_COLLECTED) if arguments else (0,)


@contextlib.contextmanager
def _beside(name: str, command: list[str | Path], environ: dict[str, str], fine: tuple[int, ...]) -> Iterator[None]:
    """Run `command` while the block runs; what it writes is shown when both have ended."""
    with tempfile.TemporaryFile() as output:
        say(f"· {name}, beside the next …")
        child = subprocess.Popen(
            [str(part) for part in command], cwd=ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield
            code = child.wait()
        finally:
            stop(child, signal.SIGTERM)
        output.seek(0)
        say(output.read().decode(errors="replace").rstrip())
    say(f"{'✓' if code in fine else '✗'} {name}")
    if code not in fine:
        raise Failed(f"{name} failed (exit code {code})")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
