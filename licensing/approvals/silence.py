"""What time does: reminders while a decision is awaited, and the licence's rule of silence once its deadline has passed.

Beat calls both again and again, several workers at once if need be. A round is decided under its article's lock, so its
silence is answered once; a letter is claimed with one update before it is written.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.services import record
from licensing.approvals.finals import pass_stage
from licensing.approvals.letters import write_reminder
from licensing.approvals.locks import lock_round
from licensing.approvals.reviewing import tell_programs
from licensing.approvals.rounds import WAITING
from licensing.models import ArticleVersion, Licence, Reminder, Round

logger = logging.getLogger(__name__)

State = Round.State
#: Rounds per run of the task. The next run goes on.
BATCH = 200
#: A letter whose worker was killed over it, or that the server did not take, is tried again after this.
TRY_AGAIN_AFTER = timedelta(hours=1)

_BECOMES = {
    Licence.SilenceRule.DEEMED_DISAPPROVED: State.DEEMED_DISAPPROVED,
    Licence.SilenceRule.DEEMED_APPROVED: State.DEEMED_APPROVED,
    Licence.SilenceRule.ESCALATED: State.ESCALATED,
}
_CLOCK = {50: "half_at", 80: "late_at", 100: "due_at"}


def tend_deadlines(*, at: datetime) -> int:
    """Write down which reminders are due, answer silence, and send the letters; returns the letters sent."""
    for percent in (50, 80):
        _note(_passed(percent, at), percent, at)
    for shown in _passed(100, at).filter(state__in=[State.SUBMITTED, State.IN_REVIEW]).order_by("due_at")[:BATCH]:
        answer_silence(shown, at=at)
    return _send_letters(at)


@transaction.atomic
def answer_silence(shown: Round, *, at: datetime) -> Round:
    """What the licence says becomes of a round that nobody decided in time. Harmless when somebody just has, and twice."""
    shown = lock_round(shown)
    is_waiting = shown.state in (State.SUBMITTED, State.IN_REVIEW)
    is_open = shown.submission.version.state == ArticleVersion.State.IN_APPROVAL
    if not (is_waiting and is_open) or shown.due_at is None or shown.due_at > at:
        return shown
    shown.state = _BECOMES[Licence.SilenceRule(shown.silence_rule)]
    if shown.state != State.ESCALATED:
        shown.decided_at = at
    shown.save(update_fields=["state", "decided_at"])
    record("round.silence", shown, by=None, state=str(shown.state), due_at=shown.due_at.isoformat())
    tell_programs(shown, at=at)
    _note([shown], 100, at)
    if shown.state == State.DEEMED_APPROVED:
        pass_stage(shown, at=at)
    return shown


def _passed(percent: int, at: datetime) -> QuerySet[Round]:
    """Rounds that wait for a decision, of which this part of their time has passed and nobody was told."""
    waiting = Round.objects.filter(state__in=WAITING, submission__version__state=ArticleVersion.State.IN_APPROVAL)
    told = Reminder.objects.filter(percent=percent).values("round")
    return waiting.filter(**{f"{_CLOCK[percent]}__lte": at}).exclude(pk__in=told)


def _note(rounds: Iterable[Round], percent: int, at: datetime) -> None:
    reminders = [Reminder(round=shown, percent=percent, created_at=at) for shown in rounds]
    Reminder.objects.bulk_create(reminders, ignore_conflicts=True)


def _send_letters(at: datetime) -> int:
    free = Q(claimed_at=None) | Q(claimed_at__lt=at - TRY_AGAIN_AFTER)
    unsent = Reminder.objects.filter(free, sent_at=None).order_by("pk").values_list("pk", flat=True)[:BATCH]
    return sum(_send(pk, free, at) for pk in list(unsent))


def _send(pk: int, free: Q, at: datetime) -> bool:
    if Reminder.objects.filter(free, pk=pk, sent_at=None).update(claimed_at=at) != 1:
        return False  # another worker writes it
    try:
        write_reminder(Reminder.objects.get(pk=pk), at=at)
    except OSError as error:
        logger.warning("mail.server_away", extra={"error": type(error).__name__})
        return False
    return Reminder.objects.filter(pk=pk).update(sent_at=at) == 1
