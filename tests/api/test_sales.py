"""Sales by API: each row is counted once or refused by name, in the body's order; nothing that is sent makes a 500."""

import json

import pytest

from licensing.ledger.statements import close_statement, compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import Licence, SaleLine
from merchstore.api import own_views
from tests.api.conftest import make_partner
from tests.factories import NOW, make_film, make_licence


@pytest.fixture
def licence(partner) -> Licence:
    licence = make_licence(make_film(), partner.merchant, number="ML-1")
    set_terms(licence, {"currency": "USD", "rate": "12%"}, by=None)
    return licence


@pytest.fixture
def send(partner, licence):
    return lambda rows, **told: partner.post(f"sales?licence={licence.public_id}", rows, **told)


def sale(name: str = "s1", **told) -> dict:
    return {"id": name, "date": "2026-11-01", "quantity": 2, "unit_price": "19.99"} | told


def counts(response) -> tuple[int, int, int]:
    assert response.status_code == 200, response.content
    body = response.json()
    return body["created"], body["unchanged"], body["refused"]


def test_rows_are_recorded_once(send, licence):
    first = send([sale("s1"), sale("s2")])
    again = send([sale("s2"), sale("s1"), sale("s3")])

    assert (counts(first), counts(again)) == ((2, 0, 0), (1, 2, 0))
    assert [row["status"] for row in again.json()["data"]] == ["unchanged", "unchanged", "created"]
    assert first.json()["data"][0] == {
        "id": "s1", "status": "created", "period": "2026-Q4", "is_late": False, "is_waiting": False,
    }  # fmt: skip
    lines = SaleLine.objects.order_by("id").values_list("licence", "source", "external_id", "quantity", "amount")
    assert list(lines) == [(licence.pk, "api", name, 2, 3998) for name in ("s1", "s2", "s3")]


def test_the_same_rows_as_a_table(send):
    table = "id,date,quantity,unit_price\ns1,2026-11-01,2,19.99\n\ns2,2026-11-01,2,19.99\n"

    first = send(table, content_type="text/csv")
    again = send([sale("s1"), sale("s2")])
    with_mark = send(b"\xef\xbb\xbf" + table.replace("\n", "\r\n").encode(), content_type="text/csv; charset=utf-8")

    assert (counts(first), counts(again), counts(with_mark)) == ((2, 0, 0), (0, 2, 0), (0, 2, 0))


def test_what_is_refused_is_told_row_by_row_and_keeps_no_other_out(send):
    send([sale("taken")])

    response = send([
        sale("good"),
        sale("taken", quantity=3),
        sale("bad", quantity="many"),
        sale("twice", amount="3.00"),
        7,
        {"date": "2026-11-01"},
        sale("to-come", date="2030-01-01"),
        sale("x", deductions=[{"type": "FREIGHT", "amount": "much"}]),
        sale("last"),
    ])  # fmt: skip

    told = [(row["id"], row["status"], row.get("code"), row.get("pointer")) for row in response.json()["data"]]
    assert told == [
        ("good", "created", None, None),
        ("taken", "refused", "ID_TAKEN", "/1/id"),
        ("bad", "refused", "BAD_QUANTITY", "/2/quantity"),
        ("twice", "refused", "PRICE_UNCLEAR", "/3/amount"),
        (None, "refused", "NOT_AN_OBJECT", "/4"),
        (None, "refused", "MISSING_FIELD", "/5/id"),
        ("to-come", "refused", "DATE_TO_COME", "/6/date"),
        ("x", "refused", "BAD_AMOUNT", "/7/deductions/0/amount"),
        ("last", "created", None, None),
    ]
    assert all(row["detail"] for row in response.json()["data"] if row["status"] == "refused")
    assert counts(response) == (2, 0, 7)
    assert set(SaleLine.objects.values_list("external_id", flat=True)) == {"taken", "good", "last"}


def test_rows_name_their_licence_by_id_or_number(partner, licence):
    other = make_licence(make_film(), partner.merchant, number="ML-2")
    set_terms(other, {"currency": "USD", "rate": "12%"}, by=None)
    names = [licence.public_id, "ML-2", other.public_id, "ML-1"]

    response = partner.post("sales", [sale(f"s{n}", licence=name) for n, name in enumerate(names)])

    assert [row["id"] for row in response.json()["data"]] == ["s0", "s1", "s2", "s3"]
    assert counts(response) == (4, 0, 0)
    lines = SaleLine.objects.order_by("external_id").values_list("external_id", "licence__number")
    assert list(lines) == [("s0", "ML-1"), ("s1", "ML-2"), ("s2", "ML-2"), ("s3", "ML-1")]


def test_a_rivals_licence_is_as_unknown_as_none(partner, licence):
    rival = make_partner()
    theirs = make_licence(make_film(), rival.merchant, number="ML-9")
    draft = make_licence(make_film(), partner.merchant, state=Licence.State.DRAFT)
    set_terms(theirs, {"currency": "USD", "rate": "12%"}, by=None)
    names = [theirs.public_id, "ML-9", draft.public_id, "lic_0000000000000000", "\x00", "x" * 10_000, 7, None, ["ML-1"]]

    response = partner.post("sales", [sale(f"s{n}", licence=name) for n, name in enumerate(names)])

    told = [(row["code"], row["pointer"]) for row in response.json()["data"]]
    assert told == [
        *[("unknown_licence", f"/{n}/licence") for n in range(7)],
        ("MISSING_FIELD", "/7/licence"),
        ("unknown_licence", "/8/licence"),
    ]
    first, fourth = (response.json()["data"][n]["detail"] for n in (0, 3))
    assert first.replace(theirs.public_id, "") == fourth.replace("lic_0000000000000000", "")
    assert SaleLine.objects.count() == 0
    assert partner.post(f"sales?licence={theirs.public_id}", [sale()]).status_code == 404


def test_a_licence_without_terms_refuses_its_own_rows_only(partner, licence):
    make_licence(make_film(), partner.merchant, number="ML-2")

    response = partner.post("sales", [sale("a", licence="ML-2"), sale("b", licence="ML-1")])

    assert [row["status"] for row in response.json()["data"]] == ["refused", "created"]
    assert response.json()["data"][0]["code"] == "royalty_terms_missing"


def test_a_return_points_at_its_sale_and_one_that_is_late_says_so(send, licence):
    send([sale("s1", date="2026-02-01", quantity=5)])
    close_statement(compute_statement(licence, at=NOW), by=None, at=NOW)

    response = send([
        {"kind": "return", "id": "r1", "of": "s1", "date": "2026-03-01", "quantity": 1},
        {"kind": "return", "id": "r2", "of": "not-yet", "date": "2026-11-01", "quantity": 1},
        {"kind": "return", "id": "r3", "of": "s1", "date": "2026-03-01", "quantity": 9},
    ])  # fmt: skip

    late, waiting, too_many = response.json()["data"]
    assert (late["status"], late["is_late"], late["period"]) == ("created", True, "2026-Q2")
    assert (waiting["status"], waiting["is_waiting"]) == ("created", True)
    assert (too_many["code"], too_many["pointer"]) == ("RETURNED_TOO_MANY", "/2/quantity")


def test_an_empty_list_is_no_fault(send):
    assert send([]).json() == {"created": 0, "unchanged": 0, "refused": 0, "data": []}
    assert counts(send("id,date\n", content_type="text/csv")) == (0, 0, 0)


@pytest.mark.parametrize(
    "body",
    [
        b" ", b"{", b"null", b"{}", b'"x"', b"[1,", b"[NaN]", b"[Infinity]", b'[{"id":1,"id":2}]', b"\xff\xfe[",
        b"[\xed\xa0\x80]", b'["\\ud800"]', b"[" * 100_000, b'{"a":' * 50_000, b"[1" + b"0" * 5_000 + b"]", b"\x00",
        b"[]]", b"[] []",
    ],
)  # fmt: skip
def test_a_body_that_is_no_list_of_rows(send, body):
    response = send(body)

    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["code"] == "invalid_body"
    assert response.json()["errors"][0]["detail"]
    assert SaleLine.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"\n", b",,\n", b"id,id\n", b"sku,article\n", b'id,date\n"a', b'id,date\n"a"b,c\n', b"\xff", b"id\n\xed\xa0\x80\n",
        b"id\n" + b"x" * 200_000, b"i\x00d\xff",
    ],
)  # fmt: skip
def test_a_table_that_is_none(send, body):
    response = send(body, content_type="text/csv")

    assert (response.status_code, response.json()["code"]) == (400, "invalid_body")


@pytest.mark.parametrize("content_type", ["application/json", "text/csv"])
def test_an_empty_body(send, content_type):
    response = send(b"", content_type=content_type)

    assert (response.status_code, response.json()["code"]) == (400, "invalid_body")


@pytest.mark.parametrize(
    "change",
    [
        {"id": "\x00"}, {"id": "a\x00b"}, {"id": "x" * 10_000}, {"id": []}, {"id": {}}, {"id": True}, {"id": 1.5}, {"id": ""},
        {"quantity": 10**40}, {"quantity": -1}, {"quantity": 1.5}, {"quantity": True}, {"quantity": "1e3"}, {"quantity": "٣"},
        {"unit_price": "9" * 400}, {"unit_price": 10**30}, {"unit_price": "NaN"}, {"unit_price": "1e999999999"},
        {"unit_price": "-1"},
        {"unit_price": {}}, {"unit_price": "\x00"}, {"date": "2026-02-30"}, {"date": "0000-00-00"}, {"date": 20261101},
        {"date": "\x00"},
        {"at": "2026-11-01T00:00:00Z"}, {"currency": "\x00"}, {"currency": "XXX1"}, {"currency": 7}, {"territory": "\x00"},
        {"category": "\x00"}, {"property": "a\x00"}, {"article": "x" * 300}, {"shares": {"a": "\x00"}}, {"shares": "x" * 9_000},
        {"kind": "gift"}, {"kind": [1]}, {"kind": "payment"}, {"colour": "red"}, {"\x00": 1}, {"a/b~c": 1}, {"rate": "1%"},
        {"fx": "2"},
        {"deductions": {"\x00": 1}}, {"deductions": [[]]}, {"deductions": "x:y:z"}, {"of": "s9"}, {"vat": "19%"},
    ],
)  # fmt: skip
def test_a_hostile_row_is_refused_and_its_neighbour_is_not(send, change):
    response = send([sale("s1") | change, sale("s2")])

    bad, good = response.json()["data"]
    assert (response.status_code, bad["status"], good["status"]) == (200, "refused", "created")
    assert bad["code"]
    assert bad["detail"]
    assert bad["pointer"].startswith("/0")
    assert list(SaleLine.objects.values_list("external_id", flat=True)) == ["s2"]


@pytest.mark.parametrize("number", ["1e-400", "1E+400", "-0", "0." + "0" * 300 + "1", "1" * 4_000])
def test_a_number_that_json_knows_and_money_does_not(send, number):
    response = send('[{"id":"s1","date":"2026-11-01","quantity":1,"unit_price":%s}]' % number)  # noqa: UP031

    assert response.status_code == 200
    assert response.json()["data"][0]["status"] == ("created" if number == "-0" else "refused")


@pytest.mark.parametrize(
    "content_type, status",
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/vnd.ms-excel", 415),
        ("x", 415),
        ("application/json; charset=nothing", 415),
    ],
)
def test_types_that_are_read(send, content_type, status):
    assert send(json.dumps([sale()]).encode(), content_type=content_type).status_code == status


def test_a_packed_body_is_not_read(send):
    assert send([sale()], content_encoding="gzip").json()["code"] == "unsupported_media_type"
    assert SaleLine.objects.count() == 0


def test_a_body_and_a_list_have_a_most(send, monkeypatch):
    monkeypatch.setattr(own_views, "MOST_BYTES", 1_000)
    monkeypatch.setattr(own_views, "MOST_ROWS", 3)

    whole = send("[]" + " " * 998)
    longer = send("[]" + " " * 999)
    rows = send("[1,2,3]")
    more = send("[1,2,3,4]")

    assert [whole.status_code, longer.status_code, rows.status_code, more.status_code] == [200, 413, 200, 413]
    assert longer.json()["code"] == more.json()["code"] == "body_too_large"


@pytest.mark.parametrize("parameter", ["licence=", "licence=a&licence=b", "colour=red", "licence=%00", "licence=a%20b"])
def test_bad_parameters(partner, parameter):
    assert partner.post(f"sales?{parameter}", []).json()["code"] == "invalid_parameters"


def test_only_posting_is_allowed(partner):
    response = partner.get("sales")

    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.parametrize("rows", [1, 3])
def test_rows_cost_the_same_queries_however_many(send, rows, django_assert_num_queries):
    send([sale("first")])

    with django_assert_num_queries(16):
        response = send([sale(f"s{number}") for number in range(rows)])

    assert counts(response) == (rows, 0, 0)
