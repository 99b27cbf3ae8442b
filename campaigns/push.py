"""Telling the channels: due transitions, pushes with one result per listing, verification, reconciliation.

The shelf never waits for any of this. A batch is claimed in one transaction (rows another worker holds are skipped),
sent with no lock held, and its results written in a second one. A worker killed in between loses nothing: the claim
runs out, and the same listings are sent again under the same keys.
"""

import logging
import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from campaigns.channels.base import Outcome, Result, Unavailable
from campaigns.channels.payloads import payloads_of
from campaigns.channels.registry import adapter_of
from campaigns.models import Campaign, Channel, Due, Listing, SyncRun
from campaigns.staging import take_back
from campaigns.telling import tell_programs
from core.bulk import in_pages
from core.jobs import enqueue

logger = logging.getLogger(__name__)

#: A claim that brought no result by then is open to others.
CLAIM = timedelta(minutes=5)
MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)

_TO_SEND = Q(is_wanted=True, state__in=[Listing.State.STAGED, Listing.State.RETRY])
_TO_TAKE_DOWN = Q(is_wanted=False) & ~Q(state__in=[Listing.State.WITHDRAWN, Listing.State.DEAD])


def run_due(*, at: datetime) -> int:
    """Do every transition that is due at `at` and not done. Any number of callers at once: each is done once."""
    done = 0
    while _do_next_due(at):
        done += 1
    return done


@transaction.atomic(durable=True)
def _do_next_due(at: datetime) -> bool:
    due = (
        Due.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("campaign", "revision")
        .filter(due_at__lte=at, done_at=None)
        .order_by("due_at", "pk")
        .first()
    )
    if due is None:
        return False
    campaign = due.campaign
    if campaign.state != Campaign.State.SCHEDULED or campaign.published_id != due.revision_id:
        due.result = {"skipped": f"campaign is {campaign.state}"}
    elif due.kind == Due.Kind.LAUNCH:
        due.result = {"channels": _begin_push(campaign)}
    elif due.kind == Due.Kind.END:
        take_back(Listing.objects.filter(campaign=campaign))
        due.result = {"channels": _begin_push(campaign)}
    else:
        enqueue("campaigns.verify_campaign", due_id=due.pk)
    if "channels" in due.result:
        kind = "campaign.launched" if due.kind == Due.Kind.LAUNCH else "campaign.ended"
        tell_programs(campaign, kind, at=at, promotion_ids=[due.revision.promotion_id])
    due.done_at = at
    due.save(update_fields=["done_at", "result"])
    logger.info("campaign.due", extra={"campaign": campaign.public_id, "kind": due.kind, "late": str(at - due.due_at)})
    return True


def _begin_push(campaign: Campaign) -> list[str]:
    channels = list(campaign.channels.filter(is_enabled=True))
    for channel in channels:
        run = SyncRun.objects.create(
            campaign=campaign, revision_id=campaign.published_id, channel=channel, kind=SyncRun.Kind.PUSH
        )
        enqueue("campaigns.push_channel", run_id=run.pk)
    return [channel.code for channel in channels]


def push_channel(run_id: int) -> SyncRun | None:
    """Send and take down what the run's channel is owed, batch by batch, until nothing is ready."""
    run = SyncRun.objects.select_related("channel", "campaign").filter(pk=run_id).first()
    if run is None or run.channel is None or run.finished_at is not None:
        return run
    while batch := _claim(run):
        _send(run, batch)
    return _settle(run)


def open_work(campaign: Campaign, channel: Channel) -> QuerySet[Listing]:
    """Listings the channel has still to be told about."""
    return Listing.objects.filter(_TO_SEND | _TO_TAKE_DOWN, campaign=campaign, channel=channel)


@transaction.atomic(durable=True)
def _claim(run: SyncRun) -> list[Listing]:
    now = timezone.now()
    assert run.channel is not None
    channel = Channel.objects.select_for_update().get(pk=run.channel.pk)
    if not channel.is_enabled or (channel.not_before and channel.not_before > now):
        return []
    ready = open_work(run.campaign, channel).filter(Q(next_try_at=None) | Q(next_try_at__lte=now))
    batch = list(
        ready.select_for_update(skip_locked=True, of=("self",))
        .select_related("market")
        .order_by("pk")[: channel.batch_size]
    )
    Listing.objects.filter(pk__in=[listing.pk for listing in batch]).update(
        next_try_at=now + CLAIM, attempts=F("attempts") + 1
    )
    if batch and channel.batches_per_minute:
        Channel.objects.filter(pk=channel.pk).update(not_before=now + timedelta(minutes=1) / channel.batches_per_minute)
    SyncRun.objects.filter(pk=run.pk).update(state=SyncRun.State.RUNNING, heartbeat_at=now)
    return batch


def _send(run: SyncRun, batch: Sequence[Listing]) -> None:
    now = timezone.now()
    assert run.channel is not None
    adapter = adapter_of(run.channel)
    payloads = {payload.listing_id: payload for payload in payloads_of(batch, at=now)}
    # What the shelf does not show may not be shown elsewhere either, whatever was staged.
    unseen = [listing for listing in batch if listing.is_wanted and payloads[listing.pk].span is None]
    wanted = [listing for listing in batch if listing.is_wanted and payloads[listing.pk].span is not None]
    never_sent = [listing for listing in batch if not listing.is_wanted and _was_never_sent(listing)]
    taken_down = [listing for listing in batch if not listing.is_wanted and not _was_never_sent(listing)]
    results = [Result(listing.pk, Outcome.TAKEN) for listing in never_sent]
    results += [Result(listing.pk, Outcome.LATER, "It is not on the shelf.") for listing in unseen]
    for listings, verb in ((wanted, adapter.push), (taken_down, adapter.withdraw)):
        if not listings:
            continue
        try:
            results += verb([payloads[listing.pk] for listing in listings], at=now)
        except Unavailable as away:
            results += [Result(listing.pk, Outcome.LATER, away.problem) for listing in listings]
            _hold_off(run.channel, away, now)
    _write_results(run, {listing.pk: listing for listing in batch}, results, now)


def _was_never_sent(listing: Listing) -> bool:
    """Nobody has claimed it: a claim without a result may have reached the channel."""
    return listing.state == Listing.State.STAGED and not listing.attempts and not listing.acknowledged_digest


def _hold_off(channel: Channel, away: Unavailable, now: datetime) -> None:
    logger.warning("channel.unavailable", extra={"channel": channel.code, "problem": away.problem})
    pause = timedelta(seconds=away.retry_after) if away.retry_after else FIRST_PAUSE
    Channel.objects.filter(pk=channel.pk).update(not_before=now + pause)


@transaction.atomic(durable=True)
def _write_results(run: SyncRun, batch: dict[int, Listing], results: Sequence[Result], now: datetime) -> None:
    """One result per listing. What was said meanwhile stays to be sent: a result counts for the digest it was sent with."""
    locked = Listing.objects.select_for_update().filter(pk__in=list(batch)).order_by("pk")
    current = {pk: (digest, wanted) for pk, digest, wanted in locked.values_list("pk", "digest", "is_wanted")}
    outcomes: Counter[Outcome] = Counter()
    for result in results:
        listing = batch[result.listing_id]
        outcomes[result.outcome] += 1
        _apply(listing, result, now)
        if current.get(listing.pk) != (listing.digest, listing.is_wanted):
            listing.state, listing.attempts, listing.next_try_at = Listing.State.RETRY, 0, None
    Listing.objects.bulk_update(
        batch.values(),
        ["state", "acknowledged_digest", "acknowledged_at", "next_try_at", "attempts", "problem"],
        batch_size=500,
    )
    SyncRun.objects.filter(pk=run.pk).update(
        pushed=F("pushed") + outcomes[Outcome.TAKEN], failed=F("failed") + outcomes[Outcome.REFUSED], heartbeat_at=now
    )


def _apply(listing: Listing, result: Result, now: datetime) -> None:
    listing.attempts += 1
    listing.problem = result.problem[:300]
    listing.next_try_at = None
    if result.outcome is Outcome.TAKEN:
        listing.acknowledged_digest = listing.digest if listing.is_wanted else ""
        listing.state = Listing.State.SENT if listing.is_wanted else Listing.State.WITHDRAWN
        listing.acknowledged_at, listing.attempts, listing.problem = now, 0, ""
    elif result.outcome is Outcome.REFUSED:
        listing.state = Listing.State.REFUSED
    elif listing.attempts >= MOST_ATTEMPTS:
        listing.state = Listing.State.DEAD
    else:
        listing.state = Listing.State.RETRY
        listing.next_try_at = now + pause_after(listing.attempts)


def pause_after(attempts: int) -> timedelta:
    """Twice as long after each attempt, up to an hour, shortened by up to half at random so that callers spread out."""
    whole = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
    return whole * random.uniform(0.5, 1.0)  # noqa: S311 spreading load, not keeping a secret


@transaction.atomic(durable=True)
def _settle(run: SyncRun) -> SyncRun:
    run = SyncRun.objects.select_for_update().get(pk=run.pk)
    assert run.channel is not None
    if not open_work(run.campaign, run.channel).exists():
        run.state, run.finished_at = SyncRun.State.DONE, timezone.now()
        run.save(update_fields=["state", "finished_at"])
    return run


def resume_work(*, at: datetime) -> int:
    """Take up what a killed worker or a lost message left: rows say what is to be done. Returns how many jobs were sent."""
    stale = Q(heartbeat_at=None, created_at__lte=at - timedelta(seconds=10)) | Q(
        heartbeat_at__lte=at - timedelta(seconds=60)
    )
    runs = SyncRun.objects.filter(stale, state__in=[SyncRun.State.PENDING, SyncRun.State.RUNNING])
    sent = 0
    for run in runs.filter(kind=SyncRun.Kind.STAGE):
        enqueue("campaigns.stage_revision", revision_id=run.revision_id)
        sent += 1
    for run in runs.filter(kind=SyncRun.Kind.REHEARSAL):
        enqueue("campaigns.rehearse_channel", run_id=run.pk)
        sent += 1
    for run in SyncRun.objects.filter(kind=SyncRun.Kind.PUSH, finished_at=None).select_related("campaign", "channel"):
        if _has_ready(run, at):
            enqueue("campaigns.push_channel", run_id=run.pk)
            sent += 1
    return sent + _verify_again(at) + _begin_overdue(at)


def _verify_again(at: datetime) -> int:
    """Verifications whose message was lost, or whose channel could not be read, for a day."""
    unseen = Due.objects.filter(
        kind=Due.Kind.VERIFY, result={}, done_at__lte=at - timedelta(seconds=10), done_at__gt=at - timedelta(days=1)
    )
    for due in unseen:
        enqueue("campaigns.verify_campaign", due_id=due.pk)
    return len(unseen)


def _has_ready(run: SyncRun, at: datetime) -> bool:
    assert run.channel is not None
    if run.channel.not_before and run.channel.not_before > at:
        return False
    work = open_work(run.campaign, run.channel)
    return not work.exists() or work.filter(Q(next_try_at=None) | Q(next_try_at__lte=at)).exists()


@transaction.atomic(durable=True)
def _begin_overdue(at: datetime) -> int:
    """Listings that changed outside a due transition (a restage while live, a pause, "send again") get a run of their own."""
    begun = 0
    live = Campaign.objects.filter(
        published__starts_at__lte=at, published__ends_at__gt=at, state=Campaign.State.SCHEDULED
    )
    launched = Due.objects.filter(kind=Due.Kind.LAUNCH, done_at__isnull=False).values("campaign")
    for campaign in Campaign.objects.filter(pk__in=launched).select_for_update(skip_locked=True):
        owed = Listing.objects.filter(_TO_TAKE_DOWN, campaign=campaign)
        if live.filter(pk=campaign.pk).exists():
            owed = Listing.objects.filter(_TO_SEND | _TO_TAKE_DOWN, campaign=campaign)
        running = SyncRun.objects.filter(campaign=campaign, kind=SyncRun.Kind.PUSH, finished_at=None).values("channel")
        for channel in Channel.objects.filter(pk__in=owed.values("channel")).exclude(pk__in=running):
            run = SyncRun.objects.create(
                campaign=campaign, revision_id=campaign.published_id, channel=channel, kind=SyncRun.Kind.PUSH
            )
            enqueue("campaigns.push_channel", run_id=run.pk)
            begun += 1
    return begun


def rehearse_channel(run_id: int) -> SyncRun | None:
    """Validate every listing of the run's channel as of the campaign's start; the report names problems. Sends nothing."""
    run = SyncRun.objects.select_related("channel", "revision").filter(pk=run_id).first()
    if run is None or run.channel is None or run.revision is None or run.state == SyncRun.State.DONE:
        return run
    adapter = adapter_of(run.channel)
    listings = Listing.objects.filter(campaign=run.campaign_id, channel=run.channel, is_wanted=True).select_related(
        "market"
    )
    problems: Counter[str] = Counter()
    failed: list[str] = []
    checked = 0
    for page in in_pages(listings.order_by("pk").iterator(chunk_size=1_000), 1_000):
        found = adapter.validate(payloads_of(page, at=run.revision.starts_at), at=run.revision.starts_at)
        checked += len(page)
        failed += [listing.public_id for listing in page if listing.pk in found]
        problems.update(problem for sentences in found.values() for problem in sentences)
        SyncRun.objects.filter(pk=run.pk).update(
            state=SyncRun.State.RUNNING, staged=checked - len(failed), failed=len(failed), heartbeat_at=timezone.now()
        )
    run.refresh_from_db()
    run.planned, run.state, run.finished_at = checked, SyncRun.State.DONE, timezone.now()
    run.report = {"problems": dict(problems.most_common(20)), "failed": failed[:50]}
    run.save()
    return run


def verify_campaign(due_id: int, *, at: datetime) -> dict[str, int]:
    """See for every listing whether its channel shows it; written to the listing and to the due transition.

    Without a result when a channel cannot be read: `resume_work` looks again.
    """
    due = Due.objects.select_related("campaign").get(pk=due_id)
    seen = missing = 0
    for page in in_pages(_shown_listings(due.campaign).iterator(chunk_size=2_000), 2_000):
        found, unread = _seen_in(page, at)
        Listing.objects.filter(pk__in=found).update(seen_at=at)
        if unread:
            return {}
        seen, missing = seen + len(found), missing + len(page) - len(found)
    due.result = {"seen": seen, "missing": missing}
    due.save(update_fields=["result"])
    return due.result


def reconcile_channels(*, at: datetime) -> int:
    """Read every live campaign's channels back; what a channel lost is sent again. Returns how many listings that is."""
    mended = 0
    live = Campaign.objects.filter(
        published__starts_at__lte=at, published__ends_at__gt=at, state=Campaign.State.SCHEDULED
    )
    for campaign in live:
        sent = _shown_listings(campaign).filter(state=Listing.State.SENT)
        for page in in_pages(sent.iterator(chunk_size=2_000), 2_000):
            seen, unread = _seen_in(page, at)
            lost = {listing.pk for listing in page} - seen - unread
            mended += Listing.objects.filter(pk__in=lost, state=Listing.State.SENT).update(
                state=Listing.State.RETRY, acknowledged_digest="", attempts=0, next_try_at=at
            )
    if mended:
        enqueue("campaigns.resume_work")
    return mended


def _shown_listings(campaign: Campaign) -> QuerySet[Listing]:
    return Listing.objects.filter(campaign=campaign, is_wanted=True).select_related("market", "channel").order_by("pk")


def _seen_in(page: Sequence[Listing], at: datetime) -> tuple[set[int], set[int]]:
    """The listings that their channels show, and those whose channel could not be read."""
    groups: dict[tuple[int, int], list[Listing]] = {}
    for listing in page:
        groups.setdefault((listing.channel_id, listing.market_id), []).append(listing)
    seen: set[int] = set()
    unread: set[int] = set()
    for listings in groups.values():
        channel = listings[0].channel
        try:
            shown = adapter_of(channel).read_back(
                listings[0].market, [listing.product_id for listing in listings], at=at
            )
        except Unavailable as away:
            logger.warning("channel.unreadable", extra={"channel": channel.code, "problem": away.problem})
            unread |= {listing.pk for listing in listings}
        else:
            seen |= {listing.pk for listing in listings if listing.product_id in shown}
    return seen, unread
