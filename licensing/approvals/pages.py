"""What pages of approvals say, at the desk and in the panel. Every function is a read; a `Reader` says whose."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from licensing.approvals import evidence
from licensing.approvals.drafts import SHOWN_AGAIN
from licensing.approvals.rounds import PASSED, WAITING, asked_changes, standing_round
from licensing.approvals.tracks import STAGES, Change, Stage, Track
from licensing.approvals.words import differences, time_left
from licensing.models import (
    EVERY,
    ArticleVersion,
    Category,
    Certificate,
    Comment,
    DistributionChannel,
    Licence,
    Round,
    RoundFile,
    Submission,
)
from licensing.models.approvals import StoredFile

State = Round.State
#: Width of the drawing that pins stand in; their places are thousandths.
WIDE = 1000


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever looks: what may be seen, and where the pages of it are."""

    versions: QuerySet[ArticleVersion]
    rounds: QuerySet[Round]
    comments: QuerySet[Comment]
    round_url: Callable[[Round], str]
    version_url: Callable[[ArticleVersion], str]
    file_url: Callable[[StoredFile, Round], str]


def local(licence: Licence, value: datetime | None, pattern: str = "j M Y, H:i") -> str:
    """`value` on the licensor's clock."""
    return formats.date_format(value.astimezone(ZoneInfo(licence.time_zone)), pattern) if value else "–"


def due_words(shown: Round, licence: Licence) -> str:
    """A deadline is the end of a day: its last minute says that, the midnight behind it would name the day after."""
    return local(licence, shown.due_at - timedelta(minutes=1)) if shown.due_at else "–"


def zone_name(licence: Licence) -> str:
    return licence.time_zone.rpartition("/")[2].replace("_", " ")


def round_label(shown: Round) -> str:
    return _("%(track)s, %(stage)s v%(number)s") % {
        "track": shown.submission.get_track_display(),
        "stage": shown.get_stage_display(),
        "number": shown.number,
    }


# -- a round -----------------------------------------------------------------------------------------


def round_page(shown: Round, reader: Reader, *, at: datetime) -> dict[str, Any]:
    """Everything of the page."""
    version = shown.submission.version
    files = list(shown.files.order_by("pk"))
    comments = list(reader.comments.filter(round=shown).select_related("file").order_by("number"))
    is_waiting = shown.state in WAITING
    return {
        "round": shown,
        "version": version,
        "licence": version.licence,
        "label": round_label(shown),
        "version_url": reader.version_url(version),
        "left": time_left(shown, version.licence, at=at) if is_waiting else None,
        "due": due_words(shown, version.licence),
        "zone": zone_name(version.licence),
        "silence": shown.get_silence_rule_display(),
        "pictures": [_picture(file, shown, comments, reader) for file in files if file.is_picture],
        "files": [_file(file, shown, reader) for file in files],
        "marked_files": [_file(file, shown, reader) for file in shown.marked_files.order_by("pk")],
        "comments": [_comment(said, version.licence) for said in comments],
        "spec": _said(shown),
        "differences": _differences(shown, reader, files),
        "rounds": _rounds(shown, reader),
        "asked": [_asked(change, shown) for change in asked_changes(shown)],
        "required": list(shown.required_changes.all()),
        "is_draft": shown.state == State.DRAFT,
        "missing": evidence.missing(shown, shown.submission.track, files) if shown.state == State.DRAFT else [],
    }


def _picture(file: RoundFile, shown: Round, comments: list[Any], reader: Reader) -> dict[str, Any]:
    assert file.width
    assert file.height
    height = max(1, round(WIDE * file.height / file.width))
    pins = [said for said in comments if said.file_id == file.pk and said.x is not None]
    return {
        "file": file,
        "url": reader.file_url(file, shown),
        "height": height,
        "alt": _("%(kind)s: %(name)s") % {"kind": file.get_kind_display(), "name": file.name},
        "pins": [
            {
                "number": said.number,
                "x": said.x,
                "y": said.y * height // 1000,
                "label": _("Comment %(number)s: %(text)s") % {"number": said.number, "text": said.text[:80]},
            }
            for said in pins
        ],
    }


def _file(file: StoredFile, shown: Round, reader: Reader) -> dict[str, Any]:
    kind = file.get_kind_display() if isinstance(file, RoundFile) else _("Marked up")
    return {
        "pk": file.pk,
        "url": reader.file_url(file, shown),
        "name": file.name,
        "kind": kind,
        "size": formats.number_format(max(1, file.size // 1024)),
        "sha256": file.sha256,
    }


def _comment(said: Any, licence: Licence) -> dict[str, Any]:
    place = ""
    if said.file is not None and said.x is not None:
        place = _("on %(name)s, %(x)s %% across and %(y)s %% down") % {
            "name": said.file.name,
            "x": said.x // 10,
            "y": said.y // 10,
        }
    elif said.file is not None:
        place = _("on %(name)s") % {"name": said.file.name}
    return {
        "number": said.number,
        "text": said.text,
        "author": name_of(said.author) or _("A program of the merchant"),
        "side": _("licensor") if said.is_licensor else _("merchant"),
        "is_internal": said.is_internal,
        "at": local(licence, said.created_at),
        "place": place,
    }


def _said(shown: Round) -> list[dict[str, str]]:
    rows = [(str(label), shown.spec.get(name, "")) for name, label in evidence.SPEC.items()]
    rows += [
        (_("Factory"), shown.factory),
        (_("Legal line in English"), shown.legal_line_en),
        (_("Legal line in Chinese"), shown.legal_line_zh),
    ]
    rows += [(str(label), shown.texts.get(name, "")) for name, label in evidence.TEXTS.items()]
    return [{"label": label, "text": text} for label, text in rows if text]


def _differences(shown: Round, reader: Reader, files: list[RoundFile]) -> dict[str, Any] | None:
    """Against the round before: of the same stage, else the one by which the stage before was passed."""
    before = shown.submission.rounds.filter(stage=shown.stage, number=shown.number - 1).first()
    if before is None:
        before = standing_round(shown.submission, before_round=shown)
    if before is None:
        return None
    before = reader.rounds.filter(pk=before.pk).first()
    if before is None:
        return None
    rows = differences(before, shown, before.files.order_by("pk"), files)
    return {"label": round_label(before), "url": reader.round_url(before), "rows": rows}


def _rounds(shown: Round, reader: Reader) -> list[dict[str, Any]]:
    """The track's rounds that this person may see, the newest first."""
    licence = shown.submission.version.licence
    rounds = reader.rounds.filter(submission=shown.submission_id)
    rounds = rounds.select_related("submission", "submitted_by", "decided_by").order_by("-pk")
    return [
        {
            "url": reader.round_url(row),
            "is_this": row.pk == shown.pk,
            "what": _("%(stage)s v%(number)s") % {"stage": row.get_stage_display(), "number": row.number},
            "state": row.get_state_display(),
            "tone": tone_of(row),
            "submitted": local(licence, row.submitted_at) if row.submitted_at else "",
            "decided": local(licence, row.decided_at) if row.decided_at else "",
            "by": name_of(row.decided_by),
            "reasons": ", ".join(str(Round.Reason(code).label) for code in row.reasons),
            "remark": row.remark,
        }
        for row in rounds
    ]


def _asked(change: Any, shown: Round) -> dict[str, Any]:
    """A tick in a draft that somebody else writes is not told yet: it counts when it is submitted."""
    is_told = change.done_in is not None and (change.done_in.state != State.DRAFT or change.done_in_id == shown.pk)
    return {
        "pk": change.pk,
        "number": change.number,
        "text": change.text,
        "is_done": is_told,
        "remark": change.done_remark if is_told else "",
    }


def tone_of(shown: Round) -> str:
    if shown.state in PASSED:
        return "ok"
    if shown.state in WAITING:
        return "info"
    return "warn" if shown.state in (State.DRAFT, State.REVISION_REQUIRED) else "bad"


def name_of(user: User | None) -> str:
    return user.get_full_name() or user.get_username() if user else ""


# -- a version ----------------------------------------------------------------------------------------


def version_page(version: ArticleVersion, reader: Reader, *, may_act: bool) -> dict[str, Any]:
    rounds: dict[tuple[int, str], list[Round]] = {}
    for row in reader.rounds.filter(submission__version=version).order_by("pk"):
        rounds.setdefault((row.submission_id, row.stage), []).append(row)
    certificate = Certificate.objects.filter(
        article=version.article_id, licence=version.licence_id, version=version.number
    ).first()
    others = reader.versions.filter(article=version.article_id, licence=version.licence_id)
    return {
        "version": version,
        "licence": version.licence,
        "tracks": [_track(row, rounds, reader, may_act) for row in version.submissions.order_by("pk")],
        "changes": [str(Change(change).label) for change in version.changes],
        "certificate": certificate,
        "versions": [
            {
                "url": reader.version_url(row),
                "number": row.number,
                "state": row.get_state_display(),
                "is_this": row.pk == version.pk,
            }
            for row in others.order_by("-number")
        ],
    }


def _track(
    submission: Submission, rounds: dict[tuple[int, str], list[Round]], reader: Reader, may_act: bool
) -> dict[str, Any]:
    stages = STAGES[Track(submission.track)]
    at, begins = stages.index(Stage(submission.stage)), stages.index(Stage(submission.begins_at))
    steps = []
    for place, stage in enumerate(stages):
        own = rounds.get((submission.pk, stage), [])
        is_done = submission.final_at is not None or place < at
        is_carried = submission.carried_from_id is not None or place < begins
        steps.append(
            {
                "label": stage.label,
                "tone": "done" if is_done else "now" if place == at else "later",
                "word": _("approved before")
                if is_carried
                else _("done")
                if is_done
                else _("now")
                if place == at
                else "",
                "rounds": [
                    {"url": reader.round_url(row), "label": f"v{row.number}", "state": row.get_state_display()}
                    for row in own
                ],
            }
        )
    shown = rounds.get((submission.pk, submission.stage))
    last = shown[-1] if shown else None
    may_draft = submission.final_at is None and (last is None or last.state in SHOWN_AGAIN)
    return {
        "pk": submission.pk,
        "code": submission.track,
        "label": submission.get_track_display(),
        "steps": steps,
        "may_draft": may_draft and submission.version.state == ArticleVersion.State.IN_APPROVAL and may_act,
        "needs": evidence.needed_words(submission.track, submission.stage) if submission.final_at is None else [],
    }


# -- a certificate -------------------------------------------------------------------------------------


def certificate_page(certificate: Certificate, reader: Reader) -> dict[str, Any]:
    told = certificate.particulars
    row = reader.versions.filter(
        article=certificate.article_id, licence=certificate.licence_id, number=certificate.version
    ).first()
    names = {row.code: row.name_in(get_language() or "en") for row in Category.objects.all()}
    return {
        "certificate": certificate,
        "licence": certificate.licence,
        "told": told,
        "issued": local(certificate.licence, certificate.issued_at),
        "revoked": local(certificate.licence, certificate.revoked_at) if certificate.revoked_at else "",
        "zone": zone_name(certificate.licence),
        "grants": [
            {
                "category": names.get(grant["category"], grant["category"])
                if grant["category"]
                else _("Every category"),
                "countries": _places(grant["countries"]),
                "excluded": _places(grant["excluded_countries"]),
                "channels": ", ".join(_channel(code) for code in grant["channels"]),
            }
            for grant in told.get("grants", ())
        ],
        "rounds": [row | {"label": Track(row["track"]).label} for row in told.get("rounds", ())],
        "version_url": reader.version_url(row) if row else "",
    }


def _places(codes: list[str]) -> str:
    return _("The world") if EVERY in codes else ", ".join(codes)


def _channel(code: str) -> str:
    return _("Every channel") if code == EVERY else str(DistributionChannel(code).label)
