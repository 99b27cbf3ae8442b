"""Alipay: a QR code to scan (`qr`) or its page on the phone (`wap`), signed with RSA2 on both sides.

https://opendocs.alipay.com/open/270/105898. Amounts are yuan with two decimals, clocks say Shanghai's time. What Alipay answers is
believed once its signature over the exact text is good.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

import urllib3
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Refused
from core.money import Money
from orders.models import Payment, Refund
from orders.payments import rsa2
from orders.payments.provider import Opened, ProviderAway, RefundResult, Result

CURRENCY = "CNY"
STATUS = {
    "WAIT_BUYER_PAY": "pending",
    "TRADE_SUCCESS": "succeeded",
    # As paid, only too long ago to be given back by this way.
    "TRADE_FINISHED": "succeeded",
    "TRADE_CLOSED": "closed",
}
#: What goes into the books of what was said. Neither the buyer's account nor a signature is in it.
KEPT = (
    "trade_no",
    "trade_status",
    "total_amount",
    "notify_id",
    "notify_type",
    "gmt_payment",
    "refund_fee",
    "out_biz_no",
)
TIMEOUT = urllib3.Timeout(connect=3, read=10)
#: No answer is longer.
LARGEST = 256 * 1024
#: Its own trouble: nothing is known of what was asked.
_ITS_TROUBLE = ("ACQ.SYSTEM_ERROR", "isp.", "aop.")
_SHANGHAI = ZoneInfo("Asia/Shanghai")
# Connections stay open between calls; none is shared with a process that was forked off later.
_POOL = urllib3.PoolManager(timeout=TIMEOUT, retries=False, maxsize=4)


class Failed(Exception):
    """Alipay understood, and says no. `code` is its own word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Alipay:
    code = "alipay"
    notice_answer = b"success"

    def name(self) -> str:
        return _("Alipay")

    def methods(self) -> list[tuple[str, str]]:
        return [("wap", _("Open Alipay on this phone")), ("qr", _("Scan a code with Alipay"))]

    def takes(self, currency: str) -> bool:
        return currency == CURRENCY

    def open(self, payment: Payment, *, return_url: str, notify_url: str) -> Opened:
        order = payment.order
        trade = {
            "out_trade_no": payment.public_id,
            "total_amount": str(Money(payment.amount, payment.currency)),
            "subject": f"merchstore {order.number}",
            "time_expire": _clock(order.expires_at),
        }
        if payment.method == "qr":
            try:
                answer = ask("alipay.trade.precreate", trade, notify_url=notify_url)
            except Failed as failure:
                # ACQ.TRADE_HAS_SUCCESS among them: asked about, it says so.
                raise ProviderAway(failure.code) from None
            return Opened(qr_text=str(answer.get("qr_code", "")))
        # Nothing is sent: the phone takes it along. Alipay knows of the trade once somebody has come.
        trade |= {"product_code": "QUICK_WAP_WAY", "quit_url": return_url}
        params = signed("alipay.trade.wap.pay", trade, return_url=return_url, notify_url=notify_url)
        return Opened(pay_url=f"{settings.ALIPAY_GATEWAY}?{urlencode(params)}")

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Result:
        try:
            said = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        except ValueError:
            raise Refused("bad_notice") from None
        signature, key = said.get("sign", ""), _public()
        # Its documents say that all it sent is signed, and elsewhere that empty values never are.
        every = "&".join(f"{name}={said[name]}" for name in sorted(said) if name not in rsa2.OF_NOTICE)
        if not any(rsa2.is_signed(text, signature, key) for text in {every, rsa2.signed_text(said, rsa2.OF_NOTICE)}):
            raise Refused("bad_signature")
        # A good signature of Alipay's, and yet not for this shop: another app's notice, sent on to us.
        seller = settings.ALIPAY_SELLER_ID
        if said.get("app_id") != settings.ALIPAY_APP_ID or (seller and said.get("seller_id") != seller):
            raise Refused("bad_notice")
        return _result(said, said.get("out_trade_no", ""))

    def query(self, payment: Payment) -> Result:
        try:
            answer = ask("alipay.trade.query", {"out_trade_no": payment.public_id})
        except Failed as failure:
            if failure.code == "ACQ.TRADE_NOT_EXIST":
                return Result(payment.public_id, "unknown")
            raise ProviderAway(failure.code) from None
        if answer.get("out_trade_no") != payment.public_id:
            raise ProviderAway("another trade")
        return _result(answer, payment.public_id)

    def close(self, payment: Payment) -> None:
        try:
            ask("alipay.trade.close", {"out_trade_no": payment.public_id})
        except Failed:
            return  # paid, closed, or never begun: whoever asks is told

    def refund(self, refund: Refund) -> RefundResult:
        """Its number makes it one: asked again, Alipay says that nothing new moved (fund_change=N), and then the refund itself
        is asked about, for that is also what it says of one that is under way."""
        amount = str(Money(refund.amount, refund.payment.currency))
        try:
            answer = ask(
                "alipay.trade.refund",
                {
                    "out_trade_no": refund.payment.public_id,
                    "out_request_no": refund.public_id,
                    "refund_amount": amount,
                    "refund_reason": refund.get_reason_display(),
                },
            )
        except Failed as failure:
            return RefundResult("failed", problem=failure.code)
        if answer.get("fund_change") == "Y":
            return RefundResult("succeeded", str(answer.get("trade_no", "")))
        return self.query_refund(refund)

    def query_refund(self, refund: Refund) -> RefundResult:
        try:
            answer = ask(
                "alipay.trade.fastpay.refund.query",
                {"out_trade_no": refund.payment.public_id, "out_request_no": refund.public_id},
            )
        except Failed as failure:
            return RefundResult("pending", problem=failure.code)
        # An answer without a single word of the refund is how it says that there is none.
        amount = answer.get("refund_amount")
        is_made = amount is not None and answer.get("refund_status", "REFUND_SUCCESS") == "REFUND_SUCCESS"
        if is_made and Money.parse(str(amount), CURRENCY).amount == refund.amount:
            return RefundResult("succeeded", str(answer.get("trade_no", "")))
        return RefundResult("pending", problem=str(answer.get("refund_status", "no such refund")))


def signed(method: str, content: Mapping[str, str], **addresses: str) -> dict[str, str]:
    """A call with everything it needs, signed."""
    params = {
        "app_id": settings.ALIPAY_APP_ID,
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": _clock(timezone.now()),
        "version": "1.0",
        "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        **{name: address for name, address in addresses.items() if address},
    }
    return params | {"sign": rsa2.sign(rsa2.signed_text(params), _private())}


def ask(method: str, content: Mapping[str, str], **addresses: str) -> dict[str, Any]:
    """What Alipay answers, its signature checked. Raises Failed for its no, ProviderAway for anything that says nothing."""
    params = signed(method, content, **addresses)
    try:
        response = _POOL.request(
            "POST",
            f"{settings.ALIPAY_GATEWAY}?charset=utf-8",
            body=urlencode(params),
            headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
            redirect=False,
            preload_content=False,
        )
        text = response.read(LARGEST + 1, decode_content=True)
    except (urllib3.exceptions.HTTPError, OSError) as trouble:
        raise ProviderAway(type(trouble).__name__) from None
    if response.status != 200 or len(text) > LARGEST:
        # What is left of it would be taken for the answer to the next call.
        response.close()
        raise ProviderAway(f"HTTP {response.status}")
    response.release_conn()
    return _believed(text, f"{method.replace('.', '_')}_response")


def _believed(body: bytes, node: str) -> dict[str, Any]:
    try:
        text = body.decode()
        whole = json.loads(text)
        # The signature is over the answer's own letters, not over what they mean.
        begin = text.index("{", text.index(f'"{node}"')) if node in whole else -1
        answer, end = json.JSONDecoder().raw_decode(text, begin) if begin >= 0 else (None, 0)
    except (ValueError, TypeError):
        raise ProviderAway("not readable") from None
    if answer is None or answer != whole[node]:
        # Without a signature it is about the call itself: an app that is not known, a key that does not fit.
        error = whole.get("error_response") if isinstance(whole, dict) else None
        raise ProviderAway(str(error.get("sub_code", "")) if isinstance(error, dict) else "not readable")
    if not rsa2.is_signed(text[begin:end], str(whole.get("sign", "")), _public()):
        raise ProviderAway(str(answer.get("sub_code", "")) or "bad signature")
    if answer.get("code") == "10000":
        return dict(answer)
    code = str(answer.get("sub_code", answer.get("code", "")))
    if answer.get("code") != "40004" or code.startswith(_ITS_TROUBLE):
        raise ProviderAway(code)
    raise Failed(code)


def _result(said: Mapping[str, Any], reference: str) -> Result:
    try:
        amount = Money.parse(str(said["total_amount"]), CURRENCY).amount
        return Result(
            reference=reference,
            status=STATUS.get(said["trade_status"], "unknown"),
            amount=amount,
            currency=CURRENCY,
            provider_reference=said["trade_no"],
            # Paid is paid, by whichever of its two words and however often it says so.
            key=said["trade_no"],
            said={name: said[name] for name in KEPT if name in said},
        )
    except (KeyError, Refused):
        raise Refused("bad_notice") from None


def _clock(at: datetime) -> str:
    return f"{at.astimezone(_SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _private() -> RSAPrivateKey:
    return _read_private(settings.ALIPAY_PRIVATE_KEY)


def _public() -> RSAPublicKey:
    return _read_public(settings.ALIPAY_PUBLIC_KEY)


_read_private = lru_cache(maxsize=4)(rsa2.private_key)
_read_public = lru_cache(maxsize=4)(rsa2.public_key)
