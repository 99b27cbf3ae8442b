"""The notify address and the sandbox's cashier page: what each button does to the order, and what a refusal leaves alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from orders.models import Order, Payment, PaymentEvent, Refund, SandboxTrade
from orders.noticing import tell_late
from orders.opening import open_payment
from orders.payments import sandbox
from tests.factories import NOW
from tests.orders.conftest import Place, market, place, product, variant  # noqa: F401
from tests.orders.payments.conftest import Pair, make_pair, state_of_everything
from tests.storefront.conftest import Clock

pytestmark = pytest.mark.django_db
RETURN = "http://localhost:8000/us/en/orders/t/pay/"


@pytest.fixture(scope="session")
def keys() -> Pair:
    return make_pair()


@pytest.fixture(autouse=True)
def _sandbox(settings: Any, keys: Pair) -> None:
    settings.PAYMENT_PROVIDERS, settings.SANDBOX_PRIVATE_KEY = ["sandbox"], keys.private


@pytest.fixture
def order(place: Place, variant: Any, clock: Clock) -> Order:  # noqa: F811
    return place(variant, 2)


@pytest.fixture
def trade(order: Order) -> SandboxTrade:
    open_payment(order.payments.get(), return_url=RETURN, notify_url="")
    return SandboxTrade.objects.get()


@pytest.fixture
def does(client: Client, trade: SandboxTrade) -> Any:
    """Press a button; what the page says then."""

    def _does(act: str, **headers: str) -> str:
        response = client.post(f"/cashier/{trade.trade}/", {"act": act}, headers=headers)
        assert response.status_code == 302, response.status_code
        return client.get(response["Location"]).content.decode()

    return _does


def tell(client: Client, body: bytes, provider: str = "sandbox", **facts: Any) -> Any:
    kind = "application/x-www-form-urlencoded"
    return client.post(f"/payments/{provider}/notify", body, content_type=kind, **facts)


def stands(order: Order) -> str:
    order.refresh_from_db()
    return order.state


# -- the notify address ------------------------------------------------------------------------------


def test_a_notice_makes_the_order_paid_and_is_answered_in_the_provider_s_word(
    client: Client, order: Order, trade: SandboxTrade
) -> None:
    sandbox.pay(trade, at=NOW)
    body = sandbox.notice(trade, at=NOW)

    first, second = tell(client, body), tell(client, body)

    assert [(one.status_code, one.content) for one in (first, second)] == [(200, b"success")] * 2
    assert first["Content-Type"] == "text/plain"
    assert stands(order) == "paid"
    assert [event.verdict for event in PaymentEvent.objects.all()] == ["paid"]


def test_no_token_is_asked_for(order: Order, trade: SandboxTrade) -> None:
    sandbox.pay(trade, at=NOW)

    response = tell(
        Client(enforce_csrf_checks=True), sandbox.notice(trade, at=NOW), headers={"Origin": "https://x.example"}
    )

    assert response.status_code == 200
    assert stands(order) == "paid"


@pytest.mark.parametrize(
    "change", [(b"TRADE_SUCCESS", b"TRADE_CLOSED"), (b"&sign=", b"&sign=A"), (b"total_amount=", b"total_amount=9")]
)
def test_a_wrong_signature_is_refused_and_changes_nothing(
    client: Client, order: Order, trade: SandboxTrade, change: tuple[bytes, bytes]
) -> None:
    sandbox.pay(trade, at=NOW)
    body = sandbox.notice(trade, at=NOW)
    before = state_of_everything()
    assert change[0] in body

    response = tell(client, body.replace(*change))

    assert (response.status_code, response.content) == (400, b"failure: this is no message of the provider")
    assert state_of_everything() == before
    assert stands(order) == "pending"


def test_what_is_no_notice_is_refused(client: Client, trade: SandboxTrade) -> None:
    before = state_of_everything()

    assert [tell(client, body).status_code for body in (b"", b"x", b"\xff", b"a=1")] == [400] * 4
    assert tell(client, b"a=" + b"1" * 65_536).status_code == 413
    assert client.get("/payments/sandbox/notify").status_code == 405
    assert state_of_everything() == before


def test_an_unknown_provider_has_no_address(client: Client, trade: SandboxTrade, settings: Any) -> None:
    sandbox.pay(trade, at=NOW)
    body = sandbox.notice(trade, at=NOW)
    before = state_of_everything()

    assert [tell(client, body, name).status_code for name in ("alipay", "stripe", "nobody")] == [404] * 3
    settings.PAYMENT_PROVIDERS = []
    assert tell(client, body).status_code == 404
    assert state_of_everything() == before


def test_of_a_payment_that_nobody_knows_the_provider_is_heard_once(
    client: Client, order: Order, trade: SandboxTrade
) -> None:
    sandbox.pay(trade, at=NOW)
    trade.reference = "pay_of_another_shop"

    for _time in range(2):
        assert tell(client, sandbox.notice(trade, at=NOW)).content == b"success"

    assert [(event.payment, event.verdict) for event in PaymentEvent.objects.all()] == [(None, "unknown_payment")]
    assert stands(order) == "pending"


# -- the cashier's page ------------------------------------------------------------------------------


def test_it_shows_what_is_to_be_paid_in_both_languages_and_no_script(client: Client, trade: SandboxTrade) -> None:
    english = client.get(f"/cashier/{trade.trade}/")
    chinese = client.get(f"/cashier/{trade.trade}/?lang=zh").content.decode()

    page = english.content.decode()
    assert '<html lang="en">' in page
    assert "$95.04" in page
    assert '<html lang="zh-Hans">' in chinese
    assert "沙箱收银台" in chinese
    assert "Sandbox cashier" not in chinese
    assert "<script" not in page
    assert english["Cache-Control"] == "private, no-store"
    assert RETURN in page


def test_paid(order: Order, does: Any) -> None:
    assert "The shop has been told" in does("pay")

    assert stands(order) == "paid"


def test_paid_and_told_again(order: Order, does: Any) -> None:
    does("pay")
    does("again")
    does("pay")

    assert stands(order) == "paid"
    assert (PaymentEvent.objects.count(), Refund.objects.count()) == (1, 0)


def test_paid_a_second_time(order: Order, does: Any) -> None:
    does("twice")
    assert stands(order) == "pending"
    does("pay")
    does("twice")

    assert (stands(order), order.review) == ("paid", "paid_again")


def test_refused_and_paid_after_all(order: Order, does: Any) -> None:
    does("refuse")
    assert (stands(order), order.payments.get().state) == ("pending", "failed")

    does("pay")

    assert (stands(order), order.payments.get().state) == ("paid", "succeeded")


def test_another_sum(order: Order, does: Any) -> None:
    does("more")

    assert (stands(order), order.review) == ("pending", "wrong_amount")
    assert Refund.objects.get().amount == order.total_amount + 100


@pytest.mark.parametrize("first", [[], ["refuse"]])
def test_a_forged_notice_is_not_believed(order: Order, does: Any, first: list[str]) -> None:
    for act in first:
        does(act)
    before = state_of_everything()

    assert "did not believe" in does("forge")

    assert state_of_everything() == before


def test_told_late(order: Order, does: Any, clock: Clock) -> None:
    does("slow")
    assert stands(order) == "pending"

    clock.at += timedelta(minutes=1)
    assert tell_late(at=clock.at) == 1

    assert stands(order) == "paid"


def test_paid_when_the_time_is_over(order: Order, does: Any, clock: Clock) -> None:
    SandboxTrade.objects.update(created_at=NOW)
    does("late")
    assert (stands(order), SandboxTrade.objects.get().state) == ("pending", "WAIT_BUYER_PAY")

    assert tell_late(at=order.expires_at + timedelta(minutes=2)) == 0
    assert tell_late(at=order.expires_at + timedelta(minutes=3)) == 1

    assert (stands(order), Payment.objects.get().state) == ("paid", "succeeded")


def test_nobody_is_told(order: Order, does: Any) -> None:
    does("silent")

    assert (stands(order), SandboxTrade.objects.get().state) == ("pending", "TRADE_SUCCESS")


def test_a_button_that_there_is_not_and_another_site_change_nothing(client: Client, trade: SandboxTrade) -> None:
    address = f"/cashier/{trade.trade}/"
    before = (state_of_everything(), list(SandboxTrade.objects.values()))

    assert client.post(address, {"act": "steal"}).status_code == 404
    assert client.post(address, {}).status_code == 404
    assert client.post(address, {"act": "pay"}, headers={"Origin": "https://evil.example"}).status_code == 403

    assert (state_of_everything(), list(SandboxTrade.objects.values())) == before


def test_it_is_there_only_with_the_sandbox(client: Client, trade: SandboxTrade, settings: Any) -> None:
    address = f"/cashier/{trade.trade}/"
    assert client.get(address).status_code == 200
    assert client.get(f"/cashier/sbx{'0' * 24}/").status_code == 404
    settings.PAYMENT_PROVIDERS = ["alipay"]

    assert client.get(address).status_code == 404
    assert client.post(address, {"act": "pay"}).status_code == 404
    assert SandboxTrade.objects.get().state == "WAIT_BUYER_PAY"
