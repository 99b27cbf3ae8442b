"""Money that came in, and sums that the studio adds to what is owed or takes off it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from licensing.ledger import journal
from licensing.ledger.account import agreement_of, lock_account
from licensing.ledger.journal import Account, Entry, Kind
from licensing.ledger.periods import OpenPeriods, counted_on, mark_stale
from licensing.ledger.sales import AHEAD
from licensing.ledger.statements import licence_moved
from licensing.models import Adjustment, Licence, RoyaltyPayment
from licensing.royalties import values
from licensing.royalties.groups import the_pool
from licensing.royalties.rounding import money_text

PaymentKind = RoyaltyPayment.Kind
DIMENSIONS = ("property", "category", "territory", "channel", "basis")


@transaction.atomic
def record_payment(
    licence: Licence,
    *,
    amount: int,
    paid_on: date,
    reference: str,
    by: User | None,
    kind: str = PaymentKind.STATEMENT,
    at: datetime | None = None,
) -> RoyaltyPayment:
    """A payment of `amount` minor units of the agreement's currency.

    The same reference counts once: told again as it was it returns the payment that stands, told otherwise it refuses
    `reference_taken`. Refuses `amount_not_positive` and `DATE_TO_COME`.
    """
    at = at or timezone.now()
    account = lock_account(licence)
    agreement = agreement_of(account)
    reference = reference.strip()
    if not reference:
        raise Refused("MISSING_FIELD", path="reference", field="reference")
    if not 0 < amount < 10**15:
        raise Refused("amount_not_positive")
    if paid_on > (at + AHEAD).astimezone(ZoneInfo(agreement.zone)).date():
        raise Refused("DATE_TO_COME", path="paid_on", date=paid_on.isoformat())
    known = RoyaltyPayment.objects.filter(licence=licence, reference=reference).first()
    if known is not None:
        if (known.kind, known.amount, known.paid_on) != (kind, amount, paid_on):
            raise Refused("reference_taken", reference=reference)
        return known
    statement = OpenPeriods(licence, agreement).around(paid_on)
    payment = RoyaltyPayment.objects.create(
        licence=licence, statement=statement, kind=kind, amount=amount, currency=agreement.currency, paid_on=paid_on,
        counted_on=counted_on(statement, paid_on), reference=reference, created_at=at, created_by=by,
    )  # fmt: skip
    received = Account.ADVANCES if kind == PaymentKind.ADVANCE else Account.LICENSEE
    entry = Entry(Kind.PAYMENT, agreement.currency, [(Account.CASH, amount), (received, -amount)], payment=payment)
    journal.write(licence, [entry], at=at)
    mark_stale(licence, since=statement.number)
    told = {"kind": kind, "paid_on": paid_on.isoformat(), "reference": reference}
    record("royalties.payment_recorded", payment, by=by, amount=amount, currency=agreement.currency, **told)
    licence_moved(licence, at=at)
    return payment


@transaction.atomic
def adjust(
    licence: Licence,
    *,
    amount: int,
    reason: str,
    by: User | None,
    dimensions: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> Adjustment:
    """Add `amount` minor units (with its sign) to the royalties of the statement that is open now.

    It never reaches a closed one, and what has been paid is not asked back by it: a negative sum is carried on. Refuses
    `MISSING_FIELD` without a reason, `amount_is_nothing`, `UNKNOWN_FIELD` and `GUARANTEES_OVERLAP`.
    """
    at = at or timezone.now()
    account = lock_account(licence)
    agreement = agreement_of(account)
    if not reason.strip():
        raise Refused("MISSING_FIELD", path="reason", field="reason")
    if not amount or abs(amount) >= 10**15:
        raise Refused("amount_is_nothing")
    said: dict[str, Any] = {name: value for name, value in (dimensions or {}).items() if value}
    values.unknown(said, DIMENSIONS, "")
    statement = OpenPeriods(licence, agreement).first
    named = (said.get(name, "") for name in DIMENSIONS)
    the_pool(agreement, named, statement.first_day)
    adjustment = Adjustment.objects.create(
        licence=licence, statement=statement, amount=amount, currency=agreement.currency, reason=reason.strip(),
        dimensions=said, counted_on=statement.first_day, created_at=at, created_by=by,
    )  # fmt: skip
    accrued = [(Account.ADJUSTMENTS, amount), (Account.ROYALTIES, -amount)]
    journal.write(licence, [Entry(Kind.ADJUSTMENT, agreement.currency, accrued, adjustment=adjustment)], at=at)
    mark_stale(licence, since=statement.number)
    told = money_text(amount, agreement.currency)
    record("royalties.adjusted", adjustment, by=by, amount=told, currency=agreement.currency, reason=reason.strip())
    return adjustment
