"""The verbs of a campaign. Each is one transaction: lock, check, write, record, enqueue."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import User
from accounts.services import record
from campaigns import staging
from campaigns.documents import digest_of, document_of, restore, selection_of
from campaigns.models import Campaign, Channel, Due, Listing, Revision, SyncRun
from campaigns.queries import later_edits
from campaigns.rules import check_rule, discount_by_market, studio_share_of
from catalog.models import Market, Promotion
from catalog.promotions import hold_promotion, release_promotion, withdraw_promotion
from core.clock import known_zone, plausible
from core.errors import Refused
from core.jobs import enqueue

_EDITABLE = {
    "name_en",
    "name_zh",
    "film",
    "starts_at",
    "ends_at",
    "time_zone",
    "rule",
    "discount",
    "priority",
    "needs_approval",
    "invites_until",
}
_SCHEDULABLE = (
    Campaign.State.DRAFT,
    Campaign.State.AWAITING_APPROVAL,
    Campaign.State.SCHEDULED,
    Campaign.State.ROLLED_BACK,
)


@transaction.atomic(durable=True)
def edit_campaign(campaign: Campaign, *, by: User | None, **fields: Any) -> Campaign:
    """Change what a later `schedule_campaign` will freeze. What is published does not move.

    `fields` are those of the model, and `markets`, `channels` as lists. Refuses `wrong_state`, `bad_rule`, `bad_window`,
    `bad_discount`, `unknown_zone`.
    """
    campaign = _locked(campaign)
    markets, channels = fields.pop("markets", None), fields.pop("channels", None)
    if unknown := set(fields) - _EDITABLE:
        raise TypeError(f"not editable: {sorted(unknown)}")
    old = {name: getattr(campaign, name) for name in fields}
    if campaign.state == Campaign.State.CANCELLED:
        raise Refused("wrong_state", state=campaign.get_state_display())
    for name, value in fields.items():
        setattr(campaign, name, value)
    known_zone(campaign.time_zone)
    _check_window(campaign.starts_at, campaign.ends_at)
    campaign.save()
    if markets is not None:
        campaign.markets.set(markets)
    if channels is not None:
        campaign.channels.set(channels)
    check_rule(campaign.rule, may_be_empty=campaign.invites_until is not None)
    discount_by_market(campaign.discount, campaign.markets.all())
    _check_own(campaign)
    record("campaign.edited", campaign, by=by, **{name: [str(old[name]), str(value)] for name, value in fields.items()})
    return campaign


@transaction.atomic(durable=True)
def schedule_campaign(campaign: Campaign, *, by: User | None, at: datetime) -> Revision:
    """Freeze the campaign as a revision and stage it, or wait for a second person where the campaign asks for one.

    Idempotent: an unchanged campaign keeps its revision and is staged again, which changes nothing.
    Refuses `wrong_state`, `bad_window`, `window_passed`, `bad_rule`, `bad_discount`, `nothing_to_list`.
    """
    return _schedule(_locked(campaign), by=by, at=at)


def _schedule(campaign: Campaign, *, by: User | None, at: datetime) -> Revision:
    _require(campaign, *_SCHEDULABLE)
    _check(campaign, at)
    document = document_of(campaign)
    revision = campaign.revisions.order_by("-number").first()
    open_states = (Revision.State.AWAITING_APPROVAL, Revision.State.STAGING, Revision.State.PUBLISHED)
    if revision is None or revision.digest != digest_of(document) or revision.state not in open_states:
        _withdraw_unpublished(campaign)
        revision = _new_revision(campaign, document, by=by)
    if campaign.needs_approval and revision.approved_at is None:
        Revision.objects.filter(pk=revision.pk).update(state=Revision.State.AWAITING_APPROVAL)
        if campaign.published is None:
            _move(campaign, Campaign.State.AWAITING_APPROVAL)
        record("campaign.submitted", campaign, by=by, revision=revision.number)
    else:
        _start_staging(campaign, revision)
        record("campaign.scheduled", campaign, by=by, revision=revision.number, starts_at=document["starts_at"])
    revision.refresh_from_db()
    return revision


@transaction.atomic(durable=True)
def approve_revision(revision: Revision, *, by: User, at: datetime) -> Revision:
    """A second person agrees: the plan is staged. Refuses `approval_by_author`, `own_submission` to people of the merchant whose
    campaign it is, `wrong_state`, `window_passed`."""
    campaign = _locked(revision.campaign)
    revision = Revision.objects.select_related("promotion").get(pk=revision.pk)
    if revision.state != Revision.State.AWAITING_APPROVAL:
        raise Refused("wrong_state", state=revision.get_state_display())
    if revision.created_by_id == by.pk:
        raise Refused("approval_by_author")
    if campaign.merchant_id is not None and by.memberships.filter(merchant=campaign.merchant_id).exists():
        raise Refused("own_submission")
    if revision.ends_at <= at:
        raise Refused("window_passed")
    revision.approved_by, revision.approved_at = by, at
    revision.save(update_fields=["approved_by", "approved_at"])
    _start_staging(campaign, revision)
    record("campaign.approved", campaign, by=by, revision=revision.number)
    revision.refresh_from_db()
    return revision


@transaction.atomic(durable=True)
def pause_campaign(campaign: Campaign, *, by: User | None, at: datetime) -> Campaign:
    """The kill switch: everything the campaign shows is gone when this returns. Refuses `wrong_state`."""
    campaign = _locked(campaign)
    _require(campaign, Campaign.State.SCHEDULED)
    _withdraw_unpublished(campaign)
    if campaign.published is not None:
        staging.unpublish(campaign.published, at=at)
        _take_down(campaign)
    _move(campaign, Campaign.State.PAUSED)
    record("campaign.paused", campaign, by=by)
    return campaign


@transaction.atomic(durable=True)
def resume_campaign(campaign: Campaign, *, by: User | None, at: datetime) -> Campaign:
    """As it was before the pause. Refuses `wrong_state`, `window_passed`."""
    campaign = _locked(campaign)
    _require(campaign, Campaign.State.PAUSED)
    _move(campaign, Campaign.State.SCHEDULED)
    if campaign.published is None:
        _schedule(campaign, by=by, at=at)
    else:
        if campaign.published.ends_at <= at:
            raise Refused("window_passed")
        _put_back(campaign, campaign.published, at=at)
        # A staging that the pause broke off goes on.
        _start_staging(campaign, campaign.published)
    record("campaign.resumed", campaign, by=by)
    return campaign


@transaction.atomic(durable=True)
def cancel_campaign(campaign: Campaign, *, by: User | None, at: datetime) -> Campaign:
    """Nothing of it stays, and it does not come back. Refuses `wrong_state`."""
    campaign = _locked(campaign)
    if campaign.state in (Campaign.State.CANCELLED, Campaign.State.ROLLED_BACK):
        raise Refused("wrong_state", state=campaign.get_state_display())
    _withdraw_unpublished(campaign)
    if campaign.published is not None:
        _withdraw(campaign, campaign.published, at=at)
    _move(campaign, Campaign.State.CANCELLED)
    record("campaign.cancelled", campaign, by=by)
    return campaign


@transaction.atomic(durable=True)
def roll_back_campaign(campaign: Campaign, *, by: User | None, at: datetime) -> SyncRun:
    """Return to what was before the published revision: the revision it replaced, or nothing at all.

    Exact, because a campaign never overwrites a fact: its offers are taken away and what was below is seen again.
    Edits that people made since (prices, products, the campaign's own draft) stay, and are listed as conflicts in
    the run's report. Refuses `nothing_to_roll_back`.
    """
    campaign = _locked(campaign)
    revision = campaign.published
    if revision is None:
        raise Refused("nothing_to_roll_back")
    conflicts, total = later_edits(campaign, revision)
    is_draft_edited = digest_of(document_of(campaign)) != revision.digest
    _withdraw_unpublished(campaign)
    before = revision.replaces
    is_restored = before is not None and before.ends_at > at
    _withdraw(campaign, revision, at=at, is_replaced=is_restored)
    if before is not None and is_restored:
        if not is_draft_edited:
            restore(campaign, before.document)
            campaign.save()
        _put_back(campaign, before, at=at, also=list(staging.products_in(revision.promotion_id)))
        _move(campaign, Campaign.State.SCHEDULED)
        # The listings still say what the later revision made of them: every page is written anew.
        before.pages.all().delete()
        _start_staging(campaign, before)
    else:
        _move(campaign, Campaign.State.ROLLED_BACK)
    if is_draft_edited:
        conflicts.append(
            {"what": "campaign", "kept": "The campaign was edited after it was published; the edit is kept."}
        )
    run = SyncRun.objects.create(
        campaign=campaign,
        revision=revision,
        kind=SyncRun.Kind.ROLLBACK,
        state=SyncRun.State.DONE,
        finished_at=at,
        report={
            "rolled_back": revision.number,
            "restored": before.number if before and is_restored else None,
            "conflicts": conflicts,
            "conflicts_total": total + is_draft_edited,
        },
    )
    record("campaign.rolled_back", campaign, by=by, revision=revision.number, conflicts=total + is_draft_edited)
    return run


@transaction.atomic(durable=True)
def shift_campaign(
    campaign: Campaign, *, starts_at: datetime, ends_at: datetime, by: User | None, at: datetime
) -> Revision | None:
    """Move the window, and the announcements with it. A scheduled or live campaign gets a new revision, and the shelf
    turns from the old window to the new in one step. Returns that revision, None for a draft. Refuses `bad_window`."""
    campaign = _locked(campaign)
    _check_window(starts_at, ends_at)
    distance: timedelta = starts_at - campaign.starts_at
    old = [campaign.starts_at.isoformat(), campaign.ends_at.isoformat()]
    campaign.starts_at, campaign.ends_at = starts_at, ends_at
    campaign.save(update_fields=["starts_at", "ends_at", "updated_at"])
    campaign.placements.update(announced_at=F("announced_at") + distance)
    record("campaign.shifted", campaign, by=by, old=old, new=[starts_at.isoformat(), ends_at.isoformat()])
    if campaign.state == Campaign.State.DRAFT:
        return None
    return _schedule(campaign, by=by, at=at)


@transaction.atomic(durable=True)
def hold_market(campaign: Campaign, market: Market, *, by: User | None, at: datetime) -> None:
    """The kill switch of one market: there the campaign's offers stop counting. Refuses `nothing_to_roll_back`."""
    _set_hold(campaign, market, True, by=by, at=at)


@transaction.atomic(durable=True)
def release_market(campaign: Campaign, market: Market, *, by: User | None, at: datetime) -> None:
    """Let the campaign count in the market again."""
    _set_hold(campaign, market, False, by=by, at=at)


@transaction.atomic(durable=True)
def rehearse_campaign(campaign: Campaign, *, by: User | None, at: datetime) -> list[SyncRun]:
    """Have every channel check every listing of the published revision as of its start. Nothing is sent.

    Returns the runs, one per channel; a worker fills them. Refuses `wrong_state` before staging is done.
    """
    campaign = _locked(campaign)
    if campaign.published is None:
        raise Refused("wrong_state", state=campaign.get_state_display())
    runs = [
        SyncRun.objects.create(
            campaign=campaign, revision=campaign.published, channel=channel, kind=SyncRun.Kind.REHEARSAL
        )
        for channel in campaign.channels.filter(is_enabled=True)
    ]
    for run in runs:
        enqueue("campaigns.rehearse_channel", run_id=run.pk)
    record("campaign.rehearsed", campaign, by=by, revision=campaign.published.number)
    return runs


@transaction.atomic(durable=True)
def send_again(campaign: Campaign, channel: Channel, *, by: User | None, at: datetime) -> int:
    """Give the channel's refused and given-up listings another chance; returns how many."""
    campaign = _locked(campaign)
    again = Listing.objects.filter(
        campaign=campaign, channel=channel, state__in=[Listing.State.REFUSED, Listing.State.DEAD]
    ).update(state=Listing.State.RETRY, attempts=0, next_try_at=at, problem="")
    if again:
        enqueue("campaigns.resume_work")
        record("campaign.sent_again", campaign, by=by, channel=channel.code, listings=again)
    return again


def _locked(campaign: Campaign) -> Campaign:
    return (
        Campaign.objects.select_for_update(of=("self",))
        .select_related("published__promotion", "film")
        .get(pk=campaign.pk)
    )


def _require(campaign: Campaign, *states: Campaign.State) -> None:
    if campaign.state not in states:
        raise Refused("wrong_state", state=campaign.get_state_display())


def _check_window(starts_at: datetime, ends_at: datetime) -> None:
    plausible(starts_at)
    plausible(ends_at)
    if ends_at <= starts_at:
        raise Refused("bad_window")


def _check(campaign: Campaign, at: datetime) -> None:
    _check_window(campaign.starts_at, campaign.ends_at)
    if campaign.ends_at <= at:
        raise Refused("window_passed")
    check_rule(campaign.rule, may_be_empty=campaign.invites_until is not None)
    markets = list(campaign.markets.all())
    discount_by_market(campaign.discount, markets)
    _check_own(campaign)
    if not markets or not campaign.channels.exists() or not selection_of(campaign, document_of(campaign)).exists():
        raise Refused("nothing_to_list")


def _check_own(campaign: Campaign) -> None:
    """What holds of a merchant's own campaign, whoever wrote the draft. Refuses `bad_discount`, `no_placements` and
    `no_invitation`."""
    if campaign.merchant_id is None:
        return
    if studio_share_of(campaign.discount):
        raise Refused("bad_discount", problem="the merchant funds all of it in a campaign of its own")
    if campaign.invites_until is not None:
        raise Refused("no_invitation")
    if campaign.placements.exists():
        raise Refused("no_placements")


def _move(campaign: Campaign, state: Campaign.State) -> None:
    campaign.state = state
    campaign.save(update_fields=["state", "updated_at"])


def _new_revision(campaign: Campaign, document: dict[str, Any], *, by: User | None) -> Revision:
    last = campaign.revisions.order_by("-number").values_list("number", flat=True).first() or 0
    promotion = Promotion.objects.create(
        priority=campaign.priority, starts_at=campaign.starts_at, ends_at=campaign.ends_at, since=campaign.created_at,
        studio_share=studio_share_of(campaign.discount),
    )  # fmt: skip
    return Revision.objects.create(
        campaign=campaign,
        number=last + 1,
        document=document,
        digest=digest_of(document),
        state=Revision.State.STAGING,
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        promotion=promotion,
        created_by=by,
    )


def _start_staging(campaign: Campaign, revision: Revision) -> None:
    if revision.state == Revision.State.AWAITING_APPROVAL:
        Revision.objects.filter(pk=revision.pk).update(state=Revision.State.STAGING)
    open_states = (SyncRun.State.PENDING, SyncRun.State.RUNNING)
    if not SyncRun.objects.filter(revision=revision, kind=SyncRun.Kind.STAGE, state__in=open_states).exists():
        SyncRun.objects.create(campaign=campaign, revision=revision, kind=SyncRun.Kind.STAGE)
    if campaign.state != Campaign.State.SCHEDULED:
        _move(campaign, Campaign.State.SCHEDULED)
    enqueue("campaigns.stage_revision", revision_id=revision.pk)


def _withdraw_unpublished(campaign: Campaign) -> None:
    """Revisions still waiting or being staged will not be published any more."""
    waiting = (Revision.State.AWAITING_APPROVAL, Revision.State.STAGING)
    campaign.revisions.filter(state__in=waiting).update(state=Revision.State.WITHDRAWN)


def _withdraw(campaign: Campaign, revision: Revision, *, at: datetime, is_replaced: bool = False) -> None:
    """Unpublish for good: off the shelf, off the channels, nothing due any more. With `is_replaced` the shelf is left
    to the publication that follows in the same transaction, so that products and markets are locked once, in order."""
    if is_replaced:
        withdraw_promotion(revision.promotion, at=at)
    elif revision.promotion.is_published:
        staging.unpublish(revision, at=at)
    Revision.objects.filter(pk=revision.pk).update(state=Revision.State.WITHDRAWN)
    Due.objects.filter(revision=revision, done_at=None).update(done_at=at, result={"skipped": "withdrawn"})
    campaign.published = None
    campaign.save(update_fields=["published", "updated_at"])
    _take_down(campaign)


def _put_back(campaign: Campaign, revision: Revision, *, at: datetime, also: Sequence[int] = ()) -> None:
    """Publish a revision that was published before: its offers are still there."""
    Listing.objects.filter(campaign=campaign, revision_number=revision.number).update(
        is_wanted=True, state=Listing.State.STAGED, attempts=0, next_try_at=None
    )
    campaign.published = None
    staging.publish(campaign, revision, at=at, also=also)


def _take_down(campaign: Campaign) -> None:
    """Mark every listing to be withdrawn from its channel, and hurry that along."""
    staging.take_back(Listing.objects.filter(campaign=campaign))
    enqueue("campaigns.resume_work")


def _set_hold(campaign: Campaign, market: Market, is_held: bool, *, by: User | None, at: datetime) -> None:
    campaign = _locked(campaign)
    if campaign.published is None:
        raise Refused("wrong_state", state=campaign.get_state_display())
    promotion = campaign.published.promotion
    if is_held:
        hold_promotion(promotion, market, at=at)
    else:
        release_promotion(promotion, market)
    staging.recompile_promotions([campaign.published.promotion_id])
    staging.turn_with_placements(campaign.published)
    record("campaign.market_held" if is_held else "campaign.market_released", campaign, by=by, market=market.code)
