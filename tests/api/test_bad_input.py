"""Whatever is asked: 4xx in words, as a problem document whose `type` is a page. Never 5xx."""

import base64
import json

import pytest
from django.core import signing

from merchstore.api.cursors import write_cursor
from merchstore.api.problems import KINDS
from tests.factories import NOW, make_market, make_product

LISTS = ["films", "products?market=us", "listings?market=us", "campaigns"]


@pytest.fixture(autouse=True)
def _shop(db) -> None:
    make_market("us")
    make_market("hk")


def problem(response, status: int, code: str) -> dict:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), response.content
    body = response.json()
    kind = KINDS[code]
    assert {name: body[name] for name in ("type", "title", "status", "code", "instance")} == {
        "type": f"http://localhost:8000/api/v1/problems/{code}",
        "title": kind.title,
        "status": status,
        "code": code,
        "instance": response["Request-Id"],
    }
    assert body["detail"]
    assert response["Cache-Control"] == "no-store"
    return body


def joined(address: str, parameter: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{parameter}"


@pytest.mark.parametrize(
    "address", [*LISTS, "markets", "films/x", "products/x?market=us", "campaigns/x", "problems/busy", "schema"]
)
def test_an_unknown_parameter_is_named(get, address):
    body = problem(get(joined(address, "colour=red")), 400, "invalid_parameters")

    assert [(e["pointer"], e["code"]) for e in body["errors"]] == [("/query/colour", "unknown")]
    assert body["errors"][0]["detail"]


@pytest.mark.parametrize("address", ["products", "listings", "products/x"])
def test_where_there_are_prices_the_market_is_required(get, address):
    body = problem(get(address), 400, "invalid_parameters")

    assert body["errors"] == [{"pointer": "/query/market", "code": "required", "detail": "This parameter is required."}]


@pytest.mark.parametrize(
    "address", ["films", "films/x", "products", "products/x", "listings", "campaigns", "campaigns/x"]
)
def test_an_unknown_market_is_answered_with_those_there_are(get, address):
    body = problem(get(f"{address}?market=mars"), 400, "unknown_market")

    assert body["markets"] == ["us", "hk"]
    assert body["detail"] == "There are the markets us, hk."


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize(
    "parameter",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1.5",
        "limit=",
        "limit=many",
        "limit=1e1",
        "limit=٢",
        "limit=99999999999999999999999999",
        "limit=%00",
        "limit=1&limit=2",
        "limit[]=1",
        "limit[a]=1",
    ],
)
def test_a_bad_limit(get, address, parameter):
    problem(get(joined(address, parameter)), 400, "invalid_parameters")


@pytest.mark.parametrize("address", ["films", "products?market=us", "campaigns"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-11-22",
        "2026-11-22T12:00:00",
        "2026-13-22T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-11-22T25:00:00Z",
        "0001-01-01T00:00:00%2B14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-22T12:00:00+01:00",
        "1763812800",
        "%00",
        "2026-11-22T12:00:00Z" + "0" * 600,
    ],
)
def test_a_bad_instant(get, address, text):
    body = problem(get(joined(address, f"updated_since={text}")), 400, "invalid_parameters")

    assert [e["pointer"] for e in body["errors"]] == ["/query/updated_since"]


@pytest.mark.parametrize("name", ["film", "category", "merchant", "campaign"])
@pytest.mark.parametrize("text", ["", "%00", "a%00b", "x" * 10_000, "a b", "';--", "[1,2]", "{}", "花", "%F0%9F%99%82"])
def test_a_filter_that_cannot_name_anything(get, name, text):
    problem(get(f"products?market=us&{name}={text}"), 400, "invalid_parameters")


@pytest.mark.parametrize("address", ["markets", "films", "products", "listings", "campaigns", "films/x", "products/x"])
@pytest.mark.parametrize("query", ["market=%FF", "%C3%28=1", "market=us&film=%ED%A0%80"])
def test_a_query_that_is_not_utf_8(get, address, query):
    problem(get(f"{address}?{query}"), 400, "bad_request")


@pytest.mark.parametrize("address", ["films/", "products/", "campaigns/"])
@pytest.mark.parametrize(
    "name",
    ["%00", "a%00", "%FF", "%ED%A0%80", "x" * 3_000, "99999999999999999999", "花样", "%27%3B--", "a%20b", "..%2f", "-"],
)
def test_a_name_that_names_nothing(get, address, name):
    problem(get(f"{address}{name}?market=us"), 404, "not_found")


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("kind", ["random", "empty", "unsigned", "tampered", "other_list", "other_salt", "huge", "nul"])
def test_a_cursor_that_the_list_did_not_give(get, address, kind):
    name = address.partition("?")[0]
    position = (1, 2, 3, 4) if name == "listings" else (NOW, 7)
    good = write_cursor(name, position)
    payload = base64.urlsafe_b64encode(json.dumps([name, 0, 8]).encode()).decode().rstrip("=")
    cursor = {
        "random": "abc",
        "empty": "",
        "unsigned": payload,
        "tampered": f"{payload}.{good.rpartition('.')[2]}",
        "other_list": write_cursor("other", position),
        "other_salt": signing.Signer(salt="other", sep=".").sign_object([name, 0, 8]),
        "huge": "a" * 10_000,
        "nul": "%00",
    }[kind]
    assert get(joined(address, f"cursor={good}")).status_code == 200

    body = problem(get(joined(address, f"cursor={cursor}")), 400, "invalid_parameters")

    assert [(e["pointer"], e["code"]) for e in body["errors"]] == [("/query/cursor", "invalid")]


def test_every_fault_is_named_at_once(get):
    body = problem(get("products?limit=0&updated_since=x&colour=red&film=a&film=b"), 400, "invalid_parameters")

    assert [(e["pointer"], e["code"]) for e in body["errors"]] == [
        ("/query/colour", "unknown"),
        ("/query/market", "required"),
        ("/query/film", "repeated"),
        ("/query/updated_since", "invalid"),
        ("/query/limit", "invalid"),
    ]


def test_more_parameters_than_anybody_means(get):
    response = get("films?" + "&".join(f"p{i}=1" for i in range(3_000)))

    problem(response, 400, "bad_request")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize(
    "address", [*LISTS, "markets", "films/x", "products/x", "campaigns/x", "schema", "problems/busy"]
)
def test_only_reading_is_allowed(client, method, address):
    make_product()

    response = getattr(client, method)(f"/api/v1/{address}")

    problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "text/csv;q=1"])
@pytest.mark.parametrize("address", [*LISTS, "markets", "films/x"])
def test_only_json_is_given(get, address, accept):
    problem(get(address, accept=accept), 406, "not_acceptable")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/*", "text/html, */*;q=0.1", "application/json; indent=x"]
)
def test_json_is_given_to_whoever_takes_it(get, accept):
    response = get("markets", accept=accept)

    assert (response.status_code, response["Content-Type"].partition(";")[0]) == (200, "application/json")


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize(
    "address", ["", "nothing", "films/", "films/a/b", "problems/", "markets/", "%00", "%FF", "x" * 5_000]
)
def test_an_address_that_is_none(client, address, method):
    problem(getattr(client, method)(f"/api/v1/{address}"), 404, "not_found")


@pytest.mark.parametrize("code", KINDS)
def test_every_problem_has_its_page(get, code):
    kind = KINDS[code]

    assert get(f"problems/{code}").json() == {
        "code": code,
        "status": kind.status,
        "title": kind.title,
        "explanation": kind.explanation,
    }


def test_an_unheard_of_problem_has_none(get):
    problem(get("problems/unheard-of"), 404, "not_found")


def test_a_problem_is_json_also_where_the_answer_would_be_yaml(get):
    problem(get("schema?colour=red", accept="application/yaml"), 400, "invalid_parameters")
