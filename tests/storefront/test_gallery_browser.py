"""In a real browser: a product's pictures open large and close again, without a network there is a page of ours, and the
type is the shop's own."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as Pillow
from playwright.sync_api import expect

from catalog.models import Image, Product
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/us/en/goods/p/mug/"


@pytest.fixture
def mug(settings, tmp_path) -> Product:
    """With three pictures."""
    settings.MEDIA_ROOT = tmp_path
    factories.make_market()
    licence = factories.make_licence(factories.make_film("the-ferryman"), factories.make_merchant())
    product = factories.make_product(licence=licence, slug="mug", title_en="Ferry mug")
    for place in range(3):
        out = io.BytesIO()
        Pillow.new("RGB", (900, 900), (80 * place, 40, 40)).save(out, "PNG")
        name = default_storage.save(f"goods/{place}.png", ContentFile(out.getvalue()))
        Image.objects.create(
            product=product, file=name, width=900, height=900, position=place, alt_en=f"The mug from side {place + 1}"
        )
    return product


def test_pictures_open_large_by_keyboard_and_give_the_focus_back(page, live_server, mug):
    page.goto(live_server.url + PAGE)
    dialog, links = page.locator("dialog.zoomed"), page.locator(".gallery .zoom")
    expect(page.locator("dialog.zoomed[data-ready]")).to_be_attached()

    links.first.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[data-place]")).to_have_text("1 / 3")
    page.keyboard.press("ArrowLeft")
    expect(dialog.locator("[data-place]")).to_have_text("3 / 3")
    expect(dialog.locator("img")).to_have_attribute("alt", "The mug from side 3")
    small = dialog.locator("img").bounding_box()["width"]
    page.keyboard.press("+")
    assert dialog.locator("img").bounding_box()["width"] > small
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(links.nth(2)).to_be_focused()


def test_a_click_brings_a_picture_nearer_and_buttons_lead_on(page, live_server, mug):
    page.goto(live_server.url + PAGE)
    expect(page.locator("dialog.zoomed[data-ready]")).to_be_attached()
    dialog = page.locator("dialog.zoomed")

    page.locator(".gallery .zoom").nth(1).click()
    picture = dialog.locator("img")
    small = picture.bounding_box()["width"]
    picture.click()
    assert picture.bounding_box()["width"] > small
    dialog.get_by_role("button", name="Next picture").click()
    expect(dialog.locator("[data-place]")).to_have_text("3 / 3")
    # The next one is seen whole again.
    assert picture.bounding_box()["width"] == small
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_without_a_network_there_is_a_page_of_ours_in_the_readers_language(page, live_server, mug):
    page.goto(f"{live_server.url}/us/zh/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    page.context.set_offline(True)
    page.goto(f"{live_server.url}/us/zh/films/")

    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator(".problem h1")).to_be_visible()
    # Its styles are there too.
    assert page.locator(".problem").evaluate("element => getComputedStyle(element).display") == "grid"
    page.context.set_offline(False)
    page.locator(".problem .btn").click()
    expect(page.locator("header .site-nav")).to_be_visible()


def test_the_type_is_the_shops_own(page, live_server, mug):
    """A browser joins only faces that agree in weight and width: one that does not would be taken alone, for every letter."""
    page.goto(live_server.url + PAGE)

    page.evaluate("document.fonts.ready.then(() => true)")
    loaded = page.evaluate(
        "[...document.fonts].filter((f) => f.status === 'loaded').map((f) => `${f.family} ${f.weight} ${f.stretch}`)"
    )
    assert "Archivo 300 700 100%" in [name.replace('"', "") for name in loaded]
