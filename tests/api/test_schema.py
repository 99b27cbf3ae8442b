"""The OpenAPI document says what the API answers: every real answer and every example is held against it."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from jsonschema import Draft202012Validator, FormatChecker

from films.models import Artwork, Credit, Release, Tier
from licensing.ledger.statements import close_statement, compute_statement
from licensing.ledger.terms import set_terms
from merchants.models import PartnerKey
from merchstore.api import documents
from merchstore.api.documents import openapi_document
from merchstore.api.examples import EXAMPLES
from merchstore.api.problems import KINDS
from tests.api.conftest import Partner, make_partner, make_runs, publish
from tests.api.test_bad_input import joined
from tests.factories import NOW, make_campaign, make_category, make_film, make_licence, make_product

ADDRESSES = {
    "/api/v1/markets": "markets",
    "/api/v1/films": "films?market=us",
    "/api/v1/films/{name}": "films/film",
    "/api/v1/products": "products?market=us",
    "/api/v1/products/{name}": "products/pin?market=us",
    "/api/v1/listings": "listings?market=us",
    "/api/v1/campaigns": "campaigns?market=us",
    "/api/v1/campaigns/{name}": "campaigns/winter",
    "/api/v1/problems/{code}": "problems/busy",
}
#: What needs a key.
OWN = {
    "/api/v1/licences": "licences",
    "/api/v1/licences/{name}": "licences/{licence}",
    "/api/v1/rights": "rights?product=brooch&country=JP&action=SELL",
    "/api/v1/statements": "statements",
    "/api/v1/statements/{name}": "statements/{statement}",
    "/api/v1/sales": "sales?licence={licence}",
    "/api/v1/bulk": "bulk",
    "/api/v1/bulk/products": "bulk/products",
    "/api/v1/bulk/{name}": "bulk/{looked_at}",
    "/api/v1/bulk/{name}/result": "bulk/{looked_at}/result",
    "/api/v1/bulk/{name}/bring-in": "bulk/{looked_at}/bring-in",
    "/api/v1/bulk/{name}/go-on": "bulk/{stopped}/go-on",
    "/api/v1/bulk/{name}/undo": "bulk/{done}/undo",
    "/api/v1/bulk/{name}/cancel": "bulk/{waiting}/cancel",
}
#: What needs a sandbox's key (tests/api/test_sandbox.py).
SANDBOX = {
    "/api/v1/sandbox": "sandbox",
    "/api/v1/sandbox/products": "sandbox/products",
    "/api/v1/sandbox/products/{name}": "sandbox/products/{product}",
    "/api/v1/sandbox/campaigns": "sandbox/campaigns",
    "/api/v1/sandbox/listings": "sandbox/listings",
    "/api/v1/sandbox/run": "sandbox/run",
    "/api/v1/sandbox/reset": "sandbox/reset",
}
#: Areas whose own tests hold every answer against the document: the beginning of their addresses.
ELSEWHERE = (
    "/api/v1/own/products",
    "/api/v1/own/variants",
    "/api/v1/own/listings",
    "/api/v1/orders",
    "/api/v1/shipments",
    "/api/v1/returns",
    "/api/v1/submissions",
    "/api/v1/own/campaigns",
    "/api/v1/own/invitations",
    "/api/v1/events",
    "/api/v1/webhook-endpoints",
)
BULK = [path for path in OWN if path.startswith("/api/v1/bulk")]
SCOPES = (
    dict.fromkeys(OWN, PartnerKey.Scope.LICENCES_READ)
    | {
        "/api/v1/rights": PartnerKey.Scope.RIGHTS_READ,
        "/api/v1/sales": PartnerKey.Scope.SALES_WRITE,
        "/api/v1/statements": PartnerKey.Scope.STATEMENTS_READ,
        "/api/v1/statements/{name}": PartnerKey.Scope.STATEMENTS_READ,
    }
    | dict.fromkeys(BULK, PartnerKey.Scope.PRODUCTS_WRITE)
)


@pytest.fixture
def shop(get) -> None:
    """A row in every list, with as many fields filled as there are."""
    film = make_film(
        "film", year=2000, runtime_minutes=98, countries=["HK"], genres=["drama"], synopsis_en="Two people."
    )
    Credit.objects.create(film=film, role="director", name_en="Somebody")
    Release.objects.create(film=film, country="US", opens_on=NOW.date(), zone="America/New_York")
    Artwork.objects.create(film=film, kind="poster", reveals=Tier.TITLE, file="art/a.png", width=2, height=3)
    product = make_product(film=film, slug="pin", variants=2, on_sale_at=NOW, street_on=NOW.date())
    product.images.create(file="goods/a.png", width=2, height=3)
    product.variants.update(options={"size": "M"}, gtin="4006381333931")
    publish(make_campaign(film, slug="winter", starts_at=NOW), announced_at=NOW)


def strict(node: Any) -> Any:
    """The schema with every object closed, so that a field it does not name is a fault."""
    if isinstance(node, list):
        return [strict(part) for part in node]
    if not isinstance(node, dict):
        return node
    closed = {name: strict(part) for name, part in node.items()}
    return closed | {"additionalProperties": False} if "properties" in node else closed


def operation(path: str) -> tuple[str, dict[str, Any]]:
    """The method of a path of ADDRESSES or OWN, which have one each, and what the document says of it."""
    ((method, described),) = openapi_document()["paths"][path].items()
    return method, described


def faults(body: Any, path: str, status: int, media_type: str) -> list[str]:
    schema = operation(path)[1]["responses"][str(status)]["content"][media_type]["schema"]
    return against(schema, body)


def against(schema: Any, body: Any) -> list[str]:
    document = openapi_document()
    closed = {**strict(schema), "components": strict(document["components"])}
    return [error.message for error in Draft202012Validator(closed, format_checker=FormatChecker()).iter_errors(body)]


def test_every_path_of_the_document_is_tried():
    here = {path for path in openapi_document()["paths"] if not path.startswith(ELSEWHERE)}
    assert here == {*ADDRESSES, *OWN, *SANDBOX}


@pytest.mark.parametrize("path", ADDRESSES)
def test_an_answer_is_what_the_document_says(get, shop, path):
    response = get(ADDRESSES[path])

    assert response.status_code == 200
    assert response.json().get("data") != []
    assert faults(response.json(), path, 200, "application/json") == []
    assert faults(response.json() | {"more": 1}, path, 200, "application/json") != []


@pytest.fixture
def owned(partner: Partner) -> dict[str, str]:
    """What a partner has: a licence with as many fields filled as there are, a product, a closed statement."""
    licence = make_licence(
        make_film(), partner.merchant, category=make_category(), countries=["US"], sell_off_days=30, unit_cap=10
    )
    make_product(licence=licence, slug="brooch")
    licence.price_floors.create(currency="USD", amount=100)
    licence.schedule.create(sku="A")
    licence.documents.create(kind="other", title="Paper", expires_on=NOW.date())
    licence.inventory_statements.create(stated_on=NOW.date(), created_at=NOW).lines.create(sku="A", declared=3)
    set_terms(licence, {"currency": "USD", "rate": "10%"}, by=None)
    statement = close_statement(compute_statement(licence, at=NOW), by=None, at=NOW)
    waiting = partner.merchant.import_runs.create(upload="imports/a.bin").public_id
    return {
        "licence": licence.public_id,
        "statement": statement.public_id,
        "waiting": waiting,
        **make_runs(partner.merchant),
    }


def ask(partner: Partner, path: str, address: str) -> Any:
    rows = [{"id": "s1", "date": "2026-11-01", "amount": "1.00"}, {"id": "s2", "date": "yesterday", "amount": "1.00"}]
    if operation(path)[0] == "get":
        return partner.get(address)
    return partner.post(address, "sku\n", content_type="text/csv") if path in BULK else partner.post(address, rows)


def success(path: str) -> int:
    """The one status of the document that is no problem."""
    (status,) = (int(status) for status in operation(path)[1]["responses"] if status < "300")
    return status


def body_of(response: Any) -> Any:
    return json.loads(b"".join(response.streaming_content)) if response.streaming else response.json()


@pytest.mark.parametrize("path", OWN)
def test_an_answer_to_a_key_is_what_the_document_says(partner, owned, path):
    response = ask(partner, path, OWN[path].format(**owned))

    assert response.status_code == success(path)
    body = body_of(response)
    assert body.get("data") != []
    assert faults(body, path, success(path), "application/json") == []
    # The report is the importer's, and says more of some formats than of others.
    is_open = path.endswith("/result")
    assert (faults(body | {"more": 1}, path, success(path), "application/json") == []) == is_open


def test_the_answer_for_all_three_actions_is_what_the_document_says(partner, owned):
    for country in ("US", "JP"):
        body = partner.get(f"rights?product=brooch&country={country}").json()

        assert [one["allowed"] for one in body["decisions"]] == [country == "US"] * 3
        assert faults(body, "/api/v1/rights", 200, "application/json") == []


@pytest.mark.parametrize("path", OWN)
def test_what_refuses_a_key_is_what_the_document_says(get, partner, owned, path):
    address = OWN[path].format(**owned)
    narrow = make_partner(scopes=[scope for scope in PartnerKey.Scope if scope != SCOPES[path]])
    stranger = Partner(partner.merchant, partner.key, "none")

    answers = [
        ask(stranger, path, address),
        ask(narrow, path, address),
        ask(partner, path, joined(address, "colour=red")),
    ]

    assert [answer.status_code for answer in answers] == [401, 403, 400]
    for answer in answers:
        assert faults(answer.json(), path, answer.status_code, "application/problem+json") == []
    schemes = {name for one in operation(path)[1]["security"] for name in one}
    assert schemes == ({"partnerKey", "staffSession"} if path == "/api/v1/rights" else {"partnerKey"})


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_problem_is_what_the_document_says(get, shop, path):
    response = get(ADDRESSES[path] + ("&" if "?" in ADDRESSES[path] else "?") + "colour=red")

    assert faults(response.json(), path, 400, "application/problem+json") == []


def test_an_unknown_market_is_what_the_document_says(get, shop):
    assert faults(get("products?market=mars").json(), "/api/v1/products", 400, "application/problem+json") == []


def test_every_example_is_what_the_document_says():
    """Of every method: those of its answer as JSON, and those of a JSON body that is sent; of rows the array is shown."""
    for path, operations in openapi_document()["paths"].items():
        for method, described in operations.items():
            (answer,) = (answer for status, answer in described["responses"].items() if status < "300")
            contents = answer.get("content", {})
            sent = described.get("requestBody", {}).get("content", {})
            assert [len(one.get("examples", {})) for kind, one in contents.items() if kind == "application/json"] in (
                [1],
                [],
            )
            for content in (*contents.values(), sent.get("application/json", {})):
                values = [example["value"] for example in content.get("examples", {}).values()]
                assert [against(content["schema"], value) for value in values] == [[]] * len(values), (method, path)


def test_every_way_to_fail_is_described():
    """What takes a key can be refused it; what takes a body can be sent another; what needs a header can miss it."""
    for path, operations in openapi_document()["paths"].items():
        for method, described in operations.items():
            headers = {one["name"] for one in described.get("parameters", []) if one["in"] == "header"}
            wanted = {"400", "406"}
            wanted |= {"401", "403", "429"} if any(described.get("security", [])) else set()
            wanted |= {"413", "415"} if "requestBody" in described else set()
            wanted |= {"412", "428"} if "If-Match" in headers else set()
            wanted |= {"409", "422"} if "Idempotency-Key" in headers else set()
            assert wanted <= set(described["responses"]), (method, path)
            assert ("Idempotency-Key" in headers) == (method == "post"), (method, path)


def test_the_examples_of_what_is_sent_are_taken(partner):
    """The rows of the document, as JSON and as a table, become what the document says they become."""
    licence = make_licence(make_film(), partner.merchant, public_id="lic_8v6d3k1pz7nq2rwa")
    set_terms(licence, {"currency": "USD", "rate": "10%"}, by=None)
    content = operation("/api/v1/sales")[1]["requestBody"]["content"]
    rows = [row for example in content["application/json"]["examples"].values() for row in example["value"]]
    (table,) = (example["value"] for example in content["text/csv"]["examples"].values())
    assert against(content["application/json"]["schema"], rows) == []

    as_json = partner.post("sales", rows).json()
    as_table = partner.post("sales", table, content_type="text/csv").json()

    assert as_json == EXAMPLES["sales_result"]
    assert (as_table["unchanged"], as_table["data"][1]) == (1, as_json["data"][1])


def test_the_parameters_of_the_document_are_those_the_endpoint_takes(get, shop, partner, owned):
    for path, address in {**ADDRESSES, **OWN}.items():
        described = operation(path)[1].get("parameters", [])
        named = {parameter["name"] for parameter in described if parameter["in"] == "query"}
        wrong = address.partition("?")[0].format(**owned) + "?colour=red"
        told = ask(partner, path, wrong).json()["errors"][0]["detail"]
        known = set() if "no parameters" in told else set(told.partition("There are: ")[2].rstrip(".").split(", "))
        assert named == known, path


def test_the_parts_of_forms_that_are_files_are_said_to_be_bytes():
    """Else a generated client has no way to send one."""
    shapes = openapi_document()["components"]["schemas"]

    files = {name: shape["properties"]["file"] for name, shape in shapes.items() if name.endswith("Form")}

    assert set(files) == {"EvidenceForm", "FileForm", "ImageForm"}
    assert {(part["type"], part["format"]) for part in files.values()} == {("string", "binary")}


def test_every_operation_has_a_heading_that_is_a_word():
    tags = {tag for path in openapi_document()["paths"].values() for one in path.values() for tag in one["tags"]}

    assert {"sandboxes", "stock", "orders"} <= tags
    assert not tags & {"sandboxs", "stocks", "picks"}


def test_the_document_is_made_without_a_warning():
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


def test_two_who_ask_first_wait_for_one_document(monkeypatch):
    """What makes it fails where two threads make it at once."""
    inside, most = [], []

    def slowly(*_args: Any, **_named: Any) -> dict[str, Any]:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()
        return {"openapi": "3.1.0"}

    documents._made.cache_clear()
    monkeypatch.setattr(documents.SchemaGenerator, "get_schema", slowly)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _number: openapi_document(), range(4)))
    documents._made.cache_clear()

    assert (most, len({id(one) for one in found})) == ([1], 1)


def test_the_document_is_served_as_json_and_as_yaml(get):
    as_json = get("schema")
    as_yaml = get("schema", accept="application/yaml")

    assert as_json["Content-Type"].partition(";")[0] == "application/json"
    assert as_yaml["Content-Type"].partition(";")[0] == "application/yaml"
    assert as_json.json()["openapi"] == "3.1.0"
    assert yaml.safe_load(as_yaml.content) == as_json.json()


def test_the_page_in_docs_lists_every_route_parameter_and_problem():
    text = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text()
    rows = {row.split("`")[1]: row for row in text.splitlines() if row.startswith("| `")}
    paths = openapi_document()["paths"]

    assert {name for name in rows if name.startswith("/")} == set(paths) | {"/api/v1/schema", "/api/v1/docs"}
    assert {name for name in rows if not name.startswith("/")} == set(KINDS)
    for path, operations in paths.items():
        told = [parameter for described in operations.values() for parameter in described.get("parameters", [])]
        described = {p["name"]: p for p in told if p["in"] == "query"}
        cell = rows[path].split("|")[3]
        assert sorted(re.findall(r"`(\w+)`", cell)) == sorted(described), path
        assert ("(required)" in cell) == any(p.get("required") for p in described.values()), path
    for code, kind in KINDS.items():
        assert re.search(r"\b\d{3}\b", rows[code]).group() == str(kind.status)
