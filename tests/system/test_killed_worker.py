"""A worker that is killed at any page of staging, or while it publishes, leaves the same rows once it is started again.

A real Celery worker, a real broker, SIGKILL. The comparison is a staging of a copy of the same database that nobody
disturbed. Nobody schedules again: what beat calls every fifteen seconds (`resume_work`) brings the work back.
"""

import os
import signal
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from campaigns import push, services, staging
from campaigns.models import Campaign, Listing, StagedPage, SyncRun
from catalog.models import Offer, Product, ShelfSpan
from tests import factories
from tests.factories import NOW
from tests.system.rows import all_rows
from tests.system.servers import Worker, database_url, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

GOODS, PAGE = 12, 2


@pytest.fixture
def scheduled(broker):
    """Scheduled, with nothing staged: six pages in two markets, some of it refused, some of it only for the campaign."""
    film, merchant = factories.make_film("the-ferryman"), factories.make_merchant()
    licence = factories.make_licence(film, merchant)
    abroad = factories.make_licence(film, merchant, countries=["CN"])
    for number in range(GOODS):
        listing = Product.Listing.CAMPAIGN if number % 3 else Product.Listing.OPEN
        factories.make_product(
            licence=abroad if number % 5 == 4 else licence,
            prices={"us": 3800, "eu": 3500 + number},
            variants=2,
            listing=listing,
        )
    campaign = factories.make_campaign(film, markets=["us", "eu"], channels=["storefront", "google"])
    return services.schedule_campaign(campaign, by=None, at=NOW)


def copy_of_the_database(name: str) -> str:
    """A copy of the test database under another name; its address."""
    source = connection.settings_dict["NAME"]
    connection.close()
    with psycopg.connect(database_url("postgres"), autocommit=True) as server:
        # A copy needs the source to itself, and a thread of an earlier test may have left a connection open.
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [source],
        )
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    return database_url(name)


@pytest.fixture
def undisturbed(scheduled, monkeypatch):
    """The rows that a staging without any mishap leaves, from a copy of the database."""
    ours = connection.settings_dict["NAME"]
    url = copy_of_the_database(f"{ours}_undisturbed")
    with monkeypatch.context() as patched:
        patched.setattr(staging, "PAGE", PAGE)
        patched.setitem(connection.settings_dict, "NAME", f"{ours}_undisturbed")
        staging.stage_revision(scheduled.pk)
        connection.close()
    rows = all_rows(url)
    with psycopg.connect(database_url("postgres"), autocommit=True) as server:
        server.execute(f'DROP DATABASE "{ours}_undisturbed"')
    return rows


def kill_who_stands_at(place: Path, worker: Worker) -> None:
    wait_until(lambda: place.read_text() or not worker.is_running, f"the worker stands still at {place.name}")
    assert worker.is_running, worker.log
    os.kill(int(place.read_text()), signal.SIGKILL)


def test_a_worker_killed_at_pages_and_while_publishing_ends_in_the_same_rows(undisturbed, start_worker, tmp_path):
    places = {name: tmp_path / name for name in ("page-1", "page-2", "page-4", "page-5", "publication")}
    for place in places.values():
        place.touch()
    run = SyncRun.objects.get()
    only_of_the_campaign = ShelfSpan.objects.filter(
        product__in=Product.objects.filter(listing=Product.Listing.CAMPAIGN)
    )
    options = {"STAGING_PAGE": str(PAGE), "STAND_STILL_AT": str(tmp_path)}

    # A working process dies: its parent hands the task to the next one.
    worker = start_worker(**options)
    for name, finished in (("page-1", 0), ("page-2", 1)):
        kill_who_stands_at(places[name], worker)
        assert StagedPage.objects.count() == finished
    # All of the worker dies, with the task in its hands.
    wait_until(places["page-4"].read_text, "the worker stands still at page 4")
    worker.kill()
    assert StagedPage.objects.count() == 3
    assert SyncRun.objects.get(pk=run.pk).state == SyncRun.State.RUNNING
    # Another worker comes up; what beat calls sees that nobody has worked on the run for a minute.
    worker = start_worker(**options)
    assert push.resume_work(at=timezone.now() + timedelta(minutes=2)) == 1
    for name in ("page-5", "publication"):
        kill_who_stands_at(places[name], worker)
        assert not only_of_the_campaign.exists()
        assert not Campaign.objects.filter(published__isnull=False).exists()
    wait_until(lambda: SyncRun.objects.get(pk=run.pk).state == SyncRun.State.DONE, "the staging is done")
    worker.stop()

    assert all_rows(database_url(connection.settings_dict["NAME"])) == undisturbed
    assert undisturbed["runs"][0][:4] == ("stage", "done", max(Product.objects.values_list("pk", flat=True)), GOODS)
    assert only_of_the_campaign.exists()
    assert (Listing.objects.count(), Offer.objects.count()) == (2 * 2 * 10, 2 * 10)
