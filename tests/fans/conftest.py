"""A fan with an account, a rival, and goods to buy."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from catalog.models import Market, Product
from orders.models import Order, OrderLine
from orders.placing import Buyer
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import buyer, sells
from tests.storefront.conftest import _nothing_kept, clock  # noqa: F401


@pytest.fixture
def market(clock: Any) -> Market:  # noqa: F811
    return factories.make_market("us")


@pytest.fixture
def product(market: Market) -> Product:
    product = factories.make_product(title_en="Ferry mug", title_zh="渡轮杯", stock=10)
    sells(product, market)
    return product


@pytest.fixture
def fan(market: Market) -> User:
    return make_fan("wei@example.com")


@pytest.fixture
def rival(market: Market) -> User:
    return make_fan("rival@example.com")


@pytest.fixture
def fans_client(fan: User) -> Client:
    return signed_in(fan)


@pytest.fixture
def rivals_client(rival: User) -> Client:
    return signed_in(rival)


def make_fan(email: str) -> User:
    return factories.make_user(email, email=email, is_staff=False, is_superuser=False)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def by(user: User, **changes: Any) -> Buyer:
    return buyer(user=user, email=user.email, **changes)


def bought(user: User, product: Product, *, sent: int = 1, days_ago: int = 9, **changes: Any) -> Order:
    """An order of one piece, paid and, unless told otherwise, sent."""
    at = NOW - timedelta(days=days_ago)
    market = Market.objects.get(code="us")
    order = Order.objects.create(
        number=f"{Order.objects.count():03}-AAA-AAA", market=market, currency="USD", country="US", language="en",
        user=user, email=user.email, phone="+1 212 555 0100", address=dict(buyer().address), state="paid",
        checkout_key=f"key-{Order.objects.count()}", placed_at=at, expires_at=at, paid_at=at, prices_include_tax=False,
        goods_amount=3800, delivery_amount=0, tax_amount=0, total_amount=3800, **changes,
    )  # fmt: skip
    parcel = order.parcels.create(merchant=product.merchant, amount=0, total_amount=0)
    OrderLine.objects.create(
        order=order, parcel=parcel, merchant=product.merchant, position=0, variant=product.variants.get(), product=product,
        film=product.film, licence=product.licence, sku=product.sku, title_en=product.title_en, title_zh=product.title_zh,
        quantity=1, regular_amount=3800, unit_amount=3800, amount=3800, total_amount=3800, shipped=sent,
    )  # fmt: skip
    return order
