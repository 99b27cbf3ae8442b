"""Stripe: its own cashier (a Checkout Session) for cards, wallets, and whatever else the account has switched on.

https://docs.stripe.com/payments/checkout. The session is what stands for a payment here, from its beginning to its refunds; our
number is its `client_reference_id`. The SDK speaks, with one retry and its time-outs cut short.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import Refused
from core.money import minor_digits
from orders.models import Payment, Refund
from orders.payments.provider import Opened, ProviderAway, RefundResult, Result

#: Sent with every call and expected of every notice, whatever version the account is set to.
VERSION = "2026-10-28.endive"
#: Seconds until it is connected, and until it answers.
TIMEOUT = (3, 12)
#: https://docs.stripe.com/currencies: those without decimals. Two that have none by ISO 4217 have two there (ISK, UGX).
_NO_DECIMALS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
#: Its amounts in these have to end in 0, and prices here do not know that.
_NOT_TAKEN = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_REFUNDS = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}


class Stripe:
    code = "stripe"
    notice_answer = b"received"

    def name(self) -> str:
        return _("Card or wallet")

    def methods(self) -> list[tuple[str, str]]:
        """`auto`: whatever the account has switched on and the buyer's device can do; the others have to be named."""
        names = {"auto": _("Card, Apple Pay, Google Pay"), "alipay": _("Alipay"), "wechat_pay": _("WeChat Pay")}
        return [(code, names[code]) for code in settings.STRIPE_METHODS if code in names]

    def takes(self, currency: str) -> bool:
        return currency not in _NOT_TAKEN

    def open(self, payment: Payment, *, return_url: str, notify_url: str) -> Opened:
        """Notices go where the account says; the same payment again gives the same session, by its number."""
        order = payment.order
        item = {
            "currency": payment.currency.lower(),
            "unit_amount": _theirs(payment.amount, payment.currency),
            "product_data": {"name": f"merchstore {order.number}"},
        }
        params: dict[str, Any] = {
            "mode": "payment",
            "client_reference_id": payment.public_id,
            "line_items": [{"price_data": item, "quantity": 1}],
            "success_url": return_url,
            "cancel_url": return_url,
            "customer_email": order.email,
            "locale": "zh" if order.language.startswith("zh") else "en",
            "metadata": {"payment": payment.public_id},
            "payment_intent_data": {"metadata": {"payment": payment.public_id}},
        }
        if payment.method in ("alipay", "wechat_pay"):
            params["payment_method_types"] = [payment.method]
        if payment.method == "wechat_pay":
            params["payment_method_options"] = {"wechat_pay": {"client": "web"}}
        try:
            with _answering():
                session = _client().v1.checkout.sessions.create(params, _once(payment.public_id))  # type: ignore[arg-type]
        except Failed as failure:
            raise ProviderAway(str(failure)) from None
        return Opened(pay_url=session.url or "", provider_reference=session.id)

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Result | None:
        try:
            text = body.decode()
            event = stripe.Webhook.construct_event(
                text, headers.get("Stripe-Signature", ""), settings.STRIPE_WEBHOOK_SECRET
            ).to_dict()
        except stripe.SignatureVerificationError:
            raise Refused("bad_signature") from None
        except (ValueError, AttributeError, TypeError):
            raise Refused("bad_notice") from None
        kind = str(event.get("type", ""))
        try:
            session = event["data"]["object"]
            if not kind.startswith("checkout.session.") or not session.get("client_reference_id"):
                return None
            has_failed = kind == "checkout.session.async_payment_failed"
            return _result(session, "failed" if has_failed else _status(session), event.get("id", ""))
        except (KeyError, AttributeError, TypeError):
            raise Refused("bad_notice") from None

    def query(self, payment: Payment) -> Result:
        if not payment.provider_reference:
            return Result(payment.public_id, "unknown")
        session = _session(payment)
        if session.get("client_reference_id") != payment.public_id:
            raise ProviderAway("another session")
        return _result(session, _status(session), "")

    def close(self, payment: Payment) -> None:
        if not payment.provider_reference:
            return
        try:
            with _answering():
                _client().v1.checkout.sessions.expire(payment.provider_reference)
        except Failed:
            return  # paid or over: whoever asks is told

    def refund(self, refund: Refund) -> RefundResult:
        """Looked for first: Stripe keeps an idempotency key for a day, and a worker may come back later than that."""
        try:
            intent = _intent(refund.payment)
            made = _made(intent, refund)
            if made and (_state(made[0]) != "failed" or refund.attempts > 1):
                return _refund_result(made[0])
            # What failed moved nothing. A person who asks for it again gets another one, under a key of its own.
            key = refund.public_id + (f"-{len(made)}" if made else "")
            params = {
                "payment_intent": intent,
                "amount": _theirs(refund.amount, refund.payment.currency),
                "metadata": {"refund": refund.public_id},
            }
            with _answering():
                return _refund_result(_client().v1.refunds.create(params, _once(key)).to_dict())  # type: ignore[arg-type]
        except Failed as failure:
            return RefundResult("failed", problem=str(failure))

    def query_refund(self, refund: Refund) -> RefundResult:
        try:
            made = _made(_intent(refund.payment), refund)
        except Failed as failure:
            return RefundResult("pending", problem=str(failure))
        return _refund_result(made[0]) if made else RefundResult("pending", problem="no such refund")


class Failed(Exception):
    """Stripe understood, and says no."""


def _status(session: Mapping[str, Any]) -> str:
    if session["status"] == "expired":
        return "closed"
    if session["status"] != "complete":
        return "pending"
    if session["payment_status"] in ("paid", "no_payment_required"):
        return "succeeded"
    intent = session.get("payment_intent")
    # Complete and not paid: a bank that takes its time, unless the money's own record says that it said no.
    is_over = isinstance(intent, Mapping) and intent.get("status") in ("requires_payment_method", "canceled")
    return "failed" if is_over else "pending"


def _result(session: Mapping[str, Any], status: str, event: str) -> Result:
    currency = str(session["currency"]).upper()
    intent = session.get("payment_intent")
    return Result(
        reference=session["client_reference_id"],
        status=status,
        amount=_ours(session["amount_total"], currency),
        currency=currency,
        provider_reference=session["id"],
        key=session["id"],
        said={
            "event": event,
            "status": session["status"],
            "payment_status": session["payment_status"],
            "payment_intent": intent.get("id", "") if isinstance(intent, Mapping) else intent or "",
        },
    )


def _session(payment: Payment) -> dict[str, Any]:
    try:
        with _answering():
            found = _client().v1.checkout.sessions.retrieve(payment.provider_reference, {"expand": ["payment_intent"]})
    except Failed as failure:
        raise ProviderAway(str(failure)) from None
    return found.to_dict()


def _intent(payment: Payment) -> str:
    intent = _session(payment).get("payment_intent")
    if not isinstance(intent, Mapping):
        raise Failed("not_paid")
    return str(intent["id"])


def _made(intent: str, refund: Refund) -> list[dict[str, Any]]:
    """What was given back under the refund's number, the newest first."""
    with _answering():
        page = _client().v1.refunds.list({"payment_intent": intent, "limit": 100})
        found = [one.to_dict() for one in page.auto_paging_iter()]
    return [one for one in found if (one.get("metadata") or {}).get("refund") == refund.public_id]


def _state(refund: Mapping[str, Any]) -> str:
    return _REFUNDS.get(str(refund["status"]), "pending")


def _refund_result(refund: Mapping[str, Any]) -> RefundResult:
    state = _state(refund)
    problem = str(refund.get("failure_reason") or refund["status"]) if state != "succeeded" else ""
    return RefundResult(state, str(refund["id"]), problem)


def _their_digits(currency: str) -> int:
    return 0 if currency in _NO_DECIMALS else 2


def _theirs(amount: int, currency: str) -> int:
    """Our minor units as Stripe counts them: ISK 500 is 50000 there. Exact, or not at all."""
    shift = _their_digits(currency) - minor_digits(currency)
    if shift >= 0:
        return int(amount * 10**shift)
    whole, rest = divmod(amount, 10**-shift)
    if rest:
        raise ProviderAway("amount")
    return whole


def _ours(amount: int, currency: str) -> int | None:
    """None for what is no whole number of ours: that is never the amount that was asked."""
    shift = minor_digits(currency) - _their_digits(currency)
    if shift >= 0:
        return int(amount * 10**shift)
    whole, rest = divmod(amount, 10**-shift)
    return None if rest else whole


def _once(key: str) -> Any:
    return {"idempotency_key": key}


@contextmanager
def _answering() -> Iterator[None]:
    """Failed for its no to what was asked; ProviderAway for everything that says nothing, its own troubles and a wrong key too."""
    try:
        yield
    except (stripe.InvalidRequestError, stripe.CardError) as failure:
        raise Failed(failure.code or type(failure).__name__) from None
    except stripe.StripeError as trouble:
        raise ProviderAway(trouble.code or type(trouble).__name__) from None


def _client() -> stripe.StripeClient:
    return _made_once(settings.STRIPE_SECRET_KEY, settings.STRIPE_API)


@lru_cache(maxsize=2)
def _made_once(key: str, address: str) -> stripe.StripeClient:
    # How long its last answer took is nobody's business.
    stripe.enable_telemetry = False
    return stripe.StripeClient(
        key,
        stripe_version=VERSION,
        max_network_retries=1,
        http_client=stripe.RequestsClient(timeout=TIMEOUT),
        base_addresses={"api": address},
    )
