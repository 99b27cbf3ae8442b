"""A merchant's articles on their way to approval, as its programs read them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Prefetch, Q, QuerySet

from core.paging import Page
from licensing.approvals import evidence
from licensing.approvals.deadlines import business_days_between
from licensing.approvals.drafts import SHOWN_AGAIN
from licensing.approvals.queries import certificates_of, comments_of, files_of, marked_files_of, versions_of
from licensing.approvals.rounds import WAITING, asked_changes
from licensing.models import (
    ArticleVersion,
    Certificate,
    Comment,
    Licence,
    MarkedFile,
    RequiredChange,
    Round,
    RoundFile,
    Submission,
)
from merchants.models import Merchant

State = Round.State


class VersionPosition(NamedTuple):
    """Where a page of versions ended."""

    pk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionFilters:
    """`licence` by public id or number."""

    licence: str | None = None
    state: str | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """Until somebody has to have decided, in business days of the licensor."""

    due_at: datetime
    business_days: int
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class OwnRound:
    round: Round
    left: TimeLeft | None
    files: list[RoundFile]
    marked_files: list[MarkedFile]
    comments: list[Comment]
    required_changes: list[RequiredChange]


@dataclass(frozen=True, slots=True)
class OwnTrack:
    """One track of a version. `waits_for`: who has to do something now; blank once it is over."""

    submission: Submission
    waits_for: str
    last: OwnRound | None
    rounds: list[OwnRound]


@dataclass(frozen=True, slots=True)
class OwnSubmission:
    version: ArticleVersion
    tracks: list[OwnTrack]
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class OwnDraft:
    """A round that is not submitted yet, with what the stage asks for and is not there."""

    round: Round
    files: list[RoundFile]
    asked: list[RequiredChange] = field(default_factory=list)

    @property
    def missing(self) -> list[evidence.Item]:
        return evidence.missing(self.round, self.round.submission.track, self.files)


def submissions_page(
    merchant: Merchant, filters: SubmissionFilters, *, at: datetime, after: VersionPosition | None, limit: int
) -> Page[OwnSubmission]:
    """Versions of the merchant's articles, the newest first, with their tracks. A constant number of queries."""
    versions = versions_of(merchant)
    if filters.licence is not None:
        versions = versions.filter(Q(licence__public_id=filters.licence) | Q(licence__number=filters.licence))
    if filters.state is not None:
        versions = versions.filter(state=filters.state)
    if filters.sku is not None:
        versions = versions.filter(article__sku=filters.sku)
    if after is not None:
        versions = versions.filter(pk__lt=after.pk)
    found = list(_with_rounds(versions, merchant).order_by("-pk")[: limit + 1])
    following = VersionPosition(found[limit - 1].pk) if len(found) > limit else None
    return Page([_as_own(version, at) for version in found[:limit]], following)


def own_submission(merchant: Merchant, public_id: str, *, at: datetime) -> OwnSubmission | None:
    """The version of this public id, with every round. A constant number of queries."""
    version = _with_rounds(versions_of(merchant).filter(public_id=public_id), merchant).first()
    if version is None:
        return None
    of_version = certificates_of(merchant).filter(
        article=version.article_id, licence=version.licence_id, version=version.number
    )
    return _as_own(version, at, of_version.first())


def own_version(merchant: Merchant, public_id: str) -> ArticleVersion | None:
    return versions_of(merchant).filter(public_id=public_id).first()


def own_draft(merchant: Merchant, version: str, track: str) -> OwnDraft | None:
    """The draft of a track, where there is one."""
    rounds = Round.objects.filter(submission__version__in=versions_of(merchant).select_related(None), state=State.DRAFT)
    rounds = rounds.select_related("submission__version__licence", "submission__version__article")
    found = rounds.filter(submission__version__public_id=version, submission__track=track).first()
    if found is None:
        return None
    return OwnDraft(found, list(found.files.order_by("pk")), asked_changes(found))


def own_file(merchant: Merchant, version: str, public_id: str) -> RoundFile | MarkedFile | None:
    """A piece of evidence, or what the licensor drew on and sent back."""
    named = {"round__submission__version__public_id": version, "public_id": public_id}
    evidence_file = files_of(merchant).select_related("round__submission__version").filter(**named).first()
    return evidence_file or marked_files_of(merchant).select_related("round").filter(**named).first()


def _with_rounds(versions: QuerySet[ArticleVersion], merchant: Merchant) -> QuerySet[ArticleVersion]:
    rounds = Round.objects.order_by("pk").prefetch_related(
        Prefetch("files", RoundFile.objects.order_by("pk")),
        Prefetch("marked_files", MarkedFile.objects.order_by("pk")),
        Prefetch("comments", comments_of(merchant).select_related("author", "file").order_by("number")),
        Prefetch("required_changes", RequiredChange.objects.select_related("done_in").order_by("number")),
    )
    tracks = Submission.objects.order_by("pk").prefetch_related(Prefetch("rounds", rounds))
    return versions.prefetch_related(Prefetch("submissions", tracks))


def _as_own(version: ArticleVersion, at: datetime, certificate: Certificate | None = None) -> OwnSubmission:
    tracks = [_track(submission, version, at) for submission in version.submissions.all()]
    return OwnSubmission(version, tracks, certificate)


def _track(submission: Submission, version: ArticleVersion, at: datetime) -> OwnTrack:
    rounds = [_round(shown, version.licence, at) for shown in submission.rounds.all()]
    of_stage = [one for one in rounds if one.round.stage == submission.stage]
    last = of_stage[-1] if of_stage else None
    return OwnTrack(submission, _waits_for(submission, version, last), last, rounds)


def _waits_for(submission: Submission, version: ArticleVersion, last: OwnRound | None) -> str:
    if version.state != ArticleVersion.State.IN_APPROVAL or submission.final_at is not None:
        return ""
    if last is None or last.round.state in (*SHOWN_AGAIN, State.DRAFT):
        return "merchant"
    return "licensor" if last.round.state in WAITING else ""


def _round(shown: Round, licence: Licence, at: datetime) -> OwnRound:
    return OwnRound(
        shown,
        _time_left(shown, licence, at) if shown.state in WAITING else None,
        list(shown.files.all()),
        list(shown.marked_files.all()),
        list(shown.comments.all()),
        list(shown.required_changes.all()),
    )


def _time_left(shown: Round, licence: Licence, at: datetime) -> TimeLeft:
    assert shown.due_at is not None  # the database asks for it of what was submitted
    clock = {"calendar": licence.calendar, "zone": licence.time_zone}
    is_overdue = at >= shown.due_at
    earlier, later = (shown.due_at, at) if is_overdue else (at, shown.due_at)
    return TimeLeft(shown.due_at, business_days_between(earlier, later, **clock), is_overdue)
