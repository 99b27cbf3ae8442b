"""A merchant's versions as a list: how far each track is, whose turn it is, and how much time is left."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from licensing.approvals import queries
from licensing.approvals.pages import tone_of
from licensing.approvals.rounds import WAITING
from licensing.approvals.words import time_left
from licensing.models import ArticleVersion, Round, Submission
from merchants.models import Merchant

State = ArticleVersion.State
#: Versions on a page.
PAGE = 50
SHOWN = ("open", "ours", "licensor", "approved", "over", "all")
_STATES = {
    "approved": (State.FINAL_APPROVED,),
    "over": (State.SUPERSEDED, State.REVOKED, State.REJECTED, State.WITHDRAWN),
    "open": (State.IN_APPROVAL,),
}
_TONES = {State.FINAL_APPROVED: "ok", State.IN_APPROVAL: "info", State.REVOKED: "bad", State.REJECTED: "bad"}


def version_tone(version: ArticleVersion) -> str:
    return _TONES.get(State(version.state), "")


def version_list(merchant: Merchant, *, show: str, after: str, at: datetime) -> dict[str, Any]:
    """A page of versions, the newest first, behind the one called `after`. Four queries at most, however many there are."""
    versions = _shown(queries.versions_of(merchant), show)
    last = versions.filter(public_id=after).values_list("pk", flat=True).first() if after else None
    if last is not None:
        versions = versions.filter(pk__lt=last)
    rounds = Round.objects.defer("spec", "texts").order_by("pk")
    tracks = Submission.objects.order_by("pk").prefetch_related(Prefetch("rounds", rounds))
    found = list(versions.order_by("-pk").prefetch_related(Prefetch("submissions", tracks))[: PAGE + 1])
    rows = [_row(version, at) for version in found[:PAGE]]
    return {"rows": rows, "next": found[PAGE - 1].public_id if len(found) > PAGE else ""}


def _shown(versions: QuerySet[ArticleVersion], show: str) -> QuerySet[ArticleVersion]:
    if show in _STATES:
        return versions.filter(state__in=_STATES[show])
    if show in ("ours", "licensor"):
        return queries.waiting_on(versions, "licensor" if show == "licensor" else "merchant")
    return versions


def _row(version: ArticleVersion, at: datetime) -> dict[str, Any]:
    is_open = version.state == State.IN_APPROVAL
    tracks = [_track(version, row, is_open, at) for row in version.submissions.all()]
    return {"version": version, "tone": version_tone(version), "tracks": tracks}


def _track(version: ArticleVersion, submission: Submission, is_open: bool, at: datetime) -> dict[str, Any]:
    rounds = list(submission.rounds.all())
    last = next((row for row in reversed(rounds) if row.stage == submission.stage), None)
    told = {"label": submission.get_track_display(), "stage": "", "turn": "", "left": None, "tone": ""}
    if submission.final_at is not None:
        return told | {"stage": _("Final approval"), "tone": "ok"}
    stage = submission.get_stage_display()
    told["stage"] = _("%(stage)s v%(number)s") % {"stage": stage, "number": last.number} if last else stage
    if not is_open:
        return told
    if last is not None and last.state in WAITING:
        return told | {"turn": _("With the licensor"), "left": time_left(last, version.licence, at=at), "tone": "info"}
    words = last.get_state_display() if last else _("Nothing drafted yet")
    return told | {"turn": _("Your turn"), "remark": words, "tone": tone_of(last) if last else "warn"}
