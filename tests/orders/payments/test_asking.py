"""Asking providers: what nobody told us is found, by query and by reconciliation, and both say what a notice says."""

from datetime import timedelta
from typing import Any

import pytest

from orders import asking
from orders.asking import ask_open_payments, close_payments, reconcile
from orders.closing import cancel_order
from orders.models import Order, Payment, PaymentEvent, Refund, SandboxTrade
from orders.noticing import take_notice
from orders.opening import open_payment
from orders.payments import ProviderAway, sandbox
from orders.payments.sandbox import Sandbox
from orders.refunds import execute_refunds
from tests.factories import NOW
from tests.orders.payments.conftest import Pair, state_of_everything

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(seconds=30)


@pytest.fixture(autouse=True)
def _shop(settings: Any, shop_keys: Pair) -> None:
    settings.PAYMENT_PROVIDERS, settings.SANDBOX_PRIVATE_KEY = ["sandbox"], shop_keys.private


@pytest.fixture
def trade(payment: Payment) -> SandboxTrade:
    open_payment(payment, return_url="https://shop.example/", notify_url="")
    return SandboxTrade.objects.get()


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(*_args: Any) -> None:
        raise ProviderAway("no answer")

    for name in ("query", "close", "query_refund"):
        monkeypatch.setattr(Sandbox, name, no_answer)


def test_a_lost_notice_is_made_good_by_asking(order: Order, trade: SandboxTrade) -> None:
    sandbox.pay(trade, at=NOW)
    assert ask_open_payments(at=SOON - timedelta(seconds=1)) == 0

    assert ask_open_payments(at=SOON) == 1

    order.refresh_from_db()
    assert (order.state, order.paid_at) == ("paid", SOON)
    assert [(event.source, event.verdict) for event in PaymentEvent.objects.all()] == [("query", "paid")]
    assert ask_open_payments(at=SOON + timedelta(days=1)) == 0


def test_notice_query_and_reconciliation_are_one_piece_of_news(payment: Payment, trade: SandboxTrade) -> None:
    sandbox.pay(trade, at=NOW)
    take_notice("sandbox", sandbox.notice(trade, at=NOW), {}, at=NOW)
    before = state_of_everything()

    assert asking.ask(payment, at=SOON) == "repeat"
    assert reconcile(at=SOON) == {"repeat": 1}

    assert state_of_everything() == before


def test_it_asks_less_and_less_often_and_then_only_at_night(payment: Payment, trade: SandboxTrade) -> None:
    at, waits = SOON, []
    while ask_open_payments(at=at):
        payment.refresh_from_db()
        if payment.ask_at is None:
            break
        waits.append((payment.ask_at - at).total_seconds())
        at = payment.ask_at

    assert waits == [20, 30, 60, 60, 120, 120, 300, 600, 1800, 3600]
    assert PaymentEvent.objects.count() == 0


def test_a_provider_that_is_away_is_asked_again(order: Order, payment: Payment, away: None) -> None:
    before = state_of_everything()

    assert ask_open_payments(at=SOON) == 1

    payment.refresh_from_db()
    assert (payment.ask_at, payment.asked) == (SOON + timedelta(seconds=20), 1)
    assert state_of_everything() == before
    assert reconcile(at=SOON) == {"away": 1}


def test_reconciliation_finds_what_was_paid_after_it_was_closed(order: Order, trade: SandboxTrade) -> None:
    sandbox.pay(trade, at=NOW)
    Payment.objects.update(state="closed", ask_at=None)

    assert reconcile(at=NOW + timedelta(hours=8)) == {"paid": 1}

    order.refresh_from_db()
    assert order.state == "paid"


def test_reconciliation_looks_at_the_last_days_alone(payment: Payment, trade: SandboxTrade) -> None:
    sandbox.pay(trade, at=NOW)
    at = NOW + asking.LOOK_BACK

    assert reconcile(at=at + timedelta(microseconds=1)) == {}
    assert reconcile(at=at) == {"paid": 1}


def test_more_than_a_page_is_reconciled(
    order: Order, payment: Payment, monkeypatch: pytest.MonkeyPatch, trade: SandboxTrade
) -> None:
    monkeypatch.setattr(asking, "PAGE", 2)
    for _time in range(4):
        Payment.objects.create(order=order, provider="sandbox", currency="USD", amount=1, created_at=NOW)

    assert reconcile(at=NOW) == {"pending": 1, "unknown": 4}


def test_a_refund_by_a_provider_that_is_no_longer_used_waits(cancelled: Refund, settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = []

    assert execute_refunds(at=NOW) == 0

    cancelled.refresh_from_db()
    assert (cancelled.state, cancelled.attempts) == ("requested", 1)
    assert SandboxTrade.objects.get().refunds == {}
    assert reconcile(at=NOW) == {"away": 1}


def test_a_refund_that_both_made_agrees(refunded: Refund) -> None:
    assert reconcile(at=NOW) == {"repeat": 1, "refund_agrees": 1}


def test_a_refund_that_only_the_shop_made_is_for_a_person(refunded: Refund) -> None:
    SandboxTrade.objects.update(refunds={})

    assert reconcile(at=NOW) == {"repeat": 1, "refund_differs": 1}
    assert Order.objects.get().review == "refund_differs"


def test_a_refund_that_only_the_provider_made_is_made_here_and_not_twice(order: Order, cancelled: Refund) -> None:
    Sandbox().refund(cancelled)
    Refund.objects.update(state="failed", try_at=None)

    assert reconcile(at=NOW) == {"repeat": 1, "refund_made_after_all": 1}
    assert execute_refunds(at=NOW) == 1

    cancelled.refresh_from_db()
    assert (cancelled.state, Payment.objects.get().refunded_amount) == ("succeeded", order.total_amount)
    assert SandboxTrade.objects.get().refunds == {cancelled.public_id: order.total_amount}


@pytest.fixture
def cancelled(order: Order, trade: SandboxTrade) -> Refund:
    """Paid, cancelled, still to be given back."""
    sandbox.pay(trade, at=NOW)
    take_notice("sandbox", sandbox.notice(trade, at=NOW), {}, at=NOW)
    cancel_order(order, by=None, at=NOW)
    return Refund.objects.get()


@pytest.fixture
def refunded(cancelled: Refund) -> Refund:
    assert execute_refunds(at=NOW) == 1
    return cancelled


def test_what_is_over_is_closed_with_its_provider(order: Order, payment: Payment, trade: SandboxTrade) -> None:
    cancel_order(order, by=None, at=NOW)

    close_payments(order, at=NOW)

    payment.refresh_from_db()
    trade.refresh_from_db()
    assert (payment.state, trade.state) == ("closed", "TRADE_CLOSED")


def test_what_was_paid_before_it_could_be_closed_is_given_back(order: Order, trade: SandboxTrade) -> None:
    cancel_order(order, by=None, at=NOW)
    sandbox.pay(trade, at=NOW)

    close_payments(order, at=NOW)

    trade.refresh_from_db()
    assert trade.state == "TRADE_SUCCESS"
    assert [(one.reason, one.amount) for one in Refund.objects.all()] == [("late", order.total_amount)]


def test_what_cannot_be_closed_now_stays_open_and_is_asked_about(order: Order, payment: Payment, away: None) -> None:
    cancel_order(order, by=None, at=NOW)

    close_payments(order, at=NOW)

    payment.refresh_from_db()
    assert (payment.state, payment.ask_at) == ("open", SOON)


def test_one_payment_is_asked_about_by_one_worker(payment: Payment, trade: SandboxTrade) -> None:
    stale = Payment.objects.get()

    assert asking._claim(stale, SOON) is True
    assert asking._claim(stale, SOON) is False
    assert Payment.objects.get().asked == 1
