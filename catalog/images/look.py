"""What a picture is, by its bytes: the rules that every door for pictures shares (core/pictures.py)."""

from core.pictures import (
    LARGEST_FILE,
    LONGEST_SIDE,
    MOST_PIXELS,
    SMALLEST_SIDE,
    Unfit,
    check_size,
    claimed_size,
    kind_of,
)

__all__ = [
    "LARGEST_FILE",
    "LONGEST_SIDE",
    "MOST_PIXELS",
    "SMALLEST_SIDE",
    "Unfit",
    "check_size",
    "claimed_size",
    "kind_of",
]
