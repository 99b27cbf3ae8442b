"""Verbs that write a draft: a new campaign and its placements. What is published moves only with a revision."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import record
from campaigns.models import Campaign, Channel, Placement
from campaigns.rules import check_rule, discount_by_market
from catalog.models import Market
from core.clock import known_zone, plausible
from core.errors import Refused


@transaction.atomic(durable=True)
def create_campaign(
    *, by: User | None, slug: str, markets: list[Market], channels: list[Channel], **fields: Any
) -> Campaign:
    """A draft at `slug`. Refuses `slug_taken`, `bad_window`, `bad_rule`, `bad_discount`, `unknown_zone`."""
    if Campaign.objects.filter(slug=slug).exists():
        raise Refused("slug_taken", slug=slug)
    campaign = Campaign(slug=slug, created_by=by, **fields)
    if plausible(campaign.ends_at) <= plausible(campaign.starts_at):
        raise Refused("bad_window")
    known_zone(campaign.time_zone)
    check_rule(campaign.rule, may_be_empty=campaign.invites_until is not None)
    discount_by_market(campaign.discount, markets)
    campaign.save()
    campaign.markets.set(markets)
    campaign.channels.set(channels)
    record("campaign.created", campaign, by=by, slug=slug)
    return campaign


@transaction.atomic(durable=True)
def set_placement(
    campaign: Campaign, slot: str, *, by: User | None, announced_at: datetime, headline_en: str, **words: str
) -> Placement:
    """What the campaign shows in `slot` once it is scheduled again; one placement a slot. Refuses
    `no_placements` for a merchant's own campaign."""
    plausible(announced_at)
    locked = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    if locked.merchant_id is not None:
        raise Refused("no_placements")
    values = {"announced_at": announced_at, "headline_en": headline_en, **words}
    placement, _ = Placement.objects.update_or_create(campaign=locked, slot=slot, defaults=values)
    locked.save(update_fields=["updated_at"])
    record("campaign.placement_set", locked, by=by, slot=slot, announced_at=announced_at.isoformat())
    return placement


@transaction.atomic(durable=True)
def remove_placement(placement: Placement, *, by: User | None) -> None:
    """Leave the slot empty once the campaign is scheduled again. Refuses `already_done` when it is gone."""
    locked = Campaign.objects.select_for_update(of=("self",)).get(pk=placement.campaign_id)
    if not Placement.objects.filter(pk=placement.pk).delete()[0]:
        raise Refused("already_done")
    locked.save(update_fields=["updated_at"])
    record("campaign.placement_removed", locked, by=by, slot=placement.slot)
