"""A merchant's own licences and statements: what they say, how they go on, what they cost, and whose they are."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from licensing.ledger.sales import record_sales
from licensing.ledger.statements import close_statement, compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import (
    InventoryLine,
    InventoryStatement,
    Licence,
    LicenceDocument,
    PriceFloor,
    ScheduleLine,
    Statement,
)
from tests.api.conftest import make_partner
from tests.factories import NOW, make_category, make_film, make_licence

MOMENT = "2026-11-22T12:00:00Z"
State = Licence.State


def ids(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["data"]]


def walk(partner, address: str) -> list[str]:
    """Every id of the list, by following the cursors."""
    found, cursor = [], ""
    while cursor is not None:
        response = partner.get(address + cursor)
        found += ids(response)
        following = response.json()["next_cursor"]
        cursor = following and f"&cursor={following}"
    return found


def own(partner, **told) -> Licence:
    return make_licence(told.pop("film", None) or make_film(), partner.merchant, **told)


@pytest.fixture
def whole(partner) -> Licence:
    """A licence with as much to say as there is."""
    licence = own(
        partner, film=make_film("mood", title_en="Mood", title_zh="花样年华"), number="ML-1", category=make_category("pins"),
        countries=["DE", "FR"], excluded=["FR"], channels=["own_shop"], ends_on=date(2026, 3, 28), time_zone="Europe/Paris",
        sell_off_days=2, grace_days=14, unit_cap=100, units_used=40, is_scheduled=True, legal_line_en="© 2000",
    )  # fmt: skip
    PriceFloor.objects.create(licence=licence, currency="USD", amount=990)
    PriceFloor.objects.create(licence=licence, currency="JPY", amount=1200)
    for sku in ("PIN-2", "PIN-1"):
        ScheduleLine.objects.create(licence=licence, sku=sku)
    for age, declared in ((2, 999), (1, 30)):
        stated_at = NOW - timedelta(days=age)
        statement = InventoryStatement.objects.create(licence=licence, stated_on=stated_at.date(), created_at=stated_at)
        InventoryLine.objects.create(statement=statement, sku="PIN-1", declared=declared, sold=4)
        InventoryLine.objects.create(statement=statement, sku="PIN-2", declared=10)
    LicenceDocument.objects.create(
        licence=licence, kind="insurance", title="Liability", file="licences/secret-name.pdf", sha256="a" * 64,
        expires_on=date(2026, 12, 31), is_required=True,
    )  # fmt: skip
    return licence


def test_a_licence_says_all_it_grants(partner, whole):
    document = whole.documents.get()
    film = whole.film
    brief = {
        "id": whole.public_id,
        "number": "ML-1",
        "film": {"id": film.public_id, "slug": "mood", "title_en": "Mood", "title_zh": "花样年华"},
        "state": "executed",
        "term": {
            "starts_on": "2026-01-01",
            "ends_on": "2026-03-28",
            "time_zone": "Europe/Paris",
            "starts_at": "2025-12-31T23:00:00Z",
            "ends_at": "2026-03-28T23:00:00Z",
            "grace_days": 14,
        },
        # The clocks change in between: calendar days, not so many hours.
        "sell_off": {
            "days": 2,
            "ends_on": "2026-03-30",
            "ends_at": "2026-03-30T22:00:00Z",
            "stated_on": "2026-11-21",
            "units_left": 36,
        },
        "units": {"cap": 100, "used": 40, "left": 60},
        "grants": [
            {
                "category": {"code": "pins", "name_en": "Pins", "name_zh": ""},
                "countries": ["DE", "FR"],
                "excluded_countries": ["FR"],
                "channels": ["own_shop"],
            }
        ],
        "is_exclusive": False,
        "is_scheduled": True,
        "price_floors": [{"amount": "1200", "currency": "JPY"}, {"amount": "9.90", "currency": "USD"}],
        "needs_approval": False,
        "needs_page_approval": False,
        "needs_labels": False,
        "review_days": 10,
        "legal_line_en": "© 2000",
        "legal_line_zh": "",
        "documents": [
            {
                "id": document.public_id,
                "kind": "insurance",
                "title": "Liability",
                "sha256": "a" * 64,
                "expires_on": "2026-12-31",
                "is_required": True,
            }
        ],
        "updated_at": MOMENT,
    }

    assert partner.get("licences").json() == {"data": [brief], "next_cursor": None}
    assert partner.get(f"licences/{whole.public_id}").json() == brief | {"schedule": ["PIN-1", "PIN-2"]}
    assert b"secret-name" not in partner.get(f"licences/{whole.public_id}").content


def test_a_plain_licence_has_no_sell_off_no_cap_and_every_category(partner):
    licence = own(partner, sell_off_days=0)

    row = partner.get(f"licences/{licence.public_id}").json()

    assert (row["sell_off"], row["units"]) == (None, {"cap": None, "used": 0, "left": None})
    assert [grant["category"] for grant in row["grants"]] == [None]
    assert (row["documents"], row["schedule"], row["price_floors"]) == ([], [], [])


def test_nobody_reads_a_rivals_licence_or_a_draft(partner):
    mine = own(partner)
    draft = own(partner, state=State.DRAFT)
    theirs = own(make_partner())

    assert ids(partner.get("licences")) == [mine.public_id]
    nothing = partner.get("licences/lic_0000000000000000").json()
    for other in (draft, theirs):
        response = partner.get(f"licences/{other.public_id}")
        assert response.status_code == 404
        assert response.json() | {"instance": ""} == nothing | {"instance": ""}


@pytest.mark.parametrize("state", [state for state in State if state != State.DRAFT])
def test_licences_by_state_and_film(partner, state):
    rows = {one: own(partner, state=one) for one in State if one != State.DRAFT}
    wanted = rows[state]

    assert ids(partner.get(f"licences?state={state}")) == [wanted.public_id]
    assert ids(partner.get(f"licences?film={wanted.film.slug}")) == [wanted.public_id]
    assert ids(partner.get(f"licences?film={wanted.film.public_id}")) == [wanted.public_id]
    assert ids(partner.get("licences?film=unheard-of")) == []
    assert partner.get("licences?state=draft").status_code == 400


def test_licences_in_order_of_change_and_since_an_instant(partner, clock):
    licences = []
    for hours in range(3):
        clock.at = NOW + timedelta(hours=hours)
        licences.append(own(partner))
    clock.at = NOW + timedelta(hours=3)
    licences[0].save()

    names = [licences[at].public_id for at in (1, 2, 0)]
    assert walk(partner, "licences?limit=1") == names
    assert ids(partner.get("licences?updated_since=2026-11-22T14:00:00Z")) == names[1:]
    assert ids(partner.get("licences?updated_since=2026-11-22T14:00:00.000001Z")) == names[2:]


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_cursors_pass_every_licence_once_though_all_changed_at_one_instant(partner, limit):
    wanted = [own(partner).public_id for _ in range(5)]

    assert walk(partner, f"licences?limit={limit}") == wanted


def test_the_next_page_is_a_link_and_another_merchants_cursor_shows_ones_own(partner):
    mine = [own(partner).public_id for _ in range(2)]
    rival = make_partner()
    own(rival)
    theirs = [own(rival).public_id for _ in range(2)]

    first = partner.get("licences?limit=1")
    cursor = first.json()["next_cursor"]

    assert first["Link"] == f'</api/v1/licences?limit=1&cursor={cursor}>; rel="next"'
    assert ids(partner.get(f"licences?limit=1&cursor={cursor}")) == mine[1:]
    assert not set(ids(rival.get(f"licences?cursor={cursor}"))) - set(ids(rival.get("licences")))
    assert theirs[-1] in ids(rival.get("licences"))


def test_an_unchanged_answer_is_not_sent_again(partner, whole):
    for address in ("licences", f"licences/{whole.public_id}"):
        first = partner.get(address)
        again = partner.get(address, **{"if-none-match": first["ETag"]})

        assert (again.status_code, again.content) == (304, b"")
        assert first["Cache-Control"] == again["Cache-Control"] == "private, no-store"
        assert first["Vary"] == again["Vary"] == "Accept, Authorization, Cookie"


@pytest.mark.parametrize("rows", [1, 3])
def test_licences_cost_the_same_with_one_and_with_three(partner, rows, django_assert_num_queries):
    for number in range(rows):
        licence = own(partner, category=make_category(f"c-{number}"), sell_off_days=3)
        for part in range(rows):
            PriceFloor.objects.create(licence=licence, currency=("USD", "EUR", "JPY")[part], amount=100)
            LicenceDocument.objects.create(licence=licence, kind="other", title="Paper")
            InventoryStatement.objects.create(licence=licence, stated_on=NOW.date(), created_at=NOW)
            ScheduleLine.objects.create(licence=licence, sku=f"S-{part}")
    partner.get("markets")
    partner.get("licences")

    with django_assert_num_queries(7):
        listed = partner.get("licences")
    with django_assert_num_queries(8):
        partner.get(f"licences/{licence.public_id}")

    assert len(listed.json()["data"]) == rows


# -- statements ------------------------------------------------------------------------------------


def sold(licence: Licence, day: str = "2026-02-11", **told) -> None:
    row = {"id": f"s-{day}", "date": day, "quantity": 120, "unit_price": "19.99", "territory": "US"} | told
    assert [one.outcome for one in record_sales(licence, [row], source="api", by=None)] == ["created"]


@pytest.fixture
def stated(partner) -> Licence:
    """A licence whose first quarter is closed, and whose second is open."""
    licence = own(partner, number="ML-1")
    set_terms(licence, {"currency": "USD", "rate": "12%"}, by=None)
    sold(licence)
    close_statement(compute_statement(licence, at=NOW), by=None, at=NOW)
    compute_statement(licence, at=NOW)
    return licence


def test_a_closed_statement(partner, stated):
    row = Statement.objects.get(licence=stated, state="closed")
    brief = {
        "id": row.public_id,
        "licence": {"id": stated.public_id, "number": "ML-1"},
        "number": 1,
        "period": "2026-Q1",
        "first_day": "2026-01-01",
        "last_day": "2026-03-31",
        "state": "closed",
        "payable": {"amount": "287.86", "currency": "USD"},
        "due_on": "2026-04-30",
        "computed_at": MOMENT,
        "is_current": True,
        "closed_at": MOMENT,
        "digest": row.digest,
    }

    assert partner.get("statements?state=closed").json() == {"data": [brief], "next_cursor": None}
    whole = partner.get(f"statements/{row.public_id}").json()
    assert {name: value for name, value in whole.items() if name != "figures"} == brief
    assert whole["figures"] == row.figures
    assert (whole["figures"]["royalty"], whole["figures"]["groups"][0]["units"]) == ("287.86", 120)


def test_an_open_statement_says_whether_something_moved_since(partner, stated):
    (name,) = ids(partner.get("statements?state=open"))
    before = partner.get(f"statements/{name}").json()

    sold(stated, "2026-05-02")

    after = partner.get(f"statements/{name}").json()
    assert (before["is_current"], before["closed_at"], before["period"]) == (True, None, "2026-Q2")
    assert (after["is_current"], after["figures"]) == (False, before["figures"])


def test_nobody_reads_a_rivals_statement(partner, stated):
    rival = make_partner()
    theirs = own(rival)
    set_terms(theirs, {"currency": "USD", "rate": "12%"}, by=None)
    other = compute_statement(theirs, at=NOW).public_id

    assert other not in ids(partner.get("statements"))
    assert ids(rival.get("statements")) == [other]
    assert ids(partner.get(f"statements?licence={theirs.public_id}")) == []
    refused = partner.get(f"statements/{other}")
    nothing = partner.get("statements/sta_0000000000000000")
    assert refused.status_code == 404
    assert refused.json() | {"instance": ""} == nothing.json() | {"instance": ""}


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_cursors_pass_every_statement_once(partner, limit):
    wanted = []
    for _ in range(2):
        licence = own(partner)
        set_terms(licence, {"currency": "USD", "rate": "12%"}, by=None)
        sold(licence, "2026-08-01")
        compute_statement(licence, "2026-Q3", at=NOW)
        wanted += Statement.objects.filter(licence=licence).order_by("number").values_list("public_id", flat=True)

    assert len(wanted) >= 4
    assert walk(partner, f"statements?limit={limit}") == wanted
    assert walk(partner, f"statements?licence={licence.public_id}&limit={limit}") == wanted[len(wanted) // 2 :]


def test_a_statement_in_yen_has_no_decimals(partner):
    licence = own(partner)
    set_terms(licence, {"currency": "JPY", "rate": "10%"}, by=None)
    sold(licence, unit_price="1000")
    row = compute_statement(licence, at=NOW)

    assert partner.get(f"statements/{row.public_id}").json()["payable"] == {"amount": "12000", "currency": "JPY"}


@pytest.mark.parametrize("rows", [1, 3])
def test_statements_cost_the_same_with_one_and_with_three(partner, rows, django_assert_num_queries):
    for _ in range(rows):
        licence = own(partner)
        set_terms(licence, {"currency": "USD", "rate": "12%"}, by=None)
        row = compute_statement(licence, at=NOW)
    partner.get("statements")

    with django_assert_num_queries(2):
        listed = partner.get("statements")
    with django_assert_num_queries(2):
        partner.get(f"statements/{row.public_id}")

    assert len({one["licence"]["id"] for one in listed.json()["data"]}) == rows


def test_head_says_what_get_says(partner, whole):
    got = partner.get("licences")

    head = Client(headers={"authorization": f"Bearer {partner.secret}"}).head("/api/v1/licences")

    assert (head.status_code, head.content, head["ETag"]) == (200, b"", got["ETag"])
    assert datetime.fromisoformat(got.json()["data"][0]["updated_at"]) == NOW.astimezone(UTC)
