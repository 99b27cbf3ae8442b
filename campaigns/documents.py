"""Freezing a campaign into a revision's document, and reading one back."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from campaigns.models import Campaign, Channel, Entry, Placement, Revision
from campaigns.rules import Discount, discount_by_market, products_of
from catalog.models import Market, Product

_PLACEMENT_FIELDS = ("slot", "headline_en", "headline_zh", "lede_en", "lede_zh")


def document_of(campaign: Campaign) -> dict[str, Any]:
    """Everything about the campaign that a launch depends on, as plain JSON. `entries` is there only where merchants have
    joined, so that the digest of every other campaign is what it always was."""
    document = {
        "name_en": campaign.name_en,
        "name_zh": campaign.name_zh,
        "film": campaign.film.slug if campaign.film else None,
        "starts_at": campaign.starts_at.isoformat(),
        "ends_at": campaign.ends_at.isoformat(),
        "markets": sorted(campaign.markets.values_list("code", flat=True)),
        "channels": sorted(campaign.channels.values_list("code", flat=True)),
        "rule": campaign.rule,
        "discount": campaign.discount,
        "priority": campaign.priority,
        "placements": [_placement(placement) for placement in campaign.placements.order_by("slot")],
    }
    entries = accepted_entries(campaign)
    return document | {"entries": entries} if entries else document


def accepted_entries(campaign: Campaign) -> list[str]:
    """Public ids of the products that merchants offered and the studio took, sorted. One query."""
    if campaign.merchant_id is not None or campaign.pk is None:
        return []
    accepted = campaign.entries.filter(state=Entry.State.ACCEPTED)
    return sorted(accepted.values_list("product__public_id", flat=True))


def selection_of(campaign: Campaign, document: dict[str, Any]) -> QuerySet[Product]:
    """The products that `document` selects for `campaign`: whose campaign it is, the campaign itself says."""
    return products_of(document["rule"], entries=document.get("entries", ()), merchant_id=campaign.merchant_id)


def digest_of(document: dict[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


def restore(campaign: Campaign, document: dict[str, Any]) -> None:
    """Give the campaign's editable fields the values of `document` again. Call inside a transaction."""
    campaign.name_en, campaign.name_zh = document["name_en"], document["name_zh"]
    campaign.starts_at = datetime.fromisoformat(document["starts_at"])
    campaign.ends_at = datetime.fromisoformat(document["ends_at"])
    campaign.rule, campaign.discount, campaign.priority = document["rule"], document["discount"], document["priority"]
    campaign.markets.set(Market.objects.filter(code__in=document["markets"]))
    campaign.channels.set(Channel.objects.filter(code__in=document["channels"]))
    campaign.placements.all().delete()
    Placement.objects.bulk_create(
        Placement(
            campaign=campaign,
            announced_at=datetime.fromisoformat(placement["announced_at"]),
            **{name: placement[name] for name in _PLACEMENT_FIELDS},
        )
        for placement in document["placements"]
    )
    _restore_entries(campaign, document.get("entries", []))


def _restore_entries(campaign: Campaign, names: list[str]) -> None:
    """What was accepted in the meantime waits for a decision again; what was accepted then is so again."""
    accepted = campaign.entries.filter(state=Entry.State.ACCEPTED)
    accepted.exclude(product__public_id__in=names).update(state=Entry.State.OFFERED)
    campaign.entries.filter(product__public_id__in=names).update(state=Entry.State.ACCEPTED, reason="")


@dataclass(frozen=True)
class Terms:
    """A revision's document with its names looked up: what staging needs to know."""

    campaign: Campaign
    number: int
    promotion_id: int | None
    #: The promotion that this revision takes the place of, if one is published.
    replaced_promotion_id: int | None
    rule: dict[str, list[str]]
    priority: int
    since: datetime
    starts_at: datetime
    ends_at: datetime
    markets: Sequence[Market]
    channels: Sequence[Channel]
    discounts: dict[int, Discount]
    entries: Sequence[str] = ()

    def products(self) -> QuerySet[Product]:
        return products_of(self.rule, entries=self.entries, merchant_id=self.campaign.merchant_id)


def terms_of(campaign: Campaign, document: dict[str, Any], *, number: int, promotion_id: int | None) -> Terms:
    """Look up what `document` names. Refuses `bad_discount`. A handful of queries."""
    markets = list(Market.objects.filter(code__in=document["markets"]).order_by("pk"))
    channels = Channel.objects.filter(code__in=document["channels"], is_enabled=True).order_by("pk")
    published = campaign.published
    return Terms(
        campaign=campaign,
        number=number,
        promotion_id=promotion_id,
        replaced_promotion_id=published.promotion_id if published and published.promotion_id != promotion_id else None,
        rule=document["rule"],
        priority=document["priority"],
        since=campaign.created_at,
        starts_at=datetime.fromisoformat(document["starts_at"]),
        ends_at=datetime.fromisoformat(document["ends_at"]),
        markets=markets,
        channels=list(channels),
        discounts=discount_by_market(document["discount"], markets),
        entries=document.get("entries", ()),
    )


def terms_of_revision(revision: Revision) -> Terms:
    return terms_of(revision.campaign, revision.document, number=revision.number, promotion_id=revision.promotion_id)


def _placement(placement: Placement) -> dict[str, str]:
    values = {name: getattr(placement, name) for name in _PLACEMENT_FIELDS}
    return values | {"announced_at": placement.announced_at.isoformat()}
