"""Where a list goes on, as it stands in an address: two whole numbers."""

import re

from core.errors import Refused

_CURSOR = re.compile(r"([0-9]{1,18})-([0-9]{1,18})", re.ASCII)


def write_cursor(first: int, second: int) -> str:
    return f"{first}-{second}"


def read_cursor(text: str | None) -> tuple[int, int] | None:
    """The two numbers, None without a cursor. Refuses `bad_cursor` for anything else."""
    if text is None:
        return None
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise Refused("bad_cursor")
    return int(match[1]), int(match[2])
