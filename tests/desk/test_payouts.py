"""Payouts at the desk: what a merchant is owed, why it is not more, and paying what was seen."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from licensing.takedowns import start_takedown
from orders.facts import tell_licensing
from orders.models import Order, OrderLine, Payout, Shipment
from orders.shipping import ship
from tests.desk.test_pages import breaches
from tests.factories import NOW
from tests.orders.conftest import market, place, product, variant  # noqa: F401
from tests.orders.test_facts import licence, order, paid  # noqa: F401

pytestmark = pytest.mark.django_db
LIST = "/desk/orders/payout/due/"


@pytest.fixture
def line(order: Order) -> OrderLine:  # noqa: F811
    """Sent long enough ago: 85.50 are due."""
    tell_licensing(at=NOW)
    line = order.lines.select_related("merchant", "parcel").get()
    ship(line.parcel, {line: 3}, by=None, at=NOW)
    Shipment.objects.update(shipped_at=timezone.now() - timedelta(days=30))
    return line


def page(line: OrderLine) -> str:
    return reverse("admin:orders_payout_due", args=[line.merchant_id, "USD"])


def test_the_list_leads_to_what_is_due_and_paying_it_to_the_payout(desk: Client, line: OrderLine) -> None:
    assert page(line) in desk.get(LIST).content.decode()
    seen = desk.get(page(line))
    assert "$85.50 is due" in seen.content.decode()
    assert line.order.number in seen.content.decode()

    answer = desk.post(page(line), {"reference": "T-1", "expected": "8550"})

    made = Payout.objects.get()
    assert answer.url == reverse("admin:orders_payout_change", args=[made.pk])
    assert (made.amount, made.reference, made.made_by.username) == (8550, "T-1", "head")
    assert "$85.50" in desk.get(answer.url).content.decode()
    lines = desk.get(f"/desk/orders/payoutline/?payout__id__exact={made.pk}").content.decode()
    assert line.order.number in lines
    assert "Nothing is owed" in desk.get(LIST).content.decode()


def test_another_sum_than_was_seen_is_not_paid(desk: Client, line: OrderLine) -> None:
    answer = desk.post(page(line), {"reference": "T-1", "expected": "9999"})

    assert answer.status_code == 422
    assert "has changed" in answer.content.decode()
    assert 'value="8550"' in answer.content.decode()
    assert desk.post(page(line), {"reference": "", "expected": "8550"}).status_code == 422
    assert not Payout.objects.exists()


def test_what_is_held_says_why(desk: Client, line: OrderLine) -> None:
    Shipment.objects.update(shipped_at=timezone.now())

    seen = desk.get(page(line)).content.decode()

    assert "$85.50 is held" in seen
    assert "sent too recently" in seen


def test_what_a_dispute_holds_is_told(desk: Client, order: Order) -> None:  # noqa: F811
    line = order.lines.select_related("merchant").get()
    tell_licensing(at=NOW)
    start_takedown(line.merchant, claimant="A studio", reason="Whose is it?", by=None, at=NOW)

    assert "keeps 1 line" in desk.get(LIST).content.decode()
    assert "A dispute holds it." in desk.get(page(line)).content.decode()


def test_only_the_desk_pays(desk: Client, reader_desk: Client, fan_client: Client, line: OrderLine) -> None:
    told = {"reference": "T-1", "expected": "8550"}

    assert reader_desk.get(page(line)).status_code == 200
    assert "T-1" not in reader_desk.get(page(line)).content.decode()
    assert reader_desk.post(page(line), told).status_code == 403
    for address in (LIST, page(line)):
        assert fan_client.get(address).status_code == 302
        assert breaches(desk.get(address).content) == []
    assert desk.get(reverse("admin:orders_payout_due", args=[0, "USD"])).status_code == 404
    assert not Payout.objects.exists()
