"""What every channel adapter speaks: payloads in, results out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from catalog.models import Market, Product
from catalog.models import ShelfSpan as Span


class Outcome(StrEnum):
    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Payload:
    """A listing as of an instant. `key` is the same for the same content: sending twice is sending once."""

    listing_id: int
    public_id: str
    key: str
    product: Product
    market: Market
    #: What the shelf says; None when the product is not seen there (any more).
    span: Span | None


@dataclass(frozen=True, slots=True)
class Result:
    """What the channel said of one listing. LATER heals by itself: time-outs, 429, 5xx."""

    listing_id: int
    outcome: Outcome
    problem: str = ""


class Unavailable(Exception):
    """The channel cannot be spoken to now. `retry_after` seconds, when it said so."""

    def __init__(self, problem: str, retry_after: float | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.retry_after = retry_after


class Adapter(Protocol):
    def validate(self, payloads: Sequence[Payload], *, at: datetime) -> dict[int, list[str]]:
        """Problems by listing id, as sentences; a listing without any is left out. Sends nothing."""

    def push(self, payloads: Sequence[Payload], *, at: datetime) -> list[Result]:
        """Send; one result per payload. Raises Unavailable when nothing was taken."""

    def withdraw(self, payloads: Sequence[Payload], *, at: datetime) -> list[Result]:
        """Take down; one result per payload."""

    def read_back(self, market: Market, product_ids: Collection[int], *, at: datetime) -> set[int]:
        """Which of these products the channel shows in the market now."""
