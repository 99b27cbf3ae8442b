"""The campaign's page in a real browser, under the real content security policy."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import AuditEntry, User
from campaigns.models import Campaign
from tests.factories import make_campaign, make_film, make_licence, make_merchant, make_product

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def complaints(page: Page, live_server: LiveServer, head: User) -> list[str]:
    """What the browser complains about on its console; the head of the desk is signed in."""
    client = Client()
    client.force_login(head)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # Chromium asks every site for an icon by itself.
        if message.type in {"error", "warning"} and "favicon" not in str(message.location):
            said.append(message.text)

    page.on("console", listen)
    return said


def draft_of_one() -> Campaign:
    film = make_film("the-ferryman", title_en="The Ferryman", ground="#10172B", ink="#FBEFD9")
    make_product(licence=make_licence(film, make_merchant()), title_en="Ferry model", prices={"us": 5000})
    start = timezone.now() + timedelta(days=1)
    return make_campaign(film, name_en="Ten years", starts_at=start, ends_at=start + timedelta(days=7))


def test_the_page_works_under_the_policy_and_a_double_click_is_one(
    page: Page, live_server: LiveServer, complaints: list[str]
) -> None:
    campaign = draft_of_one()

    page.goto(live_server.url + reverse("admin:campaigns_campaign_desk", args=[campaign.pk]))
    expect(page.locator("#plan .desk-diff li")).to_have_count(1)
    band = page.locator(".desk-band").evaluate("element => getComputedStyle(element).backgroundColor")
    page.get_by_role("button", name="Schedule").dblclick()
    expect(page.locator(".messagelist")).to_contain_text("frozen as a revision")

    assert band == "rgb(16, 23, 43)"
    assert complaints == []
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["campaign.scheduled"]


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_nothing_scrolls_sideways(page: Page, live_server: LiveServer, complaints: list[str], width: int) -> None:
    campaign = draft_of_one()
    page.set_viewport_size({"width": width, "height": 900})

    page.goto(live_server.url + reverse("admin:campaigns_campaign_desk", args=[campaign.pk]) + "?plan=1")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []


@pytest.mark.parametrize(
    "name", ["films_film_add", "licensing_licence_add", "campaigns_campaign_add", "films_embargo_add"]
)
def test_djangos_own_forms_work_under_the_policy(
    page: Page, live_server: LiveServer, complaints: list[str], name: str
) -> None:
    make_film("the-ferryman", title_en="The Ferryman")

    page.goto(live_server.url + reverse(f"admin:{name}"))
    chooser = page.locator(".field-film .select2-selection")
    if chooser.count():
        chooser.click()
        page.get_by_role("option", name="The Ferryman").click()
        expect(chooser).to_contain_text("The Ferryman")

    assert complaints == []
