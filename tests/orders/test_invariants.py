"""What must be true of orders is counted: nothing in a shop that works, and each thing that somebody breaks on purpose."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from catalog.models import Stock, Variant
from licensing.models import Licence, SaleLine
from orders.closing import cancel_order, cancel_pieces, expire_orders
from orders.facts import tell_licensing
from orders.invariants import CHECKS, breaches
from orders.models import (
    Document,
    DocumentSeries,
    Order,
    OrderLine,
    Parcel,
    Payment,
    Payout,
    PersonCount,
    Refund,
    Reservation,
    SaleFact,
)
from orders.papers import issue_documents
from orders.payouts import make_payout
from orders.refunds import Pieces, execute_refunds, request_refund
from orders.reviewing import resolve_review
from orders.shipping import ship
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import Place, buyer
from tests.orders.test_facts import give_back, licence, order, paid  # noqa: F401
from tests.orders.test_refunds import Books, books  # noqa: F401
from tests.orders.test_results import tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]
HEALTHY = dict.fromkeys(CHECKS, 0)


@pytest.fixture
def shop(order: Order, place: Place, variant: Variant, books: Books) -> None:  # noqa: F811
    """One order of every kind of fate; `order` is sent, partly sent back, and paid out."""
    variant.product.__class__.objects.update(per_person=50)
    member = buyer(email="member@example.com", user=factories.make_user("member"))
    Stock.objects.update(on_hand=100)
    tell_licensing(at=NOW)
    line = order.lines.select_related("parcel").get()
    ship(line.parcel, {line: 3}, by=None, at=NOW)
    give_back(order, 1)
    request_refund(order, Pieces(amounts={line: 100}), reason="goodwill", by=None, at=NOW)
    tell_licensing(at=NOW)
    place(variant, 2, variant, 1, by=member)
    cancelled = paid(place(variant, 1, by=member))
    cancel_order(cancelled, by=None, at=NOW)
    shrunk = paid(place(variant, 4))
    cancel_pieces(shrunk.lines.get(), 1, by=None, at=NOW)
    short = place(variant, 1)
    tell(short.payments.get(), amount=1)
    late = place(variant, 1, at=NOW - timedelta(days=1))
    cancel_order(late, by=None, at=NOW)
    tell(late.payments.get())
    place(variant, 1, at=NOW - timedelta(hours=1))
    expire_orders(at=NOW)
    execute_refunds(at=NOW)
    tell_licensing(at=NOW)
    make_payout(order.lines.get().merchant, "USD", reference="T-1", by=None, at=NOW + timedelta(days=14))
    issue_documents(at=NOW)


def broken() -> dict[str, int]:
    """The rules that are broken now, and how often."""
    return {name: count for name, count in breaches().items() if count}


def test_a_shop_in_which_everything_happened_is_healthy() -> None:
    assert set(Order.objects.values_list("state", flat=True)) == {"pending", "paid", "cancelled", "expired"}
    assert Refund.objects.count() == 6
    assert broken() == {}


def raw(rows: Any, **values: Any) -> None:
    """As a bug would write it, past every service."""
    first = rows.order_by("pk").first()
    assert first is not None
    type(first)._base_manager.filter(pk=first.pk).update(**values)


def _extra_reservation() -> None:
    Reservation.objects.create(
        order=Order.objects.filter(state="expired").get(), variant=Variant.objects.get(), pieces=1
    )  # fmt: skip
    Stock.objects.update(reserved=Stock.objects.get().reserved + 1)


def _move_reservation() -> None:
    """Held by an order that has no line of it; the stock is none the wiser."""
    other = Variant.objects.create(product=Variant.objects.get().product, sku="other", position=9)
    held = Reservation.objects.order_by("pk").last()
    assert held is not None
    Stock.objects.create(variant=other, on_hand=9, reserved=held.pieces)
    Stock.objects.filter(variant=held.variant).update(
        reserved=Stock.objects.order_by("pk").first().reserved - held.pieces
    )
    Reservation.objects.filter(pk=held.pk).update(variant=other)


BREAKS: list[tuple[str, Callable[[], Any], dict[str, int]]] = [
    ("too much promised", lambda: raw(Stock.objects, reserved=50), {"stock promised unlike reservations": 1}),
    ("too little promised", lambda: raw(Stock.objects, reserved=0), {"stock promised unlike reservations": 1}),
    (
        "a reservation less",
        lambda: Reservation.objects.order_by("pk").first().delete(),
        {"stock promised unlike reservations": 1, "reservations unlike what is to be sent": 1},
    ),
    ("another variant held", _move_reservation, {"reservations unlike what is to be sent": 2}),
    (
        "pieces sent that were not counted",
        lambda: raw(OrderLine.objects.filter(order__state="paid", shipped=0), shipped=1),
        {"reservations unlike what is to be sent": 1},
    ),
    ("an expired order holds", _extra_reservation, {"reservations of orders that are over": 1}),
    ("units forgotten", lambda: raw(Licence.objects, units_used=1), {"licences short of units that were sold": 1}),
    (
        "a person counted twice",
        lambda: raw(PersonCount.objects.filter(person__startswith="user:"), pieces=50),
        {"persons counted too high": 1},
    ),
    (
        "money that goes nowhere",
        lambda: raw(Payment.objects.filter(is_applied=False, received_amount=1), received_amount=2),
        {"money without a paid order or a refund": 1},
    ),
    (
        "money that came and was not taken",
        lambda: raw(Payment.objects.filter(refunds=None, is_applied=False), received_amount=5, state="succeeded"),
        {"money without a paid order or a refund": 1},
    ),
    (
        "a paid order without its payment",
        lambda: (
            Payment.objects.filter(is_applied=True, refunds=None).update(is_applied=False)
            or raw(Payment.objects.filter(is_applied=True), is_applied=False)
        ),
        {"money without a paid order or a refund": 1, "paid orders unlike their money": 1},
    ),
    (
        "a refund of another sum",
        lambda: raw(Refund.objects.filter(reason="returned"), amount=1),
        {"paid orders unlike their money": 1, "payments unlike their refunds": 1, "lines unlike their refunds": 1},
    ),
    (
        "a payment that forgot its refund",
        lambda: raw(Payment.objects.filter(refunded_amount__gt=0), refunded_amount=0),
        {"payments unlike their refunds": 1},
    ),
    (
        "a line that forgot its refund",
        lambda: raw(OrderLine.objects.filter(refunded_amount__gt=0), refunded_amount=0),
        {"paid orders unlike their money": 1, "lines unlike their refunds": 1},
    ),
    (
        "a parcel that forgot its refund",
        lambda: raw(Parcel.objects.filter(refunded_amount__gt=0), refunded_amount=0),
        {"paid orders unlike their money": 1, "lines unlike their refunds": 1},
    ),
    (
        "a refund that failed in silence",
        lambda: raw(Refund.objects.filter(reason="returned"), state="failed"),
        {"failed refunds that nobody sees": 1, "payments unlike their refunds": 1},
    ),
    ("a line's tax", lambda: raw(OrderLine.objects, tax_amount=0), {"orders unlike the sum of their lines": 1}),
    (
        "a parcel's price",
        lambda: raw(Parcel.objects, amount=1),
        {"orders unlike the sum of their lines": 1},
    ),
    (
        "a sale that licensing never hears of",
        lambda: SaleFact.objects.filter(payout_line=None, kind="sale").first().delete(),
        {"sales and returns without a fact": 1},
    ),
    (
        "a return that licensing never hears of",
        lambda: SaleFact.objects.filter(payout_line=None, kind="return").first().delete(),
        {"sales and returns without a fact": 1},
    ),
    (
        "a sale that was told otherwise",
        lambda: raw(SaleFact.objects.filter(kind="sale"), amount=1),
        {"sales and returns without a fact": 1, "facts unlike the royalty ledger": 1},
    ),
    (
        "a return under another number",
        lambda: raw(SaleLine.objects.filter(kind="return"), external_id="nobody"),
        {"facts unlike the royalty ledger": 1},
    ),
    (
        "told, and not there",
        lambda: raw(SaleLine.objects.filter(kind="sale"), source="api"),
        {"facts unlike the royalty ledger": 1},
    ),
    ("a payout of another sum", lambda: raw(Payout.objects, amount=1), {"payouts unlike their lines": 1}),
    (
        "a payout to another",
        lambda: raw(Payout.objects, merchant=factories.make_merchant()),
        {"payouts unlike their lines": 4},
    ),
    (
        "a number left out",
        lambda: raw(DocumentSeries.objects, last=F("last") + 1),
        {"series of documents with gaps": 1},
    ),
    (
        "a number given twice over",
        lambda: raw(Document.objects, number="INV-2026-000009"),
        {"series of documents with gaps": 1},
    ),
]


def counted_after(breaking: Callable[[], Any]) -> dict[str, int]:
    """What is counted once this is broken; then it is mended."""
    with transaction.atomic():
        breaking()
        found = broken()
        transaction.set_rollback(True)
    return found


def test_what_is_broken_is_counted() -> None:
    """All in one shop, which takes longer to build than to break."""
    found = {about: counted_after(breaking) for about, breaking, _expected in BREAKS}

    assert found == {about: expected for about, _breaking, expected in BREAKS}
    assert broken() == {}


def test_a_refund_that_failed_and_was_looked_at_is_no_breach() -> None:
    refund = Refund.objects.filter(reason="returned").get()
    Refund.objects.filter(pk=refund.pk).update(state="failed")
    Order.objects.filter(pk=refund.order_id).update(review="refund_failed")
    assert broken() == {"payments unlike their refunds": 1}

    resolve_review(refund.order, note="Given back by transfer.", by=None, at=NOW)

    assert broken() == {"payments unlike their refunds": 1}


def test_every_rule_is_broken_somewhere_here() -> None:
    assert {name for _about, _breaking, found in BREAKS for name in found} == set(CHECKS)


def test_the_command_says_so_and_fails() -> None:
    out = StringIO()
    call_command("check_invariants", json=True, stdout=out)
    assert json.loads(out.getvalue())["breaches"].items() >= HEALTHY.items()

    raw(Stock.objects, reserved=0)
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("check_invariants", stdout=out)

    assert failed.value.returncode == 1
    assert "stock promised unlike reservations: 1" in out.getvalue()


def test_a_member_who_left_is_no_breach() -> None:
    Order.objects.filter(user__isnull=False).update(user=None)
    factories.User.objects.filter(username="member").delete()

    assert broken() == {}


def test_more_orders_cost_no_more_queries(place: Place, variant: Variant) -> None:
    with CaptureQueriesContext(connection) as few:
        breaches()
    for number in range(3):
        paid(place(variant, 1, by=buyer(email=f"{number}@example.com")))

    with CaptureQueriesContext(connection) as more:
        breaches()

    assert len(more) == len(few)
