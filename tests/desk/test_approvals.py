"""Approvals at the desk: the queue, a submission's page, deciding, files, and drafts for a merchant."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import User
from licensing.approvals import drafts, reviewing
from licensing.models import ArticleVersion, Certificate, Comment, MarkedFile, RequiredChange, Round
from merchants.models import Member
from tests.factories import NOW
from tests.licensing import approving
from tests.licensing.approving import (
    approver,
    first_version,
    in_review,
    member,
    pass_version,
    pdf,
    picture,
    reviewer,
    staff,
    submitted,
    track_of,
)

pytestmark = pytest.mark.django_db


def client(user: User) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def address(row: Any, page: str = "change", *more: Any) -> str:
    return reverse(f"admin:licensing_{row._meta.model_name}_{page}", args=[row.pk, *more])


def verb(row: Any, code: str) -> str:
    return address(row, "verb", code)


@pytest.fixture
def judge() -> User:
    return approver()


@pytest.fixture
def licensee() -> User:
    return member(approving.licence())


@pytest.fixture
def version(licensee: User) -> ArticleVersion:
    licence = Member.objects.get(user=licensee).merchant.licences.get()
    return first_version(licence, licensee, sku="FERRY-MUG", at=timezone.now())


def test_the_queue_shows_what_is_due_first_with_its_time_in_words(
    version: ArticleVersion, licensee: User, judge: User
) -> None:
    now = timezone.now()
    submitted(track_of(version, "product"), licensee, at=now)
    submitted(track_of(version, "packaging"), licensee, at=now - timedelta(days=60))
    queue = reverse("admin:licensing_round_changelist")

    shown = client(judge).get(queue).content.decode()
    narrowed = client(judge).get(queue, {"track": "product", "film": "no number"}).content.decode()

    assert shown.index("Packaging, Concept v1") < shown.index("Product, Concept v1")
    assert re.search(r"\d+ business days overdue", shown)
    assert re.search(r"\d+ business days left", shown)
    assert "1 is overdue." in shown
    assert "Packaging, Concept v1" not in narrowed
    assert "Product, Concept v1" in narrowed


def test_a_reviewer_opens_and_an_approver_decides_with_changes(
    version: ArticleVersion, licensee: User, judge: User
) -> None:
    shown = submitted(track_of(version, "product"), licensee, at=timezone.now())
    looker, desk = client(reviewer()), client(judge)

    assert looker.post(verb(shown, "open")).status_code == 302
    refused = looker.post(verb(shown, "decide"), {"decision": "approve"})
    empty = desk.post(verb(shown, "decide"), {"decision": "approve_with_changes", "changes": " "})
    sent_back = desk.post(verb(shown, "decide"), {"decision": "require_revision"})
    done = desk.post(
        verb(shown, "decide"), {"decision": "approve_with_changes", "changes": "Lamp higher\n\nFerry smaller"}
    )

    assert "You may not approve or reject here." in refused.content.decode()
    assert [answer.status_code for answer in (refused, empty, sent_back, done)] == [422, 422, 422, 302]
    assert list(RequiredChange.objects.values_list("number", "text")) == [(1, "Lamp higher"), (2, "Ferry smaller")]
    page = desk.get(address(shown)).content.decode()
    assert "Changes for the next stage" in page
    assert 'id="decide"' not in page


def test_a_revision_takes_a_marked_up_file_along(version: ArticleVersion, licensee: User, judge: User) -> None:
    shown = in_review(track_of(version, "product"), licensee, judge, at=timezone.now())
    told = {"decision": "require_revision", "reasons": ["colour"], "remark": "Too blue"}

    wrong = client(judge).post(
        verb(shown, "decide"), told | {"marked_file": SimpleUploadedFile("a.png", b"<svg onload=a()>")}
    )
    assert (wrong.status_code, Round.objects.get().state) == (422, "in_review")
    client(judge).post(verb(shown, "decide"), told | {"marked_file": SimpleUploadedFile("a.pdf", pdf())})

    shown.refresh_from_db()
    assert (shown.state, shown.reasons, shown.remark) == ("revision_required", ["colour"], "Too blue")
    marked = MarkedFile.objects.get()
    answer = client(judge).get(address(shown, "file", marked.public_id))
    assert answer["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert b"".join(answer.streaming_content) == pdf()


def test_a_refused_decision_keeps_no_marked_up_file(version: ArticleVersion, licensee: User, judge: User) -> None:
    shown = in_review(track_of(version, "product"), licensee, judge, at=timezone.now())
    told = {"decision": "require_revision", "reasons": ["other"], "remark": ""}

    refused = client(judge).post(verb(shown, "decide"), told | {"marked_file": SimpleUploadedFile("a.pdf", pdf())})

    assert (refused.status_code, Round.objects.get().state) == (422, "in_review")
    assert not MarkedFile.objects.exists()


def test_files_are_given_out_as_they_came_and_do_nothing(version: ArticleVersion, licensee: User, judge: User) -> None:
    shown = submitted(track_of(version, "product"), licensee, at=timezone.now())
    file = shown.files.get()

    answer = client(judge).get(address(shown, "file", file.public_id))

    assert b"".join(answer.streaming_content) == picture()
    assert {name: answer[name] for name in ("Content-Type", "Content-Disposition", "X-Content-Type-Options")} == {
        "Content-Type": "image/png",
        "Content-Disposition": 'inline; filename="artwork-0"',
        "X-Content-Type-Options": "nosniff",
    }
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client(staff("clerk")).get(address(shown, "file", file.public_id)).status_code == 403
    assert Client().get(address(shown, "file", file.public_id)).status_code == 302
    other = submitted(track_of(version, "packaging"), licensee, at=timezone.now())
    assert client(judge).get(address(other, "file", file.public_id)).status_code == 404
    file.file.storage.delete(file.file.name)
    assert client(judge).get(address(shown, "file", file.public_id)).status_code == 409


def test_comments_are_shown_as_pins_and_internal_ones_to_the_licensor_alone(
    version: ArticleVersion, licensee: User, judge: User
) -> None:
    shown = in_review(track_of(version, "product"), licensee, judge, at=timezone.now())
    file = shown.files.get()
    desk, acting = client(judge), client(staff("acting", "submit_round"))

    desk.post(verb(shown, "comment"), {"text": "The lamp", "file": file.pk, "x": 730, "y": 260})
    desk.post(verb(shown, "comment"), {"text": "Between us", "is_internal": "on"})
    outside = desk.post(verb(shown, "comment"), {"text": "Off", "file": file.pk, "x": 1001, "y": 0})
    page, theirs = desk.get(address(shown)).content.decode(), acting.get(address(shown)).content.decode()

    assert outside.status_code == 422
    assert list(Comment.objects.values_list("x", "y", "is_internal")) == [(730, 260, False), (None, None, True)]
    assert '<a href="#comment-1" aria-label="Comment 1: The lamp"><circle cx="730" cy="173"/>' in page
    assert "on artwork-0, 73 % across and 26 % down" in page
    assert ("Between us" in page, "Between us" in theirs) == (True, False)
    assert 'name="is_internal"' not in theirs
    assert 'id="decide"' not in theirs


def test_staff_act_for_a_merchant_from_the_first_draft_to_its_submission(version: ArticleVersion) -> None:
    acting = staff("acting", "submit_round")
    desk, licence = client(acting), version.licence
    begun = desk.post(
        reverse("admin:licensing_articleversion_add"), {"licence": licence.pk, "sku": "FERRY-TOTE", "changes": []}
    )
    again = desk.post(reverse("admin:licensing_articleversion_add"), {"licence": licence.pk, "sku": "FERRY-TOTE"})
    tote = ArticleVersion.objects.get(article__sku="FERRY-TOTE")
    assert (begun["Location"], again.status_code) == (address(tote), 422)

    desk.post(verb(tote, "draft"), {"submission": track_of(tote, "product").pk})
    draft = Round.objects.get()
    assert "Artwork (1 file more)" in desk.get(address(draft)).content.decode()
    early = desk.post(verb(draft, "submit"))
    desk.post(verb(draft, "edit"), {"description": "A tote", "art": "p. 12", "factory": "Ningbo"})
    desk.post(verb(draft, "add-file"), {"kind": "artwork", "file": SimpleUploadedFile("front.png", picture())})
    desk.post(verb(draft, "add-file"), {"kind": "other", "file": SimpleUploadedFile("more.pdf", pdf())})
    desk.post(verb(draft, "remove-file"), {"file": draft.files.get(kind="other").pk})
    late = desk.post(verb(draft, "submit"))

    draft.refresh_from_db()
    assert (early.status_code, late.status_code) == (422, 302)
    assert (draft.state, draft.spec["art"], draft.factory, draft.files.count()) == ("submitted", "p. 12", "Ningbo", 1)


def test_a_tick_is_set_and_taken_back_in_the_draft(version: ArticleVersion, licensee: User, judge: User) -> None:
    shown = in_review(track_of(version, "product"), licensee, judge, at=timezone.now())
    reviewing.approve(shown, by=judge, at=timezone.now(), changes=["Lamp higher"])
    acting = staff("acting", "submit_round")
    draft = drafts.start_draft(track_of(version, "product"), by=acting, at=timezone.now())
    change, desk = RequiredChange.objects.get(), client(acting)

    desk.post(verb(draft, "tick"), {"change": change.pk, "remark": "By 4 mm", "is_done": "on"})
    change.refresh_from_db()
    assert (change.done_in, change.done_remark) == (draft, "By 4 mm")
    desk.post(verb(draft, "tick"), {"change": change.pk})
    change.refresh_from_db()
    assert (change.done_in, change.done_remark) == (None, "")
    assert desk.post(verb(draft, "discard")).status_code == 302
    assert not Round.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize(
    ("who", "codes"),
    [("reviewer", {"submit", "edit", "add-file", "tick", "discard"}), ("acting", {"open", "decide"}), ("clerk", None)],
)
def test_each_does_only_their_side(version: ArticleVersion, licensee: User, who: str, codes: set[str] | None) -> None:
    permission = {"reviewer": ["review_round"], "acting": ["submit_round"], "clerk": []}[who]
    shown = submitted(track_of(version, "product"), licensee, at=timezone.now())
    desk = client(staff(who, *permission))

    answers = {code: desk.post(verb(shown, code)).status_code for code in codes or {"open", "submit", "comment"}}

    assert set(answers.values()) == {403}
    assert Round.objects.get().state == "submitted"


def test_a_draft_is_not_there_for_the_licensor(version: ArticleVersion, licensee: User, judge: User) -> None:
    draft = drafts.start_draft(track_of(version, "product"), by=licensee, at=timezone.now())

    answer = client(judge).get(address(draft), follow=False)

    assert answer.status_code == 404
    assert "v1</a>" not in client(judge).get(address(version)).content.decode()


def test_the_certificate_names_version_territories_and_term_and_is_revoked_with_a_reason(
    version: ArticleVersion, licensee: User, judge: User
) -> None:
    pass_version(version, licensee, judge)
    certificate, desk = Certificate.objects.get(), client(judge)

    page = desk.get(address(certificate)).content.decode()
    past = desk.post(verb(certificate, "revoke"), {"reason": "Recall", "effective_at": "2020-01-01T00:00"})
    desk.post(verb(certificate, "revoke"), {"reason": "Recall", "effective_at": "2099-01-02T03:04"})

    for told in ("Version 1 of the article FERRY-MUG", "2026-01-01 to 2027-12-31, Asia/Shanghai", "The world"):
        assert told in page
    assert past.status_code == 422
    certificate.refresh_from_db()
    assert certificate.revoked_at.isoformat() == "2099-01-01T19:04:00+00:00"
    assert "Revoked from 2 Jan 2099, 03:04, Shanghai" in desk.get(address(certificate)).content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_a_page_costs_the_same_however_much_is_on_it(
    version: ArticleVersion, licensee: User, judge: User, number: int, django_assert_num_queries: Any
) -> None:
    draft = approving.filled(drafts.start_draft(track_of(version, "product"), by=licensee, at=NOW), licensee)
    for seed in range(number):
        drafts.add_file(draft, picture(10 + seed), kind="sample", name=f"{seed}.png", by=licensee, at=NOW)
    shown = reviewing.open_round(drafts.submit(draft, by=licensee, at=NOW), by=judge, at=NOW)
    for seed in range(number):
        reviewing.comment(shown, str(seed), by=judge, at=NOW, file=shown.files.last(), x=seed, y=seed)
    desk = client(judge)
    desk.get(address(shown))

    with django_assert_num_queries(14):
        assert desk.get(address(shown)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_comment_is_placed_with_the_keyboard_and_with_a_click(live_server: Any, page: Page) -> None:
    judge = approver()
    licensee = member(approving.licence())
    licence = Member.objects.get(user=licensee).merchant.licences.get()
    shown = in_review(track_of(first_version(licence, licensee), "product"), licensee, judge, at=timezone.now())
    page.context.add_cookies(
        [{"name": "sessionid", "value": client(judge).cookies["sessionid"].value, "url": live_server.url}]
    )
    page.goto(live_server.url + address(shown))
    drawing = page.locator("[data-pins]")

    drawing.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp", "Enter"):
        page.keyboard.press(key)
    by_keys = [page.locator(f"#id_{name}").input_value() for name in ("x", "y")]
    box = drawing.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.locator("#id_text").fill("Here")
    page.locator("[data-pin-form] button").click()
    page.wait_for_selector("#comment-1")

    assert by_keys == ["540", "400"]
    said = Comment.objects.get()
    assert (said.text, abs(said.x - 250) <= 2, abs(said.y - 500) <= 3) == ("Here", True, True)
