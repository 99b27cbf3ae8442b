"""The storefront in a real browser: what it complains of, narrow screens, no script, the keyboard."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Placement
from campaigns.services import schedule_campaign
from campaigns.staging import stage_revision
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
        factories.make_product(licence=licence, slug=f"mug-{i}" if i else "mug", variants=2, title_en=f"Ferry mug {i}")
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


def test_no_page_scrolls_sideways(page, live_server, film):
    launch(film, starts_in=timedelta(hours=1))
    wide = []

    for rest in REST:
        page.goto(f"{live_server.url}/us/zh/{rest}")
        for width in (320, 390, 720, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wide.append((rest, width))

    assert wide == []


def test_everything_works_without_script(browser, live_server, film):
    context = browser.new_context(java_script_enabled=False, locale="en-US")
    page = context.new_page()

    page.goto(live_server.url)
    assert page.url == f"{live_server.url}/us/en/"
    page.get_by_role("navigation", name="Shop").get_by_role("link", name="Goods").click()
    page.get_by_label("Sort").select_option("-price")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**/us/en/goods/?sort=-price")
    page.get_by_role("link", name="Ferry mug 0").click()
    page.get_by_role("button", name="Check").click()
    assert page.get_by_role("status").inner_text().startswith("Licensed for United States")
    page.locator("#q").fill("mug 3")
    page.keyboard.press("Enter")
    page.wait_for_url("**/us/en/search/?q=mug+3")
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("link", name="CN").click()
    page.wait_for_url("**/cn/en/**")
    page.get_by_role("link", name="中文").click()
    assert page.locator("html").get_attribute("lang") == "zh-Hans"

    context.close()


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
