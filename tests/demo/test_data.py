"""The demo's files: facts are complete, references hold, colours can be read."""

import tomllib
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import available_timezones

import pytest

from artwork import svg
from artwork.products import TEMPLATES
from core.territories import normalise_country
from demo.files import DATA, choices, day, instant, offset, price_for, read_goods, read_table
from films.models import Credit, Film, Tier
from licensing.models import DistributionChannel, Licence
from merchants.models import Member

FILMS = read_table("films")
GOODS = read_goods()
LICENCES = {row["number"]: row for row in read_table("licences")}
MARKETS = read_table("markets")
HIDDEN = "farewell-my-concubine"


def test_every_file_parses():
    names = {path.name for path in DATA.iterdir()}

    assert names == {
        "films.toml",
        "merchants.toml",
        "categories.toml",
        "markets.toml",
        "tax_rates.toml",
        "licences.toml",
        "campaign.toml",
        "rights.toml",
        "delivery.toml",
        "orders.toml",
        "royalties.toml",
        "approvals.toml",
        "joining.toml",
        "partners.toml",
        "buyers.toml",
        "fans.toml",
        "products.csv",
    }
    for path in DATA.glob("*.toml"):
        assert tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film["slug"])
def test_a_film_has_all_its_texts_and_people(film):
    texts = ["title_original", "original_language"]
    texts += [f"{name}_{language}" for name in ("title", "lede", "synopsis") for language in ("en", "zh")]
    roles = Counter(person["role"] for person in film["people"])
    positions = [person["position"] for person in film["people"]]

    assert [name for name in texts if not film[name].strip()] == []
    assert film["countries"] == [normalise_country(code) for code in film["countries"]] != []
    assert film["genres"]
    assert roles["director"] >= 1
    assert roles["producer"] >= 1
    assert roles["cast"] >= 3
    assert set(roles) <= set(Credit.Role.values)
    assert positions == sorted(set(positions))
    assert film["voice"] in Film.Voice.values
    assert "runtime_minutes" not in film or 40 < film["runtime_minutes"] < 400


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film["slug"])
def test_a_films_dates_have_countries_and_zones(film):
    assert film["releases"]
    for release in film["releases"]:
        assert date.fromisoformat(release["on"]).year >= film["year"]
        assert normalise_country(release["country"]) == release["country"]
        assert release["zone"] in available_timezones()
    for embargo in film["embargoes"]:
        assert embargo["tier"] in Tier.values
        assert embargo["zone"] in available_timezones()


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film["slug"])
def test_a_films_ink_can_be_read_on_its_ground(film):
    assert len(set(film["palette"])) == 4
    assert svg.contrast(film["ground"], film["ink"]) >= 4.5


def test_contrast_is_measured():
    assert round(svg.contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(svg.contrast("#777777", "#ffffff"), 2) == 4.48


def test_exactly_one_film_is_under_a_title_embargo():
    hidden = [film["slug"] for film in FILMS if any(e["tier"] == "title" for e in film["embargoes"])]

    assert hidden == [HIDDEN]
    assert len(FILMS) == 13


def test_products_are_as_many_as_promised_and_each_has_its_own_title():
    per_film = Counter(row["film"] for row in GOODS)
    titles = Counter((row["film"], row[name]) for row in GOODS for name in ("title_en", "title_zh"))
    pictures = Counter((row["film"], row["template"], row["art_variant"]) for row in GOODS)

    assert len(GOODS) - per_film[HIDDEN] == 200
    assert per_film["the-ferryman"] == 26
    assert per_film[HIDDEN] == 4
    assert set(per_film) == {film["slug"] for film in FILMS}
    assert [key for key, count in titles.items() if count > 1] == []
    assert [key for key, count in pictures.items() if count > 1] == []


def test_every_reference_of_a_product_exists():
    merchants = {row["slug"] for row in read_table("merchants")}
    categories = {row["code"] for row in read_table("categories")}

    for row in GOODS:
        licence = LICENCES[row["licence"]]
        assert (licence["merchant"], licence["film"]) == (row["merchant"], row["film"]), row["sku"]
        assert row["category"] in {grant["category"] for grant in licence["grants"]}, row["sku"]
        assert row["merchant"] in merchants
        assert row["category"] in categories
        assert row["template"] in TEMPLATES
        assert row["reveals"] in Tier.values
        assert row["listing"] == "open" or row["film"] == "the-ferryman"
        assert int(row["stock"]) >= 0
    assert sum(row["listing"] == "campaign" for row in GOODS) == 16
    assert len(merchants) == 6
    assert len(categories) == 8
    assert max(Counter(row["sku"] for row in GOODS).values()) == 1


def test_a_product_is_priced_exactly_where_its_licence_reaches():
    for row in GOODS:
        grant = next(g for g in LICENCES[row["licence"]]["grants"] if g["category"] == row["category"])
        for market in MARKETS:
            allowed = set(market["countries"]) - set(grant["excluded"])
            reached = allowed if grant["countries"] == ["*"] else allowed & set(grant["countries"])
            cell = row[f"price_{market['currency'].lower()}"]
            assert bool(cell) == bool(reached), (row["sku"], market["code"])
            for variant in choices(row["options"]) if cell else []:
                assert Decimal(price_for(cell, row["options"], variant)) > 0


def test_what_comes_later_is_promised_from_a_cap_and_not_from_stock():
    later = {row["sku"]: (row["stock"], int(row["pre_order_cap"])) for row in GOODS if row["street_on"]}

    assert len(later) == 4
    assert all(stock == "0" and cap > 0 for stock, cap in later.values())
    assert [row["sku"] for row in GOODS if row["pre_order_cap"] and not row["street_on"]] == []


def test_tax_rates_are_known_where_prices_include_tax_and_of_countries_of_the_market():
    rates = {(row["market"], row["country"]): row for row in read_table("tax_rates")["rates"]}
    markets = {market["code"]: market for market in MARKETS}

    assert {country for market, country in rates if market == "eu"} == set(markets["eu"]["countries"])
    assert {key for key in rates if key[0] != "eu"} == {("cn", "CN")}
    assert all(markets[market]["prices_include_tax"] for market, _country in rates)
    assert {(rates["cn", "CN"][name], rates["eu", "DE"][name]) for name in ("standard", "reduced")} == {
        ("0.13", "0.19"), ("0.09", "0.07"),
    }  # fmt: skip
    assert all(
        0 <= Decimal(row.get("reduced", "0")) < Decimal(row["standard"]) < Decimal("0.28") for row in rates.values()
    )


def test_licences_are_of_many_kinds():
    states = Counter(row["state"] for row in LICENCES.values())
    terms = {(row["starts_on"], row["ends_on"]) for row in LICENCES.values()}
    grants = [grant for row in LICENCES.values() for grant in row["grants"]]

    assert set(states) == {Licence.State.EXECUTED, Licence.State.DRAFT, Licence.State.SUSPENDED}
    assert len(terms) >= 5
    assert any(grant["excluded"] == ["DE"] for grant in grants)
    assert any(set(grant["countries"]) == {"CN", "HK"} for grant in grants)
    assert {channel for grant in grants for channel in grant["channels"]} <= {*DistributionChannel.values, "*"}
    assert [row["number"] for row in LICENCES.values() if row["time_zone"] not in available_timezones()] == []


def test_members_have_known_roles_and_reserved_addresses():
    members = [member for row in read_table("merchants") for member in row["members"]]

    assert {member["role"] for member in members} <= set(Member.Role.values)
    assert [member["email"] for member in members if not member["email"].endswith("@merchant.example")] == []
    for row in read_table("merchants"):
        assert "owner" in {member["role"] for member in row["members"]}, row["slug"]


def test_what_is_said_of_goods_is_said_by_who_bought_them():
    buyers, fan = read_table("buyers"), read_table("fans")["fan"]
    bought = [(one, set(one["skus"])) for one in buyers]
    bought.append((fan, {item["sku"] for order in fan["orders"] for item in order["items"]}))
    reviews = [review for one, _skus in bought for review in one["reviews"]]

    for one, skus in bought:
        assert one["email"].endswith("@fan.example")
        assert {review["sku"] for review in one["reviews"]} <= skus, one["email"]
    assert max(Counter(review["title"] for review in reviews).values()) == 1
    assert set(Counter(review["stars"] for review in reviews)) == {1, 2, 3, 4, 5}
    assert len({review["sku"] for review in reviews}) >= 15
    assert all(len(review["title"]) <= 120 and review["text"].strip() for review in reviews)
    assert all(len(review.get("answer", "")) <= 2000 for review in reviews)
    assert all(offset(review["answered"]) > offset(review["written"]) for review in reviews if "answer" in review)


def test_the_campaign_promises_what_the_files_hold():
    campaign = read_table("campaign")
    goods = [row for row in GOODS if row["film"] == campaign["film"]]
    lede = campaign["placements"][0]["lede_en"]

    assert (len(goods), sum(row["listing"] == "campaign" for row in goods)) == (26, 16)
    assert "Sixteen new pieces" in lede
    assert "all twenty-six" in lede
    assert campaign["markets"] == [market["code"] for market in MARKETS]
    assert campaign["rule"] == {"films": ["the-ferryman"]}


def test_offsets_count_from_the_load():
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    assert instant("+60s", now) == now + timedelta(seconds=60)
    assert instant("-1d", now) == now - timedelta(days=1)
    assert instant("2026-12-01T00:00:00+08:00", now) == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert instant("", now) is None
    assert day("+18d", now.date()) == date(2026, 12, 10)
    assert day("2027-03-31", now.date()) == date(2027, 3, 31)


def test_options_become_variants():
    assert choices("") == [{}]
    assert choices("size:S|M;colour:Bone|Teal") == [
        {"size": "S", "colour": "Bone"},
        {"size": "S", "colour": "Teal"},
        {"size": "M", "colour": "Bone"},
        {"size": "M", "colour": "Teal"},
    ]
    assert price_for("9.00|12.00", "size:S|M", {"size": "M"}) == "12.00"


def test_makers_make_what_they_are_licensed_for():
    made = defaultdict(set)
    for row in GOODS:
        made[row["merchant"]].add(row["category"])

    assert dict(made) == {
        "lantern-and-loom": {"t-shirts", "bags"},
        "small-metals": {"pins"},
        "kiln-19": {"mugs"},
        "harbour-print-works": {"prints"},
        "suzhou-creek-toys": {"plush", "models"},
        "groove-department": {"vinyl"},
    }
