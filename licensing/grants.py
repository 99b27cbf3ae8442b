"""What a licence gives: its grants, the articles on its schedule, its price floors. Each is written as a whole.

These are steps of the verbs in services.py, which hold the lock and the transaction; every one returns whether it changed
anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from babel.core import get_global

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from core.territories import normalise_country
from licensing.models import EVERY, Category, DistributionChannel, Grant, Licence, PriceFloor, ScheduleLine


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """One grant as it is asked for: category × territory × channel. No category: every one."""

    category: Category | None
    countries: Sequence[str]
    channels: Sequence[str] = (EVERY,)
    excluded_countries: Sequence[str] = field(default=())


def write_grants(licence: Licence, grants: Iterable[GrantTerms], *, by: User | None) -> bool:
    """Refuses `unknown_country`, `unknown_channel` and `grant_empty`."""
    wanted = [_checked(terms) for terms in grants]
    old = [_as_data(grant) for grant in licence.grants.select_related("category").order_by("id")]
    new = [_as_data(Grant(licence=licence, **terms)) for terms in wanted]
    if new == old:
        return False
    licence.grants.all().delete()
    Grant.objects.bulk_create(Grant(licence=licence, **terms) for terms in wanted)
    record("licence.grants_set", licence, by=by, grants=[old, new])
    return True


def write_schedule(licence: Licence, skus: Iterable[str], *, by: User | None) -> bool:
    wanted = {sku.strip() for sku in skus} - {""}
    old = set(licence.schedule.values_list("sku", flat=True))
    if wanted == old:
        return False
    licence.schedule.exclude(sku__in=wanted).delete()
    ScheduleLine.objects.bulk_create(ScheduleLine(licence=licence, sku=sku) for sku in sorted(wanted - old))
    record("licence.schedule_set", licence, by=by, added=sorted(wanted - old), removed=sorted(old - wanted))
    return True


def write_floors(licence: Licence, floors: Mapping[str, int], *, by: User | None) -> bool:
    """`floors`: minor units by currency. Refuses `unknown_currency` and `price_not_positive`."""
    for currency, amount in floors.items():
        if currency not in get_global("all_currencies"):
            raise Refused("unknown_currency", currency=currency)
        if amount <= 0:
            raise Refused("price_not_positive")
    old = dict(licence.price_floors.order_by("currency").values_list("currency", "amount"))
    new = dict(sorted(floors.items()))
    if new == old:
        return False
    licence.price_floors.all().delete()
    PriceFloor.objects.bulk_create(PriceFloor(licence=licence, currency=c, amount=a) for c, a in new.items())
    record("licence.floors_set", licence, by=by, floors=[old, new])
    return True


def _checked(terms: GrantTerms) -> dict[str, Any]:
    countries = _countries(terms.countries)
    channels = list(dict.fromkeys(terms.channels))
    for channel in channels:
        if channel != EVERY and channel not in DistributionChannel.values:
            raise Refused("unknown_channel", channel=channel)
    if not countries or not channels:
        raise Refused("grant_empty")
    return {
        "category": terms.category,
        "countries": countries,
        "excluded_countries": _countries(terms.excluded_countries),
        "channels": [EVERY] if EVERY in channels else channels,
    }


def _countries(codes: Sequence[str]) -> list[str]:
    """Normalised, each once, in the order they came; the world swallows the rest."""
    if EVERY in codes:
        return [EVERY]
    return list(dict.fromkeys(normalise_country(code) for code in codes))


def _as_data(grant: Grant) -> dict[str, Any]:
    return {
        "category": grant.category.code if grant.category else None,
        "countries": grant.countries,
        "excluded_countries": grant.excluded_countries,
        "channels": grant.channels,
    }
