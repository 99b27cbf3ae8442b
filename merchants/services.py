"""Verbs that change merchants: their state, papers and members."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import record
from core.clock import plausible
from core.errors import Refused
from core.jobs import enqueue
from core.territories import normalise_country
from merchants.events import emit
from merchants.letters import tell_owners
from merchants.models import Member, Merchant

State = Merchant.State

#: What may be written about a merchant by hand. State and papers have verbs of their own.
DETAILS = frozenset({"name", "name_zh", "city", "country"})


@transaction.atomic(durable=True)
def create_merchant(*, by: User | None, slug: str, **details: Any) -> Merchant:
    """A merchant who has applied; approving is another step. Refuses `slug_taken`."""
    if Merchant.objects.filter(slug=slug).exists():
        raise Refused("slug_taken", slug=slug)
    merchant = Merchant.objects.create(slug=slug, **_known_details(details))
    record("merchant.created", merchant, by=by, slug=slug)
    return merchant


@transaction.atomic(durable=True)
def edit_merchant(merchant: Merchant, *, by: User | None, **details: Any) -> Merchant:
    """Write the given names and place; what is not named stays."""
    locked = _lock(merchant)
    changes = {}
    for name, value in _known_details(details).items():
        if (old := getattr(locked, name)) != value:
            changes[name] = [old, value]
            setattr(locked, name, value)
    if changes:
        facts_changed(locked)
        record("merchant.edited", locked, by=by, **changes)
    return locked


@transaction.atomic(durable=True)
def suspend_merchant(merchant: Merchant, *, by: User | None, reason: str = "") -> Merchant:
    """Everything of an approved merchant leaves the shelf until it is reinstated."""
    return move(
        merchant, "merchant.suspended", {State.APPROVED}, State.SUSPENDED,
        by=by, reason=reason, letter="merchant_suspended",
    )  # fmt: skip


@transaction.atomic(durable=True)
def reinstate_merchant(merchant: Merchant, *, by: User | None, reason: str = "") -> Merchant:
    """From suspended back to approved."""
    return move(
        merchant, "merchant.reinstated", {State.SUSPENDED}, State.APPROVED,
        by=by, reason=reason, letter="merchant_reinstated",
    )  # fmt: skip


@transaction.atomic(durable=True)
def close_merchant(merchant: Merchant, *, by: User | None, reason: str = "") -> Merchant:
    """The end: a closed merchant sells nothing and does not come back."""
    open_states = set(State) - {State.CLOSED}
    return move(merchant, "merchant.closed", open_states, State.CLOSED, by=by, reason=reason, letter="merchant_closed")


@transaction.atomic(durable=True)
def set_documents_expiry(merchant: Merchant, *, by: User | None, expire_on: date | None) -> Merchant:
    """`expire_on` is the last day the papers are valid in the merchant's country; None: they do not expire."""
    if expire_on is not None:
        plausible(expire_on)
    locked = _lock(merchant)
    old = locked.documents_expire_on
    if old != expire_on:
        locked.documents_expire_on = expire_on
        facts_changed(locked)
        moved = [day and day.isoformat() for day in (old, expire_on)]
        record("merchant.documents_set", locked, by=by, expire_on=moved)
    return locked


@transaction.atomic(durable=True)
def add_member(merchant: Merchant, user: User, *, role: str, by: User | None) -> Member:
    """`user` acts for `merchant` in `role`. Refuses `already_member` and `unknown_role`."""
    _known_role(role)
    locked = _lock(merchant)
    if Member.objects.filter(merchant=locked, user=user).exists():
        raise Refused("already_member", user=str(user), merchant=str(locked))
    _is_no_sandbox(locked)
    member = Member.objects.create(merchant=locked, user=user, role=role)
    record("merchant.member_added", locked, by=by, user=user.public_id, role=role)
    mirror_members(locked)
    return member


@transaction.atomic(durable=True)
def change_role(member: Member, *, role: str, by: User | None) -> Member:
    """Give a member another role. Refuses `last_owner` when nobody would own the merchant any more."""
    _known_role(role)
    merchant, locked = _lock_member(member)
    if locked.role == role:
        return locked
    _keeps_an_owner(locked)
    old, locked.role = locked.role, role
    locked.save(update_fields=["role"])
    record("merchant.role_changed", merchant, by=by, user=locked.user.public_id, role=[old, role])
    mirror_members(merchant)
    return locked


@transaction.atomic(durable=True)
def remove_member(member: Member, *, by: User | None) -> None:
    """The user no longer acts for the merchant. Refuses `last_owner`, and `already_done` for one who is gone."""
    merchant, locked = _lock_member(member)
    _keeps_an_owner(locked)
    record("merchant.member_removed", merchant, by=by, user=locked.user.public_id, role=[locked.role, None])
    locked.delete()
    mirror_members(merchant)


def mirror_members(merchant: Merchant) -> None:
    """The people of its sandbox are its own people, in the same roles: who is removed here acts nowhere. For a merchant that is
    locked; locks the sandbox."""
    sandbox = merchant.sandboxes.select_for_update(no_key=True).exclude(state=State.CLOSED).first()
    if sandbox is None:
        return
    roles = dict(merchant.members.values_list("user_id", "role"))
    sandbox.members.exclude(user_id__in=roles).delete()
    standing = dict(sandbox.members.values_list("user_id", "role"))
    for user_id, role in sorted(roles.items()):
        if standing.get(user_id) != role:
            sandbox.members.update_or_create(user_id=user_id, defaults={"role": role})


def _lock(merchant: Merchant) -> Merchant:
    return Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)


def _lock_member(member: Member) -> tuple[Merchant, Member]:
    """The merchant is the lock of all its members, so that two last owners cannot remove each other."""
    merchant = _lock(member.merchant)
    locked = Member.objects.select_related("user").filter(pk=member.pk).first()
    if locked is None:
        raise Refused("already_done")
    _is_no_sandbox(merchant)
    return merchant, locked


def _is_no_sandbox(merchant: Merchant) -> None:
    if merchant.sandbox_for_id is not None:
        raise Refused("people_of_merchant")


def _keeps_an_owner(member: Member) -> None:
    owners = Member.objects.filter(merchant=member.merchant_id, role=Member.Role.OWNER)
    if member.role == Member.Role.OWNER and not owners.exclude(pk=member.pk).exists():
        raise Refused("last_owner")


def _known_role(role: str) -> None:
    if role not in Member.Role.values:
        raise Refused("unknown_role", role=role)


def _known_details(details: dict[str, Any]) -> dict[str, Any]:
    if unknown := details.keys() - DETAILS:
        raise TypeError(f"not a merchant's details: {sorted(unknown)}")
    if "country" in details:
        details["country"] = normalise_country(details["country"])
    return details


def move(
    merchant: Merchant, verb: str, sources: set[State], target: State, *, by: User | None, reason: str = "", letter: str
) -> Merchant:
    """One step of a merchant's life: the state, the trail, the event, and a letter to its owners with the reason. Within the
    verb's transaction. Refuses `wrong_state`."""
    locked = _lock(merchant)
    if locked.state not in sources:
        raise Refused("wrong_state", state=locked.get_state_display())
    old, locked.state = locked.state, target
    facts_changed(locked)
    told = {"reason": reason} if reason else {}
    record(verb, locked, by=by, state=[old, str(target)], **told)
    emit(locked, "merchant.state_changed", locked, at=timezone.now(), state=str(target), reason=reason)
    tell_owners(locked, letter, reason=reason)
    return locked


def facts_changed(merchant: Merchant) -> None:
    """Moves `updated_at`, by which the shelf finds what it has to compile again, and hurries it along."""
    merchant.save()
    enqueue("catalog.catch_up_shelf")
