"""A process that imports one file twice, or looks at it once, and says what it took, as one line of JSON.

python -m bench.import_once FILE [--dry-run]
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from celery import current_app  # noqa: E402 — the site has to be set up before anything of it is imported
from django.db import connection  # noqa: E402

from bench.processes import spent as spent_by  # noqa: E402
from bench.stage_once import _peak_megabytes  # noqa: E402
from catalog.importing import ahead  # noqa: E402
from catalog.importing.run import import_products  # noqa: E402
from core.importing.report import Outcome  # noqa: E402
from merchants.models import Merchant  # noqa: E402


def main(path: Path, *, is_dry_run: bool) -> dict[str, Any]:
    # A worker has loaded its tasks long before.
    current_app.loader.import_default_modules()
    merchant = Merchant.objects.order_by("pk")[0]
    connection.ensure_connection()
    database = connection.connection.info.backend_pid
    spent, readers = spent_by(database), _Readers()
    first, cpu, rows = _imported(path, merchant, is_dry_run)
    assert rows["refused"] == 0, "every row of the bench is a good one"
    told = {
        "first": first,
        "cpu": cpu,
        "reader": readers.seconds(),
        "database": spent_by(database) - spent,
        "peak": _peak_megabytes() + readers.peak,
        "landed": rows["created"],
    }
    if is_dry_run:
        return told
    second, _cpu, again = _imported(path, merchant, is_dry_run)
    assert again["unchanged"] == rows["created"], "the second import has to find everything done"
    return told | {"second": second}


class _Readers:
    """The processes that read for this one: their CPU, and the most memory that one of them held. The system's own account
    of a child's memory begins with that of the process it was started from, so they are asked while they run."""

    def __init__(self) -> None:
        self.peak = 0.0
        start = ahead.start_reader

        def watched() -> subprocess.Popen[bytes]:
            process = start()
            threading.Thread(target=self._watch, args=(process,), daemon=True).start()
            return process

        ahead.start_reader = watched

    def seconds(self) -> float:
        times = os.times()
        return times.children_user + times.children_system

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.returncode is None:
            with contextlib.suppress(OSError):  # it has just ended
                status = Path(f"/proc/{process.pid}/status").read_text()
                if found := re.search(r"VmHWM:\s+(\d+) kB", status):
                    self.peak = max(self.peak, int(found[1]) / 1024)
            time.sleep(0.1)


def _imported(path: Path, merchant: Merchant, is_dry_run: bool) -> tuple[float, float, dict[str, int]]:
    """Seconds, seconds of CPU, and what became of the rows."""
    began, spent = time.perf_counter(), time.process_time()
    report = import_products(path, merchant, by=None, currency="USD", is_dry_run=is_dry_run)
    outcomes = {outcome.value: report.rows.outcomes[outcome] for outcome in Outcome}
    return time.perf_counter() - began, time.process_time() - spent, outcomes


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), is_dry_run="--dry-run" in sys.argv)))
