"""An order's own pages: paying, following, cancelling, sending back, finding again."""

import re
from typing import Any

import pytest
from django.test import Client

from catalog.models import Market, Stock, Variant
from orders import refunds
from orders.links import order_path, order_token
from orders.models import Letter, Order, Payment, PaymentEvent, Refund, SandboxTrade
from tests import factories
from tests.orders.conftest import MINUTE
from tests.storefront.test_checkout import _sandbox, add, cashier_key, market, order, product, variant  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def placed(client: Client, variant: Variant) -> Order:  # noqa: F811
    add(client, variant, 2)
    order(client)
    return Order.objects.select_related("market").get()


@pytest.fixture
def path(placed: Order) -> str:
    return order_path(placed)


def cashier(client: Client, act: str) -> Any:
    trade = SandboxTrade.objects.latest("pk")
    return client.post(f"/cashier/{trade.trade}/", {"act": act})


def state() -> str:
    return Order.objects.get().state


def test_a_fan_pays_with_the_phone(client: Client, path: str) -> None:
    pay = client.get(f"{path}pay/").content.decode()
    assert "$88.00" in pay
    assert "data:image/svg+xml" in pay
    address = re.search(r'href="(http://localhost:8000/cashier/sbx[0-9a-f]{24}/)"', pay)[1]

    phone = client.get(address.removeprefix("http://localhost:8000")).content.decode()
    assert "Pay $88.00" in phone
    cashier(client, "pay")

    assert state() == "paid"
    answer = client.get(f"{path}pay/")
    assert (answer.status_code, answer["Location"]) == (303, path)
    assert "Paid, being prepared" in client.get(path).content.decode()


def test_a_page_that_waits_is_led_on(client: Client, path: str) -> None:
    assert "HX-Redirect" not in client.get(f"{path}pay/", headers={"HX-Request": "true"})
    cashier(client, "pay")

    assert client.get(f"{path}pay/", headers={"HX-Request": "true"})["HX-Redirect"] == path


def test_coming_back_proves_nothing_and_asking_does(client: Client, path: str) -> None:
    cashier(client, "silent")
    assert client.get(f"{path}pay/").status_code == 200
    assert state() == "pending"

    client.post(f"{path}pay/", {"ask": "1"})

    assert state() == "paid"
    assert [event.source for event in PaymentEvent.objects.all()] == ["query"]


def test_refused_and_tried_again(client: Client, path: str) -> None:
    cashier(client, "refuse")
    assert "The payment was refused" in client.get(f"{path}pay/").content.decode()

    client.post(f"{path}pay/", {"pay": "sandbox:wap"})
    cashier(client, "pay")

    assert state() == "paid"
    assert [payment.state for payment in Payment.objects.all()] == ["failed", "succeeded"]


@pytest.mark.parametrize(
    ("act", "expected", "money_back"), [("more", "pending", 8900), ("forge", "pending", 0), ("late", "pending", 0)]
)
def test_what_else_a_cashier_may_do(client: Client, path: str, act: str, expected: str, money_back: int) -> None:
    cashier(client, act)

    assert state() == expected
    assert sum(Refund.objects.values_list("amount", flat=True)) == money_back


def test_the_notice_twice_is_told_once(client: Client, path: str) -> None:
    cashier(client, "pay")
    cashier(client, "again")

    assert PaymentEvent.objects.count() == 1


def test_a_notice_by_its_address(client: Client, placed: Order) -> None:
    from orders.payments import sandbox  # noqa: PLC0415 beside what it is needed for

    trade = SandboxTrade.objects.get()
    sandbox.pay(trade, at=placed.placed_at)
    body = sandbox.notice(trade, at=placed.placed_at)
    send = {"content_type": "application/x-www-form-urlencoded"}

    assert client.post("/payments/sandbox/notify", body.replace(b"88.00", b"1.00"), **send).status_code == 400
    assert state() == "pending"
    answer = client.post("/payments/sandbox/notify", body, **send)
    assert (answer.status_code, answer.content, state()) == (200, b"success", "paid")
    assert client.post("/payments/sandbox/notify", b"\xff", **send).status_code == 400
    assert client.post("/payments/nobody/notify", body, **send).status_code == 404
    assert client.get("/payments/sandbox/notify").status_code == 405
    assert client.post("/payments/sandbox/notify", b"a=" + b"1" * 70_000, **send).status_code == 413


def test_without_the_sandbox_there_is_no_cashier(client: Client, path: str, settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = []

    assert cashier(client, "pay").status_code == 404
    assert state() == "pending"


def test_after_its_time_the_page_says_so(client: Client, path: str, clock: Any) -> None:
    clock.at += 10 * MINUTE

    assert "The time to pay is over" in client.get(f"{path}pay/").content.decode()


@pytest.mark.parametrize("token", ["ord_0000000000000000.x", "{id}.{other}", "{id}.x"])
@pytest.mark.parametrize("rest", ["", "pay/", "cancel/", "papers/doc_1.pdf", "return/par_1/"])
def test_only_its_own_address_opens_an_order(client: Client, placed: Order, token: str, rest: str) -> None:
    other = order_token(Order(public_id="ord_other")).partition(".")[2]
    token = token.format(id=placed.public_id, other=other)

    assert client.get(f"/us/en/orders/{token}/{rest}").status_code == 404
    assert client.post(f"/us/en/orders/{token}/{rest}", {"pay": "sandbox:wap"}).status_code == 404
    factories.make_market("cn")
    assert client.get(order_path(placed).replace("/us/", "/cn/")).status_code == 404


def test_an_order_is_cancelled_after_a_question_and_given_back(client: Client, path: str, monkeypatch: Any) -> None:
    cashier(client, "pay")
    assert state() == "paid"
    assert "Cancel order" in client.get(f"{path}cancel/").content.decode()
    assert state() == "paid"

    client.post(f"{path}cancel/")
    refunds.execute_refunds(at=Order.objects.get().placed_at)

    assert (state(), Stock.objects.get().reserved) == ("cancelled", 0)
    assert SandboxTrade.objects.get().refunds == {Refund.objects.get().public_id: 8800}
    assert "$88.00 were given back" in client.get(path).content.decode()
    assert client.post(f"{path}cancel/").status_code == 422


def test_the_order_s_page_tells_what_happened_without_naming_staff(client: Client, path: str) -> None:
    cashier(client, "pay")

    html = client.get(path).content.decode()

    assert re.findall(r"<li><p>([^<]*)</p><p class=\"quiet\">(\w+ ?\w*)", html) == [
        ("Ordered for $88.00", "You"), ("Paid $88.00", "The payment"),
    ]  # fmt: skip
    assert "Lin Wei" in html


def test_a_guest_finds_an_order_by_number_and_address(client: Client, placed: Order) -> None:
    def ask(number: str, email: str) -> Any:
        return client.post("/us/en/orders/", {"number": number, "email": email})

    answers = [
        ask(placed.number, "other@example.com"),
        ask("AAA-AAA-AAA", placed.email),
        ask("", ""),
        ask("\x00", "\x00"),
    ]
    assert Letter.objects.filter(template="order_link").count() == 0
    answers.append(ask(placed.number.lower(), placed.email.upper()))

    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(303, "/us/en/orders/?sent=1")}
    assert Letter.objects.filter(template="order_link").count() == 1


def test_a_member_sees_their_own_orders_alone(client: Client, placed: Order) -> None:
    assert client.get("/us/en/account/").status_code == 302
    made = client.post("/us/en/sign-up/", {"email": "Wei@Example.com", "password": "a ferry at night 7"})
    assert made["Location"] == "/us/en/account/"
    assert placed.number not in client.get("/us/en/account/").content.decode()
    Order.objects.update(user=client.session["_auth_user_id"])

    assert placed.number in client.get("/us/en/account/").content.decode()
    client.post("/us/en/sign-out/")
    assert client.get("/us/en/account/").status_code == 302


@pytest.mark.parametrize("following", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\evil"])
def test_signing_in_leads_nowhere_else(client: Client, market: Market, following: str) -> None:  # noqa: F811
    factories.make_user("wei@example.com", password="a ferry at night 7")
    said = {"email": "WEI@example.com", "password": "a ferry at night 7", "next": following}

    assert client.post("/us/en/sign-in/", said | {"password": "wrong"}).status_code == 422
    assert client.post("/us/en/sign-in/", said)["Location"] == "/us/en/account/"
