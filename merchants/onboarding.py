"""Coming in: an application, the checklist that the studio has set, and what the merchant gives for it."""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.letters import write_letter
from accounts.models import User
from accounts.services import record
from core.clock import plausible
from core.errors import Refused
from core.sealing import seal, unseal
from core.territories import normalise_country, zone_of
from merchants import papers
from merchants.invitations import LASTS as INVITATION_LASTS
from merchants.letters import digest_of, language_of, new_token, panel_address, tell_owners
from merchants.models import Application, Invitation, Member, Merchant, Requirement, Submittal
from merchants.services import facts_changed, move

State = Merchant.State
Kind = Requirement.Kind

#: So long the link of an application works.
APPLICATION_LASTS = timedelta(days=3)
#: What is asked for, by kind: field, and whether it has to be given.
FIELDS: dict[str, tuple[tuple[str, bool], ...]] = {
    Kind.COMPANY: (("legal_name", True), ("registration_number", True), ("address", True), ("telephone", False)),
    Kind.TAX: (("tax_number", True), ("tax_office", False)),
    Kind.BANK: (("account_holder", True), ("bank", True), ("account_number", True), ("bic", False)),
    Kind.DOCUMENT: (),
    Kind.AGREEMENT: (),
}
#: Kept sealed; pages show the last four signs.
SECRET = frozenset({"tax_number", "account_number"})
#: Days before a document ends on which the owners are reminded.
REMINDED = (30, 7, 1)
#: Slugs that would hide other pages of the panel.
RESERVED = frozenset({"account", "apply", "invitations", "sign-in", "sign-out"})


@dataclass(frozen=True, slots=True)
class Item:
    """A point of a merchant's checklist: what was given last, and whether something that holds was accepted."""

    requirement: Requirement
    latest: Submittal | None
    is_done: bool

    @property
    def is_given(self) -> bool:
        return self.is_done or (self.latest is not None and self.latest.state == Submittal.State.GIVEN)


@transaction.atomic(durable=True)
def apply(*, company: str, country: str, contact: str, email: str, interest: str, language: str, at: datetime) -> None:
    """Somebody wants to sell: a letter goes to the address, and nothing else happens before its link is followed. The same
    whoever the address belongs to."""
    token, digest = new_token()
    row = Application.objects.create(
        email=email.strip().lower(), language=language, company=company.strip(), country=normalise_country(country),
        contact=contact.strip(), interest=interest.strip(), digest=digest, created_at=at,
        expires_at=at + APPLICATION_LASTS,
    )  # fmt: skip
    said = {"company": row.company, "contact": row.contact, "address": panel_address(f"apply/{token}/", language)}
    write_letter("application_confirm", to=row.email, language=language, said=said)


def application_of(token: str, *, at: datetime) -> Application | None:
    """The application that a link still opens."""
    return Application.objects.filter(digest=digest_of(token), merchant=None, expires_at__gt=at).first()


@transaction.atomic(durable=True)
def confirm_application(token: str, *, at: datetime) -> str:
    """The address is real: a merchant that has applied, and an invitation for its owner. Returns the invitation's token. Refuses
    `application_over` for a link that was used or is too old."""
    row = Application.objects.select_for_update().filter(digest=digest_of(token), merchant=None).first()
    if row is None or row.expires_at <= at:
        raise Refused("application_over")
    merchant = Merchant.objects.create(slug=_free_slug(row.company), name=row.company, country=row.country)
    row.merchant = merchant
    row.save(update_fields=["merchant"])
    record("merchant.applied", merchant, by=None, company=row.company, country=row.country)
    token, digest = new_token()
    Invitation.objects.create(
        merchant=merchant, email=row.email, role=Member.Role.OWNER, language=row.language, digest=digest,
        created_at=at, expires_at=at + INVITATION_LASTS,
    )  # fmt: skip
    said = {
        "merchant": merchant.name, "inviter": "", "role": Member.Role.OWNER.value,
        "address": panel_address(f"invitations/{token}/", row.language),
        "last_day": f"{at + INVITATION_LASTS:%Y-%m-%d}",
    }  # fmt: skip
    write_letter("invitation", to=row.email, language=row.language, said=said)
    return token


def checklist(merchant: Merchant, *, at: datetime) -> list[Item]:
    """What this merchant has to show, in the studio's order. Two queries."""
    asked = [one for one in Requirement.objects.filter(is_active=True) if one.applies_to(merchant.country)]
    given: dict[int, list[Submittal]] = {}
    for row in merchant.submittals.select_related("requirement").order_by("-id"):
        given.setdefault(row.requirement_id, []).append(row)
    today = at.astimezone(_zone(merchant)).date()
    return [
        Item(
            one, next(iter(given.get(one.pk, ())), None), any(_holds(row, one, today) for row in given.get(one.pk, ()))
        )
        for one in asked
    ]


@transaction.atomic(durable=True)
def give(
    merchant: Merchant,
    requirement: Requirement,
    *,
    by: User,
    at: datetime,
    values: dict[str, str] | None = None,
    file: tuple[str, bytes] | None = None,
    expires_on: date | None = None,
) -> Submittal:
    """The merchant's answer to a point of the checklist; what was given before and is undecided is replaced. Refuses what is
    incomplete (`answer_incomplete`), a file that is none of ours (`paper_…`) and a closed merchant (`wrong_state`)."""
    locked = Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    if locked.state == State.CLOSED:
        raise Refused("wrong_state", state=locked.get_state_display())
    row = Submittal(merchant=locked, requirement=requirement, version=requirement.version, given_by=by, given_at=at)
    row.values, row.sealed = _values_of(requirement, values or {})
    if requirement.kind == Kind.DOCUMENT:
        _take_file(row, file, expires_on, at)
    _replace_given(locked, requirement, at)
    row.save()
    # Never the values: the trail is read by more people than they are for.
    record("merchant.requirement_given", locked, by=by, requirement=requirement.public_id, name=requirement.name_en)
    return row


@transaction.atomic(durable=True)
def accept(submittal: Submittal, *, by: User | None, at: datetime) -> Submittal:
    """The studio takes it as it is. A document's last day becomes one of those the gate watches."""
    merchant, row = _decide(submittal, Submittal.State.ACCEPTED, "", by, at)
    record("merchant.requirement_accepted", merchant, by=by, **_named(row))
    if row.expires_on:
        _watch_expiry(merchant, by)
    return row


@transaction.atomic(durable=True)
def send_back(submittal: Submittal, *, reason: str, by: User | None, at: datetime) -> Submittal:
    """It does not do, and the owners are told why. Refuses `reason_missing`."""
    if not reason.strip():
        raise Refused("reason_missing")
    merchant, row = _decide(submittal, Submittal.State.RETURNED, reason.strip(), by, at)
    record("merchant.requirement_returned", merchant, by=by, **_named(row), reason=row.reason)
    name = row.requirement.name_in(language_of(merchant))
    tell_owners(merchant, "merchant_requirement_returned", name=name, reason=row.reason)
    return row


@transaction.atomic(durable=True)
def submit_for_review(merchant: Merchant, *, by: User | None, at: datetime) -> Merchant:
    """From applied to in review. Refuses `checklist_open` while something required is not given."""
    locked = Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    missing = [
        item.requirement for item in checklist(locked, at=at) if item.requirement.is_required and not item.is_given
    ]
    if missing:
        raise Refused("checklist_open", missing=", ".join(one.name_en for one in missing))
    return move(locked, "merchant.review_asked", {State.APPLIED}, State.IN_REVIEW, by=by, letter="merchant_in_review")


@transaction.atomic(durable=True)
def approve_merchant(merchant: Merchant, *, by: User | None, reason: str = "", at: datetime | None = None) -> Merchant:
    """The merchant may list and sell: from in review, or straight from applied where the studio needs no more. Refuses
    `checklist_open` while something required is not accepted."""
    locked = Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    points = checklist(locked, at=at or timezone.now())
    missing = [item.requirement.name_en for item in points if item.requirement.is_required and not item.is_done]
    if missing and locked.state in (State.APPLIED, State.IN_REVIEW):
        raise Refused("checklist_open", missing=", ".join(missing))
    return move(
        locked, "merchant.approved", {State.APPLIED, State.IN_REVIEW}, State.APPROVED,
        by=by, reason=reason, letter="merchant_approved",
    )  # fmt: skip


@transaction.atomic(durable=True)
def return_to_applicant(merchant: Merchant, *, reason: str, by: User | None) -> Merchant:
    """From in review back to applied: the merchant has something to mend. Refuses `reason_missing`."""
    if not reason.strip():
        raise Refused("reason_missing")
    return move(
        merchant, "merchant.returned", {State.IN_REVIEW}, State.APPLIED,
        by=by, reason=reason.strip(), letter="merchant_returned",
    )  # fmt: skip


def remind_of_documents(*, at: datetime) -> int:
    """Write to owners 30, 7 and 1 days before an accepted document ends that nothing newer replaces; each once. Returns how many
    documents were told of."""
    told = 0
    soon = (at + timedelta(days=max(REMINDED) + 1)).date()
    rows = Submittal.objects.filter(
        state=Submittal.State.ACCEPTED, expires_on__gte=at.date() - timedelta(days=1), expires_on__lte=soon,
        merchant__state=State.APPROVED,
    ).select_related("merchant", "requirement")  # fmt: skip
    for row in rows.order_by("pk"):
        last = row.expires_on or date.max
        left = (last - at.astimezone(_zone(row.merchant)).date()).days
        due = [days for days in REMINDED if 0 <= left <= days]
        newer = row.merchant.submittals.filter(requirement=row.requirement, pk__gt=row.pk).exclude(
            state=Submittal.State.RETURNED
        )
        if not due or newer.exists():
            continue
        with transaction.atomic():
            tell_owners(
                row.merchant, "merchant_document_ends", about=f"{row.public_id}:{min(due)}",
                name=row.requirement.name_in(language_of(row.merchant)), last_day=last.isoformat(),
            )  # fmt: skip
        told += 1
    return told


def secrets_of(submittal: Submittal) -> dict[str, str]:
    """The numbers in full, for those at the desk who have to compare them."""
    return json.loads(unseal(submittal.sealed)) if submittal.sealed else {}


def masked(text: str) -> str:
    """The last four signs of a number, if it is long enough to have others."""
    return f"•••• {text[-4:]}" if len(text) > 6 else "••••"


def _holds(row: Submittal, requirement: Requirement, today: date) -> bool:
    is_current = requirement.kind != Kind.AGREEMENT or row.version == requirement.version
    is_valid = row.expires_on is None or row.expires_on >= today
    return row.state == Submittal.State.ACCEPTED and is_current and is_valid


def _values_of(requirement: Requirement, given: dict[str, str]) -> tuple[dict[str, str], str]:
    """What may be shown, and the rest, sealed."""
    values, hidden = {}, {}
    for name, is_needed in FIELDS[requirement.kind]:
        text = given.get(name, "").replace("\x00", "").strip()[:500]
        if is_needed and not text:
            raise Refused("answer_incomplete", name=name)
        if not text:
            continue
        values[name] = masked(text) if name in SECRET else text
        if name in SECRET:
            hidden[name] = text
    if requirement.kind == Kind.AGREEMENT:
        if given.get("accepted") != "yes":
            raise Refused("answer_incomplete", name="accepted")
        values["accepted_version"] = str(requirement.version)
    return values, seal(json.dumps(hidden)) if hidden else ""


def _take_file(row: Submittal, file: tuple[str, bytes] | None, expires_on: date | None, at: datetime) -> None:
    if file is None:
        raise Refused("answer_incomplete", name="file")
    if row.requirement.has_expiry:
        if expires_on is None:
            raise Refused("answer_incomplete", name="expires_on")
        if plausible(expires_on) < at.astimezone(_zone(row.merchant)).date():
            raise Refused("document_over", day=expires_on.isoformat())
        row.expires_on = expires_on
    name, content = file
    row.content_type = papers.type_of(content)
    row.file_name = papers.plain_name(name)
    row.file.name = papers.keep(content)


def _replace_given(merchant: Merchant, requirement: Requirement, at: datetime) -> None:
    """One waits at a time: what waited is returned without a letter, since its giver replaced it."""
    waiting = merchant.submittals.filter(requirement=requirement, state=Submittal.State.GIVEN)
    waiting.update(state=Submittal.State.RETURNED, decided_at=at)


def _decide(
    submittal: Submittal, state: Submittal.State, reason: str, by: User | None, at: datetime
) -> tuple[Merchant, Submittal]:
    """The merchant's row is the lock, so that a decision and a newer answer wait for each other."""
    merchant = Merchant.objects.select_for_update(no_key=True).get(pk=submittal.merchant_id)
    waiting = Submittal.objects.filter(pk=submittal.pk, state=Submittal.State.GIVEN)
    if not waiting.update(state=state, reason=reason, decided_by=by, decided_at=at):
        raise Refused("already_done")
    return merchant, Submittal.objects.select_related("requirement", "merchant").get(pk=submittal.pk)


def _watch_expiry(merchant: Merchant, by: User | None) -> None:
    """The earliest last day of the documents that were accepted last, one for each point of the checklist."""
    days: dict[int, date] = {}
    accepted = merchant.submittals.filter(
        state=Submittal.State.ACCEPTED, requirement__is_active=True, requirement__is_required=True,
        expires_on__isnull=False,
    )  # fmt: skip
    for point, day in accepted.order_by("pk").values_list("requirement_id", "expires_on"):
        days[point] = day or date.max
    earliest = min(days.values(), default=None)
    if earliest is not None and earliest != merchant.documents_expire_on:
        old, merchant.documents_expire_on = merchant.documents_expire_on, earliest
        facts_changed(merchant)
        record("merchant.documents_set", merchant, by=by, expire_on=[old and old.isoformat(), earliest.isoformat()])


def _named(row: Submittal) -> dict[str, Any]:
    return {"requirement": row.requirement.public_id, "name": row.requirement.name_en}


def _zone(merchant: Merchant) -> ZoneInfo:
    return ZoneInfo(zone_of(merchant.country))


def _free_slug(company: str) -> str:
    # A merchant's sandbox stands under its name with that ending: nobody takes it from them.
    wish = re.sub(r"(-sandbox)+$", "", slugify(company)[:60]) or "merchant"
    if wish in RESERVED:
        wish = f"{wish}-shop"
    taken = set(Merchant.objects.filter(slug__startswith=wish).values_list("slug", flat=True))
    return next(
        slug for slug in (wish, *(f"{wish}-{number}" for number in range(2, len(taken) + 3))) if slug not in taken
    )
