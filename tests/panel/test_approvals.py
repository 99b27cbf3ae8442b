"""Approvals in the panel: from the first draft to the certificate, each merchant its own and nobody else's."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from licensing.approvals import drafts, reviewing, versions
from licensing.approvals.silence import tend_deadlines
from licensing.models import ArticleVersion, Comment, Licence, Reminder, Round, RoundFile
from merchants.models import Merchant
from tests.licensing.approving import SPEC, approver, filled, pdf, picture, track_of
from tests.panel.conftest import signed_in

LINES = {"factory": "Jingdezhen No. 3", "legal_line_en": "© 2016 the owners", "legal_line_zh": ""}


@pytest.fixture
def licence(merchant: Merchant) -> Licence:
    found = merchant.licences.get()
    Licence.objects.filter(pk=found.pk).update(needs_approval=True, legal_line_en="© 2016 the owners")
    return found


@pytest.fixture
def user(owner: Client, merchant: Merchant) -> User:
    return merchant.members.get(role="owner").user


@pytest.fixture
def version(licence: Licence, user: User) -> ArticleVersion:
    return versions.start_version(licence, "MUG", by=user, at=timezone.now())


@pytest.fixture
def draft(version: ArticleVersion, user: User) -> Round:
    return drafts.start_draft(track_of(version, "product"), by=user, at=timezone.now())


@pytest.fixture
def decider(db: None) -> User:
    return approver()


def at(merchant: Merchant, *parts: str, language: str = "en") -> str:
    return f"/panel/{language}/{merchant.slug}/approvals/" + "".join(f"{part}/" for part in parts)


def file(content: bytes, name: str = "lamp.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def sent(draft: Round, user: User, **changes: Any) -> Round:
    return drafts.submit(filled(draft, user, **changes), by=user, at=timezone.now())


def test_from_the_article_to_what_the_licensor_looks_at(
    owner: Client, merchant: Merchant, licence: Licence, decider: User
) -> None:
    answer = owner.post(at(merchant, "new"), {"licence": licence.public_id, "sku": "MUG"})
    version = ArticleVersion.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, at(merchant, "versions", version.public_id))
    assert "Nothing drafted yet" in owner.get(at(merchant)).content.decode()

    answer = owner.post(at(merchant, "versions", version.public_id, "draft"), {"track": "product"})
    shown = Round.objects.get()
    place = at(merchant, "rounds", shown.public_id)
    assert answer["Location"] == place
    page = owner.get(place).content.decode()
    assert [word in page for word in ("Still missing", "Artwork (1 file more)", "Save and submit")] == [True] * 3

    given = {"description": "A mug", "art": "Lamp, p. 12", **LINES}
    answer = owner.post(
        place + "write/", given | {"then": "submit", "files-artwork": [file(picture(1)), file(pdf(2), "b.pdf")]}
    )
    assert answer.status_code == 302
    shown.refresh_from_db()
    assert (shown.state, shown.spec["art"], shown.submitted_by.username) == (
        "submitted", "Lamp, p. 12", f"owner-of-{merchant.slug}",
    )  # fmt: skip
    assert list(shown.files.values_list("name", "kind")) == [("lamp.png", "artwork"), ("b.pdf", "artwork")]

    reviewing.open_round(shown, by=decider, at=timezone.now())
    reviewing.approve(shown, by=decider, at=timezone.now(), changes=["Lamp in amber"])
    page = owner.get(place).content.decode()
    assert [
        word in page for word in ("Timeline", "Submitted", "began to look at it", "Lamp in amber", "data-pins")
    ] == [True] * 5
    assert "Save and submit" not in page


def test_files_are_shown_to_the_merchant_alone(
    owner: Client, rival: Client, merchant: Merchant, draft: Round, user: User
) -> None:
    filled(draft, user)
    drafts.add_file(draft, pdf(9), kind="other", name="a.pdf", by=user, at=timezone.now())
    shown, paper = draft.files.get(kind="artwork"), draft.files.get(kind="other")

    answers = [owner.get(at(merchant, "rounds", draft.public_id, "files", one.public_id)) for one in (shown, paper)]

    assert [answer["Content-Disposition"].partition(";")[0] for answer in answers] == ["inline", "attachment"]
    assert [b"".join(answer.streaming_content) for answer in answers] == [picture(0), pdf(9)]
    for answer in answers:
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["Cache-Control"] == "private, no-store"
    assert rival.get(f"/panel/en/rival/approvals/rounds/{draft.public_id}/files/{shown.public_id}/").status_code == 404
    assert Client().get(at(merchant, "rounds", draft.public_id, "files", shown.public_id)).status_code == 302


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"files-artwork": file(b"<svg/>", "x.svg")}, "x.svg:"),
        ({"files-artwork": [file(picture(1)), file(b"", "empty.png")]}, "empty"),
        ({"factory": "x" * 301}, "at most 300"),
    ],
)
def test_a_draft_with_a_fault_keeps_what_was_typed_and_writes_nothing(
    owner: Client, merchant: Merchant, draft: Round, fields: dict[str, Any], said: str
) -> None:
    answer = owner.post(
        at(merchant, "rounds", draft.public_id, "write"), {"art": "Lamp, p. 13", "then": "submit"} | fields
    )

    page = answer.content.decode()
    assert (answer.status_code, said in page, "Lamp, p. 13" in page) == (422, True, True)
    draft.refresh_from_db()
    assert (draft.state, draft.spec, draft.files.count()) == ("draft", {}, 0)


def test_what_lacks_evidence_is_saved_and_not_submitted(owner: Client, merchant: Merchant, draft: Round) -> None:
    answer = owner.post(at(merchant, "rounds", draft.public_id, "write"), {"art": "Lamp", "then": "submit", **LINES})

    page = answer.content.decode()
    assert (answer.status_code, "Artwork (1 file more)" in page, "Lamp" in page) == (422, True, True)
    draft.refresh_from_db()
    assert (draft.state, draft.spec["art"]) == ("draft", "Lamp")


def test_too_many_files_are_refused_before_one_is_kept(
    owner: Client, merchant: Merchant, draft: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("licensing.approvals.evidence.MOST_FILES", 2)
    files = {"files-artwork": [file(picture(number)) for number in range(3)]}

    answer = owner.post(at(merchant, "rounds", draft.public_id, "write"), files)

    assert (answer.status_code, RoundFile.objects.count()) == (422, 0)


def test_a_file_is_taken_off_and_a_draft_thrown_away(
    owner: Client, merchant: Merchant, draft: Round, user: User
) -> None:
    gone = filled(draft, user).files.first()
    place = at(merchant, "rounds", draft.public_id)

    owner.post(place + "write/", {"art": "Other", "then": f"remove:{gone.public_id}", **LINES})
    draft.refresh_from_db()
    assert (draft.files.filter(pk=gone.pk).exists(), draft.spec["art"]) == (False, "Other")

    answer = owner.post(place + "discard/")
    assert answer["Location"] == at(merchant, "versions", draft.submission.version.public_id)
    assert not Round.objects.exists()


def test_what_was_asked_for_is_ticked_with_a_remark(
    owner: Client, merchant: Merchant, draft: Round, user: User, decider: User
) -> None:
    shown = reviewing.open_round(sent(draft, user), by=decider, at=timezone.now())
    reviewing.approve(shown, by=decider, at=timezone.now(), changes=["Lamp in amber", "Bigger"])
    following = drafts.start_draft(draft.submission, by=user, at=timezone.now())
    filled(following, user, seed=5)
    place = at(merchant, "rounds", following.public_id)
    given = SPEC | LINES

    answer = owner.post(place + "write/", given | {"done-1": "on", "remark-1": "Amber now", "then": "submit"})
    assert answer.status_code == 422
    assert "2. Bigger" in answer.content.decode()
    assert list(shown.required_changes.values_list("done_remark", flat=True)) == ["Amber now", ""]

    ticks = {"done-1": "on", "remark-1": "Amber now", "done-2": "on"}
    assert owner.post(place + "write/", given | ticks | {"then": "submit"}).status_code == 302
    following.refresh_from_db()
    assert following.state == "submitted"
    page = owner.get(place).content.decode()
    assert [word in page for word in ("Different from before", "Jingdezhen No. 3", "Amber now")] == [True] * 3


def test_what_is_submitted_is_frozen(owner: Client, merchant: Merchant, draft: Round, user: User) -> None:
    sent(draft, user)
    place = at(merchant, "rounds", draft.public_id)

    answers = [owner.post(place + "write/", SPEC | LINES | {"art": "Late"}), owner.post(place + "discard/")]

    assert [answer.status_code for answer in answers] == [422, 422]
    draft.refresh_from_db()
    assert (draft.spec["art"], draft.state) == (SPEC["art"], "submitted")


def test_comments_are_read_and_written_and_internal_ones_are_not_there(
    owner: Client, merchant: Merchant, draft: Round, user: User, decider: User
) -> None:
    shown = sent(draft, user)
    place, stored = at(merchant, "rounds", draft.public_id), draft.files.get()
    reviewing.comment(shown, "Lamp is too cold", by=decider, at=timezone.now(), file=stored, x=300, y=500)
    reviewing.comment(shown, "Watch this maker", by=decider, at=timezone.now(), is_internal=True)

    answer = owner.post(place + "comments/", {"text": "Warmer it is", "file": stored.public_id, "x": 310, "y": 500})

    assert answer["Location"] == place + "#comment-3"
    said = Comment.objects.get(number=3)
    assert (said.author, said.file, said.x, said.is_licensor) == (user, stored, 310, False)
    page = owner.get(place).content.decode()
    assert [word in page for word in ("too cold", "Warmer it is", "Watch this maker")] == [True, True, False]
    assert page.count('href="#comment-') == 2
    for wrong in ({"text": " "}, {"text": "Kept", "x": 10}, {"text": "Kept", "file": "fil_1"}):
        answer = owner.post(place + "comments/", wrong)
        assert answer.status_code == 422
        assert ("Kept" in answer.content.decode()) == (wrong["text"] == "Kept")
    assert Comment.objects.count() == 3


def test_silence_and_reminders_stand_in_the_timeline(
    owner: Client, merchant: Merchant, draft: Round, user: User
) -> None:
    shown = sent(draft, user)
    tend_deadlines(at=shown.due_at + timedelta(minutes=1))

    page = owner.get(at(merchant, "rounds", draft.public_id)).content.decode()

    assert set(Reminder.objects.values_list("percent", flat=True)) == {50, 80, 100}
    assert [word in page for word in ("50 % of the time", "80 % of the time", "over without a decision: Deemed")] == [
        True
    ] * 3


def test_the_whole_way_ends_with_a_certificate(
    owner: Client, rival: Client, merchant: Merchant, version: ArticleVersion, user: User, decider: User
) -> None:
    for submission in version.submissions.all():
        while submission.final_at is None:
            shown = sent(drafts.start_draft(submission, by=user, at=timezone.now()), user)
            reviewing.open_round(shown, by=decider, at=timezone.now())
            reviewing.approve(shown, by=decider, at=timezone.now())
            submission.refresh_from_db()
    paper = version.licence.certificates.get()

    page = owner.get(at(merchant, "versions", version.public_id)).content.decode()
    assert [word in page for word in (paper.public_id, "Begin a new version", "Withdraw")] == [True, True, False]
    page = owner.get(at(merchant, "certificates", paper.public_id)).content.decode()
    assert [word in page for word in ("finally approved on every track", "Territories", "MUG")] == [True] * 3
    assert rival.get(f"/panel/en/rival/approvals/certificates/{paper.public_id}/").status_code == 404

    again = {"licence": version.licence.public_id, "sku": "MUG"}
    answer = owner.post(at(merchant, "new"), again)
    assert answer.status_code == 422
    assert 'value="MUG"' in answer.content.decode()
    assert owner.post(at(merchant, "new"), again | {"changes": ["page"]}).status_code == 302
    assert ArticleVersion.objects.get(number=2).changes == ["page"]


def test_a_version_is_withdrawn_once(owner: Client, merchant: Merchant, version: ArticleVersion) -> None:
    answers = [owner.post(at(merchant, "versions", version.public_id, "withdraw")) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 422]
    assert ArticleVersion.objects.get().state == "withdrawn"


def test_the_filters_say_whose_turn_it_is(
    owner: Client, merchant: Merchant, version: ArticleVersion, draft: Round, user: User
) -> None:
    link = f"versions/{version.public_id}/"

    def shown(name: str) -> bool:
        return link in owner.get(at(merchant) + f"?show={name}").content.decode()

    assert [shown(name) for name in ("open", "ours", "licensor", "approved", "over", "all")] == [
        True, True, False, False, False, True,
    ]  # fmt: skip
    sent(draft, user)
    assert [shown("ours"), shown("licensor")] == [True, True]
    for submission in version.submissions.exclude(track="product"):
        sent(drafts.start_draft(submission, by=user, at=timezone.now()), user)
    assert [shown("ours"), shown("licensor")] == [False, True]
    versions.withdraw_version(version, by=user, at=timezone.now())
    assert [shown("open"), shown("over"), shown("licensor")] == [False, True, False]


@pytest.mark.parametrize(
    "role, acts", [("catalogue", True), ("orders", False), ("finance", False), ("read_only", False)]
)
def test_everybody_of_the_merchant_reads_and_those_who_look_after_goods_act(
    merchant: Merchant, version: ArticleVersion, draft: Round, role: str, acts: bool
) -> None:
    client = signed_in(merchant, role)

    page = client.get(at(merchant, "rounds", draft.public_id)).content.decode()
    answers = [
        client.post(at(merchant, "rounds", draft.public_id, "write"), {"art": "X"}),
        client.post(at(merchant, "versions", version.public_id, "withdraw")),
    ]

    assert client.get(at(merchant, "versions", version.public_id)).status_code == 200
    assert ("Save and submit" in page) == acts
    assert [answer.status_code for answer in answers] == ([302, 302] if acts else [403, 403])
    assert ArticleVersion.objects.get().state == ("withdrawn" if acts else "in_approval")


def test_who_belongs_to_two_merchants_finds_each_ones_rows_in_its_own_rooms(
    rival: Client, merchant: Merchant, version: ArticleVersion, draft: Round
) -> None:
    someone = rival.get("/panel/en/").wsgi_request.user
    merchant.members.create(user=someone, role="owner")

    for address in (f"versions/{version.public_id}/", f"rounds/{draft.public_id}/"):
        assert rival.get(at(merchant) + address).status_code == 200
        assert rival.get(f"/panel/en/rival/approvals/{address}").status_code == 404
    for verb in ("write", "discard", "comments"):
        assert rival.post(f"/panel/en/rival/approvals/rounds/{draft.public_id}/{verb}/").status_code == 404
    licence = version.licence.public_id
    answer = rival.post("/panel/en/rival/approvals/new/", {"licence": licence, "sku": "MUG"})
    assert answer.status_code == 422
    assert (ArticleVersion.objects.count(), Round.objects.get().state) == (1, "draft")


def test_the_pages_cost_the_same_for_few_and_for_many(
    owner: Client, merchant: Merchant, licence: Licence, user: User, decider: User
) -> None:
    counts: list[list[int]] = []
    for skus in (["A"], ["B", "C"]):
        for sku in skus:
            version = versions.start_version(licence, sku, by=user, at=timezone.now())
            draft = drafts.start_draft(track_of(version, "product"), by=user, at=timezone.now())
            for number in range(len(skus)):
                drafts.add_file(draft, pdf(number), kind="other", name="a.pdf", by=user, at=timezone.now())
            sent(draft, user)
            for _ in skus:
                reviewing.comment(draft, "Said", by=decider, at=timezone.now(), file=draft.files.first())
        addresses = (at(merchant), at(merchant, "versions", version.public_id), at(merchant, "rounds", draft.public_id))
        counts.append([])
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                assert owner.get(address).status_code == 200
            counts[-1].append(len(queries))

    assert counts[0] == counts[1]


def test_older_versions_follow_behind_the_last(
    owner: Client, merchant: Merchant, licence: Licence, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("licensing.approvals.listing.PAGE", 2)
    names = [versions.start_version(licence, sku, by=user, at=timezone.now()).public_id for sku in "ABC"]

    first = owner.get(at(merchant)).content.decode()
    second = owner.get(at(merchant) + f"?show=open&after={names[1]}").content.decode()

    assert [f"{name}/" in first for name in names] == [False, True, True]
    assert [f"{name}/" in second for name in names] == [True, False, False]
