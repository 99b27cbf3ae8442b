"""What follows from the last decision: a track is final, a version gets its certificate, a certificate is revoked."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from core.jobs import enqueue
from licensing.approvals.assets import allow_assets, retire_assets
from licensing.approvals.locks import lock_article
from licensing.approvals.people import is_member, may_approve
from licensing.approvals.rounds import PASSED
from licensing.approvals.tracks import Stage, Track, next_stage
from licensing.models import ArticleVersion, Certificate, Licence, LicensedArticle, Round, Submission

State = ArticleVersion.State


def pass_stage(shown: Round, *, at: datetime) -> None:
    """The track goes on to its next stage, or is final; the last track to become so completes the version. Call under the
    lock of the article."""
    submission = shown.submission
    following = next_stage(Track(submission.track), Stage(shown.stage))
    if following is not None:
        submission.stage = following
        submission.save(update_fields=["stage"])
        return
    submission.final_at = at
    submission.save(update_fields=["final_at"])
    version = submission.version
    if submission.track == Track.MARKETING:
        allow_assets(version.article, version.licence, shown, at=at)
    if not version.submissions.filter(final_at=None).exists():
        _complete(version, at)
    facts_changed(version.article)


@transaction.atomic(durable=True)
def revoke_certificate(
    certificate: Certificate, *, by: User, at: datetime, reason: str, effective_at: datetime | None = None
) -> Certificate:
    """From `effective_at` on (now, unless it is given) the article may not be listed, sold or shipped under this approval.
    One that is to be revoked later may be revoked earlier. Refuses `not_an_approver`, `reason_missing`,
    `revocation_in_past`, `already_done`."""
    article = lock_article(certificate.article_id)
    certificate = Certificate.objects.select_related("licence").get(pk=certificate.pk)
    if not may_approve(by) or is_member(by, certificate.licence):
        raise Refused("not_an_approver")
    if not reason.strip():
        raise Refused("reason_missing")
    effective_at = effective_at or at
    if effective_at < at:
        raise Refused("revocation_in_past")
    if certificate.revoked_at is not None and certificate.revoked_at <= effective_at:
        raise Refused("already_done")
    certificate.revoked_at, certificate.revoke_reason = effective_at, reason.strip()[:300]
    certificate.save(update_fields=["revoked_at", "revoke_reason"])
    ArticleVersion.objects.filter(
        article=article, licence=certificate.licence_id, number=certificate.version, state=State.FINAL_APPROVED
    ).update(state=State.REVOKED)
    record(
        "certificate.revoked",
        certificate,
        by=by,
        reason=certificate.revoke_reason,
        effective_at=effective_at.isoformat(),
    )
    facts_changed(article)
    return certificate


def drop_version(version: ArticleVersion, state: ArticleVersion.State, *, at: datetime) -> None:
    """The version ends before it is approved, and with it what its marketing track had already allowed for the page. Call
    under the lock of the article."""
    version.state = state
    version.save(update_fields=["state"])
    own = version.submissions.filter(track=Track.MARKETING, carried_from=None, final_at__isnull=False)
    if not own.exists():
        return
    approved = ArticleVersion.objects.filter(
        article=version.article_id, licence=version.licence_id, state=State.FINAL_APPROVED
    ).first()
    standing = _final_round(approved, Track.MARKETING) if approved else None
    retire_assets(version.article, version.licence, standing, at=at)
    facts_changed(version.article)


def facts_changed(article: LicensedArticle) -> None:
    """Moves `updated_at`, by which the shelf finds what it has to compile again, and hurries it along."""
    article.save(update_fields=["updated_at"])
    enqueue("catalog.catch_up_shelf")


def _complete(version: ArticleVersion, at: datetime) -> None:
    """All tracks are final: a certificate, and the version before is superseded."""
    article, licence = version.article, version.licence
    before = ArticleVersion.objects.filter(article=article, licence=licence, number__lt=version.number)
    before.filter(state=State.FINAL_APPROVED).update(state=State.SUPERSEDED)
    version.state = State.FINAL_APPROVED
    version.save(update_fields=["state"])
    certificate = Certificate.objects.create(
        article=article,
        licence=licence,
        version=version.number,
        issued_at=at,
        particulars=_particulars(version, licence, article),
    )
    retire_assets(article, licence, _final_round(version, Track.MARKETING), at=at)
    record("certificate.issued", certificate, by=None, version=version.number, licence=licence.number)


def _particulars(version: ArticleVersion, licence: Licence, article: LicensedArticle) -> dict[str, Any]:
    """What the paper says, as it is today: a licence that is amended later does not rewrite it."""
    grants = licence.grants.select_related("category").order_by("id")
    return {
        "merchant": str(article.merchant),
        "film": str(licence.film),
        "licence": licence.number,
        "sku": article.sku,
        "term": {"starts_on": str(licence.starts_on), "ends_on": str(licence.ends_on), "time_zone": licence.time_zone},
        "grants": [
            {
                "category": grant.category.code if grant.category else None,
                "countries": grant.countries,
                "excluded_countries": grant.excluded_countries,
                "channels": grant.channels,
            }
            for grant in grants
        ],
        "rounds": [_as_data(version, track) for track in Track],
    }


def _as_data(version: ArticleVersion, track: Track) -> dict[str, Any]:
    final = _final_round(version, track)
    return {
        "track": str(track),
        "version": final.submission.version.number,
        "round": final.number,
        "decided_at": final.decided_at and final.decided_at.isoformat(),
        "legal_line_en": final.legal_line_en,
        "legal_line_zh": final.legal_line_zh,
        "factory": final.factory,
        "digest": final.digest,
    }


def _final_round(version: ArticleVersion, track: Track) -> Round:
    """The round by which the track is final: of this version, or of the one it is carried over from."""
    submission = Submission.objects.get(version=version, track=track)
    rounds = Round.objects.select_related("submission__version")
    return rounds.get(submission=submission.carried_from_id or submission.pk, stage=Stage.FINAL, state__in=PASSED)
