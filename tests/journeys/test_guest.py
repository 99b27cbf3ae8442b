"""A fan in a cinema queue: buys on a phone without an account, without a script, and is told when a piece does not go to them."""

import re

import pytest
from playwright.sync_api import Page, expect

from catalog.models import Product
from orders.models import Order
from tests.journeys.conftest import PHONE, Open, Site
from tests.journeys.people import ADDRESS, PLAIN, REFUSED, SIZED, slug_of

pytestmark = pytest.mark.django_db


def fill(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Name", exact=True).fill(ADDRESS["name"])
    page.get_by_label("Address", exact=True).fill(ADDRESS["street_address"])
    page.get_by_label("City").fill(ADDRESS["city"])
    page.get_by_label("ZIP code").fill(ADDRESS["postal_code"])
    page.get_by_label("I agree to the").check()
    page.get_by_label("State").select_option(ADDRESS["country_area"])


def fill_and_see_the_sum(page: Page, email: str) -> None:
    """Once the page's scripts are there: of what is filled in, the state shows the sum anew."""
    page.wait_for_url("**/checkout/")
    expect(page.get_by_role("button", name="Show the new sum")).to_be_hidden()
    with page.expect_response(lambda answer: answer.request.method == "POST" and "/checkout/" in answer.url):
        fill(page, email)


def test_a_guest_buys_on_a_phone_from_the_first_page_to_the_paid_order(phone: Page, site: Site) -> None:
    title = Product.objects.get(sku=SIZED).title_en
    phone.goto(site.at())
    phone.locator("details.menu summary").click()
    phone.locator("details.menu").get_by_role("link", name="Goods").click()
    phone.locator("#q").click()
    phone.keyboard.type("last ferry")
    phone.keyboard.press("Enter")
    phone.locator(".card").get_by_role("link", name=title).first.click()
    phone.get_by_role("radio", name="M", exact=True).check()
    phone.get_by_role("button", name="Add to basket").click()
    phone.wait_for_url("**/us/en/basket/")
    phone.get_by_role("link", name="Check out").click()
    fill_and_see_the_sum(phone, "queue@fan.example")
    phone.locator("main:not(:has(.htmx-request)) .btn.wide").click()
    phone.wait_for_url("**/pay/")
    phone.get_by_role("link", name="Go to the payment").click()
    phone.get_by_role("button", name="now").click()
    phone.get_by_role("link", name="Back to the shop").click()

    phone.wait_for_url(re.compile(r"/us/en/orders/ord_[^/]+/$"))
    order = Order.objects.get(email="queue@fan.example")
    expect(phone.get_by_text(order.number).first).to_be_visible()
    expect(phone.locator("main")).to_contain_text(title)
    assert (order.state, order.lines.get().quantity, order.address["country_area"]) == ("paid", 1, "NY")


@pytest.mark.parametrize("has_script", [True, False], ids=["with a script", "without"])
def test_a_piece_that_is_not_licensed_for_a_country_says_so_and_cannot_be_bought(
    open_page: Open, site: Site, has_script: bool
) -> None:
    page = open_page(**PHONE, java_script_enabled=has_script)
    page.goto(site.at(f"goods/p/{slug_of(REFUSED)}/?country=US", market="na"))
    expect(page.get_by_role("button", name="Add to basket")).to_be_visible()

    page.get_by_label("Deliver to").select_option("CA")
    if not has_script:
        page.get_by_role("button", name="Show", exact=True).click()

    expect(page.locator(".note.bad")).to_contain_text("Not licensed for Canada")
    expect(page.get_by_role("button", name="Add to basket")).to_have_count(0)
    expect(page).to_have_url(re.compile("country=CA"))


def test_all_the_way_to_the_order_without_any_script(open_page: Open, site: Site) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(site.url)
    expect(page).to_have_url(site.at())
    page.get_by_role("navigation", name="Shop").get_by_role("link", name="Goods").click()
    page.get_by_label("Sort").select_option("price")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**/goods/?sort=price")
    page.goto(site.at(f"goods/p/{slug_of(PLAIN)}/"))
    # Of a piece that nobody has reviewed yet the page has said all there is.
    page.get_by_role("link", name=re.compile("^(All reviews|Write a review)$")).first.click()
    expect(page.locator("h1")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Add to basket").click()
    page.wait_for_url("**/basket/")
    page.get_by_label("Pieces of").fill("2")
    page.get_by_role("button", name="Change").click()
    page.get_by_role("link", name="Check out").click()
    fill(page, "noscript@fan.example")
    # A state of one's own has a sum of its own: it is shown before it is paid.
    page.locator("main .btn.wide").click()
    if "/pay/" not in page.url:
        page.locator("main .btn.wide").click()
    page.wait_for_url("**/pay/")
    page.get_by_role("link", name="Go to the payment").click()
    page.get_by_role("button", name="now").click()
    page.get_by_role("link", name="Back to the shop").click()

    expect(page).to_have_url(re.compile(r"/us/en/orders/ord_[^/]+/$"))
    order = Order.objects.get(email="noscript@fan.example")
    assert (order.state, order.lines.get().quantity) == ("paid", 2)


def test_the_back_button_leads_back_to_what_was_there(phone: Page, site: Site) -> None:
    product = site.at(f"goods/p/{slug_of(SIZED)}/")
    phone.goto(site.at("goods/?sort=price"))
    phone.goto(product)
    phone.get_by_role("radio", name="L", exact=True).check()
    phone.wait_for_url("**/?o.*=L*")
    phone.get_by_role("button", name="Add to basket").click()
    phone.wait_for_url("**/basket/")
    phone.get_by_role("link", name="Check out").click()
    phone.get_by_label("E-mail").fill("back@fan.example")

    phone.go_back()
    expect(phone.get_by_role("heading", name="Basket")).to_be_visible()
    phone.go_forward()
    expect(phone.get_by_label("E-mail")).to_be_visible()
    phone.go_back()
    phone.go_back()
    # A choice takes the place of the page it was made on: one press leads out of the product, not through every size.
    expect(phone.get_by_role("radio", name="L", exact=True)).to_be_checked()
    expect(phone.locator(".site-header [data-count]")).to_have_text(" 1")
    phone.go_back()
    expect(phone).to_have_url(site.at("goods/?sort=price"))
    expect(phone.get_by_label("Sort")).to_have_value("price")
    # The filters' dialog is no page: back leads out of the list.
    phone.get_by_role("link", name="Filters").click()
    expect(phone.get_by_role("dialog", name="Narrow the list")).to_be_visible()


@pytest.mark.parametrize(
    "rest", ["goods/?film=the-ferryman&sort=price", "search/?q=ferry", "goods/p/{product}/?o.size=L", "legal/terms/"]
)
def test_another_language_keeps_the_place(desktop: Page, site: Site, rest: str) -> None:
    rest = rest.format(product=slug_of(SIZED))
    desktop.goto(site.at(rest))

    desktop.get_by_role("link", name="中文").first.click()
    expect(desktop.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(desktop).to_have_url(site.at(rest, prefix="zh"))
    desktop.get_by_role("link", name="English").first.click()
    expect(desktop.locator("html")).to_have_attribute("lang", "en")
    expect(desktop).to_have_url(site.at(rest))


def test_another_market_keeps_the_place_and_nobody_is_led_anywhere_by_force(open_page: Open, site: Site) -> None:
    page = open_page(locale="zh-CN", viewport={"width": 1280, "height": 900})
    page.goto(site.at(f"goods/p/{slug_of(PLAIN)}/"))
    expect(page).to_have_url(site.at(f"goods/p/{slug_of(PLAIN)}/"))  # the address decides, not what the browser likes
    expect(page.locator(".price-large")).to_contain_text("$")

    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("link", name="Hong Kong").click()

    expect(page).to_have_url(site.at(f"goods/p/{slug_of(PLAIN)}/", market="hk"))
    expect(page.locator(".price-large")).to_contain_text("HK$")
