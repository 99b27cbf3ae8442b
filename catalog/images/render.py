"""From a stranger's picture to renditions: upright, in sRGB, nothing but pixels. Runs in the child, so no Django here."""

import io
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageCms

from catalog.images.look import Unfit, check_size, claimed_size, kind_of
from catalog.images.names import WIDTHS, widths_up_to

# What is changed here shows under new names only: RECIPE in catalog/images/names.py.
#: A very long picture is fitted into this, so that it costs no more than others.
TALLEST = 2880
#: The ground of a tile (static/css/tokens.css): what shows through a transparent picture where there is no alpha.
GROUND = (240, 238, 233)
ENCODINGS: dict[str, tuple[str, dict[str, object]]] = {
    "avif": ("AVIF", {"quality": 55, "speed": 9, "max_threads": 1}),
    "webp": ("WEBP", {"quality": 80, "method": 2}),
    "jpg": ("JPEG", {"quality": 82, "optimize": True, "progressive": True}),
}

_ORIENTATION = 0x0112
_TURNS = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
_STRIP = 64
_HIGH_BYTE = [value >> 8 for value in range(65536)]


@dataclass(frozen=True, slots=True)
class Rendered:
    """`files` by what follows the picture's name: "960.avif". Width and height are those of the widest."""

    width: int
    height: int
    widths: list[int]
    colour: str
    files: dict[str, bytes]


def render(content: bytes, *, when_unfolded: Callable[[], None] = lambda: None) -> Rendered:
    """Every rendition of a picture. Refuses (Unfit) what is no picture, too small, too large or broken."""
    base = unfold(content)
    when_unfolded()
    widths = widths_up_to(base.width)
    files: dict[str, bytes] = {}
    picture = base
    for width in reversed(widths):
        # Each from the one above it: a quarter of the work, and no eye tells.
        if width != picture.width:
            picture = picture.resize(
                (width, max(1, round(base.height * width / base.width))), Pillow.Resampling.LANCZOS
            )
        for ending in ENCODINGS:
            files[f"{width}.{ending}"] = encode(picture, ending)
    return Rendered(base.width, base.height, widths, _mean(picture), files)


def unfold(content: bytes) -> Pillow.Image:
    """The picture upright, in sRGB with or without alpha, at most as large as the largest rendition."""
    kind = kind_of(content)
    if kind == "WEBP" and (claimed := claimed_size(content)):
        check_size(kind, *claimed)
    with warnings.catch_warnings():
        # Pillow only warns of a picture that unfolds into gigabytes, and of broken remarks in it.
        warnings.simplefilter("ignore")
        picture = _opened(content, kind)
        check_size("PROGRESSIVE" if picture.info.get("progressive") else kind, *picture.size)
        orientation = _orientation(picture)
        size = _fitted(*picture.size, is_on_its_side=orientation in (5, 6, 7, 8))
        if kind == "JPEG":
            picture.draft(None, size)
        picture.load()
    profile = picture.info.get("icc_profile")
    picture = _roughly(picture, size)  # the large one is let go before the next step takes memory
    small = picture.resize(size, Pillow.Resampling.LANCZOS) if picture.size != size else picture
    upright = small.transpose(_TURNS[orientation]) if orientation in _TURNS else small
    return _in_srgb(upright, profile)


def _opened(content: bytes, kind: str) -> Pillow.Image:
    try:
        return Pillow.open(io.BytesIO(content), formats=[kind])
    except Pillow.DecompressionBombError:
        raise Unfit("picture_too_many_pixels") from None


def encode(picture: Pillow.Image, ending: str) -> bytes:
    kind, options = ENCODINGS[ending]
    into = io.BytesIO()
    (_on_ground(picture) if ending == "jpg" else picture).save(into, kind, **options)
    return into.getvalue()


def _orientation(picture: Pillow.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 what a camera wrote is often broken, and each part of the reader says so in its own way
        return 1


def _fitted(width: int, height: int, *, is_on_its_side: bool) -> tuple[int, int]:
    """The size of the largest rendition, before the picture is turned upright. Nothing is enlarged."""
    across, down = (height, width) if is_on_its_side else (width, height)
    scale = min(1.0, WIDTHS[-1] / across, TALLEST / down)
    across, down = max(1, round(across * scale)), max(1, round(down * scale))
    return (down, across) if is_on_its_side else (across, down)


def _roughly(picture: Pillow.Image, size: tuple[int, int]) -> Pillow.Image:
    """By a whole factor to `size` or somewhat more, in strips, so that no step holds a large picture twice."""
    factor = max(1, min(picture.width // size[0], picture.height // size[1]))
    if factor == 1:
        return _plain(picture)
    mode = _plain(picture.crop((0, 0, 1, 1))).mode
    rough = Pillow.new(mode, (math.ceil(picture.width / factor), math.ceil(picture.height / factor)))
    for top in range(0, picture.height, _STRIP * factor):
        strip = picture.crop((0, top, picture.width, min(top + _STRIP * factor, picture.height)))
        rough.paste(_plain(strip).reduce(factor), (0, top // factor))
    return rough


def _plain(picture: Pillow.Image) -> Pillow.Image:
    """In a mode that can be scaled: grey, RGB, CMYK, or with alpha."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(_HIGH_BYTE, "L")
    if picture.mode in ("P", "PA") or picture.has_transparency_data:
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return picture if picture.mode in ("L", "RGB", "CMYK") else picture.convert("L" if picture.mode == "1" else "RGB")


def _in_srgb(picture: Pillow.Image, profile: bytes | None) -> Pillow.Image:
    """With the profile's colours, then without it. A profile that cannot be read is left out, as browsers do."""
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile:
        try:
            meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, meant, ImageCms.createProfile("sRGB"), outputMode=mode)
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            picture = converted
    clean = picture.convert(mode)
    clean.info = {}
    return clean


def _on_ground(picture: Pillow.Image) -> Pillow.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Pillow.new("RGB", picture.size, GROUND)
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _mean(picture: Pillow.Image) -> str:
    return "#" + _on_ground(picture).resize((1, 1), Pillow.Resampling.BOX).tobytes().hex()
