"""What a page says beside its goods: times, notes, headers, and pictures that are not there."""

import re
from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from catalog.models import Market, Offer, Price, Product, Promotion, ShelfSpan
from catalog.shelf_store import recompile_products, turn_epoch
from fans.models import Review
from films.models import Artwork
from tests import factories
from tests.factories import NOW
from tests.storefront.conftest import DAY, make_shop, publish

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return response.content.decode()


def test_a_list_says_the_time_of_its_prices_in_the_zone_of_the_market(get):
    make_shop()

    said = {
        market: re.search(r"Prices as of ([\d:]+)", text_of(get(f"/{market}/en/goods/")))[1] for market in ("us", "cn")
    }

    assert said == {"us": "07:00:00", "cn": "20:00:00"}


def test_no_page_may_be_framed_kept_or_not(get):
    make_shop()

    first, kept = get("/us/en/goods/"), get("/us/en/goods/")

    assert (first["X-Frame-Options"], kept["X-Frame-Options"]) == ("DENY", "DENY")


@pytest.mark.parametrize("address", ["/us/en/goods/", "/panel/en/sign-in/", "/api/v1/markets", "/nothing/"])
def test_every_answer_says_what_a_browser_need_never_allow(get, address):
    make_shop()

    said = get(address)["Permissions-Policy"]

    assert {"camera=()", "geolocation=()", "payment=()"} <= set(said.split(", "))
    assert "publickey-credentials-get=(self)" in said


def test_a_folder_of_pictures_is_not_there_but_its_pictures_are(get):
    name = default_storage.save("art/there.svg", ContentFile(b"<svg/>"))

    answer = get(f"/media/{name}")
    picture = answer.getvalue()
    answer.close()
    statuses = {address: get(f"/media/{address}").status_code for address in ("art", "art/", "./art", f"{name}/none")}

    assert (answer.status_code, picture) == (200, b"<svg/>")
    assert statuses == {"art": 404, "art/": 404, "./art": 404, f"{name}/none": 404}


def test_a_poster_is_described_in_the_language_of_the_page(get):
    shop = make_shop()
    Artwork.objects.filter(film=shop.film, kind="poster").update(alt_en="Poster of a ferry", alt_zh="渡轮海报")

    shown = [{alt for alt in ("Poster of a ferry", "渡轮海报") if alt in text_of(get(f"/us/{prefix}/films/film-0/"))}
             for prefix in ("en", "zh")]  # fmt: skip

    assert shown == [{"Poster of a ferry"}, {"渡轮海报"}]


def test_goods_that_come_soon_are_not_promised_to_a_country_without_a_licence(get):
    licence = factories.make_licence(
        factories.make_film(), factories.make_merchant(), countries=("DE",), is_exclusive=True
    )
    factories.make_product(licence=licence, slug="pin", prices={"eu": 900}, on_sale_at=NOW + DAY)

    germany, france = (text_of(get(f"/eu/en/goods/p/pin/?country={country}")) for country in ("DE", "FR"))

    assert ("On sale from" in germany, "Not licensed for Germany" in germany) == (True, False)
    assert ("On sale from" in france, "Not licensed for France" in france) == (False, True)


def test_a_chosen_variant_at_its_launch_price_says_what_it_will_cost(get, clock):
    film = factories.make_film()
    product = factories.make_product(
        film=film, slug="pin", prices={"us": 1000}, variants=2, listing=Product.Listing.CAMPAIGN
    )
    campaign = publish(factories.make_campaign(film), starts_at=NOW + DAY)
    clock.at = campaign.starts_at

    html = text_of(get(f"/us/en/goods/p/pin/?v={product.variants.last().public_id}"))

    assert '<span class="now">$8.80</span><span class="low">$11.00 from 30 November 2026</span>' in html
    assert "<s>" not in html


def test_a_countdown_asks_for_its_own_campaign_even_while_another_is_open(get, clock):
    for i, starts_at in enumerate((NOW - DAY, NOW + DAY)):
        film = factories.make_film(f"film-{i}")
        factories.make_product(film=film)
        publish(factories.make_campaign(film, slug=f"campaign-{i}"), starts_at=starts_at)

    fragments = {
        rest: re.findall(r'data-fragment="([^"]+)"', text_of(get(f"/us/en/{rest}")))
        for rest in ("", "hero/", "films/film-1/", "campaigns/campaign-1/")
    }

    own = ["/us/en/campaigns/campaign-1/"]
    assert fragments == {"": [], "hero/": [], "films/film-1/": own, "campaigns/campaign-1/": own}
    assert 'data-live="no"' in text_of(get(own[0]))
    clock.at = NOW + DAY + timedelta(microseconds=1)
    assert 'data-live="yes"' in text_of(get(own[0]))


def test_the_home_page_s_countdown_asks_for_its_top_alone(get):
    make_shop()

    assert 'data-fragment="/us/en/hero/"' in text_of(get("/us/en/"))


def test_a_dearer_variant_names_its_own_lowest_price_and_not_the_cheapest_ones(get):
    licence = factories.make_licence(factories.make_film("the-ferryman"), factories.make_merchant())
    product = factories.make_product(licence=licence, variants=2)
    promotion = Promotion.objects.create(starts_at=NOW - DAY, ends_at=NOW + DAY, is_published=True, since=NOW)
    Offer.objects.create(
        promotion=promotion, product=product, market=factories.make_market("us"), kind=Offer.Kind.PERCENT, value=2000
    )
    recompile_products([product.pk])
    cheap, dear = product.variants.order_by("position")
    address = f"/us/en/goods/p/{product.slug}/"

    assert "Lowest in the 30 days before: $38.00" in get(f"{address}?v={cheap.public_id}").content.decode()
    page = get(f"{address}?v={dear.public_id}").content.decode().split("Of the same film")[0]
    assert "$31.20" in page
    assert "<s>$39.00</s>" in page
    assert "Lowest in the 30 days before: $39.00" in page


def test_what_is_coming_says_its_own_date_and_never_the_start_of_a_campaign(get):
    licence = factories.make_licence(factories.make_film("film-0"), factories.make_merchant())
    factories.make_product(licence=licence, slug="soon", on_sale_at=NOW + 5 * DAY)
    factories.make_product(licence=licence, slug="ahead", street_on=date(2027, 1, 12))
    publish(factories.make_campaign(licence.film), starts_at=NOW + DAY)

    home, soon, home_zh = (text_of(get(rest)) for rest in ("/us/en/", "/us/en/coming-soon/", "/us/zh/"))

    assert re.findall(r'class="soon-when">([^<]*)<', home) == [
        "Pre-order, sent from 12 January 2027 on",
        "From 27 November 2026",
    ]
    assert re.findall(r'class="flag">([^<]*)<', soon) == ["Pre-order, sent from 12 Jan", "On sale 27 Nov"]
    assert re.findall(r'class="soon-when">([^<]*)<', home_zh) == ["预售，2027年1月12日起寄出", "2026年11月27日开售"]
    # The shelf of both turns when the campaign starts.
    assert set(ShelfSpan.objects.filter(starts_at__lte=NOW, ends_at__gt=NOW).values_list("ends_at", flat=True)) == {
        NOW + DAY
    }


def test_an_offer_ends_when_its_promotion_does_and_not_when_something_else_begins(get, clock):
    shop = make_shop()
    for variant in shop.product.variants.all():
        Price.objects.create(variant=variant, market=factories.make_market("us"), amount=4000, starts_at=NOW + 3 * DAY)
    recompile_products([shop.product.pk])
    clock.at = shop.campaign.starts_at

    assert "20% off until 30 November 2026" in text_of(get("/us/en/goods/p/mug-0/"))


@pytest.mark.parametrize(
    ("city", "country", "prefix", "words"),
    [
        ("Ningbo", "CN", "en", "Made and sent from Ningbo, China"),
        ("Ningbo", "CN", "zh", "在中国制作并发货"),
        ("宁波", "CN", "zh", "在中国 宁波 制作并发货"),
        ("宁波", "CN", "en", "Made and sent from China"),
        ("Hong Kong", "HK", "en", "Made and sent from Hong Kong"),
        ("Portland", "US", "en", "Made and sent from Portland, the United States"),
        ("", "NL", "en", "Made and sent from the Netherlands"),
    ],
)
def test_a_maker_is_where_it_is_in_words_that_the_reader_can_read(get, city, country, prefix, words):
    merchant = factories.make_merchant(city=city, country=country)
    factories.make_product(merchant=merchant, slug="pin")

    assert f'<span class="quiet">{words}</span>' in text_of(get(f"/us/{prefix}/goods/p/pin/"))


def test_a_country_has_its_article_in_a_sentence_and_none_in_a_list(get):
    factories.make_market("eu", countries=["NL", "DE"])
    factories.make_product(slug="pin", prices={"us": 900, "eu": 900})

    american, dutch = (text_of(get(f"/{market}/en/goods/p/pin/")) for market in ("us", "eu"))

    assert "Licensed for the United States" in american
    assert "Licensed for the Netherlands" in dutch
    assert '<option value="NL" selected>Netherlands</option>' in dutch


def test_a_product_that_nobody_reviewed_says_so_and_holds_no_room_free(get):
    product = make_shop().product
    silent = text_of(get(f"/us/en/goods/p/{product.slug}/"))
    fan = factories.make_user("reviewer", is_staff=False, is_superuser=False)
    told = {"stars": 4, "title": "Warm", "state": "shown", "decided_at": NOW, "written_at": NOW, "language": "en"}
    Review.objects.create(product=product, user=fan, **told)
    turn_epoch(Market.objects.order_by("pk"))
    reviewed = text_of(get(f"/us/en/goods/p/{product.slug}/"))

    assert ("No reviews yet" in silent, "reviews-slot" in silent) == (True, False)
    assert f'href="/us/en/account/reviews/{product.slug}/"' in silent
    assert ("No reviews yet" in reviewed, "reviews-slot" in reviewed) == (False, True)


def test_the_button_that_buys_names_the_price(get):
    shop = make_shop()

    html = text_of(get(f"/us/en/goods/p/{shop.product.slug}/"))

    assert ">Add to basket<span data-each>, $38.00</span></span></button>" in html


def test_where_a_piece_is_not_licensed_the_button_says_so(get):
    factories.make_market("na", countries=["US", "CA"])
    licence = factories.make_licence(factories.make_film("ferry"), factories.make_merchant(), excluded=["CA"])
    factories.make_product(licence=licence, slug="bag", prices={"na": 2600})

    refused = text_of(get("/na/en/goods/p/bag/?country=CA"))
    sold = text_of(get("/na/en/goods/p/bag/?country=US"))

    button = '<button class="btn wide" disabled>Not available in Canada</button>'
    assert (button in refused, "Add to basket" in refused) == (True, False)
    assert (button in sold, "Add to basket" in sold) == (False, True)
