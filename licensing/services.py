"""Verbs that change licences: their terms, grants, schedule and state.

A film's row is the lock of all its licences: whether two of them overlap can only be said while neither changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.clock import known_zone, plausible
from core.errors import Refused
from core.jobs import enqueue
from core.territories import normalise_country
from films.models import Film
from licensing.models import EVERY, Category, DistributionChannel, Grant, Licence, ScheduleLine

State = Licence.State

#: What a draft consists of; a licence that was executed can only be amended in AMENDABLE.
TERMS = frozenset(
    {"number", "merchant", "film", "starts_on", "ends_on", "time_zone", "is_exclusive", "is_scheduled", "grace_days"}
    | {"legal_line_en", "legal_line_zh"}
)
AMENDABLE = frozenset({"ends_on", "grace_days", "legal_line_en", "legal_line_zh"})


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """One grant as it is asked for: category × territory × channel. No category: every one."""

    category: Category | None
    countries: Sequence[str]
    channels: Sequence[str] = (EVERY,)
    excluded_countries: Sequence[str] = field(default=())


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
    *, by: User | None, grants: Iterable[GrantTerms] = (), schedule: Iterable[str] = (), **terms: Any
) -> Licence:
    """A draft, with its grants and schedule. Refuses `number_taken`, `bad_term`, `unknown_zone` and bad grants."""
    _known_terms(terms)
    if Licence.objects.filter(number=terms["number"]).exists():
        raise Refused("number_taken", number=terms["number"])
    _lock_film(terms["film"])
    licence = Licence(**terms)
    _check_term(licence)
    licence.save()
    record("licence.created", licence, by=by, number=licence.number)
    _write_grants(licence, grants, by=by)
    _write_schedule(licence, schedule, by=by)
    _refuse_overlap(licence)
    return licence


@transaction.atomic(durable=True)
def edit_licence(
    licence: Licence,
    *,
    by: User | None,
    grants: Iterable[GrantTerms] | None = None,
    schedule: Iterable[str] | None = None,
    **terms: Any,
) -> Licence:
    """Change the given terms, and grants or schedule as a whole where they are given; all of it or nothing.

    An executed or suspended licence is amended: only its end, grace days, legal lines, grants and schedule move
    (`licence_amended`). A terminated one refuses with `wrong_state`.
    """
    _known_terms(terms)
    locked = _lock(licence)
    if (number := terms.get("number")) and Licence.objects.filter(number=number).exclude(pk=locked.pk).exists():
        raise Refused("number_taken", number=number)
    changes = _write_terms(locked, terms)
    if locked.state != State.DRAFT and changes.keys() - AMENDABLE:
        raise Refused("licence_amended", fields=", ".join(sorted(AMENDABLE | {"grants", "schedule"})))
    _check_term(locked)
    if changes:
        record("licence.edited", locked, by=by, **changes)
    moved = bool(changes)
    if grants is not None:
        moved |= _write_grants(locked, grants, by=by)
    if schedule is not None:
        moved |= _write_schedule(locked, schedule, by=by)
    if moved:
        _facts_changed(locked)
        _refuse_overlap(locked)
    return locked


@transaction.atomic(durable=True)
def set_grants(licence: Licence, grants: Iterable[GrantTerms], *, by: User | None) -> Licence:
    """Replace the licence's grants. Refuses `unknown_country`, `unknown_channel`, `grant_empty`, `grant_overlaps`."""
    locked = _lock(licence)
    if _write_grants(locked, grants, by=by):
        _facts_changed(locked)
        _refuse_overlap(locked)
    return locked


@transaction.atomic(durable=True)
def set_schedule(licence: Licence, skus: Iterable[str], *, by: User | None) -> Licence:
    """Replace the list of the merchant's codes that the licence covers; it counts when the licence is scheduled."""
    locked = _lock(licence)
    if _write_schedule(locked, skus, by=by):
        _facts_changed(locked)
    return locked


@transaction.atomic(durable=True)
def execute_licence(licence: Licence, *, by: User | None) -> Licence:
    """Sign a draft: from now on it allows what it grants. Refuses `grant_missing` and `grant_overlaps`."""
    locked = _lock(licence)
    _move(locked, "licence.executed", {State.DRAFT}, State.EXECUTED, by=by)
    if not locked.grants.exists():
        raise Refused("grant_missing")
    _refuse_overlap(locked)
    return locked


@transaction.atomic(durable=True)
def suspend_licence(licence: Licence, *, by: User | None) -> Licence:
    """Hold everything an executed licence allows until it is reinstated."""
    return _move(_lock(licence), "licence.suspended", {State.EXECUTED}, State.SUSPENDED, by=by)


@transaction.atomic(durable=True)
def reinstate_licence(licence: Licence, *, by: User | None) -> Licence:
    """A suspended licence allows again what it grants."""
    return _move(_lock(licence), "licence.reinstated", {State.SUSPENDED}, State.EXECUTED, by=by)


@transaction.atomic(durable=True)
def terminate_licence(licence: Licence, *, by: User | None) -> Licence:
    """End a licence for good (breach). Its articles leave the shelf and it cannot come back."""
    return _move(_lock(licence), "licence.terminated", {State.EXECUTED, State.SUSPENDED}, State.TERMINATED, by=by)


def _lock_film(film: Film) -> None:
    Film.objects.select_for_update(no_key=True).get(pk=film.pk)


def _lock(licence: Licence) -> Licence:
    """The film first, then the licence. A draft may have moved to another film in between: then `busy`."""
    film = Film.objects.get(licences=licence.pk)
    _lock_film(film)
    locked = Licence.objects.select_for_update(no_key=True).get(pk=licence.pk)
    if locked.film_id != film.pk:
        raise Refused("busy")
    if locked.state == State.TERMINATED:
        raise Refused("wrong_state", state=locked.get_state_display())
    return locked


def _move(licence: Licence, verb: str, sources: set[State], target: State, *, by: User | None) -> Licence:
    if licence.state not in sources:
        raise Refused("wrong_state", state=licence.get_state_display())
    old, licence.state = licence.state, target
    _facts_changed(licence)
    record(verb, licence, by=by, state=[old, str(target)])
    return licence


def _facts_changed(licence: Licence) -> None:
    """Moves `updated_at`, by which the shelf finds what it has to compile again, and hurries it along."""
    licence.save()
    enqueue("catalog.catch_up_shelf")


def _known_terms(terms: dict[str, Any]) -> None:
    if unknown := terms.keys() - TERMS:
        raise TypeError(f"not a licence's terms: {sorted(unknown)}")


def _check_term(licence: Licence) -> None:
    if plausible(licence.ends_on) < plausible(licence.starts_on):
        raise Refused("bad_term")
    known_zone(licence.time_zone)


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


def _write_grants(licence: Licence, grants: Iterable[GrantTerms], *, by: User | None) -> bool:
    wanted = [_checked(terms) for terms in grants]
    old = [_as_data(grant) for grant in licence.grants.select_related("category").order_by("id")]
    new = [_as_data(Grant(licence=licence, **terms)) for terms in wanted]
    if new == old:
        return False
    licence.grants.all().delete()
    Grant.objects.bulk_create(Grant(licence=licence, **terms) for terms in wanted)
    record("licence.grants_set", licence, by=by, grants=[old, new])
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


def _write_schedule(licence: Licence, skus: Iterable[str], *, by: User | None) -> bool:
    wanted = {sku.strip() for sku in skus} - {""}
    old = set(licence.schedule.values_list("sku", flat=True))
    if wanted == old:
        return False
    licence.schedule.exclude(sku__in=wanted).delete()
    ScheduleLine.objects.bulk_create(ScheduleLine(licence=licence, sku=sku) for sku in sorted(wanted - old))
    record("licence.schedule_set", licence, by=by, added=sorted(wanted - old), removed=sorted(old - wanted))
    return True


def _refuse_overlap(licence: Licence) -> None:
    """Refuses `grant_overlaps` when another merchant's licence in force grants one of the same cells in the same days,
    and either of the two is exclusive. A merchant's own licences may overlap: nobody is shut out."""
    others = (
        Licence.objects.filter(film=licence.film_id, state__in=[State.EXECUTED, State.SUSPENDED])
        .filter(starts_on__lte=licence.ends_on, ends_on__gte=licence.starts_on)
        .exclude(merchant=licence.merchant_id)
        .order_by("number")
        .prefetch_related("grants")
    )
    if not licence.is_exclusive:
        others = others.filter(is_exclusive=True)
    grants = list(licence.grants.all())
    for other in others:
        if any(_overlap(mine, theirs) for mine in grants for theirs in other.grants.all()):
            raise Refused("grant_overlaps", licence=other.number)


def _overlap(one: Grant, other: Grant) -> bool:
    categories = None in (one.category_id, other.category_id) or one.category_id == other.category_id
    return categories and _share(one.channels, other.channels) and _share_a_country(one, other)


def _share(some: list[str], others: list[str]) -> bool:
    return EVERY in some or EVERY in others or bool(set(some) & set(others))


def _share_a_country(one: Grant, other: Grant) -> bool:
    excluded = {*one.excluded_countries, *other.excluded_countries}
    if EVERY in excluded:
        return False
    if EVERY in one.countries and EVERY in other.countries:
        return True  # no list of exclusions is as long as the world
    if EVERY in one.countries:
        return bool(set(other.countries) - excluded)
    if EVERY in other.countries:
        return bool(set(one.countries) - excluded)
    return bool(set(one.countries) & set(other.countries) - excluded)
