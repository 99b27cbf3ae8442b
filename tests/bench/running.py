"""The bench as a command: what its tests share. What it measures is not asserted, for this machine is busy testing."""

import subprocess
import sys
from dataclasses import fields

from bench.report import Row
from scripts.steps import ROOT

COLUMNS = {field.name for field in fields(Row)}


def run_bench(*arguments: str) -> tuple[str, str]:
    """What it writes to standard output and to standard error. It ends with 1 where a figure is not good enough."""
    done = subprocess.run([sys.executable, "-m", "bench", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout, done.stderr
