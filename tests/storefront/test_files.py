"""What is not a page: feeds, pictures, sitemaps, colours."""

import gzip
import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.http import http_date, parse_http_date

from catalog.models import Product
from catalog.shelf_store import recompile_products
from films.models import Tier
from films.services import set_embargo
from tests import factories
from tests.factories import NOW
from tests.storefront.conftest import make_shop

pytestmark = pytest.mark.django_db

FEED = "/feeds/google/us.xml"


@pytest.fixture(autouse=True)
def _own_folders(settings, tmp_path):
    settings.FEED_ROOT = tmp_path / "feeds"
    settings.MEDIA_ROOT = tmp_path / "media"


def test_a_feed_says_which_shelf_it_is_of(get, client, clock):
    make_shop()

    answer, page = get(FEED), get("/us/en/")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/xml; charset=utf-8"
    assert answer["Shelf-Revision"] == page["Shelf-Revision"]
    assert answer["Cache-Control"] == "public, max-age=15"
    assert "gzip" not in answer.get("Content-Encoding", "")
    assert b"/us/en/goods/p/mug-0/" in answer.getvalue()


def test_a_feed_comes_packed_for_those_who_take_it(get):
    make_shop()
    plain = get(FEED)

    packed, file = get(FEED, headers={"accept-encoding": "br, gzip"}), get(FEED + ".gz")

    body = plain.getvalue()
    assert (packed["Content-Encoding"], packed["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(packed.getvalue()) == body
    assert (file["Content-Type"], "Content-Encoding" in file) == ("application/gzip", False)
    assert gzip.decompress(file.getvalue()) == body
    assert packed["ETag"] != plain["ETag"]


def test_who_has_the_feed_is_not_sent_it_again(get):
    shop = make_shop()
    answer = get(FEED)
    assert answer.getvalue()
    later = http_date(parse_http_date(answer["Last-Modified"]) + 60)

    by_tag = get(FEED, headers={"if-none-match": answer["ETag"]})
    by_date = get(FEED, headers={"if-modified-since": answer["Last-Modified"]})
    assert [by_tag.status_code, by_date.status_code] == [304, 304]
    assert (by_tag.content, by_tag["ETag"], by_tag["Shelf-Revision"]) == (b"", answer["ETag"], answer["Shelf-Revision"])
    assert get(FEED, headers={"if-modified-since": later}).status_code == 304
    # Another coding of it, or an older date, is something else.
    in_another_coding = {"if-none-match": answer["ETag"], "accept-encoding": "gzip"}
    for headers in (in_another_coding, {"if-modified-since": "Sat, 01 Jan 2000 00:00:00 GMT"}):
        assert get(FEED, headers=headers).getvalue()

    Product.objects.filter(pk=shop.product.pk).update(state=Product.State.ARCHIVED)
    recompile_products([shop.product.pk])

    assert b"/us/en/goods/p/mug-0/" not in get(FEED, headers={"if-none-match": answer["ETag"]}).getvalue()


def test_a_feed_turns_at_the_instant_and_is_not_kept_past_it(get, clock):
    shop = make_shop()
    clock.at = shop.campaign.starts_at - timedelta(seconds=3)
    before = get(FEED)
    clock.at = shop.campaign.starts_at
    after = get(FEED)

    assert before["Cache-Control"] == "public, max-age=3"
    assert (b"30.40" in before.getvalue(), b"30.40" in after.getvalue()) == (False, True)
    assert before["ETag"] != after["ETag"]


def test_a_picture_may_be_kept_for_ever(get):
    name = default_storage.save("goods/ab12.svg", ContentFile(b"<svg/>"))

    answer = get(f"/media/{name}")

    assert answer.getvalue() == b"<svg/>"
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_only_stored_files_are_pictures(get, settings):
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "goods").mkdir()
    (settings.MEDIA_ROOT.parent / "secret.txt").write_text("secret")
    tries = ["../secret.txt", "goods/../../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "/etc/passwd", "//etc/passwd",
             "goods", "goods/", "none.svg", "a/b/c.svg", "%00", "goods/%00.svg", "x" * 300]  # fmt: skip

    answers = {name: get(f"/media/{name}").status_code for name in tries}

    assert answers == dict.fromkeys(tries, 404)


def test_robots_are_led_to_the_sitemaps_and_through_them_to_everything(get):
    make_shop()

    robots, index = get("/robots.txt").content.decode(), get("/sitemap.xml").content.decode()
    sitemap = get("/cn/zh/sitemap.xml").getvalue().decode()

    assert "Sitemap: http://localhost:8000/sitemap.xml" in robots
    assert "Disallow: /desk/" in robots
    places = [
        f"<loc>http://localhost:8000/{market}/{prefix}/sitemap.xml</loc>"
        for market in ("us", "cn")
        for prefix in ("en", "zh")
    ]
    assert [place in index for place in places] == [True] * 4
    assert "<loc>http://localhost:8000/cn/zh/films/film-0/</loc>" in sitemap
    assert "<loc>http://localhost:8000/cn/zh/goods/p/mug-0/</loc>" in sitemap
    rest = [
        "",
        "films/",
        "goods/",
        "coming-soon/",
        "goods/t-shirts/",
        "goods/category-0/",
        "campaigns/campaign-0/",
        "films/film-0/",
    ]
    found = re.findall(r"<loc>http://localhost:8000/cn/zh/([^<]*)</loc>", sitemap)
    assert found[: len(rest)] == rest
    assert all(place.startswith("goods/p/") for place in found[len(rest) :])


def alternates_in(sitemap: str, rest: str) -> dict[str, str]:
    """Language to market and language of the address, of the entry of `rest`."""
    [entry] = [line for line in sitemap.splitlines() if f"/{rest}</loc>" in line]
    links = re.findall(r'hreflang="([^"]+)" href="http://localhost:8000/([^"]+?)/([^"]+)"', entry)
    assert {place.partition("/")[2] for _tag, _market, place in links} == {rest}
    return {tag: f"{market}/{place.partition('/')[0]}" for tag, market, place in links}


def test_a_sitemap_names_the_languages_and_markets_in_which_a_thing_may_be_known(get):
    for position, code in enumerate(("us", "cn", "eu")):
        factories.make_market(code, position=position)
    licence = factories.make_licence(factories.make_film("film-0"), factories.make_merchant())
    prices = {"us": 3800, "cn": 26800, "eu": 3600}
    factories.make_product(licence=licence, slug="everywhere", prices=prices)
    factories.make_product(licence=licence, slug="in-china", prices={"cn": 26800})
    factories.make_product(licence=licence, slug="soon-in-china", prices={"cn": 900}, state=Product.State.DRAFT)
    secret = factories.make_film("secret")
    set_embargo(secret, tier=Tier.TITLE, country="US", lifts_at=NOW + timedelta(hours=1), zone="UTC", by=None)

    american, chinese = (get(f"/{market}/en/sitemap.xml").getvalue().decode() for market in ("us", "cn"))

    everywhere = {
        "en-US": "us/en", "zh-Hans-US": "us/zh", "x-default": "us/en", "en-CN": "cn/en", "zh-Hans-CN": "cn/zh",
        "en": "eu/en", "zh-Hans": "eu/zh",
    }  # fmt: skip
    assert alternates_in(american, "goods/p/everywhere/") == everywhere
    assert alternates_in(chinese, "goods/p/everywhere/") == everywhere
    assert alternates_in(chinese, "goods/p/in-china/") == {"en-CN": "cn/en", "zh-Hans-CN": "cn/zh"}
    assert "in-china" not in american
    assert "soon-in-china" not in chinese
    assert alternates_in(american, "films/film-0/") == everywhere
    assert "secret" not in american
    assert alternates_in(chinese, "films/secret/").keys() == everywhere.keys() - {"en-US", "zh-Hans-US", "x-default"}


def test_a_sitemap_says_when_goods_changed(get, clock):
    shop = make_shop()
    Product.objects.filter(pk=shop.product.pk).update(updated_at=NOW - timedelta(days=3))

    def modified() -> str:
        [entry] = [line for line in get("/us/en/sitemap.xml").getvalue().decode().splitlines() if "/mug-0/" in line]
        return re.search(r"<lastmod>([^<]+)</lastmod>", entry)[1]

    assert modified() == "2026-11-19T12:00:00Z"
    # From the start of the campaign its price is another one.
    clock.at = shop.campaign.starts_at + timedelta(hours=5)
    assert modified() == "2026-11-23T12:00:00Z"


def test_a_large_catalogue_has_several_sitemaps_and_each_product_is_in_one(get, monkeypatch):
    monkeypatch.setattr("merchstore.storefront.sitemap._PART", 2)
    licence = factories.make_licence(factories.make_film(), factories.make_merchant())
    products = [factories.make_product(licence=licence) for _ in range(5)]

    index = get("/sitemap.xml").content.decode()
    addresses = re.findall(r"<loc>http://localhost:8000(/us/en/sitemap[^<]*)</loc>", index)
    goods = [
        slug
        for each in addresses
        for slug in re.findall(r"/us/en/goods/p/([^/]+)/</loc>", get(each).getvalue().decode())
    ]

    assert len(addresses) > 2
    assert sorted(goods) == sorted(product.slug for product in products)


def test_each_film_has_its_colours_in_one_stylesheet(get):
    factories.make_market("us")
    factories.make_film("dark", palette=["#10172B"], ground="#10172B", ink="#FBEFD9")
    factories.make_film("plain")

    answer = get("/us/en/film-colours.css")

    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert answer.content.decode() == ".film-dark{--film-ground:#10172B;--film-ink:#FBEFD9}"
