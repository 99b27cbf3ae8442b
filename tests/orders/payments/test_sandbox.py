"""The sandbox: its signature holds as Alipay's does, and its books know what it was asked to do."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from alipay import AliPay

from orders.models import Payment, Refund, SandboxTrade
from orders.noticing import take_notice, tell_late
from orders.opening import open_payment
from orders.payments import ProviderAway, RefundResult, sandbox
from orders.payments.sandbox import Sandbox
from tests.factories import NOW
from tests.orders.conftest import MINUTE, refused
from tests.orders.payments.conftest import Pair, state_of_everything

pytestmark = pytest.mark.django_db
RETURN = "https://shop.example/us/en/orders/t/"


@pytest.fixture(autouse=True)
def _shop(settings: Any, shop_keys: Pair) -> None:
    settings.PAYMENT_PROVIDERS, settings.SANDBOX_PRIVATE_KEY = ["sandbox"], shop_keys.private


@pytest.fixture
def trade(payment: Payment) -> SandboxTrade:
    open_payment(payment, return_url=RETURN, notify_url="")
    SandboxTrade.objects.update(created_at=NOW)
    return SandboxTrade.objects.get()


def stands(payment: Payment) -> tuple[str, str]:
    payment.refresh_from_db()
    payment.order.refresh_from_db()
    return payment.state, payment.order.state


def test_a_payment_is_opened_once(payment: Payment, trade: SandboxTrade) -> None:
    payment.refresh_from_db()
    first = (payment.pay_url, payment.qr_text, payment.provider_reference)
    assert first == (f"http://localhost:8000/cashier/{trade.trade}/",) * 2 + (trade.trade,)

    again = open_payment(payment, return_url="https://elsewhere.example/", notify_url="")

    assert (again.pay_url, again.qr_text, again.provider_reference) == first
    assert SandboxTrade.objects.count() == 1


def test_a_provider_that_is_away_leaves_a_payment_that_can_be_opened_later(
    payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any, **_facts: Any) -> None:
        raise ProviderAway("no answer")

    monkeypatch.setattr(Sandbox, "open", away)
    with pytest.raises(ProviderAway):
        open_payment(payment, return_url=RETURN, notify_url="")
    assert stands(payment) == ("open", "pending")
    monkeypatch.undo()

    assert open_payment(payment, return_url=RETURN, notify_url="").pay_url


def test_what_is_over_is_not_opened(payment: Payment) -> None:
    payment.state = "closed"

    assert open_payment(payment, return_url=RETURN, notify_url="").pay_url == ""
    assert SandboxTrade.objects.count() == 0


def test_the_other_client_believes_its_notice(trade: SandboxTrade, shop_keys: Pair) -> None:
    said = dict(parse_qsl(sandbox.notice(trade, at=NOW).decode()))
    reader = AliPay("sandbox", app_private_key_string=shop_keys.private, alipay_public_key_string=shop_keys.public)
    signature = said.pop("sign")

    assert reader.verify(dict(said), signature) is True
    assert reader.verify(said | {"total_amount": "0.01"}, signature) is False


def test_paid_and_told_the_order_is_paid(payment: Payment, trade: SandboxTrade) -> None:
    sandbox.pay(trade, at=NOW)

    assert take_notice("sandbox", sandbox.notice(trade, at=NOW), {}, at=NOW) == b"success"

    assert stands(payment) == ("succeeded", "paid")


def test_a_notice_that_was_changed_changes_nothing(payment: Payment, trade: SandboxTrade) -> None:
    sandbox.pay(trade, at=NOW)
    body = sandbox.notice(trade, at=NOW)
    before = state_of_everything()

    for changed in (body.replace(b"TRADE_SUCCESS", b"TRADE_CLOSED"), body.replace(b"&sign=", b"&sign=A"), b""):
        with refused("bad_signature"):
            take_notice("sandbox", changed, {}, at=NOW)
    with refused("bad_notice"):
        take_notice("sandbox", b"x", {}, at=NOW)
    with refused("unknown_provider"):
        take_notice("alipay", body, {}, at=NOW)

    assert state_of_everything() == before


def test_who_pays_when_the_time_is_over_is_told_of_then(payment: Payment, trade: SandboxTrade) -> None:
    until = sandbox.too_late(trade, at=NOW)
    assert until == NOW + 12 * MINUTE + timedelta(seconds=30)
    sandbox.put_off(trade, until=until)
    Sandbox().close(payment)  # the bank is at work on it: it stays open

    assert tell_late(at=until - timedelta(seconds=1)) == 0
    assert stands(payment) == ("open", "pending")
    assert tell_late(at=until) == 1
    assert tell_late(at=until) == 0

    assert stands(payment) == ("succeeded", "paid")
    trade.refresh_from_db()
    assert (trade.state, trade.paid_amount, trade.notify_at) == ("TRADE_SUCCESS", payment.amount, None)


def test_without_the_sandbox_nothing_is_put_off(trade: SandboxTrade, settings: Any) -> None:
    sandbox.put_off(trade, until=NOW)
    settings.PAYMENT_PROVIDERS = ["alipay"]

    assert tell_late(at=NOW) == 0
    trade.refresh_from_db()
    assert trade.state == "WAIT_BUYER_PAY"


def test_a_second_trade_under_one_number_waits_for_a_person(payment: Payment, trade: SandboxTrade) -> None:
    sandbox.pay(trade, at=NOW)
    take_notice("sandbox", sandbox.notice(trade, at=NOW), {}, at=NOW)

    take_notice("sandbox", sandbox.pay_again(trade, at=NOW), {}, at=NOW)

    assert stands(payment) == ("succeeded", "paid")
    assert (payment.order.review, payment.received_amount) == ("paid_again", payment.amount)


def test_what_is_closed_cannot_be_paid(payment: Payment, trade: SandboxTrade) -> None:
    Sandbox().close(payment)

    assert sandbox.pay(trade, at=NOW) is False
    assert Sandbox().query(payment).status == "closed"
    assert trade.paid_amount == 0


def test_its_books_give_back_once_per_number_and_no_more_than_was_paid(payment: Payment, trade: SandboxTrade) -> None:
    sandbox.pay(trade, at=NOW)
    facts = {"payment": payment, "order": payment.order, "reason": "cancelled", "requested_at": NOW}
    first, second = (Refund.objects.create(amount=amount, **facts) for amount in (payment.amount - 1, 2))
    assert Sandbox().query_refund(first).status == "pending"

    for _time in range(2):
        assert Sandbox().refund(first) == RefundResult("succeeded", trade.trade)
    assert Sandbox().refund(second).status == "failed"

    trade.refresh_from_db()
    assert trade.refunds == {first.public_id: payment.amount - 1}
    assert [Sandbox().query_refund(one).status for one in (first, second)] == ["succeeded", "pending"]
