"""What may not be known yet is absent: from lists, from its own address, from filters, and from every error text."""

from datetime import UTC, date, datetime, timedelta
from unittest.mock import Mock

import pytest

from campaigns.services import edit_campaign
from catalog.models import Product
from catalog.shelf_store import recompile_products
from films.models import Artwork, Embargo, Film, Tier
from tests.api.conftest import publish
from tests.factories import (
    NOW,
    make_campaign,
    make_channel,
    make_film,
    make_licence,
    make_market,
    make_merchant,
    make_product,
)

LIFTS = NOW + timedelta(days=1)
SECRET = "Nightjar"


def rows(response) -> list[dict]:
    assert response.status_code == 200, response.content
    return response.json()["data"]


@pytest.fixture
def secret(db, clock) -> Product:
    """A product of a film whose title is secret until LIFTS, in a campaign that would be live and announced now."""
    for code in ("us", "hk"):
        make_market(code)
    licence = make_licence(make_film("nightjar", title_en=SECRET, title_zh="夜鹰"), make_merchant("keeper"))
    Embargo.objects.create(film=licence.film, tier=Tier.TITLE, lifts_at=LIFTS)
    product = make_product(
        licence=licence, slug="nightjar-pin", title_en=f"{SECRET} pin", prices={"us": 3800, "hk": 30000}
    )
    publish(make_campaign(licence.film, slug="nightjar-winter", starts_at=NOW), announced_at=NOW)
    return product


ADDRESSES = [
    "films",
    "films?market=us",
    "films/nightjar",
    "films/nightjar?market=us",
    "products?market=us",
    "products?market=us&film=nightjar",
    "products?market=us&campaign=nightjar-winter",
    "products/nightjar-pin?market=us",
    "listings?market=us",
    "listings?market=us&campaign=nightjar-winter",
    "campaigns",
    "campaigns?market=us",
    "campaigns/nightjar-winter",
    "campaigns/nightjar-winter?market=us",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_embargoed_title_is_nowhere_before_the_instant_and_everywhere_from_it(get, clock, secret, address):
    clock.at = LIFTS - timedelta(microseconds=1)
    before = get(address)
    unheard = get(address.replace("nightjar", "unheard-of"))
    clock.at = LIFTS
    after = get(address)

    assert SECRET not in before.content.decode()
    assert secret.public_id not in before.content.decode()
    assert secret.film.public_id not in before.content.decode()
    assert before.status_code == unheard.status_code
    assert after.status_code == 200
    assert secret.film.slug in after.content.decode()


@pytest.mark.parametrize("address", [address for address in ADDRESSES if "/" in address])
def test_the_404_of_a_secret_is_the_404_of_nothing(get, secret, address):
    secret_says, nothing_says = get(address), get(address.replace("nightjar", "unheard-of"))

    assert secret_says.status_code == 404
    assert said(secret_says) == said(nothing_says)


def said(response) -> dict:
    return response.json() | {"instance": ""}


def test_an_embargo_of_one_country_hides_the_film_there_and_where_no_market_is_named(get):
    for code in ("us", "hk"):
        make_market(code)
    film = make_film("nightjar")
    Embargo.objects.create(film=film, tier=Tier.TITLE, country="HK", lifts_at=LIFTS)

    assert [row["id"] for row in rows(get("films?market=us"))] == [film.public_id]
    assert rows(get("films?market=hk")) == []
    assert rows(get("films")) == []


def test_a_campaign_is_told_of_only_in_markets_where_its_film_may_be_known(get):
    film = make_product(prices={"us": 1000, "hk": 8000}).film
    publish(make_campaign(film, markets=("us", "hk"), starts_at=NOW))
    Embargo.objects.create(film=film, tier=Tier.TITLE, country="HK", lifts_at=LIFTS)
    Film.objects.get(pk=film.pk).save()
    recompile_products(film.products.values_list("pk", flat=True))

    assert [row["markets"] for row in rows(get("campaigns"))] == [["us"]]
    assert [row["markets"] for row in rows(get("campaigns?market=us"))] == [["us"]]
    assert rows(get("campaigns?market=hk")) == []
    assert rows(get("listings?market=hk")) == []


def test_tiers_open_one_after_the_other(get, clock):
    make_market("us")
    film = make_film("nightjar", synopsis_en="A bird.", synopsis_zh="一只鸟。")
    for number, tier in enumerate((Tier.LOGO, Tier.CHARACTERS, Tier.PLOT), start=1):
        Embargo.objects.create(film=film, tier=tier, lifts_at=NOW + timedelta(days=number))
    for kind, tier in (("mark", Tier.LOGO), ("poster", Tier.CHARACTERS)):
        Artwork.objects.create(film=film, kind=kind, reveals=tier, file=f"art/{kind}.png", width=2, height=3)

    def shown(at: datetime) -> tuple[list[str], str, str]:
        clock.at = at
        row = get("films/nightjar?market=us").json()
        return [artwork["kind"] for artwork in row["artworks"]], row["synopsis_en"], row["synopsis_zh"]

    assert shown(NOW) == ([], "", "")
    assert shown(NOW + timedelta(days=1)) == (["mark"], "", "")
    assert shown(NOW + timedelta(days=2)) == (["mark", "poster"], "", "")
    assert shown(NOW + timedelta(days=3)) == (["mark", "poster"], "A bird.", "一只鸟。")


def test_a_campaign_is_secret_until_it_is_announced(get, clock):
    film = make_product().film
    publish(make_campaign(film, slug="otter", starts_at=NOW + timedelta(days=2)), announced_at=NOW + timedelta(days=1))

    assert rows(get("campaigns")) == []
    assert get("campaigns/otter").status_code == 404
    clock.at = NOW + timedelta(days=1)
    assert [row["slug"] for row in rows(get("campaigns"))] == ["otter"]


def test_a_campaign_without_placements_is_secret_until_it_is_live(get, clock):
    film = make_product().film
    publish(make_campaign(film, slug="otter", starts_at=NOW + timedelta(days=1)))

    assert rows(get("campaigns")) == []
    assert rows(get("listings?market=us")) == []
    clock.at = NOW + timedelta(days=1)
    assert [row["slug"] for row in rows(get("campaigns"))] == ["otter"]
    assert len(rows(get("listings?market=us"))) == 1


def test_nobody_reads_the_rule_or_the_inner_name(get):
    film = make_product().film
    publish(make_campaign(film, name_en="Codename Otter", name_zh="水獭", starts_at=NOW), announced_at=NOW)

    for address in ("campaigns", "campaigns?market=us", "listings?market=us"):
        text = get(address).content.decode()
        assert ("Otter" in text, "水獭" in text, "percent" in text, "priority" in text) == (False,) * 4


class Killed(Exception):
    """A worker that went away."""


def test_what_is_being_edited_or_staged_is_not_there_yet(get, monkeypatch):
    """A live campaign takes in another film and another channel; the worker is killed just before it publishes them."""
    first, second = make_product(), make_product()
    campaign = publish(make_campaign(first.film, starts_at=NOW))
    before = get("listings?market=us").json()
    edit_campaign(campaign, by=None, rule={"films": [first.film.slug, second.film.slug]})
    edit_campaign(campaign, by=None, channels=[make_channel("storefront"), make_channel("google")])
    with monkeypatch.context() as patch:
        patch.setattr("campaigns.staging.publish", Mock(side_effect=Killed))
        with pytest.raises(Killed):
            publish(campaign)

    assert campaign.listings.count() == 4
    assert len(before["data"]) == 1
    assert get("listings?market=us").json() == before
    assert [row["revision"] for row in rows(get("campaigns"))] == [1]
    publish(campaign)
    assert len(rows(get("listings?market=us"))) == 4
    assert {row["revision"] for row in rows(get("listings?market=us"))} == {2}


def test_a_market_that_is_held_back_has_no_listings_and_no_campaign(get):
    film = make_product(prices={"us": 1000, "hk": 8000}).film
    campaign = publish(make_campaign(film, markets=("us", "hk"), starts_at=NOW))
    assert len(rows(get("listings?market=hk"))) == 1

    campaign.published.promotion.held_markets.add(make_market("hk"))

    assert rows(get("listings?market=hk")) == []
    assert rows(get("campaigns?market=hk")) == []
    assert [row["markets"] for row in rows(get("campaigns"))] == [["us"]]


def test_a_product_leaves_with_its_licence(get, clock):
    licence = make_licence(make_film(), make_merchant(), ends_on=date(2026, 11, 23), time_zone="UTC")
    product = make_product(licence=licence)
    publish(make_campaign(licence.film, starts_at=NOW))
    clock.at = datetime(2026, 11, 24, tzinfo=UTC) - timedelta(microseconds=1)
    assert [row["id"] for row in rows(get("products?market=us"))] == [product.public_id]
    assert len(rows(get("listings?market=us"))) == 1

    clock.at = datetime(2026, 11, 24, tzinfo=UTC)

    assert rows(get("products?market=us")) == []
    assert rows(get("listings?market=us")) == []
