"""What an eye needs that is not every eye: no movement, large letters, narrow windows, the system's own colours."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Open, Site
from tests.journeys.people import CAMPAIGN, FILM, SIZED, slug_of

pytestmark = pytest.mark.django_db

PAGES = ("", f"films/{FILM}/", "goods/", "goods/p/{product}/", f"campaigns/{CAMPAIGN}/", "basket/", "sign-in/", "help/")
#: Elements that something is wrong with: cut off although nothing scrolls them, or wider than the window.
CUT_OFF = """() => [...document.querySelectorAll("h1, h2, h3, p, a, button, label, legend, summary, li")].filter((one) => {
    if (!one.checkVisibility() || one.closest(".hidden, .skip, .film-rail, [aria-hidden=true]")) return false;
    const style = getComputedStyle(one);
    const hides = (value) => value === "hidden" || value === "clip";
    return (hides(style.overflowX) && one.scrollWidth > one.clientWidth + 1)
        || (hides(style.overflowY) && one.scrollHeight > one.clientHeight + 1);
}).map((one) => one.outerHTML.slice(0, 90))"""
MOVES = """() => {
    const seconds = (text) => Math.max(...text.split(",").map(parseFloat));
    return [...document.querySelectorAll("*")].filter((one) => ["", "::before", "::after"].some((part) => {
        const style = getComputedStyle(one, part || null);
        return seconds(style.transitionDuration) > 0 || (style.animationName !== "none" && seconds(style.animationDuration) > 0)
            || style.scrollBehavior === "smooth";
    })).length;
}"""


def _addresses(site: Site) -> list[str]:
    return [site.at(rest.format(product=slug_of(SIZED))) for rest in PAGES]


def test_nothing_moves_for_who_asks_for_that(desktop: Page, site: Site) -> None:
    desktop.goto(site.at())
    assert desktop.evaluate(MOVES) > 0  # for everybody else

    desktop.emulate_media(reduced_motion="reduce")
    found = {}
    for address in _addresses(site):
        desktop.goto(address)
        found[address] = desktop.evaluate(MOVES)

    assert set(found.values()) == {0}, found


def test_letters_twice_as_large_are_all_there(open_page: Open, site: Site) -> None:
    """200 %: of the letters alone in a window of a laptop, and of the whole page, which is a window of half the width."""
    page = open_page(viewport={"width": 1280, "height": 800})
    device = page.context.new_cdp_session(page)
    wrong = []
    for address in _addresses(site):
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(address)
        device.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
        wide = page.evaluate("document.documentElement.scrollWidth") > 1280
        wrong += [(address, "letters", one) for one in page.evaluate(CUT_OFF)] + (
            [(address, "letters")] if wide else []
        )
        device.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})
        page.set_viewport_size({"width": 640, "height": 400})
        wide = page.evaluate("document.documentElement.scrollWidth") > 640
        wrong += [(address, "page", one) for one in page.evaluate(CUT_OFF)] + ([(address, "page")] if wide else [])

    assert wrong == [], "\n".join(map(str, wrong))


def test_in_the_systems_own_colours_everything_can_be_told_apart(open_page: Open, site: Site) -> None:
    page = open_page(viewport={"width": 1280, "height": 900}, forced_colors="active")
    page.goto(site.at(f"goods/p/{slug_of(SIZED)}/"))
    chosen = page.get_by_role("radio", name="M", exact=True)
    chosen.check()
    expect(page.locator("#add")).to_be_visible()
    borders = """selector => { const style = getComputedStyle(document.querySelector(selector));
        return [style.borderTopStyle, parseFloat(style.borderTopWidth) > 0]; }"""

    # Backgrounds are gone: what is pressed has a border, and what is chosen another than what is not.
    assert page.evaluate(borders, "#add") == ["solid", True]
    looks = """selector => { const style = getComputedStyle(document.querySelector(selector));
        return [style.outlineStyle, style.borderTopWidth, style.borderTopColor, style.backgroundColor, style.color].join(); }"""
    assert page.evaluate(looks, ".opt input:checked + span") != page.evaluate(looks, ".opt input:not(:checked) + span")
    # Icons are drawn in the colour of the text.
    same = """() => { const icon = document.querySelector(".site-header .basket-link svg");
        const shown = [getComputedStyle(icon).stroke, getComputedStyle(icon).color]; return shown[0] === shown[1]; }"""
    assert page.evaluate(same)
    page.keyboard.press("Tab")
    focus = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(focus) == "solid"
