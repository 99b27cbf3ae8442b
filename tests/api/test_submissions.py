"""Articles on their way to approval, by program: drafted, shown, looked at, certified; and nothing of a neighbour's."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, User
from licensing.approvals import reviewing
from licensing.models import ArticleVersion, Certificate, Comment, Licence, Round, RoundFile
from tests.api.conftest import Clock, Partner
from tests.api.held import make_held
from tests.factories import NOW, make_film, make_licence, make_merchant
from tests.licensing import approving
from tests.licensing.approving import approver, picture
from tests.orders.conftest import refused

CONCEPT = {"spec": {"description": "A mug", "art": "Lamp and ferry"}}


@pytest.fixture
def partner(db: None, clock: Clock) -> Partner:
    """Its answers are held against the document."""
    return make_held()


@pytest.fixture
def licence(partner: Partner) -> Licence:
    return licence_of(partner.merchant)


def licence_of(merchant: Any, **told: Any) -> Licence:
    return make_licence(make_film(), merchant, needs_approval=True, legal_line_en="© 2016 the owners", **told)


@pytest.fixture
def version(partner: Partner, licence: Licence) -> str:
    """The first version of MUG-1, as a program began it."""
    answer = partner.post("submissions", {"licence": licence.public_id, "sku": "MUG-1"})
    assert answer.status_code == 201
    return str(answer.json()["id"])


@pytest.fixture
def concept(partner: Partner, version: str) -> str:
    """The address of the draft of its first stage."""
    address = f"submissions/{version}/tracks/product/draft"
    assert partner.post(address, "").status_code == 201
    return address


def add_file(partner: Partner, draft: str, content: bytes = b"", **fields: Any) -> Any:
    told = {"kind": "artwork", "file": SimpleUploadedFile("art.png", content or picture())} | fields
    body = encode_multipart(BOUNDARY, {name: value for name, value in told.items() if value is not None})
    return partner.post(f"{draft}/files", body, content_type=MULTIPART_CONTENT)


def state() -> list[Any]:
    """Everything that a verb here may move."""
    return [
        list(ArticleVersion.objects.order_by("pk").values()),
        list(Round.objects.order_by("pk").values()),
        list(RoundFile.objects.order_by("pk").values()),
        [model.objects.count() for model in (Comment, AuditEntry)],
    ]


def decider() -> User:
    return User.objects.filter(username="approver").first() or approver()


def decided(partner: Partner, version: str, verb: Any, **told: Any) -> Round:
    """The licensor opens the round that waits and decides."""
    shown = Round.objects.get(submission__version__public_id=version, state="submitted")
    return verb(reviewing.open_round(shown, by=decider(), at=NOW), by=decider(), at=NOW, **told)


def test_from_the_draft_to_the_next_stage(partner: Partner, version: str, concept: str) -> None:
    draft = partner.get(concept)
    assert [item["code"] for item in draft.json()["missing"]] == ["files.artwork", "spec.description", "spec.art"]
    assert partner.send("put", concept, CONCEPT, if_match=draft["ETag"]).status_code == 200
    file = add_file(partner, concept)
    assert (file.status_code, file.json()["content_type"]) == (201, "image/png")
    assert partner.get(concept).json()["missing"] == []

    answer = partner.post(f"submissions/{version}/tracks/product/submit", "")
    assert answer.status_code == 200
    track = answer.json()["tracks"][0]
    assert (track["waits_for"], track["round"]["state"]) == ("licensor", "submitted")
    assert track["round"]["time_left"]["business_days"] > 0
    assert partner.get(concept).status_code == 404
    shown = track["rounds"][0]
    said = partner.post(
        f"submissions/{version}/comments",
        {"round": shown["id"], "text": "Pantone 186 C", "file": file.json()["id"], "x": 10, "y": 990},
    )
    assert (said.status_code, said.json()["side"]) == (201, "merchant")

    decided(partner, version, reviewing.approve, changes=["Darker ink"])
    track = partner.get(f"submissions/{version}").json()["tracks"][0]
    assert (track["stage"], track["waits_for"], track["round"]) == ("pre_production", "merchant", None)
    assert track["rounds"][0]["required_changes"] == [
        {"number": 1, "text": "Darker ink", "is_done": False, "remark": ""}
    ]
    assert [comment["text"] for comment in track["rounds"][0]["comments"]] == ["Pantone 186 C"]
    partner.post(concept, "")
    tick = {"number": 1, "is_done": True, "remark": "Ink 7"}
    draft = partner.change("put", concept, CONCEPT | {"changes": [tick]}).json()
    assert (draft["asked_changes"][0]["is_done"], draft["asked_changes"][0]["remark"]) == (True, "Ink 7")
    assert partner.change("put", concept, CONCEPT).json()["asked_changes"][0]["is_done"] is False


def test_a_version_that_is_final_has_its_certificate_and_is_followed(partner: Partner, licence: Licence) -> None:
    version = approving.first_version(licence, partner.merchant)
    approving.pass_version(version, partner.merchant, approver())

    said = partner.get(f"submissions/{version.public_id}").json()
    assert (said["state"], said["certificate"]["id"]) == ("final_approved", Certificate.objects.get().public_id)
    assert [track["waits_for"] for track in said["tracks"]] == [None] * 3
    before = state()
    body = {"licence": licence.number, "sku": "MUG-1"}
    assert partner.post("submissions", body).json()["code"] == "changes_missing"
    assert state() == before
    following = partner.post("submissions", body | {"changes": ["page"]}).json()
    assert [track["is_carried"] for track in following["tracks"]] == [True, True, False]
    assert partner.post("submissions", body | {"changes": ["page"]}).json()["code"] == "version_open"


def test_no_person_stands_for_a_program_and_the_trail_names_the_key(
    partner: Partner, version: str, concept: str
) -> None:
    partner.change("put", concept, CONCEPT)
    add_file(partner, concept)
    partner.post(f"submissions/{version}/tracks/product/submit", "")

    assert list(Round.objects.values_list("created_by", "submitted_by", "state")) == [(None, None, "submitted")]
    entry = AuditEntry.objects.get(verb="round.submitted")
    assert (entry.actor, entry.changes["key"]) == (None, partner.key.public_id)


def test_what_is_missing_is_listed_and_nothing_is_submitted(partner: Partner, version: str, concept: str) -> None:
    before = state()

    answer = partner.post(f"submissions/{version}/tracks/product/submit", "")

    assert (answer.status_code, answer.json()["code"]) == (422, "evidence_missing")
    assert answer.json()["missing"] == ["files.artwork", "spec.description", "spec.art"]
    assert state() == before


def test_a_draft_is_written_by_who_has_seen_it(partner: Partner, concept: str) -> None:
    old = partner.get(concept)["ETag"]
    assert partner.send("put", concept, CONCEPT).json()["code"] == "precondition_required"
    assert partner.change("put", concept, CONCEPT).status_code == 200
    before = state()

    for method, body in (("put", {"factory": "Jingdezhen"}), ("delete", None)):
        answer = partner.send(method, concept, body, if_match=old)
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert state() == before
    # The whole of it: what is not named is empty afterwards.
    said = partner.change("put", concept, {"factory": "Jingdezhen"}).json()
    assert (said["factory"], said["spec"]["description"], said["legal_line_en"]) == ("Jingdezhen", "", "")
    assert partner.change("delete", concept).status_code == 204
    assert not Round.objects.exists()


@pytest.mark.parametrize(
    "body, pointer, code",
    [
        ([], "", "invalid"),
        ({"spec": {"smell": "roses"}}, "/spec/smell", "unknown"),
        ({"spec": {"art": 7}}, "/spec/art", "invalid"),
        ({"spec": "art"}, "/spec", "invalid"),
        ({"texts": {"title_en": "x" * 20_001}}, "/texts/title_en", "max_length"),
        ({"factory": "x" * 301}, "/factory", "max_length"),
        ({"stage": "final"}, "/stage", "unknown"),
        ({"changes": [{"number": 1, "is_done": True}]}, "/changes/0/number", "unknown"),
        ({"changes": [{"number": 10**12, "is_done": True}]}, "/changes/0/number", "max_value"),
        ({"changes": [{"number": 1, "is_done": "yes"}]}, "/changes/0/is_done", "invalid"),
    ],
)
def test_a_draft_of_another_form_is_told_where(
    partner: Partner, concept: str, body: Any, pointer: str, code: str
) -> None:
    before = state()

    answer = partner.change("put", concept, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")
    assert (pointer, code) in [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]
    assert state() == before


@pytest.mark.parametrize(
    "fields, status, code",
    [
        ({"kind": "poem"}, 400, "invalid_body"),
        ({"kind": None}, 400, "invalid_body"),
        ({"file": None}, 400, "invalid_body"),
        ({"colour": "red"}, 400, "invalid_body"),
        ({"file": SimpleUploadedFile("a.png", b"GIF8 no picture")}, 422, "evidence_unknown_type"),
        ({"kind": "sample", "file": SimpleUploadedFile("a.pdf", approving.pdf())}, 422, "evidence_picture_needed"),
    ],
)
def test_what_is_no_evidence_is_not_kept(
    partner: Partner, concept: str, fields: dict[str, Any], status: int, code: str
) -> None:
    before = state()

    answer = add_file(partner, concept, **fields)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert state() == before


def test_a_file_comes_back_as_it_went_and_leaves_a_draft_alone(partner: Partner, version: str, concept: str) -> None:
    partner.change("put", concept, CONCEPT)
    kept, dropped = (add_file(partner, concept, picture(number)) for number in (1, 2))
    address = kept["Location"].removeprefix("/api/v1/")

    answer = partner.get(address, accept="image/png")
    assert (answer.status_code, answer["Content-Type"], answer.getvalue()) == (200, "image/png", picture(1))
    assert "attachment" in answer["Content-Disposition"]
    assert partner.get(address, if_none_match=answer["ETag"]).status_code == 304
    assert answer["Cache-Control"] == "private, no-store"
    gone = dropped["Location"].removeprefix("/api/v1/")
    assert partner.send("delete", gone, if_match='"other"').status_code == 412
    assert partner.send("delete", gone, if_match=f'"{dropped.json()["sha256"]}"').status_code == 204
    assert partner.get(gone).status_code == 404
    partner.post(f"submissions/{version}/tracks/product/submit", "")
    before = state()
    frozen = partner.send("delete", address, if_match="*")
    assert (frozen.status_code, frozen.json()["code"]) == (409, "frozen")
    assert state() == before
    assert partner.get(address).getvalue() == picture(1)


def test_a_version_is_withdrawn_once(partner: Partner, version: str, concept: str) -> None:
    said = partner.post(f"submissions/{version}/withdraw", "").json()

    assert (said["state"], Round.objects.count()) == ("withdrawn", 0)
    again = partner.post(f"submissions/{version}/withdraw", "")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    begun = partner.post(concept, "")
    assert (begun.status_code, begun.json()["code"]) == (409, "wrong_state")


def test_a_second_draft_waits_for_the_first(partner: Partner, concept: str) -> None:
    before = state()

    answer = partner.post(concept, "")

    assert (answer.status_code, answer.json()["code"]) == (409, "round_open")
    assert state() == before


@pytest.mark.parametrize(
    "change, status, code",
    [
        ({"licence": "lic_nothing"}, 400, "invalid_body"),
        ({"licence": 7}, 400, "invalid_body"),
        ({"sku": " "}, 400, "invalid_body"),
        ({"changes": ["smell"]}, 400, "invalid_body"),
        ({"changes": "art"}, 400, "invalid_body"),
        ({"film": "x"}, 400, "invalid_body"),
    ],
)
def test_a_beginning_that_is_wrong_begins_nothing(
    partner: Partner, licence: Licence, change: dict[str, Any], status: int, code: str
) -> None:
    answer = partner.post("submissions", {"licence": licence.public_id, "sku": "MUG-1"} | change)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not ArticleVersion.objects.exists()


@pytest.mark.parametrize(
    "change, status, code",
    [
        ({"round": "rnd_nothing"}, 400, "invalid_body"),
        ({"file": "fil_nothing"}, 400, "invalid_body"),
        ({"text": " "}, 400, "invalid_body"),
        ({"x": 1001, "y": 0}, 400, "invalid_body"),
        ({"x": 10, "y": 10}, 422, "bad_pin"),
        ({"is_internal": True}, 400, "invalid_body"),
    ],
)
def test_a_comment_that_is_wrong_is_not_said(
    partner: Partner, licence: Licence, change: dict[str, Any], status: int, code: str
) -> None:
    version = approving.first_version(licence, partner.merchant)
    shown = approving.submitted(version.submissions.get(track="product"), partner.merchant)
    before = state()

    answer = partner.post(
        f"submissions/{version.public_id}/comments", {"round": shown.public_id, "text": "Red"} | change
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert state() == before


def test_what_the_licensor_notes_for_itself_is_not_there(partner: Partner, licence: Licence) -> None:
    version = approving.first_version(licence, partner.merchant)
    shown = approving.submitted(version.submissions.get(track="product"), partner.merchant)
    for text, is_internal in (("Between us", True), ("For you", False)):
        reviewing.comment(shown, text, by=decider(), at=NOW, is_internal=is_internal)

    answer = partner.get(f"submissions/{version.public_id}")

    (told,) = answer.json()["tracks"][0]["rounds"][0]["comments"]
    assert (told["text"], told["side"]) == ("For you", "licensor")
    assert "Between us" not in answer.content.decode()


def test_a_rival_finds_nothing_and_changes_nothing(partner: Partner, version: str, concept: str) -> None:
    rival = make_held(make_merchant("rival"))
    file = add_file(partner, concept).json()["id"]
    before = state()
    nothing = rival.get("submissions/ver_nothing").json()

    assert rival.get("submissions").json()["data"] == []
    for address in (f"submissions/{version}", concept, f"submissions/{version}/files/{file}"):
        answer = rival.get(address)
        assert (answer.status_code, answer.json() | {"instance": ""}) == (404, nothing | {"instance": ""})
    for address in (concept, f"{concept}/files", f"submissions/{version}/withdraw", f"submissions/{version}/comments",
                    f"submissions/{version}/tracks/product/submit"):  # fmt: skip
        assert rival.post(address, {}).status_code == 404
    assert rival.send("put", concept, CONCEPT, if_match="*").status_code == 404
    for address in (concept, f"submissions/{version}/files/{file}"):
        assert rival.send("delete", address, if_match="*").status_code == 404
    theirs = licence_of(rival.merchant)
    taken = partner.post("submissions", {"licence": theirs.public_id, "sku": "MUG-2"})
    assert (taken.status_code, taken.json()["errors"][0]["pointer"]) == (400, "/licence")
    assert state() == before
    # Of another version of one's own, a file is not there either.
    other = approving.first_version(Licence.objects.get(merchant=partner.merchant), partner.merchant, "MUG-9")
    assert partner.get(f"submissions/{other.public_id}/files/{file}").status_code == 404
    assert partner.get(f"submissions/{version}/tracks/music/draft").status_code == 404


def test_reading_needs_its_scope_and_writing_another(partner: Partner, version: str, concept: str) -> None:
    reader = make_held(partner.merchant, scopes=["submissions:read"])
    before = state()

    assert reader.get(concept).status_code == 200
    assert reader.send("put", concept, CONCEPT, if_match="*").json()["code"] == "scope_needed"
    for address in ("submissions", concept, f"submissions/{version}/withdraw"):
        assert reader.post(address, {}).json()["code"] == "scope_needed"
    assert state() == before


def test_filters_and_pages(partner: Partner, licence: Licence) -> None:
    other = licence_of(partner.merchant)
    versions = [
        approving.first_version(of, partner.merchant, sku) for of, sku in ((licence, "A"), (licence, "B"), (other, "A"))
    ]
    names = [version.public_id for version in versions]

    def found(query: str) -> list[str]:
        return [row["id"] for row in partner.get(f"submissions?{query}").json()["data"]]

    assert found(f"licence={licence.public_id}") == [names[1], names[0]]
    assert found("sku=A") == [names[2], names[0]]
    assert (len(found("state=in_approval")), found("state=revoked")) == (3, [])
    first = partner.get("submissions?limit=2").json()
    rest = partner.get(f"submissions?limit=2&cursor={first['next_cursor']}").json()
    assert [row["id"] for row in first["data"] + rest["data"]] == names[::-1]
    assert partner.get("submissions?state=lost").json()["code"] == "invalid_parameters"


def test_a_list_and_a_page_cost_the_same_for_one_and_for_three(partner: Partner, licence: Licence) -> None:
    counts = []
    for skus in (["A"], ["B", "C"]):
        for sku in skus:
            version = approving.first_version(licence, partner.merchant, sku)
            for _round in range(1 if sku == "A" else 2):
                shown = approving.submitted(version.submissions.get(track="product"), partner.merchant, seed=_round * 9)
                reviewing.comment(shown, "Look", by=partner.merchant, at=NOW)
                reviewing.open_round(shown, by=decider(), at=NOW)
                shown.refresh_from_db()
                reviewing.require_revision(shown, by=decider(), at=NOW, reasons=["colour"])
        asked = []
        for address in ("submissions", f"submissions/{version.public_id}"):
            partner.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert partner.get(address).status_code == 200
            asked.append(len(captured))
        counts.append(asked)
    assert counts[0] == counts[1]


def test_the_same_file_sent_twice_is_one(partner: Partner, concept: str) -> None:
    first, second = add_file(partner, concept), add_file(partner, concept)

    assert first.json()["id"] == second.json()["id"]
    assert RoundFile.objects.count() == 1


def test_a_program_of_another_merchant_is_no_licensee(licence: Licence) -> None:
    with refused("not_your_merchant"):
        approving.first_version(licence, make_merchant("rival"))

    assert not ArticleVersion.objects.exists()
