"""A launch before a fan's eyes: the page turns by itself at the minute, and badge and price are everywhere at once."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.drafts import create_campaign, set_placement
from campaigns.models import Channel
from campaigns.services import schedule_campaign
from campaigns.staging import stage_revision
from catalog.models import Market, Product
from films.models import Film
from tests.journeys.conftest import Site

pytestmark = pytest.mark.django_db

#: The last whole second, the second over which visitors are spread, and a slow machine.
PATIENCE = 30_000
SKU = "LL-MFL-TEE-01"


def _publish(slug: str, *, starts_in: timedelta) -> None:
    now = timezone.now()
    campaign = create_campaign(
        by=None, slug=slug, name_en="Twenty-five years in the mood", name_zh="《花样年华》二十五年",
        film=Film.objects.get(slug="in-the-mood-for-love"), markets=[Market.objects.get(code="hk")],
        channels=[Channel.objects.get(code="storefront")], starts_at=now + starts_in, ends_at=now + timedelta(days=2),
        time_zone="Asia/Hong_Kong", rule={"films": ["in-the-mood-for-love"]}, discount={"kind": "percent", "percent": "20"},
    )  # fmt: skip
    set_placement(
        campaign, "home_hero", by=None, announced_at=now - timedelta(hours=1), headline_en="In the mood",
        headline_zh="花样年华", lede_en="A fifth off.", lede_zh="八折。",
    )  # fmt: skip
    stage_revision(schedule_campaign(campaign, by=None, at=now).pk)


def test_a_launch_is_seen_as_it_happens(phone: Page, site: Site) -> None:
    product = Product.objects.get(sku=SKU)
    _publish("in-the-mood", starts_in=timedelta(seconds=9))
    phone.goto(site.at(f"goods/p/{product.slug}/", market="hk"))
    before = phone.locator(".price-large").inner_text()
    phone.goto(site.at("campaigns/in-the-mood/", market="hk"))
    expect(phone.get_by_role("timer")).to_be_visible()
    expect(phone.locator("main").get_by_role("link", name=product.title_en)).to_have_count(0)
    calendar = phone.context.request.get(
        phone.url.rstrip("/")
        + "/"
        + (phone.get_by_role("link", name="Put it into your calendar").get_attribute("href") or "").rsplit("/", 1)[1]
    )
    assert calendar.text().startswith("BEGIN:VCALENDAR")
    phone.evaluate("window.isTheSamePage = true")

    expect(phone.get_by_text("In the mood is open").first).to_be_visible(timeout=PATIENCE)

    assert phone.evaluate("window.isTheSamePage") is True
    expect(phone.get_by_role("timer")).to_have_count(0)
    expect(phone.locator("body > [role=status]")).to_have_text("In the mood is open")
    card = phone.locator(".card").filter(has_text=product.title_en)
    expect(card).to_contain_text("20%")
    price = card.locator(".now, .price-now, .price").first.inner_text()
    # And everywhere else at once.
    for rest in ("goods/?film=in-the-mood-for-love", "films/in-the-mood-for-love/"):
        phone.goto(site.at(rest, market="hk"))
        expect(phone.locator(".card").filter(has_text=product.title_en).first).to_contain_text("20%")
    phone.goto(site.at(f"goods/p/{product.slug}/", market="hk"))
    expect(phone.locator(".gallery")).to_contain_text("20% off until")
    assert before not in phone.locator(".price-large").inner_text().split("\n")[0]
    assert price.split()[0] in phone.locator(".price-large").inner_text()
