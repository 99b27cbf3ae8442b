"""What a licence would owe under other terms: the same lines through the same calculation, nothing kept."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from core.errors import Refused
from licensing.ledger.account import account_of
from licensing.ledger.reading import plain
from licensing.ledger.statements import make
from licensing.models import Licence, Statement
from licensing.royalties import values
from licensing.royalties.results import Statement as Calculated


@dataclass(frozen=True, slots=True)
class Compared:
    """One period: what it is asked for as it stands, and what it would be. Minor units of the agreement's currency."""

    period: str
    payable: int
    would_be: int
    earned: int
    would_earn: int


@transaction.atomic
def what_if(licence: Licence, terms: dict[str, Any]) -> list[Compared]:
    """Every period of the licence under `terms`, from its first line on, closed ones too. Writes nothing.

    Refuses what the agreement's reader and the calculation refuse, and `terms_fixed` for another currency: amounts of two
    currencies are not compared. Costs one reading of all its lines.
    """
    account = account_of(licence)
    rows = list(Statement.objects.filter(licence=licence, computed_at__isnull=False).order_by("number"))
    account.terms = plain(terms)
    if not rows:
        return []
    for row in rows:
        # In memory alone: as if nothing had been closed under the terms of then.
        row.state = Statement.State.OPEN
    made = make(account, rows).statements
    if made[0].currency != rows[0].currency:
        raise Refused("terms_fixed", path="agreement.currency", fields="currency")
    return [_compared(row, calculated) for row, calculated in zip(rows, made, strict=True)]


def _compared(row: Statement, calculated: Calculated) -> Compared:
    return Compared(
        period=row.period,
        payable=row.payable,
        would_be=calculated.payable,
        earned=values.minor(row.figures["earned"], "earned", row.currency, is_signed=True),
        would_earn=calculated.earned,
    )
