"""A shop that sells one piece in the United States, a buyer, and what they order."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from catalog.models import Market, Product, TaxRate, Variant
from core.errors import Refused
from orders.models import Order, ShippingRate
from orders.placing import Buyer, Terms, place_lines
from orders.quoting import Wanted, quote
from tests import factories
from tests.factories import NOW

MINUTE = timedelta(minutes=1)
ADDRESS = {
    "name": "Lin Wei", "street_address": "41 Division Street", "postal_code": "10002", "city": "New York",
    "country_area": "NY", "country_code": "US",
}  # fmt: skip

Place = Callable[..., Order]


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[Refused]]:
    """What happens inside is refused by this name."""
    with pytest.raises(Refused) as refusal:
        yield refusal
    assert refusal.value.code == code


def buyer(**changes: Any) -> Buyer:
    return Buyer(**{"email": "wei@example.com", "language": "en", "address": ADDRESS} | changes)


def terms(market: Market, lines: list[Wanted], **changes: Any) -> Terms:
    """What a form would send: the sum as it is now, and a key of its own."""
    country = changes.pop("country", market.countries[0])
    total = quote(lines, market, country=country, at=changes.pop("at", NOW)).total_amount
    said = {"country": country, "expected_total": total, "checkout_key": uuid4().hex, "provider": "sandbox"}
    return Terms(**said | changes)


def sells(product: Product, market: Market | None = None, amount: int = 1200, **changes: Any) -> ShippingRate:
    """The product's merchant sends to the market."""
    return ShippingRate.objects.create(
        merchant=product.merchant, market=market or factories.make_market("us"), amount=amount, **changes
    )


@pytest.fixture
def market(db: None) -> Market:
    market = factories.make_market("us")
    TaxRate.objects.create(market=market, country="US", rate=Decimal("0.08"), starts_on="2020-01-01")
    return market


@pytest.fixture
def product(market: Market) -> Product:
    """Ten pieces at 38.00, sent for 12.00."""
    product = factories.make_product(stock=10)
    sells(product, market)
    return product


@pytest.fixture
def variant(product: Product) -> Variant:
    return product.variants.get()


@pytest.fixture
def place(market: Market) -> Place:
    """Order variants: `place(variant, 2, other, 1, at=…)`."""

    def _place(*wanted: Any, at: Any = NOW, by: Buyer | None = None, **changes: Any) -> Order:
        lines = [Wanted(one.pk, pieces) for one, pieces in zip(wanted[::2], wanted[1::2], strict=True)]
        return place_lines(lines, market, by or buyer(), terms(market, lines, at=at, **changes), at=at)

    return _place
