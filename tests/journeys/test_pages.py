"""Every page in both languages and both themes: nothing that axe objects to, nothing sideways, and a picture of it to keep."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from tests.conftest import ARTEFACTS
from tests.journeys.conftest import PHONE, Open, Site
from tests.journeys.pages import BUYER, GUEST, HALFWAY, MEMBER, PLACES, Place
from tests.journeys.people import World

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: What the theme can change; everything else is the same in both, since the page is.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
ASK = """tags => axe.run(document, {runOnly: tags, resultTypes: ["violations"], preload: false}).then(found => found.violations.map(
    one => `${one.id}: ${one.nodes.map(node => node.html.slice(0, 160)).slice(0, 3).join(" | ")}`))"""

#: A picture of the whole page shows what a reader meets by scrolling: the pictures further down. No test waits for them for long.
ALL_OF_IT = """() => {
    const late = [...document.images].filter((image) => { image.loading = "eager"; return !image.complete; });
    const come = late.map((image) => new Promise((told) => { image.onload = image.onerror = told; }));
    return Promise.race([Promise.all(come), new Promise((told) => setTimeout(told, 2000))]).then(() => true);
}"""
#: Fonts are there, and what the page fetches by itself.
SETTLED = "document.fonts.status === 'loaded' && !document.querySelector('.htmx-request')"

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="package")
def world(_shop: Site, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock():
        yield World()


@pytest.mark.parametrize("prefix", ["en", "zh"])
@pytest.mark.parametrize("who", [GUEST, BUYER, MEMBER, HALFWAY])
def test_every_page_in_both_themes(open_page: Open, site: Site, world: World, who: str, prefix: str) -> None:
    """axe's script is put into the page, which our policy forbids to everybody else."""
    page = open_page(**PHONE, bypass_csp=True, reduced_motion="reduce")
    page.context.add_cookies(
        [{"name": name, "value": value, "url": site.url} for name, value in world.cookies[who].items()]
    )
    wrong: list[str] = []

    for place in PLACES:
        if place.who == who:
            wrong += [f"{place.name}, {prefix}: {said}" for said in _look_at(page, site, place, prefix, world)]

    assert wrong == [], "\n".join(wrong)


def _look_at(page: Page, site: Site, place: Place, prefix: str, world: World) -> list[str]:
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = page.goto(site.at(place.rest.format(**world.names), market=place.market, prefix=prefix), wait_until="load")
    if answer is None or answer.status != place.status:
        return [f"answers {answer and answer.status}"]
    page.evaluate(ALL_OF_IT)
    page.wait_for_function(SETTLED)
    page.evaluate(AXE)
    found = page.evaluate(ASK, TAGS)
    _keep_picture(page, f"{place.name}-{prefix}-light")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"dark, {one}" for one in page.evaluate(ASK, OF_COLOURS)]
    _keep_picture(page, f"{place.name}-{prefix}-dark")
    page.set_viewport_size({"width": 320, "height": 640})
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > 320:
        found.append(f"{wide} pixels wide in a window of 320")
    page.set_viewport_size(PHONE["viewport"])
    return found


def _keep_picture(page: Page, name: str) -> None:
    folder = ARTEFACTS / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=70, full_page=True, animations="allow")
