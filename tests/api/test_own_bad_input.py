"""Whatever a program with a key asks: 4xx by name, never 5xx."""

import pytest

from merchstore.api.cursors import write_cursor
from tests.api.conftest import make_partner
from tests.api.test_bad_input import joined
from tests.factories import NOW, make_film, make_licence, make_product

RIGHTS = "rights?product=pin&country=US"
LISTS = ["licences", "statements"]


@pytest.fixture(autouse=True)
def _pin(partner) -> None:
    make_product(licence=make_licence(make_film(), partner.merchant), slug="pin")


def faults(response) -> list[tuple[str, str]]:
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json"), response.content
    assert response.json()["code"] == "invalid_parameters"
    assert response["Cache-Control"] == "private, no-store"
    assert all(error["detail"] for error in response.json()["errors"])
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


@pytest.mark.parametrize("address", [RIGHTS, *LISTS, "licences/x", "statements/x"])
def test_an_unknown_parameter_is_named(partner, address):
    assert faults(partner.get(joined(address, "colour=red"))) == [("/query/colour", "unknown")]


def test_every_fault_is_named_at_once(partner):
    response = partner.get(
        "rights?country=Mars&channel=shop&at=now&action=BUY&quantity=0&labelled=1&product=a&product=b"
    )

    assert faults(response) == [
        ("/query/product", "repeated"),
        *[(f"/query/{name}", "invalid") for name in ("country", "channel", "action", "at", "quantity", "labelled")],
    ]
    assert faults(partner.get("rights")) == [("/query/product", "required"), ("/query/country", "required")]


@pytest.mark.parametrize(
    "parameter",
    [
        *[f"country={text}" for text in ("", "U", "USA", "XX", "ZZ", "EU", "12", "%00", "美国", "ß", "U%20S", "%2A", "A" * 400)],
        *[f"channel={text}" for text in ("", "shop", "*", "OWN_SHOP", "%00", "own_shop%20", "storefront")],
        *[f"action={text}" for text in ("", "list", "BUY", "LIST,SELL", "%00")],
        *[f"quantity={text}" for text in ("", "0", "-1", "1.5", "1e3", "٣", "9" * 10, "9" * 400, "%00")],
        *[f"labelled={text}" for text in ("", "1", "True", "yes", "%00")],
        *[f"merchant={text}" for text in ("", "%00", "a b", "花")],
    ],
)  # fmt: skip
def test_a_bad_parameter_of_the_question(partner, parameter):
    name = parameter.partition("=")[0]
    address = "rights?product=pin" if name == "country" else RIGHTS

    assert faults(partner.get(joined(address, parameter))) == [(f"/query/{name}", "invalid")]


@pytest.mark.parametrize("name", ["at", "paid_at"])
@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2026-11-22", "2026-11-22T12:00:00", "2026-13-22T12:00:00Z", "2026-02-30T12:00:00Z", "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00%2B14:00", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "1763812800", "%00", "2026-11-22T25:00:00Z",
        "2026-11-22T12:00:00%2B99:99", "2026-W47-7", "2026-11-22T12:00:00Z" + "0" * 600, "٢٠٢٦-11-22T12:00:00Z",
    ],
)  # fmt: skip
def test_a_bad_instant_of_the_question(partner, name, text):
    assert faults(partner.get(f"{RIGHTS}&{name}={text}")) == [(f"/query/{name}", "invalid")]


@pytest.mark.parametrize("text", ["", "%20", "%00", "a%00b", "%0A", "a%09b", "x" * 501])
def test_a_product_that_no_product_is_called(partner, text):
    assert faults(partner.get(f"rights?country=US&product={text}")) == [("/query/product", "invalid")]


@pytest.mark.parametrize("text", ["x" * 500, "';--", "花样", "%F0%9F%99%82", "%2E%2E%2F", "*", "prd_", "%25"])
def test_a_product_that_is_not_there(partner, text):
    response = partner.get(f"rights?country=US&product={text}")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("address", [*LISTS, RIGHTS, "licences/x"])
@pytest.mark.parametrize("query", ["limit=%FF", "%C3%28=1", "product=%ED%A0%80"])
def test_a_query_that_is_not_utf_8(partner, address, query):
    assert partner.get(joined(address, query)).json()["code"] == "bad_request"


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize(
    "parameter",
    ["limit=0", "limit=101", "limit=%00", "limit=1&limit=2", "state=", "state=lost", "state=%00", "limit[]=1"],
)
def test_a_bad_parameter_of_a_list(partner, address, parameter):
    assert faults(partner.get(f"{address}?{parameter}"))


@pytest.mark.parametrize("address", ["licences/", "statements/"])
@pytest.mark.parametrize("name", ["%00", "a%00", "%FF", "x" * 3_000, "9" * 30, "花样", "%27%3B--", "..%2f", "-"])
def test_a_name_that_names_nothing(partner, address, name):
    response = partner.get(address + name)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("address", LISTS)
def test_a_cursor_that_the_list_did_not_give(partner, address):
    positions = {"licences": (NOW, 7), "statements": (1, 2)}
    good = write_cursor(address, positions[address])
    assert partner.get(f"{address}?cursor={good}").status_code == 200

    for cursor in ("", "abc", good[:-1], f"{good}x", "%00", "a" * 500, write_cursor("films", (NOW, 7))):
        assert faults(partner.get(f"{address}?cursor={cursor}")) == [("/query/cursor", "invalid")]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("address", [*LISTS, RIGHTS, "licences/x", "statements/x"])
def test_only_reading_is_allowed(client, method, address):
    response = getattr(client, method)(f"/api/v1/{address}")

    assert (response.status_code, response.json()["code"], response["Allow"]) == (
        405,
        "method_not_allowed",
        "GET, HEAD",
    )


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options", "trace"])
def test_sales_are_posted_only(client, method):
    response = getattr(client, method)("/api/v1/sales")

    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.parametrize("address", [*LISTS, RIGHTS])
def test_only_json_is_given(partner, address):
    assert partner.get(address, accept="text/html").json()["code"] == "not_acceptable"


def test_who_may_not_ask_is_not_told_what_is_wrong_with_the_question(db, clock):
    narrow = make_partner(scopes=["sales:write"])

    assert [narrow.get(f"{address}?limit=0").status_code for address in LISTS] == [403, 403]
