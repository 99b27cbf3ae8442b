"""A licence's royalty account: its agreement, and the lock under which everything that it owes is changed."""

from typing import Any

from core.errors import Refused
from licensing.models import Licence, RoyaltyTerms
from licensing.royalties.read_agreement import read_agreement
from licensing.royalties.terms import Agreement, PeriodKind


def lock_account(licence: Licence) -> RoyaltyTerms:
    """The account, held until the transaction ends. Refuses `royalty_terms_missing`. Take it before any other row of royalties."""
    return _found(RoyaltyTerms.objects.select_for_update(no_key=True, of=("self",)), licence)


def account_of(licence: Licence) -> RoyaltyTerms:
    """The account to read from. Refuses `royalty_terms_missing`."""
    return _found(RoyaltyTerms.objects, licence)


def _found(accounts: Any, licence: Licence) -> RoyaltyTerms:
    account: RoyaltyTerms | None = accounts.select_related("licence").filter(licence=licence).first()
    if account is None:
        raise Refused("royalty_terms_missing", licence=licence.number)
    return account


def full_terms(account: RoyaltyTerms) -> dict[str, Any]:
    """The agreement as the calculation reads it: what the terms leave out, the licence says."""
    licence = account.licence
    said = {
        "id": licence.number,
        "period": PeriodKind.QUARTER.value,
        "zone": licence.time_zone,
        "term": {"from": licence.starts_on.isoformat(), "to": licence.ends_on.isoformat()},
    }
    if account.terms.get("frequency") is not None:  # the terms' other word for their period
        del said["period"]
    return said | {name: value for name, value in account.terms.items() if value is not None}


def agreement_of(account: RoyaltyTerms) -> Agreement:
    """Its agreement, with the exchange rates of its own terms only (`fx.with_table` adds those of the table)."""
    return read_agreement(full_terms(account))
