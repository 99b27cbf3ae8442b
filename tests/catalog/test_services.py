"""The verbs of the catalogue: what they write, what they refuse, and that the shelf follows at once."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from PIL import Image as Pillow

from accounts.models import AuditEntry
from catalog import services
from catalog.models import Image, Price, Product, SearchDocument, ShelfSpan, Stock, Variant
from catalog.services import VariantFacts
from core.errors import Refused
from tests.factories import make_category, make_film, make_licence, make_market, make_merchant, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def facts() -> dict[str, Any]:
    """What a new product needs: a merchant with a licence, a film and a category."""
    merchant, film = make_merchant("suzhou-creek"), make_film("the-ferryman")
    licence = make_licence(film, merchant)
    return {"merchant": merchant, "film": film, "category": make_category("mugs"), "licence": licence}


def create(facts: dict[str, Any], **overrides: Any) -> Product:
    defaults = {"sku": "mug-1", "title_en": "River mug", "state": "active", "by": None, "at": timezone.now()}
    return services.create_product(**facts | defaults | overrides)


def amounts() -> list[int]:
    return list(ShelfSpan.objects.at(timezone.now()).order_by("pk").values_list("amount", flat=True))


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    into = io.BytesIO()
    Pillow.new("RGB", size, "#10172B").save(into, kind, **options)
    return into.getvalue()


def stored(name: str) -> Pillow.Image:
    return Pillow.open(io.BytesIO((Path(settings.MEDIA_ROOT) / name).read_bytes()))


# -- products ---------------------------------------------------------------------------------------
def test_a_new_product_is_on_the_shelf_found_and_written_down(facts: dict[str, Any]) -> None:
    us, user = make_market("us"), make_user()
    variants = [VariantFacts("mug-1-w", {"colour": "White"}, prices={us: 1900}, stock=7), VariantFacts("mug-1-b")]

    product = create(facts, variants=variants, by=user)

    assert product.slug == "river-mug"
    assert list(product.variants.values_list("sku", "options", "position")) == [
        ("mug-1-w", {"colour": "White"}, 0),
        ("mug-1-b", {}, 1),
    ]
    assert Stock.objects.get().on_hand == 7
    assert amounts() == [1900]
    assert "river" in SearchDocument.objects.get(product=product).terms
    entry = AuditEntry.objects.get(verb="product.created")
    assert (entry.actor, entry.subject_id) == (user, product.public_id)


def test_a_product_without_variants_gets_one(facts: dict[str, Any]) -> None:
    assert list(create(facts).variants.values_list("sku", flat=True)) == ["mug-1"]


def test_addresses_are_unique_and_do_not_follow_the_title(facts: dict[str, Any]) -> None:
    first, second = create(facts), create(facts, sku="mug-2")
    third = create(facts, sku="mug-3", title_en="摆渡人")

    services.edit_product(first, by=None, title_en="Creek mug")

    assert Product.objects.get(pk=first.pk).slug == "river-mug"
    assert (second.slug, third.slug) == ("river-mug-mug-2", third.public_id[4:])


def test_a_code_that_the_merchant_has_is_refused(facts: dict[str, Any]) -> None:
    create(facts)

    with pytest.raises(Refused) as refusal:
        create(facts)

    assert "mug-1" in refusal.value.sentence
    assert Product.objects.count() == 1


def test_an_edit_writes_what_moved_and_nothing_else(facts: dict[str, Any]) -> None:
    product = create(facts)

    services.edit_product(product, by=None, title_en="Creek mug", category=make_category("cups"))
    services.edit_product(product, by=None, title_en="Creek mug")

    entry = AuditEntry.objects.get(verb="product.edited")
    assert entry.changes == {"title_en": ["River mug", "Creek mug"], "category": ["mugs", "cups"]}
    assert "creek" in SearchDocument.objects.get().terms


def test_a_field_that_is_none_of_theirs_is_a_fault(facts: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="slug"):
        services.edit_product(create(facts), by=None, slug="mine")


def test_variants_are_put_by_their_code(facts: dict[str, Any]) -> None:
    us = make_market("us")
    product = create(facts, variants=[VariantFacts("a", prices={us: 1900})])

    services.put_variants(
        product, [VariantFacts("a", {"size": "M"}), VariantFacts("b", prices={us: 1500})], by=None, at=timezone.now()
    )

    assert list(product.variants.values_list("sku", "options", "position")) == [("a", {"size": "M"}, 0), ("b", {}, 1)]
    assert amounts() == [1500]


# -- states -----------------------------------------------------------------------------------------
def test_a_product_leaves_the_shelf_and_comes_back() -> None:
    product = make_product()

    services.archive_product(product, by=None)
    gone = amounts()
    services.activate_product(product, by=None)

    assert (gone, amounts()) == ([], [3800])
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "product.archived",
        "product.active",
    ]


def test_a_state_is_not_left_twice() -> None:
    product = make_product()

    with pytest.raises(Refused) as refusal:
        services.activate_product(product, by=None)

    assert refusal.value.code == "wrong_state"
    assert not AuditEntry.objects.exists()


# -- prices and stock -------------------------------------------------------------------------------
def test_a_price_holds_from_its_instant_and_history_stays() -> None:
    product, now = make_product(), timezone.now()
    variant, us = product.variants.get(), make_market("us")

    services.set_price(variant, us, 3500, starts_at=now, by=None)
    services.set_price(variant, us, 3000, starts_at=now + timedelta(days=2), by=None)
    services.set_price(variant, us, 3500, starts_at=now + timedelta(days=1), by=None)

    assert list(Price.objects.order_by("starts_at").values_list("amount", flat=True)) == [3800, 3500, 3000]
    steps = ShelfSpan.objects.filter(ends_at__gt=now).order_by("starts_at").values_list("amount", flat=True)
    assert list(steps) == [3500, 3000]
    assert AuditEntry.objects.filter(verb="product.price_set").earliest("pk").changes["amount"] == [3800, 3500]


def test_no_price_is_not_sold_there_and_zero_is_refused() -> None:
    product, us = make_product(), make_market("us")
    variant = product.variants.get()

    with pytest.raises(Refused):
        services.set_price(variant, us, 0, starts_at=timezone.now(), by=None)
    before = amounts()
    services.set_price(variant, us, None, starts_at=timezone.now(), by=None)

    assert (before, amounts()) == ([3800], [])


def test_stock_is_never_less_than_what_is_promised() -> None:
    variant = make_product(stock=10).variants.get()
    Stock.objects.update(reserved=4)

    with pytest.raises(Refused):
        services.set_stock(variant, 3, by=None)
    services.set_stock(variant, 4, by=None)
    services.set_stock(variant, 4, by=None)

    assert Stock.objects.get().on_hand == 4
    assert [entry.changes["on_hand"] for entry in AuditEntry.objects.all()] == [[10, 4]]


def test_a_variant_without_stock_gets_one() -> None:
    variant = Variant.objects.create(product=make_product(), sku="new", position=5)

    assert services.set_stock(variant, 3, by=None).on_hand == 3


# -- pictures ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "kind, ending, channel_ending", [("PNG", ".png", ".png"), ("JPEG", ".jpg", ".jpg"), ("WEBP", ".webp", ".png")]
)
def test_a_picture_is_what_its_bytes_say_and_named_after_them(kind: str, ending: str, channel_ending: str) -> None:
    product = make_product()

    image = services.attach_image(product, picture(kind), by=None, alt_en="A mug")
    again = services.attach_image(product, picture(kind), by=None)

    assert again == image
    assert (image.width, image.height, image.position) == (40, 30, 0)
    assert image.file.name.startswith("goods/")
    assert len(Path(image.file.name).stem) == 64
    assert image.file.name.endswith(ending)
    assert image.channel_file.name.endswith(channel_ending)
    assert [stored(file.name).size for file in (image.file, image.channel_file)] == [(40, 30), (40, 30)]


def test_what_a_camera_wrote_is_not_kept_and_the_picture_stands_upright() -> None:
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010F] = 6, "Secret camera"

    image = services.attach_image(make_product(), picture("JPEG", exif=exif.tobytes()), by=None)

    kept = stored(image.file.name)
    assert (kept.size, dict(kept.getexif())) == ((30, 40), {})


def test_pictures_follow_each_other() -> None:
    product = make_product()

    positions = [services.attach_image(product, picture(size=(10, 10 + n)), by=None).position for n in range(3)]

    assert positions == [0, 1, 2]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 800"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        SVG,
        picture()[:60],
        picture("GIF"),
        picture("JPEG")[:200],
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        picture("PNG", size=(9_000, 9_000)),
        b"\xff\xd8\xff" + b"\x00" * (20 * 1024 * 1024),
    ],
    ids=["empty", "text", "svg", "cut-png", "gif", "cut-jpeg", "broken-png", "too-many-pixels", "too-large"],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    product = make_product()

    with pytest.raises(Refused) as refusal:
        services.attach_image(product, content, by=None)

    assert refusal.value.code == "file_unreadable"
    assert not Image.objects.exists()


def test_the_studios_own_art_is_kept_as_it_is() -> None:
    image = services.attach_studio_art(make_product(), SVG, channel_content=picture(), by=None)

    assert (image.width, image.height) == (1000, 800)
    assert (Path(settings.MEDIA_ROOT) / image.file.name).read_bytes() == SVG
    assert image.channel_file.name.endswith(".png")


def test_a_picture_is_taken_off_once() -> None:
    image = services.attach_image(make_product(), picture(), by=None)

    services.remove_image(image, by=None)
    with pytest.raises(Refused) as refusal:
        services.remove_image(image, by=None)

    assert refusal.value.code == "already_done"
    assert not Image.objects.exists()
