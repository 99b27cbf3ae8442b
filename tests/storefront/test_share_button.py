"""Handing a page on: with what the device shares with, else by the clipboard; without a script nothing promises it."""

import pytest
from playwright.sync_api import expect

from tests.storefront.conftest import make_shop

pytestmark = pytest.mark.django_db(transaction=True)

MUG = "/us/en/goods/p/mug-0/"
#: As in a browser on a phone; it keeps what it was asked to share.
SHARES = "navigator.share = async (asked) => { window.shared = asked; %s }"


@pytest.mark.parametrize("address", [MUG, "/us/en/films/film-0/", "/us/en/campaigns/{campaign}/"])
def test_without_a_device_that_shares_the_pages_own_address_is_copied(page, live_server, address):
    shop = make_shop()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    path = address.format(campaign=shop.campaign.slug)
    page.goto(f"{live_server.url}{path}?sort=price")

    page.get_by_role("button", name="Share", exact=True).click()

    said = page.locator(".share [role=status]")
    expect(said).to_have_text("The address is copied.")
    canonical = page.locator("link[rel=canonical]").get_attribute("href")
    assert page.evaluate("navigator.clipboard.readText()") == canonical
    assert canonical.endswith(path)


def test_a_device_that_shares_is_asked_to(page, live_server):
    make_shop()
    page.add_init_script(SHARES % "")
    page.goto(live_server.url + MUG)

    page.get_by_role("button", name="Share", exact=True).click()

    canonical = page.locator("link[rel=canonical]").get_attribute("href")
    assert page.evaluate("window.shared") == {"url": canonical, "title": page.title()}
    expect(page.locator(".share [role=status]")).to_be_empty()


@pytest.mark.parametrize(
    "problem, words", [("AbortError", ""), ("NotAllowedError", "The address could not be copied.")]
)
def test_who_closes_the_list_is_told_nothing_and_who_is_refused_is_told(page, live_server, problem, words):
    make_shop()
    page.add_init_script(SHARES % f"throw new DOMException('', '{problem}')")
    page.goto(live_server.url + MUG)

    page.get_by_role("button", name="Share", exact=True).click()

    assert page.evaluate("window.shared")
    expect(page.locator(".share [role=status]")).to_have_text(words)


def test_without_a_script_there_is_no_button_and_no_room_for_it(browser, live_server):
    make_shop()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server.url + MUG)

    expect(page.get_by_role("button", name="Add to basket")).to_be_visible()
    expect(page.get_by_role("button", name="Share", exact=True)).to_be_hidden()
    assert page.locator(".share").bounding_box()["height"] < 2
    context.close()
