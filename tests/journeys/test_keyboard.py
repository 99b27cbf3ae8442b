"""With the keyboard alone: past the header, through filters and dialogs, and from a product to the payment."""

import re

import pytest
from playwright.sync_api import Page, expect

from orders.models import Order
from tests.journeys.conftest import Open, Site
from tests.journeys.people import ADDRESS, SIZED, slug_of

pytestmark = pytest.mark.django_db

#: Whether the focus shows: a ring of two pixels round the element, or round the tile or label that stands for it.
SHOWS = """() => {
    const at = document.activeElement;
    const shows = (one) => {
        const style = one && getComputedStyle(one);
        return Boolean(style) && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    };
    const tile = at.closest(".card")?.querySelector(".tile") ?? at.closest(".tile");
    return [at, tile, at.nextElementSibling, at.closest("label")].some(shows);
}"""


def tab_to(page: Page, wanted: str, *, most: int = 90) -> None:
    """Press Tab until what `wanted` selects has the focus; at every stop it shows where it is."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            assert page.evaluate(SHOWS), f"{wanted} has the focus, and nobody sees it"
            return
    pytest.fail(f"Tab does not reach {wanted}")


def test_the_skip_link_leads_past_the_header(desktop: Page, site: Site) -> None:
    desktop.goto(site.at("goods/"))
    desktop.keyboard.press("Tab")
    expect(desktop.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(desktop.get_by_role("link", name="Skip to the content")).to_be_in_viewport()

    desktop.keyboard.press("Enter")
    desktop.keyboard.press("Tab")

    assert desktop.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert desktop.evaluate("document.activeElement === document.querySelector('main a, main input, main button')")


def test_filters_beside_the_list_and_in_the_dialog(open_page: Open, site: Site) -> None:
    wide = open_page(viewport={"width": 1280, "height": 900})
    wide.goto(site.at("goods/"))
    tab_to(wide, "input[name=film]")
    wide.keyboard.press("Space")
    wide.wait_for_url("**/goods/?film=*")
    expect(wide.locator("input[name=film]:checked")).to_have_count(1)
    tab_to(wide, ".chips .chip")
    wide.keyboard.press("Enter")
    wide.wait_for_url(re.compile(r"/goods/\??$"))

    narrow = open_page(viewport={"width": 390, "height": 844})
    narrow.goto(site.at("goods/"))
    tab_to(narrow, ".facets-open")
    narrow.keyboard.press("Enter")
    dialog = narrow.get_by_role("dialog", name="Narrow the list")
    expect(dialog).to_be_visible()
    assert narrow.evaluate("document.querySelector('dialog.sheet').contains(document.activeElement)")
    narrow.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(narrow.locator(".facets-open")).to_be_focused()


def test_the_pictures_dialog_keeps_the_focus_and_gives_it_back(desktop: Page, site: Site) -> None:
    desktop.goto(site.at(f"goods/p/{slug_of(SIZED)}/"))
    tab_to(desktop, ".gallery .zoom")
    desktop.keyboard.press("Enter")
    dialog = desktop.get_by_role("dialog", name="Pictures")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("status")).to_have_text("1 / 2")

    desktop.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("status")).to_have_text("2 / 2")
    desktop.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(desktop.locator(".gallery .zoom").nth(1)).to_be_focused()


def test_the_menu_opens_and_leads_to_another_market(desktop: Page, site: Site) -> None:
    desktop.goto(site.at("films/"))
    tab_to(desktop, "details.menu summary")
    desktop.keyboard.press("Enter")
    tab_to(desktop, "details.menu a[href^='/hk/']", most=12)
    desktop.keyboard.press("Enter")

    desktop.wait_for_url(site.at("films/", market="hk"))


def test_from_a_product_to_the_payment(desktop: Page, site: Site) -> None:
    page = desktop
    page.goto(site.at(f"goods/p/{slug_of(SIZED)}/"))
    tab_to(page, "input[type=radio][value=S], input[type=radio][value='']")
    page.keyboard.press("Space")
    expect(page.locator("#said")).to_contain_text("S $")  # said, not only shown
    expect(page.get_by_role("radio", name="S", exact=True)).to_be_focused()  # after the swap
    tab_to(page, "#add", most=8)
    page.keyboard.press("Enter")
    page.wait_for_url("**/basket/")
    tab_to(page, "a[href$='/checkout/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout/")
    for name, value in {"email": "keys@fan.example", **ADDRESS}.items():
        tab_to(page, f"[name={name}]", most=30)
        if name == "country_area":
            # One question for the whole name, not one for each letter of it.
            with page.expect_response(lambda answer: "/checkout/" in answer.url):
                page.keyboard.type("New York")
            expect(page.get_by_label("State")).to_have_value("NY")
            expect(page.get_by_label("State")).to_be_focused()
        else:
            page.keyboard.type(value)
        expect(page.locator(".htmx-request")).to_have_count(0)
        page.locator("body").evaluate("document.activeElement.blur()")
    tab_to(page, "[name=consent]")
    page.keyboard.press("Space")
    tab_to(page, "main .btn.wide", most=12)
    page.keyboard.press("Enter")
    page.wait_for_url("**/pay/")
    tab_to(page, "main a.btn.wide")

    assert Order.objects.get(email="keys@fan.example").state == "pending"
