"""The launch before a visitor's eyes, in a real browser and in real time: a few seconds before, and after."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.models import Campaign
from tests import factories
from tests.storefront.conftest import publish

pytestmark = pytest.mark.django_db(transaction=True)

#: The last whole second, the second over which visitors are spread, and a slow machine.
PATIENCE = 20_000


def _campaign() -> Campaign:
    film = factories.make_film("film-0", title_en="The Ferryman")
    factories.make_product(film=film, title_en="Ferry mug")
    campaign = factories.make_campaign(film, slug="ten-years")
    now = timezone.now()
    return publish(campaign, starts_at=now + timedelta(seconds=6), announced_at=now - timedelta(days=1))


def test_the_home_page_turns_by_itself_without_being_loaded_again(live_server, page: Page):
    _campaign()

    page.goto(f"{live_server.url}/us/en/")
    expect(page.get_by_role("timer")).to_be_visible()
    page.evaluate("window.isTheSamePage = true")

    expect(page.locator("#hero").get_by_text("Ten years is open")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("timer")).to_have_count(0)
    assert page.evaluate("window.isTheSamePage") is True
    assert page.locator("h1").count() == 1


def test_a_campaigns_own_page_turns_with_its_goods(live_server, page: Page):
    _campaign()

    page.goto(f"{live_server.url}/us/en/campaigns/ten-years/")
    expect(page.get_by_text("Ferry mug")).to_have_count(0)

    expect(page.get_by_role("link", name="Ferry mug")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("timer")).to_have_count(0)


def test_what_a_script_makes_needless_is_not_seen(live_server, page: Page):
    factories.make_product(title_en="Ferry mug")

    page.goto(f"{live_server.url}/us/en/goods/")

    expect(page.locator(".sort button")).to_be_hidden()
