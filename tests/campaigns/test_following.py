"""Rights that move while a campaign is live: pages, feeds and channels follow at once, and come back as they were."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from campaigns import following, push, services, staging
from campaigns.channels import google_feed, registry
from campaigns.models import Listing, SyncRun
from campaigns.queries import plan_campaign
from catalog.models import Image, Offer, Price, ShelfSpan
from catalog.upkeep import catch_up_shelf
from licensing import articles, states, takedowns
from licensing.models import Certificate, PriceFloor
from tests import factories
from tests.factories import NOW
from tests.fakes import FakeChannel

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


@pytest.fixture
def fake(monkeypatch):
    channel = FakeChannel()
    monkeypatch.setitem(registry.ADAPTERS, "fake", channel)
    return channel


@pytest.fixture
def clock(monkeypatch):
    """The jobs' `timezone.now()`, moved by hand. Rows keep the time at which they were really written."""

    class Clock:
        at = NOW

    monkeypatch.setattr(push.timezone, "now", lambda: Clock.at)
    return Clock


@pytest.fixture
def licence():
    return factories.make_licence(factories.make_film("the-ferryman"), factories.make_merchant())


@pytest.fixture(autouse=True)
def feed_root(settings, tmp_path):
    settings.FEED_ROOT = str(tmp_path)


def live(licence, fake, *products, **terms):
    """A campaign that went live an hour ago and told its channel of everything."""
    factories.make_channel("fake", batch_size=10)
    terms = {"starts_at": NOW - HOUR, "channels": ["fake"]} | terms
    campaign = factories.make_campaign(licence.film, **terms)
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    push.run_due(at=NOW)
    push_all()
    assert {pk for pk, _market in fake.shown} == {product.pk for product in products}
    return campaign


def push_all():
    push.resume_work(at=NOW)
    for run in SyncRun.objects.filter(kind=SyncRun.Kind.PUSH, finished_at=None):
        push.push_channel(run.pk)


def everything_follows(at=NOW):
    """What the workers do of their own accord after the facts have moved."""
    catch_up_shelf(at=timezone.now())
    following.follow_shelf(at=at)
    push_all()


def world():
    """What pages, channels and campaigns say, without what only counts up."""
    listings = Listing.objects.order_by("pk").values_list(
        "pk", "product", "revision_number", "state", "is_wanted", "digest", "acknowledged_digest"
    )
    spans = ShelfSpan.objects.order_by("product", "market", "starts_at")
    return list(listings), list(spans.values_list("product", "market", "starts_at", "ends_at", "amount", "promotion"))


def feed():
    return google_feed.feed_file(factories.make_market("us"), at=NOW).path.read_text()


def frozen_by_a_takedown(licence, product, at):
    takedown = takedowns.start_takedown(licence, claimant="House", reason="Art", by=None, at=at)
    return lambda: takedowns.release_takedown(takedown, outcome="settled", by=None, at=at)


def frozen_by_a_dispute_about_the_article(licence, product, at):
    article = articles.article_of(product.merchant, product.sku)
    takedown = takedowns.start_takedown(article, claimant="House", reason="Art", by=None, at=at)
    return lambda: takedowns.release_takedown(takedown, outcome="settled", by=None, at=at)


def recalled(licence, product, at):
    article = articles.article_of(product.merchant, product.sku)
    articles.recall_article(article, reason="sharp edges", by=None, at=at)
    return lambda: articles.lift_recall(article, by=None)


def suspended(licence, product, at):
    states.suspend_licence(licence, by=None)
    return lambda: states.reinstate_licence(licence, by=None)


STOPS = [frozen_by_a_takedown, frozen_by_a_dispute_about_the_article, recalled, suspended]


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.__name__)
def test_what_is_stopped_leaves_every_channel_at_once_and_comes_back_exactly(licence, fake, clock, monkeypatch, stop):
    factories.make_channel("google")
    product = factories.make_product(licence=licence)
    other = factories.make_product(film=licence.film)
    Image.objects.create(product=product, file="goods/a.jpg", width=900, height=900)
    live(licence, fake, product, other)
    before = world()
    assert product.public_id in feed()

    release = stop(licence, product, NOW)
    everything_follows()

    assert not ShelfSpan.objects.at(NOW).filter(product=product).exists()
    assert {pk for pk, _market in fake.shown} == {other.pk}
    assert product.public_id not in feed()
    assert Listing.objects.get(product=product).state == Listing.State.WITHDRAWN
    assert Offer.objects.filter(product=product).exists()

    release()
    everything_follows()

    listings, spans = world()
    assert listings == before[0]
    assert {pk for pk, _market in fake.shown} == {product.pk, other.pk}
    assert ShelfSpan.objects.at(NOW).get(product=product).amount == 3040
    assert product.public_id in feed()
    if stop in (recalled, suspended):  # a dispute leaves the gap that it was
        assert spans == before[1]


def test_following_twice_changes_nothing_and_looks_only_when_a_market_has_turned(
    licence, fake, clock, django_assert_num_queries
):
    product = factories.make_product(licence=licence)
    live(licence, fake, product)
    assert following.follow_shelf(at=NOW) == 0

    with django_assert_num_queries(3):  # the live campaigns, the markets, and the market's epoch
        assert following.follow_shelf(at=NOW) == 0

    states.suspend_licence(licence, by=None)
    catch_up_shelf(at=timezone.now())
    assert following.follow_shelf(at=NOW) == 1
    assert following.follow_shelf(at=NOW) == 0


def test_a_certificate_that_is_revoked_later_takes_the_listing_down_by_the_clock(licence, fake, clock):
    product = factories.make_product(licence=licence, on_shelf=False)
    article = articles.article_of(product.merchant, product.sku)
    licence.needs_approval = True
    licence.save()
    Certificate.objects.create(
        article=article, licence=licence, version=1, issued_at=NOW - 9 * HOUR, revoked_at=NOW + HOUR
    )
    catch_up_shelf(at=timezone.now())
    live(licence, fake, product)

    assert following.follow_shelf(at=NOW + HOUR - TICK) == 0
    clock.at = NOW + HOUR
    assert following.follow_shelf(at=clock.at) == 1
    push.resume_work(at=clock.at)
    push_all()

    assert fake.shown == {}


def test_what_waits_for_its_time_in_the_window_is_left_alone(licence, fake, clock):
    product = factories.make_product(licence=licence)
    later = factories.make_product(licence=licence, on_shelf=False)
    Price.objects.filter(variant__product=later).update(starts_at=NOW + HOUR)
    staging.recompile_products([later.pk])
    live(licence, fake, product)
    waiting = Listing.objects.get(product=later)

    assert following.follow_shelf(at=NOW) == 0

    assert list(Listing.objects.filter(product=later).values()) == list(
        Listing.objects.filter(pk=waiting.pk, is_wanted=True, state="staged", next_try_at=NOW + HOUR).values()
    )


def test_nothing_is_sent_that_the_shelf_does_not_show(licence, fake, clock):
    """The facts moved between the staging and the push, and nobody has followed the shelf yet."""
    factories.make_product(licence=licence)
    factories.make_channel("fake")
    campaign = factories.make_campaign(licence.film, starts_at=NOW - HOUR, channels=["fake"])
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    push.run_due(at=NOW)
    states.suspend_licence(licence, by=None)
    catch_up_shelf(at=timezone.now())

    push_all()

    assert (fake.batches, fake.shown) == ([], {})
    listing = Listing.objects.get()
    assert (listing.state, listing.problem) == (Listing.State.RETRY, "It is not on the shelf.")


def test_a_paused_campaign_brings_nothing_back(licence, fake, clock):
    product = factories.make_product(licence=licence)
    campaign = live(licence, fake, product)
    services.pause_campaign(campaign, by=None, at=NOW)
    push_all()

    assert following.follow_shelf(at=NOW) == 0
    push_all()

    assert fake.shown == {}


def test_what_the_campaign_has_let_go_of_does_not_come_back(licence, fake, clock):
    product, dropped = factories.make_product(licence=licence), factories.make_product(licence=licence)
    campaign = live(licence, fake, product, dropped)
    services.edit_campaign(campaign, by=None, rule={"films": [licence.film.slug], "except": [dropped.public_id]})
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    push_all()

    assert following.follow_shelf(at=NOW) == 0
    push_all()

    assert {pk for pk, _market in fake.shown} == {product.pk}


# -- what a plan refuses -----------------------------------------------------------------------------
def refusals(campaign):
    return [refused.reasons for refused in plan_campaign(campaign, at=NOW).refusals]


@pytest.mark.parametrize(
    ("ends_on", "reasons"),
    [
        (date(2026, 11, 22), [("IN_SELL_OFF",)]),
        (date(2026, 11, 29), [("IN_SELL_OFF",)]),
        (date(2026, 11, 30), []),
        (date(2026, 11, 1), [("SELL_OFF_ENDED",)]),
    ],
)
def test_no_campaign_begins_on_goods_that_are_sold_off_in_its_window(licence, ends_on, reasons):
    factories.make_product(licence=licence)
    licence.ends_on, licence.sell_off_days, licence.time_zone = ends_on, 15, "UTC"
    licence.save()

    campaign = factories.make_campaign(licence.film)  # from the 23rd to the 30th at noon

    assert refusals(campaign) == reasons


@pytest.mark.parametrize(("floor", "reasons"), [(3040, []), (3041, [("PRICE_BELOW_FLOOR",)])])
def test_an_offer_below_the_licences_floor_is_refused_by_name(licence, floor, reasons):
    factories.make_product(licence=licence)  # 38.00, 30.40 in the campaign
    PriceFloor.objects.create(licence=licence, currency="USD", amount=floor)
    PriceFloor.objects.create(licence=licence, currency="EUR", amount=9999)

    assert refusals(factories.make_campaign(licence.film)) == reasons


def test_a_floor_that_comes_later_is_seen_when_the_campaign_is_staged_again(licence):
    factories.make_product(licence=licence)
    campaign = factories.make_campaign(licence.film)
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    PriceFloor.objects.create(licence=licence, currency="USD", amount=3041)

    run = staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)

    assert run.report["PRICE_BELOW_FLOOR"] == 1
    assert not Offer.objects.exists()
