"""What may I sell where: grids read as the gate reads grants, and the gate asked in words."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.queries.rights import article_of
from licensing.gate import Action, decide
from licensing.models import DistributionChannel, Licence
from licensing.queries.granted import granted
from merchants.models import Merchant
from tests.factories import make_category, make_film, make_licence, make_merchant, make_product


def rights(merchant: Merchant, query: str = "") -> str:
    return f"/panel/en/{merchant.slug}/rights/{query}"


@pytest.mark.parametrize("country", ["US", "DE", "CN"])
def test_cells_say_what_the_gate_says(merchant: Merchant, country: str) -> None:
    bags = make_category("bags")
    licence = make_licence(make_film(), merchant, countries=["US", "DE"], channels=["own_shop"], category=bags)
    licence.grants.create(category=None, countries=["*"], excluded_countries=["DE"], channels=["wholesale", "own_shop"])
    product = make_product(licence=licence, category=bags)
    at = timezone.now()

    [row] = [
        row for one in granted(merchant, at=at, licence=licence.number) for row in one.rows if row.category == bags
    ]

    asked = article_of(product)
    decided = [
        decide(asked, Action.LIST, country=country, channel=channel, at=at).allowed
        for channel in DistributionChannel.values
    ]
    assert [cell.covers(country) for cell in row.cells] == decided


def test_a_licence_says_its_term_units_floor_and_sell_off(owner: Client, merchant: Merchant) -> None:
    licence = make_licence(
        make_film("some-film"), merchant, unit_cap=500, units_used=120, sell_off_days=30, is_exclusive=True
    )
    licence.price_floors.create(currency="USD", amount=1250)
    Licence.objects.create(
        number="LIC-DRAFT", merchant=merchant, film=licence.film, starts_on=licence.starts_on, ends_on=licence.ends_on
    )

    page = owner.get(rights(merchant, f"?licence={licence.number}")).content.decode()

    assert [words in page for words in ("380 of 500", "$12.50", "Some Film", "In its term")] == [True] * 4
    assert "LIC-DRAFT" not in owner.get(rights(merchant)).content.decode()


def test_a_phase_follows_the_days_of_the_licence(merchant: Merchant) -> None:
    today, day = timezone.localdate(), timedelta(days=1)
    for name, first, last, days in (("A", -9, 9, 0), ("B", -9, -1, 5), ("C", -9, -6, 5), ("D", 2, 9, 0)):
        make_licence(
            make_film(), merchant, number=name, starts_on=today + first * day, ends_on=today + last * day, sell_off_days=days
        )  # fmt: skip

    found = {one.licence.number: one.phase for one in granted(merchant, at=timezone.now())}

    assert {name: found[name] for name in "ABCD"} == {"A": "term", "B": "sell_off", "C": "over", "D": "coming"}


def test_one_country_leaves_licences_that_grant_something_there(owner: Client, merchant: Merchant) -> None:
    make_licence(make_film(), merchant, countries=["US"], number="LIC-US")
    make_licence(make_film(), merchant, countries=["DE"], number="LIC-DE")

    page = owner.get(rights(merchant, "?in=DE")).content.decode()

    assert 'id="grant-1"' in page
    assert (
        '<span class="quiet" translate="no">LIC-DE<' in page,
        '<span class="quiet" translate="no">LIC-US<' in page,
    ) == (True, False)


def test_the_gate_answers_in_words(owner: Client, merchant: Merchant) -> None:
    product = make_product(licence=make_licence(make_film(), merchant, countries=["DE"], number="LIC-DE"))

    yes = owner.get(rights(merchant, f"?product={product.sku}&country=DE&channel=own_shop&at=")).content.decode()
    no = owner.get(rights(merchant, f"?product={product.public_id}&country=US&channel=own_shop&at=")).content.decode()

    assert "Under licence LIC-DE" in yes
    assert "does not grant" not in yes
    assert "Licence LIC-DE does not grant the United States" in no


def test_an_hour_is_the_countrys_own(owner: Client, merchant: Merchant) -> None:
    licence = make_licence(make_film(), merchant, time_zone="Europe/Berlin")
    last = licence.ends_on
    product = make_product(licence=licence)
    query = f"?product={product.sku}&country=DE&channel=own_shop&at={last}T23:59"

    assert "Under licence" in owner.get(rights(merchant, query)).content.decode()
    after = query.replace(f"{last}T23:59", f"{last + timedelta(days=1)}T00:00")
    assert "ended with" in owner.get(rights(merchant, after)).content.decode()


@pytest.mark.parametrize(
    "field, value",
    [("product", "nix"), ("country", "XX"), ("channel", "moon"), ("at", "tomorrow"), ("at", "9999-12-31T23:59")],
)
def test_what_cannot_be_asked_is_said_and_stays_written(
    owner: Client, merchant: Merchant, field: str, value: str
) -> None:
    product = make_product(licence=make_licence(make_film(), merchant))
    asked = {"product": product.sku, "country": "US", "channel": "own_shop", "at": ""} | {field: value}

    answer = owner.get(rights(merchant), asked)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "That cannot be answered" in page
    assert f'value="{asked["product"]}"' in page


def test_a_neighbours_product_is_as_unknown_as_none(owner: Client, merchant: Merchant) -> None:
    theirs = make_product(licence=make_licence(make_film(), make_merchant("neighbour")))
    query = "?product={}&country=US&channel=own_shop&at="

    asked = (
        owner.get(rights(merchant, query.format(name))).content.decode() for name in (theirs.public_id, "prd_nothing")
    )
    pages = [re.sub(r'(csrfmiddlewaretoken" value=)"[^"]+"', r"\1", page) for page in asked]

    assert pages[0].replace(theirs.public_id, "prd_nothing") == pages[1]


def test_three_licences_cost_as_many_queries_as_one(owner: Client, merchant: Merchant) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert owner.get(rights(merchant)).status_code == 200
        return len(asked)

    owner.get(rights(merchant))
    one = queries()
    for _ in range(2):
        make_licence(make_film(), merchant)

    assert queries() == one


def test_a_fragment_answers_a_question(owner: Client, merchant: Merchant) -> None:
    product = make_product(licence=make_licence(make_film(), merchant))

    query = f"?product={product.sku}&country=US&channel=own_shop&at="

    answer = owner.get(rights(merchant, query), headers={"HX-Request": "true", "HX-Target": "answer"})

    assert answer.content.decode().lstrip().startswith('<div id="answer"')
