"""Pictures on pages: every width and encoding of those that are ready, and nothing of those that wait or were refused."""

import re

import pytest
from django.utils import timezone

from campaigns.channels.google_feed import feed_file
from catalog.images.names import file_name
from catalog.images.services import add_image, process_waiting
from catalog.models import Image, Market
from catalog.search import index_products
from tests.catalog.pictures import encoded, halves
from tests.factories import NOW, make_product

pytestmark = pytest.mark.django_db

DIGEST = "ab" * 32


def add(product, digest=DIGEST, width=960, **fields):
    name = file_name(digest, f"{width}.jpg")
    facts = {"file": name, "channel_file": name, "width": width, "height": width // 2, "alt_en": "A mug & a cat"}
    return Image.objects.create(product=product, digest=digest, **facts | fields)


def pictures(html):
    return re.findall(r"<picture>.*?</picture>", html)


def sources(sizes, widths):
    stem = f"/media/goods/ab/{DIGEST}.1"
    avif, webp, jpeg = (", ".join(f"{stem}-{w}.{ending} {w}w" for w in widths) for ending in ("avif", "webp", "jpg"))
    return (
        f'<picture><source type="image/avif" srcset="{avif}" sizes="{sizes}">'
        f'<source type="image/webp" srcset="{webp}" sizes="{sizes}">'
        f'<img src="{stem}-640.jpg" srcset="{jpeg}" sizes="{sizes}"'
    )


def test_a_list_offers_every_width_and_encoding_and_holds_the_place(get):
    add(make_product(slug="mug"))

    [picture] = pictures(get("/us/en/goods/t-shirts/").content.decode())

    sizes = "(max-width: 48rem) 50vw, (max-width: 60rem) 33vw, 22rem"
    assert picture == f'{sources(sizes, [320, 640, 960])} alt="" width="1000" height="1000" loading="lazy"></picture>'


def test_a_products_page_shows_all_of_them_the_first_at_once(get):
    product = make_product(slug="mug")
    add(product)
    add(product, width=700, position=1, alt_en='"From" behind')

    first, second = pictures(get("/us/en/goods/p/mug/").content.decode())

    sizes = "(max-width: 48rem) 88vw, (max-width: 60rem) 100vw, 52rem"
    assert first == (
        f'{sources(sizes, [320, 640, 960])} alt="A mug &amp; a cat" width="960" height="480" fetchpriority="high"></picture>'
    )
    sizes = "(max-width: 48rem) 88vw, (max-width: 60rem) 50vw, 26rem"
    assert second == (
        f'{sources(sizes, [320, 640, 700])} alt="&quot;From&quot; behind" width="700" height="350" loading="lazy"></picture>'
    )


def test_the_studios_own_art_is_one_file(get):
    Image.objects.create(product=make_product(slug="mug"), file="goods/a.svg", width=1000, height=800, alt_en="Mug")

    listed, shown = (get(f"/us/en/goods/{rest}/").content.decode() for rest in ("t-shirts", "p/mug"))

    assert pictures(listed) == pictures(shown) == []
    assert '<img src="/media/goods/a.svg" alt="" width="1000" height="1000" loading="lazy">' in listed
    assert '<img src="/media/goods/a.svg" alt="Mug" width="1000" height="800" fetchpriority="high">' in shown


@pytest.mark.parametrize("state", ["ready", "waiting", "refused"])
def test_only_what_is_ready_is_seen_anywhere(get, settings, tmp_path, state):
    """Ready, it would be on every one of them: so the absence means something."""
    settings.FEED_ROOT = tmp_path
    product = make_product(slug="mug")
    add(product, state=state, try_at=NOW, source="https://pictures.example/secret.jpg", width=800, height=800)
    index_products([product.pk])

    pages = {rest: get(rest).content.decode() for rest in (
        "/us/en/", "/us/en/goods/t-shirts/", "/us/en/goods/p/mug/", f"/us/en/films/{product.film.slug}/",
        "/us/en/search/?q=product", f"/api/v1/products/{product.public_id}?market=us",
    )}  # fmt: skip
    pages["feed"] = feed_file(Market.objects.get(code="us"), at=NOW).path.read_text()

    seen = {rest: DIGEST in body for rest, body in pages.items()}
    assert seen == dict.fromkeys(pages, state == "ready")
    assert [rest for rest, body in pages.items() if "secret.jpg" in body] == []


def test_renditions_are_served_as_what_they_are(get, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    for ending in ("avif", "webp", "jpg"):
        path = tmp_path / file_name(DIGEST, f"320.{ending}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")

    answers = [get(f"/media/{file_name(DIGEST, f'320.{ending}')}") for ending in ("avif", "webp", "jpg")]

    assert [answer["Content-Type"] for answer in answers] == ["image/avif", "image/webp", "image/jpeg"]
    assert {answer["X-Content-Type-Options"] for answer in answers} == {"nosniff"}
    assert [answer.close() for answer in answers] == [None] * 3


#: How much has moved since the page began, as the browser adds it up: 0.1 and more is felt.
SHIFTS = """() => new Promise(done => {
    const sum = list => done(list.getEntries().reduce((all, one) => all + one.value, 0));
    new PerformanceObserver(sum).observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(0), 300);
})"""


@pytest.mark.django_db(transaction=True)
def test_a_browser_takes_the_width_it_needs_and_nothing_moves(page, live_server, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    product = make_product(slug="mug")
    content = encoded(halves((1600, 900)), "PNG")
    add_image(product, content, by=None, at=timezone.now(), alt_en="A mug")
    process_waiting(at=timezone.now())

    taken = {}
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for rest in ("goods/t-shirts/", "goods/p/mug/"):
            page.goto(f"{live_server.url}/us/en/{rest}", wait_until="networkidle")
            picture = page.locator(".tile img").first
            taken[width, rest] = picture.evaluate("one => one.currentSrc.split('-').pop()")
            frame, box = page.locator(".tile").first.bounding_box(), picture.bounding_box()
            assert (round(box["width"]), round(box["height"])) == (round(frame["width"]), round(frame["height"]))
            assert page.evaluate(SHIFTS) < 0.05

    assert {name.partition(".")[2] for name in taken.values()} == {"avif"}
    assert (taken[390, "goods/t-shirts/"], taken[390, "goods/p/mug/"], taken[1440, "goods/p/mug/"]) == (
        "320.avif",
        "640.avif",
        "960.avif",
    )
