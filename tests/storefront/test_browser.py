"""The storefront in a real browser: what it complains of, narrow screens, no script, the keyboard."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from campaigns.models import Placement
from campaigns.services import schedule_campaign
from campaigns.staging import stage_revision
from catalog.models import Variant
from films.models import Film
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

REST = [
    "",
    "films/",
    "films/the-ferryman/",
    "goods/",
    "goods/t-shirts/",
    "goods/p/mug/",
    "search/?q=mug",
    "coming-soon/",
    "none/",
]


@pytest.fixture
def film() -> Film:
    film = factories.make_film("the-ferryman", title_zh="摆渡人", voice="cond", lede_en="Ten years on the river.")
    licence = factories.make_licence(film, factories.make_merchant(city="Hong Kong"))
    factories.make_market("cn")
    for i in range(5):
        factories.make_product(licence=licence, slug=f"mug-{i}" if i else "mug", variants=3, title_en=f"Ferry mug {i}")
    mugs = Variant.objects.filter(product__slug="mug").order_by("position")
    for variant, (colour, size) in zip(mugs, (("Midnight", "S"), ("Midnight", "L"), ("Bone", "S")), strict=True):
        Variant.objects.filter(pk=variant.pk).update(options={"colour": colour, "size": size})
    factories.make_product(licence=licence, on_sale_at=timezone.now() + timedelta(days=3))
    return film


def launch(film: Film, *, starts_in: timedelta) -> None:
    now = timezone.now()
    campaign = factories.make_campaign(
        film, starts_at=now + starts_in, ends_at=now + timedelta(days=7), slug="ten-years"
    )
    Placement.objects.create(
        campaign=campaign,
        slot="home_hero",
        headline_en="Ten years",
        lede_en="Twenty-six pieces.",
        announced_at=now - timedelta(days=1),
    )
    stage_revision(schedule_campaign(campaign, by=None, at=now).pk)


def test_nothing_is_blocked_and_nothing_fails_on_any_page(page, live_server, film):
    launch(film, starts_in=timedelta(hours=1))
    said: list[str] = []
    page.on(
        "console",
        lambda message: said.append(f"{page.url} {message.text}") if message.type in ("error", "warning") else None,
    )

    for prefix in ("en", "zh"):
        for rest in [*REST[:-1], "campaigns/ten-years/"]:
            page.goto(f"{live_server.url}/us/{prefix}/{rest}", wait_until="networkidle")

    assert said == []


def test_no_page_scrolls_sideways_and_everything_is_large_enough_to_touch(page, live_server, film):
    launch(film, starts_in=timedelta(hours=1))
    wide, small = [], []

    for rest in REST:
        page.goto(f"{live_server.url}/us/zh/{rest}")
        for width in (320, 390, 720, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wide.append((rest, width))
            if width == 390:
                small += [(rest, found) for found in page.evaluate(SMALL)]

    assert (wide, small) == ([], [])


def test_everything_works_without_script(browser, live_server, film):
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()

    page.goto(live_server.url)
    expect(page).to_have_url(f"{live_server.url}/us/en/")
    page.get_by_role("navigation", name="Shop").get_by_role("link", name="Goods").click()
    page.get_by_label("Sort").select_option("-price")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**/us/en/goods/?sort=-price")
    page.get_by_role("link", name="Ferry mug 0").click()
    page.get_by_role("radio", name="Midnight").check()
    page.get_by_role("radio", name="L", exact=True).check()
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**/goods/p/mug/?o.colour=Midnight&o.size=L")
    expect(page.locator(".price-large")).to_have_text("$39.00")
    expect(page.get_by_text("Bone", exact=True)).to_be_visible()
    expect(page.get_by_text("Licensed for the United States")).to_be_visible()
    page.locator("#q").fill("mug 3")
    page.keyboard.press("Enter")
    page.wait_for_url("**/us/en/search/?q=mug+3")
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("link", name="CN").click()
    page.wait_for_url("**/cn/en/**")
    page.get_by_role("link", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")

    context.close()


def test_a_choice_is_swapped_in_and_the_address_follows(page, live_server, film):
    page.goto(f"{live_server.url}/us/en/goods/p/mug/")
    page.evaluate("window.isTheSamePage = true")
    expect(page.get_by_role("button", name="Show", exact=True)).to_be_hidden()

    page.get_by_role("radio", name="Midnight").focus()
    page.keyboard.press("Space")
    expect(page.locator("fieldset").first).to_contain_text("Colour: Midnight")
    page.get_by_role("radio", name="S", exact=True).check()
    expect(page).to_have_url(f"{live_server.url}/us/en/goods/p/mug/?o.colour=Midnight&o.size=S")
    expect(page.locator("#said")).to_contain_text("Midnight, S $38.00")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(f"{live_server.url}/us/en/goods/p/mug/?o.colour=Midnight&o.size=L")

    # The focus is where it was, and what changed is said.
    expect(page.get_by_role("radio", name="L", exact=True)).to_be_focused()
    expect(page.locator(".price-large")).to_have_text("$39.00")
    expect(page.locator("#said")).to_contain_text("Midnight, L $39.00 In stock")
    page.get_by_role("radio", name="Bone").check()
    expect(page.get_by_role("radio", name="L not made")).to_be_checked()
    expect(page.get_by_text("L is not made in Bone.")).to_be_visible()
    expect(page.get_by_role("button", name="Show", exact=True)).to_be_hidden()
    assert page.evaluate("window.isTheSamePage") is True

    page.reload()
    expect(page.get_by_role("radio", name="L not made")).to_be_checked()


def test_the_header_is_one_row_on_a_small_screen_and_its_menu_holds_the_rest(page, live_server, film):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{live_server.url}/us/zh/goods/")

    expect(page.locator(".site-header")).to_have_js_property("offsetHeight", 56)
    expect(page.locator(".site-nav")).to_be_hidden()
    page.locator("details.menu summary").click()
    menu = page.locator("details.menu")
    expect(menu.get_by_role("link", name="影片")).to_be_visible()
    expect(menu.get_by_role("link", name="CN，CNY")).to_be_visible()
    menu.get_by_role("link", name="English").click()
    page.wait_for_url("**/us/en/goods/")
    page.locator("#q").click()
    box = page.locator("#q").bounding_box()
    assert box["width"] > 300
    page.keyboard.type("mug 3")
    page.keyboard.press("Enter")
    page.wait_for_url("**/us/en/search/?q=mug+3")


def test_the_keyboard_reaches_everything_and_shows_where_it_is(page, live_server, film):
    page.goto(f"{live_server.url}/us/en/goods/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top >= 0")

    hidden = []
    for _ in range(25):
        page.keyboard.press("Tab")
        where = page.evaluate(FOCUS)
        if where and not where["is_seen"]:
            hidden.append(where["element"])

    assert hidden == []


#: What can be pressed and is less than 24 pixels wide or high, but for a link inside a sentence.
SMALL = """() => [...document.querySelectorAll("a, button, input, select, summary")].filter((element) => {
    if (!element.checkVisibility() || element.type === "hidden" || element.closest(".skip, .lede, .legal")) return false;
    const box = (element.closest(".card, .film-card, .soon-row, .opt") ?? element).getBoundingClientRect();
    return box.width < 24 || box.height < 24;
}).map((element) => element.outerHTML.slice(0, 90))"""

#: The element with the focus, and whether a ring of two pixels shows it: around itself, or around the tile it opens.
FOCUS = """() => {
    const at = document.activeElement;
    if (at === document.body) return null;
    const has_ring = (element) => {
        const style = element && getComputedStyle(element);
        return Boolean(style) && style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2;
    };
    return { is_seen: has_ring(at) || has_ring(at.closest(".card")?.querySelector(".tile")), element: at.outerHTML.slice(0, 80) };
}"""
