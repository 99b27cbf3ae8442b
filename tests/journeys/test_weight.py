"""What the first look at the shop weighs, and that nothing jumps while it comes."""

import gzip
from collections import defaultdict

import pytest
from playwright.sync_api import Page, Response

from tests.journeys.conftest import PHONE, Open, Site
from tests.journeys.people import CAMPAIGN, FILM, PLAIN, SIZED, slug_of

pytestmark = pytest.mark.django_db

PAGE, SCRIPT = 60_000, 25_000
#: What is sent as it is; everything else is compressed on its way.
PACKED = ("font/", "image/")
MOVED = """() => new Promise((told) => {
    let moved = 0;
    new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) moved += one.value; })
        .observe({ type: "layout-shift", buffered: true });
    setTimeout(() => told(moved), 50);
})"""


def _note(page: Page, answers: list[Response]) -> None:
    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)


def _weights(page: Page, answers: list[Response]) -> dict[str, int]:
    """Bytes by kind, without images; each address once, and asked for again: a browser forgets what it has left."""
    found: dict[str, int] = defaultdict(int)
    for answer in {answer.url: answer for answer in answers}.values():
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind.startswith("image/") or not answer.ok:
            continue
        body = page.context.request.get(answer.url).body()
        found[kind] += len(body) if kind.startswith(PACKED) else len(gzip.compress(body, 6))
    return found


@pytest.mark.parametrize("prefix", ["en", "zh"])
def test_the_first_page_is_light(open_page: Open, site: Site, prefix: str) -> None:
    page = open_page(**PHONE, service_workers="allow")
    answers: list[Response] = []
    _note(page, answers)

    page.goto(site.at(prefix=prefix), wait_until="networkidle")

    found = _weights(
        page, [one for one in answers if "/offline/" not in one.url and not one.url.endswith("/worker.js")]
    )
    assert sum(found.values()) <= PAGE, dict(found)
    assert found["text/html"] > 1_000  # it was counted


def test_all_the_script_of_a_whole_visit_is_little(open_page: Open, site: Site) -> None:
    page = open_page(viewport={"width": 1280, "height": 900})
    answers: list[Response] = []
    _note(page, answers)

    for rest in ("", f"campaigns/{CAMPAIGN}/", "goods/", f"goods/p/{slug_of(SIZED)}/"):
        page.goto(site.at(rest), wait_until="networkidle")
    page.goto(site.at(f"goods/p/{slug_of(PLAIN)}/"))
    page.get_by_role("button", name="Add to basket").click()
    page.wait_for_url("**/basket/")
    page.goto(site.at("checkout/"), wait_until="networkidle")

    found = _weights(page, [one for one in answers if "javascript" in one.headers.get("content-type", "")])
    assert 15_000 < sum(found.values()) <= SCRIPT, dict(found)


@pytest.mark.parametrize("rest", ["", f"films/{FILM}/", "goods/", "goods/p/{product}/", f"campaigns/{CAMPAIGN}/"])
def test_nothing_jumps(open_page: Open, site: Site, rest: str) -> None:
    """On a phone whose line is slow, so that letters and pictures come late, and down to the foot of the page."""
    page = open_page(**PHONE, service_workers="block")
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 60, "downloadThroughput": 600_000, "uploadThroughput": 200_000}
    line.send("Network.emulateNetworkConditions", slow)
    page.goto(site.at(rest.format(product=slug_of(SIZED))), wait_until="load")
    page.evaluate("document.fonts.ready")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")

    assert page.evaluate(MOVED) < 0.02
