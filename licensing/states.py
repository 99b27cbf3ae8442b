"""The road of a licence: draft → executed → (suspended) → expired or terminated. Each step is one verb with its guard."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from licensing.locks import facts_changed, lock_licence
from licensing.models import Licence
from licensing.overlaps import refuse_overlap
from licensing.terms import is_over_on, local_day

logger = logging.getLogger(__name__)

State = Licence.State


@transaction.atomic(durable=True)
def execute_licence(licence: Licence, *, by: User | None) -> Licence:
    """Sign a draft: from now on it allows what it grants. Refuses `grant_missing` and `grant_overlaps`."""
    locked = lock_licence(licence)
    _move(locked, "licence.executed", {State.DRAFT}, State.EXECUTED, by=by)
    if not locked.grants.exists():
        raise Refused("grant_missing")
    refuse_overlap(locked)
    return locked


@transaction.atomic(durable=True)
def suspend_licence(licence: Licence, *, by: User | None) -> Licence:
    """Hold everything an executed licence allows until it is reinstated."""
    return _move(lock_licence(licence), "licence.suspended", {State.EXECUTED}, State.SUSPENDED, by=by)


@transaction.atomic(durable=True)
def reinstate_licence(licence: Licence, *, by: User | None) -> Licence:
    """A suspended licence allows again what it grants. Refuses `grant_overlaps`."""
    locked = _move(lock_licence(licence), "licence.reinstated", {State.SUSPENDED}, State.EXECUTED, by=by)
    refuse_overlap(locked)
    return locked


@transaction.atomic(durable=True)
def terminate_licence(licence: Licence, *, by: User | None) -> Licence:
    """End a licence for good (breach). Its articles leave the shelf and it cannot come back."""
    return _move(
        lock_licence(licence), "licence.terminated", {State.EXECUTED, State.SUSPENDED}, State.TERMINATED, by=by
    )


@transaction.atomic(durable=True)
def expire_licence(licence: Licence, *, by: User | None, at: datetime) -> Licence:
    """Close the file of a licence whose term, sell-off and days of grace are over; refuses `licence_not_over` before.

    Nothing becomes forbidden by it: what is sold and seen ends by the clock, at the instant.
    """
    locked = lock_licence(licence)
    over_on = is_over_on(locked)
    if local_day(locked, at) < over_on:
        raise Refused("licence_not_over", day=over_on.isoformat())
    return _move(locked, "licence.expired", {State.EXECUTED, State.SUSPENDED}, State.EXPIRED, by=by)


def end_terms(*, at: datetime) -> int:
    """Expire every executed licence that is over; returns how many. A suspended one waits for a person: what it was
    suspended for is not settled by its end. Harmless at any time and twice."""
    # Half a day more than the date at `at` in UTC: no zone is further ahead.
    ended = Licence.objects.filter(state=State.EXECUTED, ends_on__lt=(at + timedelta(hours=14)).date())
    expired = 0
    for licence in ended.order_by("pk"):
        if local_day(licence, at) < is_over_on(licence):
            continue
        try:
            expire_licence(licence, by=None, at=at)
        except Refused as refusal:  # somebody was quicker: suspended or terminated, or given a longer term
            logger.info("licence.not_expired", extra={"licence": licence.public_id, "code": refusal.code})
        else:
            expired += 1
    return expired


def _move(licence: Licence, verb: str, sources: set[State], target: State, *, by: User | None) -> Licence:
    if licence.state not in sources:
        raise Refused("wrong_state", state=licence.get_state_display())
    old, licence.state = licence.state, target
    facts_changed(licence)
    record(verb, licence, by=by, state=[old, str(target)])
    return licence
