"""`python -m bench royalties [--lines N]`: the statements of a file of sale lines, in one process on one core."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.report import Row, bounded, compared
from bench.sale_lines import write_case, write_lines
from scripts.steps import ROOT, Failed, step

#: Seconds for a million lines that are promised, and the share of them that N lines may take.
SECONDS, MILLION = 60, 1_000_000
#: How much more memory N lines may take than a tenth of them.
MORE_MEMORY = 1.2
#: A time is the best of so many.
ROUNDS, SMALL = 2, 10_000


def measure(lines: int, *, server: str, folder: Path) -> list[Row]:
    """The command on N lines and on a tenth of them, each in a process of its own. No database is asked for anything."""
    case = folder / "case.json"
    write_case(case)
    few = _run(case, folder, lines // 10)
    many = [_run(case, folder, lines) for _round in range(ROUNDS if lines > SMALL else 1)]
    best = min(many, key=lambda told: told["cpu"])
    return [
        bounded(
            f"statements of {lines:,} sale lines, one core", best["cpu"], "s", most=SECONDS * lines / MILLION,
            against=f"the promise: {SECONDS} s for a million; {best['groups']:,} groups, {best['late']:,} late returns",
        ),
        compared(
            "statements, time per line", best["cpu"] / lines * 1e6, "µs", limit=few["cpu"] / (lines // 10) * 1e6,
            against="at a tenth of the lines", most=1.2,
        ),
        compared(
            f"statements, memory for {lines:,} lines", max(told["peak"] for told in many), "MB", limit=few["peak"],
            against="for a tenth of the lines", most=MORE_MEMORY,
        ),
    ]  # fmt: skip


def _run(case: Path, folder: Path, number: int) -> dict[str, Any]:
    lines = folder / f"{number}.csv"
    if not lines.exists():
        write_lines(lines, number)
    with step(f"{number:,} lines"):
        command = [sys.executable, "-m", "bench.royalties_once", str(case), str(lines)]
        child = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True)
    if child.returncode:
        raise Failed(f"the calculation failed: {child.stderr.strip()}")
    told: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return told
