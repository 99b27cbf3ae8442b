"""The broker is gone while things happen: nobody's request fails or waits, and once it is back everything gets done."""

import time
from datetime import timedelta

import pytest
from celery import current_app
from django.core.cache import caches
from django.utils import timezone

from campaigns import push, services, staging
from campaigns.models import Campaign, Due, Listing, SyncRun
from catalog import upkeep
from catalog.models import Product, ShelfSpan
from films.models import Tier
from films.services import set_embargo
from tests import factories
from tests.system.servers import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

MOMENT = 3.0


@pytest.fixture
def licence():
    return factories.make_licence(factories.make_film("the-ferryman"), factories.make_merchant())


def in_a_moment(verb, *arguments, **named):
    """What the verb returns, and that nobody had to wait for it."""
    before = time.monotonic()
    answer = verb(*arguments, **named)
    assert time.monotonic() - before < MOMENT
    return answer


def test_nothing_is_lost_and_nobody_waits(licence, broker, start_worker, tmp_path, settings):
    """Scheduled, launched and changed with the broker away. Then it is back, with a worker, and beat calls what it calls."""
    now = timezone.now()
    goods = [factories.make_product(licence=licence) for _ in range(3)]
    other = factories.make_product(film=factories.make_film("other"))
    campaign = factories.make_campaign(
        licence.film, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=1)
    )
    # The process has spoken to the broker before: its connection breaks, rather than never coming about.
    current_app.send_task("campaigns.reconcile_channels")
    broker.stop()

    in_a_moment(services.schedule_campaign, campaign, by=None, at=now)
    in_a_moment(set_embargo, other.film, by=None, tier=Tier.TITLE, lifts_at=now + timedelta(days=9))
    assert (ShelfSpan.objects.at(now).filter(product=other).exists(), SyncRun.objects.get().state) == (True, "pending")

    broker.start()
    start_worker(STAGING_PAGE="2", STAND_STILL_AT=str(tmp_path))
    for task in ("campaigns.resume_work", "catalog.catch_up_shelf"):
        beat(task, later=timedelta(seconds=30))
    wait_until(lambda: SyncRun.objects.get(kind="stage").state == "done", "the campaign is staged")
    wait_until(lambda: not ShelfSpan.objects.at(now).filter(product=other).exists(), "the embargo is on the shelf")
    assert set(ShelfSpan.objects.at(now).filter(product__in=goods).values_list("amount", flat=True)) == {3040}
    wait_until(lambda: Listing.objects.filter(state="sent").count() == 3, "every listing is sent")
    wait_until(lambda: not Due.objects.filter(kind="launch", done_at=None).exists(), "the launch is done")


def beat(task: str, *, later: timedelta) -> None:
    """As beat does, but the age of what it looks at is `later` than it is: run here, so that only its jobs travel."""
    {"campaigns.resume_work": push.resume_work, "catalog.catch_up_shelf": upkeep.catch_up_shelf}[task](
        at=timezone.now() + later
    )


def test_a_due_transition_that_passes_while_the_broker_is_away_is_made_up_for(licence, broker, start_worker, tmp_path):
    """The due row is done, its messages are lost: the runs and verifications it wrote are found again."""
    factories.make_product(licence=licence)
    now = timezone.now()
    campaign = factories.make_campaign(
        licence.film, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=1)
    )
    revision = services.schedule_campaign(campaign, by=None, at=now)
    staging.stage_revision(revision.pk)
    broker.stop()

    assert in_a_moment(push.run_due, at=now) == 3

    assert list(Due.objects.filter(done_at=None).values_list("kind", flat=True)) == [Due.Kind.END]
    assert list(Listing.objects.values_list("state", flat=True)) == ["staged"]
    broker.start()
    start_worker(STAGING_PAGE="2", STAND_STILL_AT=str(tmp_path))
    push.resume_work(at=timezone.now() + timedelta(seconds=30))
    wait_until(lambda: Listing.objects.get().state == "sent", "the listing is sent")
    verified = Due.objects.filter(kind="verify", result={"seen": 1, "missing": 0})
    wait_until(lambda: verified.count() == 2, "the verifications are made up for")


def test_pages_and_answers_do_without_the_cache(licence, broker, client, settings):
    product = factories.make_product(licence=licence)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": broker.url}}
    caches["default"].set("alive", 1)
    assert caches["default"].get("alive") == 1
    addresses = [
        "/health/",
        "/api/v1/products?market=us",
        f"/api/v1/products/{product.slug}?market=us",
        "/us/en/",
        "/us/en/films/",
    ]
    before = {address: client.get(address, follow=True).status_code for address in addresses}
    broker.stop()

    after = {address: in_a_moment(client.get, address, follow=True).status_code for address in addresses}

    assert after == before
    assert set(before.values()) == {200}


def test_a_campaign_is_paused_at_once_though_the_broker_is_away(licence, broker):
    """The kill switch of all things must not hang on a queue."""
    factories.make_product(licence=licence, listing=Product.Listing.CAMPAIGN)
    now = timezone.now()
    campaign = factories.make_campaign(
        licence.film, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=1)
    )
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=now).pk)
    assert ShelfSpan.objects.at(now).count() == 1
    broker.stop()

    in_a_moment(services.pause_campaign, campaign, by=None, at=now)

    assert not ShelfSpan.objects.exists()
    assert Campaign.objects.get().state == Campaign.State.PAUSED
