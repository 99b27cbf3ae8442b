"""Money of sandboxes: whatever is asked of it has happened. No form offers it, and no real order is paid with it."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from core.errors import Refused
from orders.models import Payment, Refund
from orders.payments.provider import Opened, RefundResult, Result


class Pretend:
    code = "pretend"
    notice_answer = b"success"

    def name(self) -> str:
        return _("Pretend money")

    def methods(self) -> list[tuple[str, str]]:
        return [("", self.name())]

    def takes(self, currency: str) -> bool:
        return False

    def open(self, payment: Payment, *, return_url: str, notify_url: str) -> Opened:
        return Opened(provider_reference=payment.public_id)

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Result | None:
        raise Refused("bad_notice")

    def query(self, payment: Payment) -> Result:
        return Result(payment.public_id, "succeeded", payment.amount, payment.currency, payment.public_id)

    def close(self, payment: Payment) -> None:
        """There is nothing to close."""

    def refund(self, refund: Refund) -> RefundResult:
        return RefundResult("succeeded", refund.public_id)

    def query_refund(self, refund: Refund) -> RefundResult:
        return RefundResult("succeeded", refund.public_id)
