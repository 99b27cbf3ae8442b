"""Every page of the storefront: what it answers, in both languages and in more than one market."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from django.test import Client

from campaigns.models import Campaign
from catalog.models import Product
from catalog.shelf_store import recompile_products
from catalog.upkeep import catch_up_shelf
from films.models import Tier
from films.services import set_embargo
from licensing.models import Takedown
from tests import factories
from tests.factories import NOW
from tests.storefront.conftest import DAY, make_shop, publish

pytestmark = pytest.mark.django_db

PAGES = {
    "home": "",
    "films": "films/",
    "film": "films/film-0/",
    "goods": "goods/",
    "category": "goods/t-shirts/",
    "product": "goods/p/mug-0/",
    "search": "search/?q=ferry",
    "coming soon": "coming-soon/",
    "campaign": "campaigns/campaign-0/",
}
TITLES = {
    "home": "merchstore — licensed goods of the films you love",
    "films": "Films — merchstore",
    "film": "Film 0 — merchstore",
    "goods": "Goods — merchstore",
    "category": "T-Shirts — merchstore",
    "product": "Ferry mug 0 — merchstore",
    "search": "Search — merchstore",
    "coming soon": "Coming soon — merchstore",
    "campaign": "Ten years — merchstore",
}
SITE = "http://localhost:8000"


def text_of(response) -> str:
    return response.content.decode()


def links_of(html: str) -> dict[str, str]:
    """Canonical and alternate addresses by relation or language."""
    found = re.findall(r'<link rel="(canonical|alternate)"(?: hreflang="([\w-]+)")? href="([^"]+)">', html)
    return {language or relation: address for relation, language, address in found}


@pytest.mark.parametrize("market", ["us", "cn"])
@pytest.mark.parametrize(("prefix", "language"), [("en", "en"), ("zh", "zh-Hans")])
def test_a_page_says_its_language_its_addresses_and_its_revision(get, prefix, language, market):
    make_shop()

    for name, address in PAGES.items():
        response = get(f"/{market}/{prefix}/{address}")
        _check_page(response, name, market, prefix, language)


def _check_page(response, name: str, market: str, prefix: str, language: str) -> None:
    rest = PAGES[name].partition("?")[0]
    html = text_of(response)
    assert response.status_code == 200
    assert response["Shelf-Revision"].startswith(f"{market}."), name
    assert response["Content-Language"] == language
    assert html.startswith("<!doctype html>")
    assert re.search(r'<html lang="([\w-]+)">', html)[1] == language
    assert html.count("<h1") == 1
    assert links_of(html) == {
        "canonical": f"{SITE}/{market}/{prefix}/{rest}",
        f"en-{market.upper()}": f"{SITE}/{market}/en/{rest}",
        f"zh-Hans-{market.upper()}": f"{SITE}/{market}/zh/{rest}",
    }
    _check_head(html, name)
    levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
    assert levels[0] == 1, name
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels)), (name, levels)
    assert "style=" not in html
    assert not response.cookies
    if prefix == "en":
        assert re.search(r"<title>(.*?)</title>", html)[1] == TITLES[name]


def _check_head(html: str, name: str) -> None:
    """What is shown where somebody finds or shares the address."""
    said = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', html))
    wanted = ["description", "og:title", "og:type", "og:image", "og:url", "og:site_name"]
    assert [tag for tag in wanted if not said.get(tag)] == [], name
    assert said["og:url"] == links_of(html)["canonical"]
    assert said["og:image"].startswith(f"{SITE}/")
    assert not said["og:image"].endswith(".svg")
    assert html.count('<meta name="theme-color"') == 2


def test_a_page_of_a_list_is_its_own_original_and_a_sorted_list_is_not(get):
    make_shop()
    goods = f"{SITE}/us/en/goods/"

    canonical = {
        query: links_of(text_of(get(f"/us/en/goods/{query}")))["canonical"]
        for query in ("", "?sort=price", "?after=300-9", "?sort=newest&after=300-9", "?sort=price&after=300-9", "?x=y")
    }

    assert canonical == {
        "": goods,
        "?sort=price": goods,
        "?after=300-9": f"{goods}?after=300-9",
        "?sort=newest&after=300-9": f"{goods}?after=300-9",
        "?sort=price&after=300-9": goods,
        "?x=y": goods,
    }


def test_a_market_of_many_countries_is_for_a_language_alone(get):
    factories.make_product(slug="pin", prices={"eu": 900})

    links = links_of(text_of(get("/eu/en/goods/p/pin/?country=FR")))

    address = "goods/p/pin/"
    assert links == {
        "canonical": f"{SITE}/eu/en/{address}",
        "en": f"{SITE}/eu/en/{address}",
        "zh-Hans": f"{SITE}/eu/zh/{address}",
    }


NO_PAGES = ["/", "/robots.txt", "/sitemap.xml", "/us/en/sitemap.xml", "/us/en/film-colours.css", "/us/en/hero/",
            "/feeds/google/us.xml", "/media/art/none.svg"]  # fmt: skip


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_here_can_be_written_to(clock, method):
    make_shop()
    stranger = Client(enforce_csrf_checks=True)
    addresses = [*NO_PAGES, *(f"/us/en/{rest}" for rest in PAGES.values())]

    statuses = {address: stranger.generic(method, address).status_code for address in addresses}

    assert statuses == dict.fromkeys(addresses, 405)


NOT_THERE = [
    "/xx/en/", "/us/fr/", "/us/", "/us/en/none/", "/us/en/films/none/", "/us/en/goods/none/", "/us/en/goods/p/none/",
    "/us/en/campaigns/none/", "/xx/en/film-colours.css", "/xx/en/sitemap.xml", "/feeds/google/xx.xml",
]  # fmt: skip


def test_what_is_not_there_is_a_page_that_says_so_and_is_not_kept(get):
    make_shop()

    for address in NOT_THERE:
        response = get(address)
        assert (address, response.status_code) == (address, 404)
        assert "<h1>There is nothing here</h1>" in text_of(response)
        assert "Shelf-Revision" not in response
        assert "ETag" not in response
        assert "max-age" not in response.get("Cache-Control", "")


def test_a_refusal_speaks_the_language_of_the_address(get):
    make_shop()

    response = get("/us/zh/films/none/")

    assert '<html lang="zh-Hans">' in text_of(response)
    assert 'href="/us/zh/"' in text_of(response)


def test_a_film_under_embargo_is_nowhere_before_the_instant_and_everywhere_after(get, clock):
    shop = make_shop()
    lifts_at = NOW + timedelta(hours=1)
    set_embargo(shop.film, tier=Tier.TITLE, country="US", lifts_at=lifts_at, zone="UTC", by=None)
    catch_up_shelf(at=NOW)
    names = ("film", "product")
    lists = [name for name in PAGES if name not in (*names, "campaign")] + ["sitemap", "colours"]
    addresses = {**PAGES, "sitemap": "sitemap.xml", "colours": "film-colours.css"}

    def seen(market: str) -> dict[str, bool]:
        answers = {name: get(f"/{market}/en/{addresses[name]}") for name in lists}
        return {
            name: any(word in answer.getvalue().decode().lower() for word in ("film-0", "film 0", "ferry mug"))
            for name, answer in answers.items()
        }

    def statuses(market: str) -> list[int]:
        return [get(f"/{market}/en/{PAGES[name]}").status_code for name in (*names, "campaign")]

    assert (statuses("us"), set(seen("us").values())) == ([404, 404, 404], {False})
    # Where the embargo does not hold, the same pages name it: so these are the places to look.
    assert (statuses("cn"), set(seen("cn").values())) == ([200, 200, 200], {True})
    clock.at = lifts_at
    assert (statuses("us"), set(seen("us").values())) == ([200, 200, 200], {True})


def test_artwork_that_reveals_more_than_may_be_seen_is_left_out(get, clock):
    shop = make_shop()
    lifts_at = NOW + timedelta(hours=1)
    set_embargo(shop.film, tier=Tier.LOGO, country="", lifts_at=lifts_at, zone="UTC", by=None)
    catch_up_shelf(at=NOW)

    before = text_of(get("/us/en/films/film-0/"))
    clock.at = lifts_at
    after = text_of(get("/us/en/films/film-0/"))

    assert ("art/film-0-poster.svg" in before, "art/film-0-poster.svg" in after) == (False, True)


def test_a_product_that_is_off_the_shelf_is_not_there(get):
    shop = make_shop()
    assert get("/us/en/goods/p/mug-0/").status_code == 200

    Product.objects.filter(pk=shop.product.pk).update(state=Product.State.ARCHIVED)
    recompile_products([shop.product.pk])

    assert get("/us/en/goods/p/mug-0/").status_code == 404
    assert "mug-0" not in text_of(get("/us/en/goods/"))


def test_a_product_without_a_price_in_the_market_is_not_there(get):
    licence = factories.make_licence(factories.make_film(), factories.make_merchant())
    factories.make_product(licence=licence, slug="pin", prices={"us": 900})
    factories.make_market("cn")

    assert [get(f"/{market}/en/goods/p/pin/").status_code for market in ("us", "cn")] == [200, 404]


def test_a_campaign_has_its_page_from_its_announcement_on(get, clock):
    film = factories.make_film("film-0")
    factories.make_product(film=film, title_en="Ferry mug")
    campaign = factories.make_campaign(film, slug="ten-years")
    publish(campaign, starts_at=NOW + 2 * DAY, announced_at=NOW + DAY)
    address, tick = "/us/en/campaigns/ten-years/", timedelta(microseconds=1)

    clock.at = NOW + DAY - tick
    assert get(address).status_code == 404
    assert 'role="timer"' not in text_of(get("/us/en/"))

    clock.at = NOW + DAY
    announced = text_of(get(address))
    assert 'role="timer"' in announced
    assert "Ferry mug" not in announced
    assert 'role="timer"' in text_of(get("/us/en/"))

    clock.at = NOW + 2 * DAY
    live = text_of(get(address))
    assert 'role="timer"' not in live
    assert "Ferry mug" in live

    clock.at = NOW + 9 * DAY
    assert get(address).status_code == 404


def test_the_hero_turns_at_the_instant(get, clock):
    shop = make_shop()
    tick = timedelta(microseconds=1)

    clock.at = shop.campaign.starts_at - tick
    before = text_of(get("/us/en/hero/"))
    clock.at = shop.campaign.starts_at
    after = text_of(get("/us/en/hero/"))

    assert ('data-live="no"' in before, 'data-live="yes"' in before) == (True, False)
    assert ('data-live="no"' in after, 'data-live="yes"' in after) == (False, True)
    assert "<html" not in before + after


def test_a_reduced_price_says_the_lowest_of_the_thirty_days_before(get, clock):
    shop = make_shop()

    before = text_of(get("/us/en/goods/p/mug-0/"))
    clock.at = shop.campaign.starts_at
    after = text_of(get("/us/en/goods/p/mug-0/"))

    assert ("$38.00" in before, "Lowest in the 30 days before" in before) == (True, False)
    assert "$30.40" in after
    assert "<s>$38.00</s>" in after
    assert "Lowest in the 30 days before: $38.00" in after
    assert "20% off until" in after


def test_goods_that_were_never_on_the_shelf_before_have_a_launch_price_and_nothing_struck_through(get, clock):
    film = factories.make_film("film-0")
    factories.make_product(film=film, slug="pin", prices={"us": 1000}, listing=Product.Listing.CAMPAIGN)
    campaign = publish(factories.make_campaign(film), starts_at=NOW + DAY)

    clock.at = campaign.starts_at
    html = text_of(get("/us/en/goods/p/pin/")) + text_of(get("/us/en/goods/"))

    assert "$8.00" in html
    assert "$10.00 from 30 November 2026" in html
    assert "Launch price" in html
    assert "<s>" not in html


@pytest.mark.parametrize(("country", "words"), [("DE", "Licensed for Germany"), ("FR", "Not licensed for France")])
def test_the_delivery_check_says_what_the_licence_says(get, country, words):
    film, merchant = factories.make_film(), factories.make_merchant()
    licence = factories.make_licence(film, merchant, countries=("DE", "IT"), is_exclusive=True)
    factories.make_product(licence=licence, slug="pin", prices={"eu": 900})

    html = text_of(get(f"/eu/en/goods/p/pin/?country={country}"))

    assert words in html
    assert ("You can send it to 2 other countries." in html) is words.startswith("Not")


def test_a_buyer_from_elsewhere_in_the_eea_is_served_and_not_told_that_it_is_licensed_there(get):
    licence = factories.make_licence(factories.make_film(), factories.make_merchant(), countries=("DE",))
    factories.make_product(licence=licence, slug="pin", prices={"eu": 900})

    france, germany = (text_of(get(f"/eu/en/goods/p/pin/?country={country}")) for country in ("FR", "DE"))

    assert ("Can be sent to France" in france, "Licensed for France" in france) == (True, False)
    assert "Licensed for Germany" in germany


def test_what_licensor_and_maker_have_between_them_is_not_told_to_a_fan(get):
    """A dispute that the shelf has not caught up with: the goods cannot be had, and that is all."""
    product = factories.make_product(slug="pin", prices={"us": 900})
    Takedown.objects.create(claimant="Somebody", reason="A claim", licence=product.licence, starts_at=NOW)

    html = text_of(get("/us/en/goods/p/pin/"))

    assert "Not available in the United States" in html
    assert "It cannot be sold there at the moment." in html
    assert "Licensed for" not in html


def test_a_variant_shows_its_own_price(get):
    product = factories.make_product(slug="pin", prices={"us": 900}, variants=2)
    dear = product.variants.last()

    html = text_of(get(f"/us/en/goods/p/pin/?v={dear.public_id}"))

    assert '<span class="now">$10.00</span>' in html
    assert "From $9.00" in text_of(get("/us/en/goods/p/pin/"))


def test_what_a_reader_types_is_shown_as_text(get):
    make_shop()

    html = text_of(get("/us/en/search/?q=<script>alert(1)</script>"))

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_a_merchants_words_are_shown_as_text(get):
    factories.make_product(slug="pin", title_en="<b>Pin</b>", description_en="<img src=x onerror=alert(1)>")

    html = "".join(text_of(get(f"/us/en/{rest}")) for rest in ("", "goods/", "goods/p/pin/", "search/?q=pin"))

    assert "<b>Pin" not in html
    assert "<img src=x" not in html


HUGE = "9" * 30
BAD = [
    "goods/?after=", "goods/?after=x", "goods/?after=1", "goods/?after=1-2-3", "goods/?after=-1-2", f"goods/?after={HUGE}-1",
    "goods/?after=%00", "goods/?after=%FF", "goods/?after=١-٢", "goods/?sort=", "goods/?sort=name", "goods/?sort=%00",
    "films/?after=x", f"films/?after=1-{HUGE}", "films/film-0/?after=x", "coming-soon/?after=x",
    "goods/p/mug-0/?country=", "goods/p/mug-0/?country=DE", "goods/p/mug-0/?country=%00", "goods/p/mug-0/?country=zz",
    "films/%00/", "goods/p/%00/", "goods/p/%FF/", "goods/%00/", "campaigns/%00/", f"films/{'a' * 300}/",
]  # fmt: skip


def test_an_address_that_makes_no_sense_is_answered_in_words(get):
    make_shop()

    for rest in BAD:
        response = get(f"/us/en/{rest}")
        is_path = "?" not in rest
        assert (rest, response.status_code) == (rest, 404 if is_path else 400)
        assert re.search(r'<p class="lede">.+</p>', text_of(response))


ODD = [
    "goods/?after=0-0", f"goods/?after={'9' * 18}-{'9' * 18}", f"goods/?sort=price&after={'9' * 18}-{'9' * 18}",
    f"films/?after={'9' * 18}-{'9' * 18}", "goods/p/mug-0/?v=none", "goods/p/mug-0/?v=%00", "goods/p/mug-0/?v=%FF",
    "search/", "search/?q=", "search/?q=%00", "search/?q=%FF", "search/?q=%27%3B--", "search/?q=%3A*%20%26%20%21",
    f"search/?q={'a' * 500}", f"search/?q={'%E6%91%86' * 300}", "goods/?utm_source=x", "goods/?at=x", "goods/?at=2030-13-01",
]  # fmt: skip


def test_an_odd_address_that_makes_sense_is_answered(get):
    make_shop()

    statuses = {rest: get(f"/us/en/{rest}").status_code for rest in ODD}

    assert statuses == dict.fromkeys(ODD, 200)


def test_the_doorstep_suggests_a_market_and_a_language(get):
    make_shop()
    factories.make_market("hk")

    wanted = {
        "en-US": "/us/en/",
        "zh-CN,zh;q=0.9": "/cn/zh/",
        "zh-HK": "/hk/zh/",
        "": "/us/en/",
        "\x00; q=zz": "/us/en/",
    }

    assert {said: get("/", headers={"accept-language": said})["Location"] for said in wanted} == wanted


def test_a_shop_without_anything_still_has_pages(get):
    factories.make_market("us")

    statuses = {rest: get(f"/us/en/{rest}").status_code for rest in ("", "films/", "goods/", "coming-soon/", "hero/")}

    assert set(statuses.values()) == {200}
    assert not Campaign.objects.exists()
