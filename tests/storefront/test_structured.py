"""What pages say to machines: valid in the words of schema.org, true to the page, and never ahead of it."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Image, Product, Stock, Variant
from catalog.shelf_store import recompile_products
from films.models import Artwork, Credit, Release
from tests import factories
from tests.factories import NOW
from tests.storefront.conftest import DAY, make_shop, publish

pytestmark = pytest.mark.django_db

SITE = "http://localhost:8000"
HOME = f"{SITE}/us/en/"
SCHEMA = "http://schema.org/"
#: Which properties schema.org gives to the types that pages use, of their own or inherited. Its context file does not say.
THING = {"name", "url", "description", "image", "alternateName"}
PRODUCT = THING | {"category", "brand", "sku", "gtin", "offers", "size", "color", "material", "additionalProperty"}
DOMAINS = {
    "Product": PRODUCT,
    "ProductGroup": PRODUCT | {"productGroupID", "variesBy", "hasVariant"},
    "Brand": THING,
    "PropertyValue": THING | {"value"},
    "Offer": THING
    | {"price", "priceCurrency", "availability", "availabilityStarts", "eligibleRegion", "priceValidUntil", "priceSpecification"},
    "UnitPriceSpecification": THING | {"price", "priceCurrency", "priceType"},
    "BreadcrumbList": THING | {"itemListElement"},
    "ItemList": THING | {"itemListElement"},
    "CollectionPage": THING | {"mainEntity"},
    "ListItem": THING | {"item", "position"},
    "Movie": THING
    | {"director", "producer", "author", "actor", "musicBy", "duration", "dateCreated", "datePublished", "releasedEvent"},
    "Person": THING,
    "PublicationEvent": THING | {"startDate", "location"},
    "Country": THING,
}  # fmt: skip


def text_of(response) -> str:
    return response.content.decode()


def graph_of(html: str) -> list[dict[str, Any]]:
    [text] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    data = json.loads(text)
    assert data.keys() == {"@context", "@graph"}
    assert data["@context"] == "https://schema.org"
    return data["@graph"]


def first_of(response) -> dict[str, Any]:
    return graph_of(text_of(response))[0]


@cache
def context_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "reference/schemaorg30_context.jsonld").read_text())["@context"]


def nodes_of(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from nodes_of(one)
    elif isinstance(value, dict):
        yield value
        yield from nodes_of(list(value.values()))


def problems_of(graph: list[dict[str, Any]], context: dict[str, Any]) -> list[str]:
    """Expand the graph by the context of schema.org: what has no meaning in it, or none where it stands."""
    problems = []
    for node in nodes_of(graph):
        kind = node["@type"]
        if context.get(kind) != {"@id": f"schema:{kind}"}:
            problems.append(f"{kind} is no type")
        for name, values in node.items():
            if name == "@type":
                continue
            term = context.get(name, {})
            if term.get("@id") != f"schema:{name}":
                problems.append(f"{name} is no property")
            if name not in DOMAINS.get(kind, set()):
                problems.append(f"{name} is no property of {kind}")
            for value in values if isinstance(values, list) else [values]:
                problems += _value_problems(name, term, value, context)
    return problems


def _value_problems(name: str, term: dict[str, Any], value: Any, context: dict[str, Any]) -> list[str]:
    if value in ("", None, [], {}):
        return [f"{name} says nothing"]
    if not isinstance(value, str):
        return []
    if term.get("@type") == "@id" and not re.match(r"https?://\S+$", value):
        return [f"{name} is no address: {value}"]
    if term.get("@type") in ("Date", "DateTime") and not re.match(r"\d{4}(-\d\d-\d\d(T\S+)?)?$", value):
        return [f"{name} is no date: {value}"]
    word = value.removeprefix("https://schema.org/")
    if word != value and context.get(word) not in ({"@id": f"schema:{word}"},):
        return [f"{name} names {word}, which schema.org does not have"]
    return []


def test_the_check_sees_what_is_wrong(shared_data):
    context = context_of(shared_data)
    wrong = [
        {"@type": "Shirt", "name": "x"},
        {"@type": "Product", "colour": "red"},
        {"@type": "Product", "director": "x"},
        {"@type": "Product", "url": "/shirt/", "offers": {"@type": "Offer", "availability": "https://schema.org/Soon"}},
        {"@type": "Offer", "priceValidUntil": "soon"},
        {"@type": "Product", "name": ""},
    ]

    assert [len(problems_of([one], context)) for one in wrong] == [2, 2, 1, 2, 1, 1]


def make_goods() -> None:
    shop = make_shop()
    licence = shop.product.licence
    several = factories.make_product(licence=licence, slug="shirt", title_en="Ferry shirt", variants=2)
    for variant, size in zip(several.variants.order_by("position"), ("S", "M"), strict=True):
        options = {"size": size, "colour": "Midnight", "scent": "river"}
        Variant.objects.filter(pk=variant.pk).update(options=options, gtin="4006381333931" if size == "S" else "123")
    factories.make_product(licence=licence, slug="soon", on_sale_at=NOW + 3 * DAY)
    factories.make_product(licence=licence, slug="ahead", street_on=date(2027, 1, 12))
    factories.make_product(licence=licence, slug="gone", stock=0)
    Image.objects.create(product=several, file="goods/shirt.svg", channel_file="goods/shirt.png", width=9, height=9)


@pytest.mark.parametrize("base", ["/us/en/", "/us/zh/"])
def test_every_page_that_says_something_says_it_in_the_words_of_schema_org(get, clock, shared_data, base):
    make_goods()
    pages = ["goods/p/mug-0/", "goods/p/shirt/", "goods/p/soon/", "goods/p/ahead/", "goods/p/gone/", "films/film-0/",
             "films/", "goods/", "goods/t-shirts/", "coming-soon/"]  # fmt: skip
    context = context_of(shared_data)

    for at in (NOW, NOW + DAY):  # before the campaign, and in it
        clock.at = at
        for rest in pages:
            assert problems_of(graph_of(text_of(get(base + rest))), context) == [], rest


def test_a_product_of_one_variant_is_a_product_with_an_offer(get):
    shop = make_shop()
    sku = shop.product.variants.get().sku

    product, crumbs = graph_of(text_of(get("/us/en/goods/p/mug-0/")))

    assert product == {
        "@type": "Product",
        "name": "Ferry mug 0",
        "url": f"{HOME}goods/p/mug-0/",
        "image": [f"{SITE}/media/goods/{shop.product.pk}-0.png"],
        "category": "T-Shirts",
        "brand": {"@type": "Brand", "name": shop.product.merchant.name},
        "sku": sku,
        "offers": {
            "@type": "Offer",
            "url": f"{HOME}goods/p/mug-0/",
            "price": "38.00",
            "priceCurrency": "USD",
            "availability": "https://schema.org/InStock",
            "eligibleRegion": ["US"],
        },
    }
    assert crumbs["itemListElement"] == [
        {"@type": "ListItem", "position": place, "name": name, "item": HOME + rest}
        for place, (name, rest) in enumerate(
            [("Goods", "goods/"), ("Film 0", "films/film-0/"), ("T-Shirts", "goods/t-shirts/")], 1
        )
    ]


def test_a_product_of_several_variants_is_a_group_whose_offers_open_the_page_with_them_chosen(get):
    make_goods()
    small, medium = Product.objects.get(slug="shirt").variants.order_by("position")

    group = first_of(get("/us/en/goods/p/shirt/"))

    assert group["@type"] == "ProductGroup"
    assert sorted(group["variesBy"]) == ["https://schema.org/color", "https://schema.org/size", "scent"]
    assert "offers" not in group
    first, second = group["hasVariant"]
    assert (first["size"], first["color"]) == ("S", "Midnight")
    # Engines keep the merchant's own options in different orders.
    assert sorted(first["name"].split(", ")) == ["Ferry shirt", "Midnight", "S", "river"]
    assert first["additionalProperty"] == [{"@type": "PropertyValue", "name": "scent", "value": "river"}]
    assert first["image"] == f"{SITE}/media/goods/shirt.png"
    assert (first["gtin"], "gtin" in second) == ("4006381333931", False)
    assert (first["offers"]["price"], second["offers"]["price"]) == ("38.00", "39.00")
    address = second["offers"]["url"]
    assert address == f"{HOME}goods/p/shirt/?v={medium.public_id}"
    chosen = text_of(get(address.removeprefix(SITE)))
    assert '<span class="now">$39.00</span>' in chosen
    assert f'<link rel="canonical" href="{HOME}goods/p/shirt/">' in chosen
    assert first["sku"] == small.sku


def test_availability_is_what_the_page_says(get):
    make_goods()
    Stock.objects.filter(variant__product__slug="shirt").update(on_hand=3)

    said = {}
    for slug in ("mug-0", "soon", "ahead", "gone"):
        offer = first_of(get(f"/us/en/goods/p/{slug}/"))["offers"]
        said[slug] = (offer["availability"].removeprefix("https://schema.org/"), offer.get("availabilityStarts"))
    low = first_of(get("/us/en/goods/p/shirt/"))["hasVariant"][0]["offers"]["availability"]

    assert said == {
        "mug-0": ("InStock", None),
        "soon": ("OutOfStock", "2026-11-25T07:00:00-05:00"),
        "ahead": ("PreOrder", "2027-01-12"),
        "gone": ("OutOfStock", None),
    }
    assert low == "https://schema.org/LimitedAvailability"


def test_a_reduced_price_says_until_when_and_what_is_struck_through_and_not_before_the_start(get, clock):
    shop = make_shop()
    address = "/us/en/goods/p/mug-0/"

    clock.at = shop.campaign.starts_at - timedelta(microseconds=1)
    before = text_of(get(address))
    clock.at = shop.campaign.starts_at
    after = text_of(get(address))

    offer = graph_of(before)[0]["offers"]
    assert (offer["price"], "priceValidUntil" in offer, "priceSpecification" in offer) == ("38.00", False, False)
    # Neither the new price nor the day on which it begins or ends is in a page of the time before.
    [said] = re.findall(r"ld\+json\">(.*?)</script>", before)
    assert [word for word in ("30.40", "2026-11-23", "2026-11-30") if word in said] == []
    offer = graph_of(after)[0]["offers"]
    assert (offer["price"], offer["priceValidUntil"]) == ("30.40", "2026-11-30")
    assert offer["priceSpecification"] == {
        "@type": "UnitPriceSpecification",
        "priceType": "https://schema.org/StrikethroughPrice",
        "price": "38.00",
        "priceCurrency": "USD",
    }
    assert "20% off until 30 November 2026" in after


def test_a_launch_price_strikes_nothing_through(get, clock):
    film = factories.make_film("film-0")
    factories.make_product(film=film, slug="pin", prices={"us": 1000}, listing=Product.Listing.CAMPAIGN)
    campaign = publish(factories.make_campaign(film), starts_at=NOW + DAY)
    clock.at = campaign.starts_at

    offer = first_of(get("/us/en/goods/p/pin/"))["offers"]

    assert (offer["price"], "priceSpecification" in offer) == ("8.00", False)


def test_only_countries_in_which_it_may_be_sold_are_named(get):
    licence = factories.make_licence(factories.make_film(), factories.make_merchant(), countries=("DE", "IT"))
    factories.make_product(licence=licence, slug="pin", prices={"eu": 900})

    assert first_of(get("/eu/en/goods/p/pin/"))["offers"]["eligibleRegion"] == ["DE", "IT"]


def test_a_currency_without_decimals_has_none(get):
    factories.make_market("us", currency="JPY", countries=["JP"])
    factories.make_product(slug="pin", prices={"us": 900})

    offer = first_of(get("/us/en/goods/p/pin/"))["offers"]

    assert (offer["price"], offer["priceCurrency"]) == ("900", "JPY")


def test_a_merchants_words_cannot_leave_the_element(get):
    words = '</script><script>alert(1)</script><!-- "quoted" & \u2028'
    product = factories.make_product(slug="pin", title_en=words, description_en=words)
    Variant.objects.filter(product=product).update(sku="</script>")
    recompile_products([product.pk])

    html = text_of(get("/us/en/goods/p/pin/"))

    assert first_of(get("/us/en/goods/p/pin/"))["description"] == words
    assert "<script>alert" not in html
    assert "<!--" not in html


def test_a_film_says_its_names_people_dates_and_poster(get):
    factories.make_market("us")
    film = factories.make_film(
        "film-0", title_zh="电影", title_original="Le film", lede_en="A story.", year=2016, runtime_minutes=96
    )
    Artwork.objects.create(film=film, kind="poster", file="art/poster.svg", width=800, height=1200)
    Release.objects.create(film=film, country="CN", opens_on=date(2016, 12, 23), zone="Asia/Shanghai")
    Release.objects.create(film=film, country="HK", opens_on=date(2017, 1, 12), zone="Asia/Hong_Kong")
    Credit.objects.create(film=film, role=Credit.Role.DIRECTOR, name_en="Zhang Jiajia", name_zh="张嘉佳")

    movie = first_of(get("/us/en/films/film-0/"))

    assert movie == {
        "@type": "Movie",
        "name": "Film 0",
        "alternateName": ["电影", "Le film"],
        "url": f"{HOME}films/film-0/",
        "image": f"{SITE}/media/art/poster.svg",
        "description": "A story.",
        "dateCreated": "2016",
        "datePublished": "2016-12-23",
        "duration": "PT96M",
        "director": [{"@type": "Person", "name": "Zhang Jiajia"}],
        "releasedEvent": [
            {"@type": "PublicationEvent", "startDate": day, "location": {"@type": "Country", "name": code}}
            for day, code in (("2016-12-23", "CN"), ("2017-01-12", "HK"))
        ],
    }
    chinese = first_of(get("/us/zh/films/film-0/"))
    assert (chinese["name"], chinese["director"][0]["name"]) == ("电影", "张嘉佳")


def test_a_list_names_the_addresses_of_what_it_shows_in_its_order(get):
    make_shop(3)

    for rest in ("films/", "goods/", "goods/t-shirts/", "coming-soon/"):
        html = text_of(get(f"/us/en/{rest}"))
        [page] = graph_of(html)
        shown = re.findall(r'class="card-name"><a href="([^"]+)"', html)
        assert page["url"] == HOME + rest
        assert [item["url"] for item in page["mainEntity"]["itemListElement"]] == [SITE + address for address in shown]
        assert [item["position"] for item in page["mainEntity"]["itemListElement"]] == list(range(1, len(shown) + 1))
