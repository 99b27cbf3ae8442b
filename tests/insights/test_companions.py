"""Which goods are bought together: counted at night, and told only when more than one person did."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import Market, Product, TaxRate
from insights.models import Companion
from insights.queries import companions_of
from insights.services import LOOK_BACK, MOST, count_companions
from insights.tasks import count_companions as nightly
from orders.models import Order
from orders.placing import place_lines
from orders.quoting import Wanted
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import buyer, sells, terms
from tests.orders.test_results import tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def market(db: None) -> Market:
    market = factories.make_market("us")
    TaxRate.objects.create(market=market, country="US", rate=Decimal("0.08"), starts_on="2020-01-01")
    return market


@pytest.fixture
def goods(market: Market) -> list[Product]:
    """Four of one merchant."""
    licence = factories.make_licence(factories.make_film(), factories.make_merchant())
    products = [factories.make_product(licence=licence, stock=50) for _number in range(4)]
    sells(products[0], market)
    return products


Buy = Callable[..., Order]


@pytest.fixture
def buy(market: Market) -> Buy:
    """Somebody orders a piece of each, and pays."""

    def order(*products: Product, email: str = "wei@example.com", is_paid: bool = True) -> Order:
        lines = [Wanted(product.variants.get().pk, 1) for product in products]
        order = place_lines(lines, market, buyer(email=email), terms(market, lines), at=NOW)
        if is_paid:
            tell(order.payments.get())
        order.refresh_from_db()
        return order

    return order


def pairs() -> set[tuple[int, int, int]]:
    return set(Companion.objects.values_list("product", "other", "orders"))


def test_what_two_people_bought_together_is_counted_from_both_sides(goods: list[Product], buy: Buy) -> None:
    mug, tee, bag, _pin = goods
    buy(mug, tee, email="wei@example.com")
    buy(mug, tee, email="ann@example.com")
    buy(mug, tee, bag, email="ann@example.com")

    assert count_companions(at=NOW) == 2
    assert pairs() == {(mug.pk, tee.pk, 3), (tee.pk, mug.pk, 3)}


def test_what_one_person_bought_or_nobody_paid_for_is_not(goods: list[Product], buy: Buy) -> None:
    mug, tee, bag, pin = goods
    for _time in range(3):
        buy(mug, tee)
    buy(bag, pin, email="wei@example.com")
    buy(bag, pin, email="ann@example.com", is_paid=False)

    assert count_companions(at=NOW) == 0


def test_pieces_that_were_cancelled_and_orders_of_long_ago_do_not_count(goods: list[Product], buy: Buy) -> None:
    mug, tee, bag, pin = goods
    orders = [buy(mug, tee, email=f"{name}@example.com") for name in ("wei", "ann")]
    orders[0].lines.filter(product=tee).update(cancelled=1)
    old = [buy(bag, pin, email=f"{name}@example.com") for name in ("wei", "ann")]
    Order.objects.filter(pk=old[0].pk).update(paid_at=NOW - LOOK_BACK - timedelta(seconds=1))

    assert count_companions(at=NOW) == 0


def test_counting_again_changes_nothing_and_forgets_what_is_no_longer_so(goods: list[Product], buy: Buy) -> None:
    mug, tee, _bag, _pin = goods
    for name in ("wei", "ann"):
        buy(mug, tee, email=f"{name}@example.com")
    count_companions(at=NOW)
    before = pairs()
    count_companions(at=NOW)

    assert pairs() == before
    count_companions(at=NOW + LOOK_BACK + timedelta(days=1))
    assert pairs() == set()


def test_the_most_frequent_are_kept(goods: list[Product], buy: Buy, monkeypatch: pytest.MonkeyPatch) -> None:
    mug, tee, bag, _pin = goods
    for name in ("wei", "ann"):
        buy(mug, tee, bag, email=f"{name}@example.com")
    buy(mug, bag)
    monkeypatch.setattr("insights.services.MOST", 1)
    count_companions(at=NOW)

    assert set(Companion.objects.filter(product=mug).values_list("other", "orders")) == {(bag.pk, 3)}
    assert MOST > 1


def test_companions_of_several_are_none_of_them_and_the_most_frequent_first(goods: list[Product]) -> None:
    mug, tee, bag, pin = (product.pk for product in goods)
    rows = [(mug, tee, 9), (mug, bag, 2), (tee, bag, 3), (tee, pin, 4), (tee, mug, 9)]
    Companion.objects.bulk_create(Companion(product_id=a, other_id=b, orders=times) for a, b, times in rows)

    assert companions_of([mug], limit=4) == [tee, bag]
    assert companions_of([mug, tee], limit=4) == [bag, pin]
    assert companions_of([mug, tee], limit=1) == [bag]
    assert companions_of([], limit=4) == []


def test_the_task_counts(goods: list[Product], buy: Buy) -> None:
    mug, tee, _bag, _pin = goods
    for name in ("wei", "ann"):
        buy(mug, tee, email=f"{name}@example.com")
    Order.objects.update(paid_at=timezone.now())
    nightly()

    assert len(pairs()) == 2
