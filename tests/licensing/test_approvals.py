"""Approvals: stage by stage, round by round, to a certificate; who may do what; what is frozen."""

import hashlib
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts.models import AuditEntry, User
from core.errors import Refused
from licensing.approvals import drafts, finals, reviewing, versions
from licensing.approvals.digests import is_as_submitted
from licensing.approvals.files import opened
from licensing.approvals.tracks import STAGES, TOUCHES, Change, Stage, Track, touched
from licensing.assets import digest_of_picture, digest_of_text
from licensing.models import ApprovedAsset, ArticleVersion, Certificate, Licence, RequiredChange, Round, RoundFile
from tests.factories import NOW, make_user
from tests.licensing import approving
from tests.licensing.approving import (
    approved,
    approver,
    filled,
    first_version,
    in_review,
    later,
    member,
    pass_track,
    pass_version,
    pdf,
    picture,
    reviewer,
    staff,
    submitted,
    track_of,
)

pytestmark = pytest.mark.django_db

State = Round.State


@pytest.fixture
def licence() -> Licence:
    return approving.licence()


@pytest.fixture
def licensee(licence: Licence) -> User:
    return member(licence)


@pytest.fixture
def judge() -> User:
    return approver()


@pytest.fixture
def version(licence: Licence, licensee: User) -> ArticleVersion:
    return first_version(licence, licensee)


def refused(code: str) -> Any:
    return pytest.raises(Refused, check=lambda refusal: refusal.code == code)


def bytes_of(file: RoundFile) -> bytes:
    with opened(file) as handle:
        return handle.read()


# -- stages and rounds ---------------------------------------------------------------------------


def test_a_first_version_begins_every_track_at_its_first_stage(version: ArticleVersion) -> None:
    assert list(version.submissions.values_list("track", "stage", "final_at")) == [
        ("product", "concept", None),
        ("packaging", "concept", None),
        ("marketing", "draft", None),
    ]


def test_a_track_goes_through_its_stages_in_order_and_skips_none(
    version: ArticleVersion, licensee: User, judge: User
) -> None:
    submission = track_of(version, "product")

    pass_track(version, "product", licensee, judge)

    assert list(submission.rounds.order_by("pk").values_list("stage", "number", "state")) == [
        (stage, 1, "approved") for stage in STAGES[Track.PRODUCT]
    ]
    submission.refresh_from_db()
    assert submission.final_at == NOW
    with refused("track_is_final"):
        drafts.start_draft(submission, by=licensee, at=NOW)


def test_the_evidence_of_the_stage_has_to_be_there(version: ArticleVersion, licensee: User, judge: User) -> None:
    approved(track_of(version, "product"), licensee, judge)
    draft = drafts.start_draft(track_of(version, "product"), by=licensee, at=NOW)
    drafts.edit_draft(draft, by=licensee, spec={"material": ""}, legal_line_en="", legal_line_zh="", factory="")
    drafts.add_file(draft, picture(), kind="sample", name="front.png", by=licensee, at=NOW)

    with refused("evidence_missing") as caught:
        drafts.submit(draft, by=licensee, at=NOW)

    assert caught.value.facts["missing"] == [
        "files.drawing", "files.sample", "spec.material", "factory", "legal_line",
    ]  # fmt: skip
    assert str(caught.value) == (
        "This is still missing: Technical drawing (1 file more); Photograph of the sample (1 file more); Material; "
        "Factory; Legal line."
    )
    draft.refresh_from_db()
    assert (draft.state, draft.submitted_at, draft.due_at) == ("draft", None, None)


@pytest.mark.parametrize(("track", "stage"), [(track, stage) for track in Track for stage in STAGES[track]])
def test_what_the_table_asks_for_is_enough(
    version: ArticleVersion, licensee: User, judge: User, track: Track, stage: Stage
) -> None:
    submission = track_of(version, track)
    type(submission).objects.filter(pk=submission.pk).update(stage=stage)

    shown = submitted(track_of(version, track), licensee)

    assert (shown.stage, shown.state) == (stage, "submitted")


def test_a_revision_is_shown_again_as_the_next_round_with_what_is_kept(
    version: ArticleVersion, licensee: User, judge: User
) -> None:
    submission = track_of(version, "product")
    first = in_review(submission, licensee, judge)
    with refused("reasons_missing"):
        reviewing.require_revision(first, by=judge, at=NOW, reasons=[])
    with refused("unknown_reason"):
        reviewing.require_revision(first, by=judge, at=NOW, reasons=["taste"])
    with refused("remark_missing"):
        reviewing.require_revision(first, by=judge, at=NOW, reasons=["other"])
    reviewing.require_revision(first, by=judge, at=NOW, reasons=["colour", "legal_line"], remark="Too blue")

    second = drafts.start_draft(submission, by=licensee, at=NOW)

    assert (second.number, second.spec, second.factory) == (2, first.spec, first.factory)
    assert list(second.files.values_list("kind", "sha256")) == list(first.files.values_list("kind", "sha256"))
    with refused("nothing_changed"):
        drafts.submit(second, by=licensee, at=NOW)
    drafts.edit_draft(second, by=licensee, spec={"colours": "Ink"})
    drafts.submit(second, by=licensee, at=NOW)
    assert list(submission.rounds.order_by("pk").values_list("number", "state", "reasons")) == [
        (1, "revision_required", ["colour", "legal_line"]),
        (2, "submitted", []),
    ]


def test_while_a_round_waits_there_is_no_other(version: ArticleVersion, licensee: User) -> None:
    submission = track_of(version, "product")
    submitted(submission, licensee)

    with refused("round_open"):
        drafts.start_draft(submission, by=licensee, at=NOW)

    assert submission.rounds.count() == 1


@pytest.mark.parametrize("verb", ["approve", "require_revision", "reject"])
def test_nothing_is_decided_before_it_is_opened(
    version: ArticleVersion, licensee: User, judge: User, verb: str
) -> None:
    shown = submitted(track_of(version, "product"), licensee)
    told = {} if verb == "approve" else {"reasons": ["quality"]}

    with refused("wrong_state"):
        getattr(reviewing, verb)(shown, by=judge, at=NOW, **told)
    reviewing.open_round(shown, by=judge, at=NOW)
    with refused("wrong_state"):
        reviewing.open_round(shown, by=judge, at=NOW)
    getattr(reviewing, verb)(shown, by=judge, at=NOW, **told)
    with refused("wrong_state"):
        getattr(reviewing, verb)(shown, by=judge, at=NOW, **told)

    assert AuditEntry.objects.filter(subject_id=shown.public_id).count() == 3


def test_a_rejection_ends_the_version_and_another_may_begin(
    version: ArticleVersion, licence: Licence, licensee: User, judge: User
) -> None:
    pass_track(version, "marketing", licensee, judge)
    shown = in_review(track_of(version, "product"), licensee, judge)

    reviewing.reject(shown, by=judge, at=NOW, reasons=["category"])

    version.refresh_from_db()
    assert (version.state, shown.state) == ("rejected", "in_review")
    assert not ApprovedAsset.objects.filter(revoked_at=None).exists()
    with refused("wrong_state"):
        drafts.start_draft(track_of(version, "packaging"), by=licensee, at=NOW)
    second = first_version(licence, licensee)
    assert (second.number, second.changes) == (2, [])


def test_numbered_changes_are_ticked_one_by_one_at_the_next_stage(
    version: ArticleVersion, licensee: User, judge: User
) -> None:
    submission = track_of(version, "product")
    shown = in_review(submission, licensee, judge)
    reviewing.approve(shown, by=judge, at=NOW, changes=["Lamp higher", " ", "Ferry smaller"])
    one, two = RequiredChange.objects.all()
    draft = filled(drafts.start_draft(track_of(version, "product"), by=licensee, at=NOW), licensee)

    with refused("changes_open") as caught:
        drafts.submit(draft, by=licensee, at=NOW)
    drafts.tick_change(one, draft, by=licensee, remark="By 4 mm")
    with refused("changes_open") as later_caught:
        drafts.submit(draft, by=licensee, at=NOW)
    drafts.tick_change(two, draft, by=licensee)
    drafts.submit(draft, by=licensee, at=NOW)

    shown.refresh_from_db()
    assert shown.state == "approved_with_changes"
    assert str(caught.value).endswith("not ticked yet: 1. Lamp higher; 2. Ferry smaller.")
    assert later_caught.value.facts["changes"] == ["change.2"]
    with refused("frozen"):
        drafts.tick_change(two, draft, by=licensee, is_done=False)
    assert list(RequiredChange.objects.values_list("number", "done_in", "done_remark")) == [
        (1, draft.pk, "By 4 mm"),
        (2, draft.pk, ""),
    ]


def test_a_last_stage_is_not_approved_with_changes(version: ArticleVersion, licensee: User, judge: User) -> None:
    submission = track_of(version, "marketing")
    approved(submission, licensee, judge)
    submission.refresh_from_db()
    shown = in_review(submission, licensee, judge)

    with refused("changes_at_the_end"):
        reviewing.approve(shown, by=judge, at=NOW, changes=["Shorter"])

    shown.refresh_from_db()
    assert shown.state == "in_review"


def test_a_change_of_another_stage_is_not_ticked(version: ArticleVersion, licensee: User, judge: User) -> None:
    reviewing.approve(
        in_review(track_of(version, "product"), licensee, judge), by=judge, at=NOW, changes=["Lamp higher"]
    )
    draft = drafts.start_draft(track_of(version, "packaging"), by=licensee, at=NOW)

    with refused("not_asked_here"):
        drafts.tick_change(RequiredChange.objects.get(), draft, by=licensee)


# -- who may ---------------------------------------------------------------------------------------


def test_each_verb_asks_who_does_it(version: ArticleVersion, licence: Licence, licensee: User, judge: User) -> None:
    stranger, looker = make_user("stranger", is_staff=False, is_superuser=False), reviewer()
    orders = member(licence, "orders", role="orders")
    submission = track_of(version, "product")
    with refused("not_your_merchant"):
        drafts.start_draft(submission, by=stranger, at=NOW)
    with refused("not_your_merchant"):
        drafts.start_draft(submission, by=orders, at=NOW)
    with refused("not_your_merchant"):
        drafts.start_draft(submission, by=looker, at=NOW)
    shown = submitted(submission, licensee)
    with refused("not_a_reviewer"):
        reviewing.open_round(shown, by=licensee, at=NOW)
    reviewing.open_round(shown, by=looker, at=NOW)
    with refused("not_an_approver"):
        reviewing.approve(shown, by=looker, at=NOW)
    with refused("not_an_approver"):
        reviewing.reject(shown, by=looker, at=NOW, reasons=["quality"])
    with refused("not_your_merchant"):
        reviewing.comment(shown, "Hello", by=stranger, at=NOW)

    reviewing.require_revision(shown, by=looker, at=NOW, reasons=["quality"])

    assert Round.objects.get().state == "revision_required"


def test_nobody_decides_on_what_they_handed_in(version: ArticleVersion, judge: User) -> None:
    both = staff("both", "submit_round", "approve_round")
    shown = submitted(track_of(version, "product"), both)

    with refused("own_submission"):
        reviewing.open_round(shown, by=both, at=NOW)
    reviewing.open_round(shown, by=judge, at=NOW)
    with refused("own_submission"):
        reviewing.approve(shown, by=both, at=NOW)

    reviewing.approve(shown, by=judge, at=NOW)


def test_nobody_decides_for_a_merchant_they_belong_to(
    version: ArticleVersion, licence: Licence, licensee: User, judge: User
) -> None:
    member_too = approver("member-too")
    member_too.memberships.create(merchant=licence.merchant, role="read_only")
    shown = in_review(track_of(version, "product"), licensee, judge)

    with refused("own_submission"):
        reviewing.approve(shown, by=member_too, at=NOW)

    shown.refresh_from_db()
    assert shown.state == "in_review"


# -- frozen ----------------------------------------------------------------------------------------


def test_what_was_submitted_does_not_change_any_more(version: ArticleVersion, licensee: User) -> None:
    shown = submitted(track_of(version, "product"), licensee)
    file = shown.files.first()

    for attempt in (
        lambda: drafts.edit_draft(shown, by=licensee, factory="Elsewhere"),
        lambda: drafts.add_file(shown, picture(9), kind="artwork", name="x.png", by=licensee, at=NOW),
        lambda: drafts.remove_file(file, by=licensee),
        lambda: drafts.discard_draft(shown, by=licensee),
        lambda: drafts.submit(shown, by=licensee, at=NOW),
    ):
        with refused("frozen"):
            attempt()

    shown.refresh_from_db()
    assert is_as_submitted(shown)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda shown: Round.objects.filter(pk=shown.pk).update(factory="Elsewhere"),
        lambda shown: Round.objects.filter(pk=shown.pk).update(spec={}),
        lambda shown: Round.objects.filter(pk=shown.pk).update(legal_line_en=""),
        lambda shown: Round.objects.filter(pk=shown.pk).update(due_at=later(99)),
        lambda shown: Round.objects.filter(pk=shown.pk).update(state="draft", submitted_at=None),
        lambda shown: Round.objects.filter(pk=shown.pk).delete(),
        lambda shown: shown.files.update(sha256="0" * 64),
        lambda shown: shown.files.all()._raw_delete("default"),
        lambda shown: RoundFile.objects.create(round=shown, kind="other", size=1, created_at=NOW),
    ],
)
def test_the_database_refuses_it_too(version: ArticleVersion, licensee: User, attempt: Any) -> None:
    shown = submitted(track_of(version, "product"), licensee)

    with pytest.raises((IntegrityError, ProtectedError)) as caught, transaction.atomic():
        attempt(shown)

    assert "frozen" in str(caught.value) or "protected" in str(caught.value)
    shown.refresh_from_db()
    assert is_as_submitted(shown)


def test_a_file_that_is_no_longer_what_was_handed_in_is_not_given_out(version: ArticleVersion, licensee: User) -> None:
    shown = submitted(track_of(version, "product"), licensee)
    file = shown.files.get()
    assert bytes_of(file) == picture()

    storage = file.file.storage
    storage.delete(file.file.name)
    storage.save(file.file.name, io.BytesIO(picture(1)))

    with refused("evidence_damaged"):
        opened(file)


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"<svg onload=alert(1)>", "artwork", "evidence_unknown_type"),
        (b"<html>", "test_report", "evidence_unknown_type"),
        (b"\x89PNG\r\n\x1a\nnot much", "artwork", "evidence_broken"),
        (b"%PDF-" + bytes(20 << 20), "test_report", "evidence_too_large"),
        (b"%PDF-1.4", "sample", "evidence_picture_needed"),
        (b"%PDF-1.4", "poem", "bad_file_kind"),
    ],
    ids=["svg", "html", "broken", "large", "no-picture", "no-kind"],
)
def test_what_is_no_evidence_is_refused(
    version: ArticleVersion, licensee: User, content: bytes, kind: str, code: str
) -> None:
    draft = drafts.start_draft(track_of(version, "product"), by=licensee, at=NOW)

    with refused(code):
        drafts.add_file(draft, content, kind=kind, name="a.png", by=licensee, at=NOW)

    assert not draft.files.exists()


def test_a_file_is_known_by_its_bytes(version: ArticleVersion, licensee: User) -> None:
    draft = drafts.start_draft(track_of(version, "product"), by=licensee, at=NOW)

    first = drafts.add_file(draft, picture(), kind="artwork", name="../../etc/a\x00b.png", by=licensee, at=NOW)
    again = drafts.add_file(draft, picture(), kind="artwork", name="other.png", by=licensee, at=NOW)
    paper = drafts.add_file(draft, pdf(), kind="artwork", name="a.pdf", by=licensee, at=NOW)

    assert (first.pk, first.name, first.content_type, first.width) == (again.pk, "ab.png", "image/png", 300)
    assert first.sha256 == hashlib.sha256(picture()).hexdigest()
    assert (paper.content_type, paper.is_picture) == ("application/pdf", False)
    drafts.remove_file(first, by=licensee)
    assert list(draft.files.values_list("pk", flat=True)) == [paper.pk]


def test_comments_are_pinned_inside_pictures_of_the_round(version: ArticleVersion, licensee: User, judge: User) -> None:
    shown = in_review(track_of(version, "product"), licensee, judge)
    other = submitted(track_of(version, "packaging"), licensee).files.get()
    file = shown.files.get()

    for pin in (
        {"file": other, "x": 1, "y": 1},
        {"x": 1, "y": 1},
        {"file": file, "x": 1001, "y": 0},
        {"file": file, "x": 1},
    ):
        with refused("bad_pin"):
            reviewing.comment(shown, "Here", by=judge, at=NOW, **pin)
    with refused("text_missing"):
        reviewing.comment(shown, " ", by=judge, at=NOW)
    with refused("not_a_reviewer"):
        reviewing.comment(shown, "Between us", by=licensee, at=NOW, is_internal=True)
    reviewing.comment(shown, "Here", by=judge, at=NOW, file=file, x=0, y=1000)
    reviewing.comment(shown, "We will move it", by=licensee, at=NOW)

    assert list(shown.comments.values_list("number", "is_licensor", "x", "y")) == [
        (1, True, 0, 1000),
        (2, False, None, None),
    ]


# -- certificates and versions -----------------------------------------------------------------------


def test_a_version_is_certified_when_every_track_is_final(
    version: ArticleVersion, licence: Licence, licensee: User, judge: User, django_capture_on_commit_callbacks: Any
) -> None:
    pass_version(version, licensee, judge, ["product", "packaging"])
    moved = version.article.updated_at
    assert not Certificate.objects.exists()

    with django_capture_on_commit_callbacks() as callbacks:
        pass_version(version, licensee, judge)

    [certificate] = Certificate.objects.all()
    version.refresh_from_db()
    version.article.refresh_from_db()
    assert (version.state, certificate.version, certificate.issued_at, certificate.revoked_at) == (
        "final_approved", 1, NOW, None,
    )  # fmt: skip
    assert certificate.particulars["term"] == {
        "starts_on": "2026-01-01", "ends_on": "2027-12-31", "time_zone": "Asia/Shanghai",
    }  # fmt: skip
    assert certificate.particulars["grants"] == [
        {"category": None, "countries": ["*"], "excluded_countries": [], "channels": ["*"]}
    ]
    assert [told["track"] for told in certificate.particulars["rounds"]] == ["product", "packaging", "marketing"]
    assert version.article.updated_at > moved
    assert callbacks


def test_the_marketing_track_allows_its_pictures_and_texts(
    version: ArticleVersion, licensee: User, judge: User
) -> None:
    pass_track(version, "marketing", licensee, judge)

    assert set(ApprovedAsset.objects.values_list("sha256", "approved_at", "revoked_at")) == {
        (digest_of_picture(picture()), NOW, None),
        (digest_of_text("Ferry mug"), NOW, None),
    }


def test_a_change_begins_again_where_it_touches_and_carries_the_rest_over(
    version: ArticleVersion, licence: Licence, licensee: User, judge: User
) -> None:
    pass_version(version, licensee, judge)
    with refused("changes_missing"):
        versions.start_version(licence, "MUG-1", by=licensee, at=NOW)
    with refused("unknown_change"):
        versions.start_version(licence, "MUG-1", by=licensee, at=NOW, changes=["weather"])

    for number, change in enumerate(Change, 2):
        another = versions.start_version(licence, "MUG-1", by=licensee, at=NOW, changes=[change])
        begun = {row.track: row.stage for row in another.submissions.all() if row.final_at is None}
        assert begun == {str(track): str(stage) for track, stage in TOUCHES[change].items()}
        assert (another.number, another.changes) == (number, [change])
        versions.withdraw_version(another, by=licensee, at=NOW)

    version.refresh_from_db()
    assert version.state == "final_approved"
    assert Certificate.objects.get().revoked_at is None


def test_several_changes_begin_at_the_earliest_stage_of_each_track() -> None:
    assert touched([Change.FACTORY, Change.MATERIAL, Change.LEGAL_LINE]) == {
        Track.PRODUCT: Stage.PRE_PRODUCTION,
        Track.PACKAGING: Stage.PROOF,
        Track.MARKETING: Stage.FINAL,
    }


def test_the_old_version_holds_until_the_new_one_supersedes_it(
    version: ArticleVersion, licence: Licence, licensee: User, judge: User
) -> None:
    pass_version(version, licensee, judge)
    second = versions.start_version(licence, "MUG-1", by=licensee, at=NOW, changes=["page"])
    with refused("version_open"):
        versions.start_version(licence, "MUG-1", by=licensee, at=NOW, changes=["page"])

    pass_version(second, licensee, judge, texts={"title_en": "Night ferry mug"})

    assert list(ArticleVersion.objects.order_by("number").values_list("number", "state")) == [
        (1, "superseded"), (2, "final_approved"),
    ]  # fmt: skip
    assert list(Certificate.objects.values_list("version", "revoked_at")) == [(1, None), (2, None)]
    assert Certificate.objects.get(version=2).particulars["rounds"][0]["version"] == 1
    allowed = set(ApprovedAsset.objects.filter(revoked_at=None).values_list("sha256", flat=True))
    assert allowed == {digest_of_picture(picture()), digest_of_text("Night ferry mug")}


def test_what_another_track_would_have_to_see_is_not_slipped_in(
    version: ArticleVersion, licence: Licence, licensee: User, judge: User
) -> None:
    pass_version(version, licensee, judge)
    second = versions.start_version(licence, "MUG-1", by=licensee, at=NOW, changes=["factory"])
    draft = drafts.start_draft(track_of(second, "product"), by=licensee, at=NOW)
    other_spec = approving.SPEC | {"art": "Another lamp"}

    with refused("undeclared_change") as caught:
        drafts.submit(
            filled(draft, licensee, factory="Dehua", legal_line_en="© 2017", spec=other_spec), by=licensee, at=NOW
        )

    assert caught.value.facts["changes"] == ["change.art", "change.legal_line"]
    drafts.submit(filled(draft, licensee, factory="Dehua", legal_line_en="© 2016 the owners"), by=licensee, at=NOW)


def test_a_withdrawn_version_makes_room(version: ArticleVersion, licence: Licence, licensee: User) -> None:
    submitted(track_of(version, "product"), licensee)
    filled(drafts.start_draft(track_of(version, "packaging"), by=licensee, at=NOW), licensee)

    versions.withdraw_version(version, by=licensee, at=NOW)

    assert list(Round.objects.values_list("state", flat=True)) == ["submitted"]
    assert first_version(licence, licensee).number == 2


def test_an_approval_is_revoked_now_or_later_and_never_backwards(
    version: ArticleVersion, licence: Licence, licensee: User, judge: User
) -> None:
    pass_version(version, licensee, judge)
    certificate = Certificate.objects.get()
    with refused("not_an_approver"):
        finals.revoke_certificate(certificate, by=reviewer(), at=later(1), reason="Recall")
    with refused("reason_missing"):
        finals.revoke_certificate(certificate, by=judge, at=later(1), reason=" ")
    with refused("revocation_in_past"):
        finals.revoke_certificate(certificate, by=judge, at=later(1), reason="Recall", effective_at=NOW)

    finals.revoke_certificate(certificate, by=judge, at=later(1), reason="Recall", effective_at=later(30))
    with refused("already_done"):
        finals.revoke_certificate(certificate, by=judge, at=later(2), reason="Recall", effective_at=later(40))
    again = versions.start_version(licence, "MUG-1", by=licensee, at=later(2), changes=["page"])
    versions.withdraw_version(again, by=licensee, at=later(2))
    finals.revoke_certificate(certificate, by=judge, at=later(3), reason="Sooner")

    certificate.refresh_from_db()
    version.refresh_from_db()
    assert (certificate.revoked_at, certificate.revoke_reason, version.state) == (later(3), "Sooner", "revoked")
    afresh = first_version(licence, licensee, at=later(4), changes=["page"])
    assert (afresh.changes, afresh.submissions.filter(final_at=None).count()) == ([], 3)


def test_only_executed_licences_are_worked_under(licence: Licence, licensee: User) -> None:
    Licence.objects.filter(pk=licence.pk).update(state="draft")

    with refused("wrong_state"):
        first_version(licence, licensee)
    with refused("sku_missing"):
        Licence.objects.filter(pk=licence.pk).update(state="executed")
        first_version(licence, licensee, sku=" ")

    assert not ArticleVersion.objects.exists()


def test_the_second_of_two_starts_with_the_same_file_keeps_its_bytes(
    version: ArticleVersion, licensee: User, judge: User, django_capture_on_commit_callbacks: Any
) -> None:
    submission = track_of(version, "product")
    first = in_review(submission, licensee, judge)
    reviewing.require_revision(first, by=judge, at=datetime(2026, 11, 23, tzinfo=UTC), reasons=["colour"])
    draft = drafts.start_draft(submission, by=licensee, at=NOW)

    with django_capture_on_commit_callbacks(execute=True):
        drafts.remove_file(draft.files.get(), by=licensee)

    assert bytes_of(first.files.get()) == picture()
