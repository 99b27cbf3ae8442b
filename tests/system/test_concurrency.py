"""Workers at once, each with its own connection to PostgreSQL. Every lock has its pair: with it the rows are right,
without it the race shows. So the second proves that the first can fail.

The threads are brought to the dangerous place together: each waits there for the others, for a moment. With the lock
they cannot meet, the wait runs out, and they go one after the other.
"""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils import timezone

from campaigns import push, services, staging
from campaigns.channels import registry
from campaigns.models import Due, Listing, StagedPage, SyncRun
from catalog.facts import FactsReader
from catalog.models import Offer, Price, Product, ShelfSpan, Variant
from catalog.shelf_store import recompile_products
from tests import factories
from tests.fakes import FakeChannel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

#: How long a thread waits for the others at the dangerous place. Locks make it run out.
MEETING = 0.4


class Meeting:
    """A place where `count` threads meet, once; who is alone there goes on after a moment."""

    def __init__(self, count: int) -> None:
        self._barrier = threading.Barrier(count)
        self.happened = False

    def wait(self) -> None:
        try:
            self._barrier.wait(MEETING)
            self.happened = True
        except threading.BrokenBarrierError:
            pass


def at_once(*verbs: Callable[[], object]) -> list[Exception]:
    """Run the verbs in threads of their own; returns what the database would not have."""
    errors: list[Exception] = []

    def run(verb: Callable[[], object]) -> None:
        try:
            verb()
        except DatabaseError as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[verb]) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return errors


def meeting_in(monkeypatch, owner: object, name: str, count: int) -> Meeting:
    """Make the threads meet after they have called `owner.name`."""
    meeting = Meeting(count)
    function = getattr(owner, name)

    def met(*arguments, **named):
        answer = function(*arguments, **named)
        meeting.wait()
        return answer

    monkeypatch.setattr(owner, name, met)
    return meeting


@pytest.fixture(params=[True, False], ids=["with_lock", "without_lock"])
def is_locked(request, monkeypatch):
    """The same test twice: as it is, and with every `select_for_update` taken out."""
    if not request.param:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda queryset, *_arguments, **_named: queryset.all())
    return request.param


@pytest.fixture
def licence():
    return factories.make_licence(factories.make_film("the-ferryman"), factories.make_merchant())


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def fake(monkeypatch):
    channel = FakeChannel()
    monkeypatch.setitem(registry.ADAPTERS, "fake", channel)
    factories.make_channel("fake", batch_size=3)
    return channel


def make_goods(licence, count):
    return [factories.make_product(licence=licence, prices={"us": 3800, "eu": 3500}) for _ in range(count)]


def make_live_campaign(licence, now, **overrides):
    window = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(days=1)}
    return factories.make_campaign(licence.film, **{"markets": ["us", "eu"]} | window | overrides)


def shelf_says_what_the_facts_say() -> bool:
    """Compiling everything again finds nothing to write; that a compilation tells the facts is tested elsewhere."""
    return recompile_products(Product.objects.values_list("pk", flat=True), is_news=False).spans == 0


def test_two_workers_stage_one_revision(licence, now, is_locked, monkeypatch):
    monkeypatch.setattr(staging, "PAGE", 2)
    make_goods(licence, 6)
    campaign = make_live_campaign(licence, now)
    revision = services.schedule_campaign(campaign, by=None, at=now)
    meeting = meeting_in(monkeypatch, staging, "page_digest", 2)

    errors = at_once(lambda: staging.stage_revision(revision.pk), lambda: staging.stage_revision(revision.pk))

    assert meeting.happened is not is_locked
    if not is_locked:
        assert errors
        return
    run = SyncRun.objects.get()
    assert errors == []
    assert (run.state, run.planned, run.staged, run.unchanged, run.problem) == ("done", 6, 12, 0, "")
    assert (Offer.objects.count(), Listing.objects.count(), StagedPage.objects.count()) == (12, 12, 3)
    assert set(ShelfSpan.objects.at(now).values_list("amount", flat=True)) == {3040, 2800}
    assert shelf_says_what_the_facts_say()


def test_four_callers_do_what_is_due(licence, now, fake, is_locked, monkeypatch):
    make_goods(licence, 1)
    campaign = make_live_campaign(licence, now, channels=["fake"])
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=now).pk)
    meeting = meeting_in(monkeypatch, push, "_begin_push", 4)
    counted: list[int] = []

    errors = at_once(*[lambda: counted.append(push.run_due(at=now)) for _ in range(4)])

    assert errors == []
    assert meeting.happened is not is_locked
    pushes = SyncRun.objects.filter(kind=SyncRun.Kind.PUSH).count()
    assert (sum(counted), pushes) == (3, 1) if is_locked else pushes == 4
    assert not Due.objects.filter(due_at__lte=now, done_at=None).exists()


def test_three_workers_push_one_channel(licence, now, fake, is_locked, monkeypatch):
    make_goods(licence, 5)
    campaign = make_live_campaign(licence, now, channels=["fake"])
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=now).pk)
    push.run_due(at=now)
    run = SyncRun.objects.get(kind=SyncRun.Kind.PUSH)
    meeting = meeting_in(monkeypatch, push, "open_work", 3)

    errors = at_once(*[lambda: push.push_channel(run.pk) for _ in range(3)])

    assert errors == []
    assert meeting.happened is not is_locked
    assert set(fake.keys) == {f"{listing.public_id}.{listing.digest}" for listing in Listing.objects.all()}
    assert (max(fake.keys.values()) == 1) is is_locked
    assert len(fake.keys) == 10
    assert set(Listing.objects.values_list("state", flat=True)) == {"sent"}
    if is_locked:
        run.refresh_from_db()
        assert (run.state, run.pushed) == ("done", 10)


def test_a_price_is_edited_while_a_campaign_is_published(licence, now, is_locked, monkeypatch):
    goods = make_goods(licence, 3)
    campaign = make_live_campaign(licence, now)
    revision = services.schedule_campaign(campaign, by=None, at=now)
    monkeypatch.setattr(staging, "_finish", lambda *_arguments: None)
    staging.stage_revision(revision.pk)
    monkeypatch.undo()
    if not is_locked:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda queryset, *_arguments, **_named: queryset.all())
    meeting = meeting_in(monkeypatch, FactsReader, "read", 2)

    errors = at_once(lambda: staging.stage_revision(revision.pk), lambda: reprice(goods[1], 5000))
    monkeypatch.undo()

    assert meeting.happened is not is_locked
    assert (not errors and shelf_says_what_the_facts_say()) is is_locked
    if is_locked:
        amounts = (
            ShelfSpan.objects.at(now).filter(market__code="us").order_by("product_id").values_list("amount", flat=True)
        )
        assert list(amounts) == [3040, 4000, 3040]


def reprice(product, amount):
    with staging.transaction.atomic():
        Price.objects.filter(variant__product=product, market__code="us").update(amount=amount)
        recompile_products([product.pk])


def test_a_channel_answers_while_the_listing_is_staged_anew(licence, now, fake, is_locked, monkeypatch):
    """The listing goes from A to B and back to A while B is being acknowledged: the channel has to show A at last."""
    [product] = make_goods(licence, 1)
    campaign = make_live_campaign(licence, now, channels=["fake"], markets=["us"])
    run = launch_and_push(campaign, now)
    staged_anew(campaign, product, 5000, now)
    reprice(product, 3800)
    back_to_the_first = services.schedule_campaign(campaign, by=None, at=now)
    SyncRun.objects.filter(pk=run.pk).update(state="running", finished_at=None)
    sent, read, written = threading.Event(), threading.Event(), threading.Event()
    listing_ids, write_results = staging.listing_ids, push._write_results

    def read_then_wait(*arguments):
        read.set()
        written.wait(MEETING)
        return listing_ids(*arguments)

    def write_after_it_was_read(*arguments):
        sent.set()
        read.wait(10)
        write_results(*arguments)
        written.set()

    monkeypatch.setattr(staging, "listing_ids", read_then_wait)
    monkeypatch.setattr(push, "_write_results", write_after_it_was_read)
    errors = at_once(
        lambda: sent.wait(10) and staging.stage_revision(back_to_the_first.pk), lambda: push.push_channel(run.pk)
    )

    listing = Listing.objects.get()
    assert errors == []
    assert (list(fake.shown.values()) == [f"{listing.public_id}.{listing.digest}"]) is is_locked


def launch_and_push(campaign, now):
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=now).pk)
    push.run_due(at=now)
    return push.push_channel(SyncRun.objects.get(kind=SyncRun.Kind.PUSH).pk)


def staged_anew(campaign, product, amount, now):
    reprice(product, amount)
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=now).pk)


def test_price_edits_and_publications_of_many_do_not_lock_each_other_out(licence, now):
    """Real contention, nothing staged: four editors and two publications on the same goods, in opposite orders."""
    goods = make_goods(licence, 8)
    campaigns = [make_live_campaign(licence, now, priority=number) for number in range(2)]
    revisions = [services.schedule_campaign(campaign, by=None, at=now) for campaign in campaigns]

    def edit(ordered):
        for product in ordered:
            reprice(product, 4000 + product.pk % 100)

    errors = at_once(
        *[lambda revision=revision: staging.stage_revision(revision.pk) for revision in revisions],
        lambda: edit(goods), lambda: edit(goods[::-1]), lambda: edit(goods[::2]), lambda: edit(goods[1::2]),
    )  # fmt: skip

    assert errors == []
    assert list(SyncRun.objects.values_list("state", flat=True)) == ["done", "done"]
    assert shelf_says_what_the_facts_say()
    assert Variant.objects.filter(prices__amount=3800).count() == 0
