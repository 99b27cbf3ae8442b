"""Letters before something ends: 90, 30 and 7 days before a term, a sell-off or a document's last day.

A row says what was written, so each letter goes out once, whoever runs this and however often. Whoever starts late, or was
away on the day, sends the nearest letter only: nobody wants three on one morning.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Q
from django.utils import formats, translation
from django.utils.translation import gettext, ngettext

from accounts.models import User
from core.mail import letter
from licensing.models import Licence, LicenceDocument, LicenceNotice
from licensing.terms import local_day, sell_off_ends_on
from merchants.models import Member

logger = logging.getLogger(__name__)

State = Licence.State
Subject = LicenceNotice.Subject

#: Days before the last day, the earliest first.
DAYS_BEFORE = (90, 30, 7)
#: Half of the licences of a large studio end with the year; a run takes this many letters' worth, the next goes on.
BATCH = 200
#: Staff who look after licences.
STAFF = "change_licence"


class Ending(NamedTuple):
    """Something of a licence ends, and this many days before it a letter is due."""

    licence: Licence
    subject: str
    ends_on: date
    days_before: int
    days_left: int
    document: LicenceDocument | None = None


def send_notices(*, at: datetime) -> int:
    """Write what is due and was not written yet; returns how many letters were sent. Harmless twice and side by side."""
    sent = 0
    for ending in list(due_notices(at))[:BATCH]:
        notice = _claim(ending, at)
        if notice is None:
            continue
        letters = _write(ending)
        if letters is None:
            notice.delete()  # the server is away, and nobody was told: the next run writes
        else:
            sent += letters
    return sent


def due_notices(at: datetime) -> Iterator[Ending]:
    """What is to be written now. Two queries and one for what was written."""
    written = set(
        LicenceNotice.objects.filter(ends_on__gte=(at - timedelta(days=1)).date()).values_list(
            "licence_id", "subject", "document_id", "ends_on", "days_before"
        )
    )
    for ending in _endings(at):
        document_id = ending.document.pk if ending.document else None
        key = (ending.licence.pk, ending.subject, document_id, ending.ends_on, ending.days_before)
        if key not in written:
            yield ending


def _endings(at: datetime) -> Iterator[Ending]:
    # A day more than the farthest letter: zones are ahead of UTC by at most 14 hours.
    soon = at.date() + timedelta(days=max(DAYS_BEFORE) + 1)
    in_force = Q(state__in=[State.EXECUTED, State.SUSPENDED])
    near = Q(ends_on__lte=soon, ends_on__gte=at.date() - timedelta(days=1)) | Q(
        sell_off_days__gt=0, ends_on__lte=at.date()
    )
    for licence in Licence.objects.filter(in_force & near).select_related("merchant", "film").order_by("ends_on", "pk"):
        today = local_day(licence, at)
        yield from _due(licence, Subject.TERM, licence.ends_on, today)
        if licence.sell_off_days and today > licence.ends_on:
            # Before that the end of the term is what matters; its letter names both days.
            yield from _due(licence, Subject.SELL_OFF, sell_off_ends_on(licence), today)
    papers = LicenceDocument.objects.filter(
        licence__state__in=[State.EXECUTED, State.SUSPENDED], retired_at=None,
        expires_on__lte=soon, expires_on__gte=at.date() - timedelta(days=1),
    )  # fmt: skip
    for document in papers.select_related("licence__merchant", "licence__film").order_by("expires_on", "pk"):
        assert document.expires_on is not None  # the filter asked for it
        today = local_day(document.licence, at)
        yield from _due(document.licence, Subject.DOCUMENT, document.expires_on, today, document)


def _due(
    licence: Licence, subject: str, ends_on: date, today: date, document: LicenceDocument | None = None
) -> Iterator[Ending]:
    """The nearest letter whose day has come, if any; none once the last day is over."""
    left = (ends_on - today).days
    reached = [days for days in DAYS_BEFORE if left <= days]
    if left >= 0 and reached:
        yield Ending(licence, subject, ends_on, min(reached), left, document)


def _claim(ending: Ending, at: datetime) -> LicenceNotice | None:
    """The row of the letter when it is this run's to write. Two runs that meet: the unique constraint lets one through."""
    notice, is_new = LicenceNotice.objects.get_or_create(
        licence=ending.licence, subject=ending.subject, document=ending.document,
        ends_on=ending.ends_on, days_before=ending.days_before, defaults={"sent_at": at},
    )  # fmt: skip
    return notice if is_new else None


def _write(ending: Ending) -> int | None:
    """One letter to each reader; None when none could be sent though there are readers."""
    readers = _readers(ending.licence)
    sent = 0
    for reader, language, is_staff in readers:
        context = _words(ending, language) | {"is_staff": is_staff}
        try:
            letter("licence_notice", context, to=reader.email, language=language).send()
        except OSError as error:
            facts = {"licence": ending.licence.public_id, "error": type(error).__name__}
            logger.warning("licence_notice.not_sent", extra=facts)
        else:
            sent += 1
    return sent if sent or not readers else None


def _readers(licence: Licence) -> list[tuple[User, str, bool]]:
    """The merchant's owners and the studio's staff of licensing, each address once, with the language to write in.

    Accounts have none: who reads Chinese is guessed from where the merchant is, and of staff from whose calendar the
    licence goes by.
    """
    owners = Member.objects.filter(merchant=licence.merchant, role=Member.Role.OWNER, user__is_active=True)
    at_merchant = "zh-hans" if licence.merchant.country == "CN" else "en"
    at_studio = "zh-hans" if licence.calendar.startswith("CN") else "en"
    found = [(member.user, at_merchant, False) for member in owners.select_related("user").order_by("pk")]
    found += [(user, at_studio, True) for user in _staff()]
    by_address = {user.email.lower(): (user, language, is_staff) for user, language, is_staff in reversed(found)}
    return [row for row in reversed(by_address.values()) if row[0].email]


def _staff() -> Iterable[User]:
    """Superusers may everything and are written to only where they were given the permission. One query."""
    permission = Permission.objects.filter(content_type__app_label="licensing", codename=STAFF)
    holds = Q(user_permissions__in=permission) | Q(groups__permissions__in=permission)
    return User.objects.filter(holds, is_active=True, is_staff=True).distinct().order_by("pk")


def _words(ending: Ending, language: str) -> dict[str, Any]:
    """What the letter says, in its reader's language."""
    licence = ending.licence
    with translation.override(language):
        return {
            "subject": _subject(ending),
            "licence": licence.number,
            "film": licence.film.title_in(language),
            "merchant": licence.merchant.name_in(language),
            "day": formats.date_format(ending.ends_on, "DATE_FORMAT"),
            "zone": licence.time_zone,
            "kind": ending.subject,
            "is_required": bool(ending.document and ending.document.is_required),
            "sell_off_day": formats.date_format(sell_off_ends_on(licence), "DATE_FORMAT")
            if licence.sell_off_days
            else "",
            "address": f"{settings.SITE_URL}/desk/licensing/licence/{licence.pk}/page/",
        }


def _subject(ending: Ending) -> str:
    facts = {"licence": ending.licence.number, "n": ending.days_left}
    if ending.document is not None:
        facts["document"] = ending.document.title
        if ending.days_left == 0:
            return gettext("%(document)s of licence %(licence)s runs out today") % facts
        sentence = ngettext(
            "%(document)s of licence %(licence)s runs out in %(n)s day",
            "%(document)s of licence %(licence)s runs out in %(n)s days",
            ending.days_left,
        )
    elif ending.subject == Subject.SELL_OFF:
        if ending.days_left == 0:
            return gettext("The sell-off of licence %(licence)s ends today") % facts
        sentence = ngettext(
            "The sell-off of licence %(licence)s ends in %(n)s day",
            "The sell-off of licence %(licence)s ends in %(n)s days",
            ending.days_left,
        )
    elif ending.days_left == 0:
        return gettext("Licence %(licence)s ends today") % facts
    else:
        sentence = ngettext(
            "Licence %(licence)s ends in %(n)s day", "Licence %(licence)s ends in %(n)s days", ending.days_left
        )
    return sentence % facts
