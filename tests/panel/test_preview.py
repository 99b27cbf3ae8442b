"""A product as a market will see it at an instant: what the shelf says, and nothing of anybody else's."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Product
from catalog.prices import set_price
from catalog.queries.preview import preview_of
from core.money import Money
from merchants.models import Merchant
from tests.factories import make_market, make_merchant, make_product

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def mug(merchant: Merchant) -> Product:
    return make_product(
        licence=merchant.licences.get(), sku="MUG", title_en="Ferry mug", title_zh="渡船马克杯", stock=3
    )


def preview(merchant: Merchant, product: Product, query: str = "", language: str = "en") -> str:
    return f"/panel/{language}/{merchant.slug}/products/{product.public_id}/preview/{query}"


def test_tomorrows_price_is_seen_today_and_todays_still_is(owner: Client, merchant: Merchant, mug: Product) -> None:
    day = timezone.localdate() + timedelta(days=3)
    begins = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)
    set_price(mug.variants.get(), make_market("us"), Money(4100, "USD"), starts_at=begins, by=None, at=timezone.now())

    page = owner.get(preview(merchant, mug, f"?market=us&at={day - timedelta(days=1)}T23:59")).content.decode()
    then = owner.get(preview(merchant, mug, f"?market=us&at={day}T00:00")).content.decode()

    assert '<span class="now">$38.00</span>' in page
    assert f"at={day}T00%3A00%3A00" in page
    assert '<span class="now">$41.00</span>' in then
    assert '<span class="now">$38.00' not in then


def test_an_absent_product_says_why(owner: Client, merchant: Merchant, mug: Product) -> None:
    make_market("eu")
    page = owner.get(preview(merchant, mug, "?market=eu")).content.decode()

    assert "It has no price in this market." in page
    assert "Nobody sees it there then." in page
    after = owner.get(preview(merchant, mug, "?market=us&at=2028-06-01T00:00")).content.decode()
    assert "The term of the licence is over." in after


def test_it_is_what_the_shop_would_say(merchant: Merchant, mug: Product) -> None:
    us, at = make_market("us"), timezone.now()

    told = preview_of(mug, us, "zh-hans", at=at)

    assert told.card is not None
    assert (told.card.title, told.card.price, told.card.kind) == ("渡船马克杯", Money(3800, "USD"), "on_sale")
    assert [(row.availability, row.available) for row in told.variants] == [("low", 3)]
    assert [(turn.kind, turn.at.astimezone(ZoneInfo("Asia/Shanghai")).isoformat()) for turn in told.turns] == [
        ("", "2028-01-01T00:00:00+08:00")
    ]


def test_what_changes_with_a_choice_is_a_fragment(owner: Client, merchant: Merchant, mug: Product) -> None:
    answer = owner.get(preview(merchant, mug, "?market=us"), headers={"HX-Request": "true", "HX-Target": "preview"})

    assert answer.content.decode().lstrip().startswith('<div id="preview"')


@pytest.mark.parametrize("at", ["tomorrow", "9999-12-31T00:00", "2026-13-01T00:00"])
def test_an_instant_that_cannot_be_read_is_said_and_kept(
    owner: Client, merchant: Merchant, mug: Product, at: str
) -> None:
    answer = owner.get(preview(merchant, mug, f"?market=us&at={at}"))

    assert answer.status_code == 422
    assert f'value="{at}" aria-invalid="true"' in answer.content.decode()


def test_only_ones_own_goods_can_be_looked_at(owner: Client, rival: Client, merchant: Merchant, mug: Product) -> None:
    theirs = make_product(merchant=make_merchant("neighbour"))

    assert owner.get(preview(merchant, theirs)).status_code == 404
    assert rival.get(preview(merchant, mug)).status_code == 404
    assert rival.get(f"/panel/en/rival/products/{mug.public_id}/preview/").status_code == 404


def test_three_variants_cost_as_many_queries_as_one(owner: Client, merchant: Merchant, mug: Product) -> None:
    wide = make_product(licence=merchant.licences.get(), variants=3)
    owner.get(preview(merchant, mug))

    counts = []
    for product in (mug, wide):
        with CaptureQueriesContext(connection) as asked:
            assert owner.get(preview(merchant, product, "?market=us")).status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1]
