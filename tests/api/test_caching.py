"""Which state of the shelf an answer speaks of, how long it may be kept, and that it never mixes two."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from catalog.models import Market, Product, ShelfSpan
from films.models import Embargo, Tier
from tests.api.conftest import publish
from tests.factories import NOW, make_campaign, make_film, make_market, make_product

OF_THE_SHELF = [
    "films?market=us",
    "films/film?market=us",
    "products?market=us",
    "products/pin?market=us",
    "listings?market=us",
    "campaigns?market=us",
    "campaigns/winter?market=us",
]
OF_NO_MARKET = ["films", "films/film", "campaigns", "campaigns/winter"]


@pytest.fixture
def shop(get) -> Product:
    """One product, on offer since NOW until a week later."""
    product = make_product(film=make_film("film"), slug="pin")
    publish(make_campaign(product.film, slug="winter", starts_at=NOW), announced_at=NOW)
    return product


def revision() -> str:
    market = Market.objects.get(code="us")
    return f"us.{market.shelf_version}.{int(NOW.timestamp()) * 1_000_000}"


@pytest.mark.parametrize("address", OF_THE_SHELF)
def test_an_answer_about_the_shelf_names_its_revision(get, shop, address):
    response = get(address)

    assert response["Shelf-Revision"] == revision()
    assert response["Cache-Control"] == "public, max-age=15"
    assert response["Vary"] == "Accept"


@pytest.mark.parametrize("address", [*OF_NO_MARKET, "markets", "schema"])
def test_an_answer_about_no_market_names_none(get, shop, address):
    response = get(address)

    assert not response.has_header("Shelf-Revision")
    assert response["Cache-Control"].startswith("public, max-age=")


@pytest.mark.parametrize("address", [*OF_THE_SHELF, *OF_NO_MARKET])
def test_nothing_is_kept_past_the_next_turn_of_the_shelf(get, clock, shop, address):
    ends_at = shop.film.campaigns.get().ends_at

    clock.at = ends_at - timedelta(seconds=7, microseconds=1)
    assert get(address)["Cache-Control"] == "public, max-age=7"
    clock.at = ends_at - timedelta(microseconds=1)
    assert get(address)["Cache-Control"] == "public, max-age=0"


@pytest.mark.parametrize("address", [*OF_THE_SHELF, *OF_NO_MARKET, "markets", "schema", "problems/busy"])
def test_what_is_still_the_same_is_not_sent_again(get, shop, address):
    first = get(address)

    again = get(address, if_none_match=first["ETag"])

    assert (again.status_code, again.content) == (304, b"")
    for header in ("ETag", "Cache-Control", "Vary"):
        assert again[header] == first[header]
    assert again.get("Shelf-Revision") == first.get("Shelf-Revision")
    assert get(address, if_none_match='"other"').status_code == 200


def test_what_changed_is_sent_again(get, shop):
    first = get("products?market=us")
    Product.objects.filter(pk=shop.pk).update(title_en="Another title")

    again = get("products?market=us", if_none_match=first["ETag"])

    assert again.status_code == 200
    assert again["ETag"] != first["ETag"]


def test_the_launch_is_another_revision(get, clock, shop):
    ends_at = shop.film.campaigns.get().ends_at
    clock.at = ends_at - timedelta(microseconds=1)
    before = get("products?market=us")
    clock.at = ends_at
    after = get("products?market=us", if_none_match=before["ETag"])

    assert before["Shelf-Revision"] != after["Shelf-Revision"]
    assert before.json()["data"][0]["price"]["amount"] == "30.40"
    assert after.json()["data"][0]["price"]["amount"] == "38.00"


def test_head_says_what_get_says(get, client, shop):
    got = get("products?market=us")
    head = client.head("/api/v1/products?market=us")

    assert (head.status_code, head.content, head["ETag"]) == (200, b"", got["ETag"])
    assert head["Shelf-Revision"] == got["Shelf-Revision"]


@contextmanager
def _before_reading(table: str, meanwhile: Callable[[], object], *, times: int) -> Iterator[None]:
    """Let something happen to the shelf just before `table` is read, as a compilation in another process would."""
    left = times

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        if left and sql.startswith("SELECT") and f'FROM "{table}"' in sql.partition("WHERE")[0]:
            left -= 1
            meanwhile()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


def _compile_anew() -> None:
    ShelfSpan.objects.update(amount=1234)
    market = Market.objects.get(code="us")
    Market.objects.filter(pk=market.pk).update(shelf_version=market.shelf_version + 1)


@pytest.mark.parametrize("address", ["products?market=us", "products/pin?market=us", "listings?market=us"])
def test_an_answer_that_saw_two_compilations_is_made_anew(get, shop, address):
    old = revision()

    with _before_reading("catalog_shelfspan", _compile_anew, times=1):
        response = get(address)

    assert response.status_code == 200
    assert response["Shelf-Revision"] == revision() != old
    assert '"12.34"' in response.content.decode()


def test_a_shelf_that_never_rests_is_a_503_and_not_a_mixture(get, shop):
    with _before_reading("catalog_shelfspan", _compile_anew, times=1_000):
        response = get("products?market=us")

    assert (response.status_code, response.json()["code"], response["Retry-After"]) == (503, "busy", "1")


def test_a_film_without_goods_turns_with_its_embargo(get, clock):
    make_market("us")
    film = make_film("nightjar")
    Embargo.objects.create(film=film, tier=Tier.TITLE, lifts_at=NOW + timedelta(seconds=5))
    assert get("films?market=us").json()["data"] == []

    clock.at = NOW + timedelta(seconds=5)

    assert [row["id"] for row in get("films?market=us").json()["data"]] == [film.public_id]
