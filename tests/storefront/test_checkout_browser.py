"""Basket and checkout in a real browser, on a phone: the whole way, the keyboard, narrow screens."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from catalog.models import Product, TaxRate
from orders.models import Order
from tests import factories
from tests.orders.conftest import sells
from tests.storefront.test_checkout import _sandbox, cashier_key
from tests.storefront.test_choosing import held

__all__ = ["_sandbox", "cashier_key"]

pytestmark = pytest.mark.django_db(transaction=True)


#: What is too small to touch. A field in its label is as large as that; what is hidden is for no finger.
SMALL = """() => [...document.querySelectorAll("a, button, label:has(input), input, select, summary")].filter((one) => {
    if (!one.checkVisibility() || one.type === "hidden" || one.closest(".skip, .hidden, .legal, label > input")) return false;
    const box = one.getBoundingClientRect();
    return box.width < 24 || box.height < 24;
}).map((one) => one.outerHTML.slice(0, 90))"""


@pytest.fixture
def product() -> Product:
    """One piece in the United States and Canada, sent in two ways; New York has a tax of its own."""
    us = factories.make_market("us", countries=["US", "CA"])
    TaxRate.objects.create(market=us, country="US", rate=Decimal("0.05"), starts_on="2020-01-01")
    TaxRate.objects.create(market=us, country="US", region="NY", rate=Decimal("0.08"), starts_on="2020-01-01")
    product = factories.make_product(slug="mug", title_en="Ferry mug", title_zh="渡轮杯")
    sells(product)
    sells(product, code="express", amount=3100)
    return product


@pytest.fixture
def phone(browser: Any) -> Iterator[Page]:
    """A phone's screen; what a page complains of fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "warning" else None)
    yield page
    context.close()
    assert said == []


def put_in(page: Page, site: str) -> None:
    page.goto(f"{site}/us/en/goods/p/mug/")
    page.get_by_role("button", name="Add to basket").click()
    page.wait_for_url("**/us/en/basket/")


def fill(page: Page) -> None:
    page.get_by_label("E-mail").fill("wei@example.com")
    page.get_by_label("Name", exact=True).fill("Lin Wei")
    page.get_by_label("Address", exact=True).fill("41 Division Street")
    page.get_by_label("City").fill("New York")
    page.get_by_label("ZIP code").fill("10002")
    page.get_by_label("I agree to the").check()


def test_from_the_goods_to_the_payment_on_a_phone(phone: Page, live_server: Any, product: Product) -> None:
    put_in(phone, live_server.url)
    phone.get_by_label("Pieces of Ferry mug").fill("2")
    phone.keyboard.press("Tab")
    expect(phone.locator(".basket-amount")).to_have_text("$76.00")
    expect(phone.locator(".site-header [data-count]")).to_have_text(" 2")
    phone.get_by_role("link", name="Check out").click()
    phone.wait_for_url("**/us/en/checkout/")
    expect(phone.get_by_role("button", name="Show the new sum")).to_be_hidden()
    fill(phone)
    # A state has a tax of its own: the sum follows, and nothing that was typed is lost.
    expect(phone.get_by_role("button", name="Pay $92.40")).to_be_visible()
    phone.get_by_label("State").select_option("NY")
    expect(phone.get_by_role("button", name="Pay $95.04")).to_be_visible()
    expect(phone.get_by_label("Address", exact=True)).to_have_value("41 Division Street")
    expect(phone.get_by_label("I agree to the")).to_be_checked()
    phone.get_by_role("button", name="Pay $95.04").click()

    phone.wait_for_url("**/us/en/orders/*/pay/")

    placed = Order.objects.get()
    assert (placed.state, placed.total_amount, placed.address["country_area"]) == ("pending", 9504, "NY")
    expect(phone.locator("h1")).to_be_visible()


def test_a_state_chosen_before_the_scripts_came_is_asked_for_when_they_come(
    phone: Page, live_server: Any, product: Product
) -> None:
    put_in(phone, live_server.url)
    with held(phone, "**/checkout.js") as late:
        phone.goto(f"{live_server.url}/us/en/checkout/")
    phone.get_by_label("State").select_option("NY")
    expect(phone.get_by_role("button", name="Show the new sum")).to_be_visible()
    expect(phone.get_by_role("button", name="Pay $52.50")).to_be_visible()

    late[0].continue_()

    expect(phone.get_by_role("button", name="Pay $54.00")).to_be_visible()
    expect(phone.get_by_label("State")).to_have_value("NY")


def test_what_is_wrong_gets_the_focus_and_another_country_its_fields(
    phone: Page, live_server: Any, product: Product
) -> None:
    put_in(phone, live_server.url)
    phone.goto(f"{live_server.url}/us/en/checkout/")
    expect(phone.get_by_role("button", name="Show the new sum")).to_be_hidden()
    fill(phone)
    phone.get_by_label("State").select_option("NY")
    expect(phone.get_by_role("button", name="Pay $54.00")).to_be_visible()
    phone.get_by_label("ZIP code").fill("1000")
    phone.locator("main .btn.wide").click()

    expect(phone.get_by_label("ZIP code")).to_be_focused()
    expect(phone.get_by_label("ZIP code")).to_have_accessible_description("Write it like 10000.")
    expect(phone).to_have_title("Not ordered yet: Checkout — merchstore")
    phone.get_by_label("Country").select_option("CA")
    expect(phone.get_by_label("Postal code")).to_be_visible()
    expect(phone.get_by_label("Province")).to_have_value("")
    assert Order.objects.count() == 0


def test_the_keyboard_keeps_its_place_while_the_sum_follows(phone: Page, live_server: Any, product: Product) -> None:
    put_in(phone, live_server.url)
    phone.goto(f"{live_server.url}/us/en/checkout/")
    expect(phone.get_by_role("button", name="Show the new sum")).to_be_hidden()
    phone.get_by_label("Standard").focus()
    phone.keyboard.press("ArrowDown")

    expect(phone.get_by_role("button", name="Pay $72.45")).to_be_visible()
    expect(phone.get_by_label("Express")).to_be_focused()


def test_no_page_scrolls_sideways_and_everything_is_large_enough_to_touch(
    page: Page, live_server: Any, product: Product
) -> None:
    put_in(page, live_server.url)
    wide, small = [], []

    for rest in ("goods/p/mug/", "basket/", "checkout/", "sign-in/", "sign-up/", "legal/terms/"):
        for prefix in ("en", "zh"):
            page.goto(f"{live_server.url}/us/{prefix}/{rest}")
            for width in (320, 390, 720, 1440):
                page.set_viewport_size({"width": width, "height": 800})
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    wide.append((prefix, rest, width))
            page.set_viewport_size({"width": 390, "height": 800})
            small += [(prefix, rest, found) for found in page.evaluate(SMALL)]

    assert wide == []
    assert small == [], "\n".join(map(str, small))
