"""Staging: a revision's listings and offers written ahead of time, page by page, then published in one transaction.

Nothing of a revision counts until it is published, so a staging that was killed, or is late, is never half seen.
Any number of workers may stage one revision at once: each page is taken under the lock of the run's row, and the
cursor and the page's rows commit together.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from campaigns.documents import Terms, selection_of, terms_of_revision
from campaigns.layout import Entry, Layout, lay_out, listing_ids, page_digest
from campaigns.models import Campaign, Due, Listing, Revision, StagedPage, SyncRun
from campaigns.telling import tell_programs
from catalog.facts import FactsReader
from catalog.models import Market, Offer
from catalog.promotions import publish_promotion, withdraw_promotion
from catalog.shelf_store import recompile_products, turn_epoch
from catalog.upkeep import read_again_since
from core.bulk import Among, insert_rows
from core.errors import Refused
from core.jobs import enqueue

logger = logging.getLogger(__name__)

#: Products per page: one transaction, one COPY per table.
PAGE = 2_000

#: After the launch: when it is looked at whether every listing is seen.
VERIFY_AFTER = (timedelta(minutes=1), timedelta(minutes=15))

_STAGEABLE = (Revision.State.STAGING, Revision.State.PUBLISHED)

_LISTING_COLUMNS = (
    "public_id", "campaign_id", "product_id", "market_id", "channel_id", "revision_number", "state", "is_wanted", "digest",
    "acknowledged_digest", "attempts", "next_try_at", "problem",
)  # fmt: skip


def stage_revision(revision_id: int) -> SyncRun | None:
    """Stage what is left of the revision's pages, then publish it. Twice is harmless; a withdrawn revision is left alone."""
    revision = Revision.objects.select_related("campaign__published", "promotion").filter(pk=revision_id).first()
    run = SyncRun.objects.filter(revision=revision_id, kind=SyncRun.Kind.STAGE).order_by("-pk").first()
    if revision is None or run is None or run.state in (SyncRun.State.DONE, SyncRun.State.FAILED):
        return run
    try:
        terms = terms_of_revision(revision)
        reader = FactsReader(terms.markets)
        while _stage_next_page(run.pk, revision, terms, reader):
            pass
        return _finish(run.pk, revision)
    except Refused as refused:
        return _fail(run.pk, refused.sentence)


@transaction.atomic(durable=True)
def _stage_next_page(run_id: int, revision: Revision, terms: Terms, reader: FactsReader) -> bool:
    """Write the page after the run's cursor; False when there is none, or the revision was withdrawn meanwhile.

    The campaign is locked, so a page never lands after the verb that withdrew it, nor among those of a later revision.
    """
    Campaign.objects.select_for_update().get(pk=revision.campaign_id)
    run = SyncRun.objects.select_for_update().get(pk=run_id)
    if run.state == SyncRun.State.DONE or not Revision.objects.filter(pk=revision.pk, state__in=_STAGEABLE).exists():
        return False
    products = terms.products()
    if run.state == SyncRun.State.PENDING:
        run.planned, run.state = products.count(), SyncRun.State.RUNNING
    ids = list(products.filter(pk__gt=run.cursor).values_list("pk", flat=True)[:PAGE])
    if not ids:
        return False
    page = reader.read(ids, lock=False)
    digest = page_digest(reader, page, terms)
    known = StagedPage.objects.filter(revision=revision, first_product_id=ids[0]).first()
    if known and (known.last_product_id, known.digest) == (ids[-1], digest):
        run.unchanged += known.listings
        run.refused += known.refused
    else:
        _write_page(run, revision, terms, lay_out(reader, page, terms), ids, digest)
    run.cursor, run.heartbeat_at = ids[-1], timezone.now()
    run.save()
    return True


def _write_page(
    run: SyncRun, revision: Revision, terms: Terms, layout: Layout, ids: Sequence[int], digest: str
) -> None:
    """The page's offers and listings, what it was made of, and what the run counts of it."""
    _write_offers(terms, layout.entries, ids)
    written, unchanged = _write_listings(terms, layout.entries, ids)
    counts = {"listings": written + unchanged, "refused": len(layout.refusals)}
    StagedPage.objects.update_or_create(
        revision=revision,
        first_product_id=ids[0],
        defaults={"last_product_id": ids[-1], "digest": digest, **counts},
    )
    run.staged += written
    run.unchanged += unchanged
    run.refused += len(layout.refusals)
    for refusal in layout.refusals:
        run.report[refusal.reasons[0]] = run.report.get(refusal.reasons[0], 0) + 1
    run.report["pages_written"] = run.report.get("pages_written", 0) + 1


def _write_offers(terms: Terms, entries: Sequence[Entry], product_ids: Sequence[int]) -> None:
    wanted = {(entry.product_id, entry.market_id) for entry in entries}
    offers = Offer.objects.filter(Among("product_id", product_ids), promotion=terms.promotion_id)
    standing = {
        (product_id, market_id): pk for pk, product_id, market_id in offers.values_list("pk", "product_id", "market_id")
    }
    gone = [pk for key, pk in standing.items() if key not in wanted]
    if gone:
        Offer.objects.filter(pk__in=gone).delete()
    insert_rows(
        Offer,
        ("promotion_id", "product_id", "market_id", "kind", "value"),
        (
            (terms.promotion_id, entry.product_id, entry.market_id, *terms.discounts[entry.market_id])
            for entry in entries
            if (entry.product_id, entry.market_id) not in standing
        ),
    )


def _write_listings(terms: Terms, entries: Sequence[Entry], product_ids: Sequence[int]) -> tuple[int, int]:
    """Insert and update the page's listings; returns how many were written and how many already said the same."""
    # Locked, because a worker may be writing what a channel has just acknowledged of them.
    listings = Listing.objects.filter(Among("product_id", product_ids), campaign=terms.campaign)
    listings = listings.order_by("pk").select_for_update()
    standing = {(listing.product_id, listing.market_id, listing.channel_id): listing for listing in listings}
    fresh: list[tuple] = []
    changed: list[Listing] = []
    unchanged: list[Listing] = []
    for entry in entries:
        # What is seen only later in the window would be refused, attempt after attempt, until then.
        not_before = entry.visible_at if entry.visible_at > terms.starts_at else None
        for channel_id, public_id in listing_ids(terms, entry):
            listing = standing.pop((entry.product_id, entry.market_id, channel_id), None)
            if listing is None:
                fresh.append(
                    (public_id, terms.campaign.pk, entry.product_id, entry.market_id, channel_id, terms.number,
                     Listing.State.STAGED.value, True, entry.digest, "", 0, not_before, "")
                )  # fmt: skip
            elif listing.digest != entry.digest or not listing.is_wanted:
                _say(listing, entry.digest, terms.number, not_before)
                changed.append(listing)
            else:
                unchanged.append(listing)
    insert_rows(Listing, _LISTING_COLUMNS, fresh)
    Listing.objects.bulk_update(
        changed,
        ["digest", "is_wanted", "state", "attempts", "next_try_at", "problem", "revision_number"],
        batch_size=500,
    )
    stale = [listing.pk for listing in unchanged if listing.revision_number != terms.number]
    Listing.objects.filter(pk__in=stale).update(revision_number=terms.number)
    take_back(Listing.objects.filter(pk__in=[listing.pk for listing in standing.values()]))
    return len(fresh) + len(changed), len(unchanged)


def _say(listing: Listing, digest: str, number: int, not_before: datetime | None) -> None:
    """The listing has something new to say: it is to be sent again unless the channel already took exactly this."""
    listing.digest, listing.revision_number, listing.is_wanted = digest, number, True
    listing.state = Listing.State.SENT if listing.acknowledged_digest == digest else Listing.State.STAGED
    listing.attempts, listing.next_try_at, listing.problem = 0, not_before, ""


def take_back(listings: QuerySet[Listing]) -> None:
    """Mark listings to be taken down. Whatever may have reached its channel is asked for at once and with all its
    attempts, also what was given up, or was being sent by a worker that never came back."""
    is_untouched = Q(state=Listing.State.STAGED, attempts=0, acknowledged_digest="")
    listings.filter(is_wanted=True).update(
        is_wanted=False,
        state=Case(When(is_untouched, then=F("state")), default=Value(Listing.State.RETRY)),
        attempts=0,
        next_try_at=None,
    )


@transaction.atomic(durable=True)
def _finish(run_id: int, revision: Revision) -> SyncRun:
    """The last page is written: take back what the revision no longer lists, publish it, close the run."""
    campaign = Campaign.objects.select_for_update().get(pk=revision.campaign_id)
    run = SyncRun.objects.select_for_update().get(pk=run_id)
    revision = Revision.objects.select_related("promotion", "campaign").get(pk=revision.pk)
    if run.state == SyncRun.State.DONE:
        return run
    if campaign.state != Campaign.State.SCHEDULED:
        return _close(run, SyncRun.State.FAILED, "The campaign was stopped while it was being staged.")
    if revision.state not in _STAGEABLE:
        return _close(run, SyncRun.State.FAILED, "The revision was withdrawn while it was being staged.")
    if revision.state == Revision.State.STAGING or run.report.get("pages_written"):
        left_out = _leave_out(campaign, revision)
        publish(campaign, revision, at=timezone.now(), also=left_out)
    return _close(run, SyncRun.State.DONE)


def _leave_out(campaign: Campaign, revision: Revision) -> list[int]:
    """Take back listings and offers of products that the revision no longer selects; returns the products."""
    selected = selection_of(campaign, revision.document).values("pk")
    listings = Listing.objects.filter(campaign=campaign)
    take_back(listings.exclude(revision_number=revision.number))
    take_back(listings.exclude(product__in=selected))
    offers = Offer.objects.filter(promotion=revision.promotion_id).exclude(product__in=selected)
    products = list(offers.values_list("product_id", flat=True).distinct())
    offers.delete()
    return products


def publish(campaign: Campaign, revision: Revision, *, at: datetime, also: Sequence[int] = ()) -> None:
    """Make `revision` the one that counts, and the shelf say so: seen by readers all at once, when this commits.

    Call inside a transaction that holds the campaign's lock. Whether it is before, at or after the start makes no
    difference to exactness: before, the clock turns the pages; after, the commit does. `also` names products that
    the revision has just let go of.
    """
    replaced = campaign.published
    promotions = [revision.promotion_id]
    if replaced is not None and replaced.pk != revision.pk:
        promotions.append(replaced.promotion_id)
        Revision.objects.filter(pk=replaced.pk).update(state=Revision.State.SUPERSEDED)
        revision.replaces = replaced
        withdraw_promotion(replaced.promotion, at=at)
        Due.objects.filter(revision=replaced, done_at=None).update(done_at=at, result={"skipped": "superseded"})
    revision.state, revision.published_at = Revision.State.PUBLISHED, at
    revision.save(update_fields=["state", "published_at", "replaces"])
    publish_promotion(revision.promotion, at=at)
    campaign.published = revision
    campaign.save(update_fields=["published", "updated_at"])
    _write_due(campaign, revision)
    recompile_promotions(promotions, also=also)
    turn_with_placements(revision)
    # A licence that changed while this compiled may have been read before: it is read again.
    transaction.on_commit(lambda: read_again_since(at))
    enqueue("campaigns.prepare_feeds")
    enqueue("campaigns.run_due")
    tell_programs(campaign, "campaign.scheduled", at=at, promotion_ids=[revision.promotion_id])
    logger.info("campaign.published", extra={"campaign": campaign.public_id, "revision": revision.number})


def unpublish(revision: Revision, *, at: datetime) -> None:
    """Take `revision` off the shelf, all at once when this commits. Call under the campaign's lock."""
    withdraw_promotion(revision.promotion, at=at)
    recompile_promotions([revision.promotion_id])
    turn_with_placements(revision)
    tell_programs(revision.campaign, "campaign.withdrawn", at=at, promotion_ids=[revision.promotion_id])
    enqueue("campaigns.prepare_feeds")


def recompile_promotions(promotion_ids: Sequence[int], *, also: Sequence[int] = ()) -> None:
    """Compile again what these promotions make offers for."""
    recompile_products(chain(*map(products_in, promotion_ids), also), is_news=False)


def products_in(promotion_id: int) -> Iterator[int]:
    """The products a promotion makes offers for, streamed."""
    products = Offer.objects.filter(promotion=promotion_id).values_list("product_id", flat=True).distinct()
    return products.iterator(chunk_size=50_000)


def turn_with_placements(revision: Revision) -> None:
    """The pages that announce the campaign turn now, and when it is announced, starts and ends."""
    announced = [datetime.fromisoformat(placement["announced_at"]) for placement in revision.document["placements"]]
    turn_epoch(Market.objects.order_by("pk"), at=[*announced, revision.starts_at, revision.ends_at])


def _write_due(campaign: Campaign, revision: Revision) -> None:
    steps = [(Due.Kind.LAUNCH, revision.starts_at), (Due.Kind.END, revision.ends_at)]
    steps += [
        (Due.Kind.VERIFY, revision.starts_at + after)
        for after in VERIFY_AFTER
        if revision.starts_at + after < revision.ends_at
    ]
    for kind, due_at in steps:
        Due.objects.update_or_create(
            revision=revision, kind=kind, due_at=due_at, defaults={"campaign": campaign, "done_at": None, "result": {}}
        )


@transaction.atomic(durable=True)
def _fail(run_id: int, problem: str) -> SyncRun:
    return _close(SyncRun.objects.select_for_update().get(pk=run_id), SyncRun.State.FAILED, problem)


def _close(run: SyncRun, state: SyncRun.State, problem: str = "") -> SyncRun:
    run.state, run.problem, run.finished_at = state, problem[:300], timezone.now()
    run.save()
    return run
