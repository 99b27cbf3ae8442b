"""The OpenAPI document says what the API answers: every real answer and every example is held against it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from jsonschema import Draft202012Validator, FormatChecker

from films.models import Artwork, Credit, Release, Tier
from merchstore.api.documents import openapi_document
from merchstore.api.examples import EXAMPLES
from merchstore.api.problems import KINDS
from tests.api.conftest import publish
from tests.factories import NOW, make_campaign, make_film, make_product

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


def faults(body: Any, path: str, status: int, media_type: str) -> list[str]:
    document = openapi_document()
    schema = document["paths"][path]["get"]["responses"][str(status)]["content"][media_type]["schema"]
    closed = {**strict(schema), "components": strict(document["components"])}
    return [error.message for error in Draft202012Validator(closed, format_checker=FormatChecker()).iter_errors(body)]


def test_every_path_of_the_document_is_tried():
    assert set(openapi_document()["paths"]) == set(ADDRESSES)


@pytest.mark.parametrize("path", ADDRESSES)
def test_an_answer_is_what_the_document_says(get, shop, path):
    response = get(ADDRESSES[path])

    assert response.status_code == 200
    assert response.json().get("data") != []
    assert faults(response.json(), path, 200, "application/json") == []
    assert faults(response.json() | {"more": 1}, path, 200, "application/json") != []


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_problem_is_what_the_document_says(get, shop, path):
    response = get(ADDRESSES[path] + ("&" if "?" in ADDRESSES[path] else "?") + "colour=red")

    assert faults(response.json(), path, 400, "application/problem+json") == []


def test_an_unknown_market_is_what_the_document_says(get, shop):
    assert faults(get("products?market=mars").json(), "/api/v1/products", 400, "application/problem+json") == []


@pytest.mark.parametrize("path", ADDRESSES)
def test_the_example_is_what_the_document_says(path):
    content = openapi_document()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    (example,) = content["examples"].values()

    assert example["value"] in EXAMPLES.values()
    assert faults(example["value"], path, 200, "application/json") == []


def test_the_parameters_of_the_document_are_those_the_endpoint_takes(get, shop):
    for path, address in ADDRESSES.items():
        described = openapi_document()["paths"][path]["get"].get("parameters", [])
        named = {parameter["name"] for parameter in described if parameter["in"] == "query"}
        told = get(address.partition("?")[0] + "?colour=red").json()["errors"][0]["detail"]
        known = set() if "no parameters" in told else set(told.partition("There are: ")[2].rstrip(".").split(", "))
        assert named == known, path


def test_the_document_is_made_without_a_warning():
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


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
        described = {p["name"]: p for p in operations["get"].get("parameters", []) if p["in"] == "query"}
        cell = rows[path].split("|")[3]
        assert sorted(re.findall(r"`(\w+)`", cell)) == sorted(described), path
        assert ("(required)" in cell) == any(p.get("required") for p in described.values()), path
    for code, kind in KINDS.items():
        assert re.search(r"\b\d{3}\b", rows[code]).group() == str(kind.status)
