"""What the pages of approvals say. Every function is a read, and starts from who looks."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from films.models import Film
from licensing.admin.approval_verbs import CommentForm, DecideForm
from licensing.approvals import evidence, people, queries, reviewing
from licensing.approvals.drafts import SHOWN_AGAIN
from licensing.approvals.rounds import PASSED, WAITING, asked_changes, standing_round
from licensing.approvals.tracks import STAGES, Change, Stage, Track
from licensing.approvals.words import differences, time_left
from licensing.models import (
    EVERY,
    ArticleVersion,
    Category,
    Certificate,
    DistributionChannel,
    Licence,
    Round,
    RoundFile,
    Submission,
)
from licensing.models.approvals import StoredFile
from merchants.models import Merchant

State = Round.State
#: Width of the drawing that pins stand in; their places are thousandths.
WIDE = 1000


def local(licence: Licence, value: datetime | None, pattern: str = "j M Y, H:i") -> str:
    """`value` on the licensor's clock."""
    return formats.date_format(value.astimezone(ZoneInfo(licence.time_zone)), pattern) if value else "–"


def due_words(shown: Round, licence: Licence) -> str:
    """A deadline is the end of a day: its last minute says that, the midnight behind it would name the day after."""
    return local(licence, shown.due_at - timedelta(minutes=1)) if shown.due_at else "–"


def zone_name(licence: Licence) -> str:
    return licence.time_zone.rpartition("/")[2].replace("_", " ")


def round_url(shown: Round) -> str:
    return reverse("admin:licensing_round_change", args=[shown.pk])


def version_url(version: ArticleVersion) -> str:
    return reverse("admin:licensing_articleversion_change", args=[version.pk])


def verb_url(row: Any, code: str) -> str:
    return reverse(f"admin:licensing_{row._meta.model_name}_verb", args=[row.pk, code])


def file_url(file: StoredFile, shown: Round) -> str:
    return reverse("admin:licensing_round_file", args=[shown.pk, file.public_id])


def round_label(shown: Round) -> str:
    return _("%(track)s, %(stage)s v%(number)s") % {
        "track": shown.submission.get_track_display(),
        "stage": shown.get_stage_display(),
        "number": shown.number,
    }


# -- the queue ---------------------------------------------------------------------------------------


def queue_filters(user: User, chosen: dict[str, str]) -> list[dict[str, Any]]:
    """What the queue can be narrowed to: what is in it."""
    waiting = queries.review_queue(user).order_by()
    merchants = Merchant.objects.filter(pk__in=waiting.values("submission__version__article__merchant")).order_by(
        "name"
    )
    films = Film.objects.filter(pk__in=waiting.values("submission__version__licence__film")).order_by("title_en")
    return [
        _filter("track", _("Track"), Track.choices, chosen),
        _filter("merchant", _("Merchant"), [(row.pk, str(row)) for row in merchants], chosen),
        _filter("film", _("Film"), [(row.pk, str(row)) for row in films], chosen),
    ]


def _filter(name: str, label: str, choices: Iterable[tuple[Any, Any]], chosen: dict[str, str]) -> dict[str, Any]:
    options = [{"value": value, "label": text, "is_chosen": str(value) == chosen[name]} for value, text in choices]
    return {"name": name, "label": label, "options": options}


def queue_rows(rounds: Iterable[Round], *, at: datetime) -> list[dict[str, Any]]:
    rows = []
    for waiting in queries.with_time_left(rounds, at=at):
        shown, version = waiting.round, waiting.round.submission.version
        rows.append(
            {
                "url": round_url(shown),
                "article": version.article.sku,
                "merchant": version.article.merchant.name_in(get_language() or "en"),
                "film": str(version.licence.film),
                "what": round_label(shown),
                "version": version.number,
                "state": shown.get_state_display(),
                "left": waiting.left,
                "due": due_words(shown, version.licence),
                "zone": zone_name(version.licence),
            }
        )
    return rows


# -- a round -----------------------------------------------------------------------------------------


def round_page(shown: Round, *, user: User, at: datetime) -> dict[str, Any]:
    """Everything of the page."""
    version = shown.submission.version
    files = list(shown.files.order_by("pk"))
    comments = list(queries.comments_seen_by(user).filter(round=shown).select_related("file").order_by("number"))
    is_waiting = shown.state in WAITING
    context = {
        "round": shown,
        "version": version,
        "licence": version.licence,
        "label": round_label(shown),
        "version_url": version_url(version),
        "left": time_left(shown, version.licence, at=at) if is_waiting else None,
        "due": due_words(shown, version.licence),
        "zone": zone_name(version.licence),
        "silence": shown.get_silence_rule_display(),
        "pictures": [_picture(file, shown, comments) for file in files if file.is_picture],
        "files": [_file(file, shown) for file in files],
        "marked_files": [_file(file, shown) for file in shown.marked_files.order_by("pk")],
        "comments": [_comment(said, version.licence) for said in comments],
        "spec": _said(shown),
        "differences": _differences(shown, user, files),
        "rounds": _rounds(shown, user),
        "asked": [_asked(change, shown) for change in asked_changes(shown)],
        "required": list(shown.required_changes.all()),
        "is_draft": shown.state == State.DRAFT,
        "missing": evidence.missing(shown, shown.submission.track, files) if shown.state == State.DRAFT else [],
    }
    return context | _actions(shown, user)


def _actions(shown: Round, user: User) -> dict[str, Any]:
    """The forms that this person may fill in, in this state."""
    may_comment = shown.state != State.DRAFT and (people.may_review(user) or people.may_act_for_merchants(user))
    decide = comment = None
    if shown.state in reviewing.DECIDABLE and people.may_review(user):
        decide = DecideForm(row=shown)
        if not people.may_approve(user):
            decide.fields["decision"].choices = [
                pair for pair in decide.fields["decision"].choices if pair[0] == DecideForm.REVISE
            ]
            decide.fields.pop("changes", None)
    if may_comment:
        comment = CommentForm(row=shown)
        if not people.may_review(user):
            del comment.fields["is_internal"]
    return {
        "decide_form": decide,
        "decide_url": verb_url(shown, "decide"),
        "comment_form": comment,
        "comment_url": verb_url(shown, "comment"),
        "tick_url": verb_url(shown, "tick"),
        "remove_file_url": verb_url(shown, "remove-file"),
    }


def _picture(file: RoundFile, shown: Round, comments: list[Any]) -> dict[str, Any]:
    assert file.width
    assert file.height
    height = max(1, round(WIDE * file.height / file.width))
    pins = [said for said in comments if said.file_id == file.pk and said.x is not None]
    return {
        "file": file,
        "url": file_url(file, shown),
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


def _file(file: StoredFile, shown: Round) -> dict[str, Any]:
    kind = file.get_kind_display() if isinstance(file, RoundFile) else _("Marked up")
    return {
        "pk": file.pk,
        "url": file_url(file, shown),
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
        "author": said.author.get_full_name() or said.author.get_username(),
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


def _differences(shown: Round, user: User, files: list[RoundFile]) -> dict[str, Any] | None:
    """Against the round before: of the same stage, else the one by which the stage before was passed."""
    before = shown.submission.rounds.filter(stage=shown.stage, number=shown.number - 1).first()
    if before is None:
        before = standing_round(shown.submission, before_round=shown)
    if before is None:
        return None
    before = queries.rounds_seen_by(user).filter(pk=before.pk).first()
    if before is None:
        return None
    rows = differences(before, shown, before.files.order_by("pk"), files)
    return {"label": round_label(before), "url": round_url(before), "rows": rows}


def _rounds(shown: Round, user: User) -> list[dict[str, Any]]:
    """The track's rounds that this person may see, the newest first."""
    licence = shown.submission.version.licence
    rounds = queries.rounds_seen_by(user).filter(submission=shown.submission_id)
    rounds = rounds.select_related("submission", "submitted_by", "decided_by").order_by("-pk")
    return [
        {
            "url": round_url(row),
            "is_this": row.pk == shown.pk,
            "what": _("%(stage)s v%(number)s") % {"stage": row.get_stage_display(), "number": row.number},
            "state": row.get_state_display(),
            "tone": _tone(row),
            "submitted": local(licence, row.submitted_at) if row.submitted_at else "",
            "decided": local(licence, row.decided_at) if row.decided_at else "",
            "by": _name(row.decided_by),
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


def _tone(shown: Round) -> str:
    if shown.state in PASSED:
        return "ok"
    if shown.state in WAITING:
        return "info"
    return "warn" if shown.state in (State.DRAFT, State.REVISION_REQUIRED) else "bad"


def _name(user: User | None) -> str:
    return user.get_full_name() or user.get_username() if user else ""


# -- a version ----------------------------------------------------------------------------------------


def version_page(version: ArticleVersion, *, user: User) -> dict[str, Any]:
    rounds: dict[tuple[int, str], list[Round]] = {}
    for row in queries.rounds_seen_by(user).filter(submission__version=version).order_by("pk"):
        rounds.setdefault((row.submission_id, row.stage), []).append(row)
    certificate = Certificate.objects.filter(
        article=version.article_id, licence=version.licence_id, version=version.number
    ).first()
    others = queries.versions_seen_by(user).filter(article=version.article_id, licence=version.licence_id)
    return {
        "version": version,
        "licence": version.licence,
        "tracks": [_track(row, rounds, user) for row in version.submissions.order_by("pk")],
        "changes": [str(Change(change).label) for change in version.changes],
        "certificate": certificate,
        "versions": [
            {
                "url": version_url(row),
                "number": row.number,
                "state": row.get_state_display(),
                "is_this": row.pk == version.pk,
            }
            for row in others.order_by("-number")
        ],
        "draft_url": verb_url(version, "draft"),
    }


def _track(submission: Submission, rounds: dict[tuple[int, str], list[Round]], user: User) -> dict[str, Any]:
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
                    {"url": round_url(row), "label": f"v{row.number}", "state": row.get_state_display()} for row in own
                ],
            }
        )
    last = (rounds.get((submission.pk, submission.stage)) or [None])[-1]
    may_draft = submission.final_at is None and (last is None or last.state in SHOWN_AGAIN)
    return {
        "pk": submission.pk,
        "label": submission.get_track_display(),
        "steps": steps,
        "may_draft": may_draft
        and submission.version.state == ArticleVersion.State.IN_APPROVAL
        and people.may_act_for_merchants(user),
        "needs": evidence.needed_words(submission.track, submission.stage) if submission.final_at is None else [],
    }


# -- a certificate -------------------------------------------------------------------------------------


def certificate_page(certificate: Certificate) -> dict[str, Any]:
    told = certificate.particulars
    row = ArticleVersion.objects.filter(
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
        "version_url": version_url(row) if row else "",
    }


def _places(codes: list[str]) -> str:
    return _("The world") if EVERY in codes else ", ".join(codes)


def _channel(code: str) -> str:
    return _("Every channel") if code == EVERY else str(DistributionChannel(code).label)
