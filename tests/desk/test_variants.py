"""Prices, stock and tax at the desk: what a person does there, and what is refused in words."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Market, Price, Product, Stock, StockChange, TaxRate, Variant
from tests.factories import make_market, make_product

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def us() -> Market:
    return make_market("us")


@pytest.fixture
def variant(us: Market) -> Variant:
    return make_product(stock=10).variants.get()


def do(desk: Client, row: Any, code: str, **form: Any) -> Any:
    name = f"admin:catalog_{row._meta.model_name}_verb"
    return desk.post(reverse(name, args=[row.pk, code]), form)


def test_a_price_is_set_from_now_on_planned_and_withdrawn(desk: Client, variant: Variant, us: Market) -> None:
    tomorrow = (timezone.now() + DAY).replace(microsecond=0)

    answers = [
        do(desk, variant, "set-price", market=us.pk, amount="35.00", starts_at=""),
        do(desk, variant, "set-price", market=us.pk, amount="", starts_at=f"{tomorrow:%Y-%m-%dT%H:%M:%S}"),
    ]
    page = desk.get(reverse("admin:catalog_variant_change", args=[variant.pk])).content.decode()
    planned = Price.objects.get(amount=None)
    answers.append(do(desk, variant, "withdraw-price", price=planned.pk))

    assert [answer.status_code for answer in answers] == [302] * 3
    assert ("$35.00" in page, "$38.00" in page, "Planned" in page) == (True, True, True)
    assert list(Price.objects.order_by("starts_at").values_list("amount", flat=True)) == [3800, 3500]
    assert planned.starts_at == tomorrow


def test_a_price_in_the_past_is_refused_in_words(desk: Client, variant: Variant, us: Market) -> None:
    answer = do(desk, variant, "set-price", market=us.pk, amount="35.00", starts_at="2026-01-01T00:00:00")

    assert answer.status_code == 422
    assert "A price cannot begin in the past" in answer.content.decode()
    assert Price.objects.count() == 1


def test_the_stock_is_corrected_from_the_number_that_was_seen(desk: Client, variant: Variant) -> None:
    form = {"expected": 10, "reason": "count", "note": "Shelf 4"}

    stale = do(desk, variant, "correct-stock", **form | {"expected": 9}, to=7)
    done = do(desk, variant, "correct-stock", **form, to=8)

    assert (stale.status_code, done.status_code) == (422, 302)
    assert "now there are 10" in stale.content.decode()
    assert StockChange.objects.values_list("before", "after", "note", "by__username").get() == (
        10, 8, "Shelf 4", desk.get("/desk/").wsgi_request.user.username,
    )  # fmt: skip


def test_a_cap_and_a_limit_are_set(desk: Client, variant: Variant) -> None:
    answer = do(desk, variant, "stock-terms", pre_order_cap=20, low_at="")

    assert answer.status_code == 302
    assert Stock.objects.values_list("pre_order_cap", "low_at").get() == (20, None)


def test_a_product_s_page_says_where_it_is_listed_and_why_not(desk: Client, variant: Variant) -> None:
    make_market("eu")

    page = desk.get(reverse("admin:catalog_product_change", args=[variant.product_id])).content.decode()

    assert "US: On sale<br>EU: It has no price in this market." in page


def test_a_product_gets_another_tax_class(desk: Client, variant: Variant) -> None:
    answer = do(desk, variant.product, "set-tax-class", tax_class="reduced")

    assert answer.status_code == 302
    assert Product.objects.get().tax_class == "reduced"


def test_a_tax_rate_is_entered_and_one_of_another_market_refused(desk: Client) -> None:
    eu, form = (
        make_market("eu"),
        {"tax_class": "standard", "starts_on": "2027-01-01", "name_en": "VAT", "name_zh": "增值税"},
    )
    address = reverse("admin:catalog_taxrate_add")

    answers = [
        desk.post(address, form | {"market": eu.pk, "country": country, "rate": "0.2"}) for country in ("US", "DE")
    ]

    assert [answer.status_code for answer in answers] == [422, 302]
    assert TaxRate.objects.values_list("country", "rate").get() == ("DE", Decimal("0.2"))
