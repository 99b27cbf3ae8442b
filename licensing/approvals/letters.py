"""Letters about deadlines: to the studio's reviewers while time passes, to both sides once it has."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Q
from django.utils import translation

from accounts.models import User
from core.mail import letter
from licensing.approvals.people import ACTING_ROLES, APPROVE, REVIEW
from licensing.approvals.rounds import WAITING
from licensing.approvals.words import time_left
from licensing.models import Licence, Reminder, Round


def write_reminder(reminder: Reminder, *, at: datetime) -> None:
    """Raises OSError when the mail server is away. A round that was decided in between needs no reminder."""
    rounds = Round.objects.select_related("submission__version__article__merchant", "submission__version__licence")
    shown = rounds.get(pk=reminder.round_id)
    if reminder.percent < 100:
        if shown.state in WAITING:
            _write("approval_reminder", shown, reviewers(), reminder.percent, at)
        return
    _write("approval_deadline_passed", shown, [*reviewers(approvers_only=True), *_members(shown)], 100, at)


def reviewers(*, approvers_only: bool = False) -> Iterable[User]:
    """Staff with an address who may decide. Superusers may everything and are written to only where they were given the
    permission: the one who set the shop up is not its reviewer. One query."""
    names = [APPROVE] if approvers_only else [APPROVE, REVIEW]
    codes = [name.partition(".")[2] for name in names]
    permissions = Permission.objects.filter(content_type__app_label="licensing", codename__in=codes)
    holds = Q(user_permissions__in=permissions) | Q(groups__permissions__in=permissions)
    return User.objects.filter(holds, is_active=True, is_staff=True).exclude(email="").distinct().order_by("pk")


def _members(shown: Round) -> Iterable[User]:
    merchant = shown.submission.version.article.merchant
    acting = merchant.members.filter(role__in=ACTING_ROLES, user__is_active=True).exclude(user__email="")
    return [member.user for member in acting.select_related("user").order_by("pk")]


def _write(template: str, shown: Round, to: Iterable[User], percent: int, at: datetime) -> None:
    version = shown.submission.version
    for user in to:
        language = _language_of(version.licence)
        with translation.override(language):
            context = {
                "article": str(version.article),
                "version": version.number,
                "track": shown.submission.get_track_display(),
                "stage": shown.get_stage_display(),
                "round": shown.number,
                "licence": version.licence.number,
                "percent": percent,
                "left": time_left(shown, version.licence, at=at).words,
                "state": shown.get_state_display(),
                "is_staff": user.is_staff,
                "address": f"{settings.SITE_URL}/desk/licensing/round/{shown.pk}/page/",
            }
        letter(template, context, to=user.email, language=language).send()


def _language_of(licence: Licence) -> str:
    """Accounts have no language; those who count by the Chinese calendar are written to in Chinese."""
    return "zh-hans" if licence.calendar.startswith("CN") else "en"
