"""The clock stands still, and a shop of one or several rows of everything stands on it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.test import Client

from campaigns.models import Campaign, Placement
from campaigns.services import schedule_campaign
from campaigns.staging import stage_revision
from catalog.models import Image, Product
from catalog.queries import markets
from catalog.search import index_products
from films.models import Artwork, Credit, Film, Release
from tests import factories
from tests.factories import NOW

DAY = timedelta(days=1)


@dataclass
class Clock:
    at: datetime


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """`timezone.now()` says what this says; it begins at NOW and moves by hand."""
    clock = Clock(NOW)
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.at)
    return clock


@pytest.fixture(autouse=True)
def _nothing_kept(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page and no menu of another test: a release of its own empties the cache without touching anybody's keys."""
    settings.RELEASE = uuid4().hex
    # Nor any count of who asked how often: digests of them are made with the key.
    settings.SECRET_KEY = uuid4().hex * 2
    monkeypatch.setattr(markets, "_kept", {})


@pytest.fixture
def nobody_has_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """django-allauth counts letters and codes by account and by place, whatever the site's key is."""
    monkeypatch.setattr(caches["default"], "key_prefix", uuid4().hex)


Get = Callable[..., Any]


@pytest.fixture
def get(client: Client, clock: Clock) -> Get:
    """GET an address with the clock standing still."""
    return client.get


@dataclass
class Shop:
    film: Film
    product: Product
    campaign: Campaign


def make_shop(rows: int = 1, *, is_live: bool = False) -> Shop:
    """`rows` of everything that pages list: films, goods of every kind, pictures, people, releases, campaigns."""
    factories.make_market("us", position=1)
    factories.make_market("cn", position=2)
    prices = {"us": 3800, "cn": 26800}
    for i in range(rows):
        film = factories.make_film(f"film-{i}", position=i, palette=["#10172B"], lede_en="A story.", year=2016)
        _dress(film, rows)
        licence = factories.make_licence(film, factories.make_merchant(city="Hong Kong"))
        product = factories.make_product(
            licence=licence,
            slug=f"mug-{i}",
            title_en=f"Ferry mug {i}",
            title_zh=f"渡轮杯 {i}",
            prices=prices,
            variants=rows,
        )
        category = factories.make_category(f"category-{i}")
        for j in range(rows):
            other = factories.make_product(licence=licence, title_en=f"Ferry {i} {j}", prices=prices, category=category)
            soon = factories.make_product(licence=licence, prices=prices, on_sale_at=NOW + 3 * DAY)
            for of in (product, other, soon):
                Image.objects.create(product=of, file=f"goods/{of.pk}-{j}.png", width=1000, height=1000, position=j)
        campaign = factories.make_campaign(film, slug=f"campaign-{i}", markets=("us", "cn"), name_en=f"Ten years {i}")
        publish(campaign, starts_at=NOW - DAY if is_live else NOW + DAY)
    index_products(Product.objects.values_list("pk", flat=True))
    first = Film.objects.get(slug="film-0")
    return Shop(first, Product.objects.get(slug="mug-0"), Campaign.objects.get(slug="campaign-0"))


def _dress(film: Film, rows: int) -> None:
    for kind in Artwork.Kind.values:
        Artwork.objects.create(film=film, kind=kind, file=f"art/{film.slug}-{kind}.svg", width=800, height=1200)
    for i, country in enumerate(("CN", "US", "FR")[:rows]):
        Release.objects.create(film=film, country=country, opens_on=date(2016, 12, 23), zone="Asia/Shanghai")
        Credit.objects.create(film=film, role=Credit.Role.CAST, name_en=f"Person {i}", position=i)


def publish(campaign: Campaign, *, starts_at: datetime, announced_at: datetime = NOW - 2 * DAY) -> Campaign:
    """Announce, schedule and stage the campaign, as the desk and the worker would."""
    campaign.starts_at, campaign.ends_at = starts_at, starts_at + 7 * DAY
    campaign.save()
    Placement.objects.create(
        campaign=campaign, slot="home_hero", headline_en="Ten years", headline_zh="十年", announced_at=announced_at
    )
    stage_revision(schedule_campaign(campaign, by=None, at=NOW).pk)
    campaign.refresh_from_db()
    return campaign
