"""The merchant's products in the panel: the list, stock, one product's page, new ones, and many at once."""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from catalog.importing import bulk
from catalog.importing.run import run_import
from catalog.importing.undo import undo_import
from catalog.models import Image, ImportRun, Price, Product, Stock, StockChange, Variant
from catalog.prices import price_at, set_price
from catalog.stock import reserve
from core.money import Money
from licensing.models import Licence
from merchants.models import Merchant
from tests.factories import make_category, make_film, make_licence, make_market, make_merchant, make_product
from tests.panel.conftest import signed_in


@pytest.fixture
def licence(merchant: Merchant) -> Licence:
    return merchant.licences.get()


@pytest.fixture
def mug(licence: Licence) -> Product:
    return make_product(licence=licence, sku="MUG", title_en="Ferry mug", stock=20)


def at(merchant: Merchant, *parts: str, query: str = "") -> str:
    return f"/panel/en/{merchant.slug}/products/" + "".join(f"{part}/" for part in parts) + query


def listed(client: Client, merchant: Merchant, query: str = "") -> list[str]:
    """The codes on the page."""
    page = client.get(at(merchant, query=query)).content.decode()
    return list(re.findall(r', <span translate="no">([^<]+)</span></span></div>', page))


def counted(variant: Variant) -> int:
    return Stock.objects.get(variant=variant).on_hand


def edited(client: Client, merchant: Merchant, products: list[Product], query: str = "", **told: Any) -> HttpResponse:
    form = {f"bulk-{name}": value for name, value in told.items()}
    return client.post(at(merchant, "edit", query=query), form | {"product": [row.public_id for row in products]})


# -- the list ----------------------------------------------------------------------------------------


def test_each_filter_leaves_what_fits(owner: Client, merchant: Merchant, licence: Licence, mug: Product) -> None:
    other = make_licence(make_film("other-film"), merchant, number="LIC-OTHER")
    make_product(licence=other, sku="BAG", title_zh="布袋", stock=3, category=make_category("bags"), state="draft")
    make_product(licence=licence, sku="PIN", stock=0, prices={})
    make_product(sku="THEIRS")

    found = {
        query: listed(owner, merchant, query)
        for query in (
            "", "?q=ferry", "?q=布", "?q=pin", "?state=draft", "?film=other-film", "?category=bags", "?licence=LIC-OTHER",
            "?stock=low", "?stock=out", "?market=us&listed=yes", "?market=us&listed=no", "?state=archived",
        )
    }  # fmt: skip

    assert found == {
        "": ["PIN", "BAG", "MUG"], "?q=ferry": ["MUG"], "?q=布": ["BAG"], "?q=pin": ["PIN"], "?state=draft": ["BAG"],
        "?film=other-film": ["BAG"], "?category=bags": ["BAG"], "?licence=LIC-OTHER": ["BAG"], "?stock=low": ["BAG"],
        "?stock=out": ["PIN"], "?market=us&listed=yes": ["MUG"], "?market=us&listed=no": ["PIN", "BAG"], "?state=archived": [],
    }  # fmt: skip
    assert "It has no price in this market" in owner.get(at(merchant, query="?market=us&listed=no")).content.decode()


def test_three_products_cost_as_many_queries_as_one(
    owner: Client, merchant: Merchant, licence: Licence, mug: Product
) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert owner.get(address).status_code == 200
        return len(asked)

    addresses = [at(merchant, query="?market=us"), at(merchant, mug.public_id)]
    owner.get(addresses[0])
    one = [queries(address) for address in addresses]
    for _ in range(2):
        make_product(licence=licence, variants=2)
        product = mug.variants.create(sku=f"FURTHER-{_}", position=9)
        Stock.objects.create(variant=product)

    assert [queries(address) for address in addresses] == one


def test_pages_follow_each_other_without_counting(
    owner: Client, merchant: Merchant, licence: Licence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.queries.own_list.PAGE", 2)
    for sku in "ABC":
        make_product(licence=licence, sku=sku, on_shelf=False)
    page = owner.get(at(merchant, query="?state=active")).content.decode()

    following = re.search(r'href="(\?state=active&amp;after=prd_[a-z0-9]+)"', page)

    assert following
    assert listed(owner, merchant, following[1].replace("&amp;", "&")) == ["A"]


# -- stock -------------------------------------------------------------------------------------------


def test_stock_is_written_from_the_list(owner: Client, merchant: Merchant, mug: Product) -> None:
    variant = mug.variants.get()

    answer = owner.post(at(merchant, mug.public_id, "stock", variant.public_id), {"expected": 20, "to": 35})

    assert (answer.status_code, counted(variant)) == (302, 35)
    assert StockChange.objects.values_list("before", "after", "reason", "by__username").get() == (
        20,
        35,
        "count",
        f"owner-of-{merchant.slug}",
    )


@pytest.mark.parametrize("is_swap", [True, False])
def test_a_sale_in_between_is_not_written_over(owner: Client, merchant: Merchant, mug: Product, is_swap: bool) -> None:
    variant = mug.variants.get()
    Stock.objects.filter(variant=variant).update(on_hand=18)
    headers = {"HX-Request": "true"} if is_swap else {}

    answer = owner.post(
        at(merchant, mug.public_id, "stock", variant.public_id), {"expected": 20, "to": 35}, headers=headers
    )

    page = answer.content.decode()
    assert (answer.status_code, counted(variant), StockChange.objects.count()) == (422, 18, 0)
    assert (
        'name="expected" value="18"' in page and 'value="35"' in page and "<!doctype" not in page[:20]
    ) or not is_swap


@pytest.mark.parametrize("to", ["-1", "x", "", "2"])
def test_stock_that_cannot_be_is_refused(owner: Client, merchant: Merchant, mug: Product, to: str) -> None:
    variant = mug.variants.get()
    reserve(variant.pk, 5, at=timezone.now())

    answer = owner.post(at(merchant, mug.public_id, "stock", variant.public_id), {"expected": 20, "to": to})

    assert (answer.status_code, counted(variant)) == (422, 20)


def test_limits_are_set(owner: Client, merchant: Merchant, mug: Product) -> None:
    variant = mug.variants.get()
    address = at(merchant, mug.public_id, "stock", variant.public_id, "limits")

    assert owner.post(address, {"pre_order_cap": "x", "low_at": 7}).status_code == 422
    assert owner.post(address, {"pre_order_cap": 12, "low_at": 7}).status_code == 302
    assert Stock.objects.values_list("pre_order_cap", "low_at").get(variant=variant) == (12, 7)


# -- one product -------------------------------------------------------------------------------------


def test_a_product_is_made_as_a_draft_with_price_and_stock(owner: Client, merchant: Merchant, licence: Licence) -> None:
    make_market("us"), make_market("eu")
    make_category("mugs")
    told = {
        "title_en": "River mug", "sku": "RIVER", "film": licence.film.slug, "category": "mugs", "licence": licence.number,
        "listing": "open", "stock": 12, "price_us": "19.90", "price_eu": "", "on_sale_at": "2026-12-01T10:00",
    }  # fmt: skip

    refused = owner.post(at(merchant, "new"), told | {"price_us": "19.905"})
    assert (refused.status_code, Product.objects.filter(sku="RIVER").exists()) == (422, False)
    assert 'value="River mug"' in refused.content.decode()
    assert 'value="19.905"' in refused.content.decode()

    answer = owner.post(at(merchant, "new"), told)
    product = merchant.products.get(sku="RIVER")
    assert answer["Location"] == at(merchant, product.public_id)
    assert (product.state, counted(product.variants.get()), f"{product.on_sale_at:%dT%H:%M}") == (
        "draft",
        12,
        "01T02:00",
    )
    assert list(Price.objects.filter(variant__product=product).values_list("market__code", "amount")) == [("us", 1990)]
    assert "SKU" in owner.post(at(merchant, "new"), told).content.decode()
    assert merchant.products.filter(sku="RIVER").count() == 1


def test_films_and_licences_of_others_cannot_be_chosen(owner: Client, merchant: Merchant, licence: Licence) -> None:
    theirs = make_licence(make_film("secret-film"), make_merchant("neighbour"), number="LIC-SECRET")
    page = owner.get(at(merchant, "new")).content.decode()

    assert licence.number in page
    assert theirs.number not in page
    assert "secret-film" not in page.lower()


def test_what_a_product_is_can_be_changed_and_refusals_keep_what_was_typed(
    owner: Client, merchant: Merchant, mug: Product, licence: Licence
) -> None:
    make_product(licence=licence, sku="TAKEN")
    told = {
        "title_en": "New title", "sku": "MUG", "film": mug.film.slug, "category": mug.category.code, "licence": licence.number,
        "listing": "campaign",
    }  # fmt: skip

    assert owner.post(at(merchant, mug.public_id), told).status_code == 302
    mug.refresh_from_db()
    assert (mug.title_en, mug.listing) == ("New title", "campaign")

    refused = owner.post(at(merchant, mug.public_id), told | {"sku": "TAKEN", "title_en": "Typed"})
    assert refused.status_code == 422
    assert 'value="Typed"' in refused.content.decode()
    mug.refresh_from_db()
    assert (mug.sku, mug.title_en) == ("MUG", "New title")


def test_a_price_is_planned_and_taken_back(owner: Client, merchant: Merchant, mug: Product) -> None:
    variant, us, day = mug.variants.get(), make_market("us"), timezone.localdate() + timedelta(days=9)
    told = {"variant": "", "market": "us", "amount": "41.50", "starts_at": f"{day}T00:00"}

    assert owner.post(at(merchant, mug.public_id, "prices"), told).status_code == 302
    planned = Price.objects.get(variant=variant, amount=4150)
    assert f"{planned.starts_at.astimezone(ZoneInfo(us.time_zone)):%Y-%m-%dT%H:%M}" == f"{day}T00:00"
    assert price_at(variant, us, timezone.now()).amount == 3800
    assert "$41.50" in owner.get(at(merchant, mug.public_id)).content.decode()

    assert owner.post(at(merchant, mug.public_id, "prices", str(planned.pk), "withdraw")).status_code == 302
    begun = Price.objects.get(variant=variant)
    assert begun.amount == 3800
    assert owner.post(at(merchant, mug.public_id, "prices", str(begun.pk), "withdraw")).status_code == 422
    theirs = make_product().variants.get().prices.get()
    assert owner.post(at(merchant, mug.public_id, "prices", str(theirs.pk), "withdraw")).status_code == 404


@pytest.mark.parametrize(
    "told",
    [
        {"amount": "-1"},
        {"amount": "1.005"},
        {"market": "moon"},
        {"starts_at": "2020-01-01T00:00"},
        {"starts_at": "soon"},
    ],
)
def test_a_price_that_cannot_be_is_refused(
    owner: Client, merchant: Merchant, mug: Product, told: dict[str, str]
) -> None:
    form = {"variant": "", "market": "us", "amount": "40", "starts_at": ""} | told

    assert owner.post(at(merchant, mug.public_id, "prices"), form).status_code == 422
    assert Price.objects.filter(variant__product=mug).count() == 1


def test_a_variant_is_changed_and_keeps_what_no_form_can_write(owner: Client, merchant: Merchant, mug: Product) -> None:
    row = mug.variants.get()
    Variant.objects.filter(pk=row.pk).update(options={"size": "S, M", "note": "a: b"})
    other = mug.variants.create(sku="MUG-XL", position=1)
    shown = owner.get(at(merchant, mug.public_id)).context["stocks"][0]["form"].initial
    sent = {name: str(value) for name, value in shown.items()}

    answers = [
        owner.post(at(merchant, mug.public_id, "variants", row.public_id, "edit"), sent | changed).status_code
        for changed in ({"gtin": "40063813"}, {"sku": "MUG-XL"}, {"sku": ""}, {"gtin": "x"}, {"options": "size"})
    ]

    assert answers == [302, 422, 422, 422, 422]
    row.refresh_from_db()
    assert (row.sku, row.gtin, row.options) == (shown["sku"], "40063813", {"size": "S, M", "note": "a: b"})
    changed = {"sku": "MUG-L", "options": "size: L", "gtin": ""}
    owner.post(at(merchant, mug.public_id, "variants", row.public_id, "edit"), changed)
    row.refresh_from_db()
    assert (row.sku, row.gtin, row.options) == ("MUG-L", "", {"size": "L"})
    assert mug.variants.get(pk=other.pk).sku == "MUG-XL"


def test_a_variant_is_removed_unless_it_is_the_last_or_was_ordered(
    owner: Client, merchant: Merchant, mug: Product
) -> None:
    first = mug.variants.get()
    address = at(merchant, mug.public_id, "variants", first.public_id, "remove")
    last = owner.post(address, {"sku": first.sku}).status_code
    other = mug.variants.create(sku="MUG-XL", position=1)
    Stock.objects.filter(variant=first).update(sold=1)
    ordered = owner.post(address, {"sku": first.sku}).status_code
    gone = at(merchant, mug.public_id, "variants", other.public_id, "remove")
    stale = owner.post(gone, {"sku": "MUG-L"}).status_code
    before = mug.variants.count()

    done = [owner.post(gone, {"sku": "MUG-XL"}).status_code for _time in range(2)]

    assert (last, ordered, stale, before) == (422, 422, 422, 2)
    assert done == [302, 404]
    assert list(mug.variants.all()) == [first]
    assert AuditEntry.objects.get(verb="product.variant_removed").changes["sku"] == "MUG-XL"


def test_states_variants_and_pictures(
    owner: Client, merchant: Merchant, mug: Product, settings: Any, tmp_path: Any
) -> None:
    settings.UPLOAD_ROOT = tmp_path
    assert owner.post(at(merchant, mug.public_id, "archive")).status_code == 302
    assert owner.post(at(merchant, mug.public_id, "archive")).status_code == 422
    assert owner.post(at(merchant, mug.public_id, "activate")).status_code == 302

    assert (
        owner.post(at(merchant, mug.public_id, "variants"), {"sku": "MUG-XL", "options": "size XL"}).status_code == 422
    )
    assert (
        owner.post(at(merchant, mug.public_id, "variants"), {"sku": "MUG-XL", "options": "size: XL"}).status_code == 302
    )
    assert mug.variants.get(sku="MUG-XL").options == {"size": "XL"}

    bad = SimpleUploadedFile("a.png", b"<svg>")
    assert owner.post(at(merchant, mug.public_id, "images"), {"file": bad}).status_code == 422
    first, second = (
        Image.objects.create(product=mug, file=f"goods/{name}.svg", position=i) for i, name in enumerate("ab")
    )
    told = {"alt_en": "A mug", "alt_zh": "", "position": 1}
    assert owner.post(at(merchant, mug.public_id, "images", second.public_id, "edit"), told).status_code == 302
    assert list(mug.images.values_list("pk", "alt_en")) == [(second.pk, "A mug"), (first.pk, "")]
    assert owner.post(at(merchant, mug.public_id, "images", first.public_id, "remove")).status_code == 302
    assert owner.post(at(merchant, mug.public_id, "images", first.public_id, "remove")).status_code == 404


def test_a_neighbour_finds_nothing_and_a_reader_changes_nothing(
    rival: Client, reader: Client, merchant: Merchant, mug: Product
) -> None:
    variant = mug.variants.get().public_id
    verbs = [
        (mug.public_id,),
        (mug.public_id, "prices"),
        (mug.public_id, "stock", variant),
        (mug.public_id, "archive"),
        ("edit",),
    ]
    mine = [
        address.replace(f"/{merchant.slug}/", "/rival/") for address in (at(merchant, *parts) for parts in verbs[:-1])
    ]

    assert [rival.post(at(merchant, *parts)).status_code for parts in verbs] == [404] * 5
    assert [rival.post(address).status_code for address in mine] == [404] * 4
    assert [reader.post(at(merchant, *parts)).status_code for parts in verbs] == [403] * 5
    assert [signed_in(merchant, "catalogue").post(at(merchant, mug.public_id, "archive")).status_code] == [302]
    page = reader.get(at(merchant, mug.public_id)).content.decode()
    assert "<form method" not in page.split('id="main"')[1]


# -- many at once ------------------------------------------------------------------------------------


def test_prices_by_percent_are_looked_at_then_written_then_undone(
    owner: Client, merchant: Merchant, licence: Licence, mug: Product
) -> None:
    bag, us = make_product(licence=licence, sku="BAG", variants=2, prices={"us": 1995}), make_market("us")
    left = make_product(licence=licence, sku="LEFT")

    answer = edited(owner, merchant, [mug, bag], what="percent", value="-10", market="us")
    dry = ImportRun.objects.get()
    assert answer["Location"] == f"/panel/en/{merchant.slug}/imports/{dry.public_id}/"
    page = owner.get(answer["Location"]).content.decode()
    assert [words in page for words in ("$38.00", "$34.20", "$17.96", "$18.86", "Price in US")] == [True] * 5
    assert Price.objects.filter(variant__product__in=[mug, bag, left]).count() == 4

    brought = owner.post(f"{answer['Location']}bring-in/")
    run = ImportRun.objects.get(is_dry_run=False)
    assert brought["Location"].endswith(f"/{run.public_id}/")
    assert run.state == "done"
    told = [(change.sku, change.before, change.after) for change in run.changes.order_by("pk")]
    assert told == [(change.sku, change.before, change.after) for change in dry.changes.order_by("pk")]
    now = timezone.now()
    assert [price_at(row, us, now).amount for row in Variant.objects.order_by("pk")] == [3420, 1796, 1886, 3800]
    assert bag.spans.filter(market=us, amount=1796).exists()

    undo_import(run, by=None)
    now = timezone.now()
    assert [price_at(row, us, now).amount for row in Variant.objects.order_by("pk")] == [3800, 1995, 2095, 3800]


def test_a_planned_price_of_many_is_undone_and_one_that_somebody_set_since_stays(
    owner: Client, merchant: Merchant, licence: Licence, mug: Product
) -> None:
    bag, us = make_product(licence=licence, sku="BAG"), make_market("us")
    day = timezone.localdate() + timedelta(days=5)
    answer = edited(owner, merchant, [mug, bag], what="fixed", value="29.99", market="us", starts_at=f"{day}T00:00")
    owner.post(f"{answer['Location']}bring-in/")
    run = ImportRun.objects.get(is_dry_run=False)
    planned = Price.objects.get(variant__product=bag, amount=2999)
    set_price(planned.variant, us, Money(2500, "USD"), starts_at=planned.starts_at, by=None, at=timezone.now())

    undo_import(run, by=None)

    assert list(Price.objects.filter(variant__product=mug).values_list("amount", flat=True)) == [3800]
    assert list(Price.objects.filter(variant__product=bag).values_list("amount", flat=True)) == [3800, 2500]
    assert run.changes.get(sku="BAG").kept


@pytest.mark.parametrize(
    "told, read, after",
    [
        ({"what": "archive"}, "state", "archived"),
        ({"what": "category", "category": "bags"}, "category__code", "bags"),
        ({"what": "low_at", "value": "9"}, "variants__stock__low_at", 9),
    ],
)
def test_other_changes_happen_as_they_were_shown_and_go_back(
    owner: Client, merchant: Merchant, mug: Product, told: dict[str, str], read: str, after: Any
) -> None:
    make_category("bags")
    before = Product.objects.values_list(read, flat=True).get(pk=mug.pk)

    answer = edited(owner, merchant, [mug], **told)
    assert Product.objects.values_list(read, flat=True).get(pk=mug.pk) == before
    owner.post(f"{answer['Location']}bring-in/")
    assert Product.objects.values_list(read, flat=True).get(pk=mug.pk) == after

    undo_import(ImportRun.objects.get(is_dry_run=False), by=None)
    assert Product.objects.values_list(read, flat=True).get(pk=mug.pk) == before


def test_one_that_cannot_be_changed_is_named_and_the_others_go_on(
    owner: Client, merchant: Merchant, licence: Licence, mug: Product
) -> None:
    licence.price_floors.create(currency="USD", amount=3000)
    cheap = make_product(licence=licence, sku="CHEAP", prices={"us": 3100})

    answer = edited(owner, merchant, [mug, cheap], what="amount", value="-5", market="us")
    page = owner.get(answer["Location"]).content.decode()
    assert "CHEAP" in page
    assert "26.00" in page
    owner.post(f"{answer['Location']}bring-in/")

    run, us, now = ImportRun.objects.get(is_dry_run=False), make_market("us"), timezone.now()
    assert run.counts["products"] == {"in": 2, "created": 0, "updated": 1, "unchanged": 0, "refused": 1}
    assert (price_at(mug.variants.get(), us, now).amount, price_at(cheap.variants.get(), us, now).amount) == (
        3300,
        3100,
    )


def test_all_that_the_filter_finds_and_nothing_of_a_neighbours(
    owner: Client, merchant: Merchant, licence: Licence, mug: Product
) -> None:
    draft, theirs = make_product(licence=licence, state="draft"), make_product()

    edited(owner, merchant, [theirs, draft], query="?state=active", what="archive", whole="on")

    assert list(ImportRun.objects.get().changes.values_list("sku", flat=True)) == ["MUG"]
    answer = edited(owner, merchant, [theirs], what="archive")
    assert answer.status_code == 422
    assert "Tick the products" in answer.content.decode()


@pytest.mark.parametrize(
    "told",
    [
        {"what": "percent", "market": "us"},
        {"what": "category"},
        {"what": "low_at", "value": "-2"},
        {"what": "fixed", "value": "9.999", "market": "us"},
        {"what": "fixed", "value": "9", "market": "us", "starts_at": "2020-01-01T00:00"},
        {"what": "burn"},
    ],
)
def test_a_change_that_makes_no_sense_is_refused_with_the_ticks_kept(
    owner: Client, merchant: Merchant, mug: Product, told: dict[str, str]
) -> None:
    answer = edited(owner, merchant, [mug], **told)

    assert (answer.status_code, ImportRun.objects.count()) == (422, 0)
    assert re.search(rf'value="{mug.public_id}"[^>]* checked', answer.content.decode())


def test_more_than_a_pageful_waits_for_the_worker(
    owner: Client, merchant: Merchant, licence: Licence, mug: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_product(licence=licence)
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    monkeypatch.setattr(bulk, "PAGE", 1)

    edited(owner, merchant, [], what="archive", whole="on")

    run = ImportRun.objects.get()
    assert (run.state, run.bytes_total) == ("waiting", 2)
    run_import(run.pk)
    run.refresh_from_db()
    assert (run.state, run.cursor, run.changes.count()) == ("done", 2, 2)
