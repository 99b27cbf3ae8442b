"""The Google Merchant feed: valid, equal to the page, whole or not there at all, and turned by the clock."""

import gzip
import os
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from xml.etree import ElementTree as Tree

import pytest
from django.conf import settings

from campaigns import push, services, staging
from campaigns.channels import google, google_feed
from campaigns.channels.google_feed import feed_file, prepare_feeds
from campaigns.channels.google_item import Item, has_valid_check_digit, problems_of, to_xml
from campaigns.models import Channel, Listing
from catalog.models import Image, Market, Price, Product, ShelfSpan, Stock, Variant
from catalog.shelf_store import recompile_products, turn_epoch
from core.money import Money
from films.models import Embargo, Tier
from tests import factories
from tests.factories import NOW

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
G = "{http://base.google.com/ns/1.0}"

ITEM = Item(
    id="var_1", item_group_id="prd_1", title="Bar street T-shirt", description="Cotton.", link="https://shop/us/en/goods/p/x/",
    image_link="https://shop/media/goods/x.jpg", image_width=1200, image_height=1200, availability="in_stock",
    availability_date=None, price=Money(3800, "USD"), sale_price=None, sale_from=None, sale_until=None, brand="Harbour",
    gtin="4006381333931", product_type="T-shirts", expiration_date=NOW + 30 * DAY,
)  # fmt: skip


@pytest.fixture(autouse=True)
def feed_root(tmp_path, settings):
    settings.FEED_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def licence(db):
    return factories.make_licence(factories.make_film("the-ferryman"), factories.make_merchant())


def make_goods(licence, **overrides) -> Product:
    product = factories.make_product(licence=licence, **overrides)
    Image.objects.create(product=product, file="goods/a.svg", channel_file="goods/a.png", width=1200, height=1200)
    return product


def us() -> Market:
    return Market.objects.get(code="us")


def items(at=NOW, market="us") -> dict[str, dict[str, str]]:
    """The feed as another program reads it: {product's public id: {field: text}}, its last variant winning."""
    root = Tree.parse(feed_file(Market.objects.get(code=market), at=at).path).getroot()
    assert (root.tag, root.get("version"), [child.tag for child in root]) == ("rss", "2.0", ["channel"])
    found = {}
    for item in root[0].iter("item"):
        assert all(field.tag.startswith(G) for field in item)
        fields = {field.tag.removeprefix(G): field.text for field in item}
        assert len(fields) == len(item)
        found[fields["item_group_id"]] = fields
    return found


def test_an_item_without_fault_has_no_problem():
    assert problems_of(ITEM, at=NOW) == []


@pytest.mark.parametrize(
    ("breach", "word"),
    [
        ({"id": "x" * 51}, "id"),
        ({"id": ""}, "id"),
        ({"title": ""}, "title"),
        ({"title": "x" * 151}, "title"),
        ({"title": "T-shirt, FREE SHIPPING"}, "promotional"),
        ({"title": "T-shirt 20% off"}, "promotional"),
        ({"title": "T恤 包邮"}, "promotional"),
        ({"description": ""}, "description"),
        ({"description": "x" * 5001}, "description"),
        ({"brand": ""}, "brand"),
        ({"brand": "x" * 71}, "brand"),
        ({"image_link": ""}, "picture"),
        ({"image_link": "https://shop/media/goods/x.svg"}, "JPEG"),
        ({"image_link": "https://shop/media/goods/x"}, "JPEG"),
        ({"image_width": 499}, "500"),
        ({"image_height": 499}, "500"),
        ({"image_width": 8001, "image_height": 8000}, "megapixels"),
        ({"price": Money(0, "USD")}, "price"),
        ({"gtin": "4006381333932"}, "GTIN"),
        ({"gtin": "123"}, "GTIN"),
        ({"availability": "preorder"}, "pre-order"),
        ({"availability": "backorder"}, "pre-order"),
        ({"availability": "preorder", "availability_date": NOW + 365 * DAY + TICK}, "year"),
    ],
)
def test_each_breach_of_a_rule_is_named(breach, word):
    [problem] = problems_of(replace(ITEM, **breach), at=NOW)

    assert word in problem


@pytest.mark.parametrize(
    "limit",
    [
        {"id": "x" * 50}, {"title": "x" * 150}, {"description": "x" * 5000}, {"brand": "x" * 70}, {"gtin": ""},
        {"image_width": 500, "image_height": 500}, {"image_width": 8000, "image_height": 8000},
        {"availability": "preorder", "availability_date": NOW + 365 * DAY}, {"image_link": "https://shop/X.JPG"},
    ],
)  # fmt: skip
def test_what_just_reaches_a_limit_is_fine(limit):
    assert problems_of(replace(ITEM, **limit), at=NOW) == []


@pytest.mark.parametrize("gtin", ["40170725", "036000291452", "4006381333931", "10614141000415", "9780306406157"])
def test_a_check_digit_is_checked(gtin):
    assert has_valid_check_digit(gtin)
    for wrong in set("0123456789") - {gtin[-1]}:
        assert not has_valid_check_digit(gtin[:-1] + wrong)


@pytest.mark.parametrize(
    "gtin",
    ["", "1", "4006381333931 ", "400638133393", "４００６３８１３３３９３１", "40063813339三1", "-4006381333931"],
)
def test_what_is_no_gtin_has_no_check_digit(gtin):
    assert not has_valid_check_digit(gtin)


def test_what_xml_cannot_hold_is_left_out_and_the_rest_is_escaped():
    item = replace(ITEM, title="A\x00\x08\ufffe\uffff\ud800 <b> & “摆渡人” 🎬\tend")

    [title] = Tree.fromstring(f'<x xmlns:g="http://base.google.com/ns/1.0">{to_xml(item)}</x>').iter(f"{G}title")

    assert title.text == "A <b> & “摆渡人” 🎬\tend"


def test_a_sale_is_told_with_both_prices_and_its_window_in_the_fields_own_format():
    item = replace(ITEM, sale_price=Money(3040, "USD"), sale_from=NOW, sale_until=NOW + 7 * DAY)
    fields = {
        field.tag.removeprefix(G): field.text
        for field in Tree.fromstring(f'<x xmlns:g="{G[1:-1]}">{to_xml(item)}</x>')[0]
    }

    assert (fields["price"], fields["sale_price"]) == ("38.00 USD", "30.40 USD")
    assert fields["sale_price_effective_date"] == "2026-11-22T12:00:00+0000/2026-11-29T12:00:00+0000"
    assert fields["expiration_date"] == "2026-12-22T12:00:00+0000"
    assert fields["condition"] == "new"


@pytest.mark.parametrize(("currency", "written"), [("JPY", "3800 JPY"), ("KWD", "3.800 KWD"), ("CNY", "38.00 CNY")])
def test_prices_are_written_in_the_currencys_own_decimals(currency, written):
    assert f"<g:price>{written}</g:price>" in to_xml(replace(ITEM, price=Money(3800, currency)))


def test_without_a_gtin_the_feed_says_that_there_is_none():
    assert "<g:identifier_exists>no</g:identifier_exists>" in to_xml(replace(ITEM, gtin=""))
    assert "identifier_exists" not in to_xml(ITEM)


def test_the_feed_holds_every_variant_at_the_pages_price(licence):
    product = make_goods(licence, variants=3, title_en="Bar street T-shirt")
    Variant.objects.filter(product=product, position=1).update(options={"size": "M", "colour": "Midnight"})

    root = Tree.parse(feed_file(us(), at=NOW).path).getroot()

    rows = [{field.tag.removeprefix(G): field.text for field in item} for item in root[0].iter("item")]
    assert [row["price"] for row in rows] == ["38.00 USD", "39.00 USD", "40.00 USD"]
    assert [row["id"] for row in rows] == list(
        product.variants.order_by("position").values_list("public_id", flat=True)
    )
    assert {row["item_group_id"] for row in rows} == {product.public_id}
    assert (rows[1]["size"], rows[1]["color"]) == ("M", "Midnight")
    assert rows[0]["link"] == f"{settings.SITE_URL}/us/en/goods/p/{product.slug}/"
    assert rows[0]["image_link"] == f"{settings.SITE_URL}/media/goods/a.png"
    assert (rows[0]["availability"], rows[0]["brand"]) == ("in_stock", product.merchant.name)
    span = ShelfSpan.objects.at(NOW).get(product=product)
    assert (rows[0]["price"], rows[2]["price"]) == (
        f"{Money(span.amount, 'USD')} USD",
        f"{Money(span.top_amount, 'USD')} USD",
    )


def test_a_market_is_told_in_its_own_language_and_currency(licence):
    product = make_goods(licence, prices={"us": 3800, "cn": 26800}, title_en="T-shirt", title_zh="酒吧街T恤")

    assert (items(market="cn")[product.public_id]["title"], items()[product.public_id]["title"]) == (
        "酒吧街T恤",
        "T-shirt",
    )
    assert items(market="cn")[product.public_id]["price"] == "268.00 CNY"
    assert f"/cn/zh/goods/p/{product.slug}/" in items(market="cn")[product.public_id]["link"]


def test_the_feed_says_whose_it_is(licence):
    make_goods(licence)

    channel = Tree.parse(feed_file(us(), at=NOW).path).getroot()[0]

    assert (channel.findtext("title"), channel.findtext("link")) == ("merchstore US", f"{settings.SITE_URL}/us/en/")
    assert feed_file(us(), at=NOW).revision in channel.findtext("description")


@pytest.mark.django_db(transaction=True)
def test_an_invalid_item_is_left_out_and_reported_and_the_others_stay(licence):
    good, bad = make_goods(licence), make_goods(licence)
    Image.objects.filter(product=bad).update(width=300, height=300)
    campaign = factories.make_campaign(licence.film, channels=["google"], starts_at=NOW - DAY)
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    listings = list(Listing.objects.order_by("product_id").select_related("market"))
    results = google.push(push.payloads_of(listings, at=NOW), at=NOW)

    assert list(items()) == [good.public_id]
    assert [result.outcome for result in results] == ["taken", "refused"]
    assert results[1].problem == "The picture is smaller than 500 × 500 px."
    assert google.validate(push.payloads_of(listings, at=NOW), at=NOW) == {listings[1].pk: [results[1].problem]}
    assert bad.public_id not in feed_file(us(), at=NOW).path.read_text()


def test_out_of_stock_is_said_and_what_is_promised_to_orders_is_not_there(licence):
    gone, promised, there = make_goods(licence, stock=0), make_goods(licence), make_goods(licence)
    Stock.objects.filter(variant__product=promised).update(on_hand=4, reserved=4)

    found = items()

    assert [found[p.public_id]["availability"] for p in (gone, promised, there)] == [
        "out_of_stock",
        "out_of_stock",
        "in_stock",
    ]


def test_a_pre_order_is_promised_from_its_cap_and_no_further(licence):
    street_on = date(2026, 12, 24)
    open_, full = make_goods(licence, stock=0, street_on=street_on), make_goods(licence, stock=0, street_on=street_on)
    Stock.objects.update(pre_order_cap=3)
    Stock.objects.filter(variant__product=full).update(reserved=3)

    found = items()

    assert [(found[p.public_id]["availability"], "availability_date" in found[p.public_id]) for p in (open_, full)] == [
        ("preorder", True),
        ("out_of_stock", False),
    ]


def test_a_pre_order_names_its_day(licence):
    product = make_goods(licence, street_on=date(2026, 12, 24))

    found = items()[product.public_id]

    assert (found["availability"], found["availability_date"]) == ("preorder", "2026-12-24T05:00:00+0000")
    at_street = datetime(2026, 12, 24, 5, tzinfo=UTC)
    assert items(at=at_street - TICK)[product.public_id]["availability"] == "preorder"
    assert items(at=at_street)[product.public_id]["availability"] == "in_stock"
    assert "availability_date" not in items(at=at_street)[product.public_id]


def test_what_is_coming_soon_cannot_be_bought_and_is_not_told(licence):
    make_goods(licence, on_sale_at=NOW + DAY)

    assert items() == {}
    assert len(items(at=NOW + DAY)) == 1


def test_nothing_under_embargo_is_ever_in_it(licence):
    make_goods(licence, title_en="Ferry lantern", reveals=Tier.CHARACTERS)
    shown = make_goods(licence)
    Embargo.objects.create(film=licence.film, tier=Tier.CHARACTERS, lifts_at=NOW + DAY)
    recompile_products(Product.objects.values_list("pk", flat=True))

    assert list(items(at=NOW + DAY - TICK)) == [shown.public_id]
    assert "lantern" not in feed_file(us(), at=NOW).path.read_text()
    assert len(items(at=NOW + DAY)) == 2


@pytest.mark.django_db(transaction=True)
def test_the_feed_of_the_next_epoch_is_prepared_and_turns_by_the_clock(licence, monkeypatch):
    product = make_goods(licence, variants=2)
    campaign = factories.make_campaign(licence.film)
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    start = campaign.starts_at
    assert prepare_feeds(at=NOW) == 2

    def never(*_arguments):
        raise AssertionError("written by a reader")

    monkeypatch.setattr(google_feed, "_write", never)

    before, after = items(at=start - TICK), items(at=start)
    assert "sale_price" not in before[product.public_id]
    assert (after[product.public_id]["price"], after[product.public_id]["sale_price"]) == ("39.00 USD", "31.20 USD")
    assert after[product.public_id]["sale_price_effective_date"] == "2026-11-23T12:00:00+0000/2026-11-30T12:00:00+0000"
    assert feed_file(us(), at=start - TICK).etag != feed_file(us(), at=start).etag
    assert prepare_feeds(at=NOW) == 0


@pytest.mark.django_db(transaction=True)
def test_an_item_does_not_expire_with_its_offer_but_with_its_place_on_the_shelf(licence):
    product = make_goods(licence)
    only = make_goods(licence, listing=Product.Listing.CAMPAIGN)
    campaign = factories.make_campaign(licence.film, starts_at=NOW - DAY, ends_at=NOW + DAY)
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)

    found = items()

    assert found[product.public_id]["expiration_date"] == f"{NOW + 30 * DAY:%Y-%m-%dT%H:%M:%S}+0000"
    assert found[only.public_id]["expiration_date"] == f"{NOW + DAY:%Y-%m-%dT%H:%M:%S}+0000"


def test_the_packed_feed_is_the_same_bytes(licence):
    make_goods(licence)
    file = feed_file(us(), at=NOW)

    assert gzip.decompress(file.gzip_path.read_bytes()) == file.path.read_bytes()


def test_a_price_edit_makes_a_new_feed(licence):
    product = make_goods(licence)
    before = feed_file(us(), at=NOW)
    Price.objects.update(amount=4200)
    recompile_products([product.pk])

    after = feed_file(us(), at=NOW)

    assert items()[product.public_id]["price"] == "42.00 USD"
    assert (after.path != before.path, after.etag != before.etag, after.revision != before.revision) == (
        True,
        True,
        True,
    )


def test_the_feed_in_force_is_written_anew_every_hour_so_that_stock_is_true_and_nothing_expires(licence):
    product = make_goods(licence)
    prepare_feeds(at=NOW)
    path, etag = feed_file(us(), at=NOW).path, feed_file(us(), at=NOW).etag
    os.utime(path, times=(NOW.timestamp(), NOW.timestamp()))
    Stock.objects.update(on_hand=0)
    assert prepare_feeds(at=NOW + timedelta(minutes=59)) == 0
    assert items()[product.public_id]["availability"] == "in_stock"

    later = NOW + timedelta(minutes=61)
    assert prepare_feeds(at=later) == 1

    found = items(at=later)[product.public_id]
    assert found["availability"] == "out_of_stock"
    assert found["expiration_date"] == f"{later + 30 * DAY:%Y-%m-%dT%H:%M:%S}+0000"
    assert (feed_file(us(), at=later).path, feed_file(us(), at=later).etag != etag) == (path, True)


def test_a_writer_killed_in_the_middle_leaves_nothing_a_reader_could_meet(licence, feed_root, monkeypatch):
    class Killed(BaseException):
        pass

    for _ in range(3):
        make_goods(licence)
    whole = google_feed.to_xml

    def killed_at_the_second(item):
        if next(calls):
            raise Killed
        return whole(item)

    calls = count()
    monkeypatch.setattr(google_feed, "to_xml", killed_at_the_second)
    with pytest.raises(Killed):
        feed_file(us(), at=NOW)

    assert [path.suffix for path in feed_root.iterdir()] == [".part"]
    monkeypatch.setattr(google_feed, "to_xml", whole)
    assert len(items()) == 3
    [rest] = feed_root.glob("*.part")
    os.utime(rest, times=(0, 0))
    prepare_feeds(at=NOW)
    assert not rest.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_readers_never_meet_half_a_feed_while_it_is_written_again_and_again(licence):
    for _ in range(5):
        make_goods(licence)
    market = us()
    file = feed_file(market, at=NOW)
    expected = file.path.read_bytes().count(b"<item>")
    stop, broken = threading.Event(), []

    def read():
        while not stop.is_set():
            text = file.path.read_bytes()
            packed = gzip.decompress(file.gzip_path.read_bytes())
            if not (text.endswith(b"</rss>\n") and text.count(b"<item>") == packed.count(b"<item>") == expected):
                broken.append(text)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(60):
        google_feed._write(google_feed._epoch(market, NOW), file.path)
    stop.set()
    reader.join()

    assert (expected, broken) == (5, [])


def test_what_nobody_asks_for_any_more_is_dropped_after_a_while(licence, feed_root):
    make_goods(licence)
    prepare_feeds(at=NOW)
    old = list(feed_root.iterdir())
    turn_epoch([us()])
    for path in old:
        os.utime(path, times=(NOW.timestamp(), NOW.timestamp()))

    prepare_feeds(at=NOW + timedelta(hours=5))
    assert all(path.exists() for path in old)
    prepare_feeds(at=NOW + timedelta(hours=7))

    assert not any(path.exists() for path in old)
    assert len(items(at=NOW + timedelta(hours=7))) == 1


@pytest.mark.django_db(transaction=True)
def test_taking_down_and_reading_back_follow_the_shelf(licence):
    product = make_goods(licence, listing=Product.Listing.CAMPAIGN)
    campaign = factories.make_campaign(licence.film, channels=["google"], starts_at=NOW - DAY)
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    assert google.read_back(us(), [product.pk], at=NOW) == {product.pk}

    services.pause_campaign(campaign, by=None, at=NOW)
    listings = list(Listing.objects.select_related("market"))

    assert [r.outcome for r in google.withdraw(push.payloads_of(listings, at=NOW), at=NOW)] == ["taken"]
    assert google.read_back(us(), [product.pk], at=NOW) == set()
    assert Channel.objects.get().adapter == "google"
