"""The sandbox: a cashier of the shop's own, that signs as Alipay signs and keeps its own books.

Nobody's money moves. Everything a real provider does to a shop can be tried with it: it pays, refuses, pays late, twice or a wrong
sum, or signs wrongly (merchstore/storefront/cashier.py is its page).
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Refused
from core.money import Money
from orders.models import Payment, Refund, SandboxTrade
from orders.payments import rsa2
from orders.payments.provider import Opened, RefundResult, Result

#: How its books call things, and what the shop understands.
STATUS = {
    "WAIT_BUYER_PAY": "pending",
    "TRADE_SUCCESS": "succeeded",
    "TRADE_REFUSED": "failed",
    "TRADE_CLOSED": "closed",
}
#: A trade that can be paid.
OPEN = ("WAIT_BUYER_PAY", "TRADE_REFUSED")


class Sandbox:
    code = "sandbox"
    notice_answer = b"success"

    def name(self) -> str:
        return _("Sandbox cashier")

    def methods(self) -> list[tuple[str, str]]:
        return [("wap", _("Pay with the phone (nothing is charged)"))]

    def takes(self, currency: str) -> bool:
        return True

    def open(self, payment: Payment, *, return_url: str, notify_url: str) -> Opened:
        trade, _is_new = SandboxTrade.objects.get_or_create(
            reference=payment.public_id,
            defaults={
                "trade": f"sbx{secrets.token_hex(12)}", "subject": f"merchstore {payment.order.number}",
                "currency": payment.currency, "amount": payment.amount, "return_url": return_url[:500],
                "state": "WAIT_BUYER_PAY", "created_at": timezone.now(),
            },
        )  # fmt: skip
        address = f"{settings.SITE_URL}/cashier/{trade.trade}/"
        return Opened(pay_url=address, qr_text=address, provider_reference=trade.trade)

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Result:
        try:
            said = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        except ValueError:
            raise Refused("bad_notice") from None
        if not rsa2.is_signed(rsa2.signed_text(said, rsa2.OF_NOTICE), said.get("sign", ""), _key().public_key()):
            raise Refused("bad_signature")
        try:
            return Result(
                reference=said["out_trade_no"], status=STATUS.get(said["trade_status"], "unknown"),
                amount=Money.parse(said["total_amount"], said["currency"]).amount, currency=said["currency"],
                provider_reference=said["trade_no"], key=said["trade_no"],
                said={name: said[name] for name in ("trade_no", "trade_status", "total_amount", "notify_id")},
            )  # fmt: skip
        except (KeyError, Refused):
            raise Refused("bad_notice") from None

    def query(self, payment: Payment) -> Result:
        trade = SandboxTrade.objects.filter(reference=payment.public_id).first()
        if trade is None:
            return Result(payment.public_id, "unknown")
        status = STATUS[trade.state]
        amount = trade.paid_amount if status == "succeeded" else trade.amount
        return Result(
            payment.public_id, status, amount, trade.currency, trade.trade, trade.trade, {"trade_status": trade.state}
        )

    def close(self, payment: Payment) -> None:
        """But for one whose bank is at work on it: as with any other cashier, that money may still come."""
        waiting = SandboxTrade.objects.filter(reference=payment.public_id, state__in=OPEN, notify_at=None)
        waiting.update(state="TRADE_CLOSED")

    @transaction.atomic
    def refund(self, refund: Refund) -> RefundResult:
        trade = SandboxTrade.objects.select_for_update().filter(reference=refund.payment.public_id).first()
        if trade is None or trade.state != "TRADE_SUCCESS":
            return RefundResult("failed", problem="TRADE_NOT_EXIST")
        given: dict[str, int] = trade.refunds
        if refund.public_id not in given:
            if sum(given.values()) + refund.amount > trade.paid_amount:
                return RefundResult("failed", problem="REFUND_AMT_NOT_EQUAL_TOTAL")
            given[refund.public_id] = refund.amount
            trade.save(update_fields=["refunds"])
        return RefundResult("succeeded", trade.trade)

    def query_refund(self, refund: Refund) -> RefundResult:
        trade = SandboxTrade.objects.filter(reference=refund.payment.public_id).first()
        if trade is None or trade.refunds.get(refund.public_id) != refund.amount:
            return RefundResult("pending", problem="no such refund")
        return RefundResult("succeeded", trade.trade)


# -- the cashier's side ------------------------------------------------------------------------------


def trade_named(name: str) -> SandboxTrade | None:
    return SandboxTrade.objects.filter(trade=name).first()


def pay(trade: SandboxTrade, *, amount: int | None = None, at: datetime) -> bool:
    """Somebody pays `amount` (default: what is asked). False when it was paid or closed before."""
    paid = trade.amount if amount is None else amount
    waiting = SandboxTrade.objects.filter(pk=trade.pk, state__in=OPEN)
    is_paid = waiting.update(state="TRADE_SUCCESS", paid_amount=F("paid_amount") + paid, paid_at=at) == 1
    trade.refresh_from_db()
    return is_paid


def refuse(trade: SandboxTrade) -> None:
    """The bank says no; it may be tried again."""
    SandboxTrade.objects.filter(pk=trade.pk, state="WAIT_BUYER_PAY").update(state="TRADE_REFUSED")
    trade.refresh_from_db()


def pay_again(trade: SandboxTrade, *, at: datetime) -> bytes:
    """Somebody pays what was paid already, under another number of the cashier's; the notice of it."""
    SandboxTrade.objects.filter(pk=trade.pk).update(paid_amount=F("paid_amount") + trade.amount)
    trade.refresh_from_db()
    return notice(trade, amount=trade.amount, number=f"{trade.trade}-2", at=at)


def put_off(trade: SandboxTrade, *, until: datetime) -> None:
    """The notice goes out later; where nothing is paid yet, the money comes only then."""
    SandboxTrade.objects.filter(pk=trade.pk).update(notify_at=until)
    trade.refresh_from_db()


def too_late(trade: SandboxTrade, *, at: datetime) -> datetime:
    """When the shop no longer holds what the trade is for."""
    held = timedelta(minutes=settings.PAY_MINUTES, seconds=settings.PAY_GRACE_SECONDS)
    return max(trade.created_at + held, at) + timedelta(seconds=30)


def due_notices(*, at: datetime) -> list[bytes]:
    """The notices that were put off until now, each once; whoever is killed with one in hand has lost it, as notices get lost."""
    bodies = []
    for trade in SandboxTrade.objects.filter(notify_at__lte=at).order_by("notify_at", "pk"):
        if SandboxTrade.objects.filter(pk=trade.pk, notify_at=trade.notify_at).update(notify_at=None):
            pay(trade, at=at)
            bodies.append(notice(trade, at=at))
    return bodies


def notice(trade: SandboxTrade, *, amount: int | None = None, number: str = "", at: datetime) -> bytes:
    """The signed message that tells the shop how the trade stands."""
    if amount is None:
        amount = trade.paid_amount if trade.state == "TRADE_SUCCESS" else trade.amount
    said = {
        "app_id": "sandbox", "notify_id": secrets.token_hex(16), "notify_time": f"{at:%Y-%m-%d %H:%M:%S}",
        "out_trade_no": trade.reference, "trade_no": number or trade.trade, "trade_status": trade.state,
        "total_amount": str(Money(amount, trade.currency)), "currency": trade.currency, "sign_type": "RSA2",
    }  # fmt: skip
    said["sign"] = rsa2.sign(rsa2.signed_text(said, rsa2.OF_NOTICE), _key())
    return urlencode(said).encode()


@lru_cache(maxsize=4)
def _read(text: str) -> RSAPrivateKey:
    return rsa2.private_key(text)


def _key() -> RSAPrivateKey:
    return _read(settings.SANDBOX_PRIVATE_KEY)
