"""What a picture is, by its bytes, and whether it may be unfolded. No Django here: the process that looks at strangers'
pictures (catalog/images/child.py) knows it too."""

import struct

LARGEST_FILE = 20 * 1024 * 1024
SMALLEST_SIDE = 200
LONGEST_SIDE = 20_000
#: What each decoder manages within 200 MB and half a second. A JPEG unfolds at a fraction of its size, unless it is
#: progressive; a PNG or GIF a row at a time; the other two hold a picture three times over.
MOST_PIXELS = {
    "JPEG": 50_000_000,
    "PROGRESSIVE": 20_000_000,
    "PNG": 20_000_000,
    "GIF": 20_000_000,
    "AVIF": 12_000_000,
    "WEBP": 8_000_000,
}


class Unfit(Exception):
    """A picture that cannot be used, for good. `code` is one of core.errors."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def kind_of(content: bytes) -> str:
    """JPEG, PNG, GIF, WEBP or AVIF. Refuses everything else, and what is too large to look at."""
    if len(content) > LARGEST_FILE:
        raise Unfit("picture_file_too_large")
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp" and _brands(content) & {b"avif", b"avis"}:
        return "AVIF"
    raise Unfit("picture_unknown_format")


def check_size(kind: str, width: int, height: int) -> None:
    """Before a pixel is decoded."""
    if min(width, height) < SMALLEST_SIDE:
        raise Unfit("picture_too_small")
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS[kind]:
        raise Unfit("picture_too_many_pixels")


def claimed_size(content: bytes) -> tuple[int, int] | None:
    """What a WebP says of its size: its decoder takes the memory for it before Pillow can ask. None: it says nothing."""
    head, body = content[12:16], content[20:30]
    if len(body) < 10:
        return None
    if head == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if head == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    if head == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None


def _brands(content: bytes) -> set[bytes]:
    """Of the first box of an ISO media file: AVIF and HEIC, MP4 and others share it."""
    box = content[8 : min(int.from_bytes(content[:4], "big"), 256)]
    return {box[:4], *(box[at : at + 4] for at in range(8, len(box) - 3, 4))}
