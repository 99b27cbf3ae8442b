"""What the lists say, how they go on, and what they cost."""

from datetime import UTC, date, datetime, timedelta

import pytest

from catalog.models import Image, Product
from films.models import Credit, Film, Release
from tests.api.conftest import publish
from tests.factories import (
    NOW,
    make_campaign,
    make_category,
    make_film,
    make_licence,
    make_market,
    make_merchant,
    make_product,
)

MOMENT = "2026-11-22T12:00:00Z"


def ids(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["data"]]


def walk(get, address: str) -> list[str]:
    """Every id of the list, by following the cursors."""
    found, cursor = [], ""
    while cursor is not None:
        response = get(address + cursor)
        found += ids(response)
        following = response.json()["next_cursor"]
        cursor = following and f"&cursor={following}"
    return found


def test_markets(get):
    make_market("eu", name_en="Europe", name_zh="欧洲")

    assert get("markets").json() == {
        "data": [
            {
                "code": "eu",
                "name_en": "Europe",
                "name_zh": "欧洲",
                "currency": "EUR",
                "countries": ["DE", "FR", "IT"],
                "default_language": "en",
                "time_zone": "Europe/Paris",
                "prices_include_tax": True,
            }
        ],
        "next_cursor": None,
    }


def test_a_film(get):
    film = make_film(
        "mood", title_en="In the Mood for Love", title_zh="花样年华", year=2000, synopsis_en="Two neighbours."
    )
    Credit.objects.create(film=film, role="director", name_en="Wong Kar-wai", name_zh="王家卫")
    Release.objects.create(film=film, country="HK", opens_on=date(2000, 9, 29), zone="Asia/Hong_Kong")
    expected = {
        "id": film.public_id,
        "slug": "mood",
        "title_en": "In the Mood for Love",
        "title_zh": "花样年华",
        "title_original": "",
        "original_language": "",
        "year": 2000,
        "runtime_minutes": None,
        "countries": [],
        "genres": [],
        "synopsis_en": "Two neighbours.",
        "synopsis_zh": "",
        "credits": [{"role": "director", "name_en": "Wong Kar-wai", "name_zh": "王家卫"}],
        "releases": [{"country": "HK", "opens_on": "2000-09-29", "zone": "Asia/Hong_Kong"}],
        "artworks": [],
        "updated_at": MOMENT,
    }

    assert get("films").json() == {"data": [expected], "next_cursor": None}
    assert get("films/mood").json() == expected
    assert get(f"films/{film.public_id}").json() == expected


def test_a_product_with_its_price_rights_and_variants(get):
    make_market("eu")
    licence = make_licence(
        make_film("mood", title_en="Mood", title_zh="花样年华"),
        make_merchant("jade", name="Jade"),
        number="ML-1",
        countries=["DE", "FR"],
        excluded=["FR"],
        ends_on=date(2027, 12, 31),
    )
    product = make_product(
        licence=licence,
        category=make_category("pins", name_en="Pins"),
        prices={"eu": 1990},
        variants=2,
        slug="qipao-pin",
        sku="PIN",
        title_en="Qipao pin",
        title_zh="旗袍徽章",
    )
    Image.objects.create(product=product, file="goods/a.png", width=8, height=9, colour="#c04020", alt_en="A pin")
    first, second = product.variants.all()
    film, merchant = licence.film, licence.merchant
    brief = {
        "availability": "on_sale",
        "price": {"amount": "19.90", "currency": "EUR"},
        "highest_price": {"amount": "20.90", "currency": "EUR"},
        "was": None,
        "lowest_30_days": None,
        "id": product.public_id,
        "slug": "qipao-pin",
        "sku": "PIN",
        "title_en": "Qipao pin",
        "title_zh": "旗袍徽章",
        "description_en": "",
        "description_zh": "",
        "film": {"id": film.public_id, "slug": "mood", "title_en": "Mood", "title_zh": "花样年华"},
        "merchant": {"id": merchant.public_id, "slug": "jade", "name": "Jade", "name_zh": ""},
        "category": {"code": "pins", "name_en": "Pins", "name_zh": ""},
        "market": "eu",
        "on_sale_at": None,
        "street_on": None,
        "images": [
            {
                "url": "http://localhost:8000/media/goods/a.png",
                "width": 8,
                "height": 9,
                "color": "#c04020",
                "alt_en": "A pin",
                "alt_zh": "",
            }
        ],
        "rights": {
            "licence": {"id": licence.public_id, "number": "ML-1"},
            "countries": ["DE"],
            "until": "2027-12-31T16:00:00Z",
        },
        "updated_at": MOMENT,
    }
    variants = [
        {
            "id": variant.public_id,
            "sku": variant.sku,
            "options": {},
            "gtin": "",
            "price": {"amount": amount, "currency": "EUR"},
            "was": None,
            "is_in_stock": True,
        }
        for variant, amount in ((first, "19.90"), (second, "20.90"))
    ]

    assert get("products?market=eu").json() == {"data": [brief], "next_cursor": None}
    assert get("products/qipao-pin?market=eu").json() == brief | {"variants": variants}
    assert get(f"products/{product.public_id}?market=eu").json() == brief | {"variants": variants}


def test_products_of_another_market_are_not_listed(get):
    mine = make_product(prices={"us": 1000})
    other = make_product(prices={"cn": 1000})

    assert ids(get("products?market=us")) == [mine.public_id]
    assert ids(get("products?market=cn")) == [other.public_id]
    assert get(f"products/{other.slug}?market=us").status_code == 404


@pytest.mark.parametrize("by", ["film", "category", "merchant", "film_id", "merchant_id"])
def test_products_by_film_category_and_merchant(get, by):
    product = make_product(category=make_category("pins"))
    make_product(category=make_category("mugs"))
    filters = {
        "film": f"film={product.film.slug}",
        "film_id": f"film={product.film.public_id}",
        "category": "category=pins",
        "merchant": f"merchant={product.merchant.slug}",
        "merchant_id": f"merchant={product.merchant.public_id}",
    }

    assert ids(get(f"products?market=us&{filters[by]}")) == [product.public_id]
    assert ids(get("products?market=us&film=unheard-of")) == []


@pytest.mark.parametrize("address", ["products?market=us&", "films?", "campaigns?"])
def test_updated_since_includes_its_own_instant(get, clock, address):
    products = []
    for hours in range(3):
        clock.at = NOW + timedelta(hours=hours)
        products.append(make_product())
        publish(make_campaign(products[-1].film), announced_at=NOW)

    assert len(ids(get(f"{address}updated_since=2026-11-22T13:00:00Z"))) == 2
    assert len(ids(get(f"{address}updated_since=2026-11-22T13:00:00.000001Z"))) == 1
    assert len(ids(get(f"{address}updated_since=2026-11-22T14:00:00%2B01:00"))) == 2


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("address", ["products?market=us&", "films?", "films?market=us&"])
def test_cursors_pass_every_row_once_though_all_changed_at_one_instant(get, address, limit):
    products = [make_product() for _ in range(7)]
    wanted = [p.public_id if "products" in address else p.film.public_id for p in products]

    assert walk(get, f"{address}limit={limit}") == wanted


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_cursors_pass_listings_and_campaigns_once(get, clock, limit):
    for _ in range(2):
        film = make_film()
        licence = make_licence(film, make_merchant())
        for _ in range(3):
            make_product(licence=licence)
        publish(make_campaign(film, starts_at=NOW, channels=("storefront", "google")))

    listings = walk(get, f"listings?market=us&limit={limit}")
    campaigns = walk(get, f"campaigns?limit={limit}")

    assert (len(listings), len(set(listings))) == (12, 12)
    assert (len(campaigns), len(set(campaigns))) == (2, 2)


def test_rows_come_in_order_of_change(get, clock):
    first, second = make_product(), make_product()
    clock.at = NOW + timedelta(minutes=1)
    first.save()

    assert walk(get, "products?market=us&limit=1") == [second.public_id, first.public_id]


def test_the_next_page_is_a_link_too(get):
    products = [make_product() for _ in range(2)]
    response = get("products?market=us&limit=1")
    cursor = response.json()["next_cursor"]

    assert response["Link"] == f'</api/v1/products?market=us&limit=1&cursor={cursor}>; rel="next"'
    last = get(response["Link"].partition("<")[2].partition(">")[0].removeprefix("/api/v1/"))
    assert ids(last) == [products[1].public_id]
    assert (last.json()["next_cursor"], last.has_header("Link")) == (None, False)


def test_pages_hold_24_rows_unless_told_otherwise(get):
    licence = make_licence(make_film(), make_merchant())
    for _ in range(25):
        make_product(licence=licence)

    assert len(ids(get("products?market=us"))) == 24
    assert len(ids(get("products?market=us&limit=100"))) == 25


def test_a_live_listing(get):
    product = make_product(sku="PIN", title_en="Pin", title_zh="徽章")
    campaign = publish(make_campaign(product.film, starts_at=NOW - timedelta(hours=1)))
    listing = campaign.listings.get()

    response = get("listings?market=us")

    assert response.json() == {
        "data": [
            {
                "id": listing.public_id,
                "product": {
                    "id": product.public_id,
                    "slug": product.slug,
                    "sku": "PIN",
                    "title_en": "Pin",
                    "title_zh": "徽章",
                },
                "market": "us",
                "channel": "storefront",
                "availability": "on_sale",
                "price": {"amount": "30.40", "currency": "USD"},
                "was": {"amount": "38.00", "currency": "USD"},
                "lowest_30_days": {"amount": "38.00", "currency": "USD"},
                "campaign": campaign.public_id,
                "revision": 1,
                "starts_at": "2026-11-22T11:00:00Z",
                "ends_at": "2026-11-30T12:00:00Z",
                "rights": {
                    "licence": {"id": product.licence.public_id, "number": product.licence.number},
                    "countries": ["US"],
                    "until": "2027-12-31T16:00:00Z",
                },
            }
        ],
        "next_cursor": None,
    }
    detail = get(f"products/{product.slug}?market=us").json()
    assert detail["variants"][0]["price"] == {"amount": "30.40", "currency": "USD"}
    assert detail["variants"][0]["was"] == {"amount": "38.00", "currency": "USD"}


def test_listings_and_products_by_campaign_and_channel(get):
    pin, mug = make_product(), make_product()
    pins = publish(make_campaign(pin.film, starts_at=NOW, channels=("storefront", "google")))
    publish(make_campaign(mug.film, starts_at=NOW))

    assert len(ids(get("listings?market=us"))) == 3
    assert len(ids(get(f"listings?market=us&campaign={pins.slug}"))) == 2
    assert len(ids(get(f"listings?market=us&campaign={pins.public_id}&channel=google"))) == 1
    assert ids(get("listings?market=us&campaign=unheard-of")) == []
    assert ids(get("listings?market=us&channel=unheard-of")) == []
    assert ids(get(f"products?market=us&campaign={pins.slug}")) == [pin.public_id]
    assert ids(get("products?market=us&campaign=unheard-of")) == []


def test_a_campaign_announced_and_live(get, clock):
    product = make_product()
    campaign = publish(make_campaign(product.film, name_en="Codename Otter"), announced_at=NOW)
    film = product.film
    announced = {
        "id": campaign.public_id,
        "slug": campaign.slug,
        "film": {"id": film.public_id, "slug": film.slug, "title_en": film.title_en, "title_zh": film.title_zh},
        "phase": "announced",
        "announced_at": MOMENT,
        "starts_at": "2026-11-23T12:00:00Z",
        "ends_at": "2026-11-30T12:00:00Z",
        "revision": 1,
        "markets": ["us"],
        "placements": [
            {"slot": "home_hero", "headline_en": "Corridors", "headline_zh": "长廊", "lede_en": "", "lede_zh": ""}
        ],
        "updated_at": MOMENT,
    }

    assert get("campaigns").json() == {"data": [announced], "next_cursor": None}
    assert get(f"campaigns/{campaign.slug}?market=us").json() == announced
    assert get(f"campaigns/{campaign.public_id}").json() == announced
    clock.at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert get(f"campaigns/{campaign.slug}").json() == announced | {"phase": "live"}
    clock.at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert get(f"campaigns/{campaign.slug}").status_code == 404
    assert ids(get("campaigns")) == []


COSTS = {
    "markets": 1,
    "films": 7,
    "films?market=us": 7,
    "products?market=us": 10,
    "listings?market=us": 14,
    "campaigns": 6,
    "campaigns?market=us": 6,
}


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("address", COSTS)
def test_lists_cost_the_same_with_one_row_and_with_three(get, django_assert_num_queries, address, rows):
    for _ in range(rows):
        product = make_product(variants=rows)
        Image.objects.create(product=product, file="goods/a.png", width=8, height=9)
        Credit.objects.create(film=product.film, role="director", name_en="Somebody")
        publish(make_campaign(product.film, starts_at=NOW), announced_at=NOW)

    with django_assert_num_queries(COSTS[address]):
        response = get(address)

    assert len(response.json()["data"]) == (1 if address == "markets" else rows)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_product_costs_the_same_with_one_variant_and_with_three(get, django_assert_num_queries, rows):
    product = make_product(variants=rows)

    with django_assert_num_queries(13):
        response = get(f"products/{product.slug}?market=us")

    assert len(response.json()["variants"]) == rows


def test_a_film_and_a_campaign_cost_as_many_queries_as_ever(get, django_assert_num_queries):
    product = make_product()
    campaign = publish(make_campaign(product.film, starts_at=NOW))

    with django_assert_num_queries(7):
        get(f"films/{product.film.slug}?market=us")
    with django_assert_num_queries(6):
        get(f"campaigns/{campaign.slug}?market=us")

    assert Film.objects.count() == Product.objects.count() == 1
