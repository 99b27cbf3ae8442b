"""Pictures for tests, good and hostile, made as they are needed."""

import io
import struct
import zlib
from functools import cache
from typing import Any

from PIL import Image as Pillow
from PIL import ImageCms

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def encoded(picture: Pillow.Image, kind: str = "JPEG", **options: Any) -> bytes:
    into = io.BytesIO()
    picture.save(into, kind, **options)
    return into.getvalue()


def plain(
    kind: str = "JPEG", size: tuple[int, int] = (400, 300), colour: Any = "#c04020", mode: str = "RGB", **options: Any
) -> bytes:
    """One colour all over."""
    return encoded(Pillow.new(mode, size, colour), kind, **options)


def halves(size: tuple[int, int] = (400, 200)) -> Pillow.Image:
    """Red on the left, blue on the right."""
    picture = Pillow.new("RGB", size, "#f00000")
    picture.paste("#0000f0", (size[0] // 2, 0, size[0], size[1]))
    return picture


def with_light_profile(colour: int) -> bytes:
    """A grey that its profile means lighter: the numbers are linear light."""
    at = SRGB.index(b"para")
    profile = SRGB[: at + 8] + b"\x00\x00\x00\x00\x00\x01\x00\x00" + SRGB[at + 16 :]
    return plain("PNG", colour=(colour,) * 3, icc_profile=profile)


def clear_palette(kind: str, size: tuple[int, int] = (400, 300)) -> bytes:
    """Colour 1 all over, which is transparent."""
    picture = Pillow.new("P", size, 1)
    picture.putpalette([200, 0, 0, 0, 200, 0, 0, 0, 200])
    return encoded(picture, kind, transparency=1)


# -- hostile ----------------------------------------------------------------------------------------
def png_of(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def png_head(width: int, height: int, depth: int = 8, colour: int = 2) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)


def png_claiming(width: int, height: int) -> bytes:
    return png_of(png_head(width, height), (b"IDAT", b"x"))


@cache
def zipped_zeros(size: int) -> bytes:
    packer = zlib.compressobj(9)
    piece = bytes(1 << 20)
    return b"".join(packer.compress(piece) for _ in range(size >> 20)) + packer.flush()


def png_bomb(width: int, height: int) -> bytes:
    """A true picture of one colour: tens of megapixels in as many kilobytes."""
    return png_of(
        png_head(width, height), (b"IDAT", zipped_zeros((width * 3 + 1) * height + (1 << 20))), (b"IEND", b"")
    )


def png_with_zipped_remark() -> bytes:
    """A remark of 100 MB in a tenth of one."""
    remark = b"Comment\x00\x00" + zipped_zeros(100 << 20)
    return png_of(png_head(400, 400), (b"zTXt", remark), (b"IDAT", zlib.compress(bytes(1201 * 400))), (b"IEND", b""))


def png_with_zipped_profile() -> bytes:
    profile = b"p\x00\x00" + zipped_zeros(100 << 20)
    return png_of(png_head(400, 400), (b"iCCP", profile), (b"IDAT", zlib.compress(bytes(1201 * 400))), (b"IEND", b""))


def png_of_a_million_pieces() -> bytes:
    """Each of them costs a reader a step, and holds nothing."""
    nothing = png_of((b"tEXt", b"a\x00b"))[8:]
    return png_of(png_head(400, 400)) + nothing * 1_200_000


def gif_claiming(width: int, height: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    return head + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00;"


def webp_claiming(width: int, height: int) -> bytes:
    body = bytes([0x10, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def avif_claiming(width: int, height: int) -> bytes:
    content = plain("AVIF")
    at = content.index(b"ispe") + 8
    return content[:at] + struct.pack(">II", width, height) + content[at + 8 :]


def jpeg_claiming(width: int, height: int) -> bytes:
    content = plain("JPEG")
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


def jpeg_of_many_scans() -> bytes:
    """A progressive picture whose last pass over all of it is there two thousand times."""
    content = encoded(Pillow.effect_noise((2000, 2000), 2), "JPEG", progressive=True, quality=20)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * 2_000 + content[-2:]
