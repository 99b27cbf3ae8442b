"""What the licensor does: open what was submitted, say something about it, and decide."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from licensing.approvals import files
from licensing.approvals.finals import drop_version, pass_stage
from licensing.approvals.locks import lock_round
from licensing.approvals.people import Licensee, check_approver, check_licensee, check_reviewer, may_review, person_of
from licensing.approvals.tracks import Stage, Track, next_stage
from licensing.models import ArticleVersion, Comment, MarkedFile, RequiredChange, Round, RoundFile
from merchants.events import emit

State = Round.State

#: What was looked at too late waits for a decision just as what is being looked at.
DECIDABLE = (State.IN_REVIEW, State.ESCALATED)


class Marked(NamedTuple):
    """A file that the reviewer drew on. It comes with a decision, and is kept only with it."""

    name: str
    content: bytes


@transaction.atomic(durable=True)
def open_round(shown: Round, *, by: User, at: datetime) -> Round:
    """A reviewer begins to look. The clock has been running since it was received. Refuses `wrong_state`."""
    shown = lock_round(shown)
    check_reviewer(by, shown, shown.submission.version.licence)
    _check_state(shown, (State.SUBMITTED,))
    shown.state, shown.opened_by, shown.opened_at = State.IN_REVIEW, by, at
    shown.save(update_fields=["state", "opened_by", "opened_at"])
    record("round.opened", shown, by=by)
    return shown


@transaction.atomic(durable=True)
def approve(
    shown: Round,
    *,
    by: User,
    at: datetime,
    changes: Sequence[str] = (),
    remark: str = "",
    marked: Marked | None = None,
) -> Round:
    """Pass the stage as it is, or with numbered `changes` that the next stage has to tick one by one. When every track is
    final the version gets its certificate. Refuses `wrong_state`, `own_submission`, `not_an_approver`, and
    `changes_at_the_end`: behind a last stage there is none that could tick them."""
    shown = lock_round(shown)
    check_approver(by, shown, shown.submission.version.licence)
    _check_state(shown, DECIDABLE)
    texts = [text.strip() for text in changes if text.strip()]
    if texts and next_stage(Track(shown.submission.track), Stage(shown.stage)) is None:
        raise Refused("changes_at_the_end")
    _decide(shown, State.APPROVED_WITH_CHANGES if texts else State.APPROVED, by=by, at=at, remark=remark)
    RequiredChange.objects.bulk_create(
        RequiredChange(round=shown, number=number, text=text[:1000]) for number, text in enumerate(texts, 1)
    )
    record("round.approved", shown, by=by, changes=texts)
    pass_stage(shown, at=at)
    _keep_marked(shown, marked, by=by, at=at)
    return shown


@transaction.atomic(durable=True)
def require_revision(
    shown: Round, *, by: User, at: datetime, reasons: Iterable[str], remark: str = "", marked: Marked | None = None
) -> Round:
    """Send it back for reasons that have a code; the licensee shows it again as the next round.
    Refuses `reasons_missing`, `unknown_reason`, `remark_missing` for another reason that is not said."""
    shown = lock_round(shown)
    check_reviewer(by, shown, shown.submission.version.licence)
    _check_state(shown, DECIDABLE)
    _decide(shown, State.REVISION_REQUIRED, by=by, at=at, remark=remark, reasons=_known(reasons, remark))
    record("round.revision_required", shown, by=by, reasons=shown.reasons)
    _keep_marked(shown, marked, by=by, at=at)
    return shown


@transaction.atomic(durable=True)
def reject(
    shown: Round, *, by: User, at: datetime, reasons: Iterable[str], remark: str = "", marked: Marked | None = None
) -> Round:
    """The end of this version: nothing of it is shown again. What was approved before stays approved."""
    shown = lock_round(shown)
    check_approver(by, shown, shown.submission.version.licence)
    _check_state(shown, DECIDABLE)
    _decide(shown, State.REJECTED, by=by, at=at, remark=remark, reasons=_known(reasons, remark))
    drop_version(shown.submission.version, ArticleVersion.State.REJECTED, at=at)
    record("round.rejected", shown, by=by, reasons=shown.reasons)
    _keep_marked(shown, marked, by=by, at=at)
    return shown


@transaction.atomic(durable=True)
def comment(
    shown: Round,
    text: str,
    *,
    by: Licensee,
    at: datetime,
    file: RoundFile | None = None,
    x: int | None = None,
    y: int | None = None,
    is_internal: bool = False,
) -> Comment:
    """Say something about a round that was submitted, at a point of one of its pictures (`x`, `y` in thousandths of it) or
    of the whole. Internal: for the licensor's people alone. Refuses `text_missing`, `wrong_state`, `bad_pin`,
    `not_a_reviewer`, `not_your_merchant`."""
    shown = lock_round(shown)
    person = person_of(by)
    is_licensor = person is not None and may_review(person)
    if person is not None and (is_internal or is_licensor):
        check_reviewer(person, shown, shown.submission.version.licence)
    else:
        check_licensee(by, shown.submission.version.licence)
    if shown.state == State.DRAFT:
        raise Refused("wrong_state", state=shown.get_state_display())
    if not text.strip():
        raise Refused("text_missing")
    _check_pin(shown, file, x, y)
    last = shown.comments.aggregate(last=Max("number"))["last"] or 0
    said = Comment.objects.create(
        round=shown,
        number=last + 1,
        author=person,
        is_licensor=is_licensor,
        is_internal=is_internal,
        text=text.strip()[:2000],
        file=file,
        x=x,
        y=y,
        created_at=at,
    )
    record("round.commented", shown, by=person, number=said.number, is_internal=is_internal)
    return said


def _keep_marked(shown: Round, given: Marked | None, *, by: User, at: datetime) -> None:
    """The last step of a decision: refusing what is no evidence takes the decision back with it."""
    if given is None:
        return
    check_reviewer(by, shown, shown.submission.version.licence)
    name, content = given
    looked = files.look_at(content)
    marked = MarkedFile.objects.create(
        round=shown,
        added_by=by,
        file=files.keep(content),
        name=files.plain_name(name),
        sha256=files.digest_of(content),
        size=len(content),
        content_type=looked.content_type,
        width=looked.width,
        height=looked.height,
        created_at=at,
    )
    record("round.marked_up", shown, by=by, sha256=marked.sha256)


def _decide(
    shown: Round, state: Round.State, *, by: User, at: datetime, remark: str, reasons: Iterable[str] = ()
) -> None:
    shown.state, shown.decided_by, shown.decided_at = state, by, at
    shown.reasons, shown.remark = list(reasons), remark.strip()[:2000]
    shown.save(update_fields=["state", "decided_by", "decided_at", "reasons", "remark"])
    tell_programs(shown, at=at)


def tell_programs(shown: Round, *, at: datetime) -> None:
    """The merchant's programs hear what became of a round."""
    article = shown.submission.version.article
    emit(
        article.merchant_id, "submission.decided", shown.submission, at=at, round=shown.public_id, stage=shown.stage,
        state=str(shown.state), reasons=shown.reasons, sku=article.sku,
    )  # fmt: skip


def _check_state(shown: Round, states: tuple[Round.State, ...]) -> None:
    if shown.state not in states:
        raise Refused("wrong_state", state=shown.get_state_display())
    if shown.submission.version.state != ArticleVersion.State.IN_APPROVAL:
        raise Refused("wrong_state", state=shown.submission.version.get_state_display())


def _known(reasons: Iterable[str], remark: str) -> list[str]:
    codes = list(dict.fromkeys(reasons))
    if not codes:
        raise Refused("reasons_missing")
    for code in codes:
        if code not in Round.Reason.values:
            raise Refused("unknown_reason", reason=code)
    if Round.Reason.OTHER in codes and not remark.strip():
        raise Refused("remark_missing")
    return codes


def _check_pin(shown: Round, file: RoundFile | None, x: int | None, y: int | None) -> None:
    if file is None and x is None and y is None:
        return
    if file is None or file.round_id != shown.pk:
        raise Refused("bad_pin")
    if (x is None) != (y is None) or (x is not None and not file.is_picture):
        raise Refused("bad_pin")
    if any(value is not None and not 0 <= value <= 1000 for value in (x, y)):
        raise Refused("bad_pin")
