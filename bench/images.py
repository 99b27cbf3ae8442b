"""Pictures: the whole way from a waiting row to stored renditions, beside Pillow alone doing the same to the same bytes.

Both are reckoned by processor time, so both are figures of one core, on a busy machine too. What ours has on top: a row
claimed and settled, a process that the picture cannot leave, a fork and two pipes for each, the look at what it is, and
twelve files stored.
"""

import io
import os
import statistics
from collections.abc import Callable
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone
from PIL import Image as Pillow
from PIL import ImageOps

from bench.report import Row, bounded
from catalog.images.services import process_waiting
from catalog.images.workshop import Workshop
from catalog.models import Image, Product
from core.media import private_storage
from films.models import Film
from licensing.models import Category
from merchants.models import Merchant
from scripts.steps import say

ROUNDS = 3
LEAST = 0.8
#: What a merchant's export holds: photographs, cut-outs, what another shop's pages show.
KINDS: list[tuple[str, tuple[int, int], dict[str, object]]] = [
    ("JPEG", (3000, 2250), {"quality": 90}),
    ("JPEG", (2048, 2048), {"quality": 85}),
    ("JPEG", (1600, 1200), {"quality": 85, "progressive": True}),
    ("JPEG", (1000, 1000), {"quality": 85}),
    ("JPEG", (600, 800), {"quality": 80}),
    ("PNG", (1600, 1600), {}),
    ("PNG", (800, 800), {}),
    ("WEBP", (1200, 1200), {"quality": 82}),
]
WIDTHS = (1440, 960, 640, 320)
ENCODINGS: tuple[tuple[str, dict[str, object]], ...] = (
    ("AVIF", {"quality": 55, "speed": 9, "max_threads": 1}),
    ("WEBP", {"quality": 80, "method": 2}),
    ("JPEG", {"quality": 82, "optimize": True, "progressive": True}),
)


def measure(products: int, *, server: str, folder: Path) -> list[Row]:
    call_command("migrate", verbosity=0)
    contents = [photograph(*kind) for kind in KINDS]
    product = _product()
    say(f"{len(contents)} pictures, {ROUNDS} rounds of each way in turn")
    ours, alone = [], []
    for _ in range(ROUNDS):
        alone.append(_seconds(lambda: [render_alone(content) for content in contents]))
        ours.append(_round(product, contents))
    of, limit = (len(contents) / statistics.median(seconds) for seconds in (ours, alone))
    peaks = _peaks(contents)
    return [
        Row(
            "pictures from row to renditions", round(of, 3), "/s and core", round(of / limit, 3),
            f"Pillow alone: {limit:.4g} /s and core", f"≥ {LEAST:g} ×", of / limit >= LEAST,
        ),
        bounded("memory of the process that unfolds one", max(peaks) / 1024, "MB", most=200, against="the issue's bound"),
    ]  # fmt: skip


def photograph(kind: str, size: tuple[int, int], options: dict[str, object]) -> bytes:
    """Soft shapes, an edge or two and a camera's noise, so that encoders have to work as with a true one."""
    width, height = size
    small = [Pillow.effect_noise((width // step, height // step), 60) for step in (9, 40, 90)]
    clouds = [one.resize(size, Pillow.Resampling.BICUBIC) for one in small]
    clouds[1].paste(Pillow.radial_gradient("L").resize((width // 2, height // 2)), (width // 4, height // 4))
    grain = Pillow.effect_noise(size, 10)
    picture = Pillow.blend(Pillow.merge("RGB", clouds), Pillow.merge("RGB", [grain] * 3), 0.06)
    into = io.BytesIO()
    picture.save(into, kind, **options)
    return into.getvalue()


def render_alone(content: bytes) -> list[bytes]:
    """The same with Pillow and nothing else: decode, upright, resize, encode."""
    picture = Pillow.open(io.BytesIO(content))
    widest = min(picture.width, WIDTHS[0])
    size = (widest, round(picture.height * widest / picture.width))
    picture.draft(None, size)
    picture = ImageOps.exif_transpose(picture).convert("RGB")
    files = []
    for width in [widest, *(width for width in WIDTHS if width < widest)]:
        picture = picture.resize((width, round(size[1] * width / widest)), Pillow.Resampling.LANCZOS, reducing_gap=1.0)
        for kind, options in ENCODINGS:
            into = io.BytesIO()
            picture.save(into, kind, **options)
            files.append(into.getvalue())
    return files


def _product() -> Product:
    film = Film.objects.create(slug="bench-pictures", title_en="Pictures")
    merchant = Merchant.objects.create(slug="bench-pictures", name="Pictures")
    category = Category.objects.get_or_create(code="prints", defaults={"name_en": "Prints"})[0]
    return Product.objects.create(
        film=film, merchant=merchant, category=category, slug="bench-pictures", sku="pictures", title_en="Pictures"
    )


def _round(product: Product, contents: list[bytes]) -> float:
    """Seconds from waiting rows to ready ones; without rows of an earlier round, whose files would be taken over."""
    Image.objects.all().delete()
    for position, content in enumerate(contents):
        upload = private_storage().save(f"pictures/bench-{position}", ContentFile(content))
        Image.objects.create(product=product, state="waiting", upload=upload, try_at=timezone.now(), position=position)
    seconds = _seconds(lambda: process_waiting(at=timezone.now(), turn=600))
    if (ready := Image.objects.filter(state="ready").count()) != len(contents):
        raise RuntimeError(f"{ready} of {len(contents)} pictures are ready")
    return seconds


def _peaks(contents: list[bytes]) -> list[int]:
    peaks = []
    with Workshop() as workshop:
        for content in contents:
            workshop.render(content)
            peaks.append(workshop.peak)
    return peaks


def _seconds(work: Callable[[], object]) -> float:
    """Of processor time, of this process and those that it has started and seen end: the pictures' own among them."""
    began = _used()
    work()
    return _used() - began


def _used() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
