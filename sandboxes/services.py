"""Verbs of sandboxes: made, put back, and brought up to the instant that their clock shows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from licensing.ledger.account import account_of, agreement_of
from licensing.ledger.statements import close_statement, prepare_statements
from licensing.models import Licence, Statement
from licensing.services import expire_licence
from merchants.models import IdempotentRequest, Member, Merchant, PartnerKey, WebhookEndpoint
from merchants.services import mirror_members
from orders.facts import tell_licensing
from orders.models import Refund
from orders.refunds import execute_refund
from sandboxes.building import build

#: How often a sandbox is put back in a day: each time is another merchant, with goods and orders that stay.
MOST_RESETS = 10
_DAY = timedelta(days=1)
#: What belongs to whoever uses a sandbox, and moves on when it is put back.
_BELONGINGS: tuple[type[models.Model], ...] = (Member, PartnerKey, WebhookEndpoint, IdempotentRequest)


@dataclass(frozen=True, slots=True)
class Ran:
    """What was due in a sandbox and has been done now."""

    refunds_given: int
    sales_told: int
    statements_computed: int
    statements_closed: int
    licences_expired: int


def sandbox_of(merchant: Merchant) -> Merchant | None:
    """The merchant's sandbox, where it has one."""
    return merchant.sandboxes.exclude(state=Merchant.State.CLOSED).first()


def make_sandbox(merchant: Merchant, *, by: User | None, at: datetime) -> Merchant:
    """A sandbox for `merchant`, with the same members; the one there is, where there is one. Refuses `not_for_sandboxes` for
    what is one itself. Not in a transaction: all of it is made before anybody sees it."""
    if merchant.is_sandbox:
        raise Refused("not_for_sandboxes")
    standing = sandbox_of(merchant)
    if standing is not None:
        return standing
    made = _new(merchant.name, merchant.name_zh, merchant.country)
    build(made, at=at)
    with transaction.atomic(durable=True):
        locked = Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        standing = sandbox_of(locked)
        if standing is not None:  # somebody was quicker
            _set_aside(made)
            return standing
        _put_in_place_of_its_own(made, locked)
        mirror_members(locked)
        record("merchant.sandbox_made", locked, by=by, sandbox=made.public_id)
    return made


def reset_sandbox(sandbox: Merchant, *, by: User | None, at: datetime) -> Merchant:
    """Put a sandbox back: another one takes its place, its keys, members and webhooks, and the old one is closed. Returns the
    new one. Nothing is deleted, since sales and statements stand for good. Refuses `not_a_sandbox`, and `sandbox_too_often` after
    MOST_RESETS in a day; of two at once, the second finds it `already_done`."""
    if not sandbox.is_sandbox:
        raise Refused("not_a_sandbox")
    _not_too_often(sandbox)
    made = _new(sandbox.name.removesuffix(_SUFFIX), sandbox.name_zh, sandbox.country)
    build(made, at=at)
    with transaction.atomic(durable=True):
        # Its merchant first, as whoever changes members does.
        whose = sandbox.sandbox_for
        if whose is not None:
            whose = Merchant.objects.select_for_update(no_key=True).get(pk=whose.pk)
        old = Merchant.objects.select_for_update(no_key=True).get(pk=sandbox.pk)
        if old.state == Merchant.State.CLOSED:
            _set_aside(made)
        else:
            slug = old.slug
            _set_aside(old)
            _put_in_place(made, whose, slug)
            for model in _BELONGINGS:
                model._default_manager.filter(merchant=old).update(merchant=made)
            record("merchant.sandbox_reset", made, by=by, replaces=old.public_id)
    if old.state == Merchant.State.CLOSED and made.state == Merchant.State.CLOSED:
        raise Refused("already_done")
    return made


def run_sandbox(sandbox: Merchant, *, at: datetime) -> Ran:
    """Do what workers and the studio would have done by `at`, in this sandbox alone: give back money, tell the ledgers, close the
    statements whose period is over, close the file of licences that have ended. What the clock shows by itself (launches, prices,
    the end of a term) needs none of this. Refuses `not_a_sandbox`."""
    if not sandbox.is_sandbox:
        raise Refused("not_a_sandbox")
    refunds = Refund.objects.filter(
        order__lines__merchant=sandbox, state=Refund.State.REQUESTED, try_at__lte=at
    ).distinct()
    given = sum(execute_refund(pk, at=at) for pk in list(refunds.order_by("pk").values_list("pk", flat=True)))
    told = tell_licensing(at=at, merchant=sandbox)
    computed = prepare_statements(at=at, merchant=sandbox)
    licences = list(sandbox.licences.order_by("pk"))
    closed = sum(_close_statements(licence, at) for licence in licences)
    expired = sum(_unless_refused(partial(expire_licence, licence, by=None, at=at)) for licence in licences)
    return Ran(given, told, computed, closed, expired)


def _close_statements(licence: Licence, at: datetime) -> int:
    """Those whose period was over, the oldest first."""
    if not hasattr(licence, "royalty_terms"):
        return 0
    today = at.astimezone(ZoneInfo(agreement_of(account_of(licence)).zone)).date()
    over = Statement.objects.filter(licence=licence, state=Statement.State.OPEN, last_day__lt=today).order_by("number")
    return sum(_unless_refused(partial(close_statement, row, by=None, at=at)) for row in over)


def _unless_refused(do: Callable[[], object]) -> int:
    try:
        do()
    except Refused:
        return 0
    return 1


_SUFFIX = " (sandbox)"


def _new(name: str, name_zh: str, country: str) -> Merchant:
    """A merchant that nobody knows the name of yet."""
    made = Merchant(
        name=f"{name[:100]}{_SUFFIX}", name_zh=name_zh, country=country, state=Merchant.State.APPROVED, is_sandbox=True
    )
    made.slug = made.public_id.replace("_", "-")
    made.save()
    return made


def _not_too_often(sandbox: Merchant) -> None:
    """By the server's own clock, whatever the sandbox's shows."""
    whose = sandbox.sandbox_for
    since = timezone.now() - _DAY
    if whose is not None and whose.sandboxes.filter(created_at__gt=since).count() > MOST_RESETS:
        raise Refused("sandbox_too_often", most=MOST_RESETS)


def _put_in_place(sandbox: Merchant, whose: Merchant | None, slug: str) -> None:
    sandbox.sandbox_for = whose
    sandbox.slug = slug
    sandbox.save(update_fields=["slug", "sandbox_for", "updated_at"])


def _put_in_place_of_its_own(sandbox: Merchant, whose: Merchant) -> None:
    """Under the merchant's slug with an ending; numbered where somebody else has it, as long slugs may that begin alike. Who takes
    the same at the same instant is waited for."""
    start = whose.slug[:66].rstrip("-")
    for ending in ("", *(f"-{number}" for number in range(2, 1_000))):
        slug = f"{start}-sandbox{ending}"
        try:
            with transaction.atomic():
                if not Merchant.objects.filter(slug=slug).exists():
                    return _put_in_place(sandbox, whose, slug)
        except IntegrityError:
            continue
    raise RuntimeError(f"a thousand sandboxes are called like {start}")


def _set_aside(sandbox: Merchant) -> None:
    """It keeps what happened in it, and opens nothing."""
    sandbox.slug = sandbox.public_id.replace("_", "-")
    sandbox.state = Merchant.State.CLOSED
    sandbox.save(update_fields=["slug", "state", "updated_at"])
