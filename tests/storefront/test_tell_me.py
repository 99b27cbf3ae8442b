""" "Tell me": a form on a kept page, without a script and without a cookie; and the way back."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from redis.exceptions import RedisError

from catalog import alerts
from catalog.models import Product, Stock, StockAlert, Variant
from catalog.shelf_store import recompile_products
from films.services import set_embargo
from merchstore.middleware import STOCK_SECONDS
from merchstore.storefront.alerts import MOST_PER_ADDRESS, MOST_PER_PLACE
from tests import factories
from tests.factories import NOW, make_product

pytestmark = pytest.mark.django_db

AT = "/us/en/goods/p/mug/tell-me/"
DAY = timedelta(days=1)


@pytest.fixture
def variant(clock: Any) -> Variant:
    return make_product(slug="mug", title_en="River mug", title_zh="河杯", stock=0).variants.get()


@pytest.fixture(autouse=True)
def _no_count(settings: Any) -> None:
    """A key of its own for each test: the counts of others, and of other runs, are not touched."""
    settings.SECRET_KEY = f"{settings.SECRET_KEY}-{settings.RELEASE}"


@pytest.fixture
def post(client: Client) -> Any:
    def send(address: str = AT, email: str = "fan@example.com", **more: Any) -> Any:
        headers = more.pop("headers", {})
        data = {"email": email, **more}
        return client.post(address, data, headers=headers)

    return send


def text_of(response: Any) -> str:
    return response.content.decode()


# -- the form ---------------------------------------------------------------------------------------
def test_a_sold_out_piece_offers_to_tell_and_one_that_is_there_does_not(get: Any, variant: Variant, clock: Any) -> None:
    sold_out = text_of(get("/us/en/goods/p/mug/"))
    Stock.objects.update(on_hand=9)
    clock.at += timedelta(seconds=STOCK_SECONDS)
    there = text_of(get("/us/en/goods/p/mug/"))

    form = f'<form class="field tell-me" method="post" action="{AT}">'
    assert (form in sold_out, form in there) == (True, False)
    assert f'name="v" value="{variant.public_id}"' in sold_out
    assert ("Sold out" in sold_out, "In stock" in there) == (True, True)


def test_what_is_coming_soon_offers_it_too(get: Any, variant: Variant) -> None:
    Product.objects.update(on_sale_at=NOW + DAY)
    recompile_products([variant.product_id])

    assert f'action="{AT}"' in text_of(get("/us/en/goods/p/mug/"))


def test_of_several_variants_it_is_offered_for_the_one_that_is_chosen(get: Any, clock: Any) -> None:
    product = make_product(slug="tee", variants=2)
    gone, there = product.variants.order_by("position")
    Stock.objects.filter(variant=gone).update(on_hand=0)
    address = "/us/en/goods/p/tee/"

    offered = [
        "tell-me" in text_of(get(f"{address}{q}")) for q in ("", f"?v={gone.public_id}", f"?v={there.public_id}")
    ]

    assert offered == [False, True, False]


def test_an_address_is_kept_and_the_reader_sent_on_to_a_page_that_may_be_reloaded(
    get: Any, post: Any, variant: Variant
) -> None:
    answer = post(v=variant.public_id)

    assert (answer.status_code, answer["Location"], answer["Cache-Control"]) == (
        303, f"{AT}done/", "private, no-store",
    )  # fmt: skip
    assert answer.cookies == {}
    assert StockAlert.objects.values_list("variant", "market__code", "email", "language", "created_at").get() == (
        variant.pk, "us", "fan@example.com", "en", NOW,
    )  # fmt: skip
    assert "We will tell you" in text_of(get(f"{AT}done/"))


def test_the_answer_does_not_tell_whether_an_address_has_asked_before(post: Any, variant: Variant) -> None:
    first, again = post(), post()

    assert (first.status_code, first.headers["Location"]) == (again.status_code, again.headers["Location"])
    assert StockAlert.objects.count() == 1


@pytest.mark.parametrize(
    "email, sentence",
    [
        ("", "Write your e-mail address"),
        ("no address", "This is not an e-mail address"),
        ("<script>@example.com", "This is not an e-mail address"),
        ("a\r\nBcc: b@example.com", "This is not an e-mail address"),
        ("\x00@example.com", "This is not an e-mail address"),
        (f"{'a' * 60}@{'b' * 200}.com", "This is not an e-mail address"),
    ],
)
def test_what_is_no_address_comes_back_with_the_form_and_says_so(
    post: Any, variant: Variant, email: str, sentence: str
) -> None:
    answer = post(email=email)

    assert answer.status_code == 422
    html = text_of(answer)
    assert re.search(rf'<p class="field-error" id="email-error">{sentence}', html)
    assert 'aria-describedby="email-note email-error" aria-invalid="true"' in html
    assert "<script>@" not in html
    assert not StockAlert.objects.exists()


def test_the_form_is_a_page_of_its_own_too_in_both_languages(get: Any, variant: Variant) -> None:
    pages = [text_of(get(AT)), text_of(get(AT.replace("/en/", "/zh/")))]

    assert [re.search(r"<h1>(.*?)</h1>", page)[1] for page in pages] == ["River mug", "河杯"]  # type: ignore[index]
    assert all('method="post"' in page and "noindex" in page for page in pages)


def test_a_piece_that_can_be_had_by_now_leads_back_to_it(get: Any, post: Any, variant: Variant) -> None:
    Stock.objects.update(on_hand=3)

    answers = [get(AT), post()]

    assert [(a.status_code, a["Location"]) for a in answers] == [
        (303, f"/us/en/goods/p/mug/?v={variant.public_id}")
    ] * 2
    assert not StockAlert.objects.exists()


# -- what is not on the shelf is not there ------------------------------------------------------------
def test_nothing_can_be_asked_about_what_is_not_on_the_shelf(get: Any, post: Any, variant: Variant) -> None:
    other = make_product(slug="cup").variants.get()
    seen = [get(AT).status_code, post(v=other.public_id).status_code]
    set_embargo(variant.product.film, by=None, tier="title", lifts_at=NOW + DAY)
    recompile_products([variant.product_id])

    answers = [get(AT), post(v=variant.public_id), get(f"{AT}done/"), post("/us/en/goods/p/none/tell-me/")]

    assert seen == [200, 404]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert all("mug" not in text_of(answer) for answer in answers)
    assert not StockAlert.objects.exists()


# -- other sites, and too often -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, 403),
        ({"Origin": "http://testserver"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://shop.example"}, 303),
    ],
)
def test_a_form_from_another_site_is_refused(
    post: Any, variant: Variant, settings: Any, headers: dict[str, str], status: int
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://shop.example"]

    answer = post(headers=headers)

    assert answer.status_code == status
    assert StockAlert.objects.count() == (status == 303)
    if status == 403:
        assert "This form was sent from another site" in text_of(answer)


def test_too_many_letters_to_one_address_are_refused_for_an_hour(post: Any, variant: Variant, clock: Any) -> None:
    statuses = [post().status_code for _ in range(MOST_PER_ADDRESS + 1)]
    other = post(email="other@example.com").status_code
    clock.at += timedelta(hours=1)

    assert statuses == [303] * MOST_PER_ADDRESS + [429]
    assert (other, post().status_code) == (303, 303)


def test_too_many_from_one_place_are_refused_in_words(post: Any, client: Client, variant: Variant) -> None:
    statuses = [post(email=f"{n}@example.com").status_code for n in range(MOST_PER_PLACE)]
    answer = post(email="one-more@example.com")
    elsewhere = client.post(AT, {"email": "x@example.com"}, REMOTE_ADDR="192.0.2.7")

    assert statuses == [303] * MOST_PER_PLACE
    assert (answer.status_code, answer["Retry-After"], elsewhere.status_code) == (429, "3600", 303)
    assert "Try again in an hour" in text_of(answer)
    assert not StockAlert.objects.filter(email="one-more@example.com").exists()


@pytest.mark.parametrize(
    "behind, forwarded, is_same",
    [(False, "203.0.113.9", True), (True, "203.0.113.9", False), (True, "192.0.2.1, 203.0.113.9", False)],
)
def test_behind_a_proxy_the_place_is_what_the_proxy_says(
    client: Client, variant: Variant, settings: Any, behind: bool, forwarded: str, is_same: bool
) -> None:
    settings.BEHIND_PROXY = behind
    for n in range(MOST_PER_PLACE):
        client.post(AT, {"email": f"{n}@example.com"}, headers={"X-Forwarded-For": "203.0.113.1"})

    answer = client.post(AT, {"email": "x@example.com"}, headers={"X-Forwarded-For": forwarded})

    assert answer.status_code == (429 if is_same else 303)


def test_without_a_cache_nobody_is_turned_away(post: Any, variant: Variant, monkeypatch: Any) -> None:
    def gone(*_arguments: object, **_named: object) -> None:
        raise RedisError

    monkeypatch.setattr(cache, "add", gone)

    assert post().status_code == 303


# -- the way back -----------------------------------------------------------------------------------
def test_the_link_of_the_letter_deletes_the_address_by_its_button_and_not_by_being_looked_at(
    get: Any, client: Client, post: Any, variant: Variant
) -> None:
    post()
    stop = f"/us/en/tell-me/stop/{alerts.token_of(StockAlert.objects.get().public_id)}/"

    looked = get(stop)
    still_there = StockAlert.objects.exists()
    # As the mail program's own button does: from nowhere, with one field.
    answers = [client.post(stop, {"List-Unsubscribe": "One-Click"}) for _ in range(2)]

    assert (looked.status_code, looked["Cache-Control"], still_there) == (200, "private, no-store", True)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert not StockAlert.objects.exists()


def test_a_made_up_link_leads_nowhere(get: Any, client: Client, variant: Variant) -> None:
    assert [get("/us/en/tell-me/stop/x/").status_code, client.post("/us/en/tell-me/stop/x:y/").status_code] == [
        404,
        404,
    ]


# -- what the page says of stock and tax ------------------------------------------------------------
@pytest.mark.parametrize(
    "stock, words",
    [
        ({"on_hand": 9}, "In stock"),
        ({"on_hand": 6}, "In stock"),
        ({"on_hand": 5}, "5 left"),
        ({"on_hand": 9, "low_at": 9}, "9 left"),
        ({"on_hand": 3, "low_at": 2}, "In stock"),
        ({"on_hand": 9, "reserved": 8}, "1 left"),
        ({"on_hand": 9, "reserved": 9}, "Sold out"),
        ({"on_hand": 0, "pre_order_cap": 50}, "Sold out"),
    ],
)
def test_a_page_says_what_can_be_had(get: Any, variant: Variant, stock: dict[str, int], words: str) -> None:
    Stock.objects.update(**stock)

    assert re.findall(r'<span class="pill \w+">(.*?)</span>', text_of(get("/us/en/goods/p/mug/"))) == [words]


@pytest.mark.parametrize(
    "stock, words",
    [
        ({"on_hand": 0, "pre_order_cap": 50, "reserved": 8}, "Pre-order for 24 December 2026, 42 pieces left"),
        ({"on_hand": 0, "pre_order_cap": 8, "reserved": 8}, "Sold out"),
    ],
)
def test_a_pre_order_says_its_date_and_what_is_left_of_its_cap(
    get: Any, variant: Variant, stock: dict[str, int], words: str
) -> None:
    Stock.objects.update(**stock)
    Product.objects.update(street_on="2026-12-24")
    recompile_products([variant.product_id])

    assert re.findall(r'<span class="pill \w+">(.*?)</span>', text_of(get("/us/en/goods/p/mug/"))) == [words]


def test_a_kept_page_tells_of_stock_within_seconds(get: Any, variant: Variant, clock: Any) -> None:
    first = text_of(get("/us/en/goods/p/mug/"))
    Stock.objects.update(on_hand=9)

    kept = text_of(get("/us/en/goods/p/mug/"))
    clock.at += timedelta(seconds=STOCK_SECONDS)

    assert ("Sold out" in first, kept == first) == (True, True)
    assert "In stock" in text_of(get("/us/en/goods/p/mug/"))


def test_tax_is_said_as_the_market_does_and_a_figure_only_where_it_is_known(get: Any, clock: Any) -> None:
    product = make_product(slug="mug", prices={"us": 3800, "eu": 3500, "cn": 19900})
    eu, cn = factories.make_market("eu"), factories.make_market("cn")
    for market, country, rate in ((eu, "DE", "0.19"), (eu, "FR", "0.055"), (eu, "IT", "0"), (cn, "CN", "0.13")):
        market.tax_rates.create(country=country, rate=rate, starts_on="2026-01-01")
    market_rates = eu.tax_rates.filter(country="DE")
    market_rates.create(country="DE", tax_class="reduced", rate="0.07", starts_on="2026-01-01", market=eu)

    def said(address: str) -> str:
        html = text_of(get(address))
        found = re.search(r'<div class="price-large">.*?</div>\s*<p class="quiet">(.*?)</p>', html, re.DOTALL)
        assert found is not None
        return found[1]

    assert [said(f"/{address}goods/p/mug/{q}") for address, q in [
        ("us/en/", ""), ("eu/en/", ""), ("eu/en/", "?country=FR"), ("eu/en/", "?country=IT"), ("cn/zh/", ""),
    ]] == [
        "Plus sales tax, worked out at checkout.", "Including 19% VAT.", "Including 5.5% VAT.", "Free of VAT.",
        "含 13% 增值税。",
    ]  # fmt: skip
    Product.objects.filter(pk=product.pk).update(tax_class="reduced")
    recompile_products([product.pk])
    assert said("/eu/en/goods/p/mug/") == "Including 7% VAT."
    assert said("/eu/en/goods/p/mug/?country=FR") == "Tax included."
