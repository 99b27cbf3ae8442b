"""What becomes of a picture's bytes: renditions of good ones, a reason for the others, and what both may cost."""

import faulthandler
import io
import os
import random
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as Pillow

from catalog.images import child
from catalog.images.look import LARGEST_FILE, Unfit, claimed_size, kind_of
from catalog.images.names import WIDTHS
from catalog.images.render import GROUND, Rendered
from catalog.images.workshop import Workshop
from tests.catalog import pictures
from tests.catalog.pictures import encoded, halves, plain


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with Workshop() as running:
        yield running


def opened(rendered: Rendered, name: str) -> Pillow.Image:
    return Pillow.open(io.BytesIO(rendered.files[name]))


def about(seen: object, meant: tuple[int, ...], off: int = 6) -> bool:
    return isinstance(seen, tuple) and all(abs(a - b) <= off for a, b in zip(seen, meant, strict=True))


# -- good ones --------------------------------------------------------------------------------------
def test_a_large_picture_comes_in_four_widths_and_three_encodings(workshop: Workshop) -> None:
    rendered = workshop.render(plain("JPEG", (2000, 1500)))

    assert (rendered.width, rendered.height, rendered.widths) == (1440, 1080, list(WIDTHS))
    assert {name: (opened(rendered, name).format, opened(rendered, name).size) for name in rendered.files} == {
        f"{width}.{ending}": (kind, (width, width * 3 // 4))
        for width in (320, 640, 960, 1440)
        for ending, kind in (("avif", "AVIF"), ("webp", "WEBP"), ("jpg", "JPEG"))
    }
    assert about(Pillow.new("RGB", (1, 1), rendered.colour).getpixel((0, 0)), (0xC0, 0x40, 0x20))


@pytest.mark.parametrize(
    ("size", "largest", "widths"),
    [
        ((500, 400), (500, 400), [320, 500]),
        ((320, 320), (320, 320), [320]),
        ((200, 200), (200, 200), [200]),
        ((1000, 9000), (320, 2880), [320]),
    ],
)
def test_nothing_is_enlarged_and_a_very_long_one_is_fitted_in(
    workshop: Workshop, size: tuple[int, int], largest: tuple[int, int], widths: list[int]
) -> None:
    rendered = workshop.render(plain("PNG", size))

    assert ((rendered.width, rendered.height), rendered.widths) == (largest, widths)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_every_kind_is_read_by_its_bytes(workshop: Workshop, kind: str) -> None:
    rendered = workshop.render(plain(kind))

    assert (kind_of(plain(kind)), rendered.widths) == (kind, [320, 400])
    assert about(opened(rendered, "400.jpg").getpixel((200, 150)), (0xC0, 0x40, 0x20))


#: How each orientation turns red on the left and blue on the right: size, and what is at the top left.
TURNED = {1: ((400, 200), "red"), 2: ((400, 200), "blue"), 3: ((400, 200), "blue"), 4: ((400, 200), "red"),
          5: ((200, 400), "red"), 6: ((200, 400), "red"), 7: ((200, 400), "blue"), 8: ((200, 400), "blue")}  # fmt: skip


@pytest.mark.parametrize("orientation", TURNED)
def test_the_picture_stands_upright_and_what_a_camera_wrote_is_gone(workshop: Workshop, orientation: int) -> None:
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Secret camera"
    exif.get_ifd(0x8825)[2] = (31.0, 14.0, 0.0)
    remarks = {"exif": exif.tobytes(), "icc_profile": pictures.SRGB, "comment": b"Secret place", "xmp": b"<x:xmpmeta/>"}

    rendered = workshop.render(encoded(halves(), "JPEG", quality=95, **remarks))

    size, colour = TURNED[orientation]
    assert (rendered.width, rendered.height) == size
    for ending in ("avif", "webp", "jpg"):
        shown = opened(rendered, f"{size[0]}.{ending}").convert("RGB")
        assert about(shown.getpixel((9, 9)), (0xF0, 0, 0) if colour == "red" else (0, 0, 0xF0), off=12)
    kept = b"".join(rendered.files.values())
    assert [word for word in (b"Secret", b"Exif\x00", b"ICC_PROFILE", b"ICCP", b"xmpmeta") if word in kept] == []


def test_colours_are_those_that_the_profile_means(workshop: Workshop) -> None:
    meant = opened(workshop.render(pictures.with_light_profile(64)), "400.jpg").getpixel((9, 9))
    as_it_is = opened(workshop.render(plain("PNG", colour=(64, 64, 64))), "400.jpg").getpixel((9, 9))

    assert about(meant, (137, 137, 137))
    assert about(as_it_is, (64, 64, 64))


@pytest.mark.parametrize(
    ("content", "colour"),
    [
        (plain("JPEG", mode="CMYK", colour=(0, 255, 255, 0)), (255, 0, 0)),
        (plain("PNG", mode="I;16", colour=0x8000), (128, 128, 128)),
        (plain("PNG", mode="1", colour=1), (255, 255, 255)),
        (plain("PNG", mode="L", colour=90), (90, 90, 90)),
        (plain("PNG", mode="LA", colour=(90, 255)), (90, 90, 90)),
        (plain("PNG", mode="LA", colour=(90, 0)), GROUND),
        (plain("PNG", mode="RGBA", colour=(255, 0, 0, 0)), GROUND),
        (pictures.clear_palette("PNG"), GROUND),
        (plain("PNG", mode="RGB", colour=(1, 2, 3), transparency=(1, 2, 3)), GROUND),
        (pictures.clear_palette("PNG", (3000, 300)), GROUND),
        (pictures.clear_palette("GIF"), GROUND),
    ],
    ids=[
        "cmyk",
        "16-bit",
        "1-bit",
        "grey",
        "grey-alpha",
        "grey-clear",
        "clear",
        "palette",
        "key",
        "large-palette",
        "gif",
    ],
)
def test_every_way_of_writing_colours_is_understood(
    workshop: Workshop, content: bytes, colour: tuple[int, int, int]
) -> None:
    rendered = workshop.render(content)

    shown = opened(rendered, f"{rendered.width}.jpg")
    assert shown.mode == "RGB"
    assert about(shown.getpixel((9, 9)), colour, off=3)


def test_what_is_transparent_stays_so_where_the_encoding_can(workshop: Workshop) -> None:
    rendered = workshop.render(plain("PNG", mode="RGBA", colour=(255, 0, 0, 0)))

    assert [opened(rendered, f"400.{ending}").convert("RGBA").getpixel((9, 9))[3] for ending in ("avif", "webp")] == [
        0,
        0,
    ]


def test_of_a_moving_picture_the_first_moment_is_shown(workshop: Workshop) -> None:
    second = Pillow.new("RGB", (400, 200), "#00ff00")

    for kind in ("GIF", "WEBP", "PNG"):
        moving = encoded(halves(), kind, save_all=True, append_images=[second])
        assert about(opened(workshop.render(moving), "400.jpg").getpixel((9, 9)), (0xF0, 0, 0), off=12)


# -- hostile ones -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        b"<!doctype html><title>403</title>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"%PDF-1.7",
        b"8BPS\x00\x01",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        plain("TIFF"),
        plain("BMP"),
        plain("ICO"),
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"MZ" + bytes(400),
    ],
)
def test_whatever_else_it_is_it_is_refused_by_its_first_bytes(content: bytes) -> None:
    with pytest.raises(Unfit) as unfit:
        kind_of(content)

    assert unfit.value.code == "picture_unknown_format"


def test_a_file_that_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(Unfit) as unfit:
        kind_of(b"\xff\xd8\xff" + bytes(LARGEST_FILE))

    assert unfit.value.code == "picture_file_too_large"


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (plain("WEBP", (400, 300)), (400, 300)),
        (plain("WEBP", (400, 300), lossless=True), (400, 300)),
        (plain("WEBP", (400, 300), mode="RGBA", colour=(1, 2, 3, 4)), (400, 300)),
        (b"RIFF\x00\x00\x00\x00WEBPXXXX" + bytes(20), None),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", None),
    ],
)
def test_the_size_of_a_webp_is_read_before_its_decoder_takes_the_memory(
    content: bytes, size: tuple[int, int] | None
) -> None:
    assert claimed_size(content) == size


HOSTILE = {
    "a PNG that claims 10 gigapixels": ("picture_too_many_pixels", lambda: pictures.png_claiming(100_000, 100_000)),
    "a PNG of 49 megapixels in 150 kB": ("picture_too_many_pixels", lambda: pictures.png_bomb(7000, 7000)),
    "a PNG just within the limit, cut off": ("picture_broken", lambda: pictures.png_bomb(4470, 4470)[:40_000]),
    "a PNG with a remark of 100 MB": ("picture_broken", pictures.png_with_zipped_remark),
    "a PNG with a profile of 100 MB": ("picture_broken", pictures.png_with_zipped_profile),
    "a PNG of a million pieces": ("picture_too_heavy", pictures.png_of_a_million_pieces),
    "a PNG of one row": ("picture_too_small", lambda: plain("PNG", (5_000, 1))),
    "a PNG of a line": ("picture_too_many_pixels", lambda: plain("PNG", (30_000, 300))),
    "a PNG cut off": ("picture_broken", lambda: plain("PNG")[:80]),
    "a PNG head and nothing": ("picture_broken", lambda: b"\x89PNG\r\n\x1a\n"),
    "a GIF that claims 4 gigapixels": ("picture_too_many_pixels", lambda: pictures.gif_claiming(65_535, 65_535)),
    "a GIF just within the limit of nothing": ("picture_broken", lambda: pictures.gif_claiming(4_400, 4_400)[:40]),
    "a WebP that claims 268 megapixels": ("picture_too_many_pixels", lambda: pictures.webp_claiming(16_384, 16_384)),
    "a WebP cut off": ("picture_broken", lambda: plain("WEBP", (1000, 800))[:200]),
    "an AVIF that claims a gigapixel": ("picture_broken", lambda: pictures.avif_claiming(32_768, 32_768)),
    "an AVIF cut off": ("picture_broken", lambda: plain("AVIF")[:-20]),
    "a JPEG that claims 4 gigapixels": ("picture_too_many_pixels", lambda: pictures.jpeg_claiming(65_500, 65_500)),
    "a JPEG of 48 megapixels without them": ("picture_broken", lambda: pictures.jpeg_claiming(8_000, 6_000)[:400]),
    "a JPEG cut off": ("picture_broken", lambda: plain("JPEG", (1000, 800))[:2_000]),
    "a JPEG of two thousand passes": ("picture_too_heavy", pictures.jpeg_of_many_scans),
    "a JPEG of 199 pixels": ("picture_too_small", lambda: plain("JPEG", (199, 400))),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_picture_is_refused_with_a_reason_in_under_a_second_and_200_mb(workshop: Workshop, case: str) -> None:
    code, make = HOSTILE[case]
    content = make()

    with pytest.raises(Unfit) as unfit:
        workshop.render(content)

    assert (unfit.value.code, workshop.seconds < 1.0, workshop.peak < 200 * 1024) == (code, True, True), (
        workshop.seconds,
        workshop.peak,
    )


def test_broken_files_of_every_kind_end_in_a_picture_or_a_reason(workshop: Workshop) -> None:
    """The same hundred and twenty each time: whole files with a dozen bytes changed, and files cut off somewhere."""
    dice = random.Random(7)
    codes = set()
    for kind in ("JPEG", "PNG", "WEBP", "AVIF", "GIF") * 12:
        whole = encoded(halves((240, 200)), kind)
        changed = bytearray(whole)
        for _ in range(12):
            changed[dice.randrange(12, len(changed))] = dice.randrange(256)
        for content in (bytes(changed), whole[: dice.randrange(12, len(whole))]):
            try:
                workshop.render(content)
            except Unfit as unfit:
                codes.add(unfit.code)

    assert "picture_broken" in codes
    assert workshop.render(plain()).widths == [320, 400]


# -- the process it happens in ----------------------------------------------------------------------
def test_a_decoder_that_crashes_or_hangs_ends_alone() -> None:
    def crash() -> child.Answer:
        faulthandler.disable()
        os.kill(os.getpid(), signal.SIGSEGV)
        return {}, b""

    def hang() -> child.Answer:
        time.sleep(30)
        return {}, b""

    began = time.monotonic()

    crashed, _nothing = child.in_fork(crash, 5)
    hung, _nothing = child.in_fork(hang, 0.2)

    assert (crashed["ended"], hung["ended"]) == ("SIGSEGV", "SIGKILL")
    assert time.monotonic() - began < 10


def test_a_job_gets_no_more_memory_than_its_share_and_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(content: bytes, **_options: object) -> None:
        bytearray(child.MEMORY)

    def curious(content: bytes, **_options: object) -> None:
        Path("/etc/hostname").read_bytes()

    # A fork begins with what this process has taken so far.
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers = []
    for taken_over in (greedy, curious):
        monkeypatch.setattr(child, "render", taken_over)
        answers.append(child.in_fork(lambda: child._do({"verb": "render"}, b""), 5)[0])

    assert (answers[0]["refused"], answers[0]["peak"] < max(taken, 200 * 1024) + 200 * 1024) == (
        "picture_too_heavy",
        True,
    )
    assert "Too many open files" in answers[1]["error"]


def test_the_process_knows_no_secret(workshop: Workshop) -> None:
    known = Path(f"/proc/{workshop._process.pid}/environ").read_bytes()

    assert b"PATH=" in known
    assert b"SECRET_KEY" not in known
    assert b"DATABASE_URL" not in known
