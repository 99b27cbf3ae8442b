"""Everything that can happen to orders, at random, by eight processes on the same dozen variants: no two ever wait for each other,
and what is counted in one place is what the rows of another say.
"""

import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Sum

from accounts.models import User
from catalog.models import Market, Product, Stock, Variant
from licensing.models import Licence
from orders import refunds
from orders.closing import cancel_order, cancel_pieces, expire_orders
from orders.limits import persons_of
from orders.models import Order, OrderLine, Payment, PersonCount, Refund, Reservation
from orders.payments.provider import RefundResult
from orders.placing import pay_otherwise, place_lines
from orders.quoting import Wanted
from orders.refunds import Pieces, execute_refunds, request_refund
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import MINUTE, buyer, sells, terms
from tests.orders.processes import in_processes, no_jobs, tried  # noqa: F401
from tests.orders.test_results import tell

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.usefixtures("no_jobs")]

PROCESSES = 8
#: At least so long; and on a machine that is busy with other things, until each has tried so much.
SECONDS, TRIES, MOST_SECONDS = 6, 60, 40
VERBS = ("place", "pay", "pay_otherwise", "cancel", "cancel_pieces", "ask_back", "give_back", "expire")
#: Placed then, an order is over now.
LONG_AGO = NOW - 20 * MINUTE


class Generous:
    def refund(self, refund: Refund) -> RefundResult:
        return RefundResult("succeeded", "R")


class Somebody:
    """Does one thing after the other, at random; what is refused is refused."""

    def __init__(self, seed: int, market: Market, variants: list[Variant], users: list[User]) -> None:
        self._random, self._market, self._variants, self._users = Random(seed), market, variants, users
        self._verbs: list[Callable[[], Any]] = [
            *[self._place] * 6, *[self._pay] * 3, self._pay_otherwise, self._cancel, self._cancel_pieces, self._ask_back,
            self._give_back, self._expire,
        ]  # fmt: skip

    def __call__(self) -> Counter[str]:
        began, became = time.monotonic(), Counter[str]()
        while (spent := time.monotonic() - began) < SECONDS or (spent < MOST_SECONDS and became.total() < TRIES):
            verb = self._random.choice(self._verbs)
            became[f"{verb.__name__.strip('_')}: {tried(verb)}"] += 1
        return became

    def _place(self) -> None:
        some = self._random.sample(self._variants, self._random.randint(1, 4))
        lines = [Wanted(variant.pk, self._random.randint(1, 2)) for variant in some]
        user = self._random.choice([None, *self._users])
        who = buyer(email=f"{self._random.randint(1, 3)}@example.com", user=user)
        place_lines(lines, self._market, who, terms(self._market, lines), at=self._random.choice([NOW, LONG_AGO]))

    def _pay(self) -> None:
        payment = Payment.objects.filter(state="open").order_by("?").first()
        if payment is not None:
            tell(payment, amount=self._random.choice([payment.amount] * 9 + [1]))

    def _pay_otherwise(self) -> None:
        order = Order.objects.filter(state="pending").order_by("?").first()
        if order is not None:
            pay_otherwise(order, provider="sandbox", method=str(self._random.randint(1, 9)), at=NOW)

    def _cancel(self) -> None:
        order = Order.objects.filter(state__in=["pending", "paid"]).order_by("?").first()
        if order is not None:
            cancel_order(order, by=None, at=NOW)

    def _cancel_pieces(self) -> None:
        line = self._paid_line()
        if line is not None:
            cancel_pieces(line, 1, by=None, at=NOW)

    def _ask_back(self) -> None:
        line = self._paid_line()
        if line is not None:
            request_refund(line.order, Pieces(amounts={line: 10}), reason="goodwill", by=None, at=NOW)

    def _give_back(self) -> None:
        execute_refunds(at=NOW, limit=5)

    def _expire(self) -> None:
        expire_orders(at=NOW, limit=5)

    def _paid_line(self) -> OrderLine | None:
        lines = OrderLine.objects.filter(order__state="paid", quantity__gt=F("cancelled"))
        return lines.select_related("order").order_by("?").first()


@pytest.fixture
def variants(market: Market) -> list[Variant]:
    """A dozen, of three merchants under three licences; one licence ends soon, one product is limited for each person."""
    found: list[Variant] = []
    for name in ("one", "two", "three"):
        licence = factories.make_licence(factories.make_film(name), factories.make_merchant(name))
        for _product in range(2):
            product = factories.make_product(licence=licence, variants=2, stock=8)
            found += product.variants.order_by("pk")
        sells(product, market)
    Licence.objects.filter(film__slug="three").update(unit_cap=25)
    Product.objects.filter(pk__in=[found[0].product_id, found[4].product_id]).update(per_person=5)
    return found


def test_nobody_waits_for_each_other_and_every_count_agrees(
    market: Market, variants: list[Variant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refunds, "provider_named", lambda _code: Generous())
    users = [factories.make_user(name) for name in ("wei", "ann")]
    before = deadlocks()

    became = sum(in_processes(*[Somebody(seed, market, variants, users) for seed in range(PROCESSES)]), Counter[str]())

    assert deadlocks() - before == 0
    assert [what for what in became if what.endswith("Error")] == []
    assert [verb for verb in VERBS if not became[f"{verb}: done"]] == []
    assert_counts_agree()


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def assert_counts_agree() -> None:
    """Stock and reservations, units and lines, persons and orders, payments and refunds."""
    held = Reservation.objects.values("variant").annotate(sum=Sum("pieces")).values_list("variant", "sum")
    assert dict(Stock.objects.filter(reserved__gt=0).values_list("variant", "reserved")) == dict(held)
    live = OrderLine.objects.filter(order__state__in=["pending", "paid"]).select_related("order", "product")
    units, persons, pieces = Counter[int](), Counter[tuple[int | None, str]](), Counter[tuple[int, int | None]]()
    for line in live:
        pieces[line.order_id, line.variant_id] += line.to_ship
        units.update(dict.fromkeys(line.licence_ids, line.to_ship))
        if line.product is not None and line.product.per_person is not None:
            persons.update({(line.product_id, person): line.to_ship for person in persons_of(line.order)})
    assert {(one.order_id, one.variant_id): one.pieces for one in Reservation.objects.all()} == dict(+pieces)
    assert dict(Licence.objects.filter(units_used__gt=0).values_list("pk", "units_used")) == dict(+units)
    counts = PersonCount.objects.filter(pieces__gt=0).values_list("product", "person", "pieces")
    assert {(product, person): number for product, person, number in counts} == dict(+persons)
    for payment in Payment.objects.prefetch_related("refunds").select_related("order"):
        made = [one for one in payment.refunds.all() if one.state == "succeeded"]
        assert payment.refunded_amount == sum(one.amount for one in made)
        if payment.state == "succeeded" and not payment.is_applied:
            assert sum(one.amount for one in payment.refunds.all()) == payment.received_amount
    for order in Order.objects.filter(state="paid"):
        assert order.payments.filter(is_applied=True).count() == 1
