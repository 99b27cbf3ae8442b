"""On paper and in Windows' contrast themes: what is there to be clicked is not printed, what is chosen can be seen."""

import pytest
from playwright.sync_api import expect

from catalog.models import Product
from orders.links import order_token
from orders.models import Order
from orders.placing import place_lines
from orders.quoting import Wanted
from tests import factories
from tests.orders.conftest import NOW, buyer, sells, terms
from tests.orders.test_results import tell
from tests.storefront.conftest import make_shop

pytestmark = pytest.mark.django_db(transaction=True)

MUG = "/us/en/goods/p/mug-0/"
#: What a reader of paper can do nothing with.
CLICKED = "nav:visible, button:visible, .btn:visible, input:visible, select:visible, footer:visible"
#: Every colour of words and grounds that can be seen.
COLOURS = """() => {
    const found = new Set();
    for (const one of document.querySelectorAll("main *")) {
        const said = getComputedStyle(one);
        if (one.checkVisibility() && one.innerText?.trim() && !one.closest(".tile")) {
            found.add(`${said.color} on ${said.backgroundColor}`);
        }
    }
    return [...found].sort();
}"""


@pytest.fixture
def mug() -> Product:
    return make_shop(is_live=True).product


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_product_is_printed_in_black_on_white_with_its_own_address_alone(page, live_server, mug, theme):
    page.emulate_media(media="print", color_scheme=theme)
    page.goto(live_server.url + MUG)

    canonical = page.locator("link[rel=canonical]").get_attribute("href")
    words = page.locator("body").inner_text()
    assert words.count("://") == words.count(canonical) == 1
    assert mug.title_en in words
    expect(page.locator(CLICKED)).to_have_count(0)
    assert set(page.evaluate(COLOURS)) <= {
        f"rgb({shade}) on {ground}"
        for shade in ("0, 0, 0", "51, 51, 51")
        for ground in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
    }


@pytest.fixture
def order() -> Order:
    """Paid, with nothing sent yet: it could still be cancelled."""
    product = factories.make_product(prices={"us": 3800})
    market = sells(product).market
    wanted = [Wanted(product.variants.get().pk, 2)]
    order = place_lines(wanted, market, buyer(), terms(market, wanted), at=NOW)
    tell(order.payments.get())
    return order


def test_an_order_is_printed_without_the_key_to_it(page, live_server, order):
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(f"{live_server.url}/us/en/orders/{order_token(order)}/")

    words = page.locator("body").inner_text()
    assert order.number in words
    assert "41 Division Street" in words
    assert "://" not in words
    assert order_token(order).partition(".")[2] not in words
    expect(page.locator(CLICKED)).to_have_count(0)
    expect(page.locator("main a:visible")).to_have_count(0)


def test_in_a_contrast_theme_what_is_chosen_has_an_edge_and_the_focus_a_ring(page, live_server):
    make_shop(3)
    page.emulate_media(forced_colors="active")
    page.goto(f"{live_server.url}/us/en/goods/p/mug-0/")
    look = """() => { const said = getComputedStyle(document.querySelector(".opt input:checked + span"));
        return [said.borderTopWidth, said.outlineStyle]; }"""
    option = page.locator(".opt input").first
    expect(option).to_be_attached()
    page.wait_for_load_state("networkidle")

    option.focus()
    page.keyboard.press("Space")
    expect(page.locator(".opt input:checked")).to_be_attached()
    page.wait_for_load_state("networkidle")
    focused = page.evaluate(look)
    page.evaluate("document.activeElement.blur()")

    assert focused == ["3px", "solid"]
    assert page.evaluate(look) == ["3px", "none"]


def test_in_a_contrast_theme_no_words_stand_on_a_picture(page, live_server):
    make_shop(is_live=True)
    page.emulate_media(forced_colors="active")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{live_server.url}/us/en/")
        words = page.locator(".hero-text :is(h1, .lede, .btn)")
        art = page.locator(".hero-art img").bounding_box()
        assert words.count() > 1
        for box in (words.nth(place).bounding_box() for place in range(words.count())):
            is_beside = box["x"] + box["width"] <= art["x"] + 1 or box["y"] >= art["y"] + art["height"] - 1
            assert is_beside, (width, box, art)


def test_in_a_contrast_theme_the_search_of_a_phone_is_its_sign_alone(page, live_server):
    make_shop()
    page.emulate_media(forced_colors="active")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/us/en/")

    hidden = "getComputedStyle(document.querySelector('#q'), '::placeholder').color"
    assert page.evaluate(hidden) == "rgba(0, 0, 0, 0)"
    page.locator("#q").focus()
    assert page.evaluate(hidden) != "rgba(0, 0, 0, 0)"
