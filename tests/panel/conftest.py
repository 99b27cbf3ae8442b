"""People of merchants, and one merchant's goods to bring in."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import TaxRate, Variant
from licensing.ledger.sales import record_sales
from licensing.ledger.statements import compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import Statement
from merchants.models import Merchant
from orders.models import Order, Parcel
from orders.placing import place_lines
from orders.quoting import Wanted
from tests.catalog.importing_goods import make_importer
from tests.factories import make_film, make_licence, make_market, make_merchant, make_product, make_user
from tests.orders.conftest import buyer, sells, terms
from tests.orders.test_results import tell


@pytest.fixture(autouse=True)
def _counted_apart(settings: Any) -> None:
    """Attempts to come in are counted in a cache of the test's own."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": uuid4().hex}}


@pytest.fixture
def merchant(db: None) -> Merchant:
    return make_importer()


@pytest.fixture
def statement(merchant: Merchant) -> Statement:
    """The first quarter of a licence of the merchant: two sales in the United States at 10 %."""
    licence = merchant.licences.first() or make_licence(make_film(), merchant)
    set_terms(licence, {"currency": "USD", "zone": "UTC", "rate": "10%"}, by=None)
    sales = [
        {"id": name, "date": "2026-01-10", "article": "MUG", "quantity": 2, "unit_price": price, "territory": "US"}
        for name, price in (("s1", "10.00"), ("s2", "2.50"))
    ]
    at = datetime(2026, 3, 31, tzinfo=UTC)
    assert [result.outcome for result in record_sales(licence, sales, source="csv", by=None, at=at)] == ["created"] * 2
    return compute_statement(licence, "2026-Q1", at=at)


def signed_in(merchant: Merchant, role: str) -> Client:
    user = make_user(f"{role}-of-{merchant.slug}", is_staff=False, is_superuser=False)
    merchant.members.create(user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(merchant: Merchant) -> Client:
    return signed_in(merchant, "owner")


@pytest.fixture
def reader(merchant: Merchant) -> Client:
    """May look at everything of the merchant and change nothing."""
    return signed_in(merchant, "read_only")


@pytest.fixture
def rival(db: None) -> Client:
    """Owns another merchant's account."""
    return signed_in(make_merchant("rival"), "owner")


@pytest.fixture
def goods(merchant: Merchant) -> Variant:
    """Twenty pieces that the merchant sells and sends to the United States."""
    licence = merchant.licences.get()
    product = make_product(licence=licence, stock=20, title_en="Ferry mug", title_zh="渡船马克杯")
    TaxRate.objects.create(market=make_market("us"), country="US", rate=Decimal("0.08"), starts_on="2020-01-01")
    sells(product)
    return product.variants.get()


def order_of(*wanted: Any, **changes: Any) -> Order:
    """A paid order: `order_of(variant, 2, other, 1)`."""
    at, market = timezone.now(), make_market("us")
    lines = [Wanted(one.pk, pieces) for one, pieces in zip(wanted[::2], wanted[1::2], strict=True)]
    order = place_lines(lines, market, buyer(**changes), terms(market, lines, at=at), at=at)
    tell(order.payments.get(), at=at)
    order.refresh_from_db()
    return order


@pytest.fixture
def parcel(goods: Variant) -> Parcel:
    """Three pieces, paid."""
    return order_of(goods, 3).parcels.get()
