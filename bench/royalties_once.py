"""A process that calculates the statements of a file of lines and says what it took, as one line of JSON. Its memory is its own.

python -m bench.royalties_once CASE.json LINES.csv
"""

import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 — the site has to be set up before anything of it is imported

from bench.stage_once import _peak_megabytes  # noqa: E402


def main(case: str, lines: str) -> dict[str, Any]:
    """The CPU time of the whole command, system calls among it: one thread does it all, so that is what it takes of a core."""
    out = io.StringIO()
    began = time.process_time()
    call_command("royalty_calculate", case, lines=[Path(lines)], stdout=out)
    cpu = time.process_time() - began
    told = json.loads(out.getvalue())["statements"]
    return {
        "cpu": cpu,
        "peak": _peak_megabytes(),
        "groups": sum(len(statement["groups"]) for statement in told),
        "late": sum(line["units"] for statement in told for line in statement["adjustment_lines"]),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
