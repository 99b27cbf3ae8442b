"""Double entry: whatever one account receives, others give. An entry is written once and never changed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from core.money import minor_digits
from licensing.models import Adjustment, Journal, Licence, Posting, RoyaltyPayment, SaleLine, Statement

Account = Posting.Account
Kind = Journal.Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, and what each account receives (above zero) or gives of one currency, in minor units."""

    kind: Kind
    currency: str
    amounts: Sequence[tuple[Account, int]]
    line: SaleLine | None = None
    statement: Statement | None = None
    payment: RoyaltyPayment | None = None
    adjustment: Adjustment | None = None
    postings: tuple[tuple[Account, int], ...] = field(init=False)

    def __post_init__(self) -> None:
        sums: dict[Account, int] = defaultdict(int)
        for account, amount in self.amounts:
            sums[account] += amount
        if sum(sums.values()) != 0:
            raise ValueError(f"an entry has to add up to nothing: {self.amounts}")
        object.__setattr__(self, "postings", tuple((account, amount) for account, amount in sums.items() if amount))


def write(licence: Licence, entries: Iterable[Entry], *, at: datetime) -> list[Journal]:
    """Write these entries. One without a single posting is left out: nothing happened."""
    kept = [entry for entry in entries if entry.postings]
    journals = Journal.objects.bulk_create(
        Journal(
            licence=licence, kind=entry.kind, at=at, line=entry.line, statement=entry.statement, payment=entry.payment,
            adjustment=entry.adjustment,
        )
        for entry in kept
    )  # fmt: skip
    Posting.objects.bulk_create(
        Posting(journal=journal, account=account, currency=entry.currency, amount=amount)
        for journal, entry in zip(journals, kept, strict=True)
        for account, amount in entry.postings
    )
    return journals


def major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-minor_digits(currency))
