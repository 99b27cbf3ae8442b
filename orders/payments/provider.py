"""What every payment provider can do for the shop: one interface, whatever stands behind it.

`Payment.public_id` is the shop's number of a payment, `Refund.public_id` that of a refund; both stay the same however often they
are sent. Amounts are minor units of the payment's currency. No method is called inside a transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from orders.models import Payment, Refund


class ProviderAway(OSError):
    """No answer, or none that can be read: nothing is known, and it may be asked again."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Where to pay: an address to go to, a text to show as QR code, or both."""

    pay_url: str = ""
    qr_text: str = ""
    provider_reference: str = ""


@dataclass(frozen=True, slots=True)
class RefundResult:
    """`status`: succeeded (also when it had been given back before), pending, failed."""

    status: str
    provider_reference: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a provider says of one payment. `reference` is our number, `amount` in minor units of `currency`, `key` the
    provider's name for this piece of news; `said` is kept for whoever looks, so it holds no secret."""

    reference: str
    status: str
    amount: int | None = None
    currency: str = ""
    provider_reference: str = ""
    key: str = ""
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def news(self) -> str:
        """The same for the same news, however it came."""
        return f"{self.reference}:{self.status}:{self.amount}:{self.key or self.provider_reference}"[:120]


class Provider(Protocol):
    code: str
    #: What a notice is answered with, so that the provider does not send it again.
    notice_answer: bytes

    def name(self) -> str:
        """In the reader's language."""

    def methods(self) -> list[tuple[str, str]]:
        """Codes of the ways to pay, and their names in the reader's language. The first is the usual one."""

    def takes(self, currency: str) -> bool:
        """Whether it can be paid in this currency."""

    def open(self, payment: Payment, *, return_url: str, notify_url: str) -> Opened:
        """Make it payable. The same payment again gives the same. Raises ProviderAway."""

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Result | None:
        """What a message says, once its signature is good; None for news of something else than a payment. Refuses
        `bad_signature` and `bad_notice`."""

    def query(self, payment: Payment) -> Result:
        """How the payment stands. Raises ProviderAway."""

    def close(self, payment: Payment) -> None:
        """Nobody can pay it any more. Of one that is paid or unknown nothing changes. Raises ProviderAway."""

    def refund(self, refund: Refund) -> RefundResult:
        """Give back under the refund's number. Raises ProviderAway."""

    def query_refund(self, refund: Refund) -> RefundResult:
        """How the refund of this number stands; pending also where there is none yet. Gives back nothing. Raises ProviderAway."""
