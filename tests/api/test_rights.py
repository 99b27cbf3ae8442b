"""The gate's answer by API: the object that the command line prints, for one's own products only."""

import json
from contextlib import suppress
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.translation import override

from catalog.models import Product
from tests.api.conftest import make_partner
from tests.factories import make_film, make_licence, make_merchant, make_product, make_user


@pytest.fixture
def pin(partner) -> Product:
    """A product that may be sold in Germany and France, but not in Japan."""
    licence = make_licence(make_film(), partner.merchant, number="ML-1", countries=["DE", "FR"])
    return make_product(licence=licence, sku="PIN 1/ä", slug="pin")


@pytest.fixture
def staff(clock, db) -> Client:
    client = Client()
    client.force_login(make_user("staff"))
    return client


def printed(*arguments: str) -> dict:
    """What the command line prints to the same question."""
    out = StringIO()
    with suppress(SystemExit):  # its exit code says no
        call_command("rights_check", "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.parametrize("action", ["LIST", "SELL", "SHIP", None])
@pytest.mark.parametrize("country", ["DE", "JP"])
def test_the_answer_is_the_object_that_the_command_line_prints(partner, pin, country, action):
    told = ["--product", "pin", "--country", country, "--channel", "own_shop", "--at", "2026-11-22T12:00:00Z"]
    asked = f"rights?product=pin&country={country}&channel=own_shop&at=2026-11-22T12:00:00Z"

    response = partner.get(asked + (f"&action={action}" if action else ""))

    assert response.status_code == 200
    assert response.json() == printed(*told, *(["--action", action] if action else []))
    assert response.json()["allowed"] is (country == "DE")


def test_a_refusal_speaks(partner, pin):
    answer = partner.get("rights?product=pin&country=JP&action=SELL").json()

    (reason,) = answer["reasons"]
    assert (answer["main_reason"], reason["code"], reason["licence"]) == (*["TERRITORY_NOT_LICENSED"] * 2, "ML-1")
    assert reason["sentence"] == "Licence ML-1 does not grant Japan. It grants: DE, FR."
    assert reason["condition"]["granted"] == ["DE", "FR"]
    assert reason["heals"]


@pytest.mark.parametrize("name", ["id", "slug", "sku"])
def test_a_product_by_its_id_slug_or_code(partner, pin, name):
    given = {"id": pin.public_id, "slug": "pin", "sku": "PIN%201%2F%C3%A4"}[name]

    assert partner.get(f"rights?product={given}&country=DE").json()["product"] == pin.public_id


def test_the_instant_is_the_one_asked_about_and_now_unless_given(partner, clock):
    licence = make_licence(
        make_film(), partner.merchant, starts_on=date(2027, 1, 1), ends_on=date(2027, 1, 31), time_zone="UTC"
    )
    make_product(licence=licence, slug="pin")

    def allowed(more: str) -> bool:
        return partner.get(f"rights?product=pin&country=US&action=SELL{more}").json()["allowed"]

    assert allowed("") is False
    assert allowed("&at=2027-01-01T00:00:00Z") is True
    assert allowed("&at=2027-01-01T07:59:59%2B08:00") is False
    assert allowed("&at=2027-01-31T23:59:59.999999Z") is True
    assert allowed("&at=2027-02-01T00:00:00Z") is False
    clock.at = clock.at.replace(year=2027, month=1)
    assert allowed("") is True


def test_what_was_paid_in_time_may_be_shipped_in_the_days_of_grace(partner):
    licence = make_licence(make_film(), partner.merchant, ends_on=date(2026, 10, 31), time_zone="UTC", grace_days=14)
    make_product(licence=licence, slug="pin")
    asked = "rights?product=pin&country=US&action=SHIP&at=2026-11-10T12:00:00Z"

    answers = [
        partner.get(asked + more).json()
        for more in ("", "&paid_at=2026-10-31T23:00:00Z", "&paid_at=2026-11-01T00:00:00Z")
    ]

    assert [answer["allowed"] for answer in answers] == [False, True, False]


def test_a_label_and_a_quantity_count(partner):
    licence = make_licence(make_film(), partner.merchant, needs_labels=True)
    make_product(licence=licence, slug="pin")
    asked = "rights?product=pin&country=US&action=SHIP&quantity=7"

    without, with_one = partner.get(asked).json(), partner.get(f"{asked}&labelled=true").json()

    assert (without["main_reason"], with_one["allowed"]) == ("AUTH_LABEL_MISSING", True)
    assert (without["quantity"], with_one["labelled"]) == (7, True)


def test_nobody_asks_about_a_rivals_product(partner, pin):
    rival = make_partner()
    make_product(merchant=rival.merchant, sku=pin.sku, slug="theirs")

    for name in (pin.public_id, "pin"):
        asked = rival.get(f"rights?product={name}&country=DE")
        nothing = rival.get("rights?product=unheard-of&country=DE")
        assert asked.status_code == 404
        assert asked.json() | {"instance": ""} == nothing.json() | {"instance": ""}
    code = rival.get("rights?product=PIN%201%2F%C3%A4&country=DE").json()
    assert code["product"] == Product.objects.get(slug="theirs").public_id
    assert rival.get(f"rights?product=pin&country=DE&merchant={partner.merchant.slug}").status_code == 404


def test_staff_ask_about_all_and_name_the_merchant_where_several_use_a_code(staff, partner, pin):
    other = make_product(merchant=make_merchant("other"), sku=pin.sku, slug="theirs")
    asked = "/api/v1/rights?country=DE&product="

    by_slug = staff.get(f"{asked}theirs")
    by_code = staff.get(f"{asked}PIN%201%2F%C3%A4")
    named = staff.get(f"{asked}PIN%201%2F%C3%A4&merchant=other")

    assert by_slug.json()["product"] == named.json()["product"] == other.public_id
    assert (by_code.status_code, by_code.json()["code"]) == (409, "several_products")
    assert by_code.json()["merchants"] == sorted([partner.merchant.slug, "other"])
    assert staff.get(f"{asked}unheard-of").status_code == 404


def test_an_answer_is_in_english_whatever_was_spoken_before(partner, pin):
    with override("zh-hans"):
        answer = partner.get("rights?product=pin&country=JP&action=SELL").json()

    assert answer["reasons"][0]["sentence"].startswith("Licence ML-1 does not grant")


@pytest.mark.parametrize("properties", [1, 3])
def test_an_answer_costs_the_same_for_one_action_and_for_three(partner, properties, django_assert_max_num_queries):
    make_product(licence=make_licence(make_film(), partner.merchant), slug="pin")
    for _ in range(properties):
        make_licence(make_film(), partner.merchant)
    partner.get("rights?product=pin&country=US")

    with django_assert_max_num_queries(11):
        partner.get("rights?product=pin&country=US&action=SELL")
    with django_assert_max_num_queries(11):
        partner.get("rights?product=pin&country=US")
