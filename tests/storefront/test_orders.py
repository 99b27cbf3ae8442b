"""An order's own pages: paying, following, cancelling, sending back, finding again."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Market, Stock, Variant
from orders import refunds
from orders.links import order_path, order_token
from orders.models import Letter, Order, Payment, PaymentEvent, Refund, Return, SandboxTrade
from orders.papers import issue_documents
from orders.payments import ProviderAway
from orders.shipping import ship
from tests import factories
from tests.orders.conftest import MINUTE, sells
from tests.storefront.test_checkout import _sandbox, add, cashier_key, market, order, product, variant  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def placed(client: Client, variant: Variant) -> Order:  # noqa: F811
    add(client, variant, 2)
    client.get(order(client)["Location"])
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

    client.post(f"{path}pay/", {"pay": "sandbox:wap"}, follow=True)
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


def _copy_of(placed: Order) -> Order:
    number = Order.objects.count()
    placed = Order.objects.get(pk=placed.pk)
    placed.pk, placed.public_id = None, f"ord_copy{number}"
    placed.number, placed.checkout_key = f"COPY-{number}", f"copy-{number}"
    placed.save()
    return placed


# -- while it waits ----------------------------------------------------------------------------------


def test_what_can_only_be_scanned_is_shown_as_a_code(client: Client, path: str) -> None:
    """Alipay's precreate gives a text for a code, and no address."""
    Payment.objects.update(pay_url="", qr_text="https://qr.alipay.example/bax1")

    pay = client.get(f"{path}pay/").content.decode()

    assert "data:image/svg+xml" in pay
    assert "does not answer" not in pay


def test_a_provider_that_is_away_is_said_and_asked_again_at_the_next_look(
    client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object, **_named: object) -> None:
        raise ProviderAway("no answer")

    Payment.objects.update(pay_url="", qr_text="")
    with monkeypatch.context() as down:
        down.setattr("orders.payments.sandbox.Sandbox.open", away)
        assert "does not answer" in client.get(f"{path}pay/").content.decode()

    assert "data:image/svg+xml" in client.get(f"{path}pay/").content.decode()
    assert Payment.objects.count() == 1


def test_what_asks_every_few_seconds_is_answered_with_nothing_until_something_is_new(
    client: Client, path: str, clock: Any
) -> None:
    page = client.get(f"{path}pay/").content.decode()
    asks = re.search(r'hx-get="([^"]+)"', page)[1]

    def asked() -> tuple[int, str | None, bytes]:
        answer = client.get(asks, headers={"HX-Request": "true"})
        return answer.status_code, answer.get("HX-Refresh"), answer.content

    assert asked() == (204, None, b"")
    cashier(client, "refuse")
    assert asked() == (204, "true", b"")
    Payment.objects.update(state="open")
    assert asked() == (204, None, b"")
    clock.at += 10 * MINUTE
    assert asked() == (204, "true", b"")


def test_coming_back_lets_a_worker_ask_but_not_at_every_reload(client: Client, path: str, clock: Any) -> None:
    payment = Payment.objects.get()
    assert payment.ask_at > clock.at
    assert "We are confirming" not in client.get(f"{path}pay/").content.decode()

    for reload in range(6):
        page = client.get(f"{path}pay/?back=1").content.decode()
        payment.refresh_from_db()
        assert "We are confirming" in page
        assert (payment.ask_at == clock.at) is (reload < 4)
        Payment.objects.update(ask_at=clock.at + MINUTE)

    assert state() == "pending"
    assert SandboxTrade.objects.get().return_url == f"http://localhost:8000{path}pay/?back=1"


# -- what nobody else may ----------------------------------------------------------------------------


@pytest.mark.parametrize("rest", ["pay/", "cancel/", "return/{parcel}/"])
def test_other_sites_send_no_form_of_an_order(client: Client, placed: Order, path: str, rest: str) -> None:
    address = path + rest.format(parcel=placed.parcels.get().public_id)
    said = {"ask": "1", "pay": "sandbox:wap", "reason": "faulty"}

    assert client.post(address, said, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post(address, said, headers={"Origin": "https://evil.example"}).status_code == 403
    assert (state(), Payment.objects.count()) == ("pending", 1)


@pytest.mark.parametrize("rest", ["", "pay/", "cancel/"])
def test_an_order_s_pages_are_kept_nowhere_and_found_by_no_search(client: Client, path: str, rest: str) -> None:
    answer = client.get(path + rest)

    assert answer["Cache-Control"] == "private, no-store"
    assert 'content="noindex"' in answer.content.decode()
    assert 'name="referrer" content="no-referrer"' in answer.content.decode()


def test_a_paper_is_given_with_its_own_order_alone(client: Client, placed: Order, path: str, variant: Variant) -> None:  # noqa: F811
    cashier(client, "pay")
    add(client, variant, 1)
    order(client)
    other = Order.objects.select_related("market").latest("pk")
    client.get(f"{order_path(other)}pay/")
    cashier(client, "pay")
    issue_documents(at=placed.placed_at)
    own, foreign = placed.documents.get(), other.documents.get()

    answer = client.get(f"{path}papers/{own.public_id}.pdf")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == f'attachment; filename="{own.number}.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.content.startswith(b"%PDF")
    assert client.get(f"{path}papers/{foreign.public_id}.pdf").status_code == 404
    assert own.number in client.get(path).content.decode()


def test_asking_for_links_over_and_over_is_turned_away(client: Client, placed: Order) -> None:
    said = {"number": "AAA-AAA-AAA", "email": "other@example.com"}

    codes = [client.post("/us/en/orders/", said).status_code for _time in range(21)]

    assert codes == [303] * 20 + [429]


# -- what comes back ---------------------------------------------------------------------------------


def test_a_return_is_announced_once_for_what_was_sent(client: Client, placed: Order, path: str) -> None:
    cashier(client, "pay")
    parcel, line = placed.parcels.get(), placed.lines.get()
    address = f"{path}return/{parcel.public_id}/"
    assert "nothing of this parcel" in client.get(address).content.decode()
    ship(parcel, {line: 1}, by=None, at=placed.placed_at)
    form = client.get(address).content.decode()
    assert line.public_id in form

    def announce(**said: Any) -> int:
        return client.post(address, {line.public_id: "1", "reason": "faulty", "note": "A crack.", **said}).status_code

    wrong = [
        announce(**{line.public_id: pieces}) for pieces in ("2", "0", "-1", "x", "9" * 30, "\u0661", "")
    ]  # fmt: skip
    wrong += [announce(reason=reason) for reason in ("", "other")]
    assert wrong == [422] * 9
    assert Return.objects.count() == 0

    assert announce() == 303
    assert announce() == 422

    made = Return.objects.get()
    assert (made.reason, made.note, made.lines.get().quantity) == ("faulty", "A crack.", 1)
    html = client.get(path).content.decode()
    assert "A return was announced" in html
    assert "Send something back" not in html


# -- what it costs -----------------------------------------------------------------------------------


def test_pages_of_orders_ask_the_same_for_one_and_for_three(
    client: Client,
    market: Market,  # noqa: F811
) -> None:
    counts = []
    for number in (1, 3):
        for _product in range(number):
            goods = factories.make_product()
            sells(goods, market)
            add(client, goods.variants.get(), 1)
        order(client)
        placed = Order.objects.select_related("market").latest("pk")
        client.get(f"{order_path(placed)}pay/")
        cashier(client, "pay")
        ship(placed.parcels.first(), {placed.parcels.first().lines.get(): 1}, by=None, at=placed.placed_at)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(order_path(placed)).status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_a_member_s_list_asks_the_same_for_one_and_for_three_and_goes_on(client: Client, placed: Order) -> None:
    client.post("/us/en/sign-up/", {"email": "wei@example.com", "password": "a ferry at night 7"})
    user, counts = client.session["_auth_user_id"], []
    for number in (1, 2, 22):
        for _order in range(number - 1 if number < 3 else number - 2):
            _copy_of(placed)
        Order.objects.update(user=user)
        with CaptureQueriesContext(connection) as asked:
            page = client.get("/us/en/account/").content.decode()
        counts.append(len(asked))

    assert len(set(counts)) == 1
    assert page.count('href="/us/en/orders/ord_') == 20
    following = client.get("/us/en/account/" + re.search(r'href="(\?after=\d+)"', page)[1]).content.decode()
    assert following.count('href="/us/en/orders/ord_') == 2
    assert client.get("/us/en/account/?after=x'--").status_code == 200
