"""What a run says: rows of figures, each beside the limit it is measured against, and the machine."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection

HEADINGS = ("name", "value", "unit", "ratio", "against", "target", "ok")


@dataclass(frozen=True, slots=True)
class Row:
    """A figure. `ratio` is the value over the limit that `against` names; where it names none, it is the value."""

    name: str
    value: float
    unit: str
    ratio: float
    against: str
    target: str
    ok: bool


def compared(name: str, value: float, unit: str, *, limit: float, against: str, most: float) -> Row:
    """`value` beside a limit of the same run: fine up to `most` times that limit."""
    ratio = value / limit
    return Row(
        name, round(value, 4), unit, round(ratio, 3), f"{against}: {limit:.4g} {unit}", f"≤ {most:g} ×", ratio <= most
    )


def bounded(name: str, value: float, unit: str, *, most: float, against: str) -> Row:
    """`value` beside a fixed bound, for what has no limit to be measured: counts, memory."""
    return Row(
        name, round(value, 4), unit, round(value / most, 3) if most else value, against, f"≤ {most:g}", value <= most
    )


def as_json(rows: Iterable[Row]) -> str:
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2)


def as_table(rows: Iterable[Row], *, of: str) -> str:
    lines: list[Sequence[str]] = [HEADINGS]
    for row in rows:
        lines.append(
            (
                row.name,
                f"{row.value:g}",
                row.unit,
                f"{row.ratio:.2f}",
                row.against,
                row.target,
                "yes" if row.ok else "NO",
            )
        )
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    rule = ["-" * width for width in widths]
    printed = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in
               (lines[0], rule, *lines[1:])]  # fmt: skip
    return "\n".join([of, "", *printed])


def machine() -> str:
    """The machine in one line: a figure without it says nothing."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgres = cursor.fetchone()[0].split()[0]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {_processor()}, {platform.system()}; "
        f"PostgreSQL {postgres}, Python {platform.python_version()}"
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
