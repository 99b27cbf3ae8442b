"""What happened to a round, in order: who did what when, letters of reminder, and what silence came to."""

from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from licensing.approvals.pages import local, name_of
from licensing.models import Licence, Round

State = Round.State
#: States that nobody but the licence's rule of silence brings about.
_BY_SILENCE = (State.DEEMED_APPROVED, State.DEEMED_DISAPPROVED, State.ESCALATED)


class Step(NamedTuple):
    """`at` is the instant; `when` says it on the licensor's clock. `who` is blank for what time does."""

    at: datetime
    when: str
    words: str
    who: str


def timeline_of(shown: Round) -> list[Step]:
    """The oldest first. Two queries at most beside what the round was read with."""
    licence = shown.submission.version.licence
    told: list[tuple[datetime | None, str, str]] = [
        (shown.created_at, _("Drafted"), name_of(shown.created_by)),
        (shown.submitted_at, _("Submitted"), name_of(shown.submitted_by)),
        (shown.opened_at, _("The licensor began to look at it"), name_of(shown.opened_by)),
    ]
    for row in shown.reminders.order_by("percent"):
        if row.percent < 100:
            words = _("Reminder to the licensor: %(percent)s %% of the time is over") % {"percent": row.percent}
            told.append((row.created_at, words, ""))
        elif shown.decided_at is None or shown.decided_by_id is not None:
            # Silence escalated it; somebody may have decided since.
            told.append((row.created_at, _becomes(licence, State.ESCALATED), ""))
    if shown.decided_at is not None:
        is_silence = shown.state in _BY_SILENCE and shown.decided_by_id is None
        words = _becomes(licence, State(shown.state)) if is_silence else shown.get_state_display()
        told.append((shown.decided_at, words, name_of(shown.decided_by)))
    steps = [Step(at, local(licence, at), words, who) for at, words, who in told if at is not None]
    return sorted(steps, key=lambda step: step.at)


def _becomes(licence: Licence, state: Round.State) -> str:
    return _("The time was over without a decision: %(state)s") % {"state": state.label}
