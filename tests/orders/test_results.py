"""`apply_result`: money becomes an order once, whatever is said, however often, and in whatever order."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.models import Stock, Variant
from licensing.models import Licence
from orders.closing import cancel_order, expire_orders
from orders.models import Order, Payment, PaymentEvent, Refund, SaleFact
from orders.payments import Result
from orders.placing import pay_otherwise
from orders.results import apply_result
from tests.factories import NOW
from tests.orders.conftest import MINUTE, Place, refused

pytestmark = pytest.mark.django_db


def said(payment: Payment, status: str = "succeeded", **changes: Any) -> Result:
    amount = payment.amount if status == "succeeded" else None
    facts = {"amount": amount, "currency": payment.currency, "provider_reference": f"T-{payment.public_id}"}
    return Result(payment.public_id, status, **facts | changes)


def tell(payment: Payment, *, at: Any = NOW, source: str = "notice", status: str = "succeeded", **changes: Any) -> str:
    return apply_result(payment.provider, said(payment, status, **changes), source=source, at=at)


@pytest.fixture
def order(place: Place, variant: Variant) -> Order:
    return place(variant, 2)


@pytest.fixture
def payment(order: Order) -> Payment:
    return order.payments.get()


def state(order: Order) -> str:
    order.refresh_from_db()
    return order.state


def reserved() -> int:
    return Stock.objects.get().reserved


def test_money_makes_the_order_paid_and_the_facts_known(order: Order, payment: Payment) -> None:
    assert tell(payment) == "paid"

    assert (state(order), order.paid_at) == ("paid", NOW)
    payment.refresh_from_db()
    assert (payment.state, payment.is_applied, payment.received_amount) == ("succeeded", True, order.total_amount)
    assert payment.provider_reference == f"T-{payment.public_id}"
    assert [(fact.kind, fact.quantity, fact.amount) for fact in SaleFact.objects.all()] == [("sale", 2, 8208)]
    assert [letter.template for letter in order.letters.all()] == ["order_paid"]
    assert reserved() == 2


@pytest.mark.parametrize("source", ["notice", "query", "reconciliation"])
def test_the_same_news_again_changes_nothing(order: Order, payment: Payment, source: str) -> None:
    tell(payment)

    assert tell(payment, source=source, at=NOW + MINUTE) == "repeat"

    assert (PaymentEvent.objects.count(), SaleFact.objects.count(), Refund.objects.count()) == (1, 1, 0)
    assert state(order) == "paid"
    assert order.paid_at == NOW


def test_the_same_trade_told_in_other_words_changes_nothing(order: Order, payment: Payment) -> None:
    tell(payment, key="first")

    assert tell(payment, key="second") == "repeat"
    assert Refund.objects.count() == 0
    assert state(order) == "paid"


@pytest.mark.parametrize("change", [{"amount": 1}, {"amount": 10_000_000}, {"currency": "EUR"}])
def test_another_sum_is_given_back_whole_and_a_person_looks(order: Order, payment: Payment, change: dict) -> None:
    assert tell(payment, **change) == "wrong_amount"

    assert (state(order), order.review) == ("pending", "wrong_amount")
    payment.refresh_from_db()
    assert not payment.is_applied
    assert [(one.amount, one.reason) for one in Refund.objects.all()] == [(payment.received_amount, "wrong_amount")]
    assert SaleFact.objects.count() == 0
    assert tell(payment, **change) == "repeat"
    assert Refund.objects.count() == 1


def test_a_late_payment_counts_while_everything_is_still_there(order: Order, payment: Payment) -> None:
    expire_orders(at=NOW + 12 * MINUTE)
    assert (state(order), reserved(), Licence.objects.get().units_used) == ("expired", 0, 0)

    assert tell(payment, at=NOW + 20 * MINUTE) == "paid"

    assert (state(order), reserved(), Licence.objects.get().units_used) == ("paid", 2, 2)
    assert order.closed_at is None


def test_a_payment_within_the_grace_finds_everything_held(order: Order, payment: Payment) -> None:
    assert expire_orders(at=NOW + 12 * MINUTE - timedelta(microseconds=1)) == 0

    assert tell(payment, at=NOW + 12 * MINUTE - timedelta(microseconds=1)) == "paid"
    assert expire_orders(at=NOW + 13 * MINUTE) == 0
    assert state(order) == "paid"


def test_a_late_payment_for_what_has_gone_is_given_back(order: Order, payment: Payment) -> None:
    expire_orders(at=NOW + 12 * MINUTE)
    Stock.objects.update(on_hand=1)

    assert tell(payment, at=NOW + 20 * MINUTE) == "too_late"

    assert (state(order), reserved()) == ("expired", 0)
    assert [(one.amount, one.reason) for one in Refund.objects.all()] == [(order.total_amount, "late")]
    assert [letter.template for letter in order.letters.all()] == ["payment_late"]
    assert order.reservations.count() == 0


def test_cancelled_before_the_notice_is_given_back(order: Order, payment: Payment) -> None:
    cancel_order(order, by=None, at=NOW)

    assert tell(payment) == "too_late"

    assert (state(order), reserved()) == ("cancelled", 0)
    assert Refund.objects.get().amount == order.total_amount


def test_paid_twice_by_two_payments_gives_the_second_back(order: Order, payment: Payment) -> None:
    other = pay_otherwise(order, provider="alipay", at=NOW)
    tell(other)

    assert tell(payment) == "double"

    assert [(one.payment, one.reason) for one in Refund.objects.all()] == [(payment, "double")]
    assert order.payments.get(is_applied=True) == other


def test_two_trades_of_one_payment_wait_for_a_person(order: Order, payment: Payment) -> None:
    tell(payment)

    assert tell(payment, provider_reference="T-other") == "double"

    assert (state(order), order.review, Refund.objects.count()) == ("paid", "paid_again", 0)


def test_refused_and_tried_again(order: Order, payment: Payment) -> None:
    assert tell(payment, status="failed") == "failed"
    payment.refresh_from_db()
    assert (payment.state, state(order), reserved()) == ("failed", "pending", 2)

    again = pay_otherwise(order, provider="sandbox", at=NOW)

    assert again != payment
    assert tell(again) == "paid"


def test_news_of_a_refusal_after_the_money_is_old_news(order: Order, payment: Payment) -> None:
    tell(payment)

    tell(payment, status="failed")
    tell(payment, status="closed")

    payment.refresh_from_db()
    assert (payment.state, state(order)) == ("succeeded", "paid")


def test_what_nobody_asked_for_is_kept_for_a_person(order: Order) -> None:
    result = Result("pay_nobody", "succeeded", amount=1, currency="USD")

    assert apply_result("sandbox", result, source="notice", at=NOW) == "unknown_payment"
    assert apply_result("alipay", said(order.payments.get()), source="notice", at=NOW) == "unknown_payment"

    assert [event.verdict for event in PaymentEvent.objects.all()] == ["unknown_payment"] * 2
    assert state(order) == "pending"


def test_what_is_over_is_not_paid_otherwise(order: Order) -> None:
    with refused("not_payable"):
        pay_otherwise(order, provider="sandbox", at=NOW + 10 * MINUTE)
    cancel_order(order, by=None, at=NOW)
    with refused("not_payable"):
        pay_otherwise(order, provider="sandbox", at=NOW)

    assert order.payments.count() == 1
