"""Choosing a variant on a slow phone: whenever an answer comes, no press is lost and the focus stays where it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, expect

from catalog.models import Stock, Variant
from catalog.shelf_store import recompile_products
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

#: Every timer of the page is late by two seconds, as on a machine that has too much to do.
LATE = "const onTime = setTimeout; window.setTimeout = (call, wait = 0, ...rest) => onTime(call, wait + 2000, ...rest);"
#: The large one is chosen in the moment in which the first answer stands, before the page's scripts can do any more.
AT_ONCE = """new MutationObserver((_, observer) => {
    observer.disconnect();
    const large = document.querySelector('[name="o.size"][value="L"]');
    large.focus();
    large.click();
}).observe(document.querySelector("#choice"), { childList: true })"""
COUNT_ANSWERS = """() => {
    const { dataset } = document.documentElement;
    document.addEventListener("htmx:afterRequest", ({ detail }) => {
        if (detail.target.id === "choice") dataset.answers = Number(dataset.answers ?? 0) + 1;
    });
}"""


@pytest.fixture
def address(live_server) -> str:
    """A product in S, M and L, of which only S can be had."""
    mug = factories.make_product(slug="mug", variants=3, prices={"us": 3800})
    sizes = dict(zip("SML", mug.variants.order_by("position"), strict=True))
    for size, variant in sizes.items():
        Variant.objects.filter(pk=variant.pk).update(options={"size": size})
    Stock.objects.exclude(variant=sizes["S"]).update(on_hand=0)
    recompile_products([mug.pk])
    return f"{live_server.url}/us/en/goods/p/mug/"


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.get_by_role("button", name="Show", exact=True)).to_be_hidden()
    page.evaluate("window.isTheSamePage = true")
    page.evaluate(COUNT_ANSWERS)
    return page


def size(page: Page, name: str):
    return page.get_by_role("radio", name=re.compile(f"^{name}"))


@contextmanager
def held(page: Page, asked: str) -> Iterator[list[Route]]:
    """What the page asks for at `asked` stays unanswered until the test says so."""
    routes: list[Route] = []

    def hold(route: Route) -> None:
        routes.append(route)

    page.route(asked, hold)
    with page.expect_request(asked):
        yield routes
    while not routes:  # the request is told of before it is held
        page.wait_for_timeout(10)


def expect_chosen(page: Page, address: str, name: str) -> None:
    expect(page).to_have_url(f"{address}?o.size={name}")
    expect(page.locator("#said")).to_contain_text(f"{name} $")
    expect(size(page, name)).to_be_checked()
    expect(size(page, name)).to_be_focused()
    assert page.evaluate("window.isTheSamePage") is True


def test_a_key_pressed_while_an_answer_settles_asks_like_any_other(page, address):
    page.add_init_script(LATE)
    opened(page, address)

    size(page, "S").focus()
    page.keyboard.press("Space")
    expect(page.locator("#said")).to_contain_text("S $")
    page.keyboard.press("ArrowRight")

    expect_chosen(page, address, "M")


def test_what_is_chosen_the_moment_an_answer_stands_is_asked_for(page, address):
    opened(page, address).evaluate(AT_ONCE)

    # A key, not check(): that looks whether S stayed chosen, and chooses it once more when the answer was quicker.
    size(page, "S").focus()
    page.keyboard.press("Space")

    expect_chosen(page, address, "L")


def test_a_choice_made_before_its_answer_came_takes_its_place(page, address):
    opened(page, address)
    with held(page, "**/*o.size=S") as first:
        size(page, "S").focus()
        page.keyboard.press("Space")
    with held(page, "**/*o.size=M") as second:
        page.keyboard.press("ArrowRight")

    second[0].continue_()
    expect_chosen(page, address, "M")
    page.keyboard.press("ArrowRight")
    expect_chosen(page, address, "L")
    assert first[0].request.failure == "net::ERR_ABORTED"
    first[0].abort()


@pytest.mark.parametrize("by", ["key", "finger"])
def test_an_answer_that_comes_between_pressing_and_letting_go_takes_nothing_away(page, address, by):
    opened(page, address)
    with held(page, "**/*o.size=S") as routes:
        size(page, "S").focus()
        page.keyboard.press("Space")
    box = page.locator("label.opt", has=size(page, "M")).bounding_box()

    if by == "key":
        size(page, "M").focus()
        page.keyboard.down("Space")
    else:
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
    routes[0].continue_()
    expect(page.locator("[data-answers='1']")).to_be_attached()
    page.keyboard.up("Space") if by == "key" else page.mouse.up()

    expect_chosen(page, address, "M")


def test_an_answer_that_waited_is_shown_when_nothing_was_chosen_after_all(page, address):
    opened(page, address)
    with held(page, "**/*o.size=S") as routes:
        size(page, "S").check()
    page.mouse.down()
    routes[0].continue_()
    expect(page.locator("[data-answers='1']")).to_be_attached()
    assert page.url == address

    page.unroute_all()
    page.mouse.move(0, 0)
    page.mouse.up()

    expect_chosen(page, address, "S")


def test_what_was_chosen_before_the_scripts_came_is_asked_for(page, address):
    with held(page, "**/htmx-2.min.js*") as scripts:
        page.goto(address, wait_until="commit")
    page.evaluate("window.isTheSamePage = true")
    size(page, "S").focus()
    page.keyboard.press("Space")
    assert page.get_by_role("button", name="Show", exact=True).is_visible()

    scripts[0].continue_()

    expect_chosen(page, address, "S")
    expect(page.get_by_role("button", name="Show", exact=True)).to_be_hidden()


def test_an_address_typed_while_an_answer_is_on_its_way_is_kept_with_the_focus(page, address):
    opened(page, f"{address}?o.size=M")
    with held(page, "**/*o.size=L") as routes:
        size(page, "L").check()
    page.locator("#email").click()
    page.keyboard.type("lena@example")
    routes[0].continue_()
    expect(page.locator("[data-answers='1']")).to_be_attached()
    page.keyboard.type(".com")

    expect(page).to_have_url(f"{address}?o.size=L")
    expect(page.locator("#email")).to_have_value("lena@example.com")
    expect(page.locator("#email")).to_be_focused()
