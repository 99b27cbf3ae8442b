"""Pictures from their bytes: what they are, made safe, named after what they hold."""

import hashlib
import io
import re
import warnings
from dataclasses import dataclass

from django.utils.translation import gettext as _
from PIL import Image as Pillow
from PIL import ImageOps

from core.errors import Refused

LARGEST_FILE = 20 * 1024 * 1024
MOST_PIXELS = 50_000_000
FOLDER = "goods"

_FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
_VIEW_BOX = re.compile(rb'viewBox="0 0 ([0-9]+)(?:\.0+)? ([0-9]+)(?:\.0+)?"')


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is stored: for pages, and for channels that take no vector art and no WebP."""

    name: str
    content: bytes
    channel_name: str
    channel_content: bytes
    width: int
    height: int


def read_picture(content: bytes) -> Picture:
    """A stranger's picture: decoded, turned upright and encoded anew, so that nothing but pixels is kept.

    Refuses `file_unreadable`: what is no JPEG, PNG or WebP, is broken, or would take too much memory.
    """
    if len(content) > LARGEST_FILE:
        raise _unreadable(_("a picture may have 20 MB at most"))
    try:
        with warnings.catch_warnings():
            # Pillow only warns of a picture that unfolds into gigabytes; its size is checked here.
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            opened = Pillow.open(io.BytesIO(content), formats=list(_FORMATS))
        if opened.width * opened.height > MOST_PIXELS:
            raise _unreadable(_("a picture may have 50 million pixels at most"))
        kind = opened.format or ""
        upright = ImageOps.exif_transpose(opened)
        pixels = upright.convert("RGBA" if upright.has_transparency_data and kind != "JPEG" else "RGB")
    except Refused:
        raise
    # Pillow's decoders answer a broken file in all of these ways.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, Pillow.DecompressionBombError) as error:
        raise _unreadable(_("it is no JPEG, PNG or WebP picture, or it is broken")) from error
    page = _encode(pixels, kind)
    channel_kind = "PNG" if kind == "WEBP" else kind
    channel = page if channel_kind == kind else _encode(pixels, channel_kind)
    return Picture(
        name=_name(page, _FORMATS[kind]),
        content=page,
        channel_name=_name(channel, _FORMATS[channel_kind]),
        channel_content=channel,
        width=pixels.width,
        height=pixels.height,
    )


def read_trusted_art(svg: bytes, channel_content: bytes) -> Picture:
    """The studio's own vector art, kept byte for byte, with a raster picture of it for channels."""
    found = _VIEW_BOX.search(svg)
    if not svg.lstrip().startswith((b"<svg", b"<?xml")) or found is None:
        raise _unreadable(_("it is no SVG with a view box that begins at 0 0"))
    channel = read_picture(channel_content)
    return Picture(
        name=_name(svg, "svg"),
        content=svg,
        channel_name=channel.channel_name,
        channel_content=channel.channel_content,
        width=int(found[1]),
        height=int(found[2]),
    )


def _encode(pixels: Pillow.Image, kind: str) -> bytes:
    into = io.BytesIO()
    if kind == "PNG":
        pixels.save(into, "PNG", optimize=True)
    else:
        pixels.save(into, kind, quality=88)
    return into.getvalue()


def _name(content: bytes, ending: str) -> str:
    return f"{FOLDER}/{hashlib.sha256(content).hexdigest()}.{ending}"


def _unreadable(problem: str) -> Refused:
    return Refused("file_unreadable", problem=problem)
