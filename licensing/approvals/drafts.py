"""What the licensee does: draft a round, put evidence to it, tick the changes that were asked for, and submit.

A draft is its licensee's alone. From the moment it is submitted nothing of it changes any more; a new round follows instead.
"""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction

from django.db import transaction

from accounts.services import record
from core.errors import Refused
from licensing.approvals import evidence, files
from licensing.approvals.deadlines import instant_after
from licensing.approvals.digests import round_digest
from licensing.approvals.evidence import Item, Listed
from licensing.approvals.locks import lock_round, lock_submission
from licensing.approvals.people import Licensee, check_licensee, person_of
from licensing.approvals.rounds import asked_changes, differing, last_round, standing_round
from licensing.approvals.tracks import Change, covers
from licensing.assets import digest_of_picture
from licensing.models import ArticleVersion, RequiredChange, Round, RoundFile, Submission

State = Round.State

#: After these the same stage is shown again.
SHOWN_AGAIN = (State.REVISION_REQUIRED, State.DEEMED_DISAPPROVED)
HALF, LATE = Fraction(1, 2), Fraction(4, 5)
#: What each change of an approved article may alter in a round.
ALTERS = {
    "art": Change.ART,
    "material": Change.MATERIAL,
    "pack": Change.PACK,
    "factory": Change.FACTORY,
    "legal_line": Change.LEGAL_LINE,
    **dict.fromkeys(evidence.TEXTS, Change.PAGE),
}


@transaction.atomic(durable=True)
def start_draft(submission: Submission, *, by: Licensee, at: datetime) -> Round:
    """The next round of the stage at which the track is, with what the round before said; the files of the stage's own
    last round come along. Refuses `wrong_state`, `round_open` while one is drafted or looked at, `not_your_merchant`."""
    submission = lock_submission(submission)
    licence = submission.version.licence
    check_licensee(by, licence)
    _check_open(submission)
    before = last_round(submission, submission.stage)
    if before is not None and before.state not in SHOWN_AGAIN:
        raise Refused("round_open", state=before.get_state_display())
    like = before or standing_round(submission)
    draft = Round(
        submission=submission,
        stage=submission.stage,
        number=before.number + 1 if before else 1,
        legal_line_en=licence.legal_line_en,
        legal_line_zh=licence.legal_line_zh,
        created_by=person_of(by),
        created_at=at,
    )
    if like is not None:
        for name in ("spec", "texts", "legal_line_en", "legal_line_zh", "factory"):
            setattr(draft, name, getattr(like, name))
    draft.save()
    for file in before.files.order_by("pk") if before else ():
        RoundFile.objects.create(**_copied(file), round=draft)
    return draft


@transaction.atomic(durable=True)
def edit_draft(
    draft: Round,
    *,
    by: Licensee,
    spec: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
    legal_line_en: str | None = None,
    legal_line_zh: str | None = None,
    factory: str | None = None,
) -> Round:
    """Write what is given into a draft; the names in `spec` and `texts` are added to those that stand. Refuses `frozen`."""
    draft = _lock_draft(draft, by)
    draft.spec = draft.spec | _known(spec or {}, evidence.SPEC)
    draft.texts = draft.texts | _known(texts or {}, evidence.TEXTS)
    lines = {"legal_line_en": legal_line_en, "legal_line_zh": legal_line_zh, "factory": factory}
    for name, value in lines.items():
        if value is not None:
            setattr(draft, name, value.strip())
    draft.save()
    return draft


@transaction.atomic(durable=True)
def add_file(draft: Round, content: bytes, *, kind: str, name: str, by: Licensee, at: datetime) -> RoundFile:
    """A file of a draft, known by its bytes; the same bytes as the same kind are one file. Refuses `frozen`,
    `too_many_files`, `bad_file_kind`, `evidence_picture_needed` and what is not evidence (licensing.approvals.files)."""
    looked = files.look_at(content)
    draft = _lock_draft(draft, by)
    if kind not in RoundFile.Kind.values:
        raise Refused("bad_file_kind")
    if kind in evidence.PICTURES and looked.width is None:
        raise Refused("evidence_picture_needed", kind=RoundFile.Kind(kind).label)
    digest = files.digest_of(content)
    if standing := draft.files.filter(kind=kind, sha256=digest).first():
        return standing
    if draft.files.count() >= evidence.MOST_FILES:
        raise Refused("too_many_files", most=evidence.MOST_FILES)
    return RoundFile.objects.create(
        round=draft,
        kind=kind,
        file=files.keep(content),
        name=files.plain_name(name),
        sha256=digest,
        size=len(content),
        content_type=looked.content_type,
        width=looked.width,
        height=looked.height,
        page_digest=digest_of_picture(content) if kind == RoundFile.Kind.PAGE_PICTURE else "",
        created_at=at,
    )


@transaction.atomic(durable=True)
def remove_file(file: RoundFile, *, by: Licensee) -> None:
    """Take a file off a draft. Refuses `frozen`; twice is harmless. Its bytes stay where another round shows them."""
    _lock_draft(file.round, by)
    RoundFile.objects.filter(pk=file.pk).delete()
    if not RoundFile.objects.filter(file=file.file.name).exists():
        name, storage = str(file.file.name), file.file.storage
        transaction.on_commit(lambda: storage.delete(name))


@transaction.atomic(durable=True)
def tick_change(change: RequiredChange, draft: Round, *, by: Licensee, remark: str = "", is_done: bool = True) -> None:
    """Say in the draft of the next stage that a change that was asked for is done, or that it is not after all.
    Refuses `frozen`, and `not_asked_here` for a change that another stage has to answer."""
    draft = _lock_draft(draft, by)
    if change.pk not in {asked.pk for asked in asked_changes(draft)}:
        raise Refused("not_asked_here")
    change = RequiredChange.objects.select_related("done_in").get(pk=change.pk)
    if change.done_in is not None and change.done_in.state != State.DRAFT:
        raise Refused("frozen")
    change.done_in, change.done_remark = (draft, remark.strip()) if is_done else (None, "")
    change.save(update_fields=["done_in", "done_remark"])


@transaction.atomic(durable=True)
def discard_draft(draft: Round, *, by: Licensee) -> None:
    """Throw a draft away. Refuses `frozen`."""
    draft = _lock_draft(draft, by)
    draft.done_changes.update(done_in=None, done_remark="")
    draft.files.all().delete()
    draft.delete()


@transaction.atomic(durable=True)
def submit(draft: Round, *, by: Licensee, at: datetime) -> Round:
    """Hand a draft in: it is frozen and the licensor's clock runs.

    Refuses `evidence_missing` with the list of what is missing, `changes_open` with the changes that are not ticked,
    `undeclared_change` where the article differs in more than its version says, `nothing_changed` for a round that was sent
    back and is the same, `unknown_calendar`.
    """
    draft = _lock_draft(draft, by)
    shown_files = list(draft.files.order_by("pk"))
    evidence.check_evidence(draft, draft.submission.track, shown_files)
    _check_ticked(draft)
    _check_declared(draft)
    draft.digest = round_digest(draft, shown_files)
    before = draft.submission.rounds.filter(stage=draft.stage, number=draft.number - 1).first()
    if before is not None and before.state == State.REVISION_REQUIRED and before.digest == draft.digest:
        raise Refused("nothing_changed")
    _start_clock(draft, at)
    draft.state, draft.submitted_by, draft.submitted_at = State.SUBMITTED, person_of(by), at
    draft.save()
    record("round.submitted", draft, by=person_of(by), digest=draft.digest, due_at=str(draft.due_at))
    return draft


def _start_clock(draft: Round, at: datetime) -> None:
    licence = draft.submission.version.licence
    days, clock = licence.review_days, {"calendar": licence.calendar, "zone": licence.time_zone}
    draft.half_at = instant_after(at, days * HALF, **clock)
    draft.late_at = instant_after(at, days * LATE, **clock)
    draft.due_at = instant_after(at, days, **clock)
    draft.silence_rule = licence.silence_rule


def _lock_draft(draft: Round, by: Licensee) -> Round:
    draft = lock_round(draft)
    check_licensee(by, draft.submission.version.licence)
    if draft.state != State.DRAFT:
        raise Refused("frozen")
    _check_open(draft.submission)
    return draft


def _check_open(submission: Submission) -> None:
    if submission.version.state != ArticleVersion.State.IN_APPROVAL:
        raise Refused("wrong_state", state=submission.version.get_state_display())
    if submission.final_at is not None:
        raise Refused("track_is_final", track=submission.get_track_display())


def _check_ticked(draft: Round) -> None:
    if left := [change for change in asked_changes(draft) if change.done_in_id is None]:
        raise Refused(
            "changes_open",
            changes=Listed(Item(f"change.{change.number}", f"{change.number}. {change.text}") for change in left),
        )


def _check_declared(draft: Round) -> None:
    """A version that follows an approved one does not differ from it in what another track would have to look at again."""
    version = draft.submission.version
    if not version.changes:
        return
    like = standing_round(draft.submission, before=version)
    if like is None:
        return
    declared = [Change(change) for change in version.changes]
    altered = dict.fromkeys(ALTERS[name] for name in differing(like, draft) if name in ALTERS)
    undeclared = [change for change in altered if not covers(declared, change)]
    if undeclared:
        raise Refused(
            "undeclared_change", changes=Listed(Item(f"change.{change}", change.label) for change in undeclared)
        )


def _known(given: Mapping[str, str], names: Mapping[str, object]) -> dict[str, str]:
    if unknown := given.keys() - names.keys():
        raise TypeError(f"not known here: {sorted(unknown)}")
    return {name: value.strip()[: evidence.LONGEST_TEXT] for name, value in given.items()}


def _copied(file: RoundFile) -> dict[str, object]:
    names = ("kind", "name", "sha256", "size", "content_type", "width", "height", "page_digest", "created_at")
    return {"file": file.file.name} | {name: getattr(file, name) for name in names}
