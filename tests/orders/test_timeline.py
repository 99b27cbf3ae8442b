"""What happened to an order, in words: each verb has its sentence, and a buyer reads no name of the staff."""

import re
from pathlib import Path

import pytest
from django.utils import translation

import orders
from accounts.models import AuditEntry
from accounts.services import record
from catalog.models import Variant
from orders.closing import cancel_order
from orders.models import Order
from orders.timeline import timeline
from tests.factories import NOW, make_user
from tests.orders.conftest import Place
from tests.orders.test_results import tell

pytestmark = pytest.mark.django_db
#: Every verb that the app writes down of an order.
VERBS = sorted(
    {
        verb
        for path in Path(orders.__file__).parent.rglob("*.py")
        if path.name != "timeline.py"
        for verb in re.findall(r'record\(\s*"(order\.[a-z_]+)"', path.read_text("utf-8"))
    }
)


@pytest.fixture
def order(place: Place, variant: Variant) -> Order:
    return place(variant, 2)


def test_who_did_what_and_when_in_order_of_time(order: Order) -> None:
    tell(order.payments.get())
    staff = make_user("ada", first_name="Ada", last_name="Desk")
    cancel_order(order, by=staff, at=NOW)

    for_buyer, for_shop = (timeline(order, "en", for_buyer=who) for who in (True, False))

    assert [(one.who, one.what) for one in for_buyer] == [
        ("You", "Ordered for $95.04"), ("The payment provider", "Paid $95.04"),
        ("The shop", "$95.04 are being given back: Cancelled"), ("The shop", "Cancelled"),
    ]  # fmt: skip
    assert [one.who for one in for_shop] == ["The buyer", "The payment provider", "Ada Desk", "Ada Desk"]
    assert [one.at for one in for_buyer] == sorted(one.at for one in for_buyer)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_verb_is_told_in_words(order: Order, verb: str, language: str) -> None:
    AuditEntry.objects.all().delete()
    record(verb, order, by=None, who="system", amount=100, pieces={"oli_1": 2}, reason="late")

    with translation.override(language):
        [moment] = timeline(order, language, for_buyer=False)

    assert "order." not in moment.what
    assert "_" not in moment.what


def test_what_is_the_shop_s_own_concern_a_buyer_does_not_read(order: Order) -> None:
    record("order.reviewed", order, by=make_user(), note="looks like fraud")

    assert [one.what for one in timeline(order, "en", for_buyer=True)] == ["Ordered for $95.04"]
    assert len(timeline(order, "en", for_buyer=False)) == 2


def test_nothing_of_another_order_is_told(order: Order, place: Place, variant: Variant) -> None:
    tell(place(variant, 1).payments.get())

    assert [one.what for one in timeline(order, "en", for_buyer=True)] == ["Ordered for $95.04"]


def test_its_queries_do_not_grow(order: Order, django_assert_num_queries: object) -> None:
    counts = []
    for entries in (1, 3):
        for _entry in range(entries):
            record("order.shipped", order, by=make_user(f"staff-{AuditEntry.objects.count()}"))
        with django_assert_num_queries(1):  # type: ignore[operator]
            counts.append(len(timeline(order, "en", for_buyer=False)))

    assert counts == [2, 5]
