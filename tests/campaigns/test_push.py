"""Telling a channel: one result per listing, back-off, limits, dead letters, and nothing sent twice or lost."""

from datetime import timedelta

import pytest

from campaigns import push, services, staging
from campaigns.channels import registry
from campaigns.channels.base import Outcome, Unavailable
from campaigns.models import Campaign, Channel, Due, Listing, SyncRun
from campaigns.queries import progress
from catalog.models import Price, Product
from catalog.shelf_store import recompile_products
from films.models import Embargo, Tier
from tests import factories
from tests.factories import NOW
from tests.fakes import FakeChannel

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """The worker is gone: nothing after this runs."""


@pytest.fixture
def clock(monkeypatch):
    """`timezone.now()`, moved by hand."""

    class Clock:
        at = NOW

    monkeypatch.setattr("django.utils.timezone.now", lambda: Clock.at)
    return Clock


@pytest.fixture
def fake(monkeypatch):
    channel = FakeChannel()
    monkeypatch.setitem(registry.ADAPTERS, "fake", channel)
    return channel


@pytest.fixture
def licence():
    return factories.make_licence(factories.make_film("the-ferryman"), factories.make_merchant())


def launched(licence, *, goods=1, at=NOW, **channel) -> tuple[Campaign, SyncRun]:
    """A campaign that went live an hour ago, over `goods` products, with its push of the fake channel not yet begun."""
    for _ in range(goods):
        factories.make_product(licence=licence)
    factories.make_channel("fake", **channel)
    campaign = factories.make_campaign(licence.film, channels=["fake"], starts_at=at - timedelta(hours=1))
    return relaunched(campaign, at=at)


def relaunched(campaign, at=NOW) -> tuple[Campaign, SyncRun]:
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=at).pk)
    push.run_due(at=at)
    campaign.refresh_from_db()
    return campaign, SyncRun.objects.filter(campaign=campaign, kind=SyncRun.Kind.PUSH).first()


def raise_killed():
    raise Killed


def raising(error):
    def answer(_payload):
        raise error

    return answer


def verified():
    for due in Due.objects.filter(kind=Due.Kind.VERIFY):
        push.verify_campaign(due.pk, at=NOW)


def states():
    return list(Listing.objects.order_by("pk").values_list("state", flat=True))


def test_what_the_channel_takes_is_acknowledged(licence, fake, clock):
    _campaign, run = launched(licence, goods=3)

    run = push.push_channel(run.pk)

    assert states() == ["sent"] * 3
    assert all(listing.acknowledged_digest == listing.digest for listing in Listing.objects.all())
    assert (run.state, run.pushed, run.failed, run.finished_at) == (SyncRun.State.DONE, 3, 0, NOW)
    assert list(fake.keys.values()) == [1, 1, 1]
    assert push.push_channel(run.pk).state == SyncRun.State.DONE
    assert len(fake.batches) == 1


def test_one_refused_listing_holds_up_no_other(licence, fake, clock):
    _campaign, run = launched(licence, goods=3)
    bad = Listing.objects.order_by("pk")[1]
    fake.answer = lambda payload: Outcome.REFUSED if payload.listing_id == bad.pk else Outcome.TAKEN

    run = push.push_channel(run.pk)

    assert states() == ["sent", "refused", "sent"]
    assert (run.state, run.pushed, run.failed) == (SyncRun.State.DONE, 2, 1)
    bad.refresh_from_db()
    assert (bad.problem, bad.next_try_at, bad.acknowledged_digest) == ("refused it is", None, "")
    clock.at += timedelta(days=1)
    push.push_channel(run.pk)
    assert max(fake.keys.values()) == 1


def test_later_waits_twice_as_long_each_time_and_ends_as_a_dead_letter(licence, fake, clock):
    campaign, run = launched(licence)
    fake.answer = lambda _payload: Outcome.LATER
    pauses = []
    for attempt in range(1, push.MOST_ATTEMPTS):
        push.push_channel(run.pk)
        listing = Listing.objects.get()
        assert (listing.state, listing.attempts, listing.problem) == ("retry", attempt, "later it is")
        pauses.append(listing.next_try_at - clock.at)
        clock.at = listing.next_try_at - SECOND / 1000
        push.push_channel(run.pk)
        assert len(fake.batches) == attempt
        clock.at = listing.next_try_at

    push.push_channel(run.pk)

    assert all(5 * SECOND * 2**n / 2 <= pause <= 5 * SECOND * 2**n for n, pause in enumerate(pauses))
    listing = Listing.objects.get()
    assert (listing.state, listing.attempts, listing.next_try_at) == ("dead", 8, None)
    assert SyncRun.objects.get(pk=run.pk).state == SyncRun.State.DONE
    assert [p.dead for p in progress(campaign)] == [1]
    clock.at += timedelta(days=1)
    push.resume_work(at=clock.at)
    push.push_channel(run.pk)
    assert (len(fake.batches), len(fake.keys)) == (8, 1)


def test_the_pause_grows_to_an_hour_and_is_spread_by_chance(monkeypatch):
    monkeypatch.setattr(push.random, "uniform", lambda _low, high: high)
    assert [push.pause_after(n) for n in (1, 2, 3, 10, 11, 40)] == [
        5 * SECOND, 10 * SECOND, 20 * SECOND, 2560 * SECOND, 60 * MINUTE, 60 * MINUTE
    ]  # fmt: skip
    monkeypatch.undo()
    found = [push.pause_after(5) for _ in range(200)]

    assert min(found) >= 40 * SECOND
    assert max(found) <= 80 * SECOND
    assert len(set(found)) > 100


def test_a_dead_letter_can_be_sent_again_by_a_person(licence, fake, clock):
    campaign, run = launched(licence, goods=2)
    fake.answer = lambda _payload: Outcome.REFUSED
    push.push_channel(run.pk)
    Listing.objects.filter(pk=Listing.objects.first().pk).update(state=Listing.State.DEAD)
    fake.answer = lambda _payload: Outcome.TAKEN

    assert services.send_again(campaign, Channel.objects.get(), by=None, at=NOW) == 2
    assert set(Listing.objects.values_list("state", "attempts", "problem")) == {("retry", 0, "")}
    push.resume_work(at=NOW)
    push.push_channel(SyncRun.objects.filter(kind=SyncRun.Kind.PUSH, finished_at=None).get().pk)

    assert states() == ["sent", "sent"]
    assert services.send_again(campaign, Channel.objects.get(), by=None, at=NOW) == 0


def test_a_channel_that_asks_for_time_gets_it(licence, fake, clock):
    _campaign, run = launched(licence, goods=3, batch_size=1)
    fake.answer = raising(Unavailable("503", retry_after=120))

    push.push_channel(run.pk)

    assert len(fake.batches) == 1
    assert Channel.objects.get().not_before == NOW + 120 * SECOND
    assert sorted(Listing.objects.values_list("state", "problem")) == [("retry", "503"), ("staged", ""), ("staged", "")]
    fake.answer = lambda _payload: Outcome.TAKEN
    clock.at = NOW + 119 * SECOND
    push.push_channel(run.pk)
    assert len(fake.batches) == 1
    clock.at = NOW + 120 * SECOND
    push.push_channel(run.pk)
    assert states() == ["sent"] * 3


def test_a_channel_that_is_away_is_not_hammered_with_the_other_batches(licence, fake, clock):
    _campaign, run = launched(licence, goods=3, batch_size=1)
    fake.answer = raising(Unavailable("connection refused"))

    push.push_channel(run.pk)

    assert len(fake.batches) == 1
    assert NOW < Channel.objects.get().not_before <= NOW + MINUTE


def test_the_rate_limit_is_kept(licence, fake, clock):
    _campaign, run = launched(licence, goods=3, batch_size=1, batches_per_minute=30)
    sent_at = []
    for _ in range(10):
        before = len(fake.batches)
        push.push_channel(run.pk)
        if len(fake.batches) > before:
            sent_at.append(clock.at - NOW)
        clock.at += SECOND

    assert sent_at == [0 * SECOND, 2 * SECOND, 4 * SECOND]
    assert [len(batch) for batch in fake.batches] == [1, 1, 1]


def test_a_channel_that_is_switched_off_is_left_alone(licence, fake, clock):
    _campaign, run = launched(licence)
    Channel.objects.update(is_enabled=False)

    push.push_channel(run.pk)

    assert (fake.batches, states()) == ([], ["staged"])


def test_a_worker_killed_between_sending_and_hearing_sends_the_same_key_again(licence, fake, clock):
    _campaign, run = launched(licence, goods=2)
    fake.meanwhile = raise_killed
    with pytest.raises(Killed):
        push.push_channel(run.pk)
    assert states() == ["staged", "staged"]
    fake.meanwhile = lambda: None

    push.push_channel(run.pk)
    assert len(fake.batches) == 1  # claimed: somebody may still be waiting for the answer
    clock.at = NOW + push.CLAIM
    verified()
    assert push.resume_work(at=clock.at) == 1
    push.push_channel(run.pk)

    assert states() == ["sent", "sent"]
    assert fake.batches[0] == fake.batches[1]
    assert len(fake.shown) == 2


def test_what_changed_while_it_was_sent_is_sent_again(licence, fake, clock):
    campaign, run = launched(licence)
    product = Product.objects.get()
    first = Listing.objects.get().digest

    def dearer():
        fake.meanwhile = lambda: None
        Price.objects.filter(variant__product=product).update(amount=5000)
        recompile_products([product.pk])
        staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)

    fake.meanwhile = dearer
    push.push_channel(run.pk)

    listing = Listing.objects.get()
    assert listing.digest != first
    assert (listing.state, listing.acknowledged_digest) == ("sent", listing.digest)
    assert [len(batch) for batch in fake.batches] == [1, 1]
    assert list(fake.shown.values()) == [f"{listing.public_id}.{listing.digest}"]


def test_what_is_taken_back_while_it_was_sent_is_taken_down(licence, fake, clock):
    campaign, run = launched(licence)
    fake.meanwhile = lambda: services.pause_campaign(campaign, by=None, at=NOW)

    push.push_channel(run.pk)

    assert (states(), fake.shown) == (["withdrawn"], {})


def test_the_end_takes_down_what_was_taken_and_asks_nothing_for_the_rest(licence, fake, clock):
    campaign, run = launched(licence, goods=2)
    push.push_channel(run.pk)
    late = factories.make_product(licence=licence)
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    never_sent = Listing.objects.get(product=late)
    clock.at = campaign.ends_at

    push.run_due(at=clock.at)
    push.push_channel(SyncRun.objects.filter(kind=SyncRun.Kind.PUSH).first().pk)

    assert (states(), fake.shown) == (["withdrawn"] * 3, {})
    assert never_sent.public_id not in fake.withdrawn
    assert len(fake.withdrawn) == 2


def test_a_listing_given_up_on_is_still_taken_down(licence, fake, clock):
    """The channel shows an older version of it."""
    campaign, run = launched(licence)
    push.push_channel(run.pk)
    Listing.objects.update(state=Listing.State.DEAD, digest="newer", attempts=8)

    services.cancel_campaign(campaign, by=None, at=NOW)
    push.resume_work(at=NOW)
    push.push_channel(SyncRun.objects.filter(kind=SyncRun.Kind.PUSH, finished_at=None).get().pk)

    assert (states(), fake.shown) == (["withdrawn"], {})


def test_what_a_killed_worker_sent_is_taken_down_though_nobody_heard_of_it(licence, fake, clock):
    campaign, run = launched(licence)
    fake.meanwhile = raise_killed
    with pytest.raises(Killed):
        push.push_channel(run.pk)
    fake.meanwhile = lambda: None
    assert len(fake.shown) == 1

    services.pause_campaign(campaign, by=None, at=NOW)
    push.push_channel(run.pk)

    assert (states(), fake.shown) == (["withdrawn"], {})


def test_taking_down_does_not_wait_for_the_pause_of_sending(licence, fake, clock):
    campaign, run = launched(licence)
    push.push_channel(run.pk)
    Listing.objects.update(state=Listing.State.RETRY, attempts=7, next_try_at=NOW + timedelta(hours=1))

    services.pause_campaign(campaign, by=None, at=NOW)
    push.resume_work(at=NOW)
    push.push_channel(SyncRun.objects.filter(kind=SyncRun.Kind.PUSH, finished_at=None).get().pk)

    assert (states(), fake.shown) == (["withdrawn"], {})


def test_taking_down_that_never_succeeds_becomes_a_dead_letter_too(licence, fake, clock):
    campaign, run = launched(licence)
    push.push_channel(run.pk)
    fake.answer = lambda _payload: Outcome.LATER
    services.pause_campaign(campaign, by=None, at=NOW)
    push.resume_work(at=NOW)
    run = SyncRun.objects.filter(kind=SyncRun.Kind.PUSH, finished_at=None).get()
    for _ in range(12):
        push.push_channel(run.pk)
        clock.at += timedelta(hours=1)

    assert (states(), fake.withdrawn.total()) == (["dead"], 8)
    fake.answer = lambda _payload: Outcome.TAKEN
    services.send_again(campaign, Channel.objects.get(), by=None, at=clock.at)
    push.resume_work(at=clock.at)
    push.push_channel(SyncRun.objects.filter(kind=SyncRun.Kind.PUSH, finished_at=None).get().pk)
    assert (states(), fake.shown) == (["withdrawn"], {})


def test_what_is_seen_only_later_in_the_window_is_sent_then(licence, fake, clock):
    """Sent at the start it would be refused as absent, again and again, and be given up before it is seen."""
    lifts_at = NOW + timedelta(days=2)
    Embargo.objects.create(film=licence.film, tier=Tier.CHARACTERS, lifts_at=lifts_at)
    secret = factories.make_product(licence=licence, reveals=Tier.CHARACTERS)
    _campaign, run = launched(licence)
    fake.answer = lambda payload: Outcome.TAKEN if payload.span else Outcome.LATER

    push.push_channel(run.pk)

    assert Listing.objects.get(product=secret).attempts == 0
    assert sorted(states()) == ["sent", "staged"]
    clock.at = lifts_at
    verified()
    assert push.resume_work(at=lifts_at) == 1
    push.push_channel(run.pk)
    assert states() == ["sent", "sent"]


def test_reconciling_mends_what_the_channel_lost(licence, fake, clock):
    _campaign, run = launched(licence, goods=3)
    push.push_channel(run.pk)
    lost = Listing.objects.order_by("pk")[1]
    del fake.shown[lost.product_id, lost.market_id]

    assert push.reconcile_channels(at=NOW) == 1
    push.resume_work(at=NOW)
    push.push_channel(SyncRun.objects.filter(kind=SyncRun.Kind.PUSH, finished_at=None).get().pk)

    assert len(fake.shown) == 3
    assert sorted(fake.keys.values()) == [1, 1, 2]
    assert push.reconcile_channels(at=NOW) == 0


def test_a_channel_that_cannot_be_read_is_not_taken_for_empty(licence, fake, clock):
    campaign, run = launched(licence, goods=2)
    campaign.channels.add(factories.make_channel("storefront"))
    fake.read_back_fails = Unavailable("502")
    push.push_channel(run.pk)
    assert states() == ["sent"] * 2

    assert push.reconcile_channels(at=NOW) == 0
    assert states() == ["sent"] * 2


def test_verification_counts_what_is_seen_and_what_is_missing(licence, fake, clock):
    _campaign, run = launched(licence, goods=3)
    push.push_channel(run.pk)
    lost = Listing.objects.order_by("pk")[0]
    del fake.shown[lost.product_id, lost.market_id]
    due = Due.objects.filter(kind=Due.Kind.VERIFY).first()

    assert push.verify_campaign(due.pk, at=NOW) == {"seen": 2, "missing": 1}

    due.refresh_from_db()
    assert due.result == {"seen": 2, "missing": 1}
    assert list(Listing.objects.order_by("pk").values_list("seen_at", flat=True)) == [None, NOW, NOW]


def test_a_verification_that_could_not_read_or_was_lost_is_made_up_for(licence, fake, clock, monkeypatch):
    _campaign, run = launched(licence)
    push.push_channel(run.pk)
    due = Due.objects.filter(kind=Due.Kind.VERIFY).first()
    fake.read_back_fails = Unavailable("502")
    assert push.verify_campaign(due.pk, at=NOW) == {}
    asked = []
    monkeypatch.setattr(push, "enqueue", lambda name, **arguments: asked.append((name, arguments)))

    push.resume_work(at=NOW + MINUTE)

    assert ("campaigns.verify_campaign", {"due_id": due.pk}) in asked
    fake.read_back_fails = None
    verified()
    asked.clear()
    push.resume_work(at=NOW + MINUTE)
    assert asked == []


def test_a_rehearsal_names_the_problems_and_sends_nothing(licence, fake, clock):
    campaign, _run = launched(licence, goods=3)
    bad = Listing.objects.order_by("pk")[1]
    fake.problems = lambda payload: ["It has no picture."] if payload.listing_id == bad.pk else []
    before = list(Listing.objects.order_by("pk").values())

    [run] = services.rehearse_campaign(campaign, by=None, at=NOW)
    run = push.rehearse_channel(run.pk)

    assert (run.state, run.planned, run.staged, run.failed) == (SyncRun.State.DONE, 3, 2, 1)
    assert run.report == {"problems": {"It has no picture.": 1}, "failed": [bad.public_id]}
    assert (fake.batches, len(fake.validated)) == ([], 3)
    assert list(Listing.objects.order_by("pk").values()) == before


def test_a_rehearsal_looks_at_the_shelf_of_the_start(licence, fake, clock):
    factories.make_product(licence=licence, listing=Product.Listing.CAMPAIGN)
    factories.make_channel("fake")
    campaign = factories.make_campaign(licence.film, channels=["fake"])
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    seen = []
    fake.problems = lambda payload: seen.append(payload.span.amount) or []

    [run] = services.rehearse_campaign(campaign, by=None, at=NOW)
    push.rehearse_channel(run.pk)

    assert seen == [3040]


def test_resuming_leaves_alone_what_is_done_or_not_ready(licence, fake, clock):
    _campaign, run = launched(licence)
    push.push_channel(run.pk)
    verified()
    assert push.resume_work(at=NOW + MINUTE) == 0

    Listing.objects.update(state=Listing.State.RETRY, next_try_at=NOW + timedelta(hours=1))
    SyncRun.objects.filter(pk=run.pk).update(finished_at=None, state=SyncRun.State.RUNNING)
    assert push.resume_work(at=NOW + MINUTE) == 0
    assert push.resume_work(at=NOW + timedelta(hours=1)) == 1


def test_a_due_transition_of_a_paused_campaign_is_skipped_in_words(licence, fake, clock):
    factories.make_product(licence=licence)
    factories.make_channel("fake")
    campaign = factories.make_campaign(licence.film, channels=["fake"])
    staging.stage_revision(services.schedule_campaign(campaign, by=None, at=NOW).pk)
    services.pause_campaign(campaign, by=None, at=NOW)

    assert push.run_due(at=campaign.starts_at) == 1

    assert Due.objects.get(kind=Due.Kind.LAUNCH).result == {"skipped": "campaign is paused"}
    assert not SyncRun.objects.filter(kind=SyncRun.Kind.PUSH).exists()
