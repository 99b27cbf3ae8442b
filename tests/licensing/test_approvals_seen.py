"""Who sees what of approvals: every query starts from who asks."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from licensing.approvals import drafts, queries, reviewing
from licensing.models import Round
from tests.factories import NOW, make_user
from tests.licensing import approving
from tests.licensing.approving import approver, first_version, member, reviewer, staff, submitted, track_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, User]:
    """Two merchants with a member each, and the studio's people."""
    mine, theirs = approving.licence(), approving.licence()
    licensee, rival = member(mine), member(theirs, "rival")
    acting, judge = staff("acting", "submit_round"), approver()
    version = first_version(mine, licensee)
    shown = submitted(track_of(version, "product"), licensee)
    drafts.start_draft(track_of(version, "packaging"), by=licensee, at=NOW)
    drafts.start_draft(track_of(version, "marketing"), by=acting, at=NOW)
    submitted(track_of(first_version(theirs, rival), "packaging"), rival, at=NOW - timedelta(days=3))
    reviewing.comment(shown, "Seen by both", by=judge, at=NOW)
    reviewing.comment(shown, "Between us", by=judge, at=NOW, is_internal=True)
    both = approver("both")
    both.memberships.create(merchant=mine.merchant, role="read_only")
    return {
        "licensee": licensee, "rival": rival, "acting": acting, "judge": judge, "reviewer": reviewer(), "both": both,
        "head": make_user("head"), "fan": make_user("fan", is_staff=False, is_superuser=False),
        "clerk": staff("clerk"),
    }  # fmt: skip


SUBMITTED, THEIRS = ("product", "submitted"), ("packaging", "submitted")
DRAFTED, ACTED = ("packaging", "draft"), ("marketing", "draft")


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("licensee", {SUBMITTED, DRAFTED, ACTED}),
        ("rival", {THEIRS}),
        ("judge", {SUBMITTED, THEIRS}),
        ("reviewer", {SUBMITTED, THEIRS}),
        ("head", {SUBMITTED, THEIRS}),
        ("acting", {SUBMITTED, THEIRS, ACTED}),
        ("fan", set()),
        ("clerk", set()),
    ],
)
def test_drafts_are_their_licensees_alone(people: dict[str, User], who: str, seen: set[tuple[str, str]]) -> None:
    rounds = queries.rounds_seen_by(people[who])

    assert {(row.submission.track, row.state) for row in rounds} == seen
    files = {file.round.state for file in queries.files_seen_by(people[who])}
    assert files == {state for _track, state in seen if state == "submitted"}


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("judge", ["Seen by both", "Between us"]),
        ("reviewer", ["Seen by both", "Between us"]),
        ("head", ["Seen by both", "Between us"]),
        ("licensee", ["Seen by both"]),
        ("acting", ["Seen by both"]),
        ("both", ["Seen by both"]),
        ("rival", []),
        ("clerk", []),
    ],
)
def test_internal_notes_are_the_licensors_alone(people: dict[str, User], who: str, seen: list[str]) -> None:
    assert [said.text for said in queries.comments_seen_by(people[who])] == seen


@pytest.mark.parametrize(
    ("who", "count"), [("licensee", 1), ("rival", 1), ("judge", 2), ("acting", 2), ("fan", 0), ("clerk", 0)]
)
def test_versions_are_the_merchants_own(people: dict[str, User], who: str, count: int) -> None:
    assert queries.versions_seen_by(people[who]).count() == count


def test_the_queue_begins_with_what_is_due_first(people: dict[str, User]) -> None:
    queue = queries.review_queue(people["judge"])
    theirs, mine = queue

    assert theirs.due_at < mine.due_at
    assert list(queries.review_queue(people["judge"], track="product")) == [mine]
    merchant = theirs.submission.version.article.merchant_id
    assert list(queries.review_queue(people["judge"], merchant=merchant)) == [theirs]
    film = mine.submission.version.licence.film_id
    assert list(queries.review_queue(people["judge"], film=film)) == [mine]
    for who in ("licensee", "acting", "fan", "clerk"):
        assert list(queries.review_queue(people[who])) == []
    reviewing.open_round(mine, by=people["judge"], at=NOW)
    reviewing.approve(mine, by=people["judge"], at=NOW)
    assert list(queries.review_queue(people["judge"])) == [theirs]


@pytest.mark.parametrize("number", [1, 3])
def test_the_queue_costs_one_query_however_long(people: dict[str, User], number: int) -> None:
    judge, licensee = people["judge"], people["licensee"]
    licence = Round.objects.filter(state="submitted").earliest("pk").submission.version.licence
    for sku in range(number):
        submitted(track_of(first_version(licence, licensee, sku=f"MORE-{sku}"), "packaging"), licensee)
    queries.sees_as_licensor(judge)  # permissions are kept on the user

    with CaptureQueriesContext(connection) as asked:
        rows = queries.with_time_left(queries.review_queue(judge), at=NOW)

    assert len(rows) == number + 2
    assert len(asked) == 1
