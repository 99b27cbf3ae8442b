"""Names of pictures' files: goods/ab/abc….1-960.avif says the bytes that came, the recipe, the width and the encoding.

The widest JPEG's name says all the others, so a page that has it needs no further column.
"""

import re
from typing import NamedTuple

FOLDER = "goods"
WIDTHS = (320, 640, 960, 1440)
#: Part of every name. Whatever catalog/images/render.py makes otherwise gets a new number: a copy kept by a browser or a
#: cache in between never gets old.
RECIPE = 1

_WIDEST = re.compile(r"(.+/[0-9a-f]{64}\.[0-9]+)-([0-9]+)\.jpg")


class Sources(NamedTuple):
    """`srcset` of each encoding, and the JPEG for who knows no `srcset`."""

    avif: str
    webp: str
    jpeg: str
    plain: str


def file_name(digest: str, rendition: str) -> str:
    """Of a rendition such as "960.avif"."""
    return f"{FOLDER}/{digest[:2]}/{digest}.{RECIPE}-{rendition}"


def widths_up_to(widest: int) -> list[int]:
    """Those that a picture is made in whose widest rendition is `widest`."""
    return [*(width for width in WIDTHS if width < widest), widest]


def sources_of(address: str) -> Sources | None:
    """All renditions, from the address of the widest JPEG. None for a picture that has but one file: the studio's art."""
    found = _WIDEST.fullmatch(address)
    if found is None:
        return None
    stem, widths = found[1], widths_up_to(int(found[2]))
    avif, webp, jpeg = (
        ", ".join(f"{stem}-{width}.{ending} {width}w" for width in widths) for ending in ("avif", "webp", "jpg")
    )
    return Sources(avif, webp, jpeg, f"{stem}-{widths[min(1, len(widths) - 1)]}.jpg")
