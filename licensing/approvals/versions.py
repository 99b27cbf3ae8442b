"""Verbs that begin and end a version of an article."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.services import record
from core.errors import Refused
from licensing.approvals.finals import drop_version
from licensing.approvals.locks import lock_article, lock_version
from licensing.approvals.people import Licensee, check_licensee, person_of
from licensing.approvals.tracks import Change, Track, first_stage, touched
from licensing.articles import article_of
from licensing.models import ArticleVersion, Certificate, Licence, LicensedArticle, Round, Submission

State = ArticleVersion.State


@transaction.atomic(durable=True)
def start_version(
    licence: Licence, sku: str, *, by: Licensee, at: datetime, changes: Iterable[str] = ()
) -> ArticleVersion:
    """Begin the approval of the merchant's article `sku` under `licence`.

    The first version begins every track at its first stage. One that follows a version that is approved names its
    `changes`, begins where they touch (licensing.approvals.tracks.TOUCHES), and carries the other tracks' approval over;
    the old version stays sellable until this one is final. Refuses `not_your_merchant`, `sku_missing`, `wrong_state` for a
    licence that is not executed, `version_open`, `changes_missing`, `unknown_change`.
    """
    check_licensee(by, licence)
    licence = Licence.objects.select_related("merchant").get(pk=licence.pk)
    if licence.state != Licence.State.EXECUTED:
        raise Refused("wrong_state", state=licence.get_state_display())
    article = lock_article(article_of(licence.merchant, sku).pk)
    versions = list(article.versions.filter(licence=licence).order_by("-number"))
    if any(version.state == State.IN_APPROVAL for version in versions):
        raise Refused("version_open")
    base = _base_of(versions, article, licence, at)
    wanted = _known(changes)
    if base is not None and not wanted:
        raise Refused("changes_missing")
    version = ArticleVersion.objects.create(
        article=article,
        licence=licence,
        number=versions[0].number + 1 if versions else 1,
        changes=[str(change) for change in wanted] if base else [],
        created_at=at,
    )
    _begin_tracks(version, base, wanted)
    record(
        "article.version_started",
        article,
        by=person_of(by),
        version=version.number,
        licence=licence.number,
        changes=version.changes,
    )
    return version


@transaction.atomic(durable=True)
def withdraw_version(version: ArticleVersion, *, by: Licensee, at: datetime) -> ArticleVersion:
    """The licensee takes a version back that is not approved yet; drafts go, what was submitted stays on record.
    Refuses `wrong_state`."""
    version = lock_version(version)
    check_licensee(by, version.licence)
    if version.state != State.IN_APPROVAL:
        raise Refused("wrong_state", state=version.get_state_display())
    for draft in Round.objects.filter(submission__version=version, state=Round.State.DRAFT):
        draft.done_changes.update(done_in=None, done_remark="")
        draft.files.all().delete()
        draft.delete()
    drop_version(version, State.WITHDRAWN, at=at)
    record("article.version_withdrawn", version.article, by=person_of(by), version=version.number)
    return version


def _base_of(
    versions: list[ArticleVersion], article: LicensedArticle, licence: Licence, at: datetime
) -> ArticleVersion | None:
    """The version whose approval holds now: the approved one, or one whose revocation has yet to take effect."""
    for version in versions:
        if version.state == State.FINAL_APPROVED:
            return version
        if version.state == State.REVOKED:
            holds = Certificate.objects.filter(
                article=article, licence=licence, version=version.number, revoked_at__gt=at
            )
            return version if holds.exists() else None
    return None


def _known(changes: Iterable[str]) -> list[Change]:
    wanted = []
    for change in dict.fromkeys(changes):
        if change not in Change.values:
            raise Refused("unknown_change", change=change)
        wanted.append(Change(change))
    return wanted


def _begin_tracks(version: ArticleVersion, base: ArticleVersion | None, changes: list[Change]) -> None:
    begins = touched(changes) if base else {track: first_stage(track) for track in Track}
    standing = {submission.track: submission for submission in base.submissions.all()} if base else {}
    for track in Track:
        if track in begins:
            Submission.objects.create(version=version, track=track, begins_at=begins[track], stage=begins[track])
            continue
        kept = standing[track]
        Submission.objects.create(
            version=version,
            track=track,
            begins_at=kept.stage,
            stage=kept.stage,
            carried_from_id=kept.carried_from_id or kept.pk,
            final_at=kept.final_at,
        )
