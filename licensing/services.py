"""Verbs that write a licence's terms. Its states are in states.py, what belongs to it in modules of their own; all of them
are verbs of this app and may be imported from here."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.clock import known_zone, plausible
from core.errors import Refused
from licensing.approvals.deadlines import known_calendar
from licensing.grants import GrantTerms, write_floors, write_grants, write_schedule
from licensing.locks import facts_changed, lock_film, lock_licence
from licensing.models import Category, Licence
from licensing.overlaps import refuse_overlap
from licensing.states import (
    end_terms,
    execute_licence,
    expire_licence,
    reinstate_licence,
    suspend_licence,
    terminate_licence,
)

__all__ = [
    "AMENDABLE",
    "TERMS",
    "GrantTerms",
    "create_category",
    "create_licence",
    "edit_licence",
    "end_terms",
    "execute_licence",
    "expire_licence",
    "reinstate_licence",
    "set_grants",
    "set_price_floors",
    "set_schedule",
    "suspend_licence",
    "terminate_licence",
]

State = Licence.State

#: What an amendment of an executed licence may move. Who, what and since when, and whether it is exclusive or held to a
#: schedule, is what was signed: other than that needs another licence.
AMENDABLE = frozenset(
    {"ends_on", "grace_days", "sell_off_days", "unit_cap", "legal_line_en", "legal_line_zh"}
    | {"needs_approval", "needs_page_approval", "needs_labels", "silence_rule", "review_days", "calendar"}
)
#: What a draft consists of.
TERMS = AMENDABLE | {"number", "merchant", "film", "starts_on", "time_zone", "is_exclusive", "is_scheduled"}

#: Longer than any licence's; so that no day it leads to is one that calendars cannot count.
_MOST_DAYS = 3_650


@transaction.atomic(durable=True)
def create_category(*, by: User | None, code: str, name_en: str, name_zh: str = "", position: int = 0) -> Category:
    """A new kind of goods that licences can grant. Refuses `slug_taken`."""
    if Category.objects.filter(code=code).exists():
        raise Refused("slug_taken", slug=code)
    category = Category.objects.create(code=code, name_en=name_en, name_zh=name_zh, position=position)
    record("category.created", category, by=by, code=code)
    return category


@transaction.atomic(durable=True)
def create_licence(
    *,
    by: User | None,
    grants: Iterable[GrantTerms] = (),
    schedule: Iterable[str] = (),
    floors: Mapping[str, int] | None = None,
    **terms: Any,
) -> Licence:
    """A draft, with its grants, schedule and price floors (minor units by currency). Refuses `number_taken`, `grant_overlaps`,
    and terms, grants or floors that cannot be."""
    _known_terms(terms)
    if Licence.objects.filter(number=terms["number"]).exists():
        raise Refused("number_taken", number=terms["number"])
    lock_film(terms["film"])
    licence = Licence(**terms)
    _check_terms(licence)
    licence.save()
    record("licence.created", licence, by=by, number=licence.number)
    write_grants(licence, grants, by=by)
    write_schedule(licence, schedule, by=by)
    write_floors(licence, floors or {}, by=by)
    refuse_overlap(licence)
    return licence


@transaction.atomic(durable=True)
def edit_licence(
    licence: Licence,
    *,
    by: User | None,
    grants: Iterable[GrantTerms] | None = None,
    schedule: Iterable[str] | None = None,
    floors: Mapping[str, int] | None = None,
    **terms: Any,
) -> Licence:
    """Change the given terms; grants, schedule or floors as a whole where they are given; all of it or nothing.

    An executed or suspended licence is amended: only AMENDABLE, grants, schedule and floors move (`licence_amended`). One
    that has ended refuses with `wrong_state`. Refuses `grant_overlaps` as well.
    """
    _known_terms(terms)
    locked = lock_licence(licence)
    if (number := terms.get("number")) and Licence.objects.filter(number=number).exclude(pk=locked.pk).exists():
        raise Refused("number_taken", number=number)
    changes = _write_terms(locked, terms)
    if locked.state != State.DRAFT and changes.keys() - AMENDABLE:
        raise Refused("licence_amended", fields=", ".join(sorted(AMENDABLE | {"grants", "schedule", "price floors"})))
    _check_terms(locked)
    if changes:
        record("licence.edited", locked, by=by, **changes)
    moved = bool(changes)
    if grants is not None:
        moved |= write_grants(locked, grants, by=by)
    if schedule is not None:
        moved |= write_schedule(locked, schedule, by=by)
    if floors is not None:
        moved |= write_floors(locked, floors, by=by)
    if moved:
        facts_changed(locked)
        refuse_overlap(locked)
    return locked


@transaction.atomic(durable=True)
def set_grants(licence: Licence, grants: Iterable[GrantTerms], *, by: User | None) -> Licence:
    """Replace the licence's grants. Refuses `unknown_country`, `unknown_channel`, `grant_empty`, `grant_overlaps`."""
    locked = lock_licence(licence)
    if write_grants(locked, grants, by=by):
        facts_changed(locked)
        refuse_overlap(locked)
    return locked


@transaction.atomic(durable=True)
def set_schedule(licence: Licence, skus: Iterable[str], *, by: User | None) -> Licence:
    """Replace the list of the merchant's codes that the licence covers; it counts when the licence is scheduled."""
    locked = lock_licence(licence)
    if write_schedule(locked, skus, by=by):
        facts_changed(locked)
    return locked


@transaction.atomic(durable=True)
def set_price_floors(licence: Licence, floors: Mapping[str, int], *, by: User | None) -> Licence:
    """Replace the least that articles may be offered for: minor units by currency. Refuses `unknown_currency` and
    `price_not_positive`."""
    locked = lock_licence(licence)
    if write_floors(locked, floors, by=by):
        facts_changed(locked)
    return locked


def _known_terms(terms: dict[str, Any]) -> None:
    if unknown := terms.keys() - TERMS:
        raise TypeError(f"not a licence's terms: {sorted(unknown)}")


def _check_terms(licence: Licence) -> None:
    """Refuses `bad_term`, `date_out_of_range`, `unknown_zone`, `unknown_calendar`, `too_many_days`, `unit_cap_below_used`."""
    if plausible(licence.ends_on) < plausible(licence.starts_on):
        raise Refused("bad_term")
    known_zone(licence.time_zone)
    known_calendar(licence.calendar)
    if max(licence.grace_days, licence.sell_off_days, licence.review_days) > _MOST_DAYS:
        raise Refused("too_many_days", most=_MOST_DAYS)
    if licence.unit_cap is not None and licence.unit_cap < licence.units_used:
        raise Refused("unit_cap_below_used", used=licence.units_used)


def _write_terms(licence: Licence, terms: dict[str, Any]) -> dict[str, list[Any]]:
    """Set what differs on the instance; returns it as pairs that JSON can hold."""
    changes = {}
    for name, value in terms.items():
        if (old := getattr(licence, name)) != value:
            changes[name] = [_plain(old), _plain(value)]
            setattr(licence, name, value)
    return changes


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | str) or value is None else str(value)
