"""Stripe: what the SDK sends to a server on this machine, what its answers and signed notices mean."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import stripe

from orders.models import Order, Payment, Refund
from orders.payments import ProviderAway, RefundResult, Result
from orders.payments.stripe import Stripe, _ours, _theirs
from tests.factories import NOW
from tests.orders.conftest import refused
from tests.orders.payments.conftest import Asked, Server

SECRET = "whsec_only_for_tests"
RETURN = "https://shop.example/us/en/orders/t/"


@pytest.fixture(autouse=True)
def _shop(settings: Any, server: Server) -> None:
    settings.PAYMENT_PROVIDERS = ["stripe"]
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_only_for_tests", SECRET
    settings.STRIPE_API = server.address


@pytest.fixture
def payment(order: Order) -> Payment:
    Payment.objects.update(provider="stripe", method="auto", provider_reference="cs_1")
    return Payment.objects.select_related("order").get()


@pytest.fixture
def refund(payment: Payment) -> Refund:
    return Refund.objects.create(
        payment=payment, order=payment.order, amount=4104, reason="cancelled", requested_at=NOW, attempts=1
    )


def session(payment: Payment, **changes: Any) -> dict[str, Any]:
    said = {
        "id": "cs_1", "object": "checkout.session", "client_reference_id": payment.public_id, "status": "complete",
        "payment_status": "paid", "amount_total": payment.amount, "currency": "usd", "url": "https://pay.example/cs_1",
        "payment_intent": {"id": "pi_1", "object": "payment_intent", "status": "succeeded"},
    }  # fmt: skip
    return said | changes


def event(payment: Payment, kind: str = "checkout.session.completed", **changes: Any) -> str:
    said = session(payment, payment_intent="pi_1", **changes)
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": said}})


def signed(text: str, secret: str = SECRET, **changes: Any) -> dict[str, str]:
    return {"Stripe-Signature": stripe.WebhookSignature.generate_signature_header(text, secret, **changes)}


def read(text: str, **changes: Any) -> Result | None:
    return Stripe().read_notice(text.encode(), signed(text, **changes))


def answers(server: Server, by_path: dict[str, Any], status: int = 200) -> Server:
    def answer(asked: Asked) -> tuple[int, str]:
        return status, json.dumps(by_path[f"{asked.method} {urlsplit(asked.path).path}"])

    server.answer = answer
    return server


def error(code: str) -> dict[str, Any]:
    return {"error": {"type": "invalid_request_error", "code": code, "message": "No."}}


# -- opening -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_session_is_made_under_the_payment_s_number(payment: Payment, server: Server) -> None:
    answers(server, {"POST /v1/checkout/sessions": session(payment, status="open")})

    opened = Stripe().open(payment, return_url=RETURN, notify_url="")

    assert (opened.pay_url, opened.provider_reference) == ("https://pay.example/cs_1", "cs_1")
    asked = server.asked[0]
    assert asked.headers["Idempotency-Key"] == payment.public_id
    assert asked.headers["Stripe-Version"] == "2026-10-28.endive"
    assert "X-Stripe-Client-Telemetry" not in asked.headers
    sent = dict(parse_qsl(asked.body))
    assert sent["client_reference_id"] == payment.public_id
    assert sent["line_items[0][price_data][unit_amount]"] == str(payment.amount)
    assert sent["line_items[0][price_data][currency]"] == "usd"
    assert (sent["success_url"], sent["cancel_url"], sent["mode"]) == (RETURN, RETURN, "payment")
    assert not [name for name in sent if name.startswith("payment_method_types")]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["alipay", "wechat_pay"])
def test_a_wallet_is_asked_for_by_name(payment: Payment, server: Server, method: str) -> None:
    payment.method = method
    answers(server, {"POST /v1/checkout/sessions": session(payment, status="open")})

    Stripe().open(payment, return_url=RETURN, notify_url="")

    sent = dict(parse_qsl(server.asked[0].body))
    assert sent["payment_method_types[0]"] == method
    assert sent.get("payment_method_options[wechat_pay][client]") == ("web" if method == "wechat_pay" else None)


@pytest.mark.django_db
def test_the_ways_that_are_offered_are_a_setting(settings: Any) -> None:
    settings.STRIPE_METHODS = ["auto", "wechat_pay", "nothing"]

    assert [code for code, _name in Stripe().methods()] == ["auto", "wechat_pay"]


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "calls"), [(400, 1), (401, 1), (500, 2)])
def test_what_cannot_be_opened_may_be_opened_later(payment: Payment, server: Server, status: int, calls: int) -> None:
    answers(server, {"POST /v1/checkout/sessions": error("amount_too_small")}, status)

    with pytest.raises(ProviderAway):
        Stripe().open(payment, return_url=RETURN, notify_url="")

    assert len(server.asked) == calls
    assert len({asked.headers["Idempotency-Key"] for asked in server.asked}) == 1


@pytest.mark.parametrize(
    ("ours", "currency", "theirs"),
    [(1999, "USD", 1999), (500, "JPY", 500), (500, "ISK", 50_000), (500, "UGX", 50_000), (500, "KRW", 500)],
)
def test_amounts_are_counted_as_stripe_counts_them(ours: int, currency: str, theirs: int) -> None:
    assert _theirs(ours, currency) == theirs
    assert _ours(theirs, currency) == ours


def test_half_a_krona_is_never_the_amount_that_was_asked() -> None:
    assert _ours(50_050, "ISK") is None
    assert [currency for currency in ("USD", "KWD", "JPY", "TND") if Stripe().takes(currency)] == ["USD", "JPY"]


# -- notices -----------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "changes", "status"),
    [
        ("completed", {}, "succeeded"),
        ("async_payment_succeeded", {}, "succeeded"),
        ("completed", {"payment_status": "unpaid"}, "pending"),
        ("async_payment_failed", {"payment_status": "unpaid"}, "failed"),
        ("expired", {"status": "expired", "payment_status": "unpaid"}, "closed"),
    ],
)
def test_a_notice_is_read(payment: Payment, kind: str, changes: dict[str, str], status: str) -> None:
    result = read(event(payment, f"checkout.session.{kind}", **changes))

    assert result is not None
    assert (result.reference, result.status, result.amount, result.currency) == (
        payment.public_id, status, payment.amount, "USD",
    )  # fmt: skip
    assert (result.provider_reference, result.said["payment_intent"]) == ("cs_1", "pi_1")


@pytest.mark.django_db
def test_news_of_something_else_is_none(payment: Payment) -> None:
    for text in (
        event(payment, "payment_intent.created"),
        event(payment, "charge.refunded"),
        event(payment, client_reference_id=None),
    ):
        assert read(text) is None


@pytest.mark.django_db
def test_a_wrong_an_old_or_no_signature_is_refused(payment: Payment) -> None:
    text = event(payment)

    with refused("bad_signature"):
        read(text, secret="whsec_of_somebody_else")
    with refused("bad_signature"):
        read(text, timestamp=1_700_000_000)
    with refused("bad_signature"):
        Stripe().read_notice(f"{text} ".encode(), signed(text))
    for headers in ({}, {"Stripe-Signature": ""}, {"Stripe-Signature": "t=x,v1="}):
        with refused("bad_signature"):
            Stripe().read_notice(text.encode(), headers)


def test_what_is_well_signed_and_no_event_is_refused() -> None:
    for text in ("[]", "{}x", '{"object":"event","type":"checkout.session.completed"}', "1"):
        with refused("bad_notice"):
            read(text)
    with refused("bad_notice"):
        Stripe().read_notice(b"\xff\xfe", {})


# -- asking ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_query_says_the_same_as_the_notice(payment: Payment, server: Server) -> None:
    answers(server, {"GET /v1/checkout/sessions/cs_1": session(payment)})

    result = Stripe().query(payment)

    told = read(event(payment))
    assert told is not None
    assert (result.status, result.amount, result.news) == ("succeeded", payment.amount, told.news)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "open", "payment_status": "unpaid"}, "pending"),
        ({"status": "expired", "payment_status": "unpaid"}, "closed"),
        ({"payment_status": "unpaid", "payment_intent": {"id": "pi_1", "status": "processing"}}, "pending"),
        ({"payment_status": "unpaid", "payment_intent": {"id": "pi_1", "status": "requires_payment_method"}}, "failed"),
    ],
)
def test_a_query_says_how_it_stands(payment: Payment, server: Server, changes: dict[str, Any], status: str) -> None:
    answers(server, {"GET /v1/checkout/sessions/cs_1": session(payment, **changes)})

    assert Stripe().query(payment).status == status


@pytest.mark.django_db
def test_a_session_of_another_payment_says_nothing(payment: Payment, server: Server) -> None:
    answers(server, {"GET /v1/checkout/sessions/cs_1": session(payment, client_reference_id="pay_other")})

    with pytest.raises(ProviderAway):
        Stripe().query(payment)


@pytest.mark.django_db
def test_what_was_never_opened_is_unknown_and_nobody_is_asked(payment: Payment, server: Server) -> None:
    payment.provider_reference = ""

    assert Stripe().query(payment) == Result(payment.public_id, "unknown")
    Stripe().close(payment)
    assert server.asked == []


@pytest.mark.django_db
@pytest.mark.parametrize("status", [200, 400])
def test_closing_ends_the_session_and_one_that_is_over_is_no_error(
    payment: Payment, server: Server, status: int
) -> None:
    said = session(payment, status="expired") if status == 200 else error("resource_missing")
    answers(server, {"POST /v1/checkout/sessions/cs_1/expire": said}, status)

    Stripe().close(payment)

    assert len(server.asked) == 1


# -- giving back -------------------------------------------------------------------------------------


def made(refund: Refund, status: str = "succeeded", **changes: Any) -> dict[str, Any]:
    said = {"id": "re_1", "object": "refund", "status": status, "metadata": {"refund": refund.public_id}}
    return said | changes


def books(server: Server, refund: Refund, before: list[dict[str, Any]], **changes: Any) -> Server:
    return answers(server, {
        "GET /v1/checkout/sessions/cs_1": session(refund.payment),
        "GET /v1/refunds": {"object": "list", "data": before, "has_more": False, "url": "/v1/refunds"},
        "POST /v1/refunds": made(refund, **changes),
    })  # fmt: skip


@pytest.mark.django_db
def test_a_refund_is_made_under_its_number(refund: Refund, server: Server) -> None:
    books(server, refund, [])

    assert Stripe().refund(refund) == RefundResult("succeeded", "re_1")

    asked = server.asked[-1]
    assert asked.headers["Idempotency-Key"] == refund.public_id
    assert dict(parse_qsl(asked.body)) == {
        "payment_intent": "pi_1", "amount": "4104", "metadata[refund]": refund.public_id,
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["succeeded", "pending"])
def test_what_was_given_back_before_is_not_given_back_again(refund: Refund, server: Server, status: str) -> None:
    books(server, refund, [made(refund, status, id="re_0")])

    answer = Stripe().refund(refund)

    assert (answer.status, answer.provider_reference) == (status, "re_0")
    assert [asked.method for asked in server.asked] == ["GET", "GET"]


@pytest.mark.django_db
def test_another_refund_of_the_same_payment_is_another(refund: Refund, server: Server) -> None:
    books(server, refund, [made(refund, id="re_0", metadata={"refund": "rfd_other"})])

    assert Stripe().refund(refund).provider_reference == "re_1"


@pytest.mark.django_db
def test_a_refund_that_failed_is_made_anew_when_a_person_asks_for_it(refund: Refund, server: Server) -> None:
    books(server, refund, [made(refund, "failed", id="re_0", failure_reason="lost_or_stolen_card")])

    refund.attempts = 2
    assert Stripe().refund(refund) == RefundResult("failed", "re_0", "lost_or_stolen_card")
    assert [asked.method for asked in server.asked] == ["GET", "GET"]
    refund.attempts = 1
    assert Stripe().refund(refund).status == "succeeded"
    assert server.asked[-1].headers["Idempotency-Key"] == f"{refund.public_id}-1"


@pytest.mark.django_db
def test_a_refund_that_stripe_refuses_has_failed(refund: Refund, server: Server) -> None:
    def answer(asked: Asked) -> tuple[int, str]:
        if asked.method == "POST":
            return 400, json.dumps(error("charge_already_refunded"))
        if "refunds" in asked.path:
            return 200, json.dumps({"object": "list", "data": [], "has_more": False, "url": "/v1/refunds"})
        return 200, json.dumps(session(refund.payment))

    server.answer = answer

    assert Stripe().refund(refund) == RefundResult("failed", problem="charge_already_refunded")


@pytest.mark.django_db
def test_asking_how_a_refund_stands_gives_nothing_back(refund: Refund, server: Server) -> None:
    books(server, refund, [])
    assert Stripe().query_refund(refund) == RefundResult("pending", problem="no such refund")

    books(server, refund, [made(refund)])
    assert Stripe().query_refund(refund) == RefundResult("succeeded", "re_1")
    assert {asked.method for asked in server.asked} == {"GET"}
